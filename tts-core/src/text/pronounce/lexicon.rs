//! The user's own pronunciations, which come before everything else.
//!
//! In: text, one word a line. Out: a [`Lexicon`]. Two kinds of line:
//!
//! ```text
//! # comment, as is ;;;
//! nginx    EH1 N JH IH0 N EH1 K S      phones, as CMUdict writes them; two spaces or a tab are not needed
//! sql      = sequel                    said like these words
//! Polish   P OW1 L IH0 SH              capitals in the key: only where the text has them too
//! ```
//!
//! A key is one word: what the text before it is split into. CMUdict's `word(2)` variants are refused, since which one
//! would be said is not for the file to leave open.
//!
//! May import: `text::phone`.

use std::collections::HashMap;

use crate::text::phone::{Phone, PhoneError};

/// Entries a lexicon may have.
const MOST_ENTRIES: usize = 1_000_000;
/// Characters of a key.
const LONGEST_KEY: usize = 64;
/// Phones, or words of a respelling, of an entry.
const LONGEST_ENTRY: usize = 128;
/// Characters quoted from a bad line.
const QUOTED: usize = 40;

/// What the user wants words to sound like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    entries: HashMap<String, Entry>,
}

/// What stands for a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// These phones.
    Phones(Vec<Phone>),
    /// The phones of these words, in lower case.
    Respelling(Vec<String>),
}

/// Why a text is not a lexicon. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// A line with a word and nothing after it.
    #[error(
        "line {line}: '{word}' has no pronunciation; expected phones as in 'hello HH AH0 L OW1' or words as in 'sql = sequel'"
    )]
    Nothing {
        /// Which line.
        line: usize,
        /// The word.
        word: String,
    },
    /// A phone that does not exist, or is badly stressed.
    #[error("line {line}: '{word}': {source}")]
    Phone {
        /// Which line.
        line: usize,
        /// The word.
        word: String,
        /// What is wrong with the phone.
        source: PhoneError,
    },
    /// A key that no word of a text can match.
    #[error(
        "line {line}: '{found}' is not a word; expected letters a-z and apostrophes, at most 64 (write a plain 'e' for 'é'; leave out '(2)')"
    )]
    Key {
        /// Which line.
        line: usize,
        /// The key, shortened.
        found: String,
    },
    /// A respelling that is not made of words.
    #[error("line {line}: '{found}' in the respelling of '{word}' is not a word; expected letters a-z and apostrophes")]
    Respelling {
        /// Which line.
        line: usize,
        /// The word.
        word: String,
        /// What stands in its respelling, shortened.
        found: String,
    },
    /// An entry longer than any word.
    #[error("line {line}: '{word}' has {found} phones or words; at most {LONGEST_ENTRY} are allowed")]
    Long {
        /// Which line.
        line: usize,
        /// The word.
        word: String,
        /// How many.
        found: usize,
    },
    /// More entries than are kept.
    #[error("line {line}: more than {MOST_ENTRIES} entries; split the lexicon or leave out what is not needed")]
    Many {
        /// Which line.
        line: usize,
    },
}

impl Lexicon {
    /// Reads a lexicon. A word given twice is said as the last line has it; a byte order mark and `\r\n` are allowed.
    ///
    /// # Errors
    /// [`LexiconError`] of the first bad line.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        let mut entries = HashMap::new();
        for (number, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            let line_number = number + 1;
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with(";;;") {
                continue;
            }
            let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            // `sql=sequel` without spaces.
            let (key, rest) = match key.split_once('=') {
                Some((word, first)) if !word.is_empty() => (word, format!("= {first} {rest}")),
                _ => (key, rest.to_owned()),
            };
            if !is_word(key) {
                return Err(LexiconError::Key { line: line_number, found: quoted(key) });
            }
            let entry = Self::entry(line_number, key, rest.trim())?;
            if entries.len() >= MOST_ENTRIES && !entries.contains_key(key) {
                return Err(LexiconError::Many { line: line_number });
            }
            entries.insert(key.to_owned(), entry);
        }
        Ok(Self { entries })
    }

    fn entry(line: usize, key: &str, rest: &str) -> Result<Entry, LexiconError> {
        let word = key.to_owned();
        let (respelled, rest) = match rest.strip_prefix('=') {
            Some(rest) => (true, rest.trim()),
            None => (false, rest),
        };
        let found = rest.split_whitespace().count();
        if found == 0 {
            return Err(LexiconError::Nothing { line, word });
        }
        if found > LONGEST_ENTRY {
            return Err(LexiconError::Long { line, word, found });
        }
        if !respelled {
            let long = rest.split_whitespace().find(|p| p.chars().count() > QUOTED);
            if let Some(long) = long {
                return Err(LexiconError::Phone { line, word, source: PhoneError::Unknown { found: quoted(long) } });
            }
            let phones = Phone::parse_list(rest).map_err(|source| LexiconError::Phone { line, word, source })?;
            return Ok(Entry::Phones(phones));
        }
        if let Some(bad) = rest.split_whitespace().find(|w| !is_word(w)) {
            return Err(LexiconError::Respelling { line, word, found: quoted(bad) });
        }
        Ok(Entry::Respelling(rest.split_whitespace().map(str::to_ascii_lowercase).collect()))
    }

    /// How many words it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The words it has, in no order: keys with capitals match only such capitals.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub(super) fn get(&self, word: &str) -> Option<&Entry> {
        self.entries.get(word)
    }
}

/// Letters a-z in any case, with apostrophes, and not only those.
fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_KEY
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\'')
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// At most 40 characters of what was found.
fn quoted(text: &str) -> String {
    let mut out: String = text.chars().take(QUOTED).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_cmudict_writes_them() {
        let lexicon = Lexicon::parse(
            "\u{feff}# mine\n;;; CMU comment\nhello\tHH AH0 L OW1\r\nNginx  eh1 n jh ih0 n eh1 k s # server\nsql = sequel\nkde=kay Dee E\nhello HH EH0 L OW1\n\n",
        )
        .unwrap();
        assert_eq!(lexicon.len(), 4);
        assert_eq!(lexicon.get("hello"), Some(&Entry::Phones(Phone::parse_list("HH EH0 L OW1").unwrap())));
        assert_eq!(lexicon.get("Nginx"), Some(&Entry::Phones(Phone::parse_list("EH1 N JH IH0 N EH1 K S").unwrap())));
        assert_eq!(lexicon.get("nginx"), None);
        assert_eq!(lexicon.get("sql"), Some(&Entry::Respelling(vec!["sequel".into()])));
        assert_eq!(lexicon.get("kde"), Some(&Entry::Respelling(vec!["kay".into(), "dee".into(), "e".into()])));
        assert!(Lexicon::parse("").unwrap().is_empty());
    }

    #[test]
    fn errors_name_line_and_cause() {
        let long = "a".repeat(100);
        for (text, line, says) in [
            ("ok OW1 K EY1\nbad", 2, "'bad' has no pronunciation"),
            ("sql =", 1, "'sql' has no pronunciation"),
            ("x\n", 1, "no pronunciation"),
            ("word W QQ D", 1, "'QQ' is not an ARPAbet phone"),
            ("word W1 ER1 D", 1, "only vowels carry a stress digit"),
            ("\n\ncafé K AE0 F EY1", 3, "'café' is not a word"),
            ("read(2) R EH1 D", 1, "leave out '(2)'"),
            ("' EH1", 1, "is not a word"),
            ("sql = se9uel", 1, "'se9uel' in the respelling of 'sql'"),
            (&format!("{long} EH1"), 1, "…"),
            (&format!("a {}", "EH1 ".repeat(200)), 1, "200 phones"),
            (&format!("a {long}"), 1, "…"),
        ] {
            let message = Lexicon::parse(text).unwrap_err().to_string();
            assert!(message.starts_with(&format!("line {line}: ")), "{message}");
            assert!(message.contains(says), "{message}");
            assert!(message.len() < 300, "{message}");
        }
    }
}
