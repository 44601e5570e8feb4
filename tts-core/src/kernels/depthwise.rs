//! Depthwise causal convolution: each channel of channels-last frames by a filter of its own.

use super::simd::{LANES, Simd};
use super::{Isa, dispatch};

/// `y[t][c] = b[c] + Σ_j x[t+j][c]·w[j][c]`: x `[T+K-1, C]`, w `[K, C]`, b `[C]` or empty, y `[T, C]`; K is `w.len() / C`.
///
/// The first K - 1 rows of x are the past, so row t sees nothing after itself. A row of y has the same bits whatever T is.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn depthwise(isa: Isa, y: &mut [f32], x: &[f32], channels: usize, w: &[f32], b: &[f32]) {
    assert!(b.is_empty() || b.len() == channels, "b of {channels} values or none, found {}", b.len());
    if channels == 0 {
        assert!(y.is_empty() && x.is_empty() && w.is_empty(), "frames without channels hold values");
        return;
    }
    assert!(
        !w.is_empty() && w.len().is_multiple_of(channels),
        "w of whole rows of {channels}, found {} values",
        w.len()
    );
    assert_eq!(y.len() % channels, 0, "y of whole rows of {channels}, found {} values", y.len());
    assert_eq!(x.len() + channels, y.len() + w.len(), "x of as many rows as y, and K - 1 before them");
    dispatch!(isa, body(y: &mut [f32], x: &[f32], channels: usize, w: &[f32], b: &[f32]));
}

#[inline(always)]
fn body<S: Simd>(s: S, y: &mut [f32], x: &[f32], channels: usize, w: &[f32], b: &[f32]) {
    let taps = w.len() / channels;
    for (t, y) in y.chunks_exact_mut(channels).enumerate() {
        let x = &x[t * channels..][..taps * channels];
        let mut first = 0;
        while first + LANES <= channels {
            let mut sums = [0.0; LANES];
            if !b.is_empty() {
                sums.copy_from_slice(&b[first..first + LANES]);
            }
            for j in 0..taps {
                let x = &x[j * channels + first..][..LANES];
                let w = &w[j * channels + first..][..LANES];
                for lane in 0..LANES {
                    sums[lane] = s.madd(x[lane], w[lane], sums[lane]);
                }
            }
            y[first..first + LANES].copy_from_slice(&sums);
            first += LANES;
        }
        for c in first..channels {
            let mut sum = if b.is_empty() { 0.0 } else { b[c] };
            for j in 0..taps {
                sum = s.madd(x[j * channels + c], w[j * channels + c], sum);
            }
            y[c] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, EDGES, Values, hold, worst};
    use super::*;

    #[test]
    fn filters_match_the_oracle_at_every_edge() {
        for isa in Isa::available() {
            let mut values = Values::new(6);
            let mut error = 0f64;
            for channels in EDGES.into_iter().filter(|channels| *channels > 0) {
                for (rows, taps) in [(0, 1), (1, 1), (1, 7), (4, 3), (9, 7)] {
                    let x = values.take((rows + taps - 1) * channels);
                    let w = values.take(taps * channels);
                    let b = values.take(if taps == 7 { channels } else { 0 });
                    let mut y = vec![f32::NAN; rows * channels];
                    depthwise(isa, &mut y, &x, channels, &w, &b);
                    error = error.max(worst(&y, &oracle::depthwise(rows, &x, channels, &w, &b), |_| 1.0));
                    // Row by row, as a stream has them: the same bits.
                    for (t, whole) in y.chunks(channels).enumerate() {
                        let mut one = vec![0.0; channels];
                        depthwise(isa, &mut one, &x[t * channels..][..taps * channels], channels, &w, &b);
                        assert!(one.iter().zip(whole).all(|(a, b)| a.to_bits() == b.to_bits()), "{isa:?} row {t}");
                    }
                }
            }
            hold("depthwise, up to 7 taps", isa, error, 1e-6);
        }
    }
}
