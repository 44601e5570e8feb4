//! Pronunciation: words in their sentence to ARPAbet phones with stress.
//!
//! In: the [`Token`]s of a clause, and the [`Sentence`] so far. Out: one [`Pronounced`] for every spoken word, in order;
//! every word with a letter or digit in it is said. The first of these that knows the word decides:
//!
//! ```text
//! inline phones ─ user lexicon ─ homographs ─ as capitalised ─ dictionary ─ endings ─ compounds ─ model ─ letters
//!                 lexicon.rs     homograph/   dictionary.rs                 suffix.rs compound.rs model.rs
//! ```
//!
//! Little words then take the form they have in their sentence (weak.rs).
//!
//! May import: `text` (`phone` and the words of the front end).

mod compound;
mod dictionary;
mod homograph;
mod letters;
mod lexicon;
mod model;
mod suffix;
mod weak;

use std::sync::OnceLock;

use crate::text::phone::Phone;
use crate::text::{Form, SpokenWord, Token, TokenKind};
use dictionary::Dictionary;
pub use dictionary::DictionaryError;
use homograph::Heard;
use lexicon::Entry;
pub use lexicon::{Lexicon, LexiconError};
pub use model::ModelError;
use model::{Model, Packed};

static CMUDICT: &[u8] = include_bytes!("cmudict.bin");
static G2P: &[u8] = include_bytes!("g2p.bin");

/// Words of a sentence that are remembered from clause to clause.
const REMEMBERED: usize = 24;

/// Finds the pronunciation of words. Immutable: share one between threads.
#[derive(Debug)]
pub struct Pronouncer {
    lexicon: Lexicon,
    dictionary: Dictionary<'static>,
    packed: Packed<'static>,
    /// Unpacked when the first unknown word comes.
    model: OnceLock<Model>,
}

/// How a word is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pronounced {
    /// Its phones; empty only for a word without any letter `a-z` or digit.
    pub phones: Vec<Phone>,
    /// Where they come from.
    pub origin: Origin,
}

/// Where a pronunciation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Written by the author of the text, in `[[..]]`.
    Inline,
    /// The user's lexicon.
    Lexicon,
    /// The embedded dictionary.
    Dictionary,
    /// A word of two sounds, told apart by its neighbours; the name of the rule.
    Homograph(&'static str),
    /// An ending, a beginning or another country's spelling of a known word.
    Suffix,
    /// Two known words in one.
    Compound,
    /// The letters-to-phones network.
    Model,
    /// The names of its letters.
    Letters,
}

impl Origin {
    /// A short name for machines: `dictionary`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Lexicon => "lexicon",
            Self::Dictionary => "dictionary",
            Self::Homograph(_) => "homograph",
            Self::Suffix => "suffix",
            Self::Compound => "compound",
            Self::Model => "model",
            Self::Letters => "letters",
        }
    }
}

/// Why there is no pronouncer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PronounceError {
    /// The embedded dictionary is damaged.
    #[error("the embedded dictionary cannot be used: {0}")]
    Dictionary(#[from] DictionaryError),
    /// The embedded letters-to-phones network is damaged.
    #[error("the embedded letters-to-phones model cannot be used: {0}")]
    Model(#[from] ModelError),
}

/// The words of a sentence so far, for clauses that are pronounced one at a time.
///
/// A state: make one per text, pass it to every [`Pronouncer::pronounce`], call [`Sentence::end`] where a sentence ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    words: Vec<Heard>,
    pause: bool,
}

impl Sentence {
    /// The beginning of a sentence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next word begins a new sentence.
    pub fn end(&mut self) {
        self.words.clear();
        self.pause = false;
    }
}

impl Pronouncer {
    /// The embedded dictionary and rules, with the user's words before them. Takes a millisecond or two.
    ///
    /// # Errors
    /// [`PronounceError`] if the embedded data are damaged.
    pub fn embedded(lexicon: Lexicon) -> Result<Self, PronounceError> {
        let (dictionary, packed) = (Dictionary::open(CMUDICT)?, Packed::open(G2P)?);
        Ok(Self { lexicon, dictionary, packed, model: OnceLock::new() })
    }

    /// The pronunciations of the clause's spoken words, in order: one for each [`SpokenWord`] of its tokens.
    pub fn pronounce(&self, tokens: &[Token], sentence: &mut Sentence) -> Vec<Pronounced> {
        let old = sentence.words.len().saturating_sub(REMEMBERED);
        sentence.words.drain(..old);
        let first = sentence.words.len();
        let mut spoken = Vec::new();
        for token in tokens {
            match &token.kind {
                TokenKind::Words(words) => {
                    for word in words {
                        let capital = matches!(&word.form, Form::Capitalised(w) if w.starts_with(char::is_uppercase));
                        let pause = std::mem::take(&mut sentence.pause) || sentence.words.is_empty();
                        sentence.words.push(Heard::new(&word.text, capital, pause));
                        spoken.push(word);
                    }
                }
                TokenKind::Break(_) => sentence.pause = true,
                TokenKind::Skipped(_) => {}
            }
        }
        let heard = &sentence.words;
        let mut said: Vec<Pronounced> =
            spoken.iter().enumerate().map(|(i, word)| self.word(word, heard, first + i)).collect();
        for i in 0..said.len() {
            if said[i].origin == Origin::Dictionary {
                let at = first + i;
                let next = said.get(i + 1).filter(|_| !heard[at + 1].pause).map(|next| next.phones.as_slice());
                let before = if at > 0 && !heard[at].pause { heard[at - 1].text.as_str() } else { "" };
                if let Some(phones) = weak::form(&heard[at].text, before, weak::Follows::of(next)) {
                    said[i].phones = phones;
                }
            }
        }
        said
    }

    fn word(&self, word: &SpokenWord, sentence: &[Heard], at: usize) -> Pronounced {
        let said = |phones, origin| Pronounced { phones, origin };
        let written = match &word.form {
            Form::Phones(phones) if !phones.is_empty() => return said(phones.clone(), Origin::Inline),
            Form::Letters => {
                let phones = letters::spell(&word.text);
                if !phones.is_empty() {
                    return said(phones, Origin::Letters);
                }
                None
            }
            Form::Capitalised(written) => Some(written.as_str()),
            Form::Phones(_) | Form::Word => None,
        };
        if let Some(phones) = written.and_then(|w| self.lexicon(w)).or_else(|| self.lexicon(&word.text)) {
            return said(phones, Origin::Lexicon);
        }
        if let Some((phones, rule)) = homograph::choose(sentence, at) {
            return said(phones, Origin::Homograph(rule));
        }
        if let Some(phones) = written.and_then(|w| self.dictionary.get(w)) {
            return said(phones, Origin::Dictionary);
        }
        self.look_up(&word.text)
    }

    fn look_up(&self, text: &str) -> Pronounced {
        let said = |phones, origin| Pronounced { phones, origin };
        if let Some(phones) = self.dictionary.get(text) {
            return said(phones, Origin::Dictionary);
        }
        let known = |w: &str| self.lexicon(w).or_else(|| self.dictionary.get(w));
        if let Some(phones) = suffix::derive(text, &known) {
            return said(phones, Origin::Suffix);
        }
        if let Some(phones) = compound::split(text, &known) {
            return said(phones, Origin::Compound);
        }
        if pronounceable(text) {
            let model = self.model.get_or_init(|| self.packed.unpack());
            let (stem, possessive) = text.strip_suffix("'s").map_or((text, false), |stem| (stem, true));
            let mut phones = model.say(stem);
            model::settle_stress(&mut phones);
            if phones.iter().any(|p| p.symbol().is_vowel()) {
                return said(if possessive { suffix::with_s(phones) } else { phones }, Origin::Model);
            }
        }
        said(letters::spell(text), Origin::Letters)
    }

    /// The user's phones; a respelling is said word by word, without its own words being respelled again.
    fn lexicon(&self, word: &str) -> Option<Vec<Phone>> {
        match self.lexicon.get(word)? {
            Entry::Phones(phones) => Some(phones.clone()),
            Entry::Respelling(words) => {
                let known = |w: &str| self.dictionary.get(w);
                let phones: Vec<Phone> = words
                    .iter()
                    .flat_map(|w| known(w).or_else(|| suffix::derive(w, &known)).unwrap_or_else(|| letters::spell(w)))
                    .collect();
                (!phones.is_empty()).then_some(phones)
            }
        }
    }
}

/// Whether letters make something that can be read as a word: a vowel letter and a consonant, no digit, and no run of
/// more than five consonants.
fn pronounceable(text: &str) -> bool {
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let letters: Vec<u8> = text.bytes().filter(|&b| b != b'\'').collect();
    let longest = letters.split(|&b| vowel(b)).map(<[u8]>::len).max().unwrap_or(0);
    letters.len() > 1 && letters.iter().all(u8::is_ascii_lowercase) && letters.iter().any(|&b| vowel(b)) && longest <= 5
}

#[cfg(test)]
mod tests;
