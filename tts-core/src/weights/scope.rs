//! A place in the tree of tensor names, from which layers ask for theirs.

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::tensor::{Format, Tensor};
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
        let (name, info, bytes) = self.info(name, &shape)?;
        let format = match info.dtype {
            Dtype::F32 => Format::F32,
            Dtype::F16 => Format::F16,
            Dtype::BF16 => Format::Bf16,
            other => {
                let (origin, found) = (self.weights.origin.clone(), format!("{other:?}"));
                return Err(WeightsError::Dtype { origin, name, found });
            }
        };
        self.weights.read.borrow_mut().insert(name.clone());
        Ok(Tensor::new(&self.weights.origin, name, format, bytes))
    }

    /// The one integer that the tensor `name` holds, of 64 or 32 bits.
    ///
    /// # Errors
    /// As [`Scope::tensor`].
    pub(crate) fn integer(&self, name: &str) -> Result<i64, WeightsError> {
        let (name, info, bytes) = self.info(name, &[1])?;
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

    /// Full name, description and bytes of a tensor of this shape.
    fn info(&self, name: &str, shape: &[usize]) -> Result<(String, &'w TensorInfo, &'w [u8]), WeightsError> {
        let weights = self.weights;
        let (origin, name) = (&weights.origin, self.full(name));
        let Some(info) = weights.metadata.info(&name) else {
            return Err(WeightsError::Missing { origin: origin.clone(), name });
        };
        if info.shape != shape {
            let (expected, found) = (shape.to_vec(), info.shape.clone());
            return Err(WeightsError::Shape { origin: origin.clone(), name, expected, found });
        }
        let (from, to) = info.data_offsets;
        Ok((name, info, &weights.bytes.get()[weights.data + from..weights.data + to]))
    }
}
