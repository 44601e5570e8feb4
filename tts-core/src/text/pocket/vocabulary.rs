//! A unigram vocabulary (Kudo 2018): pieces with scores; a text becomes the sequence of pieces with the greatest sum.
//!
//! A space before the text, spaces as `▁`, bytes for what no piece covers. The two libraries that read such vocabularies
//! differ in details that change ids; each file is read as its own library does ([`Manner`]).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::TokenizerError;
use super::{json_file, model_file};

/// What stands for a space.
pub(super) const SPACE: char = '▁';
/// What an unknown character costs more than the rarest piece.
const UNKNOWN_PENALTY: f64 = 10.0;
/// Longer files are refused: a million pieces take less.
const FILE_MAX: u64 = 32 << 20;
/// Longest piece in bytes, and most pieces: beyond what any model has.
pub(super) const PIECE_MAX: usize = 512;
pub(super) const PIECES_MAX: usize = 1 << 20;

/// What a piece is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Found in texts, by score.
    Normal,
    /// Found in texts, always.
    Defined,
    /// Stands for what is not known.
    Unknown,
    /// One byte of what is not known.
    Byte(u8),
    /// Never found in a text: control signs, unused pieces.
    Silent,
}

/// A piece as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) score: f64,
    pub(super) kind: Kind,
}

/// Whose details of reading a file asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Manner {
    /// SentencePiece: the text is read as a whole, sums are rounded to 32 bits, signs are never found in a text.
    Whole,
    /// Hugging Face tokenizers: signs are cut out of the text first, every word is read by itself, sums have 64 bits.
    Words {
        /// Texts of signs and their ids.
        signs: Vec<(String, u32)>,
        /// Whether the space before a text is there even if it begins with one.
        prepend: bool,
    },
}

/// Pieces, ready to read texts.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    pieces: Vec<Piece>,
    manner: Manner,
    /// Pieces that are found in texts: id and score.
    found: HashMap<String, (u32, f64)>,
    /// Ids of the 256 bytes, if all are there.
    bytes: Option<Vec<u32>>,
    unknown: u32,
    unknown_score: f64,
    /// Of pieces that are found, in bytes.
    longest: usize,
}

/// The best way to a place in a text: its sum, where its last piece begins, the id of that.
#[derive(Debug, Clone, Copy)]
struct Way {
    sum: f64,
    start: usize,
    id: u32,
}

impl Vocabulary {
    /// A SentencePiece `.model` or, beginning with a brace, a `tokenizer.json`; `origin` names it in messages.
    ///
    /// # Errors
    /// [`TokenizerError`]
    pub(crate) fn parse(origin: &str, bytes: &[u8]) -> Result<Self, TokenizerError> {
        if bytes.len() as u64 > FILE_MAX {
            let what = format!("it is longer than {FILE_MAX} bytes; it is no tokenizer");
            return Err(TokenizerError { origin: origin.to_owned(), what });
        }
        let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let read = if json { json_file::read(bytes) } else { model_file::pieces(bytes).map(|p| (p, Manner::Whole)) };
        let read = read.and_then(|(pieces, manner)| Self::new(pieces, manner));
        read.map_err(|what| TokenizerError { origin: origin.to_owned(), what })
    }

    /// The file at `path`, of exactly as many pieces as the model has rows for.
    ///
    /// # Errors
    /// [`TokenizerError`]
    #[cfg(test)]
    pub(crate) fn open(path: &Path, pieces: usize) -> Result<Self, TokenizerError> {
        Self::of_size(&path.display().to_string(), &Self::bytes(path)?, pieces)
    }

    /// All of a file that is not too large to be one.
    ///
    /// # Errors
    /// [`TokenizerError`]
    pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, TokenizerError> {
        let origin = path.display().to_string();
        let wrong = |what: String| TokenizerError { origin: origin.clone(), what };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| wrong(format!("cannot read it: {error}")))?;
        // a byte more than may be there, so that a longer file is told from it
        file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|error| wrong(format!("cannot read it: {error}")))?;
        Ok(bytes)
    }

    /// As [`Vocabulary::parse`], of exactly as many pieces as the model has rows for.
    ///
    /// # Errors
    /// [`TokenizerError`]
    pub(crate) fn of_size(origin: &str, bytes: &[u8], pieces: usize) -> Result<Self, TokenizerError> {
        let found = Self::parse(origin, bytes)?;
        if found.len() == pieces {
            return Ok(found);
        }
        let what = format!(
            "it has {} pieces, expected {pieces}, the n_bins of the configuration; it belongs to another model",
            found.len()
        );
        Err(TokenizerError { origin: origin.to_owned(), what })
    }

    fn new(pieces: Vec<Piece>, manner: Manner) -> Result<Self, String> {
        let mut found = HashMap::new();
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for piece in pieces.iter().filter(|piece| piece.kind == Kind::Normal) {
            (least, most) = (least.min(piece.score), most.max(piece.score));
        }
        if !least.is_finite() || !most.is_finite() {
            return Err("it has no pieces with finite scores".to_owned());
        }
        let mut bytes = [None; 256];
        let mut unknown = None;
        for (id, piece) in pieces.iter().enumerate() {
            let id = id as u32;
            let score = match piece.kind {
                Kind::Normal => Some(piece.score),
                // before anything that the same bytes could be read as
                Kind::Defined => Some(f64::from(piece.text.len() as f32 * most as f32) - 0.1),
                Kind::Unknown => {
                    unknown = unknown.or(Some(id));
                    None
                }
                Kind::Byte(byte) => {
                    bytes[usize::from(byte)] = Some(id);
                    // where every piece is found, the name of a byte is too
                    matches!(manner, Manner::Words { .. }).then_some(piece.score)
                }
                Kind::Silent => None,
            };
            if let Some(score) = score {
                found.entry(piece.text.clone()).or_insert((id, score));
            }
        }
        found.remove("");
        let unknown = unknown.ok_or("it has no piece for what is unknown")?;
        let longest = found.keys().map(String::len).max().unwrap_or(0);
        let bytes = bytes.into_iter().collect();
        Ok(Self { pieces, manner, found, bytes, unknown, unknown_score: least - UNKNOWN_PENALTY, longest })
    }

    /// Number of pieces.
    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Ids of `text`.
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        let spaced = |text: &str, before: bool| -> String {
            let before = before.then_some(SPACE);
            before.into_iter().chain(text.chars().map(|c| if c == ' ' { SPACE } else { c })).collect()
        };
        let mut ids = Vec::new();
        match &self.manner {
            Manner::Whole if text.is_empty() => {}
            Manner::Whole => self.read(&spaced(text, true), &mut ids),
            Manner::Words { signs, prepend } => {
                for (text, sign) in cut_out(text, signs) {
                    if !text.is_empty() {
                        let text = spaced(text, *prepend || !text.starts_with([' ', SPACE]));
                        let mut from = 0;
                        let starts = text.match_indices(SPACE).map(|(at, _)| at).filter(|&at| at > 0);
                        for to in starts.chain([text.len()]) {
                            self.read(&text[from..to], &mut ids);
                            from = to;
                        }
                    }
                    ids.extend(sign);
                }
            }
        }
        ids
    }

    /// Appends the ids of `text` without spaces.
    fn read(&self, text: &str, ids: &mut Vec<u32>) {
        let single = self.manner == Manner::Whole;
        let mut ways: Vec<Option<Way>> = vec![None; text.len() + 1];
        ways[0] = Some(Way { sum: 0.0, start: 0, id: 0 });
        for (at, first) in text.char_indices() {
            // every character can be unknown, so a way leads here
            let Some(Way { sum, .. }) = ways[at] else { continue };
            let mut better = |end: usize, score: f64, id: u32| {
                let sum = if single { f64::from((sum + score) as f32) } else { sum + score };
                let way = &mut ways[at + end];
                // of equal sums the first is kept
                if way.is_none_or(|old| sum > old.sum) {
                    *way = Some(Way { sum, start: at, id });
                }
            };
            let mut known = false;
            let rest = &text[at..];
            let ends = rest.char_indices().map(|(end, c)| end + c.len_utf8()).take_while(|&end| end <= self.longest);
            for end in ends {
                if let Some(&(id, score)) = self.found.get(&rest[..end]) {
                    known |= end == first.len_utf8();
                    better(end, score, id);
                }
            }
            if !known {
                better(first.len_utf8(), self.unknown_score, self.unknown);
            }
        }
        let (mut end, begin) = (text.len(), ids.len());
        let mut after = None;
        while end > 0 {
            let Some(Way { start, id, .. }) = ways[end] else { break };
            match &self.bytes {
                Some(bytes) if id == self.unknown => {
                    ids.extend(text.as_bytes()[start..end].iter().rev().map(|&byte| bytes[usize::from(byte)]));
                }
                // neighbours that are not known are one
                _ if id == self.unknown && after == Some(id) => {}
                _ => ids.push(id),
            }
            after = Some(id);
            end = start;
        }
        ids[begin..].reverse();
    }

    /// Whether an id stands for a byte.
    pub(super) fn is_byte(&self, id: u32) -> bool {
        self.pieces.get(id as usize).is_some_and(|piece| matches!(piece.kind, Kind::Byte(_)))
    }

    /// Whether an id is cut out of texts, and out of ids.
    fn is_sign(&self, id: u32) -> bool {
        matches!(&self.manner, Manner::Words { signs, .. } if signs.iter().any(|(_, sign)| *sign == id))
    }

    /// The text of `ids`, without the space before it.
    pub(crate) fn decode(&self, ids: &[u32]) -> String {
        let words = matches!(self.manner, Manner::Words { .. });
        let (mut text, mut bytes, mut first) = (String::new(), Vec::new(), true);
        for &id in ids {
            let Some(piece) = self.pieces.get(id as usize).filter(|piece| piece.kind != Kind::Silent) else { continue };
            if self.is_sign(id) {
                continue;
            }
            if let Kind::Byte(byte) = piece.kind {
                bytes.push(byte);
            } else {
                spell(&mut text, &mut bytes, words);
            }
            match piece.kind {
                Kind::Byte(_) => {}
                Kind::Unknown if !words => text.push_str(" ⁇ "),
                _ if first && words => text.extend(piece.text.chars().filter(|&c| c != SPACE)),
                _ => {
                    let piece = piece.text.strip_prefix(SPACE).filter(|_| first).unwrap_or(&piece.text);
                    text.extend(piece.chars().map(|c| if c == SPACE { ' ' } else { c }));
                }
            }
            first = false;
        }
        spell(&mut text, &mut bytes, words);
        text
    }
}

/// What lies between `signs`, each stretch with the sign after it. Of signs that begin at one place the longest is taken.
fn cut_out<'t>(text: &'t str, signs: &[(String, u32)]) -> Vec<(&'t str, Option<u32>)> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        let sign =
            signs.iter().filter(|(sign, _)| here.starts_with(sign.as_bytes())).max_by_key(|(sign, _)| sign.len());
        match sign {
            Some((sign, id)) => {
                parts.push((&text[from..at], Some(*id)));
                at += sign.len();
                from = at;
            }
            None => at += 1,
        }
    }
    parts.push((&text[from..], None));
    parts
}

/// Appends `bytes` as text and empties them. What is not UTF-8 becomes a sign for every byte: all of them, or `whole` bytes
/// only if all of them are text.
fn spell(text: &mut String, bytes: &mut Vec<u8>, whole: bool) {
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(good) => {
                text.push_str(good);
                break;
            }
            Err(_) if whole => {
                text.extend(rest.iter().map(|_| char::REPLACEMENT_CHARACTER));
                break;
            }
            Err(error) => {
                let (good, bad) = rest.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                text.push(char::REPLACEMENT_CHARACTER);
                rest = &bad[1..];
            }
        }
    }
    bytes.clear();
}
