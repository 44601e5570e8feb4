//! The pieces of a SentencePiece `.model`: a protocol buffer, read as far as unigram models with an identity normaliser
//! need it.
//!
//! In `ModelProto`, field 1 is a piece (1 text, 2 score, 3 kind), 2 the training (3 is the kind of model), 3 the
//! normaliser (1 its name, 3 space before the text, 4 spaces taken away, 5 spaces escaped).

use super::vocabulary::{Kind, PIECE_MAX, PIECES_MAX, Piece};

/// Value of a field.
enum Value<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    Fixed32(u32),
    Fixed64,
}

/// Fields of one message.
struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    fn number(&mut self) -> Result<u64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or("it ends inside a number")?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("it has a number of more than 64 bits".to_owned())
    }

    fn take(&mut self, count: u64) -> Result<&'b [u8], String> {
        let count = usize::try_from(count).ok().filter(|&count| count <= self.rest.len());
        let (now, later) = self.rest.split_at(count.ok_or("a field is longer than the file; it may be truncated")?);
        self.rest = later;
        Ok(now)
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(u64, Value<'b>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut field = || {
            let key = self.number()?;
            let value = match key & 7 {
                0 => Value::Number(self.number()?),
                1 => {
                    self.take(8)?;
                    Value::Fixed64
                }
                2 => {
                    let count = self.number()?;
                    Value::Bytes(self.take(count)?)
                }
                5 => {
                    let bytes = self.take(4)?;
                    Value::Fixed32(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                }
                kind => return Err(format!("it has a field of kind {kind}; it is no SentencePiece model")),
            };
            Ok((key >> 3, value))
        };
        let found = field();
        if found.is_err() {
            self.rest = &[];
        }
        Some(found)
    }
}

fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { rest: bytes }
}

/// All pieces in the order of their ids.
pub(super) fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut normalised) = (Vec::new(), false);
    for field in fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) => {
                if pieces.len() == PIECES_MAX {
                    return Err(format!("it has more than {PIECES_MAX} pieces"));
                }
                pieces.push(piece(bytes).map_err(|what| format!("piece {}: {what}", pieces.len()))?);
            }
            (2, Value::Bytes(bytes)) => training(bytes)?,
            (3, Value::Bytes(bytes)) => {
                normaliser(bytes)?;
                normalised = true;
            }
            _ => {}
        }
    }
    if pieces.is_empty() {
        return Err("it has no pieces; it is no SentencePiece model".to_owned());
    }
    if normalised { Ok(pieces) } else { Err("it has no normaliser; it may be truncated".to_owned()) }
}

fn piece(bytes: &[u8]) -> Result<Piece, String> {
    let (mut text, mut score, mut kind) = (String::new(), 0.0, 1);
    for field in fields(bytes) {
        match field? {
            (1, Value::Bytes(bytes)) if bytes.len() > PIECE_MAX => {
                return Err(format!("it has {} bytes, expected at most {PIECE_MAX}", bytes.len()));
            }
            (1, Value::Bytes(bytes)) => {
                text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?.to_owned();
            }
            (2, Value::Fixed32(bits)) => score = f32::from_bits(bits),
            (3, Value::Number(number)) => kind = number,
            _ => {}
        }
    }
    let kind = match kind {
        1 => Kind::Normal,
        2 => Kind::Unknown,
        3 | 5 => Kind::Silent,
        4 => Kind::Defined,
        6 => Kind::Byte(byte(&text).ok_or_else(|| format!("'{text}' is no byte such as <0x0A>"))?),
        other => return Err(format!("it is of kind {other}, expected 1 to 6")),
    };
    if kind == Kind::Normal && !score.is_finite() {
        return Err(format!("its score is {score}, expected a number"));
    }
    Ok(Piece { text, score: f64::from(score), kind })
}

/// The byte that `<0x0A>` names.
pub(super) fn byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

fn training(bytes: &[u8]) -> Result<(), String> {
    for field in fields(bytes) {
        match field? {
            (3, Value::Number(1)) => {}
            (3, Value::Number(kind)) => return Err(format!("it is a model of kind {kind}, expected 1, unigram")),
            (24, Value::Number(1..)) => return Err("it puts spaces after words; expected before them".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

fn normaliser(bytes: &[u8]) -> Result<(), String> {
    // taken away unless the file says otherwise
    let mut kept = false;
    for field in fields(bytes) {
        match field? {
            (1, Value::Bytes(name)) if name != b"identity" => {
                return Err(format!("its normaliser is '{}', expected identity", String::from_utf8_lossy(name)));
            }
            (2, Value::Bytes(rules)) if !rules.is_empty() => {
                return Err("its normaliser has rules of its own, expected none".to_owned());
            }
            (3, Value::Number(0)) => return Err("it sets no space before a text; expected that it does".to_owned()),
            (4, Value::Number(number)) => kept = number == 0,
            (5, Value::Number(0)) => return Err("it does not escape spaces; expected that it does".to_owned()),
            _ => {}
        }
    }
    if kept { Ok(()) } else { Err("it takes spaces away; expected that it keeps them".to_owned()) }
}
