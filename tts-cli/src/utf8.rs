//! Bytes as they arrive to text that can be spoken.
//!
//! In: byte slices cut anywhere, also inside a character. Out: `&str` pieces, and counts of what was mended. A byte
//! order mark at the start goes; bytes that are not UTF-8 become U+FFFD, one for each maximal bad sequence (the
//! practice of the Unicode standard, section 3.9); control characters other than tab, line feed and carriage return
//! become a space; terminal escape sequences (ECMA-48 `ESC [ … final`, as programs colour their output) vanish, since
//! they may stand inside a word. All of it is counted, so that it can be reported.

/// How many things a text had to be freed of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mended {
    /// Byte sequences that are not UTF-8, each now U+FFFD.
    pub(crate) invalid: u64,
    /// Control characters, each now a space, and terminal escape sequences, now gone.
    pub(crate) controls: u64,
}

impl Mended {
    /// The warnings these counts deserve.
    pub(crate) fn warnings(self) -> impl Iterator<Item = String> {
        let invalid = (self.invalid > 0).then(|| match self.invalid {
            1 => "1 place in the text is not valid UTF-8 and was replaced by U+FFFD".to_owned(),
            n => format!("{n} places in the text are not valid UTF-8 and were replaced by U+FFFD"),
        });
        let controls = (self.controls > 0).then(|| match self.controls {
            1 => "1 control character in the text was ignored".to_owned(),
            n => format!("{n} control characters in the text were ignored"),
        });
        invalid.into_iter().chain(controls)
    }
}

/// Where the decoder stands in a terminal escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escape {
    /// Not in one.
    #[default]
    Outside,
    /// After ESC.
    Begun,
    /// After `ESC [`: parameters until a final character.
    Control,
    /// After `ESC ]`: a title or link until BEL or `ESC \`.
    System,
    /// In [`Escape::System`] after an ESC.
    SystemEnd,
}

/// The decoder: a value that remembers at most three bytes and where it is.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// First bytes of a character whose rest has not come yet.
    pending: Vec<u8>,
    begun: bool,
    escape: Escape,
    mended: Mended,
}

impl Decoder {
    /// What had to be mended so far.
    pub(crate) fn mended(&self) -> Mended {
        self.mended
    }

    /// Appends the text of `bytes` to `text`, as far as it is complete.
    pub(crate) fn push(&mut self, bytes: &[u8], text: &mut String) {
        let joined;
        let mut rest = if self.pending.is_empty() {
            bytes
        } else {
            joined = [std::mem::take(&mut self.pending).as_slice(), bytes].concat();
            &joined
        };
        while !rest.is_empty() {
            match str::from_utf8(rest) {
                Ok(valid) => {
                    self.accept(valid, text);
                    return;
                }
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    self.accept(str::from_utf8(valid).unwrap_or_default(), text);
                    let Some(length) = error.error_len() else {
                        self.pending = bad.to_vec();
                        return;
                    };
                    self.replace(text);
                    rest = &bad[length..];
                }
            }
        }
    }

    /// Ends the text: half a character that will not be completed is one bad sequence.
    pub(crate) fn finish(&mut self, text: &mut String) {
        if !self.pending.is_empty() {
            self.pending.clear();
            self.replace(text);
        }
    }

    fn replace(&mut self, text: &mut String) {
        self.mended.invalid += 1;
        self.begun = true;
        text.push(char::REPLACEMENT_CHARACTER);
    }

    fn accept(&mut self, valid: &str, text: &mut String) {
        for character in valid.chars() {
            let first = !std::mem::replace(&mut self.begun, true);
            if first && character == '\u{feff}' {
                continue;
            }
            self.character(character, text);
        }
    }

    fn character(&mut self, character: char, text: &mut String) {
        match (self.escape, character) {
            (Escape::Outside, '\u{1b}') => {
                self.mended.controls += 1;
                self.escape = Escape::Begun;
            }
            (Escape::Begun, '[') => self.escape = Escape::Control,
            (Escape::Begun, ']') => self.escape = Escape::System,
            (Escape::Control, '\u{20}'..='\u{3f}') | (Escape::SystemEnd, '\u{1b}') => {}
            (Escape::Control, '\u{40}'..='\u{7e}') | (Escape::System, '\u{7}') | (Escape::SystemEnd, '\\') => {
                self.escape = Escape::Outside;
            }
            (Escape::System, '\u{1b}') => self.escape = Escape::SystemEnd,
            // A title never spans lines: whatever opened it was not one, and text must not drown in it.
            (Escape::System, character) if character != '\n' => {}
            (_, character) => {
                // A broken sequence ends where it stops being one; its last character is text.
                self.escape = Escape::Outside;
                if character.is_control() && !matches!(character, '\t' | '\n' | '\r') {
                    self.mended.controls += 1;
                    text.push(' ');
                } else {
                    text.push(character);
                }
            }
        }
    }
}

/// Mends a whole text at once, for text that came as an argument.
pub(crate) fn mend(text: &str) -> (String, Mended) {
    let mut decoder = Decoder::default();
    let mut mended = String::with_capacity(text.len());
    decoder.push(text.as_bytes(), &mut mended);
    decoder.finish(&mut mended);
    (mended, decoder.mended())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(bytes: &[u8], size: usize) -> (String, Mended) {
        let mut decoder = Decoder::default();
        let mut text = String::new();
        for piece in bytes.chunks(size) {
            decoder.push(piece, &mut text);
        }
        decoder.finish(&mut text);
        (text, decoder.mended())
    }

    /// Any cut of the bytes gives the text of the uncut bytes, whose replacement is the standard library's.
    #[test]
    fn cuts_do_not_matter() {
        let cases: [&[u8]; 7] = [
            "naïve café 日本語 🙂🏳️‍🌈 end".as_bytes(),
            b"\xef\xbb\xbfmark",
            b"a\xffb\xc3\xc3\xa9\xe2\x82c\xf0\x9f\x99",
            b"\xed\xa0\x80 surrogate \xf5\x80\x80\x80 \xc0\x80",
            b"",
            b"\xe2",
            "a\u{feff}b".as_bytes(),
        ];
        for bytes in cases {
            let whole = String::from_utf8_lossy(bytes);
            let expected = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
            for size in 1..=bytes.len().max(1) {
                let (text, mended) = in_pieces(bytes, size);
                assert_eq!(text, expected, "pieces of {size} of {bytes:02x?}");
                assert_eq!(mended.invalid, whole.matches('\u{fffd}').count() as u64);
            }
        }
    }

    #[test]
    fn every_single_cut_of_a_text_is_harmless() {
        let text = "Grüße, 世界! \u{1b}[1mbold\u{1b}[0m 🙂";
        let (whole, counts) = mend(text);
        assert_eq!(whole, "Grüße, 世界! bold 🙂");
        for cut in 0..=text.len() {
            let mut decoder = Decoder::default();
            let mut joined = String::new();
            decoder.push(&text.as_bytes()[..cut], &mut joined);
            decoder.push(&text.as_bytes()[cut..], &mut joined);
            decoder.finish(&mut joined);
            assert_eq!((joined, decoder.mended()), (whole.clone(), counts), "cut at {cut}");
        }
    }

    #[test]
    fn control_characters_are_counted() {
        let cases = [
            ("a\0b", "a b", 1),
            ("a\tb\r\nc", "a\tb\r\nc", 0),
            ("\u{7f}\u{85}", "  ", 2),
            ("\u{1b}[38;5;1mred\u{1b}[m", "red", 2),
            ("\u{1b}]0;title\u{7}text", "text", 1),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link", 1),
            ("\u{1b}]unclosed\nnext line", "\nnext line", 1),
            ("a\u{1b}", "a", 1),
            ("a\u{1b}zb", "azb", 1),
        ];
        for (input, output, count) in cases {
            let (text, mended) = mend(input);
            assert_eq!((text.as_str(), mended.controls), (output, count), "{input:?}");
        }
    }

    #[test]
    fn warnings_say_what_was_found() {
        let mended = Mended { invalid: 2, controls: 1 };
        let warnings: Vec<_> = mended.warnings().collect();
        assert!(warnings[0].starts_with("2 places") && warnings[1].starts_with("1 control"), "{warnings:?}");
        assert_eq!(Mended::default().warnings().count(), 0);
    }
}
