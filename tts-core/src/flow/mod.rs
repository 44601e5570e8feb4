//! Phones and style become latents: text encoder, durations, slots, a causal transformer and a flow head
//! (level 4).
//!
//! Signal flow, one file a stage:
//!
//! ```text
//! phones ── text_encoder ──▶ [phones, dim] ── duration ──▶ seconds ── slots ──▶ two 20 ms slots per 40 ms frame
//! timbre, controls ── style ──▶ [style]                                   │
//! previous latent ───────────────────────────── backbone ◀── condition ◀──┘
//! noise ── head ──▶ latent, 25 a second
//! ```
//!
//! Continuous latents with a flow head after Rouard et al. 2025 (arXiv 2509.06926); the head is the MLP of
//! Li et al. 2024 (arXiv 2406.11838). May import: `nn`, `kernels`, `weights`, `units`.

mod backbone;
mod config;
mod duration;
mod head;
mod noise;
pub(crate) mod pocket;
mod slots;
mod style;
mod text_encoder;

pub(crate) use backbone::FlowState;
pub(crate) use config::FlowConfig;
pub(crate) use head::{Flow, Sampler};
pub(crate) use noise::Noise;
pub(crate) use slots::{FRAMES_PER_SECOND, Slots, USUAL_SECONDS, frames_of};
pub(crate) use style::Controls;
pub(crate) use text_encoder::{PHONES, PhoneIds, TextScratch};

use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::weights::{Scope, WeightsError};

/// The whole flow language model.
#[derive(Debug)]
pub(crate) struct FlowLm {
    pub(crate) config: FlowConfig,
    text: text_encoder::TextEncoder,
    duration: duration::DurationModel,
    style: style::StyleEncoder,
    /// `3 -> dim`
    slot_position: Linear,
    /// `2 dim -> dim`
    slot_proj: Linear,
    /// `style -> dim`
    style_proj: Linear,
    backbone: backbone::Backbone,
    head: head::Head,
    /// Mean and standard deviation of every latent channel.
    emb_mean: Vec<f32>,
    emb_std: Vec<f32>,
}

/// A frame of a stretch of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'s> {
    /// `[phones, dim]`, encoded.
    pub(crate) text: &'s [f32],
    pub(crate) slots: &'s Slots,
    /// Which frame of the stretch.
    pub(crate) index: usize,
    /// `[dim]`, see [`FlowLm::style_condition`].
    pub(crate) style_condition: &'s [f32],
}

/// Room for one frame's condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConditionScratch {
    pair: Vec<f32>,
}

/// A stream that is to make a frame.
#[derive(Debug)]
pub(crate) struct FlowTurn<'s> {
    pub(crate) state: &'s mut FlowState,
    pub(crate) sampler: &'s Sampler,
    /// `[dim]`
    pub(crate) condition: &'s [f32],
    /// Unit normal, `[latent]`
    pub(crate) noise: &'s [f32],
}

/// Room for a frame of several streams.
#[derive(Debug, Default)]
pub(crate) struct FlowScratch {
    backbone: backbone::BackboneScratch,
    head: head::HeadScratch,
}

impl FlowLm {
    /// Everything below `scope` (`flow_lm`).
    pub(crate) fn load(scope: &Scope<'_>, config: FlowConfig) -> Result<Self, WeightsError> {
        let FlowConfig { dim, latent, .. } = config;
        Ok(Self {
            text: text_encoder::TextEncoder::load(&scope.at("text"), &config)?,
            duration: duration::DurationModel::load(&scope.at("duration"), &config)?,
            style: style::StyleEncoder::load(&scope.at("prosody"), &config)?,
            slot_position: Linear::load(&scope.at("slot_position"), slots::FEATURES, dim, Bias::Yes)?,
            slot_proj: Linear::load(&scope.at("slot_proj"), 2 * dim, dim, Bias::Yes)?,
            style_proj: Linear::load(&scope.at("style_proj"), config.style(), dim, Bias::Yes)?,
            backbone: backbone::Backbone::load(scope, &config)?,
            head: head::Head::load(&scope.at("flow_net"), config.head_shape())?,
            emb_mean: scope.tensor("emb_mean", [latent])?.to_f32()?,
            emb_std: scope.tensor("emb_std", [latent])?.to_f32()?,
            config,
        })
    }

    /// `[phones, dim]` of the phones of one stretch of text.
    pub(crate) fn encode_text(&self, isa: Isa, scratch: &mut TextScratch, phones: &[PhoneIds], out: &mut Vec<f32>) {
        self.text.encode(isa, scratch, phones, out);
    }

    /// Of every phone of `text` `[phones, dim]` the mean of ln(duration / 80 ms) and ln of its standard deviation.
    pub(crate) fn log_durations(&self, isa: Isa, text: &[f32], style: &[f32]) -> Vec<[f32; 2]> {
        self.duration.apply(isa, text, style)
    }

    /// `[style]`: who speaks and how.
    pub(crate) fn style(&self, isa: Isa, timbre: &[f32], controls: &Controls) -> Vec<f32> {
        self.style.apply(isa, timbre, controls)
    }

    /// `[dim]`: the part of every frame's condition that the style contributes.
    pub(crate) fn style_condition(&self, isa: Isa, style: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.config.dim];
        self.style_proj.apply(isa, &mut out, style);
        out
    }

    /// `[dim]`: the condition of a frame.
    pub(crate) fn condition(&self, isa: Isa, scratch: &mut ConditionScratch, frame: Frame<'_>, out: &mut [f32]) {
        let dim = self.config.dim;
        let Frame { text, slots, index, style_condition } = frame;
        scratch.pair.resize(2 * dim, 0.0);
        for (k, half) in scratch.pair.chunks_exact_mut(dim).enumerate() {
            let (phone, features) = slots.at(2 * index + k);
            self.slot_position.apply(isa, half, &features);
            kernels::add(isa, half, &text[phone * dim..(phone + 1) * dim]);
        }
        self.slot_proj.apply(isa, out, &scratch.pair);
        kernels::add(isa, out, style_condition);
    }

    /// The start of a stream.
    pub(crate) fn start(&self) -> FlowState {
        self.backbone.start(&self.config)
    }

    /// Time conditions of a number of solver steps, and the temperature.
    pub(crate) fn sampler(&self, isa: Isa, steps: usize, temperature: f32) -> Sampler {
        self.head.sampler(isa, steps, temperature)
    }

    /// One frame: `condition` `[dim]`, unit normal `noise` `[latent]`; the normalised latent is in [`FlowState::latent`].
    pub(crate) fn step(&self, isa: Isa, state: &mut FlowState, sampler: &Sampler, condition: &[f32], noise: &[f32]) {
        self.backbone.step(isa, state, condition);
        let FlowState { hidden, latent, head, .. } = state;
        self.head.sample(isa, head, hidden, head::Draw { sampler, noise, latent });
    }

    /// One frame of each of several streams, the turns of which `of` finds: what [`FlowLm::step`] gives each of them, with the
    /// same bits, while weights are read once.
    pub(crate) fn step_each<S>(
        &self,
        isa: Isa,
        scratch: &mut FlowScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> FlowTurn<'_>,
    ) {
        let FlowScratch { backbone, head } = scratch;
        let hidden = self.backbone.step_each(isa, backbone, streams, &of);
        self.head.sample_each(isa, head, hidden, streams, |stream| {
            let FlowTurn { state, sampler, noise, .. } = of(stream);
            head::Draw { sampler, noise, latent: &mut state.latent }
        });
    }

    /// A normalised latent as the decoder takes it: `z * std + mean`.
    pub(crate) fn denormalise(&self, latent: &[f32], out: &mut [f32]) {
        for (((out, z), mean), std) in out.iter_mut().zip(latent).zip(&self.emb_mean).zip(&self.emb_std) {
            *out = z * std + mean;
        }
    }
}
