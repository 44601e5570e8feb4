//! What the stages are made of: linear layers, norms, convolutions, activations, on `[frames, channels]`.

use std::f64::consts::PI;

use burn_tensor::Tensor;

use crate::weights::{LoadError, Scope};

/// `x Wᵀ + b`
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    /// `[inputs, outputs]`: Wᵀ
    weight: Tensor<2>,
    /// `[1, outputs]`
    bias: Option<Tensor<2>>,
}

impl Linear {
    /// `weight` `[outputs, inputs]` and `bias` `[outputs]`.
    pub(crate) fn load(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, LoadError> {
        let mut linear = Self::without_bias(scope, inputs, outputs)?;
        linear.bias = Some(scope.tensor("bias", [outputs])?.unsqueeze());
        Ok(linear)
    }

    /// `weight` `[outputs, inputs]`.
    pub(crate) fn without_bias(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, LoadError> {
        Self::named(scope, "weight", inputs, outputs)
    }

    /// The tensor `name` `[outputs, inputs]`, without a bias.
    pub(crate) fn named(scope: &Scope<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, LoadError> {
        Ok(Self { weight: scope.tensor(name, [outputs, inputs])?.transpose(), bias: None })
    }

    /// `[frames, inputs]` to `[frames, outputs]`.
    pub(crate) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let y = x.matmul(self.weight.clone());
        match &self.bias {
            Some(bias) => y + bias.clone(),
            None => y,
        }
    }
}

/// LayerNorm over channels, biased variance.
#[derive(Debug, Clone)]
pub(crate) struct Norm {
    /// `[1, channels]`
    weight: Tensor<2>,
    /// `[1, channels]`
    bias: Tensor<2>,
    epsilon: f64,
}

impl Norm {
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, epsilon: f64) -> Result<Self, LoadError> {
        let weight = scope.tensor("weight", [channels])?.unsqueeze();
        Ok(Self { weight, bias: scope.tensor("bias", [channels])?.unsqueeze(), epsilon })
    }

    pub(crate) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        normed(x, self.epsilon) * self.weight.clone() + self.bias.clone()
    }
}

/// `(x - mean) / √(variance + epsilon)` over channels, biased variance.
pub(crate) fn normed(x: Tensor<2>, epsilon: f64) -> Tensor<2> {
    let x = x.clone() - x.mean_dim(1);
    let variance = (x.clone() * x.clone()).mean_dim(1);
    x / (variance + epsilon).sqrt()
}

/// `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
pub(crate) fn gelu(x: Tensor<2>) -> Tensor<2> {
    let cube = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cube * 0.044715) * (2.0 / PI).sqrt();
    x * (inner.tanh() + 1.0) * 0.5
}

/// `x / (1 + e^-x)`
pub(crate) fn silu(x: Tensor<2>) -> Tensor<2> {
    x.clone() / ((-x).exp() + 1.0)
}

/// `[before + frames + after, channels]`: zeros around `x`.
pub(crate) fn padded(x: Tensor<2>, before: usize, after: usize) -> Tensor<2> {
    let (device, [_, channels]) = (x.device(), x.dims());
    let zeros = |frames| Tensor::zeros([frames, channels], &device);
    Tensor::cat(vec![zeros(before), x, zeros(after)], 0)
}

/// A convolution of all channels to all channels, centred: zeros outside.
#[derive(Debug, Clone)]
pub(crate) struct CentredConv {
    /// For every tap `[channels, outputs]`.
    taps: Vec<Tensor<2>>,
    /// `[1, outputs]`
    bias: Tensor<2>,
}

impl CentredConv {
    /// `weight` `[channels, channels, kernel]` and `bias` `[channels]`.
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, kernel: usize) -> Result<Self, LoadError> {
        let weight: Tensor<3> = scope.tensor("weight", [channels, channels, kernel])?;
        let tap = |tap| weight.clone().narrow(2, tap, 1).squeeze_dim::<2>(2).transpose();
        Ok(Self { taps: (0..kernel).map(tap).collect(), bias: scope.tensor("bias", [channels])?.unsqueeze() })
    }

    pub(crate) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let ([frames, _], side) = (x.dims(), self.taps.len() / 2);
        let x = padded(x, side, side);
        let mut y = self.bias.clone().repeat_dim(0, frames);
        for (tap, weight) in self.taps.iter().enumerate() {
            y = y + x.clone().narrow(0, tap, frames).matmul(weight.clone());
        }
        y
    }
}

/// `x + g · b(gelu(a(norm(depthwise(x)))))`
#[derive(Debug, Clone)]
pub(crate) struct ConvNext {
    /// For every tap `[1, channels]`.
    taps: Vec<Tensor<2>>,
    /// `[1, channels]`
    bias: Tensor<2>,
    norm: Norm,
    widen: Linear,
    narrow: Linear,
    /// `[1, channels]`
    scale: Tensor<2>,
}

impl ConvNext {
    /// `dw`, `n`, `a`, `b`, `g`.
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, kernel: usize, inner: usize) -> Result<Self, LoadError> {
        let dw = scope.at("dw");
        let weight: Tensor<3> = dw.tensor("weight", [channels, 1, kernel])?;
        let tap = |tap| weight.clone().narrow(2, tap, 1).squeeze_dim::<2>(2).transpose();
        Ok(Self {
            taps: (0..kernel).map(tap).collect(),
            bias: dw.tensor("bias", [channels])?.unsqueeze(),
            norm: Norm::load(&scope.at("n"), channels, 1e-5)?,
            widen: Linear::load(&scope.at("a"), channels, inner)?,
            narrow: Linear::load(&scope.at("b"), inner, channels)?,
            scale: scope.tensor("g", [channels])?.unsqueeze(),
        })
    }

    /// The frames before the first: zeros.
    pub(crate) fn start(&self) -> Tensor<2> {
        let [_, channels] = self.bias.dims();
        Tensor::zeros([self.taps.len() - 1, channels], &self.bias.device())
    }

    /// Causal; `past` is the last `kernel - 1` frames.
    pub(crate) fn step(&self, past: &mut Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let [frames, _] = x.dims();
        let window = Tensor::cat(vec![past.clone(), x.clone()], 0);
        *past = window.clone().narrow(0, frames, self.taps.len() - 1);
        self.rest(x, window)
    }

    /// Centred: zeros outside.
    pub(crate) fn centred(&self, x: Tensor<2>) -> Tensor<2> {
        let side = self.taps.len() / 2;
        self.rest(x.clone(), padded(x, side, side))
    }

    /// `window` is `[frames + kernel - 1, channels]`.
    fn rest(&self, x: Tensor<2>, window: Tensor<2>) -> Tensor<2> {
        let [frames, _] = x.dims();
        let mut y = self.bias.clone().repeat_dim(0, frames);
        for (tap, weight) in self.taps.iter().enumerate() {
            y = y + window.clone().narrow(0, tap, frames) * weight.clone();
        }
        let y = self.narrow.apply(gelu(self.widen.apply(self.norm.apply(y))));
        x + y * self.scale.clone()
    }
}
