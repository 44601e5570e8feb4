//! Clauses gathered into what Pocket TTS says in one breath: at most as many tokens as it was trained on.
//!
//! The first sentence goes alone, so that it is heard soon; later ones go together as far as they are there, as the
//! reference does with a whole text. A chunk never ends inside a sentence unless that is too long; nor inside a clause, but one that
//! is too long is cut in equal parts, at a pause if one is near.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::clauses::{Clauses, Without};
use super::clock::Instant;
use super::feed::FeedReader;
use super::loaded::Pocket;
use super::request::Reading;
use crate::model::pocket_wording::{ExpectedWord, Wording};
use crate::text::{SkipReason, Skipped, SpokenClause};
use crate::voice::Direction;

/// Tokens of a chunk, as the reference cuts them.
pub(super) const TOKENS: usize = 50;
/// Tokens that a part may be longer or shorter to end at a pause.
const NEAR: usize = 12;
/// Seconds of silence after a paragraph, a heading, an item of a list.
const PARAGRAPH: f32 = 0.3;

/// What comes next in the text.
#[derive(Debug)]
pub(super) enum Next {
    Say(Chunk),
    /// Seconds of silence.
    Pause(f32),
    /// Nothing but pieces that are not spoken.
    Skip(Vec<Skipped>),
}

/// What is said in one breath.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) wording: Wording,
    /// Seconds of silence after it.
    pub(super) pause: f32,
}

/// The text of a stream, chunk by chunk.
#[derive(Debug)]
pub(super) struct Chunks {
    pocket: Arc<Pocket>,
    clauses: Clauses,
    reading: Reading,
    /// Gathered so far; `whole` if it ends with a sentence.
    pending: Chunk,
    whole: bool,
    /// What did not fit.
    next: Option<SpokenClause>,
    /// Whole text: chunks that are not said yet, the last one first.
    rest: Vec<Chunk>,
    said: bool,
}

impl Chunks {
    pub(super) fn new(pocket: Arc<Pocket>, clauses: Clauses, reading: Reading) -> Self {
        let (pending, rest) = (Chunk::default(), Vec::new());
        Self { pocket, clauses, reading, pending, whole: false, next: None, rest, said: false }
    }

    pub(super) fn feed(&self) -> &FeedReader {
        self.clauses.feed()
    }

    /// Waits for text until `deadline` (`None`: for ever). The time that it takes is added to `text`.
    pub(super) fn next(&mut self, deadline: Option<Instant>, text: &mut Duration) -> Result<Next, Without> {
        let next = match self.reading {
            Reading::Reference => self.next_of_whole(deadline, text)?,
            Reading::Normalized | Reading::AsWritten => self.gather(deadline, text)?,
        };
        self.said |= matches!(next, Next::Say(_));
        Ok(next)
    }

    fn next_of_whole(&mut self, deadline: Option<Instant>, spent: &mut Duration) -> Result<Next, Without> {
        if self.rest.is_empty() {
            let text = self.clauses.whole(deadline)?;
            let start = Instant::now();
            self.rest = self.pocket.cut(&text);
            self.rest.reverse();
            *spent += start.elapsed();
        }
        let chunk = self.rest.pop().ok_or(Without::End)?;
        Ok(if chunk.wording.text.is_empty() { Next::Skip(chunk.wording.skipped) } else { Next::Say(chunk) })
    }

    fn gather(&mut self, deadline: Option<Instant>, text: &mut Duration) -> Result<Next, Without> {
        loop {
            // with a whole sentence in hand nothing is waited for
            let until = if self.whole { Some(Instant::now()) } else { deadline };
            let mut clause = match self.next.take() {
                Some(clause) => clause,
                None => match self.clauses.next(until, text) {
                    Ok(clause) => clause,
                    Err(Without::Late) if !self.whole => return Err(Without::Late),
                    Err(_) if !self.pending.wording.text.is_empty() => return Ok(self.take()),
                    Err(without) => {
                        let skipped = std::mem::take(&mut self.pending.wording.skipped);
                        return if skipped.is_empty() { Err(without) } else { Ok(Next::Skip(skipped)) };
                    }
                },
            };
            if let Some(direction) = clause.direction.clone() {
                if !self.pending.wording.text.is_empty() {
                    self.next = Some(clause);
                    return Ok(self.take());
                }
                return Ok(turn(&direction, clause));
            }
            let start = Instant::now();
            let mut wording = self.pocket.word(&clause, self.reading);
            let (alone, tokens) = (self.pending.wording.text.is_empty(), self.pocket.tokens(&wording.text));
            let fits = alone || self.pocket.tokens(&self.pending.wording.text) + tokens <= TOKENS;
            if alone
                && tokens > TOKENS
                && let Some(at) = self.pocket.place_to_cut(&clause, tokens, self.reading)
            {
                let (part, rest) = clause.split_at(at);
                wording = self.pocket.word(&part, self.reading);
                (clause, self.next) = (part, Some(rest));
            }
            *text += start.elapsed();
            if !fits {
                self.next = Some(clause);
                return Ok(self.take());
            }
            self.pending.wording.append(wording);
            self.whole = clause.ends_sentence && !self.pending.wording.text.is_empty();
            if clause.ends_paragraph {
                self.pending.pause = PARAGRAPH;
            }
            let enough = clause.ends_paragraph || self.clauses.settled() || (self.whole && !self.said);
            if enough && !self.pending.wording.text.is_empty() {
                return Ok(self.take());
            }
        }
    }

    fn take(&mut self) -> Next {
        self.whole = false;
        Next::Say(std::mem::take(&mut self.pending))
    }
}

/// What a direction of the text leads to.
fn turn(direction: &str, clause: SpokenClause) -> Next {
    if let Some(Direction::Pause(seconds)) = Direction::parse(direction) {
        return Next::Pause(seconds);
    }
    let source = clause.offset..clause.offset + clause.text.len();
    Next::Skip(vec![Skipped { source, text: clause.text, reason: SkipReason::Unreadable }])
}

impl Pocket {
    fn tokens(&self, text: &str) -> usize {
        self.vocabulary.encode(text).len()
    }

    /// A clause as the model reads it.
    pub(super) fn word(&self, clause: &SpokenClause, reading: Reading) -> Wording {
        match reading {
            Reading::Normalized => Wording::of(clause),
            Reading::AsWritten | Reading::Reference => Wording::plain(&clause.text, clause.offset),
        }
    }

    /// Before which item a clause of `whole` tokens, more than the model reads at a time, is cut; nothing if it is one word.
    fn place_to_cut(&self, clause: &SpokenClause, whole: usize, reading: Reading) -> Option<usize> {
        let tokens = |clause: &SpokenClause| self.tokens(&self.word(clause, reading).text);
        let even = whole.div_ceil(whole.div_ceil(TOKENS));
        clause
            .seams()
            .map(|(at, pause)| (at, pause, tokens(&clause.clone().split_at(at).0)))
            .take_while(|&(_, _, tokens)| tokens <= TOKENS)
            .min_by_key(|&(_, pause, tokens)| tokens.abs_diff(even) + if pause { 0 } else { NEAR })
            .map(|(at, ..)| at)
    }

    /// A whole text as the reference cuts it.
    pub(super) fn cut(&self, text: &str) -> Vec<Chunk> {
        let whole = Wording::plain(text, 0);
        if whole.words.is_empty() {
            return vec![Chunk { wording: whole, pause: 0.0 }];
        }
        let chunks = crate::text::pocket::chunks(&self.vocabulary, &self.model.preparation(), text, TOKENS);
        let mut words = whole.words.into_iter();
        let mut cut: Vec<Chunk> = Vec::new();
        for chunk in chunks.unwrap_or_default() {
            let mut wording = Wording::plain(&chunk, 0);
            for skipped in &mut wording.skipped {
                let at = text.find(&skipped.text).unwrap_or_default();
                skipped.source = at..(at + skipped.text.len()).min(text.len());
            }
            // the reference may change letters and marks, but leaves the words in their order
            for word in &mut wording.words {
                if let Some(written) = words.next() {
                    let ExpectedWord { source, text, .. } = written;
                    (word.source, word.text) = (source, text);
                }
            }
            cut.push(Chunk { wording, pause: 0.0 });
        }
        cut
    }
}

/// Where a chunk stands in the input, and how it is written there.
pub(super) fn place(words: &[ExpectedWord]) -> (Range<usize>, String) {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return (0..0, String::new()) };
    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    (first.source.start..last.source.end, text)
}
