//! English text to words: numbers, dates, money, addresses, abbreviations, acronyms and markup as a careful reader says them.
//!
//! In: a [`Clause`]. Out: [`Token`]s that cover every character of it which is not white space, in order, none twice.
//! Each file reads one kind of thing; this one asks them in turn. A reader gets the folded view of the clause
//! (`scan`) and a place, and answers where the thing that begins there ends and what it sounds like.
//!
//! Own code and no crate for the numbers: see docs/TEXT.md for what exists and what it costs.
//!
//! May import: `units`, and of the folder above the words of the front end.

pub(in crate::text) mod abbreviations;
mod acronyms;
mod codes;
mod dates_times;
mod emoji;
mod fractions;
mod markdown;
mod money;
mod numbers;
mod quantities;
mod ranges;
mod roman;
mod scan;
mod symbols;
mod tokens;
mod units;
mod web;
mod words;

#[cfg(test)]
mod tests;

use super::phone::Phone;
use super::split::LONGEST_RUN;
use super::{Clause, Form, SkipReason, SpokenWord, Token, TokenKind};
use scan::{NONE, Scan};
use tokens::Tokens;
use words::Words;

/// What is read and what is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Take the marks of Markdown as structure, not as text. On by default.
    pub markdown: bool,
    /// Say the names of emoji ("red heart") instead of passing over them. Off by default.
    pub emoji_names: bool,
    /// Read what stands in fenced code blocks. On by default: what is left out is reported as markup.
    pub code_blocks: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { markdown: true, emoji_names: false, code_blocks: true }
    }
}

/// What the normaliser must remember from one clause to the next.
///
/// A plain value: start with `State::default()` at the beginning of an input, pass it along, clone it to fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Inside a fenced code block.
    code: bool,
    /// The next clause begins a line.
    line_start: bool,
    /// The next clause begins a sentence.
    sentence_start: bool,
    /// A double quote is open.
    quoted: bool,
    /// Characters of the run without white space that the last clause ended in.
    run: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { code: false, line_start: true, sentence_start: true, quoted: false, run: 0 }
    }
}

/// Reads clauses.
#[derive(Debug, Clone, Default)]
pub struct Normalizer {
    options: TextOptions,
}

impl Normalizer {
    /// A normaliser with these options.
    #[must_use]
    pub fn new(options: TextOptions) -> Self {
        Self { options }
    }

    /// The tokens of a clause; `state` is that of the text before it and becomes that of the text after it.
    #[must_use]
    pub fn normalize(&self, clause: &Clause, state: &mut State) -> Vec<Token> {
        let mut scan = Scan::new(&clause.text);
        scan.quoted = state.quoted;
        let mut reader = Reader {
            options: self.options,
            scan: &scan,
            tokens: Tokens::new(&scan),
            shouting: is_shouting(&scan),
            first: state.sentence_start,
            code: state.code,
        };
        let from = reader.pass_over_long_run(state.run);
        reader.read(from, state.line_start);
        state.code = reader.code;
        // A quote that is never closed must not reach beyond its paragraph.
        state.quoted = scan.quoted_after() && !clause.ends_paragraph;
        let tokens = reader.tokens.finish();
        let newline = clause.text.trim_end_matches([' ', '\t']).ends_with(['\n', '\r', '\u{2028}', '\u{2029}']);
        state.line_start = newline || clause.text.trim().is_empty() && state.line_start;
        state.sentence_start = clause.ends_sentence;
        state.run = run_at_end(&clause.text, state.run);
        tokens
    }
}

/// Characters of the run without white space at the end of the input so far; dashes, emoji and scripts without
/// spaces begin a new one.
fn run_at_end(text: &str, before: usize) -> usize {
    let mut run = 0;
    for c in text.chars().rev().take(2 * LONGEST_RUN) {
        if c.is_whitespace() || !(c.is_ascii() || c.is_alphanumeric()) {
            return run;
        }
        run += 1;
    }
    run + before
}

/// Whether all words are in capitals, and there is more than one.
fn is_shouting(scan: &Scan) -> bool {
    let (mut words, mut at) = (0, 0);
    while at < scan.len() {
        let end = scan.letters(at);
        if end - at > 1 {
            if (at..end).any(|k| scan.at(k).is_ascii_lowercase()) {
                return false;
            }
            words += 1;
        }
        at = end.max(at + 1);
    }
    words >= 3 || (words == 2 && scan.len() < 40 && scan.run(0, |c| c.is_ascii_uppercase()) > 3)
}

/// One clause being read.
struct Reader<'s, 'a> {
    options: TextOptions,
    scan: &'s Scan<'a>,
    tokens: Tokens<'s, 'a>,
    shouting: bool,
    /// No word of the sentence was read yet.
    first: bool,
    code: bool,
}

impl Reader<'_, '_> {
    /// The rest of a run that was cut for its length is not read.
    fn pass_over_long_run(&mut self, run: usize) -> usize {
        if run < LONGEST_RUN {
            return 0;
        }
        let end = self.scan.run(0, |c| !c.is_whitespace());
        if end > 0 {
            self.tokens.push(0, end, TokenKind::Skipped(SkipReason::TooLong));
        }
        end
    }

    fn read(&mut self, from: usize, line_start: bool) {
        let mut at = from;
        let mut line_start = line_start;
        while at < self.scan.len() {
            let c = self.scan.at(at);
            if c.is_whitespace() {
                line_start |= matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
                at += 1;
                continue;
            }
            if line_start {
                line_start = false;
                let mut end = at;
                for (next, kind) in markdown::line_start(self.scan, at, self.options.markdown, &mut self.code) {
                    self.push(self.scan.spaces(end), next, kind);
                    end = next;
                }
                if end > at {
                    at = end;
                    continue;
                }
            }
            let (end, kind) = self.next(at);
            let end = end.clamp(at + 1, self.scan.len());
            self.push(at, end, kind);
            at = end;
        }
    }

    fn push(&mut self, from: usize, to: usize, kind: TokenKind) {
        // A reading that came out empty must not be an empty list of words.
        let kind = match kind {
            TokenKind::Words(words) if words.is_empty() => TokenKind::Skipped(SkipReason::Punctuation),
            kind => kind,
        };
        self.first &= !matches!(kind, TokenKind::Words(_));
        self.tokens.push(from, to, kind);
    }

    /// What begins at `at`: where it ends and what becomes of it.
    fn next(&self, at: usize) -> (usize, TokenKind) {
        let scan = self.scan;
        let c = scan.at(at);
        if self.code && !self.options.code_blocks {
            return (scan.run(at, |c| !c.is_whitespace()), TokenKind::Skipped(SkipReason::Markup));
        }
        if let Some(found) = inline_phones(scan, at) {
            return found;
        }
        if let Some(found) = emoji::read(scan, at, self.options.emoji_names).or_else(|| symbols::emoticon(scan, at)) {
            return found;
        }
        if self.options.markdown {
            let found = markdown::html(scan, at).or_else(|| markdown::inline(scan, at, self.code));
            if let Some(found) = found {
                return found;
            }
        }
        let words = |(end, words): (usize, Words)| (end, TokenKind::Words(words.0));
        if let Some(found) = web::read(scan, at) {
            return words(found);
        }
        if (!c.is_ascii_alphabetic() || c.is_ascii_uppercase())
            && let Some(found) = quantities::read(scan, at)
        {
            return words(found);
        }
        if c.is_ascii_alphanumeric() {
            return words(self.word(at));
        }
        // A Greek letter has a name, a Greek word has not.
        let foreign = scan.run(at, |c| !c.is_ascii() && c.is_alphabetic());
        if foreign >= at + 3 {
            return (foreign, TokenKind::Skipped(SkipReason::UnknownScript));
        }
        if let Some(found) = symbols::read(scan, at, self.tokens.spoken) {
            return found;
        }
        self.unknown(at)
    }

    /// A word, or a run of letters and digits.
    fn word(&self, at: usize) -> (usize, Words) {
        let scan = self.scan;
        let special = dates_times::date_by_name(scan, at)
            .or_else(|| dates_times_era(scan, at))
            .or_else(|| abbreviations::read(scan, at))
            .or_else(|| codes::versioned(scan, at))
            .or_else(|| codes::chess(scan, at))
            .or_else(|| roman::read(scan, at));
        if let Some(found) = special {
            return found;
        }
        let run_end = scan.run(at, |c| c.is_ascii_alphanumeric());
        if (at..run_end).any(|k| scan.at(k).is_ascii_digit()) {
            return (run_end, codes::mixed(scan, at, run_end, self.shouting));
        }
        // Apostrophes between letters belong to the word.
        let mut end = run_end;
        while scan.at(end) == '\'' && scan.at(end + 1).is_ascii_alphabetic() && end + 1 < scan.len() {
            end = scan.letters(end + 1);
        }
        if scan.at(end).is_ascii_digit() {
            end = run_end;
        }
        let mut words = Words::default();
        if end - at == 1 {
            self.single_letter(at, &mut words);
        } else if joined(scan, at, end)
            || end - at == 2 && scan.at(at) == scan.at(at + 1) && !scan.has_any_case(at, "oo")
        {
            words.letters(&scan.text(at, end)); // "AT&T", "ii"
        } else {
            acronyms::say(&scan.text(at, end), self.shouting, self.first, &mut words);
        }
        (end, words)
    }

    fn single_letter(&self, at: usize, words: &mut Words) {
        let c = self.scan.at(at);
        let next = self.scan.at(at + 1);
        let before = self.scan.word_before(at);
        let named = matches!(
            before.as_str(),
            "vitamin"
                | "plan"
                | "grade"
                | "section"
                | "type"
                | "hepatitis"
                | "letter"
                | "option"
                | "exhibit"
                | "appendix"
                | "group"
                | "serie"
                | "team"
                | "point"
                | "answer"
                | "column"
        ) && c.is_ascii_uppercase();
        let following = self.scan.at(self.scan.spaces(at + 1));
        let article = matches!(c, 'a' | 'A') && !named && next.is_whitespace() && following.is_alphanumeric();
        let operand = next.is_whitespace()
            && matches!(following, '=' | '<' | '>' | '+' | '/' | '^' | '≠' | '≤' | '≥' | '&' | '!' | '→' | '×');
        let letter = c.to_ascii_lowercase().to_string();
        match c {
            'I' if !named => words.say("i"),
            'a' | 'A' if article || (c == 'a' && !operand && !matches!(next, '.' | ')' | NONE)) => words.say("a"),
            'o' | 'O' if next == '\'' || next == ' ' && c == 'O' => words.say("o"),
            'n' if next == '\'' || self.scan.before(at) == '\'' => words.say("and"),
            's' if self.scan.before(at) == '\'' => words.letters("s"),
            _ => words.letters(&letter),
        }
    }

    /// Characters nobody reads, in runs of a kind.
    fn unknown(&self, at: usize) -> (usize, TokenKind) {
        let scan = self.scan;
        let reason = reason_of(scan.at(at));
        let end = scan.run(at, |c| !c.is_whitespace() && !c.is_ascii() && reason_of(c) == reason && !is_read(c));
        (end.max(at + 1), TokenKind::Skipped(reason))
    }
}

/// Whether short capitals are tied to others by an ampersand: "AT&T", "R&D".
fn joined(scan: &Scan, at: usize, end: usize) -> bool {
    let tied = scan.at(end) == '&' && scan.at(end + 1).is_ascii_uppercase()
        || scan.before(at) == '&' && at > 1 && scan.at(at - 2).is_ascii_uppercase();
    tied && end - at <= 3 && (at..end).all(|k| scan.at(k).is_ascii_uppercase())
}

/// "AD 79".
fn dates_times_era(scan: &Scan, at: usize) -> Option<(usize, Words)> {
    let end = at + 2;
    let start = scan.spaces(end);
    let digits = scan.digits(start);
    if !scan.has(at, "AD") || start != end + 1 || !(1..=4).contains(&(digits - start)) || !scan.is_edge(digits) {
        return None;
    }
    let mut words = Words::default();
    words.letters("ad");
    words.say(&numbers::year_text(scan.text(start, digits).parse().ok()?));
    Some((digits, words))
}

/// Characters that end a run of unknown ones because some reader may know them.
fn is_read(c: char) -> bool {
    matches!(
        c,
        '—' | '–'
            | '“'
            | '”'
            | '。'
            | '、'
            | '，'
            | '！'
            | '？'
            | '：'
            | '；'
            | '「'
            | '」'
            | '«'
            | '»'
            | '€'
            | '£'
    ) || super::marks::is_emoji_char(c)
}

fn reason_of(c: char) -> SkipReason {
    match c {
        '\u{FFFD}' => SkipReason::Control,
        c if c.is_control() || matches!(u32::from(c), 0xE000..=0xF8FF | 0xF0000..=0x10FFFF | 0xFFFE | 0xFFFF) => {
            SkipReason::Control
        }
        c if super::marks::is_emoji_char(c) => SkipReason::Emoji,
        c if c.is_ascii() => SkipReason::Punctuation,
        '\u{2010}'..='\u{205E}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{301F}' | '\u{2500}'..='\u{25FF}' => {
            SkipReason::Punctuation
        }
        _ => SkipReason::UnknownScript,
    }
}

/// `[[HH AH0 L OW1]]` at `at`; brackets around anything else are read as text.
fn inline_phones(scan: &Scan, at: usize) -> Option<(usize, TokenKind)> {
    if !scan.has(at, "[[") {
        return None;
    }
    let close = scan.run(at + 2, |c| c != ']' && c != '[');
    if !scan.has(close, "]]") {
        return None;
    }
    let phones = Phone::parse_list(&scan.text(at + 2, close)).ok()?;
    let text = phones.iter().map(|phone| phone.symbol().name().to_ascii_lowercase()).collect();
    Some((close + 2, TokenKind::Words(vec![SpokenWord { text, form: Form::Phones(phones) }])))
}
