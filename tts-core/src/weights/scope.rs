//! A place in the tree of tensor names, from which layers ask for theirs.

use std::ops::Range;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::tensor::{Content, Format, Tensor};
use super::{Weights, WeightsError};

/// A prefix of tensor names: `flow_lm.transformer.layers.3`.
#[derive(Debug, Clone)]
pub(crate) struct Scope<'w> {
    weights: &'w Weights,
    prefix: String,
}

impl<'w> Scope<'w> {
    pub(super) fn root(weights: &'w Weights) -> Self {
        Self { weights, prefix: String::new() }
    }

    /// The scope `name` below this one; `name` may hold dots.
    #[must_use]
    pub(crate) fn at(&self, name: &str) -> Self {
        Self { weights: self.weights, prefix: self.full(name) }
    }

    /// The scope of the `index`-th element of a list.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        self.at(&index.to_string())
    }

    fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }

    /// The tensor `name` of exactly this shape.
    ///
    /// # Errors
    /// [`WeightsError::Missing`], [`WeightsError::Shape`] or [`WeightsError::Dtype`].
    pub(crate) fn tensor<const N: usize>(&self, name: &str, shape: [usize; N]) -> Result<Tensor<'w>, WeightsError> {
        self.weights.find(&self.full(name), shape)
    }

    /// The one integer that the tensor `name` holds, of 64 or 32 bits.
    ///
    /// # Errors
    /// As [`Scope::tensor`].
    pub(crate) fn integer(&self, name: &str) -> Result<i64, WeightsError> {
        let name = self.full(name);
        let (info, place) = self.weights.info(&name, &[1])?;
        let bytes = &self.weights.all()[place];
        let value = match (info.dtype, bytes) {
            (Dtype::I64, &[a, b, c, d, e, f, g, h]) => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
            (Dtype::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]).into(),
            (other, _) => {
                let (origin, found) = (self.weights.origin.clone(), format!("{other:?}"));
                return Err(WeightsError::NoInteger { origin, name, found });
            }
        };
        self.weights.read.borrow_mut().insert(name);
        Ok(value)
    }
}

impl Weights {
    /// The tensor that is stored as `name`, of exactly this shape.
    pub(super) fn stored(&self, name: &str, shape: &[usize]) -> Result<Tensor<'_>, WeightsError> {
        let (info, place) = self.info(name, shape)?;
        let format = match info.dtype {
            Dtype::F32 => Format::F32,
            Dtype::F16 => Format::F16,
            Dtype::BF16 => Format::Bf16,
            other => {
                let (origin, name, found) = (self.origin.clone(), name.to_owned(), format!("{other:?}"));
                return Err(WeightsError::Dtype { origin, name, found });
            }
        };
        self.read.borrow_mut().insert(name.to_owned());
        Ok(Tensor::new(self, name, shape, Content::Stored(format, place)))
    }

    /// Description and place of a stored tensor of this shape.
    fn info(&self, name: &str, shape: &[usize]) -> Result<(&TensorInfo, Range<usize>), WeightsError> {
        let (origin, name) = (&self.origin, name.to_owned());
        let Some(info) = self.metadata.info(&name) else {
            return Err(WeightsError::Missing { origin: origin.clone(), name });
        };
        if info.shape != shape {
            let (expected, found) = (shape.to_vec(), info.shape.clone());
            return Err(WeightsError::Shape { origin: origin.clone(), name, expected, found });
        }
        let (from, to) = info.data_offsets;
        Ok((info, self.data + from..self.data + to))
    }
}
