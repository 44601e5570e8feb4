//! One tensor's bytes, and the ways to take them: as `f32` values or packed for the kernels.

use std::ops::Range;

use half::{bf16, f16};
use safetensors::Dtype;

use super::packed::{PackedEntry, Recorded};
use super::{Weights, WeightsError};
use crate::kernels::{LANES, PackedMatrix, Slab, Storage};

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
    weights: &'w Weights,
    /// As stored.
    name: String,
    /// As asked for, where that is another.
    asked: Option<String>,
    shape: Vec<usize>,
    content: Content<'w>,
}

/// What a tensor holds.
#[derive(Debug, Clone)]
pub(super) enum Content<'w> {
    /// Values, and where they lie in the file.
    Stored(Format, Range<usize>),
    /// Values of 4 bytes that were made of others.
    Made(Vec<u8>),
    /// A matrix as the kernels read it.
    Packed(&'w PackedEntry),
}

impl<'w> Tensor<'w> {
    pub(super) fn new(weights: &'w Weights, name: &str, shape: &[usize], content: Content<'w>) -> Self {
        Self { weights, name: name.to_owned(), asked: None, shape: shape.to_vec(), content }
    }

    /// The same, which code knows by another name.
    pub(super) fn asked_as(self, name: &str) -> Self {
        Self { asked: Some(name.to_owned()), ..self }
    }

    /// The name by which code knows it.
    fn known(&self) -> &str {
        self.asked.as_deref().unwrap_or(&self.name)
    }

    /// The tensor's bytes as stored, for fingerprints.
    #[must_use]
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Stored(_, range) => &self.weights.all()[range.clone()],
            Content::Made(bytes) => bytes,
            Content::Packed(entry) => &self.weights.all()[entry.place.clone()],
        }
    }

    /// How single values are stored.
    ///
    /// # Errors
    /// [`WeightsError::Dtype`] if only a kernel can read them.
    fn format(&self) -> Result<Format, WeightsError> {
        match self.content {
            Content::Stored(format, _) => Ok(format),
            Content::Made(_) => Ok(Format::F32),
            Content::Packed(entry) => {
                let found = format!("a packed matrix of {:?}", entry.storage);
                Err(WeightsError::Dtype { origin: self.weights.origin.clone(), name: self.name.clone(), found })
            }
        }
    }

    /// All values.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`], or [`WeightsError::Dtype`] of a packed matrix.
    pub(crate) fn to_f32(&self) -> Result<Vec<f32>, WeightsError> {
        let values = self.floats()?;
        self.record_values();
        Ok(values)
    }

    /// [`Tensor::to_f32`], unnoticed by a recorder.
    pub(super) fn floats(&self) -> Result<Vec<f32>, WeightsError> {
        let format = self.format()?;
        self.check(format, self.bytes())?;
        let bytes = self.bytes();
        Ok((0..bytes.len() / format.width()).map(|i| format.value(bytes, i)).collect())
    }

    /// All values, where they are if the file holds them as they are computed.
    ///
    /// # Errors
    /// As [`Tensor::to_f32`].
    pub(crate) fn values(&self) -> Result<Slab<f32>, WeightsError> {
        if let Content::Stored(Format::F32, range) = &self.content
            && let Some(slab) = Slab::shared(&self.weights.bytes, range.clone())
        {
            self.check(Format::F32, self.bytes())?;
            self.record_values();
            return Ok(slab);
        }
        Ok(self.to_f32()?.into())
    }

    /// Some of the values; what stands beside them need not be numbers. Nothing of a range that the tensor does not have.
    ///
    /// # Errors
    /// As [`Tensor::to_f32`].
    pub(crate) fn part(&self, range: Range<usize>) -> Result<Vec<f32>, WeightsError> {
        let format = self.format()?;
        let bytes = self.bytes().get(range.start * format.width()..range.end * format.width()).unwrap_or_default();
        self.check(format, bytes).map_err(|error| match error {
            WeightsError::NotFinite { origin, name, index } => {
                WeightsError::NotFinite { origin, name, index: index + range.start }
            }
            other => other,
        })?;
        Ok((0..bytes.len() / format.width()).map(|i| format.value(bytes, i)).collect())
    }

    /// A `[rows, columns]` matrix in the kernels' layout, in the storage of the file or that of a rule.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`], or [`WeightsError::Shape`] of a packed matrix.
    pub(crate) fn packed(&self, rows: usize, columns: usize) -> Result<PackedMatrix, WeightsError> {
        self.packed_by(rows, columns, |row, column| row * columns + column)
    }

    /// As [`Tensor::packed`], where `index(row, column)` says which value of the tensor stands there.
    ///
    /// # Errors
    /// As [`Tensor::packed`].
    pub(crate) fn packed_by(
        &self,
        rows: usize,
        columns: usize,
        index: impl Fn(usize, usize) -> usize,
    ) -> Result<PackedMatrix, WeightsError> {
        if let Content::Packed(entry) = self.content {
            return self.lying(entry, rows, columns);
        }
        let format = self.format()?;
        self.check(format, self.bytes())?;
        let (bytes, storage) = (self.bytes(), self.storage(format, rows, columns));
        let matrix = laid_out(rows, columns, storage, Some(format), |row, column| (bytes, format, index(row, column)));
        self.weights.record(|| Recorded::matrix(&[self.known()], &matrix));
        self.let_go();
        Ok(matrix)
    }

    /// Matrices of `columns` columns stacked over each other, `rows` of them in all, in the storage of the first.
    ///
    /// # Errors
    /// As [`Tensor::packed`].
    pub(crate) fn packed_stack(parts: &[(Tensor<'_>, usize)], columns: usize) -> Result<PackedMatrix, WeightsError> {
        let rows = parts.iter().map(|(_, rows)| rows).sum();
        let (first, _) = &parts[0];
        if let Content::Packed(entry) = first.content {
            return first.lying(entry, rows, columns);
        }
        let mut place = Vec::new();
        for (tensor, rows) in parts {
            let format = tensor.format()?;
            tensor.check(format, tensor.bytes())?;
            place.extend((0..*rows).map(|row| (tensor.bytes(), format, row * columns)));
        }
        let format = first.format()?;
        let storage = first.storage(format, rows, columns);
        let common = place.iter().all(|(_, other, _)| *other == format).then_some(format);
        let matrix = laid_out(rows, columns, storage, common, |row, column| {
            let (bytes, format, at) = place[row];
            (bytes, format, at + column)
        });
        let names: Vec<&str> = parts.iter().map(|(tensor, _)| tensor.known()).collect();
        first.weights.record(|| Recorded::matrix(&names, &matrix));
        parts.iter().for_each(|(tensor, _)| tensor.let_go());
        Ok(matrix)
    }

    /// To be called when the values were copied.
    fn let_go(&self) {
        if let Content::Stored(_, range) = &self.content {
            self.weights.let_go(range.clone());
        }
    }

    /// The matrix that lies in the file.
    fn lying(&self, entry: &PackedEntry, rows: usize, columns: usize) -> Result<PackedMatrix, WeightsError> {
        let (origin, name) = (self.weights.origin.clone(), self.name.clone());
        if (entry.rows, entry.columns) != (rows, columns) {
            let (expected, found) = (vec![rows, columns], vec![entry.rows, entry.columns]);
            return Err(WeightsError::Shape { origin, name, expected, found });
        }
        self.check_packed(entry)?;
        let place = entry.place.clone();
        let matrix = PackedMatrix::from_bytes(rows, columns, entry.storage, &self.weights.bytes, place);
        matrix.ok_or_else(|| WeightsError::Format {
            origin,
            what: format!("the packed matrix '{name}' does not lie at a multiple of its alignment"),
        })
    }

    /// What a rule says of this matrix, unless it is narrower than a panel: those are small, and the last of their network.
    fn storage(&self, format: Format, rows: usize, columns: usize) -> Storage {
        match self.weights.storage_of(self.known()) {
            Some(Storage::Int8) if rows < LANES || columns < LANES => format.storage(),
            Some(storage) => storage,
            None => format.storage(),
        }
    }

    /// Numbers of a packed matrix. 8-bit integers cannot be anything else; their scales are not read, since that would read all of
    /// the file.
    fn check_packed(&self, entry: &PackedEntry) -> Result<(), WeightsError> {
        let format = match entry.storage {
            Storage::F32 => Format::F32,
            Storage::F16 => Format::F16,
            Storage::Bf16 => Format::Bf16,
            Storage::Int8 => return Ok(()),
        };
        self.check(format, self.bytes())
    }

    /// Infinities and NaN have all exponent bits set.
    fn check(&self, format: Format, bytes: &[u8]) -> Result<(), WeightsError> {
        // whole pages of numbers first, since one by one is slow
        let bad = |block: &[u8]| match format {
            Format::F16 => short(block, 0x7c00),
            Format::Bf16 => short(block, 0x7f80),
            Format::F32 => long(block),
        };
        let Some(block) = bytes.chunks(BLOCK).position(bad) else { return Ok(()) };
        let rest = &bytes[block * BLOCK..];
        let index = rest.chunks_exact(format.width()).position(bad).unwrap_or_default();
        Err(WeightsError::NotFinite {
            origin: self.weights.origin.clone(),
            name: self.name.clone(),
            index: block * BLOCK / format.width() + index,
        })
    }
}

const BLOCK: usize = 4096;

/// Whether a number of two bytes has all bits of `mask`; without a branch, so that it is done sixteen at a time.
fn short(block: &[u8], mask: u16) -> bool {
    block.as_chunks::<2>().0.iter().fold(false, |bad, b| bad | (u16::from_le_bytes(*b) & mask == mask))
}

/// The same of a number of four bytes.
fn long(block: &[u8]) -> bool {
    block.as_chunks::<4>().0.iter().fold(false, |bad, b| bad | (u32::from_le_bytes(*b) & 0x7f80_0000 == 0x7f80_0000))
}

/// A matrix whose value `at(row, column)` is so many values behind the start of those bytes; all of them have the format `common`,
/// if they have one: then 16 bits that stay as they are take no way through f32, which is most of what loading costs.
fn laid_out<'b>(
    rows: usize,
    columns: usize,
    storage: Storage,
    common: Option<Format>,
    at: impl Fn(usize, usize) -> (&'b [u8], Format, usize),
) -> PackedMatrix {
    let bits = |row, column| {
        let (bytes, _, n) = at(row, column);
        u16::from_le_bytes([bytes[2 * n], bytes[2 * n + 1]])
    };
    match (common, storage) {
        (Some(Format::F16), Storage::F16) => PackedMatrix::from_halves(rows, columns, false, bits),
        (Some(Format::Bf16), Storage::Bf16) => PackedMatrix::from_halves(rows, columns, true, bits),
        _ => PackedMatrix::pack(rows, columns, storage, |row, column| {
            let (bytes, format, n) = at(row, column);
            format.value(bytes, n)
        }),
    }
}

impl Format {
    fn width(self) -> usize {
        if self == Self::F32 { 4 } else { 2 }
    }

    fn value(self, bytes: &[u8], index: usize) -> f32 {
        match self {
            Self::F32 => {
                let b = &bytes[4 * index..4 * index + 4];
                f32::from_le_bytes([b[0], b[1], b[2], b[3]])
            }
            Self::F16 => f16::from_le_bytes([bytes[2 * index], bytes[2 * index + 1]]).to_f32(),
            Self::Bf16 => bf16::from_le_bytes([bytes[2 * index], bytes[2 * index + 1]]).to_f32(),
        }
    }

    fn storage(self) -> Storage {
        match self {
            Self::F32 => Storage::F32,
            Self::F16 => Storage::F16,
            Self::Bf16 => Storage::Bf16,
        }
    }
}

impl Tensor<'_> {
    fn record_values(&self) {
        let bytes = || self.bytes().to_vec();
        self.weights.record(|| match self.content {
            Content::Stored(Format::F16, _) => Recorded::values(self.known(), Dtype::F16, &self.shape, bytes()),
            Content::Stored(Format::Bf16, _) => Recorded::values(self.known(), Dtype::BF16, &self.shape, bytes()),
            _ => Recorded::values(self.known(), Dtype::F32, &self.shape, bytes()),
        });
    }
}
