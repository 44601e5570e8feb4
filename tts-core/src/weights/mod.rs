//! A weights file becomes named tensors whose shapes are demanded as they are read (level 2).
//!
//! In: the bytes of a safetensors file (embedded, mapped or owned). Out: [`Tensor`]s by name through a [`Scope`].
//! The bytes are hostile: the container is checked by the `safetensors` crate (header length, offsets inside the file,
//! contiguous, not overlapping, sizes that match shapes), everything else here. A tensor that is there but was never
//! read is an error too ([`Weights::finish`]): it means that the file and the code disagree about the model.
//!
//! May import: `kernels`, `units`.

mod renamed;
mod scope;
mod tensor;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::Metadata;

pub(crate) use renamed::Meaning;
pub(crate) use scope::Scope;
pub(crate) use tensor::Tensor;

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

#[derive(Debug)]
enum Bytes {
    Static(&'static [u8]),
    Owned(Vec<u8>),
    Mapped(memmap2::Mmap),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

/// An opened weights file.
#[derive(Debug)]
pub(crate) struct Weights {
    origin: String,
    bytes: Bytes,
    metadata: Metadata,
    /// Where the tensors' bytes begin in the file.
    data: usize,
    read: RefCell<BTreeSet<String>>,
    /// Other names for the file's tensors.
    renamed: Option<renamed::Renamed>,
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
        Self::parse(path.display().to_string(), Bytes::Mapped(map))
    }

    /// Weights that are part of the program.
    ///
    /// # Errors
    /// [`WeightsError::Format`].
    pub(crate) fn embedded(name: &str, bytes: &'static [u8]) -> Result<Self, WeightsError> {
        Self::parse(name.to_owned(), Bytes::Static(bytes))
    }

    /// Weights in memory; `name` stands for the file in messages.
    ///
    /// # Errors
    /// [`WeightsError::Format`].
    pub(crate) fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        Self::parse(name.to_owned(), Bytes::Owned(bytes))
    }

    fn parse(origin: String, bytes: Bytes) -> Result<Self, WeightsError> {
        let (header, metadata) = SafeTensors::read_metadata(bytes.get())
            .map_err(|error| WeightsError::Format { origin: origin.clone(), what: error.to_string() })?;
        Ok(Self { origin, bytes, metadata, data: header + size_of::<u64>(), read: RefCell::default(), renamed: None })
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
        self.bytes.get().len()
    }

    /// To be called when everything was loaded.
    ///
    /// # Errors
    /// [`WeightsError::Unread`] names the tensors that nothing asked for.
    pub(crate) fn finish(&self) -> Result<(), WeightsError> {
        let read = self.read.borrow();
        let mut names: Vec<String> =
            self.metadata.tensors().into_keys().filter(|name| !read.contains(name.as_str())).collect();
        if names.is_empty() {
            return Ok(());
        }
        names.sort_unstable();
        names.truncate(8);
        Err(WeightsError::Unread { origin: self.origin.clone(), names })
    }
}

#[allow(unsafe_code, reason = "a read-only file mapping; the one unsafe line outside kernels/")]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: the mapping is read-only and private to this process. A writer that changes the file meanwhile may
    // change values that are read (they are checked as they are copied); one that truncates it ends the process by
    // a signal, as for every program that maps files.
    unsafe { memmap2::Mmap::map(file) }
}

#[cfg(test)]
mod tests;
