//! Recorded sound to what can be measured on it: rate, level, pitch, spectral envelope (level 3).
//!
//! ```text
//! PCM, any rate ── resample ──▶ 24 kHz ── level ──▶ ── pitch, path, refine ──▶ F0, strength  every 10 ms
//!                                                  └── cheaptrick, bands ───▶ ln power of 80 bands
//! PCM, any rate ── stretch ──▶ the same, longer or shorter
//! ```
//! Frame `t` of everything is centred at sample `t · HOP`; `n` samples have [`frames_of`]`(n)` frames.
//!
//! May import: `kernels`, `units`.

mod bands;
mod cheaptrick;
mod fft;
pub(crate) mod level;
mod path;
mod pitch;
mod refine;
mod resample;
mod stretch;

#[cfg(test)]
mod golden;

pub(crate) use bands::MelBands;
pub(crate) use cheaptrick::{BINS, CheapTrick};
pub(crate) use pitch::{PitchConfig, PitchTracker};
pub(crate) use resample::resample;
pub(crate) use stretch::{Stretch, stretch};

/// Samples per second of all analysis.
pub(crate) const RATE: u32 = 24_000;
/// Samples from one frame to the next: 10 ms.
pub(crate) const HOP: usize = 240;

/// Frames of `samples` samples: one at every multiple of [`HOP`], the first at 0.
pub(crate) const fn frames_of(samples: usize) -> usize {
    samples / HOP + 1
}
