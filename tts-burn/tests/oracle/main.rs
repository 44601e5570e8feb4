//! The engine against burn, stage by stage, on burn-flex and on burn-ndarray.
//!
//! Every stage is fed what the engine gave in the stage before, so that a difference is where it arises. Differences are
//! the largest of a stage, relative to the root mean square of what burn gave; `cargo test -- --nocapture` prints them. Bounds
//! are what sums of a few hundred products in another order may differ by in f32.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failing test may panic, and says what it measured")]

/// Pocket TTS: every stage of every family.
mod pocket;
/// Small checkpoints of Pocket TTS, full of noise.
mod pocket_random;
/// A weights file of the sizes of docs/MODEL.md, full of noise.
mod random;
/// Every stage with the shipped weights.
mod shipped;
/// The encoder of who speaks.
mod speaker;
/// Whole sentences.
mod speech;
/// Every stage with random weights.
mod stages;

use burn_tensor::Device;

/// Both backends.
fn devices() -> [(&'static str, Device); 2] {
    [("burn-flex", tts_burn::flex()), ("burn-ndarray", tts_burn::ndarray())]
}

/// Largest difference, relative to the root mean square of `expected`.
#[track_caller]
fn close(device: &str, stage: &str, found: &[f32], expected: &[f32], bound: f32) {
    assert_eq!(found.len(), expected.len(), "{stage}");
    let rms = (expected.iter().map(|x| x * x).sum::<f32>() / expected.len() as f32).sqrt();
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / rms;
    println!("{stage} on {device}: {worst:.1e}");
    assert!(worst <= bound, "{stage} on {device}: {worst:e} > {bound:e}");
    assert!(rms.is_finite() && rms > 0.0, "{stage} on {device}: burn gave nothing");
}
