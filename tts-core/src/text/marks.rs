//! What the mark at the end of a word means: a stop, a pause, or part of the word (an abbreviation, an initial).

use super::Break;
use super::lines::marker_len;
use super::normalize::abbreviations::{self, Stop};
use super::split::begins_upper;

/// The mark that ends a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A sentence ends.
    Stop(Break),
    /// A pause inside a sentence.
    Pause(Break),
    /// An ellipsis that the sentence goes on after.
    Ellipsis,
}

/// Words that begin sentences and seldom follow an abbreviation inside one. Lower case, sorted.
const STARTERS: [&str; 78] = [
    "a",
    "after",
    "all",
    "also",
    "although",
    "an",
    "and",
    "another",
    "are",
    "as",
    "at",
    "because",
    "before",
    "both",
    "but",
    "by",
    "can",
    "did",
    "do",
    "does",
    "each",
    "even",
    "finally",
    "first",
    "for",
    "from",
    "had",
    "has",
    "he",
    "her",
    "here",
    "his",
    "how",
    "however",
    "i",
    "if",
    "in",
    "is",
    "it",
    "its",
    "let",
    "many",
    "meanwhile",
    "most",
    "my",
    "next",
    "no",
    "not",
    "now",
    "on",
    "once",
    "our",
    "perhaps",
    "please",
    "she",
    "since",
    "so",
    "some",
    "that",
    "the",
    "their",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "was",
    "we",
    "what",
    "when",
    "where",
    "who",
    "why",
    "will",
    "yes",
    "you",
];

/// A unit without the quotes, brackets, emphasis and emoji that close it.
pub(super) fn core_of(unit: &str) -> &str {
    unit.trim_end_matches(|c: char| {
        matches!(c, '"' | '\'' | '”' | '’' | ')' | ']' | '}' | '»' | '›' | '*' | '_' | '`' | '~' | '」' | '』' | '）')
            || is_emoji_char(c)
    })
}

pub(super) fn is_cjk_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡')
}

/// Emoji and what holds them together; ASCII digits and signs, though formally emoji, are not.
pub(super) fn is_emoji_char(c: char) -> bool {
    matches!(u32::from(c), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0xFE0F | 0x200D | 0x20E3 | 0xE0020..=0xE007F)
}

/// Whether a text is nothing but emoji.
pub(super) fn is_emoji_like(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_emoji_char)
}

pub(super) fn is_lower(c: char) -> bool {
    c.is_lowercase()
}

pub(super) fn is_upper(c: char) -> bool {
    c.is_uppercase()
}

/// The meaning of the mark that ends `unit`.
///
/// `next` is the first character after the white space, `rest` all that is known from there, `last` says that nothing
/// follows, `starts_line` that the unit is the first of its line (where "3." numbers an item).
pub(super) fn final_mark(unit: &str, next: Option<char>, rest: &str, last: bool, starts_line: bool) -> Option<Mark> {
    let core = core_of(unit);
    let mark = core.chars().next_back()?;
    match mark {
        '?' | '？' => Some(Mark::Stop(Break::Question)),
        '!' | '！' if core.trim_end_matches(['!', '?', '！']).is_empty() && unit.starts_with('!') => None,
        '!' | '！' => Some(Mark::Stop(if core.ends_with("?!") { Break::Question } else { Break::Exclamation })),
        '。' | '｡' => Some(Mark::Stop(Break::Period)),
        ';' | '；' if !is_entity(core) => Some(Mark::Pause(Break::Semicolon)),
        ':' | '：' if core.chars().count() > 1 => Some(Mark::Pause(Break::Semicolon)),
        ',' | '，' | '、' => Some(Mark::Pause(Break::Comma)),
        '—' | '―' => Some(Mark::Pause(Break::Comma)),
        '-' if core == "-" && rest.starts_with(|c: char| c.is_ascii_digit()) => None,
        '–' | '-' if core == "–" || core == "-" || core.ends_with("--") => Some(Mark::Pause(Break::Comma)),
        '…' => Some(ellipsis(next, last)),
        '.' if core.ends_with("..") => Some(ellipsis(next, last)),
        '.' => full_stop(core, rest, last, starts_line),
        _ if unit.len() > core.len() && unit.ends_with([')', ']']) && !unit.ends_with("]]") && !unit.contains("](") => {
            Some(Mark::Pause(Break::Comma))
        }
        _ => None,
    }
}

/// `&amp;` ends in a semicolon that is none.
fn is_entity(core: &str) -> bool {
    core.rfind('&').is_some_and(|at| {
        let name = &core[at + 1..core.len() - 1];
        !name.is_empty() && name.len() <= 8 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
    })
}

fn ellipsis(next: Option<char>, last: bool) -> Mark {
    if !last && next.is_some_and(|c| is_lower(c) || c == '.' || c == '…') {
        Mark::Ellipsis
    } else {
        Mark::Stop(Break::Period)
    }
}

fn full_stop(core: &str, rest: &str, last: bool, starts_line: bool) -> Option<Mark> {
    let stop = Some(Mark::Stop(Break::Period));
    let stem = core[..core.len() - 1].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '.');
    if starts_line && marker_len(&format!("{core} ")).is_some() {
        return None; // "1." of a list
    }
    if stem.is_empty() {
        return if last { stop } else { None };
    }
    if last {
        return stop;
    }
    let starter = begins_with_starter(rest);
    let lower = stem.to_lowercase();
    match abbreviations::find(&lower).map(|entry| entry.stop) {
        Some(Stop::Never) => return None,
        Some(Stop::Unit) => {
            return if rest.starts_with(|c: char| is_lower(c) || c.is_ascii_digit()) { None } else { stop };
        }
        Some(Stop::BeforeNumber) if lower == "c" && stem != "c" => {}
        Some(Stop::BeforeNumber) => {
            let numbered = rest.starts_with(|c: char| c.is_ascii_digit() || "IVX#".contains(c));
            return if numbered { None } else { stop };
        }
        Some(Stop::BeforeName) => return if starter { stop } else { None },
        Some(Stop::Maybe) => {
            return if begins_upper(rest) && (starter || lower == "etc") { stop } else { None };
        }
        None => {}
    }
    let mut letters = stem.chars();
    let first = letters.next()?;
    if letters.next().is_none() && first.is_alphabetic() {
        // An initial: "J. Smith", but "plan B. Then".
        let name = begins_upper(rest) && !starter || rest.starts_with(is_lower);
        return if first.is_uppercase() && name { None } else { stop };
    }
    let dotted = stem.contains('.')
        && stem.split('.').all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic));
    if dotted {
        return if starter && begins_upper(rest) { stop } else { None };
    }
    stop
}

fn begins_with_starter(rest: &str) -> bool {
    let word = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    let end = word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len());
    begins_upper(rest) && STARTERS.binary_search(&word[..end].to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(STARTERS.is_sorted());
    }

    #[test]
    fn full_stops_are_told_from_abbreviations() {
        let stop = Some(Mark::Stop(Break::Period));
        for (unit, rest, expected) in [
            ("dog.", "The", stop),
            ("dog.)", "the", stop),
            ("Dr.", "Smith", None),
            ("J.", "Smith", None),
            ("B.", "Then", stop),
            ("U.S.", "government", None),
            ("U.S.", "The", stop),
            ("No.", "5", None),
            ("No.", "Never", stop),
            ("1984.", "War", stop),
            ("e.g.", "The", None),
            ("p.m.", "He", stop),
            ("p.m.", "on", None),
        ] {
            assert_eq!(final_mark(unit, rest.chars().next(), rest, false, false), expected, "{unit} {rest}");
        }
        assert_eq!(final_mark("3.", Some('A'), "A", false, true), None);
        assert_eq!(final_mark("&amp;", Some('A'), "A", false, false), None);
    }
}
