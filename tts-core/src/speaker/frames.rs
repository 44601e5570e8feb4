//! What a person's voice does, every 10 ms.
//!
//! In: 24 kHz PCM at the level of training. Out: [`Frames`]: F0 and its strength, the spectral envelope, how loud, how
//! bright.

use crate::dsp::{self, BINS, CheapTrick, HOP, MelBands, PitchConfig, PitchTracker, RATE};

/// Bands of the envelope.
pub(crate) const BANDS: usize = 80;
/// Frames a second.
pub(crate) const FRAMES_PER_SECOND: f64 = RATE as f64 / HOP as f64;
/// Level of a silent frame in dB.
const SILENT_DB: f64 = -120.0;

/// All frames of a stretch of sound.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Frames {
    /// `[frames, BANDS]`, ln power per Hz-independent unit: white noise of variance v has ln v
    pub(crate) bands: Vec<f32>,
    pub(crate) track: Track,
}

/// What is left of frames when the envelope is gone: small enough to be kept for hours.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Track {
    /// Hz; 0 where there is no voice
    pub(crate) f0: Vec<f32>,
    /// normalised autocorrelation at the period; 0 where none was found
    pub(crate) strength: Vec<f32>,
    /// power of the 10 ms around it, in dB of full scale
    pub(crate) level: Vec<f32>,
    /// alpha ratio: power at 1 to 5 kHz over that at 50 to 1000 Hz, in dB
    pub(crate) alpha: Vec<f32>,
}

impl Track {
    /// Frames with a voice.
    pub(crate) fn voiced(&self) -> usize {
        self.f0.iter().filter(|&&f0| f0 > 0.0).count()
    }

    /// Appends another stretch. Its first frame stands where the last one of `self` does if the sound was cut there, and
    /// is left out.
    pub(crate) fn append(&mut self, later: &Self) {
        let from = usize::from(!self.f0.is_empty()).min(later.f0.len());
        self.f0.extend_from_slice(&later.f0[from..]);
        self.strength.extend_from_slice(&later.strength[from..]);
        self.level.extend_from_slice(&later.level[from..]);
        self.alpha.extend_from_slice(&later.alpha[from..]);
    }
}

/// Tables and room for the analysis of any number of stretches.
#[derive(Debug)]
pub(crate) struct Analyser {
    pitch: PitchTracker,
    envelope: CheapTrick,
    bands: MelBands,
}

impl Analyser {
    pub(crate) fn new() -> Self {
        Self {
            pitch: PitchTracker::new(PitchConfig::default()),
            envelope: CheapTrick::new(),
            bands: MelBands::new(BANDS, BINS),
        }
    }

    /// All frames of `pcm`.
    pub(crate) fn frames(&mut self, pcm: &[f32]) -> Frames {
        let pitch = self.pitch.track(pcm);
        let count = dsp::frames_of(pcm.len());
        let mut bands = Vec::with_capacity(count * BANDS);
        let (mut level, mut alpha) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (t, &f0) in pitch.f0.iter().enumerate() {
            let power = self.envelope.envelope(pcm, t * HOP, f0.into());
            self.bands.extend(power, &mut bands);
            alpha.push(decibels(between(power, 1000.0, 5000.0) / between(power, 50.0, 1000.0)));
            let around = &pcm[(t * HOP).saturating_sub(HOP / 2)..(t * HOP + HOP / 2).min(pcm.len())];
            let square: f64 = around.iter().map(|&x| f64::from(x).powi(2)).sum();
            level.push(decibels(square / around.len().max(1) as f64));
        }
        Frames { bands, track: Track { f0: pitch.f0, strength: pitch.strength, level, alpha } }
    }
}

/// Sum of the bins of `power` `[BINS]` from `low` up to `high` Hz.
fn between(power: &[f64], low: f64, high: f64) -> f64 {
    let bin = |hz: f64| (hz / f64::from(RATE) * 2.0 * (BINS - 1) as f64).ceil() as usize;
    power[bin(low)..bin(high)].iter().sum()
}

fn decibels(power: f64) -> f32 {
    (10.0 * power.log10()).max(SILENT_DB) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_frame() {
        let mut analyser = Analyser::new();
        for samples in [0, 1, 119, 240, 1000, 24_000] {
            let frames = analyser.frames(&vec![0.01; samples]);
            let track = &frames.track;
            let count = samples / 240 + 1;
            assert_eq!(frames.bands.len(), count * BANDS);
            for row in [&track.f0, &track.strength, &track.level, &track.alpha] {
                assert_eq!(row.len(), count, "{samples}");
            }
            assert!(frames.bands.iter().chain(&track.level).chain(&track.alpha).all(|x| x.is_finite()));
        }
    }

    #[test]
    fn level_and_alpha_are_what_was_put_in() {
        // 300 Hz at -20 dB of full scale, 2 kHz 12 dB below it
        let tone = |i: usize, hz: f64| (std::f64::consts::TAU * hz * i as f64 / 24_000.0).sin();
        let pcm: Vec<f32> = (0..24_000)
            .map(|i| (0.1 * 2f64.sqrt() * (tone(i, 300.0) + 10f64.powf(-0.6) * tone(i, 2000.0))) as f32)
            .collect();
        let track = Analyser::new().frames(&pcm).track;
        let mean = |row: &[f32]| row[10..90].iter().sum::<f32>() / 80.0;
        let expected = 10.0 * (0.01 * (1.0 + 10f64.powf(-1.2))).log10() as f32;
        assert!((mean(&track.level) - expected).abs() < 0.1, "{}", mean(&track.level));
        assert!((mean(&track.alpha) + 12.0).abs() < 1.0, "{}", mean(&track.alpha));
    }

    #[test]
    fn stretches_join_without_a_seam() {
        let track =
            |n: usize| Track { f0: vec![1.0; n], strength: vec![1.0; n], level: vec![0.0; n], alpha: vec![0.0; n] };
        let mut all = Track::default();
        all.append(&track(101));
        all.append(&track(51));
        assert_eq!((all.f0.len(), all.alpha.len(), all.voiced()), (151, 151, 151));
    }
}
