//! Pre-norm transformer layers over a whole sequence: each position sees itself and those before it, all or a window of them.
//! Several heads of queries may share one of keys and values.

use burn_tensor::activation::softmax;
use burn_tensor::{Device, Tensor, TensorData};

use crate::layers::{Linear, Norm, gelu};
use crate::transformer::turned;
use crate::weights::{LoadError, Scope};

/// Sizes of a stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Channels of the residual stream.
    pub(crate) dim: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) layers: usize,
    pub(crate) feedforward: usize,
    pub(crate) max_period: f64,
    /// Whether what a layer adds is scaled, channel by channel.
    pub(crate) scaled: bool,
    /// Positions that one sees, itself included.
    pub(crate) window: Option<usize>,
}

#[derive(Debug, Clone)]
struct Layer {
    norm1: Norm,
    in_proj: Linear,
    out_proj: Linear,
    /// `[1, dim]`
    scale1: Option<Tensor<2>>,
    norm2: Norm,
    linear1: Linear,
    linear2: Linear,
    /// `[1, dim]`
    scale2: Option<Tensor<2>>,
}

/// A stack of layers.
#[derive(Debug, Clone)]
pub(crate) struct Transformer {
    shape: Shape,
    layers: Vec<Layer>,
}

/// Keys, turned, and values of a layer: `[positions, channels of all keys]`.
pub(crate) type KeysValues = [Tensor<2>; 2];

impl Transformer {
    /// `layers.N` below `scope`.
    pub(crate) fn load(scope: &Scope<'_>, shape: Shape) -> Result<Self, LoadError> {
        let Shape { dim, heads, kv_heads, head_dim, feedforward, .. } = shape;
        let layer = |n| {
            let scope = scope.item("layers", n);
            let scale = |name: &str| {
                let scale = || Ok(scope.at(name).tensor("scale", [dim])?.unsqueeze());
                shape.scaled.then(scale).transpose()
            };
            Ok(Layer {
                norm1: Norm::load(&scope.at("norm1"), dim, 1e-5)?,
                in_proj: Linear::without_bias(&scope.at("self_attn.in_proj"), dim, (heads + 2 * kv_heads) * head_dim)?,
                out_proj: Linear::without_bias(&scope.at("self_attn.out_proj"), heads * head_dim, dim)?,
                scale1: scale("layer_scale_1")?,
                norm2: Norm::load(&scope.at("norm2"), dim, 1e-5)?,
                linear1: Linear::without_bias(&scope.at("linear1"), dim, feedforward)?,
                linear2: Linear::without_bias(&scope.at("linear2"), feedforward, dim)?,
                scale2: scale("layer_scale_2")?,
            })
        };
        Ok(Self { shape, layers: (0..shape.layers).map(layer).collect::<Result<_, LoadError>>()? })
    }

    /// `[positions, dim]` to the same shape, and what later positions would see of these.
    pub(crate) fn apply(&self, mut x: Tensor<2>) -> (Tensor<2>, Vec<KeysValues>) {
        let [positions, _] = x.dims();
        let mask = mask(positions, self.shape.window, &x.device());
        let mut past = Vec::new();
        for layer in &self.layers {
            let (attended, keys_values) = self.attend(layer, layer.norm1.apply(x.clone()), mask.clone());
            past.push(keys_values);
            x = x + scaled(layer.out_proj.apply(attended), &layer.scale1);
            let inner = gelu(layer.linear1.apply(layer.norm2.apply(x.clone())));
            x = x + scaled(layer.linear2.apply(inner), &layer.scale2);
        }
        (x, past)
    }

    /// `softmax(q kᵀ / √channels + mask) v`, heads side by side: `[positions, heads · channels]`.
    fn attend(&self, layer: &Layer, x: Tensor<2>, mask: Tensor<3>) -> (Tensor<2>, KeysValues) {
        let Shape { heads, kv_heads, head_dim, max_period, .. } = self.shape;
        let [positions, _] = x.dims();
        let qkv = layer.in_proj.apply(x);
        let part = |first: usize, heads: usize| {
            let part = qkv.clone().narrow(1, first * head_dim, heads * head_dim);
            part.reshape([positions, heads, head_dim]).swap_dims(0, 1)
        };
        let q = turned(part(0, heads), 0, max_period);
        let k = turned(part(heads, kv_heads), 0, max_period);
        let v = part(heads + kv_heads, kv_heads);
        let rows = |x: &Tensor<3>| x.clone().swap_dims(0, 1).reshape([positions, kv_heads * head_dim]);
        let keys_values = [rows(&k), rows(&v)];
        // head h of the queries looks at head h · kv_heads / heads of the keys
        let shared = |x: Tensor<3>| -> Tensor<3> {
            let x: Tensor<4> = x.unsqueeze_dim(1);
            x.repeat_dim(1, heads / kv_heads).reshape([heads, positions, head_dim])
        };
        let scores = q.matmul(shared(k).transpose()) * (head_dim as f64).powf(-0.5) + mask;
        let mixed = softmax(scores, 2).matmul(shared(v));
        (mixed.swap_dims(0, 1).reshape([positions, heads * head_dim]), keys_values)
    }
}

fn scaled(x: Tensor<2>, scale: &Option<Tensor<2>>) -> Tensor<2> {
    match scale {
        Some(scale) => x * scale.clone(),
        None => x,
    }
}

/// `[1, positions, positions]`: 0 where a position (row) sees another, else minus infinity.
fn mask(positions: usize, window: Option<usize>, device: &Device) -> Tensor<3> {
    let window = window.unwrap_or(positions);
    let pairs = (0..positions).flat_map(|q| (0..positions).map(move |k| (q, k)));
    let values: Vec<f32> = pairs.map(|(q, k)| if k <= q && q - k < window { 0.0 } else { f32::NEG_INFINITY }).collect();
    Tensor::from_data(TensorData::new(values, [1, positions, positions]), device)
}
