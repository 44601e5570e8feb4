//! A voice from recordings: who speaks is kept, how it was spoken is told apart.
//!
//! In: PCM of one person. Out: a [`Voice`], or a [`Timbre`] beside the prosody of every clip.

use super::engine::Engine;
use super::loaded::Model;
use super::relative::{Habits, relative};
use super::voice::Voice;
use crate::error::Error;
use crate::speaker::{Belief, Clip, Delivery, PromptOptions, PromptReport, SpeakerError, believe, hear};
use crate::units::SampleRate;
use crate::voice::{MeasuredProsody, Prosody, Timbre, VoiceCard, VoiceFile};

/// What recordings of one person tell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reference {
    /// Who speaks. Its pitch is what is believed to be the person's habitual one, never that of the clips; brightness that
    /// is laid to their mood is left out.
    pub timbre: Timbre,
    /// How each clip was spoken, in the order of the clips; `None` where nobody speaks in it. Not part of the timbre.
    pub prosody: Vec<Option<Delivery>>,
    /// The mean of all clips relative to how this person reads aloud: for [`Prosody::like`], where the manner of the clips
    /// is wanted after all.
    pub measured: Option<MeasuredProsody>,
    /// Seconds of all clips that hold a voice.
    pub voiced_seconds: f64,
}

impl Engine {
    /// Whether it can make voices of recordings: asked before they are read.
    ///
    /// # Errors
    /// [`Error::Speaker`]: weights that cannot listen, or those without voice cloning.
    pub fn can_clone(&self) -> Result<(), Error> {
        let loaded = self.loaded();
        match &loaded.model {
            Model::Pocket(pocket) if !pocket.clones => {
                Err(SpeakerError::NoCloning { model: loaded.name.clone() }.into())
            }
            Model::Native(model) if model.speaker_encoder.is_none() => {
                Err(SpeakerError::NoEncoder { model: loaded.name.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// A voice from one recording: mono PCM, full scale at 1, with at least a second of voice. The mood of the recording
    /// is not copied.
    ///
    /// # Errors
    /// [`Error::Speaker`]: weights that cannot listen, too little speech, samples that are not numbers.
    pub fn clone_voice(&self, pcm: &[f32], rate: SampleRate) -> Result<Voice, Error> {
        let clips = [Clip { pcm, rate }];
        if let Model::Pocket(_) = &self.loaded().model {
            return Ok(self.prompt(&clips, PromptOptions::default())?.0);
        }
        let Reference { timbre, measured, .. } = self.listen(&clips)?;
        let (timbre, card) = (self.levelled(timbre)?, VoiceCard::unknown("cloned".to_owned()));
        self.voice_of(VoiceFile { card, timbre, prosody: Prosody::default(), measured })
    }

    /// A voice for a checkpoint of Pocket TTS, from recordings of one person, and what was taken of them. Such a model speaks
    /// as its recording does: by default the calmest parts are taken.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for the native family, whose voices are [`Engine::listen`]'s business; [`Error::Speaker`]:
    /// weights that cannot clone, recordings that cannot be used.
    pub fn prompt(&self, clips: &[Clip<'_>], options: PromptOptions) -> Result<(Voice, PromptReport), Error> {
        let loaded = self.loaded();
        let Model::Pocket(pocket) = &loaded.model else {
            return Err(Error::Unsupported { what: "a voice prompt", family: "the native family, which has timbres" });
        };
        self.can_clone()?;
        let (state, report) = pocket.model.prompt(loaded.isa, loaded.threads, clips, options)?;
        Ok((Voice::of_state(loaded.clone(), pocket.clone(), state, "cloned".to_owned()), report))
    }

    /// Listens to any number of recordings of one person.
    ///
    /// # Errors
    /// As [`Engine::clone_voice`].
    pub fn listen(&self, clips: &[Clip<'_>]) -> Result<Reference, Error> {
        let loaded = self.loaded();
        let Model::Native(model) = &loaded.model else {
            return Err(SpeakerError::NoEncoder { model: loaded.name.clone() }.into());
        };
        let Some(encoder) = &model.speaker_encoder else {
            return Err(SpeakerError::NoEncoder { model: loaded.name.clone() }.into());
        };
        let heard = hear(encoder, loaded.isa, clips)?;
        let log_tract = model.log_tract(loaded.isa, &heard.timbre);
        let Belief { mean_log_f0, excess, calm } = believe(log_tract.into(), &heard.shown());
        let bright = |timbre: &[f32]| model.alpha_ratio(loaded.isa, timbre, &[]);
        let timbre = encoder.drawn(&heard.timbre, log_tract, calm);
        let timbre = model.brightened(loaded.isa, &timbre, bright(&heard.timbre) - excess - bright(&timbre));
        let mut own = model.own(loaded.isa, &heard.timbre, &heard.envelopes.bands, &heard.envelopes.voiced);
        own.iter_mut().for_each(|x| *x *= calm);
        let (prosody, sd_log_f0, voiced_seconds) = (heard.prosody(mean_log_f0), heard.sd_log_f0, heard.voiced_seconds);
        let habits = Habits { sd_log_f0, alpha_ratio: model.alpha_ratio(loaded.isa, &timbre, &own) };
        let measured = relative(&prosody, habits);
        let timbre = Timbre { values: timbre, own, mean_log_f0, sd_log_f0, fingerprint: model.fingerprint };
        Ok(Reference { timbre, prosody, measured, voiced_seconds })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::PathBuf;

    use safetensors::tensor::TensorView;
    use safetensors::{Dtype, SafeTensors, serialize};

    use super::super::EngineOptions;
    use super::*;

    const CONFIG: &str = include_str!("../../../weights/config.toml");
    const WEIGHTS: &[u8] = include_bytes!("../../../weights/model.safetensors");

    /// A folder that is gone with the value.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[derive(Debug, PartialEq)]
    enum Ears {
        None,
        Random,
    }

    /// The shipped model with another encoder or none.
    fn model(ears: Ears) -> Folder {
        let mut config = CONFIG.split("[speaker_encoder]").next().unwrap().to_owned();
        if ears == Ears::Random {
            config += "[speaker_encoder]\ndim = 8\nblocks = 1\nkernel = 3\nexpansion = 2\nbands = 70\n";
        }
        let shipped = SafeTensors::deserialize(WEIGHTS).unwrap();
        let timbre = shipped.tensor("flow_lm.style_proj.weight").unwrap().shape()[1] - 64;
        let mut shapes: Vec<(&str, Vec<usize>)> =
            vec![("blocks.0.dw.weight", vec![8, 1, 3]), ("usual", vec![3, timbre])];
        for name in
            ["blocks.0.dw.bias", "blocks.0.n.weight", "blocks.0.n.bias", "blocks.0.g", "norm.weight", "norm.bias"]
        {
            shapes.push((name, vec![8]));
        }
        let linear = [
            ("input.weight", "input.bias", 72, 8),
            ("blocks.0.a.weight", "blocks.0.a.bias", 8, 16),
            ("blocks.0.b.weight", "blocks.0.b.bias", 16, 8),
            ("attention.0.weight", "attention.0.bias", 8, 8),
            ("attention.1.weight", "attention.1.bias", 8, 8),
            ("timbre.weight", "timbre.bias", 16, timbre),
            ("pitch.0.weight", "pitch.0.bias", 16, 64),
            ("pitch.2.weight", "pitch.2.bias", 64, 2),
        ];
        for (weight, bias, from, to) in linear {
            shapes.push((weight, vec![to, from]));
            shapes.push((bias, vec![to]));
        }
        let values: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
            .into_iter()
            .map(|(name, shape)| {
                let count: usize = shape.iter().product();
                let bytes = (0..count).flat_map(|i| ((i as f32 * 12.9898).sin() * 0.5).to_le_bytes()).collect();
                (format!("speaker_encoder.{name}"), shape, bytes)
            })
            .collect();
        let mut tensors: HashMap<String, TensorView<'_>> = shipped.tensors().into_iter().collect();
        tensors.retain(|name, _| !name.starts_with("speaker_encoder."));
        for (name, shape, bytes) in values.iter().filter(|_| ears == Ears::Random) {
            tensors.insert(name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap());
        }
        let folder = std::env::temp_dir().join(format!("tts-clone-{}-{ears:?}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), config).unwrap();
        std::fs::write(folder.join("model.safetensors"), serialize(tensors, None).unwrap()).unwrap();
        Folder(folder)
    }

    #[test]
    fn a_cloned_voice_speaks_and_holds_nothing_of_the_clip() {
        let folder = model(Ears::Random);
        let engine = Engine::open(&folder.0, EngineOptions::default()).unwrap();
        let shrill: Vec<f32> = (0..2 * 44_100)
            .map(|i| {
                let phase = std::f64::consts::TAU * 330.0 * f64::from(i) / 44_100.0;
                ((1..12).map(|h| (phase * f64::from(h)).sin() / f64::from(h)).sum::<f64>() * 0.1) as f32
            })
            .collect();
        let clip = Clip { pcm: &shrill, rate: SampleRate(44_100) };
        let reference = engine.listen(&[clip, clip]).unwrap();
        assert!((reference.voiced_seconds - 4.0).abs() < 0.1, "{}", reference.voiced_seconds);
        let timbre = &reference.timbre;
        assert_eq!(timbre.fingerprint(), engine.info().fingerprint);
        // the clip's pitch is in its prosody, relative to the habit, and nowhere else
        let prosody = reference.prosody[0].unwrap();
        let clip_hz = timbre.pitch_hz() * 2f32.powf(prosody.pitch_level / 12.0);
        assert!((clip_hz - 330.0).abs() < 1.0, "{clip_hz}");
        // found: 317
        assert!((timbre.pitch_hz() - 330.0).abs() > 10.0, "{}", timbre.pitch_hz());

        // several clips are believed a little more than one
        let timbre = engine.listen(&[clip]).unwrap().timbre;
        let voice = engine.clone_voice(&shrill, clip.rate).unwrap();
        let worst = voice
            .timbre()
            .unwrap()
            .values()
            .iter()
            .zip(timbre.values())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-5, "{worst}");
        let mut samples = 0;
        for chunk in voice.speak("Hello.").unwrap() {
            samples += chunk.unwrap().samples().len();
        }
        assert!(samples > 6_000, "{samples}");
        let error = engine.clone_voice(&[0.0; 24_000], SampleRate(24_000)).unwrap_err().to_string();
        assert!(error.contains("expected at least 1.0 s"), "{error}");
    }

    #[test]
    fn weights_without_ears_say_so() {
        let folder = model(Ears::None);
        let engine = Engine::open(&folder.0, EngineOptions::default()).unwrap();
        let error = engine.clone_voice(&[0.0; 100], SampleRate(24_000)).unwrap_err();
        assert!(matches!(error, Error::Speaker(SpeakerError::NoEncoder { .. })));
        assert!(error.to_string().starts_with("these weights have no speaker encoder"), "{error}");
    }
}
