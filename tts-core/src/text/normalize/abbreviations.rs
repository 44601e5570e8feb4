//! Abbreviations: what they stand for and whether their full stop may end a sentence.
//!
//! The splitter asks [`find`] for the second, the normaliser reads the first. Dotted capitals that are not listed
//! ("U.S.", "J. R. R.") are letters.

use super::scan::Scan;
use super::words::Words;

/// Whether the full stop of an abbreviation can also end the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) enum Stop {
    /// Something always follows: "e.g.", "vs.".
    Never,
    /// A number follows, or it is no abbreviation: "No. 5".
    BeforeNumber,
    /// A name follows, unless the next word begins sentences: "Dr. Smith".
    BeforeName,
    /// Ends the sentence if the next word begins sentences: "etc.", "Inc.", "p.m.".
    Maybe,
    /// Ends the sentence unless a small letter or a digit follows: "lb.", "in.".
    Unit,
}

/// How an abbreviation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::text) enum Reading {
    /// As these words.
    Say(&'static str),
    /// As these words, also where the full stop is missing.
    Bare(&'static str),
    /// As these words if a number is next to it.
    ByNumber(&'static str),
    /// By its letters.
    Letters,
    /// Depends on the words around it.
    Context,
}

/// One abbreviation.
#[derive(Debug, Clone, Copy)]
pub(in crate::text) struct Entry {
    /// Lower case, without the last full stop.
    pub(in crate::text) name: &'static str,
    pub(in crate::text) reading: Reading,
    pub(in crate::text) stop: Stop,
}

const fn entry(name: &'static str, reading: Reading, stop: Stop) -> Entry {
    Entry { name, reading, stop }
}

use Reading::{Bare, ByNumber, Context, Letters, Say};
use Stop::{BeforeName, BeforeNumber, Maybe, Never, Unit};

/// Sorted by name.
const TABLE: [Entry; 130] = [
    entry("a.k.a", Letters, Never),
    entry("a.m", Letters, Maybe),
    entry("adm", Say("admiral"), BeforeName),
    entry("al", Say("al"), Maybe),
    entry("approx", Bare("approximately"), Never),
    entry("apr", ByNumber("april"), BeforeNumber),
    entry("apt", Say("apartment"), BeforeNumber),
    entry("art", ByNumber("article"), BeforeNumber),
    entry("assn", Say("association"), Maybe),
    entry("asst", Say("assistant"), BeforeName),
    entry("aug", Say("august"), Maybe),
    entry("ave", Say("avenue"), Maybe),
    entry("b.c", Letters, Maybe),
    entry("blvd", Bare("boulevard"), Maybe),
    entry("bros", Bare("brothers"), Maybe),
    entry("c", ByNumber("circa"), BeforeNumber),
    entry("c.f", Say("compare"), Never),
    entry("ca", ByNumber("circa"), BeforeNumber),
    entry("capt", Bare("captain"), BeforeName),
    entry("cf", Say("compare"), Never),
    entry("ch", ByNumber("chapter"), BeforeNumber),
    entry("cmdr", Bare("commander"), BeforeName),
    entry("co", Say("company"), Maybe),
    entry("col", Say("colonel"), BeforeName),
    entry("corp", Say("corporation"), Maybe),
    entry("cpl", Bare("corporal"), BeforeName),
    entry("dec", Say("december"), Maybe),
    entry("dept", Bare("department"), Maybe),
    entry("dr", Context, BeforeName),
    entry("e.g", Say("for example"), Never),
    entry("ed", Say("edition"), Maybe),
    entry("eds", Say("editors"), Maybe),
    entry("eq", ByNumber("equation"), BeforeNumber),
    entry("esq", Bare("esquire"), Maybe),
    entry("est", Say("established"), Maybe),
    entry("etc", Bare("et cetera"), Maybe),
    entry("ext", Say("extension"), BeforeNumber),
    entry("feb", Bare("february"), Maybe),
    entry("fig", ByNumber("figure"), BeforeNumber),
    entry("figs", ByNumber("figures"), BeforeNumber),
    entry("fr", Say("father"), BeforeName),
    entry("fri", Say("friday"), Maybe),
    entry("ft", Say("fort"), BeforeName),
    entry("gal", Letters, Unit),
    entry("gen", Say("general"), BeforeName),
    entry("gov", Say("governor"), BeforeName),
    entry("govt", Bare("government"), Maybe),
    entry("hon", Say("honorable"), BeforeName),
    entry("hr", Say("hour"), Unit),
    entry("hrs", Bare("hours"), Unit),
    entry("hwy", Bare("highway"), BeforeNumber),
    entry("i.e", Say("that is"), Never),
    entry("in", Letters, Unit),
    entry("inc", Say("incorporated"), Maybe),
    entry("jan", ByNumber("january"), Maybe),
    entry("jr", Bare("junior"), Maybe),
    entry("jul", ByNumber("july"), Maybe),
    entry("jun", ByNumber("june"), Maybe),
    entry("lb", Letters, Unit),
    entry("lbs", Letters, Unit),
    entry("lt", Say("lieutenant"), BeforeName),
    entry("ltd", Bare("limited"), Maybe),
    entry("maj", Say("major"), BeforeName),
    entry("mar", ByNumber("march"), BeforeNumber),
    entry("max", ByNumber("maximum"), Maybe),
    entry("messrs", Bare("messieurs"), BeforeName),
    entry("mfg", Bare("manufacturing"), Maybe),
    entry("mgr", Bare("manager"), Maybe),
    entry("mi", Letters, Unit),
    entry("min", ByNumber("minimum"), Maybe),
    entry("misc", Bare("miscellaneous"), Maybe),
    entry("mon", ByNumber("monday"), Maybe),
    entry("mr", Bare("mister"), BeforeName),
    entry("mrs", Bare("missus"), BeforeName),
    entry("ms", Context, BeforeName),
    entry("mt", Say("mount"), BeforeName),
    entry("n.b", Letters, Never),
    entry("no", ByNumber("number"), BeforeNumber),
    entry("nos", ByNumber("numbers"), BeforeNumber),
    entry("nov", Bare("november"), Maybe),
    entry("oct", Bare("october"), Maybe),
    entry("op", ByNumber("opus"), BeforeNumber),
    entry("oz", Bare("ounces"), Unit),
    entry("p", ByNumber("page"), BeforeNumber),
    entry("p.m", Letters, Maybe),
    entry("p.s", Letters, Never),
    entry("para", ByNumber("paragraph"), BeforeNumber),
    entry("pg", ByNumber("page"), BeforeNumber),
    entry("ph.d", Letters, Maybe),
    entry("pls", Bare("please"), Never),
    entry("pp", ByNumber("pages"), BeforeNumber),
    entry("pres", Say("president"), BeforeName),
    entry("prof", Bare("professor"), BeforeName),
    entry("pt", ByNumber("part"), BeforeNumber),
    entry("pvt", Bare("private"), BeforeName),
    entry("qt", Letters, Unit),
    entry("rd", Say("road"), Maybe),
    entry("ref", ByNumber("reference"), BeforeNumber),
    entry("rep", Say("representative"), BeforeName),
    entry("rev", Say("reverend"), BeforeName),
    entry("rm", ByNumber("room"), BeforeNumber),
    entry("rt", ByNumber("route"), BeforeNumber),
    entry("sat", ByNumber("saturday"), BeforeNumber),
    entry("sec", ByNumber("section"), BeforeNumber),
    entry("sen", Say("senator"), BeforeName),
    entry("sep", ByNumber("september"), Maybe),
    entry("sept", Bare("september"), Maybe),
    entry("sgt", Bare("sergeant"), BeforeName),
    entry("sq", Say("square"), Never),
    entry("sr", Bare("senior"), Maybe),
    entry("st", Context, BeforeName),
    entry("ste", ByNumber("suite"), BeforeNumber),
    entry("sun", ByNumber("sunday"), BeforeNumber),
    entry("supt", Bare("superintendent"), BeforeName),
    entry("tbsp", Letters, Unit),
    entry("tel", Say("telephone"), BeforeNumber),
    entry("temp", ByNumber("temperature"), Maybe),
    entry("thu", Say("thursday"), Maybe),
    entry("thurs", Bare("thursday"), Maybe),
    entry("tsp", Letters, Unit),
    entry("tue", Say("tuesday"), Maybe),
    entry("tues", Bare("tuesday"), Maybe),
    entry("univ", Bare("university"), Maybe),
    entry("vol", ByNumber("volume"), BeforeNumber),
    entry("vols", ByNumber("volumes"), BeforeNumber),
    entry("vs", Bare("versus"), Never),
    entry("vv", ByNumber("verses"), BeforeNumber),
    entry("wed", ByNumber("wednesday"), Maybe),
    entry("yr", Say("year"), Unit),
    entry("yrs", Bare("years"), Unit),
];

/// The entry of an abbreviation given in lower case without its last full stop.
pub(in crate::text) fn find(name: &str) -> Option<&'static Entry> {
    TABLE.binary_search_by(|entry| entry.name.cmp(name)).ok().map(|i| &TABLE[i])
}

/// An abbreviation at `i`: the end of it and its words.
pub(super) fn read(scan: &Scan, i: usize) -> Option<(usize, Words)> {
    if !scan.is_edge(i.wrapping_sub(1)) && i > 0 {
        return None;
    }
    if let Some(end) = scan.has_any_case(i, "w/o").then_some(i + 3).filter(|&e| scan.is_edge(e)) {
        return Some((end, Words::of("without")));
    }
    if scan.has(i, "w/") && (scan.at(i + 2).is_whitespace() || scan.at(i + 2).is_ascii_lowercase()) {
        return Some((i + 2, Words::of("with")));
    }
    for (short, long) in [("c/o", "care of"), ("b/c", "because"), ("and/or", "and or"), ("n/a", "")] {
        let end = i + short.len();
        if scan.has_any_case(i, short) && scan.is_edge(end) {
            let mut words = Words::of(long);
            if long.is_empty() {
                words.letters("na");
            }
            return Some((end, words));
        }
    }
    let end = scan.letters(i);
    if scan.at(end) == '.' && scan.at(end + 1).is_ascii_alphabetic() {
        return dotted(scan, i);
    }
    if !scan.is_edge(end) || matches!(scan.at(end), '\'' | '_' | '@') {
        return None;
    }
    let entry = find(&scan.lower(i, end))?;
    let dot = scan.at(end) == '.';
    // "w. co.uk", "no.5" are for others; the dot belongs to the abbreviation only if nothing is glued to it.
    if dot && scan.at(end + 1).is_ascii_alphanumeric() && !scan.at(end + 1).is_ascii_digit() {
        return None;
    }
    let after = if dot { end + 1 } else { end };
    let capital = scan.at(i).is_ascii_uppercase();
    let shouted = end - i > 1 && scan.text(i, end).bytes().all(|b| b.is_ascii_uppercase());
    let next = scan.at(scan.spaces(after));
    let numbered = next.is_ascii_digit() || (matches!(next, '#') && dot);
    let by_day = entry_is_date(entry.name)
        && dot
        && capital
        && matches!(scan.word_before(i).as_str(), "on" | "last" | "next" | "every" | "this" | "until" | "by");
    let by_number = by_day
        || numbered
        || (entry_is_date(entry.name) && before_is_number(scan, i))
        || entry.name != "no" && roman_follows(scan, after, dot);
    let words = match entry.reading {
        Reading::Letters => return None,
        Reading::Say(words) if dot => words,
        Reading::Say(_) => return None,
        Reading::Bare(_) if shouted && !dot => return None,
        Reading::Bare(words) => words,
        Reading::ByNumber(_) if entry.name == "c" && capital => return None,
        Reading::ByNumber(words) if (dot || capital && entry_is_date(entry.name)) && by_number => words,
        Reading::ByNumber(_) => return None,
        Reading::Context => in_context(scan, entry.name, i, after, dot)?,
    };
    Some((after, Words::of(words)))
}

fn entry_is_date(name: &str) -> bool {
    matches!(name, "jan" | "apr" | "jul" | "jun" | "mar" | "sep" | "sat" | "sun" | "mon" | "wed")
}

fn before_is_number(scan: &Scan, i: usize) -> bool {
    let word = scan.word_before(i);
    word.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

fn roman_follows(scan: &Scan, after: usize, dot: bool) -> bool {
    let start = scan.spaces(after);
    let end = scan.letters(start);
    dot && end > start && scan.is_edge(end) && scan.text(start, end).bytes().all(|b| b"IVXL".contains(&b))
}

/// "Dr." is doctor or drive, "St." saint or street, "Ms" a title.
fn in_context(scan: &Scan, name: &str, i: usize, after: usize, dot: bool) -> Option<&'static str> {
    let next = scan.word_after(after);
    let capital_next = next.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    let mut back = i;
    while back > 0 && scan.before(back) == ' ' {
        back -= 1;
    }
    let mut start = back;
    while start > 0 && (scan.before(start).is_ascii_alphanumeric() || scan.before(start) == '\'') {
        start -= 1;
    }
    let named_before = start < back && (scan.at(start).is_ascii_uppercase() || scan.at(start).is_ascii_digit());
    let capital = scan.at(i).is_ascii_uppercase();
    let title = |first: &'static str, second: &'static str| {
        let place = named_before && !capital_next && capital;
        if place {
            Some(second)
        } else if capital_next || dot {
            Some(first)
        } else {
            None
        }
    };
    match name {
        "dr" if capital => title("doctor", "drive"),
        "st" if capital => title("saint", "street"),
        "ms" if capital && scan.at(i + 1) == 's' && capital_next => Some("miz"),
        _ => None,
    }
}

/// "e.g.", "U.S.", "a.m.", "J.R.R.": single letters with full stops between.
fn dotted(scan: &Scan, i: usize) -> Option<(usize, Words)> {
    if scan.has_any_case(i, "ph.d") && scan.is_edge(i + 4) {
        let mut words = Words::default();
        words.letters("phd");
        return Some((if scan.at(i + 4) == '.' { i + 5 } else { i + 4 }, words));
    }
    let mut end = i;
    let mut letters = String::new();
    while scan.at(end).is_ascii_alphabetic() && !scan.at(end + 1).is_ascii_alphanumeric() {
        letters.push(scan.at(end));
        end += 1;
        if scan.at(end) != '.' {
            break;
        }
        end += 1;
    }
    if letters.len() < 2 || scan.at(end).is_ascii_alphanumeric() {
        return None;
    }
    let name = scan.lower(i, end);
    let mut words = Words::default();
    match find(name.trim_end_matches('.')).map(|entry| entry.reading) {
        Some(Say(text) | Bare(text)) => words.say(text),
        _ if letters.chars().all(|c| c.is_ascii_lowercase()) && letters.len() > 4 => return None,
        _ => words.letters(&letters),
    }
    // "U.S.'s" and "M.P.s"
    if scan.at(end) == '\'' && scan.at(end + 1) == 's' && scan.is_edge(end + 2) {
        let mut words = Words::default();
        words.letters_with_s(&letters);
        return Some((end + 2, words));
    }
    Some((end, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|a, b| a.name < b.name));
    }
}
