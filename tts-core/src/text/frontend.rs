//! The whole way from arriving text to clauses ready to be spoken.

use std::time::Duration;

use super::directions::{Directions, Piece};
use super::normalize::{Normalizer, State, TextOptions};
use super::pronounce::{Lexicon, PronounceError, Pronouncer, Sentence};
use super::split::ClauseSplitter;
use super::{Break, Clause, Item, SkipReason, Skipped, SpokenClause, TokenKind, Word};

/// What all streams share.
#[derive(Debug)]
pub struct FrontEnd {
    pronouncer: Pronouncer,
}

/// The front end of one stream of text.
#[derive(Debug)]
pub struct Reader {
    directions: Directions,
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

    /// The start of a stream of text. `is_direction` says whether what stands between `[[` and `]]` is for the speaker.
    #[must_use]
    pub fn reader(&self, options: TextOptions, is_direction: fn(&str) -> bool) -> Reader {
        Reader {
            directions: Directions::new(is_direction),
            splitter: ClauseSplitter::new(),
            normalizer: Normalizer::new(options),
            state: State::default(),
            sentence: Sentence::new(),
        }
    }

    /// The next clause that nothing that may still arrive can change.
    pub fn next(&self, reader: &mut Reader) -> Option<SpokenClause> {
        loop {
            if let Some(clause) = reader.splitter.next_clause() {
                return Some(self.read(reader, clause));
            }
            match reader.directions.next() {
                Some(Piece::Text(text)) => reader.splitter.push(&text),
                Some(Piece::Direction(text)) => return Some(self.turn(reader, text)),
                None => return None,
            }
        }
    }

    /// What would be a clause if the input paused here, see [`Reader::settled_after`].
    pub fn settled(&self, reader: &mut Reader) -> Option<SpokenClause> {
        reader.settled_after()?;
        let clause = reader.splitter.take_settled()?;
        Some(self.read(reader, clause))
    }

    /// What remains when the input has ended; call until `None`.
    pub fn rest(&self, reader: &mut Reader) -> Option<SpokenClause> {
        reader.directions.finish();
        let clause = self.next(reader);
        clause.or_else(|| {
            let clause = reader.splitter.finish()?;
            Some(self.read(reader, clause))
        })
    }

    /// What stands before a direction, or the direction itself.
    fn turn(&self, reader: &mut Reader, direction: String) -> SpokenClause {
        if let Some(clause) = reader.splitter.finish_before_direction() {
            reader.directions.put_back(Piece::Direction(direction));
            return self.read(reader, clause);
        }
        let offset = reader.splitter.offset();
        let text = format!("[[{direction}]]");
        reader.splitter.pass_over(text.len());
        let source = offset..offset + text.len();
        let skipped = Skipped { source, text: text.clone(), reason: SkipReason::Direction };
        SpokenClause {
            text,
            offset,
            end: Break::Comma,
            ends_sentence: false,
            ends_paragraph: false,
            items: vec![Item::Skipped(skipped)],
            direction: Some(direction),
        }
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
        SpokenClause { text, offset, end, ends_sentence, ends_paragraph, items, direction: None }
    }
}

impl Reader {
    /// Text that has arrived.
    pub fn push(&mut self, text: &str) {
        self.directions.push(text);
    }

    /// How long the input must pause until what has arrived is spoken as it is; `None` in the middle of a clause.
    #[must_use]
    pub fn settled_after(&self) -> Option<Duration> {
        if self.directions.is_waiting() { None } else { self.splitter.settled_after() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn known(text: &str) -> bool {
        text == "happy" || text == "/"
    }

    /// Text, what it leads to, and the direction, of every clause.
    fn clauses(text: &str, lengths: &[usize]) -> Vec<(String, Break, bool, Option<String>)> {
        let front = FrontEnd::new(Lexicon::default()).unwrap();
        let mut reader = front.reader(TextOptions::default(), known);
        let (mut chars, mut lengths) = (text.chars().peekable(), lengths.iter().cycle());
        let mut found = Vec::new();
        while chars.peek().is_some() {
            let piece: String = chars.by_ref().take(*lengths.next().unwrap_or(&usize::MAX)).collect();
            reader.push(&piece);
            found.extend(std::iter::from_fn(|| front.next(&mut reader)));
        }
        found.extend(std::iter::from_fn(|| front.rest(&mut reader)));
        let mut offset = 0;
        for clause in &found {
            assert_eq!(clause.offset, offset, "{:?} of {text:?}", clause.text);
            offset += clause.text.len();
        }
        found.into_iter().map(|c| (c.text, c.end, c.ends_sentence, c.direction)).collect()
    }

    #[test]
    fn a_direction_is_a_clause_of_its_own() {
        let said = |text: &str, end, sentence| (text.to_owned(), end, sentence, None);
        let told = |text: &str| (format!("[[{text}]]"), Break::Comma, false, Some(text.to_owned()));
        for (text, expected) in [
            (
                "It rose. [[happy]]We left[[/]] early.",
                vec![
                    said("It rose. ", Break::Period, true),
                    told("happy"),
                    said("We left", Break::Comma, false),
                    told("/"),
                    said(" early.", Break::Period, true),
                ],
            ),
            ("[[happy]]\nWhy? [[/]]", vec![told("happy"), said("\nWhy? ", Break::Question, true), told("/")]),
            (
                "One. Two. Three [[/]]",
                vec![
                    said("One. ", Break::Period, true),
                    said("Two. ", Break::Period, true),
                    said("Three ", Break::Comma, false),
                    told("/"),
                ],
            ),
            ("A line\n\n[[/]]", vec![said("A line\n\n", Break::Period, true), told("/")]),
        ] {
            assert_eq!(clauses(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn what_may_become_a_direction_does_not_settle() {
        let front = FrontEnd::new(Lexicon::default()).unwrap();
        let mut reader = front.reader(TextOptions::default(), known);
        reader.push("It rose. [[hap");
        assert_eq!((reader.settled_after(), front.settled(&mut reader)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn pieces_do_not_matter(
            parts in vec(select(vec!["[[happy]]", "[[/]]", "[[", "word", " ", ". ", "Dr. ", ", ", "\n\n", "- ", "🙂", "[[AH0]]"]), 0..14),
            lengths in vec(1..6usize, 1..4),
        ) {
            let text = parts.concat();
            let whole = clauses(&text, &[]);
            prop_assert_eq!(&whole.iter().map(|clause| clause.0.as_str()).collect::<String>(), &text);
            prop_assert_eq!(clauses(&text, &lengths), whole);
        }
    }
}
