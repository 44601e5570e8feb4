//! Rate, pitch and pauses, measured on the sound.

use tts_core::{PauseScale, Prosody, Rate, Semitones, Settings};

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
