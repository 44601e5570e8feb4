//! Weights laid out once so that a product reads them as one sequential stream.
//!
//! In: a matrix `[rows O, columns I]`. Out: panels of 16 rows, panel p holding for each column i the 16 weights
//! `w[16p..16p+16][i]` side by side; rows missing from the last panel are zero.

use super::simd::LANES;

/// How each weight is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// 4 bytes, as computed.
    F32,
    /// 2 bytes, IEEE binary16: 11 bits of precision, magnitudes from 6e-8 to 65504.
    F16,
    /// 2 bytes, the upper half of an f32: 8 bits of precision, the range of f32.
    Bf16,
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

/// The columns of all panels, `panels · I` entries.
#[derive(Debug)]
pub(super) enum Panels {
    F32(Box<[Full]>),
    F16(Box<[Half]>),
    Bf16(Box<[Upper]>),
}

/// A weight matrix `[rows O, columns I]` packed for [`linear`](super::linear).
#[derive(Debug)]
pub struct PackedMatrix {
    rows: usize,
    columns: usize,
    panels: Panels,
}

impl PackedMatrix {
    /// Packs `row_major(row, column)`, asked once for every weight.
    ///
    /// Values that came from `storage` are kept exactly, others are rounded to nearest, ties to even. Infinite and NaN
    /// weights, and ones that only rounding to f16 makes infinite, are kept by storing the whole matrix as f32.
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
        };
        let unbounded = match &panels {
            Panels::F16(columns) => columns.iter().any(|Half(bits)| bits.iter().any(|bits| bits & 0x7c00 == 0x7c00)),
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
        let value = |row: usize, column: usize| if row < rows { bits[row * columns + column] } else { 0 };
        Self { rows, columns, panels: Panels::F16(lay_out(rows, columns, value, Half)) }
    }

    /// Packs row-major bfloat16 weights given as bits, `bits.len() = rows · columns`.
    ///
    /// # Panics
    /// If the length is another.
    #[must_use]
    pub fn from_bf16_bits(rows: usize, columns: usize, bits: &[u16]) -> Self {
        assert_eq!(Some(bits.len()), rows.checked_mul(columns), "weights of a {rows} x {columns} matrix");
        let value = |row: usize, column: usize| if row < rows { bits[row * columns + column] } else { 0 };
        Self { rows, columns, panels: Panels::Bf16(lay_out(rows, columns, value, Upper)) }
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
        }
    }

    /// Bytes of memory that the weights take, and that one product of one row reads.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.panels {
            Panels::F32(columns) => size_of_val::<[Full]>(columns),
            Panels::F16(columns) => size_of_val::<[Half]>(columns),
            Panels::Bf16(columns) => size_of_val::<[Upper]>(columns),
        }
    }

    /// The columns of all panels, for [`linear`](super::linear).
    pub(super) fn panels(&self) -> &Panels {
        &self.panels
    }
}

/// Weights `value(row, column)` in panel order, `row` running past the last row in the last panel.
fn lay_out<T: Copy + Default, C>(
    rows: usize,
    columns: usize,
    value: impl Fn(usize, usize) -> T,
    column_of: impl Fn([T; LANES]) -> C,
) -> Box<[C]> {
    let panels = rows.div_ceil(LANES);
    let count = panels.checked_mul(columns).expect("a matrix that fits the address space");
    let mut out = Vec::with_capacity(count);
    for panel in 0..panels {
        for column in 0..columns {
            let mut lanes = [T::default(); LANES];
            for lane in 0..LANES {
                lanes[lane] = value(panel * LANES + lane, column);
            }
            out.push(column_of(lanes));
        }
    }
    out.into_boxed_slice()
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
