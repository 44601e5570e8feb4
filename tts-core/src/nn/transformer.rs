//! A stack of pre-norm transformer layers: `x += attend(norm1(x)); x += linear2(gelu(linear1(norm2(x))))`.
//!
//! Two ways to run the same weights: [`Transformer::step`], one position at a time with a window of the past, and
//! [`Transformer::whole`], a sequence whose positions all see each other.

use super::attention::{Attention, AttentionScratch, KvRing};
use super::linear::{Bias, Linear};
use super::norm::LayerNorm;
use super::rope::{Rope, Rotation};
use crate::kernels::{self, Isa};
use crate::weights::{Scope, WeightsError};

/// Dimensions of a stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransformerConfig {
    /// Channels of the residual stream.
    pub(crate) dim: usize,
    /// Number of layers.
    pub(crate) layers: usize,
    /// Attention heads; they divide `dim` into even parts.
    pub(crate) heads: usize,
    /// Channels inside the feed-forward part.
    pub(crate) feedforward: usize,
    /// Longest period of the rotary positions.
    pub(crate) max_period: f64,
}

#[derive(Debug)]
struct Layer {
    attention: Attention,
    norm1: LayerNorm,
    norm2: LayerNorm,
    /// `dim -> feedforward`
    linear1: Linear,
    /// `feedforward -> dim`
    linear2: Linear,
}

/// Weights of a stack.
#[derive(Debug)]
pub(crate) struct Transformer {
    config: TransformerConfig,
    layers: Vec<Layer>,
    rope: Rope,
}

/// The past of a stream: a ring of keys and values for every layer.
#[derive(Debug, Clone)]
pub(crate) struct TransformerState {
    rings: Vec<KvRing>,
    rotation: Rotation,
    position: u64,
    scratch: TransformerScratch,
}

/// Room for one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransformerScratch {
    attention: AttentionScratch,
    normed: Vec<f32>,
    change: Vec<f32>,
    inner: Vec<f32>,
}

impl Layer {
    fn load(scope: &Scope<'_>, config: &TransformerConfig) -> Result<Self, WeightsError> {
        let TransformerConfig { dim, heads, feedforward, .. } = *config;
        Ok(Self {
            attention: Attention::load(&scope.at("self_attn"), dim, heads)?,
            norm1: LayerNorm::load(&scope.at("norm1"), dim, 1e-5)?,
            norm2: LayerNorm::load(&scope.at("norm2"), dim, 1e-5)?,
            linear1: Linear::load(&scope.at("linear1"), dim, feedforward, Bias::No)?,
            linear2: Linear::load(&scope.at("linear2"), feedforward, dim, Bias::No)?,
        })
    }

    /// `attend` fills its first argument from the normed rows in its second.
    fn run(
        &self,
        isa: Isa,
        scratch: &mut TransformerScratch,
        x: &mut [f32],
        attend: impl FnOnce(&mut AttentionScratch, &mut [f32], &[f32]),
    ) {
        let TransformerScratch { attention, normed, change, inner } = scratch;
        normed.resize(x.len(), 0.0);
        change.resize(x.len(), 0.0);
        inner.resize(x.len() / self.attention.dim() * self.linear1.outputs(), 0.0);
        self.norm1.apply(isa, normed, x);
        attend(attention, change, normed);
        kernels::add(isa, x, change);
        self.norm2.apply(isa, normed, x);
        self.linear1.apply(isa, inner, normed);
        kernels::gelu_tanh(isa, inner);
        self.linear2.apply(isa, change, inner);
        kernels::add(isa, x, change);
    }
}

impl Transformer {
    /// `scope.layers.N.*`.
    pub(crate) fn load(scope: &Scope<'_>, config: TransformerConfig) -> Result<Self, WeightsError> {
        let layers = scope.at("layers");
        let layers = (0..config.layers).map(|n| Layer::load(&layers.index(n), &config)).collect::<Result<_, _>>()?;
        let rope = Rope::new(config.dim / config.heads, config.max_period);
        Ok(Self { config, layers, rope })
    }

    /// An empty past; a position sees itself and the `window - 1` before it.
    pub(crate) fn start(&self, window: usize) -> TransformerState {
        TransformerState {
            rings: self.layers.iter().map(|layer| layer.attention.start(window)).collect(),
            rotation: self.rope.start(),
            position: 0,
            scratch: TransformerScratch::default(),
        }
    }

    /// One position: `x` `[dim]` is replaced by the output.
    pub(crate) fn step(&self, isa: Isa, state: &mut TransformerState, x: &mut [f32]) {
        let TransformerState { rings, rotation, position, scratch } = state;
        self.rope.at(rotation, *position);
        *position += 1;
        for (layer, ring) in self.layers.iter().zip(rings) {
            layer.run(isa, scratch, x, |scratch, y, x| layer.attention.step(isa, ring, rotation, scratch, y, x));
        }
    }

    /// A whole sequence: `x` `[frames, dim]` is replaced by the output.
    pub(crate) fn whole(&self, isa: Isa, scratch: &mut TransformerScratch, x: &mut [f32]) {
        debug_assert_eq!(x.len() % self.config.dim, 0);
        for layer in &self.layers {
            layer.run(isa, scratch, x, |scratch, y, x| layer.attention.whole(isa, &self.rope, scratch, y, x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::{RandomWeights, signal};

    fn tiny(config: TransformerConfig) -> Transformer {
        let mut random = RandomWeights::new(3);
        for n in 0..config.layers {
            let mut tensor = |name: &str, shape: &[usize]| random.tensor(&format!("layers.{n}.{name}"), shape);
            let (dim, inner) = (config.dim, config.feedforward);
            tensor("self_attn.in_proj.weight", &[3 * dim, dim]);
            tensor("self_attn.out_proj.weight", &[dim, dim]);
            tensor("linear1.weight", &[inner, dim]);
            tensor("linear2.weight", &[dim, inner]);
            for name in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
                tensor(name, &[dim]);
            }
        }
        let weights = random.finish();
        let transformer = Transformer::load(&weights.root(), config).unwrap();
        weights.finish().unwrap();
        transformer
    }

    const CONFIG: TransformerConfig =
        TransformerConfig { dim: 16, layers: 2, heads: 2, feedforward: 32, max_period: 10_000.0 };

    fn run(isa: Isa, transformer: &Transformer, state: &mut TransformerState, input: &[f32]) -> Vec<f32> {
        let mut output = input.to_vec();
        for x in output.chunks_exact_mut(CONFIG.dim) {
            transformer.step(isa, state, x);
        }
        output
    }

    /// The last position of a stream that fits the window has seen the whole sequence, as in `whole` with one layer.
    #[test]
    fn a_step_equals_the_whole() {
        let config = TransformerConfig { layers: 1, ..CONFIG };
        let transformer = tiny(config);
        for isa in Isa::available() {
            let mut input = signal(9, config.dim);
            let stepped = run(isa, &transformer, &mut transformer.start(16), &input);
            transformer.whole(isa, &mut TransformerScratch::default(), &mut input);
            for (a, b) in stepped[8 * config.dim..].iter().zip(&input[8 * config.dim..]) {
                assert!((a - b).abs() < 1e-5, "{}: {a} {b}", isa.name());
            }
        }
    }

    /// With one layer, a full ring forgets all but the window: the start of the input makes no difference.
    #[test]
    fn the_window_forgets() {
        let transformer = tiny(TransformerConfig { layers: 1, ..CONFIG });
        let isa = Isa::detect();
        let input = signal(40, CONFIG.dim);
        let mut other = input.clone();
        other[..20 * CONFIG.dim].fill(0.25);
        let a = run(isa, &transformer, &mut transformer.start(8), &input);
        let b = run(isa, &transformer, &mut transformer.start(8), &other);
        assert_ne!(a[26 * CONFIG.dim..27 * CONFIG.dim], b[26 * CONFIG.dim..27 * CONFIG.dim]);
        assert_eq!(a[27 * CONFIG.dim..], b[27 * CONFIG.dim..]);
    }

    #[test]
    fn a_clone_forks() {
        let transformer = tiny(CONFIG);
        let isa = Isa::detect();
        let input = signal(12, CONFIG.dim);
        let whole = run(isa, &transformer, &mut transformer.start(8), &input);
        let mut state = transformer.start(8);
        run(isa, &transformer, &mut state, &input[..5 * CONFIG.dim]);
        let mut fork = state.clone();
        run(isa, &transformer, &mut fork, &signal(7, CONFIG.dim));
        assert_eq!(run(isa, &transformer, &mut state, &input[5 * CONFIG.dim..]), whole[5 * CONFIG.dim..]);
    }
}
