//! Flow-matching head: noise to a latent by Euler steps along a learned velocity.

use burn_tensor::Tensor;

use crate::config::FlowConfig;
use crate::layers::{Linear, Norm, normed, silu};
use crate::weights::{LoadError, Scope};

/// Cosines and sines of time.
const TIME_CHANNELS: usize = 256;
const EPSILON: f64 = 1e-6;

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
    /// `[1, 128]`
    freqs: Tensor<2>,
    time: [Linear; 2],
    /// `[1, dim]`
    alpha: Tensor<2>,
    cond_embed: Linear,
    input_proj: Linear,
    blocks: Vec<Block>,
    last_modulation: Linear,
    last: Linear,
    dim: usize,
}

impl Head {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, LoadError> {
        let (dim, latent) = (config.head.dim, config.latent);
        let time = scope.at("time_embed.0");
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
            freqs: time.tensor("freqs", [TIME_CHANNELS / 2])?.unsqueeze(),
            time: [Linear::load(&time.at("mlp.0"), TIME_CHANNELS, dim)?, Linear::load(&time.at("mlp.2"), dim, dim)?],
            alpha: time.tensor("mlp.3.alpha", [dim])?.unsqueeze(),
            cond_embed: Linear::load(&scope.at("cond_embed"), config.dim, dim)?,
            input_proj: Linear::load(&scope.at("input_proj"), latent, dim)?,
            blocks: (0..config.head.depth).map(block).collect::<Result<_, LoadError>>()?,
            last_modulation: Linear::load(&last.at("adaLN_modulation.1"), dim, 2 * dim)?,
            last: Linear::load(&last.at("linear"), dim, latent)?,
            dim,
        })
    }

    /// `hidden` `[frames, flow_lm.dim]`, unit normal `noise` `[frames, latent]` to normalised latents `[frames, latent]`.
    #[must_use]
    pub fn sample(&self, hidden: Tensor<2>, noise: Tensor<2>, steps: usize, temperature: f32) -> Tensor<2> {
        let mut z = noise * temperature.sqrt();
        for k in 0..steps {
            let v = self.velocity(hidden.clone(), z.clone(), k as f64 / steps as f64);
            z = z + v / steps as f64;
        }
        z
    }

    /// At `time` from 0 to 1.
    #[must_use]
    pub fn velocity(&self, hidden: Tensor<2>, z: Tensor<2>, time: f64) -> Tensor<2> {
        let c = silu(self.cond_embed.apply(hidden) + self.time(time));
        let mut x = self.input_proj.apply(z);
        for block in &self.blocks {
            let [shift, scale, gate] = self.parts(block.modulation.apply(c.clone()));
            let y = block.norm.apply(x.clone()) * (scale + 1.0) + shift;
            x = x + gate * block.second.apply(silu(block.first.apply(y)));
        }
        let [shift, scale] = self.parts(self.last_modulation.apply(c));
        self.last.apply(normed(x, EPSILON) * (scale + 1.0) + shift)
    }

    /// `[1, dim]`
    fn time(&self, time: f64) -> Tensor<2> {
        let angles = self.freqs.clone() * time;
        let waves = Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1);
        let [first, second] = &self.time;
        let x = second.apply(silu(first.apply(waves)));
        let apart = x.clone() - x.clone().mean_dim(1);
        let variance = (apart.clone() * apart).sum_dim(1) / (self.dim - 1) as f64;
        x / (variance + 1e-5).sqrt() * self.alpha.clone()
    }

    fn parts<const N: usize>(&self, x: Tensor<2>) -> [Tensor<2>; N] {
        std::array::from_fn(|n| x.clone().narrow(1, n * self.dim, self.dim))
    }
}
