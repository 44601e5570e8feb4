//! Pre-norm transformer layers with rotary positions on neighbouring pairs, over a whole sequence or frame by frame.

use burn_tensor::activation::softmax;
use burn_tensor::{Device, Tensor, TensorData};

use crate::config::FlowConfig;
use crate::layers::{Linear, Norm, gelu};
use crate::weights::{LoadError, Scope};

#[derive(Debug, Clone)]
struct Layer {
    norm1: Norm,
    in_proj: Linear,
    out_proj: Linear,
    norm2: Norm,
    linear1: Linear,
    linear2: Linear,
}

/// A stack of layers.
#[derive(Debug, Clone)]
pub(crate) struct Transformer {
    layers: Vec<Layer>,
    heads: usize,
    max_period: f64,
}

/// Keys and values of a layer so far, turned: `[heads, frames, channels of a head]`.
#[derive(Debug, Clone)]
pub(crate) struct KeysValues(Tensor<3>, Tensor<3>);

impl Transformer {
    /// `layers.N` below `scope`.
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig, layers: usize) -> Result<Self, LoadError> {
        let (dim, inner) = (config.dim, config.feedforward);
        let layer = |n| {
            let scope = scope.item("layers", n);
            Ok(Layer {
                norm1: Norm::load(&scope.at("norm1"), dim, 1e-5)?,
                in_proj: Linear::without_bias(&scope.at("self_attn.in_proj"), dim, 3 * dim)?,
                out_proj: Linear::without_bias(&scope.at("self_attn.out_proj"), dim, dim)?,
                norm2: Norm::load(&scope.at("norm2"), dim, 1e-5)?,
                linear1: Linear::without_bias(&scope.at("linear1"), dim, inner)?,
                linear2: Linear::without_bias(&scope.at("linear2"), inner, dim)?,
            })
        };
        let layers = (0..layers).map(layer).collect::<Result<_, LoadError>>()?;
        Ok(Self { layers, heads: config.heads, max_period: config.max_period })
    }

    /// A whole sequence `[frames, dim]`, every frame seeing all others.
    pub(crate) fn whole(&self, mut x: Tensor<2>) -> Tensor<2> {
        for layer in &self.layers {
            let (q, k, v) = self.turned(layer, x.clone(), 0);
            x = layer.rest(x, attend(q, k, v));
        }
        x
    }

    /// One frame `[1, dim]` at `position`; it sees itself and the `window - 1` frames before it.
    pub(crate) fn step(
        &self,
        past: &mut Vec<KeysValues>,
        position: usize,
        window: usize,
        mut x: Tensor<2>,
    ) -> Tensor<2> {
        for (n, layer) in self.layers.iter().enumerate() {
            let (q, mut k, mut v) = self.turned(layer, x.clone(), position);
            if let Some(KeysValues(keys, values)) = past.get(n) {
                k = Tensor::cat(vec![keys.clone(), k], 1);
                v = Tensor::cat(vec![values.clone(), v], 1);
            }
            let [_, frames, _] = k.dims();
            let seen = frames.min(window);
            let now = KeysValues(k.narrow(1, frames - seen, seen), v.narrow(1, frames - seen, seen));
            x = layer.rest(x, attend(q, now.0.clone(), now.1.clone()));
            match past.get_mut(n) {
                Some(past) => *past = now,
                None => past.push(now),
            }
        }
        x
    }

    /// Query, key and value `[heads, frames, channels of a head]`, query and key turned to positions from `first` on.
    fn turned(&self, layer: &Layer, x: Tensor<2>, first: usize) -> (Tensor<3>, Tensor<3>, Tensor<3>) {
        let [frames, dim] = x.dims();
        let qkv = layer.in_proj.apply(layer.norm1.apply(x));
        let part = |n: usize| {
            let part = qkv.clone().narrow(1, n * dim, dim);
            part.reshape([frames, self.heads, dim / self.heads]).swap_dims(0, 1)
        };
        (turned(part(0), first, self.max_period), turned(part(1), first, self.max_period), part(2))
    }
}

impl Layer {
    /// What follows attention.
    fn rest(&self, x: Tensor<2>, attended: Tensor<2>) -> Tensor<2> {
        let x = x + self.out_proj.apply(attended);
        x.clone() + self.linear2.apply(gelu(self.linear1.apply(self.norm2.apply(x))))
    }
}

/// `x` `[heads, frames, channels]` at positions from `first` on: pair `i` of a head turns by
/// `position · max_period^(-2i / channels)`.
pub(crate) fn turned(x: Tensor<3>, first: usize, max_period: f64) -> Tensor<3> {
    let [heads, frames, channels] = x.dims();
    let (cos, sin) = rotation(first, frames, channels, max_period, &x.device());
    let pairs = x.reshape([heads, frames, channels / 2, 2]);
    let (a, b) = (pairs.clone().narrow(3, 0, 1), pairs.narrow(3, 1, 1));
    let turned = vec![a.clone() * cos.clone() - b.clone() * sin.clone(), a * sin + b * cos];
    Tensor::cat(turned, 3).reshape([heads, frames, channels])
}

/// Cosines and sines `[1, frames, channels / 2, 1]`, worked out in f64.
fn rotation(first: usize, frames: usize, channels: usize, max_period: f64, device: &Device) -> (Tensor<4>, Tensor<4>) {
    let angles: Vec<f64> = (first..first + frames)
        .flat_map(|t| (0..channels / 2).map(move |i| t as f64 * max_period.powf(-2.0 * i as f64 / channels as f64)))
        .collect();
    let tensor = |of: fn(f64) -> f64| {
        let values: Vec<f32> = angles.iter().map(|&angle| of(angle) as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, frames, channels / 2, 1]), device)
    };
    (tensor(f64::cos), tensor(f64::sin))
}

/// `softmax(q kᵀ / √channels) v`, heads side by side: `[frames of q, heads · channels]`.
fn attend(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>) -> Tensor<2> {
    let [heads, frames, channels] = q.dims();
    let scores = q.matmul(k.transpose()) * (channels as f64).powf(-0.5);
    softmax(scores, 2).matmul(v).swap_dims(0, 1).reshape([frames, heads * channels])
}
