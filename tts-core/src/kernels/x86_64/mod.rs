//! Tokens of the x86-64 instruction sets and the intrinsics behind them.

mod avx2;
mod avx512;
mod sse41;

pub(super) use avx2::Avx2;
pub(super) use avx512::Avx512;
pub(super) use sse41::Sse41;
