//! What a stream promises.

use std::thread;
use std::time::Duration;

use tts_core::units::Seed;
use tts_core::{Engine, Poll, Sampling, Settings, SkipReason, SynthesisRequest, Voice};

use crate::measure::rms;
use crate::{all_samples, engine, quick, two_threads, voice};

const TEXT: &str = "Good evening. The birch canoe slid on the smooth planks, and nobody was surprised!";

#[test]
fn types_can_cross_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Engine>();
    shared::<Voice>();
    sent::<tts_core::AudioStream>();
    sent::<tts_core::TextFeed>();
}

/// The same seed gives the same bytes, however they are fetched and on however many threads they are made.
#[test]
fn same_seed_same_bytes() {
    let expected = all_samples(&voice(), TEXT, quick());
    assert!(rms(&expected) > 0.01 && expected.iter().all(|x| x.abs() <= 1.0));
    for size in [1, 77, 960, 100_000] {
        let mut stream = voice().speak(SynthesisRequest::new(TEXT, quick())).unwrap();
        let (mut buffer, mut pcm) = (vec![0.0; size], Vec::new());
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                count => pcm.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(pcm, expected, "read by {size}");
    }
    assert_eq!(all_samples(&two_threads().voice("default").unwrap(), TEXT, quick()), expected, "two threads");
    let other = Settings { sampling: Sampling { seed: Seed(1), ..quick().sampling }, ..quick() };
    assert_ne!(all_samples(&voice(), TEXT, other), expected, "another seed");
}

/// However the text is cut on its way in, the sound is the same.
#[test]
fn chunking_of_text_is_invisible() {
    let expected = all_samples(&voice(), TEXT, quick());
    for size in [1, 3, 10, 40] {
        let (mut feed, stream) = voice().open(quick()).unwrap();
        let characters: Vec<char> = TEXT.chars().collect();
        for piece in characters.chunks(size) {
            feed.push(&piece.iter().collect::<String>()).unwrap();
        }
        drop(feed);
        let pcm: Vec<f32> = stream.flat_map(|c| c.unwrap().samples().to_vec()).collect();
        assert_eq!(pcm, expected, "pieces of {size}");
    }
}

#[test]
fn chunks_are_contiguous_and_the_stream_is_fused() {
    let mut stream = voice().speak(SynthesisRequest::new(TEXT, quick())).unwrap();
    let mut at = 0;
    for chunk in stream.by_ref() {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.start().0, at);
        assert!(!chunk.samples().is_empty());
        at += chunk.samples().len() as u64;
    }
    assert!(stream.next().is_none() && stream.next().is_none());
    assert_eq!(stream.read(&mut [0.0; 8]).unwrap(), 0);
    assert_eq!(stream.poll(Duration::ZERO).unwrap(), Poll::End);
    let stats = stream.stats();
    assert_eq!((stats.samples, stats.words, stats.clauses > 1), (at, 15 - 1, true));
    assert!(stats.first_audio.is_some() && stats.compute() > Duration::ZERO);
}

/// Words come in order, abut within a clause, cover the text, end with the sound, and agree with the plan.
#[test]
fn word_times_are_exact() {
    let mut stream = voice().speak(SynthesisRequest::new(TEXT, quick())).unwrap();
    let mut buffer = [0.0; 1000];
    let mut words = Vec::new();
    let mut samples = 0;
    loop {
        let count = stream.read(&mut buffer).unwrap();
        samples += count;
        let heard = stream.take_words();
        assert!(heard.iter().all(|w| w.end * 24_000.0 <= samples as f64 + 0.5), "not before it is heard");
        words.extend(heard);
        if count == 0 {
            break;
        }
    }
    let said: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(said.join(" "), "Good evening The birch canoe slid on the smooth planks and nobody was surprised");
    assert!(words.windows(2).all(|w| w[0].end <= w[1].start + 1e-9 && w[0].source.end <= w[1].source.start));
    assert!(words.iter().all(|w| w.end - w.start >= 0.02 && TEXT[w.source.clone()] == w.text));
    assert!(words.last().unwrap().end * 24_000.0 <= samples as f64);
    let plan = voice().plan(SynthesisRequest::new(TEXT, quick())).unwrap();
    let planned: Vec<_> = plan.clauses.into_iter().flat_map(|c| c.words).collect();
    assert_eq!(planned, words);
}

/// Speech lies where the word times say: the longest pause between two words is quieter than the words.
#[test]
fn pauses_are_where_they_are_said_to_be() {
    let text = "Nobody moved. Everybody waited.";
    let mut stream = voice().speak(text).unwrap();
    let pcm: Vec<f32> = stream.by_ref().flat_map(|c| c.unwrap().samples().to_vec()).collect();
    let words = stream.take_words();
    let at = |seconds: f64| (seconds * 24_000.0) as usize;
    let (moved, everybody) = (&words[1], &words[2]);
    let pause = rms(&pcm[at(moved.end + 0.05)..at(everybody.start - 0.05)]);
    let speech = rms(&pcm[at(moved.start)..at(moved.end)]);
    assert!(everybody.start - moved.end > 0.25, "{} s", everybody.start - moved.end);
    assert!(pause < 0.2 * speech, "pause {pause}, speech {speech}");
}

#[test]
fn many_streams_share_one_engine() {
    let expected = all_samples(&voice(), TEXT, quick());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(all_samples(&voice(), TEXT, quick()), expected));
        }
    });
    // in turns on one thread
    let mut streams: Vec<_> = (0..5).map(|_| voice().speak(SynthesisRequest::new(TEXT, quick())).unwrap()).collect();
    let mut heard = vec![Vec::new(); streams.len()];
    let mut buffer = [0.0; 700];
    loop {
        let mut any = false;
        for (stream, heard) in streams.iter_mut().zip(&mut heard) {
            let count = stream.read(&mut buffer).unwrap();
            heard.extend_from_slice(&buffer[..count]);
            any |= count > 0;
        }
        if !any {
            break;
        }
    }
    assert!(heard.iter().all(|h| *h == expected));
}

/// Dropping a stream in the middle, waiting or not, on one thread or two, returns at once.
#[test]
fn dropping_is_cancelling() {
    for engine in [engine().clone(), two_threads()] {
        let voice = engine.voice("default").unwrap();
        let mut stream = voice.speak(TEXT.repeat(500)).unwrap();
        stream.read(&mut [0.0; 100]).unwrap();
        drop(stream);
        let (mut feed, stream) = voice.open(quick()).unwrap();
        drop(stream);
        assert!(feed.push("nobody listens").is_err());
    }
}

#[test]
fn texts_without_a_word_are_silent_and_accounted_for() {
    for text in ["", " \n\t ", "...", "\u{0}\u{1}", "🙂🙃", "مرحبا بالعالم"] {
        let mut stream = voice().speak(SynthesisRequest::new(text, quick())).unwrap();
        assert!(stream.next().is_none(), "{text:?}");
        assert_eq!(stream.stats().words, 0, "{text:?}");
        let skipped = stream.take_skipped();
        let covered: usize = skipped.iter().map(|s| s.source.len()).sum();
        let marks: usize = text.chars().filter(|c| !c.is_whitespace()).map(char::len_utf8).sum();
        assert!(text == "..." || covered >= marks, "{text:?}: {skipped:?}");
    }
    let mut stream = voice().speak("one 世界 two").unwrap();
    while stream.next().is_some() {}
    assert_eq!(stream.stats().words, 2);
    let skipped = stream.take_skipped();
    assert!(skipped.iter().any(|s| s.text.contains('世') && s.reason == SkipReason::UnknownScript), "{skipped:?}");
}
