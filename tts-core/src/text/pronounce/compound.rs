//! Two known words written as one: `smartwatch`, `seafloor`, `codebase`.
//!
//! In: a word no rule of endings explains. Out: the phones of its halves; the first keeps its stress, the second is
//! weakened, as English says its compounds (`BLACKboard`).
//!
//! CMUdict is full of short surnames (`ing`, `ald`), so a half of three letters must be on a list of plain words, and a
//! half of four must not be one of the endings that names are made of.
//!
//! May import: `text::phone`.

use super::suffix::{Lookup, weaken};
use crate::text::phone::Phone;

/// Letters of the shortest compound.
const SHORTEST: usize = 6;

/// Halves of three letters that do make compounds.
const THREE: &[&str] = &[
    "act", "add", "age", "air", "all", "ant", "any", "app", "arm", "art", "back", "bad", "bag", "ball", "bar", "bed",
    "bee", "big", "bin", "bio", "bit", "box", "boy", "bud", "bug", "bus", "buy", "can", "cap", "car", "cat", "cow",
    "cup", "cut", "day", "dog", "dot", "dry", "ear", "egg", "end", "eye", "fan", "fat", "fly", "fog", "fox", "fun",
    "gap", "gas", "gun", "guy", "ham", "hat", "hen", "hip", "hit", "hot", "hub", "ice", "ink", "jam", "jar", "jet",
    "job", "joy", "key", "kid", "kit", "lab", "lap", "law", "leg", "lid", "lip", "log", "low", "mad", "man", "map",
    "mat", "men", "mid", "mud", "net", "new", "nut", "off", "oil", "old", "one", "out", "own", "pad", "pan", "pay",
    "pen", "pet", "pie", "pig", "pin", "pit", "pop", "pot", "put", "raw", "red", "rib", "rip", "rod", "row", "rug",
    "run", "saw", "sea", "set", "sex", "shy", "sky", "son", "sub", "sun", "tap", "tar", "tax", "tea", "tie", "tin",
    "tip", "toe", "top", "toy", "tub", "two", "use", "van", "war", "wax", "way", "web", "wet", "win", "zip",
];

/// Halves of four letters and more that are names' endings or pieces, not words.
const NOT_A_HALF: &[&str] = &[
    "aire", "ales", "ally", "ando", "ange", "anna", "ante", "arch", "aria", "ated", "aton", "auer", "beck", "berg",
    "bert", "ella", "elle", "ello", "ence", "ened", "enne", "erin", "erle", "eros", "esse", "etta", "ette", "feld",
    "gard", "hans", "hein", "heim", "holm", "ible", "ical", "ient", "ilia", "iller", "imus", "inga", "ings", "ions",
    "itch", "itis", "lein", "lich", "lock", "mann", "meier", "meyer", "nell", "oman", "onia", "ores", "oria", "osis",
    "ours", "quin", "rand", "rett", "rich", "sche", "sher", "sler", "sman", "sons", "stein", "tein", "tine", "ting",
    "tion", "tions", "tive", "tory", "ture", "vich", "witz",
];

/// The phones of a compound, or `None` if the word is not one.
pub(super) fn split(word: &str, known: &Lookup<'_>) -> Option<Vec<Phone>> {
    if word.len() < SHORTEST || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    // The most even cut first: long halves are rarely there by chance.
    let mut cuts: Vec<usize> = (3..=word.len() - 3).collect();
    cuts.sort_by_key(|&c| (c.abs_diff(word.len() - c), c));
    cuts.into_iter().find_map(|cut| {
        let (first, second) = word.split_at(cut);
        if !half(first, known) || !half(second, known) {
            return None;
        }
        let mut second = known(second)?;
        let mut phones = known(first)?;
        weaken(&mut second);
        phones.append(&mut second);
        Some(phones)
    })
}

/// Whether this is a plain word rather than a name: names have no `-ing` or `-ed` of their own in the dictionary.
fn half(word: &str, known: &Lookup<'_>) -> bool {
    let bends = |endings: &[&str]| endings.iter().any(|e| known(&format!("{word}{e}")).is_some());
    let silent = word.strip_suffix('e').is_some_and(|w| known(&format!("{w}ing")).is_some());
    match word.len() {
        0..=2 => false,
        3 => THREE.contains(&word),
        _ => {
            !NOT_A_HALF.contains(&word)
                && bends(&["s", "es"])
                && (silent || bends(&["ing", "ed", "ly", "y", "less", "ness", "ful", "like"]))
        }
    }
}
