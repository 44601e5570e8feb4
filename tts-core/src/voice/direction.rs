//! Directions to the speaker in the text: what may stand between `[[` and `]]`.
//!
//! ```text
//! happy            an emotion, at its default intensity
//! sad 0.4          an emotion and its intensity
//! rate 0.8         a control: rate, pitch, pauses, range, energy, variation, breathiness, whisper, final-slope
//! pause 500ms      a pause of this length, or 0.5s
//! /                back to how it was at the start
//! ```
//!
//! Names are in lower case, numbers in the range of their control. Anything else is no direction.
//!
//! May import: nothing beside this folder.

use super::controls::plain_number;
use super::prosody::Overrides;
use super::{Emotion, Intensity};

/// Longest pause that can be asked for, in seconds.
const LONGEST_PAUSE: f32 = 30.0;

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Direction {
    /// Spoken with an emotion.
    Emotion(Emotion, Intensity),
    /// With these controls in place of those that hold.
    Controls(Overrides),
    /// A pause here, in seconds.
    Pause(f32),
    /// As at the start of the text.
    End,
}

impl Direction {
    /// What `text`, which stood between the brackets, asks for.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "/" {
            return Some(Self::End);
        }
        let mut words = text.split(' ');
        let (name, value) = (words.next()?, words.next());
        if words.next().is_some() {
            return None;
        }
        if let Ok(emotion) = name.parse() {
            let intensity = match value {
                Some(value) => Intensity::new(plain_number(value)?).ok()?,
                None => Intensity::default(),
            };
            return Some(Self::Emotion(emotion, intensity));
        }
        let value = value?;
        if name == "pause" {
            return seconds(value).map(Self::Pause);
        }
        let value = plain_number(value)?;
        let mut controls = Overrides::default();
        controls.set(name, value)?.ok()?;
        Some(Self::Controls(controls))
    }

    /// Whether there is such a direction.
    pub(crate) fn exists(text: &str) -> bool {
        Self::parse(text).is_some()
    }
}

/// `500ms` or `0.5s`, up to [`LONGEST_PAUSE`].
fn seconds(text: &str) -> Option<f32> {
    let seconds = match text.strip_suffix("ms") {
        Some(number) => plain_number(number)? / 1000.0,
        None => plain_number(text.strip_suffix('s')?)?,
    };
    (0.0..=LONGEST_PAUSE).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{Rate, Semitones};

    #[test]
    fn directions_are_read() {
        let happy = Direction::Emotion(Emotion::Happy, Intensity::default());
        assert_eq!(Direction::parse("happy"), Some(happy));
        assert_eq!(Direction::parse("sad 0.4"), Some(Direction::Emotion(Emotion::Sad, Intensity::new(0.4).unwrap())));
        let rate = Overrides { rate: Some(Rate::new(0.8).unwrap()), ..Overrides::default() };
        assert_eq!(Direction::parse("rate 0.8"), Some(Direction::Controls(rate)));
        let pitch = Overrides { pitch: Some(Semitones::new(2.0).unwrap()), ..Overrides::default() };
        assert_eq!(Direction::parse("pitch +2"), Some(Direction::Controls(pitch)));
        for text in ["pause 500ms", "pause 0.5s", "pause .5s"] {
            assert_eq!(Direction::parse(text), Some(Direction::Pause(0.5)), "{text}");
        }
        assert_eq!(Direction::parse("/"), Some(Direction::End));
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "",
            " ",
            "HH AY1",
            "Happy",
            "happy 2",
            "happy  1",
            "rate",
            "rate 9",
            "rate nan",
            "rate inf",
            "pitch 1e1",
            "pause 5",
            "pause 1h",
            "pause 99s",
            "pause -1s",
            "pause ms",
            "sad 0.1 0.2",
            "//",
            "rate 0.8 ",
        ] {
            assert_eq!(Direction::parse(text), None, "{text}");
        }
    }
}
