//! Recordings of one person, of any length, to who speaks and how each was spoken.
//!
//! In: [`Clip`]s of mono PCM at any rate. Out: [`Heard`]. A clip is brought to 24 kHz and to the level of training as a
//! whole, then heard in stretches of at most ten seconds, so that nothing but the PCM and 16 bytes a frame grows with it. Of a
//! minute the envelopes are kept.

use super::SpeakerError;
use super::belief::Shown;
use super::encoder::{SpeakerEncoder, normalise};
use super::frames::{Analyser, BANDS, FRAMES_PER_SECOND, Frames, Track};
use super::prosody::Delivery;
use crate::dsp::{HOP, RATE, level, resample};
use crate::kernels::Isa;
use crate::units::SampleRate;

/// Most samples that are heard at once.
const STRETCH: usize = 10 * RATE as usize;
/// Greatest sample that may be one of a recording, in whatever unit: 32-bit integers as they are.
const LARGEST: f32 = 2.2e9;
/// Most frames of which envelopes are kept: more say no more of a person's sounds.
const MOST_ENVELOPES: usize = 6000;
/// Least seconds of voice.
const LEAST_SECONDS: f64 = 1.0;

/// One recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clip<'a> {
    /// Mono, full scale at 1.
    pub pcm: &'a [f32],
    /// Samples a second.
    pub rate: SampleRate,
}

/// What was heard in all clips together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    /// `[timbre]`, of length 1
    pub(crate) timbre: Vec<f32>,
    /// Mean of ln(F0 / Hz) that the encoder tells of the person; it follows the clips in part.
    pub(crate) mean_log_f0: f32,
    /// Habitual standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: f32,
    /// Seconds with a voice.
    pub(crate) voiced_seconds: f64,
    /// The first minute of all clips.
    pub(crate) envelopes: Envelopes,
    /// Frames of each clip without their envelopes.
    tracks: Vec<Track>,
}

/// Envelopes of frames.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Envelopes {
    /// `[frames, BANDS]`, see [`Frames::bands`]
    pub(crate) bands: Vec<f32>,
    /// `[frames]`
    pub(crate) voiced: Vec<bool>,
}

impl Envelopes {
    /// Appends those of `frames` that a minute has room for.
    fn extend(&mut self, frames: &Frames) {
        let room = MOST_ENVELOPES.saturating_sub(self.voiced.len());
        self.bands.extend(frames.bands.iter().take(room * BANDS));
        self.voiced.extend(frames.track.f0.iter().take(room).map(|&f0| f0 > 0.0));
    }
}

impl Heard {
    /// How each clip was spoken by somebody of this habitual pitch; `None` where nobody speaks in it.
    pub(crate) fn prosody(&self, mean_log_f0: f32) -> Vec<Option<Delivery>> {
        self.tracks.iter().map(|track| Delivery::of(track, mean_log_f0)).collect()
    }

    /// Pitch and effort of all clips, each weighing by its voiced frames.
    pub(crate) fn shown(&self) -> Shown {
        let (mut log_f0, mut effort, mut clips, mut frames) = (0.0, 0.0, 0, 0.0);
        for track in &self.tracks {
            let mut pitches: Vec<f32> = track.f0.iter().copied().filter(|&f0| f0 > 0.0).collect();
            let count = pitches.len() as f64;
            if pitches.is_empty() {
                continue;
            }
            pitches.sort_by(f32::total_cmp);
            log_f0 += count * f64::from(pitches[pitches.len() / 2].ln());
            let voiced = track.f0.iter().zip(&track.alpha).filter(|&(&f0, _)| f0 > 0.0);
            effort += voiced.map(|(_, &alpha)| f64::from(alpha)).sum::<f64>();
            (clips, frames) = (clips + 1, frames + count);
        }
        // somebody was heard in them
        Shown { told: self.mean_log_f0.into(), log_f0: log_f0 / frames, effort: effort / frames, clips }
    }
}

/// Listens to `clips` of one person.
///
/// # Errors
/// [`SpeakerError::Damaged`] and [`SpeakerError::Rate`] name the clip; [`SpeakerError::TooLittleSpeech`].
pub(crate) fn hear(encoder: &SpeakerEncoder, isa: Isa, clips: &[Clip<'_>]) -> Result<Heard, SpeakerError> {
    let mut analyser = Analyser::new();
    let mut tracks = Vec::with_capacity(clips.len());
    let (mut sum, mut envelopes) = (Sum::default(), Envelopes::default());
    for (i, clip) in clips.iter().enumerate() {
        let pcm = checked(i + 1, clip)?;
        let gain = level::gain(level::active_rms(&pcm));
        let mut track = Track::default();
        for stretch in stretches(&pcm) {
            let frames = analyser.frames(&level::scaled(stretch, gain));
            track.append(&frames.track);
            envelopes.extend(&frames);
            if let Some(found) = encoder.hear(isa, &frames) {
                sum.add(&found.timbre, found.mean_log_f0, found.sd_log_f0, frames.track.voiced());
            }
        }
        tracks.push(track);
    }
    let voiced_seconds = sum.weight / FRAMES_PER_SECOND;
    if voiced_seconds < LEAST_SECONDS {
        return Err(SpeakerError::TooLittleSpeech { found: voiced_seconds, least: LEAST_SECONDS });
    }
    let mut timbre: Vec<f32> = sum.timbre.iter().map(|x| (x / sum.weight) as f32).collect();
    normalise(&mut timbre);
    let mean_log_f0 = (sum.mean_log_f0 / sum.weight) as f32;
    let sd_log_f0 = (sum.sd_log_f0 / sum.weight) as f32;
    Ok(Heard { timbre, mean_log_f0, sd_log_f0, voiced_seconds, envelopes, tracks })
}

/// Clip `number`, from 1, at 24 kHz.
pub(super) fn checked(number: usize, clip: &Clip<'_>) -> Result<Vec<f32>, SpeakerError> {
    checked_at(number, clip, SampleRate(RATE))
}

/// Clip `number`, from 1, at the rate `to`.
pub(super) fn checked_at(number: usize, clip: &Clip<'_>, to: SampleRate) -> Result<Vec<f32>, SpeakerError> {
    if let Some(at) = clip.pcm.iter().position(|x| x.is_nan() || x.abs() > LARGEST) {
        let seconds = if clip.rate.0 == 0 { 0.0 } else { clip.rate.seconds(at as u64) };
        return Err(SpeakerError::Damaged { clip: number, seconds, value: clip.pcm[at] });
    }
    resample(clip.pcm, clip.rate, to).map_err(|what| SpeakerError::Rate { clip: number, what })
}

/// `pcm` in equal parts of at most [`STRETCH`] samples, cut at frames.
fn stretches(pcm: &[f32]) -> impl Iterator<Item = &[f32]> {
    let parts = pcm.len().div_ceil(STRETCH).max(1);
    let size = pcm.len().div_ceil(parts).next_multiple_of(HOP).max(HOP);
    pcm.chunks(size)
}

/// Weighted by voiced frames.
#[derive(Debug, Default)]
struct Sum {
    timbre: Vec<f64>,
    mean_log_f0: f64,
    sd_log_f0: f64,
    weight: f64,
}

impl Sum {
    fn add(&mut self, timbre: &[f32], mean_log_f0: f32, sd_log_f0: f32, voiced: usize) {
        let weight = voiced as f64;
        self.timbre.resize(timbre.len(), 0.0);
        for (sum, &x) in self.timbre.iter_mut().zip(timbre) {
            *sum += weight * f64::from(x);
        }
        self.mean_log_f0 += weight * f64::from(mean_log_f0);
        self.sd_log_f0 += weight * f64::from(sd_log_f0);
        self.weight += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoder::tests::{random_encoder, voice};
    use super::*;

    fn hear_at(rate: u32, pcm: &[f32]) -> Result<Heard, SpeakerError> {
        hear(&random_encoder().0, Isa::detect(), &[Clip { pcm, rate: SampleRate(rate) }])
    }

    #[test]
    fn a_long_clip_is_heard_in_stretches_of_ten_seconds() {
        for (samples, parts) in [(0, 0), (100, 1), (STRETCH, 1), (STRETCH + 1, 2), (5 * STRETCH - 7, 5)] {
            let pcm = vec![0.0; samples];
            let found: Vec<usize> = stretches(&pcm).map(<[f32]>::len).collect();
            assert_eq!((found.len(), found.iter().sum::<usize>()), (parts, samples));
            assert!(found.iter().all(|&len| len <= STRETCH));
            assert!(found.iter().rev().skip(1).all(|len| len.is_multiple_of(HOP)));
        }
        let heard = hear_at(24_000, &voice(21.0, 140.0)).unwrap();
        assert!((heard.voiced_seconds - 21.0).abs() < 0.3, "{}", heard.voiced_seconds);
        let length: f32 = heard.timbre.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5);
    }

    #[test]
    fn loudness_is_not_part_of_a_person() {
        let loud = voice(2.0, 140.0);
        let soft: Vec<f32> = loud.iter().map(|x| x * 0.05).collect();
        let (loud, soft) = (hear_at(24_000, &loud).unwrap(), hear_at(24_000, &soft).unwrap());
        let worst = loud.timbre.iter().zip(&soft.timbre).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // observed 1e-7
        assert!(worst < 1e-4, "{worst}");
    }

    #[test]
    fn several_clips_are_one_person() {
        let (encoder, _) = random_encoder();
        let (a, b) = (voice(3.0, 120.0), voice(1.5, 210.0));
        let clip = |pcm| Clip { pcm, rate: SampleRate(24_000) };
        let both = hear(&encoder, Isa::detect(), &[clip(&a[..]), clip(&b), clip(&[])]).unwrap();
        let alone = hear(&encoder, Isa::detect(), &[clip(&a[..])]).unwrap();
        let other = hear(&encoder, Isa::detect(), &[clip(&b[..])]).unwrap();
        let prosody = both.prosody(both.mean_log_f0);
        assert!(prosody.len() == 3 && prosody[0].is_some() && prosody[1].is_some() && prosody[2].is_none());
        let (w, v) = (alone.voiced_seconds, other.voiced_seconds);
        let expected = (w * f64::from(alone.mean_log_f0) + v * f64::from(other.mean_log_f0)) / (w + v);
        assert!((f64::from(both.mean_log_f0) - expected).abs() < 1e-5);
        let (shown, high, low) = (both.shown(), other.shown(), alone.shown());
        assert_eq!((shown.clips, low.clips), (2, 1));
        let pitch = (w * low.log_f0 + v * high.log_f0) / (w + v);
        // a vibrato of a tenth
        assert!((shown.log_f0 - pitch).abs() < 1e-6 && (low.log_f0 - 120f64.ln()).abs() < 0.1, "{shown:?} {low:?}");
        let effort = (w * low.effort + v * high.effort) / (w + v);
        assert!((shown.effort - effort).abs() < 1e-6, "{shown:?}, expected {effort}");
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        let mut broken = voice(2.0, 140.0);
        broken[12_000] = f32::NAN;
        let cases: [(u32, Vec<f32>, &str); 8] = [
            (24_000, broken, "clip 1: the sample at 0.500 s is NaN"),
            (16_000, vec![f32::INFINITY; 10], "clip 1: the sample at 0.000 s is inf"),
            (44_100, vec![f32::MAX; 9000], "s is 340282350000000000000000000000000000000, expected"),
            (24_000, vec![0.0; 48_000], "0.0 s of voiced speech found, expected at least 1.0 s"),
            (24_000, Vec::new(), "0.0 s of voiced speech"),
            (48_000, vec![1e-38; 96_000], "0.0 s of voiced speech"),
            (24_000, voice(0.5, 140.0), "0.5 s of voiced speech"),
            (0, vec![0.0; 10], "clip 1: the sample rate is 0 Hz"),
        ];
        for (rate, pcm, expected) in cases {
            let error = hear_at(rate, &pcm).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}, expected {expected}");
        }
        assert!(hear(&random_encoder().0, Isa::detect(), &[]).is_err());
    }

    #[test]
    fn any_rate_gives_the_same_person() {
        let at = |rate: u32| {
            let mut phase = 0.0f64;
            let pcm: Vec<f32> = (0..2 * rate)
                .map(|_| {
                    phase += 140.0 / f64::from(rate);
                    let harmonics =
                        (1..20).map(|h| (std::f64::consts::TAU * phase * f64::from(h)).sin() / f64::from(h));
                    (0.1 * harmonics.sum::<f64>()) as f32
                })
                .collect();
            hear_at(rate, &pcm).unwrap()
        };
        let (expected, found) = (at(24_000), at(48_000));
        let likeness: f32 = expected.timbre.iter().zip(&found.timbre).map(|(a, b)| a * b).sum();
        assert!(likeness > 0.999, "{likeness}");
    }

    #[test]
    fn odd_sounds_are_answered_with_numbers() {
        let (encoder, _) = random_encoder();
        let buzz = voice(1.5, 99.0);
        let sounds: [(&str, Vec<f32>); 8] = [
            ("constant", vec![1.0; 30_000]),
            ("highest", (0..30_000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect()),
            ("clicks", (0..36_000).map(|i| if i % 160 == 0 { 1.0 } else { 0.0 }).collect()),
            ("clipped", buzz.iter().map(|x| (x * 100.0).clamp(-1.0, 1.0)).collect()),
            ("integers", buzz.iter().map(|x| x * 2e9).collect()),
            ("faint", buzz.iter().map(|x| x * 1e-20).collect()),
            ("tone", (0..36_000).map(|i| (i as f32 * 0.05).sin()).collect()),
            ("one loud sample", buzz.iter().enumerate().map(|(i, x)| if i == 9000 { 2e9 } else { *x }).collect()),
        ];
        for (name, pcm) in sounds {
            for rate in [8_000, 24_000, 44_100] {
                let clip = Clip { pcm: &pcm, rate: SampleRate(rate) };
                let Ok(heard) = hear(&encoder, Isa::detect(), &[clip]) else { continue };
                let length: f32 = heard.timbre.iter().map(|x| x * x).sum();
                assert!((length - 1.0).abs() < 1e-4 && heard.mean_log_f0.is_finite(), "{name} at {rate}");
                let prosody = heard.prosody(heard.mean_log_f0)[0].unwrap();
                let all = format!("{prosody:?}");
                assert!(!all.contains("NaN") && !all.contains("inf"), "{name} at {rate}: {all}");
            }
        }
    }
}
