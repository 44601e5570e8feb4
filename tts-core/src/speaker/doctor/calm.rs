//! The calmest parts of recordings: for models that copy how a clip is spoken along with who speaks.
//!
//! In: [`Clip`]s of one person, in whatever states. Out: [`Calm`], windows of 3 to 10 s that begin and end in pauses, up to
//! a number of seconds in all, how far each is from neutral, and how many times as long it should become (`pace.rs`).
//!
//! Neutral is this person's own, as far as the clips tell, held halfway to how people read aloud: a clip may be excited
//! throughout, and a microphone may be bright. Pitch has a better anchor: the lowest tones a person speaks in hardly
//! move with the mood (the base line, the 7.64th percentile of F0; Lindh and Eriksson 2007), and people who read aloud
//! keep a nearly constant way above them; nobody's neutral pitch is above that, or above the median. Deviations upwards (higher, wider, louder, faster) count twice, as that way
//! lies excitement (Banse and Scherer 1996).

use super::manner::{EFFORT, PACE, RANGE};
use super::pace::{SYLLABLES, stretch};
use super::phrases::{Phrase, phrases, semitones};
use super::spectrum::quantile;
use super::{Clip, Heard, Segment, SpeakerError, hear, judge};
use crate::dsp::{HOP, RATE};

/// Lengths of windows in seconds.
const WINDOW: (f32, f32) = (3.0, 10.0);
/// A longer pause ends a window.
const GAP: f32 = 1.0;
/// Of a recording in several states no window is taken that is so much farther from neutral than the best...
const WORSE: f32 = 0.75;
/// ...unless there is less than this.
const ENOUGH: f32 = 5.0;
/// A window that is longer by a second may be farther from neutral by so much.
const LENGTH: f32 = 0.05;
/// Silence kept before and after a window, at most, in seconds.
const MARGIN: (f32, f32) = (0.08, 0.12);
/// The base line of F0, as a share of all frames with a voice.
const BASE: f32 = 0.0764;
/// The median lies above it by so many standard deviations, and the tenth from the ninetieth part.
const OVER_BASE: f32 = 1.43;
const TENTHS: f32 = 2.56;
/// What changes by so much is a step: semitones, semitones, dB, humps a second, dB.
const STEPS: [f32; 5] = [2.0, 3.0, 4.0, 1.0, 4.0];
/// How much steps count: of pitch, range, effort, pace, level.
const WEIGHTS: [f32; 5] = [1.0, 0.5, 1.0, 0.3, 0.5];
/// Speech over noise in dB from which noise is no reason; one step for every so many dB less.
const SNR: (f32, f32) = (25.0, 10.0);
/// Steps for a share of 1 of clipped frames.
const CLIPPED: f32 = 8.0;

/// What counts as neutral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neutral {
    /// Median of F0 in Hz.
    pub pitch_hz: f32,
    /// From the tenth to the ninetieth part of F0, in semitones.
    pub range_semitones: f32,
    /// Power from 1 to 5 kHz against that below 1 kHz, of voiced frames, in dB.
    pub effort_db: f32,
    /// Humps of the level a second.
    pub pace: f32,
    /// Syllables a second.
    pub syllables: f32,
}

/// A window that is worth taking, against [`Neutral`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalmWindow {
    /// Where it is.
    pub segment: Segment,
    /// How far from neutral, in steps: 2 semitones of pitch, 4 dB of effort.
    pub distance: f32,
    /// Semitones of pitch above neutral.
    pub pitch_semitones: f32,
    /// Semitones of range above neutral.
    pub range_semitones: f32,
    /// Decibels of effort above neutral.
    pub effort_db: f32,
    /// Humps of the level a second above neutral.
    pub pace: f32,
    /// Syllables a second.
    pub syllables: f32,
    /// How many times as long a prompt makes it, so that its pace is nearer to neutral: 0.8 to 1.25.
    pub stretch: f32,
}

/// What was found in all clips.
#[derive(Debug, Clone, PartialEq)]
pub struct Calm {
    /// Windows that do not overlap, the calmest first.
    pub windows: Vec<CalmWindow>,
    /// What they were held against.
    pub neutral: Neutral,
    /// Seconds of phrases in all clips that were looked at.
    pub speech_seconds: f32,
    /// How far all of it is from neutral, in steps.
    pub distance: f32,
}

impl Calm {
    /// Seconds of all windows, as they are in the clips.
    #[must_use]
    pub fn taken_seconds(&self) -> f32 {
        self.windows.iter().map(|window| window.segment.end - window.segment.start).sum()
    }
}

/// The calmest windows of `clips`, together at most `most_seconds` long at the pace they are given. Clips that cannot be used (too noisy, music) are
/// passed over if others can.
///
/// # Errors
/// [`SpeakerError::Damaged`] and [`SpeakerError::Rate`] name the clip; [`SpeakerError::TooLittleSpeech`] where no phrase
/// is found.
pub fn calm(clips: &[Clip<'_>], most_seconds: f32) -> Result<Calm, SpeakerError> {
    let mut all = Vec::new();
    for (index, clip) in clips.iter().enumerate() {
        let mut heard = hear(index + 1, clip)?;
        judge(&mut heard.findings);
        all.push(Measured { phrases: phrases(&heard), heard });
    }
    let good = |clip: &Measured| clip.heard.findings.refusal.is_none() && !clip.phrases.is_empty();
    let any = all.iter().any(good);
    let used: Vec<(usize, &Measured)> = all.iter().enumerate().filter(|(_, clip)| !any || good(clip)).collect();
    let phrases = used.iter().flat_map(|(_, clip)| &clip.phrases);
    // the sum of nothing is -0
    let speech_seconds = phrases.map(length).fold(0.0, |all, seconds| all + seconds);
    let Some(neutral) = neutral(&used) else {
        return Err(SpeakerError::TooLittleSpeech { found: speech_seconds.into(), least: super::SPEECH_MIN.into() });
    };
    let mut sum = 0.0;
    let mut windows = Vec::new();
    for (index, clip) in &used {
        let distances = clip.distances(&neutral);
        sum += distances.iter().zip(&clip.phrases).map(|(d, phrase)| d * d * length(phrase)).sum::<f32>();
        windows.extend(clip.windows(*index, &distances, &neutral, most_seconds));
    }
    if windows.is_empty() {
        // phrases that are all too short, or together too long: each by itself
        let phrases = used.iter().flat_map(|&(index, clip)| (0..clip.phrases.len()).map(move |at| (index, clip, at)));
        windows.extend(
            phrases
                .map(|(index, clip, at)| clip.window(index, at..at + 1, &clip.distances(&neutral)[at..=at], &neutral)),
        );
    }
    let distance = (sum / speech_seconds).sqrt();
    Ok(Calm { windows: chosen(windows, most_seconds), neutral, speech_seconds, distance })
}

fn seconds(frames: usize) -> f32 {
    frames as f32 * HOP as f32 / RATE as f32
}

fn length(phrase: &Phrase) -> f32 {
    seconds(phrase.frames.len())
}

/// Median, where every phrase counts for its length.
fn median(clips: &[(usize, &Measured)], value: impl Fn(&Phrase) -> f32) -> f32 {
    let phrases = clips.iter().flat_map(|(_, clip)| &clip.phrases);
    quantile(phrases.flat_map(|phrase| std::iter::repeat_n(value(phrase), phrase.frames.len())), 0.5)
}

/// `None` without a phrase.
fn neutral(clips: &[(usize, &Measured)]) -> Option<Neutral> {
    clips.iter().find(|(_, clip)| !clip.phrases.is_empty())?;
    let halfway = |found: f32, usual: f32| (found + usual) / 2.0;
    let voices = clips.iter().flat_map(|(_, clip)| {
        let Heard { f0, voiced, .. } = &clip.heard;
        f0.iter().zip(voiced).filter(|(_, voiced)| **voiced).map(|(f0, _)| *f0)
    });
    let above_base = semitones(quantile(voices, BASE)) + OVER_BASE * RANGE.0 / TENTHS;
    Some(Neutral {
        pitch_hz: (median(clips, |phrase| phrase.pitch).min(above_base) / 12.0).exp2(),
        range_semitones: halfway(median(clips, |phrase| phrase.range), RANGE.0),
        effort_db: halfway(median(clips, |phrase| phrase.effort), EFFORT.0),
        pace: halfway(median(clips, |phrase| phrase.pace), PACE.0),
        syllables: halfway(median(clips, |phrase| phrase.syllables), SYLLABLES),
    })
}

/// A clip with its phrases.
struct Measured {
    heard: Heard,
    phrases: Vec<Phrase>,
}

impl Measured {
    /// How far every phrase is from neutral.
    fn distances(&self, neutral: &Neutral) -> Vec<f32> {
        // how loud another clip is says nothing: it is held against its own
        let level = median(&[(0, self)], |phrase| phrase.level);
        let noise = self.heard.findings.noise_db;
        let distance = |phrase: &Phrase| {
            let [pitch, range, effort, pace] = deviations(phrase, neutral);
            let mut sum = 0.0;
            for ((deviation, step), weight) in
                [pitch, range, effort, pace, phrase.level - level].into_iter().zip(STEPS).zip(WEIGHTS)
            {
                let steps = deviation / step * if deviation > 0.0 { 2.0 } else { 1.0 };
                sum += weight * steps * steps;
            }
            let noisy = ((SNR.0 - (phrase.level - noise)) / SNR.1).max(0.0);
            (sum / WEIGHTS.iter().sum::<f32>()).sqrt() + noisy + CLIPPED * phrase.clipped
        };
        self.phrases.iter().map(distance).collect()
    }

    /// Runs of phrases that are long enough, and all of a stretch that is too short to have one.
    fn windows(&self, clip: usize, distances: &[f32], neutral: &Neutral, most: f32) -> Vec<CalmWindow> {
        let (least, longest) = (WINDOW.0.min(0.4 * most), WINDOW.1.min(most));
        let mut windows = Vec::new();
        for first in 0..self.phrases.len() {
            let begin = self.phrases[first].frames.start;
            let alone = first == 0 || self.gap(first) > GAP;
            for last in first..self.phrases.len() {
                let long = seconds(self.phrases[last].frames.end - begin);
                if last > first && (self.gap(last) > GAP || long > longest) {
                    break;
                }
                let whole = alone && (last + 1 == self.phrases.len() || self.gap(last + 1) > GAP);
                if long >= least || whole {
                    windows.push(self.window(clip, first..last + 1, &distances[first..=last], neutral));
                }
            }
        }
        windows
    }

    /// Seconds of silence before a phrase.
    fn gap(&self, phrase: usize) -> f32 {
        let before = if phrase == 0 { 0 } else { self.phrases[phrase - 1].frames.end };
        seconds(self.phrases[phrase].frames.start - before)
    }

    fn window(&self, clip: usize, which: std::ops::Range<usize>, distances: &[f32], neutral: &Neutral) -> CalmWindow {
        let phrases = &self.phrases[which.clone()];
        let (mut sums, mut squares, mut total, mut syllables) = ([0.0; 4], 0.0, 0.0, 0.0);
        for (phrase, distance) in phrases.iter().zip(distances) {
            let weight = length(phrase);
            squares += weight * distance * distance;
            total += weight;
            syllables += weight * phrase.syllables;
            for (sum, deviation) in sums.iter_mut().zip(deviations(phrase, neutral)) {
                *sum += weight * deviation;
            }
        }
        let [pitch_semitones, range_semitones, effort_db, pace] = sums.map(|sum| sum / total);
        let after = if which.end < self.phrases.len() {
            self.gap(which.end)
        } else {
            seconds(self.heard.speech.len() - phrases[phrases.len() - 1].frames.end)
        };
        let start = seconds(phrases[0].frames.start) - (self.gap(which.start) / 2.0).min(MARGIN.0);
        let end = seconds(phrases[phrases.len() - 1].frames.end) + (after / 2.0).min(MARGIN.1);
        let segment = Segment { clip, start, end };
        let (distance, syllables) = ((squares / total).sqrt(), syllables / total);
        let stretch = stretch(syllables, neutral.syllables, total);
        CalmWindow { segment, distance, pitch_semitones, range_semitones, effort_db, pace, syllables, stretch }
    }
}

/// Pitch, range, effort and pace above neutral.
fn deviations(phrase: &Phrase, neutral: &Neutral) -> [f32; 4] {
    [
        phrase.pitch - semitones(neutral.pitch_hz),
        phrase.range - neutral.range_semitones,
        phrase.effort - neutral.effort_db,
        phrase.pace - neutral.pace,
    ]
}

/// The best windows that do not overlap, the calmest first.
fn chosen(mut windows: Vec<CalmWindow>, most: f32) -> Vec<CalmWindow> {
    let long = |window: &CalmWindow| window.segment.end - window.segment.start;
    let becomes = |window: &CalmWindow| long(window) * window.stretch;
    // one that becomes too long would end within a word
    if windows.iter().any(|window| becomes(window) <= most) {
        windows.retain(|window| becomes(window) <= most);
    }
    let price = |window: &CalmWindow| window.distance - LENGTH * long(window);
    let place = |window: &CalmWindow| (window.segment.clip, window.segment.start);
    windows.sort_by(|a, b| {
        let (at, bt) = (place(a), place(b));
        price(a).total_cmp(&price(b)).then(at.0.cmp(&bt.0)).then(at.1.total_cmp(&bt.1))
    });
    let mut taken: Vec<CalmWindow> = Vec::new();
    let mut total = 0.0;
    for window in windows {
        let Segment { clip, start, end } = window.segment;
        let overlaps =
            |other: &CalmWindow| other.segment.clip == clip && other.segment.start < end && start < other.segment.end;
        let worse = taken.first().is_some_and(|best| window.distance > best.distance + WORSE) && total >= ENOUGH;
        let room = taken.is_empty() || total + becomes(&window) <= most;
        if room && !worse && !taken.iter().any(overlaps) {
            total += becomes(&window);
            taken.push(window);
        }
    }
    taken.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    taken
}

#[cfg(test)]
mod tests;
