//! Causal transformer: the latent before and a condition to what the head is told.

use burn_tensor::Tensor;

use crate::config::FlowConfig;
use crate::layers::{Linear, Norm};
use crate::transformer::{KeysValues, Transformer};
use crate::weights::{LoadError, Scope};

/// `input_linear`, the transformer, `out_norm`.
#[derive(Debug, Clone)]
pub struct Backbone {
    input: Linear,
    /// `[1, latent]`
    bos: Tensor<2>,
    transformer: Transformer,
    out_norm: Norm,
    window: usize,
}

/// A stream so far.
#[derive(Debug, Clone)]
pub struct Past {
    layers: Vec<KeysValues>,
    position: usize,
    /// Normalised latent of the frame before, `[1, latent]`.
    pub latent: Tensor<2>,
}

impl Backbone {
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, LoadError> {
        Ok(Self {
            input: Linear::without_bias(&scope.at("input_linear"), config.latent, config.dim)?,
            bos: scope.tensor("bos_emb", [config.latent])?.unsqueeze(),
            transformer: Transformer::load(&scope.at("transformer"), config, config.layers)?,
            out_norm: Norm::load(&scope.at("out_norm"), config.dim, 1e-5)?,
            window: config.window,
        })
    }

    /// Before the first frame.
    #[must_use]
    pub fn start(&self) -> Past {
        Past { layers: Vec::new(), position: 0, latent: self.bos.clone() }
    }

    /// One frame: `condition` `[1, dim]` to `hidden` `[1, dim]`.
    #[must_use]
    pub fn step(&self, past: &mut Past, condition: Tensor<2>) -> Tensor<2> {
        let x = self.input.apply(past.latent.clone()) + condition;
        let x = self.transformer.step(&mut past.layers, past.position, self.window, x);
        past.position += 1;
        self.out_norm.apply(x)
    }
}
