//! What lies between two pauses, and how it is spoken.

use std::ops::Range;

use super::super::prosody::syllables;
use super::Heard;
use super::manner::{RANGE_MAX, effort, humps};
use super::segments::{divided, stretches};
use super::spectrum::{LINEAR_HZ, db, quantile};

/// Frames of silence that part phrases: 150 ms, longer than any consonant stops the breath.
const PAUSE: usize = 15;
/// A longer phrase is cut where it is quietest: 4 s.
const LONGEST: usize = 400;
/// Where vowels are loud, in Hz: fast speech has dips here that the whole spectrum has not.
const VOWELS_HZ: Range<usize> = 250..4000;
/// Fewer frames with a voice say nothing of how it is used.
const VOICED_MIN: usize = 15;

/// A phrase.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phrase {
    /// In frames.
    pub(super) frames: Range<usize>,
    /// Median of F0 in semitones over 1 Hz.
    pub(super) pitch: f32,
    /// From the tenth to the ninetieth part of F0 in semitones.
    pub(super) range: f32,
    /// Median over frames with a voice of the power from 1 to 5 kHz against that below, in dB.
    pub(super) effort: f32,
    /// Humps of the level a second.
    pub(super) pace: f32,
    /// Syllables a second: peaks of the level of vowels that have a voice.
    pub(super) syllables: f32,
    /// Mean power of frames with a voice, in dB of full scale.
    pub(super) level: f32,
    /// Share of frames with flat tops.
    pub(super) clipped: f32,
}

/// Semitones over 1 Hz.
pub(super) fn semitones(hz: f32) -> f32 {
    12.0 * hz.max(1.0).log2()
}

/// All phrases with enough voice to be measured; shorter ones belong to the next before a pause, if there is one.
pub(super) fn phrases(heard: &Heard) -> Vec<Phrase> {
    let humps = humps(&heard.frames);
    // `speech` bridges pauses: where it is quiet inside of it, phrases end
    let sounding: Vec<bool> =
        heard.speech.iter().zip(&heard.sounding).map(|(speech, sound)| *speech && *sound).collect();
    let pieces = stretches(&sounding, PAUSE).into_iter().flat_map(|range| divided(&heard.frames, range, LONGEST));
    let mut phrases: Vec<Phrase> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    for piece in pieces {
        let range = match open.take() {
            Some(before) if piece.start <= before.end + 2 * PAUSE => before.start..piece.end,
            _ => piece,
        };
        match measured(heard, &humps, range.clone()) {
            Some(phrase) => phrases.push(phrase),
            None => open = Some(range),
        }
    }
    phrases
}

fn measured(heard: &Heard, humps: &[bool], frames: Range<usize>) -> Option<Phrase> {
    let inside: Vec<usize> = frames.clone().filter(|&t| heard.voiced[t]).collect();
    if inside.len() < VOICED_MIN {
        return None;
    }
    let pitch = |share: f32| semitones(quantile(inside.iter().map(|&t| heard.f0[t]), share));
    let of = |flags: &[bool]| flags[frames.clone()].iter().filter(|flag| **flag).count() as f32;
    let vowels = VOWELS_HZ.start / LINEAR_HZ..VOWELS_HZ.end / LINEAR_HZ;
    let level: Vec<f32> =
        heard.frames.linear[frames.clone()].iter().map(|bands| db(bands[vowels.clone()].iter().sum())).collect();
    let power = inside.iter().map(|&t| heard.frames.power[t]).sum::<f32>() / inside.len() as f32;
    Some(Phrase {
        pitch: pitch(0.5),
        range: (pitch(0.9) - pitch(0.1)).min(RANGE_MAX),
        effort: quantile(inside.iter().map(|&t| effort(&heard.frames, t)), 0.5),
        pace: of(humps) * 100.0 / frames.len() as f32,
        syllables: syllables(&level, &heard.f0[frames.clone()]) as f32 * 100.0 / frames.len() as f32,
        level: db(power),
        clipped: of(&heard.tops) / frames.len() as f32,
        frames,
    })
}
