//! A back door for the crate of benchmarks, open with the feature `measure` alone: the stages of Pocket TTS one by one.
//!
//! It promises nothing to anybody else.

use std::path::Path;

use super::PocketModel;
use super::precision::PocketPrecision;
use crate::codec::mimi::MimiDecoderState;
use crate::flow::Sampler;
use crate::flow::pocket::PocketState;
use crate::kernels::Isa;
use crate::model::pocket_config::PocketConfig;
use crate::weights::Weights;

/// A model and what it runs on.
#[derive(Debug)]
pub struct Pocket {
    model: PocketModel,
    sampler: Sampler,
    isa: Isa,
}

/// A voice prompt that was heard.
#[derive(Debug, Clone)]
pub struct PocketVoice(PocketState);

/// A text being spoken.
#[derive(Debug, Clone)]
pub struct PocketSpeech {
    state: PocketState,
    decoder: MimiDecoderState,
}

impl Pocket {
    /// A configuration and one file of weights, kept as `precision` says.
    ///
    /// A packed file needs neither of the others.
    ///
    /// # Errors
    /// What is wrong with any.
    pub fn open(config: &Path, weights: &Path, precision: &str, isa: Isa) -> Result<Self, Box<dyn std::error::Error>> {
        let precision: PocketPrecision = precision.parse()?;
        let open = Weights::open(weights)?;
        if open.is_packed() {
            let text = open.file("config.yaml").ok_or("no config.yaml in it")?;
            let config = PocketConfig::parse("config.yaml", str::from_utf8(text)?)?;
            let model = PocketModel::load(&open, config)?;
            let sampler = model.lm.sampler(isa, 1, 0.3);
            return Ok(Self { model, sampler, isa });
        }
        let config = PocketConfig::parse(&config.display().to_string(), &std::fs::read_to_string(config)?)?;
        let weights = open.stored_by(precision.rules(config.flow_lm.transformer.d_model));
        let model = PocketModel::load(&weights, config)?;
        let sampler = model.lm.sampler(isa, 1, 0.3);
        Ok(Self { model, sampler, isa })
    }

    /// Channels of a latent.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.model.config.mimi.quantizer.dimension
    }

    /// Samples a second.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.model.config.mimi.sample_rate
    }

    /// A voice of mono sound at the model's rate, heard by so many threads.
    #[must_use]
    pub fn voice(&self, threads: usize, pcm: &[f32]) -> PocketVoice {
        PocketVoice(self.model.voice(self.isa, threads, pcm))
    }

    /// Encoded sound, as a voice has it.
    #[must_use]
    pub fn encode(&self, pcm: &[f32]) -> Vec<f32> {
        self.model.encoder.encode(self.isa, 1, pcm)
    }

    /// Reads a text, with room for `frames`.
    #[must_use]
    pub fn begin(&self, voice: &PocketVoice, tokens: &[u32], frames: usize) -> PocketSpeech {
        let mut state = self.model.lm.with_room(&voice.0, voice.0.position() + tokens.len() + frames);
        self.model.lm.read(self.isa, &mut state, tokens);
        PocketSpeech { state, decoder: self.model.decoder.start() }
    }

    /// The next latent of unit normal `noise`, as the codec takes it, into `latent`.
    pub fn latent_of(&self, speech: &mut PocketSpeech, noise: &[f32], latent: &mut Vec<f32>) {
        self.model.lm.step(self.isa, &mut speech.state, &self.sampler, noise);
        latent.clear();
        self.model.lm.denormalise(speech.state.latent(), latent);
    }

    /// The sound of a latent into `pcm`.
    pub fn sound_of(&self, speech: &mut PocketSpeech, latent: &[f32], pcm: &mut Vec<f32>) {
        self.model.decoder.step(self.isa, &mut speech.decoder, latent, pcm);
    }
}
