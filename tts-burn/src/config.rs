//! The numbers of config.toml that the networks need. The engine judges the file; here it is only read.

use serde::Deserialize;

use crate::head::Flow;
use crate::weights::LoadError;

/// config.toml
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    pub(crate) flow_lm: FlowConfig,
    pub(crate) decoder: DecoderConfig,
    pub(crate) speaker_encoder: Option<SpeakerConfig>,
}

/// `[flow_lm]`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FlowConfig {
    pub(crate) dim: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) feedforward: usize,
    pub(crate) window: usize,
    pub(crate) max_period: f64,
    pub(crate) latent: usize,
    pub(crate) text_layers: usize,
    pub(crate) text_convs: usize,
    pub(crate) timbre: usize,
    pub(crate) prosody: usize,
    pub(crate) prosody_controls: usize,
    pub(crate) head: HeadConfig,
}

/// `[flow_lm.head]`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct HeadConfig {
    pub(crate) flow: Flow,
    pub(crate) dim: usize,
    pub(crate) depth: usize,
}

/// `[decoder]`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DecoderConfig {
    pub(crate) dim: usize,
    pub(crate) blocks: usize,
    pub(crate) subframes: usize,
    pub(crate) subframe_dim: usize,
    pub(crate) subframe_blocks: usize,
    pub(crate) kernel: usize,
    pub(crate) expansion: usize,
    pub(crate) profile_dim: usize,
    pub(crate) envelope_bands: usize,
    pub(crate) kinds: usize,
    pub(crate) log_envelope_offset: f32,
    pub(crate) log_envelope_scale: f32,
    pub(crate) aperiodicity_offset: f32,
    pub(crate) aperiodicity_scale: f32,
    pub(crate) aperiodicity_max: f32,
    pub(crate) f0_residual: f32,
    pub(crate) refiner: Option<RefinerConfig>,
}

/// `[decoder.refiner]`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RefinerConfig {
    pub(crate) dim: usize,
    pub(crate) blocks: usize,
    pub(crate) kernel: usize,
    pub(crate) expansion: usize,
}

/// `[speaker_encoder]`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpeakerConfig {
    pub(crate) dim: usize,
    pub(crate) blocks: usize,
    pub(crate) kernel: usize,
    pub(crate) expansion: usize,
    pub(crate) bands: usize,
}

impl Config {
    /// From the text of a config.toml.
    ///
    /// # Errors
    /// [`LoadError::Config`] if it lacks a number.
    pub fn parse(text: &str) -> Result<Self, LoadError> {
        toml::from_str(text).map_err(|error| LoadError::Config { what: error.to_string() })
    }
}
