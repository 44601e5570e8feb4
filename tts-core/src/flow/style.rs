//! Who speaks and how: a timbre and encoded prosody controls, side by side.

use super::config::FlowConfig;
use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::weights::{Scope, WeightsError};

/// Channels of the hidden layer.
const HIDDEN: usize = 64;

/// Named controls; what is `None` is left to the model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Controls {
    /// Mean of ln F0 over voiced frames, above the speaker's habitual one.
    pub(crate) log_f0_above: Option<f32>,
    /// Standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: Option<f32>,
    /// Durations relative to the usual ones: above 1 is slower.
    pub(crate) stretch: Option<f32>,
    /// The speaker's habitual ln(F0 / Hz).
    pub(crate) habitual_log_f0: Option<f32>,
}

impl Controls {
    /// `[2 * controls]`: values as the model was trained on them, then "given" flags.
    fn encode(&self, controls: usize) -> Vec<f32> {
        let values = [
            self.log_f0_above.map(|v| v / 0.3),
            self.sd_log_f0.map(|v| (v - 0.2) / 0.08),
            self.stretch.map(|v| v.ln() / 0.15),
            self.habitual_log_f0.map(|v| (v - 5.0) / 0.3),
        ];
        let mut out = vec![0.0; 2 * controls];
        for (i, value) in values.into_iter().enumerate() {
            if let Some(value) = value {
                out[i] = value;
                out[controls + i] = 1.0;
            }
        }
        out
    }
}

/// The controls' encoder.
#[derive(Debug)]
pub(crate) struct StyleEncoder {
    /// `2 controls -> 64`
    first: Linear,
    /// `64 -> prosody`
    second: Linear,
    controls: usize,
}

impl StyleEncoder {
    /// `0` and `2` of a sequence with SiLU between.
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, WeightsError> {
        let controls = config.prosody_controls;
        Ok(Self {
            first: Linear::load(&scope.index(0), 2 * controls, HIDDEN, Bias::Yes)?,
            second: Linear::load(&scope.index(2), HIDDEN, config.prosody, Bias::Yes)?,
            controls,
        })
    }

    /// `[timbre + prosody]`; a timbre has length 1, its channels are brought to about variance 1.
    pub(crate) fn apply(&self, isa: Isa, timbre: &[f32], controls: &Controls) -> Vec<f32> {
        let mut hidden = vec![0.0; HIDDEN];
        self.first.apply(isa, &mut hidden, &controls.encode(self.controls));
        kernels::silu(isa, &mut hidden);
        let scale = (timbre.len() as f32).sqrt();
        let mut style: Vec<f32> = timbre.iter().map(|x| x * scale).collect();
        style.resize(timbre.len() + self.second.outputs(), 0.0);
        self.second.apply(isa, &mut style[timbre.len()..], &hidden);
        style
    }
}
