//! A safetensors file becomes burn tensors, by name, of shapes that are demanded.
//!
//! The `safetensors` crate reads the container, as it does for the engine. burn-store would fill modules whose fields
//! are named as the tensors are; these names (`m.0`, `duration.4`) cannot be, and plain tensors are all that is wanted.

use std::cell::RefCell;
use std::collections::BTreeSet;

use burn_tensor::{Device, Tensor, TensorData};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};

/// Why a model could not be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The configuration.
    #[error("the configuration: {what}")]
    Config {
        /// What is wrong with it.
        what: String,
    },
    /// The container.
    #[error("the weights are not a readable safetensors file: {what}; fetch or convert them again")]
    Format {
        /// What is wrong with it.
        what: String,
    },
    /// A tensor that is not there.
    #[error("the weights have no tensor '{name}'; they belong to another model or version")]
    Missing {
        /// Which.
        name: String,
    },
    /// A tensor of another shape.
    #[error("tensor '{name}' has shape {found:?}, expected {expected:?}; the weights and the configuration disagree")]
    Shape {
        /// Which.
        name: String,
        /// As the configuration has it.
        expected: Vec<usize>,
        /// As the file has it.
        found: Vec<usize>,
    },
    /// A tensor of a type that is not read.
    #[error("tensor '{name}' is stored as {found}, expected F32, F16 or BF16")]
    Dtype {
        /// Which.
        name: String,
        /// Its type.
        found: String,
    },
    /// Tensors that nothing read.
    #[error("the weights hold tensors this model does not know: {}", names.join(", "))]
    Unread {
        /// The first few.
        names: Vec<String>,
    },
}

/// An open file.
pub(crate) struct Weights<'b> {
    tensors: SafeTensors<'b>,
    device: Device,
    read: RefCell<BTreeSet<String>>,
}

/// A prefix of tensor names.
#[derive(Clone)]
pub(crate) struct Scope<'w> {
    weights: &'w Weights<'w>,
    prefix: String,
}

impl<'b> Weights<'b> {
    pub(crate) fn open(bytes: &'b [u8], device: &Device) -> Result<Self, LoadError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| LoadError::Format { what: error.to_string() })?;
        Ok(Self { tensors, device: device.clone(), read: RefCell::default() })
    }

    pub(crate) fn root(&self) -> Scope<'_> {
        Scope { weights: self, prefix: String::new() }
    }

    /// To be called when everything was loaded.
    pub(crate) fn finish(&self) -> Result<(), LoadError> {
        let read = self.read.borrow();
        let mut names: Vec<String> = self
            .tensors
            .names()
            .into_iter()
            .filter(|name| !read.contains(*name))
            .map(|name| name.to_string())
            .collect();
        names.sort_unstable();
        names.truncate(8);
        if names.is_empty() { Ok(()) } else { Err(LoadError::Unread { names }) }
    }
}

impl Scope<'_> {
    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// The scope `name` below this one; `name` may hold dots.
    pub(crate) fn at(&self, name: &str) -> Self {
        Self { weights: self.weights, prefix: self.full(name) }
    }

    /// The scope of the `index`-th element of the list `name`.
    pub(crate) fn item(&self, name: &str, index: usize) -> Self {
        self.at(name).at(&index.to_string())
    }

    /// The tensor `name` of exactly this shape.
    pub(crate) fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, LoadError> {
        let name = self.full(name);
        let Ok(view) = self.weights.tensors.tensor(&name) else { return Err(LoadError::Missing { name }) };
        if view.shape() != shape {
            return Err(LoadError::Shape { name, expected: shape.to_vec(), found: view.shape().to_vec() });
        }
        let pairs = || view.data().chunks_exact(2).map(|b| [b[0], b[1]]);
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Dtype::F16 => pairs().map(|b| f16::from_le_bytes(b).to_f32()).collect(),
            Dtype::BF16 => pairs().map(|b| bf16::from_le_bytes(b).to_f32()).collect(),
            other => return Err(LoadError::Dtype { name, found: format!("{other:?}") }),
        };
        self.weights.read.borrow_mut().insert(name);
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.weights.device);
        #[cfg(feature = "autodiff")]
        if self.weights.device.is_autodiff() {
            return Ok(tensor.require_grad());
        }
        Ok(tensor)
    }
}

/// `[rows, channels]` from row-major values.
///
/// # Panics
/// If the values are not whole rows.
#[must_use]
pub fn rows(values: &[f32], channels: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / channels, channels]), device)
}

/// The values of a tensor, row-major.
///
/// # Panics
/// Never on a CPU: its memory can always be read.
#[must_use]
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().expect("the memory of a CPU can be read")
}
