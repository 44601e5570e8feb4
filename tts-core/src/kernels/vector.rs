//! Sums and products of vectors.

use super::simd::{LANES, Simd, padded, sum};
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
    if !a_rest.is_empty() {
        let (a, b) = (padded(a_rest, 0.0), padded(b_rest, 0.0));
        for lane in 0..LANES {
            totals[lane] = s.madd(a[lane], b[lane], totals[lane]);
        }
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
fn axpy_body<S: Simd>(s: S, y: &mut [f32], a: f32, x: &[f32]) {
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

#[cfg(test)]
mod tests {
    use super::super::oracle::{EDGES, Values, hold, worst};
    use super::*;

    #[test]
    fn vectors_match_the_oracle_at_every_edge() {
        for isa in Isa::available() {
            let mut values = Values::new(5);
            let (mut dots, mut others) = (0f64, 0f64);
            for length in EDGES {
                let (a, b, c) = (values.take(length), values.take(length), values.take(length));
                let wide = |v: &[f32], n: usize| f64::from(v[n]);
                let want = (0..length).map(|n| wide(&a, n) * wide(&b, n)).sum::<f64>();
                dots = dots.max(worst(&[dot(isa, &a, &b)], &[want], |_| (length as f64).sqrt().max(1.0)));
                let mut check = |run: &dyn Fn(&mut [f32]), want: &dyn Fn(usize) -> f64| {
                    let mut y = a.clone();
                    run(&mut y);
                    others = others.max(worst(&y, &(0..length).map(want).collect::<Vec<_>>(), |_| 1.0));
                };
                check(&|y| add(isa, y, &b), &|n| wide(&a, n) + wide(&b, n));
                check(&|y| mul(isa, y, &b), &|n| wide(&a, n) * wide(&b, n));
                check(&|y| scale(isa, y, 0.3), &|n| wide(&a, n) * f64::from(0.3f32));
                check(&|y| axpy(isa, y, 0.3, &b), &|n| wide(&a, n) + f64::from(0.3f32) * wide(&b, n));
                check(&|y| modulate(isa, y, &b, &c), &|n| wide(&a, n) * (1.0 + wide(&c, n)) + wide(&b, n));
            }
            hold("dot, per root of the length", isa, dots, 3e-7);
            hold("add, mul, scale, axpy, modulate", isa, others, 3e-7);
        }
    }
}
