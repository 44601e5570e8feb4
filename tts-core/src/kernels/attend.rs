//! Attention of one query position over cached keys and values (Vaswani et al. 2017, section 3.2).

use super::act::softmax_body;
use super::simd::{LANES, Simd};
use super::vector::dot_body;
use super::{Isa, dispatch};

/// Values of scratch that [`attend`] needs for `rows` cached positions: one score per head and row.
#[must_use]
pub fn attend_scratch(rows: usize, heads: usize) -> usize {
    rows * heads
}

/// `out_h = Σ_n softmax_n(q_h·k[n]_g / √D)·v[n]_g` for each of `heads` heads; `kv_heads` divides `heads`, and head g of keys
/// and values serves `heads / kv_heads` neighbouring heads of q (grouped queries: Ainslie et al. 2023).
///
/// q, out: `[heads·D]`. keys, values: rows `[kv_heads·D]` in two contiguous runs, as a ring holds them (older run first,
/// either may be empty); key and value of a position lie at the same place of the same run. `scratch` holds at least
/// [`attend_scratch`] values. The result has the same bits wherever the ring is cut. Without any row, out is zero.
///
/// # Panics
/// If the lengths do not fit each other.
#[allow(clippy::too_many_arguments, reason = "a kernel: slices and their shape")]
pub fn attend(
    isa: Isa,
    out: &mut [f32],
    q: &[f32],
    keys: [&[f32]; 2],
    values: [&[f32]; 2],
    heads: usize,
    kv_heads: usize,
    scratch: &mut [f32],
) {
    assert_eq!(out.len(), q.len(), "out as wide as q");
    for run in 0..2 {
        assert_eq!(keys[run].len(), values[run].len(), "as many values as keys in run {run}");
    }
    if q.is_empty() {
        assert!(keys.iter().all(|run| run.is_empty()), "keys without width");
        return;
    }
    assert!(heads > 0 && q.len().is_multiple_of(heads), "q of {} values in {heads} heads", q.len());
    assert!(kv_heads > 0 && heads.is_multiple_of(kv_heads), "{heads} heads on {kv_heads} of keys");
    let width = q.len() / heads * kv_heads;
    assert!(keys.iter().all(|run| run.len().is_multiple_of(width)), "keys of whole rows of {width}");
    let rows = (keys[0].len() + keys[1].len()) / width;
    let needed = attend_scratch(rows, heads);
    assert!(scratch.len() >= needed, "scratch of {needed} values, found {}", scratch.len());
    let scores = &mut scratch[..needed];
    dispatch!(
        isa,
        body(
            out: &mut [f32],
            q: &[f32],
            keys: [&[f32]; 2],
            values: [&[f32]; 2],
            heads: usize,
            kv_heads: usize,
            scores: &mut [f32]
        )
    );
}

#[allow(clippy::too_many_arguments, reason = "a kernel: slices and their shape")]
#[inline(always)]
fn body<S: Simd>(
    s: S,
    out: &mut [f32],
    q: &[f32],
    keys: [&[f32]; 2],
    values: [&[f32]; 2],
    heads: usize,
    kv_heads: usize,
    scores: &mut [f32],
) {
    let dim = q.len() / heads;
    let width = kv_heads * dim;
    let rows = scores.len() / heads;
    let scale = 1.0 / (dim as f32).sqrt();
    let shared = heads / kv_heads;
    // row by row, all heads: head by head, whose parts lie a row apart, half of the time was waiting for the second cache
    for (n, key) in runs(keys, width).enumerate() {
        for head in 0..heads {
            scores[head * rows + n] = scale * dot_body(s, &q[head * dim..][..dim], &key[head / shared * dim..][..dim]);
        }
    }
    for scores in scores.chunks_exact_mut(rows.max(1)) {
        softmax_body(s, scores);
    }
    out.fill(0.0);
    let mut done = 0;
    for run in values {
        for values in run.chunks(MIXED * width) {
            for head in 0..heads {
                let shares = &scores[head * rows + done..][..values.len() / width];
                let (out, at) = (&mut out[head * dim..][..dim], head / shared * dim);
                let mut first = 0;
                while first + 4 * LANES <= dim {
                    mix::<S, 4>(s, &mut out[first..], shares, values, width, at + first);
                    first += 4 * LANES;
                }
                while first + LANES <= dim {
                    mix::<S, 1>(s, &mut out[first..], shares, values, width, at + first);
                    first += LANES;
                }
                for c in first..dim {
                    for (share, value) in shares.iter().zip(values.chunks_exact(width)) {
                        out[c] = s.madd(*share, value[at + c], out[c]);
                    }
                }
            }
            done += values.len() / width;
        }
    }
}

/// Rows of values that are mixed for all heads before the next: they stay in the first cache.
const MIXED: usize = 8;

/// Rows of both runs, older first.
#[inline(always)]
fn runs(of: [&[f32]; 2], width: usize) -> impl Iterator<Item = &[f32]> {
    of[0].chunks_exact(width).chain(of[1].chunks_exact(width))
}

/// `out[c] += Σ_n shares[n]·values[n][at + c]` for `16·B` channels, summed in registers.
#[inline(always)]
fn mix<S: Simd, const B: usize>(s: S, out: &mut [f32], shares: &[f32], values: &[f32], width: usize, at: usize) {
    let mut sums = [[0.0; LANES]; B];
    sums.as_flattened_mut().copy_from_slice(&out[..B * LANES]);
    for (share, value) in shares.iter().zip(values.chunks_exact(width)) {
        let value = &value[at..][..B * LANES];
        for block in 0..B {
            for lane in 0..LANES {
                sums[block][lane] = s.madd(*share, value[block * LANES + lane], sums[block][lane]);
            }
        }
    }
    out[..B * LANES].copy_from_slice(sums.as_flattened());
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
            for (heads, kv_heads, dim) in [
                (1, 1, 1),
                (2, 2, 3),
                (4, 4, 16),
                (3, 3, 17),
                (4, 4, 64),
                (1, 1, 80),
                (4, 2, 16),
                (3, 1, 17),
                (8, 2, 64),
            ] {
                let width = kv_heads * dim;
                for rows in [1, 2, 15, 16, 17, 33, 128] {
                    let q: Vec<f32> = values.take(heads * dim).iter().map(|q| 4.0 * q).collect();
                    let (k, v) = (values.take(rows * width), values.take(rows * width));
                    let mut scratch = vec![f32::NAN; attend_scratch(rows, heads) + 3];
                    let mut whole = vec![f32::NAN; heads * dim];
                    attend(isa, &mut whole, &q, [&k, &[]], [&v, &[]], heads, kv_heads, &mut scratch);
                    error = error.max(worst(&whole, &oracle::attend(&q, &k, &v, heads, kv_heads), |_| 1.0));
                    for cut in [0, 1, rows / 2] {
                        let (old_k, new_k) = k.split_at(cut * width);
                        let (old_v, new_v) = v.split_at(cut * width);
                        let mut out = vec![f32::NAN; heads * dim];
                        attend(isa, &mut out, &q, [old_k, new_k], [old_v, new_v], heads, kv_heads, &mut scratch);
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
        attend(Isa::detect(), &mut out, &[1.0; 4], [&[], &[]], [&[], &[]], 2, 2, &mut []);
        assert_eq!(out, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "scratch of 6 values")]
    fn short_scratch_is_refused() {
        attend(Isa::detect(), &mut [0.0; 4], &[0.0; 4], [&[0.0; 12], &[]], [&[0.0; 12], &[]], 2, 2, &mut [0.0; 5]);
    }
}
