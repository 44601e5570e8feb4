//! Dimensions of the flow language model, as config.toml writes them under `[flow_lm]`.

use serde::Deserialize;

use super::head::{Flow, HeadShape};
use crate::nn::attention::AttentionConfig;
use crate::nn::transformer::TransformerConfig;

/// `[flow_lm]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowConfig {
    /// Channels of the residual stream and of encoded text.
    pub(crate) dim: usize,
    /// Layers of the causal transformer.
    pub(crate) layers: usize,
    /// Heads of both transformers.
    pub(crate) heads: usize,
    /// Channels inside the feed-forward parts.
    pub(crate) feedforward: usize,
    /// Frames of attention, the present one included.
    pub(crate) window: usize,
    /// Longest period of the rotary positions.
    pub(crate) max_period: f64,
    /// Channels of a latent.
    pub(crate) latent: usize,
    /// Layers of the text encoder's transformer.
    pub(crate) text_layers: usize,
    /// Convolutions of the text encoder.
    pub(crate) text_convs: usize,
    /// Channels of a timbre.
    pub(crate) timbre: usize,
    /// Channels that the prosody controls are encoded to.
    pub(crate) prosody: usize,
    /// Number of prosody controls; each has a value and a "given" flag.
    pub(crate) prosody_controls: usize,
    /// The flow head.
    pub(crate) head: HeadConfig,
}

/// `[flow_lm.head]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadConfig {
    /// What it was trained to give.
    pub(crate) flow: Flow,
    /// Channels.
    pub(crate) dim: usize,
    /// Residual blocks.
    pub(crate) depth: usize,
}

impl FlowConfig {
    /// Channels of a style: timbre and encoded controls.
    pub(crate) fn style(&self) -> usize {
        self.timbre + self.prosody
    }

    /// The causal transformer, or with `text_layers` the text encoder's.
    pub(crate) fn transformer(&self, layers: usize) -> TransformerConfig {
        let &Self { dim, heads, feedforward, max_period, .. } = self;
        TransformerConfig {
            attention: AttentionConfig::plain(dim, heads),
            layers,
            scaled: false,
            feedforward,
            max_period,
        }
    }

    /// The flow head.
    pub(super) fn head_shape(&self) -> HeadShape {
        let HeadConfig { flow, dim, depth } = self.head;
        HeadShape { flow, condition: self.dim, dim, depth, latent: self.latent }
    }

    /// What is wrong with the numbers, if anything.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let sizes = [
            ("dim", self.dim, 8192),
            ("layers", self.layers, 256),
            ("heads", self.heads, 256),
            ("feedforward", self.feedforward, 65_536),
            ("window", self.window, 16_384),
            ("latent", self.latent, 1024),
            ("text_layers", self.text_layers, 256),
            ("text_convs", self.text_convs, 64),
            ("timbre", self.timbre, 8192),
            ("prosody", self.prosody, 8192),
            ("prosody_controls", self.prosody_controls, 64),
            ("head.dim", self.head.dim, 8192),
            ("head.depth", self.head.depth, 64),
        ];
        for (name, value, most) in sizes {
            if value == 0 || value > most {
                return Err(format!("flow_lm.{name} is {value}, expected 1 to {most}"));
            }
        }
        if self.prosody_controls < 4 {
            return Err(format!("flow_lm.prosody_controls is {}, expected at least 4", self.prosody_controls));
        }
        if !self.dim.is_multiple_of(2 * self.heads) {
            return Err(format!("flow_lm.dim {} is not an even multiple of flow_lm.heads {}", self.dim, self.heads));
        }
        if !(self.max_period.is_finite() && self.max_period >= 1.0) {
            return Err(format!("flow_lm.max_period is {}, expected at least 1", self.max_period));
        }
        Ok(())
    }
}
