//! Layer normalisation over channels.

use crate::kernels::{self, Isa};
use crate::weights::{Scope, WeightsError};

/// PyTorch's `LayerNorm`: biased variance, affine.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    /// `[channels]`
    weight: Vec<f32>,
    /// `[channels]`
    bias: Vec<f32>,
    eps: f32,
}

impl LayerNorm {
    /// `scope.weight` and `scope.bias`, both `[channels]`.
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, eps: f32) -> Result<Self, WeightsError> {
        let weight = scope.tensor("weight", [channels])?.to_f32()?;
        let bias = scope.tensor("bias", [channels])?.to_f32()?;
        Ok(Self { weight, bias, eps })
    }

    /// Weights, then biases.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f32> {
        self.weight.iter().chain(&self.bias).copied()
    }

    /// Every row of `x` `[frames, channels]` into `y` of the same shape.
    pub(crate) fn apply(&self, isa: Isa, y: &mut [f32], x: &[f32]) {
        kernels::layer_norm(isa, y, x, self.weight.len(), self.eps, &self.weight, &self.bias);
    }
}
