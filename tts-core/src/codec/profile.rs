//! What is constant about a speaker, as the decoder takes it: a timbre becomes a mean spectral envelope, a scale of the
//! frequency axis and a mean aperiodicity. Latents describe speech relative to these.
//!
//! The decoder works on canonical envelopes: frequency axis scaled by `warp`, as if all vocal tracts were of one length
//! (Lee and Rose 1996), mean taken out. [`Profile::restore`] goes back: `raw(f) = canonical(f warp)`, the mean added;
//! [`Profile::relative`] goes there.

use super::config::DecoderConfig;
use super::spectrum::{APERIODICITIES, mel_band_hz};
use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::weights::{Scope, WeightsError};

/// A profile holds this many times ln warp, so that its numbers are of like size.
const LOG_WARP_SCALE: f32 = 5.0;
/// Least ln power of a band of a recording.
const FLOOR: f32 = -17.0;
/// Vocal tracts a third longer and shorter than the mean: farther than any person's.
const LOG_WARP_MAX: f32 = 0.3;

/// Weights: from a timbre to a speaker's profile, and from there to what the decoder adds.
#[derive(Debug)]
pub(crate) struct ProfileModel {
    /// `timbre -> bands + 1 + 3`
    profile: Linear,
    /// `bands + 1 + 3 -> profile_dim`
    first: Linear,
    /// `profile_dim -> dim`
    second: Linear,
    /// `dim -> subframe_dim`
    subframe: Linear,
    bands: usize,
}

/// One speaker's profile; computed once for a voice.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// `[bands]`, canonical
    mean: Vec<f32>,
    /// Scale of the frequency axis.
    warp: f64,
    /// Raw band b is `(1 - w) canonical[i] + w canonical[i + 1]`.
    place: Vec<(usize, f32)>,
    pub(super) aperiodicity: [f32; APERIODICITIES],
    /// `[dim]`, added to every latent frame
    pub(super) frame: Vec<f32>,
    /// `[subframe_dim]`, added to every sub-frame
    pub(super) subframe: Vec<f32>,
}

impl ProfileModel {
    /// `profile`, `m.0`, `m.2`, `p` below `scope` (`decoder`).
    pub(super) fn load(scope: &Scope<'_>, config: &DecoderConfig, timbre: usize) -> Result<Self, WeightsError> {
        Ok(Self {
            profile: Linear::load(&scope.at("profile"), timbre, config.profile(), Bias::Yes)?,
            first: Linear::load(&scope.at("m").index(0), config.profile(), config.profile_dim, Bias::Yes)?,
            second: Linear::load(&scope.at("m").index(2), config.profile_dim, config.dim, Bias::Yes)?,
            subframe: Linear::load(&scope.at("p"), config.dim, config.subframe_dim, Bias::Yes)?,
            bands: config.envelope_bands,
        })
    }

    /// `[bands + 1 + 3]`: mean envelope, 5 ln warp, mean aperiodicity, all before offset and scale.
    pub(super) fn numbers(&self, isa: Isa, timbre: &[f32]) -> Vec<f32> {
        let mut profile = vec![0.0; self.profile.outputs()];
        self.profile.apply(isa, &mut profile, timbre);
        profile
    }

    /// ln of the scale of the frequency axis.
    pub(super) fn log_warp(&self, isa: Isa, timbre: &[f32]) -> f32 {
        log_warp(&self.numbers(isa, timbre)[self.bands..])
    }

    /// Bands of the envelope.
    pub(super) fn bands(&self) -> usize {
        self.bands
    }

    pub(super) fn apply(&self, isa: Isa, timbre: &[f32]) -> Profile {
        let numbers = self.numbers(isa, timbre);
        let mut hidden = vec![0.0; self.first.outputs()];
        self.first.apply(isa, &mut hidden, &numbers);
        kernels::gelu_tanh(isa, &mut hidden);
        let mut frame = vec![0.0; self.second.outputs()];
        self.second.apply(isa, &mut frame, &hidden);
        let mut subframe = vec![0.0; self.subframe.outputs()];
        self.subframe.apply(isa, &mut subframe, &frame);
        let (mean, rest) = numbers.split_at(self.bands);
        let aperiodicity = std::array::from_fn(|i| rest[1 + i]);
        let warp = log_warp(rest).exp().into();
        Profile { mean: mean.to_vec(), warp, place: places(self.bands, warp), aperiodicity, frame, subframe }
    }
}

/// Of the numbers of a profile behind the mean envelope.
fn log_warp(rest: &[f32]) -> f32 {
    (rest[0] / LOG_WARP_SCALE).clamp(-LOG_WARP_MAX, LOG_WARP_MAX)
}

/// Where in canonical bands each raw band lies.
fn places(bands: usize, warp: f64) -> Vec<(usize, f32)> {
    let centres: Vec<f64> = mel_band_hz(bands).collect();
    let last = bands.saturating_sub(2);
    let place = |hz: &f64| {
        let hz = hz * warp;
        let i = centres.partition_point(|&c| c <= hz).saturating_sub(1).min(last);
        let next = (i + 1).min(bands - 1);
        let width = centres[next] - centres[i];
        (i, if width > 0.0 { ((hz - centres[i]) / width).clamp(0.0, 1.0) as f32 } else { 0.0 })
    };
    centres.iter().map(place).collect()
}

impl Profile {
    /// `[dim]` and `[subframe_dim]`: what is added to every frame and sub-frame.
    #[cfg(feature = "oracle")]
    pub(crate) fn added(&self) -> (&[f32], &[f32]) {
        (&self.frame, &self.subframe)
    }

    /// Appends to `out` the raw envelope `scale x + offset` of a canonical one `[bands]` that is relative to the speaker, which is used up.
    pub(super) fn restore(&self, isa: Isa, canonical: &mut [f32], scales: (f32, f32), out: &mut Vec<f32>) {
        kernels::add(isa, canonical, &self.mean);
        self.raw(canonical, scales, out);
    }

    /// Appends to `out` the raw envelope `scale x + offset` of a canonical one `[bands]`.
    fn raw(&self, canonical: &[f32], (offset, scale): (f32, f32), out: &mut Vec<f32>) {
        out.extend(interpolated(&self.place, canonical).map(|x| x * scale + offset));
    }

    /// Frames of raw ln power `[n, bands]`, somewhere `voiced`, to canonical envelopes relative to the speaker; what is above the `heard`
    /// lowest bands goes on as the last of them, and their mean over voiced frames is 0.
    pub(super) fn relative(
        &self,
        frames: &[f32],
        voiced: &[bool],
        heard: usize,
        (offset, scale): (f32, f32),
    ) -> Vec<f32> {
        let bands = self.mean.len();
        let heard = heard.min(bands);
        let place = places(bands, self.warp.recip());
        let mut out = Vec::with_capacity(frames.len());
        let mut raw = vec![0.0; bands];
        for frame in frames.chunks_exact(bands) {
            for (band, x) in raw.iter_mut().enumerate() {
                *x = (frame[band.min(heard - 1)].max(FLOOR) - offset) / scale;
            }
            out.extend(interpolated(&place, &raw));
        }
        let (mut sum, mut count) = (0.0, 0);
        for (frame, _) in out.chunks_exact(bands).zip(voiced).filter(|(_, voiced)| **voiced) {
            sum += frame[..heard].iter().map(|&x| f64::from(x)).sum::<f64>();
            count += heard;
        }
        let level = (sum / count.max(1) as f64) as f32;
        for frame in out.chunks_exact_mut(bands) {
            for (x, mean) in frame.iter_mut().zip(&self.mean) {
                *x -= level + mean;
            }
        }
        out
    }
}

fn interpolated<'e>(place: &'e [(usize, f32)], envelope: &'e [f32]) -> impl Iterator<Item = f32> + 'e {
    let last = envelope.len() - 1;
    place.iter().map(move |&(i, w)| (1.0 - w) * envelope[i] + w * envelope[(i + 1).min(last)])
}

impl Profile {
    /// Power from 1 to 5 kHz over that from 50 to 1000 Hz of the mean envelope, in dB; ln power is `scale x`. The speaker's `own` `[kinds, bands]`
    /// is part of it, each kind as much as any.
    pub(super) fn alpha_ratio(&self, own: &[f32], scale: f32) -> f32 {
        let (mut raw, mut mean) = (Vec::new(), self.mean.clone());
        let kinds = own.len() / mean.len();
        for own in own.chunks_exact(mean.len()) {
            for (x, own) in mean.iter_mut().zip(own) {
                *x += own / kinds as f32;
            }
        }
        self.raw(&mean, (0.0, scale), &mut raw);
        let (mut low, mut high) = (0.0, 0.0);
        for (hz, power) in mel_band_hz(raw.len()).zip(raw) {
            // bands are as wide as the mel scale makes them
            let power = f64::from(power).exp() * (hz + 700.0);
            match hz {
                50.0..1000.0 => low += power,
                1000.0..5000.0 => high += power,
                _ => {}
            }
        }
        (10.0 * ((high + 1e-30) / (low + 1e-30)).log10()) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warp_of_one_changes_nothing() {
        for (band, (i, w)) in places(80, 1.0).into_iter().enumerate() {
            let place = i as f32 + w;
            assert!((place - band as f32).abs() < 1e-4, "{band}: {place}");
        }
    }

    /// A peak of the canonical envelope is found at its frequency divided by the warp.
    #[test]
    fn a_warp_moves_formants() {
        let centres: Vec<f64> = mel_band_hz(80).collect();
        for warp in [0.8, 0.95, 1.1, 1.25] {
            let canonical: Vec<f32> =
                centres.iter().map(|hz| (-((hz - 1500.0) / 300.0).powi(2)).exp() as f32).collect();
            let mut raw = Vec::new();
            profile(vec![0.0; 80], warp).raw(&canonical, (0.0, 1.0), &mut raw);
            let (weight, sum) = centres.iter().zip(&raw).fold((0.0, 0.0), |(w, s), (hz, x)| {
                // bands are wider where frequencies are high
                let x = f64::from(*x) * (hz + 700.0);
                (w + x, s + x * hz)
            });
            let expected = 1500.0 / warp;
            assert!((sum / weight / expected - 1.0).abs() < 0.02, "{warp}: {} Hz, expected {expected}", sum / weight);
        }
    }

    /// A step of 4 in x at 1 kHz, scale 1: the upper part has e^-4 of the density over four times the width.
    #[test]
    fn the_alpha_ratio_of_a_step() {
        let mean: Vec<f32> = mel_band_hz(80).map(|hz| if hz < 1000.0 { 0.0 } else { -4.0 }).collect();
        let profile = profile(mean, 1.0);
        let expected = 10.0 * (4000.0f32 / 950.0 * (-4.0f32).exp()).log10();
        let found = profile.alpha_ratio(&[], 1.0);
        assert!((found - expected).abs() < 0.3, "{found} dB, expected {expected}");
        // half of the kinds have twice that step, half none
        let own: Vec<f32> = (0..2).flat_map(|kind| profile.mean.iter().map(move |x| x * [2.0, -2.0][kind])).collect();
        assert!((profile.alpha_ratio(&own, 1.0) - found).abs() < 1e-3);
        assert!(profile.alpha_ratio(&own[..80], 1.0) < found - 10.0);
    }

    fn profile(mean: Vec<f32>, warp: f64) -> Profile {
        let place = places(mean.len(), warp);
        Profile { mean, warp, place, aperiodicity: [0.0; 3], frame: Vec::new(), subframe: Vec::new() }
    }

    #[test]
    fn mean_and_scale_come_back() {
        let profile = profile(vec![0.5; 4], 1.0);
        for isa in Isa::available() {
            let mut raw = Vec::new();
            profile.restore(isa, &mut [1.0, 2.0, 3.0, 4.0], (-9.0, 4.0), &mut raw);
            let expected = [-3.0, 1.0, 5.0, 9.0];
            assert!(raw.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{raw:?}");
        }
    }

    /// What was restored is found again, but for a level and what interpolating twice rounds off.
    #[test]
    fn a_relative_envelope_is_that_which_was_restored() {
        let mean: Vec<f32> = (0..80).map(|band| 0.3 * (band as f32 * 0.1).cos()).collect();
        let profile = profile(mean, 1.1);
        let frame = |t: usize| (0..80).map(move |band| 0.4 * (band as f32 * 0.15 + t as f32).sin());
        let mut frames = Vec::new();
        for t in 0..6 {
            profile.restore(Isa::detect(), &mut frame(t).collect::<Vec<_>>(), (-9.0, 4.0), &mut frames);
        }
        let found = profile.relative(&frames, &[true; 6], 80, (-9.0, 4.0));
        let level = found[20] - frame(0).nth(20).unwrap();
        for t in 0..6 {
            // the highest bands of a long tract were never in the raw envelope
            for (band, expected) in frame(t).enumerate().take(70) {
                let off = found[t * 80 + band] - level - expected;
                assert!(off.abs() < 0.02, "{t} {band}: {off}");
            }
        }
        let sum: f32 = found.iter().sum();
        assert!(profile.mean.iter().sum::<f32>() * 6.0 + sum < 0.05, "{sum}");
    }
}
