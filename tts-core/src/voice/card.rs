//! card.toml: what a person should know of a voice before using it.

use serde::Deserialize;

/// Longest card that is read, in bytes.
const CARD_MAX: usize = 64 << 10;

/// Name, licence and origin of a voice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceCard {
    /// Name by which the voice is asked for.
    pub name: String,
    /// BCP 47 language tag: `en-US`.
    pub language: String,
    /// How listeners hear the voice: `woman`, `man`.
    pub gender: String,
    /// SPDX identifier of the voice's licence.
    pub licence: String,
    /// One line about the sound.
    pub description: String,
    /// Whom to name, and where the recordings come from.
    pub attribution: String,
    /// On what ground the voice may be used.
    pub consent: String,
}

/// Why a card was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("voice card: {what}")]
pub struct CardError {
    /// What is wrong.
    pub what: String,
}

impl VoiceCard {
    /// The card of a voice of which only the name is known.
    #[must_use]
    pub fn unknown(name: String) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            name,
            language: unknown(),
            gender: unknown(),
            licence: unknown(),
            description: unknown(),
            attribution: unknown(),
            consent: unknown(),
        }
    }

    /// Parses a card.
    ///
    /// # Errors
    /// [`CardError`] if a field is missing, unknown or of another type.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if text.len() > CARD_MAX {
            return Err(CardError { what: format!("{} bytes long, expected at most {CARD_MAX}", text.len()) });
        }
        toml::from_str(text).map_err(|error| CardError { what: error.to_string() })
    }
}
