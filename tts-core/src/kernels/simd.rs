//! The token every kernel body is generic over: how one instruction set multiplies, adds and reads halves.

/// Lanes of every chunk: one AVX-512 register, two of AVX2, four of SSE2 or NEON.
pub(crate) const LANES: usize = 16;

/// Sixteen values side by side.
pub(super) type Lanes = [f32; LANES];

/// Proof that an instruction set may be used, and the few operations that differ between sets.
///
/// A body that takes `s: impl Simd` is `#[inline(always)]`, so that it is compiled inside the `#[target_feature]`
/// function that made the token.
pub(super) trait Simd: Copy {
    /// Sixteen f32 in registers. Only the matrix product names its vectors: there the compiler, given plain arrays, chose
    /// registers of four for AVX2 and spilled the sums (docs/SPEED.md).
    type Vector: Copy;

    /// Rows that one tile of a matrix product holds in registers, beside [`Simd::WIDE`] panels.
    const ROWS: usize;
    /// Panels of such a tile: 1 or 2.
    const WIDE: usize;
    /// Panels summed at once for a single row: 2 or 4.
    const SINGLE: usize;

    /// `a·b + c`, fused where the set can, else rounded twice.
    fn madd(self, a: f32, b: f32, c: f32) -> f32;

    /// Sixteen values from memory.
    fn load(self, lanes: &Lanes) -> Self::Vector;

    /// Sixteen values to memory.
    fn store(self, vector: Self::Vector, lanes: &mut Lanes);

    /// One value in all lanes.
    fn splat(self, value: f32) -> Self::Vector;

    /// [`Simd::madd`] lane by lane.
    fn vector_madd(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Asks for the cache line at an address, which need not be valid. Nothing where the set has no such hint.
    fn prefetch(self, at: *const u8);

    /// Sixteen halves (IEEE binary16 bits, finite) as f32, exactly.
    fn halves(self, bits: &[u16; LANES]) -> Self::Vector;

    /// Sixteen i32 in registers.
    type Sums: Copy;

    /// Sixteen pairs of i16 in registers.
    type Words: Copy;

    /// No sum yet.
    fn no_sums(self) -> Self::Sums;

    /// Sixteen pairs of 8-bit integers, widened.
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words;

    /// `sums[lane] + w[lane][0]·x[0] + w[lane][1]·x[1]`, wrapping.
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], sums: Self::Sums) -> Self::Sums;

    /// Sixteen sums, rounded.
    fn floats(self, sums: Self::Sums) -> Self::Vector;

    /// `a + b·c` lane by lane, never fused: the same bits on every set.
    fn scaled_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Sixteen bfloat16 as f32.
    fn uppers(self, bits: &[u16; LANES]) -> Self::Vector;

    /// The lanes of each of four vectors added up, in the tree of [`sum`].
    #[inline(always)]
    fn sums(self, vectors: [Self::Vector; 4]) -> [f32; 4] {
        let mut out = [0.0; 4];
        for n in 0..4 {
            let mut lanes = [0.0; LANES];
            self.store(vectors[n], &mut lanes);
            out[n] = sum(lanes);
        }
        out
    }
}

/// What every CPU of the target has: no fused multiply-add, since that would be a library call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

impl Simd for Portable {
    type Vector = Lanes;

    const ROWS: usize = 2;
    const WIDE: usize = 1;
    const SINGLE: usize = 2;

    #[inline(always)]
    fn madd(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Lanes {
        *lanes
    }

    #[inline(always)]
    fn store(self, vector: Lanes, lanes: &mut Lanes) {
        *lanes = vector;
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn vector_madd(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = a[lane] * b[lane] + c[lane];
        }
        out
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

    type Sums = [i32; LANES];
    type Words = [[i16; 2]; LANES];

    #[inline(always)]
    fn no_sums(self) -> Self::Sums {
        [0; LANES]
    }

    #[inline(always)]
    fn words(self, pairs: &[[i8; 2]; LANES]) -> Self::Words {
        pairs.map(|pair| pair.map(i16::from))
    }

    #[inline(always)]
    fn pairs_madd(self, w: Self::Words, x: [i16; 2], mut sums: Self::Sums) -> Self::Sums {
        let x = x.map(i32::from);
        for lane in 0..LANES {
            let products = i32::from(w[lane][0]) * x[0] + i32::from(w[lane][1]) * x[1];
            sums[lane] = sums[lane].wrapping_add(products);
        }
        sums
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = sums[lane] as f32;
        }
        out
    }

    #[inline(always)]
    fn scaled_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = a[lane] + b[lane] * c[lane];
        }
        out
    }

    #[inline(always)]
    fn uppers(self, bits: &[u16; LANES]) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = f32::from_bits(u32::from(bits[lane]) << 16);
        }
        out
    }
}

/// The distance of the biases of f32 and binary16.
pub(super) const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);

/// The value of a finite half, in three operations that vectorise on any set.
///
/// Shifting the sign-extended bits by 13 puts the exponent and fraction where f32 has them, and three copies of the sign
/// beside it, which the mask removes. What is left is the value times 2^-112 (the distance of the biases); halves below
/// 2^-14 become subnormal f32 here, and the product makes them right too.
#[inline(always)]
pub(super) fn half_bits_to_f32(bits: u16) -> f32 {
    let shifted = (i32::from(bits.cast_signed()) << 13) as u32 & 0x8fff_e000;
    f32::from_bits(shifted) * TWO_TO_112
}

/// Sum of sixteen lanes in a fixed tree.
#[inline(always)]
pub(super) fn sum(lanes: Lanes) -> f32 {
    let mut half = [0.0; 8];
    for i in 0..8 {
        half[i] = lanes[i] + lanes[i + 8];
    }
    let mut quarter = [0.0; 4];
    for i in 0..4 {
        quarter[i] = half[i] + half[i + 4];
    }
    (quarter[0] + quarter[2]) + (quarter[1] + quarter[3])
}

/// Fewer than sixteen values, filled up with `filler`: so that the rest of a slice goes through the same arithmetic as
/// its chunks, and the running sums never leave their registers.
#[inline(always)]
pub(super) fn padded(rest: &[f32], filler: f32) -> Lanes {
    let mut lanes = [filler; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}
