//! Layer normalisation over channels-last rows (Ba, Kiros and Hinton 2016).

use super::simd::{LANES, Simd, padded, sum};
use super::{Isa, dispatch};

/// `y = (x - mean) / √(var + eps) · weight + bias` for each row of `channels` values; the variance is the biased one.
///
/// x, y: `[T, channels]`; weight, bias: `[channels]` or empty (1 and 0).
///
/// # Panics
/// If the lengths do not fit each other.
pub fn layer_norm(isa: Isa, y: &mut [f32], x: &[f32], channels: usize, eps: f32, weight: &[f32], bias: &[f32]) {
    assert_eq!(y.len(), x.len(), "as many outputs as inputs");
    assert!(weight.is_empty() || weight.len() == channels, "weight of {channels} or none, found {}", weight.len());
    assert!(bias.is_empty() || bias.len() == channels, "bias of {channels} or none, found {}", bias.len());
    if channels == 0 {
        assert!(x.is_empty(), "rows without channels hold {} values", x.len());
        return;
    }
    assert_eq!(x.len() % channels, 0, "whole rows of {channels}, found {} values", x.len());
    dispatch!(isa, body(y: &mut [f32], x: &[f32], channels: usize, eps: f32, weight: &[f32], bias: &[f32]));
}

#[inline(always)]
fn body<S: Simd>(s: S, y: &mut [f32], x: &[f32], channels: usize, eps: f32, weight: &[f32], bias: &[f32]) {
    for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
        let mean = lane_sum(s, x, 0.0, |_, value, total| total + value) / channels as f32;
        let squares = lane_sum(s, x, mean, |s, value, total| s.madd(value - mean, value - mean, total));
        let inverse = 1.0 / (squares / channels as f32 + eps).sqrt();
        for (y, x) in y.iter_mut().zip(x) {
            *y = (x - mean) * inverse;
        }
        if !weight.is_empty() {
            for (y, weight) in y.iter_mut().zip(weight) {
                *y *= weight;
            }
        }
        if !bias.is_empty() {
            for (y, bias) in y.iter_mut().zip(bias) {
                *y += bias;
            }
        }
    }
}

/// Folds a row into sixteen running totals, value i into total i mod 16, and sums these; a step with
/// `neutral` changes nothing.
#[inline(always)]
fn lane_sum<S: Simd>(s: S, row: &[f32], neutral: f32, step: impl Fn(S, f32, f32) -> f32) -> f32 {
    let mut total = [0.0; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            total[lane] = step(s, chunk[lane], total[lane]);
        }
    }
    if !rest.is_empty() {
        let rest = padded(rest, neutral);
        for lane in 0..LANES {
            total[lane] = step(s, rest[lane], total[lane]);
        }
    }
    sum(total)
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, EDGES, Values, hold, worst};
    use super::*;

    #[test]
    fn rows_match_the_oracle_at_every_edge() {
        for isa in Isa::available() {
            let mut values = Values::new(4);
            let mut error = 0f64;
            for channels in EDGES.into_iter().filter(|channels| *channels > 0) {
                for rows in [0, 1, 3] {
                    // Far from zero, where a one-pass variance would lose its digits.
                    let x: Vec<f32> = values.take(rows * channels).iter().map(|x| 30.0 + x).collect();
                    let affine = if rows == 1 { channels } else { 0 };
                    let (weight, bias) = (values.take(affine), values.take(affine));
                    let mut y = vec![f32::NAN; x.len()];
                    layer_norm(isa, &mut y, &x, channels, 1e-5, &weight, &bias);
                    let want = oracle::layer_norm(&x, channels, 1e-5, &weight, &bias);
                    error = error.max(worst(&y, &want, |_| 1.0));
                }
            }
            hold("layer_norm of values at 30 ± 1", isa, error, 2e-5);
        }
    }

    #[test]
    fn a_row_of_equal_values_is_its_bias() {
        for isa in Isa::available() {
            let mut y = [f32::NAN; 20];
            layer_norm(isa, &mut y, &[2.5; 20], 20, 1e-5, &[3.0; 20], &[0.5; 20]);
            assert_eq!(y, [0.5; 20]);
        }
    }
}
