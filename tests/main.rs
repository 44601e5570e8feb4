//! Tests of the library through its front door: one binary, one module a subject.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failing test may panic, and says what it measured")]

/// No character of the input is lost on the way to the plan.
mod accounting;
/// Counts allocations of the thread that asks.
mod allocations;
/// Many streams stepped together.
mod batch;
/// The calmest windows of recordings of acted speech.
#[cfg(feature = "recordings")]
mod calm;
/// Emotions, their controls and directions in the text, measured on the sound.
mod controls;
/// Text that arrives while sound leaves.
mod feed;
/// Files that lie.
mod hostile;
/// The levels of docs/ARCHITECTURE.md against the imports of the library.
mod layers;
/// How loud voices are.
mod level;
/// Ten minutes in one run.
mod long;
/// What is measured on sound.
mod measure;
/// The tensors of docs/MODEL.md against the weights.
mod model_doc;
/// What becomes of the pace of a recording in a voice prompt.
mod pace;
/// Checkpoints of the second family, Pocket TTS.
mod pocket;
/// Rate, pitch and pauses, measured on the sound.
mod prosody;
/// A thousand streams, begun and ended in every way.
mod starts;
/// What a stream promises: the same bytes, exact word times, cancelling by dropping, many at once.
mod stream;
/// A random checkpoint of the second family.
mod tiny;

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use tts_core::{Engine, EngineOptions, Sampling, Settings, SynthesisRequest, Voice};

/// One engine for all tests: loading is tested where it matters.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::embedded(EngineOptions::default()).unwrap())
}

fn two_threads() -> Engine {
    Engine::embedded(EngineOptions::default().with_threads(NonZeroUsize::new(2).unwrap())).unwrap()
}

fn voice() -> Voice {
    engine().voice("default").unwrap()
}

/// Few solver steps: most tests are not about how good it sounds.
fn quick() -> Settings {
    let steps = Some(tts_core::Steps::new(2).unwrap());
    Settings { sampling: Sampling { steps, ..Sampling::default() }, ..Settings::default() }
}

fn all_samples(voice: &Voice, text: &str, settings: Settings) -> Vec<f32> {
    let stream = voice.speak(SynthesisRequest::new(text, settings)).unwrap();
    stream.flat_map(|chunk| chunk.unwrap().samples().to_vec()).collect()
}
