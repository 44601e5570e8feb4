//! How the clause at hand is spoken: what the request, the voice and the text ask for, made into one set of numbers.

use super::request::Settings;
use crate::model::native::Manner;
use crate::voice::{Direction, Overrides, Prosody};

/// The way of speaking at a place in the text.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// Where `[[/]]` leads back to.
    usual: Prosody,
    /// What the user asked for by number; emotions of the text do not change it.
    overrides: Overrides,
    now: Prosody,
}

/// What a direction changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// From here on it is spoken like this.
    Manner(Manner),
    /// The pause here lasts this many seconds.
    Pause(f32),
}

impl Course {
    /// The start of a text; `own` is the voice's way of speaking.
    pub(super) fn new(settings: &Settings, own: Prosody) -> Self {
        let usual = settings.overrides.over(settings.prosody.unwrap_or(own));
        Self { usual, overrides: settings.overrides, now: usual }
    }

    /// How it is spoken here.
    pub(super) fn manner(&self) -> Manner {
        let Prosody { rate, pitch, pause_scale, range, energy, variation, breathiness, whisper, final_slope } =
            self.now;
        Manner {
            rate: rate.get(),
            semitones: pitch.get(),
            pause_scale: pause_scale.get(),
            range: range.get(),
            energy: energy.get(),
            variation: variation.get(),
            breathiness: breathiness.get(),
            whisper: whisper.get(),
            final_slope: final_slope.get(),
        }
    }

    /// Follows a direction in the text.
    pub(super) fn follow(&mut self, direction: Direction) -> Turn {
        match direction {
            Direction::Emotion(emotion, intensity) => {
                self.now = self.overrides.over(Prosody::emotion(emotion, intensity));
            }
            Direction::Controls(controls) => self.now = controls.over(self.now),
            Direction::End => self.now = self.usual,
            Direction::Pause(seconds) => return Turn::Pause(seconds),
        }
        Turn::Manner(self.manner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::{Emotion, Intensity, Rate};

    #[test]
    fn a_number_asked_for_holds_over_voice_and_text() {
        let rate = Rate::new(1.5).unwrap();
        let overrides = Overrides { rate: Some(rate), ..Overrides::default() };
        let sad = Prosody::emotion(Emotion::Sad, Intensity::default());
        let mut course = Course::new(&Settings { overrides, ..Settings::default() }, sad);
        assert_eq!((course.manner().rate, course.manner().energy), (1.5, sad.energy.get()));
        course.follow(Direction::Emotion(Emotion::Angry, Intensity::default()));
        assert_eq!(course.manner().rate, 1.5);
        assert!(course.manner().energy > 0.0);
        // what stands in the text about a number is nearer than the request
        course.follow(Direction::parse("rate 0.5").unwrap());
        assert_eq!(course.manner().rate, 0.5);
        assert_eq!(course.follow(Direction::parse("pause 500ms").unwrap()), Turn::Pause(0.5));
        course.follow(Direction::End);
        assert_eq!((course.manner().rate, course.manner().energy), (1.5, sad.energy.get()));
    }
}
