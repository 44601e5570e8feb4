//! Naive f64 versions of every kernel, and seeded values to run both on.

use super::{Isa, PackedMatrix, Storage};

/// Seeded values in [-1, 1) (xorshift64*).
pub(super) struct Values(u64);

impl Values {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let top = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        top as f32 / 8_388_608.0 - 1.0
    }

    pub(super) fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// `y[t][o] = b[o] + Σ_i x[t·stride + i]·w[o][i]`
pub(super) fn linear(
    rows: usize,
    x: &[f32],
    stride: usize,
    outputs: usize,
    inputs: usize,
    w: &[f32],
    b: &[f32],
) -> Vec<f64> {
    let mut y = Vec::new();
    for t in 0..rows {
        for o in 0..outputs {
            let products = (0..inputs).map(|i| f64::from(x[t * stride + i]) * f64::from(w[o * inputs + i]));
            y.push(b.get(o).copied().map_or(0.0, f64::from) + products.sum::<f64>());
        }
    }
    y
}

#[test]
fn products_are_right_on_every_set() {
    let mut values = Values::new(1);
    for isa in Isa::available() {
        for storage in [Storage::F32, Storage::F16, Storage::Bf16] {
            for (rows, outputs, inputs) in
                [(1, 64, 256), (1, 17, 3), (3, 80, 31), (9, 33, 64), (60, 1, 5), (13, 100, 0)]
            {
                let w: Vec<f32> = values.take(outputs * inputs).iter().map(|w| (w * 64.0).round() / 64.0).collect();
                let (x, b) = (values.take(rows * inputs), values.take(outputs));
                let packed = PackedMatrix::pack(outputs, inputs, storage, |o, i| w[o * inputs + i]);
                let mut y = vec![f32::NAN; rows * outputs];
                super::linear(isa, &mut y, &x, &packed, &b);
                let expected = linear(rows, &x, inputs, outputs, inputs, &w, &b);
                for (y, expected) in y.iter().zip(expected) {
                    assert!(
                        (f64::from(*y) - expected).abs() < 1e-5,
                        "{isa:?} {storage:?} {rows} {outputs} {inputs}: {y} {expected}"
                    );
                }
            }
        }
    }
}
