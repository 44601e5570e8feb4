//! Kyutai's Pocket TTS: voice prompt and text tokens to latents to sound.
//!
//! Mirrors `models/tts_model.py` of the reference, pocket-tts 4.0.1.

use super::pocket_config::PocketConfig;
use crate::codec::mimi::{MimiDecoder, MimiDecoderState, MimiEncoder};
use crate::flow::Sampler;
use crate::flow::pocket::{PocketLm, PocketState};
use crate::kernels::Isa;
use crate::speaker::{Clip, PromptOptions, PromptReport, SpeakerError, prompt};
use crate::text::pocket::Preparation;
use crate::units::SampleRate;
use crate::weights::{Weights, WeightsError};

/// The end of speech is not believed in the first frames: before the first word some voices cross the threshold.
const FRAMES_BEFORE_END: usize = 6;
/// Tokens a second of the slowest speech, and seconds beside it: speech longer than this has missed its end.
const SLOWEST: (f64, f64) = (3.0, 2.0);
/// A decoder begins with a small step; this part of a second is faded in.
const FADE: u32 = 200;

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
        let (latent, inner) = (config.mimi.quantizer.dimension, config.mimi.inner());
        let lm = PocketLm::load(&root.at("flow_lm"), &config.flow_lm, latent, inner)?;
        let decoder = MimiDecoder::load(&root.at("mimi"), &config.mimi)?;
        let encoder = MimiEncoder::load(&root.at("mimi"), &config.mimi)?;
        weights.finish()?;
        Ok(Self { config, lm, decoder, encoder })
    }

    /// A voice of mono sound at the model's rate.
    pub(crate) fn voice(&self, isa: Isa, pcm: &[f32]) -> PocketState {
        self.lm.voice(isa, &self.encoder.encode(isa, pcm))
    }

    /// A voice of recordings of one person, and what was taken of them.
    ///
    /// # Errors
    /// [`SpeakerError`]: clips that cannot be used, options that cannot be met.
    pub(crate) fn prompt(
        &self,
        isa: Isa,
        clips: &[Clip<'_>],
        options: PromptOptions,
    ) -> Result<(PocketState, PromptReport), SpeakerError> {
        let (pcm, report) = prompt(clips, SampleRate(self.config.mimi.sample_rate), options)?;
        Ok((self.voice(isa, &pcm), report))
    }
}

/// How texts are spoken where a request does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ending {
    /// Logit above which speech ends.
    pub(crate) threshold: f32,
    /// Frames after that.
    pub(crate) frames_after: usize,
}

/// One chunk of text being spoken.
#[derive(Debug, Clone)]
pub(crate) struct Utterance {
    state: PocketState,
    decoder: MimiDecoderState,
    ending: Ending,
    /// Frames made.
    frame: usize,
    /// Frame that said the end, if one did.
    end: Option<usize>,
    /// Frames after which the end is missing.
    most: usize,
    latent: Vec<f32>,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Its sound is there.
    Spoken,
    /// Everything was spoken; this frame has no sound.
    Ended,
    /// It went on for longer than the text can take: no end was found.
    Endless,
}

impl PocketModel {
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

    /// Frames that `tokens` can take at most.
    pub(crate) fn most_frames(&self, tokens: usize) -> usize {
        let seconds = tokens as f64 / SLOWEST.0 + SLOWEST.1;
        (seconds * self.config.mimi.frame_rate).ceil() as usize
    }

    /// A voice begins to say a chunk.
    pub(crate) fn begin(&self, isa: Isa, voice: &PocketState, tokens: &[u32], ending: Ending) -> Utterance {
        let most = self.most_frames(tokens.len());
        let mut state = voice.with_room(voice.position() + tokens.len() + most);
        self.lm.read(isa, &mut state, tokens);
        let decoder = self.decoder.start();
        Utterance { state, decoder, ending, frame: 0, end: None, most, latent: Vec::new() }
    }

    /// The next frame of unit normal `noise` `[latent]`: its samples into `pcm`.
    pub(crate) fn speak(
        &self,
        isa: Isa,
        utterance: &mut Utterance,
        sampler: &Sampler,
        noise: &[f32],
        pcm: &mut Vec<f32>,
    ) -> Progress {
        pcm.clear();
        if utterance.frame == utterance.most {
            return Progress::Endless;
        }
        let logit = self.lm.step(isa, &mut utterance.state, sampler, noise);
        let Utterance { state, decoder, ending, frame, end, latent, .. } = utterance;
        if logit > ending.threshold && *frame >= FRAMES_BEFORE_END {
            end.get_or_insert(*frame);
        }
        if end.is_some_and(|end| *frame >= end + ending.frames_after) {
            return Progress::Ended;
        }
        latent.clear();
        self.lm.denormalise(state.latent(), latent);
        self.decoder.step(isa, decoder, latent, pcm);
        if *frame == 0 {
            let fade = ((self.config.mimi.sample_rate / FADE) as usize).min(pcm.len());
            for (i, sample) in pcm[..fade].iter_mut().enumerate() {
                *sample *= i as f32 / (fade - 1).max(1) as f32;
            }
        }
        *frame += 1;
        Progress::Spoken
    }
}

pub(crate) mod voice;

#[cfg(test)]
mod tests;
