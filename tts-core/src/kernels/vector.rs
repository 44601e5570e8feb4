//! Sums and products of vectors.

use super::simd::{LANES, Simd, sum};
use super::{Isa, dispatch};

/// `Σ a[i]·b[i]`, in sixteen running sums (term i in sum i mod 16) added by a fixed tree.
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn dot(isa: Isa, a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "vectors of one length");
    dispatch!(isa, dot_body(a: &[f32], b: &[f32]) -> f32)
}

/// `y += x`.
///
/// # Panics
/// If the lengths differ.
pub fn add(isa: Isa, y: &mut [f32], x: &[f32]) {
    assert_eq!(y.len(), x.len(), "vectors of one length");
    dispatch!(isa, add_body(y: &mut [f32], x: &[f32]));
}

/// `y *= x`, value by value.
///
/// # Panics
/// If the lengths differ.
pub fn mul(isa: Isa, y: &mut [f32], x: &[f32]) {
    assert_eq!(y.len(), x.len(), "vectors of one length");
    dispatch!(isa, mul_body(y: &mut [f32], x: &[f32]));
}

/// `y *= a`.
pub fn scale(isa: Isa, y: &mut [f32], a: f32) {
    dispatch!(isa, scale_body(y: &mut [f32], a: f32));
}

/// `y += a·x`.
///
/// # Panics
/// If the lengths differ.
pub fn axpy(isa: Isa, y: &mut [f32], a: f32, x: &[f32]) {
    assert_eq!(y.len(), x.len(), "vectors of one length");
    dispatch!(isa, axpy_body(y: &mut [f32], a: f32, x: &[f32]));
}

/// `y = y·(1 + scale) + shift`, value by value: how a condition bends a normalised vector (adaptive layer norm).
///
/// # Panics
/// If the lengths differ.
pub fn modulate(isa: Isa, y: &mut [f32], shift: &[f32], scale: &[f32]) {
    assert_eq!(y.len(), shift.len(), "as many shifts as values");
    assert_eq!(y.len(), scale.len(), "as many scales as values");
    dispatch!(isa, modulate_body(y: &mut [f32], shift: &[f32], scale: &[f32]));
}

#[inline(always)]
pub(super) fn dot_body<S: Simd>(s: S, a: &[f32], b: &[f32]) -> f32 {
    let mut totals = [0.0; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            totals[lane] = s.madd(a[lane], b[lane], totals[lane]);
        }
    }
    for (total, (a, b)) in totals.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *total = s.madd(*a, *b, *total);
    }
    sum(totals)
}

#[inline(always)]
fn add_body<S: Simd>(_: S, y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[inline(always)]
fn mul_body<S: Simd>(_: S, y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y *= x;
    }
}

#[inline(always)]
fn scale_body<S: Simd>(_: S, y: &mut [f32], a: f32) {
    for y in y {
        *y *= a;
    }
}

#[inline(always)]
pub(super) fn axpy_body<S: Simd>(s: S, y: &mut [f32], a: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = s.madd(a, *x, *y);
    }
}

#[inline(always)]
fn modulate_body<S: Simd>(s: S, y: &mut [f32], shift: &[f32], scale: &[f32]) {
    for ((y, shift), scale) in y.iter_mut().zip(shift).zip(scale) {
        *y = s.madd(*y, 1.0 + scale, *shift);
    }
}
