//! Streams of a batch against the same streams alone: the same bytes, whoever joins and leaves meanwhile.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tts_core::units::{SampleRate, Seed};
use tts_core::{
    Batch, Checked, Engine, EngineOptions, Error, PocketPrecision, Precision, Sampling, Seams, Settings, Stepped,
    Steps, StreamId, SynthesisRequest, Temperature, Voice, VoiceLayout,
};

use crate::allocations::allocations;
use crate::tiny::{Doctored, Tiny};
use crate::{quick, two_threads, voice};

const TEXTS: [&str; 6] = [
    "Good evening. Dr. Smith paid $5.20 for it, and nobody was surprised! We left at dawn.",
    "One.",
    "The birch canoe slid on the smooth planks.\n\nGlue the sheet to the dark blue background, please.",
    "",
    "It is easy to tell the depth of a well. 🙂 These days a chicken leg is a rare dish, is it not?",
    "Rice is often served in round bowls, and the juice of lemons makes fine punch. [[pause 0.5s]] Four hours.",
];

/// What a stream gave.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    pcm: Vec<f32>,
    words: Vec<tts_core::WordTiming>,
    skipped: Vec<tts_core::Skipped>,
    misspoken: Vec<tts_core::Misspoken>,
}

fn alone(voice: &Voice, text: &str, settings: Settings) -> Heard {
    let mut stream = voice.speak(SynthesisRequest::new(text, settings)).unwrap();
    let pcm = stream.by_ref().flat_map(|chunk| chunk.unwrap().samples().to_vec()).collect();
    let (words, skipped, misspoken) = (stream.take_words(), stream.take_skipped(), stream.take_misspoken());
    Heard { pcm, words, skipped, misspoken }
}

/// Takes all there is; `false` when there is no stream left.
fn step(batch: &mut Batch, heard: &mut BTreeMap<StreamId, Heard>) -> bool {
    if batch.step(Duration::from_secs(10)) == Stepped::Empty {
        return false;
    }
    for stream in batch.streams() {
        let heard = heard.entry(stream.id()).or_default();
        while let Some(chunk) = stream.next_chunk().unwrap() {
            assert_eq!(chunk.start().0, heard.pcm.len() as u64);
            heard.pcm.extend_from_slice(chunk.samples());
        }
        heard.words.extend(stream.take_words());
        heard.skipped.extend(stream.take_skipped());
        heard.misspoken.extend(stream.take_misspoken());
    }
    true
}

/// Numbers that are as good as random.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Every text joins at a step of its own; some streams leave before their end, and others come in their place.
fn company(voices: &[&Voice], engine: &Engine, settings: impl Fn(u64) -> Settings, seed: u64) {
    let mut chance = Chance(seed);
    let mut batch = engine.batch().unwrap();
    let (mut heard, mut asked, mut left) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut waiting: Vec<u64> = (0..14).collect();
    while !waiting.is_empty() || !batch.is_empty() {
        while !waiting.is_empty() && (batch.is_empty() || chance.below(3) == 0) {
            let n = waiting.swap_remove(chance.below(waiting.len() as u64) as usize);
            let (voice, text) = (voices[n as usize % voices.len()], TEXTS[n as usize % TEXTS.len()]);
            let id = batch.speak(voice, SynthesisRequest::new(text, settings(n))).unwrap();
            asked.insert(id, (voice, text, n));
        }
        step(&mut batch, &mut heard);
        let first = batch.streams().map(|stream| stream.id()).next();
        if let Some(id) = first.filter(|_| chance.below(100) == 0) {
            assert!(batch.leave(id) && !batch.leave(id));
            left.push(id);
        }
    }
    assert!(asked.len() == 14 && (1..14).contains(&left.len()), "{} left", left.len());
    for (id, (voice, text, n)) in asked {
        let expected = alone(voice, text, settings(n));
        let found = &heard[&id];
        if left.contains(&id) {
            assert!(expected.pcm.starts_with(&found.pcm), "{id:?} {text:?} left");
        } else {
            assert!(found == &expected, "{id:?} {text:?}: {} of {} samples", found.pcm.len(), expected.pcm.len());
        }
    }
}

/// A tiny model of the second family, and two voices of it.
pub(crate) fn pocket(doctored: Doctored, threads: usize, precision: Precision) -> (Tiny, Engine, [Voice; 2]) {
    let tiny = Tiny::new(doctored);
    let options = EngineOptions::default()
        .with_threads(NonZeroUsize::new(threads).unwrap())
        .with_precision(PocketPrecision::all(precision));
    let engine = Engine::open(tiny.folder(), options).unwrap();
    let voices = [0.05f32, 0.11].map(|pitch| {
        let clip: Vec<f32> = (0..36_000).map(|i| (i as f32 * pitch).sin() * 0.3 * (i as f32 * 0.0007).sin()).collect();
        engine.clone_voice(&clip, SampleRate(24_000)).unwrap()
    });
    (tiny, engine, voices)
}

/// Requests that differ in everything that a request may choose.
fn various(n: u64) -> Settings {
    let sampling = Sampling {
        seed: Seed(n),
        temperature: (n % 3 == 1).then(|| Temperature::new(0.8).unwrap()),
        steps: (n % 4 == 2).then(|| Steps::new(n as usize % 5 + 1).unwrap()),
    };
    let checked = [Checked::Live, Checked::Whole, Checked::Live, Checked::Ahead][n as usize % 4];
    let seams = if n % 5 == 3 { Seams::GoOn } else { Seams::Restart };
    Settings { sampling, checked, seams: Some(seams), ..Settings::default() }
}

#[test]
fn company_is_not_heard() {
    for (threads, precision, seed) in [(1, Precision::Stored, 1), (2, Precision::Stored, 2), (2, Precision::Int8, 3)] {
        let (_tiny, engine, [a, b]) = pocket(Doctored::Not, threads, precision);
        company(&[&a, &b], &engine, various, seed);
    }
}

/// What is wrong is noticed in a batch as it is alone, and said again as often.
#[test]
fn faults_are_watched_for() {
    for doctored in [Doctored::EndsAtOnce, Doctored::NeverEnds, Doctored::Stuck, Doctored::Silent] {
        let (_tiny, engine, [a, b]) = pocket(doctored, 2, Precision::Stored);
        let mut batch = engine.batch().unwrap();
        let mut heard = BTreeMap::new();
        let text = "Nobody was surprised by the extraordinary weather in the mountains yesterday.";
        let ids: Vec<_> = (0..6)
            .map(|n| batch.speak([&a, &b][n as usize % 2], SynthesisRequest::new(text, various(n))).unwrap())
            .collect();
        while step(&mut batch, &mut heard) {}
        let mut found = 0;
        for (n, id) in ids.iter().enumerate() {
            assert!(heard[id] == alone([&a, &b][n % 2], text, various(n as u64)), "{doctored:?} {n}");
            found += heard[id].misspoken.len();
        }
        assert!(found > 0, "{doctored:?}");
    }
}

#[test]
fn company_is_not_heard_in_the_native_family() {
    for engine in [crate::engine().clone(), two_threads()] {
        let voice = engine.voice("default").unwrap();
        let settings = |n| {
            let steps = Some(Steps::new(1 + n as usize % 3).unwrap());
            Settings { sampling: Sampling { seed: Seed(n), steps, ..quick().sampling }, ..quick() }
        };
        company(&[&voice], &engine, settings, 7);
    }
}

/// Text that is still being written holds nobody up, and is waited for without work.
#[test]
fn a_stream_may_wait_for_text() {
    let (_tiny, engine, [voice, _]) = pocket(Doctored::Not, 2, Precision::Stored);
    let mut batch = engine.batch().unwrap();
    assert_eq!(batch.step(Duration::from_secs(10)), Stepped::Empty);
    let (mut feed, open) = batch.open(&voice, various(0)).unwrap();
    let begun = Instant::now();
    assert_eq!(batch.step(Duration::from_millis(20)), Stepped::Waiting);
    assert!(begun.elapsed() >= Duration::from_millis(20));

    let other = batch.speak(&voice, SynthesisRequest::new(TEXTS[4], various(4))).unwrap();
    let mut heard = BTreeMap::new();
    while batch.stream(other).is_some() {
        step(&mut batch, &mut heard);
    }
    assert!(heard[&open].pcm.is_empty() && heard[&other] == alone(&voice, TEXTS[4], various(4)));

    let writer = std::thread::spawn(move || {
        for piece in TEXTS[0].split_inclusive(' ') {
            std::thread::sleep(Duration::from_millis(1));
            feed.push(piece).unwrap();
        }
    });
    while step(&mut batch, &mut heard) {}
    writer.join().unwrap();
    assert_eq!(heard[&open].words.len(), 16);
    let (mut feed, _) = batch.open(&voice, various(0)).unwrap();
    drop(batch);
    assert!(feed.push("nobody listens").is_err());
}

/// Who takes nothing stands still, and the others go on.
#[test]
fn a_stream_that_nobody_hears_stands_still() {
    let (_tiny, engine, [voice, _]) = pocket(Doctored::NeverEnds, 2, Precision::Stored);
    let mut batch = engine.batch().unwrap();
    let unheard = batch.speak(&voice, SynthesisRequest::new(TEXTS[0], various(0))).unwrap();
    let other = batch.speak(&voice, SynthesisRequest::new(TEXTS[0], various(4))).unwrap();
    let mut pcm = Vec::new();
    while let Some(stream) = batch.stream(other) {
        while let Some(chunk) = stream.next_chunk().unwrap() {
            pcm.extend_from_slice(chunk.samples());
        }
        batch.step(Duration::from_secs(10));
    }
    assert!(pcm == alone(&voice, TEXTS[0], various(4)).pcm);
    assert_eq!(batch.step(Duration::from_secs(10)), Stepped::Waiting, "there is sound to take");
    let mut buffer = vec![0.0; 24_000 * 60];
    let ready = batch.stream(unheard).unwrap().read(&mut buffer).unwrap();
    // two seconds, and what a step may add
    assert!((48_000..48_000 + 24 * 1920).contains(&ready), "{ready}");
    let mut heard = BTreeMap::from([(unheard, Heard { pcm: buffer[..ready].to_vec(), ..Heard::default() })]);
    while step(&mut batch, &mut heard) {}
    assert!(heard[&unheard].pcm == alone(&voice, TEXTS[0], various(0)).pcm);
}

#[test]
fn what_goes_wrong_ends_one_stream() {
    let (_tiny, engine, [voice, _]) = pocket(Doctored::Not, 1, Precision::Stored);
    let (_other, _, [stranger, _]) = pocket(Doctored::Not, 1, Precision::Stored);
    let mut batch = engine.batch().unwrap();
    assert!(matches!(batch.speak(&stranger, "Hello."), Err(Error::OtherEngine)));
    assert!(matches!(batch.speak(&crate::voice(), "Hello."), Err(Error::OtherEngine)));
    assert!(batch.is_empty());
    let rate = Some(tts_core::Rate::new(1.5).unwrap());
    let settings = Settings { overrides: tts_core::Overrides { rate, ..Default::default() }, ..Settings::default() };
    assert!(matches!(batch.speak(&voice, SynthesisRequest::new("Hi.", settings)), Err(Error::Unsupported { .. })));
    let id = batch.speak(&voice, SynthesisRequest::new(TEXTS[0], various(0))).unwrap();
    let mut heard = BTreeMap::new();
    while step(&mut batch, &mut heard) {}
    assert!(heard[&id] == alone(&voice, TEXTS[0], various(0)));
}

/// The file of a voice whose keys and values are as large as numbers get.
fn too_loud(folder: &Path, voice: &Voice) -> PathBuf {
    let mut bytes = voice.to_bytes(VoiceLayout::Offset).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for number in bytes[header..].as_chunks_mut::<4>().0 {
        // what is tiny is no key but the count of positions
        if f32::from_le_bytes(*number).abs() > 1e-6 {
            *number = 3e38f32.to_le_bytes();
        }
    }
    let path = folder.join("loud.safetensors");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A stream whose sound is no number says so and leaves; the streams beside it do not notice.
#[test]
fn damaged_sound_is_an_error_of_its_stream() {
    let (tiny, engine, [voice, _]) = pocket(Doctored::Not, 2, Precision::Stored);
    let damaged = engine.load_voice(&too_loud(tiny.folder(), &voice)).unwrap();
    let mut batch = engine.batch().unwrap();
    let bad = batch.speak(&damaged, SynthesisRequest::new(TEXTS[0], various(0))).unwrap();
    let good = batch.speak(&voice, SynthesisRequest::new(TEXTS[0], various(4))).unwrap();
    let (mut pcm, mut error) = (Vec::new(), None);
    while batch.step(Duration::from_secs(10)) != Stepped::Empty {
        for stream in batch.streams() {
            match stream.next_chunk() {
                Ok(Some(chunk)) if stream.id() == good => pcm.extend_from_slice(chunk.samples()),
                Ok(_) => {}
                Err(found) => error = Some((stream.id(), found)),
            }
        }
    }
    assert!(matches!(error, Some((id, Error::NotFinite { .. })) if id == bad), "{error:?}");
    assert!(pcm == alone(&voice, TEXTS[0], various(4)).pcm);
}

/// Between two clauses a step allocates nothing, on one thread.
#[test]
fn stepping_does_not_allocate() {
    let text = "a sentence that goes on and on without any pause until there are enough frames to count in it";
    let (_tiny, engine, [pocket, _]) = pocket(Doctored::NeverEnds, 1, Precision::Int8);
    for (engine, voice) in [(engine, pocket), (crate::engine().clone(), voice())] {
        let mut batch = engine.batch().unwrap();
        for seed in 0..5 {
            let settings =
                Settings { sampling: Sampling { seed: Seed(seed), ..Sampling::default() }, ..Settings::default() };
            batch.speak(&voice, SynthesisRequest::new(text, settings)).unwrap();
        }
        let mut buffer = vec![0.0; 9600];
        let mut advance = |steps: usize| {
            let mut samples = 0;
            for _ in 0..steps {
                assert_eq!(batch.step(Duration::ZERO), Stepped::On);
                for stream in batch.streams() {
                    samples += stream.read(&mut buffer).unwrap();
                }
            }
            samples
        };
        // the first frames size the scratch
        advance(24);
        let before = allocations();
        let samples = advance(40);
        assert_eq!(allocations() - before, 0, "allocations in 40 steps");
        assert!(samples >= 5 * 39 * 960, "{samples}");
    }
}

#[test]
fn a_batch_can_cross_threads() {
    fn sent<T: Send>() {}
    sent::<Batch>();
}
