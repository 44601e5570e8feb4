//! The `.voice` file: a safetensors container with one timbre and what should be known of it (docs/VOICES.md).
//!
//! Tensors, all F32: `timbre` `[n]`, `pitch` `[2]` (mean and standard deviation of ln F0), and if it is known `own` `[m]`, what the speaker has of their
//! own in each kind of sound. Metadata of version 2: `format`,
//! `version`, `encoder` (fingerprint of the weights that read the timbre), the fields of the card, `prosody.NAME` for
//! every control that is not neutral, `measured.NAME` for all eight measures of the recording or none. Version 1 has
//! `model` for `encoder`, a `name`, and nothing else. Everything in a file is a stranger's: sizes, numbers and texts are
//! checked, what is not known is refused.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::prosody::{MeasuredProsody, Prosody};
use crate::units::Fingerprint;
use crate::voice::{CardError, Timbre, VoiceCard};
use crate::weights::{Weights, WeightsError, write_whole};

const FORMAT: &str = "tts-voice";
/// A file of version 1 is no longer than this, whatever its model.
const FILE_MAX: usize = 1 << 20;
/// A file of version 2.
const BYTES_MAX: usize = 8 << 10;
/// A text of the card, in bytes.
const TEXT_MAX: usize = 1000;
/// Size of one number of a timbre.
const VALUE_MAX: f32 = 100.0;
/// Size of what a speaker has of their own: 35 dB.
const OWN_MAX: f32 = 2.0;
/// Size of a measure.
const MEASURE_MAX: f32 = 1000.0;
/// ln of 20 Hz to 2 kHz.
const LOG_F0: (f32, f32) = (3.0, 7.6);
const SD_LOG_F0: (f32, f32) = (0.0, 2.0);

/// Why a voice was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// No shipped voice of that name.
    #[error("there is no voice '{name}'; shipped are: {}; a file must end in .voice", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The container cannot be read.
    #[error(transparent)]
    Container(#[from] WeightsError),
    /// The card beside a file of version 1 was refused.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A readable container with something else in it.
    #[error("{origin} is not a voice file: {what}")]
    Format {
        /// Which file.
        origin: String,
        /// What was found and what was expected.
        what: String,
    },
    /// A voice that another model made.
    #[error("{origin} was made for the model {found}, this one is {expected}; clone the voice again with this model")]
    OtherModel {
        /// Which file.
        origin: String,
        /// Fingerprint of the model in use.
        expected: Fingerprint,
        /// Fingerprint in the file.
        found: Fingerprint,
    },
    /// A voice of the native family for a checkpoint of Pocket TTS.
    #[error(
        "{origin} is a voice of the built-in family, {model} is a model of Pocket TTS; give a voice made for it: a \
         .safetensors file, or one that `tts clone --model` makes of a recording"
    )]
    OtherFamily {
        /// Which voice.
        origin: String,
        /// Which model.
        model: String,
    },
    /// A voice that cannot be put into a file.
    #[error("the voice cannot be written: {what}")]
    Unwritable {
        /// What is too long or out of range, and what was expected.
        what: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Voices that cannot be mixed.
    #[error("the voices cannot be mixed: {what}")]
    Mix {
        /// What stands in the way.
        what: String,
    },
}

/// All that a `.voice` file says. It can be read without a model; an engine takes it if its encoder is the engine's own.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceFile {
    /// What a person should know.
    pub card: VoiceCard,
    /// Who speaks.
    pub timbre: Timbre,
    /// How it speaks where a request does not choose.
    pub prosody: Prosody,
    /// How the recording was spoken; used only where it is asked for.
    pub measured: Option<MeasuredProsody>,
}

impl VoiceFile {
    /// Reads a file. Beside one of version 1 a `card.toml` is read too.
    ///
    /// # Errors
    /// [`VoiceError`] names the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, VoiceError> {
        let origin = path.display().to_string();
        let io = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(path).map_err(io)?.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        let container = container(&origin, bytes)?;
        let mut file = Self::read(&origin, &container)?;
        if container.metadata("version") == Some("1") {
            if let Ok(text) = std::fs::read_to_string(path.with_file_name("card.toml")) {
                file.card = VoiceCard::parse(&text)?;
            } else if file.card.name.is_empty() {
                file.card.name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            }
        }
        Ok(file)
    }

    /// Reads the bytes of a file; `origin` stands for it in messages.
    ///
    /// # Errors
    /// As [`VoiceFile::open`].
    pub fn from_bytes(origin: &str, bytes: Vec<u8>) -> Result<Self, VoiceError> {
        Self::read(origin, &container(origin, bytes)?)
    }

    pub(crate) fn read(origin: &str, file: &Weights) -> Result<Self, VoiceError> {
        reader::Reader { origin, file }.read()
    }

    /// Whether a model with `fingerprint`, `channels` timbre channels and `own` numbers for all kinds of sound can speak with it.
    ///
    /// # Errors
    /// [`VoiceError::OtherModel`]; [`VoiceError::Format`] if the file lies about its model.
    pub(crate) fn check(
        &self,
        origin: &str,
        expected: Fingerprint,
        channels: usize,
        own: usize,
    ) -> Result<(), VoiceError> {
        let (origin, found) = (origin.to_owned(), self.timbre.fingerprint);
        if found != expected {
            return Err(VoiceError::OtherModel { origin, expected, found });
        }
        let length = self.timbre.values.len();
        if length != channels {
            let what = format!("its timbre has {length} numbers, expected {channels} for this model");
            return Err(VoiceError::Format { origin, what });
        }
        let found = self.timbre.own.len();
        if found != 0 && found != own {
            let what = format!("its kinds of sound have {found} numbers, expected {own} for this model");
            return Err(VoiceError::Format { origin, what });
        }
        Ok(())
    }

    /// The bytes of a file of version 2; the same voice gives the same bytes.
    ///
    /// # Errors
    /// [`VoiceError::Unwritable`] if a text is too long or a number could not be read back.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VoiceError> {
        let fail = |what: String| VoiceError::Unwritable { what };
        for (key, text) in card_texts(&self.card) {
            check_text(key, text).map_err(fail)?;
        }
        let Timbre { values, own, mean_log_f0, sd_log_f0, fingerprint } = &self.timbre;
        check_numbers(values, own, [*mean_log_f0, *sd_log_f0]).map_err(fail)?;

        let mut metadata: Vec<(String, String)> = vec![
            ("encoder".to_owned(), fingerprint.to_string()),
            ("format".to_owned(), FORMAT.to_owned()),
            ("version".to_owned(), "2".to_owned()),
        ];
        metadata.extend(card_texts(&self.card).map(|(key, text)| (key.to_owned(), text.to_owned())));
        let neutral = Prosody::default().values();
        let changed = self.prosody.values().into_iter().zip(neutral).filter(|(value, neutral)| value != neutral);
        metadata.extend(changed.map(|((name, value), _)| (format!("prosody.{name}"), value.to_string())));
        for (name, value) in self.measured.iter().flat_map(|all| MeasuredProsody::NAMES.into_iter().zip(all.values())) {
            if !measure_is_good(value) {
                return Err(fail(format!("the measure {name} is {value}, expected -{MEASURE_MAX} to {MEASURE_MAX}")));
            }
            metadata.push((format!("measured.{name}"), value.to_string()));
        }
        metadata.sort();

        let metadata: Vec<String> =
            metadata.iter().map(|(key, text)| format!("\"{key}\":\"{}\"", escaped(text))).collect();
        let pitch = [*mean_log_f0, *sd_log_f0];
        let mut header = format!(r#"{{"__metadata__":{{{}}}"#, metadata.join(","));
        let mut data: Vec<u8> = Vec::new();
        for (name, numbers) in [("own", &own[..]), ("pitch", &pitch), ("timbre", values)] {
            if numbers.is_empty() {
                continue;
            }
            let (from, count) = (data.len(), numbers.len());
            data.extend(numbers.iter().flat_map(|value| value.to_le_bytes()));
            let to = data.len();
            header += &format!(r#","{name}":{{"dtype":"F32","shape":[{count}],"data_offsets":[{from},{to}]}}"#);
        }
        header.push('}');
        // tensors begin at a multiple of eight
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend(data);
        if bytes.len() > BYTES_MAX {
            return Err(fail(format!(
                "it takes {} bytes, expected at most {BYTES_MAX}; shorten its texts",
                bytes.len()
            )));
        }
        Ok(bytes)
    }

    /// Writes a file of version 2, over any that is there.
    ///
    /// # Errors
    /// As [`VoiceFile::to_bytes`]; [`VoiceError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), VoiceError> {
        let bytes = self.to_bytes()?;
        write_whole(path, |file| file.write_all(&bytes))
            .map_err(|source| VoiceError::Write { path: path.to_owned(), source })
    }
}

fn container(origin: &str, bytes: Vec<u8>) -> Result<Weights, VoiceError> {
    if bytes.len() > FILE_MAX {
        let what = format!("longer than {FILE_MAX} bytes");
        return Err(VoiceError::Format { origin: origin.to_owned(), what });
    }
    Ok(Weights::from_bytes(origin, bytes)?)
}

/// The card's fields by name.
fn card_texts(card: &VoiceCard) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("name", &*card.name),
        ("language", &*card.language),
        ("gender", &*card.gender),
        ("licence", &*card.licence),
        ("description", &*card.description),
        ("attribution", &*card.attribution),
        ("consent", &*card.consent),
    ]
    .into_iter()
}

fn check_text(key: &str, text: &str) -> Result<(), String> {
    if text.len() > TEXT_MAX {
        return Err(format!("its '{key}' has {} bytes, expected at most {TEXT_MAX}", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("its '{key}' holds a control character, expected one line of text"));
    }
    Ok(())
}

fn check_numbers(timbre: &[f32], own: &[f32], [mean, deviation]: [f32; 2]) -> Result<(), String> {
    if let Some(value) = own.iter().find(|value| !(-OWN_MAX..=OWN_MAX).contains(*value)) {
        return Err(format!("a number of its kinds of sound is {value}, expected -{OWN_MAX} to {OWN_MAX}"));
    }
    if let Some(value) = timbre.iter().find(|value| !(-VALUE_MAX..=VALUE_MAX).contains(*value)) {
        return Err(format!("a timbre value is {value}, expected -{VALUE_MAX} to {VALUE_MAX}"));
    }
    let within = |value: f32, (low, high): (f32, f32)| (low..=high).contains(&value);
    if !within(mean, LOG_F0) || !within(deviation, SD_LOG_F0) {
        return Err(format!(
            "its pitch is {mean} and {deviation}, expected ln Hz {} to {} and a deviation of {} to {}",
            LOG_F0.0, LOG_F0.1, SD_LOG_F0.0, SD_LOG_F0.1
        ));
    }
    Ok(())
}

fn measure_is_good(value: f32) -> bool {
    (-MEASURE_MAX..=MEASURE_MAX).contains(&value)
}

/// A checked text as JSON has it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

mod reader;
#[cfg(test)]
mod tests;
