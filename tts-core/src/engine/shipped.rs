//! The voices that are part of the program.

use crate::error::Error;
use crate::voice::{CardError, VoiceCard, VoiceError, VoiceFile};
use crate::weights::Weights;

/// The voice that is used where none is asked for.
pub(super) const DEFAULT: &str = "kathleen";

pub(super) struct Shipped {
    pub(super) name: &'static str,
    pub(super) card: &'static str,
    pub(super) voice: &'static [u8],
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        /// Every voice in `voices/`, the default one first.
        pub(super) static SHIPPED: &[Shipped] = &[$(Shipped {
            name: $name,
            card: include_str!(concat!("../../../voices/", $name, "/card.toml")),
            voice: include_bytes!(concat!("../../../voices/", $name, "/", $name, ".voice")),
        }),+];
    };
}

shipped!["kathleen", "nora", "ivy", "wren", "arlo", "hugo", "otto", "felix"];

impl Shipped {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        let name = if name == "default" { DEFAULT } else { name };
        SHIPPED.iter().find(|shipped| shipped.name == name)
    }

    /// The voice with its card, whose fields count and not those that the file may have.
    pub(super) fn file(&self) -> Result<VoiceFile, Error> {
        let origin = format!("the voice {}", self.name);
        let weights = Weights::embedded(&origin, self.voice).map_err(VoiceError::from)?;
        Ok(VoiceFile { card: self.card()?, ..VoiceFile::read(&origin, &weights)? })
    }

    pub(super) fn card(&self) -> Result<VoiceCard, CardError> {
        VoiceCard::parse(self.card)
    }
}
