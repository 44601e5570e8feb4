//! How precisely each part of a checkpoint keeps its weights once loaded.
//!
//! Only what is large is asked for by name: what a transformer, the head and the codec multiply with. Inputs and outputs of the
//! networks, norms, scales, tables and biases stay as the file has them: they are a hundredth of the bytes, and the first to be
//! heard.

use std::fmt;
use std::str::FromStr;

use crate::kernels::Storage;
use crate::weights::StorageRule;

/// How weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// As the file has them.
    #[default]
    Stored,
    /// 4 bytes.
    F32,
    /// 2 bytes, with 8 bits of precision.
    Bf16,
    /// 1 byte, with a scale for 32 weights of an output.
    Int8,
    /// 1 byte in language models of 1024 channels and more, 2 in narrower ones: they weigh little, and lose more.
    Small,
}

/// Channels of a language model whose weights are so many that reading them is what takes time.
const WIDE: usize = 1024;

/// The precision of each part of Pocket TTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct PocketPrecision {
    /// The transformer that makes hidden vectors of text and latents.
    pub lm: Precision,
    /// The head that makes latents of them.
    pub head: Precision,
    /// Latents to sound.
    pub decoder: Precision,
    /// Sound to latents: of a voice prompt.
    pub encoder: Precision,
}

impl Precision {
    /// In a language model of so many channels.
    fn storage(self, width: usize) -> Option<Storage> {
        match self {
            Self::Small if width < WIDE => Some(Storage::Bf16),
            Self::Stored => None,
            Self::F32 => Some(Storage::F32),
            Self::Bf16 => Some(Storage::Bf16),
            Self::Int8 | Self::Small => Some(Storage::Int8),
        }
    }
}

/// No precision has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown precision '{0}': expected stored, f32, bf16, int8 or small, or four of these for language model, head, decoder, encoder"
)]
pub struct PrecisionError(String);

impl FromStr for Precision {
    type Err = PrecisionError;

    /// `stored`, `f32`, `bf16`, `int8` or `small`.
    fn from_str(name: &str) -> Result<Self, PrecisionError> {
        match name {
            "stored" => Ok(Self::Stored),
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "int8" => Ok(Self::Int8),
            "small" => Ok(Self::Small),
            _ => Err(PrecisionError(name.to_owned())),
        }
    }
}

impl fmt::Display for Precision {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "stored",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Small => "small",
        })
    }
}

impl fmt::Display for PocketPrecision {
    /// As it is read, in its shortest form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lm, head, decoder, encoder } = *self;
        if *self == Self::SMALL {
            return f.write_str("small");
        }
        if *self == Self::all(lm) && lm != Precision::Small {
            return lm.fmt(f);
        }
        write!(f, "{lm},{head},{decoder},{encoder}")
    }
}

impl FromStr for PocketPrecision {
    type Err = PrecisionError;

    /// `small`, one precision for all, or four with commas: language model, head, decoder, encoder.
    fn from_str(text: &str) -> Result<Self, PrecisionError> {
        if text == "small" {
            return Ok(Self::SMALL);
        }
        let parts = text.split(',').map(str::parse).collect::<Result<Vec<Precision>, _>>()?;
        match parts[..] {
            [all] => Ok(Self::all(all)),
            [lm, head, decoder, encoder] => Ok(Self { lm, head, decoder, encoder }),
            _ => Err(PrecisionError(text.to_owned())),
        }
    }
}

impl PocketPrecision {
    /// 8 bits where most weights are, in the decoder and in the language model if it is large; 16 where little is saved and much
    /// would be heard, in the head and in the encoder, which a voice is made of once. Sound from the same noise stays 30 dB and more above what is lost
    /// (docs/SPEED.md).
    pub const SMALL: Self =
        Self { lm: Precision::Small, head: Precision::Bf16, decoder: Precision::Int8, encoder: Precision::Bf16 };

    /// All parts alike.
    #[must_use]
    pub const fn all(precision: Precision) -> Self {
        Self { lm: precision, head: precision, decoder: precision, encoder: precision }
    }

    /// For [`Weights::stored_by`](crate::weights::Weights::stored_by), of a model whose language model has `width` channels.
    pub(crate) fn rules(self, width: usize) -> Vec<StorageRule> {
        let Self { lm, head, decoder, encoder } = self;
        let parts = [
            ("flow_lm.transformer.", lm),
            ("flow_lm.flow_net.cond_embed.", head),
            ("flow_lm.flow_net.res_blocks.", head),
            ("mimi.decoder_transformer.", decoder),
            ("mimi.decoder.", decoder),
            ("mimi.encoder_transformer.", encoder),
            ("mimi.encoder.", encoder),
            ("mimi.downsample.", encoder),
        ];
        let rule = |prefix, precision: Precision| StorageRule { prefix, storage: precision.storage(width) };
        // in a file of one half, names have not its prefix
        let bare = |prefix: &'static str| prefix.split_once('.').map_or(prefix, |(_, bare)| bare);
        parts.iter().flat_map(|&(prefix, p)| [rule(prefix, p), rule(bare(prefix), p)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!("int8".parse(), Ok(PocketPrecision::all(Precision::Int8)));
        assert_eq!("small,bf16,int8,bf16".parse(), Ok(PocketPrecision::SMALL));
        assert_eq!("small".parse(), Ok(PocketPrecision::SMALL));
        let mixed = PocketPrecision { decoder: Precision::F32, ..PocketPrecision::all(Precision::Bf16) };
        assert_eq!("bf16,bf16,f32,bf16".parse(), Ok(mixed));
        for text in ["stored", "f32", "bf16", "int8", "small", "bf16,bf16,f32,bf16", "small,small,small,small"] {
            assert_eq!(text.parse::<PocketPrecision>().map(|precision| precision.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["", "int4", "int8,int8", "int8,"] {
            assert!(wrong.parse::<PocketPrecision>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn narrow_language_models_keep_more() {
        let of_lm = |width: usize| PocketPrecision::SMALL.rules(width)[0].storage;
        assert_eq!([of_lm(1024), of_lm(512)], [Some(Storage::Int8), Some(Storage::Bf16)]);
    }
}
