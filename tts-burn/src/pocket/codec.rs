//! Mimi without its quantiser: sound to latents at 12.5 Hz and back.

use burn_tensor::Tensor;

use super::config::{CodecConfig, CodecTransformerConfig, PadMode};
use super::conv::{Conv, Transposed};
use super::seanet::Seanet;
use super::transformer::Transformer;
use crate::layers::Linear;
use crate::weights::{LoadError, Scope};

/// A transformer between linear maps where widths differ.
#[derive(Debug, Clone)]
struct Projected {
    input: Option<Linear>,
    transformer: Transformer,
    output: Option<Linear>,
}

impl Projected {
    /// `input_proj`, `transformer`, `output_projs.0`.
    fn load(scope: &Scope<'_>, config: &CodecTransformerConfig) -> Result<Self, LoadError> {
        let linear = |name: &str, from: usize, to: usize| {
            (from != to).then(|| Linear::without_bias(&scope.at(name), from, to)).transpose()
        };
        let [output] = config.output_dimensions;
        Ok(Self {
            input: linear("input_proj", config.input_dimension, config.d_model)?,
            transformer: Transformer::load(&scope.at("transformer"), config.shape())?,
            output: linear("output_projs.0", config.d_model, output)?,
        })
    }

    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let x = match &self.input {
            Some(linear) => linear.apply(x),
            None => x,
        };
        let (x, _) = self.transformer.apply(x);
        match &self.output {
            Some(linear) => linear.apply(x),
            None => x,
        }
    }
}

/// Weights of both directions.
#[derive(Debug, Clone)]
pub struct Codec {
    encoder: Seanet,
    encoder_transformer: Projected,
    downsample: Conv,
    output_proj: Conv,
    upsample: Transposed,
    decoder_transformer: Projected,
    decoder: Seanet,
}

impl Codec {
    /// Everything below `scope` (`mimi`).
    pub(crate) fn load(scope: &Scope<'_>, config: &CodecConfig) -> Result<Self, LoadError> {
        let (stride, outer) = (config.stride(), config.quantizer.output_dimension);
        let down = [config.inner(), config.seanet.dimension, 2 * stride];
        let down = Conv::without_bias(&scope.at("downsample.conv.conv"), down)?;
        Ok(Self {
            encoder: Seanet::encoder(&scope.at("encoder"), &config.seanet)?,
            encoder_transformer: Projected::load(&scope.at("encoder_transformer"), &config.transformer)?,
            downsample: down.with(stride, 1, PadMode::Replicate),
            output_proj: Conv::without_bias(
                &scope.at("quantizer.output_proj"),
                [outer, config.quantizer.dimension, 1],
            )?,
            upsample: Transposed::depthwise(&scope.at("upsample.convtr.convtr"), outer, stride)?,
            decoder_transformer: Projected::load(&scope.at("decoder_transformer"), config.decoder_transformer())?,
            decoder: Seanet::decoder(&scope.at("decoder"), config.decoder_seanet())?,
        })
    }

    /// Sound `[samples, 1]`, whole latents of it, to `[frames, encoded]`.
    #[must_use]
    pub fn encode(&self, sound: Tensor<2>) -> Tensor<2> {
        self.downsample.apply(self.encoder_transformer.apply(self.encoder.apply(sound)))
    }

    /// Plain latents `[frames, latent]` to sound `[samples, 1]`.
    #[must_use]
    pub fn decode(&self, latents: Tensor<2>) -> Tensor<2> {
        let x = self.upsample.apply(self.output_proj.apply(latents));
        self.decoder.apply(self.decoder_transformer.apply(x))
    }
}
