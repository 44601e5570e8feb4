//! Little words that are said otherwise in a sentence than alone: `the`, `a`, `to`, `of`, `and`, `was`.
//!
//! In: a word, what follows it and whether a pause does. Out: its phones there, or `None` for the dictionary's. Only the
//! words whose weak form every speaker uses: `the` before a vowel is "thee", `a` before a pause is "ay", and `to`, `of`,
//! `was` keep their full vowel only before a pause.
//!
//! May import: `text::phone`.

use crate::text::phone::Phone;

/// What stands after a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// A word that begins with a vowel.
    Vowel,
    /// A word that begins with a consonant.
    Consonant,
    /// A pause or the end of the clause.
    Pause,
}

impl Follows {
    /// From the next word's phones, `None` at a pause.
    pub(super) fn of(next: Option<&[Phone]>) -> Self {
        match next.and_then(<[Phone]>::first) {
            Some(p) if p.symbol().is_vowel() => Self::Vowel,
            Some(_) => Self::Consonant,
            None => Self::Pause,
        }
    }
}

/// The phones of a word at this place. `before` is the word before it in the clause, or empty.
pub(super) fn form(word: &str, before: &str, follows: Follows) -> Option<Vec<Phone>> {
    use Follows::{Consonant, Pause, Vowel};
    // "Vitamin A", "plan A", "an A": the letter.
    let letter =
        ["vitamin", "plan", "hepatitis", "grade", "section", "type", "group", "letter", "exhibit", "an", "straight"]
            .contains(&before);
    let phones = match (word, follows) {
        ("the", Consonant) => "DH AH0",
        ("the", Vowel) => "DH IY0",
        ("the", Pause) => "DH AH1",
        ("a", Pause) => "EY1",
        ("a", _) if letter => "EY1",
        ("a", _) => "AH0",
        ("an", Pause) => "AE1 N",
        ("an", _) => "AH0 N",
        ("to", Consonant) => "T AH0",
        ("to", Vowel) => "T UW0",
        ("to", Pause) => "T UW1",
        ("of", Vowel | Consonant) => "AH0 V",
        ("was", Vowel | Consonant) => "W AH0 Z",
        ("and", Vowel | Consonant) => "AH0 N D",
        ("and", Pause) => "AE1 N D",
        ("than", Vowel | Consonant) => "DH AH0 N",
        ("in", Pause) => "IH1 N",
        _ => return None,
    };
    Phone::parse_list(phones).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_words_bend_to_what_follows() {
        let said = |word: &str, before: &str, next: Option<&str>| {
            let next = next.map(|n| Phone::parse_list(n).unwrap());
            form(word, before, Follows::of(next.as_deref()))
                .map(|p| p.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(said("the", "", Some("AE1 P AH0 L")).as_deref(), Some("DH IY0"));
        assert_eq!(said("the", "", Some("Y UW1 N AH0 T")).as_deref(), Some("DH AH0"));
        assert_eq!(said("the", "", None).as_deref(), Some("DH AH1"));
        assert_eq!(said("a", "", Some("K AE1 T")).as_deref(), Some("AH0"));
        assert_eq!(said("a", "vitamin", Some("IH1 Z")).as_deref(), Some("EY1"));
        assert_eq!(said("a", "", None).as_deref(), Some("EY1"));
        assert_eq!(said("to", "", Some("AE1 K T")).as_deref(), Some("T UW0"));
        assert_eq!(said("to", "", Some("G OW1")).as_deref(), Some("T AH0"));
        assert_eq!(said("to", "", None).as_deref(), Some("T UW1"));
        assert_eq!(said("cat", "", None), None);
    }
}
