//! How long the speaker encoder takes forwards and backwards by burn's gradients, on burn-flex with one thread: what
//! docs/SPEED.md compares with PyTorch.
//!
//!     cargo run --release -p tts-burn --example training --features autodiff
//!
//! The clips of a batch follow each other in one sequence, which costs what a batch costs; only the borders would differ.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example prints, and may end at the first error")]

use std::hint::black_box;
use std::time::Instant;

use tts_burn::{Model, flex};
use tts_core::Engine;

const RUNS: usize = 5;
const CLIPS: usize = 48;
/// Two seconds.
const FRAMES: usize = 200;
/// 70 bands, voiced, pitch.
const FEATURES: usize = 72;

fn main() {
    let (weights, config) = Engine::embedded_files();
    let mut features: Vec<f32> = (0..CLIPS * FRAMES * FEATURES).map(|i| (i as f32 * 0.7).sin()).collect();
    for (t, frame) in features.chunks_exact_mut(FEATURES).enumerate() {
        frame[FEATURES - 2] = f32::from(u8::from(t % 5 > 0));
    }
    println!("{CLIPS} clips of {FRAMES} frames");
    for _ in 0..RUNS {
        // gradients end with the tape that they were taken from
        let encoder = Model::speaker_encoder(weights, config, &flex().autodiff()).unwrap();
        let start = Instant::now();
        let heard = encoder.hear(&features);
        let loss = heard.timbre.sum() + heard.pitch.sum();
        let forwards = start.elapsed();
        black_box(loss.backward());
        println!("{forwards:.2?} forwards, {:.2?} with gradients", start.elapsed());
    }
}
