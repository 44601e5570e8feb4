//! What a stream tells about itself.

use std::ops::Range;
use std::time::Duration;

use super::composer::Counters;
use super::output::Output;

/// When a word is heard. Exact by construction: the sound is made from these times.
#[derive(Debug, Clone, PartialEq)]
pub struct WordTiming {
    /// Bytes of the input.
    pub source: Range<usize>,
    /// As written: `1984`.
    pub text: String,
    /// As said: `nineteen eighty four`.
    pub spoken: String,
    /// Seconds from the start of the sound.
    pub start: f64,
    /// Seconds from the start of the sound.
    pub end: f64,
}

/// Counts and times of a stream so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct StreamStats {
    /// Samples handed out.
    pub samples: u64,
    /// Latent frames made.
    pub frames: u64,
    /// Clauses planned.
    pub clauses: u64,
    /// Words planned.
    pub words: u64,
    /// Pieces of the text that were not spoken.
    pub skipped: u64,
    /// Time spent on text: splitting, normalising, pronouncing, encoding, durations.
    pub text: Duration,
    /// Time spent on the flow language model.
    pub model: Duration,
    /// Time spent on decoding and rendering.
    pub sound: Duration,
    /// From the start of the stream (or from the first text that arrived) to the first sound.
    pub first_audio: Option<Duration>,
}

impl StreamStats {
    pub(super) fn of(counters: &Counters, output: &Output) -> Self {
        let Counters { frames, clauses, words, skipped, text, model } = *counters;
        let (samples, sound, first_audio) = output.figures();
        Self { samples, frames, clauses, words, skipped, text, model, sound, first_audio }
    }

    /// Compute time of all stages together.
    #[must_use]
    pub fn compute(&self) -> Duration {
        self.text + self.model + self.sound
    }
}
