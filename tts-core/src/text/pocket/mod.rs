//! Text as Pocket TTS takes it: prepared as its training text was, cut into chunks, and read as token ids.
//!
//! Mirrors `models/text_chunking.py` and `modules/text_conditioner.py` of the reference, pocket-tts 4.0.1.
//! May import: nothing outside `text`.

mod json_file;
mod model_file;
mod prompt;
mod vocabulary;

pub(crate) use prompt::Preparation;
pub(crate) use prompt::chunks;
pub(crate) use vocabulary::Vocabulary;

/// Why a tokenizer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {what}")]
pub struct TokenizerError {
    /// Which file.
    pub origin: String,
    /// What is wrong with it, and what was expected.
    pub what: String,
}

#[cfg(test)]
mod tests;
