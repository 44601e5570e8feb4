//! Any sample rate to that of the analysis.
//!
//! In: mono PCM `[samples]` at 4 to 384 kHz. Out: the same sound at 24 kHz (or another such rate), `⌈samples · 24000 / rate⌉`
//! long, its delay cut off, flat to 0.9 of the lower of both Nyquist frequencies. The filter is that of the `rubato` crate.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::units::SampleRate;

/// Rates of recordings in Hz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// `pcm` of one rate at another.
///
/// # Panics
/// If samples are not finite, or so large that their transform is not; checking is the caller's.
///
/// # Errors
/// A rate outside of 4 to 384 kHz, in words.
pub(crate) fn resample(pcm: &[f32], rate: SampleRate, to: SampleRate) -> Result<Vec<f32>, String> {
    if let Some(rate) = [rate, to].into_iter().find(|rate| !RATES.contains(&rate.0)) {
        return Err(format!("the sample rate is {rate}, expected {} to {} Hz", RATES.start(), RATES.end()));
    }
    if rate == to || pcm.is_empty() {
        return Ok(pcm.to_vec());
    }
    let words = |error: &dyn std::fmt::Display| format!("cannot resample from {rate}: {error}");
    let input = SequentialSlice::new(pcm, 1, pcm.len()).map_err(|error| words(&error))?;
    let (from, into, window) = (rate.0 as usize, to.0 as usize, WindowFunction::BlackmanHarris2);
    // one block a chunk: the longer the block, the sharper the filter; of even length, or its delay is not whole
    let even = 2 * from / gcd(from, into);
    let chunk = (1024 * from.div_ceil(into)).next_multiple_of(even);
    let mut resampler =
        Fft::<f32>::new_custom(from, into, chunk, 1, 1, window, FixedSync::Input).map_err(|error| words(&error))?;
    let mut out = resampler.process_all(&input, pcm.len(), None).map_err(|error| words(&error))?.take_data();
    // 64 bits cannot wrap; 2^48 samples are years
    let expected = (pcm.len() as u64 * u64::from(to.0)).div_ceil(rate.0.into());
    out.resize(expected as usize, 0.0);
    Ok(out)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::super::RATE;
    use super::*;

    fn resample(pcm: &[f32], rate: SampleRate) -> Result<Vec<f32>, String> {
        super::resample(pcm, rate, SampleRate(RATE))
    }

    const COMMON: [u32; 8] = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000];

    fn sine(rate: u32, hz: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| ((TAU * hz * i as f64 / f64::from(rate)).sin() * 0.5) as f32).collect()
    }

    #[test]
    fn a_sine_stays_what_and_where_it_is() {
        for rate in COMMON.into_iter().chain([44_101]) {
            for hz in [100.0, 1000.0, 0.45 * f64::from(rate.min(RATE))] {
                let pcm = sine(rate, hz, rate as usize);
                let out = resample(&pcm, SampleRate(rate)).unwrap();
                let expected = sine(RATE, hz, out.len());
                // not at the ends, where the sine begins out of nothing
                let middle = 4_000..out.len() - 4_000;
                let worst = middle.map(|i| (out[i] - expected[i]).abs()).fold(0.0, f32::max);
                assert!(worst < 2e-3, "{rate} Hz, {hz} Hz: {worst}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_gone() {
        for (rate, hz) in [(48_000, 15_000.0), (96_000, 30_000.0), (44_100, 13_500.0)] {
            let out = resample(&sine(rate, hz, rate as usize), SampleRate(rate)).unwrap();
            let worst = out[4_000..20_000].iter().fold(0f32, |most, x| most.max(x.abs()));
            assert!(worst < 1e-3, "{rate} Hz, {hz} Hz: {worst}");
        }
    }

    #[test]
    fn every_length_has_its_own() {
        for rate in COMMON.into_iter().chain([4_000, 384_000, 44_101]) {
            for samples in [0, 1, 2, 239, 1024, 5000] {
                let out = resample(&vec![0.0; samples], SampleRate(rate)).unwrap();
                assert_eq!(out.len() as u64, (samples as u64 * 24_000).div_ceil(rate.into()), "{samples} at {rate}");
                assert!(out.iter().all(|&x| x == 0.0));
            }
        }
    }

    #[test]
    fn there_and_back() {
        for rate in [8_000, 22_050, 48_000] {
            let pcm = sine(RATE, 1000.0, 24_000);
            let other = super::resample(&pcm, SampleRate(RATE), SampleRate(rate)).unwrap();
            assert_eq!(other.len(), rate as usize);
            let back = resample(&other, SampleRate(rate)).unwrap();
            let worst = (4_000..20_000).map(|i| (back[i] - pcm[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-3, "{rate}: {worst}");
        }
        assert!(super::resample(&[0.0], SampleRate(RATE), SampleRate(1)).is_err());
    }

    #[test]
    fn other_rates_are_refused() {
        for rate in [0, 1, 3_999, 384_001, u32::MAX] {
            assert!(resample(&[0.0; 100], SampleRate(rate)).unwrap_err().contains("expected 4000 to 384000 Hz"));
        }
    }
}
