//! Vowels, hiss and pauses that are made up, before and after.

use std::f64::consts::TAU;

use super::super::fft::Forward;
use super::super::{PitchConfig, PitchTracker, RATE, level, resample};
use super::*;

const HZ: SampleRate = SampleRate(RATE);
const BY: [f64; 6] = [0.8, 0.85, 0.97, 1.04, 1.15, 1.25];

fn by(pcm: &[f32], factor: f64) -> Vec<f32> {
    stretch(pcm, HZ, Stretch::new(factor))
}

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// A pulse a period of `f0(t)` Hz at second `t`, into resonances at 600, 1400 and 2700 Hz: a vowel.
fn vowel(seconds: f64, rate: u32, f0: impl Fn(f64) -> f64) -> Vec<f32> {
    let hz = f64::from(rate);
    let mut phase = 0.0;
    let mut out: Vec<f64> = (0..(seconds * hz) as usize)
        .map(|i| {
            phase += f0(i as f64 / hz) / hz;
            // between two samples, or the pulses would have the pitch of whole periods
            let past = phase.rem_euclid(1.0) * hz / f0(i as f64 / hz);
            if past < 1.0 { past } else { (2.0 - past).max(0.0) }
        })
        .collect();
    for (centre, width) in [(600.0, 90.0), (1400.0, 120.0), (2700.0, 160.0)] {
        let r = (-std::f64::consts::PI * width / hz).exp();
        let (a, b) = (2.0 * r * (TAU * centre / hz).cos(), -r * r);
        let (mut one, mut two) = (0.0, 0.0);
        for x in &mut out {
            let y = *x + a * one + b * two;
            (two, one) = (one, y);
            *x = y;
        }
    }
    let most = out.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    out.iter().map(|x| (0.5 * x / most) as f32).collect()
}

/// Five vowels a second, each after 60 ms of hiss, and a pause of 0.4 s every two seconds, over a little noise.
fn speech(seconds: f64, f0: f64) -> Vec<f32> {
    let mut noise = Noise(5);
    let voice = vowel(seconds, RATE, |t| f0 * (1.0 + 0.1 * (TAU * 0.8 * t).sin()));
    let mut before = 0.0;
    let sound = |(i, x): (usize, &f32)| {
        let (t, white) = (i as f64 / f64::from(RATE), noise.next());
        let (part, hiss) = ((t % 0.2) / 0.2, 0.05 * (white - before));
        before = white;
        let open = if t % 2.0 > 1.6 { 0.0 } else { 1.0 };
        let fade = |from: f64, to: f64| {
            let along = ((part - from) / (to - from)).clamp(0.0, 1.0);
            (std::f64::consts::PI * along).sin().powf(0.5) as f32
        };
        open * (x * fade(0.3, 1.0) + hiss * fade(0.0, 0.3)) + 2e-4 * white
    };
    voice.iter().enumerate().map(sound).collect()
}

/// Median of F0 in semitones.
fn semitones(pcm: &[f32]) -> f64 {
    let pitch = PitchTracker::new(PitchConfig::default()).track(pcm);
    let mut voiced: Vec<f32> = pitch.f0.into_iter().filter(|f0| *f0 > 0.0).collect();
    voiced.sort_by(f32::total_cmp);
    12.0 * f64::from(voiced[voiced.len() / 2]).log2()
}

/// Mean power of bands of 1/3 octave from 100 Hz to 10 kHz, in dB.
fn bands(pcm: &[f32]) -> Vec<f64> {
    const LONG: usize = 2048;
    let mut forward = Forward::new(LONG);
    let mut power = vec![0.0; LONG / 2 + 1];
    for start in (0..pcm.len() - LONG).step_by(LONG / 4) {
        for (i, time) in forward.time.iter_mut().enumerate() {
            *time = f64::from(pcm[start + i]) * (0.5 - 0.5 * (TAU * i as f64 / LONG as f64).cos());
        }
        forward.run();
        power.iter_mut().zip(&forward.spectrum).for_each(|(sum, bin)| *sum += bin.norm_sqr());
    }
    let windows = (pcm.len() - LONG).div_ceil(LONG / 4) as f64;
    let bin = |hz: f64| (hz / f64::from(RATE) * LONG as f64).round() as usize;
    let edges: Vec<f64> = (0..=20).map(|i| 100.0 * (f64::from(i) / 3.0).exp2()).collect();
    edges
        .windows(2)
        .map(|edge| {
            10.0 * (power[bin(edge[0])..bin(edge[1]).max(bin(edge[0]) + 1)].iter().sum::<f64>() / windows).log10()
        })
        .collect()
}

/// The largest second difference: what a click is.
fn bend(pcm: &[f32]) -> f32 {
    pcm.windows(3).map(|x| (x[0] - 2.0 * x[1] + x[2]).abs()).fold(0.0, f32::max)
}

#[test]
fn by_one_it_is_the_same_and_of_any_length_it_has_its_own() {
    let pcm = speech(1.0, 130.0);
    assert_eq!(by(&pcm, 1.0), pcm);
    assert_eq!(by(&pcm, f64::NAN), pcm);
    for samples in [0, 1, 2, 3, 100, 239, 240, 241, 959, 4801] {
        for factor in BY.into_iter().chain([0.0, 0.5, 1.0, 2.0, f64::INFINITY]) {
            for rate in [1, 399, 8_000, RATE, 96_000] {
                let found = stretch(&pcm[..samples], SampleRate(rate), Stretch::new(factor));
                assert_eq!(found.len(), (samples as f64 * factor.clamp(0.5, 2.0)).round() as usize);
                assert!(found.iter().all(|x| x.abs() <= 0.6), "{samples} by {factor} at {rate}");
            }
        }
    }
}

#[test]
fn silence_stays_silence() {
    for factor in BY {
        assert!(by(&[0.0; 24_000], factor).iter().all(|x| *x == 0.0));
        // around a sound as well, but for how far a block may stray
        let (pause, vowel) = (vec![0.0; 12_000], vowel(0.5, RATE, |_| 140.0));
        let found = by(&[&pause[..], &vowel, &pause].concat(), factor);
        let kept = (factor * 12_000.0) as usize - 480;
        assert!(found[..kept].iter().chain(&found[found.len() - kept..]).all(|x| *x == 0.0), "{factor}");
    }
}

#[test]
fn the_pitch_is_kept() {
    let mut worst = 0.0_f64;
    for rate in [16_000, RATE, 44_100] {
        for f0 in [70.0, 110.0, 233.1, 390.0] {
            let saw = |i: usize| ((i as f64 * f0 / f64::from(rate)).rem_euclid(1.0) - 0.5) as f32;
            let sawtooth: Vec<f32> = (0..rate as usize).map(saw).collect();
            let glide = vowel(1.0, rate, |t| f0 * (0.3 * (t - 0.5)).exp2());
            for pcm in [sawtooth, vowel(1.0, rate, |_| f0), glide] {
                let at_24 = |pcm: &[f32]| semitones(&resample(pcm, SampleRate(rate), HZ).unwrap());
                for factor in BY {
                    let found = stretch(&pcm, SampleRate(rate), Stretch::new(factor));
                    let moved = (at_24(&found) - at_24(&pcm)).abs();
                    worst = worst.max(moved);
                    assert!(moved < 0.1, "{f0} Hz at {rate} by {factor}: {moved} semitones");
                }
            }
        }
    }
    // observed 0.04
    println!("{worst:.3} semitones");
}

#[test]
fn spectrum_and_level_are_kept() {
    let (mut worst, mut loud) = (0.0_f64, 0.0_f64);
    for f0 in [95.0, 210.0] {
        let pcm = speech(6.0, f0);
        let most = bands(&pcm).into_iter().fold(f64::NEG_INFINITY, f64::max);
        for factor in BY {
            let found = by(&pcm, factor);
            for (before, after) in bands(&pcm).into_iter().zip(bands(&found)) {
                // between two harmonics there is only what the window of the transform lets through
                if before > most - 35.0 {
                    worst = worst.max((after - before).abs());
                }
            }
            loud = loud.max((20.0 * (level::active_rms(&found) / level::active_rms(&pcm)).log10()).abs());
        }
    }
    println!("{worst:.2} dB in a band, {loud:.2} dB");
    // observed 1.0, in bands of hiss alone, which stays as long as it was: a fourth more or less of it is 1 dB; and 0.2
    assert!(worst < 1.2 && loud < 0.3, "{worst} dB in a band, {loud} dB");
}

#[test]
fn there_is_no_click() {
    let mut worst = 0.0_f32;
    for f0 in [80.0, 120.0, 250.0] {
        let pcm = speech(4.0, f0);
        for factor in BY {
            worst = worst.max(bend(&by(&pcm, factor)) / bend(&pcm));
        }
    }
    // observed 1.000
    println!("{worst:.3} times");
    assert!(worst < 1.05, "{worst} times");
}

#[test]
fn everything_is_in_its_place_and_seams_are_few() {
    let pcm = speech(6.0, 120.0);
    for factor in BY {
        let found = by(&pcm, factor);
        assert_eq!(found, by(&pcm, factor), "the same twice");
        // the pauses begin every two seconds
        let loud = |pcm: &[f32], at: f64| {
            let from = (at * f64::from(RATE)) as usize;
            pcm[from..from + 240].iter().any(|x| x.abs() > 0.01)
        };
        for pause in [1.6, 3.6, 5.6] {
            let (begins, ends) = (pause * factor, (pause + 0.4) * factor);
            assert!(loud(&found, begins - 0.05) && !loud(&found, begins + 0.025), "{factor}");
            assert!(!loud(&found, ends - 0.05), "{factor}");
        }
        // most of it is the input, sample by sample
        let is_from = |block: &[f32], at: usize| {
            let place = (at as f64 / factor) as usize;
            (place.saturating_sub(800)..(place + 800).min(pcm.len() - 240)).any(|from| pcm[from..from + 240] == *block)
        };
        let blocks = found.chunks_exact(240).enumerate();
        let whole = blocks.filter(|(n, block)| is_from(block, 240 * n)).count() as f64 / (found.len() / 240) as f64;
        println!("{factor}: {:.0} % of blocks as they were", 100.0 * whole);
        // observed 63 % by 0.8, 95 % by 0.97
        assert!(whole > 0.55, "{factor}: {whole}");
    }
}
