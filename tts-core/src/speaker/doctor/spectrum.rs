//! A recording cut into frames, and what each holds at which frequency.
//!
//! In: 24 kHz PCM. Out: [`Frames`], powers relative to full scale every 10 ms, frame `t` centred at sample `t · HOP`, in
//! linear bands of 250 Hz and in mel bands; and how much of the sound stands still, as notes do and speech does not.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

use crate::dsp::{HOP, RATE, frames_of};

/// Points of the transform: 43 ms, bins of 23.4 Hz.
const FFT: usize = 1024;
const BINS: usize = FFT / 2 + 1;
/// Linear bands up to 12 kHz.
pub(super) const LINEAR: usize = 48;
/// Width of a linear band in Hz.
pub(super) const LINEAR_HZ: usize = RATE as usize / 2 / LINEAR;
/// Mel bands from 100 Hz to 3.6 kHz: what the narrowest telephone leaves of an envelope.
pub(super) const MEL: usize = 20;
const MEL_HZ: (f32, f32) = (100.0, 3600.0);
/// A peak that stays in its bin for so many frames stands still.
const STILL_FRAMES: u8 = 16;
/// Where still peaks are looked for: above it even a slow glide of the voice moves its harmonics from bin to bin.
const STILL_HZ: (usize, usize) = (700, 4000);

/// What was found in every frame.
#[derive(Debug, Clone, Default)]
pub(super) struct Frames {
    /// Mean square; `[frames]`
    pub(super) power: Vec<f32>,
    /// The part of it in each linear band, which add up to it; `[frames][LINEAR]`
    pub(super) linear: Vec<[f32; LINEAR]>,
    /// ln power of mel bands; `[frames][MEL]`
    pub(super) mel: Vec<[f32; MEL]>,
    /// Power between 0.7 and 4 kHz, and the part of it in peaks that stand still
    pub(super) still: Vec<[f32; 2]>,
}

/// Frames of `pcm` at 24 kHz.
pub(super) fn frames(pcm: &[f32]) -> Frames {
    let fft: Arc<dyn RealToComplex<f32>> = RealFftPlanner::new().plan_fft_forward(FFT);
    let window: Vec<f32> =
        (0..FFT).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * (i as f32 + 0.5) / FFT as f32).cos()).collect();
    // so that the powers of all bins add up to the mean square
    let scale = 2.0 / (FFT as f32 * window.iter().map(|w| w * w).sum::<f32>());
    let mel = mel_bands();
    let (mut time, mut bins, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    let mut powers = [0.0; BINS];
    let mut ages = [0_u8; BINS];
    let count = frames_of(pcm.len());
    let mut out = Frames::default();
    for t in 0..count {
        for (i, (time, window)) in time.iter_mut().zip(&window).enumerate() {
            let sample = (t * HOP + i).checked_sub(FFT / 2).and_then(|at| pcm.get(at));
            *time = sample.map_or(0.0, |sample| sample * window);
        }
        // Cannot fail: the lengths are the plan's own.
        let _ = fft.process_with_scratch(&mut time, &mut bins, &mut scratch);
        for (power, bin) in powers.iter_mut().zip(&bins) {
            *power = bin.norm_sqr() * scale;
        }
        let mut linear = [0.0; LINEAR];
        for (bin, power) in powers.iter().enumerate() {
            linear[(bin * LINEAR / (BINS - 1)).min(LINEAR - 1)] += power;
        }
        out.power.push(linear.iter().sum());
        out.linear.push(linear);
        out.mel.push(std::array::from_fn(|band| {
            let (first, weights) = &mel[band];
            (weights.iter().zip(&powers[*first..]).map(|(w, p)| w * p).sum::<f32>() + 1e-12).ln()
        }));
        out.still.push(still(&powers, &mut ages));
    }
    out
}

/// Power in the range of [`STILL_HZ`], and in its peaks that are as old as [`STILL_FRAMES`]. `ages` counts, for each bin,
/// for how many frames it has been a peak.
fn still(powers: &[f32; BINS], ages: &mut [u8; BINS]) -> [f32; 2] {
    let bin = |hz: usize| hz * FFT / RATE as usize;
    let (from, to) = (bin(STILL_HZ.0), bin(STILL_HZ.1));
    let mut sums = [0.0; 2];
    for k in from..to {
        sums[0] += powers[k];
        // A peak stands out of what lies three bins to its sides, beyond the window's main lobe.
        let around = powers[k - 3].max(powers[k + 3]);
        let peak = powers[k] >= powers[k - 1] && powers[k] >= powers[k + 1] && powers[k] > 4.0 * around;
        ages[k] = if peak { ages[k].saturating_add(1) } else { 0 };
        if ages[k] >= STILL_FRAMES {
            sums[1] += powers[k - 1] + powers[k] + powers[k + 1];
        }
    }
    sums
}

/// Triangles at equal steps of the mel scale: first bin, weights that sum to one.
fn mel_bands() -> Vec<(usize, Vec<f32>)> {
    let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f32| 700.0 * (10_f32.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(MEL_HZ.0), mel(MEL_HZ.1));
    let edge = |i: usize| hz(low + (high - low) * i as f32 / (MEL + 1) as f32) * FFT as f32 / RATE as f32;
    (0..MEL)
        .map(|band| {
            let (left, centre, right) = (edge(band), edge(band + 1), edge(band + 2));
            let first = left.floor() as usize;
            let weight = |bin: usize| {
                let at = bin as f32;
                ((at - left) / (centre - left)).min((right - at) / (right - centre)).max(0.0)
            };
            let mut weights: Vec<f32> = (first..=right.ceil() as usize).map(weight).collect();
            let sum: f32 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum.max(1e-6));
            (first, weights)
        })
        .collect()
}

/// The value below which `share` of `values` lie; 0 of none.
pub(super) fn quantile(values: impl IntoIterator<Item = f32>, share: f32) -> f32 {
    let mut values: Vec<f32> = values.into_iter().collect();
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    let at = at.min(values.len() - 1);
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Decibels of a power.
pub(super) fn db(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, seconds: f32) -> Vec<f32> {
        let n = (seconds * RATE as f32) as usize;
        (0..n).map(|i| 0.5 * (std::f32::consts::TAU * hz * i as f32 / RATE as f32).sin()).collect()
    }

    #[test]
    fn powers_are_mean_squares_in_the_right_band() {
        let found = frames(&sine(1100.0, 1.0));
        assert_eq!(found.power.len(), 101);
        assert!((found.power[50] - 0.125).abs() < 1e-3, "{}", found.power[50]);
        assert!(found.linear[50][4] > 0.99 * found.power[50]);
        let bands = (0..MEL).max_by(|&a, &b| found.mel[50][a].total_cmp(&found.mel[50][b]));
        assert_eq!(bands, Some(9), "{:?}", found.mel[50]);
    }

    #[test]
    fn a_note_stands_still_and_a_glide_does_not() {
        let share = |pcm: &[f32]| {
            let found = frames(pcm);
            let (all, still) = found.still.iter().fold((0.0, 0.0), |sum, s| (sum.0 + s[0], sum.1 + s[1]));
            still / all
        };
        let glide: Vec<f32> = (0..RATE as usize * 2)
            .map(|i| {
                let t = i as f32 / RATE as f32;
                (std::f32::consts::TAU * (1000.0 * t + 300.0 * t * t)).sin()
            })
            .collect();
        assert!(share(&sine(1000.0, 2.0)) > 0.8, "{}", share(&sine(1000.0, 2.0)));
        assert!(share(&glide) < 0.05, "{}", share(&glide));
    }

    #[test]
    fn quantiles_are_values() {
        assert_eq!(quantile([], 0.5), 0.0);
        assert_eq!(quantile([3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!((quantile([3.0, 1.0], 0.0), quantile([3.0, 1.0], 1.0)), (1.0, 3.0));
    }
}
