//! How one clip is spoken: eight numbers by name, relative to the speaker, without a network.
//!
//! In: the [`Track`] of a clip at the level of training, and the speaker's habitual pitch. Out: [`Delivery`].
//!
//! Syllables are counted as peaks of intensity with a dip before them (de Jong and Wempe 2009); the noise beside a voice is
//! what its autocorrelation lacks of 1 (Boersma 1993).

use super::frames::{FRAMES_PER_SECOND, Track};

/// Below the loudest, in dB: an active frame, as the level of training counts them.
const ACTIVE_DB: f32 = 40.0;
/// Below the loudest syllables, in dB: sound that counts as speech in rate and pauses.
const SPEECH_DB: f32 = 25.0;
/// Dip between two syllables in dB.
const DIP_DB: f32 = 2.0;
/// Shortest pause, in frames.
const PAUSE: usize = 15;
/// Intensity is averaged over a Hanning window of this many frames to both sides...
const SMOOTH: usize = 3;
/// ...and that of vowels, where syllables are all that is asked for, over this many.
const SMOOTH_VOWELS: usize = 1;
/// Frames in which the end of a clip lies.
const FINAL: usize = 30;
/// Fewest frames to draw a line through.
const LINE: usize = 5;

/// How one clip is spoken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// Mean pitch above the speaker's habitual one, in semitones.
    pub pitch_level: f32,
    /// Standard deviation of pitch in semitones.
    pub pitch_range: f32,
    /// Vocal effort: mean alpha ratio of voiced frames, power at 1 to 5 kHz over that at 50 to 1000 Hz, in dB.
    pub effort: f32,
    /// Standard deviation of the level of active frames in dB.
    pub level_variation: f32,
    /// Syllables a second of speech, pauses not counted.
    pub rate: f32,
    /// Share of pauses of 150 ms and more between the first and the last sound, 0 to 1.
    pub pause_share: f32,
    /// Mean noise-to-harmonics ratio of voiced frames in dB: higher is breathier or hoarser.
    pub breathiness: f32,
    /// Slope of pitch over the last 300 ms that hold a voice, in semitones a second.
    pub final_slope: f32,
}

impl Delivery {
    /// `None` if nobody speaks. `mean_log_f0` is the speaker's habitual ln(F0 / Hz).
    pub(crate) fn of(track: &Track, mean_log_f0: f32) -> Option<Self> {
        let semitones: Vec<(usize, f64)> = (0..track.f0.len())
            .filter(|&t| track.f0[t] > 0.0)
            .map(|t| (t, f64::from(track.f0[t].ln() - mean_log_f0) * 12.0 / std::f64::consts::LN_2))
            .collect();
        let voiced = || track.f0.iter().map(|&f0| f0 > 0.0);
        let (pitch_level, pitch_range) = mean_and_deviation(semitones.iter().map(|&(_, pitch)| pitch))?;
        let (effort, _) = mean_and_deviation(chosen(&track.alpha, voiced()))?;
        let loudest = track.level.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (_, level_variation) =
            mean_and_deviation(chosen(&track.level, track.level.iter().map(|&level| level > loudest - ACTIVE_DB)))?;
        let noise = chosen(&track.strength, track.strength.iter().map(|&r| r > 0.0));
        let noise = noise.map(|r| r.clamp(1e-3, 1.0 - 1e-4)).map(|r| 10.0 * ((1.0 - r) / r).log10());
        let (breathiness, _) = mean_and_deviation(noise)?;
        let tempo = Tempo::of(&track.level, &track.f0);
        Some(Self {
            pitch_level: pitch_level as f32,
            pitch_range: pitch_range as f32,
            effort: effort as f32,
            level_variation: level_variation as f32,
            rate: tempo.rate,
            pause_share: tempo.pause_share,
            breathiness: breathiness as f32,
            final_slope: final_slope(&semitones) as f32,
        })
    }
}

/// The values where `which` holds.
fn chosen(values: &[f32], which: impl Iterator<Item = bool>) -> impl Iterator<Item = f64> {
    values.iter().zip(which).filter(|(_, which)| *which).map(|(&x, _)| f64::from(x))
}

fn mean_and_deviation(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for x in values {
        (count, sum, squares) = (count + 1.0, sum + x, squares + x * x);
    }
    let mean = sum / count;
    (count > 0.0).then(|| (mean, (squares / count - mean * mean).max(0.0).sqrt()))
}

/// Semitones a second by least squares over the last frames with a voice; 0 of too few.
fn final_slope(semitones: &[(usize, f64)]) -> f64 {
    let Some(&(last, _)) = semitones.last() else { return 0.0 };
    let first = semitones.partition_point(|&(t, _)| t + FINAL <= last);
    let line = &semitones[first..];
    if line.len() < LINE {
        return 0.0;
    }
    let count = line.len() as f64;
    let middle = line.iter().map(|&(t, _)| t as f64).sum::<f64>() / count;
    let mean = line.iter().map(|&(_, pitch)| pitch).sum::<f64>() / count;
    let (mut across, mut along) = (0.0, 0.0);
    for &(t, pitch) in line {
        across += (t as f64 - middle) * (pitch - mean);
        along += (t as f64 - middle).powi(2);
    }
    across / along * FRAMES_PER_SECOND
}

/// When there is speech.
#[derive(Debug, PartialEq)]
struct Tempo {
    /// Syllables a second of speech.
    rate: f32,
    pause_share: f32,
}

impl Tempo {
    /// Of frames of 10 ms: their level in dB, and their F0, 0 where there is no voice.
    fn of(level: &[f32], f0: &[f32]) -> Self {
        let (intensity, threshold) = smoothed(level, SMOOTH);
        // as it is: smoothing would fill the ends of pauses
        let sounds = |&t: &usize| level[t] > threshold;
        let ends = ((0..intensity.len()).find(sounds), (0..intensity.len()).rfind(sounds));
        let (Some(first), Some(last)) = ends else { return Self { rate: 0.0, pause_share: 0.0 } };
        let (mut paused, mut silent) = (0, 0);
        for t in first..=last {
            if sounds(&t) {
                paused += if silent >= PAUSE { silent } else { 0 };
                silent = 0;
            } else {
                silent += 1;
            }
        }
        let all = last + 1 - first;
        let speech = (all - paused) as f64 / FRAMES_PER_SECOND;
        let nuclei = nuclei(&intensity, f0, threshold);
        Self { rate: (nuclei as f64 / speech) as f32, pause_share: paused as f32 / all as f32 }
    }
}

/// How many syllables are said in frames of 10 ms without pauses, of their level in dB where vowels are loud, and their F0,
/// 0 where there is no voice.
pub(super) fn syllables(vowels: &[f32], f0: &[f32]) -> usize {
    let (intensity, threshold) = smoothed(vowels, SMOOTH_VOWELS);
    nuclei(&intensity, f0, threshold)
}

/// Level in dB, its power averaged over so many frames `around` each, and from where it is speech.
fn smoothed(level: &[f32], around: usize) -> (Vec<f32>, f32) {
    let power: Vec<f64> = level.iter().map(|&db| 10f64.powf(f64::from(db) / 10.0)).collect();
    let weight = |distance: usize| 0.5 + 0.5 * (std::f64::consts::PI * distance as f64 / (around + 1) as f64).cos();
    let at = |t: usize| {
        let (mut sum, mut total) = (0.0, 0.0);
        for near in t.saturating_sub(around)..(t + around + 1).min(power.len()) {
            sum += weight(near.abs_diff(t)) * power[near];
            total += weight(near.abs_diff(t));
        }
        (10.0 * (sum / total).log10()) as f32
    };
    let intensity: Vec<f32> = (0..power.len()).map(at).collect();
    let mut sorted = intensity.clone();
    sorted.sort_by(f32::total_cmp);
    let threshold = sorted.get(sorted.len() * 99 / 100).map_or(0.0, |loud| loud - SPEECH_DB);
    (intensity, threshold)
}

/// Voiced peaks of intensity above `threshold`, each [`DIP_DB`] above the lowest point since the one before.
fn nuclei(intensity: &[f32], f0: &[f32], threshold: f32) -> usize {
    let mut count = 0;
    let mut lowest = f32::NEG_INFINITY;
    // the highest point since the last dip, until a dip after it makes it a peak
    let mut peak: Option<usize> = None;
    for (t, &level) in intensity.iter().enumerate() {
        match peak {
            Some(top) if level > intensity[top] => peak = Some(t),
            Some(top) if level < intensity[top] - DIP_DB => {
                count += usize::from(intensity[top] > threshold && f0[top] > 0.0);
                (peak, lowest) = (None, level);
            }
            Some(_) => {}
            None if lowest == f32::NEG_INFINITY || level > lowest + DIP_DB => peak = Some(t),
            None => lowest = lowest.min(level),
        }
    }
    count + usize::from(peak.is_some_and(|top| intensity[top] > threshold && f0[top] > 0.0))
}

#[cfg(test)]
mod tests;
