//! Speech from text on any CPU.

#![deny(unsafe_code)]

pub mod text;
pub mod units;
