//! How much of what clips show is the person's: habitual pitch, and vocal effort beyond it.
//!
//! In: the length of the vocal tract as the timbre tells it, and what the clips show ([`Shown`]). Out: [`Belief`].
//!
//! A clip's pitch and brightness are made by the person, the mood, and, for brightness, the room. What people differ by is
//! known from readers, what moods do from the literature, so the person's share is a posterior mean: plain arithmetic
//! without a network, an account of which is in docs/MODEL.md. A clip that is as high and as bright as people who read is believed, one
//! that is both higher and brighter is not. `training/native/habits.py` prints the readers' figures and
//! what the choice costs them. May import: `kernels`.

use crate::kernels;

/// Two kinds of people, whom the length of the tract tells apart: the readers' `(Hz, semitones, times the mean formants)`, the
/// second being the deviation of the first within the kind.
const KINDS: [(f64, f64, f64); 2] = [(188.0, 2.8, 0.98), (124.0, 3.1, 1.16)];
/// Deviation of the logarithm of the tract as it is told, within a kind.
const TRACT: f64 = 0.06;
/// dB of effort that readers have, and their deviation: persons and rooms together.
const EFFORT: (f64, f64) = (-12.8, 4.9);
/// What a clip of a reader shows beside the reader, as deviations: semitones that the encoder tells, semitones of the median, dB of effort;
/// and the correlation of the first two.
const CHANCE: ([f64; 3], f64) = ([1.35, 1.5, 1.4], 0.45);
/// How people may be moved.
const MOODS: [Mood; 3] = [
    Mood { share: 0.5, rise: (0.0, 0.0), effort: (0.0, 0.0), together: 0.0, tract: 0.0 },
    // anger, joy, fear
    Mood { share: 0.35, rise: (7.0, 4.0), effort: (6.5, 4.0), together: 0.7, tract: -0.05 },
    // sadness, boredom
    Mood { share: 0.15, rise: (-1.5, 1.5), effort: (-3.0, 2.0), together: 0.3, tract: 0.0 },
];
/// How likely clips of readers are calm, on average.
const USUALLY_CALM: f64 = 0.65;
/// Share of a mood's rise that the encoder follows, and what it errs by in doing so, in semitones.
const FOLLOWED: (f64, f64) = (0.45, 1.0);
/// Most dB of effort that are laid to the mood.
const MOST: f64 = 10.0;
/// Share of the variance of what a clip shows that all clips of a person have in common.
const COMMON: f64 = 0.5;
/// No person's habit is told beyond these: 50 and 600 Hz.
const LEAST_TOLD: f64 = 3.9;
const MOST_TOLD: f64 = 6.4;
/// Semitones of a unit of ln F0.
const SEMITONES: f64 = 12.0 / std::f64::consts::LN_2;

/// What a mood adds: semitones of pitch and dB of effort, mean and deviation, and how far they go together; and what it seems to add to the
/// logarithm of the tract, since a raised voice lifts the first formant.
struct Mood {
    share: f64,
    rise: (f64, f64),
    effort: (f64, f64),
    together: f64,
    tract: f64,
}

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
    /// How likely the clips are calm, as a share of what that is of readers: 0 to 1.
    pub(crate) calm: f32,
}

/// `log_tract`: ln of the person's formants over the mean person's, inverted as the profile has it (long tracts are positive).
///
/// People are a mixture of kinds, clips of moods, both are normal: so the posterior is a mixture too, one term for each kind and mood.
pub(crate) fn believe(log_tract: f64, shown: &Shown) -> Belief {
    // clips of one person are not all in one mood, nor each in its own
    let clips = COMMON + (1.0 - COMMON) / shown.clips.max(1) as f64;
    let told = shown.told.clamp(LEAST_TOLD, MOST_TOLD);
    let seen = [told * SEMITONES, shown.log_f0 * SEMITONES, shown.effort];
    let mut terms = Vec::with_capacity(KINDS.len() * MOODS.len());
    for (hz, deviation, tract) in KINDS {
        let usual = hz.ln() * SEMITONES;
        let (person, room) = (deviation * deviation, EFFORT.1 * EFFORT.1);
        for mood in &MOODS {
            let tract = (log_tract - tract.ln() - mood.tract) / TRACT;
            let (mean, mut spread) = mood.shows();
            for row in &mut spread {
                row.iter_mut().for_each(|x| *x *= clips);
            }
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                spread[i][j] += person;
            }
            spread[2][2] += room;
            let off = [seen[0] - usual - mean[0], seen[1] - usual - mean[1], seen[2] - EFFORT.0 - mean[2]];
            let mut solved = off;
            let log_size = kernels::solve(spread.as_flattened_mut(), &mut solved);
            let distance: f64 = off.iter().zip(&solved).map(|(a, b)| a * b).sum();
            let log_likelihood = mood.share.ln() - 0.5 * (distance + log_size + tract * tract);
            let (habit, effort) = (usual + person * (solved[0] + solved[1]), EFFORT.0 + room * solved[2]);
            let calm = if mood.moves() { 0.0 } else { 1.0 };
            terms.push((log_likelihood, [habit, effort, calm]));
        }
    }
    let most = terms.iter().fold(f64::NEG_INFINITY, |most, term| most.max(term.0));
    let (mut total, mut sums) = (0.0, [0.0; 3]);
    for (log_likelihood, values) in terms {
        let share = (log_likelihood - most).exp();
        total += share;
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += share * value;
        }
    }
    let [habit, effort, calm] = sums.map(|sum| sum / total);
    let excess = (shown.effort - effort).clamp(-MOST, MOST);
    Belief {
        mean_log_f0: (habit / SEMITONES) as f32,
        excess: excess as f32,
        calm: (calm / USUALLY_CALM).min(1.0) as f32,
    }
}

impl Mood {
    fn moves(&self) -> bool {
        self.rise != (0.0, 0.0) || self.effort != (0.0, 0.0)
    }

    /// Mean and covariance of what a clip shows beside the person: semitones told, semitones of the median, dB of effort.
    fn shows(&self) -> ([f64; 3], [[f64; 3]; 3]) {
        let mean = [FOLLOWED.0 * self.rise.0, self.rise.0, self.effort.0];
        let (told, median, effort) = (FOLLOWED.0 * self.rise.1, self.rise.1, self.effort.1);
        let ([by_told, by_median, by_effort], alike) = CHANCE;
        let followed = if self.moves() { FOLLOWED.1 } else { 0.0 };
        // told and median rise as one
        let pitch = told * median + alike * by_told * by_median;
        let (told_effort, median_effort) = (self.together * told * effort, self.together * median * effort);
        let spread = [
            [told * told + by_told * by_told + followed * followed, pitch, told_effort],
            [pitch, median * median + by_median * by_median, median_effort],
            [told_effort, median_effort, effort * effort + by_effort * by_effort],
        ];
        (mean, spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WOMAN: (f64, f64) = (188.0, 0.98);
    const MAN: (f64, f64) = (124.0, 1.16);

    /// A person's clip whose pitch is up by `rise` semitones and whose effort by `effort` dB; the encoder follows `followed` of the rise.
    fn clip((hz, tract): (f64, f64), rise: f64, followed: f64, effort: f64) -> (f64, Shown) {
        let log_f0 = hz.ln() + rise / SEMITONES;
        let told = hz.ln() + followed * rise / SEMITONES;
        (tract.ln(), Shown { told, log_f0, effort: EFFORT.0 + effort, clips: 1 })
    }

    fn believed(person: (f64, f64), rise: f64, followed: f64, effort: f64) -> (f64, f64) {
        let (tract, shown) = clip(person, rise, followed, effort);
        let Belief { mean_log_f0, excess, .. } = believe(tract, &shown);
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

    /// Half an octave and 6.5 dB, as anger or joy, and what the shipped encoder tells of it. Where the encoder does not hear it as a
    /// mood, the person may well be as high and as bright as that.
    #[test]
    fn an_excited_clip_is_not() {
        for person in [WOMAN, MAN] {
            let calm = believed(person, 0.0, 1.0, 0.0);
            // found: 0.1 and 5.7 dB at most
            let moved = believed(person, 6.0, 0.45, 6.5);
            assert!(
                (moved.0 - calm.0).abs() < 0.3 && (5.0..6.5).contains(&moved.1),
                "{person:?}: {calm:?} to {moved:?}"
            );
            // found: 3.7 and 4.2; 2.5 and 2.2 dB
            let high = believed(person, 6.0, 1.0, 6.5);
            assert!(high.0 > moved.0 + 3.0 && high.1 < moved.1 - 3.0, "{person:?}: {moved:?} to {high:?}");
        }
    }

    #[test]
    fn moved_clips_are_told_from_calm_ones() {
        for person in [WOMAN, MAN] {
            let calm = |rise, effort| {
                let (tract, shown) = clip(person, rise, 0.45, effort);
                believe(tract, &shown).calm
            };
            // found: 1; 0.12 and 0.05
            let (usual, excited) = (calm(0.0, 0.0), calm(6.0, 6.5));
            assert!(usual > 0.9 && excited < 0.2, "{person:?}: {usual} {excited}");
        }
    }

    /// What is seen of people every day is theirs: almost all of it.
    #[test]
    fn a_rather_high_or_bright_person_is_believed() {
        for person in [WOMAN, MAN] {
            let (pitch, _) = believed(person, 2.0, 1.0, 2.0);
            assert!((1.4..2.0).contains(&pitch), "{person:?}: {pitch}");
        }
    }

    /// Brightness alone may be the room's; with a raised voice it is more likely the mood's.
    #[test]
    fn brightness_is_laid_to_the_mood_where_pitch_agrees() {
        let room = believed(WOMAN, 0.0, 0.45, 5.0).1;
        let mood = believed(WOMAN, 6.0, 0.45, 5.0).1;
        let subdued = believed(WOMAN, -1.0, 0.45, -4.0).1;
        assert!(room < 1.0 && mood > room + 4.0 && subdued < -0.7, "{room} {mood} {subdued}");
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
            assert!(belief.excess.abs() <= 10.0 && (20.0..600.0).contains(&hz), "{belief:?}");
        }
    }
}
