//! How a recording is spoken, against how people usually read aloud: so that it can be said, and not copied.
//!
//! Four things that move together when somebody is moved (Banse and Scherer 1996): height of the pitch, its range,
//! effort (as the part of the power above 1 kHz, which grows with it), and pace.

use super::spectrum::{Frames, LINEAR_HZ, db, quantile};

/// Plain figures of a manner of speaking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// Median of F0 in Hz.
    pub pitch_hz: f32,
    /// From the tenth to the ninetieth part of F0, in semitones.
    pub range_semitones: f32,
    /// Power from 1 to 5 kHz against that below 1 kHz, of voiced frames, in dB.
    pub effort_db: f32,
    /// Onsets of voice or rises of level a second of speech: about the syllables.
    pub pace: f32,
    /// All of it in one number: 0 is how people read aloud, 1 a standard deviation more moved than that.
    pub arousal: f32,
}

/// A manner in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Quieter and flatter than reading aloud.
    Subdued,
    /// As one reads aloud.
    Neutral,
    /// Somewhat more lively.
    Lively,
    /// Higher, wider, louder: joy, fear and anger alike.
    Excited,
}

/// Means and standard deviations over readers: range, effort, pace, and ln pitch for low and high voices.
pub(super) const RANGE: (f32, f32) = (8.9, 3.0);
pub(super) const EFFORT: (f32, f32) = (-14.5, 4.8);
pub(super) const PACE: (f32, f32) = (4.5, 0.7);
const LOW: (f32, f32) = (4.76, 0.18);
const HIGH: (f32, f32) = (5.23, 0.19);
/// A wider range than this is a mistake of an octave.
pub(super) const RANGE_MAX: f32 = 18.0;

impl Manner {
    /// The word for it.
    #[must_use]
    pub fn mood(&self) -> Mood {
        match self.arousal {
            a if a < -1.5 => Mood::Subdued,
            a if a < 1.3 => Mood::Neutral,
            a if a < 2.2 => Mood::Lively,
            _ => Mood::Excited,
        }
    }
}

/// How the voiced frames of a recording are spoken.
pub(super) fn manner(frames: &Frames, f0: &[f32], voiced: &[bool], speech: &[bool]) -> Manner {
    let pitches = || f0.iter().zip(voiced).filter(|(_, voiced)| **voiced).map(|(f0, _)| *f0);
    let pitch_hz = quantile(pitches(), 0.5).max(1.0);
    let (low, high) = (quantile(pitches(), 0.1).max(1.0), quantile(pitches(), 0.9).max(1.0));
    let range_semitones = 12.0 * (high / low).log2();
    let efforts = (0..voiced.len()).filter(|&t| voiced[t]).map(|t| effort(frames, t));
    let effort_db = quantile(efforts, 0.5);
    let pace = pace(frames, speech);

    // A high voice is measured against high voices: which it is, only the pitch itself can say.
    let ln = pitch_hz.ln();
    let pitch = [LOW, HIGH].map(|(mean, deviation)| (ln - mean) / deviation);
    let pitch = if pitch[0].abs() < pitch[1].abs() { pitch[0] } else { pitch[1] };
    let of = |value: f32, (mean, deviation): (f32, f32)| (value - mean) / deviation;
    let sum = 0.8 * pitch + of(range_semitones.min(RANGE_MAX), RANGE) + of(effort_db, EFFORT) + 0.4 * of(pace, PACE);
    // the four are nearly independent in read speech
    Manner { pitch_hz, range_semitones, effort_db, pace, arousal: sum / 1.7 }
}

/// Power from 1 to 5 kHz against that below, in dB, of one frame.
pub(super) fn effort(frames: &Frames, t: usize) -> f32 {
    let sum =
        |hz: std::ops::Range<usize>| frames.linear[t][hz.start / LINEAR_HZ..hz.end / LINEAR_HZ].iter().sum::<f32>();
    db(sum(1000..5000)) - db(sum(0..1000))
}

/// Humps of the level a second.
fn pace(frames: &Frames, speech: &[bool]) -> f32 {
    let humps = humps(frames).into_iter().zip(speech).filter(|(hump, speech)| *hump && **speech).count();
    let seconds = speech.iter().filter(|speech| **speech).count() as f32 * 0.01;
    humps as f32 / seconds.max(0.1)
}

/// Humps of the level: frames where it is 3 dB above the lowest on either side within 150 ms.
pub(super) fn humps(frames: &Frames) -> Vec<bool> {
    let smooth: Vec<f32> = (0..frames.power.len())
        .map(|t| {
            let near = &frames.power[t.saturating_sub(2)..(t + 3).min(frames.power.len())];
            db(near.iter().sum::<f32>() / near.len() as f32)
        })
        .collect();
    let low = |range: std::ops::Range<usize>| smooth[range].iter().copied().fold(f32::INFINITY, f32::min);
    let mut humps = vec![false; smooth.len()];
    for t in 1..smooth.len().saturating_sub(1) {
        let top = smooth[t] >= smooth[t - 1] && smooth[t] > smooth[t + 1];
        let before = || low(t.saturating_sub(15)..t + 1);
        let after = || low(t..(t + 16).min(smooth.len()));
        humps[t] = top && smooth[t] > before() + 3.0 && smooth[t] > after() + 3.0;
    }
    humps
}
