//! Clauses as Pocket TTS reads them: plain text with numbers, abbreviations and markup already put into words, and how long
//! a reader would take.
//!
//! In: a [`SpokenClause`] of the front end, or a text as it stands. Out: a [`Wording`]: text, the words in it with their
//! places in the input, and seconds. A word that the front end leaves as it is keeps its capitals and accents, and so do
//! acronyms: these models were trained on written text and know them.

use std::ops::Range;

use crate::text::phone::{Phone, Stress};
use crate::text::{Break, Item, SkipReason, Skipped, SpokenClause, Word};

/// Seconds of a vowel with and without stress, of a consonant, and of a pause inside a text: a calm reader.
const STRESSED: f32 = 0.12;
const UNSTRESSED: f32 = 0.08;
const CONSONANT: f32 = 0.07;
const PAUSE: f32 = 0.25;

/// What is to be said, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Wording {
    pub(crate) text: String,
    pub(crate) words: Vec<ExpectedWord>,
    pub(crate) skipped: Vec<Skipped>,
}

/// A word as written, and when it would be heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExpectedWord {
    /// Bytes of the whole input.
    pub(crate) source: Range<usize>,
    /// As written.
    pub(crate) text: String,
    /// As said.
    pub(crate) spoken: String,
    /// Seconds that a calm reader takes.
    pub(crate) seconds: f32,
    /// Seconds of pause after it.
    pub(crate) pause: f32,
    /// Vowels.
    pub(crate) syllables: usize,
}

impl Wording {
    /// What the front end made of a clause.
    pub(crate) fn of(clause: &SpokenClause) -> Self {
        let mut wording = Self::default();
        let mut items = clause.items.iter().peekable();
        while let Some(item) = items.next() {
            match item {
                Item::Word(word) => {
                    let mut said = vec![word];
                    while let Some(Item::Word(next)) = items.peek()
                        && next.source == word.source
                    {
                        said.push(next);
                        items.next();
                    }
                    wording.add(clause, &said);
                }
                Item::Break { class, .. } => wording.pause(*class),
                Item::Skipped(skipped) => wording.skipped.push(skipped.clone()),
            }
        }
        wording
    }

    /// A text as it stands, for models whose language the front end does not read; it begins at byte `offset` of the input.
    pub(crate) fn plain(text: &str, offset: usize) -> Self {
        let mut wording = Self { text: text.trim().to_owned(), ..Self::default() };
        for word in text.split_whitespace() {
            // a part of `text`, so its place is the difference of the places
            let start = offset + (word.as_ptr() as usize - text.as_ptr() as usize);
            let letters = word.chars().filter(|c| c.is_alphanumeric()).count();
            if letters == 0 {
                continue;
            }
            let syllables = groups_of_vowels(word).max(1);
            wording.words.push(ExpectedWord {
                source: start..start + word.len(),
                text: word.to_owned(),
                spoken: word.to_owned(),
                seconds: syllables as f32 * UNSTRESSED + letters.saturating_sub(syllables) as f32 * CONSONANT,
                pause: if word.ends_with([',', ';', ':', '.', '!', '?', '…']) { PAUSE } else { 0.0 },
                syllables,
            });
        }
        if wording.words.is_empty() && !wording.text.is_empty() {
            // marks and pictures alone: such a model would make a sound of them, but nobody knows which
            let start = offset + (text.len() - text.trim_start().len());
            let text = std::mem::take(&mut wording.text);
            let known = text.chars().all(|c| c.is_ascii() || c.is_whitespace());
            let reason = if known { SkipReason::Punctuation } else { SkipReason::UnknownScript };
            wording.skipped.push(Skipped { source: start..start + text.len(), text, reason });
        }
        wording
    }

    fn add(&mut self, clause: &SpokenClause, said: &[&Word]) {
        let source = said[0].source.clone();
        let local = source.start - clause.offset..source.end - clause.offset;
        let written = clause.text.get(local).unwrap_or_default();
        if said[0].origin == "inline" {
            let (text, reason) = (written.to_owned(), SkipReason::Unreadable);
            self.skipped.push(Skipped { source, text, reason });
            return;
        }
        let spoken = said.iter().map(|word| word.spoken.as_str()).collect::<Vec<_>>().join(" ");
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        let from = self.text.len();
        self.text.push_str(if is_plain(written, said) { written } else { &spoken });
        if written.starts_with(char::is_uppercase) {
            // `Dr.` is `Doctor`: spoken words are ASCII where they are not as written
            self.text[from..].get_mut(..1).map(str::make_ascii_uppercase);
        }
        let phones = || said.iter().flat_map(|word| word.phones.iter());
        self.words.push(ExpectedWord {
            source,
            text: written.to_owned(),
            spoken,
            seconds: phones().map(|&phone| seconds(phone)).sum(),
            pause: 0.0,
            syllables: phones().filter(|phone| phone.symbol().is_vowel()).count(),
        });
    }

    fn pause(&mut self, class: Break) {
        if self.text.is_empty() || self.text.ends_with([',', '.', '?', '!', ';']) {
            return;
        }
        self.text.push(match class {
            Break::Comma => ',',
            Break::Period => '.',
            Break::Question => '?',
            Break::Exclamation => '!',
            Break::Semicolon => ';',
        });
        if let Some(word) = self.words.last_mut() {
            word.pause = PAUSE;
        }
    }

    /// Goes on with what follows.
    pub(crate) fn append(&mut self, next: Self) {
        if !self.text.is_empty() && !next.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&next.text);
        self.words.extend(next.words);
        self.skipped.extend(next.skipped);
    }

    /// Seconds that a calm reader takes, with the pauses between.
    pub(crate) fn seconds(&self) -> f32 {
        let pauses = self.words.iter().rev().skip(1).map(|word| word.pause).sum::<f32>();
        self.words.iter().map(|word| word.seconds).sum::<f32>() + pauses
    }

    /// Vowels.
    pub(crate) fn syllables(&self) -> usize {
        self.words.iter().map(|word| word.syllables).sum()
    }
}

/// Whether the model should see a word as it is written: the front end only lowered its capitals, or would spell what is
/// written in capitals.
fn is_plain(written: &str, said: &[&Word]) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphabetic() || *c == '\'').flat_map(char::to_lowercase).collect()
    };
    if written.chars().any(|c| !(c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))) {
        return false;
    }
    match said {
        [word] if word.origin == "letters" => written.chars().all(char::is_uppercase),
        [word] => letters(&written.replace('’', "'")) == letters(&word.spoken) || !written.is_ascii(),
        many => letters(written) == letters(&many.iter().map(|word| word.spoken.as_str()).collect::<String>()),
    }
}

fn seconds(phone: Phone) -> f32 {
    match phone.stress() {
        Some(Stress::Primary) => STRESSED,
        Some(_) => UNSTRESSED,
        None => CONSONANT,
    }
}

fn groups_of_vowels(word: &str) -> usize {
    let mut groups = 0;
    let mut inside = false;
    for c in word.chars() {
        let vowel = "aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ".contains(c.to_lowercase().next().unwrap_or(c));
        groups += usize::from(vowel && !inside);
        inside = vowel;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::frontend::FrontEnd;
    use crate::text::normalize::TextOptions;
    use crate::text::pronounce::Lexicon;

    fn worded(text: &str) -> Wording {
        let front = FrontEnd::new(Lexicon::default()).unwrap();
        let mut reader = front.reader(TextOptions::default(), |_| false);
        reader.push(text);
        let mut wording = Wording::default();
        while let Some(clause) = front.rest(&mut reader) {
            wording.append(Wording::of(&clause));
        }
        wording
    }

    #[test]
    fn text_is_what_a_careful_reader_would_write_out() {
        for (text, expected) in [
            ("Dr. Smith paid $5.20.", "Doctor Smith paid five dollars and twenty cents."),
            ("Is *this* London, or the FBI?", "Is this London, or the FBI?"),
            ("Don’t stop!", "Don’t stop!"),
            ("A café - in 1984", "A café, in nineteen eighty four"),
            ("One; two: three", "One; two; three"),
            ("🙂 ☃", ""),
        ] {
            assert_eq!(worded(text).text, expected, "{text}");
        }
    }

    #[test]
    fn words_know_their_place_and_their_time() {
        let text = "In 1984, we left.";
        let wording = worded(text);
        let words: Vec<_> = wording
            .words
            .iter()
            .map(|word| (&text[word.source.clone()], word.spoken.as_str(), word.syllables))
            .collect();
        assert_eq!(words, [("In", "in", 1), ("1984", "nineteen eighty four", 5), ("we", "we", 1), ("left", "left", 1)]);
        assert!((1.2..2.2).contains(&wording.seconds()), "{}", wording.seconds());
        assert_eq!(wording.words[1].pause, PAUSE);

        let plain = Wording::plain(" Où est-il ? Là-bas.", 7);
        let words: Vec<_> = plain.words.iter().map(|word| (word.source.clone(), word.syllables)).collect();
        assert_eq!(words, [(8..11, 1), (12..18, 2), (21..29, 2)]);
        assert_eq!(plain.text, "Où est-il ? Là-bas.");

        let nothing = Wording::plain(" 🙂 ☃ ", 3);
        assert_eq!((nothing.text.as_str(), nothing.words.len()), ("", 0));
        assert_eq!((nothing.skipped[0].source.clone(), nothing.skipped[0].reason), (4..12, SkipReason::UnknownScript));
    }

    #[test]
    fn phones_that_cannot_be_told_to_the_model_are_reported() {
        let wording = worded("Say [[HH AH0 L OW1]] now.");
        assert_eq!(wording.text, "Say now.");
        assert_eq!(wording.skipped.len(), 1);
        assert_eq!(wording.skipped[0].reason, SkipReason::Unreadable);
    }
}
