//! `y = x W^T + b`, PyTorch's `Linear`.

use crate::kernels::{self, Isa, PackedMatrix, Storage};
use crate::weights::{Scope, WeightsError};

/// A fully connected layer.
#[derive(Debug)]
pub(crate) struct Linear {
    /// `[outputs, inputs]`
    weight: PackedMatrix,
    /// `[outputs]`, or empty
    bias: Vec<f32>,
}

/// Whether a layer has a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bias {
    Yes,
    No,
}

impl Linear {
    /// `scope.weight` `[outputs, inputs]` and, if there is one, `scope.bias` `[outputs]`.
    pub(crate) fn load(scope: &Scope<'_>, inputs: usize, outputs: usize, bias: Bias) -> Result<Self, WeightsError> {
        let weight = scope.tensor("weight", [outputs, inputs])?.packed(outputs, inputs)?;
        let bias = match bias {
            Bias::Yes => scope.tensor("bias", [outputs])?.to_f32()?,
            Bias::No => Vec::new(),
        };
        Ok(Self { weight, bias })
    }

    /// The tensor `name` `[outputs, inputs]` itself, without a bias.
    pub(crate) fn named(scope: &Scope<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        Ok(Self { weight: scope.tensor(name, [outputs, inputs])?.packed(outputs, inputs)?, bias: Vec::new() })
    }

    /// Channels of an input row.
    pub(crate) fn inputs(&self) -> usize {
        self.weight.columns()
    }

    /// Channels of an output row.
    pub(crate) fn outputs(&self) -> usize {
        self.weight.rows()
    }

    /// How the weights are kept.
    pub(crate) fn storage(&self) -> Storage {
        self.weight.storage()
    }

    /// Every row of `x` `[frames, inputs]` into `y` `[frames, outputs]`.
    pub(crate) fn apply(&self, isa: Isa, y: &mut [f32], x: &[f32]) {
        kernels::linear(isa, y, x, &self.weight, &self.bias);
    }
}
