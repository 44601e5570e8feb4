//! NEON, which every aarch64 CPU has: thirty-two registers of four lanes.

use std::arch::aarch64::{
    float32x4_t, int16x8x2_t, int32x4_t, vaddq_f32, vcvt_f32_f16, vcvtq_f32_s32, vdupq_n_f32, vdupq_n_s32, vfmaq_f32,
    vget_low_s8, vget_low_s16, vld1_u16, vld1q_f32, vld2q_s8, vmlal_high_n_s16, vmlal_n_s16, vmovl_high_s8, vmovl_s8,
    vmulq_f32, vreinterpret_f16_u16, vreinterpretq_f32_u32, vshll_n_u16, vst1q_f32,
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

    type Sums = [int32x4_t; 4];
    /// First and second of the pairs of eight rows, twice.
    type Words = [int16x8x2_t; 2];

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        // SAFETY: every aarch64 CPU has NEON.
        [unsafe { vdupq_n_s32(0) }; 4]
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words {
        // SAFETY: every aarch64 CPU has NEON; the load reads the 16 pairs.
        unsafe {
            let both = vld2q_s8(pairs.as_ptr().cast::<i8>());
            [
                int16x8x2_t(vmovl_s8(vget_low_s8(both.0)), vmovl_s8(vget_low_s8(both.1))),
                int16x8x2_t(vmovl_high_s8(both.0), vmovl_high_s8(both.1)),
            ]
        }
    }

    #[inline(always)]
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], sums: Self::Sums) -> Self::Sums {
        let mut out = sums;
        for (half, w) in w.into_iter().enumerate() {
            let [low, high] = [2 * half, 2 * half + 1];
            // SAFETY: every aarch64 CPU has NEON.
            unsafe {
                out[low] = vmlal_n_s16(vmlal_n_s16(out[low], vget_low_s16(w.0), x[0]), vget_low_s16(w.1), x[1]);
                out[high] = vmlal_high_n_s16(vmlal_high_n_s16(out[high], w.0, x[0]), w.1, x[1]);
            }
        }
        out
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Self::Vector {
        // SAFETY: every aarch64 CPU has NEON.
        sums.map(|quarter| unsafe { vcvtq_f32_s32(quarter) })
    }

    #[inline(always)]
    fn scaled_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        let mut out = a;
        for quarter in 0..4 {
            // SAFETY: every aarch64 CPU has NEON.
            out[quarter] = unsafe { vaddq_f32(a[quarter], vmulq_f32(b[quarter], c[quarter])) };
        }
        out
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Self::Vector {
        let mut out = self.splat(0.0);
        for (out, bits) in out.iter_mut().zip(bits.as_chunks::<4>().0) {
            // SAFETY: every aarch64 CPU has NEON; the load reads these 4 values.
            *out = unsafe { vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(bits.as_ptr()))) };
        }
        out
    }
}
