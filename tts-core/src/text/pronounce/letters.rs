//! Names of the letters, for what is spelled out: `fbi` is "eff bee eye".
//!
//! In: letters. Out: phones. The names are CMUdict's entries of the single letters; in a row the last one carries the
//! main stress, as in "F B I", and the others a secondary one.
//!
//! May import: `text::phone`.

use crate::text::phone::{Phone, Stress, Symbol};

use Symbol::{Aa, Ah, Ay, B, Ch, D, Eh, Ey, F, Iy, Jh, K, L, M, N, Ow, P, R, S, T, Uw, V, W, Y, Z};

/// The sounds of a letter's name; the first vowel is the stressed one.
fn name(letter: char) -> Option<&'static [Symbol]> {
    Some(match letter.to_ascii_lowercase() {
        'a' => &[Ey],
        'b' => &[B, Iy],
        'c' => &[S, Iy],
        'd' => &[D, Iy],
        'e' => &[Iy],
        'f' => &[Eh, F],
        'g' => &[Jh, Iy],
        'h' => &[Ey, Ch],
        'i' => &[Ay],
        'j' => &[Jh, Ey],
        'k' => &[K, Ey],
        'l' => &[Eh, L],
        'm' => &[Eh, M],
        'n' => &[Eh, N],
        'o' => &[Ow],
        'p' => &[P, Iy],
        'q' => &[K, Y, Uw],
        'r' => &[Aa, R],
        's' => &[Eh, S],
        't' => &[T, Iy],
        'u' => &[Y, Uw],
        'v' => &[V, Iy],
        'w' => &[D, Ah, B, Ah, L, Y, Uw],
        'x' => &[Eh, K, S],
        'y' => &[W, Ay],
        'z' => &[Z, Iy],
        _ => return None,
    })
}

/// The digits' names, for strings that reach this stage with digits left in them.
fn digit(c: char) -> Option<&'static str> {
    const NAMES: [&str; 10] = [
        "Z IH1 R OW0",
        "W AH1 N",
        "T UW1",
        "TH R IY1",
        "F AO1 R",
        "F AY1 V",
        "S IH1 K S",
        "S EH1 V AH0 N",
        "EY1 T",
        "N AY1 N",
    ];
    c.to_digit(10).map(|d| NAMES[d as usize])
}

/// Names of the letters and digits of `text`, joined; empty if it has none. A plural `'s` at the end ("the ABC's") is
/// a sound, not a letter.
#[must_use]
pub(super) fn spell(text: &str) -> Vec<Phone> {
    let (text, plural) = match text.strip_suffix("'s") {
        Some(stem) if !stem.is_empty() => (stem, true),
        _ => (text, false),
    };
    let said: Vec<char> = text.chars().filter(|&c| name(c).is_some() || digit(c).is_some()).collect();
    let mut phones = Vec::new();
    for (i, &c) in said.iter().enumerate() {
        let stress = if i + 1 == said.len() { Stress::Primary } else { Stress::Secondary };
        if let Some(sounds) = name(c) {
            // The first vowel takes the stress; the others of "double-u" have none.
            let mut left = stress;
            for &symbol in sounds {
                phones.push(Phone::with_stress(symbol, left));
                if symbol.is_vowel() {
                    left = Stress::None;
                }
            }
        } else if let Some(list) = digit(c) {
            phones.extend(list.split(' ').filter_map(|p| Phone::parse(p).ok()));
        }
    }
    if plural && !phones.is_empty() {
        phones = super::suffix::with_s(phones);
    }
    phones
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        spell(text).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn letters_are_named_with_the_stress_on_the_last() {
        for (text, phones) in [
            ("fbi", "EH2 F B IY2 AY1"),
            ("FBI", "EH2 F B IY2 AY1"),
            ("x", "EH1 K S"),
            ("www", "D AH2 B AH0 L Y UW0 D AH2 B AH0 L Y UW0 D AH1 B AH0 L Y UW0"),
            ("h", "EY1 CH"),
            ("b2b", "B IY2 T UW1 B IY1"),
            ("cd's", "S IY2 D IY1 Z"),
            ("dvs's", "D IY2 V IY2 EH1 S IH0 Z"),
            ("", ""),
            ("'s", "EH1 S"),
            ("!?", ""),
        ] {
            assert_eq!(said(text), phones, "{text}");
        }
    }

    #[test]
    fn every_letter_has_a_name_with_one_main_stress() {
        for c in ('a'..='z').chain('0'..='9') {
            let phones = spell(&c.to_string());
            assert_eq!(phones.iter().filter(|p| p.stress() == Some(Stress::Primary)).count(), 1, "{c}");
        }
    }
}
