//! The pieces of a `tokenizer.json` (Hugging Face tokenizers) that was made of a SentencePiece unigram model.
//!
//! Its parts besides the vocabulary (normaliser, splitting, what comes after) may ask for much; here they must be what such a
//! file has, since an id that differs is a word that is not spoken.

use serde::Deserialize;
use serde_json::{Value, json};

use super::model_file::byte;
use super::vocabulary::{Kind, Manner, PIECE_MAX, PIECES_MAX, Piece};

/// Signs beside the vocabulary: beyond what any file has.
const SIGNS_MAX: usize = 1024;

/// What is read first: other kinds have another shape.
#[derive(Deserialize)]
struct Outline {
    model: OutlineModel,
}

#[derive(Deserialize)]
struct OutlineModel {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct File {
    model: Model,
    #[serde(default)]
    added_tokens: Vec<Added>,
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
    truncation: Option<Value>,
    padding: Option<Value>,
}

#[derive(Deserialize)]
struct Model {
    unk_id: Option<usize>,
    vocab: Vec<(String, f64)>,
    #[serde(default)]
    byte_fallback: bool,
}

#[derive(Deserialize)]
struct Added {
    id: usize,
    content: String,
    #[serde(default)]
    special: bool,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
}

/// All pieces in the order of their ids, and how texts are read.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<Piece>, Manner), String> {
    let Outline { model: OutlineModel { kind } } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if kind != "Unigram" {
        return Err(format!("it is a model of type '{kind}', expected Unigram"));
    }
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let prepend = options(&file)?;
    let File { model, added_tokens, .. } = file;
    if model.vocab.len() > PIECES_MAX {
        return Err(format!("it has {} pieces, expected at most {PIECES_MAX}", model.vocab.len()));
    }
    if let Some(id) = model.unk_id.filter(|&id| id >= model.vocab.len()) {
        return Err(format!("its unk_id is {id}, expected one of its {} pieces", model.vocab.len()));
    }
    let signs = signs(&model, added_tokens)?;
    let special = |id: usize| signs.iter().any(|(_, sign)| *sign as usize == id);
    let piece = |(id, (text, score)): (usize, (String, f64))| {
        if text.len() > PIECE_MAX {
            return Err(format!("piece {id} has {} bytes, expected at most {PIECE_MAX}", text.len()));
        }
        if !score.is_finite() {
            return Err(format!("the score of piece {id} is {score}, expected a number"));
        }
        let kind = match byte(&text).filter(|_| model.byte_fallback) {
            _ if model.unk_id == Some(id) => Kind::Unknown,
            _ if special(id) => Kind::Silent,
            Some(byte) => Kind::Byte(byte),
            None => Kind::Normal,
        };
        Ok(Piece { text, score, kind })
    };
    let pieces = model.vocab.into_iter().enumerate().map(piece).collect::<Result<_, _>>()?;
    Ok((pieces, Manner::Words { signs, prepend }))
}

/// Signs with their ids: each is a piece of the vocabulary and is cut out of texts as it stands.
fn signs(model: &Model, added: Vec<Added>) -> Result<Vec<(String, u32)>, String> {
    if added.len() > SIGNS_MAX {
        return Err(format!("it has {} added tokens, expected at most {SIGNS_MAX}", added.len()));
    }
    added
        .into_iter()
        .map(|added| {
            let Added { id, content, .. } = added;
            let known = model.vocab.get(id).map(|(text, _)| text);
            if known != Some(&content) {
                let known = known.map_or("nothing", String::as_str);
                return Err(format!("added token {id} is '{content}', expected the piece of that id, '{known}'"));
            }
            if content.is_empty() || !added.special || added.single_word || added.lstrip || added.rstrip || added.normalized
            {
                return Err(format!(
                    "added token '{content}' is not plainly special; expected special: true and neither single_word, lstrip, rstrip nor normalized"
                ));
            }
            Ok((content, id as u32))
        })
        .collect()
}

/// Whether a space is put before every text; what else the file asks for is refused.
fn options(file: &File) -> Result<bool, String> {
    for (name, part) in
        [("truncation", &file.truncation), ("padding", &file.padding), ("post_processor", &file.post_processor)]
    {
        if let Some(part) = part {
            return Err(format!("its {name} is {}, expected null", shown(part)));
        }
    }
    let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true});
    if file.pre_tokenizer.as_ref() != Some(&metaspace) {
        let found = file.pre_tokenizer.as_ref().map_or("null".to_owned(), shown);
        return Err(format!("its pre_tokenizer is {found}, expected {metaspace}"));
    }
    let prepend = json!({"type": "Prepend", "prepend": "▁"});
    let sequence = json!({"type": "Sequence", "normalizers": [&prepend]});
    let nothing = json!({"type": "Sequence", "normalizers": []});
    match &file.normalizer {
        None => Ok(false),
        Some(found) if *found == nothing => Ok(false),
        Some(found) if *found == prepend || *found == sequence => Ok(true),
        Some(found) => Err(format!("its normalizer is {}, expected {prepend} or null", shown(found))),
    }
}

/// The beginning of a value, for messages.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 200 { text.chars().take(200).chain(['…']).collect() } else { text }
}
