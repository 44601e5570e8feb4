//! A packed file: everything that a model loads, its matrices as the kernels read them, in one file that is mapped and used where
//! it lies.
//!
//! It is a safetensors file. What a [`Recorder`] writes, [`Weights::open`] reads:
//! - metadata `format` [`FORMAT`] and `version` [`VERSION`], and whatever the writer adds;
//! - a matrix is a tensor `NAME|ROWSxCOLUMNS|STORAGE` of bytes, panels of 16 rows whatever the instruction set. `NAME` is the
//!   tensor that it was made of; of several that were stacked the first, and the others are `OTHER|in another`, without bytes;
//! - every other tensor is as it was, with its name;
//! - a file beside the weights (configuration, tokeniser) is a tensor `file|NAME` of bytes.
//!
//! Tensors lie in the order of their alignment, the largest first, so that every one is aligned where the file is.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::{Weights, WeightsError};
use crate::kernels::{PackedMatrix, Storage};
use crate::units::Fingerprint;

/// What such a file calls itself.
pub(crate) const FORMAT: &str = "tts packed";
/// Raised whenever panels or names change.
pub(crate) const VERSION: &str = "1";
/// Marks names that are not the model's.
const MARK: char = '|';
const INSIDE: &str = "in another";
const FILE: &str = "file";
/// Where a file's data begin: a multiple of it.
const PAGE: usize = 4096;

/// A matrix that lies in a file.
#[derive(Debug, Clone)]
pub(super) struct PackedEntry {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) storage: Storage,
    /// Its place in the file.
    pub(super) place: Range<usize>,
}

/// Keeps everything that a model loads, of one file or of several.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Recorded>>>);

/// What is to be written.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Of the tensors that it was made of.
    names: Vec<String>,
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Kind {
    Matrix { rows: usize, columns: usize, storage: Storage },
    Values { dtype: Dtype, shape: Vec<usize> },
}

impl Recorded {
    pub(super) fn matrix(names: &[&str], matrix: &PackedMatrix) -> Self {
        let kind = Kind::Matrix { rows: matrix.rows(), columns: matrix.columns(), storage: matrix.storage() };
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Self { names, kind, bytes: matrix.as_bytes().to_vec() }
    }

    pub(super) fn values(name: &str, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Self {
        Self { names: vec![name.to_owned()], kind: Kind::Values { dtype, shape: shape.to_vec() }, bytes }
    }

    /// The tensors that a file keeps of it.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let (name, bytes) = (&self.names[0], self.bytes.as_slice());
        let first = match &self.kind {
            Kind::Matrix { rows, columns, storage } => {
                let full = format!("{name}{MARK}{rows}x{columns}{MARK}{}", storage_name(*storage));
                Piece::of(if *storage == Storage::F32 { 64 } else { 32 }, full, bytes)
            }
            Kind::Values { dtype, shape } => {
                let align = if *dtype == Dtype::F32 { 4 } else { 2 };
                Piece { align, name: name.clone(), dtype: *dtype, shape: shape.clone(), bytes }
            }
        };
        let others = self.names[1..].iter().map(|name| Piece::of(1, format!("{name}{MARK}{INSIDE}"), &[]));
        std::iter::once(first).chain(others).collect()
    }
}

impl Recorder {
    /// Writes what was loaded, with `about` as metadata and `files` beside it.
    ///
    /// # Errors
    /// What `out` says.
    pub(crate) fn write(&self, about: &[(&str, &str)], files: &[(&str, &[u8])], out: &mut dyn Write) -> io::Result<()> {
        let recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pieces: Vec<Piece<'_>> = recorded.iter().flat_map(Recorded::pieces).collect();
        pieces.extend(files.iter().map(|(name, bytes)| Piece::of(1, format!("{FILE}{MARK}{name}"), bytes)));
        pieces.sort_by(|a, b| b.align.cmp(&a.align).then_with(|| a.name.cmp(&b.name)));
        pieces.dedup_by(|a, b| a.name == b.name);
        write(&pieces, about, out)
    }
}

fn storage_name(storage: Storage) -> &'static str {
    match storage {
        Storage::F32 => "f32",
        Storage::F16 => "f16",
        Storage::Bf16 => "bf16",
        Storage::Int8 => "int8",
    }
}

/// The tensor of the model that a name in a file stands for.
pub(super) fn base(name: &str) -> &str {
    name.split(MARK).next().unwrap_or(name)
}

/// Whether a name in a packed file is that of a file beside the weights.
pub(super) fn is_file(name: &str) -> bool {
    name.split_once(MARK).is_some_and(|(kind, _)| kind == FILE)
}

/// The matrices that lie in a file whose data begin at `data`; none if it is no packed file. The error says what is wrong.
pub(super) fn table(metadata: &Metadata, data: usize) -> Result<HashMap<String, PackedEntry>, String> {
    let about = |key: &str| metadata.metadata().as_ref().and_then(|all| all.get(key)).map(String::as_str);
    if about("format") != Some(FORMAT) {
        return Ok(HashMap::new());
    }
    let version = about("version").unwrap_or("missing");
    if version != VERSION {
        return Err(format!("its version is {version}, this program reads {VERSION}; convert the model again"));
    }
    let tensors = metadata.tensors();
    let place = |info: &TensorInfo| data + info.data_offsets.0..data + info.data_offsets.1;
    let mut table = HashMap::new();
    for (name, info) in &tensors {
        let parts: Vec<&str> = name.split(MARK).collect();
        let (base, entry) = match parts[..] {
            [base, INSIDE] => (base, PackedEntry { rows: 0, columns: 0, storage: Storage::F32, place: 0..0 }),
            [base, shape, storage] => {
                let wrong = || format!("'{name}' is no name of a packed matrix");
                let (rows, columns) = shape.split_once('x').ok_or_else(wrong)?;
                let [rows, columns] = [rows, columns].map(|text| text.parse::<usize>().map_err(|_| wrong()));
                let (rows, columns) = (rows?, columns?);
                let all = [Storage::F32, Storage::F16, Storage::Bf16, Storage::Int8];
                let storage = all.into_iter().find(|s| storage_name(*s) == storage).ok_or_else(wrong)?;
                let entry = PackedEntry { rows, columns, storage, place: place(info) };
                if PackedMatrix::stored(rows, columns, storage) != Some(entry.place.len()) {
                    return Err(format!("'{name}' has {} bytes, which is no such matrix", entry.place.len()));
                }
                (base, entry)
            }
            _ => continue,
        };
        if tensors.contains_key(base) || table.insert(base.to_owned(), entry).is_some() {
            return Err(format!("'{base}' is there twice"));
        }
    }
    Ok(table)
}

impl Weights {
    /// These weights, of which everything that is loaded is kept by `recorder`, under names with `prefix`.
    #[must_use]
    pub(crate) fn recorded_by(mut self, prefix: &'static str, recorder: &Recorder) -> Self {
        self.recorder = Some((prefix, recorder.clone()));
        self
    }

    pub(super) fn record(&self, made: impl FnOnce() -> Recorded) {
        if let Some((prefix, Recorder(all))) = &self.recorder {
            let mut made = made();
            made.names.iter_mut().for_each(|name| name.insert_str(0, prefix));
            all.lock().unwrap_or_else(PoisonError::into_inner).push(made);
        }
    }

    /// A file that a packed file holds beside the weights.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        let name = format!("{FILE}{MARK}{name}");
        let (from, to) = self.metadata.info(&name)?.data_offsets;
        Some(&self.all()[self.data + from..self.data + to])
    }

    /// Whether this is a packed file.
    pub(crate) fn is_packed(&self) -> bool {
        self.metadata("format") == Some(FORMAT)
    }

    /// Compares the contents with the fingerprint that was written with them: reads all of the file.
    ///
    /// # Errors
    /// [`WeightsError::Format`].
    pub(crate) fn verify(&self) -> Result<(), WeightsError> {
        let found = fingerprint(&self.all()[self.data..]).to_string();
        if self.metadata("fingerprint") == Some(&found) {
            return Ok(());
        }
        let expected = self.metadata("fingerprint").unwrap_or("none");
        let what = format!("its contents have the fingerprint {found}, expected {expected}");
        Err(WeightsError::Format { origin: self.origin.clone(), what })
    }
}

/// One tensor to be written.
struct Piece<'a> {
    align: usize,
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    fn of(align: usize, name: String, bytes: &'a [u8]) -> Self {
        Self { align, name, dtype: Dtype::U8, shape: vec![bytes.len()], bytes }
    }
}

fn write(pieces: &[Piece<'_>], about: &[(&str, &str)], out: &mut dyn Write) -> io::Result<()> {
    let mut print = Print::default();
    for piece in pieces {
        print.add(piece.bytes);
    }
    let print = print.finish().to_string();
    let mut metadata: BTreeMap<&str, &str> = about.iter().copied().collect();
    metadata.extend([("format", FORMAT), ("version", VERSION), ("fingerprint", &print)]);
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".to_owned(), serde_json::to_value(metadata)?);
    let mut at = 0;
    for piece in pieces {
        let offsets = [at, at + piece.bytes.len()];
        let info = serde_json::json!({ "dtype": piece.dtype, "shape": piece.shape, "data_offsets": offsets });
        header.insert(piece.name.clone(), info);
        at = offsets[1];
    }
    let mut header = serde_json::to_vec(&header)?;
    // the format allows spaces after the header: they bring the data to a page
    header.resize((size_of::<u64>() + header.len()).next_multiple_of(PAGE) - size_of::<u64>(), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    pieces.iter().try_for_each(|piece| out.write_all(piece.bytes))?;
    out.flush()
}

/// Fingerprint of contents: that of eight interleaved streams of 64-bit words, since byte by byte is slow for a whole model.
fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let mut print = Print::default();
    print.add(bytes);
    print.finish()
}

/// A fingerprint being made, whatever the pieces the bytes come in.
struct Print {
    lanes: [u64; 8],
    rest: Vec<u8>,
    length: u64,
}

impl Default for Print {
    fn default() -> Self {
        Self { lanes: std::array::from_fn(|lane| lane as u64), rest: Vec::new(), length: 0 }
    }
}

impl Print {
    fn add(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if !self.rest.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(64 - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() < 64 {
                return;
            }
            let block = std::mem::take(&mut self.rest);
            self.blocks(&block);
        }
        let whole = bytes.len() / 64 * 64;
        self.blocks(&bytes[..whole]);
        self.rest.extend_from_slice(&bytes[whole..]);
    }

    fn blocks(&mut self, bytes: &[u8]) {
        for block in bytes.as_chunks::<64>().0 {
            for (lane, word) in self.lanes.iter_mut().zip(block.as_chunks::<8>().0) {
                // FNV's prime spread over the word: a multiplication alone would never move high bits down
                *lane = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            }
        }
    }

    fn finish(&self) -> Fingerprint {
        let lanes = self.lanes.iter().fold(Fingerprint::EMPTY, |print, lane| print.with(&lane.to_le_bytes()));
        lanes.with(&self.rest).with(&self.length.to_le_bytes())
    }
}
