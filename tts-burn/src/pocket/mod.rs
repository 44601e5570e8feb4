//! The networks of Kyutai's Pocket TTS, written once more in burn: from the same checkpoint and YAML as the engine's.
//!
//! Where the engine streams, remembers and cuts sequences into calls, nothing here does: a transformer reads a whole
//! sequence under a mask, a convolution a whole sound. Names and shapes of tensors are those of the checkpoint. Mirrors
//! pocket-tts 4.0.1.
//!
//! ```text
//! clip ─ encoder ─ speaker_proj ─┐
//! tokens ──────────── table ─────┼─ transformer ─┬─ head ── decoder ─ sound
//! latents before ─ input_linear ─┘               └─ end of speech
//! ```

mod codec;
mod config;
mod conv;
mod lm;
mod seanet;
mod transformer;

pub use codec::Codec;
pub use config::PocketConfig;
pub use lm::{Heard, Lm};

use burn_tensor::{Device, Tensor};

use crate::weights::{LoadError, Weights, values};

/// A checkpoint on a device.
#[derive(Debug, Clone)]
pub struct Pocket {
    /// Where it runs.
    pub device: Device,
    /// Voice, text and latents to the next latent.
    pub lm: Lm,
    /// Sound to latents and back.
    pub codec: Codec,
}

/// What burn says by itself.
#[derive(Debug, Clone)]
pub struct Said {
    /// `[frames, latent]`, as the head gives them
    pub normalised: Tensor<2>,
    /// `[frames]`: logits of the end of speech
    pub ends: Vec<f32>,
    /// `[samples]`
    pub sound: Vec<f32>,
}

impl Pocket {
    /// From the bytes of a checkpoint and the text of its YAML.
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with either.
    pub fn load(weights: &[u8], config: &str, device: &Device) -> Result<Self, LoadError> {
        let config = PocketConfig::parse(config)?;
        let weights = Weights::open(weights, device)?;
        let lm = Lm::load(&weights.root().at("flow_lm"), &config)?;
        let codec = Codec::load(&weights.root().at("mimi"), &config.mimi)?;
        weights.finish()?;
        Ok(Self { device: device.clone(), lm, codec })
    }

    /// What the transformer reads before the first latent, `[positions, dim]`: encoded sound of a speaker
    /// `[frames, encoded]`, then ids of text tokens.
    #[must_use]
    pub fn prompt(&self, encoded: Tensor<2>, tokens: &[u32]) -> Tensor<2> {
        Tensor::cat(vec![self.lm.voice(encoded), self.lm.text(tokens)], 0)
    }

    /// Speaks from unit normal `noise` `[frames, latent]`, a frame after the other, reading everything anew for each.
    #[must_use]
    pub fn say(&self, prompt: Tensor<2>, noise: Tensor<2>, steps: usize, temperature: f32) -> Said {
        let ([frames, latent], mut ends) = (noise.dims(), Vec::new());
        let mut normalised = Tensor::empty([0, latent], &self.device);
        for frame in 0..frames {
            let heard = self.lm.hear(prompt.clone(), normalised.clone());
            let now = heard.condition.narrow(0, frame, 1);
            ends.extend(values(self.lm.end(now.clone())));
            let next = self.lm.head.sample(now, noise.clone().narrow(0, frame, 1), steps, temperature);
            normalised = if frame == 0 { next } else { Tensor::cat(vec![normalised, next], 0) };
        }
        let sound = values(self.codec.decode(self.lm.plain(normalised.clone())));
        Said { normalised, ends, sound }
    }
}
