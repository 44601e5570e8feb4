//! Speech from text on any CPU.

#![deny(unsafe_code)]

mod codec;
mod flow;
#[allow(unsafe_code, reason = "calling code compiled for a detected instruction set, and its intrinsics, is unsafe")]
pub mod kernels;
pub mod model;
mod nn;
pub mod text;
pub mod units;
pub mod weights;
