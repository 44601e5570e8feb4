//! Checkpoints of Pocket TTS through the front door, with tiny random weights.

use std::num::NonZeroUsize;
use std::time::Duration;

use tts_core::units::{SampleRate, Seed};
use tts_core::{
    Checked, Engine, EngineOptions, Error, Family, Misspoken, Overrides, PocketPrecision, Poll, Precision, Rate,
    Reading, Sampling, Seams, Settings, SkipReason, SynthesisRequest, Voice, VoiceLayout,
};

use crate::tiny::{Doctored, Tiny};

const TEXT: &str = "Good evening. Dr. Smith paid $5.20 for it, and nobody was surprised! We left at dawn.";

fn opened(doctored: Doctored, threads: usize) -> (Tiny, Engine, Voice) {
    let tiny = Tiny::new(doctored);
    let options = EngineOptions::default().with_threads(NonZeroUsize::new(threads).unwrap());
    let engine = Engine::open(tiny.folder(), options).unwrap();
    let clip: Vec<f32> = (0..36_000).map(|i| (i as f32 * 0.05).sin() * 0.3 * (i as f32 * 0.0007).sin()).collect();
    let voice = engine.clone_voice(&clip, SampleRate(24_000)).unwrap();
    (tiny, engine, voice)
}

struct Heard {
    pcm: Vec<f32>,
    words: Vec<tts_core::WordTiming>,
    skipped: Vec<tts_core::Skipped>,
    misspoken: Vec<Misspoken>,
}

fn hear(voice: &Voice, text: &str, settings: Settings) -> Heard {
    let mut stream = voice.speak(SynthesisRequest::new(text, settings)).unwrap();
    let (mut pcm, mut words) = (Vec::new(), Vec::new());
    let mut buffer = vec![0.0; 777];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => pcm.extend_from_slice(&buffer[..count]),
        }
        words.extend(stream.take_words());
    }
    words.extend(stream.take_words());
    Heard { pcm, words, skipped: stream.take_skipped(), misspoken: stream.take_misspoken() }
}

fn with(seed: u64, checked: Checked) -> Settings {
    let sampling = Sampling { seed: Seed(seed), ..Sampling::default() };
    Settings { sampling, checked, ..Settings::default() }
}

#[test]
fn same_seed_same_bytes_on_one_thread_and_two() {
    let (_one, engine, voice) = opened(Doctored::Not, 1);
    assert_eq!(engine.info().family, Family::Pocket);
    let (_two, _, other) = opened(Doctored::Not, 2);
    for checked in [Checked::Live, Checked::Ahead, Checked::Whole] {
        for seams in [Seams::Restart, Seams::GoOn] {
            let settings = Settings { seams: Some(seams), ..with(3, checked) };
            let heard = hear(&voice, TEXT, settings.clone());
            assert!(heard.pcm.len() > 24_000 && heard.pcm.iter().any(|x| x.abs() > 1e-3), "{}", heard.pcm.len());
            assert!(hear(&voice, TEXT, settings.clone()).pcm == heard.pcm, "{checked:?} {seams:?}, again");
            assert!(hear(&other, TEXT, settings).pcm == heard.pcm, "{checked:?} {seams:?}, two threads");
        }
    }
    assert!(hear(&voice, TEXT, with(3, Checked::Live)).pcm != hear(&voice, TEXT, with(4, Checked::Live)).pcm);
}

/// What goes on from before does not end earlier or later by its noise, but it is another sound.
#[test]
fn a_seam_can_be_gone_over() {
    let (_tiny, _, voice) = opened(Doctored::EndsAtOnce, 1);
    let text = "One two. Three four.";
    let restart = hear(&voice, text, with(1, Checked::Live)).pcm;
    let on = hear(&voice, text, Settings { seams: Some(Seams::GoOn), ..with(1, Checked::Live) }).pcm;
    assert_eq!(restart.len(), on.len());
    let seam = restart.len() / 2;
    assert!(restart[..seam] == on[..seam] && restart[seam..] != on[seam..]);
    // a restart is faded in from nothing
    assert_eq!(restart[seam], 0.0);
    assert_ne!(on[seam], 0.0);
}

#[test]
fn words_have_places_and_times() {
    let (_tiny, _, voice) = opened(Doctored::NeverEnds, 1);
    for reading in [Reading::Normalized, Reading::AsWritten, Reading::Reference] {
        let settings = Settings { reading: Some(reading), ..with(0, Checked::Live) };
        let Heard { words, pcm, .. } = hear(&voice, TEXT, settings);
        let written: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(written.len(), 16, "{reading:?} {written:?}");
        assert!(written[2].starts_with("Dr") && written[5].contains("5.20"), "{written:?}");
        for word in &words {
            assert_eq!(&TEXT[word.source.clone()], word.text);
        }
        assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start + 1e-6), "{reading:?}");
        assert!(words.last().unwrap().end <= pcm.len() as f64 / 24_000.0 + 1e-6);
    }
}

/// Every kind of failure is noticed; what can be said again is, and nothing is hidden.
#[test]
fn what_a_model_says_wrong_is_reported() {
    let long = "Nobody was surprised by the extraordinary weather in the mountains yesterday.";
    // random latents may end too early or late before anything else is wrong: of a short word they rarely do
    for (doctored, fault, text) in [
        (Doctored::EndsAtOnce, "ended-early", long),
        (Doctored::NeverEnds, "no-end", long),
        (Doctored::Stuck, "stuck", long),
        (Doctored::Silent, "silent", long),
        (Doctored::Loud, "clipped-start", "Go."),
    ] {
        let (_tiny, _, voice) = opened(doctored, 1);
        for checked in [Checked::Live, Checked::Whole] {
            let found = (0..40)
                .map(|seed| hear(&voice, text, with(seed, checked)).misspoken)
                .find(|found| found.iter().any(|found| found.fault.name() == fault));
            let found = found.unwrap_or_else(|| panic!("{doctored:?} {checked:?}: no {fault}"));
            let first = &found[0];
            assert!(!first.mended || checked == Checked::Whole);
            assert_eq!(first.rolls, if checked == Checked::Whole && !first.mended { 3 } else { first.rolls });
            assert_eq!(&text[first.source.clone()], first.text.as_str().to_owned() + "");
            assert!(!first.fault.to_string().is_empty());
        }
    }
}

/// What goes nowhere ends where that is known, long before the longest that its text may take, and without a click.
#[test]
fn what_is_stuck_is_not_heard_for_long() {
    let (_tiny, _, voice) = opened(Doctored::Stuck, 1);
    let text = "Nobody was surprised by the weather yesterday.";
    for checked in [Checked::Live, Checked::Whole] {
        let Heard { pcm, misspoken, .. } = hear(&voice, text, with(0, checked));
        assert_eq!(misspoken[0].fault.name(), "stuck");
        // 13 frames of 80 ms, where 46 letters may take 17.3 s
        assert_eq!(pcm.len(), 13 * 1920, "{checked:?}");
        assert!(pcm[1000..].iter().any(|x| x.abs() > 1e-3) && pcm.last() == Some(&0.0), "{checked:?}");
    }
}

/// A model is never given more than it was trained on: here 50 letters, as every letter is a token.
#[test]
fn a_clause_that_is_too_long_is_cut_between_words() {
    let (_tiny, _, voice) = opened(Doctored::EndsAtOnce, 1);
    let text = "The old lighthouse keeper who had never once in forty years missed a night, watched the storm come in over \
                the water without saying anything to anybody";
    for (reading, cut) in [
        (
            Reading::Normalized,
            vec![
                "The old lighthouse keeper who had never",
                "once in forty years missed a night",
                "watched the storm come in over the",
                "water without saying anything to anybody",
            ],
        ),
        (
            Reading::AsWritten,
            vec![
                "The old lighthouse keeper who had never",
                "once in forty years missed a night,",
                "watched the storm come in over the",
                "water without saying anything to anybody",
            ],
        ),
    ] {
        let settings = Settings { reading: Some(reading), ..with(0, Checked::Live) };
        let Heard { words, misspoken, .. } = hear(&voice, text, settings);
        // every piece ended at once, and says so
        let pieces: Vec<&str> = misspoken.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(pieces, cut, "{reading:?}");
        assert_eq!(words.len(), 27);
        assert!(words.iter().all(|word| text[word.source.clone()] == word.text));
    }
    // one word has no seam
    let word = "a".repeat(70);
    assert_eq!(hear(&voice, &word, with(0, Checked::Live)).words.len(), 1);
}

#[test]
fn text_is_spoken_while_it_arrives() {
    let (_tiny, _, voice) = opened(Doctored::Not, 1);
    let (mut feed, mut stream) = voice.open(with(0, Checked::Live)).unwrap();
    feed.push("Good evening, every").unwrap();
    assert_eq!(stream.poll(Duration::from_millis(1)).unwrap(), Poll::Waiting);
    feed.push("body. And a ").unwrap();
    let mut heard = false;
    for _ in 0..400 {
        match stream.poll(Duration::from_millis(1)).unwrap() {
            Poll::Chunk(_) => heard = true,
            Poll::Waiting => break,
            Poll::End => panic!("the text has not ended"),
        }
    }
    assert!(heard);
    drop(feed);
    while !matches!(stream.poll(Duration::from_millis(1)).unwrap(), Poll::End) {}
    assert_eq!(stream.stats().words, 5);
}

#[test]
fn what_the_model_cannot_do_is_refused() {
    let (tiny, engine, voice) = opened(Doctored::Not, 1);
    let overrides = Overrides { rate: Some(Rate::new(1.5).unwrap()), ..Overrides::default() };
    let error = voice.speak(SynthesisRequest::new("Hello.", Settings { overrides, ..Settings::default() }));
    assert!(matches!(error, Err(Error::Unsupported { .. })));
    assert!(engine.voice("default").unwrap_err().to_string().contains("Pocket TTS"));
    let lexicon = tts_core::Lexicon::parse("tts T IY1 T IY1 EH1 S").unwrap();
    let error = Engine::open(tiny.folder(), EngineOptions::default().with_lexicon(lexicon)).unwrap_err();
    assert!(error.to_string().contains("lexicon"), "{error}");
    for settings in [
        Settings { reading: Some(Reading::Reference), ..Settings::default() },
        Settings { seams: Some(Seams::Restart), ..Settings::default() },
    ] {
        let refused = crate::voice().speak(SynthesisRequest::new("Hello.", settings));
        assert!(matches!(refused, Err(Error::Unsupported { .. })));
    }

    let heard = hear(&voice, "Say [[HH AH0 L OW1]] [[sad]] now. [[pause 1s]] 🙂", Settings::default());
    let reasons: Vec<SkipReason> = heard.skipped.iter().map(|skipped| skipped.reason).collect();
    assert_eq!(reasons.iter().filter(|&&reason| reason == SkipReason::Unreadable).count(), 2, "{reasons:?}");
    assert!(heard.pcm.ends_with(&[0.0; 24_000]));
}

#[test]
fn pictures_alone_are_not_spoken() {
    let (_tiny, _, voice) = opened(Doctored::Not, 1);
    for reading in [Reading::Normalized, Reading::AsWritten, Reading::Reference] {
        let heard = hear(&voice, "🙂 🎉", Settings { reading: Some(reading), ..Settings::default() });
        assert!(!heard.skipped.is_empty(), "{reading:?}");
        assert_eq!((heard.pcm.len(), heard.words.len()), (0, 0), "{reading:?} {:?}", heard.words);
    }
}

#[test]
fn a_voice_goes_through_a_file() {
    let (tiny, engine, voice) = opened(Doctored::Not, 1);
    let expected = hear(&voice, TEXT, with(7, Checked::Live)).pcm;
    for layout in [VoiceLayout::Offset, VoiceLayout::CurrentEnd] {
        let path = tiny.folder().join("voice.safetensors");
        std::fs::write(&path, voice.to_bytes(layout).unwrap()).unwrap();
        assert!(hear(&engine.load_voice(&path).unwrap(), TEXT, with(7, Checked::Live)).pcm == expected, "{layout:?}");
    }
}

#[test]
fn a_model_that_is_not_whole_says_what_is_missing() {
    let tiny = Tiny::new(Doctored::Not);
    let yaml = tiny.folder().join("config.yaml");
    let text = std::fs::read_to_string(&yaml).unwrap();
    let open = |text: &str| {
        std::fs::write(&yaml, text).unwrap();
        Engine::open(&yaml, EngineOptions::default()).map(|_| ()).map_err(|error| error.to_string())
    };
    // a hub's file may lie beside the configuration
    open(&text.replace("model.safetensors", "hf://someone/models/model.safetensors@main")).unwrap();
    let error = open(&text.replace("model.safetensors", "hf://someone/models/other.safetensors@main")).unwrap_err();
    assert!(error.contains("config.yaml names hf://someone/models/other.safetensors@main"), "{error}");
    let error = open(&text.replace("tokenizer.json", "gone.json")).unwrap_err();
    assert!(error.contains("gone.json: there is no such file"), "{error}");
    let error = open(&text.replace("weights_path: model.safetensors\n", "")).unwrap_err();
    assert!(error.contains("weights_path"), "{error}");
    let error = open(&text.replace("num_layers: 2", "num_layers: 3")).unwrap_err();
    assert!(error.contains("transformer.layers.2"), "{error}");
    let error = open(&text.replace("n_bins: 99", "n_bins: 98")).unwrap_err();
    assert!(error.contains("98") || error.contains("99"), "{error}");

    std::fs::write(tiny.folder().join("second.yaml"), &text).unwrap();
    let error = Engine::open(tiny.folder(), EngineOptions::default()).unwrap_err().to_string();
    assert!(error.contains("config.yaml, second.yaml"), "{error}");
}

#[test]
fn a_packed_checkpoint_speaks_as_the_checkpoint_does() {
    let tiny = Tiny::new(Doctored::Not);
    let out = tiny.folder().join("model.packed");
    let clip: Vec<f32> = (0..36_000).map(|i| (i as f32 * 0.05).sin() * 0.3 * (i as f32 * 0.0007).sin()).collect();
    let speak = |engine: &Engine| {
        let voice = engine.clone_voice(&clip, SampleRate(24_000)).unwrap();
        hear(&voice, TEXT, with(3, Checked::Live)).pcm
    };
    let mut all = Vec::new();
    for precision in [Precision::Stored, Precision::Bf16, Precision::Int8].map(PocketPrecision::all) {
        let options = EngineOptions::default().with_precision(precision);
        let size = Engine::convert(tiny.folder(), &options, &out).unwrap();
        assert_eq!(std::fs::metadata(&out).unwrap().len(), size);
        Engine::verify(&out).unwrap();
        let packed = Engine::open(&out, EngineOptions::default()).unwrap();
        assert_eq!((packed.info().family, packed.info().precision), (Family::Pocket, Some(precision)));
        let heard = speak(&packed);
        assert_eq!(heard, speak(&Engine::open(tiny.folder(), options).unwrap()), "{precision:?}");
        all.push(heard);
    }
    assert!(all[0] != all[1] && all[0] != all[2], "a precision that changes nothing was not honoured");
    // bf16 47.0 dB, 8 bits 54.2: what is as small as this has little to add up
    for (rounded, least) in [(&all[1], 40.0), (&all[2], 45.0)] {
        let snr = signal_to_noise(&all[0], rounded);
        assert!(snr > least, "{snr:.1} dB");
    }
    // nothing else was left in the folder
    assert_eq!(std::fs::read_dir(tiny.folder()).unwrap().count(), 4);
}

/// dB of `exact` over what `other` is beside it.
fn signal_to_noise(exact: &[f32], other: &[f32]) -> f64 {
    let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let noise = energy(&mut exact.iter().zip(other).map(|(a, b)| a - b));
    10.0 * (energy(&mut exact.iter().copied()) / noise).log10()
}

#[test]
fn damaged_packed_files_are_refused_and_never_panic() {
    let tiny = Tiny::new(Doctored::Not);
    let (out, bad) = (tiny.folder().join("model.packed"), tiny.folder().join("bad.packed"));
    let options = EngineOptions::default().with_precision(PocketPrecision::all(Precision::Int8));
    Engine::convert(tiny.folder(), &options, &out).unwrap();
    let bytes = std::fs::read(&out).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        Engine::open(&bad, EngineOptions::default())
    };
    for cut in (0..bytes.len()).step_by(977).chain([bytes.len() - 1]) {
        assert!(open(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    // bytes of the header that says what there is, one at a time: an answer, whatever it is
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in (0..header).step_by(41) {
        let mut other = bytes.clone();
        other[at] = other[at].wrapping_add(1);
        let _ = open(&other);
    }
    let mut other = bytes.clone();
    other[header + 1000] ^= 1;
    std::fs::write(&bad, &other).unwrap();
    assert!(matches!(Engine::verify(&bad), Err(Error::Weights(_))));
    let text = String::from_utf8(bytes[8..header].to_vec()).unwrap();
    for (from, to) in [("x16|int8", "x99|int8"), ("|int8", "|int9"), ("\"version\":\"1\"", "\"version\":\"7\"")] {
        assert!(text.contains(from), "{from}");
        let edited = [&bytes[..8], text.replacen(from, to, 1).as_bytes(), &bytes[header..]].concat();
        assert!(matches!(open(&edited), Err(Error::Weights(_))), "{from} to {to}");
    }
    let checkpoint = tiny.folder().join("model.safetensors");
    assert!(matches!(Engine::open(&checkpoint, EngineOptions::default()), Err(Error::Packed { .. })));
    assert!(Engine::convert(tiny.folder(), &options, &tiny.folder().join("no/such/folder")).is_err());
}
