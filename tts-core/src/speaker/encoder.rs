//! The timbre tower: what is common to all that a person says.
//!
//! In: frames of one stretch of speech, 100 a second. Out: a unit vector `[timbre]` and the person's habitual pitch, which
//! is not the pitch of this stretch.
//!
//! ```text
//! [bands + 2] ── input ──▶ ConvNeXt x blocks ── norm ──▶ attention over voiced frames ──▶ [mean, sd] ─┬─ timbre
//!                                                                                                      └─ pitch
//! ```
//! Attentive statistics pooling: Okabe, Koshinaka and Shinoda 2018. May import: `nn`, `weights`, `kernels`.

use serde::Deserialize;

use super::frames::{BANDS, Frames};
use crate::kernels::{self, Isa};
use crate::nn::convnext::ConvNext;
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::weights::{Scope, WeightsError};

/// Channels of the hidden layer of the pitch head.
const PITCH_HIDDEN: usize = 64;
/// Least ln power of a band.
const FLOOR: f32 = -17.0;
/// What a habit may be, however odd the sound: 50 to 600 Hz.
const HUMAN_LOG_F0: (f32, f32) = (3.912, 6.397);
/// The same of its deviation in ln F0.
const HUMAN_SD: (f32, f32) = (0.02, 1.0);
/// Tracts of readers, as ln of their length over the mean one.
const USUAL_TRACTS: (f32, f32) = (-0.15, 0.3);
/// Inputs beside the bands: voiced, ln F0.
const BESIDE_BANDS: usize = 2;

/// `[speaker_encoder]` of config.toml
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderConfig {
    /// Channels.
    pub(crate) dim: usize,
    /// ConvNeXt blocks.
    pub(crate) blocks: usize,
    /// Taps of their depthwise convolutions; odd.
    pub(crate) kernel: usize,
    /// Channels inside a block, as a multiple of `dim`.
    pub(crate) expansion: usize,
    /// Bands of the envelope that are listened to, from the lowest on.
    pub(crate) bands: usize,
    /// Channels of a timbre, if it is written here too: those that the model speaks with.
    pub(crate) timbre: Option<usize>,
}

impl EncoderConfig {
    /// What is wrong with the numbers, if anything, for a model that speaks with timbres of `timbre` channels.
    pub(crate) fn validate(&self, timbre: usize) -> Result<(), String> {
        let sizes = [
            ("dim", self.dim, 8192),
            ("blocks", self.blocks, 64),
            ("kernel", self.kernel, 64),
            ("expansion", self.expansion, 16),
            ("bands", self.bands, BANDS),
        ];
        for (name, value, most) in sizes {
            if value == 0 || value > most {
                return Err(format!("speaker_encoder.{name} is {value}, expected 1 to {most}"));
            }
        }
        if self.kernel.is_multiple_of(2) {
            return Err(format!("speaker_encoder.kernel is {}, expected an odd number", self.kernel));
        }
        if let Some(found) = self.timbre.filter(|&found| found != timbre) {
            return Err(format!("speaker_encoder.timbre is {found}, expected flow_lm.timbre, which is {timbre}"));
        }
        Ok(())
    }
}

/// Weights of the tower.
#[derive(Debug)]
pub(crate) struct SpeakerEncoder {
    config: EncoderConfig,
    /// `bands + 2 -> dim`
    input: Linear,
    blocks: Vec<ConvNext>,
    norm: LayerNorm,
    /// `dim -> dim`, tanh, `dim -> dim`
    attention: [Linear; 2],
    /// `2 dim -> timbre`
    timbre: Linear,
    /// `2 dim -> 64`, SiLU, `64 -> 2`
    pitch: [Linear; 2],
    /// The usual timbre for a length of the tract `t` is `usual[0] + t usual[1] + t² usual[2]`: `[3, timbre]`.
    usual: Vec<f32>,
}

/// Who was heard in one stretch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Impression {
    /// `[timbre]`, of length 1
    pub(super) timbre: Vec<f32>,
    /// Habitual mean of ln(F0 / Hz).
    pub(super) mean_log_f0: f32,
    /// Habitual standard deviation of ln(F0 / Hz).
    pub(super) sd_log_f0: f32,
}

impl SpeakerEncoder {
    /// `input`, `blocks.N.*`, `norm`, `attention.{0,1}`, `timbre`, `pitch.{0,2}`, `usual` below `scope`.
    pub(crate) fn load(scope: &Scope<'_>, config: EncoderConfig, timbre: usize) -> Result<Self, WeightsError> {
        let EncoderConfig { dim, kernel, expansion, .. } = config;
        let linear = |name: &str, from, to| Linear::load(&scope.at(name), from, to, Bias::Yes);
        let block = |n| ConvNext::load(&scope.at("blocks").index(n), dim, kernel, expansion * dim);
        Ok(Self {
            input: linear("input", config.bands + BESIDE_BANDS, dim)?,
            blocks: (0..config.blocks).map(block).collect::<Result<_, _>>()?,
            norm: LayerNorm::load(&scope.at("norm"), dim, 1e-5)?,
            attention: [linear("attention.0", dim, dim)?, linear("attention.1", dim, dim)?],
            timbre: linear("timbre", 2 * dim, timbre)?,
            pitch: [linear("pitch.0", 2 * dim, PITCH_HIDDEN)?, linear("pitch.2", PITCH_HIDDEN, 2)?],
            usual: scope.tensor("usual", [3, timbre])?.to_f32()?,
            config,
        })
    }

    /// Who speaks in `frames`; `None` where nobody does. The sequence is held as a whole: keep it to some seconds.
    pub(super) fn hear(&self, isa: Isa, frames: &Frames) -> Option<Impression> {
        Some(self.network(isa, &self.features(frames)?))
    }

    /// `timbre` `[timbre]` between that of anybody whose vocal tract is of its length (share 0) and itself (1), of length 1. `log_tract` is ln of the
    /// length over the mean one.
    pub(crate) fn drawn(&self, timbre: &[f32], log_tract: f32, share: f32) -> Vec<f32> {
        let tract = log_tract.clamp(USUAL_TRACTS.0, USUAL_TRACTS.1);
        let mut out: Vec<f32> = timbre.iter().map(|x| share * x).collect();
        let powers = [1.0, tract, tract * tract];
        for (row, power) in self.usual.chunks_exact(timbre.len()).zip(powers) {
            for (x, usual) in out.iter_mut().zip(row) {
                *x += (1.0 - share) * power * usual;
            }
        }
        normalise(&mut out);
        out
    }

    /// Timbre, mean and standard deviation of ln F0 of who is heard in `features`, as [`SpeakerEncoder::network`] takes them.
    #[cfg(feature = "oracle")]
    pub(crate) fn hear_features(&self, isa: Isa, features: &[f32]) -> (Vec<f32>, f32, f32) {
        let Impression { timbre, mean_log_f0, sd_log_f0 } = self.network(isa, features);
        (timbre, mean_log_f0, sd_log_f0)
    }

    /// Features `[frames, bands + 2]`, at least one of them voiced, to who speaks.
    fn network(&self, isa: Isa, features: &[f32]) -> Impression {
        let (dim, bands) = (self.config.dim, self.config.bands);
        let width = bands + BESIDE_BANDS;
        let mut x = vec![0.0; features.len() / width * dim];
        self.input.apply(isa, &mut x, features);
        let mut scratch = self.blocks.first().map(ConvNext::start);
        for block in &self.blocks {
            if let Some(scratch) = &mut scratch {
                block.apply_centred(isa, scratch, &mut x);
            }
        }
        let mut normed = vec![0.0; x.len()];
        self.norm.apply(isa, &mut normed, &x);
        // only voiced frames count from here on
        let mut voiced = Vec::with_capacity(normed.len());
        for (row, _) in normed.chunks_exact(dim).zip(features.chunks_exact(width)).filter(|(_, f)| f[bands] > 0.5) {
            voiced.extend_from_slice(row);
        }
        let pooled = self.pool(isa, &voiced);
        let mut timbre = vec![0.0; self.timbre.outputs()];
        self.timbre.apply(isa, &mut timbre, &pooled);
        normalise(&mut timbre);
        let mut hidden = vec![0.0; PITCH_HIDDEN];
        self.pitch[0].apply(isa, &mut hidden, &pooled);
        kernels::silu(isa, &mut hidden);
        let mut pitch = [0.0; 2];
        self.pitch[1].apply(isa, &mut pitch, &hidden);
        Impression {
            timbre,
            mean_log_f0: (5.0 + 0.3 * pitch[0]).clamp(HUMAN_LOG_F0.0, HUMAN_LOG_F0.1),
            sd_log_f0: (-1.5 + 0.5 * pitch[1]).exp().clamp(HUMAN_SD.0, HUMAN_SD.1),
        }
    }

    /// `[frames, bands + 2]`: the envelope without the level of the whole, voiced or not, and pitch.
    fn features(&self, frames: &Frames) -> Option<Vec<f32>> {
        let bands = self.config.bands;
        let mut features = Vec::with_capacity(frames.track.f0.len() * (bands + BESIDE_BANDS));
        let (mut sum, mut count) = (0.0, 0usize);
        for (envelope, &f0) in frames.bands.chunks_exact(BANDS).zip(&frames.track.f0) {
            let from = features.len();
            features.extend(envelope[..bands].iter().map(|ln| (ln.max(FLOOR) + 9.0) / 4.0));
            if f0 > 0.0 {
                sum += features[from..].iter().map(|&x| f64::from(x)).sum::<f64>();
                count += bands;
                features.extend([1.0, (f0.ln() - 5.0) / 0.2]);
            } else {
                features.extend([0.0, 0.0]);
            }
        }
        if count == 0 {
            return None;
        }
        let level = (sum / count as f64) as f32;
        for row in features.chunks_exact_mut(bands + BESIDE_BANDS) {
            for x in &mut row[..bands] {
                *x -= level;
            }
        }
        Some(features)
    }

    /// `[2 dim]`: mean and standard deviation of `x` `[frames, dim]` over time, each channel weighing frames by itself.
    fn pool(&self, isa: Isa, x: &[f32]) -> Vec<f32> {
        let dim = self.config.dim;
        let mut hidden = vec![0.0; x.len()];
        self.attention[0].apply(isa, &mut hidden, x);
        kernels::tanh(isa, &mut hidden);
        let mut weights = vec![0.0; x.len()];
        self.attention[1].apply(isa, &mut weights, &hidden);
        let mut most = vec![f32::NEG_INFINITY; dim];
        for row in weights.chunks_exact(dim) {
            for (most, logit) in most.iter_mut().zip(row) {
                *most = most.max(*logit);
            }
        }
        for row in weights.chunks_exact_mut(dim) {
            for (logit, most) in row.iter_mut().zip(&most) {
                *logit -= most;
            }
        }
        kernels::exp(isa, &mut weights);
        let mut totals = vec![0f64; dim];
        let mut means = vec![0f64; dim];
        for (row, weights) in x.chunks_exact(dim).zip(weights.chunks_exact(dim)) {
            for c in 0..dim {
                totals[c] += f64::from(weights[c]);
                means[c] += f64::from(weights[c] * row[c]);
            }
        }
        let mut squares = vec![0f64; dim];
        for c in 0..dim {
            means[c] /= totals[c];
        }
        for (row, weights) in x.chunks_exact(dim).zip(weights.chunks_exact(dim)) {
            for c in 0..dim {
                squares[c] += f64::from(weights[c]) * (f64::from(row[c]) - means[c]).powi(2);
            }
        }
        let deviations = squares.iter().zip(&totals).map(|(square, total)| (square / total + 1e-5).sqrt() as f32);
        means.iter().map(|&mean| mean as f32).chain(deviations).collect()
    }
}

/// To length 1; what is 0 stays 0.
pub(super) fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt().max(1e-12);
    for x in vector {
        *x = (f64::from(*x) / length) as f32;
    }
}

#[cfg(test)]
pub(super) mod tests;
