//! From the container of a voice file to what it says: every field checked, nothing passed over.

use super::{
    BYTES_MAX, FORMAT, MEASURE_MAX, VoiceError, VoiceFile, card_texts, check_numbers, check_text, measure_is_good,
};
use crate::units::Fingerprint;
use crate::voice::controls::RangeError;
use crate::voice::{MeasuredProsody, Overrides, Prosody, Timbre, VoiceCard};
use crate::weights::{Weights, WeightsError};

/// Numbers of a timbre, or of its kinds of sound.
const CHANNELS_MAX: usize = 1 << 14;

/// A file on its way to a [`VoiceFile`].
pub(super) struct Reader<'f> {
    pub(super) origin: &'f str,
    pub(super) file: &'f Weights,
}

impl Reader<'_> {
    fn fail(&self, what: String) -> VoiceError {
        VoiceError::Format { origin: self.origin.to_owned(), what }
    }

    pub(super) fn read(&self) -> Result<VoiceFile, VoiceError> {
        if self.text("format").ok().as_deref() != Some(FORMAT) {
            let found = shown(self.file.metadata("format").unwrap_or(""));
            return Err(self.fail(format!("its 'format' is '{found}', expected '{FORMAT}'")));
        }
        let (card, encoder, prosody, measured) = match self.file.metadata("version") {
            Some("1") => (self.card_1()?, "model", Prosody::default(), None),
            Some("2") => {
                let bytes = self.file.size();
                if bytes > BYTES_MAX {
                    return Err(self.fail(format!("it has {bytes} bytes, expected at most {BYTES_MAX}")));
                }
                self.check_keys()?;
                (self.card_2()?, "encoder", self.prosody()?, self.measured()?)
            }
            found => {
                let found = shown(found.unwrap_or(""));
                return Err(self.fail(format!("its 'version' is '{found}', expected '1' or '2'")));
            }
        };
        let fingerprint = self.text(encoder)?;
        let fingerprint = fingerprint
            .parse::<Fingerprint>()
            .map_err(|_| self.fail(format!("its '{encoder}' is '{fingerprint}', expected 16 hexadecimal digits")))?;
        let channels = match self.file.shape("timbre") {
            Some(&[channels]) if (1..=CHANNELS_MAX).contains(&channels) => channels,
            Some(found) => {
                return Err(
                    self.fail(format!("its timbre has the shape {found:?}, expected 1 to {CHANNELS_MAX} numbers"))
                );
            }
            None => {
                return Err(WeightsError::Missing { origin: self.origin.to_owned(), name: "timbre".to_owned() }.into());
            }
        };
        let values = self.file.root().tensor("timbre", [channels])?.to_f32()?;
        let own = match self.file.shape("own") {
            Some(&[numbers]) if (1..=CHANNELS_MAX).contains(&numbers) => {
                self.file.root().tensor("own", [numbers])?.to_f32()?
            }
            Some(found) => {
                return Err(self.fail(format!(
                    "its kinds of sound have the shape {found:?}, expected 1 to {CHANNELS_MAX} numbers"
                )));
            }
            None => Vec::new(),
        };
        let pitch = self.file.root().tensor("pitch", [2])?.to_f32()?;
        self.file.finish()?;
        check_numbers(&values, &own, [pitch[0], pitch[1]]).map_err(|what| self.fail(what))?;
        let timbre = Timbre { values, own, mean_log_f0: pitch[0], sd_log_f0: pitch[1], fingerprint };
        Ok(VoiceFile { card, timbre, prosody, measured })
    }

    /// A text of the metadata.
    fn text(&self, key: &str) -> Result<String, VoiceError> {
        let text = self.file.metadata(key).ok_or_else(|| self.fail(format!("it has no '{key}'")))?;
        check_text(key, text).map_err(|what| self.fail(what))?;
        Ok(text.to_owned())
    }

    fn card_1(&self) -> Result<VoiceCard, VoiceError> {
        let name = if self.file.metadata("name").is_some() { self.text("name")? } else { String::new() };
        Ok(VoiceCard::unknown(name))
    }

    fn card_2(&self) -> Result<VoiceCard, VoiceError> {
        Ok(VoiceCard {
            name: self.text("name")?,
            language: self.text("language")?,
            gender: self.text("gender")?,
            licence: self.text("licence")?,
            description: self.text("description")?,
            attribution: self.text("attribution")?,
            consent: self.text("consent")?,
        })
    }

    fn check_keys(&self) -> Result<(), VoiceError> {
        let card = VoiceCard::unknown(String::new());
        let known = |key: &str| {
            matches!(key, "format" | "version" | "encoder")
                || card_texts(&card).any(|(name, _)| name == key)
                || key.strip_prefix("prosody.").is_some_and(|name| Overrides::NAMES.contains(&name))
                || key.strip_prefix("measured.").is_some_and(|name| MeasuredProsody::NAMES.contains(&name))
        };
        let mut unknown: Vec<&str> = self.file.metadata_keys().filter(|key| !known(key)).collect();
        unknown.sort_unstable();
        match unknown.first() {
            Some(key) => Err(self.fail(format!("'{}' is not a field of version 2", shown(key)))),
            None => Ok(()),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f32>, VoiceError> {
        let Some(text) = self.file.metadata(key) else { return Ok(None) };
        let plain = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        match text.parse() {
            Ok(value) if plain => Ok(Some(value)),
            _ => Err(self.fail(format!("its '{key}' is '{}', expected a number", shown(text)))),
        }
    }

    fn prosody(&self) -> Result<Prosody, VoiceError> {
        let mut controls = Overrides::default();
        for name in Overrides::NAMES {
            let Some(value) = self.number(&format!("prosody.{name}"))? else { continue };
            if let Some(Err(RangeError { low, high, .. })) = controls.set(name, value) {
                return Err(self.fail(format!("its 'prosody.{name}' is {value}, expected {low} to {high}")));
            }
        }
        Ok(controls.over(Prosody::default()))
    }

    fn measured(&self) -> Result<Option<MeasuredProsody>, VoiceError> {
        let mut values = [0.0; MeasuredProsody::NAMES.len()];
        let mut found = 0;
        for (place, name) in values.iter_mut().zip(MeasuredProsody::NAMES) {
            let Some(value) = self.number(&format!("measured.{name}"))? else { continue };
            if !measure_is_good(value) {
                return Err(self.fail(format!("its 'measured.{name}' is {value}, expected up to {MEASURE_MAX}")));
            }
            *place = value;
            found += 1;
        }
        match found {
            0 => Ok(None),
            n if n == values.len() => Ok(Some(MeasuredProsody::from_values(values))),
            n => Err(self.fail(format!("it has {n} of {} 'measured.' fields, expected all or none", values.len()))),
        }
    }
}

/// A stranger's text for a message.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
