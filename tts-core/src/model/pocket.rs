//! Kyutai's Pocket TTS: voice prompt and text tokens to latents to sound.
//!
//! Mirrors `models/tts_model.py` of the reference, pocket-tts 4.0.1.

#[cfg(feature = "measure")]
pub mod measure;
pub(super) mod precision;

use super::pocket_config::PocketConfig;
use super::pocket_files::PocketFiles;
use crate::codec::mimi::{MimiDecoder, MimiEncoder};
use crate::flow::Flow;
use crate::flow::pocket::{PocketLm, PocketState};
use crate::kernels::Isa;
use crate::speaker::{Clip, PromptOptions, PromptReport, SpeakerError, prompt};
use crate::text::pocket::Preparation;
use crate::units::SampleRate;
use crate::weights::{Scope, Weights, WeightsError};

/// Steps of flow matching, which is not made for one.
const STEPS_OF_MATCHING: usize = 16;

/// All weights of a checkpoint.
#[derive(Debug)]
pub(crate) struct PocketModel {
    pub(crate) config: PocketConfig,
    pub(crate) lm: PocketLm,
    pub(crate) decoder: MimiDecoder,
    pub(crate) encoder: MimiEncoder,
}

impl PocketModel {
    /// One file of all weights, `flow_lm.*` and `mimi.*`; the shapes that `config` asks for are demanded.
    pub(crate) fn load(weights: &Weights, config: PocketConfig) -> Result<Self, WeightsError> {
        let root = weights.root();
        let model = Self::load_halves(&root.at("flow_lm"), &root.at("mimi"), config)?;
        weights.finish()?;
        Ok(model)
    }

    /// One file of all weights, or one for each half.
    pub(crate) fn load_files(files: &PocketFiles<Weights>, config: PocketConfig) -> Result<Self, WeightsError> {
        match files {
            PocketFiles::Bundle(weights) => Self::load(weights, config),
            PocketFiles::Replaced { bundle: lm, mimi } | PocketFiles::Apart { flow_lm: lm, mimi } => {
                let root =
                    if matches!(files, PocketFiles::Replaced { .. }) { lm.root().at("flow_lm") } else { lm.root() };
                let model = Self::load_halves(&root, &mimi.root(), config)?;
                lm.finish()?;
                mimi.finish()?;
                Ok(model)
            }
        }
    }

    fn load_halves(flow_lm: &Scope<'_>, mimi: &Scope<'_>, config: PocketConfig) -> Result<Self, WeightsError> {
        let (latent, inner) = (config.mimi.quantizer.dimension, config.mimi.inner());
        let mut lm = PocketLm::load(flow_lm, &config.flow_lm, latent, inner)?;
        let decoder = MimiDecoder::load(mimi, &config.mimi)?;
        let encoder = MimiEncoder::load(mimi, &config.mimi)?;
        if decoder.is_coarse() {
            lm.remember_in_halves();
        }
        Ok(Self { config, lm, decoder, encoder })
    }

    /// A voice of mono sound at the model's rate.
    pub(crate) fn voice(&self, isa: Isa, threads: usize, pcm: &[f32]) -> PocketState {
        self.lm.voice(isa, &self.encoder.encode(isa, threads, pcm))
    }

    /// A voice of recordings of one person, and what was taken of them.
    ///
    /// # Errors
    /// [`SpeakerError`]: clips that cannot be used, options that cannot be met.
    pub(crate) fn prompt(
        &self,
        isa: Isa,
        threads: usize,
        clips: &[Clip<'_>],
        options: PromptOptions,
    ) -> Result<(PocketState, PromptReport), SpeakerError> {
        let (pcm, report) = prompt(clips, SampleRate(self.config.mimi.sample_rate), options)?;
        Ok((self.voice(isa, threads, &pcm), report))
    }
}

impl PocketModel {
    /// Steps of the head where a request does not say.
    pub(crate) fn steps(&self) -> usize {
        match self.config.flow_lm.flow.kind {
            Flow::Matching => STEPS_OF_MATCHING,
            _ => 1,
        }
    }

    /// How this model wants its texts.
    pub(crate) fn preparation(&self) -> Preparation {
        let config = &self.config;
        Preparation {
            pad_short: config.pad_with_spaces_for_short_inputs,
            remove_semicolons: config.remove_semicolons,
            append_terminal: config.append_terminal_punctuation,
            capitalize: config.capitalize_first_letter,
            replace: config.replace_characters.clone(),
        }
    }
}

pub(crate) mod voice;

#[cfg(test)]
mod tests;
