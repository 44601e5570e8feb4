//! How much of what clips show is the person's: habitual pitch, and vocal effort beyond it.
//!
//! In: the length of the vocal tract as the timbre tells it, and what the clips show ([`Shown`]). Out: [`Belief`].
//!
//! A clip's pitch and brightness are made by the person, the mood, and, for brightness, the room. What people differ by is
//! known from readers, what moods do from the literature, so the person's share is a posterior mean: plain arithmetic
//! without a network, an account of which is in docs/MODEL.md. `training/native/habits.py` prints the readers' figures and
//! what the choice costs them. May import: nothing.

/// Two kinds of people, whom the length of the tract tells apart: the readers' `(Hz, semitones, times the mean formants)`, the
/// second being the deviation of the first within the kind.
const KINDS: [(f64, f64, f64); 2] = [(188.0, 2.8, 0.98), (124.0, 3.1, 1.16)];
/// Deviation of the logarithm of the tract as it is told, within a kind.
const TRACT: f64 = 0.06;
/// Semitones by which the encoder tells a clip of unknown mood too high, and their deviation. Anger, joy and fear raise pitch by half an
/// octave, sadness lowers it by a tenth; the encoder hears through part of that.
const TOLD: (f64, f64) = (1.0, 4.0);
/// dB of effort that readers have, and their deviation: persons and rooms together.
const EFFORT: (f64, f64) = (-12.8, 4.9);
/// What a mood adds to a clip, as deviations: semitones of pitch, dB of effort, and how far they go together.
const MOOD: (f64, f64, f64) = (6.0, 5.0, 0.9);
/// Semitones by which the habit that is believed may be off.
const DOUBT: f64 = 2.0;
/// Most dB of effort that are laid to the mood.
const MOST: f64 = 8.0;
/// Share of a mood's variance that all clips of a person have in common.
const COMMON: f64 = 0.5;
/// No person's habit is told beyond these: 50 and 600 Hz.
const LEAST_TOLD: f64 = 3.9;
const MOST_TOLD: f64 = 6.4;
/// Semitones of a unit of ln F0.
const SEMITONES: f64 = 12.0 / std::f64::consts::LN_2;

/// What clips of one person show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    /// ln(F0 / Hz) that the encoder tells.
    pub(crate) told: f64,
    /// Median of ln(F0 / Hz).
    pub(crate) log_f0: f64,
    /// Mean alpha ratio of voiced frames in dB.
    pub(crate) effort: f64,
    /// How many clips there are in which somebody speaks.
    pub(crate) clips: usize,
}

/// What is believed of the person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Belief {
    /// Habitual mean of ln(F0 / Hz).
    pub(crate) mean_log_f0: f32,
    /// dB of alpha ratio that belong to the mood of the clips; negative for subdued ones.
    pub(crate) excess: f32,
}

/// `log_tract`: ln of the person's formants over the mean person's, inverted as the profile has it (long tracts are positive).
pub(crate) fn believe(log_tract: f64, shown: &Shown) -> Belief {
    // clips of one person are not all in one mood, nor each in its own
    let moods = COMMON + (1.0 - COMMON) / shown.clips.max(1) as f64;
    let told = shown.told.clamp(LEAST_TOLD, MOST_TOLD);
    let habit = habit(log_tract, told * SEMITONES, moods);
    let (pitch, effort, together) = MOOD;
    let rise = shown.log_f0 * SEMITONES - habit;
    let bright = shown.effort - EFFORT.0;
    // covariance of (rise, bright), and of the mood's effort with them
    let both = moods * together * pitch * effort;
    let (a, d) = (DOUBT * DOUBT + moods * pitch * pitch, EFFORT.1 * EFFORT.1 + moods * effort * effort);
    let own = moods * effort * effort;
    let determinant = a * d - both * both;
    let excess = ((both * d - own * both) * rise + (own * a - both * both) * bright) / determinant;
    Belief { mean_log_f0: (habit / SEMITONES) as f32, excess: excess.clamp(-MOST, MOST) as f32 }
}

/// Habitual pitch in semitones over 1 Hz.
fn habit(log_tract: f64, told: f64, moods: f64) -> f64 {
    let (mut total, mut sum) = (0.0, 0.0);
    let mood = moods * TOLD.1 * TOLD.1;
    let terms = KINDS.map(|(hz, deviation, tract)| {
        let mean = hz.ln() * SEMITONES;
        let own = deviation * deviation;
        let off = told - TOLD.0 - mean;
        let tract = (log_tract - tract.ln()) / TRACT;
        let log_likelihood = -0.5 * (off * off / (own + mood) + (own + mood).ln() + tract * tract);
        (log_likelihood, mean + own / (own + mood) * off)
    });
    let most = terms.iter().fold(f64::NEG_INFINITY, |most, term| most.max(term.0));
    for (log_likelihood, mean) in terms {
        let share = (log_likelihood - most).exp();
        total += share;
        sum += share * mean;
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    const WOMAN: (f64, f64) = (188.0, 0.98);
    const MAN: (f64, f64) = (124.0, 1.16);

    /// A person's clip whose pitch is up by `rise` semitones and whose effort by `effort` dB; the encoder follows `followed` of the rise.
    fn clip((hz, tract): (f64, f64), rise: f64, followed: f64, effort: f64) -> (f64, Shown) {
        let log_f0 = hz.ln() + rise / SEMITONES;
        let told = hz.ln() + (followed * rise + TOLD.0) / SEMITONES;
        (tract.ln(), Shown { told, log_f0, effort: EFFORT.0 + effort, clips: 1 })
    }

    fn believed(person: (f64, f64), rise: f64, followed: f64, effort: f64) -> (f64, f64) {
        let (tract, shown) = clip(person, rise, followed, effort);
        let Belief { mean_log_f0, excess } = believe(tract, &shown);
        ((f64::from(mean_log_f0) - person.0.ln()) * SEMITONES, f64::from(excess))
    }

    #[test]
    fn a_calm_clip_is_believed() {
        for person in [WOMAN, MAN] {
            let (pitch, excess) = believed(person, 0.0, 1.0, 0.0);
            // the other kind is not ruled out quite
            assert!(pitch.abs() < 0.5 && excess.abs() < 0.2, "{person:?}: {pitch} {excess}");
        }
    }

    /// Half an octave and 6.5 dB, as anger or joy; an encoder that hears through none of it, and one that does as the shipped one.
    #[test]
    fn an_excited_clip_is_not() {
        for person in [WOMAN, MAN] {
            let calm = believed(person, 0.0, 1.0, 0.0);
            for (followed, most) in [(1.0, 2.6), (0.45, 1.3)] {
                let moved = believed(person, 6.0, followed, 6.5);
                assert!(moved.0 - calm.0 < most && moved.0 > calm.0, "{person:?}: {} to {}", calm.0, moved.0);
                // most of the brightness goes
                assert!((3.2..6.5).contains(&moved.1), "{person:?}: {} dB", moved.1);
            }
        }
    }

    /// Brightness alone may be the room's; with a raised voice it is more likely the mood's.
    #[test]
    fn brightness_is_laid_to_the_mood_where_pitch_agrees() {
        let room = believed(WOMAN, 0.0, 0.45, 5.0).1;
        let mood = believed(WOMAN, 6.0, 0.45, 5.0).1;
        let subdued = believed(WOMAN, -1.0, 0.45, -4.0).1;
        assert!(room < 2.2 && mood > room + 1.0 && subdued < -1.0, "{room} {mood} {subdued}");
    }

    #[test]
    fn several_clips_say_more_than_one() {
        let (tract, one) = clip(WOMAN, 4.0, 1.0, 0.0);
        let many = Shown { clips: 10, ..one };
        assert!(believe(tract, &many).mean_log_f0 > believe(tract, &one).mean_log_f0 + 0.02);
        assert_eq!(believe(tract, &Shown { clips: 0, ..one }), believe(tract, &one));
    }

    /// Whatever is shown, a person's pitch is believed, and no more brightness is laid to the mood than may be.
    #[test]
    fn nothing_shown_is_too_odd() {
        for (tract, told, log_f0, effort) in [(-5.0, 3.9, 3.9, -120.0), (5.0, 6.4, 6.4, 120.0), (0.0, 0.0, 9.0, 0.0)] {
            let belief = believe(tract, &Shown { told, log_f0, effort, clips: 1 });
            let hz = belief.mean_log_f0.exp();
            assert!(belief.excess.abs() <= 8.0 && (20.0..600.0).contains(&hz), "{belief:?}");
        }
    }
}
