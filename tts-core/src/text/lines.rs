//! What kind of line a text line is, as far as it matters for pauses: the block structure of markdown and plain lists.
//!
//! Used by the splitter (a heading ends at its newline) and by the normaliser (a bullet is not spoken).

/// The kind of a line by its beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Prose.
    #[default]
    Plain,
    /// `# Heading`.
    Heading,
    /// `- item`, `* item`, `1. item`.
    Item,
    /// `> quote`.
    Quote,
    /// `| cell | cell |`.
    Table,
    /// ```` ``` ```` or `~~~`.
    Fence,
    /// `---`, `***`, `___`, `===`.
    Rule,
}

impl LineKind {
    /// The kind of the line that begins `text`, after its indentation.
    pub(super) fn of(text: &str) -> Self {
        let line = text.trim_start_matches([' ', '\t']);
        let line = line.split(['\n', '\r']).next().unwrap_or(line);
        if line.starts_with("```") || line.starts_with("~~~") {
            return Self::Fence;
        }
        if is_rule(line) {
            return Self::Rule;
        }
        match line.as_bytes().first() {
            Some(b'#') if heading_level(line).is_some() => Self::Heading,
            Some(b'|') => Self::Table,
            Some(b'>') => Self::Quote,
            _ if marker_len(line).is_some() => Self::Item,
            _ => Self::Plain,
        }
    }

    /// Whether the line ends at its newline whatever follows.
    pub(super) fn is_closed(self) -> bool {
        matches!(self, Self::Heading | Self::Table | Self::Fence | Self::Rule)
    }
}

/// Whether the next line opens a block of its own.
pub(super) fn starts_block(rest: &str) -> bool {
    LineKind::of(rest) != LineKind::Plain
}

/// Hashes of `## heading`.
pub(super) fn heading_level(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|&b| b == b'#').count();
    let follows = line[level..].chars().next();
    ((1..=6).contains(&level) && follows.is_none_or(char::is_whitespace)).then_some(level)
}

/// Bytes of the list marker that begins a line (`-`, `*`, `+`, `•`, `12.`, `3)`), without the space after it.
pub(super) fn marker_len(line: &str) -> Option<usize> {
    let first = line.chars().next()?;
    let len = match first {
        '-' | '*' | '+' | '•' | '◦' | '▪' | '‣' | '·' | '–' => first.len_utf8(),
        '0'..='9' => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let closed = matches!(line.as_bytes().get(digits), Some(b'.' | b')'));
            if digits > 3 || !closed {
                return None;
            }
            digits + 1
        }
        _ => return None,
    };
    line[len..].starts_with([' ', '\t']).then_some(len)
}

/// `---`, `* * *`, `====`.
fn is_rule(line: &str) -> bool {
    let Some(mark) = line.chars().next().filter(|c| matches!(c, '-' | '*' | '_' | '=')) else { return false };
    // A rule longer than this is decided by its beginning; the splitter sees no more of it either.
    let mut marks = 0;
    for c in line.chars().take(24) {
        match c {
            c if c == mark => marks += 1,
            ' ' | '\t' => {}
            _ => return false,
        }
    }
    marks >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        for (line, kind) in [
            ("# Title", LineKind::Heading),
            ("#hashtag", LineKind::Plain),
            ("- item", LineKind::Item),
            ("-5 degrees", LineKind::Plain),
            ("12. item", LineKind::Item),
            ("1984. A year", LineKind::Plain),
            ("3.5 litres", LineKind::Plain),
            ("> said", LineKind::Quote),
            ("| a | b |", LineKind::Table),
            ("```rust", LineKind::Fence),
            ("---", LineKind::Rule),
            ("* * *", LineKind::Rule),
            ("**bold** text", LineKind::Plain),
            ("", LineKind::Plain),
        ] {
            assert_eq!(LineKind::of(line), kind, "{line}");
        }
    }
}
