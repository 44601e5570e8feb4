//! Speaker encoder: frames of a clip to the timbre and the habitual pitch of who speaks.

use burn_tensor::activation::softmax;
use burn_tensor::{Device, Int, Tensor, TensorData};

use crate::config::SpeakerConfig;
use crate::layers::{ConvNext, Linear, Norm, silu};
use crate::weights::{LoadError, Scope, rows};

/// Channels of the hidden layer of the pitch head.
const PITCH_CHANNELS: usize = 64;

/// ConvNeXt blocks, attentive statistics, two heads.
#[derive(Debug, Clone)]
pub struct SpeakerEncoder {
    input: Linear,
    blocks: Vec<ConvNext>,
    norm: Norm,
    attention: [Linear; 2],
    timbre: Linear,
    pitch: [Linear; 2],
    /// `[3, timbre]`
    usual: Tensor<2>,
    bands: usize,
    device: Device,
}

/// Who was heard.
#[derive(Debug, Clone)]
pub struct Impression {
    /// `[1, timbre]`, of length 1
    pub timbre: Tensor<2>,
    /// `[1, 2]`: habitual mean of ln F0 is `5 + 0.3 a`, its standard deviation `exp(-1.5 + 0.5 b)`
    pub pitch: Tensor<2>,
}

impl SpeakerEncoder {
    pub(crate) fn load(
        scope: &Scope<'_>,
        config: &SpeakerConfig,
        timbre: usize,
        device: &Device,
    ) -> Result<Self, LoadError> {
        let &SpeakerConfig { dim, blocks, kernel, expansion, bands } = config;
        let linear = |name: &str, inputs, outputs| Linear::load(&scope.at(name), inputs, outputs);
        let block = |n| ConvNext::load(&scope.item("blocks", n), dim, kernel, expansion * dim);
        Ok(Self {
            input: linear("input", bands + 2, dim)?,
            blocks: (0..blocks).map(block).collect::<Result<_, _>>()?,
            norm: Norm::load(&scope.at("norm"), dim, 1e-5)?,
            attention: [linear("attention.0", dim, dim)?, linear("attention.1", dim, dim)?],
            timbre: linear("timbre", 2 * dim, timbre)?,
            pitch: [linear("pitch.0", 2 * dim, PITCH_CHANNELS)?, linear("pitch.2", PITCH_CHANNELS, 2)?],
            usual: scope.tensor("usual", [3, timbre])?,
            bands,
            device: device.clone(),
        })
    }

    /// `features` `[frames, bands + 2]`: bands, 1 where voiced, pitch. At least one frame is voiced.
    #[must_use]
    pub fn hear(&self, features: &[f32]) -> Impression {
        let width = self.bands + 2;
        let mut x = self.input.apply(rows(features, width, &self.device));
        for block in &self.blocks {
            x = block.centred(x);
        }
        let voiced = features.chunks_exact(width).enumerate().filter(|(_, frame)| frame[self.bands] > 0.5);
        let voiced: Vec<i64> = voiced.map(|(t, _)| t as i64).collect();
        let count = voiced.len();
        let voiced = Tensor::<1, Int>::from_data(TensorData::new(voiced, [count]), &self.device);
        let x = self.norm.apply(x).select(0, voiced);

        let [first, second] = &self.attention;
        let weights = softmax(second.apply(first.apply(x.clone()).tanh()), 0);
        let mean = (weights.clone() * x.clone()).sum_dim(0);
        let apart = x - mean.clone();
        let deviation = ((weights * apart.clone() * apart).sum_dim(0) + 1e-5).sqrt();
        let pooled = Tensor::cat(vec![mean, deviation], 1);

        let [first, second] = &self.pitch;
        Impression {
            timbre: of_length_one(self.timbre.apply(pooled.clone())),
            pitch: second.apply(silu(first.apply(pooled))),
        }
    }

    /// A timbre `[1, timbre]` drawn, all but `share` of it, to the usual one for a tract of which `log_tract` is ln of the length over the mean.
    #[must_use]
    pub fn drawn(&self, timbre: Tensor<2>, log_tract: f32, share: f32) -> Tensor<2> {
        let powers = rows(&[1.0, log_tract, log_tract * log_tract], 3, &self.device);
        of_length_one(timbre * share + powers.matmul(self.usual.clone()) * (1.0 - share))
    }
}

fn of_length_one(timbre: Tensor<2>) -> Tensor<2> {
    let length = (timbre.clone() * timbre.clone()).sum_dim(1).sqrt();
    timbre / length
}
