//! Multi-head attention with rotary positions: over a window of the past, or over a whole sequence.

use super::linear::{Bias, Linear};
use super::rope::{Rope, Rotation};
use crate::kernels::{self, Isa};
use crate::weights::{Scope, WeightsError};

/// Weights of one attention.
#[derive(Debug)]
pub(crate) struct Attention {
    dim: usize,
    heads: usize,
    /// `dim -> 3 dim`: query, key, value
    input: Linear,
    /// `dim -> dim`
    output: Linear,
}

/// Keys and values of the last `window` positions: a full ring is written over at its oldest row.
#[derive(Debug, Clone)]
pub(crate) struct KvRing {
    /// `[window, dim]`, filled from the front
    keys: Vec<f32>,
    /// `[window, dim]`
    values: Vec<f32>,
    window: usize,
    /// Rows filled.
    filled: usize,
    /// Row to be written next.
    next: usize,
}

/// Room for one call, shared by all layers.
#[derive(Debug, Clone, Default)]
pub(crate) struct AttentionScratch {
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    scores: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
}

impl Attention {
    /// `in_proj.weight` `[3 dim, dim]` and `out_proj.weight` `[dim, dim]`, without biases.
    pub(crate) fn load(scope: &Scope<'_>, dim: usize, heads: usize) -> Result<Self, WeightsError> {
        let input = Linear::load(&scope.at("in_proj"), dim, 3 * dim, Bias::No)?;
        let output = Linear::load(&scope.at("out_proj"), dim, dim, Bias::No)?;
        Ok(Self { dim, heads, input, output })
    }

    /// Channels of the residual stream.
    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// An empty past of up to `window` positions, the present one included.
    pub(crate) fn start(&self, window: usize) -> KvRing {
        let room = || vec![0.0; window * self.dim];
        KvRing { keys: room(), values: room(), window, filled: 0, next: 0 }
    }

    /// One position: `x` and `y` are `[dim]`.
    pub(crate) fn step(
        &self,
        isa: Isa,
        ring: &mut KvRing,
        rotation: &Rotation,
        scratch: &mut AttentionScratch,
        y: &mut [f32],
        x: &[f32],
    ) {
        let dim = self.dim;
        scratch.qkv.resize(3 * dim, 0.0);
        scratch.mixed.resize(dim, 0.0);
        scratch.scores.resize(kernels::attend_scratch(ring.window, self.heads), 0.0);
        self.input.apply(isa, &mut scratch.qkv, x);
        let (q, kv) = scratch.qkv.split_at_mut(dim);
        let (k, v) = kv.split_at_mut(dim);
        rotation.apply(q);
        rotation.apply(k);
        ring.push(k, v);
        let (keys, values) = (ring.runs(&ring.keys), ring.runs(&ring.values));
        kernels::attend(isa, &mut scratch.mixed, q, keys, values, self.heads, &mut scratch.scores);
        self.output.apply(isa, y, &scratch.mixed);
    }

    /// A whole sequence, every position seeing all others: `x` and `y` are `[frames, dim]`.
    pub(crate) fn whole(&self, isa: Isa, rope: &Rope, scratch: &mut AttentionScratch, y: &mut [f32], x: &[f32]) {
        let dim = self.dim;
        let frames = x.len() / dim;
        let AttentionScratch { qkv, mixed, scores, keys, values } = scratch;
        qkv.resize(3 * x.len(), 0.0);
        mixed.resize(x.len(), 0.0);
        scores.resize(kernels::attend_scratch(frames, self.heads), 0.0);
        self.input.apply(isa, qkv, x);
        keys.clear();
        values.clear();
        let mut rotation = rope.start();
        for (t, row) in qkv.chunks_exact_mut(3 * dim).enumerate() {
            rope.at(&mut rotation, t as u64);
            rotation.apply(&mut row[..2 * dim]);
            keys.extend_from_slice(&row[dim..2 * dim]);
            values.extend_from_slice(&row[2 * dim..]);
        }
        for (row, out) in qkv.chunks_exact(3 * dim).zip(mixed.chunks_exact_mut(dim)) {
            kernels::attend(isa, out, &row[..dim], [keys, &[]], [values, &[]], self.heads, scores);
        }
        self.output.apply(isa, y, mixed);
    }
}

impl KvRing {
    fn push(&mut self, key: &[f32], value: &[f32]) {
        let at = self.next * key.len();
        self.keys[at..at + key.len()].copy_from_slice(key);
        self.values[at..at + value.len()].copy_from_slice(value);
        self.next = (self.next + 1) % self.window;
        self.filled = self.window.min(self.filled + 1);
    }

    /// `rows` (keys or values) in two runs, the older one first.
    fn runs<'r>(&self, rows: &'r [f32]) -> [&'r [f32]; 2] {
        let dim = rows.len() / self.window;
        let (newer, older) = rows.split_at(self.next * dim);
        if self.filled < self.window { [newer, &[]] } else { [older, newer] }
    }
}
