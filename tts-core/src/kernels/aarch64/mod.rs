//! NEON, which every aarch64 CPU has: thirty-two registers of four lanes.

use std::arch::aarch64::{
    float32x4_t, vcvt_f32_f16, vdupq_n_f32, vfmaq_f32, vld1_u16, vld1q_f32, vreinterpret_f16_u16, vst1q_f32,
};

use super::simd::{LANES, Lanes, Simd};

/// NEON with fused multiply-add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neon;

impl Simd for Neon {
    type Vector = [float32x4_t; 4];

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
    fn load(self, lanes: &Lanes) -> Self::Vector {
        let source = lanes.as_ptr();
        // SAFETY: every aarch64 CPU has NEON; each load reads 4 values inside `lanes`.
        unsafe { [vld1q_f32(source), vld1q_f32(source.add(4)), vld1q_f32(source.add(8)), vld1q_f32(source.add(12))] }
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, lanes: &mut Lanes) {
        for (lanes, quarter) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(vector) {
            // SAFETY: every aarch64 CPU has NEON; the store writes these 4 values.
            unsafe { vst1q_f32(lanes.as_mut_ptr(), quarter) };
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        // SAFETY: every aarch64 CPU has NEON.
        [unsafe { vdupq_n_f32(value) }; 4]
    }

    #[inline(always)]
    fn vector_madd(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        let mut out = c;
        for quarter in 0..4 {
            // SAFETY: every aarch64 CPU has NEON.
            out[quarter] = unsafe { vfmaq_f32(c[quarter], a[quarter], b[quarter]) };
        }
        out
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Self::Vector {
        let mut out = self.splat(0.0);
        for (out, bits) in out.iter_mut().zip(bits.as_chunks::<4>().0) {
            // SAFETY: every aarch64 CPU has NEON; the load reads these 4 halves.
            *out = unsafe { vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(bits.as_ptr()))) };
        }
        out
    }
}
