//! Multi-head attention with rotary positions: over a window of the past, or over a whole sequence. Several heads of queries
//! may share one of keys and values.

use super::linear::{Bias, Linear};
use super::rope::{Rope, Rotation};
use crate::kernels::{self, Isa};
use crate::weights::{Scope, WeightsError};

/// Dimensions of one attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttentionConfig {
    /// Channels of the residual stream.
    pub(crate) dim: usize,
    /// Heads of queries.
    pub(crate) heads: usize,
    /// Heads of keys and values; they divide `heads`.
    pub(crate) kv_heads: usize,
    /// Channels of a head; even.
    pub(crate) head_dim: usize,
}

impl AttentionConfig {
    /// As many heads of keys as of queries, together as wide as the residual stream.
    pub(crate) fn plain(dim: usize, heads: usize) -> Self {
        Self { dim, heads, kv_heads: heads, head_dim: dim / heads }
    }

    /// Channels of all queries.
    fn queries(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Channels of all keys, or of all values.
    fn keys(&self) -> usize {
        self.kv_heads * self.head_dim
    }
}

/// Weights of one attention.
#[derive(Debug)]
pub(crate) struct Attention {
    config: AttentionConfig,
    /// `dim -> queries + 2 keys`: query, key, value
    input: Linear,
    /// `queries -> dim`
    output: Linear,
}

/// Keys and values of the last `window` positions: a full ring is written over at its oldest row.
#[derive(Debug, Clone)]
pub(crate) struct KvRing {
    /// `[window, channels of all keys]`, filled from the front
    keys: Vec<f32>,
    /// `[window, channels of all keys]`
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
    /// `in_proj.weight` `[queries + 2 keys, dim]` and `out_proj.weight` `[dim, queries]`, without biases.
    pub(crate) fn load(scope: &Scope<'_>, config: AttentionConfig) -> Result<Self, WeightsError> {
        let (dim, queries) = (config.dim, config.queries());
        let input = Linear::load(&scope.at("in_proj"), dim, queries + 2 * config.keys(), Bias::No)?;
        let output = Linear::load(&scope.at("out_proj"), queries, dim, Bias::No)?;
        Ok(Self { config, input, output })
    }

    /// Channels of the residual stream.
    pub(crate) fn dim(&self) -> usize {
        self.config.dim
    }

    /// An empty past of up to `window` positions, the present one included.
    pub(crate) fn start(&self, window: usize) -> KvRing {
        let room = || vec![0.0; window * self.config.keys()];
        KvRing { keys: room(), values: room(), window, filled: 0, next: 0 }
    }

    /// Positions one after the other, each with its rotation: `x` and `y` are `[frames, dim]`.
    pub(crate) fn step(
        &self,
        isa: Isa,
        ring: &mut KvRing,
        rotations: &[Rotation],
        scratch: &mut AttentionScratch,
        y: &mut [f32],
        x: &[f32],
    ) {
        let AttentionConfig { dim, heads, kv_heads, .. } = self.config;
        let (queries, keys) = (self.config.queries(), self.config.keys());
        let frames = x.len() / dim;
        let AttentionScratch { qkv, mixed, scores, .. } = scratch;
        qkv.resize(frames * self.input.outputs(), 0.0);
        mixed.resize(frames * queries, 0.0);
        scores.resize(kernels::attend_scratch(ring.window, heads), 0.0);
        self.input.apply(isa, qkv, x);
        let rows = qkv.chunks_exact_mut(self.input.outputs()).zip(mixed.chunks_exact_mut(queries));
        for ((row, out), rotation) in rows.zip(rotations) {
            rotation.apply(&mut row[..queries + keys]);
            let (q, kv) = row.split_at(queries);
            let (k, v) = kv.split_at(keys);
            ring.push(k, v);
            let (keys, values) = (ring.runs(&ring.keys), ring.runs(&ring.values));
            kernels::attend(isa, out, q, keys, values, heads, kv_heads, scores);
        }
        self.output.apply(isa, y, mixed);
    }

    /// A whole sequence, every position seeing all others: `x` and `y` are `[frames, dim]`.
    pub(crate) fn whole(&self, isa: Isa, rope: &Rope, scratch: &mut AttentionScratch, y: &mut [f32], x: &[f32]) {
        let AttentionConfig { dim, heads, kv_heads, .. } = self.config;
        let (queries, width) = (self.config.queries(), self.config.keys());
        let frames = x.len() / dim;
        let AttentionScratch { qkv, mixed, scores, keys, values } = scratch;
        qkv.resize(frames * self.input.outputs(), 0.0);
        mixed.resize(frames * queries, 0.0);
        scores.resize(kernels::attend_scratch(frames, heads), 0.0);
        self.input.apply(isa, qkv, x);
        keys.clear();
        values.clear();
        let mut rotation = rope.start();
        for (t, row) in qkv.chunks_exact_mut(self.input.outputs()).enumerate() {
            rope.at(&mut rotation, t as u64);
            rotation.apply(&mut row[..queries + width]);
            keys.extend_from_slice(&row[queries..queries + width]);
            values.extend_from_slice(&row[queries + width..]);
        }
        for (row, out) in qkv.chunks_exact(self.input.outputs()).zip(mixed.chunks_exact_mut(queries)) {
            kernels::attend(isa, out, &row[..queries], [keys, &[]], [values, &[]], heads, kv_heads, scores);
        }
        self.output.apply(isa, y, mixed);
    }
}

impl KvRing {
    /// A past as [`KvRing::rows`] gives it, `positions` of them, at least one.
    pub(crate) fn of_rows([keys, values]: [Vec<f32>; 2], positions: usize) -> Self {
        debug_assert!(positions > 0 && keys.len() == values.len() && keys.len().is_multiple_of(positions));
        Self { keys, values, window: positions, filled: positions, next: 0 }
    }

    /// The same past with room for `window` positions, at least as many as before; nothing may have been forgotten.
    pub(crate) fn widened(&self, window: usize) -> Self {
        debug_assert!(self.filled == self.next || self.filled == self.window && self.next == 0);
        let width = self.keys.len() / self.window;
        let room = |rows: &[f32]| {
            let mut rows = rows.to_vec();
            rows.resize(window * width, 0.0);
            rows
        };
        Self {
            keys: room(&self.keys),
            values: room(&self.values),
            window,
            filled: self.filled,
            next: self.filled % window,
        }
    }

    /// Keys and values of all positions so far, `[positions, channels of all keys]` each.
    pub(crate) fn rows(&self) -> [&[f32]; 2] {
        let width = self.keys.len() / self.window;
        [&self.keys[..self.filled * width], &self.values[..self.filled * width]]
    }

    fn push(&mut self, key: &[f32], value: &[f32]) {
        let at = self.next * key.len();
        self.keys[at..at + key.len()].copy_from_slice(key);
        self.values[at..at + value.len()].copy_from_slice(value);
        self.next = (self.next + 1) % self.window;
        self.filled = self.window.min(self.filled + 1);
    }

    /// `rows` (keys or values) in two runs, the older one first.
    fn runs<'r>(&self, rows: &'r [f32]) -> [&'r [f32]; 2] {
        let width = rows.len() / self.window;
        let (newer, older) = rows.split_at(self.next * width);
        if self.filled < self.window { [newer, &[]] } else { [older, newer] }
    }
}
