//! How a clause is spoken, and what that means for the sound of each of its frames.
//!
//! In: plain numbers that were checked above. Out: an [`Expression`] for the end of a frame. Rate and pauses are not in
//! it: they act on the plan of a clause.

use std::ops::Range;

use crate::codec::Expression;
use crate::units::Seed;

/// Over this much of the end of a clause its final slope is reached; then it is held, and released in the pause.
const SLOPE_SECONDS: f32 = 0.4;
const SLOPE_HELD_SECONDS: f32 = 0.08;
const SLOPE_RELEASE_SECONDS: f32 = 0.08;

/// How a clause is spoken, in plain numbers that were checked above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Manner {
    /// Speed: 2 is twice as fast.
    pub(crate) rate: f32,
    /// Semitones above the voice's own pitch.
    pub(crate) semitones: f32,
    /// Pauses relative to the usual ones.
    pub(crate) pause_scale: f32,
    /// ln F0 about its usual value, times this.
    pub(crate) range: f32,
    /// dB of alpha ratio.
    pub(crate) energy: f32,
    /// dB of level about the usual one, times this.
    pub(crate) variation: f32,
    /// 0 to 1.
    pub(crate) breathiness: f32,
    /// 0 to 1.
    pub(crate) whisper: f32,
    /// Semitones that the pitch has moved at the end of a clause.
    pub(crate) final_slope: f32,
}

/// Choices of the random part, for a whole stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Draws {
    /// Solver steps.
    pub(crate) steps: usize,
    /// Variance of the noise.
    pub(crate) temperature: f32,
    /// Start of all noise.
    pub(crate) seed: Seed,
}

impl Manner {
    /// How the frame sounds that ends `end` seconds into a clause whose phones are heard during `spoken`.
    pub(super) fn expression(&self, spoken: &Range<f32>, end: f32) -> Expression {
        let Self { semitones, range, energy, variation, breathiness, whisper, final_slope, .. } = *self;
        let semitones = semitones + final_slope * slope(spoken, end);
        let pitch = semitones * std::f32::consts::LN_2 / 12.0;
        Expression { pitch, range, energy, variation, breathiness, whisper }
    }
}

/// Share of the final slope at a time.
fn slope(spoken: &Range<f32>, time: f32) -> f32 {
    let over = SLOPE_SECONDS.min(spoken.end - spoken.start).max(0.04);
    let risen = 1.0 - (spoken.end - time) / over;
    let left = 1.0 - (time - spoken.end - SLOPE_HELD_SECONDS) / SLOPE_RELEASE_SECONDS;
    risen.clamp(0.0, 1.0).min(left.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_rises_is_held_and_released() {
        let spoken = 0.1..2.0;
        for (time, expected) in [(0.04, 0.0), (1.6, 0.0), (1.8, 0.5), (2.0, 1.0), (2.08, 1.0), (2.12, 0.5), (2.2, 0.0)]
        {
            assert!((slope(&spoken, time) - expected).abs() < 1e-4, "{time}: {}", slope(&spoken, time));
        }
        // a short clause has a short slope
        assert!((slope(&(0.0..0.2), 0.1) - 0.5).abs() < 1e-4);
        assert!(slope(&(0.0..0.0), 0.0).is_finite());
    }
}
