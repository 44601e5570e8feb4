//! Signs that stand alone: operators, arrows, Greek letters; and punctuation, which is a break or nothing.

use super::scan::{NONE, Scan};
use super::words::Words;
use crate::text::{Break, SkipReason, TokenKind};

/// Signs of one character by code point. Sorted.
const SIGNS: [(char, &str); 92] = [
    ('#', "hash"),
    ('$', "dollars"),
    ('%', "percent"),
    ('&', "and"),
    ('+', "plus"),
    ('<', "less than"),
    ('=', "equals"),
    ('>', "greater than"),
    ('@', "at"),
    ('\\', "backslash"),
    ('^', "to the power of"),
    ('~', "about"),
    ('¢', "cents"),
    ('£', "pounds"),
    ('¥', "yen"),
    ('§', "section"),
    ('©', "copyright"),
    ('¬', "not"),
    ('°', "degrees"),
    ('±', "plus or minus"),
    ('²', "squared"),
    ('³', "cubed"),
    ('¶', "paragraph"),
    ('¹', "to the first"),
    ('¼', "a quarter"),
    ('½', "a half"),
    ('¾', "three quarters"),
    ('×', "times"),
    ('÷', "divided by"),
    ('Γ', "gamma"),
    ('Δ', "delta"),
    ('Θ', "theta"),
    ('Λ', "lambda"),
    ('Π', "pi"),
    ('Σ', "sigma"),
    ('Φ', "phi"),
    ('Ψ', "psi"),
    ('Ω', "omega"),
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('ο', "omicron"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('ς', "sigma"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('‰', "per thousand"),
    ('€', "euros"),
    ('№', "number"),
    ('←', "from"),
    ('↑', "up"),
    ('→', "to"),
    ('↓', "down"),
    ('↔', "to and from"),
    ('⇐', "is implied by"),
    ('⇒', "implies"),
    ('⇔', "if and only if"),
    ('∀', "for all"),
    ('∂', "partial"),
    ('∃', "there exists"),
    ('∅', "the empty set"),
    ('∆', "delta"),
    ('∇', "nabla"),
    ('∈', "in"),
    ('∉', "not in"),
    ('∏', "product"),
    ('∑', "sum"),
    ('√', "square root of"),
    ('∞', "infinity"),
    ('∧', "and"),
    ('∨', "or"),
    ('∩', "intersection"),
    ('∪', "union"),
    ('∫', "integral of"),
    ('≈', "approximately equals"),
];
const MORE_SIGNS: [(char, &str); 8] = [
    ('≠', "does not equal"),
    ('≡', "is equivalent to"),
    ('≤', "less than or equal to"),
    ('≥', "greater than or equal to"),
    ('⊂', "subset of"),
    ('⊆', "subset of"),
    ('✓', "check"),
    ('✗', "cross"),
];
/// Signs of several characters, longest first.
const OPERATORS: [(&str, &str); 14] = [
    ("<=>", "if and only if"),
    ("...", ""),
    ("->", "to"),
    ("=>", "to"),
    ("<-", "from"),
    (">=", "greater than or equal to"),
    ("<=", "less than or equal to"),
    ("!=", "does not equal"),
    ("===", "equals"),
    ("==", "equals"),
    ("&&", "and"),
    ("||", "or"),
    ("++", "plus plus"),
    ("+/-", "plus or minus"),
];

/// What becomes of the sign or mark at `i`: where it ends and its kind. `spoken`: words came before it in the clause.
pub(super) fn read(scan: &Scan, i: usize, spoken: bool) -> Option<(usize, TokenKind)> {
    let c = scan.at(i);
    let skip = |end| Some((end, TokenKind::Skipped(SkipReason::Punctuation)));
    let pause = |end, kind| Some((end, TokenKind::Break(kind)));
    let (before, after) = (scan.before(i), scan.at(i + 1));
    let glued = before.is_alphanumeric() && after.is_alphanumeric();
    match c {
        '.' => {
            let end = scan.run(i, |c| c == '.');
            // The full stop of an initial: "J. R. R. Tolkien".
            let initial = before.is_ascii_uppercase()
                && (i < 2 || scan.is_edge(i - 2))
                && scan.at(scan.spaces(end)).is_ascii_uppercase();
            if end - i == 1 && initial {
                return skip(end);
            }
            return match end - i {
                1 if glued => say(end, "dot"),
                1 if after.is_ascii_alphabetic() && (before == NONE || before.is_whitespace() || before == '`') => {
                    say(end, "dot")
                }
                1 if after.is_alphanumeric() && before != NONE => skip(end),
                // Inside a clause a small letter follows only the full stop of an abbreviation.
                1 if after == ' ' && scan.at(scan.spaces(end)).is_ascii_lowercase() && before.is_alphabetic() => {
                    skip(end)
                }
                _ if end - i == 1 && !spoken => skip(end),
                _ => pause(end, Break::Period),
            };
        }
        ',' | '،' | '，' => return pause(i + 1, Break::Comma),
        ';' | ':' | '；' | '：' => {
            let end = scan.run(i, |d| d == c);
            return if glued && c == ':' || end - i > 1 || after.is_alphanumeric() && c == ':' {
                skip(end)
            } else {
                pause(end, Break::Semicolon)
            };
        }
        '?' | '!' | '？' | '！' | '¿' | '¡' | '‽' => {
            if c == '!' && after == '=' {
                return say(i + 2, "does not equal");
            }
            let end = scan.run(i, |c| matches!(c, '?' | '!' | '？' | '！' | '‽'));
            if matches!(c, '¿' | '¡') {
                return skip(i + 1);
            }
            let run = scan.text(i, end);
            let question = run.contains(['?', '？', '‽']);
            return pause(end, if question { Break::Question } else { Break::Exclamation });
        }
        '"' | '\'' | '«' | '»' | '‹' | '›' | '`' | '´' | '[' | ']' | '{' | '}' | '「' | '」' | '『' | '』' | '†'
        | '‡' | '®' | '™' | '℠' | '_' | '•' | '·' | '‣' | '◦' | '▪' | '■' | '●' | '○' | '□' | '¦' | '【' | '】'
        | '《' | '》' | '〈' | '〉' | '⸻' | '¨' | '¯' | '¸' => {
            return skip(scan.run(i, |d| d == c));
        }
        '(' => {
            let opens = before.is_whitespace() && spoken && after != NONE;
            return if opens { pause(i + 1, Break::Comma) } else { skip(i + 1) };
        }
        ')' => {
            let next = scan.at(scan.spaces(i + 1));
            let closes = after.is_whitespace() && next.is_alphanumeric() && spoken && opened_apart(scan, i);
            return if closes { pause(i + 1, Break::Comma) } else { skip(i + 1) };
        }
        '—' | '―' | '–' | '-' | '‒' | '⁃' | '〜' if !(c == '-' && after == '>') => {
            return Some(dash(scan, i, spoken));
        }
        '/' => {
            let end = scan.run(i, |c| c == '/');
            let spaced = before.is_whitespace() && scan.at(end).is_whitespace();
            let numbers = digit_before(scan, i) && scan.at(scan.spaces(end)).is_ascii_digit();
            return if spaced && numbers {
                say(end, "divided by")
            } else if spaced {
                pause(end, Break::Comma)
            } else {
                skip(end)
            };
        }
        '|' if after != '|' => return if spoken { pause(i + 1, Break::Comma) } else { skip(i + 1) },
        '*' => {
            let numbers = digit_or_letter_before(scan, i) && digit_or_letter_after(scan, i + 1);
            let spaced = before.is_whitespace() == after.is_whitespace();
            return if numbers && spaced && (before.is_ascii_digit() || before.is_whitespace()) && after != '*' {
                say(i + 1, "times")
            } else {
                skip(scan.run(i, |c| c == '*'))
            };
        }
        _ => {}
    }
    for (sign, reading) in OPERATORS {
        if scan.has(i, sign) {
            return say(i + sign.len(), reading);
        }
    }
    match c {
        '#' if matches!(before, 'C' | 'F' | 'J') && !after.is_alphanumeric() => return say(i + 1, "sharp"),
        '^' if matches!(after, '2' | '3') && !scan.at(i + 2).is_ascii_digit() => {
            return say(i + 2, if after == '2' { "squared" } else { "cubed" });
        }
        '^' if !(after.is_alphanumeric() || matches!(after, '-' | '(' | '{')) => return skip(i + 1),
        '⁰' | '⁴'..='⁹' | '⁻' | '⁺' | 'ⁿ' | '²' | '³' | '¹' => return Some(superscript(scan, i)),
        '#' | '~' | '=' if scan.run(i, |d| d == c) > i + 1 => return skip(scan.run(i, |d| d == c)),
        '<' | '>' if !(spoken || before.is_whitespace() || after.is_ascii_digit()) => return skip(i + 1),
        '>' if !before.is_whitespace() && !after.is_alphanumeric() => return skip(i + 1),
        '$' if after.is_ascii_alphabetic() && !before.is_alphabetic() => return say(i + 1, "dollar"),
        '~' if !(after.is_ascii_digit()) => return skip(i + 1),
        '\\' if !after.is_alphanumeric() => return skip(i + 1),
        '$' | '£' | '€' | '¥' | '¢' if after.is_alphabetic() && before.is_alphabetic() => return skip(i + 1),
        _ => {}
    }
    let found = SIGNS.binary_search_by(|row| row.0.cmp(&c)).ok().map(|at| SIGNS[at].1);
    let found = found.or_else(|| MORE_SIGNS.iter().find(|row| row.0 == c).map(|row| row.1));
    found.and_then(|reading| say(i + 1, reading))
}

fn say(end: usize, reading: &str) -> Option<(usize, TokenKind)> {
    Some((end, TokenKind::Words(Words::of(reading).0)))
}

/// Whether the bracket that `)` at `i` closes was opened after white space.
fn opened_apart(scan: &Scan, i: usize) -> bool {
    (i.saturating_sub(300)..i)
        .rev()
        .find(|&at| scan.at(at) == '(')
        .is_none_or(|at| at == 0 || scan.before(at).is_whitespace())
}

fn digit_before(scan: &Scan, i: usize) -> bool {
    scan.context(i).iter().rev().find(|c| !c.is_whitespace()).is_some_and(|c| c.is_ascii_digit() || *c == ')')
}

/// A digit, or a letter that stands alone like a variable.
fn digit_or_letter_before(scan: &Scan, i: usize) -> bool {
    let word = scan.word_before(i);
    digit_before(scan, i) || word.len() == 1
}

fn digit_or_letter_after(scan: &Scan, i: usize) -> bool {
    let start = scan.spaces(i);
    scan.at(start).is_ascii_digit() || scan.letters(start) == start + 1 && scan.is_edge(start + 1)
}

/// Dashes: minus between numbers, a pause between words, nothing inside a word.
fn dash(scan: &Scan, i: usize, spoken: bool) -> (usize, TokenKind) {
    let end = scan.run(i, |c| matches!(c, '—' | '―' | '–' | '-' | '‒'));
    let (before, after) = (scan.before(i), scan.at(end));
    let c = scan.at(i);
    if end - i == 1 && matches!(c, '-' | '–') {
        let spaced = before.is_whitespace() && after.is_whitespace();
        let math =
            scan.context(i).contains(&'=') || scan.context((i + 100).min(scan.len())).contains(&'=') || scan.len() < 12;
        let next = scan.spaces(end);
        let operands = (digit_or_letter_before(scan, i))
            && (scan.at(next).is_ascii_digit() || scan.letters(next) == next + 1 && scan.is_edge(next + 1));
        if spaced && operands && math && c == '-' {
            return (end, TokenKind::Words(Words::of("minus").0));
        }
        if !spaced && (before.is_alphanumeric() || after.is_alphanumeric()) {
            return (end, TokenKind::Skipped(SkipReason::Punctuation));
        }
    }
    let next = scan.spaces(end);
    if !spoken
        || next >= scan.len() && before == NONE
        || before.is_whitespace() && end - i == 1 && c == '-' && next >= scan.len()
    {
        return (end, TokenKind::Skipped(SkipReason::Punctuation));
    }
    (end, TokenKind::Break(Break::Comma))
}

/// Superscript digits: squared, cubed, "to the minus four".
fn superscript(scan: &Scan, i: usize) -> (usize, TokenKind) {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let end = scan.run(i, |c| DIGITS.contains(&c) || matches!(c, '⁻' | '⁺' | 'ⁿ'));
    let digits: String = (i..end)
        .filter_map(|at| DIGITS.iter().position(|d| *d == scan.at(at)))
        .filter_map(|d| char::from_digit(d as u32, 10))
        .collect();
    let mut words = Words::default();
    let minus = scan.at(i) == '⁻';
    match (digits.as_str(), minus) {
        ("2", false) => words.say("squared"),
        ("3", false) => words.say("cubed"),
        _ => {
            words.say("to the");
            if minus {
                words.say("minus");
            }
            words.say(&super::numbers::cardinal_text(&digits));
            if digits.is_empty() {
                words = Words::of("to the");
                words.letters("n");
            }
        }
    }
    (end, TokenKind::Words(words.0))
}

/// ":-)", ";)", "<3".
pub(super) fn emoticon(scan: &Scan, i: usize) -> Option<(usize, TokenKind)> {
    const FACES: [&str; 16] =
        [":-)", ":)", ":-(", ":(", ";-)", ";)", ":-D", ":D", ":-P", ":P", ":'(", "<3", ":-/", ":-|", "^_^", "xD"];
    let before = scan.before(i);
    if !(before == NONE || before.is_whitespace()) {
        return None;
    }
    let face = FACES.iter().find(|face| scan.has(i, face))?;
    let end = i + face.len();
    let free = scan.at(end) == NONE || scan.at(end).is_whitespace() || matches!(scan.at(end), '.' | '!' | ',');
    free.then_some((end, TokenKind::Skipped(SkipReason::Emoji)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_sorted() {
        assert!(SIGNS.is_sorted_by(|a, b| a.0 < b.0) && MORE_SIGNS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
