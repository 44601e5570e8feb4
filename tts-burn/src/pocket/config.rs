//! The numbers of a checkpoint's YAML that the networks need. The engine judges the file; here it is only read.

use serde::Deserialize;

use super::transformer::Shape;
use crate::head::Flow;
use crate::weights::LoadError;

/// The YAML.
#[derive(Debug, Clone, Deserialize)]
pub struct PocketConfig {
    pub(crate) flow_lm: LmConfig,
    pub(crate) mimi: CodecConfig,
}

/// `flow_lm`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LmConfig {
    pub(crate) flow: FlowConfig,
    transformer: LmTransformerConfig,
    pub(crate) z_dim: Option<usize>,
    pub(crate) lookup_table: TableConfig,
    #[serde(default)]
    pub(crate) insert_bos_before_voice: bool,
}

/// `flow_lm.flow`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FlowConfig {
    pub(crate) dim: usize,
    pub(crate) depth: usize,
    #[serde(default, rename = "type")]
    pub(crate) flow: Flow,
}

/// `flow_lm.transformer`
#[derive(Debug, Clone, Deserialize)]
struct LmTransformerConfig {
    d_model: usize,
    num_heads: usize,
    num_layers: usize,
    hidden_scale: usize,
    max_period: f64,
    attn_dim: Option<usize>,
    num_kv_heads: Option<usize>,
    dim_feedforward: Option<usize>,
}

/// `flow_lm.lookup_table`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TableConfig {
    pub(crate) n_bins: usize,
    pub(crate) rank: Option<usize>,
}

/// `mimi`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CodecConfig {
    sample_rate: f64,
    frame_rate: f64,
    pub(crate) seanet: SeanetConfig,
    pub(crate) transformer: CodecTransformerConfig,
    pub(crate) quantizer: QuantizerConfig,
    inner_dim: Option<usize>,
    decoder_seanet: Option<SeanetConfig>,
    decoder_transformer: Option<CodecTransformerConfig>,
}

/// `mimi.seanet`, `mimi.decoder_seanet`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SeanetConfig {
    pub(crate) dimension: usize,
    pub(crate) n_filters: usize,
    pub(crate) n_residual_layers: usize,
    pub(crate) ratios: Vec<usize>,
    pub(crate) kernel_size: usize,
    pub(crate) residual_kernel_size: usize,
    pub(crate) last_kernel_size: usize,
    pub(crate) dilation_base: usize,
    pub(crate) pad_mode: PadMode,
    pub(crate) compress: usize,
}

/// What stands before a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PadMode {
    /// Zeros.
    Constant,
    /// Its first frame.
    Replicate,
}

/// `mimi.transformer`, `mimi.decoder_transformer`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CodecTransformerConfig {
    pub(crate) d_model: usize,
    pub(crate) input_dimension: usize,
    pub(crate) output_dimensions: [usize; 1],
    num_heads: usize,
    num_layers: usize,
    pub(crate) context: usize,
    #[serde(default = "max_period")]
    max_period: f64,
    dim_feedforward: usize,
}

fn max_period() -> f64 {
    10_000.0
}

/// `mimi.quantizer`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct QuantizerConfig {
    pub(crate) dimension: usize,
    pub(crate) output_dimension: usize,
}

impl PocketConfig {
    /// From the text of a YAML.
    ///
    /// # Errors
    /// [`LoadError::Config`] if it lacks a number.
    pub fn parse(text: &str) -> Result<Self, LoadError> {
        serde_saphyr::from_str(text).map_err(|error| LoadError::Config { what: error.to_string() })
    }
}

impl LmConfig {
    pub(crate) fn shape(&self) -> Shape {
        let t = &self.transformer;
        Shape {
            dim: t.d_model,
            heads: t.num_heads,
            kv_heads: t.num_kv_heads.unwrap_or(t.num_heads),
            head_dim: t.attn_dim.unwrap_or(t.d_model) / t.num_heads,
            layers: t.num_layers,
            feedforward: t.dim_feedforward.unwrap_or(t.hidden_scale * t.d_model),
            max_period: t.max_period,
            scaled: false,
            window: None,
        }
    }
}

impl CodecConfig {
    /// Channels of an encoded frame.
    pub(crate) fn inner(&self) -> usize {
        self.inner_dim.unwrap_or(self.seanet.dimension)
    }

    pub(crate) fn decoder_seanet(&self) -> &SeanetConfig {
        self.decoder_seanet.as_ref().unwrap_or(&self.seanet)
    }

    pub(crate) fn decoder_transformer(&self) -> &CodecTransformerConfig {
        self.decoder_transformer.as_ref().unwrap_or(&self.transformer)
    }

    /// Frames of the transformers a latent.
    pub(crate) fn stride(&self) -> usize {
        let hop: usize = self.seanet.ratios.iter().product();
        (self.sample_rate / hop as f64 / self.frame_rate).round() as usize
    }
}

impl CodecTransformerConfig {
    pub(crate) fn shape(&self) -> Shape {
        Shape {
            dim: self.d_model,
            heads: self.num_heads,
            kv_heads: self.num_heads,
            head_dim: self.d_model / self.num_heads,
            layers: self.num_layers,
            feedforward: self.dim_feedforward,
            max_period: self.max_period,
            scaled: true,
            window: Some(self.context),
        }
    }
}
