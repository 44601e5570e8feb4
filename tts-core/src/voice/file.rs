//! The `.voice` file: a safetensors container with one timbre.
//!
//! Tensors: `timbre` `[n]`, `pitch` `[2]` (mean and standard deviation of ln F0), both F32. Metadata: `format` =
//! `tts-voice`, `version` = `1`, `name`, and `model`, the fingerprint of the weights that read the timbre.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::units::Fingerprint;
use crate::voice::Timbre;
use crate::weights::{Weights, WeightsError};

const FORMAT: &str = "tts-voice";
const VERSION: &str = "1";
/// A voice is a few hundred bytes; more than this is something else.
const FILE_MAX: u64 = 1 << 20;
/// ln of 20 Hz to 2 kHz.
const LOG_F0: std::ops::RangeInclusive<f32> = 3.0..=7.6;

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
        found: String,
    },
}

impl Timbre {
    /// Reads a voice file made for the model with `fingerprint` and `channels` timbre channels.
    ///
    /// # Errors
    /// [`VoiceError`].
    pub(crate) fn open(path: &Path, fingerprint: Fingerprint, channels: usize) -> Result<Self, VoiceError> {
        let origin = path.display().to_string();
        let io = |source| WeightsError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let mut bytes = Vec::new();
        file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > FILE_MAX {
            let what = format!("longer than {FILE_MAX} bytes");
            return Err(VoiceError::Format { origin, what });
        }
        let file = Weights::from_bytes(&origin, bytes)?;
        Self::read(&origin, &file, fingerprint, channels)
    }

    pub(crate) fn read(
        origin: &str,
        file: &Weights,
        fingerprint: Fingerprint,
        channels: usize,
    ) -> Result<Self, VoiceError> {
        let fail = |what: String| VoiceError::Format { origin: origin.to_owned(), what };
        let expect = |key: &str, expected: &str| match file.metadata(key) {
            Some(found) if found == expected => Ok(()),
            found => Err(fail(format!("its '{key}' is '{}', expected '{expected}'", found.unwrap_or("")))),
        };
        expect("format", FORMAT)?;
        expect("version", VERSION)?;
        let found = file.metadata("model").unwrap_or("");
        if found != fingerprint.to_string() {
            return Err(VoiceError::OtherModel {
                origin: origin.to_owned(),
                expected: fingerprint,
                found: found.chars().filter(|c| !c.is_control()).take(32).collect(),
            });
        }
        let values = file.root().tensor("timbre", [channels])?.to_f32()?;
        let pitch = file.root().tensor("pitch", [2])?.to_f32()?;
        file.finish()?;
        if let Some(value) = values.iter().find(|v| v.abs() > 100.0) {
            return Err(fail(format!("a timbre value is {value}, expected -100 to 100")));
        }
        if !LOG_F0.contains(&pitch[0]) || !(0.0..=2.0).contains(&pitch[1]) {
            return Err(fail(format!("its pitch is {pitch:?}, expected ln Hz {LOG_F0:?} and a deviation of 0 to 2")));
        }
        Ok(Self { values, mean_log_f0: pitch[0], sd_log_f0: pitch[1], fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: Fingerprint = Fingerprint(0x1234);

    fn voice(metadata: &str, timbre: [f32; 2], pitch: [f32; 2]) -> Result<Timbre, VoiceError> {
        let header = format!(
            r#"{{"__metadata__":{{{metadata}}},"timbre":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"pitch":{{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}}}"#
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend(timbre.iter().chain(&pitch).flat_map(|v| v.to_le_bytes()));
        Timbre::read("x.voice", &Weights::from_bytes("x.voice", bytes)?, MODEL, 2)
    }

    const GOOD: &str = r#""format":"tts-voice","version":"1","name":"x","model":"0000000000001234""#;

    #[test]
    fn a_good_file_is_read() {
        let timbre = voice(GOOD, [0.5, -0.5], [5.0, 0.2]).unwrap();
        assert_eq!((timbre.values(), timbre.fingerprint()), (&[0.5, -0.5][..], MODEL));
    }

    #[test]
    fn others_are_refused_by_name() {
        let cases = [
            (GOOD.replace("tts-voice", "else"), [0.0; 2], [5.0, 0.2], "its 'format' is 'else'"),
            (GOOD.replace("\"1\"", "\"2\""), [0.0; 2], [5.0, 0.2], "its 'version' is '2'"),
            (GOOD.replace("1234", "ffff"), [0.0; 2], [5.0, 0.2], "made for the model 000000000000ffff"),
            (GOOD.to_owned(), [1e9, 0.0], [5.0, 0.2], "a timbre value is"),
            (GOOD.to_owned(), [0.0; 2], [500.0, 0.2], "its pitch is"),
            (GOOD.to_owned(), [f32::NAN, 0.0], [5.0, 0.2], "not finite"),
        ];
        for (metadata, timbre, pitch, expected) in cases {
            let error = voice(&metadata, timbre, pitch).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("x.voice"), "{error}");
        }
    }
}
