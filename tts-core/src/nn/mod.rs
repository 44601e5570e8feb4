//! Layers: weights that are `&self`, state that is a value (level 3).
//!
//! Signals are row-major `[frames, channels]` slices. Shapes are proved when a layer is loaded, so steps are infallible.
//! A causal layer keeps what outlives a call in a state made by `start()`; it is born with a test that any chunking of
//! its input gives the same output.
//!
//! May import: `kernels`, `weights`.

pub(crate) mod attention;
pub(crate) mod conv1d;
pub(crate) mod convnext;
pub(crate) mod embedding;
pub(crate) mod linear;
pub(crate) mod norm;
pub(crate) mod rope;
pub(crate) mod streaming;
pub(crate) mod transformer;

#[cfg(test)]
pub(crate) mod random;
