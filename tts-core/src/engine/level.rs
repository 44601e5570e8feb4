//! How loud a voice speaks: as loud as any other.
//!
//! A person is heard at one level, whatever the recording's, but how loud the model speaks with a timbre is the model's doing: by
//! what it says of a sentence that is found and taken back.

use super::engine::Engine;
use super::loaded::Model;
use super::request::{Sampling, Settings, SynthesisRequest};
use crate::error::Error;
use crate::speaker::spoken_db;
use crate::units::Seed;
use crate::voice::{Prosody, Timbre, VoiceCard, VoiceFile};

/// What is said to hear it: of sixteen sentences one of the three whose level is nearest to that of all of them, whoever speaks (0.45 dB).
const SAID: &str = "The boy was there when the sun rose.";
/// RMS of speech without pauses, dB of full scale: -26 LUFS, more or less. Louder, and an angry voice reaches full scale in every syllable.
const LEVEL_DB: f32 = -23.0;

impl Engine {
    /// The same speaker, speaking as loud as all voices do. Takes as long as a sentence does. For timbres of
    /// [`Engine::listen`]; one of weights that know no kinds of sound stays as it is.
    ///
    /// # Errors
    /// [`VoiceError::OtherModel`](crate::VoiceError::OtherModel) if other weights made the timbre.
    pub fn levelled(&self, mut timbre: Timbre) -> Result<Timbre, Error> {
        let Model::Native(model) = &self.loaded().model else { return Ok(timbre) };
        let card = VoiceCard::unknown("levelled".to_owned());
        let file = VoiceFile { card, timbre: timbre.clone(), prosody: Prosody::default(), measured: None };
        let sampling = Sampling { seed: Seed(0), ..Sampling::default() };
        let request = SynthesisRequest::new(SAID, Settings { sampling, ..Settings::default() });
        let mut pcm = Vec::new();
        for chunk in self.voice_of(file)?.speak(request)? {
            pcm.extend_from_slice(chunk?.samples());
        }
        if let Some(found) = spoken_db(&pcm) {
            model.louder(&mut timbre.own, LEVEL_DB - found);
        }
        Ok(timbre)
    }
}

#[cfg(test)]
mod tests {
    use super::super::EngineOptions;
    use super::*;

    /// A level that was lost is found again.
    #[test]
    fn a_timbre_is_brought_to_the_level_of_all() {
        let engine = Engine::embedded(EngineOptions::default()).unwrap();
        let VoiceFile { timbre, .. } = Engine::shipped_voice("arlo").unwrap();
        let usual = engine.levelled(timbre.clone()).unwrap();
        for db in [-14.0, 6.0] {
            let mut moved = timbre.clone();
            let Model::Native(model) = &engine.loaded().model else { panic!("the shipped model is native") };
            model.louder(&mut moved.own, db);
            let found = engine.levelled(moved).unwrap();
            let off = found.own.iter().zip(&usual.own).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            println!("{db} dB: off by {:.2} dB", off * 17.4);
            // observed 0.1 dB: what was louder was bent more
            assert!(off < 0.03, "{db} dB: {off}");
            assert_eq!(Timbre { own: usual.own.clone(), ..found }, usual);
        }
    }
}
