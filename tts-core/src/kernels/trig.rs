//! Sine and cosine together, for phases and complex exponentials.

use super::act::ROUND;
use super::simd::Simd;
use super::{Isa, dispatch};

/// Largest |angle| the vector path reduces: multiples of π/2 up to 2^12 times the first part are exact.
const REACH: f32 = 6_000.0;
/// π/2 in three parts of 8, 11 and 24 significant bits.
const PARTS: [f32; 3] = [1.570_312_5, 4.837_513e-4, 7.549_789_9e-8];

/// `sin[i] = sin(angle[i])`, `cos[i] = cos(angle[i])`, angles in radians.
///
/// Angles beyond 6000 are computed one by one in f64: right, and slow.
///
/// # Panics
/// If the lengths differ.
pub fn sincos_into(isa: Isa, sin: &mut [f32], cos: &mut [f32], angle: &[f32]) {
    assert_eq!(sin.len(), angle.len(), "as many sines as angles");
    assert_eq!(cos.len(), angle.len(), "as many cosines as angles");
    dispatch!(isa, body(sin: &mut [f32], cos: &mut [f32], angle: &[f32]));
}

#[inline(always)]
fn body<S: Simd>(s: S, sin: &mut [f32], cos: &mut [f32], angle: &[f32]) {
    let mut far = false;
    for ((sin, cos), angle) in sin.iter_mut().zip(cos.iter_mut()).zip(angle) {
        (*sin, *cos) = near(s, *angle);
        far |= angle.abs() > REACH;
    }
    if far {
        for ((sin, cos), angle) in sin.iter_mut().zip(cos.iter_mut()).zip(angle) {
            if angle.abs() > REACH {
                let (exact_sin, exact_cos) = f64::from(*angle).sin_cos();
                (*sin, *cos) = (exact_sin as f32, exact_cos as f32);
            }
        }
    }
}

/// Sine and cosine of |angle| ≤ [`REACH`]: reduced to |r| ≤ π/4, then polynomials in r².
#[inline(always)]
fn near<S: Simd>(s: S, angle: f32) -> (f32, f32) {
    let shifted = s.madd(angle, std::f32::consts::FRAC_2_PI, ROUND);
    let n = shifted - ROUND;
    let quadrant = shifted.to_bits();
    let r = s.madd(n, -PARTS[2], s.madd(n, -PARTS[1], s.madd(n, -PARTS[0], angle)));
    let square = r * r;
    let mut sine = s.madd(-0.000_195_166_56, square, 0.008_332_173);
    sine = s.madd(sine, square, -0.166_666_55);
    sine = s.madd(sine * square, r, r);
    let mut cosine = s.madd(2.443_773e-5, square, -0.001_388_736_2);
    cosine = s.madd(cosine, square, 0.041_666_646);
    cosine = s.madd(cosine * square, square, s.madd(square, -0.5, 1.0));
    // Odd quadrants swap the two; the signs follow bit 1 of n and of n + 1.
    let odd = quadrant & 1 != 0;
    let (upright, across) = if odd { (cosine, sine) } else { (sine, cosine) };
    let sine_sign = (quadrant & 2) << 30;
    let cosine_sign = (quadrant.wrapping_add(1) & 2) << 30;
    (f32::from_bits(upright.to_bits() ^ sine_sign), f32::from_bits(across.to_bits() ^ cosine_sign))
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{EDGES, Values, hold, worst};
    use super::*;

    #[test]
    fn sines_and_cosines_match_f64() {
        for isa in Isa::available() {
            let mut values = Values::new(10);
            for (reach, bound) in [(1.0, 2e-7), (100.0, 2e-7), (6_000.0, 5e-7), (1e9, 2e-7)] {
                let mut error = 0f64;
                for length in EDGES.into_iter().chain([200_000]) {
                    let angle: Vec<f32> = values.take(length).iter().map(|x| reach * x).collect();
                    let (mut sin, mut cos) = (vec![f32::NAN; length], vec![f32::NAN; length]);
                    sincos_into(isa, &mut sin, &mut cos, &angle);
                    let exact = |of: fn(f64) -> f64| angle.iter().map(|x| of(f64::from(*x))).collect::<Vec<_>>();
                    error = error.max(worst(&sin, &exact(f64::sin), |_| 1.0));
                    error = error.max(worst(&cos, &exact(f64::cos), |_| 1.0));
                }
                hold(&format!("sincos_into up to {reach}"), isa, error, bound);
            }
        }
    }

    #[test]
    fn zero_infinity_and_nan() {
        for isa in Isa::available() {
            let (mut sin, mut cos) = ([1.0; 4], [0.0; 4]);
            sincos_into(isa, &mut sin, &mut cos, &[0.0, -0.0, f32::INFINITY, f32::NAN]);
            assert_eq!((sin[0], cos[0], sin[1], cos[1]), (0.0, 1.0, 0.0, 1.0));
            assert!(sin[2].is_nan() && cos[2].is_nan() && sin[3].is_nan() && cos[3].is_nan());
        }
    }
}
