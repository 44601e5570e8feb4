//! Chunking is invisible, the length is exact, sound has the pitch it was asked for.

use super::*;

const BANDS: usize = 80;
const WIDTH: usize = BANDS + PARAMETERS_BESIDE_ENVELOPE;

/// Frames with a falling spectrum at `f0(frame)` Hz.
fn frames(count: usize, f0: impl Fn(usize) -> f32) -> Vec<f32> {
    (0..count)
        .flat_map(|t| {
            let envelope = (0..BANDS).map(move |band| -6.0 - 0.08 * band as f32 - 0.5 * (t as f32 * 0.3).sin());
            envelope.chain([-60.0, -25.0, -15.0, -8.0, f0(t)])
        })
        .collect()
}

/// Numbers that look random, the same for every caller.
fn noise() -> impl FnMut(&mut [f32]) {
    let mut state = 1u32;
    move |out| {
        for v in out {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *v = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        }
    }
}

fn render(isa: Isa, parameters: &[f32], chunks: &[usize]) -> Vec<f32> {
    let renderer = Renderer::new(BANDS, WIDTH);
    let (mut state, mut noise, mut out, mut rest) = (renderer.start(), noise(), Vec::new(), parameters);
    for &frames in chunks {
        let (now, later) = rest.split_at(frames * WIDTH);
        renderer.step(isa, &mut state, now, &mut noise, &mut out);
        rest = later;
    }
    renderer.finish(isa, state, &mut noise, &mut out);
    out
}

#[test]
fn chunking_is_invisible_and_the_length_is_exact() {
    // voiced, unvoiced, very low (a period of several frames), gliding
    let parameters = frames(60, |t| match t {
        0..15 => 120.0,
        15..25 => 0.0,
        25..40 => 31.0,
        _ => 100.0 + 5.0 * t as f32,
    });
    for isa in Isa::available() {
        let whole = render(isa, &parameters, &[60]);
        assert_eq!(whole.len(), 60 * HOP);
        assert!(whole.iter().all(|x| x.is_finite()));
        for chunks in crate::nn::random::chunkings(60) {
            assert_eq!(render(isa, &parameters, &chunks), whole);
        }
    }
    assert!(render(Isa::detect(), &[], &[0]).is_empty());
    assert_eq!(render(Isa::detect(), &frames(1, |_| 0.0), &[1]).len(), HOP);
}

/// The autocorrelation peak of a steady voice lies at its period.
#[test]
fn pitch_is_what_was_asked_for() {
    for hz in [80.0f32, 133.0, 220.0, 400.0] {
        let pcm = render(Isa::detect(), &frames(50, |_| hz), &[50]);
        let at = |lag: usize| -> f32 { (4800..9600).map(|i| pcm[i] * pcm[i - lag]).sum() };
        let period = (30..450).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap();
        let multiple = (period as f32 * hz / SAMPLE_RATE as f32).round().max(1.0);
        let found = SAMPLE_RATE as f32 * multiple / period as f32;
        assert!((found / hz).log2().abs() < 0.02, "asked {hz}, found {found}");
    }
}
