//! Neutral touches nothing, every control moves its own parameter, changes take 40 ms.

use super::*;

const BANDS: usize = 80;
const WIDTH: usize = BANDS + 5;

/// A latent frame of speech at `f0` Hz.
fn frame(f0: f32) -> Vec<f32> {
    let row = |k| {
        let envelope = (0..BANDS).map(move |band| -6.0 - 0.08 * band as f32 + 0.1 * k as f32);
        envelope.chain([APERIODICITY_AT_ZERO, -25.0, -15.0, -8.0, f0])
    };
    (0..4).flat_map(row).collect()
}

/// What becomes of `f0` Hz after a second of it.
fn shaped(expression: Expression, f0: f32) -> Vec<f32> {
    let shaper = Shaper::new(BANDS, WIDTH);
    let mut state = shaper.start(5.0);
    let mut parameters = Vec::new();
    for _ in 0..25 {
        parameters = frame(f0);
        shaper.step(&mut state, expression, &mut parameters);
    }
    parameters
}

#[test]
fn neutral_touches_nothing() {
    for f0 in [0.0, 90.0, 250.0] {
        assert_eq!(shaped(Expression::NEUTRAL, f0), frame(f0));
    }
}

#[test]
fn what_is_asked_comes_on_top() {
    let own = Expression { pitch: 0.1, range: 1.25, energy: 2.0, variation: 1.0, breathiness: 0.5, whisper: 0.0 };
    assert_eq!(own.and(Expression::NEUTRAL), own);
    assert_eq!(Expression::NEUTRAL.and(own), own);
    let asked = Expression { pitch: 0.2, range: 2.0, energy: -3.0, variation: 0.5, breathiness: 0.5, whisper: 1.0 };
    let both = own.and(asked);
    assert!((both.pitch - 0.3).abs() < 1e-6);
    assert_eq!((both.range, both.energy, both.variation, both.breathiness, both.whisper), (2.5, -1.0, 0.5, 0.75, 1.0));
}

#[test]
fn pitch_and_range_move_f0_and_nothing_else() {
    let f0 = |expression, hz| {
        let found = shaped(expression, hz);
        let mut expected = frame(hz);
        expected
            .iter_mut()
            .skip(WIDTH - 1)
            .step_by(WIDTH)
            .zip(found.iter().skip(WIDTH - 1).step_by(WIDTH))
            .for_each(|(a, b)| *a = *b);
        assert_eq!(found, expected);
        found[WIDTH - 1]
    };
    let octave = f0(Expression { pitch: std::f32::consts::LN_2, ..Expression::NEUTRAL }, 150.0);
    assert!((octave / 300.0 - 1.0).abs() < 1e-4, "{octave}");
    let wide = Expression { range: 2.0, ..Expression::NEUTRAL };
    assert_eq!(f0(wide, 0.0), 0.0);
    // above the usual pitch (e^5 is 148 Hz) higher, below it lower; the voice keeps within what it can do
    assert!(f0(wide, 200.0) > 210.0 && f0(wide, 110.0) < 100.0);
    assert_eq!(f0(Expression { pitch: 9.0, ..Expression::NEUTRAL }, 150.0), F0_RANGE.1);
}

#[test]
fn effort_tilts_what_is_voiced() {
    let shaper = Shaper::new(BANDS, WIDTH);
    let at = |hz: f32| shaper.hz.iter().position(|&centre| centre > hz).unwrap();
    let db = |found: &[f32], f0, hz| (found[at(hz)] - frame(f0)[at(hz)]) / DB;
    let loud = shaped(Expression { energy: 6.0, ..Expression::NEUTRAL }, 120.0);
    assert!((3.0..4.0).contains(&db(&loud, 120.0, 200.0)), "{}", db(&loud, 120.0, 200.0));
    assert!((10.5..12.5).contains(&db(&loud, 120.0, 3000.0)), "{}", db(&loud, 120.0, 3000.0));
    let hiss = shaped(Expression { energy: 6.0, ..Expression::NEUTRAL }, 0.0);
    assert!((db(&hiss, 0.0, 3000.0) - 3.0).abs() < 0.01);
}

#[test]
fn breath_and_whisper_end_in_noise() {
    let breathy = shaped(Expression { breathiness: 1.0, ..Expression::NEUTRAL }, 120.0);
    let aperiodicity = |found: &[f32]| found[BANDS..WIDTH - 1].to_vec();
    assert!(aperiodicity(&breathy).iter().all(|db| (-16.0..0.0).contains(db)), "{:?}", aperiodicity(&breathy));
    assert!(breathy[0] > frame(120.0)[0] && breathy[20] == frame(120.0)[20] && breathy[WIDTH - 1] == 120.0);
    let whisper = shaped(Expression { whisper: 1.0, ..Expression::NEUTRAL }, 120.0);
    assert!(aperiodicity(&whisper).iter().all(|db| *db == -0.001) && whisper[WIDTH - 1] == 0.0);
}

/// The level of a frame 6 dB above the usual one comes to lie 12, 6 and 0 dB above it; silence is not lifted.
#[test]
fn variation_stretches_the_level() {
    let shaper = Shaper::new(BANDS, WIDTH);
    let mut usual = shaper.start(5.0);
    let mut parameters = Vec::new();
    for _ in 0..2000 {
        parameters = frame(120.0);
        shaper.step(&mut usual, Expression { variation: 0.999, ..Expression::NEUTRAL }, &mut parameters);
    }
    for (variation, expected) in [(2.0, 12.0), (1.0, 6.0), (0.0, 0.0)] {
        let mut loud = frame(120.0);
        loud.chunks_exact_mut(WIDTH).for_each(|row| row[..BANDS].iter_mut().for_each(|band| *band += 6.0 * DB));
        let mut state = ShaperState { before: None, ..usual.clone() };
        shaper.step(&mut state, Expression { variation, ..Expression::NEUTRAL }, &mut loud);
        let found = (loud[3 * WIDTH] - parameters[3 * WIDTH]) / DB;
        assert!((found - expected).abs() < 1.0, "{variation}: {found}");
    }
    let mut silence = frame(0.0);
    silence.chunks_exact_mut(WIDTH).for_each(|row| row[..BANDS].iter_mut().for_each(|band| *band -= 60.0 * DB));
    let before = silence.clone();
    shaper.step(&mut usual.clone(), Expression { variation: 0.0, ..Expression::NEUTRAL }, &mut silence);
    assert_eq!(silence[3 * WIDTH..], before[3 * WIDTH..]);
}

#[test]
fn a_change_takes_four_steps() {
    let shaper = Shaper::new(BANDS, WIDTH);
    let mut state = shaper.start(5.0);
    shaper.step(&mut state, Expression::NEUTRAL, &mut frame(150.0));
    let mut parameters = frame(150.0);
    shaper.step(&mut state, Expression { pitch: 0.4, ..Expression::NEUTRAL }, &mut parameters);
    for (k, row) in parameters.chunks_exact(WIDTH).enumerate() {
        let found = (row[WIDTH - 1] / 150.0).ln();
        assert!((found - 0.1 * (k + 1) as f32).abs() < 1e-4, "step {k}: {found}");
    }
    // and then it is there, to the bit
    assert_eq!(state.before, Some(Expression { pitch: 0.4, ..Expression::NEUTRAL }));
}

#[test]
fn numbers_travel() {
    let expression = Expression { pitch: 1.0, range: 2.0, energy: 3.0, variation: 4.0, breathiness: 5.0, whisper: 6.0 };
    assert_eq!(Expression::from_slice(&expression.to_array()), expression);
    assert_eq!(Expression::from_slice(&[]), Expression::NEUTRAL);
}
