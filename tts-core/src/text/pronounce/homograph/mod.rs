//! Words of one spelling and two sounds, told apart by their neighbours.
//!
//! In: a word and its sentence. Out: its phones and the name of the rule that chose. Most homographs are a noun (or
//! adjective) and a verb, which [`Context::verb`] decides for a whole table of them; the others have a rule of their
//! own in `special.rs`. Tested by `cases.txt`; `heldout.txt` was written before the rules and says what to expect.
//!
//! May import: `text::phone`.

mod context;
mod special;
mod table;

use super::suffix;
use crate::text::phone::Phone;
use context::Context;
pub(super) use context::Heard;
use table::NOUN_VERB;

/// The phones of `words[at]` if it is a homograph, and the name of the rule.
pub(super) fn choose(words: &[Heard], at: usize) -> Option<(Vec<Phone>, &'static str)> {
    let context = Context::new(words, at);
    let text = words.get(at)?.text.as_str();
    if let Some((phones, rule)) = special::choose(text, &context) {
        return Some((Phone::parse_list(phones).ok()?, rule));
    }
    if let Some((noun, verb)) = readings(text) {
        let (phones, rule) = if context.verb(false) { (verb, "verb") } else { (noun, "noun") };
        return Some((Phone::parse_list(phones).ok()?, rule));
    }
    // Plurals and -s forms; possessives are of nouns.
    let (base, possessive) = match text.strip_suffix("'s") {
        Some(base) => (base.to_owned(), true),
        None => match text.strip_suffix("ies") {
            Some(base) => (format!("{base}y"), false),
            None => (text.strip_suffix('s')?.to_owned(), false),
        },
    };
    let (noun, verb) = readings(&base)?;
    let (phones, rule) = if !possessive && context.verb(true) { (verb, "verb") } else { (noun, "noun") };
    Some((suffix::with_s(Phone::parse_list(phones).ok()?), rule))
}

fn readings(word: &str) -> Option<(&'static str, &'static str)> {
    let at = NOUN_VERB.binary_search_by(|(key, _, _)| (*key).cmp(word)).ok()?;
    Some((NOUN_VERB[at].1, NOUN_VERB[at].2))
}

#[cfg(test)]
mod tests {
    use super::super::{Lexicon, Pronouncer, Sentence};
    use super::*;
    use crate::text::{Break, Form, SpokenWord, Token, TokenKind};

    /// A sentence of a case file as the front end would hand it over, and where its starred word is.
    fn tokens(sentence: &str) -> (Vec<Token>, usize) {
        let (mut tokens, mut words, mut at) = (Vec::new(), 0, 0);
        for piece in sentence.split_whitespace() {
            if piece.contains('*') {
                at = words;
            }
            words += 1;
            let letters: String = piece.chars().filter(|c| c.is_ascii_alphabetic() || *c == '\'').collect();
            let text = letters.to_lowercase();
            let form = if letters.starts_with(char::is_uppercase) { Form::Capitalised(letters) } else { Form::Word };
            tokens.push(Token { span: 0..0, kind: TokenKind::Words(vec![SpokenWord { text, form }]) });
            if piece.ends_with([',', ';', ':']) {
                tokens.push(Token { span: 0..0, kind: TokenKind::Break(Break::Comma) });
            }
        }
        (tokens, at)
    }

    /// `(word, sentence, right, found)` of every case.
    fn run(file: &'static str) -> Vec<(&'static str, &'static str, String, String)> {
        let pronouncer = Pronouncer::embedded(Lexicon::default()).unwrap();
        let mut readings = [""; 2];
        let mut word = "";
        let mut out = Vec::new();
        for line in file.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(rest) = line.strip_prefix("@ ") {
                let (name, both) = rest.split_once("  ").unwrap();
                let (first, second) = both.split_once(" / ").unwrap();
                (word, readings) = (name, [first, second]);
                continue;
            }
            let (number, sentence) = line.split_once(' ').unwrap();
            let right = readings[number.parse::<usize>().unwrap() - 1];
            let (tokens, at) = tokens(sentence);
            let said = pronouncer.pronounce(&tokens, &mut Sentence::new());
            assert!(sentence.to_lowercase().contains(&format!("*{word}*")), "{line}");
            let found = said[at].phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            out.push((word, sentence, right.to_owned(), found));
        }
        out
    }

    #[test]
    fn every_case_is_told_apart() {
        let cases = run(include_str!("cases.txt"));
        let wrong: Vec<_> =
            cases.iter().filter(|c| c.2 != c.3).map(|c| format!("{}: {} [{}]", c.0, c.1, c.3)).collect();
        assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
        let mut words: Vec<_> = cases.iter().map(|c| c.0).collect();
        words.dedup();
        assert!(cases.len() >= 200 && words.len() >= 60, "{} sentences of {} words", cases.len(), words.len());
    }

    /// The honest figure; the floor is what was measured when the rules were first run on these sentences.
    #[test]
    fn held_out_sentences_are_mostly_told_apart() {
        let cases = run(include_str!("heldout.txt"));
        let wrong: Vec<_> = cases.iter().filter(|c| c.2 != c.3).collect();
        let share = 1.0 - wrong.len() as f64 / cases.len() as f64;
        println!("held-out homographs: {:.1} % of {}", 100.0 * share, cases.len());
        assert!(share >= 0.85, "{share}");
    }

    #[test]
    fn the_table_is_sorted_and_spells_phones() {
        assert!(NOUN_VERB.windows(2).all(|w| w[0].0 < w[1].0));
        for (word, noun, verb) in NOUN_VERB {
            assert!(Phone::parse_list(noun).is_ok() && Phone::parse_list(verb).is_ok(), "{word}");
        }
    }
}
