//! Emoji: silent, or called by their names (crate `emojis`, the names of Unicode CLDR).

use unicode_segmentation::UnicodeSegmentation;

use super::numbers::{cardinal_text, ordinal_text};
use super::scan::Scan;
use super::words::Words;
use crate::text::marks::is_emoji_char;
use crate::text::{SkipReason, TokenKind};

/// The emoji at `i`: where it ends and what becomes of it.
pub(super) fn read(scan: &Scan, i: usize, named: bool) -> Option<(usize, TokenKind)> {
    let c = scan.at(i);
    if matches!(c, '0'..='9' | '#' | '*') {
        return keycap(scan, i);
    }
    if !is_emoji_char(c) && !matches!(c, '‼' | '⁉' | '©' | '®' | '™' | '↔' | '→' | '←' | '⬆'..='⬇') {
        return None;
    }
    let cluster = scan.source[scan.byte(i)..].graphemes(true).next().unwrap_or_default();
    // Signs such as ™ are emoji only when the text asks for that shape.
    if !is_emoji_char(c) && !cluster.contains('\u{FE0F}') {
        return None;
    }
    let stop = scan.byte(i) + cluster.len();
    let end = (i + 1..=scan.len()).find(|&end| scan.byte(end) >= stop).unwrap_or(scan.len());
    let emoji = emojis::get(cluster).or_else(|| emojis::get(cluster.trim_end_matches('\u{FE0F}')));
    let words = if named { emoji.map(|emoji| name(emoji.name())).unwrap_or_default() } else { Words::default() };
    let kind = if words.is_empty() { TokenKind::Skipped(SkipReason::Emoji) } else { TokenKind::Words(words.0) };
    Some((end, kind))
}

/// "1️⃣" numbers an item: its digit is read in any case.
fn keycap(scan: &Scan, i: usize) -> Option<(usize, TokenKind)> {
    let end = scan.run(i + 1, |c| matches!(c, '\u{FE0F}' | '\u{20E3}'));
    if !(i..end).any(|at| scan.at(at) == '\u{20E3}') {
        return None;
    }
    let c = scan.at(i);
    let kind = if c.is_ascii_digit() {
        TokenKind::Words(Words::of(&cardinal_text(&c.to_string())).0)
    } else {
        TokenKind::Skipped(SkipReason::Emoji)
    };
    Some((end, kind))
}

/// A name as words: "flag: Åland Islands", "1st place medal".
fn name(name: &str) -> Words {
    let scan = Scan::new(name);
    let text = scan.lower(0, scan.len());
    let mut words = Words::default();
    for part in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '\'')).map(|part| part.trim_matches('\'')) {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        match &part[digits.len()..] {
            "" if digits.is_empty() => {}
            "" => words.say(&cardinal_text(&digits)),
            "st" | "nd" | "rd" | "th" if !digits.is_empty() => words.say(&ordinal_text(&digits)),
            rest => {
                if !digits.is_empty() {
                    words.say(&cardinal_text(&digits));
                }
                let letters: String = rest.chars().filter(|c| c.is_ascii_lowercase() || *c == '\'').collect();
                words.say(&letters);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emoji_has_a_name_that_can_be_said() {
        for emoji in emojis::iter() {
            let words = name(emoji.name());
            assert!(!words.is_empty(), "{}", emoji.name());
            for word in words.0 {
                assert!(word.text.bytes().all(|b| b.is_ascii_lowercase() || b == b'\''), "{}", emoji.name());
            }
        }
    }
}
