//! Weights laid out once so that a product reads them as one sequential stream, or as four side by side.
//!
//! In: a matrix `[rows O, columns I]`. Out: panels of 16 rows, panel p holding for each column i the 16 weights
//! `w[16p..16p+16][i]` side by side; rows missing from the last panel are zero. Panels lie in groups of 4 (at the end 2
//! and 1): column 0 of each panel of the group, then column 1 of each, so that a group is one stream. Panels of 8-bit integers
//! hold blocks of 32 columns in place of columns, with zeros after the last one.
//!
//! The layout is the same for every instruction set, and is what a converted file holds.

use std::fmt;
use std::ops::Range;

use super::quantised::INT8_COLUMNS;
use super::simd::LANES;
use super::slab::{Plain, SharedBytes, Slab};

/// How each weight is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// 4 bytes, as computed.
    F32,
    /// 2 bytes, IEEE binary16: 11 bits of precision, magnitudes from 6e-8 to 65504.
    F16,
    /// 2 bytes, the upper half of an f32: 8 bits of precision, the range of f32.
    Bf16,
    /// 1.06 bytes: -127 to 127 times a scale of 32 columns of the row, a bfloat16 that the largest of them sets.
    Int8,
}

/// One column of a panel: 16 weights of 4 bytes, on a cache line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Full(pub(super) [f32; LANES]);

/// One column of a panel: 16 halves (binary16 bits), in one half of a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Half(pub(super) [u16; LANES]);

/// One column of a panel: 16 bfloat16 (the upper bits of an f32), in one half of a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Upper(pub(super) [u16; LANES]);

/// Columns that share a scale.
pub(super) const BLOCK: usize = 32;

/// Thirty-two columns of a panel of 8-bit integers, two by two: for each of 16 rows a scale (upper bits of an f32), then both weights
/// of each pair of columns.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(super) struct Block {
    pub(super) scales: [u16; LANES],
    pub(super) pairs: [[[i8; 2]; LANES]; BLOCK / 2],
}

// SAFETY: arrays of numbers that fill their alignment.
unsafe impl Plain for Full {}
// SAFETY: as above.
unsafe impl Plain for Half {}
// SAFETY: as above.
unsafe impl Plain for Upper {}
// SAFETY: as above.
unsafe impl Plain for Block {}

/// The columns of all panels, `panels · I` entries; of blocks one for 32 columns.
pub(super) enum Panels {
    F32(Slab<Full>),
    F16(Slab<Half>),
    Bf16(Slab<Upper>),
    Int8(Slab<Block>),
}

/// A weight matrix `[rows O, columns I]` packed for [`linear`](super::linear).
pub struct PackedMatrix {
    rows: usize,
    columns: usize,
    panels: Panels,
}

impl PackedMatrix {
    /// Packs `row_major(row, column)`, asked once for every weight.
    ///
    /// Values that came from `storage` are kept exactly, others are rounded to nearest, ties to even. Infinite and NaN
    /// weights, and ones that only rounding to f16 makes infinite, are kept by storing the whole matrix as f32; so is one of
    /// 8-bit integers with more than 65,536 columns.
    ///
    /// # Panics
    /// If `rows · columns` does not fit the address space.
    pub fn pack(rows: usize, columns: usize, storage: Storage, row_major: impl Fn(usize, usize) -> f32) -> Self {
        let value = |row: usize, column: usize| if row < rows { row_major(row, column) } else { 0.0 };
        let panels = match storage {
            Storage::F32 => Panels::F32(lay_out(rows, columns, value, Full)),
            Storage::F16 => Panels::F16(lay_out(rows, columns, |row, column| to_f16_bits(value(row, column)), Half)),
            Storage::Bf16 => {
                Panels::Bf16(lay_out(rows, columns, |row, column| to_bf16_bits(value(row, column)), Upper))
            }
            Storage::Int8 => quantise(rows, columns, value),
        };
        let unbounded = match &panels {
            Panels::F16(halves) => {
                halves.get().iter().any(|Half(bits)| bits.iter().any(|bits| bits & 0x7c00 == 0x7c00))
            }
            Panels::Int8(blocks) => {
                let infinite = |scale: &u16| scale & 0x7f80 == 0x7f80;
                columns > INT8_COLUMNS || blocks.get().iter().any(|block| block.scales.iter().any(infinite))
            }
            Panels::F32(_) | Panels::Bf16(_) => false,
        };
        if unbounded {
            return Self::pack(rows, columns, Storage::F32, row_major);
        }
        Self { rows, columns, panels }
    }

    /// Packs row-major f32 weights, `weights.len() = rows · columns`.
    ///
    /// # Panics
    /// If the length is another.
    #[must_use]
    pub fn from_f32(rows: usize, columns: usize, weights: &[f32]) -> Self {
        assert_eq!(Some(weights.len()), rows.checked_mul(columns), "weights of a {rows} x {columns} matrix");
        Self::pack(rows, columns, Storage::F32, |row, column| weights[row * columns + column])
    }

    /// Packs row-major IEEE binary16 weights given as bits, `bits.len() = rows · columns`.
    ///
    /// # Panics
    /// If the length is another.
    #[must_use]
    pub fn from_f16_bits(rows: usize, columns: usize, bits: &[u16]) -> Self {
        assert_eq!(Some(bits.len()), rows.checked_mul(columns), "weights of a {rows} x {columns} matrix");
        if bits.iter().any(|bits| bits & 0x7c00 == 0x7c00) {
            return Self::pack(rows, columns, Storage::F32, |row, column| from_f16_bits(bits[row * columns + column]));
        }
        Self::from_halves(rows, columns, false, |row, column| bits[row * columns + column])
    }

    /// Packs row-major bfloat16 weights given as bits, `bits.len() = rows · columns`.
    ///
    /// # Panics
    /// If the length is another.
    #[must_use]
    pub fn from_bf16_bits(rows: usize, columns: usize, bits: &[u16]) -> Self {
        assert_eq!(Some(bits.len()), rows.checked_mul(columns), "weights of a {rows} x {columns} matrix");
        Self::from_halves(rows, columns, true, |row, column| bits[row * columns + column])
    }

    /// Packs finite weights of 16 bits without a way through f32: `bits(row, column)` is a bfloat16 if `brain`, else a binary16.
    ///
    /// # Panics
    /// If `rows · columns` does not fit the address space.
    pub(crate) fn from_halves(rows: usize, columns: usize, brain: bool, bits: impl Fn(usize, usize) -> u16) -> Self {
        let value = |row: usize, column: usize| if row < rows { bits(row, column) } else { 0 };
        let panels = if brain {
            Panels::Bf16(lay_out(rows, columns, value, Upper))
        } else {
            Panels::F16(lay_out(rows, columns, value, Half))
        };
        Self { rows, columns, panels }
    }

    /// Outputs O of a product.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Inputs I of a product.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How the weights are stored; f32 where [`PackedMatrix::pack`] met one that f16 cannot hold.
    #[must_use]
    pub fn storage(&self) -> Storage {
        match self.panels {
            Panels::F32(_) => Storage::F32,
            Panels::F16(_) => Storage::F16,
            Panels::Bf16(_) => Storage::Bf16,
            Panels::Int8(_) => Storage::Int8,
        }
    }

    /// Bytes of memory that the weights take, and that one product of one row reads.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.as_bytes().len()
    }

    /// The panels as a file keeps them.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.panels {
            Panels::F32(columns) => columns.bytes(),
            Panels::F16(columns) => columns.bytes(),
            Panels::Bf16(columns) => columns.bytes(),
            Panels::Int8(blocks) => blocks.bytes(),
        }
    }

    /// The matrix whose panels are the bytes in `range`, without copying them. Nothing if the range has not the length that
    /// [`PackedMatrix::stored`] tells, is not there or not aligned.
    pub(crate) fn from_bytes(
        rows: usize,
        columns: usize,
        storage: Storage,
        bytes: &SharedBytes,
        range: Range<usize>,
    ) -> Option<Self> {
        if Self::stored(rows, columns, storage) != Some(range.len()) {
            return None;
        }
        let panels = match storage {
            Storage::F32 => Panels::F32(Slab::shared(bytes, range)?),
            Storage::F16 => Panels::F16(Slab::shared(bytes, range)?),
            Storage::Bf16 => Panels::Bf16(Slab::shared(bytes, range)?),
            Storage::Int8 => Panels::Int8(Slab::shared(bytes, range)?),
        };
        Some(Self { rows, columns, panels })
    }

    /// Bytes of the panels of a matrix; nothing if no address space holds it or no such matrix is made.
    pub(crate) fn stored(rows: usize, columns: usize, storage: Storage) -> Option<usize> {
        let panels = rows.div_ceil(LANES);
        let bytes = |columns: usize, size: usize| panels.checked_mul(columns)?.checked_mul(size);
        match storage {
            Storage::F32 => bytes(columns, size_of::<Full>()),
            Storage::F16 | Storage::Bf16 => bytes(columns, size_of::<Half>()),
            Storage::Int8 if columns <= INT8_COLUMNS => bytes(columns.div_ceil(BLOCK), size_of::<Block>()),
            Storage::Int8 => None,
        }
    }

    /// The columns of all panels, for [`linear`](super::linear).
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }
}

impl fmt::Debug for PackedMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackedMatrix({} x {}, {:?})", self.rows, self.columns, self.storage())
    }
}

/// First panel and number of panels of each group of a matrix of so many rows, from panel `from` on: fours, then a two, then a one.
#[inline(always)]
pub(super) fn groups(rows: usize, from: usize) -> impl Iterator<Item = (usize, usize)> {
    let panels = rows.div_ceil(LANES);
    let mut panel = from;
    std::iter::from_fn(move || {
        let size = match panels - panel {
            0 => return None,
            1 => 1,
            2 | 3 => 2,
            _ => 4,
        };
        panel += size;
        Some((panel - size, size))
    })
}

/// Groups of four that are read side by side: one stream of reads reaches two thirds of the bandwidth of memory, four all of it.
pub(super) const STRANDS: usize = 4;

/// First panels of four groups of four, a quarter of the matrix apart, so that each quarter is one stream; and the first
/// panel that none of them holds.
#[inline(always)]
pub(super) fn strands(rows: usize) -> (impl Iterator<Item = [usize; STRANDS]>, usize) {
    let quarter = rows.div_ceil(LANES) / (4 * STRANDS);
    let mut n = 0;
    let each = std::iter::from_fn(move || {
        n += 1;
        (n <= quarter).then(|| std::array::from_fn(|strand| 4 * (n - 1 + strand * quarter)))
    });
    (each, 4 * STRANDS * quarter)
}

/// Weights `value(row, column)` in panel order, `row` running past the last row in the last panel.
fn lay_out<T: Copy + Default, C>(
    rows: usize,
    columns: usize,
    value: impl Fn(usize, usize) -> T,
    column_of: impl Fn([T; LANES]) -> C,
) -> Slab<C>
where
    C: Plain,
{
    let count = rows.div_ceil(LANES).checked_mul(columns).expect("a matrix that fits the address space");
    let mut out = Vec::with_capacity(count);
    for (panel, size) in groups(rows, 0) {
        for column in 0..columns {
            for panel in panel..panel + size {
                let mut lanes = [T::default(); LANES];
                for lane in 0..LANES {
                    lanes[lane] = value(panel * LANES + lane, column);
                }
                out.push(column_of(lanes));
            }
        }
    }
    out.into()
}

/// Weights as 8-bit integers. A block that is not finite has such a scale.
fn quantise(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Panels {
    let block = |panel: usize, number: usize| {
        let mut block = Block { scales: [0; LANES], pairs: [[[0; 2]; LANES]; BLOCK / 2] };
        for lane in 0..LANES {
            let mut weights = [0.0; BLOCK];
            for (n, weight) in weights.iter_mut().enumerate().take(columns - number * BLOCK) {
                *weight = value(panel * LANES + lane, number * BLOCK + n);
            }
            // the bits of magnitudes are ordered as they are, NaN above all
            let largest = weights.iter().fold(0, |top, weight| weight.abs().to_bits().max(top));
            // rounded up, so that the largest becomes 127 and no more
            let scale = (f32::from_bits(largest) / 127.0).to_bits().div_ceil(1 << 16);
            block.scales[lane] = scale as u16;
            let scale = f32::from_bits(scale << 16);
            let inverse = if scale >= f32::MIN_POSITIVE { scale.recip() } else { 0.0 };
            for (n, weight) in weights.iter().enumerate() {
                let integer = (weight * inverse).round_ties_even().clamp(-127.0, 127.0) as i8;
                block.pairs[n / 2][lane][n % 2] = integer;
            }
        }
        block
    };
    let count = columns.div_ceil(BLOCK);
    let mut out =
        Vec::with_capacity(rows.div_ceil(LANES).checked_mul(count).expect("a matrix that fits the address space"));
    for (panel, size) in groups(rows, 0) {
        for number in 0..count {
            out.extend((panel..panel + size).map(|panel| block(panel, number)));
        }
    }
    Panels::Int8(out.into())
}

/// Nearest half of an f32, ties to even, as bits; what is too large becomes infinite.
pub(super) fn to_f16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let magnitude = bits & 0x7fff_ffff;
    let half = if magnitude > 0x7f80_0000 {
        0x7e00
    } else if magnitude >= 0x4780_0000 {
        0x7c00 // 65536 and more
    } else if magnitude < 0x3880_0000 {
        // Below 2^-14 the step is 2^-24: adding 0.5, whose own step is 2^-24, rounds to it.
        (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5f32.to_bits()
    } else {
        let odd = (magnitude >> 13) & 1;
        (magnitude + 0xfff + odd - (112 << 23)) >> 13
    };
    sign | half as u16
}

/// The f32 equal to a half given as bits, infinities and NaN too.
pub(super) fn from_f16_bits(bits: u16) -> f32 {
    if bits & 0x7c00 == 0x7c00 {
        return f32::from_bits(u32::from(bits & 0x8000) << 16 | 0x7f80_0000 | u32::from(bits & 0x3ff) << 13);
    }
    super::simd::half_bits_to_f32(bits)
}

/// Nearest bfloat16 of an f32, ties to even, as bits.
pub(super) fn to_bf16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a half by the definition.
    fn half(bits: u16) -> f64 {
        let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
        match exponent {
            0 => sign * fraction * 2f64.powi(-24),
            31 if fraction == 0.0 => sign * f64::INFINITY,
            31 => f64::NAN,
            _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
        }
    }

    #[test]
    fn every_half_is_read_exactly_and_written_back() {
        for bits in 0..=u16::MAX {
            let value = from_f16_bits(bits);
            let want = half(bits);
            assert!(f64::from(value) == want || value.is_nan() && want.is_nan(), "{bits:04x} {value} {want}");
            if !value.is_nan() {
                assert_eq!(to_f16_bits(value), bits);
            }
        }
    }

    #[test]
    fn every_set_reads_finite_halves_exactly() {
        // The product with 1 shows what the kernels decode.
        for isa in super::super::Isa::available() {
            let bits: Vec<u16> = (0..=u16::MAX).filter(|bits| bits & 0x7c00 != 0x7c00).collect();
            let matrix = PackedMatrix::from_f16_bits(bits.len(), 1, &bits);
            assert_eq!(matrix.storage(), Storage::F16);
            let mut y = vec![f32::NAN; bits.len()];
            super::super::linear(isa, &mut y, &[1.0], &matrix, &[]);
            for (y, bits) in y.iter().zip(bits) {
                assert_eq!(f64::from(*y), half(bits), "{bits:04x} on {isa:?}");
            }
        }
    }

    #[test]
    fn f32_is_rounded_to_the_nearest_half_ties_to_even() {
        let mut bits = 0u32;
        while let Some(next) = bits.checked_add(997) {
            let value = f32::from_bits(bits & 0x7fff_ffff);
            let rounded = to_f16_bits(value);
            if value.is_nan() {
                assert!(half(rounded).is_nan());
            } else if value >= 65520.0 {
                assert_eq!(rounded, 0x7c00, "{value}");
            } else {
                let error = (half(rounded) - f64::from(value)).abs();
                for other in [rounded.wrapping_sub(1), rounded + 1] {
                    let distance = (half(other) - f64::from(value)).abs();
                    let nearest = error < distance || error == distance && rounded & 1 == 0;
                    assert!(nearest || distance.is_nan() || distance.is_infinite(), "{value} {rounded:04x}");
                }
            }
            bits = next;
        }
        assert_eq!(to_f16_bits(-0.0), 0x8000);
        assert_eq!(to_f16_bits(65519.9), 0x7bff);
    }

    #[test]
    fn bfloat16_is_rounded_to_nearest_ties_to_even() {
        assert_eq!(to_bf16_bits(1.0), 0x3f80);
        assert_eq!(to_bf16_bits(f32::from_bits(0x3f80_8000)), 0x3f80); // a tie goes down to even
        assert_eq!(to_bf16_bits(f32::from_bits(0x3f81_8000)), 0x3f82); // and up to even
        assert_eq!(to_bf16_bits(f32::from_bits(0x3f80_8001)), 0x3f81);
        assert_eq!(to_bf16_bits(-f32::INFINITY), 0xff80);
        assert_eq!(to_bf16_bits(f32::from_bits(0x7f80_0001)), 0x7fc0); // NaN stays NaN
    }

    #[test]
    fn weights_a_half_cannot_hold_make_the_matrix_f32() {
        let matrix =
            PackedMatrix::pack(3, 2, Storage::F16, |row, column| if row == 2 && column == 1 { 1e6 } else { 1.0 });
        assert_eq!(matrix.storage(), Storage::F32);
        let matrix = PackedMatrix::from_f16_bits(1, 2, &[0x3c00, 0x7c00]);
        assert_eq!(matrix.storage(), Storage::F32);
        let mut y = [0.0];
        super::super::linear(super::super::Isa::portable(), &mut y, &[1.0, 1.0], &matrix, &[]);
        assert_eq!(y, [f32::INFINITY]);
    }

    #[test]
    fn bytes_count_whole_panels() {
        assert_eq!(PackedMatrix::from_f32(17, 3, &[0.0; 51]).bytes(), 2 * 16 * 3 * 4);
        assert_eq!(PackedMatrix::from_f16_bits(16, 3, &[0; 48]).bytes(), 16 * 3 * 2);
        assert_eq!(PackedMatrix::from_bf16_bits(0, 3, &[]).bytes(), 0);
    }
}
