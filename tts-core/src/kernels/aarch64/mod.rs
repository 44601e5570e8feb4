//! NEON, which every aarch64 CPU has: thirty-two registers of four lanes.

use super::simd::{LANES, Lanes, Simd, half_bits_to_f32};

/// NEON with fused multiply-add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neon;

impl Simd for Neon {
    // 4 rows of one panel: 16 accumulators, 4 weights, 1 broadcast of 32 registers.
    const ROWS: usize = 4;
    const WIDE: usize = 1;
    const SINGLE: usize = 4;

    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = half_bits_to_f32(bits[lane]);
        }
        out
    }
}
