//! Values of one plain type in memory of their own, or in bytes that somebody else holds (a mapped file, the program).
//!
//! Standard library only.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes that outlive whoever looks at them.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Types of which any bytes of the right number and place are a value.
///
/// # Safety
/// No padding, no invalid bit pattern, no pointers, and a layout that does not depend on the compiler.
pub(crate) unsafe trait Plain: Copy + 'static {}

// SAFETY: a primitive number.
unsafe impl Plain for f32 {}

/// A read-only array of plain values.
#[derive(Clone)]
pub(crate) enum Slab<T> {
    /// Memory of its own.
    Owned(Box<[T]>),
    /// A part of shared bytes that holds whole values at their alignment.
    Shared {
        /// Who holds them.
        bytes: SharedBytes,
        /// Where the values lie.
        range: Range<usize>,
    },
}

impl<T: Plain> Slab<T> {
    /// The values in `range` of `bytes`; nothing if they are not whole values at their alignment, or the range is not there, or
    /// this CPU orders bytes otherwise than files do (little-endian).
    pub(crate) fn shared(bytes: &SharedBytes, range: Range<usize>) -> Option<Self> {
        let part = (**bytes).as_ref().get(range.clone())?;
        let whole = part.len().is_multiple_of(size_of::<T>()) && part.as_ptr().cast::<T>().is_aligned();
        (whole && cfg!(target_endian = "little")).then(|| Self::Shared { bytes: bytes.clone(), range })
    }

    /// The values.
    pub(crate) fn get(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Shared { bytes, range } => {
                // SAFETY: any bytes are a `Plain` value; `align_to` yields only whole and aligned ones.
                let (before, values, after) = unsafe { (**bytes).as_ref()[range.clone()].align_to::<T>() };
                assert!(before.is_empty() && after.is_empty(), "shared bytes stay where they are");
                values
            }
        }
    }

    /// The values as a file holds them on a little-endian CPU.
    pub(crate) fn bytes(&self) -> &[u8] {
        let values = self.get();
        // SAFETY: a `Plain` type has no padding, so all its bytes are initialised; u8 has no alignment.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }
}

impl<T: Plain> From<Vec<T>> for Slab<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(values.into_boxed_slice())
    }
}

impl<T: Plain> fmt::Debug for Slab<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = if matches!(self, Self::Owned(_)) { "owned" } else { "shared" };
        write!(f, "Slab({} values, {owner})", self.get().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_borrowed_where_they_lie_whole_and_aligned() {
        // values of an aligned allocation, as bytes
        let owned = Slab::from((0..8).map(|n| n as f32).collect::<Vec<_>>());
        let bytes: SharedBytes = Arc::new(owned.bytes().to_vec());
        let start = (*bytes).as_ref().as_ptr().align_offset(4);
        let shared = Slab::<f32>::shared(&bytes, start..start + 12);
        assert_eq!(start == 0, shared.as_ref().is_some_and(|slab| slab.get() == [0.0, 1.0, 2.0]));
        assert!(Slab::<f32>::shared(&bytes, start + 1..start + 13).is_none(), "not aligned");
        assert!(Slab::<f32>::shared(&bytes, start..start + 11).is_none(), "not whole");
        assert!(Slab::<f32>::shared(&bytes, 16..36).is_none(), "not there");
        #[allow(clippy::reversed_empty_ranges, reason = "hostile")]
        let reversed = Slab::<f32>::shared(&bytes, 16..8);
        assert!(reversed.is_none());
        assert!(Slab::<f32>::shared(&bytes, 32..32).is_some_and(|slab| slab.get().is_empty()));
    }
}
