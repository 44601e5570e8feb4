//! Multi-head attention with rotary positions: over a window of the past, or over a whole sequence. Several heads of queries
//! may share one of keys and values.

use super::linear::{Bias, Linear};
use super::rope::{Rope, Rotation};
use crate::kernels::{self, Isa, Past, Rows};
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

/// Positions that attend together: each row of the past is fetched once for them.
const TOGETHER: usize = 8;

/// Keys and values, `[room, channels of all keys]` each.
#[derive(Debug, Clone)]
enum Cache {
    F32([Vec<f32>; 2]),
    F16([Vec<u16>; 2]),
}

/// Keys and values of the last positions, of which one sees `window`: a full ring is written over at its oldest row.
#[derive(Debug, Clone)]
pub(crate) struct KvRing {
    rows: Cache,
    /// Channels of all keys.
    width: usize,
    window: usize,
    /// Rows there are: at least `window`; as many more as may be written before the first of them attends.
    room: usize,
    /// Rows filled, from the front.
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
        let (width, room) = (self.config.keys(), window + TOGETHER - 1);
        KvRing { rows: Cache::new(room * width, false), width, window, room, filled: 0, next: 0 }
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
        debug_assert!(x.len() / self.config.dim <= rotations.len());
        let (queries, stride) = (self.config.queries(), self.input.outputs());
        self.project(isa, scratch, x);
        let AttentionScratch { qkv, mixed, scores, .. } = scratch;
        let together = ring.together();
        let blocks = qkv.chunks_mut(together * stride).zip(mixed.chunks_mut(together * queries));
        for ((block, out), rotations) in blocks.zip(rotations.chunks(together)) {
            self.attend(isa, (ring, rotations), scores, out, block);
        }
        self.output.apply(isa, y, mixed);
    }

    /// One position of each of several streams: their `pasts`, and `x` and `y` `[streams, dim]`.
    pub(crate) fn step_each<'s>(
        &self,
        isa: Isa,
        pasts: impl Iterator<Item = (&'s mut KvRing, &'s [Rotation])>,
        scratch: &mut AttentionScratch,
        y: &mut [f32],
        x: &[f32],
    ) {
        self.project(isa, scratch, x);
        let AttentionScratch { qkv, mixed, scores, .. } = scratch;
        let rows = qkv.chunks_exact_mut(self.input.outputs()).zip(mixed.chunks_exact_mut(self.config.queries()));
        for ((row, out), past) in rows.zip(pasts) {
            self.attend(isa, past, scores, out, row);
        }
        self.output.apply(isa, y, mixed);
    }

    /// Queries, keys and values of all rows of `x`, and room for what is mixed of them.
    fn project(&self, isa: Isa, scratch: &mut AttentionScratch, x: &[f32]) {
        let frames = x.len() / self.config.dim;
        scratch.qkv.resize(frames * self.input.outputs(), 0.0);
        scratch.mixed.resize(frames * self.config.queries(), 0.0);
        self.input.apply(isa, &mut scratch.qkv, x);
    }

    /// The next few positions of a stream, `block` `[positions, queries + 2 keys]` into `out` `[positions, queries]`.
    fn attend(
        &self,
        isa: Isa,
        (ring, rotations): (&mut KvRing, &[Rotation]),
        scores: &mut Vec<f32>,
        out: &mut [f32],
        block: &mut [f32],
    ) {
        let AttentionConfig { heads, kv_heads, head_dim, .. } = self.config;
        let (queries, keys, stride) = (self.config.queries(), self.config.keys(), self.input.outputs());
        let needed = kernels::attend_scratch(block.len() / stride, ring.room, heads);
        if scores.len() < needed {
            scores.resize(needed, 0.0);
        }
        for (row, rotation) in block.chunks_exact_mut(stride).zip(rotations) {
            rotation.apply(&mut row[..queries + keys]);
            let (k, v) = row[queries..].split_at(keys);
            ring.push(k, v);
        }
        let past = Past { rows: ring.runs(), heads: kv_heads, dim: head_dim, window: ring.window };
        kernels::attend(isa, out, block, stride, heads, &past, scores);
    }

    /// A whole sequence, every position seeing all others: `x` and `y` are `[frames, dim]`.
    pub(crate) fn whole(&self, isa: Isa, rope: &Rope, scratch: &mut AttentionScratch, y: &mut [f32], x: &[f32]) {
        let AttentionConfig { dim, heads, kv_heads, head_dim } = self.config;
        let (queries, width) = (self.config.queries(), self.config.keys());
        let frames = x.len() / dim;
        let AttentionScratch { qkv, mixed, scores, keys, values } = scratch;
        qkv.resize(frames * self.input.outputs(), 0.0);
        mixed.resize(frames * queries, 0.0);
        scores.resize(kernels::attend_scratch(1, frames, heads), 0.0);
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
        let rows = Rows::F32([[keys, &[]], [values, &[]]]);
        let past = Past { rows, heads: kv_heads, dim: head_dim, window: frames };
        for (row, out) in qkv.chunks_exact(self.input.outputs()).zip(mixed.chunks_exact_mut(queries)) {
            kernels::attend(isa, out, row, queries, heads, &past, scores);
        }
        self.output.apply(isa, y, mixed);
    }
}

impl Cache {
    /// Zeros, `count` keys and `count` values.
    fn new(count: usize, halves: bool) -> Self {
        if halves {
            Self::F16(std::array::from_fn(|_| vec![0; count]))
        } else {
            Self::F32(std::array::from_fn(|_| vec![0.0; count]))
        }
    }

    fn put(&mut self, at: usize, rows: [&[f32]; 2]) {
        for (part, row) in rows.into_iter().enumerate() {
            let range = at..at + row.len();
            match self {
                Self::F32(rows) => rows[part][range].copy_from_slice(row),
                Self::F16(rows) => kernels::to_halves(&mut rows[part][range], row),
            }
        }
    }

    /// The first `count` of each.
    fn to_f32(&self, count: usize) -> [Vec<f32>; 2] {
        match self {
            Self::F32(rows) => rows.each_ref().map(|rows| rows[..count].to_vec()),
            Self::F16(rows) => rows.each_ref().map(|rows| {
                let mut out = vec![0.0; count];
                kernels::from_halves(&mut out, &rows[..count]);
                out
            }),
        }
    }
}

impl KvRing {
    /// A past as [`KvRing::rows`] gives it, `positions` of them, at least one.
    pub(crate) fn of_rows(rows: [Vec<f32>; 2], positions: usize) -> Self {
        let [keys, values] = &rows;
        debug_assert!(positions > 0 && keys.len() == values.len() && keys.len().is_multiple_of(positions));
        let width = keys.len() / positions;
        Self { rows: Cache::F32(rows), width, window: positions, room: positions, filled: positions, next: 0 }
    }

    /// The same past with room for `window` positions, at least as many as before; nothing may have been forgotten. As `halves`
    /// it takes half of the memory.
    pub(crate) fn widened(&self, window: usize, halves: bool) -> Self {
        debug_assert!(self.filled <= self.window && self.filled <= window);
        let (room, count) = (window + TOGETHER - 1, self.filled * self.width);
        let mut rows = Cache::new(room * self.width, halves);
        match &self.rows {
            Cache::F32([keys, values]) => rows.put(0, [&keys[..count], &values[..count]]),
            Cache::F16(_) => rows.put(0, self.rows.to_f32(count).each_ref().map(Vec::as_slice)),
        }
        Self { rows, width: self.width, window, room, filled: self.filled, next: self.filled }
    }

    /// Keys and values of all positions so far, `[positions, channels of all keys]` each; nothing may have been forgotten.
    pub(crate) fn rows(&self) -> [Vec<f32>; 2] {
        self.rows.to_f32(self.filled * self.width)
    }

    /// Rows that may be written before the first of them attends.
    fn together(&self) -> usize {
        self.room - self.window + 1
    }

    fn push(&mut self, key: &[f32], value: &[f32]) {
        self.rows.put(self.next * self.width, [key, value]);
        self.next = (self.next + 1) % self.room;
        self.filled = self.room.min(self.filled + 1);
    }

    /// All rows, keys and values in two runs each, the older one first.
    fn runs(&self) -> Rows<'_> {
        match &self.rows {
            Cache::F32(rows) => Rows::F32(rows.each_ref().map(|rows| self.cut(rows))),
            Cache::F16(rows) => Rows::F16(rows.each_ref().map(|rows| self.cut(rows))),
        }
    }

    fn cut<'r, T>(&self, rows: &'r [T]) -> [&'r [T]; 2] {
        let (newer, older) = rows.split_at(self.next * self.width);
        if self.filled < self.room { [newer, &[]] } else { [older, newer] }
    }
}
