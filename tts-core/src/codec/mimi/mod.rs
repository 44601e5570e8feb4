//! Mimi without its quantiser (Défossez et al. 2024), the waveform codec of Kyutai's Pocket TTS: sound to latents, and
//! latents at 12.5 Hz to sound while they arrive.
//!
//! ```text
//! sound ─ SEANet encoder ─ transformer ─ down ─▶ latents
//! latents ─ output_proj ─ up ─ transformer ─ SEANet decoder ─▶ sound
//! ```
//! Mirrors `models/mimi.py` of the reference, pocket-tts 4.0.1. May import: `nn`, `weights`, `kernels`, `units`.

mod config;
mod seanet;
#[cfg(test)]
mod stages;

pub(crate) use config::MimiConfig;

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use config::CodecTransformerConfig;
use seanet::{Seanet, SeanetState};

use crate::kernels::Isa;
use crate::nn::linear::{Bias, Linear};
use crate::nn::streaming::{Before, Conv, ConvConfig, TransposedDepthwise, TransposedDepthwiseState};
use crate::nn::transformer::{Transformer, TransformerState};
use crate::weights::{Scope, WeightsError};

/// A transformer between linear maps where widths differ.
#[derive(Debug)]
struct Projected {
    input: Option<Linear>,
    transformer: Transformer,
    output: Option<Linear>,
    context: usize,
}

impl Projected {
    /// `input_proj`, `transformer`, `output_projs.0`.
    fn load(scope: &Scope<'_>, config: &CodecTransformerConfig) -> Result<Self, WeightsError> {
        let dim = config.d_model;
        let linear = |name: &str, from: usize, to: usize| {
            (from != to).then(|| Linear::load(&scope.at(name), from, to, Bias::No)).transpose()
        };
        Ok(Self {
            input: linear("input_proj", config.input_dimension, dim)?,
            transformer: Transformer::load(&scope.at("transformer"), config.stack())?,
            output: linear("output_projs.0", dim, config.output_dimensions[0])?,
            context: config.context,
        })
    }

    fn start(&self) -> TransformerState {
        self.transformer.start(self.context)
    }

    /// Replaces `x` `[frames, channels]`.
    fn step(&self, isa: Isa, state: &mut TransformerState, x: &mut Vec<f32>) {
        let through = |linear: &Option<Linear>, x: &mut Vec<f32>| {
            if let Some(linear) = linear {
                let mut y = vec![0.0; x.len() / linear.inputs() * linear.outputs()];
                linear.apply(isa, &mut y, x);
                *x = y;
            }
        };
        through(&self.input, x);
        self.transformer.step(isa, state, x);
        through(&self.output, x);
    }
}

/// Latents to sound.
#[derive(Debug)]
pub(crate) struct MimiDecoder {
    latent: usize,
    /// `[outer, latent, 1]`, as a linear map
    output_proj: Conv,
    up: TransposedDepthwise,
    transformer: Projected,
    seanet: Seanet,
}

/// The past of a stream of sound.
#[derive(Debug, Clone)]
pub(crate) struct MimiDecoderState {
    output_proj: crate::nn::streaming::ConvState,
    up: TransposedDepthwiseState,
    transformer: TransformerState,
    seanet: SeanetState,
    wide: Vec<f32>,
}

impl MimiDecoder {
    /// `quantizer`, `upsample`, `decoder_transformer`, `decoder` below `scope` (`mimi`).
    pub(crate) fn load(scope: &Scope<'_>, config: &MimiConfig) -> Result<Self, WeightsError> {
        let (latent, outer) = (config.quantizer.dimension, config.quantizer.output_dimension);
        let plain = ConvConfig { bias: false, ..ConvConfig::plain(latent, outer, 1) };
        Ok(Self {
            latent,
            output_proj: Conv::load(&scope.at("quantizer.output_proj"), plain)?,
            up: TransposedDepthwise::load(&scope.at("upsample.convtr.convtr"), outer, config.stride())?,
            transformer: Projected::load(&scope.at("decoder_transformer"), config.decoder_transformer())?,
            seanet: Seanet::decoder(&scope.at("decoder"), config.decoder_seanet())?,
        })
    }

    /// Whether weights have 8 bits.
    pub(crate) fn is_coarse(&self) -> bool {
        self.transformer.transformer.is_coarse()
    }

    /// Silence before the first latent.
    pub(crate) fn start(&self) -> MimiDecoderState {
        MimiDecoderState {
            output_proj: self.output_proj.start(),
            up: self.up.start(),
            transformer: self.transformer.start(),
            seanet: self.seanet.start(),
            wide: Vec::new(),
        }
    }

    /// Plain latents `[frames, latent]` into `pcm`, samples of all of them.
    pub(crate) fn step(&self, isa: Isa, state: &mut MimiDecoderState, latents: &[f32], pcm: &mut Vec<f32>) {
        debug_assert_eq!(latents.len() % self.latent, 0);
        self.output_proj.step(isa, &mut state.output_proj, latents, &mut state.wide);
        self.up.step(isa, &mut state.up, &state.wide, pcm);
        self.transformer.step(isa, &mut state.transformer, pcm);
        self.seanet.step(isa, &mut state.seanet, pcm);
    }
}

/// Latents that are encoded at once.
const AT_ONCE: usize = 4;
/// Fewest latents that are worth a thread.
const STRETCH: usize = 16;

/// Sound to latents.
#[derive(Debug)]
pub(crate) struct MimiEncoder {
    samples: usize,
    seanet: Seanet,
    transformer: Projected,
    down: Conv,
}

impl MimiEncoder {
    /// `encoder`, `encoder_transformer`, `downsample` below `scope` (`mimi`).
    pub(crate) fn load(scope: &Scope<'_>, config: &MimiConfig) -> Result<Self, WeightsError> {
        let stride = config.stride();
        let down = ConvConfig {
            stride,
            bias: false,
            before: Before::First,
            ..ConvConfig::plain(config.seanet.dimension, config.inner(), 2 * stride)
        };
        Ok(Self {
            samples: config.samples(),
            seanet: Seanet::encoder(&scope.at("encoder"), &config.seanet)?,
            transformer: Projected::load(&scope.at("encoder_transformer"), &config.transformer)?,
            down: Conv::load(&scope.at("downsample.conv.conv"), down)?,
        })
    }

    /// All of `pcm`, filled up with silence to a whole latent, to `[frames, inner]`. A few latents at a time: weights are read once
    /// for all of them, and memory does not grow with the sound but for what is returned.
    ///
    /// With more `threads` than one the convolutions, which look back a little only, hear stretches of the sound side by side.
    /// The result has the same bits.
    pub(crate) fn encode(&self, isa: Isa, threads: usize, pcm: &[f32]) -> Vec<f32> {
        let latents = pcm.len().div_ceil(self.samples);
        let stretch = latents.div_ceil(threads.max(1)).max(STRETCH) * self.samples;
        let mut stretches = (0..pcm.len()).step_by(stretch).map(|start| start..pcm.len().min(start + stretch));
        let first = stretches.next().unwrap_or_default();
        let (mut transformer, mut down) = (self.transformer.start(), self.down.start());
        let (mut found, mut latent) = (Vec::new(), Vec::new());
        let mut finish = |x: &mut Vec<f32>| {
            self.transformer.step(isa, &mut transformer, x);
            self.down.step(isa, &mut down, x, &mut latent);
            found.extend_from_slice(&latent);
        };
        thread::scope(|scope| {
            let others: Vec<_> = stretches
                .map(|stretch| {
                    let hear = {
                        let stretch = stretch.clone();
                        move || {
                            let mut pieces = Vec::new();
                            self.convolve(isa, pcm, stretch, |x| pieces.push(x.clone()));
                            pieces
                        }
                    };
                    let thread = thread::Builder::new().name("tts-encoder".to_owned());
                    (thread.spawn_scoped(scope, hear), stretch)
                })
                .collect();
            self.convolve(isa, pcm, first, &mut finish);
            for (thread, stretch) in others {
                match thread.map(ScopedJoinHandle::join) {
                    Ok(Ok(pieces)) => pieces.into_iter().for_each(|mut x| finish(&mut x)),
                    Ok(Err(panic)) => resume_unwind(panic),
                    // there is no thread to be had: it takes longer
                    Err(_) => self.convolve(isa, pcm, stretch, &mut finish),
                }
            }
        });
        found
    }

    /// Gives `take` what the convolutions make of a stretch of `pcm` that begins at a whole latent, a few latents at a time.
    fn convolve(&self, isa: Isa, pcm: &[f32], stretch: Range<usize>, mut take: impl FnMut(&mut Vec<f32>)) {
        let before = self.seanet.memory().next_multiple_of(self.samples).min(stretch.start);
        let (mut seanet, mut x) = (self.seanet.start(), pcm[stretch.start - before..stretch.start].to_vec());
        self.seanet.step(isa, &mut seanet, &mut x);
        for piece in pcm[stretch].chunks(AT_ONCE * self.samples) {
            x.clear();
            x.extend_from_slice(piece);
            x.resize(piece.len().next_multiple_of(self.samples), 0.0);
            self.seanet.step(isa, &mut seanet, &mut x);
            take(&mut x);
        }
    }
}
