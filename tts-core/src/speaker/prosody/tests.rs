//! Sounds whose measures are known by construction.

use std::f64::consts::TAU;

use super::super::frames::Analyser;
use super::*;

/// What a synthetic voice does at second `t`.
struct Voice<'f> {
    seconds: f64,
    /// Hz
    f0: &'f dyn Fn(f64) -> f64,
    /// amplitude, 0 is silence
    loud: &'f dyn Fn(f64) -> f64,
    /// amplitude of harmonic at Hz
    colour: &'f dyn Fn(f64) -> f64,
    /// power of noise beside that of the voice
    noise: f64,
}

impl Default for Voice<'_> {
    fn default() -> Self {
        Self { seconds: 2.0, f0: &|_| 120.0, loud: &|_| 1.0, colour: &|hz| 100.0 / hz, noise: 0.0 }
    }
}

impl Voice<'_> {
    fn pcm(&self) -> Vec<f32> {
        let (mut phase, mut state) = (0.0, 9u64);
        let sample = |i: usize| {
            let t = i as f64 / 24_000.0;
            let f0 = (self.f0)(t);
            phase += f0 / 24_000.0;
            let (mut sum, mut power) = (0.0, 0.0);
            for h in 1..=(6000.0 / f0) as usize {
                let amplitude = (self.colour)(f0 * h as f64);
                // scattered phases: pulses would hide noise between them
                sum += amplitude * (TAU * phase * h as f64 + (h * h) as f64).sin();
                power += amplitude * amplitude / 2.0;
            }
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = ((state >> 40) as f64 / f64::from(1 << 23) - 1.0) * 3f64.sqrt();
            (0.05 * (self.loud)(t) * (sum / power.sqrt() + noise * self.noise.sqrt())) as f32
        };
        (0..(self.seconds * 24_000.0) as usize).map(sample).collect()
    }

    fn measured(&self, habitual: f64) -> Delivery {
        let track = Analyser::new().frames(&self.pcm()).track;
        Delivery::of(&track, habitual.ln() as f32).unwrap()
    }
}

#[track_caller]
fn near(what: &str, found: f32, expected: f64, bound: f64) {
    println!("{what} {found:.3}, expected {expected:.3}");
    assert!((f64::from(found) - expected).abs() <= bound, "{what} {found}, expected {expected} within {bound}");
}

#[test]
fn pitch_level_is_above_the_habit() {
    let octave = Voice { f0: &|_| 240.0, ..Voice::default() }.measured(120.0);
    near("pitch level", octave.pitch_level, 12.0, 0.05);
    near("pitch range", octave.pitch_range, 0.0, 0.1);
    near("final slope", octave.final_slope, 0.0, 0.5);
    near("lower", Voice::default().measured(120.0 * 2f64.powf(0.25)).pitch_level, -3.0, 0.05);
}

#[test]
fn pitch_range_is_the_deviation_of_semitones() {
    // a sine of 3 semitones
    let wave = |t: f64| 160.0 * 2f64.powf(3.0 / 12.0 * (TAU * t).sin());
    let found = Voice { f0: &wave, ..Voice::default() }.measured(160.0);
    near("pitch range", found.pitch_range, 3.0 / 2f64.sqrt(), 0.05);
    near("pitch level", found.pitch_level, 0.0, 0.1);
}

#[test]
fn the_last_of_a_voice_falls_or_rises() {
    for slope in [-24.0, 10.0] {
        let end = move |t: f64| 180.0 * 2f64.powf(slope / 12.0 * (t - 1.5).max(0.0));
        let loud = |t: f64| f64::from(t < 1.9);
        let found = Voice { f0: &end, loud: &loud, ..Voice::default() }.measured(180.0);
        near("final slope", found.final_slope, slope, 1.0);
    }
}

#[test]
fn effort_is_the_power_above_1_khz() {
    for decibels in [-20.0, -10.0, 0.0] {
        // flat up to 800 Hz, flat and softer from 1400 Hz on
        let colour = move |hz: f64| 10f64.powf(decibels / 20.0 * ((hz - 800.0) / 600.0).clamp(0.0, 1.0));
        let power = |from: usize, to: usize| (from..=to).map(|h| colour(120.0 * h as f64).powi(2)).sum::<f64>();
        let expected = 10.0 * (power(9, 41) / power(1, 8)).log10();
        near("effort", Voice { colour: &colour, ..Voice::default() }.measured(120.0).effort, expected, 1.0);
    }
}

#[test]
fn level_variation_is_the_deviation_of_active_levels() {
    // halves 12 dB apart: a deviation of 6 dB
    let loud = |t: f64| if t < 1.0 { 1.0 } else { 10f64.powf(-0.6) };
    near("level variation", Voice { loud: &loud, ..Voice::default() }.measured(120.0).level_variation, 6.0, 0.1);
    near("steady", Voice::default().measured(120.0).level_variation, 0.0, 0.6);
}

#[test]
fn syllables_and_pauses_are_counted() {
    // five syllables a second of 10 dB between vowel and consonant, silent from 1 s to 1.5 s
    let loud = |t: f64| {
        if (1.0..1.5).contains(&t) { 0.0 } else { 10f64.powf(0.25 * -(TAU * 5.0 * t).cos()) }
    };
    let found = Voice { seconds: 3.0, loud: &loud, ..Voice::default() }.measured(120.0);
    near("rate", found.rate, 5.0, 0.3);
    near("pause share", found.pause_share, 0.5 / 3.0, 0.02);
    // silence before and after is not a pause
    let padded = |t: f64| if (0.5..2.5).contains(&t) { loud(0.1 + t % 0.2) } else { 0.0 };
    near("padded", Voice { seconds: 3.0, loud: &padded, ..Voice::default() }.measured(120.0).pause_share, 0.0, 0.0);
    near("one long vowel", Voice::default().measured(120.0).rate, 0.5, 0.1);
}

#[test]
fn breathiness_is_the_noise_beside_the_voice() {
    for decibels in [-15.0, -9.0, -3.0] {
        let noise = 10f64.powf(decibels / 10.0);
        let found = Voice { noise, seconds: 4.0, ..Voice::default() }.measured(120.0);
        near("breathiness", found.breathiness, decibels, 1.0);
    }
}

#[test]
fn without_a_voice_there_is_nothing() {
    assert_eq!(Delivery::of(&Track::default(), 5.0), None);
    let silence = Analyser::new().frames(&[0.0; 24_000]).track;
    assert_eq!(Delivery::of(&silence, 5.0), None);
}
