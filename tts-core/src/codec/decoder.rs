//! The causal decoder: latents at 25 Hz to source-filter parameters at 100 Hz.
//!
//! Of a latent's channels the first three are explicit: `(mean ln F0 - the speaker's) / 0.2`, `25 x` the change of ln F0
//! over the frame, `2 x voiced share - 1`; the rest are learned. So pitch stays arithmetic: the network only adds a small
//! residual. What is constant about the speaker is added back here, see [`Profile`].

use super::config::DecoderConfig;
use super::kinds::{HEARD, Kinds, louder};
use super::profile::{Profile, ProfileModel};
use super::refiner::{Refiner, RefinerState};
use super::renderer::PARAMETERS_BESIDE_ENVELOPE;
use super::spectrum::APERIODICITIES;
use crate::kernels::{self, Isa};
use crate::nn::convnext::{ConvNext, ConvNextState};
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::weights::{Scope, WeightsError};

/// F0 is kept within what a voice can do, whatever a latent says, in Hz.
pub(super) const F0_RANGE: (f32, f32) = (30.0, 1200.0);

/// Aperiodicity at 0 Hz in dB: none that could be heard.
pub(super) const APERIODICITY_AT_ZERO: f32 = -60.0;

/// Weights of the decoder.
#[derive(Debug)]
pub(crate) struct Decoder {
    config: DecoderConfig,
    latent: usize,
    profile: ProfileModel,
    kinds: Option<Kinds>,
    /// `latent -> dim`
    input: Linear,
    blocks: Vec<ConvNext>,
    /// `dim -> subframes * subframe_dim`
    up: Linear,
    subframe_blocks: Vec<ConvNext>,
    norm: LayerNorm,
    /// `subframe_dim -> bands + 5`: envelope, 3 aperiodicities, voicing logit, ln F0 residual
    output: Linear,
    refiner: Option<Refiner>,
}

/// Who speaks, the past of every convolution, and scratch.
#[derive(Debug, Clone)]
pub(crate) struct DecoderState {
    profile: Profile,
    /// `[kinds, bands]`, or empty
    own: Vec<f32>,
    /// Habitual pitch: ln(F0 / Hz) that the explicit channels are relative to.
    log_f0: f32,
    blocks: Vec<ConvNextState>,
    subframe_blocks: Vec<ConvNextState>,
    x: Vec<f32>,
    up: Vec<f32>,
    normed: Vec<f32>,
    raw: Vec<f32>,
    room: Vec<f32>,
    refiner: Option<RefinerState>,
}

impl Decoder {
    /// `profile`, `m.N`, `p`, `kinds`, `i`, `b1.N`, `up`, `b2.N`, `n`, `o`, `refiner` below `scope` (`decoder`).
    pub(crate) fn load(
        scope: &Scope<'_>,
        config: DecoderConfig,
        latent: usize,
        timbre: usize,
    ) -> Result<Self, WeightsError> {
        let DecoderConfig { dim, subframe_dim, kernel, expansion, .. } = config;
        let stack = |name: &str, count, channels| {
            let scope = scope.at(name);
            let block = |n| ConvNext::load(&scope.index(n), channels, kernel, expansion * channels);
            (0..count).map(block).collect::<Result<Vec<_>, _>>()
        };
        let up = config.subframes * subframe_dim;
        let outputs = config.envelope_bands + APERIODICITIES + 2;
        let scales = (config.log_envelope_offset, config.log_envelope_scale);
        let refiner =
            |config: &DecoderConfig, of| Refiner::load(&scope.at("refiner"), of, config.envelope_bands, scales);
        Ok(Self {
            latent,
            profile: ProfileModel::load(scope, &config, timbre)?,
            kinds: Kinds::load(&scope.at("kinds"), &config)?,
            input: Linear::load(&scope.at("i"), latent, dim, Bias::Yes)?,
            blocks: stack("b1", config.blocks, dim)?,
            up: Linear::load(&scope.at("up"), dim, up, Bias::Yes)?,
            subframe_blocks: stack("b2", config.subframe_blocks, subframe_dim)?,
            norm: LayerNorm::load(&scope.at("n"), subframe_dim, 1e-5)?,
            output: Linear::load(&scope.at("o"), subframe_dim, outputs, Bias::Yes)?,
            refiner: config.refiner.as_ref().map(|of| refiner(&config, of)).transpose()?,
            config,
        })
    }

    /// The start of a stream of a speaker with this profile, with this of their own in each kind of sound, `[kinds, bands]` or empty, and this
    /// habitual ln(F0 / Hz).
    pub(crate) fn start(&self, profile: Profile, own: &[f32], log_f0: f32) -> DecoderState {
        DecoderState {
            profile,
            own: own.to_vec(),
            log_f0,
            blocks: self.blocks.iter().map(ConvNext::start).collect(),
            subframe_blocks: self.subframe_blocks.iter().map(ConvNext::start).collect(),
            x: Vec::new(),
            up: Vec::new(),
            normed: Vec::new(),
            raw: Vec::new(),
            room: Vec::new(),
            refiner: self.refiner.as_ref().map(Refiner::start),
        }
    }

    /// `[kinds, bands]`: what somebody of this timbre has of their own in each kind of sound, as heard in `frames` `[n, bands]` of ln power, some of
    /// them voiced. Empty if the weights know no kinds.
    pub(crate) fn own(&self, isa: Isa, timbre: &[f32], frames: &[f32], voiced: &[bool]) -> Vec<f32> {
        let Some(kinds) = &self.kinds else { return Vec::new() };
        let frames = self.profile.apply(isa, timbre).relative(frames, voiced, HEARD, self.scales());
        kinds.own(isa, &frames, voiced)
    }

    /// What a speaker has of their own in each kind of sound, if they speak louder by so many `db`; empty stays empty.
    pub(crate) fn louder(&self, own: &mut [f32], db: f32) {
        louder(own, db * (std::f32::consts::LN_10 / 10.0) / self.config.log_envelope_scale);
    }

    /// ln power is `offset + scale x`.
    fn scales(&self) -> (f32, f32) {
        (self.config.log_envelope_offset, self.config.log_envelope_scale)
    }

    /// What the decoder adds for a speaker with this timbre `[timbre]`.
    pub(crate) fn profile(&self, isa: Isa, timbre: &[f32]) -> Profile {
        self.profile.apply(isa, timbre)
    }

    /// Power from 1 to 5 kHz over that from 50 to 1000 Hz of the mean spectrum of a speaker with this timbre and this of their
    /// own in each kind of sound, in dB.
    pub(crate) fn alpha_ratio(&self, isa: Isa, timbre: &[f32], own: &[f32]) -> f32 {
        self.profile.apply(isa, timbre).alpha_ratio(own, self.config.log_envelope_scale)
    }

    /// ln of how much longer than the mean one the vocal tract of a speaker with this timbre is.
    pub(crate) fn log_tract(&self, isa: Isa, timbre: &[f32]) -> f32 {
        self.profile.log_warp(isa, timbre)
    }

    /// The timbre of somebody who has `db` more alpha ratio and is the same otherwise, of length 1.
    pub(crate) fn brightened(&self, isa: Isa, timbre: &[f32], db: f32) -> Vec<f32> {
        self.profile.brightened(isa, timbre, db, self.config.log_envelope_scale)
    }

    /// `[bands + 1 + 3]` of a timbre, and what the network gives for `latents`, the first of a stream: `[4 frames, bands + 5]`.
    #[cfg(feature = "oracle")]
    pub(crate) fn inside(&self, isa: Isa, timbre: &[f32], latents: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut state = self.start(self.profile(isa, timbre), &[], 0.0);
        self.network(isa, &mut state, latents);
        (self.profile.numbers(isa, timbre), state.raw)
    }

    /// Numbers that describe a sub-frame to the renderer: `bands + 5`, and gains if the weights have a refiner.
    pub(crate) fn parameters(&self) -> usize {
        let gains = if self.refiner.is_some() { Refiner::GAINS } else { 0 };
        self.config.envelope_bands + PARAMETERS_BESIDE_ENVELOPE + gains
    }

    /// Takes the voice from a row of parameters.
    pub(crate) fn unvoice(&self, row: &mut [f32]) {
        row[self.config.envelope_bands + PARAMETERS_BESIDE_ENVELOPE - 1] = 0.0;
    }

    /// `latents` `[frames, latent]` to `out` `[4 frames, parameters]`: ln power of every band, aperiodicity at 0 Hz and the
    /// coded ones in dB, F0 in Hz (0 where unvoiced), and, of weights with a refiner, ln gains of the amplitudes of voice and breath.
    pub(crate) fn step(&self, isa: Isa, state: &mut DecoderState, latents: &[f32], out: &mut Vec<f32>) {
        self.network(isa, state, latents);
        let DecoderState { profile, own, log_f0, raw, room, refiner, .. } = state;
        let config = &self.config;
        let bands = config.envelope_bands;
        out.clear();
        let latents = latents.chunks_exact(self.latent);
        let width = self.output.outputs();
        for (latent, raw) in latents.zip(raw.chunks_exact_mut(config.subframes * width)) {
            let (mean, change) = (latent[0] * 0.2 + *log_f0, latent[1] / 25.0);
            for (raw, place) in raw.chunks_exact_mut(width).zip([-0.375, -0.125, 0.125, 0.375]) {
                let (envelope, rest) = raw.split_at_mut(bands);
                let (aperiodicity, rest) = rest.split_at_mut(APERIODICITIES);
                let (voiced, residual) = (rest[0] > 0.0, rest[1]);
                let log_f0 = mean + change * place + config.f0_residual * residual;
                let f0 = log_f0.exp().clamp(F0_RANGE.0, F0_RANGE.1);
                if let Some(kinds) = self.kinds.as_ref().filter(|_| !own.is_empty()) {
                    kinds.add(isa, envelope, voiced, own, room);
                }
                profile.restore(isa, envelope, self.scales(), out);
                out.push(APERIODICITY_AT_ZERO);
                let (offset, scale) = (config.aperiodicity_offset, config.aperiodicity_scale);
                let usual = aperiodicity.iter().zip(&profile.aperiodicity);
                out.extend(usual.map(|(x, usual)| ((x + usual) * scale + offset).min(config.aperiodicity_max)));
                out.push(if voiced { f0 } else { 0.0 });
                if self.refiner.is_some() {
                    out.resize(out.len() + Refiner::GAINS, 0.0);
                }
            }
        }
        if let (Some(network), Some(refiner)) = (&self.refiner, refiner) {
            network.step(isa, refiner, out);
        }
    }

    /// `[4 frames, bands + 5]` as the network gives them, into `state.raw`.
    fn network(&self, isa: Isa, state: &mut DecoderState, latents: &[f32]) {
        let frames = latents.len() / self.latent;
        let DecoderState { profile, blocks, subframe_blocks, x, up, normed, raw, .. } = state;
        x.resize(frames * self.config.dim, 0.0);
        self.input.apply(isa, x, latents);
        for frame in x.chunks_exact_mut(self.config.dim) {
            kernels::add(isa, frame, &profile.frame);
        }
        for (block, state) in self.blocks.iter().zip(blocks) {
            block.step(isa, state, x);
        }
        up.resize(frames * self.up.outputs(), 0.0);
        self.up.apply(isa, up, x);
        for subframe in up.chunks_exact_mut(self.config.subframe_dim) {
            kernels::add(isa, subframe, &profile.subframe);
        }
        for (block, state) in self.subframe_blocks.iter().zip(subframe_blocks) {
            block.step(isa, state, up);
        }
        normed.resize(up.len(), 0.0);
        self.norm.apply(isa, normed, up);
        raw.resize(frames * self.config.subframes * self.output.outputs(), 0.0);
        self.output.apply(isa, raw, normed);
    }
}
