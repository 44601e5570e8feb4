//! Rate, pitch and pauses, measured on the sound.

use tts_core::units::Seed;
use tts_core::{PauseScale, Prosody, Rate, Sampling, Semitones, Settings, SynthesisRequest, Temperature};

use crate::measure::{RATE, median_log_f0, silence_around};
use crate::{all_samples, quick, voice};

const TEXT: &str = "The boy was there when the sun rose, and a rod is used to catch pink salmon.";

fn with(prosody: Prosody) -> Vec<f32> {
    all_samples(&voice(), TEXT, Settings { prosody: Some(prosody), ..quick() })
}

/// Length from the first sound to the last.
fn spoken(pcm: &[f32]) -> f32 {
    let (before, after) = silence_around(pcm);
    (pcm.len() - before - after) as f32 / RATE
}

/// Asked .5, .75, 1.5, 2: got within 5 %.
#[test]
fn rate_is_honoured() {
    let usual = spoken(&with(Prosody::default()));
    for rate in [0.5, 0.75, 1.5, 2.0] {
        let length = spoken(&with(Prosody { rate: Rate::new(rate).unwrap(), ..Prosody::default() }));
        let found = usual / length;
        println!("rate {rate}: {found:.3}");
        assert!((found / rate - 1.0).abs() <= 0.05, "asked {rate}, got {found}");
    }
}

/// Asked -4, 3, 6 semitones: got within .3.
#[test]
fn pitch_is_honoured() {
    let usual = median_log_f0(&with(Prosody::default()));
    for semitones in [-4.0, 3.0, 6.0] {
        let pcm = with(Prosody { pitch: Semitones::new(semitones).unwrap(), ..Prosody::default() });
        let found = (median_log_f0(&pcm) - usual) * 12.0 / std::f32::consts::LN_2;
        println!("pitch {semitones}: {found:.2}");
        assert!((found - semitones).abs() <= 0.3, "asked {semitones}, got {found}");
    }
}

/// The pause between two sentences grows in proportion, and none is left at 0.
#[test]
fn pauses_are_honoured() {
    let gap = |scale: f32| {
        let prosody = Prosody { pause_scale: PauseScale::new(scale).unwrap(), ..Prosody::default() };
        let settings = Settings { prosody: Some(prosody), ..quick() };
        let mut stream = voice().speak(tts_core::SynthesisRequest::new("It is done. We go.", settings)).unwrap();
        while stream.next().is_some() {}
        let words = stream.take_words();
        (words[3].start - words[2].end) as f32
    };
    let usual = gap(1.0);
    assert!((0.3..0.6).contains(&usual), "{usual} s");
    for scale in [2.0, 4.0] {
        // the 80 ms before a sentence belong to its start, not to the pause
        let found = (gap(scale) - 0.08) / (usual - 0.08);
        assert!((found / scale - 1.0).abs() < 0.1, "asked {scale}, got {found}");
    }
    assert!(gap(0.0) < 0.16, "{} s", gap(0.0));
}

/// Takes with other seeds differ in time, word by word, but not in pace; without noise they do not differ.
#[test]
fn takes_differ_in_time() {
    const TEXTS: [&str; 4] = [
        "The boy was there when the sun rose, and a rod is used to catch pink salmon.",
        "Glue the sheet to the dark blue background; it is easy to tell the depth of a well.",
        "Four hours of steady work faced us, but these days a chicken leg is a rare dish.",
        "Rice is often served in round bowls, the juice of lemons makes fine punch.",
    ];
    let lengths = |seed: u64, temperature: f32| -> Vec<f64> {
        let temperature = Some(Temperature::new(temperature).unwrap());
        let sampling = Sampling { seed: Seed(seed), temperature, ..Sampling::default() };
        let settings = Settings { sampling, ..quick() };
        let words = TEXTS.iter().flat_map(|text| {
            let plan = voice().plan(SynthesisRequest::new(*text, settings.clone())).unwrap();
            let words = plan.clauses.into_iter().flat_map(|clause| clause.words);
            words.map(|word| word.end - word.start).collect::<Vec<_>>()
        });
        words.collect()
    };
    assert_eq!(lengths(1, 0.0), lengths(2, 0.0));
    assert_eq!(lengths(1, 0.4), lengths(1, 0.4));
    let (first, second) = (lengths(1, 0.4), lengths(2, 0.4));
    let apart: f64 = first.iter().zip(&second).map(|(a, b)| (a / b).ln().powi(2)).sum();
    let apart = (apart / first.len() as f64).sqrt();
    let pace = first.iter().sum::<f64>() / second.iter().sum::<f64>();
    println!("words differ by {apart:.3} in ln, all together by {pace:.3}");
    assert!((0.05..0.3).contains(&apart) && (0.93..1.07).contains(&pace), "{apart} {pace}");
}
