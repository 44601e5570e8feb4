//! NEON, which every aarch64 CPU has: thirty-two registers of four lanes.

use std::arch::aarch64::{vcvt_f32_f16, vld1_u16, vreinterpret_f16_u16, vst1q_f32};

use super::simd::{LANES, Lanes, Simd};

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
        for (out, bits) in out.as_chunks_mut::<4>().0.iter_mut().zip(bits.as_chunks::<4>().0) {
            // SAFETY: every aarch64 CPU has NEON; the load reads the 4 halves of `bits`, the store writes the 4 of `out`.
            unsafe { vst1q_f32(out.as_mut_ptr(), vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(bits.as_ptr())))) };
        }
        out
    }
}
