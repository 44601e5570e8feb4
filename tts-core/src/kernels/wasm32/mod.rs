//! WebAssembly's 128-bit vectors: four lanes a register, chosen when compiling. A sum rounds twice (fusing is left to the
//! engine in "relaxed" instructions, whose bits differ from machine to machine), so that every value equals the portable one.

use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8,
    i32x4_load_extend_i16x4, i32x4_shl, i32x4_splat, u32x4_load_extend_u16x4, u32x4_shl, v128, v128_and, v128_load,
    v128_store,
};

use super::simd::{LANES, Lanes, Simd};

/// The vectors of `-C target-feature=+simd128`; a module compiled so runs only where they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simd128;

impl Simd for Simd128 {
    type Vector = [v128; 4];

    // 2 rows of one panel: 8 accumulators, 4 weights, 1 broadcast of the 16 registers that most machines behind have.
    const ROWS: usize = 2;
    const WIDE: usize = 1;
    const SINGLE: usize = 2;

    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Self::Vector {
        let quarters = lanes.as_chunks::<4>().0;
        // SAFETY: the load reads these 4 values.
        std::array::from_fn(|quarter| unsafe { v128_load(quarters[quarter].as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, vector: Self::Vector, lanes: &mut Lanes) {
        for (lanes, quarter) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(vector) {
            // SAFETY: the store writes these 4 values.
            unsafe { v128_store(lanes.as_mut_ptr().cast(), quarter) };
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::Vector {
        [f32x4_splat(value); 4]
    }

    #[inline(always)]
    fn vector_madd(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        std::array::from_fn(|quarter| f32x4_add(f32x4_mul(a[quarter], b[quarter]), c[quarter]))
    }

    /// As `half_bits_to_f32`.
    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Self::Vector {
        let quarters = bits.as_chunks::<4>().0;
        let mask = i32x4_splat(0x8fff_e000_u32.cast_signed());
        let scale = f32x4_splat(f32::from_bits((127 + 112) << 23));
        std::array::from_fn(|quarter| {
            // SAFETY: the load reads these 4 halves.
            let wide = unsafe { i32x4_load_extend_i16x4(quarters[quarter].as_ptr().cast()) };
            f32x4_mul(v128_and(i32x4_shl(wide, 13), mask), scale)
        })
    }

    type Sums = [v128; 4];
    type Words = [v128; 4];

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [i32x4_splat(0); 4]
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words {
        let quarters = pairs.as_chunks::<4>().0;
        // SAFETY: the load reads these 4 pairs.
        std::array::from_fn(|quarter| unsafe { i16x8_load_extend_i8x8(quarters[quarter].as_ptr().cast()) })
    }

    #[inline(always)]
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], sums: Self::Sums) -> Self::Sums {
        let x = i32x4_splat(i32::from(x[0]) & 0xffff | i32::from(x[1]) << 16);
        std::array::from_fn(|quarter| i32x4_add(sums[quarter], i32x4_dot_i16x8(w[quarter], x)))
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Self::Vector {
        sums.map(|quarter| f32x4_convert_i32x4(quarter))
    }

    #[inline(always)]
    fn scaled_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        std::array::from_fn(|quarter| f32x4_add(a[quarter], f32x4_mul(b[quarter], c[quarter])))
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Self::Vector {
        let quarters = bits.as_chunks::<4>().0;
        // SAFETY: the load reads these 4 values.
        std::array::from_fn(|quarter| {
            u32x4_shl(unsafe { u32x4_load_extend_u16x4(quarters[quarter].as_ptr().cast()) }, 16)
        })
    }
}
