//! Prompts of speech that is made up, and of the reference's own sounds.

use std::path::PathBuf;

use safetensors::SafeTensors;

use super::super::doctor::tests::babble;
use super::super::frames::Analyser;
use super::super::prosody::Delivery;
use super::*;

const HZ: SampleRate = SampleRate(24_000);
const LIKE: PromptOptions = PromptOptions { like_the_clip: true, most_seconds: None };

fn clip(pcm: &[f32], rate: u32) -> Clip<'_> {
    Clip { pcm, rate: SampleRate(rate) }
}

/// Twelve seconds calm, then eight that are higher, brighter and louder.
fn two_states(rate: u32) -> Vec<f32> {
    let mut pcm = babble(12.0, rate, 110.0, 1.0);
    pcm.extend(babble(8.0, rate, 190.0, 1.0).into_iter().map(|x| 2.0 * x));
    pcm
}

fn ended(pcm: &[f32], rate: SampleRate) -> Vec<f32> {
    let mut pcm = pcm.to_vec();
    end_on_pause(&mut pcm, rate);
    pcm
}

#[test]
fn a_prompt_ends_on_a_pause() {
    let mut pcm = vec![0.5; 4900];
    pcm.extend([0.001; 3000]);
    let found = ended(&pcm, HZ);
    // the frame in which it becomes quiet is the last one; then 80 ms of silence
    assert_eq!(found.len(), 11 * 480 + 1920);
    assert_eq!((found[4799], found[11 * 480 - 480], found[11 * 480 - 1]), (0.5, 0.5, 0.0));
    assert!(found[11 * 480..].iter().all(|x| *x == 0.0));
    for short in [0, 1, 479] {
        assert_eq!(ended(&vec![0.5; short], HZ).len(), short);
    }
    assert_eq!(ended(&[0.0; 480], HZ).len(), 2400, "silence is as loud as itself");
    assert_eq!(ended(&[0.5; 480], SampleRate(1)).len(), 480, "a frame is a sample, and nothing lasts 80 ms");
}

#[test]
fn like_the_clip_is_the_clip() {
    let pcm = two_states(24_000);
    let (found, report) = prompt(&[clip(&pcm, 24_000)], HZ, LIKE).unwrap();
    assert_eq!(found, ended(&pcm, HZ));
    assert!((report.clip_seconds - 20.0).abs() < 1e-3 && report.neutral.is_none(), "{report:?}");
    assert_eq!(
        report.parts,
        [PromptPart { segment: Segment { clip: 0, start: 0.0, end: 20.0 }, gain_db: 0.0, stretch: 1.0, calm: None }]
    );
    // the start of all clips, up to a length
    let options = PromptOptions { most_seconds: Some(22.0), ..LIKE };
    let (found, report) = prompt(&[clip(&pcm, 24_000), clip(&[], 8_000), clip(&pcm, 24_000)], HZ, options).unwrap();
    assert_eq!(found, ended(&[&ended(&pcm, HZ), &pcm[..2 * 24_000]].concat(), HZ));
    let (last, ends) = (report.parts[1].segment, [found[found.len() - 1920], found[found.len() - 1]]);
    assert_eq!((report.parts.len(), last.clip, last.start, ends), (2, 2, 0.0, [0.0, 0.0]));
    assert!((last.end - 2.0).abs() < 1e-3, "{last:?}");
    // thirty seconds and no more
    let long = vec![0.1; 40 * 8000];
    let (found, _) = prompt(&[clip(&long, 8000)], HZ, LIKE).unwrap();
    assert_eq!(found.len(), 30 * 24_000 + 1920);
}

#[test]
fn the_calm_part_is_taken_and_brought_to_one_level() {
    for rate in [24_000, 44_100] {
        let pcm = two_states(rate);
        for gain in [1.0, 0.05] {
            let soft: Vec<f32> = pcm.iter().map(|x| x * gain).collect();
            let (found, report) = prompt(&[clip(&soft, rate)], HZ, PromptOptions::default()).unwrap();
            assert!(report.parts.iter().all(|part| part.segment.end < 12.2), "{report:?}");
            assert!(report.parts.iter().map(|part| part.segment.end - part.segment.start).sum::<f32>() > 3.0);
            let calm: Vec<CalmWindow> = report.parts.iter().map(|part| part.calm.unwrap()).collect();
            assert!(calm.is_sorted_by(|a, b| a.distance >= b.distance), "the calmest last");
            assert!(calm.iter().all(|window| window.distance < report.distance.unwrap()));
            let level = 20.0 * level::active_rms(&found).log10();
            assert!((level + 23.0).abs() < 1.0, "{level}");
            assert!(found.iter().all(|x| x.abs() <= PEAK) && found[found.len() - 1920..].iter().all(|x| *x == 0.0));
            assert_eq!(prompt(&[clip(&soft, rate)], HZ, PromptOptions::default()).unwrap().0, found);
        }
    }
}

/// [`babble`], so many times as fast.
fn hurried(seconds: f32, speed: f32) -> Vec<f32> {
    babble(seconds * speed, (24_000.0 / speed) as u32, 110.0 / speed, 1.0 / speed)
}

/// Syllables a second of speech.
fn syllables(pcm: &[f32]) -> f32 {
    Delivery::of(&Analyser::new().frames(pcm).track, 110_f32.ln()).unwrap().rate
}

#[test]
fn a_hurried_window_becomes_longer_and_a_slow_one_shorter() {
    let mut stretches = Vec::new();
    for speed in [0.7, 1.0, 1.1, 1.5, 2.0] {
        let pcm = hurried(9.0, speed);
        let (found, report) = prompt(&[clip(&pcm, 24_000)], HZ, PromptOptions::default()).unwrap();
        let (mut before, mut seconds, mut longer) = (Vec::new(), 0.0, 0.0);
        for part in &report.parts {
            let sound = part.segment.of(&[clip(&pcm, 24_000)]).pcm;
            before.extend_from_slice(sound);
            seconds += sound.len() as f32;
            longer += sound.len() as f32 * part.stretch;
        }
        let (was, is, longer) = (syllables(&before), syllables(&found), longer / seconds);
        println!("{speed}: {longer:.3} times as long, {was:.2} then {is:.2} syllables a second");
        // observed 1 %
        assert!((was / is / longer - 1.0).abs() < 0.07, "{speed}: {was} {is} {longer}");
        stretches.push(longer);
    }
    assert!(stretches.is_sorted() && stretches[0] < 0.97 && stretches[4] > 1.03, "{stretches:?}");
}

#[test]
fn a_window_near_the_neutral_pace_is_only_louder() {
    let pcm = hurried(9.0, 1.0);
    let (found, report) = prompt(&[clip(&pcm, 24_000)], HZ, PromptOptions::default()).unwrap();
    let PromptPart { segment, gain_db, stretch, .. } = report.parts[0];
    assert_eq!(stretch, 1.0, "{report:?}");
    let (sound, gain) = (segment.of(&[clip(&pcm, 24_000)]).pcm, 10_f32.powf(gain_db / 20.0));
    // not where it is faded
    for i in 480..sound.len() - 480 {
        assert!((found[i] - gain * sound[i]).abs() < 1e-6, "{i}: {} and {}", found[i], sound[i]);
    }
}

#[test]
fn what_is_stretched_is_that_much_slower() {
    let pcm = babble(9.0, 24_000, 120.0, 1.0);
    let was = syllables(&pcm);
    for factor in [0.85, 1.15] {
        let is = syllables(&stretch(&pcm, HZ, Stretch::new(factor.into())));
        println!("{factor}: {was:.2} then {is:.2} syllables a second");
        // observed 1 %
        assert!((was / is / factor - 1.0).abs() < 0.07, "{factor}: {was} {is}");
    }
}

#[test]
fn of_several_clips_the_calm_one_is_taken() {
    let (calm, moved) = (babble(6.0, 16_000, 110.0, 1.0), babble(9.0, 48_000, 200.0, 1.0));
    let clips = [clip(&moved, 48_000), clip(&calm, 16_000), clip(&[0.0; 9000], 8000)];
    let (_, report) = prompt(&clips, HZ, PromptOptions::default()).unwrap();
    assert!(report.parts.iter().all(|part| part.segment.clip == 1), "{report:?}");
    assert!((report.clip_seconds - 16.125).abs() < 1e-3);
    // at another rate of the model
    let (pcm, _) = prompt(&clips, SampleRate(16_000), PromptOptions::default()).unwrap();
    assert!((pcm.len() as f32 / 16_000.0 - report.seconds).abs() < 0.1, "{} {}", pcm.len(), report.seconds);
}

#[test]
fn no_more_is_taken_than_was_asked_for() {
    let pcm = babble(60.0, 24_000, 110.0, 1.0);
    for most in [1.0, 3.0, 12.0, 45.0] {
        let options = PromptOptions { like_the_clip: false, most_seconds: Some(most) };
        let (_, report) = prompt(&[clip(&pcm, 24_000)], HZ, options).unwrap();
        let pauses = report.parts.len() as f32 * 0.2;
        assert!(report.seconds <= most + pauses && report.seconds > 0.5 * most, "{most}: {}", report.seconds);
    }
}

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    let (good, mut broken) = (babble(2.0, 24_000, 110.0, 1.0), vec![0.1; 24_000]);
    broken[2400] = f32::NAN;
    let options = |like_the_clip, most_seconds| PromptOptions { like_the_clip, most_seconds };
    for like in [false, true] {
        let error = |clips: &[Clip<'_>], most| prompt(clips, HZ, options(like, most)).unwrap_err().to_string();
        let first = clip(&good, 24_000);
        let damaged = error(&[first, clip(&broken, 24_000)], None);
        assert!(damaged.starts_with("clip 2: the sample at 0.100 s is NaN"), "{damaged}");
        assert!(error(&[], None).contains("expected at least 1.0 s"));
        assert!(error(&[clip(&[], 24_000)], None).contains("expected at least 1.0 s"));
        assert!(error(&[first, clip(&good, 3)], None).starts_with("clip 2: the sample rate is 3 Hz"));
        for most in [0.0, -1.0, 121.0, f32::NAN, f32::INFINITY] {
            assert!(error(&[first], Some(most)).contains("expected 1 to 120 s"));
        }
    }
    let silent = prompt(&[clip(&[0.0; 48_000], 24_000)], HZ, PromptOptions::default()).unwrap_err();
    assert_eq!(silent, SpeakerError::TooLittleSpeech { found: 0.0, least: 1.0 });
}

/// Two tensors of the reference's sounds.
fn golden(name: &str) -> [Vec<f32>; 2] {
    let folder: PathBuf =
        std::env::var_os("POCKET_FIXTURES").expect("POCKET_FIXTURES names the folder of fixtures").into();
    let bytes = std::fs::read(folder.join("audio/golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    ["in", "out"].map(|end| {
        let tensor = tensors.tensor(&format!("{name}.{end}")).unwrap();
        tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    })
}

#[test]
#[ignore = "needs the outside fixtures"]
fn prompts_end_as_in_the_reference() {
    let names =
        "trailing_silence ends_loud not_multiple shorter_than_frame exactly_one_frame all_zero quiet_tail at_16k";
    for name in names.split(' ') {
        let rate = SampleRate(if name == "at_16k" { 16_000 } else { 24_000 });
        let [pcm, expected] = golden(&format!("pause.{name}"));
        let found = ended(&pcm, rate);
        assert_eq!(found.len(), expected.len(), "{name}");
        let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{name:20} {worst:.1e}");
        // observed 1.5e-8: a step of the fade
        assert!(worst < 1e-6, "{name}: {worst}");
    }
}

/// The reference's filter is short (ten periods, Kaiser 5), ours is sharper: they part near half of the lower rate, and at the
/// ends.
#[test]
#[ignore = "needs the outside fixtures"]
fn other_rates_are_what_the_reference_makes_of_them() {
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000] {
        let [pcm, expected] = golden(&format!("convert.{rate}"));
        let found = resample(&pcm, SampleRate(rate), HZ).unwrap();
        assert_eq!(found.len(), expected.len(), "{rate}");
        let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
        let error = power(&mut found.iter().zip(&expected).map(|(a, b)| a - b));
        let snr = 10.0 * (power(&mut expected.iter().copied()) / error).log10();
        println!("{rate:6} Hz: {snr:.1} dB");
        // observed 36 to 40 dB
        assert!(snr > 33.0, "{rate} Hz: {snr} dB");
    }
}
