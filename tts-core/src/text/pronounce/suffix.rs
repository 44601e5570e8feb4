//! Words made from a word that is known, by an ending, a beginning or a British spelling.
//!
//! In: a word that is not in the dictionary, and a way to look words up. Out: the phones of its stem with those of the
//! affix, joined by the rules of sound (`-s` is voiced, voiceless or a syllable) and of spelling (`hoping` is of `hope`,
//! `hopping` of `hop`, `tries` of `try`).
//!
//! The sounds of endings follow the majority of CMUdict's entries; `derives_what_the_dictionary_says` measures every
//! rule on the words of the dictionary itself.
//!
//! May import: `text::phone`.

use crate::text::phone::{Phone, Stress, Symbol};

/// Looks a word up: user lexicon and dictionary, nothing derived.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Option<Vec<Phone>> + 'a;

/// Letters a stem must have.
const STEM: usize = 3;
/// How many affixes are taken off one word: `un-forgett-able-s`.
const DEPTH: usize = 3;

/// How the last letters of a stem change before an ending that begins with a vowel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Before a vowel: `hope` loses its e, `hop` doubles its p, `try` turns y to i (or keeps it before i).
    Vowel,
    /// Before a consonant: only `happy` turns to `happi`.
    Consonant,
}

/// Endings with one sound wherever they stand: letters, phones, joint.
const ENDINGS: &[(&str, &str, Joint)] = &[
    ("ing", "IH0 NG", Joint::Vowel),
    ("er", "ER0", Joint::Vowel),
    ("est", "AH0 S T", Joint::Vowel),
    ("able", "AH0 B AH0 L", Joint::Vowel),
    ("y", "IY0", Joint::Vowel),
    ("ness", "N AH0 S", Joint::Consonant),
    ("less", "L AH0 S", Joint::Consonant),
    ("ful", "F AH0 L", Joint::Consonant),
    ("ment", "M AH0 N T", Joint::Consonant),
    ("ship", "SH IH2 P", Joint::Consonant),
    ("hood", "HH UH2 D", Joint::Consonant),
    ("like", "L AY2 K", Joint::Consonant),
    ("wise", "W AY2 Z", Joint::Consonant),
    ("ward", "W ER0 D", Joint::Consonant),
    ("dom", "D AH0 M", Joint::Consonant),
];

/// Beginnings: letters, phones. Longest first where one begins another.
const BEGINNINGS: &[(&str, &str)] = &[
    ("counter", "K AW2 N T ER0"),
    ("pseudo", "S UW2 D OW0"),
    ("hyper", "HH AY2 P ER0"),
    ("inter", "IH2 N T ER0"),
    ("micro", "M AY2 K R OW0"),
    ("multi", "M AH2 L T IY0"),
    ("super", "S UW2 P ER0"),
    ("trans", "T R AE2 N Z"),
    ("ultra", "AH2 L T R AH0"),
    ("under", "AH2 N D ER0"),
    ("cyber", "S AY2 B ER0"),
    ("infra", "IH2 N F R AH0"),
    ("intra", "IH2 N T R AH0"),
    ("macro", "M AE2 K R OW0"),
    ("neuro", "N UH2 R OW0"),
    ("anti", "AE2 N T IY0"),
    ("auto", "AO2 T OW0"),
    ("crypto", "K R IH2 P T OW0"),
    ("electro", "IH0 L EH2 K T R OW0"),
    ("geo", "JH IY2 OW0"),
    ("giga", "G IH2 G AH0"),
    ("mega", "M EH2 G AH0"),
    ("meta", "M EH2 T AH0"),
    ("mini", "M IH2 N IY0"),
    ("mono", "M AA2 N OW0"),
    ("nano", "N AE2 N OW0"),
    ("over", "OW2 V ER0"),
    ("poly", "P AA2 L IY0"),
    ("post", "P OW2 S T"),
    ("self", "S EH2 L F"),
    ("semi", "S EH2 M IY0"),
    ("tele", "T EH2 L AH0"),
    ("thermo", "TH ER2 M OW0"),
    ("bio", "B AY2 OW0"),
    ("dis", "D IH2 S"),
    ("eco", "IY2 K OW0"),
    ("fore", "F AO2 R"),
    ("mis", "M IH2 S"),
    ("non", "N AA2 N"),
    ("out", "AW2 T"),
    ("pre", "P R IY2"),
    ("pro", "P R OW2"),
    ("sub", "S AH2 B"),
    ("de", "D IY2"),
    ("re", "R IY2"),
    ("un", "AH0 N"),
];

/// Spellings of other countries and what the dictionary has for them, at the end of a word or of its stem.
const SPELLINGS: &[(&str, &str)] = &[
    ("isation", "ization"),
    ("isations", "izations"),
    ("ise", "ize"),
    ("ised", "ized"),
    ("ises", "izes"),
    ("iser", "izer"),
    ("isers", "izers"),
    ("ising", "izing"),
    ("yse", "yze"),
    ("ysed", "yzed"),
    ("yses", "yzes"),
    ("ysing", "yzing"),
    ("our", "or"),
    ("ours", "ors"),
    ("oured", "ored"),
    ("ouring", "oring"),
    ("ourful", "orful"),
    ("ourite", "orite"),
    ("ourites", "orites"),
    ("ourable", "orable"),
    ("ourless", "orless"),
    ("tre", "ter"),
    ("tres", "ters"),
    ("lled", "led"),
    ("lling", "ling"),
    ("ller", "ler"),
    ("llers", "lers"),
    ("ogue", "og"),
    ("ogues", "ogs"),
    ("ence", "ense"),
    ("mme", "m"),
    ("mmes", "ms"),
    ("aemia", "emia"),
    ("aemic", "emic"),
    ("paedic", "pedic"),
];

/// The phones of a derived word, or `None` if no rule leads to a known stem.
pub(super) fn derive(word: &str, known: &Lookup<'_>) -> Option<Vec<Phone>> {
    if !word.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'') {
        return None;
    }
    contraction(word, known).or_else(|| affix(word, known, DEPTH))
}

fn affix(word: &str, known: &Lookup<'_>, depth: usize) -> Option<Vec<Phone>> {
    if depth == 0 || word.len() <= STEM {
        return None;
    }
    let stem = |s: &str| known(s).or_else(|| affix(s, known, depth - 1));
    spelling(word, known)
        .or_else(|| plural(word, &stem))
        .or_else(|| past(word, &stem))
        .or_else(|| adverb(word, &stem))
        .or_else(|| ending(word, &stem))
        .or_else(|| beginning(word, &stem))
}

/// What an apostrophe joins: `the dog's`, `the dogs'`, `who'd`, `Tom'll`, `goin'`.
fn contraction(word: &str, known: &Lookup<'_>) -> Option<Vec<Phone>> {
    let stem = |s: &str| (!s.is_empty()).then(|| known(s).or_else(|| affix(s, known, DEPTH))).flatten();
    if let Some(base) = word.strip_suffix("'s") {
        return stem(base).map(with_s);
    }
    if let Some(base) = word.strip_suffix("s'") {
        return stem(&word[..word.len() - 1]).or_else(|| stem(base).map(with_s));
    }
    if let Some(base) = word.strip_suffix("in'") {
        let mut phones = stem(&format!("{base}ing"))?;
        phones.pop();
        phones.push(Phone::new(Symbol::N));
        return Some(phones);
    }
    if let Some(base) = word.strip_suffix("'d") {
        let base = stem(base)?;
        let tail = if matches!(base.last()?.symbol(), Symbol::T | Symbol::D) { "AH0 D" } else { "D" };
        return Some(join(base, tail));
    }
    for (letters, after_vowel, after_consonant) in
        [("'ll", "L", "AH0 L"), ("'ve", "V", "AH0 V"), ("'re", "ER0", "ER0"), ("n't", "N T", "AH0 N T")]
    {
        if let Some(base) = word.strip_suffix(letters) {
            let base = stem(base)?;
            let open = base.last()?.symbol().is_vowel();
            return Some(join(base, if open { after_vowel } else { after_consonant }));
        }
    }
    None
}

fn spelling(word: &str, known: &Lookup<'_>) -> Option<Vec<Phone>> {
    SPELLINGS.iter().find_map(|(british, american)| {
        let stem = word.strip_suffix(british)?;
        (stem.len() >= 2).then(|| known(&format!("{stem}{american}"))).flatten()
    })
}

fn plural(word: &str, stem: &Lookup<'_>) -> Option<Vec<Phone>> {
    let base = word.strip_suffix('s').filter(|b| b.len() >= STEM && !b.ends_with(['s', 'u', 'i']))?;
    if let Some(base) = word.strip_suffix("ies").filter(|b| b.len() >= 2) {
        return stem(&format!("{base}y")).or_else(|| stem(&format!("{base}ie"))).map(with_s);
    }
    let hiss = |s: &&str| s.ends_with(['s', 'x', 'z', 'o']) || s.ends_with("ch") || s.ends_with("sh");
    if let Some(phones) = word.strip_suffix("es").filter(hiss).and_then(stem) {
        return Some(with_s(phones));
    }
    stem(base).map(with_s)
}

fn past(word: &str, stem: &Lookup<'_>) -> Option<Vec<Phone>> {
    let short = word.strip_suffix("ed").filter(|b| b.len() >= 2)?;
    stems(short, Joint::Vowel).iter().find_map(|s| stem(s)).map(with_ed)
}

/// `-ly`, which loses sounds of the stem: `possibly`, `happily`, `basically`, `totally`.
fn adverb(word: &str, stem: &Lookup<'_>) -> Option<Vec<Phone>> {
    let base = word.strip_suffix("ly").filter(|b| b.len() >= 2)?;
    if let Some(phones) = base.strip_suffix("al").filter(|b| b.ends_with("ic")).and_then(stem) {
        return Some(join(phones, "L IY0"));
    }
    if let Some(mut phones) = stem(&format!("{base}le")).filter(|_| base.ends_with(['b', 'd', 'g', 'p', 't'])) {
        if phones.len() > 2 && phones[phones.len() - 2] == Phone::new(Symbol::Ah) {
            phones.remove(phones.len() - 2);
        }
        return Some(join(phones, "IY0"));
    }
    if let Some(mut phones) = base.strip_suffix('i').and_then(|b| stem(&format!("{b}y"))) {
        if let Some(last) = phones.last_mut().filter(|p| **p == Phone::new(Symbol::Iy)) {
            *last = Phone::new(Symbol::Ah);
        }
        return Some(join(phones, "L IY0"));
    }
    let phones = (base.len() >= STEM).then(|| stem(base)).flatten().or_else(|| stem(&format!("{base}l")))?;
    let tail = if phones.last()?.symbol() == Symbol::L { "IY0" } else { "L IY0" };
    Some(join(phones, tail))
}

fn ending(word: &str, stem: &Lookup<'_>) -> Option<Vec<Phone>> {
    ENDINGS.iter().find_map(|&(letters, phones, joint)| {
        let short = word.strip_suffix(letters).filter(|b| b.len() >= 2)?;
        // `lafoy` is no `lafo-y`.
        if letters == "y" && short.ends_with(['a', 'e', 'i', 'o', 'u']) {
            return None;
        }
        let plain = |s: &&String| joint == Joint::Consonant || letters == "est" || plain(s, stem);
        stems(short, joint).iter().filter(plain).find_map(|s| stem(s)).map(|base| join(base, phones))
    })
}

fn beginning(word: &str, stem: &Lookup<'_>) -> Option<Vec<Phone>> {
    BEGINNINGS.iter().find_map(|&(letters, phones)| {
        let rest = word.strip_prefix(letters).filter(|r| r.len() > STEM && plain(r, stem))?;
        let mut out = Phone::parse_list(phones).ok()?;
        out.extend(stem(rest)?);
        Some(out)
    })
}

/// Whether a stem is a plain word: names have no `-ing` of their own in the dictionary. Without this, `-er`, `-y` and
/// `re-` cut names apart (`shum-er`) and are wrong twice as often as the letters-to-phones model.
fn plain(stem: &str, known: &Lookup<'_>) -> bool {
    let base = stem.strip_suffix('e').unwrap_or(stem);
    [format!("{stem}ed"), format!("{base}ing"), format!("{base}ed")].iter().any(|w| known(w).is_some())
}

/// The stems that may stand before an ending, likeliest first.
fn stems(short: &str, joint: Joint) -> Vec<String> {
    let mut found = Vec::new();
    let bytes = short.as_bytes();
    let n = bytes.len();
    let vowel = |i: usize| matches!(bytes[i], b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    if joint == Joint::Consonant {
        if let Some(base) = short.strip_suffix('i') {
            found.push(format!("{base}y"));
        }
        found.push(short.to_owned());
    } else {
        if let Some(base) = short.strip_suffix('i') {
            found.push(format!("{base}y"));
        }
        let doubled = n >= 3 && bytes[n - 1] == bytes[n - 2] && !vowel(n - 1);
        // `call`, `pass`, `stuff`, `buzz` end in two letters of their own.
        if doubled && !matches!(bytes[n - 1], b'l' | b's' | b'f' | b'z') {
            found.push(short[..n - 1].to_owned());
        }
        // One vowel and one consonant: `hoping` is of `hope`, for `hop` would have doubled its p.
        let open = n >= 2
            && !vowel(n - 1)
            && !matches!(bytes[n - 1], b'w' | b'x')
            && vowel(n - 2)
            && (n < 3 || !vowel(n - 3) || bytes[n - 2] == b'u' && bytes[n - 3] == b'q');
        // `dancing`, `charged`, `loved`, `freezing`: no word ends so without its e.
        let bare = matches!(bytes[n - 1], b'c' | b'v' | b'u' | b'z') || short.ends_with("dg") || short.ends_with("rg");
        let silent = format!("{short}e");
        if open || bare {
            found.push(silent);
            found.push(short.to_owned());
        } else {
            found.push(short.to_owned());
            found.push(silent);
        }
        if doubled && matches!(bytes[n - 1], b'l' | b's' | b'f' | b'z') {
            found.push(short[..n - 1].to_owned());
        }
    }
    found.retain(|s| s.len() >= STEM);
    found
}

/// Appends phones given as text.
fn join(mut phones: Vec<Phone>, tail: &str) -> Vec<Phone> {
    phones.extend(tail.split(' ').filter_map(|p| Phone::parse(p).ok()));
    phones
}

/// The `s` of plurals, verbs and possessives: a syllable after a hiss, else voiced as the sound before it.
pub(super) fn with_s(phones: Vec<Phone>) -> Vec<Phone> {
    use Symbol::{Ch, F, Jh, K, P, S, Sh, T, Th, Z, Zh};
    let tail = match phones.last().map(|p| p.symbol()) {
        Some(S | Z | Sh | Zh | Ch | Jh) => "IH0 Z",
        Some(P | T | K | F | Th) => "S",
        _ => "Z",
    };
    join(phones, tail)
}

/// The `ed` of the past: a syllable after t and d, else voiced as the sound before it.
pub(super) fn with_ed(phones: Vec<Phone>) -> Vec<Phone> {
    use Symbol::{Ch, D, F, K, P, S, Sh, T, Th};
    let tail = match phones.last().map(|p| p.symbol()) {
        Some(T | D) => "IH0 D",
        Some(P | K | F | Th | S | Sh | Ch) => "T",
        _ => "D",
    };
    join(phones, tail)
}

/// Turns main stresses into secondary ones: the second part of a compound.
pub(super) fn weaken(phones: &mut [Phone]) {
    for p in phones {
        if p.stress() == Some(Stress::Primary) {
            *p = Phone::with_stress(p.symbol(), Stress::Secondary);
        }
    }
}
