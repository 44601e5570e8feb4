//! A first guess of F0 made exact by the instantaneous frequency of its harmonics.
//!
//! Mirrors StoneMask of WORLD (Morise, Yokomori and Ozawa 2016): a Blackman window of three periods and its derivative;
//! where a harmonic stands, the ratio of the two spectra says how far its frequency is from where one looked (Flanagan
//! and Golden 1966). Two harmonics first, six then, weighted by amplitude. Of WORLD's transform only the bins nearest to
//! these harmonics are computed.

use std::f64::consts::TAU;

use realfft::num_complex::Complex64;

use super::RATE;

/// Most harmonics that are looked at.
const HARMONICS: usize = 6;
/// Farther from the guess than this, relative to it, is not believed.
const TRUST: f64 = 0.2;

/// F0 in Hz at sample `centre` of 24 kHz `pcm`, near `guess` in Hz; `guess` where nothing better is found.
pub(super) fn refine(pcm: &[f32], centre: usize, guess: f64) -> f64 {
    let half = (1.5 * f64::from(RATE) / guess + 1.0) as usize;
    let first = mean_f0(pcm, centre, half, guess, 2);
    if !(first > 0.0 && first <= 2.0 * guess) {
        return guess;
    }
    let second = mean_f0(pcm, centre, half, first, HARMONICS);
    if (second - guess).abs() <= TRUST * guess { second } else { guess }
}

/// F0 by the first `harmonics` of `f0`, in a window of `half` samples to both sides.
fn mean_f0(pcm: &[f32], centre: usize, half: usize, f0: f64, harmonics: usize) -> f64 {
    let Some(last) = pcm.len().checked_sub(1) else { return 0.0 };
    let rate = f64::from(RATE);
    let points = 4usize << (2 * half + 1).ilog2();
    let mut looked: [Harmonic; HARMONICS] = std::array::from_fn(|h| {
        let bin = (f0 * points as f64 / rate * (h + 1) as f64).round().min(points as f64 / 2.0);
        Harmonic::new(bin * rate / points as f64, half)
    });
    let looked = &mut looked[..harmonics];
    let step = Complex64::from_polar(1.0, TAU / (2 * half + 1) as f64);
    let mut place = Complex64::from_polar(1.0, -TAU * half as f64 / (2 * half + 1) as f64);
    let blackman = |at: Complex64| 0.42 + 0.5 * at.re + 0.08 * (2.0 * at.re * at.re - 1.0);
    let (mut before, mut here) = (0.0, blackman(place));
    for i in 0..=2 * half {
        place *= step;
        let after = if i < 2 * half { blackman(place) } else { 0.0 };
        let x = f64::from(pcm[(centre + i).saturating_sub(half).min(last)]);
        let (plain, derived) = (x * here, x * (before - after) * 0.5);
        for harmonic in looked.iter_mut() {
            harmonic.add(plain, derived);
        }
        (before, here) = (here, after);
    }
    let (mut sum, mut weight) = (0.0, 1e-12);
    for (h, harmonic) in looked.iter().enumerate() {
        let amplitude = harmonic.plain.norm();
        sum += amplitude * harmonic.instantaneous();
        weight += amplitude * (h + 1) as f64;
    }
    sum / weight
}

/// The transforms of the windowed sound and of its derivative at one frequency.
struct Harmonic {
    hz: f64,
    spin: Complex64,
    phase: Complex64,
    plain: Complex64,
    derived: Complex64,
}

impl Harmonic {
    fn new(hz: f64, half: usize) -> Self {
        let turn = TAU * hz / f64::from(RATE);
        let (spin, phase) = (Complex64::from_polar(1.0, -turn), Complex64::from_polar(1.0, turn * half as f64));
        Self { hz, spin, phase, plain: Complex64::ZERO, derived: Complex64::ZERO }
    }

    fn add(&mut self, plain: f64, derived: f64) {
        self.plain += self.phase * plain;
        self.derived += self.phase * derived;
        self.phase *= self.spin;
    }

    /// Hz of what sounds near `hz`.
    fn instantaneous(&self) -> f64 {
        let power = self.plain.norm_sqr();
        if power <= 0.0 {
            return 0.0;
        }
        self.hz + (self.plain.conj() * self.derived).im / power * f64::from(RATE) / TAU
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_within_a_tone_becomes_exact() {
        for f0 in [70.0, 141.3, 333.3, 480.0] {
            let tone =
                |i: usize| (1..=5).map(|h| (i as f64 * TAU * f0 * f64::from(h) / 24_000.0).sin() / f64::from(h)).sum();
            let pcm: Vec<f32> = (0..4800)
                .map(|i| {
                    let x: f64 = tone(i);
                    x as f32 * 0.1
                })
                .collect();
            for error in [0.97, 1.0, 1.03] {
                let found = refine(&pcm, 2400, f0 * error);
                // observed 6e-4
                assert!((found / f0 - 1.0).abs() < 2e-3, "{f0} x {error}: {found}");
            }
        }
    }

    #[test]
    fn what_cannot_be_refined_stays() {
        assert_eq!(refine(&[], 0, 120.0), 120.0);
        assert_eq!(refine(&[0.0; 1000], 500, 120.0), 120.0);
    }
}
