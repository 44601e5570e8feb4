//! The words a reading is made of, while it is being put together.

use crate::text::phone::{Phone, Stress, Symbol};
use crate::text::{Form, SpokenWord};

/// Words to be said, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words(pub(super) Vec<SpokenWord>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.say(text);
        words
    }

    /// Adds plain words separated by spaces; they must be spelled `a-z'`.
    pub(super) fn say(&mut self, text: &str) {
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            debug_assert!(word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\''), "{word}");
            self.0.push(SpokenWord { text: word.to_owned(), form: Form::Word });
        }
    }

    /// Adds letters to be named one by one; anything but ASCII letters is left out.
    pub(super) fn letters(&mut self, text: &str) {
        let text: String = text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
        if !text.is_empty() {
            self.0.push(SpokenWord { text, form: Form::Letters });
        }
    }

    /// Adds letters with the ending of a plural or genitive: "URLs", "FBI's".
    pub(super) fn letters_with_s(&mut self, text: &str) {
        let Some(last) = text.chars().next_back() else { return };
        self.letters(&text[..text.len() - last.len_utf8()]);
        let last = last.to_ascii_lowercase();
        let mut phones = letter_phones(last);
        phones.extend(match phones.last().map(|p| p.symbol()) {
            Some(Symbol::S | Symbol::Ch) => vec![Phone::new(Symbol::Ih), Phone::new(Symbol::Z)],
            Some(Symbol::F) => vec![Phone::new(Symbol::S)],
            _ => vec![Phone::new(Symbol::Z)],
        });
        self.0.push(SpokenWord { text: format!("{last}'s"), form: Form::Phones(phones) });
    }

    /// Adds a word as it was written: its capitals are a hint for the pronunciation.
    pub(super) fn written(&mut self, word: &str, keep_case: bool) {
        let text: String = word.to_ascii_lowercase();
        let capital = word.bytes().any(|b| b.is_ascii_uppercase());
        let form = if keep_case && capital { Form::Capitalised(word.to_owned()) } else { Form::Word };
        self.0.push(SpokenWord { text, form });
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The name of a letter in phones; needed where an ending is glued to it.
fn letter_phones(letter: char) -> Vec<Phone> {
    use Symbol::*;
    let vowel = |s| Phone::with_stress(s, Stress::Primary);
    let plain = Phone::new;
    match letter {
        'a' => vec![vowel(Ey)],
        'b' => vec![plain(B), vowel(Iy)],
        'c' => vec![plain(S), vowel(Iy)],
        'd' => vec![plain(D), vowel(Iy)],
        'e' => vec![vowel(Iy)],
        'f' => vec![vowel(Eh), plain(F)],
        'g' => vec![plain(Jh), vowel(Iy)],
        'h' => vec![vowel(Ey), plain(Ch)],
        'i' => vec![vowel(Ay)],
        'j' => vec![plain(Jh), vowel(Ey)],
        'k' => vec![plain(K), vowel(Ey)],
        'l' => vec![vowel(Eh), plain(L)],
        'm' => vec![vowel(Eh), plain(M)],
        'n' => vec![vowel(Eh), plain(N)],
        'o' => vec![vowel(Ow)],
        'p' => vec![plain(P), vowel(Iy)],
        'q' => vec![plain(K), plain(Y), vowel(Uw)],
        'r' => vec![vowel(Aa), plain(R)],
        's' => vec![vowel(Eh), plain(S)],
        't' => vec![plain(T), vowel(Iy)],
        'u' => vec![plain(Y), vowel(Uw)],
        'v' => vec![plain(V), vowel(Iy)],
        'w' => vec![plain(D), vowel(Ah), plain(B), plain(Ah), plain(L), plain(Y), plain(Uw)],
        'x' => vec![vowel(Eh), plain(K), plain(S)],
        'y' => vec![plain(W), vowel(Ay)],
        _ => vec![plain(Z), vowel(Iy)],
    }
}
