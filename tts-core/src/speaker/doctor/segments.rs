//! The best parts of a recording: clean, voiced, and near to how the person speaks without being moved.

use std::ops::Range;

use super::manner::effort;
use super::spectrum::{Frames, db, quantile};

/// Pauses up to this long are part of speech.
const PAUSE: usize = 25;
/// Longest and shortest part that is chosen as one.
const LONGEST: usize = 500;
const SHORTEST: usize = 50;
/// A stretch of sound is speech if so much of it is voiced.
const VOICED_SHARE: f32 = 0.2;

/// Frames that are speech: stretches of heard frames, with the pauses between words, in which there is enough voice.
pub(super) fn speech(heard: &[bool], voiced: &[bool]) -> Vec<bool> {
    let mut speech = vec![false; heard.len()];
    for range in stretches(heard, PAUSE) {
        let of = |flags: &[bool]| flags[range.clone()].iter().filter(|flag| **flag).count();
        let (heard, voiced) = (of(heard), of(voiced));
        if voiced >= 8 && voiced as f32 >= VOICED_SHARE * heard as f32 {
            speech[range].fill(true);
        }
    }
    speech
}

/// Ranges of `true` with gaps of up to `gap` frames in them.
pub(super) fn stretches(flags: &[bool], gap: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (t, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
        match found.last_mut() {
            Some(last) if t <= last.end + gap => last.end = t + 1,
            _ => found.push(t..t + 1),
        }
    }
    found
}

/// A part that may be chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// In frames.
    pub(super) frames: Range<usize>,
    /// Higher is better; comparable between recordings.
    pub(super) score: f32,
}

/// What is known of every frame of a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) frames: &'k Frames,
    /// Hz
    pub(super) f0: &'k [f32],
    pub(super) voiced: &'k [bool],
    pub(super) speech: &'k [bool],
    pub(super) clipped: &'k [bool],
}

/// The parts of a recording with their scores. `noise` is a mean square.
pub(super) fn parts(known: Known<'_>, noise: f32) -> Vec<Part> {
    let Known { frames, f0, voiced, speech, clipped } = known;
    let voices = || (0..voiced.len()).filter(|&t| voiced[t]);
    let usual_pitch = quantile(voices().map(|t| f0[t]), 0.5).max(1.0);
    let usual_effort = quantile(voices().map(|t| effort(frames, t)), 0.5);
    let mut parts = Vec::new();
    for stretch in stretches(speech, 0) {
        for range in divided(frames, stretch, LONGEST) {
            if range.len() < SHORTEST {
                continue;
            }
            let inside: Vec<usize> = range.clone().filter(|&t| voiced[t]).collect();
            if inside.len() < SHORTEST / 4 {
                continue;
            }
            let share = inside.len() as f32 / range.len() as f32;
            let pitch = quantile(inside.iter().map(|&t| f0[t]), 0.5).max(1.0);
            let effort = quantile(inside.iter().map(|&t| effort(frames, t)), 0.5);
            let level = inside.iter().map(|&t| frames.power[t]).sum::<f32>() / inside.len() as f32;
            let cleanness = (db(level) - db(noise)).clamp(0.0, 40.0) / 40.0;
            let clips = clipped[range.clone()].iter().filter(|clipped| **clipped).count() as f32 / range.len() as f32;
            // Above the usual counts twice: that way lies excitement.
            let apart = |d: f32| if d > 0.0 { 2.0 * d } else { -d };
            let moved = apart(12.0 * (pitch / usual_pitch).log2()) / 6.0 + apart(effort - usual_effort) / 12.0;
            parts.push(Part { frames: range, score: share + cleanness - moved - 4.0 * clips });
        }
    }
    parts
}

/// A stretch cut at its quietest places, so that no piece has more than `longest` frames.
pub(super) fn divided(frames: &Frames, stretch: Range<usize>, longest: usize) -> Vec<Range<usize>> {
    let mut rest = stretch;
    let mut pieces = Vec::new();
    while rest.len() > longest {
        let window = rest.start + longest / 2..rest.start + longest;
        let mut cut = window.start;
        for t in window {
            if frames.power[t] < frames.power[cut] {
                cut = t;
            }
        }
        pieces.push(rest.start..cut);
        rest.start = cut;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_bridge_gaps() {
        let flags = [true, false, true, false, false, false, true];
        assert_eq!(stretches(&flags, 0), [0..1, 2..3, 6..7]);
        assert_eq!(stretches(&flags, 1), [0..3, 6..7]);
        assert_eq!(stretches(&flags, 3), vec![std::ops::Range { start: 0, end: 7 }]);
        assert!(stretches(&[], 3).is_empty());
    }

    #[test]
    fn noise_without_voice_is_no_speech() {
        let heard = vec![true; 100];
        let mut voiced = vec![false; 100];
        assert!(speech(&heard, &voiced).iter().all(|speech| !speech));
        voiced[20..60].fill(true);
        assert!(speech(&heard, &voiced).iter().all(|speech| *speech));
    }

    #[test]
    fn long_stretches_are_cut_where_it_is_quiet() {
        let mut frames = Frames { power: vec![1.0; 1200], ..Frames::default() };
        frames.power[400] = 0.1;
        frames.power[800] = 0.1;
        assert_eq!(divided(&frames, 0..1200, LONGEST), [0..400, 400..800, 800..1200]);
    }
}
