//! How long each phone lasts, and how much that varies from one saying to the next.

use super::config::FlowConfig;
use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::weights::{Scope, WeightsError};

/// Channels of the two hidden layers.
const HIDDEN: usize = 256;

/// An MLP on the encoded phone and the style.
#[derive(Debug)]
pub(crate) struct DurationModel {
    /// `dim + style -> 256`
    first: Linear,
    /// `256 -> 256`
    second: Linear,
    /// `256 -> 2`
    last: Linear,
}

impl DurationModel {
    /// `0`, `2` and `4` of a sequence with activations between.
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            first: Linear::load(&scope.index(0), config.dim + config.style(), HIDDEN, Bias::Yes)?,
            second: Linear::load(&scope.index(2), HIDDEN, HIDDEN, Bias::Yes)?,
            last: Linear::load(&scope.index(4), HIDDEN, 2, Bias::Yes)?,
        })
    }

    /// Of every row of `text` `[phones, dim]` the mean of ln(duration / 80 ms), which is normal, and ln of its standard deviation.
    pub(crate) fn apply(&self, isa: Isa, text: &[f32], style: &[f32]) -> Vec<[f32; 2]> {
        let dim = self.first.inputs() - style.len();
        let input: Vec<f32> = text.chunks_exact(dim).flat_map(|row| row.iter().chain(style)).copied().collect();
        let phones = text.len() / dim;
        let (mut a, mut b) = (vec![0.0; phones * HIDDEN], vec![0.0; phones * HIDDEN]);
        self.first.apply(isa, &mut a, &input);
        kernels::gelu_tanh(isa, &mut a);
        self.second.apply(isa, &mut b, &a);
        kernels::gelu_tanh(isa, &mut b);
        let mut out = vec![[0.0; 2]; phones];
        self.last.apply(isa, out.as_flattened_mut(), &b);
        out
    }
}
