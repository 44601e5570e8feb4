//! Naive f64 versions of the kernels, seeded values to run both on, and the comparison of the two.
//!
//! The oracles are themselves tested on cases whose answer is known by hand.

use super::Isa;

/// Lengths at and around the edges of chunks, tiles and panels.
pub(super) const EDGES: [usize; 17] = [0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 257];

/// Seeded values in [-1, 1) (xorshift64*).
pub(super) struct Values(u64);

impl Values {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn one(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let top = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        top as f32 / 8_388_608.0 - 1.0
    }

    pub(super) fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// Largest `|got - want| / scale(want)`; a NaN on one side only is infinite.
pub(super) fn worst(got: &[f32], want: &[f64], scale: impl Fn(f64) -> f64) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).fold(0.0, |worst: f64, (got, want)| {
        let got = f64::from(*got);
        let error = if got.is_nan() && want.is_nan() || got == *want {
            0.0
        } else if got.is_nan() || want.is_nan() {
            f64::INFINITY
        } else {
            (got - want).abs() / scale(*want)
        };
        worst.max(error)
    })
}

/// Prints the observed error (seen with `--nocapture`) and fails above the bound.
pub(super) fn hold(what: &str, isa: Isa, observed: f64, bound: f64) {
    println!("{what} on {}: error {observed:.3e}, bound {bound:.1e}", isa.name());
    assert!(observed <= bound, "{what} on {}: error {observed:e} above {bound:e}", isa.name());
}

/// `y[t][o] = b[o] + Σ_i x[t·stride + i]·w[o][i]`
pub(super) fn linear(rows: usize, x: &[f32], stride: usize, outputs: usize, w: &[f32], b: &[f32]) -> Vec<f64> {
    let inputs = w.len().checked_div(outputs).unwrap_or(0);
    let mut y = Vec::new();
    for t in 0..rows {
        for o in 0..outputs {
            let products = (0..inputs).map(|i| f64::from(x[t * stride + i]) * f64::from(w[o * inputs + i]));
            y.push(b.get(o).copied().map_or(0.0, f64::from) + products.sum::<f64>());
        }
    }
    y
}

/// `y[t][c] = b[c] + Σ_j x[t+j][c]·w[j][c]`
pub(super) fn depthwise(rows: usize, x: &[f32], channels: usize, w: &[f32], b: &[f32]) -> Vec<f64> {
    let mut y = Vec::new();
    for t in 0..rows {
        for c in 0..channels {
            let taps = 0..w.len() / channels;
            let products = taps.map(|j| f64::from(x[(t + j) * channels + c]) * f64::from(w[j * channels + c]));
            y.push(b.get(c).copied().map_or(0.0, f64::from) + products.sum::<f64>());
        }
    }
    y
}

/// `(x - mean) / √(var + eps) · weight + bias` of each row
pub(super) fn layer_norm(x: &[f32], channels: usize, eps: f32, weight: &[f32], bias: &[f32]) -> Vec<f64> {
    let mut y = Vec::new();
    for row in x.chunks_exact(channels) {
        let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / channels as f64;
        let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / channels as f64;
        for (c, x) in row.iter().enumerate() {
            let normal = (f64::from(*x) - mean) / (variance + f64::from(eps)).sqrt();
            y.push(normal * weight.get(c).map_or(1.0, |w| f64::from(*w)) + bias.get(c).map_or(0.0, |b| f64::from(*b)));
        }
    }
    y
}

/// `exp(x) / Σ exp(x)`
pub(super) fn softmax(x: &[f64]) -> Vec<f64> {
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = x.iter().map(|x| (x - top).exp()).sum();
    x.iter().map(|x| (x - top).exp() / total).collect()
}

/// `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
pub(super) fn gelu_tanh(x: f64) -> f64 {
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    // ½ (1 + tanh u) = 1 / (1 + exp(-2u)): the left side has no digits left below u = -18.
    x / (1.0 + (-2.0 * inner).exp())
}

/// Attention of one query over rows `[heads·D]` of keys and values
pub(super) fn attend(q: &[f32], keys: &[f32], values: &[f32], heads: usize, kv_heads: usize) -> Vec<f64> {
    let dim = q.len() / heads;
    let width = kv_heads * dim;
    let mut out = vec![0.0; q.len()];
    for head in 0..heads {
        let own = head * dim..(head + 1) * dim;
        let shared = head * kv_heads / heads;
        let at = shared * dim..(shared + 1) * dim;
        let score = |key: &[f32]| {
            let products = q[own.clone()].iter().zip(&key[at.clone()]).map(|(q, k)| f64::from(*q) * f64::from(*k));
            products.sum::<f64>() / (dim as f64).sqrt()
        };
        let shares = softmax(&keys.chunks_exact(width).map(score).collect::<Vec<_>>());
        for (share, value) in shares.iter().zip(values.chunks_exact(width)) {
            for (out, value) in out[own.clone()].iter_mut().zip(&value[at.clone()]) {
                *out += share * f64::from(*value);
            }
        }
    }
    out
}

#[test]
fn linear_oracle_knows_a_small_product() {
    // [1 2; 3 4; 5 6]·(1, 10) + (0.5, 0, -0.5), then the same with rows overlapping by one.
    let w = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(linear(1, &[1.0, 10.0], 2, 3, &w, &[0.5, 0.0, -0.5]), [21.5, 43.0, 64.5]);
    assert_eq!(linear(2, &[1.0, 10.0, 100.0], 1, 1, &[1.0, 2.0], &[]), [21.0, 210.0]);
}

#[test]
fn depthwise_oracle_knows_a_difference_and_a_delay() {
    // Two channels: x[t+1] - x[t], and x[t].
    let x = [1.0, 5.0, 4.0, 6.0, 9.0, 7.0];
    assert_eq!(depthwise(2, &x, 2, &[-1.0, 1.0, 1.0, 0.0], &[0.0, 0.5]), [3.0, 5.5, 5.0, 6.5]);
}

#[test]
fn layer_norm_oracle_knows_a_pair() {
    assert_eq!(layer_norm(&[3.0, 7.0], 2, 0.0, &[], &[]), [-1.0, 1.0]);
    assert_eq!(layer_norm(&[3.0, 7.0], 2, 0.0, &[2.0, 3.0], &[0.5, 0.25]), [-1.5, 3.25]);
    assert_eq!(layer_norm(&[0.0, 0.0], 2, 1.0, &[], &[1.0, 2.0]), [1.0, 2.0]);
}

#[test]
fn softmax_and_gelu_oracles_know_known_values() {
    let shares = softmax(&[0.0, 2f64.ln(), 5f64.ln()]);
    for (share, want) in shares.iter().zip([0.125, 0.25, 0.625]) {
        assert!((share - want).abs() < 1e-15);
    }
    assert_eq!(gelu_tanh(0.0), 0.0);
    // From the definition: ½ (1 + tanh(0.7978845608 · 1.044715)) = 0.8411919906.
    assert!((gelu_tanh(1.0) - 0.841_191_990_6).abs() < 1e-9);
    assert!((gelu_tanh(1.0) + gelu_tanh(-1.0) - (1.0 - 2.0 * (1.0 - 0.841_191_990_6))).abs() < 1e-9);
}

#[test]
fn attend_oracle_knows_equal_and_certain_choices() {
    let values = [1.0, 10.0, 3.0, 30.0];
    assert_eq!(attend(&[0.0, 0.0], &[5.0, 6.0, 7.0, 8.0], &values, 1, 1), [2.0, 20.0]);
    let certain = attend(&[1e3, 1e3], &[1.0, 0.0, 0.0, 1.0], &values, 2, 2);
    assert_eq!(certain, [1.0, 30.0]);
}

#[test]
fn worst_tells_nan_and_infinity_apart_from_numbers() {
    assert_eq!(worst(&[1.0, f32::INFINITY, f32::NAN], &[1.5, f64::INFINITY, f64::NAN], |_| 1.0), 0.5);
    assert_eq!(worst(&[f32::NAN], &[0.0], |_| 1.0), f64::INFINITY);
    assert_eq!(worst(&[1.0], &[f64::INFINITY], |_| 1.0), f64::INFINITY);
}
