//! A weights file becomes named tensors whose shapes are demanded as they are read (level 2).
//!
//! In: the bytes of a safetensors file (embedded, mapped or owned). Out: [`Tensor`]s by name through a [`Scope`].
//! The bytes are hostile: the container is checked by the `safetensors` crate (header length, offsets inside the file,
//! contiguous, not overlapping, sizes that match shapes), everything else here. A tensor that is there but was never
//! read is an error too ([`Weights::finish`]): it means that the file and the code disagree about the model.
//!
//! How a matrix is stored once loaded is the file's choice, or that of [`StorageRule`]s. What was loaded can be written as a packed
//! file (`packed.rs`), whose matrices lie as the kernels read them and are used where they are mapped. Whatever is written is whole or
//! not there (`whole.rs`).
//!
//! May import: `kernels`, `units`.

pub(crate) mod packed;
mod renamed;
mod scope;
mod tensor;
mod whole;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::SafeTensors;
use safetensors::tensor::Metadata;

use crate::kernels::{SharedBytes, Storage};
use packed::{PackedEntry, Recorder};

pub(crate) use renamed::Meaning;
pub(crate) use scope::Scope;
pub(crate) use tensor::Tensor;
pub(crate) use whole::write_whole;

/// Why a weights file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a safetensors file, or a damaged one.
    #[error("{origin} is not a readable safetensors file: {what}; it may be truncated, fetch or convert it again")]
    Format {
        /// Which file.
        origin: String,
        /// What is wrong.
        what: String,
    },
    /// A tensor that the model needs is not there.
    #[error("{origin} has no tensor '{name}'; the file belongs to another model or version")]
    Missing {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
    },
    /// A tensor of another shape.
    #[error(
        "{origin}: tensor '{name}' has shape {found:?}, expected {expected:?}; the file and its configuration disagree"
    )]
    Shape {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
        /// The shape that the configuration asks for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor of a type that is not read.
    #[error("{origin}: tensor '{name}' is stored as {found}; expected F32, F16 or BF16")]
    Dtype {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
        /// The type in the file.
        found: String,
    },
    /// A tensor that should count something.
    #[error("{origin}: tensor '{name}' is stored as {found}; expected I64")]
    NoInteger {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
        /// The type in the file.
        found: String,
    },
    /// A value that is not a number.
    #[error("{origin}: tensor '{name}' holds a value that is not finite at index {index}; the file is damaged")]
    NotFinite {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
        /// Index of the first such value.
        index: usize,
    },
    /// Two tensors that are one to the model.
    #[error("{origin} holds tensor '{name}' twice, by an older and a newer name; convert it again")]
    Twice {
        /// Which file.
        origin: String,
        /// Which tensor.
        name: String,
    },
    /// Tensors that nothing read.
    #[error("{origin} holds tensors this model does not know: {}; the file belongs to another model or version", names.join(", "))]
    Unread {
        /// Which file.
        origin: String,
        /// The first few of them.
        names: Vec<String>,
    },
}

/// Matrices whose tensors have names that begin with `prefix` are stored so once loaded; the last rule that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageRule {
    /// `flow_lm.transformer.`
    pub(crate) prefix: &'static str,
    /// As in the file if there is none.
    pub(crate) storage: Option<Storage>,
}

/// An opened weights file.
pub(crate) struct Weights {
    origin: String,
    bytes: SharedBytes,
    metadata: Metadata,
    /// Where the tensors' bytes begin in the file.
    data: usize,
    read: RefCell<BTreeSet<String>>,
    /// Other names for the file's tensors.
    renamed: Option<renamed::Renamed>,
    rules: Vec<StorageRule>,
    /// Matrices that lie in the file as the kernels read them, by name.
    packed: HashMap<String, PackedEntry>,
    /// The mapping, where there is one.
    map: Option<Arc<memmap2::Mmap>>,
    /// Keeps what is loaded, under names with this prefix, where somebody wants to write it.
    recorder: Option<(&'static str, Recorder)>,
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weights({}, {} bytes)", self.origin, self.size())
    }
}

impl Weights {
    /// Maps a file. The file must not be changed while the weights are being loaded.
    ///
    /// # Errors
    /// [`WeightsError::Io`] or [`WeightsError::Format`].
    pub(crate) fn open(path: &Path) -> Result<Self, WeightsError> {
        let io = |source| WeightsError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(io(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        let map = map(&file).map_err(io)?;
        let map = Arc::new(map);
        let weights = Self::parse(path.display().to_string(), map.clone())?;
        Ok(Self { map: Some(map), ..weights })
    }

    /// Weights that are part of the program.
    ///
    /// # Errors
    /// [`WeightsError::Format`].
    pub(crate) fn embedded(name: &str, bytes: &'static [u8]) -> Result<Self, WeightsError> {
        Self::parse(name.to_owned(), Arc::new(bytes))
    }

    /// Weights in memory; `name` stands for the file in messages.
    ///
    /// # Errors
    /// [`WeightsError::Format`].
    pub(crate) fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        Self::parse(name.to_owned(), Arc::new(bytes))
    }

    /// Weights in memory that lie as [`Weights::open`] would map them, from the start of a page on; `name` stands for the file in
    /// messages.
    ///
    /// # Errors
    /// As [`Weights::open`].
    #[cfg(any(test, fuzzing))]
    pub(crate) fn at_page(name: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        let io = |source| WeightsError::Io { path: name.into(), source };
        let mut page = memmap2::MmapMut::map_anon(bytes.len()).map_err(io)?;
        page.copy_from_slice(bytes);
        Self::parse(name.to_owned(), Arc::new(page))
    }

    fn parse(origin: String, bytes: SharedBytes) -> Result<Self, WeightsError> {
        let format = |what| WeightsError::Format { origin: origin.clone(), what };
        let (header, metadata) =
            SafeTensors::read_metadata((*bytes).as_ref()).map_err(|error| format(error.to_string()))?;
        let data = header + size_of::<u64>();
        let packed = packed::table(&metadata, data).map_err(format)?;
        Ok(Self {
            origin,
            bytes,
            metadata,
            data,
            read: RefCell::default(),
            renamed: None,
            rules: Vec::new(),
            packed,
            map: None,
            recorder: None,
        })
    }

    /// All of the file.
    fn all(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// These weights, stored by `rules` once loaded. A packed file has decided already: there they change nothing.
    #[must_use]
    pub(crate) fn stored_by(mut self, rules: Vec<StorageRule>) -> Self {
        self.rules = rules;
        self
    }

    fn storage_of(&self, name: &str) -> Option<Storage> {
        self.rules.iter().rev().find(|rule| name.starts_with(rule.prefix)).and_then(|rule| rule.storage)
    }

    /// The outermost scope.
    #[must_use]
    pub(crate) fn root(&self) -> Scope<'_> {
        Scope::root(self)
    }

    /// A value of the file's free-form metadata.
    #[must_use]
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Names of the file's free-form metadata, in no order.
    pub(crate) fn metadata_keys(&self) -> impl Iterator<Item = &str> {
        self.metadata.metadata().iter().flat_map(|all| all.keys().map(String::as_str))
    }

    /// The shape of a tensor that the reader does not know beforehand.
    #[must_use]
    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.metadata.info(name)?.shape)
    }

    /// The file, as messages name it.
    #[must_use]
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Names of the tensors as stored, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.metadata.tensors().into_keys()
    }

    /// Size of the file in bytes.
    #[must_use]
    pub(crate) fn size(&self) -> usize {
        self.all().len()
    }

    /// Lets go of the memory behind a part of a mapped file that was copied: it comes back when somebody looks. So loading takes
    /// the memory of the loaded weights, and not that of the file beside it.
    fn let_go(&self, range: Range<usize>) {
        if let Some(map) = &self.map {
            let_go(map, range);
        }
    }

    /// Whether something read the tensor that `name` stands for, or it is a file beside the weights.
    fn is_known(&self, read: &BTreeSet<String>, name: &str) -> bool {
        read.contains(if self.is_packed() { packed::base(name) } else { name })
            || self.is_packed() && packed::is_file(name)
    }

    /// To be called when everything was loaded.
    ///
    /// # Errors
    /// [`WeightsError::Unread`] names the tensors that nothing asked for.
    pub(crate) fn finish(&self) -> Result<(), WeightsError> {
        let read = self.read.borrow();
        let mut names: Vec<String> =
            self.metadata.tensors().into_keys().filter(|name| !self.is_known(&read, name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        names.truncate(8);
        Err(WeightsError::Unread { origin: self.origin.clone(), names })
    }
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "advice about a read-only file mapping; one of two unsafe lines outside kernels/")]
fn let_go(map: &memmap2::Mmap, range: Range<usize>) {
    // SAFETY: the mapping is read-only, so the pages that are dropped are read again from the file and are as they were.
    let advised = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
    // an answer, whatever it is: only memory is at stake
    let _ = advised;
}

#[cfg(not(unix))]
fn let_go(_: &memmap2::Mmap, _: Range<usize>) {}

#[allow(unsafe_code, reason = "a read-only file mapping; one of two unsafe lines outside kernels/")]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: the mapping is read-only and private to this process. A writer that changes the file meanwhile may
    // change values that are read (they are checked as they are copied); one that truncates it ends the process by
    // a signal, as for every program that maps files.
    unsafe { memmap2::Mmap::map(file) }
}

#[cfg(test)]
mod tests;
