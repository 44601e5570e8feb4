//! Flow head: noise to a latent by Euler steps along a learned velocity, or in one step.

use burn_tensor::Tensor;
use serde::Deserialize;

use crate::layers::{Linear, Norm, normed, silu};
use crate::weights::{LoadError, Scope};

/// Cosines and sines of time.
const TIME_CHANNELS: usize = 256;
const EPSILON: f64 = 1e-6;

/// What a head gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Flow {
    /// The mean velocity between two times.
    #[default]
    #[serde(rename = "lsd")]
    Lsd,
    /// The velocity at one time.
    #[serde(rename = "flow_matching")]
    Matching,
    /// The latent of the noise.
    #[serde(rename = "drifting")]
    Drifting,
    /// The way from the noise to the latent.
    #[serde(rename = "pointwise")]
    Pointwise,
}

/// Sizes of a head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadShape {
    pub(crate) flow: Flow,
    /// Channels of what it is told.
    pub(crate) condition: usize,
    pub(crate) dim: usize,
    pub(crate) depth: usize,
    pub(crate) latent: usize,
}

/// `mlp.3` divides by the unbiased standard deviation, whatever it is called.
#[derive(Debug, Clone)]
struct Time {
    /// `[1, 128]`
    freqs: Tensor<2>,
    first: Linear,
    second: Linear,
    /// `[1, dim]`
    alpha: Tensor<2>,
}

#[derive(Debug, Clone)]
struct Block {
    modulation: Linear,
    norm: Norm,
    first: Linear,
    second: Linear,
}

/// The velocity field.
#[derive(Debug, Clone)]
pub struct Head {
    flow: Flow,
    times: Vec<Time>,
    cond_embed: Linear,
    input_proj: Linear,
    blocks: Vec<Block>,
    last_modulation: Linear,
    last: Linear,
    dim: usize,
}

impl Time {
    fn load(scope: &Scope<'_>, dim: usize) -> Result<Self, LoadError> {
        Ok(Self {
            freqs: scope.tensor("freqs", [TIME_CHANNELS / 2])?.unsqueeze(),
            first: Linear::load(&scope.at("mlp.0"), TIME_CHANNELS, dim)?,
            second: Linear::load(&scope.at("mlp.2"), dim, dim)?,
            alpha: scope.tensor("mlp.3.alpha", [dim])?.unsqueeze(),
        })
    }

    /// `[1, dim]`
    fn apply(&self, time: f64) -> Tensor<2> {
        let angles = self.freqs.clone() * time;
        let waves = Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1);
        let x = self.second.apply(silu(self.first.apply(waves)));
        let [_, dim] = x.dims();
        let apart = x.clone() - x.clone().mean_dim(1);
        let variance = (apart.clone() * apart).sum_dim(1) / (dim - 1) as f64;
        x / (variance + 1e-5).sqrt() * self.alpha.clone()
    }
}

impl Head {
    /// `time_embed.N`, `cond_embed`, `input_proj`, `res_blocks.N`, `final_layer`.
    pub(crate) fn load(scope: &Scope<'_>, shape: HeadShape) -> Result<Self, LoadError> {
        let HeadShape { flow, condition, dim, depth, latent } = shape;
        let times = match flow {
            Flow::Lsd => 2,
            Flow::Matching => 1,
            Flow::Drifting | Flow::Pointwise => 0,
        };
        let block = |n| {
            let scope = scope.item("res_blocks", n);
            Ok(Block {
                modulation: Linear::load(&scope.at("adaLN_modulation.1"), dim, 3 * dim)?,
                norm: Norm::load(&scope.at("in_ln"), dim, EPSILON)?,
                first: Linear::load(&scope.at("mlp.0"), dim, dim)?,
                second: Linear::load(&scope.at("mlp.2"), dim, dim)?,
            })
        };
        let last = scope.at("final_layer");
        Ok(Self {
            flow,
            times: (0..times).map(|n| Time::load(&scope.item("time_embed", n), dim)).collect::<Result<_, _>>()?,
            cond_embed: Linear::load(&scope.at("cond_embed"), condition, dim)?,
            input_proj: Linear::load(&scope.at("input_proj"), latent, dim)?,
            blocks: (0..depth).map(block).collect::<Result<_, LoadError>>()?,
            last_modulation: Linear::load(&last.at("adaLN_modulation.1"), dim, 2 * dim)?,
            last: Linear::load(&last.at("linear"), dim, latent)?,
            dim,
        })
    }

    /// `hidden` `[frames, condition]`, unit normal `noise` `[frames, latent]` to normalised latents `[frames, latent]`. Heads
    /// that are told no time take one step, whatever `steps` is.
    #[must_use]
    pub fn sample(&self, hidden: Tensor<2>, noise: Tensor<2>, steps: usize, temperature: f32) -> Tensor<2> {
        let mut z = noise * temperature.sqrt();
        let time = |k: usize| k as f64 / steps as f64;
        match self.flow {
            Flow::Drifting => self.velocity(hidden, z, &[]),
            Flow::Pointwise => z.clone() + self.velocity(hidden, z, &[]),
            Flow::Matching => {
                for k in 0..steps {
                    let v = self.velocity(hidden.clone(), z.clone(), &[time(k)]);
                    z = z + v / steps as f64;
                }
                z
            }
            Flow::Lsd => {
                for k in 0..steps {
                    let v = self.velocity(hidden.clone(), z.clone(), &[time(k), time(k + 1)]);
                    z = z + v / steps as f64;
                }
                z
            }
        }
    }

    /// At as many `times` from 0 to 1 as the head is told.
    #[must_use]
    pub fn velocity(&self, hidden: Tensor<2>, z: Tensor<2>, times: &[f64]) -> Tensor<2> {
        let mut c = self.cond_embed.apply(hidden);
        for (embedding, &time) in self.times.iter().zip(times) {
            c = c + embedding.apply(time) / self.times.len() as f64;
        }
        let c = silu(c);
        let mut x = self.input_proj.apply(z);
        for block in &self.blocks {
            let [shift, scale, gate] = self.parts(block.modulation.apply(c.clone()));
            let y = block.norm.apply(x.clone()) * (scale + 1.0) + shift;
            x = x + gate * block.second.apply(silu(block.first.apply(y)));
        }
        let [shift, scale] = self.parts(self.last_modulation.apply(c));
        self.last.apply(normed(x, EPSILON) * (scale + 1.0) + shift)
    }

    fn parts<const N: usize>(&self, x: Tensor<2>) -> [Tensor<2>; N] {
        std::array::from_fn(|n| x.clone().narrow(1, n * self.dim, self.dim))
    }
}
