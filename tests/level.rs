//! How loud voices are, and that none is cut off at full scale.

use tts_core::{Emotion, Engine, Intensity, Prosody, Settings};

use crate::{all_samples, engine, quick};

/// Not what voices were brought to one level by.
const TEXT: &str = "Help the woman get back to her feet. The salt breeze came across from the sea. We saw a huge dog by the old farm house.";
/// What men say loudest.
const LOUD: &str = "Kick the ball straight and follow through.";

/// RMS of the frames of 10 ms within 20 dB of the loudest, in dB of full scale.
fn level_db(pcm: &[f32]) -> f32 {
    let powers: Vec<f32> =
        pcm.chunks_exact(240).map(|frame| frame.iter().map(|x| x * x).sum::<f32>() / 240.0).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let loud: Vec<f32> = powers.into_iter().filter(|power| *power > 0.01 * loudest).collect();
    10.0 * (loud.iter().sum::<f32>() / loud.len() as f32).log10()
}

#[test]
fn voices_are_as_loud_as_each_other() {
    for card in Engine::shipped_voices().unwrap() {
        let voice = engine().voice(&card.name).unwrap();
        let found = level_db(&all_samples(&voice, TEXT, quick()));
        println!("{}: {found:.1} dB", card.name);
        assert!((found + 23.0).abs() < 2.5, "{}: {found}", card.name);
    }
}

#[test]
fn the_loudest_speech_is_bent_not_cut() {
    let prosody = Prosody::emotion(Emotion::Angry, Intensity::new(1.0).unwrap());
    for name in ["hugo", "felix"] {
        let voice = engine().voice(name).unwrap();
        let pcm = all_samples(&voice, LOUD, Settings { prosody: Some(prosody), ..quick() });
        let peak = pcm.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        println!("{name}: {:.1} dB, peak {peak:.3}", level_db(&pcm));
        // bent at all, and never more than this
        assert!(0.8 < peak && peak <= 0.98, "{peak}");
    }
}
