//! Fundamental frequency every 10 ms by autocorrelation.
//!
//! In: 24 kHz PCM `[samples]`. Out: [`Pitch`], F0 and strength `[frames]`.
//!
//! Mirrors Boersma 1993, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
//! a sampled sound", in the settings of Praat's *To Pitch (ac)*: the autocorrelation of a Hanning window of three
//! periods of the floor, divided by that of the window; its peaks are candidates; the cheapest path through them is the
//! track (`path.rs`). Between lags it is interpolated by padding the power spectrum, which is the sinc interpolation
//! of the paper over the whole window. Unlike Praat's, frames lie at multiples of 10 ms up to both ends. The path is
//! then refined (`refine.rs`) and short gaps are bridged.

use realfft::num_complex::Complex64;

use super::fft::{Forward, Inverse};
use super::path::{Candidate, Candidates, bridge, cheapest_path};
use super::refine::refine;
use super::{HOP, RATE, frames_of};

/// Points between two lags, as a factor.
const OVERSAMPLING: usize = 4;
/// Gaps of up to this many frames are bridged.
const BRIDGED: usize = 8;

/// What counts as voice. The costs are those of the paper, in units of strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PitchConfig {
    /// Lowest F0 in Hz.
    pub(super) floor: f64,
    /// Highest F0 in Hz.
    pub(super) ceiling: f64,
    /// Strength below which a frame is rather unvoiced.
    pub(super) voicing_threshold: f64,
    /// Peak, relative to that of all, below which a frame is rather silent.
    pub(super) silence_threshold: f64,
    /// What a candidate loses for every octave below the ceiling.
    pub(super) octave_cost: f64,
    /// Cost of a step of an octave from frame to frame.
    pub(super) octave_jump_cost: f64,
    /// Cost of a step between voiced and unvoiced.
    pub(super) voiced_unvoiced_cost: f64,
}

impl Default for PitchConfig {
    /// Lenient about voicing: a spectral envelope at a doubtful F0 is better than one at none.
    fn default() -> Self {
        Self {
            floor: 60.0,
            ceiling: 500.0,
            voicing_threshold: 0.3,
            silence_threshold: 0.01,
            octave_cost: 0.01,
            octave_jump_cost: 0.35,
            voiced_unvoiced_cost: 0.14,
        }
    }
}

impl PitchConfig {
    /// The same between other limits in Hz.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    #[cfg_attr(not(test), expect(dead_code, reason = "the limits of speech are the default ones"))]
    pub(crate) fn between(floor: f64, ceiling: f64) -> Result<Self, String> {
        if !(40.0..=200.0).contains(&floor) {
            return Err(format!("the pitch floor is {floor} Hz, expected 40 to 200"));
        }
        if !(floor * 2.0..=800.0).contains(&ceiling) {
            return Err(format!("the pitch ceiling is {ceiling} Hz, expected {} to 800", floor * 2.0));
        }
        Ok(Self { floor, ceiling, ..Self::default() })
    }
}

/// A track of frames.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Pitch {
    /// Hz; 0 where there is no voice
    pub(crate) f0: Vec<f32>,
    /// Normalised autocorrelation at the period, 0 to 1; 0 where none was found, in bridged gaps too
    pub(crate) strength: Vec<f32>,
}

/// Tables and room for tracking.
#[derive(Debug)]
pub(crate) struct PitchTracker {
    config: PitchConfig,
    /// Hanning, without its zeros
    window: Vec<f64>,
    /// one over the window's autocorrelation at lag `i / OVERSAMPLING`, 1 at 0
    unwindow: Vec<f64>,
    forward: Forward,
    inverse: Inverse,
}

impl PitchTracker {
    pub(crate) fn new(config: PitchConfig) -> Self {
        let longest = (f64::from(RATE) / config.floor) as usize;
        let half = (3.0 * f64::from(RATE) / config.floor) as usize / 2 - 1;
        let turn = std::f64::consts::TAU / (2 * half + 1) as f64;
        let window: Vec<f64> = (1..=2 * half).map(|i| 0.5 - 0.5 * (turn * i as f64).cos()).collect();
        let len = (window.len() + longest + 2).next_power_of_two();
        let mut tracker = Self {
            config,
            unwindow: vec![1.0; OVERSAMPLING * (longest + 2)],
            forward: Forward::new(len),
            inverse: Inverse::new(OVERSAMPLING * len),
            window,
        };
        tracker.forward.time[..tracker.window.len()].copy_from_slice(&tracker.window);
        tracker.autocorrelate();
        let power = tracker.inverse.time[0];
        for (unwindow, r) in tracker.unwindow.iter_mut().zip(&tracker.inverse.time) {
            *unwindow = power / r;
        }
        tracker
    }

    /// The whole track of `pcm` at 24 kHz: found, refined, bridged.
    pub(crate) fn track(&mut self, pcm: &[f32]) -> Pitch {
        let frames = frames_of(pcm.len());
        let mean = pcm.iter().map(|&x| f64::from(x)).sum::<f64>() / pcm.len().max(1) as f64;
        let peak = pcm.iter().map(|&x| (f64::from(x) - mean).abs()).fold(0.0, f64::max);
        let candidates: Vec<Candidates> = (0..frames).map(|t| self.candidates(pcm, t * HOP, peak)).collect();
        let path = cheapest_path(&self.config, &candidates);
        let mut f0: Vec<f64> = Vec::with_capacity(frames);
        for (t, found) in path.iter().enumerate() {
            f0.push(if found.frequency > 0.0 { refine(pcm, t * HOP, found.frequency) } else { 0.0 });
        }
        bridge(&mut f0, BRIDGED);
        Pitch {
            f0: f0.iter().map(|&f| f as f32).collect(),
            strength: path.iter().map(|found| found.strength as f32).collect(),
        }
    }

    /// Power spectrum of `forward.time` to its autocorrelation in `inverse.time`.
    fn autocorrelate(&mut self) {
        self.forward.run();
        let (bins, rest) = self.inverse.spectrum.split_at_mut(self.forward.spectrum.len());
        for (power, bin) in bins.iter_mut().zip(&self.forward.spectrum) {
            *power = Complex64::new(bin.norm_sqr(), 0.0);
        }
        rest.fill(Complex64::ZERO);
        self.inverse.run();
    }

    /// The peaks of the frame around sample `centre`.
    fn candidates(&mut self, pcm: &[f32], centre: usize, peak: f64) -> Candidates {
        let half = self.window.len() / 2;
        let period = (f64::from(RATE) / self.config.floor) as usize;
        let near = &pcm[centre.saturating_sub(period).min(pcm.len())..(centre + period).min(pcm.len())];
        let mean = near.iter().map(|&x| f64::from(x)).sum::<f64>() / near.len().max(1) as f64;
        let time = &mut self.forward.time;
        time.fill(0.0);
        let (from, to) = (centre.saturating_sub(half).min(pcm.len()), (centre + half).min(pcm.len()));
        let skipped = half - (centre - from).min(half);
        for ((time, &x), window) in time[skipped..].iter_mut().zip(&pcm[from..to]).zip(&self.window[skipped..]) {
            *time = (f64::from(x) - mean) * window;
        }
        let middle = half.saturating_sub(period / 2 + 1)..(half + period / 2 + 1).min(time.len());
        let loudest = time[middle].iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let mut found = Candidates::new(if peak > 0.0 { (loudest / peak).min(1.0) } else { 0.0 });
        if loudest <= 0.0 {
            return found;
        }
        self.autocorrelate();
        let scale = 1.0 / self.inverse.time[0];
        let r = |i: usize| self.inverse.time[i] * scale * self.unwindow[i];
        let points = f64::from(RATE) * OVERSAMPLING as f64;
        let first = ((points / self.config.ceiling) as usize).max(1);
        let last = ((points / self.config.floor).ceil() as usize).min(self.unwindow.len() - 2);
        let (mut before, mut here) = (r(first - 1), r(first));
        for i in first..=last {
            let after = r(i + 1);
            if here > 0.5 * self.config.voicing_threshold && here > before && here >= after {
                let (slope, bend) = (0.5 * (after - before), 2.0 * here - before - after);
                let strength = here + 0.5 * slope * slope / bend;
                let frequency = points / (i as f64 + slope / bend);
                let strength = if strength > 1.0 { strength.recip() } else { strength };
                if (self.config.floor..=self.config.ceiling).contains(&frequency) {
                    found.add(Candidate { frequency, strength }, &self.config);
                }
            }
            (before, here) = (here, after);
        }
        found
    }
}

#[cfg(test)]
mod tests;
