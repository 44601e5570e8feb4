//! AVX2 with FMA and F16C: sixteen registers of eight lanes.

use std::arch::asm;
use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadu_si128, _mm_storeu_ps, _mm256_add_epi32, _mm256_add_ps, _mm256_castps256_ps128,
    _mm256_castsi256_ps, _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_cvtepu16_epi32, _mm256_cvtph_ps,
    _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_madd_epi16, _mm256_mul_ps, _mm256_permute_ps, _mm256_permute2f128_ps,
    _mm256_permutevar8x32_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_epi32, _mm256_setzero_si256,
    _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_storeu_ps,
};

use super::super::simd::{LANES, Lanes, Simd};
use super::{pair, prefetch};

/// Proof that AVX2, FMA and F16C are there, and AVX-VNNI if `VNNI`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx2<const VNNI: bool = false>(());

/// `sums + w[0]·x[0] + w[1]·x[1]` in each lane. The compiler makes two instructions of the intrinsic, which shortens one chain of sums and
/// costs a fifth where there are twelve (docs/SPEED.md).
///
/// # Safety
/// The CPU has AVX-VNNI.
#[inline]
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn dpwssd(mut sums: __m256i, w: __m256i, x: __m256i) -> __m256i {
    // SAFETY: the function is compiled for AVX-VNNI; nothing but registers is touched.
    unsafe {
        asm!(
            "{{vex}} vpdpwssd {sums}, {w}, {x}",
            sums = inout(ymm_reg) sums,
            w = in(ymm_reg) w,
            x = in(ymm_reg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

impl<const VNNI: bool> Avx2<VNNI> {
    /// # Safety
    /// The CPU has AVX2, FMA and F16C, and AVX-VNNI if `VNNI`.
    #[inline(always)]
    pub(in super::super) unsafe fn assume() -> Self {
        Self(())
    }
}

impl<const VNNI: bool> Simd for Avx2<VNNI> {
    type Vector = [__m256; 2];

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
        prefetch(at);
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Self::Vector {
        let source = lanes.as_ptr();
        // SAFETY: `self` proves AVX; both loads read 8 values inside `lanes`.
        unsafe { [_mm256_loadu_ps(source), _mm256_loadu_ps(source.add(8))] }
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, lanes: &mut Lanes) {
        let target = lanes.as_mut_ptr();
        // SAFETY: `self` proves AVX; both stores write 8 values inside `lanes`.
        unsafe {
            _mm256_storeu_ps(target, vector[0]);
            _mm256_storeu_ps(target.add(8), vector[1]);
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        // SAFETY: `self` proves AVX.
        let half = unsafe { _mm256_set1_ps(value) };
        [half, half]
    }

    #[inline(always)]
    fn vector_madd(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // SAFETY: `self` proves FMA.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Self::Vector {
        let source = bits.as_ptr();
        // SAFETY: `self` proves F16C; both loads read 8 halves inside `bits`.
        unsafe {
            let low = _mm_loadu_si128(source.cast::<__m128i>());
            let high = _mm_loadu_si128(source.add(8).cast::<__m128i>());
            [_mm256_cvtph_ps(low), _mm256_cvtph_ps(high)]
        }
    }

    type Sums = [__m256i; 2];
    type Words = [__m256i; 2];

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        // SAFETY: `self` proves AVX.
        [unsafe { _mm256_setzero_si256() }; 2]
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words {
        let source = pairs.as_ptr();
        // SAFETY: `self` proves AVX2; both loads read 8 pairs inside `pairs`.
        unsafe {
            let low = _mm_loadu_si128(source.cast::<__m128i>());
            let high = _mm_loadu_si128(source.add(8).cast::<__m128i>());
            [_mm256_cvtepi8_epi16(low), _mm256_cvtepi8_epi16(high)]
        }
    }

    #[inline(always)]
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], sums: Self::Sums) -> Self::Sums {
        // SAFETY: `self` proves AVX2, and AVX-VNNI where it says so.
        unsafe {
            let x = _mm256_set1_epi32(pair(x));
            if VNNI {
                return [dpwssd(sums[0], w[0], x), dpwssd(sums[1], w[1], x)];
            }
            [
                _mm256_add_epi32(sums[0], _mm256_madd_epi16(w[0], x)),
                _mm256_add_epi32(sums[1], _mm256_madd_epi16(w[1], x)),
            ]
        }
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Self::Vector {
        // SAFETY: `self` proves AVX.
        unsafe { [_mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1])] }
    }

    #[inline(always)]
    fn scaled_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        // SAFETY: `self` proves AVX.
        unsafe { [_mm256_add_ps(a[0], _mm256_mul_ps(b[0], c[0])), _mm256_add_ps(a[1], _mm256_mul_ps(b[1], c[1]))] }
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Self::Vector {
        let source = bits.as_ptr();
        // SAFETY: `self` proves AVX2; both loads read 8 values inside `bits`.
        unsafe {
            let low = _mm256_cvtepu16_epi32(_mm_loadu_si128(source.cast::<__m128i>()));
            let high = _mm256_cvtepu16_epi32(_mm_loadu_si128(source.add(8).cast::<__m128i>()));
            [low, high].map(|half| _mm256_castsi256_ps(_mm256_slli_epi32::<16>(half)))
        }
    }

    #[inline(always)]
    fn sums(self, [a, b, c, d]: [Self::Vector; 4]) -> [f32; 4] {
        let mut out = [0.0; 4];
        // SAFETY: `self` proves AVX2; the store writes the 4 values of `out`.
        unsafe {
            let [a, b] = [_mm256_add_ps(a[0], a[1]), _mm256_add_ps(b[0], b[1])];
            let [c, d] = [_mm256_add_ps(c[0], c[1]), _mm256_add_ps(d[0], d[1])];
            let ab = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
            let cd = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(c, d), _mm256_permute2f128_ps::<0x31>(c, d));
            // in each half of the register two of a or b, then two of c or d
            let all = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(ab, cd), _mm256_shuffle_ps::<0xee>(ab, cd));
            let all = _mm256_add_ps(all, _mm256_permute_ps::<0b10_11_00_01>(all));
            let first = _mm256_setr_epi32(0, 4, 2, 6, 0, 4, 2, 6);
            _mm_storeu_ps(out.as_mut_ptr(), _mm256_castps256_ps128(_mm256_permutevar8x32_ps(all, first)));
        }
        out
    }
}
