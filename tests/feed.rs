//! Text that arrives while sound leaves.

use std::thread;
use std::time::{Duration, Instant};

use tts_core::Poll;

use crate::{all_samples, quick, two_threads, voice};

fn sound(poll: Poll) -> usize {
    match poll {
        Poll::Chunk(chunk) => chunk.samples().len(),
        Poll::Waiting | Poll::End => 0,
    }
}

/// Sound leaves before the input ends, and a clause that was complete for a moment needs nothing after it.
#[test]
fn a_complete_clause_is_spoken_while_the_input_is_open() {
    for voice in [voice(), two_threads().voice("default").unwrap()] {
        let (mut feed, mut stream) = voice.open(quick()).unwrap();
        assert_eq!(stream.poll(Duration::from_millis(20)).unwrap(), Poll::Waiting);
        feed.push("Good evening.").unwrap();
        let mut samples = 0;
        let deadline = Instant::now() + Duration::from_secs(20);
        while samples < 12_000 && Instant::now() < deadline {
            samples += sound(stream.poll(Duration::from_millis(200)).unwrap());
        }
        assert!(samples >= 12_000, "{samples} samples while the input is open");
        feed.push(" And good night").unwrap();
        drop(feed);
        let rest: usize = stream.map(|c| c.unwrap().samples().len()).sum();
        assert!(rest > 12_000);
    }
}

/// Words are never cut: half a word waits for its other half.
#[test]
fn half_a_word_waits() {
    let (mut feed, mut stream) = voice().open(quick()).unwrap();
    feed.push("Some extra").unwrap();
    for _ in 0..20 {
        assert_eq!(stream.poll(Duration::from_millis(10)).unwrap(), Poll::Waiting);
    }
    feed.push("ordinary.").unwrap();
    drop(feed);
    let pcm: Vec<f32> = stream.by_ref().flat_map(|c| c.unwrap().samples().to_vec()).collect();
    let said: Vec<String> = stream.take_words().into_iter().map(|w| w.text).collect();
    assert_eq!(said, ["Some", "extraordinary"]);
    assert_eq!(pcm, all_samples(&voice(), "Some extraordinary.", quick()));
}

/// A slow writer gets the sound of a fast one: what is said does not depend on when it was written.
#[test]
fn a_slow_writer_changes_nothing() {
    let text = "First things first. Then, after a while, comes the rest of it. And that is all.";
    let expected = all_samples(&voice(), text, quick());
    let (mut feed, stream) = voice().open(quick()).unwrap();
    let writer = thread::spawn(move || {
        for word in text.split_inclusive(' ') {
            thread::sleep(Duration::from_millis(15));
            feed.push(word).unwrap();
        }
    });
    let pcm: Vec<f32> = stream.flat_map(|c| c.unwrap().samples().to_vec()).collect();
    writer.join().unwrap();
    assert_eq!(pcm, expected);
}
