//! Texts as the model was trained on them, and long ones cut into chunks.

use super::Vocabulary;
use std::collections::BTreeMap;

/// Marks that end a sentence.
const TERMINAL: &[char] = &['.', '!', '?', '…'];
/// Marks that a sentence does not end with.
const WEAK: &[char] = &[',', ';', ':', '-', '–', '—'];
/// What may stand after the end of a sentence.
const CLOSERS: &[char] = &['"', '\'', '”', '’', ')', ']', '»'];

/// How a model wants its texts; the options of its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preparation {
    /// Eight spaces before texts of fewer than five words.
    pub(crate) pad_short: bool,
    pub(crate) remove_semicolons: bool,
    pub(crate) append_terminal: bool,
    pub(crate) capitalize: bool,
    /// Characters to what stands in their place.
    pub(crate) replace: BTreeMap<char, String>,
}

/// A prepared text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    /// Frames to go on after the end of speech was found.
    pub(crate) frames_after_end: usize,
}

/// White space, as the reference counts it: four separators of ASCII among it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

impl Preparation {
    /// `None` if nothing is left of `text`.
    pub(crate) fn prepare(&self, text: &str) -> Option<Prompt> {
        let mut text = text.trim_matches(is_space).to_owned();
        if !self.replace.is_empty() {
            let replaced: String =
                text.chars().map(|c| self.replace.get(&c).map_or_else(|| c.to_string(), String::clone)).collect();
            text = without_double_marks(&words(&replaced).collect::<Vec<_>>().join(" "));
        }
        if text.is_empty() {
            return None;
        }
        text = text.replace(['\n', '\r'], " ").replace("  ", " ");
        if self.remove_semicolons {
            text = text.replace(';', ",");
        }
        let frames_after_end = if words(&text).count() <= 4 { 3 } else { 1 };
        if self.capitalize {
            let first = text.chars().next()?;
            if !first.is_uppercase() {
                text = first.to_uppercase().chain(text.chars().skip(1)).collect();
            }
        }
        if self.append_terminal {
            text = terminated(text);
        }
        if self.pad_short && words(&text).count() < 5 {
            text.insert_str(0, "        ");
        }
        Some(Prompt { text, frames_after_end })
    }
}

/// Of a mark that ends a sentence and a weak one after it, the first: `Hi?, she said` comes of quotes that were taken away.
fn without_double_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        out.push(c);
        rest = &rest[c.len_utf8()..];
        if TERMINAL.contains(&c)
            && let Some(after) = rest.trim_start_matches(is_space).strip_prefix([',', ';', ':'])
        {
            rest = after;
        }
    }
    out
}

/// Ends with a mark that ends a sentence.
fn terminated(mut text: String) -> String {
    let core = text.trim_end_matches(|c| CLOSERS.contains(&c) || c == ' ');
    let closers = text[core.len()..].trim_matches(is_space);
    match core.chars().last() {
        None => text,
        Some(last) if TERMINAL.contains(&last) => text,
        Some(last) if WEAK.contains(&last) => {
            format!("{}.{closers}", core.trim_end_matches(|c| WEAK.contains(&c) || c == ' '))
        }
        Some(_) => {
            text.push('.');
            text
        }
    }
}

/// Cuts `text` at ends of sentences, and what is too long at weaker marks, into chunks of at most `most` tokens where it can.
/// `None` if nothing is left of it.
pub(crate) fn chunks(
    vocabulary: &Vocabulary,
    preparation: &Preparation,
    text: &str,
    most: usize,
) -> Option<Vec<String>> {
    let text = preparation.prepare(text)?.text;
    let tokens = vocabulary.encode(text.trim_matches(is_space));
    let mut segments = Vec::new();
    for segment in cut(vocabulary, &tokens, &vocabulary.encode(".!...?")[1..], true) {
        let sentence = vocabulary.decode(segment);
        if segment.len() > most {
            let tokens = vocabulary.encode(sentence.trim_matches(is_space));
            let parts = cut(vocabulary, &tokens, &vocabulary.encode(",;:")[1..], false);
            if parts.len() > 1 {
                segments.extend(parts.into_iter().map(|part| (part.len(), vocabulary.decode(part))));
                continue;
            }
        }
        segments.push((segment.len(), sentence));
    }
    let mut chunks: Vec<(usize, String)> = Vec::new();
    for (count, sentence) in segments {
        match chunks.last_mut() {
            Some((held, chunk)) if chunk.is_empty() => (*held, *chunk) = (count, sentence),
            Some((held, chunk)) if *held + count <= most => {
                *held += count;
                chunk.push(' ');
                chunk.push_str(&sentence);
            }
            _ => chunks.push((count, sentence)),
        }
    }
    Some(
        chunks
            .into_iter()
            .map(|(_, chunk)| chunk.trim_matches(is_space).to_owned())
            .filter(|c| !c.is_empty())
            .collect(),
    )
}

/// Tokens after every run of `marks`, but for decimal points if those are to be `spared`.
fn cut<'t>(vocabulary: &Vocabulary, tokens: &'t [u32], marks: &[u32], spared: bool) -> Vec<&'t [u32]> {
    let mut parts = Vec::new();
    let (mut start, mut after_mark) = (0, false);
    for (at, token) in tokens.iter().enumerate() {
        let mark = marks.contains(token);
        if after_mark && !mark && !(spared && inside_number(vocabulary, tokens, at)) {
            parts.push(&tokens[start..at]);
            start = at;
        }
        after_mark = mark;
    }
    parts.push(&tokens[start..]);
    parts
}

/// Tokens that are looked at on either side of a mark; more where they are bytes of one character.
const NEAR: usize = 16;

/// Whether `at` comes right after the point of a number.
fn inside_number(vocabulary: &Vocabulary, tokens: &[u32], at: usize) -> bool {
    // the whole text on either side says the same, at a cost that grows with its square
    let (mut from, mut to) = (at.saturating_sub(NEAR), (at + NEAR).min(tokens.len()));
    while from > 0 && vocabulary.is_byte(tokens[from]) {
        from -= 1;
    }
    while to < tokens.len() && vocabulary.is_byte(tokens[to]) {
        to += 1;
    }
    let before = vocabulary.decode(&tokens[from..at]);
    let mut last = before.chars().rev();
    let point = last.next() == Some('.') && last.next().is_some_and(char::is_numeric);
    point && vocabulary.decode(&tokens[at..to]).chars().next().is_some_and(char::is_numeric)
}
