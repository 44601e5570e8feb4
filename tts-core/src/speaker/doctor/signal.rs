//! What is wrong with a recording as a signal: noise, clipping, echo, missing bandwidth.

use super::spectrum::{Frames, LINEAR, LINEAR_HZ, db, quantile};

/// Of the frames of a recording so many are its quietest: in each band they hold its noise.
const QUIET_SHARE: f32 = 0.15;
/// The quietest frames lie below the mean of noise by this factor; observed for white noise in bands of 250 Hz: 1.35.
const QUIET_BIAS: f32 = 1.35;
/// A frame is heard if it is this much above the noise.
const HEARD: f32 = 4.0;
/// And within so much of the loudest ones: 40 dB.
const RANGE: f32 = 1e-4;

/// Noise and speech.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    /// Mean square of the noise in all bands
    pub(super) power: f32,
    /// Whether a frame stands out of it; `[frames]`
    pub(super) heard: Vec<bool>,
}

/// The noise of a recording: in each band, what its quietest frames hold.
pub(super) fn noise(frames: &Frames) -> Noise {
    let mut power = 0.0;
    for band in 0..LINEAR {
        power += QUIET_BIAS * quantile(frames.linear.iter().map(|linear| linear[band]), QUIET_SHARE);
    }
    let loud = quantile(frames.power.iter().copied(), 0.95);
    let least = (power * HEARD).max(loud * RANGE).max(1e-10);
    Noise { power, heard: frames.power.iter().map(|&power| power > least).collect() }
}

/// Speech over noise in dB, from frames that are speech.
pub(super) fn snr_db(frames: &Frames, speech: &[bool], noise: f32) -> f32 {
    let level = level(frames, speech);
    db((level - noise).max(1e-12)) - db(noise.max(1e-10))
}

/// Mean square of frames that are speech.
pub(super) fn level(frames: &Frames, speech: &[bool]) -> f32 {
    let (sum, count) = frames
        .power
        .iter()
        .zip(speech)
        .filter(|(_, speech)| **speech)
        .fold((0.0_f64, 0_u32), |(sum, count), (power, _)| (sum + f64::from(*power), count + 1));
    (sum / f64::from(count.max(1))) as f32
}

/// Share of samples in flat tops, and the frames (of 10 ms) that have some: several in a row within 1.5 % of the loudest
/// sample, of the same sign.
///
/// Looks at the recording at its own rate. A recording that was made quieter after it was clipped is found as well. A
/// wave at its crest passes this by only around its very loudest periods.
pub(super) fn clipping(pcm: &[f32], rate: u32, frames: usize) -> (f32, Vec<bool>) {
    let peak = pcm.iter().fold(0.0_f32, |peak, v| peak.max(v.abs()));
    // a crest of 500 Hz stays within 1.5 % of its height for 0.11 ms
    let run = 3.max((rate as f32 * 0.000_15) as usize);
    let mut marked = vec![false; frames];
    let (mut flat, mut current, mut sign) = (0_usize, 0_usize, 0.0_f32);
    for (at, &value) in pcm.iter().enumerate() {
        let top = value.abs() > 0.985 * peak;
        if top && (current == 0 || value.signum() == sign) {
            (current, sign) = (current + 1, value.signum());
            if current >= run {
                flat += if current == run { run } else { 1 };
                if let Some(mark) = marked.get_mut(at * 100 / rate.max(1) as usize) {
                    *mark = true;
                }
            }
        } else {
            (current, sign) = (usize::from(top), value.signum());
        }
    }
    (flat as f32 / pcm.len().max(1) as f32, marked)
}

/// The highest frequency with speech in it, in Hz: the upper edge of the last band that is within 50 dB of the
/// strongest one.
pub(super) fn bandwidth(frames: &Frames, speech: &[bool]) -> f32 {
    let mut mean = [0.0_f32; LINEAR];
    for (linear, _) in frames.linear.iter().zip(speech).filter(|(_, speech)| **speech) {
        for (mean, power) in mean.iter_mut().zip(linear) {
            *mean += power;
        }
    }
    let strongest = mean.iter().fold(0.0_f32, |most, &power| most.max(power));
    let last = (0..LINEAR).rev().find(|&band| mean[band] > strongest * 1e-5);
    last.map_or(0.0, |band| ((band + 1) * LINEAR_HZ) as f32)
}

/// Frames over which a fall is measured.
const FALL: usize = 8;

/// Seconds in which sound falls by 60 dB after speech has stopped: the room's echo (T60, without knowing the source).
///
/// A line is fitted to the decibels of every 80 ms that end above the noise. A voice may stop slowly, but a room cannot
/// be made to fall silent faster than it does: so the steepest of all falls tell. `None` if there is too little to go by.
pub(super) fn decay_seconds(frames: &Frames, noise: f32) -> Option<f32> {
    let levels: Vec<f32> = frames.power.iter().map(|&power| db(power)).collect();
    let floor = db(noise) + 6.0;
    let loud = quantile(levels.iter().copied(), 0.9);
    let falls = levels.windows(FALL).filter(|fall| fall[0] > loud - 25.0 && fall[FALL - 1] > floor).map(slope);
    let falls: Vec<f32> = falls.collect();
    // a frame lasts 10 ms
    (falls.len() >= 100).then(|| -0.6 / quantile(falls, 0.03).min(-0.1))
}

/// Of the line that fits best, per step.
fn slope(values: &[f32]) -> f32 {
    let n = values.len() as f32;
    let (mean_x, mean_y) = ((n - 1.0) / 2.0, values.iter().sum::<f32>() / n);
    let (mut xy, mut xx) = (0.0, 0.0);
    for (x, y) in values.iter().enumerate() {
        xy += (x as f32 - mean_x) * (y - mean_y);
        xx += (x as f32 - mean_x) * (x as f32 - mean_x);
    }
    xy / xx.max(1e-6)
}
