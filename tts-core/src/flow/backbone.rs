//! The causal transformer: previous latent and present condition to a hidden vector, frame by frame.

use super::FlowTurn;
use super::config::FlowConfig;
use super::head::HeadScratch;
use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::nn::transformer::{Transformer, TransformerScratch, TransformerState};
use crate::weights::{Scope, WeightsError};

/// Weights of the transformer and of its input.
#[derive(Debug)]
pub(crate) struct Backbone {
    /// `latent -> dim`
    input: Linear,
    /// The latent before the first, `[latent]`.
    bos: Vec<f32>,
    transformer: Transformer,
    out_norm: LayerNorm,
}

/// Everything of a stream that outlives a frame.
#[derive(Debug, Clone)]
pub(crate) struct FlowState {
    transformer: TransformerState,
    /// Normalised latent of the last frame, `[latent]`.
    pub(super) latent: Vec<f32>,
    /// `[dim]`
    pub(super) hidden: Vec<f32>,
    x: Vec<f32>,
    pub(super) head: HeadScratch,
}

/// Room for a frame of several streams.
#[derive(Debug, Default)]
pub(super) struct BackboneScratch {
    transformer: TransformerScratch,
    latents: Vec<f32>,
    x: Vec<f32>,
    hidden: Vec<f32>,
}

impl FlowState {
    /// The normalised latent of the last frame, `[latent]`.
    pub(crate) fn latent(&self) -> &[f32] {
        &self.latent
    }

    /// What the head was conditioned on, `[dim]`.
    #[cfg(any(test, feature = "oracle"))]
    pub(crate) fn hidden(&self) -> &[f32] {
        &self.hidden
    }
}

impl Backbone {
    /// `input_linear`, `bos_emb`, `transformer`, `out_norm`.
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            input: Linear::load(&scope.at("input_linear"), config.latent, config.dim, Bias::No)?,
            bos: scope.tensor("bos_emb", [config.latent])?.to_f32()?,
            transformer: Transformer::load(&scope.at("transformer"), config.transformer(config.layers))?,
            out_norm: LayerNorm::load(&scope.at("out_norm"), config.dim, 1e-5)?,
        })
    }

    pub(super) fn start(&self, config: &FlowConfig) -> FlowState {
        FlowState {
            transformer: self.transformer.start(config.window),
            latent: self.bos.clone(),
            hidden: vec![0.0; config.dim],
            x: vec![0.0; config.dim],
            head: HeadScratch::default(),
        }
    }

    /// Reads `state.latent` of the frame before, leaves `state.hidden`.
    pub(super) fn step(&self, isa: Isa, state: &mut FlowState, condition: &[f32]) {
        let FlowState { transformer, latent, hidden, x, .. } = state;
        self.input.apply(isa, x, latent);
        kernels::add(isa, x, condition);
        self.transformer.step(isa, transformer, x);
        self.out_norm.apply(isa, hidden, x);
    }

    /// [`Backbone::step`] of several streams: returns the hidden vectors, `[streams, dim]`.
    pub(super) fn step_each<'r, S>(
        &self,
        isa: Isa,
        scratch: &'r mut BackboneScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> FlowTurn<'_>,
    ) -> &'r [f32] {
        let BackboneScratch { transformer, latents, x, hidden } = scratch;
        let dim = self.input.outputs();
        latents.clear();
        for stream in &mut *streams {
            latents.extend_from_slice(&of(stream).state.latent);
        }
        x.resize(streams.len() * dim, 0.0);
        hidden.resize(x.len(), 0.0);
        self.input.apply(isa, x, latents);
        for (x, stream) in x.chunks_exact_mut(dim).zip(&mut *streams) {
            kernels::add(isa, x, of(stream).condition);
        }
        self.transformer.step_each(isa, transformer, streams, |stream| &mut of(stream).state.transformer, x);
        self.out_norm.apply(isa, hidden, x);
        hidden
    }
}
