//! The pieces of a `tokenizer.json` (Hugging Face tokenizers) that was made of a SentencePiece unigram model.

use serde::Deserialize;

use super::model_file::byte;
use super::vocabulary::{Kind, PIECE_MAX, PIECES_MAX, Piece};

#[derive(Deserialize)]
struct File {
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: String,
    unk_id: Option<usize>,
    vocab: Vec<(String, f32)>,
    #[serde(default)]
    byte_fallback: bool,
}

#[derive(Deserialize)]
struct Added {
    id: usize,
    #[serde(default)]
    special: bool,
}

/// All pieces in the order of their ids.
pub(super) fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, String> {
    let File { model, added_tokens } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if model.kind != "Unigram" {
        return Err(format!("it is a model of type '{}', expected Unigram", model.kind));
    }
    if model.vocab.len() > PIECES_MAX {
        return Err(format!("it has {} pieces, expected at most {PIECES_MAX}", model.vocab.len()));
    }
    let special = |id: usize| added_tokens.iter().any(|added| added.id == id && added.special);
    let piece = |(id, (text, score)): (usize, (String, f32))| {
        if text.len() > PIECE_MAX {
            return Err(format!("piece {id} has {} bytes, expected at most {PIECE_MAX}", text.len()));
        }
        if !score.is_finite() {
            return Err(format!("the score of piece {id} is {score}, expected a number"));
        }
        let kind = match byte(&text).filter(|_| model.byte_fallback) {
            _ if model.unk_id == Some(id) => Kind::Unknown,
            Some(byte) => Kind::Byte(byte),
            // signs such as <pad> are in the vocabulary with the best of all scores
            None if special(id) || score == 0.0 && text.starts_with('<') => Kind::Silent,
            None => Kind::Normal,
        };
        Ok(Piece { text, score, kind })
    };
    model.vocab.into_iter().enumerate().map(piece).collect()
}
