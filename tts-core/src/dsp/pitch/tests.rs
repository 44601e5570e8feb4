use super::*;

/// A sum of harmonics whose F0 in Hz at second `t` is `f0(t)`.
fn voice(seconds: f64, f0: impl Fn(f64) -> f64) -> Vec<f32> {
    let mut phase = 0.0;
    let sample = |i: usize| {
        phase += f0(i as f64 / 24_000.0) / 24_000.0;
        let harmonics = (1..=8).map(|h| (phase * std::f64::consts::TAU * f64::from(h)).sin() / f64::from(h));
        (harmonics.sum::<f64>() * 0.1) as f32
    };
    (0..(seconds * 24_000.0) as usize).map(sample).collect()
}

fn track(pcm: &[f32], ceiling: f64) -> Pitch {
    PitchTracker::new(PitchConfig::between(60.0, ceiling).unwrap()).track(pcm)
}

#[test]
fn a_steady_voice_is_found_at_any_height() {
    for (f0, ceiling) in [(65.0, 500.0), (110.0, 500.0), (233.1, 500.0), (480.0, 500.0), (720.0, 800.0)] {
        let pitch = track(&voice(0.5, |_| f0), ceiling);
        assert_eq!((pitch.f0.len(), pitch.strength.len()), (51, 51));
        for t in 4..47 {
            // observed 5e-4 and 0.998
            assert!((f64::from(pitch.f0[t]) / f0 - 1.0).abs() < 2e-3, "{f0} at {t}: {}", pitch.f0[t]);
            assert!(pitch.strength[t] > 0.99, "{f0} at {t}: {}", pitch.strength[t]);
        }
    }
}

#[test]
fn a_glide_is_followed() {
    let glide = |t: f64| 120.0 * 2f64.powf(t);
    let pitch = track(&voice(1.0, glide), 500.0);
    for t in 5..95 {
        let expected = glide(t as f64 * 0.01);
        // observed 1e-3
        assert!((f64::from(pitch.f0[t]) / expected - 1.0).abs() < 3e-3, "{t}: {}, expected {expected}", pitch.f0[t]);
    }
}

#[test]
fn strength_is_the_share_of_harmonics() {
    // the same power of voice and of noise: a normalised autocorrelation of 1/2
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let clean = voice(2.0, |_| 150.0);
    let rms = (clean.iter().map(|x| x * x).sum::<f32>() / clean.len() as f32).sqrt();
    let noisy: Vec<f32> = clean.iter().map(|x| x + noise() * rms * 3f32.sqrt()).collect();
    let pitch = track(&noisy, 500.0);
    let mean = pitch.strength[5..195].iter().sum::<f32>() / 190.0;
    assert!((0.45..0.6).contains(&mean), "{mean}");
}

#[test]
fn silence_and_noise_have_no_pitch() {
    assert!(track(&[0.0; 12_000], 500.0).f0.iter().all(|&f| f == 0.0));
    assert_eq!(track(&[], 500.0).f0, [0.0]);
    assert_eq!(track(&[0.3], 500.0).f0.len(), 1);
    let mut state = 7u64;
    let noise: Vec<f32> = (0..24_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect();
    let voiced = track(&noise, 500.0).f0.iter().filter(|&&f| f > 0.0).count();
    assert!(voiced < 15, "{voiced} of 101");
}

#[test]
fn limits_are_checked() {
    for (floor, ceiling) in [(30.0, 500.0), (60.0, 900.0), (100.0, 150.0), (f64::NAN, 500.0), (60.0, f64::NAN)] {
        assert!(PitchConfig::between(floor, ceiling).is_err());
    }
}
