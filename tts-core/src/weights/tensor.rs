//! One tensor's bytes, and the ways to take them: as `f32` values or packed for the kernels.

use std::borrow::Cow;

use half::{bf16, f16};

use super::WeightsError;
use crate::kernels::{PackedMatrix, Storage};

/// How values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    F32,
    F16,
    Bf16,
}

/// A tensor whose shape was demanded when it was asked for; row-major.
#[derive(Debug)]
pub(crate) struct Tensor<'w> {
    origin: &'w str,
    name: String,
    format: Format,
    bytes: Cow<'w, [u8]>,
}

impl<'w> Tensor<'w> {
    pub(super) fn new(origin: &'w str, name: String, format: Format, bytes: Cow<'w, [u8]>) -> Self {
        Self { origin, name, format, bytes }
    }

    fn value(&self, index: usize) -> f32 {
        match self.format {
            Format::F32 => {
                let b = &self.bytes[4 * index..4 * index + 4];
                f32::from_le_bytes([b[0], b[1], b[2], b[3]])
            }
            Format::F16 => f16::from_le_bytes([self.bytes[2 * index], self.bytes[2 * index + 1]]).to_f32(),
            Format::Bf16 => bf16::from_le_bytes([self.bytes[2 * index], self.bytes[2 * index + 1]]).to_f32(),
        }
    }

    /// The tensor's bytes as stored, for fingerprints.
    #[must_use]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All values.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`].
    pub(crate) fn to_f32(&self) -> Result<Vec<f32>, WeightsError> {
        self.check_finite()?;
        let width = if self.format == Format::F32 { 4 } else { 2 };
        Ok((0..self.bytes.len() / width).map(|i| self.value(i)).collect())
    }

    /// Some of the values; what stands beside them need not be numbers. Nothing of a range that the tensor does not have.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`].
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Result<Vec<f32>, WeightsError> {
        let width = if self.format == Format::F32 { 4 } else { 2 };
        let bytes = self.bytes.get(range.start * width..range.end * width).unwrap_or_default();
        let part =
            Tensor { origin: self.origin, name: self.name.clone(), format: self.format, bytes: Cow::Borrowed(bytes) };
        part.to_f32().map_err(|error| match error {
            WeightsError::NotFinite { origin, name, index } => {
                WeightsError::NotFinite { origin, name, index: index + range.start }
            }
            other => other,
        })
    }

    /// A `[rows, columns]` matrix in the kernels' layout, in the storage of the file.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`].
    pub(crate) fn packed(&self, rows: usize, columns: usize) -> Result<PackedMatrix, WeightsError> {
        self.packed_by(rows, columns, |row, column| row * columns + column)
    }

    /// As [`Tensor::packed`], where `index(row, column)` says which value of the tensor stands there.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`].
    pub(crate) fn packed_by(
        &self,
        rows: usize,
        columns: usize,
        index: impl Fn(usize, usize) -> usize,
    ) -> Result<PackedMatrix, WeightsError> {
        self.check_finite()?;
        Ok(PackedMatrix::pack(rows, columns, self.storage(), |row, column| self.value(index(row, column))))
    }

    /// Matrices of `columns` columns stacked over each other, `rows` of them in all, in the storage of the first.
    pub(crate) fn packed_stack(parts: &[(Tensor<'_>, usize)], columns: usize) -> Result<PackedMatrix, WeightsError> {
        let mut place = Vec::new();
        for (part, (tensor, rows)) in parts.iter().enumerate() {
            tensor.check_finite()?;
            place.extend((0..*rows).map(|row| (part, row * columns)));
        }
        Ok(PackedMatrix::pack(place.len(), columns, parts[0].0.storage(), |row, column| {
            let (part, at) = place[row];
            parts[part].0.value(at + column)
        }))
    }

    fn storage(&self) -> Storage {
        match self.format {
            Format::F32 => Storage::F32,
            Format::F16 => Storage::F16,
            Format::Bf16 => Storage::Bf16,
        }
    }

    /// Infinities and NaN have all exponent bits set.
    fn check_finite(&self) -> Result<(), WeightsError> {
        let short =
            |mask: u16| self.bytes.chunks_exact(2).position(|b| u16::from_le_bytes([b[0], b[1]]) & mask == mask);
        let bad = match self.format {
            Format::F16 => short(0x7c00),
            Format::Bf16 => short(0x7f80),
            Format::F32 => self.bytes.chunks_exact(4).position(|b| b[3] & 0x7f == 0x7f && b[2] & 0x80 != 0),
        };
        match bad {
            None => Ok(()),
            Some(index) => {
                Err(WeightsError::NotFinite { origin: self.origin.to_owned(), name: self.name.clone(), index })
            }
        }
    }
}
