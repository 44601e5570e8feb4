//! WebAssembly's 128-bit vectors, chosen when compiling. Only the products of 8-bit weights name them: there `dot` makes in one
//! instruction what the compiler made of plain loops in many (docs/SPEED.md, "WebAssembly"); all else is the portable body, which
//! the compiler puts into the same vectors as fast as intrinsics do.
//!
//! Nothing is fused: that is left to "relaxed" instructions, whose bits differ from machine to machine. So every value equals the
//! portable one.

use std::arch::wasm32::{
    f32x4_convert_i32x4, i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_splat, v128, v128_store,
};

use super::simd::{LANES, Lanes, Portable, Simd};

/// The vectors of `-C target-feature=+simd128`; a module compiled so runs only where they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simd128;

impl Simd for Simd128 {
    type Vector = Lanes;

    const ROWS: usize = Portable::ROWS;
    const WIDE: usize = Portable::WIDE;
    const SINGLE: usize = Portable::SINGLE;

    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        Portable.madd(a, b, c)
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Lanes {
        Portable.load(lanes)
    }

    #[inline(always)]
    fn store(self, vector: Lanes, lanes: &mut Lanes) {
        Portable.store(vector, lanes);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes {
        Portable.splat(value)
    }

    #[inline(always)]
    fn vector_madd(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        Portable.vector_madd(a, b, c)
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; LANES]) -> Lanes {
        Portable.halves(bits)
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
    fn floats(self, sums: Self::Sums) -> Lanes {
        let mut out = [0.0; LANES];
        for (out, quarter) in out.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
            // SAFETY: the store writes these 4 values.
            unsafe { v128_store(out.as_mut_ptr().cast(), f32x4_convert_i32x4(quarter)) };
        }
        out
    }

    #[inline(always)]
    fn scaled_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        Portable.scaled_add(a, b, c)
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Lanes {
        Portable.uppers(bits)
    }
}
