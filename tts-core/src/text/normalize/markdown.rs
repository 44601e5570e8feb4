//! Markdown and HTML as language models write them: marks of structure are not spoken, the text between them is.
//!
//! Spans are not paired: a clause may end between the asterisks of an emphasis, so each mark is judged by its
//! neighbours alone. What must be known from one clause to the next (an open code block) is in [`super::State`].

use super::numbers::cardinal_text;
use super::scan::{NONE, Scan};
use super::words::Words;
use crate::text::lines::{LineKind, heading_level, marker_len};
use crate::text::{Break, SkipReason, TokenKind};

/// What a mark at some place does: tokens by their ends.
pub(super) type Marks = Vec<(usize, TokenKind)>;

const MARKUP: TokenKind = TokenKind::Skipped(SkipReason::Markup);

/// The marks that begin a line at `i` (its indentation is behind).
pub(super) fn line_start(scan: &Scan, i: usize, markdown: bool, code: &mut bool) -> Marks {
    let line_end = scan.run(i, |c| c != '\n' && c != '\r');
    // The kind of a line shows in its first characters; a table's rule is looked at in full.
    let line = scan.text(i, line_end.min(i + 160));
    let kind = LineKind::of(&line);
    if markdown && kind == LineKind::Fence {
        *code = !*code;
        return vec![(line_end, MARKUP)];
    }
    if *code {
        return Marks::new();
    }
    match kind {
        LineKind::Item => item(scan, i, &line, markdown),
        _ if !markdown => Marks::new(),
        LineKind::Heading => vec![(i + heading_level(&line).unwrap_or(1), MARKUP)],
        LineKind::Rule => vec![(line_end, MARKUP)],
        LineKind::Quote => {
            let end = scan.run(i, |c| c == '>' || c == ' ');
            let mut marks = vec![(i + 1, MARKUP)];
            if end > i + 2 && scan.text(i + 1, end).contains('>') {
                marks = (i..end).filter(|&at| scan.at(at) == '>').map(|at| (at + 1, MARKUP)).collect();
            }
            let rest: String = line.chars().skip(end - i).collect();
            if LineKind::of(&rest) == LineKind::Item {
                marks.extend(item(scan, end, &rest, markdown));
            }
            marks
        }
        LineKind::Table if line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t' | '+')) => {
            vec![(line_end, MARKUP)]
        }
        LineKind::Table => vec![(i + 1, MARKUP)],
        LineKind::Plain | LineKind::Fence => Marks::new(),
    }
}

/// "- ", "12. ", "- [x] ".
fn item(scan: &Scan, i: usize, line: &str, markdown: bool) -> Marks {
    let Some(bytes) = marker_len(line) else { return Marks::new() };
    let end = i + line[..bytes].chars().count();
    let mut marks = Marks::new();
    let digits = scan.digits(i);
    if digits > i {
        marks.push((digits, TokenKind::Words(Words::of(&cardinal_text(&scan.text(i, digits))).0)));
        marks.push((end, TokenKind::Break(Break::Comma)));
    } else {
        marks.push((end, if markdown { MARKUP } else { TokenKind::Skipped(SkipReason::Punctuation) }));
    }
    let task = scan.spaces(end);
    if markdown
        && scan.at(task) == '['
        && matches!(scan.at(task + 1), ' ' | 'x' | 'X')
        && scan.at(task + 2) == ']'
        && scan.at(task + 3).is_whitespace()
    {
        marks.push((task + 3, MARKUP));
    }
    marks
}

/// A mark inside a line at `i`.
pub(super) fn inline(scan: &Scan, i: usize, code: bool) -> Option<(usize, TokenKind)> {
    let (c, before, after) = (scan.at(i), scan.before(i), scan.at(i + 1));
    let markup = |end| Some((end, MARKUP));
    if code {
        return None;
    }
    match c {
        '\\' if after.is_ascii_punctuation() && !scan.has(i, "\\\\") => {
            markup(if matches!(after, '*' | '_' | '`' | '#' | '~' | '[' | ']') { i + 2 } else { i + 1 })
        }
        '*' | '_' | '~' => {
            let end = scan.run(i, |d| d == c);
            let next = scan.at(end);
            let spaced = (before == NONE || before.is_whitespace()) && (next == NONE || next.is_whitespace());
            let product =
                c == '*' && (before.is_ascii_digit() || before == ')') && (next.is_ascii_digit() || next == '(');
            let power = c == '*' && end - i == 2 && before.is_ascii_alphanumeric() && next.is_ascii_digit();
            if power {
                return Some((end, TokenKind::Words(Words::of("to the power of").0)));
            }
            let inside = c == '_' && before.is_alphanumeric() && next.is_alphanumeric();
            let about = c == '~' && end - i == 1 && (next.is_ascii_digit() || next == '/');
            if spaced || product || inside || about { None } else { markup(end) }
        }
        '=' if after == '=' && scan.at(i + 2) != '=' => {
            let next = scan.at(i + 2);
            let opens = (before == NONE || before.is_whitespace()) && next.is_alphanumeric();
            let closes = (before.is_alphanumeric() || before.is_ascii_punctuation())
                && (next == NONE || next.is_whitespace() || next.is_ascii_punctuation());
            if opens || closes { markup(i + 2) } else { None }
        }
        '`' => markup(scan.run(i, |d| d == '`')),
        '!' if after == '[' => markup(i + 2),
        '[' if after == '^' => {
            let end = scan.run(i + 2, |c| c.is_alphanumeric() || c == '-');
            if scan.at(end) == ']' { markup(end + 1) } else { None }
        }
        '[' if link_follows(scan, i) => markup(i + 1),
        ']' if after == '(' => markup(target_end(scan, i + 1)?),
        ']' if after == '[' => {
            let end = scan.run(i + 2, |c| c != ']' && !c.is_whitespace());
            if scan.at(end) == ']' { markup(end + 1) } else { None }
        }
        '|' if scan.at(scan.spaces(i + 1)) == NONE || matches!(scan.at(scan.run(i + 1, |c| c == ' ')), '\n' | '\r') => {
            markup(i + 1)
        }
        '#' if before.is_whitespace() => {
            let end = scan.run(i, |c| c == '#');
            let closes = end - i > 1 || scan.text(0, 1) == "#";
            if closes && matches!(scan.at(end), NONE | '\n') { markup(end) } else { None }
        }
        _ => None,
    }
}

/// Whether `[` at `i` opens a link: `](` or `][` follows in the clause.
fn link_follows(scan: &Scan, i: usize) -> bool {
    let close = (i + 1..scan.len().min(i + 1000)).find(|&at| matches!(scan.at(at), '[' | ']')).unwrap_or(i);
    scan.at(close) == ']' && matches!(scan.at(close + 1), '(' | '[')
}

/// The end of a link's target `(..)` that begins at `open`; brackets inside are balanced, a title may stand in quotes.
fn target_end(scan: &Scan, open: usize) -> Option<usize> {
    let mut depth = 0;
    for at in open..scan.len().min(open + 2000) {
        match scan.at(at) {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            '\n' => return None,
            _ => {}
        }
    }
    None
}

/// An HTML tag, comment or character reference at `i`.
pub(super) fn html(scan: &Scan, i: usize) -> Option<(usize, TokenKind)> {
    match scan.at(i) {
        '<' => tag(scan, i),
        '&' => reference(scan, i),
        _ => None,
    }
}

fn tag(scan: &Scan, i: usize) -> Option<(usize, TokenKind)> {
    if scan.has(i, "<!--") {
        let end = (i + 4..scan.len().min(i + 2000)).find(|&at| scan.has(at, "-->"))?;
        return Some((end + 3, MARKUP));
    }
    let name = if scan.at(i + 1) == '/' { i + 2 } else { i + 1 };
    let name_end = scan.run(name, |c| c.is_ascii_alphanumeric() || c == '-');
    if !scan.at(name).is_ascii_alphabetic() || !matches!(scan.at(name_end), '>' | '/' | ' ' | '\n') {
        return None;
    }
    let close = scan.run(name_end, |c| c != '>' && c != '<');
    let known = scan.at(name_end) == '>'
        || scan.text(name_end, close).contains('=')
        || scan.text(name_end, close).trim().trim_end_matches('/').is_empty();
    if scan.at(close) != '>' || close - i > 1000 || !known {
        return None;
    }
    let pause = matches!(scan.lower(name, name_end).as_str(), "br" | "p" | "li" | "div" | "tr" | "td");
    let inside = i > 0 && scan.at(close + 1) != NONE;
    Some((
        close + 1,
        if pause && inside && scan.before(i).is_alphanumeric() { TokenKind::Break(Break::Comma) } else { MARKUP },
    ))
}

/// `&amp;`, `&nbsp;`, `&#8217;`.
fn reference(scan: &Scan, i: usize) -> Option<(usize, TokenKind)> {
    let end = scan.run(i + 1, |c| c.is_ascii_alphanumeric() || c == '#');
    if end == i + 1 || end - i > 9 || scan.at(end) != ';' {
        return None;
    }
    let words = |text: &str| TokenKind::Words(Words::of(text).0);
    let kind = match scan.text(i + 1, end).as_str() {
        "amp" | "#38" => words("and"),
        "lt" | "#60" => words("less than"),
        "gt" | "#62" => words("greater than"),
        "copy" => words("copyright"),
        "deg" => words("degrees"),
        "times" => words("times"),
        "divide" => words("divided by"),
        "plusmn" => words("plus or minus"),
        "euro" => words("euros"),
        "pound" => words("pounds"),
        "cent" => words("cents"),
        "yen" => words("yen"),
        "mdash" | "ndash" | "#8212" | "#8211" | "#x2014" => TokenKind::Break(Break::Comma),
        "hellip" | "#8230" => TokenKind::Break(Break::Period),
        _ => MARKUP,
    };
    Some((end + 1, kind))
}
