//! From a few bands to spectra, and from a power spectrum to the minimum-phase sound that has it.

use std::f32::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::kernels::{self, Isa};

/// Samples per second of the sound.
pub(crate) const SAMPLE_RATE: u32 = 24_000;
/// Coded aperiodicities: at 3, 6 and 9 kHz.
pub(crate) const APERIODICITIES: usize = 3;
/// Length of a pulse's response in samples.
pub(super) const FFT: usize = 1024;
/// Bins of its spectrum.
pub(super) const BINS: usize = FFT / 2 + 1;

/// Centres of `bands` bands that are equally wide on the mel scale from 0 to half the sample rate, in Hz.
pub(super) fn mel_band_hz(bands: usize) -> impl Iterator<Item = f64> {
    let top = 2595.0 * (1.0 + f64::from(SAMPLE_RATE) / 2.0 / 700.0).log10();
    (0..bands).map(move |band| 700.0 * (10f64.powf(top * (band + 1) as f64 / (bands + 1) as f64 / 2595.0) - 1.0))
}

/// Linear interpolation from knots to bins: bin k is `(1 - w) knot[i] + w knot[i + 1]`.
#[derive(Debug)]
pub(super) struct Interpolation {
    place: Vec<(usize, f32)>,
}

impl Interpolation {
    /// Ascending knots in Hz; constant outside of them.
    fn new(knots: &[f64]) -> Self {
        let last = knots.len() - 2;
        let place = (0..BINS).map(|bin| {
            let hz = bin as f64 * f64::from(SAMPLE_RATE) / FFT as f64;
            let i = knots.partition_point(|&k| k <= hz).saturating_sub(1).min(last);
            (i, ((hz - knots[i]) / (knots[i + 1] - knots[i])).clamp(0.0, 1.0) as f32)
        });
        Self { place: place.collect() }
    }

    /// Centres of `bands` bands that are equally wide on the mel scale from 0 to half the sample rate.
    pub(super) fn mel_bands(bands: usize) -> Self {
        Self::new(&mel_band_hz(bands).collect::<Vec<_>>())
    }

    /// Aperiodicity is coded at multiples of 3 kHz, both ends included.
    pub(super) fn aperiodicity() -> Self {
        Self::new(&std::array::from_fn::<_, { APERIODICITIES + 2 }, _>(|i| 3000.0 * i as f64))
    }

    /// From every second bin, both ends included.
    pub(super) fn every_second_bin() -> Self {
        let hz = |bin| bin as f64 * f64::from(SAMPLE_RATE) / FFT as f64;
        Self::new(&(0..BINS).step_by(2).map(hz).collect::<Vec<_>>())
    }

    pub(super) fn apply(&self, knots: &[f32], bins: &mut [f32]) {
        for (bin, &(i, w)) in bins.iter_mut().zip(&self.place) {
            *bin = (1.0 - w) * knots[i] + w * knots[i + 1];
        }
    }
}

/// Transforms of [`FFT`] points. Cheap to clone; scratch is the caller's.
#[derive(Clone)]
pub(super) struct Fft {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl fmt::Debug for Fft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fft")
    }
}

/// Room for transforms and for one spectrum on its way to minimum phase.
#[derive(Debug, Clone)]
pub(super) struct SpectrumScratch {
    fft: Vec<Complex32>,
    time: Vec<f32>,
    /// ln magnitude, then magnitude, of every bin
    magnitude: Vec<f32>,
    /// phase of every bin, then its sine
    phase: Vec<f32>,
    sin: Vec<f32>,
    cos: Vec<f32>,
    spectrum: Vec<Complex32>,
}

impl Fft {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        Self { forward: planner.plan_fft_forward(FFT), inverse: planner.plan_fft_inverse(FFT) }
    }

    pub(super) fn start(&self) -> SpectrumScratch {
        let fft = self.forward.get_scratch_len().max(self.inverse.get_scratch_len());
        SpectrumScratch {
            fft: vec![Complex32::ZERO; fft],
            time: vec![0.0; FFT],
            magnitude: vec![0.0; BINS],
            phase: vec![0.0; BINS],
            sin: vec![0.0; BINS],
            cos: vec![0.0; BINS],
            spectrum: vec![Complex32::ZERO; BINS],
        }
    }

    /// `time` `[FFT]` (destroyed) to `spectrum` `[BINS]`.
    pub(super) fn forward(&self, scratch: &mut SpectrumScratch, time: &mut [f32], spectrum: &mut [Complex32]) {
        let done = self.forward.process_with_scratch(time, spectrum, &mut scratch.fft);
        debug_assert!(done.is_ok(), "lengths are fixed");
    }

    /// `spectrum` `[BINS]` (destroyed) to `time` `[FFT]`, scaled so that it inverts [`Fft::forward`].
    pub(super) fn inverse(&self, scratch: &mut SpectrumScratch, spectrum: &mut [Complex32], time: &mut [f32]) {
        // both are real for a real signal
        spectrum[0].im = 0.0;
        spectrum[BINS - 1].im = 0.0;
        let done = self.inverse.process_with_scratch(spectrum, time, &mut scratch.fft);
        debug_assert!(done.is_ok(), "lengths are fixed");
        for t in time {
            *t *= 1.0 / FFT as f32;
        }
    }

    /// Adds to `sum` `[BINS]` the minimum-phase spectrum of `power` `[BINS]`, delayed by `delay` samples, times
    /// `factor(bin)`. By folding the cepstrum: the causal part of the log spectrum's transform is counted twice.
    pub(super) fn add_minimum_phase(
        &self,
        isa: Isa,
        scratch: &mut SpectrumScratch,
        power: &mut [f32],
        delay: f32,
        sum: &mut [Complex32],
        factor: impl Fn(usize) -> Complex32,
    ) {
        for p in power.iter_mut() {
            *p += 1e-30;
        }
        kernels::ln(isa, power);
        let mut spectrum = std::mem::take(&mut scratch.spectrum);
        let mut time = std::mem::take(&mut scratch.time);
        for (s, p) in spectrum.iter_mut().zip(&*power) {
            *s = Complex32::new(0.5 * p, 0.0);
        }
        self.inverse(scratch, &mut spectrum, &mut time);
        for c in &mut time[1..FFT / 2] {
            *c *= 2.0;
        }
        time[FFT / 2 + 1..].fill(0.0);
        self.forward(scratch, &mut time, &mut spectrum);
        let SpectrumScratch { magnitude, phase, sin, cos, .. } = scratch;
        let turn = TAU / FFT as f32 * delay;
        for (k, s) in spectrum.iter().enumerate() {
            magnitude[k] = s.re;
            phase[k] = s.im - turn * k as f32;
        }
        kernels::exp(isa, magnitude);
        kernels::sincos_into(isa, sin, cos, phase);
        for (k, sum) in sum.iter_mut().enumerate() {
            *sum += factor(k) * Complex32::new(magnitude[k] * cos[k], magnitude[k] * sin[k]);
        }
        scratch.spectrum = spectrum;
        scratch.time = time;
    }
}
