//! The whole way from arriving text to clauses ready to be spoken.

use std::time::Duration;

use super::normalize::{Normalizer, State, TextOptions};
use super::pronounce::{Lexicon, PronounceError, Pronouncer, Sentence};
use super::split::ClauseSplitter;
use super::{Clause, Item, Skipped, SpokenClause, TokenKind, Word};

/// What all streams share.
#[derive(Debug)]
pub struct FrontEnd {
    pronouncer: Pronouncer,
}

/// The front end of one stream of text.
#[derive(Debug)]
pub struct Reader {
    splitter: ClauseSplitter,
    normalizer: Normalizer,
    state: State,
    sentence: Sentence,
}

impl FrontEnd {
    /// With the embedded dictionary; the user's lexicon comes first.
    ///
    /// # Errors
    /// [`PronounceError`] if the embedded data is damaged.
    pub fn new(lexicon: Lexicon) -> Result<Self, PronounceError> {
        Ok(Self { pronouncer: Pronouncer::embedded(lexicon)? })
    }

    /// The start of a stream of text.
    #[must_use]
    pub fn reader(&self, options: TextOptions) -> Reader {
        Reader {
            splitter: ClauseSplitter::new(),
            normalizer: Normalizer::new(options),
            state: State::default(),
            sentence: Sentence::new(),
        }
    }

    /// The next clause that nothing that may still arrive can change.
    pub fn next(&self, reader: &mut Reader) -> Option<SpokenClause> {
        let clause = reader.splitter.next_clause()?;
        Some(self.read(reader, clause))
    }

    /// What would be a clause if the input paused here, see [`Reader::settled_after`].
    pub fn settled(&self, reader: &mut Reader) -> Option<SpokenClause> {
        let clause = reader.splitter.take_settled()?;
        Some(self.read(reader, clause))
    }

    /// What remains when the input has ended; call until `None`.
    pub fn rest(&self, reader: &mut Reader) -> Option<SpokenClause> {
        let clause = reader.splitter.finish()?;
        Some(self.read(reader, clause))
    }

    fn read(&self, reader: &mut Reader, clause: Clause) -> SpokenClause {
        let tokens = reader.normalizer.normalize(&clause, &mut reader.state);
        let mut said = self.pronouncer.pronounce(&tokens, &mut reader.sentence).into_iter();
        let mut items = Vec::new();
        for token in tokens {
            let source = clause.offset + token.span.start..clause.offset + token.span.end;
            match token.kind {
                TokenKind::Words(words) => items.extend(words.into_iter().zip(&mut said).map(|(word, said)| {
                    let origin = said.origin.name();
                    Item::Word(Word { source: source.clone(), spoken: word.text, phones: said.phones, origin })
                })),
                TokenKind::Break(class) => items.push(Item::Break { source, class }),
                TokenKind::Skipped(reason) => {
                    let text = clause.text.get(token.span).unwrap_or_default().to_owned();
                    items.push(Item::Skipped(Skipped { source, text, reason }));
                }
            }
        }
        if clause.ends_sentence {
            reader.sentence.end();
        }
        let Clause { text, offset, end, ends_sentence, ends_paragraph } = clause;
        SpokenClause { text, offset, end, ends_sentence, ends_paragraph, items }
    }
}

impl Reader {
    /// Text that has arrived.
    pub fn push(&mut self, text: &str) {
        self.splitter.push(text);
    }

    /// How long the input must pause until what has arrived is spoken as it is; `None` in the middle of a clause.
    #[must_use]
    pub fn settled_after(&self) -> Option<Duration> {
        self.splitter.settled_after()
    }
}
