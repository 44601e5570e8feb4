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

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, Values, hold, worst};
    use super::*;

    #[test]
    fn attention_matches_the_oracle_and_does_not_see_the_cut() {
        for isa in Isa::available() {
            let mut values = Values::new(7);
            let mut error = 0f64;
            for (heads, dim) in [(1, 1), (2, 3), (4, 16), (3, 17), (4, 64), (1, 80)] {
                let width = heads * dim;
                for rows in [1, 2, 15, 16, 17, 33, 128] {
                    let q: Vec<f32> = values.take(width).iter().map(|q| 4.0 * q).collect();
                    let (k, v) = (values.take(rows * width), values.take(rows * width));
                    let mut scratch = vec![f32::NAN; attend_scratch(rows, heads) + 3];
                    let mut whole = vec![f32::NAN; width];
                    attend(isa, &mut whole, &q, [&k, &[]], [&v, &[]], heads, &mut scratch);
                    error = error.max(worst(&whole, &oracle::attend(&q, &k, &v, heads), |_| 1.0));
                    for cut in [0, 1, rows / 2] {
                        let (old_k, new_k) = k.split_at(cut * width);
                        let (old_v, new_v) = v.split_at(cut * width);
                        let mut out = vec![f32::NAN; width];
                        attend(isa, &mut out, &q, [old_k, new_k], [old_v, new_v], heads, &mut scratch);
                        assert!(out.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()), "{isa:?} cut {cut}");
                    }
                }
            }
            hold("attend", isa, error, 5e-7); // 1.6e-7
        }
    }

    #[test]
    fn nothing_to_attend_to_is_zero() {
        let mut out = [f32::NAN; 4];
        attend(Isa::detect(), &mut out, &[1.0; 4], [&[], &[]], [&[], &[]], 2, &mut []);
        assert_eq!(out, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "scratch of 6 values")]
    fn short_scratch_is_refused() {
        attend(Isa::detect(), &mut [0.0; 4], &[0.0; 4], [&[0.0; 12], &[]], [&[0.0; 12], &[]], 2, &mut [0.0; 5]);
    }
}
