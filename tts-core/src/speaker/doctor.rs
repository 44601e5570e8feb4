//! The clip doctor: whether a voice can be made of recordings, what is wrong with them, and which parts to take.
//!
//! In: [`Clip`]s, mono PCM at any rate. Out: a [`Checkup`], findings in figures, warnings and refusals in words, and the
//! best twenty seconds; and by another door, [`calm()`], the calmest windows, for models that copy a manner. Nothing of a
//! manner of speaking that is found here goes into a voice: it is found so that calm parts can be preferred, and so that it
//! can be said what was left behind.
//!
//! The figures are plain signal processing on frames of 10 ms; every bound below stands where clean recordings of 152
//! readers and damaged copies of them part (docs/VOICES.md).
//!
//! May import: `dsp`, `units`.

mod calm;
mod manner;
mod pace;
mod phrases;
mod segments;
mod signal;
mod spectrum;
#[cfg(test)]
pub(super) mod tests;
mod voices;
mod words;

use super::reference::checked;
use super::{Clip, SpeakerError};
use crate::dsp::{HOP, PitchConfig, PitchTracker, RATE};
use crate::units::SampleRate;

pub use calm::{Calm, CalmWindow, Neutral, calm};
pub use manner::{Manner, Mood};
pub use words::{Refusal, Warning};

use segments::Known;
use spectrum::{Frames, db};

/// Less speech than this makes no voice.
pub const SPEECH_MIN: f32 = 1.0;
/// Less speech than this is worth a warning.
pub const SPEECH_FEW: f32 = 5.0;
/// More than this is not taken.
pub const SPEECH_TAKEN: f32 = 20.0;
/// Strength of a period (normalised autocorrelation) from which a frame counts as voice.
const VOICED: f32 = 0.5;
/// Speech over noise in dB: below the first nothing is left of a timbre, below the second it suffers.
const SNR: (f32, f32) = (8.0, 15.0);
/// Share of samples in flat tops.
const CLIPPED: f32 = 0.0003;
/// Decay by 60 dB in seconds.
const ECHO: f32 = 0.42;
/// In more noise than this the end of a fall is not heard.
const ECHO_SNR: f32 = 17.0;
/// Level of speech in dB of full scale below which the steps of 16 bits are heard.
const QUIET: f32 = -50.0;
/// Hz; a telephone ends at 3.4 kHz.
const NARROW: f32 = 4500.0;
/// Share of the power between 0.7 and 4 kHz in tones that stand still.
const MUSIC: (f32, f32) = (0.08, 0.02);
/// Standard deviations between two groups of pieces.
const APART: f32 = 1.7;

/// What was found in one clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Of all of it.
    pub seconds: f32,
    /// Of speech in it, pauses between words included.
    pub speech_seconds: f32,
    /// Level of speech, dB of full scale; `None` without speech.
    pub level_db: Option<f32>,
    /// Level of what is not speech, dB of full scale.
    pub noise_db: f32,
    /// Speech over noise in dB.
    pub snr_db: Option<f32>,
    /// Share of samples at full scale.
    pub clipped: f32,
    /// Seconds in which sound falls by 60 dB; `None` in noise.
    pub decay_seconds: Option<f32>,
    /// Highest frequency of speech in Hz.
    pub bandwidth_hz: Option<f32>,
    /// Share of sound in tones that stand still, as in music.
    pub tones: f32,
    /// How different the two most different groups of its pieces are, in standard deviations of one voice.
    pub apart: f32,
    /// How it is spoken.
    pub manner: Option<Manner>,
    /// What suffers.
    pub warnings: Vec<Warning>,
    /// Why it is left out.
    pub refusal: Option<Refusal>,
}

/// A part that is worth taking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Index of its clip.
    pub clip: usize,
    /// Start in seconds.
    pub start: f32,
    /// End in seconds.
    pub end: f32,
}

impl Segment {
    /// It alone, out of the clips that were examined; empty of other ones.
    #[must_use]
    pub fn of<'c>(&self, clips: &[Clip<'c>]) -> Clip<'c> {
        let Some(clip) = clips.get(self.clip) else { return Clip { pcm: &[], rate: SampleRate(RATE) } };
        let at = |seconds: f32| (f64::from(seconds) * f64::from(clip.rate.0)) as usize;
        let end = at(self.end).min(clip.pcm.len());
        Clip { pcm: &clip.pcm[at(self.start).min(end)..end], rate: clip.rate }
    }
}

/// What was found in all clips.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkup {
    /// Of each clip, in their order.
    pub clips: Vec<Findings>,
    /// What concerns all of them.
    pub warnings: Vec<Warning>,
    /// Why no voice can be made of them.
    pub refusal: Option<Refusal>,
    /// The best parts, in order.
    pub segments: Vec<Segment>,
}

impl Checkup {
    /// Seconds of the best parts.
    #[must_use]
    pub fn taken_seconds(&self) -> f32 {
        self.segments.iter().map(|segment| segment.end - segment.start).sum()
    }
}

/// Looks at clips of one person.
///
/// # Errors
/// [`SpeakerError::Damaged`] and [`SpeakerError::Rate`], which name the clip: samples that are not numbers, a sample rate
/// that nobody uses.
pub fn examine(clips: &[Clip<'_>]) -> Result<Checkup, SpeakerError> {
    let mut found = Vec::new();
    let (mut parts, mut pieces) = (Vec::new(), Vec::new());
    for (index, clip) in clips.iter().enumerate() {
        let examined = examine_one(index + 1, clip)?;
        if examined.findings.refusal.is_none() {
            // of several clips the calmer one is preferred
            let moved = examined.findings.manner.map_or(0.0, |manner| manner.arousal.max(0.0));
            parts.extend(examined.parts.into_iter().map(|part| (index, part.frames, part.score - 0.1 * moved)));
            pieces.extend(examined.pieces);
        }
        found.push(examined.findings);
    }
    let segments = best(parts);
    let mut checkup = Checkup { clips: found, warnings: Vec::new(), refusal: None, segments };
    let usable = checkup.clips.iter().filter(|findings| findings.refusal.is_none());
    // the sum of nothing is -0
    let speech = usable.map(|findings| findings.speech_seconds).fold(0.0, |all, seconds| all + seconds);
    if speech < SPEECH_MIN || checkup.segments.is_empty() {
        let first = checkup.clips.iter().find_map(|findings| findings.refusal.clone());
        checkup.refusal = Some(first.unwrap_or(Refusal::TooShort { speech_seconds: speech }));
        checkup.segments.clear();
        return Ok(checkup);
    }
    if speech < SPEECH_FEW {
        checkup.warnings.push(Warning::Short { speech_seconds: speech });
    }
    let apart = voices::parting(&pieces);
    if apart > APART {
        checkup.warnings.push(Warning::SeveralVoices { apart });
    }
    Ok(checkup)
}

/// What one clip gives.
struct Examined {
    findings: Findings,
    parts: Vec<segments::Part>,
    pieces: Vec<voices::Piece>,
}

/// What is known of a clip before anything is judged.
struct Heard {
    frames: Frames,
    /// Hz
    f0: Vec<f32>,
    voiced: Vec<bool>,
    /// Frames that stand out of the noise.
    sounding: Vec<bool>,
    speech: Vec<bool>,
    /// Frames with flat tops.
    tops: Vec<bool>,
    /// Mean square.
    noise: f32,
    findings: Findings,
}

/// Clip `number`, from 1.
fn hear(number: usize, clip: &Clip<'_>) -> Result<Heard, SpeakerError> {
    let Clip { pcm: samples, rate } = *clip;
    let pcm = checked(number, clip)?;
    let frames = spectrum::frames(&pcm);
    let pitch = PitchTracker::new(PitchConfig::default()).track(&pcm);
    let noise = signal::noise(&frames);
    let voiced: Vec<bool> =
        (0..frames.power.len()).map(|t| noise.heard[t] && pitch.f0[t] > 0.0 && pitch.strength[t] >= VOICED).collect();
    let speech = segments::speech(&noise.heard, &voiced);
    let (clipped, tops) = signal::clipping(samples, rate.0, frames.power.len());
    let mut findings = findings(&frames, &speech, noise.power, clipped);
    findings.seconds = rate.seconds(samples.len() as u64) as f32;
    Ok(Heard { frames, f0: pitch.f0, voiced, sounding: noise.heard, speech, tops, noise: noise.power, findings })
}

impl Heard {
    fn known(&self) -> Known<'_> {
        let Self { frames, f0, voiced, speech, tops: clipped, .. } = self;
        Known { frames, f0, voiced, speech, clipped }
    }
}

/// Clip `number`, from 1.
fn examine_one(number: usize, clip: &Clip<'_>) -> Result<Examined, SpeakerError> {
    let mut heard = hear(number, clip)?;
    let (mut parts, mut pieces) = (Vec::new(), Vec::new());
    if heard.speech.contains(&true) {
        let Heard { frames, f0, voiced, speech, .. } = &heard;
        pieces = voices::pieces(frames, f0, voiced);
        parts = segments::parts(heard.known(), heard.noise);
        let manner = manner::manner(frames, f0, voiced, speech);
        (heard.findings.apart, heard.findings.manner) = (voices::parting(&pieces), Some(manner));
    }
    judge(&mut heard.findings);
    Ok(Examined { findings: heard.findings, parts, pieces })
}

/// The figures of a signal.
fn findings(frames: &Frames, speech: &[bool], noise: f32, clipped: f32) -> Findings {
    let count = speech.iter().filter(|speech| **speech).count();
    let some = count > 0;
    let snr_db = some.then(|| signal::snr_db(frames, speech, noise));
    let (all, still) = frames.still.iter().fold((0.0, 0.0), |sum, [all, still]| (sum.0 + all, sum.1 + still));
    Findings {
        seconds: 0.0,
        speech_seconds: count as f32 * HOP as f32 / RATE as f32,
        level_db: some.then(|| db(signal::level(frames, speech))),
        noise_db: db(noise),
        snr_db,
        clipped,
        decay_seconds: snr_db.filter(|snr| *snr > ECHO_SNR).and_then(|_| signal::decay_seconds(frames, noise)),
        bandwidth_hz: some.then(|| signal::bandwidth(frames, speech)),
        tones: if all > 0.0 { still / all } else { 0.0 },
        apart: 0.0,
        manner: None,
        warnings: Vec::new(),
        refusal: None,
    }
}

/// Figures to words.
fn judge(findings: &mut Findings) {
    findings.refusal = if findings.tones > MUSIC.0 {
        Some(Refusal::Music { tones: findings.tones })
    } else if let (Some(snr_db), true) = (findings.snr_db, findings.speech_seconds > 0.0) {
        (snr_db < SNR.0).then_some(Refusal::TooNoisy { snr_db })
    } else {
        Some(Refusal::NoSpeech { seconds: findings.seconds })
    };
    if findings.refusal.is_some() {
        return;
    }
    let mut warn = |warning| findings.warnings.push(warning);
    if let Some(snr_db) = findings.snr_db.filter(|snr| *snr < SNR.1) {
        warn(Warning::Noisy { snr_db });
    }
    if findings.clipped > CLIPPED {
        warn(Warning::Clipped { share: findings.clipped });
    }
    if let Some(seconds) = findings.decay_seconds.filter(|seconds| *seconds > ECHO) {
        warn(Warning::Echo { seconds });
    }
    if let Some(level_db) = findings.level_db.filter(|level| *level < QUIET) {
        warn(Warning::Quiet { level_db });
    }
    if let Some(hz) = findings.bandwidth_hz.filter(|hz| *hz < NARROW) {
        warn(Warning::Narrow { hz });
    }
    if findings.tones > MUSIC.1 {
        warn(Warning::Tones { share: findings.tones });
    }
}

/// The best parts of all clips, up to [`SPEECH_TAKEN`] seconds, in order.
fn best(mut parts: Vec<(usize, std::ops::Range<usize>, f32)>) -> Vec<Segment> {
    let seconds = |frames: usize| frames as f32 * HOP as f32 / RATE as f32;
    parts.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1.start).cmp(&(b.0, b.1.start))));
    let mut segments: Vec<Segment> = Vec::new();
    let mut taken = 0.0;
    for (clip, range, _) in parts {
        let left = SPEECH_TAKEN - taken;
        if left < 0.5 {
            break;
        }
        let (start, end) = (seconds(range.start), seconds(range.end).min(seconds(range.start) + left));
        taken += end - start;
        segments.push(Segment { clip, start, end });
    }
    segments.sort_by(|a, b| a.clip.cmp(&b.clip).then(a.start.total_cmp(&b.start)));
    segments
}
