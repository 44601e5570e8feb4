//! Tokens of the x86-64 instruction sets and the intrinsics behind them.

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

mod avx2;
mod avx512;
mod sse41;

pub(super) use avx2::Avx2;
pub(super) use avx512::Avx512;
pub(super) use sse41::Sse41;

/// Asks for the cache line at an address, which need not be valid.
#[inline(always)]
fn prefetch(at: *const u8) {
    // SAFETY: every x86-64 CPU has the instruction, and it never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
}

/// A pair as one integer, the first in its low half.
#[inline(always)]
fn pair(x: [i16; 2]) -> i32 {
    i32::from(x[0]) & 0xffff | i32::from(x[1]) << 16
}
