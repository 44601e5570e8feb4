//! The voices that are part of the program.

use crate::voice::{CardError, VoiceCard};

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

    pub(super) fn card(&self) -> Result<VoiceCard, CardError> {
        VoiceCard::parse(self.card)
    }
}
