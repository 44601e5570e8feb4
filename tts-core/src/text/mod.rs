//! Text to phonemes: the way from what was typed to what is said (level 3).
//!
//! Signal flow, one file or folder a stage:
//!
//! ```text
//! &str pieces ── directions ── split ──▶ Clause ── normalize ──▶ [Token] ── pronounce ──▶ phones of every word
//! ```
//!
//! Nothing of the input is lost on the way: every character that is not white space lies in the span of a [`Token`],
//! and a token is either spoken, or a break, or skipped with a [`SkipReason`] that is reported to the caller.
//!
//! May import: `units`.

mod directions;
pub mod frontend;
mod lines;
mod marks;
pub mod normalize;
pub mod phone;
pub(crate) mod pocket;
pub mod pronounce;
pub mod split;
#[cfg(test)]
mod split_tests;

use std::fmt;
use std::ops::Range;

use phone::Phone;

/// What a clause leads to: how punctuation shapes the melody and the pause after it.
///
/// The discriminants are the model's punctuation classes; 0 stands for "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Break {
    /// Comma, dash, bracket, or a pause without a mark.
    Comma = 1,
    /// Full stop, ellipsis, end of a line that stands alone (heading, list item).
    Period = 2,
    /// Question mark.
    Question = 3,
    /// Exclamation mark.
    Exclamation = 4,
    /// Semicolon or colon.
    Semicolon = 5,
}

/// A stretch of text that is planned and spoken as one unit: it ends where a reader would pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The source text, unchanged: the clauses of an input, joined, are the input.
    pub text: String,
    /// Where `text` begins in the whole input, in bytes.
    pub offset: usize,
    /// What the clause leads to.
    pub end: Break,
    /// Whether a sentence ends here (`false` after a comma or in the middle of a very long sentence).
    pub ends_sentence: bool,
    /// Whether a paragraph, heading or list item ends here: a longer pause.
    pub ends_paragraph: bool,
}

/// A piece of a clause's source text and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Bytes of the clause's `text`; spans are in order and do not overlap.
    pub span: Range<usize>,
    /// What becomes of it.
    pub kind: TokenKind,
}

/// What becomes of a [`Token`].
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// Spoken as these words, in order: "1984" is `nineteen eighty four`. Never empty.
    Words(Vec<SpokenWord>),
    /// A pause inside or at the end of the clause.
    Break(Break),
    /// Not spoken, and why.
    Skipped(SkipReason),
}

/// One word to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenWord {
    /// Orthography in lower case: letters `a-z`, apostrophes inside (`don't`), accents folded; for
    /// [`Form::Letters`] the letters to be named one by one.
    pub text: String,
    /// How to find its pronunciation.
    pub form: Form,
}

/// How to find the pronunciation of a [`SpokenWord`].
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Look it up, or derive it.
    Word,
    /// A name or an acronym by its capitals: look it up as written first (`US`, `IT`, `Polish`), then as a word.
    Capitalised(String),
    /// Name each letter: `fbi` is "eff bee eye".
    Letters,
    /// Given by the writer in `[[..]]`.
    Phones(Vec<Phone>),
}

/// A clause ready to be spoken: what becomes of every piece of it, with pronunciations.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenClause {
    /// The source text, unchanged.
    pub text: String,
    /// Where `text` begins in the whole input, in bytes.
    pub offset: usize,
    /// What the clause leads to.
    pub end: Break,
    /// Whether a sentence ends here.
    pub ends_sentence: bool,
    /// Whether a paragraph, heading or list item ends here.
    pub ends_paragraph: bool,
    /// In the order of the text.
    pub items: Vec<Item>,
    /// What stands between `[[` and `]]`, if this is a direction to the speaker and nothing else.
    pub direction: Option<String>,
}

impl SpokenClause {
    /// Items before which the clause may be cut, between pieces of the text: whether a pause lies there.
    pub(crate) fn seams(&self) -> impl Iterator<Item = (usize, bool)> {
        self.items.windows(2).enumerate().filter_map(|(n, pair)| {
            let apart = pair[0].source().end <= pair[1].source().start;
            (apart && matches!(pair[1], Item::Word(_))).then_some((n + 1, matches!(pair[0], Item::Break { .. })))
        })
    }

    /// What comes before item `at`, which ends no sentence, and the rest.
    pub(crate) fn split_at(mut self, at: usize) -> (Self, Self) {
        let items = self.items.split_off(at);
        let place = items.first().map_or(self.text.len(), |item| item.source().start - self.offset);
        let text = self.text.split_off(place);
        let rest = Self { text, offset: self.offset + place, items, ..self.clone() };
        (Self { end: Break::Comma, ends_sentence: false, ends_paragraph: false, ..self }, rest)
    }
}

/// What becomes of a piece of a [`SpokenClause`].
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A word that is said.
    Word(Word),
    /// A pause.
    Break {
        /// Bytes of the whole input.
        source: Range<usize>,
        /// How long, and with what melody before it.
        class: Break,
    },
    /// Not spoken.
    Skipped(Skipped),
}

impl Item {
    /// Bytes of the whole input.
    fn source(&self) -> &Range<usize> {
        match self {
            Self::Word(Word { source, .. }) | Self::Break { source, .. } | Self::Skipped(Skipped { source, .. }) => {
                source
            }
        }
    }
}

/// A word that is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Bytes of the whole input; several words may come from the same ("1984").
    pub source: Range<usize>,
    /// The word in letters.
    pub spoken: String,
    /// How it sounds; never empty.
    pub phones: Vec<Phone>,
    /// Where the pronunciation comes from.
    pub origin: &'static str,
}

/// A piece of the input that is not spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Bytes of the whole input.
    pub source: Range<usize>,
    /// As written.
    pub text: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a piece of text is not spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Markup: asterisks of emphasis, back-ticks, list bullets, the target of a link.
    Markup,
    /// Punctuation that has no sound and makes no pause (quotes, a lone hyphen).
    Punctuation,
    /// Emoji, where emoji are not spoken.
    Emoji,
    /// A script or symbol this language's front end has no reading for.
    UnknownScript,
    /// A control, format or replacement character.
    Control,
    /// A run of characters without a break that is too long to be a word.
    TooLong,
    /// A direction to the speaker, which was followed.
    Direction,
    /// Phones, or a direction to the speaker, that the model in use cannot follow.
    Unreadable,
}

impl SkipReason {
    /// A short name for machines: `unknown-script`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Markup => "markup",
            Self::Punctuation => "punctuation",
            Self::Emoji => "emoji",
            Self::UnknownScript => "unknown-script",
            Self::Control => "control",
            Self::TooLong => "too-long",
            Self::Direction => "direction",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether the listener misses something, so that the speaker of the text should be warned.
    #[must_use]
    pub fn loses_content(self) -> bool {
        matches!(self, Self::UnknownScript | Self::Control | Self::TooLong | Self::Unreadable)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Markup => "markup is not spoken",
            Self::Punctuation => "punctuation without a sound",
            Self::Emoji => "emoji are silent unless asked for",
            Self::UnknownScript => "no English reading is known for these characters",
            Self::Control => "control or invalid characters",
            Self::TooLong => "too many characters without a break to be a word",
            Self::Direction => "a direction to the speaker, followed and not spoken",
            Self::Unreadable => "this model reads plain text only: it takes no phones and no directions but pauses",
        })
    }
}
