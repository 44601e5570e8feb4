//! The spectral envelope of voice, free of its harmonics.
//!
//! In: 24 kHz PCM and F0 in Hz. Out: power `[BINS]` at multiples of 24 kHz / 1024.
//!
//! Mirrors CheapTrick (Morise 2015, "CheapTrick, a spectral envelope estimator for high-quality speech synthesis") as
//! WORLD computes it: a window of three periods whose power does not depend on where in the period it lies, smoothing
//! over two thirds of F0, and a lifter that removes what is left of the harmonics and sharpens what they blurred.

use std::f64::consts::{PI, TAU};

use realfft::num_complex::Complex64;

use super::RATE;
use super::fft::{Forward, Inverse};

/// Points of the transform.
const FFT: usize = 1024;
/// Bins of the envelope.
pub(crate) const BINS: usize = FFT / 2 + 1;
/// Hz from bin to bin.
const BIN_HZ: f64 = RATE as f64 / FFT as f64;
/// F0 where there is no voice, or less than fits the transform.
const DEFAULT_F0: f64 = 500.0;
/// Three periods of it fill the transform.
const LOWEST_F0: f64 = 3.0 * RATE as f64 / (FFT as f64 - 3.0);
/// Recovery of the spectrum that smoothing blurred.
const Q1: f64 = -0.15;

/// Room to work in.
#[derive(Debug)]
pub(crate) struct CheapTrick {
    forward: Forward,
    inverse: Inverse,
    window: Vec<f64>,
    power: Vec<f64>,
    /// running integral of the mirrored spectrum
    integral: Vec<f64>,
}

impl CheapTrick {
    pub(crate) fn new() -> Self {
        Self {
            forward: Forward::new(FFT),
            inverse: Inverse::new(FFT),
            window: Vec::with_capacity(FFT),
            power: vec![0.0; BINS],
            integral: Vec::with_capacity(2 * FFT),
        }
    }

    /// Power `[BINS]` at sample `centre` of `pcm`, where F0 is `f0` Hz (0 without voice).
    pub(crate) fn envelope(&mut self, pcm: &[f32], centre: usize, f0: f64) -> &[f64] {
        let f0 = if f0 > LOWEST_F0 && f0 <= f64::from(RATE) / 12.0 { f0 } else { DEFAULT_F0 };
        self.power_spectrum(pcm, centre, f0);
        self.mirror_below(f0);
        self.smooth(2.0 / 3.0 * f0);
        self.lifter(f0);
        &self.power
    }

    /// Of three periods under a Hanning window of unit power, without its mean.
    fn power_spectrum(&mut self, pcm: &[f32], centre: usize, f0: f64) {
        let half = (1.5 * f64::from(RATE) / f0).round() as usize;
        let turn = PI * f0 / (1.5 * f64::from(RATE));
        self.window.clear();
        self.window.extend((0..=2 * half).map(|i| 0.5 + 0.5 * (turn * (i as f64 - half as f64)).cos()));
        let scale = self.window.iter().map(|w| w * w).sum::<f64>().sqrt().recip();
        let last = pcm.len().saturating_sub(1);
        let time = &mut self.forward.time;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (i, (time, window)) in time.iter_mut().zip(&mut self.window).enumerate() {
            *window *= scale;
            let x = pcm.get((centre + i).saturating_sub(half).min(last)).map_or(0.0, |&x| f64::from(x));
            *time = x * *window;
            sum += *time;
            weight += *window;
        }
        for (time, window) in time.iter_mut().zip(&self.window) {
            *time -= window * sum / weight;
        }
        time[self.window.len()..].fill(0.0);
        self.forward.run();
        for (power, bin) in self.power.iter_mut().zip(&self.forward.spectrum) {
            *power = bin.norm_sqr();
        }
    }

    /// Adds to what lies below F0 its mirror image at F0 / 2: the window took the mean away, and with it half a harmonic.
    fn mirror_below(&mut self, f0: f64) {
        let count = 1 + (f0 / BIN_HZ) as usize;
        let mirrored = &mut self.integral;
        mirrored.clear();
        for i in 0..count {
            let at = f0 / BIN_HZ - i as f64;
            let (k, w) = (at as usize, at.fract());
            mirrored.push(self.power[k] + w * (self.power[k + 1] - self.power[k]));
        }
        for (power, mirrored) in self.power.iter_mut().zip(mirrored) {
            *power += *mirrored;
        }
    }

    /// Mean over `width` Hz around every bin, by differences of the integral; the spectrum goes on mirrored at its ends.
    fn smooth(&mut self, width: f64) {
        let edge = (width / BIN_HZ) as usize + 1;
        self.integral.clear();
        let (mut sum, last) = (0.0, BINS - 1);
        for i in 0..BINS + 2 * edge {
            let bin = i.abs_diff(edge);
            sum += self.power[if bin > last { 2 * last - bin } else { bin }] * BIN_HZ;
            self.integral.push(sum);
        }
        let integral = |hz: f64| {
            // a bin's share begins half a bin before it
            let at = hz / BIN_HZ + edge as f64 - 0.5;
            let (k, w) = (at as usize, at.fract());
            self.integral[k] + w * (self.integral[(k + 1).min(self.integral.len() - 1)] - self.integral[k])
        };
        for (k, power) in self.power.iter_mut().enumerate() {
            let middle = k as f64 * BIN_HZ;
            *power = (integral(middle + width / 2.0) - integral(middle - width / 2.0)) / width;
        }
    }

    /// Smooths and sharpens the logarithm by weighting its cepstrum.
    fn lifter(&mut self, f0: f64) {
        let time = &mut self.forward.time;
        for (k, power) in self.power.iter().enumerate() {
            // digital silence stays finite
            let ln = (power + f64::EPSILON).ln();
            time[k] = ln;
            time[(FFT - k) % FFT] = ln;
        }
        self.forward.run();
        // angle π f0 i / rate by turning a pointer
        let step = Complex64::from_polar(1.0, PI * f0 / f64::from(RATE));
        let mut pointer = Complex64::new(1.0, 0.0);
        let cepstrum = self.inverse.spectrum.iter_mut().zip(&self.forward.spectrum);
        for (i, (lifted, bin)) in cepstrum.enumerate() {
            let angle = TAU / 2.0 * f0 * i as f64 / f64::from(RATE);
            let smoothing = if i == 0 { 1.0 } else { pointer.im / angle };
            let recovery = 1.0 - 2.0 * Q1 + 2.0 * Q1 * (1.0 - 2.0 * pointer.im * pointer.im);
            *lifted = Complex64::new(bin.re * smoothing * recovery / FFT as f64, 0.0);
            pointer *= step;
        }
        self.inverse.run();
        for (power, ln) in self.power.iter_mut().zip(&self.inverse.time) {
            *power = ln.exp();
        }
    }
}
