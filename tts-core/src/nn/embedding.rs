//! A table of vectors, one for each id.

use crate::kernels::Slab;
use crate::weights::{Scope, WeightsError};

/// PyTorch's `Embedding`.
#[derive(Debug)]
pub(crate) struct Embedding {
    /// `[ids, channels]`
    table: Slab<f32>,
    channels: usize,
}

impl Embedding {
    /// `scope.weight` `[ids, channels]`.
    pub(crate) fn load(scope: &Scope<'_>, ids: usize, channels: usize) -> Result<Self, WeightsError> {
        Ok(Self { table: scope.tensor("weight", [ids, channels])?.values()?, channels })
    }

    /// Adds the vector of `id` to `out` `[channels]`.
    ///
    /// # Panics
    /// If `id` is not in the table: callers make ids from the same configuration.
    pub(crate) fn add(&self, out: &mut [f32], id: usize) {
        let row = &self.table.get()[id * self.channels..(id + 1) * self.channels];
        for (o, r) in out.iter_mut().zip(row) {
            *o += r;
        }
    }
}
