//! The doctor on speech that is made up here, on damaged copies of it, and on what is no speech.

use std::f32::consts::TAU;

use super::*;

const HZ: u32 = 24_000;

/// Noise between -1 and 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

/// Something with the rhythm, pitch and resonances of speech, over a little noise. `size` scales the resonances.
pub(in crate::speaker) fn babble(seconds: f32, rate: u32, f0: f32, size: f32) -> Vec<f32> {
    let mut noise = Noise(7);
    let hz = rate as f32;
    let mut out = vec![0.0; (seconds * hz) as usize];
    let (mut phase, mut t, mut syllable) = (0.0_f32, 0_usize, 0);
    while t < out.len() {
        let voiced = (0.16 * hz) as usize;
        let hiss = (0.05 * hz) as usize;
        let formants = [500.0 + 250.0 * noise.next(), 1500.0 + 500.0 * noise.next(), 2600.0].map(|f| f * size);
        let pitch = f0 * (1.0 + 0.1 * noise.next());
        for i in 0..voiced.min(out.len() - t) {
            let part = i as f32 / voiced as f32;
            let pitch = pitch * (1.05 - 0.1 * part);
            phase = (phase + pitch / hz).fract();
            let loud = (part * (1.0 - part) * 4.0).sqrt();
            let mut sum = 0.0;
            for k in 1..=(5000.0_f32.min(0.48 * hz) / pitch) as usize {
                let f = k as f32 * pitch;
                let gain: f32 = formants.iter().map(|c| 1.0 / (1.0 + ((f - c) / 90.0).powi(2))).sum();
                sum += (gain + 0.01) * (1.0 + f / 500.0).recip() * (TAU * k as f32 * phase).cos();
            }
            out[t + i] = 0.25 * loud * sum;
        }
        t += voiced;
        for i in 0..hiss.min(out.len().saturating_sub(t)) {
            out[t + i] = 0.02 * noise.next();
        }
        syllable += 1;
        t += hiss + if syllable % 8 == 0 { (0.6 * hz) as usize } else { (0.03 * hz) as usize };
    }
    out.iter_mut().for_each(|v| *v += 0.0002 * noise.next());
    out
}

fn speech() -> Vec<f32> {
    babble(8.0, HZ, 120.0, 1.0)
}

/// Chords of decaying notes.
fn chords(seconds: f32) -> Vec<f32> {
    let mut out = vec![0.0; (seconds * HZ as f32) as usize];
    for (n, chord) in out.chunks_mut(HZ as usize / 2).enumerate() {
        for (i, v) in chord.iter_mut().enumerate() {
            let t = i as f32 / HZ as f32;
            for note in [0, 4, 7] {
                let f = 220.0 * 2_f32.powf((note + [0, 5, 7, 3][n % 4]) as f32 / 12.0);
                *v += (1..8).map(|h| (TAU * f * h as f32 * t).sin() / h as f32).sum::<f32>() * 0.1 * (-2.0 * t).exp();
            }
        }
    }
    out
}

/// With what is left of every sample coming back, as in a hall.
fn in_a_hall(pcm: &[f32], seconds: f32) -> Vec<f32> {
    let mut out = pcm.to_vec();
    out.resize(pcm.len() + HZ as usize / 2, 0.0);
    let dry = out.clone();
    for (delay, sign) in [(713, 0.25), (887, -0.25), (1021, 0.25), (1193, -0.25), (1327, 0.25), (1511, -0.25)] {
        let gain = 10_f32.powf(-3.0 * delay as f32 / HZ as f32 / seconds);
        let mut line = dry.clone();
        for i in delay..line.len() {
            line[i] += gain * line[i - delay];
        }
        out.iter_mut().zip(&line).for_each(|(out, line)| *out += sign * line);
    }
    out
}

fn noisy(pcm: &[f32], loud: f32) -> Vec<f32> {
    let mut noise = Noise(3);
    pcm.iter().map(|v| v + loud * noise.next()).collect()
}

fn checkup(pcm: &[f32], rate: u32) -> Checkup {
    examine(&[Clip { pcm, rate: SampleRate(rate) }]).unwrap()
}

fn kinds(checkup: &Checkup) -> Vec<&'static str> {
    let warnings = checkup.clips.iter().flat_map(|clip| &clip.warnings).chain(&checkup.warnings);
    warnings.map(Warning::kind).chain(checkup.refusal.iter().map(Refusal::kind)).collect()
}

#[test]
fn clean_speech_is_taken() {
    let found = checkup(&speech(), HZ);
    assert_eq!(kinds(&found), [""; 0], "{found:?}");
    let clip = &found.clips[0];
    assert!((clip.seconds - 8.0).abs() < 0.01 && (5.0..8.01).contains(&clip.speech_seconds), "{clip:?}");
    assert!(clip.snr_db.unwrap() > 25.0 && clip.clipped < 1e-4 && clip.tones < 0.01, "{clip:?}");
    let manner = clip.manner.unwrap();
    assert!((manner.pitch_hz / 120.0 - 1.0).abs() < 0.1 && manner.pace > 2.5, "{manner:?}");
    assert!(found.taken_seconds() > 4.0 && found.taken_seconds() <= SPEECH_TAKEN);
    assert_eq!(found, checkup(&speech(), HZ), "the same twice");
    // the rate of a recording does not matter
    let other = checkup(&babble(8.0, 44_100, 120.0, 1.0), 44_100);
    assert_eq!(kinds(&other), [""; 0], "{other:?}");
}

#[test]
fn what_is_no_speech_is_refused() {
    let mut noise = Noise(1);
    let hiss: Vec<f32> = (0..6 * HZ).map(|_| 0.2 * noise.next()).collect();
    let faint: Vec<f32> = hiss.iter().map(|v| v * 1e-4).collect();
    for (name, pcm, expected) in [
        ("hiss", &hiss, "no-speech"),
        ("faint hiss", &faint, "no-speech"),
        ("music", &chords(6.0), "music"),
        ("0.3 s", &babble(0.3, HZ, 120.0, 1.0), "too-short"),
        ("nothing", &Vec::new(), "no-speech"),
        ("under noise", &noisy(&speech(), 0.2), "too-noisy"),
    ] {
        let found = checkup(pcm, HZ);
        let refusal = found.refusal.as_ref().map(Refusal::kind);
        // noise may drown speech altogether
        let drowned = name == "under noise" && refusal == Some("no-speech");
        assert!(refusal == Some(expected) || drowned, "{name}: {found:?}");
        assert!(found.segments.is_empty());
    }
}

#[test]
fn what_suffers_is_named() {
    let clean = speech();
    let loud: Vec<f32> = clean.iter().map(|v| (v * 8.0).clamp(-0.9, 0.9)).collect();
    let two = [clean.clone(), babble(8.0, HZ, 215.0, 1.2)].concat();
    let quiet: Vec<f32> = clean.iter().map(|v| v * 0.004).collect();
    for (expected, pcm, rate) in [
        ("noisy", noisy(&clean, 0.035), HZ),
        ("clipped", loud, HZ),
        ("echo", in_a_hall(&clean, 1.0), HZ),
        ("quiet", quiet, HZ),
        ("narrow", babble(8.0, 8_000, 120.0, 1.0), 8_000),
        ("several-voices", two, HZ),
        ("short", babble(2.5, HZ, 120.0, 1.0), HZ),
    ] {
        let found = checkup(&pcm, rate);
        assert!(kinds(&found).contains(&expected) && found.refusal.is_none(), "{expected}: {found:?}");
        assert!(!found.segments.is_empty());
    }
}

#[test]
fn a_bad_clip_is_left_out_of_good_ones() {
    let (music, good) = (chords(6.0), babble(30.0, HZ, 120.0, 1.0));
    let rate = SampleRate(HZ);
    let clips = [Clip { pcm: &music, rate }, Clip { pcm: &good, rate }];
    let found = examine(&clips).unwrap();
    assert_eq!(found.refusal, None);
    assert!(matches!(found.clips[0].refusal, Some(Refusal::Music { .. })));
    assert!(found.segments.iter().all(|segment| segment.clip == 1));
    assert!((found.taken_seconds() - SPEECH_TAKEN).abs() < 0.6, "{}", found.taken_seconds());
    for pair in found.segments.windows(2) {
        assert!(pair[0].end <= pair[1].start + 0.011);
    }
    let taken: usize = found.segments.iter().map(|segment| segment.of(&clips).pcm.len()).sum();
    assert!((taken as f32 / HZ as f32 - found.taken_seconds()).abs() < 0.01);
    assert!(found.segments[0].of(&[]).pcm.is_empty());
}

#[test]
fn what_cannot_be_examined_is_named() {
    let nan = [0.1, f32::NAN];
    let error = examine(&[Clip { pcm: &nan, rate: SampleRate(HZ) }]).unwrap_err();
    assert!(matches!(error, SpeakerError::Damaged { clip: 1, .. }), "{error}");
    for rate in [0, 3_999, 400_000] {
        let error = examine(&[Clip { pcm: &[0.1; 100], rate: SampleRate(rate) }]).unwrap_err();
        assert!(matches!(error, SpeakerError::Rate { clip: 1, .. }), "{error}");
    }
    assert!(examine(&[]).unwrap().refusal.is_some());
}

#[test]
fn every_word_says_what_to_do_or_what_was_found() {
    let found = checkup(&speech(), HZ).clips[0].manner.unwrap();
    let excited = Manner { arousal: 3.0, ..found };
    assert!(excited.to_string().starts_with("excited; not copied (1"), "{excited}");
    assert!(Manner { arousal: 0.0, ..found }.to_string().starts_with("neutral ("));
    assert!(Refusal::TooNoisy { snr_db: 3.2 }.to_string().contains("3 dB"));
    assert!(Warning::Narrow { hz: 3500.0 }.to_string().contains("3.5 kHz"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 60, ..Default::default() })]

    #[test]
    fn any_samples_are_answered(
        seed in proptest::prelude::any::<u64>(),
        rate in 4_000..100_000_u32,
        length in 0..40_000_usize,
        loud in proptest::sample::select(vec![0.0, 1e-30, 1e-4, 1.0, 1e9, 1e30, f32::MAX]),
        sparse in 1..200_u64,
    ) {
        let mut noise = Noise(seed);
        let pcm: Vec<f32> = (0..length).map(|i| if (i as u64).wrapping_mul(seed) % sparse == 0 { loud * noise.next() } else { 0.0 }).collect();
        let Ok(found) = examine(&[Clip { pcm: &pcm, rate: SampleRate(rate) }]) else {
            assert!(loud > 1e9);
            return Ok(());
        };
        assert!(found.refusal.is_some() == found.segments.is_empty());
        assert!(found.segments.iter().all(|s| s.start < s.end && s.end <= found.clips[0].seconds + 0.02));
    }
}
