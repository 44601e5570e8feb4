//! Attention of one query position over cached keys and values (Vaswani et al. 2017, section 3.2).

use super::act::softmax_body;
use super::simd::Simd;
use super::vector::{axpy_body, dot_body};
use super::{Isa, dispatch};

/// Values of scratch that [`attend`] needs for `rows` cached positions: one score per head and row.
#[must_use]
pub fn attend_scratch(rows: usize, heads: usize) -> usize {
    rows * heads
}

/// `out_h = Σ_n softmax_n(q_h·k[n]_h / √D)·v[n]_h` for each of `heads` heads.
///
/// q, out: `[heads·D]`. keys, values: rows `[heads·D]` in two contiguous runs, as a ring holds them (older run first,
/// either may be empty); key and value of a position lie at the same place of the same run. `scratch` holds at least
/// [`attend_scratch`] values. The result has the same bits wherever the ring is cut. Without any row, out is zero.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn attend(
    isa: Isa,
    out: &mut [f32],
    q: &[f32],
    keys: [&[f32]; 2],
    values: [&[f32]; 2],
    heads: usize,
    scratch: &mut [f32],
) {
    let width = q.len();
    assert_eq!(out.len(), width, "out as wide as q");
    for run in 0..2 {
        assert_eq!(keys[run].len(), values[run].len(), "as many values as keys in run {run}");
    }
    if width == 0 {
        assert!(keys.iter().all(|run| run.is_empty()), "keys without width");
        return;
    }
    assert!(heads > 0 && width.is_multiple_of(heads), "q of {width} values in {heads} heads");
    assert!(keys.iter().all(|run| run.len().is_multiple_of(width)), "keys of whole rows of {width}");
    let rows = (keys[0].len() + keys[1].len()) / width;
    let needed = attend_scratch(rows, heads);
    assert!(scratch.len() >= needed, "scratch of {needed} values, found {}", scratch.len());
    let scores = &mut scratch[..needed];
    dispatch!(
        isa,
        body(out: &mut [f32], q: &[f32], keys: [&[f32]; 2], values: [&[f32]; 2], heads: usize, scores: &mut [f32])
    );
}

#[inline(always)]
fn body<S: Simd>(
    s: S,
    out: &mut [f32],
    q: &[f32],
    keys: [&[f32]; 2],
    values: [&[f32]; 2],
    heads: usize,
    scores: &mut [f32],
) {
    let width = q.len();
    let dim = width / heads;
    let rows = scores.len() / heads;
    let scale = 1.0 / (dim as f32).sqrt();
    let keys = keys[0].chunks_exact(width).chain(keys[1].chunks_exact(width));
    for (n, key) in keys.enumerate() {
        for head in 0..heads {
            let at = head * dim;
            scores[head * rows + n] = scale * dot_body(s, &q[at..at + dim], &key[at..at + dim]);
        }
    }
    for head in 0..heads {
        softmax_body(s, &mut scores[head * rows..(head + 1) * rows]);
    }
    out.fill(0.0);
    let values = values[0].chunks_exact(width).chain(values[1].chunks_exact(width));
    for (n, value) in values.enumerate() {
        for head in 0..heads {
            let at = head * dim;
            axpy_body(s, &mut out[at..at + dim], scores[head * rows + n], &value[at..at + dim]);
        }
    }
}
