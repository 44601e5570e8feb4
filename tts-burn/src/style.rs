//! Who speaks and how; how long phones last; what a frame is told.

use burn_tensor::{Device, Tensor};

use crate::config::FlowConfig;
use crate::layers::{Linear, gelu, silu};
use crate::weights::{LoadError, Scope, rows};

/// Channels of the hidden layer of the controls.
const CONTROL_CHANNELS: usize = 64;
/// Channels of the hidden layers of durations.
const DURATION_CHANNELS: usize = 256;

/// Timbre and encoded controls, side by side.
#[derive(Debug, Clone)]
pub struct Style {
    first: Linear,
    second: Linear,
    controls: usize,
    device: Device,
}

impl Style {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig, device: &Device) -> Result<Self, LoadError> {
        let controls = config.prosody_controls;
        let first = Linear::load(&scope.at("0"), 2 * controls, CONTROL_CHANNELS)?;
        let second = Linear::load(&scope.at("2"), CONTROL_CHANNELS, config.prosody)?;
        Ok(Self { first, second, controls, device: device.clone() })
    }

    /// `[1, style]` of a timbre `[timbre]` whose owner speaks at the habitual pitch.
    #[must_use]
    pub fn apply(&self, timbre: &[f32], mean_log_f0: f32, sd_log_f0: f32, stretch: f32) -> Tensor<2> {
        let given = [0.0, (sd_log_f0 - 0.2) / 0.08, stretch.ln() / 0.15, (mean_log_f0 - 5.0) / 0.3];
        let mut controls = vec![0.0; 2 * self.controls];
        controls[..given.len()].copy_from_slice(&given);
        controls[self.controls..self.controls + given.len()].fill(1.0);
        let controls = rows(&controls, controls.len(), &self.device);
        let encoded = self.second.apply(silu(self.first.apply(controls)));
        let timbre = rows(timbre, timbre.len(), &self.device) * (timbre.len() as f64).sqrt();
        Tensor::cat(vec![timbre, encoded], 1)
    }
}

/// Encoded phone and style to how long it lasts.
#[derive(Debug, Clone)]
pub struct Durations {
    layers: [Linear; 3],
}

impl Durations {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, LoadError> {
        let inputs = config.dim + config.timbre + config.prosody;
        Ok(Self {
            layers: [
                Linear::load(&scope.at("0"), inputs, DURATION_CHANNELS)?,
                Linear::load(&scope.at("2"), DURATION_CHANNELS, DURATION_CHANNELS)?,
                Linear::load(&scope.at("4"), DURATION_CHANNELS, 2)?,
            ],
        })
    }

    /// `text` `[phones, dim]`, `style` `[1, style]` to `[phones, 2]`: mean of ln(duration / 80 ms), ln of its deviation.
    #[must_use]
    pub fn apply(&self, text: Tensor<2>, style: Tensor<2>) -> Tensor<2> {
        let [phones, _] = text.dims();
        let [first, second, last] = &self.layers;
        let x = Tensor::cat(vec![text, style.repeat_dim(0, phones)], 1);
        last.apply(gelu(second.apply(gelu(first.apply(x)))))
    }
}

/// Two slots and a style to what a frame is told.
#[derive(Debug, Clone)]
pub struct Condition {
    slot_position: Linear,
    slot_proj: Linear,
    style_proj: Linear,
}

impl Condition {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, LoadError> {
        let dim = config.dim;
        Ok(Self {
            slot_position: Linear::load(&scope.at("slot_position"), 3, dim)?,
            slot_proj: Linear::load(&scope.at("slot_proj"), 2 * dim, dim)?,
            style_proj: Linear::load(&scope.at("style_proj"), config.timbre + config.prosody, dim)?,
        })
    }

    /// Of the two slots of each frame: encoded phones `[frames, dim]` and numbers `[frames, 3]`; `style` `[1, style]`.
    /// To `[frames, dim]`.
    #[must_use]
    pub fn apply(&self, slots: [(Tensor<2>, Tensor<2>); 2], style: Tensor<2>) -> Tensor<2> {
        let halves = slots.map(|(text, numbers)| text + self.slot_position.apply(numbers));
        self.slot_proj.apply(Tensor::cat(halves.to_vec(), 1)) + self.style_proj.apply(style)
    }
}
