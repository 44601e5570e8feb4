//! A unigram vocabulary (Kudo 2018): pieces with scores; a text becomes the sequence of pieces with the greatest sum.
//!
//! As SentencePiece does it with an identity normaliser: a space before the text, spaces as `▁`, bytes for what no piece
//! covers. Sums are made in `f32` from the left, and of equal ones the first is kept, so that ids are those of the reference.

use std::collections::HashMap;

use super::TokenizerError;
use super::{json_file, model_file};

/// What stands for a space.
const SPACE: char = '▁';
/// What an unknown character costs more than the rarest piece.
const UNKNOWN_PENALTY: f32 = 10.0;
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
    pub(super) score: f32,
    pub(super) kind: Kind,
}

/// Pieces, ready to read texts.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    pieces: Vec<Piece>,
    /// Pieces that are found in texts: id and score.
    found: HashMap<String, (u32, f32)>,
    /// Ids of the 256 bytes, if all are there.
    bytes: Option<Vec<u32>>,
    unknown: u32,
    unknown_score: f32,
    /// Of pieces that are found, in bytes.
    longest: usize,
}

impl Vocabulary {
    /// A SentencePiece `.model` or, beginning with a brace, a `tokenizer.json`; `origin` names it in messages.
    ///
    /// # Errors
    /// [`TokenizerError`]
    pub(crate) fn parse(origin: &str, bytes: &[u8]) -> Result<Self, TokenizerError> {
        let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let pieces = if json { json_file::pieces(bytes) } else { model_file::pieces(bytes) };
        pieces.and_then(Self::new).map_err(|what| TokenizerError { origin: origin.to_owned(), what })
    }

    fn new(pieces: Vec<Piece>) -> Result<Self, String> {
        let mut found = HashMap::new();
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
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
            match piece.kind {
                Kind::Normal => {
                    found.entry(piece.text.clone()).or_insert((id, piece.score));
                }
                Kind::Defined => {
                    // before anything that the same characters could be read as
                    let score = piece.text.chars().count() as f32 * most - 0.1;
                    found.entry(piece.text.clone()).or_insert((id, score));
                }
                Kind::Unknown => unknown = unknown.or(Some(id)),
                Kind::Byte(byte) => bytes[usize::from(byte)] = Some(id),
                Kind::Silent => {}
            }
        }
        found.remove("");
        let unknown = unknown.ok_or("it has no piece for what is unknown")?;
        let longest = found.keys().map(String::len).max().unwrap_or(0);
        let bytes = bytes.into_iter().collect();
        Ok(Self { pieces, found, bytes, unknown, unknown_score: least - UNKNOWN_PENALTY, longest })
    }

    /// Number of pieces.
    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Ids of `text`.
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        let text: String =
            std::iter::once(SPACE).chain(text.chars().map(|c| if c == ' ' { SPACE } else { c })).collect();
        // best way to the byte where a character begins: sum, where its last piece begins, its id
        let mut ways: Vec<Option<(f32, usize, u32)>> = vec![None; text.len() + 1];
        ways[0] = Some((0.0, 0, 0));
        for (at, first) in text.char_indices() {
            // every character can be unknown, so a way leads here
            let Some((sum, ..)) = ways[at] else { continue };
            let mut single = false;
            let rest = &text[at..];
            let ends = rest.char_indices().map(|(end, c)| end + c.len_utf8()).take_while(|&end| end <= self.longest);
            for end in ends {
                if let Some(&(id, score)) = self.found.get(&rest[..end]) {
                    single |= end == first.len_utf8();
                    better(&mut ways[at + end], (sum + score, at, id));
                }
            }
            if !single {
                better(&mut ways[at + first.len_utf8()], (sum + self.unknown_score, at, self.unknown));
            }
        }
        let mut ids = Vec::new();
        let mut end = text.len();
        while end > 0 {
            let Some((_, start, id)) = ways[end] else { break };
            match &self.bytes {
                Some(bytes) if id == self.unknown => {
                    ids.extend(text.as_bytes()[start..end].iter().rev().map(|&byte| bytes[usize::from(byte)]));
                }
                _ => ids.push(id),
            }
            end = start;
        }
        ids.reverse();
        ids
    }

    /// The text of `ids`, without the space before it.
    pub(crate) fn decode(&self, ids: &[u32]) -> String {
        let mut bytes = Vec::new();
        for piece in ids.iter().filter_map(|&id| self.pieces.get(id as usize)) {
            match piece.kind {
                Kind::Byte(byte) => bytes.push(byte),
                Kind::Unknown => bytes.extend(" ⁇ ".bytes()),
                Kind::Silent => {}
                Kind::Normal | Kind::Defined => bytes.extend(piece.text.replace(SPACE, " ").bytes()),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        text.strip_prefix(' ').unwrap_or(&text).to_owned()
    }
}

/// Keeps the greater sum, of equal ones the first.
fn better(way: &mut Option<(f32, usize, u32)>, new: (f32, usize, u32)) {
    if way.is_none_or(|old| new.0 > old.0) {
        *way = Some(new);
    }
}
