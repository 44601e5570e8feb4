//! Exponential, logarithm and the activations made of them: elementwise, in place.
//!
//! Argument reduction after Cody and Waite (1980); the polynomials are minimax fits in relative error over the reduced
//! interval, made for this file by Lawson's iteration and rounded to f32. Every function is branch-free, so that the
//! compiler vectorises the loop over the slice; an element's result does not depend on where it lies.

use super::simd::{LANES, Simd, padded, sum};
use super::{Isa, dispatch};

/// 1.5·2^23: adding it rounds to an integer, which then lies in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has 15 significant bits, so that multiples up to 2^8 are exact.
const LN_2_HIGH: f32 = 0.693_145_75;
const LN_2_LOW: f32 = 1.428_606_8e-6;

/// `x = e^x`. Error at most 1.1 ulp, down to subnormal results; right in overflow, underflow and NaN.
pub fn exp(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, exp_body(x: &mut [f32]));
}

/// `x = ln x`; -inf for 0, NaN below. Error at most 0.9 ulp.
pub fn ln(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, ln_body(x: &mut [f32]));
}

/// `x = tanh x`. Error at most 2.5 ulp.
pub fn tanh(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, tanh_body(x: &mut [f32]));
}

/// `x = 1 / (1 + e^-x)`. Error at most 2.5 ulp or 2^-119.
pub fn sigmoid(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, sigmoid_body(x: &mut [f32]));
}

/// `x = x / (1 + e^-x)`. Error at most 2.5 ulp or 2^-119.
pub fn silu(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, silu_body(x: &mut [f32]));
}

/// `x = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))` (Hendrycks and Gimpel 2016), computed as x times a sigmoid, which
/// does not cancel for negative x. Relative error at most 1.5e-5 (in the far negative tail); 7e-7 where the result is above 1/16.
pub fn gelu_tanh(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, gelu_body(x: &mut [f32]));
}

/// `x = x` above 0, else `e^x - 1` (Clevert et al. 2016). Error at most 2 ulp.
pub fn elu(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, elu_body(x: &mut [f32]));
}

/// `x = exp(x - max x) / Σ exp(x - max x)`, one row. Each value within 2e-7. An empty row stays empty.
pub fn softmax(isa: Isa, x: &mut [f32]) {
    dispatch!(isa, softmax_body(x: &mut [f32]));
}

#[inline(always)]
fn exp_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        *x = exp_of(s, *x);
    }
}

#[inline(always)]
fn ln_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        *x = ln_of(s, *x);
    }
}

#[inline(always)]
fn tanh_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        *x = tanh_of(s, *x);
    }
}

#[inline(always)]
fn sigmoid_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        *x = 1.0 / (1.0 + exp_of(s, -*x));
    }
}

#[inline(always)]
fn silu_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        *x /= 1.0 + exp_of(s, -*x);
    }
}

#[inline(always)]
fn gelu_body<S: Simd>(s: S, x: &mut [f32]) {
    const TWO_ROOT: f32 = 1.595_769_1; // 2·√(2/π)
    for x in x {
        let argument = TWO_ROOT * s.madd(0.044_715 * *x * *x, *x, *x);
        *x /= 1.0 + exp_of(s, -argument);
    }
}

#[inline(always)]
fn elu_body<S: Simd>(s: S, x: &mut [f32]) {
    for x in x {
        // below -20 nothing is left of the exponential
        let low = if *x < -20.0 { -20.0 } else { *x };
        let low = if low > 0.0 { 0.0 } else { low };
        let (n, r) = reduce(s, low);
        let scale = power_of_two(n);
        let below = s.madd(scale, reduced_exp_m1(s, r), scale - 1.0);
        *x = if *x <= 0.0 { below } else { *x };
    }
}

#[inline(always)]
pub(super) fn softmax_body<S: Simd>(s: S, x: &mut [f32]) {
    let mut tops = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            tops[lane] = if chunk[lane] > tops[lane] { chunk[lane] } else { tops[lane] };
        }
    }
    let rest = padded(rest, f32::NEG_INFINITY);
    for lane in 0..LANES {
        tops[lane] = if rest[lane] > tops[lane] { rest[lane] } else { tops[lane] };
    }
    let mut top = f32::NEG_INFINITY;
    for lane in 0..LANES {
        top = if tops[lane] > top { tops[lane] } else { top };
    }
    let mut totals = [0.0; LANES];
    let (chunks, rest) = x.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            chunk[lane] = exp_of(s, chunk[lane] - top);
        }
        for lane in 0..LANES {
            totals[lane] += chunk[lane];
        }
    }
    for value in rest.iter_mut() {
        *value = exp_of(s, *value - top);
    }
    let rest = padded(rest, 0.0);
    for lane in 0..LANES {
        totals[lane] += rest[lane];
    }
    let inverse = 1.0 / sum(totals);
    for x in x {
        *x *= inverse;
    }
}

/// `e^r - 1` on |r| ≤ ½ ln 2, error relative to r 1.3e-8 before rounding.
#[inline(always)]
fn reduced_exp_m1<S: Simd>(s: S, r: f32) -> f32 {
    let mut q = s.madd(0.001_394_655_4, r, 0.008_366_644);
    q = s.madd(q, r, 0.041_666_28);
    q = s.madd(q, r, 0.166_665_42);
    q = s.madd(q, r, 0.5);
    s.madd(q * r, r, r)
}

/// x as `n·ln 2 + r`: the integer n and r, |r| ≤ ½ ln 2.
#[inline(always)]
fn reduce<S: Simd>(s: S, x: f32) -> (i32, f32) {
    let shifted = s.madd(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = s.madd(n, -LN_2_LOW, s.madd(n, -LN_2_HIGH, x));
    (shifted.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed(), r)
}

/// 2^n for -126 ≤ n ≤ 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23).cast_unsigned())
}

/// e^x.
#[inline(always)]
pub(super) fn exp_of<S: Simd>(s: S, x: f32) -> f32 {
    // Beyond these ends the result is infinite or zero anyway; NaN passes both comparisons.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (n, r) = reduce(s, x);
    // Two factors, since 2^n itself may be out of range where the product is subnormal or the largest.
    let half = n >> 1;
    (1.0 + reduced_exp_m1(s, r)) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// tanh |x| = e / (e + 2) with e = exp(2|x|) - 1: no cancellation near zero.
#[inline(always)]
fn tanh_of<S: Simd>(s: S, x: f32) -> f32 {
    let twice = 2.0 * x.abs();
    let twice = if twice > 20.0 { 20.0 } else { twice };
    let (n, r) = reduce(s, twice);
    let scale = power_of_two(n);
    let e = s.madd(scale, reduced_exp_m1(s, r), scale - 1.0);
    (e / (e + 2.0)).copysign(x)
}

/// ln x: exponent times ln 2 plus ln of a mantissa in [√½, √2).
#[inline(always)]
fn ln_of<S: Simd>(s: S, x: f32) -> f32 {
    const ROOT_HALF_BITS: i32 = 0x3f35_04f3;
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    let bits = scaled.to_bits().cast_signed();
    let exponent = bits.wrapping_sub(ROOT_HALF_BITS) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(exponent << 23).cast_unsigned()) - 1.0;
    let exponent = exponent as f32 - if subnormal { 23.0 } else { 0.0 };
    // ln(1 + f) = f - f²/2 + f³·p(f), error relative to f 6e-9 before rounding.
    let mut p = s.madd(-0.078_599_654, f, 0.128_858_66);
    p = s.madd(p, f, -0.131_304_49);
    p = s.madd(p, f, 0.141_806_99);
    p = s.madd(p, f, -0.166_243_48);
    p = s.madd(p, f, 0.200_023_03);
    p = s.madd(p, f, -0.250_008_17);
    p = s.madd(p, f, 0.333_333_16);
    let square = f * f;
    let tail = s.madd(square * f, p, exponent * LN_2_LOW);
    let tail = s.madd(square, -0.5, tail);
    let result = s.madd(exponent, LN_2_HIGH, f + tail);
    let edge = if x < 0.0 { f32::NAN } else { x };
    let edge = if x == 0.0 { f32::NEG_INFINITY } else { edge };
    if x > 0.0 && x < f32::INFINITY { result } else { edge }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, EDGES, Values, hold, worst};
    use super::*;

    type Kernel = fn(Isa, &mut [f32]);

    /// Every `step`-th f32 bit pattern, NaN and infinities among them.
    fn sweep(step: usize) -> impl Iterator<Item = Vec<f32>> {
        let mut patterns = (0..=u32::MAX).step_by(step).map(f32::from_bits);
        std::iter::from_fn(move || {
            let block: Vec<f32> = patterns.by_ref().take(1 << 16).collect();
            (!block.is_empty()).then_some(block)
        })
    }

    /// Worst error of a kernel over the sweep, in units of `scale`.
    fn sweep_error(isa: Isa, step: usize, kernel: Kernel, exact: fn(f64) -> f64, scale: fn(f64) -> f64) -> f64 {
        sweep(step).fold(0.0, |error: f64, x| {
            let mut y = x.clone();
            kernel(isa, &mut y);
            // Rounded to f32 where that makes infinity or zero, so that range is part of the test.
            let want: Vec<f64> = x.iter().map(|x| exact(f64::from(*x))).map(overflow).collect();
            error.max(worst(&y, &want, scale))
        })
    }

    fn overflow(value: f64) -> f64 {
        if (value as f32).is_infinite() { f64::from(value as f32) } else { value }
    }

    /// One unit in the last place of f32 at a value, in the subnormal range too.
    fn ulp(value: f64) -> f64 {
        let exponent = value.abs().log2().floor().max(-126.0);
        2f64.powf(exponent - 23.0)
    }

    /// The same, but no less than 2^-120: there, where e^-x overflows, these kernels give zero.
    fn ulp_or_tiny(value: f64) -> f64 {
        ulp(value).max(2f64.powi(-120))
    }

    /// Name, kernel, exact function, unit of error, bound in that unit (beside it the largest error seen).
    type Case = (&'static str, Kernel, fn(f64) -> f64, fn(f64) -> f64, f64);

    const CASES: [Case; 8] = [
        ("exp, ulp", exp, f64::exp, ulp, 1.1),                                     // 0.98
        ("ln, ulp", ln, f64::ln, ulp, 0.9),                                        // 0.78
        ("tanh, ulp", tanh, f64::tanh, ulp, 2.5),                                  // 2.27
        ("sigmoid, ulp", sigmoid, |x| 1.0 / (1.0 + (-x).exp()), ulp_or_tiny, 2.5), // 2.03
        ("silu, ulp", silu, |x| x / (1.0 + (-x).exp()), ulp_or_tiny, 2.5),         // 1.98
        ("elu, ulp", elu, |x| if x > 0.0 { x } else { x.exp_m1() }, ulp, 2.0),
        ("gelu_tanh, relative", gelu_tanh, oracle::gelu_tanh, |y| y.abs().max(2f64.powi(-100)), 1.5e-5), // 1.3e-5
        ("gelu_tanh above 1/16, relative", gelu_tanh, oracle::gelu_tanh, |y| y.abs().max(0.0625), 7e-7),
    ];

    #[test]
    fn every_four_thousandth_f32_is_within_the_bound() {
        for isa in Isa::available() {
            for (name, kernel, exact, scale, bound) in CASES {
                hold(name, isa, sweep_error(isa, 4093, kernel, exact, scale), bound);
            }
        }
    }

    #[test]
    #[ignore = "needs minutes: every f32 there is"]
    fn every_f32_is_within_the_bound() {
        for isa in Isa::available() {
            for (name, kernel, exact, scale, bound) in CASES {
                hold(name, isa, sweep_error(isa, 1, kernel, exact, scale), bound);
            }
        }
    }

    #[test]
    fn an_element_does_not_depend_on_where_it_lies() {
        let mut values = Values::new(8);
        for isa in Isa::available() {
            for (name, kernel, ..) in CASES {
                for length in EDGES {
                    let x: Vec<f32> = values.take(length).iter().map(|x| x.abs() * 20.0).collect();
                    let mut whole = x.clone();
                    kernel(isa, &mut whole);
                    for (x, whole) in x.iter().zip(&whole) {
                        let mut one = [*x];
                        kernel(isa, &mut one);
                        assert_eq!(one[0].to_bits(), whole.to_bits(), "{name} {isa:?} of {x} among {length}");
                    }
                }
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        for isa in Isa::available() {
            let mut x = [0.0, -0.0, 88.8, -104.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
            exp(isa, &mut x);
            assert_eq!(x[..6], [1.0, 1.0, f32::INFINITY, 0.0, f32::INFINITY, 0.0]);
            assert!(x[6].is_nan());
            let mut x = [1.0, 0.0, -0.0, f32::INFINITY, -1.0, f32::NAN];
            ln(isa, &mut x);
            assert_eq!(x[..4], [0.0, f32::NEG_INFINITY, f32::NEG_INFINITY, f32::INFINITY]);
            assert!(x[4].is_nan() && x[5].is_nan());
            let mut x = [f32::INFINITY, f32::NEG_INFINITY, -0.0];
            tanh(isa, &mut x);
            assert_eq!(x.map(f32::to_bits), [1f32, -1.0, -0.0].map(f32::to_bits));
        }
    }

    #[test]
    fn softmax_matches_the_oracle_at_every_edge() {
        for isa in Isa::available() {
            let mut values = Values::new(9);
            let mut error = 0f64;
            for length in EDGES {
                for spread in [0.1, 10.0, 1000.0] {
                    let mut x: Vec<f32> = values.take(length).iter().map(|x| 500.0 + spread * x).collect();
                    let want = oracle::softmax(&x.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
                    softmax(isa, &mut x);
                    error = error.max(worst(&x, &want, |_| 1.0));
                }
            }
            hold("softmax", isa, error, 2e-7); // 0.91e-7
        }
    }
}
