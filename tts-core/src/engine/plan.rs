//! A request worked out without sound: what will be said, how it is pronounced, and when.

use std::ops::Range;

use super::native_composer::word_timings;
use super::stats::WordTiming;
use crate::model::native::{ItemTime, sample_rate};
use crate::model::pocket_wording::Wording;
use crate::text::phone::Phone;
use crate::text::{Break, Item, Skipped, SpokenClause};
use crate::units::SampleRate;

/// What would be spoken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In the order of the text.
    pub clauses: Vec<PlannedClause>,
}

/// A clause of a [`Plan`].
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedClause {
    /// The source text.
    pub text: String,
    /// Where it begins in the input, in bytes.
    pub offset: usize,
    /// The words as they are said, separated by spaces.
    pub normalized: String,
    /// Every piece of it.
    pub items: Vec<PlannedItem>,
    /// The words as they are written, with their times.
    pub words: Vec<WordTiming>,
}

/// A piece of a [`PlannedClause`].
#[derive(Debug, Clone, PartialEq)]
pub enum PlannedItem {
    /// A word that is said.
    Word {
        /// Bytes of the input.
        source: Range<usize>,
        /// The word in letters.
        spoken: String,
        /// How it sounds.
        phones: Vec<Phone>,
        /// Where the pronunciation comes from.
        origin: &'static str,
        /// Seconds from the start of the sound.
        start: f64,
        /// Seconds from the start of the sound.
        end: f64,
    },
    /// A pause; one that another pause swallows has no length.
    Pause {
        /// Bytes of the input.
        source: Range<usize>,
        /// What kind.
        class: Break,
        /// Seconds from the start of the sound.
        start: f64,
        /// Seconds from the start of the sound.
        end: f64,
    },
    /// Not spoken.
    Skipped(Skipped),
}

impl Plan {
    /// Adds what a model that reads letters would say of `clause`, where it is one of the front end.
    pub(super) fn expect(&mut self, wording: Wording, clause: Option<&SpokenClause>) {
        let last = self.clauses.iter().rev().flat_map(|clause| clause.words.last()).map(|word| word.end).next();
        let mut now = last.unwrap_or_default();
        let (mut items, mut words) = (Vec::new(), Vec::new());
        for word in wording.words {
            let (source, text, spoken, start) = (word.source, word.text, word.spoken, now);
            let end = start + f64::from(word.seconds);
            now = end + f64::from(word.pause);
            let (phones, origin) = (Vec::new(), "model");
            let item = PlannedItem::Word { source: source.clone(), spoken: spoken.clone(), phones, origin, start, end };
            items.push(item);
            if word.pause > 0.0 {
                let source = source.end..source.end;
                items.push(PlannedItem::Pause { source, class: Break::Comma, start: end, end: now });
            }
            words.push(WordTiming { source, text, spoken, start, end });
        }
        items.extend(wording.skipped.into_iter().map(PlannedItem::Skipped));
        let start = words.first().map_or(0, |word| word.source.start);
        let (text, offset) = match clause {
            Some(clause) => (clause.text.clone(), clause.offset),
            None => (wording.text.clone(), start),
        };
        self.clauses.push(PlannedClause { text, offset, normalized: wording.text, items, words });
    }
}

impl PlannedClause {
    pub(super) fn new(clause: SpokenClause, times: &[ItemTime]) -> Self {
        let rate = SampleRate(sample_rate());
        let words = word_timings(&clause, times);
        let mut now = times.first().map_or(0.0, |time| rate.seconds(time.start.0));
        let mut normalized = Vec::new();
        let mut items = Vec::new();
        for (index, item) in clause.items.into_iter().enumerate() {
            let time = times.iter().find(|time| time.item == index);
            let (start, end) = time.map_or((now, now), |t| (rate.seconds(t.start.0), rate.seconds(t.end.0)));
            now = end;
            items.push(match item {
                Item::Word(word) => {
                    normalized.push(word.spoken.clone());
                    let crate::text::Word { source, spoken, phones, origin } = word;
                    PlannedItem::Word { source, spoken, phones, origin, start, end }
                }
                Item::Break { source, class } => PlannedItem::Pause { source, class, start, end },
                Item::Skipped(skipped) => PlannedItem::Skipped(skipped),
            });
        }
        Self { text: clause.text, offset: clause.offset, normalized: normalized.join(" "), items, words }
    }
}
