//! AVX-512 (F, BW, VL, DQ): thirty-two registers of sixteen lanes.

use std::arch::asm;
use std::arch::x86_64::{
    __m256i, __m512, __m512i, _mm_storeu_ps, _mm256_loadu_si256, _mm512_add_epi32, _mm512_add_ps,
    _mm512_castps512_ps128, _mm512_castsi512_ps, _mm512_cvtepi8_epi16, _mm512_cvtepi32_ps, _mm512_cvtepu16_epi32,
    _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_madd_epi16, _mm512_mul_ps, _mm512_permute_ps,
    _mm512_permutexvar_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setr_epi32, _mm512_setzero_si512,
    _mm512_shuffle_f32x4, _mm512_slli_epi32, _mm512_storeu_ps,
};

use super::super::simd::{LANES, Lanes, Simd};
use super::{pair, prefetch};

/// Proof that AVX-512 F, BW, VL and DQ are there, and AVX2, FMA and F16C, and AVX512-VNNI if `VNNI`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Avx512<const VNNI: bool = false>(());

/// `sums + w[0]·x[0] + w[1]·x[1]` in each lane. The compiler makes two instructions of the intrinsic, which shortens one chain of sums and
/// costs a sixth where there are twelve (docs/SPEED.md).
///
/// # Safety
/// The CPU has AVX512-VNNI.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn dpwssd(mut sums: __m512i, w: __m512i, x: __m512i) -> __m512i {
    // SAFETY: the function is compiled for AVX512-VNNI; nothing but registers is touched.
    unsafe {
        asm!(
            "vpdpwssd {sums}, {w}, {x}",
            sums = inout(zmm_reg) sums,
            w = in(zmm_reg) w,
            x = in(zmm_reg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

impl<const VNNI: bool> Avx512<VNNI> {
    /// # Safety
    /// The CPU has AVX-512 F, BW, VL and DQ, and AVX2, FMA and F16C, and AVX512-VNNI if `VNNI`.
    #[inline(always)]
    pub(in super::super) unsafe fn assume() -> Self {
        Self(())
    }
}

impl<const VNNI: bool> Simd for Avx512<VNNI> {
    type Vector = __m512;

    // 8 rows of two panels: 16 accumulators hide the latency, the broadcasts fold into the multiply-add.
    const ROWS: usize = 8;
    const WIDE: usize = 2;
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
    fn load(self, lanes: &Lanes) -> __m512 {
        // SAFETY: `self` proves AVX-512 F; the load reads the 16 values of `lanes`.
        unsafe { _mm512_loadu_ps(lanes.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, vector: __m512, lanes: &mut Lanes) {
        // SAFETY: `self` proves AVX-512 F; the store writes the 16 values of `lanes`.
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), vector) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn vector_madd(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> __m512 {
        // SAFETY: `self` proves AVX-512 F; the load reads the 16 halves of `bits`.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(bits.as_ptr().cast::<__m256i>())) }
    }

    type Sums = __m512i;
    type Words = __m512i;

    #[inline(always)]
    fn no_sums(self) -> __m512i {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> __m512i {
        // SAFETY: `self` proves AVX-512 BW; the load reads the 16 pairs.
        unsafe { _mm512_cvtepi8_epi16(_mm256_loadu_si256(pairs.as_ptr().cast::<__m256i>())) }
    }

    #[inline(always)]
    fn pairs_madd(self, w: __m512i, x: [i16; 2], sums: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512 F and BW, and AVX512-VNNI where it says so.
        unsafe {
            let x = _mm512_set1_epi32(pair(x));
            if VNNI { dpwssd(sums, w, x) } else { _mm512_add_epi32(sums, _mm512_madd_epi16(w, x)) }
        }
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_cvtepi32_ps(sums) }
    }

    #[inline(always)]
    fn scaled_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_add_ps(a, _mm512_mul_ps(b, c)) }
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> __m512 {
        // SAFETY: `self` proves AVX-512 F; the load reads the 16 values of `bits`.
        unsafe {
            let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(bits.as_ptr().cast::<__m256i>()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
        }
    }

    #[inline(always)]
    fn sums(self, [a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        let mut out = [0.0; 4];
        // SAFETY: `self` proves AVX-512 F; the store writes the 4 values of `out`.
        unsafe {
            // each quarter of a register is one of a vector's: halves meet, quarters meet, then what is left of a vector
            let ab = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b));
            let cd = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(c, d), _mm512_shuffle_f32x4::<0xee>(c, d));
            let all = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(ab, cd), _mm512_shuffle_f32x4::<0xdd>(ab, cd));
            let all = _mm512_add_ps(all, _mm512_permute_ps::<0b01_00_11_10>(all));
            let all = _mm512_add_ps(all, _mm512_permute_ps::<0b10_11_00_01>(all));
            let first = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
            _mm_storeu_ps(out.as_mut_ptr(), _mm512_castps512_ps128(_mm512_permutexvar_ps(first, all)));
        }
        out
    }
}
