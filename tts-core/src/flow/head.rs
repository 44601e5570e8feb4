//! The flow-matching head: noise becomes a latent in a few Euler steps of a learned velocity field.
//!
//! An MLP whose residual blocks are modulated by condition and time (adaLN). The modulation of a step depends on the
//! frame's condition and on the step's time only, so all steps of a frame take it from one matrix product: the largest
//! weights of the head are read once a frame instead of once a step.

use super::config::FlowConfig;
use crate::kernels::{self, Isa, PackedMatrix};
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::weights::{Scope, Tensor, WeightsError};

/// Channels of the cosines and sines of time.
const TIME_CHANNELS: usize = 256;
const EPS: f32 = 1e-6;

#[derive(Debug)]
struct Block {
    in_norm: LayerNorm,
    /// `dim -> dim`
    first: Linear,
    /// `dim -> dim`
    second: Linear,
}

#[derive(Debug)]
struct TimeEmbedding {
    /// `[128]`
    freqs: Vec<f32>,
    /// `256 -> dim`
    first: Linear,
    /// `dim -> dim`
    second: Linear,
    /// `[dim]`
    alpha: Vec<f32>,
}

/// Weights of the head.
#[derive(Debug)]
pub(crate) struct Head {
    dim: usize,
    latent: usize,
    time: TimeEmbedding,
    /// `flow_lm.dim -> dim`
    condition: Linear,
    /// `latent -> dim`
    input: Linear,
    blocks: Vec<Block>,
    /// Shift, scale and gate of every block, then shift and scale of the last layer: `[3 dim * blocks + 2 dim, dim]`
    modulation: PackedMatrix,
    /// `[3 dim * blocks + 2 dim]`
    modulation_bias: Vec<f32>,
    /// `dim -> latent`
    last: Linear,
}

/// Time conditions of the solver's steps.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    steps: usize,
    /// Noise is scaled by the root of the temperature.
    scale: f32,
    /// `[steps, dim]`
    times: Vec<f32>,
}

/// Room for one frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeadScratch {
    condition: Vec<f32>,
    conditions: Vec<f32>,
    modulation: Vec<f32>,
    x: Vec<f32>,
    normed: Vec<f32>,
    inner: Vec<f32>,
    velocity: Vec<f32>,
}

impl TimeEmbedding {
    fn load(scope: &Scope<'_>, dim: usize) -> Result<Self, WeightsError> {
        let mlp = scope.at("mlp");
        Ok(Self {
            freqs: scope.tensor("freqs", [TIME_CHANNELS / 2])?.to_f32()?,
            first: Linear::load(&mlp.index(0), TIME_CHANNELS, dim, Bias::Yes)?,
            second: Linear::load(&mlp.index(2), dim, dim, Bias::Yes)?,
            alpha: mlp.index(3).tensor("alpha", [dim])?.to_f32()?,
        })
    }

    fn apply(&self, isa: Isa, time: f32, out: &mut [f32]) {
        let angles = self.freqs.iter().map(|f| time * f);
        let waves: Vec<f32> = angles.clone().map(f32::cos).chain(angles.map(f32::sin)).collect();
        let mut hidden = vec![0.0; out.len()];
        self.first.apply(isa, &mut hidden, &waves);
        kernels::silu(isa, &mut hidden);
        self.second.apply(isa, out, &hidden);
        // called RMSNorm where the model comes from, but it divides by the unbiased standard deviation
        let mean = out.iter().sum::<f32>() / out.len() as f32;
        let variance = out.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / (out.len() - 1) as f32;
        let scale = (variance + 1e-5).sqrt().recip();
        for (x, alpha) in out.iter_mut().zip(&self.alpha) {
            *x *= alpha * scale;
        }
    }
}

impl Head {
    /// `time_embed.0`, `cond_embed`, `input_proj`, `res_blocks.N`, `final_layer`.
    pub(crate) fn load<'w>(scope: &Scope<'w>, config: &FlowConfig) -> Result<Self, WeightsError> {
        let (dim, depth, latent) = (config.head.dim, config.head.depth, config.latent);
        let mut blocks = Vec::new();
        let mut weights: Vec<(Tensor<'_>, usize)> = Vec::new();
        let mut modulation_bias = Vec::new();
        let mut modulation = |part: &Scope<'w>, rows: usize| {
            let linear = part.at("adaLN_modulation.1");
            modulation_bias.extend(linear.tensor("bias", [rows])?.to_f32()?);
            weights.push((linear.tensor("weight", [rows, dim])?, rows));
            Ok(())
        };
        for n in 0..depth {
            let block = scope.at("res_blocks").index(n);
            let mlp = block.at("mlp");
            blocks.push(Block {
                in_norm: LayerNorm::load(&block.at("in_ln"), dim, EPS)?,
                first: Linear::load(&mlp.index(0), dim, dim, Bias::Yes)?,
                second: Linear::load(&mlp.index(2), dim, dim, Bias::Yes)?,
            });
            modulation(&block, 3 * dim)?;
        }
        let last = scope.at("final_layer");
        modulation(&last, 2 * dim)?;
        Ok(Self {
            dim,
            latent,
            time: TimeEmbedding::load(&scope.at("time_embed.0"), dim)?,
            condition: Linear::load(&scope.at("cond_embed"), config.dim, dim, Bias::Yes)?,
            input: Linear::load(&scope.at("input_proj"), latent, dim, Bias::Yes)?,
            blocks,
            modulation: Tensor::packed_stack(&weights, dim)?,
            modulation_bias,
            last: Linear::load(&last.at("linear"), dim, latent, Bias::Yes)?,
        })
    }

    pub(super) fn start(&self) -> HeadScratch {
        let room = || vec![0.0; self.dim];
        HeadScratch {
            condition: room(),
            x: room(),
            normed: room(),
            inner: room(),
            velocity: vec![0.0; self.latent],
            ..HeadScratch::default()
        }
    }

    pub(super) fn sampler(&self, isa: Isa, steps: usize, temperature: f32) -> Sampler {
        let mut times = vec![0.0; steps * self.dim];
        for (step, row) in times.chunks_exact_mut(self.dim).enumerate() {
            self.time.apply(isa, step as f32 / steps as f32, row);
        }
        Sampler { steps, scale: temperature.sqrt(), times }
    }

    /// `hidden` `[flow_lm.dim]` and unit normal `noise` `[latent]` to a normalised `latent` `[latent]`.
    pub(super) fn sample(
        &self,
        isa: Isa,
        scratch: &mut HeadScratch,
        sampler: &Sampler,
        hidden: &[f32],
        noise: &[f32],
        latent: &mut [f32],
    ) {
        let HeadScratch { condition, conditions, modulation, x, normed, inner, velocity } = scratch;
        self.condition.apply(isa, condition, hidden);
        conditions.resize(sampler.times.len(), 0.0);
        conditions.copy_from_slice(&sampler.times);
        for row in conditions.chunks_exact_mut(self.dim) {
            kernels::add(isa, row, condition);
        }
        kernels::silu(isa, conditions);
        let width = self.modulation_bias.len();
        modulation.resize(sampler.steps * width, 0.0);
        kernels::linear(isa, modulation, conditions, &self.modulation, &self.modulation_bias);

        for (z, n) in latent.iter_mut().zip(noise) {
            *z = n * sampler.scale;
        }
        for row in modulation.chunks_exact(width) {
            let (blocks, last) = row.split_at(3 * self.dim * self.blocks.len());
            self.input.apply(isa, x, latent);
            for (block, row) in self.blocks.iter().zip(blocks.chunks_exact(3 * self.dim)) {
                let (shift, scale, gate) = (&row[..self.dim], &row[self.dim..2 * self.dim], &row[2 * self.dim..]);
                block.in_norm.apply(isa, normed, x);
                kernels::modulate(isa, normed, shift, scale);
                block.first.apply(isa, inner, normed);
                kernels::silu(isa, inner);
                block.second.apply(isa, normed, inner);
                for ((x, y), gate) in x.iter_mut().zip(&*normed).zip(gate) {
                    *x += gate * y;
                }
            }
            kernels::layer_norm(isa, normed, x, self.dim, EPS, &[], &[]);
            kernels::modulate(isa, normed, &last[..self.dim], &last[self.dim..]);
            self.last.apply(isa, velocity, normed);
            for (z, v) in latent.iter_mut().zip(&*velocity) {
                *z += v / sampler.steps as f32;
            }
        }
    }
}
