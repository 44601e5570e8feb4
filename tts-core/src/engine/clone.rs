//! A voice from recordings: who speaks is kept, how it was spoken is told apart.
//!
//! In: PCM of one person. Out: a [`Voice`], or a [`Timbre`] beside the prosody of every clip.

use super::engine::Engine;
use super::voice::Voice;
use crate::error::Error;
use crate::speaker::{Clip, Heard, MeasuredProsody, SpeakerError, hear};
use crate::units::SampleRate;
use crate::voice::{Timbre, VoiceCard};

/// What recordings of one person tell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reference {
    /// Who speaks. Its pitch is the person's habitual one, as the encoder believes it to be; never that of the clips.
    pub timbre: Timbre,
    /// How each clip was spoken, in the order of the clips; `None` where nobody speaks in it. Not part of the timbre.
    pub prosody: Vec<Option<MeasuredProsody>>,
    /// Seconds of all clips that hold a voice.
    pub voiced_seconds: f64,
}

impl Engine {
    /// A voice from one recording: mono PCM, full scale at 1, with at least a second of voice. The mood of the recording
    /// is not copied.
    ///
    /// # Errors
    /// [`Error::Speaker`]: weights that cannot listen, too little speech, samples that are not numbers.
    pub fn clone_voice(&self, pcm: &[f32], rate: SampleRate) -> Result<Voice, Error> {
        Ok(self.bind(self.listen(&[Clip { pcm, rate }])?.timbre, VoiceCard::unknown("cloned".to_owned())))
    }

    /// Listens to any number of recordings of one person.
    ///
    /// # Errors
    /// As [`Engine::clone_voice`].
    pub fn listen(&self, clips: &[Clip<'_>]) -> Result<Reference, Error> {
        let loaded = self.loaded();
        let Some(encoder) = &loaded.model.speaker_encoder else {
            return Err(SpeakerError::NoEncoder { model: loaded.model.config.name.clone() }.into());
        };
        let Heard { timbre, mean_log_f0, sd_log_f0, voiced_seconds, prosody } = hear(encoder, loaded.isa, clips)?;
        let timbre = Timbre { values: timbre, mean_log_f0, sd_log_f0, fingerprint: loaded.model.fingerprint };
        Ok(Reference { timbre, prosody, voiced_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EngineOptions;

    #[test]
    fn weights_without_ears_say_so() {
        let engine = Engine::embedded(EngineOptions::default()).unwrap();
        let error = engine.clone_voice(&[0.0; 100], SampleRate(24_000)).unwrap_err();
        assert!(matches!(error, Error::Speaker(SpeakerError::NoEncoder { .. })));
        assert!(error.to_string().starts_with("these weights have no speaker encoder"), "{error}");
    }
}
