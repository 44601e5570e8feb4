//! A stack of pre-norm transformer layers: `x += a attend(norm1(x)); x += b linear2(gelu(linear1(norm2(x))))`, where `a` and `b`
//! are 1 or a learned scale of every channel.
//!
//! Two ways to run the same weights: [`Transformer::step`], positions after a window of the past, and
//! [`Transformer::whole`], a sequence whose positions all see each other.

use super::attention::{Attention, AttentionConfig, AttentionScratch, KvRing};
use super::linear::{Bias, Linear};
use super::norm::LayerNorm;
use super::rope::{Rope, Rotation};
use crate::kernels::{self, Isa, Storage};
use crate::weights::{Scope, WeightsError};

/// Dimensions of a stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TransformerConfig {
    /// Channels of the residual stream, and heads.
    pub(crate) attention: AttentionConfig,
    /// Number of layers.
    pub(crate) layers: usize,
    /// Whether what a layer adds is scaled, channel by channel.
    pub(crate) scaled: bool,
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
    /// `[dim]` each: of what attention adds, of what the feed-forward part adds
    scales: Option<[Vec<f32>; 2]>,
}

/// Weights of a stack.
#[derive(Debug)]
pub(crate) struct Transformer {
    config: TransformerConfig,
    layers: Vec<Layer>,
    rope: Rope,
}

/// What of a stack decides the shape of its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KvShape {
    /// Number of layers.
    pub(crate) layers: usize,
    /// Heads of keys and of values in each.
    pub(crate) heads: usize,
    /// Channels of a head.
    pub(crate) channels: usize,
}

/// The past of a stream: a ring of keys and values for every layer.
#[derive(Debug, Clone)]
pub(crate) struct TransformerState {
    rings: Vec<KvRing>,
    /// Of the positions of one call.
    rotations: Vec<Rotation>,
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
        let TransformerConfig { attention, feedforward, .. } = *config;
        let dim = attention.dim;
        let scale = |name: &str| scope.at(name).tensor("scale", [dim])?.to_f32();
        let scales = if config.scaled { Some([scale("layer_scale_1")?, scale("layer_scale_2")?]) } else { None };
        Ok(Self {
            scales,
            attention: Attention::load(&scope.at("self_attn"), attention)?,
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
        self.add(isa, x, change, 0);
        self.norm2.apply(isa, normed, x);
        self.linear1.apply(isa, inner, normed);
        kernels::gelu_tanh(isa, inner);
        self.linear2.apply(isa, change, inner);
        self.add(isa, x, change, 1);
    }

    /// Adds to `x` what part 0 (attention) or 1 (feed-forward) gives.
    fn add(&self, isa: Isa, x: &mut [f32], change: &mut [f32], part: usize) {
        if let Some(scales) = &self.scales {
            for row in change.chunks_exact_mut(self.attention.dim()) {
                kernels::mul(isa, row, &scales[part]);
            }
        }
        kernels::add(isa, x, change);
    }
}

impl TransformerState {
    /// Positions so far.
    pub(crate) fn position(&self) -> usize {
        self.position as usize
    }

    /// Keys and values of every layer, `[positions, channels of all keys]` each.
    pub(crate) fn rows(&self) -> impl Iterator<Item = [Vec<f32>; 2]> {
        self.rings.iter().map(KvRing::rows)
    }
}

impl Transformer {
    /// `scope.layers.N.*`.
    pub(crate) fn load(scope: &Scope<'_>, config: TransformerConfig) -> Result<Self, WeightsError> {
        let layers = scope.at("layers");
        let layers = (0..config.layers).map(|n| Layer::load(&layers.index(n), &config)).collect::<Result<_, _>>()?;
        let rope = Rope::new(config.attention.head_dim, config.max_period);
        Ok(Self { config, layers, rope })
    }

    /// An empty past; a position sees itself and the `window - 1` before it.
    pub(crate) fn start(&self, window: usize) -> TransformerState {
        TransformerState {
            rings: self.layers.iter().map(|layer| layer.attention.start(window)).collect(),
            rotations: vec![self.rope.start()],
            position: 0,
            scratch: TransformerScratch::default(),
        }
    }

    /// The norms of all layers, in their order.
    pub(crate) fn norms(&self) -> impl Iterator<Item = &LayerNorm> {
        self.layers.iter().flat_map(|layer| [&layer.norm1, &layer.norm2])
    }

    /// The shape of a past.
    pub(crate) fn kv_shape(&self) -> KvShape {
        let AttentionConfig { kv_heads: heads, head_dim: channels, .. } = self.config.attention;
        KvShape { layers: self.layers.len(), heads, channels }
    }

    /// A past of `positions` (at least one) as [`TransformerState::rows`] gives it, of the shape of this stack.
    pub(crate) fn resume(&self, rows: Vec<[Vec<f32>; 2]>, positions: usize) -> TransformerState {
        let KvShape { layers, heads, channels } = self.kv_shape();
        debug_assert_eq!(rows.len(), layers);
        debug_assert!(rows.iter().flatten().all(|rows| rows.len() == positions * heads * channels));
        TransformerState {
            rings: rows.into_iter().map(|rows| KvRing::of_rows(rows, positions)).collect(),
            rotations: vec![self.rope.start()],
            position: positions as u64,
            scratch: TransformerScratch::default(),
        }
    }

    /// Whether weights have 8 bits.
    pub(crate) fn is_coarse(&self) -> bool {
        self.layers.iter().any(|layer| layer.linear1.storage() == Storage::Int8)
    }

    /// The same past with room for `window` positions in all; nothing may have been forgotten. As `halves` (binary16) it takes half
    /// of the memory, and half of what a long stream reads.
    pub(crate) fn widened(&self, state: &TransformerState, window: usize, halves: bool) -> TransformerState {
        TransformerState {
            rings: state.rings.iter().map(|ring| ring.widened(window, halves)).collect(),
            rotations: state.rotations.clone(),
            position: state.position,
            scratch: TransformerScratch::default(),
        }
    }

    /// The next positions: `x` `[frames, dim]` is replaced by the output.
    pub(crate) fn step(&self, isa: Isa, state: &mut TransformerState, x: &mut [f32]) {
        let TransformerState { rings, rotations, position, scratch } = state;
        let frames = x.len() / self.config.attention.dim;
        rotations.resize_with(frames.max(rotations.len()), || self.rope.start());
        for rotation in &mut rotations[..frames] {
            self.rope.at(rotation, *position);
            *position += 1;
        }
        for (layer, ring) in self.layers.iter().zip(rings) {
            layer.run(isa, scratch, x, |scratch, y, x| layer.attention.step(isa, ring, rotations, scratch, y, x));
        }
    }

    /// The next position of each of several streams, whose states `of` finds: `x` `[streams, dim]` is replaced by the output. A
    /// stream's row has the bits that [`Transformer::step`] gives it alone, whoever comes with it.
    pub(crate) fn step_each<S>(
        &self,
        isa: Isa,
        scratch: &mut TransformerScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> &mut TransformerState,
        x: &mut [f32],
    ) {
        debug_assert_eq!(x.len(), streams.len() * self.config.attention.dim);
        for stream in &mut *streams {
            let TransformerState { rotations, position, .. } = of(stream);
            self.rope.at(&mut rotations[0], *position);
            *position += 1;
        }
        for (n, layer) in self.layers.iter().enumerate() {
            layer.run(isa, scratch, x, |scratch, y, x| {
                let pasts = streams.iter_mut().map(|stream| {
                    let TransformerState { rings, rotations, .. } = of(stream);
                    (&mut rings[n], &rotations[..1])
                });
                layer.attention.step_each(isa, pasts, scratch, y, x);
            });
        }
    }

    /// A whole sequence: `x` `[frames, dim]` is replaced by the output.
    pub(crate) fn whole(&self, isa: Isa, scratch: &mut TransformerScratch, x: &mut [f32]) {
        debug_assert_eq!(x.len() % self.config.attention.dim, 0);
        for layer in &self.layers {
            layer.run(isa, scratch, x, |scratch, y, x| layer.attention.whole(isa, &self.rope, scratch, y, x));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::{RandomWeights, chunkings, signal};

    const DIM: usize = 16;
    const CONFIG: TransformerConfig = TransformerConfig {
        attention: AttentionConfig { dim: DIM, heads: 2, kv_heads: 2, head_dim: 8 },
        layers: 2,
        scaled: false,
        feedforward: 32,
        max_period: 10_000.0,
    };
    /// Six heads of queries on two of keys, wider than the residual stream, scaled.
    const GROUPED: TransformerConfig = TransformerConfig {
        attention: AttentionConfig { dim: DIM, heads: 6, kv_heads: 2, head_dim: 4 },
        scaled: true,
        ..CONFIG
    };

    fn tiny(config: TransformerConfig) -> Transformer {
        let mut random = RandomWeights::new(3);
        for n in 0..config.layers {
            let mut tensor = |name: &str, shape: &[usize]| random.tensor(&format!("layers.{n}.{name}"), shape);
            let AttentionConfig { heads, kv_heads, head_dim, .. } = config.attention;
            tensor("self_attn.in_proj.weight", &[(heads + 2 * kv_heads) * head_dim, DIM]);
            tensor("self_attn.out_proj.weight", &[DIM, heads * head_dim]);
            tensor("linear1.weight", &[config.feedforward, DIM]);
            tensor("linear2.weight", &[DIM, config.feedforward]);
            for name in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
                tensor(name, &[DIM]);
            }
            for name in ["layer_scale_1.scale", "layer_scale_2.scale"].iter().filter(|_| config.scaled) {
                tensor(name, &[DIM]);
            }
        }
        let weights = random.finish();
        let transformer = Transformer::load(&weights.root(), config).unwrap();
        weights.finish().unwrap();
        transformer
    }

    fn run(isa: Isa, transformer: &Transformer, state: &mut TransformerState, input: &[f32]) -> Vec<f32> {
        let mut output = input.to_vec();
        for x in output.chunks_exact_mut(DIM) {
            transformer.step(isa, state, x);
        }
        output
    }

    /// The last position of a stream that fits the window has seen the whole sequence, as in `whole` with one layer.
    #[test]
    fn a_step_equals_the_whole() {
        for config in [CONFIG, GROUPED] {
            let transformer = tiny(TransformerConfig { layers: 1, ..config });
            for isa in Isa::available() {
                let mut input = signal(9, DIM);
                let stepped = run(isa, &transformer, &mut transformer.start(16), &input);
                transformer.whole(isa, &mut TransformerScratch::default(), &mut input);
                for (a, b) in stepped[8 * DIM..].iter().zip(&input[8 * DIM..]) {
                    assert!((a - b).abs() < 1e-5, "{}: {a} {b}", isa.name());
                }
            }
        }
    }

    #[test]
    fn chunking_is_invisible() {
        for config in [CONFIG, GROUPED] {
            let transformer = tiny(config);
            for isa in Isa::available() {
                let input = signal(23, DIM);
                let one_by_one = run(isa, &transformer, &mut transformer.start(8), &input);
                for chunks in chunkings(23) {
                    let (mut state, mut output, mut from) = (transformer.start(8), input.clone(), 0);
                    for frames in chunks {
                        transformer.step(isa, &mut state, &mut output[from * DIM..(from + frames) * DIM]);
                        from += frames;
                    }
                    assert_eq!(output, one_by_one, "{}", isa.name());
                }
            }
        }
    }

    /// Streams that are at different places: each has the bits it has alone.
    #[test]
    fn company_is_invisible() {
        for config in [CONFIG, GROUPED] {
            let transformer = tiny(config);
            for isa in Isa::available() {
                let mut prompt = transformer.start(5);
                run(isa, &transformer, &mut prompt, &signal(5, DIM));
                let widened = transformer.widened(&prompt, 40, true);
                let starts = [transformer.start(8), widened, transformer.start(30), transformer.start(3)];
                let input = signal(23, DIM);
                let alone = starts.clone().map(|mut state| run(isa, &transformer, &mut state, &input));

                // stream n joins in the nth step
                let mut states: Vec<(usize, TransformerState)> = Vec::new();
                let mut scratch = TransformerScratch::default();
                let mut waiting = starts.into_iter().enumerate();
                let mut heard = [0; 4];
                for _ in 0..23 + 4 {
                    states.extend(waiting.next());
                    states.retain(|(n, _)| heard[*n] < 23);
                    let rows: Vec<_> = states.iter().map(|(n, _)| heard[*n] * DIM..(heard[*n] + 1) * DIM).collect();
                    let mut x: Vec<f32> = rows.iter().flat_map(|row| &input[row.clone()]).copied().collect();
                    transformer.step_each(isa, &mut scratch, &mut states, |(_, state)| state, &mut x);
                    for ((x, (n, _)), row) in x.chunks_exact(DIM).zip(&states).zip(rows) {
                        assert_eq!(x, &alone[*n][row], "{} stream {n}", isa.name());
                        heard[*n] += 1;
                    }
                }
                assert_eq!(heard, [23; 4]);
            }
        }
    }

    /// With one layer, a full ring forgets all but the window: the start of the input makes no difference.
    #[test]
    fn the_window_forgets() {
        let transformer = tiny(TransformerConfig { layers: 1, ..CONFIG });
        let isa = Isa::detect();
        let input = signal(40, DIM);
        let mut other = input.clone();
        other[..20 * DIM].fill(0.25);
        let a = run(isa, &transformer, &mut transformer.start(8), &input);
        let b = run(isa, &transformer, &mut transformer.start(8), &other);
        assert_ne!(a[26 * DIM..27 * DIM], b[26 * DIM..27 * DIM]);
        assert_eq!(a[27 * DIM..], b[27 * DIM..]);
    }

    #[test]
    fn a_clone_forks() {
        let transformer = tiny(CONFIG);
        let isa = Isa::detect();
        let input = signal(12, DIM);
        let whole = run(isa, &transformer, &mut transformer.start(8), &input);
        let mut state = transformer.start(8);
        run(isa, &transformer, &mut state, &input[..5 * DIM]);
        let mut fork = state.clone();
        run(isa, &transformer, &mut fork, &signal(7, DIM));
        assert_eq!(run(isa, &transformer, &mut state, &input[5 * DIM..]), whole[5 * DIM..]);
    }
}
