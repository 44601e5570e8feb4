//! The flow head: noise becomes a latent in a few Euler steps of a learned velocity field, or in one.
//!
//! An MLP whose residual blocks are modulated by condition and time (adaLN). The modulation of a step depends on the
//! frame's condition and on the step's time only, so all steps of a frame take it from one matrix product: the largest
//! weights of the head are read once a frame instead of once a step.

use serde::Deserialize;

use crate::kernels::{self, Isa, PackedMatrix};
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::weights::{Scope, Tensor, WeightsError};

/// Channels of the cosines and sines of time.
const TIME_CHANNELS: usize = 256;
const EPS: f32 = 1e-6;

/// What the head was trained to give, and so how often it is told the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    /// The mean velocity between two times (Lagrangian self-distillation, Boffi et al. 2025).
    #[default]
    Lsd,
    /// The velocity at one time (flow matching, Lipman et al. 2023).
    #[serde(rename = "flow_matching")]
    Matching,
    /// The latent itself, in one step.
    Drifting,
    /// The whole way from the noise to the latent, in one step.
    Pointwise,
}

impl Flow {
    fn times(self) -> usize {
        match self {
            Self::Lsd => 2,
            Self::Matching => 1,
            Self::Drifting | Self::Pointwise => 0,
        }
    }
}

/// Dimensions of a head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadShape {
    pub(crate) flow: Flow,
    /// Channels of the condition.
    pub(crate) condition: usize,
    /// Channels.
    pub(crate) dim: usize,
    /// Residual blocks.
    pub(crate) depth: usize,
    /// Channels of a latent.
    pub(crate) latent: usize,
}

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
    flow: Flow,
    dim: usize,
    latent: usize,
    /// One for each time that the head is told; they are averaged.
    times: Vec<TimeEmbedding>,
    /// `condition -> dim`
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
    /// Whether what the head gives is the latent, not a change of it.
    replaces: bool,
    /// `[steps, dim]`
    times: Vec<f32>,
}

/// What a frame of a stream is made of, and where it goes.
#[derive(Debug)]
pub(super) struct Draw<'s> {
    pub(super) sampler: &'s Sampler,
    /// Unit normal, `[latent]`
    pub(super) noise: &'s [f32],
    /// `[latent]`
    pub(super) latent: &'s mut [f32],
}

/// Room for one frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeadScratch {
    condition: Vec<f32>,
    conditions: Vec<f32>,
    modulation: Vec<f32>,
    latents: Vec<f32>,
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
    /// `time_embed.N`, `cond_embed`, `input_proj`, `res_blocks.N`, `final_layer`.
    pub(crate) fn load<'w>(scope: &Scope<'w>, shape: HeadShape) -> Result<Self, WeightsError> {
        let HeadShape { flow, dim, depth, latent, .. } = shape;
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
            flow,
            dim,
            latent,
            times: (0..flow.times())
                .map(|n| TimeEmbedding::load(&scope.at("time_embed").index(n), dim))
                .collect::<Result<_, _>>()?,
            condition: Linear::load(&scope.at("cond_embed"), shape.condition, dim, Bias::Yes)?,
            input: Linear::load(&scope.at("input_proj"), latent, dim, Bias::Yes)?,
            blocks,
            modulation: Tensor::packed_stack(&weights, dim)?,
            modulation_bias,
            last: Linear::load(&last.at("linear"), dim, latent, Bias::Yes)?,
        })
    }

    pub(super) fn sampler(&self, isa: Isa, steps: usize, temperature: f32) -> Sampler {
        let steps = if self.times.is_empty() { 1 } else { steps };
        let mut times = vec![0.0; steps * self.dim];
        let mut one = vec![0.0; self.dim];
        for (step, row) in times.chunks_exact_mut(self.dim).enumerate() {
            for (n, time) in self.times.iter().enumerate() {
                // when the step begins, and for some when it ends
                time.apply(isa, (step + n) as f32 / steps as f32, &mut one);
                kernels::axpy(isa, row, 1.0 / self.times.len() as f32, &one);
            }
        }
        Sampler { steps, scale: temperature.sqrt(), replaces: self.flow == Flow::Drifting, times }
    }

    /// `hidden` `[flow_lm.dim]` and unit normal `noise` `[latent]` to a normalised `latent` `[latent]`.
    pub(super) fn sample(&self, isa: Isa, scratch: &mut HeadScratch, hidden: &[f32], draw: Draw<'_>) {
        self.sample_each(isa, scratch, hidden, &mut [draw], |Draw { sampler, noise, latent }| Draw {
            sampler,
            noise,
            latent,
        });
    }

    /// [`Head::sample`] of several streams, `hidden` `[streams, flow_lm.dim]`; what each is to do `of` finds. A stream's latent
    /// has the same bits whoever comes with it.
    pub(super) fn sample_each<S>(
        &self,
        isa: Isa,
        scratch: &mut HeadScratch,
        hidden: &[f32],
        streams: &mut [S],
        of: impl Fn(&mut S) -> Draw<'_>,
    ) {
        let HeadScratch { condition, conditions, modulation, latents, x, normed, inner, velocity } = scratch;
        let (dim, width) = (self.dim, self.modulation_bias.len());
        condition.resize(streams.len() * dim, 0.0);
        self.condition.apply(isa, condition, hidden);
        // the first step of all streams, the second of those that have one, ...
        let most = streams.iter_mut().map(|stream| of(stream).sampler.steps).max().unwrap_or_default();
        conditions.clear();
        for step in 0..most {
            for (stream, condition) in streams.iter_mut().zip(condition.chunks_exact(dim)) {
                let at = conditions.len();
                if let Some(time) = of(stream).sampler.times.chunks_exact(dim).nth(step) {
                    conditions.extend_from_slice(time);
                    kernels::add(isa, &mut conditions[at..], condition);
                }
            }
        }
        kernels::silu(isa, conditions);
        modulation.resize(conditions.len() / dim * width, 0.0);
        kernels::linear(isa, modulation, conditions, &self.modulation, &self.modulation_bias);

        for stream in &mut *streams {
            let Draw { sampler, noise, latent } = of(stream);
            for (z, n) in latent.iter_mut().zip(noise) {
                *z = n * sampler.scale;
            }
        }
        let mut rest: &[f32] = modulation;
        for step in 0..most {
            latents.clear();
            for stream in &mut *streams {
                let Draw { sampler, latent, .. } = of(stream);
                if step < sampler.steps {
                    latents.extend_from_slice(latent);
                }
            }
            let rows = latents.len() / self.latent;
            let now = rest.split_off(..rows * width).unwrap_or_default();
            for room in [&mut *x, &mut *normed, &mut *inner] {
                room.resize(rows * dim, 0.0);
            }
            velocity.resize(latents.len(), 0.0);
            self.input.apply(isa, x, latents);
            for (n, block) in self.blocks.iter().enumerate() {
                let parts = |row: usize| now[row * width + n * 3 * dim..][..3 * dim].chunks_exact(dim);
                block.in_norm.apply(isa, normed, x);
                for (row, normed) in normed.chunks_exact_mut(dim).enumerate() {
                    let mut parts = parts(row);
                    if let (Some(shift), Some(scale)) = (parts.next(), parts.next()) {
                        kernels::modulate(isa, normed, shift, scale);
                    }
                }
                block.first.apply(isa, inner, normed);
                kernels::silu(isa, inner);
                block.second.apply(isa, normed, inner);
                for (row, (x, y)) in x.chunks_exact_mut(dim).zip(normed.chunks_exact(dim)).enumerate() {
                    let gate = parts(row).nth(2).unwrap_or_default();
                    for ((x, y), gate) in x.iter_mut().zip(y).zip(gate) {
                        *x += gate * y;
                    }
                }
            }
            kernels::layer_norm(isa, normed, x, dim, EPS, &[], &[]);
            for (row, normed) in now.chunks_exact(width).zip(normed.chunks_exact_mut(dim)) {
                let last = &row[width - 2 * dim..];
                kernels::modulate(isa, normed, &last[..dim], &last[dim..]);
            }
            self.last.apply(isa, velocity, normed);
            let mut velocity = velocity.chunks_exact(self.latent);
            for stream in &mut *streams {
                let Draw { sampler, latent, .. } = of(stream);
                let Some(velocity) = (step < sampler.steps).then(|| velocity.next()).flatten() else { continue };
                for (z, v) in latent.iter_mut().zip(velocity) {
                    *z = if sampler.replaces { *v } else { *z + v / sampler.steps as f32 };
                }
            }
        }
    }
}
