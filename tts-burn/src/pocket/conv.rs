//! Causal convolutions of whole signals `[frames, channels]`, by burn's own.

use burn_tensor::Tensor;
use burn_tensor::module::{conv_transpose1d, conv1d};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions};

use super::config::PadMode;
use crate::weights::{LoadError, Scope};

/// PyTorch's `Conv1d`; every output frame ends with the last of its input frames.
#[derive(Debug, Clone)]
pub(crate) struct Conv {
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    stride: usize,
    dilation: usize,
    before: PadMode,
}

impl Conv {
    /// `weight` `[outputs, inputs, kernel]` and `bias` `[outputs]`; zeros before.
    pub(crate) fn load(scope: &Scope<'_>, shape: [usize; 3]) -> Result<Self, LoadError> {
        let bias = Some(scope.tensor("bias", [shape[0]])?);
        Ok(Self { bias, ..Self::without_bias(scope, shape)? })
    }

    /// `weight` `[outputs, inputs, kernel]`; zeros before.
    pub(crate) fn without_bias(scope: &Scope<'_>, shape: [usize; 3]) -> Result<Self, LoadError> {
        let weight = scope.tensor("weight", shape)?;
        Ok(Self { weight, bias: None, stride: 1, dilation: 1, before: PadMode::Constant })
    }

    /// With these instead of 1, 1 and zeros.
    pub(crate) fn with(self, stride: usize, dilation: usize, before: PadMode) -> Self {
        Self { stride, dilation, before, ..self }
    }

    /// `[frames, inputs]`, whole strides, to `[frames / stride, outputs]`.
    pub(crate) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let [_, channels] = x.dims();
        let [_, _, kernel] = self.weight.dims();
        let before = (kernel - 1) * self.dilation + 1 - self.stride;
        let first = match self.before {
            PadMode::Constant => Tensor::zeros([1, channels], &x.device()),
            PadMode::Replicate => x.clone().narrow(0, 0, 1),
        };
        let x = if before == 0 { x } else { Tensor::cat(vec![first.repeat_dim(0, before), x], 0) };
        let options = ConvOptions::new([self.stride], [0], [self.dilation], 1);
        channels_last(conv1d(channels_first(x), self.weight.clone(), self.bias.clone(), options))
    }
}

/// PyTorch's `ConvTranspose1d` with a kernel of two strides; what later frames would add to is cut off.
#[derive(Debug, Clone)]
pub(crate) struct Transposed {
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    stride: usize,
    groups: usize,
}

impl Transposed {
    /// `weight` `[inputs, outputs, 2 stride]` and `bias` `[outputs]`.
    pub(crate) fn load(scope: &Scope<'_>, inputs: usize, outputs: usize, stride: usize) -> Result<Self, LoadError> {
        let weight = scope.tensor("weight", [inputs, outputs, 2 * stride])?;
        Ok(Self { weight, bias: Some(scope.tensor("bias", [outputs])?), stride, groups: 1 })
    }

    /// Every channel by itself: `weight` `[channels, 1, 2 stride]`.
    pub(crate) fn depthwise(scope: &Scope<'_>, channels: usize, stride: usize) -> Result<Self, LoadError> {
        let weight = scope.tensor("weight", [channels, 1, 2 * stride])?;
        Ok(Self { weight, bias: None, stride, groups: channels })
    }

    /// `[frames, inputs]` to `[stride · frames, outputs]`.
    pub(crate) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let [frames, _] = x.dims();
        let options = ConvTransposeOptions::new([self.stride], [0], [0], [1], self.groups);
        let y = conv_transpose1d(channels_first(x), self.weight.clone(), self.bias.clone(), options);
        channels_last(y).narrow(0, 0, self.stride * frames)
    }
}

/// `[frames, channels]` to `[1, channels, frames]`.
fn channels_first(x: Tensor<2>) -> Tensor<3> {
    x.transpose().unsqueeze_dim(0)
}

/// `[1, channels, frames]` to `[frames, channels]`.
fn channels_last(x: Tensor<3>) -> Tensor<2> {
    x.squeeze_dim::<2>(0).transpose()
}
