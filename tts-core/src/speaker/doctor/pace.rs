//! How many times as long a window of a prompt becomes, so that it is spoken at a neutral pace.
//!
//! In: syllables a second, of the window and of neutral, and the seconds in which they were counted. Out: a factor.
//!
//! Syllables are counted, not understood, and ten seconds hold forty: what was measured is believed in part. The part is the
//! mean of what the pace may be, given how paces of readers vary and how far the count is from what they read (tests/pace.rs,
//! docs/VOICES.md).

/// Syllables a second that are counted when people read aloud.
pub(super) const SYLLABLES: f32 = 4.5;
/// Farther than this no window is stretched: it would be heard.
const FACTORS: (f32, f32) = (0.8, 1.25);
/// A smaller change than this is none.
const LEAST: f32 = 0.03;
/// Standard deviations of ln pace: over readers and what they read, and of what is counted in a second.
const SPREAD: f32 = 0.145;
const NOISE: f32 = 0.2;

/// The factor for a window of so many `syllables` a second, counted over `seconds`.
pub(super) fn stretch(syllables: f32, neutral: f32, seconds: f32) -> f32 {
    let measured = (syllables / neutral).ln();
    if !measured.is_finite() {
        return 1.0;
    }
    let believed = SPREAD * SPREAD / (SPREAD * SPREAD + NOISE * NOISE / seconds.max(1.0));
    let factor = (believed * measured).exp().clamp(FACTORS.0, FACTORS.1);
    if (factor - 1.0).abs() < LEAST { 1.0 } else { factor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_it_was_heard_the_more_is_believed() {
        let of = |seconds| stretch(6.0, 4.5, seconds);
        assert!(1.0 < of(3.0) && of(3.0) < of(10.0) && of(10.0) < 6.0 / 4.5, "{} {}", of(3.0), of(10.0));
        assert!(stretch(3.0, 4.5, 8.0) < 0.95);
    }

    #[test]
    fn near_neutral_nothing_is_done_and_never_too_much() {
        for (pace, factor) in [(4.5, 1.0), (4.55, 1.0), (4.45, 1.0), (100.0, 1.25), (0.5, 0.8)] {
            assert_eq!(stretch(pace, 4.5, 10.0), factor, "{pace}");
        }
        for (pace, neutral) in [(0.0, 4.5), (-1.0, 4.5), (4.5, 0.0), (0.0, 0.0), (f32::NAN, 4.5)] {
            assert_eq!(stretch(pace, neutral, 5.0), 1.0, "{pace} {neutral}");
        }
    }
}
