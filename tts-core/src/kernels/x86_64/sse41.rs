//! SSE4.1: sixteen registers of four lanes, for CPUs of before 2013 and the small ones since that have no AVX.

use std::arch::x86_64::{
    __m128, __m128i, _mm_add_epi32, _mm_add_ps, _mm_and_si128, _mm_castsi128_ps, _mm_cvtepi8_epi16, _mm_cvtepi16_epi32,
    _mm_cvtepi32_ps, _mm_loadl_epi64, _mm_loadu_ps, _mm_loadu_si128, _mm_madd_epi16, _mm_mul_ps, _mm_set1_epi32,
    _mm_set1_ps, _mm_setzero_si128, _mm_slli_epi32, _mm_storeu_ps, _mm_unpackhi_epi16, _mm_unpacklo_epi16,
};

use super::super::simd::{LANES, Lanes, Simd, TWO_TO_112};
use super::{pair, prefetch};

/// Proof that SSE4.1 is there.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Sse41(());

impl Sse41 {
    /// # Safety
    /// The CPU has SSE4.1.
    #[inline(always)]
    pub(in super::super) unsafe fn assume() -> Self {
        Self(())
    }
}

impl Simd for Sse41 {
    type Vector = [__m128; 4];

    // 2 rows of one panel: 8 accumulators, 4 weights, 1 broadcast of 16 registers.
    const ROWS: usize = 2;
    const WIDE: usize = 1;
    const SINGLE: usize = 2;

    /// Rounded twice, as there is no fused one.
    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    #[inline(always)]
    fn prefetch(self, at: *const u8) {
        prefetch(at);
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Self::Vector {
        let source = lanes.as_ptr();
        // SAFETY: every x86-64 CPU has SSE2; the loads read 4 values each inside `lanes`.
        unsafe {
            [
                _mm_loadu_ps(source),
                _mm_loadu_ps(source.add(4)),
                _mm_loadu_ps(source.add(8)),
                _mm_loadu_ps(source.add(12)),
            ]
        }
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, lanes: &mut Lanes) {
        for (quarter, lanes) in vector.into_iter().zip(lanes.as_chunks_mut::<4>().0) {
            // SAFETY: every x86-64 CPU has SSE2; the store writes these 4 values.
            unsafe { _mm_storeu_ps(lanes.as_mut_ptr(), quarter) }
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        // SAFETY: every x86-64 CPU has SSE2.
        [unsafe { _mm_set1_ps(value) }; 4]
    }

    #[inline(always)]
    fn vector_madd(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        self.scaled_add(c, a, b)
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Self::Vector {
        let mut out = self.splat(0.0);
        for (out, bits) in out.iter_mut().zip(bits.as_chunks::<4>().0) {
            // as `half_bits_to_f32`
            // SAFETY: `self` proves SSE4.1; the load reads these 4 halves.
            *out = unsafe {
                let wide = _mm_cvtepi16_epi32(_mm_loadl_epi64(bits.as_ptr().cast::<__m128i>()));
                let kept = _mm_and_si128(_mm_slli_epi32::<13>(wide), _mm_set1_epi32(0x8fff_e000_u32.cast_signed()));
                _mm_mul_ps(_mm_castsi128_ps(kept), _mm_set1_ps(TWO_TO_112))
            };
        }
        out
    }

    type Sums = [__m128i; 4];
    type Words = [__m128i; 4];

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        // SAFETY: every x86-64 CPU has SSE2.
        [unsafe { _mm_setzero_si128() }; 4]
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words {
        let mut out = self.no_sums();
        for (out, pairs) in out.iter_mut().zip(pairs.as_chunks::<4>().0) {
            // SAFETY: `self` proves SSE4.1; the load reads these 4 pairs.
            *out = unsafe { _mm_cvtepi8_epi16(_mm_loadl_epi64(pairs.as_ptr().cast::<__m128i>())) };
        }
        out
    }

    #[inline(always)]
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], mut sums: Self::Sums) -> Self::Sums {
        for (sums, w) in sums.iter_mut().zip(w) {
            // SAFETY: every x86-64 CPU has SSE2.
            *sums = unsafe { _mm_add_epi32(*sums, _mm_madd_epi16(w, _mm_set1_epi32(pair(x)))) };
        }
        sums
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Self::Vector {
        let mut out = self.splat(0.0);
        for (out, sums) in out.iter_mut().zip(sums) {
            // SAFETY: every x86-64 CPU has SSE2.
            *out = unsafe { _mm_cvtepi32_ps(sums) };
        }
        out
    }

    #[inline(always)]
    fn scaled_add(self, mut a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        for quarter in 0..4 {
            // SAFETY: every x86-64 CPU has SSE2.
            a[quarter] = unsafe { _mm_add_ps(a[quarter], _mm_mul_ps(b[quarter], c[quarter])) };
        }
        a
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Self::Vector {
        let source = bits.as_ptr();
        // SAFETY: every x86-64 CPU has SSE2; both loads read 8 values inside `bits`.
        unsafe {
            let zero = _mm_setzero_si128();
            let low = _mm_loadu_si128(source.cast::<__m128i>());
            let high = _mm_loadu_si128(source.add(8).cast::<__m128i>());
            [
                _mm_castsi128_ps(_mm_unpacklo_epi16(zero, low)),
                _mm_castsi128_ps(_mm_unpackhi_epi16(zero, low)),
                _mm_castsi128_ps(_mm_unpacklo_epi16(zero, high)),
                _mm_castsi128_ps(_mm_unpackhi_epi16(zero, high)),
            ]
        }
    }
}
