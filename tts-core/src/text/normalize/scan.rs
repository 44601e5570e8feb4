//! A clause as the readers of this folder see it: folded characters that remember where they come from.
//!
//! In: the source text. Out: a row of characters in which full-width forms, ligatures, curly apostrophes, accents and
//! styled letters have become ASCII, soft hyphens and other invisible characters are gone, and each character knows its
//! byte in the source. Compatibility decomposition is that of `unicode-normalization`, character by character; signs
//! whose decomposition would change the reading (², ½, ™, №) are left alone.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// The folded view of a clause.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) source: &'a str,
    chars: Vec<char>,
    /// Byte of the source at which each character begins, and the source's length at the end.
    starts: Vec<usize>,
    /// A double quote is open where the clause begins.
    pub(super) quoted: bool,
}

const APOSTROPHES: [&str; 5] = ["&#39;", "&apos;", "&#x27;", "&rsquo;", "&#8217;"];
/// Longer runs without white space are read piece by piece.
const LONGEST_CLUMP: usize = 400;
/// How far back a reader looks for context.
const CONTEXT: usize = 200;

/// What stands for "no character here".
pub(super) const NONE: char = '\0';

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let mut scan = Self {
            source,
            chars: Vec::with_capacity(source.len()),
            starts: Vec::with_capacity(source.len() + 1),
            quoted: false,
        };
        let mut skip = 0;
        for (at, c) in source.char_indices() {
            if at < skip {
                continue;
            }
            // Written as a reference it is the same apostrophe, and may stand inside a word.
            if c == '&'
                && let Some(reference) = APOSTROPHES.iter().find(|r| source[at..].starts_with(**r))
            {
                scan.put('\'', at);
                skip = at + reference.len();
            } else if c.is_ascii() {
                // NUL would look like the end of the text to the readers.
                scan.put(if c == NONE { '\u{FFFD}' } else { c }, at);
            } else {
                scan.fold(c, at);
            }
        }
        scan.starts.push(source.len());
        scan
    }

    fn put(&mut self, c: char, at: usize) {
        self.chars.push(c);
        self.starts.push(at);
    }

    fn fold(&mut self, c: char, at: usize) {
        if is_invisible(c) {
            return;
        }
        if let Some(text) = replacement(c) {
            text.chars().for_each(|c| self.put(c, at));
            return;
        }
        if let Some(digit) = foreign_digit(c) {
            self.put(digit, at);
            return;
        }
        if stands_alone(c) {
            self.put(c, at);
            return;
        }
        let (mut base, mut foreign, mut marked) = (false, false, false);
        decompose_compatible(c, |d| {
            base |= d.is_ascii_alphanumeric();
            foreign |= !d.is_ascii() && !is_combining_mark(d);
            marked |= is_combining_mark(d);
        });
        // "≠" is no equals sign with an accent.
        if (foreign || marked) && !base && !is_combining_mark(c) {
            self.put(c, at);
            return;
        }
        if is_combining_mark(c) {
            // An accent on a Latin letter is dropped with it, any other mark stays with its script.
            if self.chars.last().is_none_or(|last| !last.is_ascii_alphabetic()) {
                self.put(c, at);
            }
            return;
        }
        let before = self.chars.len();
        decompose_compatible(c, |d| {
            if !is_combining_mark(d) {
                self.chars.push(d);
                self.starts.push(at);
            }
        });
        if self.chars.len() == before {
            self.put(c, at);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at `i`, [`NONE`] outside.
    pub(super) fn at(&self, i: usize) -> char {
        self.chars.get(i).copied().unwrap_or(NONE)
    }

    /// The character before `i`.
    pub(super) fn before(&self, i: usize) -> char {
        if i == 0 { NONE } else { self.at(i - 1) }
    }

    /// Byte of the source where character `i` begins.
    pub(super) fn byte(&self, i: usize) -> usize {
        self.starts[i.min(self.chars.len())]
    }

    /// End of the run of characters from `i` for which `keep` holds.
    pub(super) fn run(&self, i: usize, keep: impl Fn(char) -> bool) -> usize {
        let from = i.min(self.chars.len());
        from + self.chars[from..].iter().take_while(|&&c| keep(c)).count()
    }

    pub(super) fn digits(&self, i: usize) -> usize {
        self.run(i, |c| c.is_ascii_digit())
    }

    pub(super) fn letters(&self, i: usize) -> usize {
        self.run(i, |c| c.is_ascii_alphabetic())
    }

    pub(super) fn spaces(&self, i: usize) -> usize {
        self.run(i, char::is_whitespace)
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.chars[from.min(self.chars.len())..to.min(self.chars.len())].iter().collect()
    }

    pub(super) fn lower(&self, from: usize, to: usize) -> String {
        self.text(from, to).to_ascii_lowercase()
    }

    /// Whether `text` stands at `i`.
    pub(super) fn has(&self, i: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(k, c)| self.at(i + k) == c)
    }

    /// Whether the ASCII `text` stands at `i` in any case.
    pub(super) fn has_any_case(&self, i: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(k, c)| self.at(i + k).eq_ignore_ascii_case(&c))
    }

    /// Whether neither a letter nor a digit precedes or follows `i`.
    pub(super) fn is_edge(&self, i: usize) -> bool {
        !self.at(i).is_alphanumeric()
    }

    /// The run without white space from `i`, without the punctuation that closes it.
    pub(super) fn clump(&self, i: usize) -> usize {
        let mut end = self.run(i, |c| !c.is_whitespace()).min(i + LONGEST_CLUMP);
        while end > i {
            let c = self.at(end - 1);
            let opened = |open| self.chars[i..end].contains(&open);
            let closes = match c {
                ')' => !opened('('),
                ']' => !opened('['),
                _ => matches!(
                    c,
                    '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '}' | '>' | '*' | '`' | '…' | '”' | '»' | '—'
                ),
            };
            if !closes {
                break;
            }
            end -= 1;
        }
        end
    }

    /// Whether a double quote is open where the clause ends; a mark after digits is inches unless one is open.
    pub(super) fn quoted_after(&self) -> bool {
        (0..self.len())
            .filter(|&i| self.at(i) == '"')
            .fold(self.quoted, |open, i| open != (open || !self.before(i).is_ascii_digit()))
    }

    /// The characters before `i`, as far back as context matters.
    pub(super) fn context(&self, i: usize) -> &[char] {
        &self.chars[i.saturating_sub(CONTEXT)..i.min(self.chars.len())]
    }

    /// The word before `i` in lower case, over white space and quotes; empty if there is none.
    pub(super) fn word_before(&self, i: usize) -> String {
        let mut end = i;
        while end > 0
            && (self.at(end - 1).is_whitespace() || matches!(self.at(end - 1), '"' | '“' | '*' | '_' | '(' | '`'))
        {
            end -= 1;
        }
        let mut start = end;
        while start > 0 && (self.at(start - 1).is_ascii_alphanumeric() || self.at(start - 1) == '\'') {
            start -= 1;
        }
        self.lower(start, end)
    }

    /// The word after `i`, over white space, as written; empty if something else follows.
    pub(super) fn word_after(&self, i: usize) -> String {
        let start = self.spaces(i);
        self.text(start, self.letters(start))
    }
}

/// Characters without a shape that only steer layout.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0E | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0xE0000..=0xE001F)
}

/// What a character is read as where compatibility decomposition is not enough.
fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '’' | '‘' | 'ʼ' | '＇' | '‛' | '′' | 'ʹ' => "'",
        '“' | '”' | '„' | '‟' | '″' | '＂' => "\"",
        '‐' | '‑' | '﹣' | '－' => "-",
        '−' => "-",
        '…' => "...",
        '⁄' | '∕' => "/",
        '‚' => ",",
        '。' | '｡' => ".",
        '、' => ",",
        'ß' => "ss",
        'æ' | 'ǽ' => "ae",
        'Æ' | 'Ǽ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'ø' | 'ǿ' => "o",
        'Ø' | 'Ǿ' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' => "d",
        'Đ' => "D",
        'ð' => "th",
        'Ð' | 'Þ' => "Th",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        'Ħ' => "H",
        'ŋ' => "ng",
        'Ŋ' => "Ng",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ə' => "e",
        'ƒ' => "f",
        'µ' => "μ",
        '\u{A0}' | '\u{202F}' | '\u{2007}' => "\u{2009}",
        _ => return None,
    })
}

/// Signs with a reading of their own that decomposition would lose.
fn stands_alone(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | 'ⁿ' | '⁺' | '⁻' | '¼' | '½' | '¾' | '⅐'..='⅞' | '™' | '©' | '®' | '℠'
        | '№' | '°' | 'º' | 'ª' | '´' | '¨' | '¯' | '¸' | '\u{2009}' | 'ℓ')
        || ('①'..='⓿').contains(&c)
}

/// Decimal digits of other scripts by the code point of their zero.
fn foreign_digit(c: char) -> Option<char> {
    const ZEROS: [u32; 10] = [0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xE50, 0x1D7CE];
    let code = u32::from(c);
    ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code)).and_then(|zero| char::from_digit(code - zero, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let scan = Scan::new(text);
        scan.text(0, scan.len())
    }

    #[test]
    fn letters_become_ascii() {
        for (text, expected) in [
            ("café", "cafe"),
            ("cafe\u{301}", "cafe"),
            ("ﬁnal ﬂow", "final flow"),
            ("Ｈｅｌｌｏ １２", "Hello 12"),
            ("𝐇𝐞𝐥𝐥𝐨", "Hello"),
            ("don’t", "don't"),
            ("co\u{AD}op", "coop"),
            ("Straße", "Strasse"),
            ("Øresund Łódź", "Oresund Lodz"),
            ("m² ½", "m² ½"),
            ("℃", "°C"),
            ("Ⅳ", "IV"),
            ("東京", "東京"),
        ] {
            assert_eq!(folded(text), expected);
        }
    }

    #[test]
    fn places_in_the_source_are_kept() {
        let scan = Scan::new("é ﬁx");
        assert_eq!((scan.byte(0), scan.byte(1), scan.byte(2), scan.byte(3), scan.byte(4)), (0, 2, 3, 3, 6));
        assert_eq!(scan.byte(5), scan.source.len());
    }
}
