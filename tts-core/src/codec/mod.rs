//! Latents become sound: a causal decoder to source-filter parameters at 100 Hz, controls of how it is spoken, a
//! pulse-by-pulse renderer to PCM (level 4).
//!
//! ```text
//! [latent] at 25 Hz ── decoder ──▶ [envelope, aperiodicity, F0] at 100 Hz ── refiner ── expression ── renderer ──▶ 24 kHz PCM
//! ```
//!
//! May import: `nn`, `kernels`, `weights`, `units`.

mod brightness;
mod ceiling;
mod config;
mod decoder;
mod expression;
mod kinds;
pub(crate) mod mimi;
mod profile;
mod refiner;
mod renderer;
mod spectrum;

pub(crate) use ceiling::keep_below;
pub(crate) use config::DecoderConfig;
pub(crate) use decoder::{Decoder, DecoderState};
pub(crate) use expression::{Expression, Shaper, ShaperState};
pub(crate) use renderer::{HOP, Renderer, RendererState};
pub(crate) use spectrum::SAMPLE_RATE;
