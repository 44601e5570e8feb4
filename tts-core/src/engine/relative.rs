//! How a clip was spoken, relative to how its speaker reads aloud: what `Prosody::like` takes.
//!
//! In: a [`Delivery`] in plain units, the speaker's habits. Out: a [`MeasuredProsody`]. What is not known of the one
//! speaker is that of readers: medians of 158 recordings of the training sets, measured by this program.

use crate::speaker::Delivery;
use crate::voice::MeasuredProsody;

/// dB of alpha ratio by which a reader's voiced frames lie above the speaker's mean spectrum.
const EFFORT_ABOVE_MEAN: f32 = 4.4;
/// Standard deviation of the level of active frames in dB.
const LEVEL_VARIATION: f32 = 9.5;
/// Syllables a second of speech.
const RATE: f32 = 4.1;
const PAUSE_SHARE: f32 = 0.10;
/// Noise-to-harmonics ratio in dB.
const BREATHINESS: f32 = -9.5;
/// Semitones that the pitch moves over the last 300 ms.
const FINAL_MOVE: f32 = -1.6;
/// Seconds over which a delivery's final slope is measured.
const FINAL_SECONDS: f32 = 0.3;
/// Semitones of a unit of ln F0.
const SEMITONES: f32 = 12.0 / std::f32::consts::LN_2;

/// Habits of a speaker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Standard deviation of ln F0.
    pub(super) sd_log_f0: f32,
    /// Alpha ratio of the mean spectrum in dB.
    pub(super) alpha_ratio: f32,
}

/// The mean of what was measured of several clips; `None` if nobody spoke in any.
pub(super) fn relative(clips: &[Option<Delivery>], habits: Habits) -> Option<MeasuredProsody> {
    let spoken: Vec<&Delivery> = clips.iter().flatten().collect();
    let mean = |of: fn(&Delivery) -> f32| spoken.iter().map(|clip| of(clip)).sum::<f32>() / spoken.len() as f32;
    let usual_range = (habits.sd_log_f0 * SEMITONES).max(0.5);
    (!spoken.is_empty()).then(|| MeasuredProsody {
        pitch_level: mean(|clip| clip.pitch_level),
        pitch_range: mean(|clip| clip.pitch_range) / usual_range,
        effort: mean(|clip| clip.effort) - habits.alpha_ratio - EFFORT_ABOVE_MEAN,
        level_variation: mean(|clip| clip.level_variation) / LEVEL_VARIATION,
        rate: mean(|clip| clip.rate) / RATE,
        pause_share: mean(|clip| clip.pause_share) / PAUSE_SHARE,
        breathiness: mean(|clip| clip.breathiness) - BREATHINESS,
        final_slope: mean(|clip| clip.final_slope) * FINAL_SECONDS - FINAL_MOVE,
    })
}
