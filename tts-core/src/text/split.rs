//! Text that arrives in pieces of any size, cut into clauses as early as nothing later can change them.
//!
//! In: `&str` pieces. Out: [`Clause`]s whose texts, joined, are the input. The splitter looks at one *unit* at a time
//! (a run without white space, ended early by a dash or a full-width full stop) and decides whether the clause ends
//! after it. A decision that would need text not there yet is not taken, so that any chunking of the input gives
//! the same clauses; [`ClauseSplitter::take_settled`] is the one exception, driven by the caller's clock.
//!
//! Of `unicode-segmentation` it takes grapheme clusters, for a cut inside an endless run. Its sentence rules (UAX #29)
//! are not used: they end sentences at `Dr.` and `3. B`, know nothing of list items and headings, and have no notion
//! of "undecided until more text comes".
//!
//! May import: `units`, and of this folder the table of abbreviations.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation;

use super::lines::{LineKind, starts_block};
use super::marks::{Mark, core_of, final_mark, is_cjk_stop, is_emoji_like, is_lower, is_upper};
use super::{Break, Clause};

/// Pause after which a clear end ("Hello.", a newline) counts as one, though nothing follows.
const CLEAR_END: Duration = Duration::from_millis(25);
/// Pause after which an ambiguous end ("3.", "Dr.", a comma) counts as one.
const AMBIGUOUS_END: Duration = Duration::from_millis(400);

/// Characters without white space after which a run is cut although no mark allows it.
pub(super) const LONGEST_RUN: usize = 1000;
/// White space longer than this many bytes is cut too.
const LONGEST_GAP: usize = 256;
/// Words and characters from which on a clause is cut at the best place seen.
const MOST_WORDS: usize = 32;
const MOST_CHARS: usize = 190;
/// Words before a comma, dash, colon or bracket that may end a clause.
const PAUSE_WORDS: usize = 3;
/// Words and characters before a place worth cutting a long clause at.
const LEAST_WORDS: usize = 8;
/// A line shorter than this that does not run on is no line of wrapped prose.
const SHORT_LINE: usize = 45;

/// Words before which a reader takes breath in a long sentence. Sorted.
const CONJUNCTIONS: [&str; 24] = [
    "after", "although", "and", "as", "because", "before", "but", "for", "if", "nor", "or", "since", "so", "than",
    "that", "though", "unless", "until", "when", "where", "which", "while", "who", "with",
];

/// Cuts a growing text into clauses.
#[derive(Debug, Clone, Default)]
pub struct ClauseSplitter {
    /// What was pushed and not yet handed out begins at `head`.
    buffer: String,
    head: usize,
    /// Where `head` lies in the whole input, in bytes.
    offset: usize,
    /// No more text comes (until the next push).
    closed: bool,
    /// Inside a fenced code block at `head`.
    fenced: bool,
    /// Progress inside the clause that begins at `head`.
    at: Progress,
}

/// How far the clause under construction has been decided; all positions are bytes after `head`.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// Everything before belongs to the clause; a unit begins here.
    pos: usize,
    /// Where the search for the end of the unit at `pos` stopped, and how many characters that was.
    seen: usize,
    seen_chars: usize,
    /// The unit so far ends in a dash, or in a full-width full stop, and what closes it.
    after_dash: bool,
    after_stop: bool,
    words: usize,
    chars: usize,
    /// Depth of round and square brackets opened at the start of a unit.
    brackets: u32,
    /// Inside `[[..]]`.
    phones: bool,
    /// A sentence has ended; only emoji may still join the clause.
    ended: Option<Ending>,
    /// The best place to cut if the clause grows too long: position, rank, what it leads to.
    best: Option<(usize, u8, Break)>,
    /// The line at `pos`.
    line: LineKind,
    line_chars: usize,
    inside_line: bool,
}

/// How a clause ends.
#[derive(Debug, Clone, Copy)]
struct Ending {
    kind: Break,
    sentence: bool,
    paragraph: bool,
}

impl Ending {
    const fn pause(kind: Break) -> Self {
        Self { kind, sentence: false, paragraph: false }
    }
}

/// What was found at the unit under the cursor.
enum Step {
    /// Text is missing for a decision.
    Wait,
    /// The clause goes on after these bytes.
    On,
    /// The clause ends after these bytes.
    Cut(usize, Ending),
}

impl ClauseSplitter {
    /// An empty splitter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.closed = false;
        self.buffer.push_str(text);
    }

    /// The next clause that nothing later can change.
    pub fn next_clause(&mut self) -> Option<Clause> {
        let closed = self.closed;
        self.advance(closed)
    }

    /// Everything that remains, clause by clause, until `None`: the end of the input.
    ///
    /// Text pushed afterwards continues the input.
    pub fn finish(&mut self) -> Option<Clause> {
        self.closed = true;
        self.advance(true)
    }

    /// How long the input must be silent for the pending text to count as a complete clause.
    ///
    /// `None` while it ends in the middle of a word or a phrase: then only more text or the end of the input helps.
    #[must_use]
    pub fn settled_after(&self) -> Option<Duration> {
        let pending = &self.buffer[self.head..];
        let text = pending.trim_end();
        if text.is_empty() {
            return None;
        }
        if pending[text.len()..].contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
            return Some(CLEAR_END);
        }
        // A unit is at most LONGEST_RUN characters long, so the search back is bounded too.
        let start = text.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(i, c)| i + c.len_utf8());
        let unit = &text[start..];
        let listed = text[..start].trim_start_matches([' ', '\t']).is_empty() || text[..start].ends_with('\n');
        match final_mark(unit, Some(' '), "", true, listed) {
            Some(Mark::Stop(_)) if is_clear(unit) => Some(CLEAR_END),
            Some(Mark::Stop(_) | Mark::Pause(_)) => Some(AMBIGUOUS_END),
            Some(Mark::Ellipsis) => Some(AMBIGUOUS_END),
            None if core_of(unit).ends_with('.') => Some(AMBIGUOUS_END),
            None if is_emoji_like(unit) && self.at.ended.is_some() => Some(CLEAR_END),
            None => None,
        }
    }

    /// The pending text as a clause, if [`settled_after`](Self::settled_after) is not `None`.
    pub fn take_settled(&mut self) -> Option<Clause> {
        self.settled_after()?;
        self.advance(true)
    }

    /// As [`finish`](Self::finish), where the input does not end but something stands that is not spoken: where no mark
    /// ends the last clause, a sentence is interrupted and not over.
    pub(super) fn finish_before_direction(&mut self) -> Option<Clause> {
        let clause = self.finish();
        // the input goes on: what remains must not be taken for its end
        self.closed = false;
        let mut clause = clause?;
        let text = clause.text.trim_end();
        let unit = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        let interrupted = final_mark(unit, None, "", true, false).is_none() && !is_emoji_like(unit);
        if self.head == self.buffer.len() && interrupted && !clause.text[text.len()..].contains(is_newline) {
            (clause.end, clause.ends_sentence, clause.ends_paragraph) = (Break::Comma, false, false);
        }
        Some(clause)
    }

    /// Where the next clause begins in the whole input, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Passes over `len` bytes of the input that were not pushed. Nothing may be pending.
    pub(super) fn pass_over(&mut self, len: usize) {
        self.offset += len;
    }

    fn advance(&mut self, closed: bool) -> Option<Clause> {
        loop {
            match self.step(closed) {
                Step::Wait => return None,
                Step::On => {}
                Step::Cut(len, ending) => return Some(self.cut(len, ending)),
            }
        }
    }

    fn cut(&mut self, len: usize, ending: Ending) -> Clause {
        let text = self.buffer[self.head..self.head + len].to_owned();
        let clause = Clause {
            offset: self.offset,
            end: ending.kind,
            ends_sentence: ending.sentence,
            ends_paragraph: ending.paragraph,
            text,
        };
        // A cut before `pos` (the best place of a long clause) leaves a rest that is read again: at most MOST_CHARS.
        let inside_line = self.at.inside_line && !clause.text.ends_with(is_newline);
        let line_chars = if inside_line { self.at.line_chars.min(SHORT_LINE) } else { 0 };
        self.at = Progress { line: self.at.line, line_chars, inside_line, ..Progress::default() };
        self.head += len;
        self.offset += len;
        // Moving the rest down only when it is the smaller half keeps the whole run linear.
        if self.head * 2 > self.buffer.len() {
            self.buffer.drain(..self.head);
            self.head = 0;
        }
        clause
    }

    /// Looks at the unit at `pos` and the white space after it.
    fn step(&mut self, closed: bool) -> Step {
        let text = &self.buffer[self.head..];
        if self.at.pos == 0 && self.at.seen == 0 {
            // White space before the first unit stays at the head of its clause.
            match gap_end(text, 0, closed) {
                None => return Step::Wait,
                Some(end) if end == text.len() && closed => {
                    return if end == 0 { Step::Wait } else { Step::Cut(end, Ending::pause(Break::Comma)) };
                }
                Some(end) if end > LONGEST_GAP => return Step::Cut(end, Ending::pause(Break::Comma)),
                Some(end) => {
                    if text[..end].contains(is_newline) {
                        self.at.inside_line = false;
                    }
                    self.at.pos = end;
                    self.at.seen = end;
                }
            }
        }
        let Some((end, forced)) = unit_end(text, &mut self.at, closed) else { return Step::Wait };
        let Some(next) = gap_end(text, end, closed) else { return Step::Wait };
        let (unit, gap) = (&text[self.at.pos..end], &text[end..next]);
        let newlines = count_newlines(gap);
        // All decisions below see this much of what follows and no more, however much is there already.
        let Some(rest) = lookahead(&text[next..], newlines == 0 && is_clear(unit), closed) else { return Step::Wait };
        if forced && gap.is_empty() {
            return Step::Cut(end, Ending::pause(Break::Comma));
        }

        let at = &mut self.at;
        let starts_line = !at.inside_line;
        if starts_line {
            // The unit and one character of white space: all that is sure to be there.
            at.line = LineKind::of(&text[at.pos..end + gap.chars().next().map_or(0, char::len_utf8)]);
            at.line_chars = 0;
            at.inside_line = true;
            if at.line == LineKind::Fence {
                self.fenced = !self.fenced;
            }
        }
        let unit_chars = unit.chars().count();
        at.line_chars += unit_chars + 1;
        at.chars += unit_chars + 1;
        if unit.contains(char::is_alphanumeric) {
            at.words += 1;
        }
        track_brackets(at, unit);
        let at_end = rest.is_empty();
        let mark = final_mark(unit, rest.chars().next().or(at_end.then_some('\n')), rest, at_end, starts_line);

        let ends_line = newlines >= 2
            || (at_end && newlines > 0)
            || (newlines == 1
                && (self.fenced
                    || at.line.is_closed()
                    || starts_block(rest)
                    || (at.line_chars < SHORT_LINE && !rest.starts_with(is_lower))));
        let lone_marker = starts_line && at.line == LineKind::Item && newlines == 0;
        if ends_line || at_end || gap.len() >= LONGEST_GAP {
            let kind = match (mark, at.ended) {
                (Some(Mark::Stop(kind)), _) => kind,
                (Some(Mark::Pause(kind)), _) if at_end && newlines == 0 => kind,
                (Some(Mark::Pause(Break::Semicolon)), _) => Break::Semicolon,
                (_, Some(ended)) => ended.kind,
                _ => Break::Period,
            };
            let block =
                newlines >= 2 || self.fenced || at.line.is_closed() || at.line == LineKind::Item || starts_block(rest);
            let paragraph = newlines > 0 && (block || at_end) || gap.len() >= LONGEST_GAP;
            let sentence = newlines > 0 || !matches!(mark, Some(Mark::Pause(_)));
            return Step::Cut(next, Ending { kind, sentence, paragraph });
        }
        if newlines > 0 {
            at.inside_line = false;
        }
        let joins = rest.starts_with(|c: char| is_emoji_like(c.encode_utf8(&mut [0; 4])));
        match mark {
            _ if lone_marker || at.phones => {}
            Some(Mark::Stop(kind)) => {
                let sentence = !rest.starts_with(is_lower) || kind == Break::Period;
                let ending = Ending { kind, sentence, paragraph: false };
                if !joins {
                    return Step::Cut(next, ending);
                }
                at.ended = Some(ending);
            }
            _ if at.ended.is_some() && !joins => {
                let ending = at.ended.unwrap_or(Ending::pause(Break::Period));
                return Step::Cut(next, ending);
            }
            Some(Mark::Ellipsis) if at.words >= PAUSE_WORDS => return Step::Cut(next, Ending::pause(Break::Period)),
            Some(Mark::Pause(kind)) if at.brackets == 0 && may_pause(at, unit, rest, kind) => {
                return Step::Cut(next, Ending::pause(kind));
            }
            Some(Mark::Pause(kind)) => remember(at, next, 2, kind),
            _ if !at.phones && begins_with_conjunction(rest) => remember(at, next, 1, Break::Comma),
            _ => {}
        }
        if (at.words >= MOST_WORDS || at.chars >= MOST_CHARS) && !at.phones {
            let (place, kind) = at.best.map_or((next, Break::Comma), |(place, _, kind)| (place, kind));
            return Step::Cut(place, Ending::pause(kind));
        }
        if at.chars > 4 * MOST_CHARS {
            at.phones = false; // `[[` that never closes is no pronunciation
        }
        at.pos = next;
        at.seen = next;
        at.seen_chars = 0;
        (at.after_dash, at.after_stop) = (false, false);
        Step::On
    }
}

/// Keeps the later of the best places to cut.
fn remember(at: &mut Progress, place: usize, rank: u8, kind: Break) {
    if at.words >= LEAST_WORDS && at.best.is_none_or(|(_, best, _)| rank >= best) {
        at.best = Some((place, rank, kind));
    }
}

/// Whether a clause may end at a comma, colon, dash or bracket here.
fn may_pause(at: &Progress, unit: &str, rest: &str, kind: Break) -> bool {
    let core = core_of(unit);
    let enough = if kind == Break::Semicolon { at.words >= 2 } else { at.words >= PAUSE_WORDS && at.chars >= 12 };
    // "March 5, 2024", "Mon, 5 Mar", "pages 3, 4 and 5": a date or a list of numbers is read as a whole.
    let numeric = core.ends_with(',') && rest.starts_with(|c: char| c.is_ascii_digit());
    // "Smith, Jr.", "Acme, Inc."
    let suffix = ["Jr", "Sr", "Inc", "Ltd", "LLC", "Ph.D", "PhD", "M.D", "Esq"].iter().any(|s| rest.starts_with(s));
    // Footnote-like and short brackets are no place to stop.
    let bracket = unit.ends_with([')', ']']) && at.words < 6;
    enough && !numeric && !suffix && !bracket
}

fn track_brackets(at: &mut Progress, unit: &str) {
    if unit.starts_with("[[") {
        at.phones = true;
    }
    if unit.contains("]]") {
        at.phones = false;
    }
    let opened = unit.trim_start_matches(['"', '\'', '*', '_', '!', '“', '‘']).starts_with(['(', '[']);
    if opened {
        at.brackets += 1;
    }
    if at.brackets > 0 && unit.contains([')', ']']) {
        at.brackets = 0;
    }
}

fn begins_with_conjunction(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    CONJUNCTIONS.binary_search(&&rest[..end]).is_ok()
}

/// Whether a final mark leaves no doubt: after a plain word, not a number, a letter or an abbreviation.
fn is_clear(unit: &str) -> bool {
    let core = core_of(unit);
    if core.ends_with(['!', '?', '。', '！', '？']) {
        return true;
    }
    let stem = core.trim_end_matches('.').trim_start_matches(|c: char| !c.is_alphanumeric());
    core.ends_with('.')
        && !core.ends_with("..")
        && stem.chars().count() >= 2
        && stem.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
        && super::normalize::abbreviations::find(&stem.to_lowercase()).is_none()
}

fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Line ends in white space; CR LF counts once, a form feed or paragraph separator twice.
fn count_newlines(gap: &str) -> usize {
    let mut count = 0;
    let mut previous = ' ';
    for c in gap.chars() {
        count += match c {
            '\n' if previous == '\r' => 0,
            '\u{c}' | '\u{2029}' => 2,
            c if is_newline(c) => 1,
            _ => 0,
        };
        previous = c;
    }
    count
}

/// Where the white space at `from` ends; `None` if more may follow.
fn gap_end(text: &str, from: usize, closed: bool) -> Option<usize> {
    for (i, c) in text[from..].char_indices() {
        if !c.is_whitespace() || i > LONGEST_GAP {
            return Some(from + i);
        }
    }
    closed.then_some(text.len())
}

/// What a decision may know of the text after the white space: its first word with one character of white space, or
/// `LOOKAHEAD` characters of it; only the first character where the end is clear and a letter follows, so that a
/// sentence is not held back for a word. `None` if that is not there yet.
fn lookahead(rest: &str, clear: bool, closed: bool) -> Option<&str> {
    const LOOKAHEAD: usize = 24;
    for (n, (i, c)) in rest.char_indices().enumerate() {
        if (c.is_whitespace() && n > 0) || n + 1 == LOOKAHEAD || (n == 0 && clear && c.is_alphabetic()) {
            return Some(&rest[..i + c.len_utf8()]);
        }
    }
    closed.then_some(rest)
}

/// Where the unit at `at.pos` ends and whether only its length ended it; `None` if that is not known yet.
fn unit_end(text: &str, at: &mut Progress, closed: bool) -> Option<(usize, bool)> {
    let (mut dash, mut stop) = (at.after_dash, at.after_stop);
    for (n, (i, c)) in text[at.seen..].char_indices().enumerate() {
        let here = at.seen + i;
        let closes = matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '）' | '…');
        if c.is_whitespace() || (dash && !matches!(c, '—' | '―') && !closes) || (stop && !is_cjk_stop(c) && !closes)
        {
            at.seen_chars += n;
            at.seen = here;
            (at.after_dash, at.after_stop) = (dash, stop);
            return Some((here, false));
        }
        if at.seen_chars + n >= LONGEST_RUN {
            return Some((cluster_start(text, at.pos, here), true));
        }
        dash = matches!(c, '—' | '―') || (dash && closes);
        stop = is_cjk_stop(c) || (stop && closes);
    }
    at.seen_chars += text[at.seen..].chars().count();
    at.seen = text.len();
    (at.after_dash, at.after_stop) = (dash, stop);
    closed.then_some((text.len(), false))
}

/// The start of the last grapheme cluster before `end`, so that no flag or family is torn; `end` if there is but one.
fn cluster_start(text: &str, start: usize, end: usize) -> usize {
    let last = text[start..end].grapheme_indices(true).next_back().map_or(0, |(i, _)| i);
    if last == 0 { end } else { start + last }
}

/// Whether a letter begins a sentence rather than continues one; used by the rules of [`super::marks`].
pub(super) fn begins_upper(rest: &str) -> bool {
    rest.chars().find(|c| c.is_alphanumeric()).is_some_and(is_upper)
}
