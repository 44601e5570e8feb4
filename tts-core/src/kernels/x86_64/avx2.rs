//! AVX2 with FMA and F16C: sixteen registers of eight lanes.

use std::arch::x86_64::{__m128i, __m256, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_cvtph_ps};

use super::super::simd::{LANES, Lanes, Simd};

/// Proof that AVX2, FMA and F16C are there.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The CPU has AVX2, FMA and F16C.
    #[inline(always)]
    pub(in super::super) unsafe fn assume() -> Self {
        Self(())
    }
}

impl Simd for Avx2 {
    // 6 rows of one panel: 12 accumulators, 2 weights, 1 broadcast of 16 registers.
    const ROWS: usize = 6;
    const WIDE: usize = 1;
    const SINGLE: usize = 4;

    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn prefetch(self, at: *const u8) {
        // SAFETY: every x86-64 CPU has the instruction, and it never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Lanes {
        let source = bits.as_ptr();
        // SAFETY: `self` proves F16C; both loads read 8 halves inside `bits`; two __m256 are 16 f32 in memory.
        unsafe {
            let low: __m256 = _mm256_cvtph_ps(_mm_loadu_si128(source.cast::<__m128i>()));
            let high: __m256 = _mm256_cvtph_ps(_mm_loadu_si128(source.add(8).cast::<__m128i>()));
            std::mem::transmute::<[__m256; 2], Lanes>([low, high])
        }
    }
}
