//! Dimensions of the codec, as a checkpoint's YAML writes them under `mimi`.

use serde::Deserialize;

use crate::nn::attention::AttentionConfig;
use crate::nn::transformer::TransformerConfig;

/// Samples that a convolution may look back.
const REACH_MAX: usize = 4096;

/// `mimi`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MimiConfig {
    /// Ignored: weights say themselves how they are stored.
    #[allow(dead_code, reason = "part of the format")]
    pub(crate) dtype: Option<String>,
    /// Samples a second.
    pub(crate) sample_rate: u32,
    /// Channels of sound: 1.
    pub(crate) channels: usize,
    /// Latents a second.
    pub(crate) frame_rate: f64,
    /// The encoder's convolutions, and the decoder's unless `decoder_seanet` is there.
    pub(crate) seanet: SeanetConfig,
    /// The encoder's transformer, and the decoder's unless `decoder_transformer` is there.
    pub(crate) transformer: CodecTransformerConfig,
    /// From latents to what is decoded.
    pub(crate) quantizer: QuantizerConfig,
    /// File of this part alone.
    pub(crate) weights_path: Option<String>,
    /// Channels of an encoded frame; those of the encoder if it is not there.
    pub(crate) inner_dim: Option<usize>,
    /// Channels that are brought to the decoder's rate; those of the decoder if it is not there.
    pub(crate) outer_dim: Option<usize>,
    /// The decoder's convolutions.
    pub(crate) decoder_seanet: Option<SeanetConfig>,
    /// The decoder's transformer.
    pub(crate) decoder_transformer: Option<CodecTransformerConfig>,
}

/// `mimi.seanet`, `mimi.decoder_seanet`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeanetConfig {
    /// Channels of a frame.
    pub(crate) dimension: usize,
    /// Channels of sound: 1.
    pub(crate) channels: usize,
    /// Channels beside the sound.
    pub(crate) n_filters: usize,
    /// Residual blocks for every ratio.
    pub(crate) n_residual_layers: usize,
    /// How the rate grows from step to step of the decoder.
    pub(crate) ratios: Vec<usize>,
    /// Taps of the first convolution.
    pub(crate) kernel_size: usize,
    /// Taps inside residual blocks.
    pub(crate) residual_kernel_size: usize,
    /// Taps of the last convolution.
    pub(crate) last_kernel_size: usize,
    /// Dilation grows by this factor from block to block.
    pub(crate) dilation_base: usize,
    /// `constant` or `replicate`: what stands before the sound.
    pub(crate) pad_mode: String,
    /// Residual blocks are narrower by this factor inside.
    pub(crate) compress: usize,
}

/// `mimi.transformer`, `mimi.decoder_transformer`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodecTransformerConfig {
    /// Channels of the residual stream.
    pub(crate) d_model: usize,
    /// Channels of a frame that comes in.
    pub(crate) input_dimension: usize,
    /// Channels of a frame that goes out: one number.
    pub(crate) output_dimensions: Vec<usize>,
    /// Heads.
    pub(crate) num_heads: usize,
    /// Layers.
    pub(crate) num_layers: usize,
    /// Where the learned scales began; they are in the weights.
    #[allow(dead_code, reason = "part of the format")]
    pub(crate) layer_scale: f64,
    /// Positions of attention, the present one included.
    pub(crate) context: usize,
    /// Longest period of the rotary positions.
    #[serde(default = "max_period")]
    pub(crate) max_period: f64,
    /// Channels inside the feed-forward part.
    pub(crate) dim_feedforward: usize,
}

fn max_period() -> f64 {
    10_000.0
}

/// `mimi.quantizer`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuantizerConfig {
    /// Channels of a latent.
    pub(crate) dimension: usize,
    /// Channels of what is decoded.
    pub(crate) output_dimension: usize,
}

/// `name` is `value`, which lies outside `1..=most`.
fn within(name: &str, value: usize, most: usize) -> Result<(), String> {
    if (1..=most).contains(&value) { Ok(()) } else { Err(format!("{name} is {value}, expected 1 to {most}")) }
}

impl SeanetConfig {
    /// Samples of sound a frame.
    pub(crate) fn hop(&self) -> usize {
        self.ratios.iter().product()
    }

    fn validate(&self, name: &str) -> Result<(), String> {
        within(&format!("{name}.dimension"), self.dimension, 8192)?;
        within(&format!("{name}.n_filters"), self.n_filters, 1024)?;
        within(&format!("{name}.compress"), self.compress, 64)?;
        within(&format!("{name}.dilation_base"), self.dilation_base, 16)?;
        let kernels = [
            ("kernel_size", self.kernel_size),
            ("residual_kernel_size", self.residual_kernel_size),
            ("last_kernel_size", self.last_kernel_size),
        ];
        for (kernel, taps) in kernels {
            within(&format!("{name}.{kernel}"), taps, 64)?;
        }
        if self.channels != 1 {
            return Err(format!("{name}.channels is {}, expected 1", self.channels));
        }
        if self.n_residual_layers > 8 {
            return Err(format!("{name}.n_residual_layers is {}, expected 0 to 8", self.n_residual_layers));
        }
        if self.ratios.is_empty() || self.ratios.len() > 6 || self.ratios.iter().any(|ratio| !(1..=32).contains(ratio))
        {
            return Err(format!("{name}.ratios are {:?}, expected 1 to 6 numbers of 1 to 32", self.ratios));
        }
        if self.compress > self.n_filters {
            return Err(format!(
                "{name}.compress is {}, expected at most n_filters, {}",
                self.compress, self.n_filters
            ));
        }
        let reach = self
            .dilation_base
            .saturating_pow(self.n_residual_layers.saturating_sub(1) as u32)
            .saturating_mul(self.residual_kernel_size);
        if reach > REACH_MAX {
            return Err(format!(
                "{name}: {} residual layers dilated by {} reach {reach} samples, expected at most {REACH_MAX}",
                self.n_residual_layers, self.dilation_base
            ));
        }
        if !["constant", "replicate"].contains(&self.pad_mode.as_str()) {
            return Err(format!("{name}.pad_mode is '{}', expected constant or replicate", self.pad_mode));
        }
        Ok(())
    }
}

impl CodecTransformerConfig {
    pub(crate) fn stack(&self) -> TransformerConfig {
        TransformerConfig {
            attention: AttentionConfig::plain(self.d_model, self.num_heads),
            layers: self.num_layers,
            scaled: true,
            feedforward: self.dim_feedforward,
            max_period: self.max_period,
        }
    }

    fn validate(&self, name: &str) -> Result<(), String> {
        let sizes = [
            ("d_model", self.d_model, 8192),
            ("input_dimension", self.input_dimension, 8192),
            ("num_heads", self.num_heads, 256),
            ("num_layers", self.num_layers, 256),
            ("context", self.context, 16_384),
            ("dim_feedforward", self.dim_feedforward, 65_536),
        ];
        for (field, value, most) in sizes {
            within(&format!("{name}.{field}"), value, most)?;
        }
        if !self.d_model.is_multiple_of(2 * self.num_heads) {
            return Err(format!("{name}.d_model {} is no even multiple of num_heads {}", self.d_model, self.num_heads));
        }
        if !(self.max_period.is_finite() && self.max_period >= 1.0) {
            return Err(format!("{name}.max_period is {}, expected at least 1", self.max_period));
        }
        if self.output_dimensions.len() != 1 || !(1..=8192).contains(&self.output_dimensions[0]) {
            return Err(format!("{name}.output_dimensions are {:?}, expected one number", self.output_dimensions));
        }
        Ok(())
    }
}

impl MimiConfig {
    /// The decoder's convolutions.
    pub(crate) fn decoder_seanet(&self) -> &SeanetConfig {
        self.decoder_seanet.as_ref().unwrap_or(&self.seanet)
    }

    /// The decoder's transformer.
    pub(crate) fn decoder_transformer(&self) -> &CodecTransformerConfig {
        self.decoder_transformer.as_ref().unwrap_or(&self.transformer)
    }

    /// Channels of an encoded frame.
    pub(crate) fn inner(&self) -> usize {
        self.inner_dim.unwrap_or(self.seanet.dimension)
    }

    /// Frames of the transformers a latent.
    pub(crate) fn stride(&self) -> usize {
        (f64::from(self.sample_rate) / self.seanet.hop() as f64 / self.frame_rate).round() as usize
    }

    /// Samples a latent.
    pub(crate) fn samples(&self) -> usize {
        self.stride() * self.seanet.hop()
    }

    /// What is wrong with the numbers, if anything.
    pub(crate) fn validate(&self) -> Result<(), String> {
        if !(8000..=192_000).contains(&self.sample_rate) {
            return Err(format!("mimi.sample_rate is {}, expected 8000 to 192000", self.sample_rate));
        }
        if self.channels != 1 {
            return Err(format!("mimi.channels is {}, expected 1", self.channels));
        }
        self.seanet.validate("mimi.seanet")?;
        self.decoder_seanet().validate("mimi.decoder_seanet")?;
        self.transformer.validate("mimi.transformer")?;
        self.decoder_transformer().validate("mimi.decoder_transformer")?;
        within("mimi.quantizer.dimension", self.quantizer.dimension, 1024)?;
        within("mimi.quantizer.output_dimension", self.quantizer.output_dimension, 8192)?;
        within("mimi.inner_dim", self.inner(), 8192)?;
        // a frame of sound, and frames for the longest text, are made room for at once
        if !(1.0..=200.0).contains(&self.frame_rate) {
            return Err(format!("mimi.frame_rate is {}, expected 1 to 200", self.frame_rate));
        }
        let exact = f64::from(self.sample_rate) / self.seanet.hop() as f64 / self.frame_rate;
        if !(2.0..=64.0).contains(&exact) || (exact - exact.round()).abs() > 1e-9 {
            return Err(format!(
                "mimi.frame_rate is {}: {} samples a second by {} give {exact} frames a latent, expected a whole number of 2 to 64",
                self.frame_rate,
                self.sample_rate,
                self.seanet.hop()
            ));
        }
        // each side hands the next as many channels as it takes
        let decoder = self.decoder_seanet();
        let fits = [
            ("mimi.transformer.input_dimension", self.transformer.input_dimension, self.seanet.dimension),
            ("mimi.transformer.output_dimensions", self.transformer.output_dimensions[0], self.seanet.dimension),
            ("mimi.quantizer.output_dimension", self.quantizer.output_dimension, decoder.dimension),
            ("mimi.outer_dim", self.outer_dim.unwrap_or(decoder.dimension), decoder.dimension),
            ("mimi.decoder_transformer.input_dimension", self.decoder_transformer().input_dimension, decoder.dimension),
            (
                "mimi.decoder_transformer.output_dimensions",
                self.decoder_transformer().output_dimensions[0],
                decoder.dimension,
            ),
        ];
        for (name, found, expected) in fits {
            if found != expected {
                return Err(format!("{name} is {found}, expected {expected}, the dimension of its seanet"));
            }
        }
        if decoder.hop() != self.seanet.hop() {
            return Err(format!("mimi.decoder_seanet.ratios make {}, expected {}", decoder.hop(), self.seanet.hop()));
        }
        Ok(())
    }
}
