//! How many times as long a window of a prompt becomes, so that it is spoken at a neutral pace.
//!
//! In: humps of the level a second, of the window and of neutral, and the seconds in which they were counted. Out: a factor.

/// Farther than this no window is stretched: it would be heard.
const FACTORS: (f32, f32) = (0.8, 1.25);
/// A smaller change than this is none.
const LEAST: f32 = 0.03;
/// Standard deviation of ln pace: between what is said by one person, and of the measure over one second.
const SPREAD: f32 = 0.12;
const NOISE: f32 = 0.3;

/// The factor for a window of `pace`, counted over `seconds`.
pub(super) fn stretch(pace: f32, neutral: f32, seconds: f32) -> f32 {
    let measured = (pace / neutral).ln();
    if !measured.is_finite() {
        return 1.0;
    }
    // the mean of what it may be, given what was measured and how paces vary
    let believed = SPREAD * SPREAD / (SPREAD * SPREAD + NOISE * NOISE / seconds.max(1.0));
    let factor = (believed * measured).exp().clamp(FACTORS.0, FACTORS.1);
    if (factor - 1.0).abs() < LEAST { 1.0 } else { factor }
}
