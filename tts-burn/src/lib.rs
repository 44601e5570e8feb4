//! The networks of the native model, written once more in burn: as plain as docs/MODEL.md, from the same weights file. Those
//! of the second family are in [`pocket`].
//!
//! It is the oracle of the engine. Nothing here is fast, fused, packed or kept for later; every stage is the line of
//! docs/MODEL.md that describes it, on burn's tensors, and the tests hold the engine to it on burn-flex and burn-ndarray.
//! [`Burn`] can also speak in the engine's place (`tts say --engine burn`): then every network is burn's, while text, plan,
//! noise and renderer, which have no weights, stay the engine's.
//!
//! Signals are `[frames, channels]` tensors of f32. One file a stage:
//!
//! ```text
//! phones ─ text ─┬─ duration          style ─┐
//!                └───────── condition ◀──────┘
//!                               │
//! latent before ──────────── backbone ── head ── decoder ── the engine's renderer
//! clip ─ speaker ── timbre ──────────────────────┘
//! ```

mod backbone;
mod config;
mod decoder;
mod head;
mod layers;
mod model;
pub mod pocket;
mod refiner;
mod speaker;
mod speech;
mod style;
mod text;
mod transformer;
mod weights;

pub use backbone::{Backbone, Past};
pub use config::Config;
pub use decoder::{Decoder, DecoderState, Profile};
pub use head::{Flow, Head};
pub use model::Model;
pub use speaker::{Impression, SpeakerEncoder};
pub use speech::Burn;
pub use style::{Condition, Durations, Style};
pub use text::TextEncoder;
pub use weights::{LoadError, rows, values};

use burn_tensor::Device;

/// burn-flex, the backend that burn goes on with.
#[must_use]
pub fn flex() -> Device {
    Device::flex()
}

/// burn-ndarray, which burn 0.22 is the last to have.
#[cfg(feature = "ndarray")]
#[must_use]
#[allow(deprecated, reason = "a second opinion is worth more than a backend's future")]
pub fn ndarray() -> Device {
    Device::ndarray()
}
