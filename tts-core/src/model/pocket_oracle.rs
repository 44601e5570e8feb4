//! A back door for another implementation of Pocket TTS (feature `oracle`; level 5).
//!
//! [`Stages`] runs every network of a checkpoint by itself on given numbers, so that another implementation can be compared
//! with it stage by stage. Not part of the stable interface: it follows the model wherever that goes.
//!
//! All signals are row-major `[frames, channels]`. May import: what `pocket` may.

use super::pocket::PocketModel;
use super::pocket_config::PocketConfig;
use crate::flow::pocket::PocketState;
use crate::kernels::Isa;
use crate::weights::Weights;

/// The engine's networks, one by one.
#[derive(Debug)]
pub struct Stages {
    isa: Isa,
    model: PocketModel,
}

/// What is to be spoken, from what noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Script<'s> {
    /// Encoded sound of the speaker, `[frames, encoded]`, see [`Stages::encode`].
    pub voice: &'s [f32],
    /// Ids of text tokens.
    pub tokens: &'s [u32],
    /// Unit normal, `[frames, latent]`: as many frames are made.
    pub noise: &'s [f32],
    /// Solver steps a frame; heads without a time take one.
    pub steps: usize,
    /// Variance of the noise.
    pub temperature: f32,
}

/// What the transformer and the head gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spoken {
    /// `[frames, z]`: what the head and the end of speech see
    pub condition: Vec<f32>,
    /// `[frames]`: logits of the end of speech
    pub ends: Vec<f32>,
    /// `[frames, latent]`, as the head gives them
    pub normalised: Vec<f32>,
    /// `[frames, latent]`, as the codec takes them
    pub plain: Vec<f32>,
    /// Keys and values of every layer, of voice, text and latents, `[positions, channels of all keys]` each
    pub past: Vec<[Vec<f32>; 2]>,
}

impl Stages {
    /// From the bytes of a checkpoint and the text of its YAML, on the instruction set that `TTS_ISA` names or the
    /// best there is.
    ///
    /// # Errors
    /// What is wrong with any of them, for people.
    pub fn load(weights: Vec<u8>, config: &str) -> Result<Self, String> {
        let isa = Isa::from_env().map_err(|error| error.to_string())?;
        let config = PocketConfig::parse("the configuration", config).map_err(|error| error.to_string())?;
        let weights = Weights::from_bytes("the weights", weights).map_err(|error| error.to_string())?;
        let model = PocketModel::load(&weights, config).map_err(|error| error.to_string())?;
        Ok(Self { isa, model })
    }

    /// The instruction set in use.
    #[must_use]
    pub fn isa(&self) -> &'static str {
        self.isa.name()
    }

    /// Channels of a latent.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.model.config.mimi.quantizer.dimension
    }

    /// Channels of an encoded frame.
    #[must_use]
    pub fn encoded(&self) -> usize {
        self.model.config.mimi.inner()
    }

    /// Samples a latent.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.model.config.mimi.samples()
    }

    /// Ids of tokens to `[tokens, dim]`.
    #[must_use]
    pub fn text(&self, tokens: &[u32]) -> Vec<f32> {
        self.model.lm.embed(self.isa, tokens)
    }

    /// Mono sound at the model's rate to `[frames, encoded]`; it is filled up with silence to a whole frame.
    #[must_use]
    pub fn encode(&self, pcm: &[f32]) -> Vec<f32> {
        self.model.encoder.encode(self.isa, 1, pcm)
    }

    /// Keys and values of every layer of a voice, see [`Spoken::past`].
    #[must_use]
    pub fn voice(&self, encoded: &[f32]) -> Vec<[Vec<f32>; 2]> {
        past(&self.model.lm.voice(self.isa, encoded))
    }

    /// A frame after the other, each told the latent before.
    #[must_use]
    pub fn speak(&self, script: Script<'_>) -> Spoken {
        let (isa, lm, latent) = (self.isa, &self.model.lm, self.latent());
        let voice = lm.voice(isa, script.voice);
        let frames = script.noise.len() / latent;
        let mut state = lm.with_room(&voice, voice.position() + script.tokens.len() + frames);
        lm.read(isa, &mut state, script.tokens);
        let sampler = lm.sampler(isa, script.steps, script.temperature);
        let mut out = Spoken::default();
        for noise in script.noise.chunks_exact(latent) {
            out.ends.push(lm.step(isa, &mut state, &sampler, noise));
            out.condition.extend_from_slice(state.condition());
            out.normalised.extend_from_slice(state.latent());
            lm.denormalise(state.latent(), &mut out.plain);
        }
        out.past = past(&state);
        out
    }

    /// Sound of plain latents `[frames, latent]`, `chunk` of them a call.
    #[must_use]
    pub fn decode(&self, latents: &[f32], chunk: usize) -> Vec<f32> {
        let decoder = &self.model.decoder;
        let (mut state, mut pcm, mut sound) = (decoder.start(), Vec::new(), Vec::new());
        for latents in latents.chunks(chunk.max(1) * self.latent()) {
            decoder.step(self.isa, &mut state, latents, &mut pcm);
            sound.extend_from_slice(&pcm);
        }
        sound
    }
}

fn past(state: &PocketState) -> Vec<[Vec<f32>; 2]> {
    state.rows().collect()
}
