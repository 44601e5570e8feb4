//! The analysis against the programs that it mirrors, on two seconds of a reader (tests/goldens/README.md).

use safetensors::SafeTensors;

use super::refine::refine;
use super::*;

fn golden(name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(include_bytes!("../../../tests/goldens/analysis.safetensors")).unwrap();
    let bytes = file.tensor(name).unwrap().data();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn pcm() -> Vec<f32> {
    let file = SafeTensors::deserialize(include_bytes!("../../../tests/goldens/analysis.safetensors")).unwrap();
    let bytes = file.tensor("pcm").unwrap().data();
    bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0).collect()
}

/// Mean and greatest difference in dB of natural log powers.
fn decibels(found: &[f32], expected: &[f32]) -> (f32, f32) {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs() * 10.0 / std::f32::consts::LN_10);
    let (sum, most) = differences.fold((0.0, 0f32), |(sum, most), d| (sum + d, most.max(d)));
    (sum / found.len() as f32, most)
}

fn bands_at(pcm: &[f32], f0: &[f32]) -> Vec<f32> {
    let (mut cheaptrick, mel) = (CheapTrick::new(), MelBands::new(80, BINS));
    let mut bands = Vec::new();
    for (t, &f0) in f0.iter().enumerate() {
        mel.extend(cheaptrick.envelope(pcm, t * HOP, f0.into()), &mut bands);
    }
    bands
}

#[test]
fn the_envelope_at_the_same_f0() {
    let (pcm, f0) = (pcm(), golden("f0"));
    let mut cheaptrick = CheapTrick::new();
    let mut full = Vec::new();
    for (t, &f0) in f0.iter().enumerate().step_by(20) {
        full.extend(cheaptrick.envelope(&pcm, t * HOP, f0.into()).iter().map(|p| p.ln() as f32));
    }
    let bins = decibels(&full, &golden("envelope"));
    let bands = decibels(&bands_at(&pcm, &f0), &golden("bands"));
    println!("bins {bins:?} dB, bands {bands:?} dB");
    // observed 2e-7, at most 8e-6
    assert!(bins.0 < 1e-5 && bands.0 < 1e-5 && bands.1 < 1e-4, "{bins:?}, {bands:?}");
}

#[test]
fn refinement_of_the_same_track() {
    let (pcm, track, refined) = (pcm(), golden("track"), golden("refined"));
    let mut off: Vec<f64> = Vec::new();
    for (t, (&track, &refined)) in track.iter().zip(&refined).enumerate().filter(|(_, (_, r))| **r > 0.0) {
        off.push((refine(&pcm, t * HOP, track.into()) / f64::from(refined) - 1.0).abs());
    }
    off.sort_by(f64::total_cmp);
    let (median, high) = (off[off.len() / 2], off[off.len() * 95 / 100]);
    println!("median {median:.2e}, 95 of 100 below {high:.2e}, all below {:.2e}", off[off.len() - 1]);
    // observed 7e-7, 1.2e-5
    assert!(median < 1e-5 && high < 1e-4);
}

#[test]
fn pitch_strength_and_the_envelope_of_them() {
    let (pcm, f0, strength) = (pcm(), golden("f0"), golden("strength"));
    let pitch = PitchTracker::new(PitchConfig::default()).track(&pcm);
    assert_eq!(pitch.f0.len(), f0.len());
    let agree = pitch.f0.iter().zip(&f0).filter(|(a, b)| (**a > 0.0) == (**b > 0.0)).count();
    let mut off: Vec<f32> = Vec::new();
    let mut strong = Vec::new();
    for t in 0..f0.len() {
        if pitch.f0[t] > 0.0 && f0[t] > 0.0 {
            off.push((pitch.f0[t] / f0[t] - 1.0).abs());
            if pitch.strength[t] > 0.0 && strength[t] > 0.0 {
                strong.push((pitch.strength[t] - strength[t]).abs());
            }
        }
    }
    off.sort_by(f32::total_cmp);
    let (median, high) = (off[off.len() / 2], off[off.len() * 95 / 100]);
    let strong = strong.iter().sum::<f32>() / strong.len() as f32;
    let agree = 100.0 * agree as f32 / f0.len() as f32;
    let (mean, most) = decibels(&bands_at(&pcm, &pitch.f0), &golden("bands"));
    println!("voicing {agree:.1} %, F0 median {median:.2e}, 95 % {high:.2e}, all {:.2e}", off[off.len() - 1]);
    println!("strength {strong:.3}, bands {mean:.3} dB, at most {most:.1} dB");
    // observed 99.0 %, 1.1e-6, 8.7e-5, below 0.001, 0.034 dB: the ends, where the mirrored program has no frames
    assert!(agree > 98.0 && median < 1e-5 && high < 1e-3 && strong < 2e-3 && mean < 0.1);
}
