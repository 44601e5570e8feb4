//! Profile and decoder: a timbre and latents at 25 Hz to what the renderer takes at 100 Hz.

use burn_tensor::activation::softmax;
use burn_tensor::{Device, Tensor};

use crate::config::DecoderConfig;
use crate::layers::{ConvNext, Linear, Norm, gelu};
use crate::refiner::Refiner;
use crate::weights::{LoadError, Scope, rows, values};

const APERIODICITIES: usize = 3;
/// Aperiodicity at 0 Hz, in dB.
const APERIODICITY_AT_ZERO: f32 = -60.0;
/// Half the sample rate, in Hz.
const HIGHEST: f64 = 12_000.0;
/// Where in a frame its sub-frames lie.
const PLACES: [f32; 4] = [-0.375, -0.125, 0.125, 0.375];

/// Weights of both.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: DecoderConfig,
    profile: Linear,
    /// `bands + 1` to as many kinds of sound
    belongs: Option<Linear>,
    m: [Linear; 2],
    p: Linear,
    input: Linear,
    blocks: Vec<ConvNext>,
    up: Linear,
    subframe_blocks: Vec<ConvNext>,
    norm: Norm,
    output: Linear,
    refiner: Option<Refiner>,
    device: Device,
}

/// What is constant about a speaker.
#[derive(Debug, Clone)]
pub struct Profile {
    /// `[1, bands + 1 + 3]`: mean envelope, 5 ln warp, mean aperiodicity
    pub numbers: Tensor<2>,
    /// `[1, dim]`, added to every frame
    pub frame: Tensor<2>,
    /// `[1, subframe_dim]`, added to every sub-frame
    pub subframe: Tensor<2>,
    /// `[bands, bands]`: a canonical envelope times this is a raw one
    warp: Tensor<2>,
}

/// A speaker and a stream so far.
#[derive(Debug, Clone)]
pub struct DecoderState {
    profile: Profile,
    /// `[kinds, bands]`: what the speaker has of their own in each kind of sound
    own: Option<Tensor<2>>,
    mean_log_f0: f32,
    /// The last four frames before every block.
    blocks: Vec<Tensor<2>>,
    subframe_blocks: Vec<Tensor<2>>,
    refiner: Vec<Tensor<2>>,
}

impl Decoder {
    pub(crate) fn load(
        scope: &Scope<'_>,
        config: &DecoderConfig,
        latent: usize,
        timbre: usize,
        device: &Device,
    ) -> Result<Self, LoadError> {
        if config.subframes != PLACES.len() {
            let what = format!("decoder.subframes is {}, expected {}", config.subframes, PLACES.len());
            return Err(LoadError::Config { what });
        }
        let &DecoderConfig { dim, subframe_dim, kernel, expansion, envelope_bands: bands, .. } = config;
        let habits = bands + 1 + APERIODICITIES;
        let outputs = bands + APERIODICITIES + 2;
        let stack = |name: &str, count, channels| {
            let block = |n| ConvNext::load(&scope.item(name, n), channels, kernel, expansion * channels);
            (0..count).map(block).collect::<Result<Vec<_>, _>>()
        };
        let scales = (config.log_envelope_offset, config.log_envelope_scale);
        let refiner = |config| Refiner::load(&scope.at("refiner"), config, bands, scales);
        let kinds = scope.at("kinds");
        let belongs = (config.kinds > 0).then(|| Linear::load(&kinds, bands + 1, config.kinds)).transpose()?;
        if belongs.is_some() {
            // what the model's own speech has: for whoever makes a voice
            let _: Tensor<2> = kinds.tensor("usual", [config.kinds, bands])?;
        }
        Ok(Self {
            profile: Linear::load(&scope.at("profile"), timbre, habits)?,
            belongs,
            m: [
                Linear::load(&scope.at("m.0"), habits, config.profile_dim)?,
                Linear::load(&scope.at("m.2"), config.profile_dim, dim)?,
            ],
            p: Linear::load(&scope.at("p"), dim, subframe_dim)?,
            input: Linear::load(&scope.at("i"), latent, dim)?,
            blocks: stack("b1", config.blocks, dim)?,
            up: Linear::load(&scope.at("up"), dim, PLACES.len() * subframe_dim)?,
            subframe_blocks: stack("b2", config.subframe_blocks, subframe_dim)?,
            norm: Norm::load(&scope.at("n"), subframe_dim, 1e-5)?,
            output: Linear::load(&scope.at("o"), subframe_dim, outputs)?,
            refiner: config.refiner.as_ref().map(refiner).transpose()?,
            config: config.clone(),
            device: device.clone(),
        })
    }

    /// Of a timbre `[timbre]`.
    #[must_use]
    pub fn profile(&self, timbre: &[f32]) -> Profile {
        let bands = self.config.envelope_bands;
        let numbers = self.profile.apply(rows(timbre, timbre.len(), &self.device));
        let [first, second] = &self.m;
        let frame = second.apply(gelu(first.apply(numbers.clone())));
        let log_warp = f64::from(values(numbers.clone())[bands] / 5.0).clamp(-0.3, 0.3);
        let warp = rows(&warp(bands, log_warp.exp()), bands, &self.device).transpose();
        Profile { numbers, subframe: self.p.apply(frame.clone()), frame, warp }
    }

    /// The start of a stream of somebody who has `own` `[kinds, bands]`, or nothing, beside the profile.
    #[must_use]
    pub fn start(&self, profile: Profile, own: &[f32], mean_log_f0: f32) -> DecoderState {
        let (blocks, subframe_blocks) = (&self.blocks, &self.subframe_blocks);
        DecoderState {
            profile,
            own: (!own.is_empty()).then(|| rows(own, self.config.envelope_bands, &self.device)),
            mean_log_f0,
            blocks: blocks.iter().map(ConvNext::start).collect(),
            subframe_blocks: subframe_blocks.iter().map(ConvNext::start).collect(),
            refiner: self.refiner.as_ref().map(Refiner::start).unwrap_or_default(),
        }
    }

    /// Plain latents `[frames, latent]` to what the network gives, `[4 frames, bands + 5]`.
    #[must_use]
    pub fn network(&self, state: &mut DecoderState, latents: Tensor<2>) -> Tensor<2> {
        let [frames, _] = latents.dims();
        let mut x = self.input.apply(latents) + state.profile.frame.clone();
        for (block, past) in self.blocks.iter().zip(&mut state.blocks) {
            x = block.step(past, x);
        }
        let up: Tensor<2> = self.up.apply(x).reshape([PLACES.len() * frames, self.config.subframe_dim]);
        let mut x = up + state.profile.subframe.clone();
        for (block, past) in self.subframe_blocks.iter().zip(&mut state.subframe_blocks) {
            x = block.step(past, x);
        }
        self.output.apply(self.norm.apply(x))
    }

    /// What the network gave for `latents`, as the renderer takes it: `[4 frames, bands + 5]`, ln power of every band,
    /// aperiodicity at 0, 3, 6 and 9 kHz in dB, F0 in Hz (0 where unvoiced).
    #[must_use]
    pub fn restore(&self, state: &DecoderState, raw: Tensor<2>, latents: Tensor<2>) -> Tensor<2> {
        let (config, profile) = (&self.config, &state.profile);
        let bands = config.envelope_bands;
        let part = |from, width| raw.clone().narrow(1, from, width);
        let usual = |from, width| profile.numbers.clone().narrow(1, from, width);

        let voiced = part(bands + APERIODICITIES, 1).greater_scalar(0.0).float();
        let mut canonical = part(0, bands) + usual(0, bands);
        if let (Some(belongs), Some(own)) = (&self.belongs, &state.own) {
            let shares = softmax(belongs.apply(Tensor::cat(vec![part(0, bands), voiced.clone()], 1)), 1);
            canonical = canonical + shares.matmul(own.clone());
        }
        let envelope = canonical.matmul(profile.warp.clone()) * config.log_envelope_scale + config.log_envelope_offset;
        let aperiodicity = part(bands, APERIODICITIES) + usual(bands + 1, APERIODICITIES);
        let aperiodicity = aperiodicity * config.aperiodicity_scale + config.aperiodicity_offset;
        let aperiodicity = aperiodicity.clamp_max(config.aperiodicity_max);

        let [subframes, _] = raw.dims();
        let at_zero = Tensor::full([subframes, 1], APERIODICITY_AT_ZERO, &self.device);
        let (z0, z1) = (latents.clone().narrow(1, 0, 1), latents.narrow(1, 1, 1));
        let places = rows(&PLACES, PLACES.len(), &self.device);
        let line = z0 * 0.2 + state.mean_log_f0 + z1 / 25.0 * places;
        let residual = part(bands + APERIODICITIES + 1, 1) * config.f0_residual;
        let f0 = (line.reshape::<2, _>([subframes, 1]) + residual).exp().clamp(30.0, 1200.0);
        Tensor::cat(vec![envelope, at_zero, aperiodicity, f0 * voiced], 1)
    }

    /// The rows that [`Decoder::restore`] gave, with their gains behind if the weights have a refiner.
    #[must_use]
    pub fn refine(&self, state: &mut DecoderState, rows: Tensor<2>) -> Tensor<2> {
        match &self.refiner {
            Some(refiner) => refiner.step(&mut state.refiner, rows),
            None => rows,
        }
    }
}

/// `[raw band, canonical band]`: the raw band at frequency f is the canonical one at f · `warp`.
fn warp(bands: usize, warp: f64) -> Vec<f32> {
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let centres: Vec<f64> = (1..=bands).map(|b| hz(mel(HIGHEST) * b as f64 / (bands + 1) as f64)).collect();
    let mut out = vec![0.0; bands * bands];
    for (row, centre) in out.chunks_exact_mut(bands).zip(&centres) {
        let at = (centre * warp).clamp(centres[0], centres[bands - 1]);
        let above = centres.iter().position(|&c| c >= at).unwrap_or(bands - 1);
        let below = above.saturating_sub(1);
        let width = centres[above] - centres[below];
        let share = if width > 0.0 { (at - centres[below]) / width } else { 1.0 };
        row[below] = (1.0 - share) as f32;
        row[above] = share as f32;
    }
    out
}
