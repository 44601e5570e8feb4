//! How loud speech is, and the one loudness at which the model hears it.
//!
//! In: PCM at 24 kHz. A frame here is 10 ms that begin at a multiple of 10 ms; it is active if it is within 40 dB of the
//! loudest one.

use super::HOP;

/// Power of an active frame, relative to that of the loudest.
const ACTIVE: f64 = 1e-4;
/// Power of a frame in which somebody speaks: what lies below is a pause, or the end of a word.
const SPOKEN: f64 = 1e-2;
/// RMS of active frames, relative to full scale, as the model was trained.
const TARGET_DBFS: f64 = -23.0;
/// Samples are kept within this.
const LIMIT: f32 = 0.99;

/// Mean square of every whole frame.
fn powers(pcm: &[f32]) -> impl Iterator<Item = f64> {
    pcm.chunks_exact(HOP).map(|frame| frame.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / HOP as f64)
}

/// RMS of all active frames; 0 of silence and of less than one frame.
pub(crate) fn active_rms(pcm: &[f32]) -> f64 {
    mean_power(pcm, ACTIVE).sqrt()
}

/// RMS of all frames in which somebody speaks, dB of full scale; `None` of silence and of less than one frame.
pub(crate) fn spoken_db(pcm: &[f32]) -> Option<f32> {
    let power = mean_power(pcm, SPOKEN);
    (power > 0.0).then(|| (10.0 * power.log10()) as f32)
}

/// Mean of the frames with more than this `share` of the power of the loudest; 0 of silence and of less than one frame.
fn mean_power(pcm: &[f32], share: f64) -> f64 {
    let loudest = powers(pcm).fold(0.0, f64::max);
    if loudest <= 0.0 {
        return 0.0;
    }
    let (sum, count) =
        powers(pcm).filter(|p| *p > loudest * share).fold((0.0, 0.0), |(sum, count), p| (sum + p, count + 1.0));
    sum / count
}

/// The factor that brings speech of this RMS to -23 dBFS; 1 where there is nothing to hear.
pub(crate) fn gain(active_rms: f64) -> f32 {
    if active_rms <= 0.0 {
        return 1.0;
    }
    (10f64.powf(TARGET_DBFS / 20.0) / (active_rms * active_rms + 1e-12).sqrt()) as f32
}

/// `pcm` times `gain`, kept below full scale.
pub(crate) fn scaled(pcm: &[f32], gain: f32) -> Vec<f32> {
    pcm.iter().map(|x| (x * gain).clamp(-LIMIT, LIMIT)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(samples: usize, loud: f32) -> Vec<f32> {
        (0..samples).map(|i| ((i * 7919 % 2003) as f32 / 1001.5 - 1.0) * loud).collect()
    }

    #[test]
    fn pauses_do_not_count_and_the_target_is_met() {
        let mut pcm = noise(24_000, 0.02);
        let alone = active_rms(&pcm);
        pcm.extend(noise(48_000, 0.0001));
        assert!((active_rms(&pcm) / alone - 1.0).abs() < 1e-6);
        let level = scaled(&pcm, gain(active_rms(&pcm)));
        assert!((20.0 * active_rms(&level).log10() + 23.0).abs() < 1e-3);
    }

    #[test]
    fn a_quieter_half_counts_as_long_as_it_is_active() {
        let pcm: Vec<f32> = [0.2; 2400].into_iter().chain([0.02; 2400]).collect();
        assert!((active_rms(&pcm).powi(2) - (0.04 + 0.0004) / 2.0).abs() < 1e-8);
    }

    #[test]
    fn nothing_stays_nothing() {
        for pcm in [&[][..], &[0.5; 239], &[0.0; 1000]] {
            assert_eq!((active_rms(pcm), gain(active_rms(pcm))), (0.0, 1.0));
        }
        assert_eq!(scaled(&[1.0, -3.0], 1.0), [0.99, -0.99]);
    }
}
