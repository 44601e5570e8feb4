//! The pronouncing dictionary, searched in the bytes it is stored in.
//!
//! In: a word (letters and apostrophes; capitals only in the few keys that are written so). Out: its phones. Format:
//! the head of `training/g2p/dictionary.py`, which writes it from CMUdict; nothing is unpacked at load, so opening it
//! costs one pass for the checksum and no memory beside the bytes themselves.
//!
//! May import: `text::phone`, `units`.

use std::cmp::Ordering;

use crate::text::phone::{Phone, Stress, Symbol};
use crate::units::Fingerprint;

/// Name and version of the format.
const MAGIC: &[u8; 8] = b"TTSDICT1";
/// Bytes before the code table.
const HEAD: usize = 32;
/// Entries of a block: how many are walked after the binary search.
const BLOCK: usize = 16;
/// Codes of the code table: one byte each.
const CODES: usize = 256;
/// Longest key; longer words are not in any dictionary.
const LONGEST: usize = 64;

/// Why bytes are not a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    /// Not this format, or another version of it.
    #[error(
        "the dictionary begins with {found:?}; expected \"TTSDICT1\": build it again with training/g2p/dictionary.py"
    )]
    Magic {
        /// The first bytes, as text.
        found: String,
    },
    /// The sizes in the head do not add up to the bytes there are.
    #[error(
        "the dictionary is {found} bytes long where its head says {expected}: it was cut off or is not a dictionary"
    )]
    Size {
        /// Bytes the head asks for.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The checksum of the content is not the one in the head.
    #[error("the dictionary's content has checksum {found:016x}; expected {expected:016x}: it was changed or damaged")]
    Checksum {
        /// As the head says.
        expected: u64,
        /// As computed.
        found: u64,
    },
    /// A code stands for something that is not a phone.
    #[error("code {code} of the dictionary is not a list of phones: it was written by a broken program")]
    Code {
        /// Which of the 256.
        code: usize,
    },
}

/// A dictionary over borrowed bytes.
#[derive(Debug, Clone)]
pub(super) struct Dictionary<'a> {
    /// Phones of code `c`: `phones[ends[c]..ends[c + 1]]`.
    phones: Vec<Phone>,
    ends: Vec<u16>,
    /// Offset of each block in `body`, `u32` little endian.
    index: &'a [u8],
    body: &'a [u8],
    entries: usize,
}

impl<'a> Dictionary<'a> {
    /// Checks the head, the checksum and the code table.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DictionaryError> {
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if magic != MAGIC {
            return Err(DictionaryError::Magic { found: String::from_utf8_lossy(magic).into_owned() });
        }
        let number = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let (entries, blocks, table, body) = (number(8), number(12), number(16), number(20));
        let expected = HEAD as u64 + u64::from(table) + 4 * u64::from(blocks) + u64::from(body);
        let found = bytes.len() as u64;
        if expected != found || u64::from(entries).div_ceil(BLOCK as u64) != u64::from(blocks) {
            return Err(DictionaryError::Size { expected, found });
        }
        let (expected, found) =
            (u64::from(number(24)) | u64::from(number(28)) << 32, Fingerprint::EMPTY.with(&bytes[HEAD..]).0);
        if expected != found {
            return Err(DictionaryError::Checksum { expected, found });
        }
        let (table, rest) = bytes[HEAD..].split_at(table as usize);
        let (index, body) = rest.split_at(4 * blocks as usize);
        let (phones, ends) = code_table(table)?;
        Ok(Self { phones, ends, index, body, entries: entries as usize })
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries
    }

    /// The phones of a word, or `None` if it is not there.
    pub(super) fn get(&self, word: &str) -> Option<Vec<Phone>> {
        let word = word.as_bytes();
        if word.is_empty() || word.len() > LONGEST {
            return None;
        }
        // The last block whose first word is not greater than `word`.
        let (mut low, mut high) = (0, self.index.len() / 4);
        while low < high {
            let middle = (low + high) / 2;
            let mut walk = self.block(middle)?;
            walk.next()?;
            if walk.word() <= word { low = middle + 1 } else { high = middle }
        }
        let block = low.checked_sub(1)?;
        let mut walk = self.block(block)?;
        for _ in block * BLOCK..self.entries.min((block + 1) * BLOCK) {
            let codes = walk.next()?;
            match walk.word().cmp(word) {
                Ordering::Less => {}
                Ordering::Equal => return self.expand(codes),
                Ordering::Greater => return None,
            }
        }
        None
    }

    fn block(&self, number: usize) -> Option<Walk<'a>> {
        let at = self.index.get(4 * number..4 * number + 4)?;
        let at = u32::from_le_bytes([at[0], at[1], at[2], at[3]]) as usize;
        Some(Walk { rest: self.body.get(at..)?, word: [0; LONGEST], length: 0 })
    }

    fn expand(&self, codes: &[u8]) -> Option<Vec<Phone>> {
        let of = |c: &u8| {
            let c = usize::from(*c);
            &self.phones[usize::from(self.ends[c])..usize::from(self.ends[c + 1])]
        };
        let phones: Vec<Phone> = codes.iter().flat_map(of).copied().collect();
        (!phones.is_empty()).then_some(phones)
    }
}

/// Entries of a block, one after the other. A damaged block ends the walk.
struct Walk<'a> {
    rest: &'a [u8],
    word: [u8; LONGEST],
    length: usize,
}

impl<'a> Walk<'a> {
    fn word(&self) -> &[u8] {
        &self.word[..self.length]
    }

    /// Steps to the next entry and returns its codes.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (&head, mut rest) = self.rest.split_first()?;
        let (shared, mut codes) = (usize::from(head >> 4), usize::from(head & 15));
        if codes == 15 {
            codes = usize::from(*rest.first()?);
            rest = &rest[1..];
        }
        if shared > self.length {
            return None;
        }
        self.length = shared;
        loop {
            let (&letter, after) = rest.split_first()?;
            rest = after;
            *self.word.get_mut(self.length)? = letter & 0x7f;
            self.length += 1;
            if letter & 0x80 != 0 {
                break;
            }
        }
        let found = rest.get(..codes)?;
        self.rest = &rest[codes..];
        Some(found)
    }
}

/// Phones of every code, and where each code's phones begin.
fn code_table(mut bytes: &[u8]) -> Result<(Vec<Phone>, Vec<u16>), DictionaryError> {
    let (mut phones, mut ends) = (Vec::new(), vec![0]);
    for code in 0..CODES {
        let broken = || DictionaryError::Code { code };
        let (&length, rest) = bytes.split_first().ok_or_else(broken)?;
        let list = rest.get(..usize::from(length)).ok_or_else(broken)?;
        bytes = &rest[list.len()..];
        for &p in list {
            let symbol = *Symbol::ALL.get(usize::from(p / 3)).ok_or_else(broken)?;
            let stress = [Stress::None, Stress::Primary, Stress::Secondary][usize::from(p % 3)];
            phones.push(Phone::with_stress(symbol, stress));
        }
        // 256 codes of at most 255 phones fit.
        ends.push(phones.len() as u16);
    }
    if bytes.is_empty() { Ok((phones, ends)) } else { Err(DictionaryError::Code { code: CODES }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = include_bytes!("cmudict.bin");

    #[test]
    fn every_sampled_entry_round_trips() {
        let dictionary = Dictionary::open(BYTES).unwrap();
        let sample = include_str!("cmudict.sample");
        assert_eq!(sample.lines().count(), dictionary.len().div_ceil(97));
        for line in sample.lines() {
            let (word, phones) = line.split_once(' ').unwrap();
            assert_eq!(dictionary.get(word), Some(Phone::parse_list(phones).unwrap()), "{word}");
        }
    }

    #[test]
    fn every_entry_is_found_under_its_own_key_in_order() {
        let dictionary = Dictionary::open(BYTES).unwrap();
        let mut seen = 0;
        let mut before = Vec::new();
        for block in 0..dictionary.index.len() / 4 {
            let mut walk = dictionary.block(block).unwrap();
            for _ in block * BLOCK..dictionary.len().min((block + 1) * BLOCK) {
                let codes = walk.next().unwrap();
                let word = std::str::from_utf8(walk.word()).unwrap();
                assert!(before.as_slice() < word.as_bytes(), "{word}");
                assert_eq!(dictionary.get(word), dictionary.expand(codes), "{word}");
                before = word.as_bytes().to_vec();
                seen += 1;
            }
        }
        assert_eq!(seen, dictionary.len());
        assert!(seen > 110_000);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let dictionary = Dictionary::open(BYTES).unwrap();
        for word in ["", "a a", "zzzzzz", "'", "helloo", "é", "\0", &"a".repeat(1000)] {
            assert_eq!(dictionary.get(word), None, "{word}");
        }
    }

    #[test]
    fn damage_is_refused() {
        assert!(matches!(Dictionary::open(b""), Err(DictionaryError::Magic { .. })));
        assert!(matches!(Dictionary::open(b"TTSDICT9........"), Err(DictionaryError::Magic { .. })));
        assert!(matches!(Dictionary::open(b"TTSDICT1"), Err(DictionaryError::Size { .. })));
        assert!(matches!(Dictionary::open(&BYTES[..BYTES.len() - 1]), Err(DictionaryError::Size { .. })));
        let mut changed = BYTES.to_vec();
        changed[5000] ^= 1;
        assert!(matches!(Dictionary::open(&changed), Err(DictionaryError::Checksum { .. })));
        changed = BYTES.to_vec();
        changed[8..16].fill(0xff);
        assert!(matches!(Dictionary::open(&changed), Err(DictionaryError::Size { .. })));
    }

    /// A wrong file with a right checksum: nothing is found or something wrong is, but nothing breaks.
    #[test]
    fn a_damaged_body_never_panics() {
        let mut seed = 1_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize
        };
        let mut bytes = BYTES.to_vec();
        for _ in 0..30 {
            for _ in 0..200 {
                let at = HEAD + random() % (bytes.len() - HEAD);
                bytes[at] = random() as u8;
            }
            let sum = Fingerprint::EMPTY.with(&bytes[HEAD..]).0;
            bytes[24..32].copy_from_slice(&sum.to_le_bytes());
            if let Ok(dictionary) = Dictionary::open(&bytes) {
                for word in ["hello", "a", "zebra", "international", "o'clock", "US"] {
                    let _ = dictionary.get(word);
                }
            }
        }
    }
}
