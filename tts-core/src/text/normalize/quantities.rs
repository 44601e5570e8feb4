//! Numbers as they stand in a text: what surrounds the digits decides how they are read.
//!
//! In: a place where a number begins. Out: where the reading ends and its words; with the unit, the percent sign, the
//! other end of a range and whatever else is read in one go with it.

use super::dates_times::{self, Reading};
use super::fractions::{fraction, vulgar};
use super::numbers::{Zero, cardinal_text, decimal, digits_text, ordinal_text, pairs_text, year_text};
use super::ranges::{dimension, feet_and_inches, range, ratio};
use super::scan::Scan;
use super::words::Words;
use super::{codes, money, units};

/// A number: digits before the point without separators, digits after it, and where it ends.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) whole: String,
    pub(super) fraction: Option<String>,
    pub(super) grouped: bool,
    pub(super) end: usize,
}

impl Number {
    pub(super) fn words(&self) -> Words {
        decimal(&self.whole, self.fraction.as_deref())
    }

    pub(super) fn is_one(&self) -> bool {
        self.whole == "1" && self.fraction.is_none()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.fraction.is_none() && !self.grouped
    }

    pub(super) fn year(&self) -> Option<u32> {
        (self.is_plain() && self.whole.len() == 4)
            .then(|| self.whole.parse().ok())
            .flatten()
            .filter(|y| (1100..2100).contains(y))
    }

    /// The words of a year where it can be one, of the number otherwise.
    pub(super) fn year_or_number(&self) -> Words {
        self.year().map_or_else(|| self.words(), |year| Words::of(&year_text(year)))
    }
}

/// Words before a number that is called out in pairs. Sorted.
const PAIRED: [&str; 21] = [
    "airbus",
    "apartment",
    "apt",
    "boeing",
    "bus",
    "econ",
    "english",
    "error",
    "flight",
    "highway",
    "http",
    "interstate",
    "math",
    "physics",
    "port",
    "psych",
    "room",
    "route",
    "status",
    "suite",
    "train",
];
/// Words before a number that is read digit by digit. Sorted.
const SPELLED: [&str; 13] = [
    "account",
    "code",
    "combination",
    "dial",
    "extension",
    "isbn",
    "passcode",
    "password",
    "pin",
    "postcode",
    "ssn",
    "text",
    "zip",
];
/// Words after which a number of four digits is a year whatever follows. Sorted.
const YEAR_BEFORE: [&str; 24] = [
    "around",
    "before",
    "by",
    "circa",
    "copyright",
    "early",
    "fall",
    "from",
    "in",
    "late",
    "mid",
    "of",
    "since",
    "spring",
    "summer",
    "the",
    "through",
    "till",
    "to",
    "until",
    "until",
    "winter",
    "year",
    "years",
];
/// Words after a number that look like plurals and are none. Sorted.
const NO_PLURAL: [&str; 17] = [
    "across",
    "always",
    "as",
    "election",
    "elections",
    "has",
    "his",
    "is",
    "its",
    "olympics",
    "perhaps",
    "series",
    "this",
    "thus",
    "us",
    "was",
    "yes",
];

/// A number at `i`: digits with separators, a point and more digits.
pub(super) fn number(scan: &Scan, i: usize) -> Option<Number> {
    let mut end = scan.digits(i);
    let mut whole = scan.text(i, end);
    let mut grouped = false;
    if (1..=3).contains(&whole.len()) && !whole.starts_with('0') {
        let mark = scan.at(end);
        if matches!(mark, ',' | '\u{2009}' | '\'' | '_' | '٬') {
            while scan.at(end) == mark && scan.digits(end + 1) == end + 4 {
                whole.push_str(&scan.text(end + 1, end + 4));
                end += 4;
                grouped = true;
            }
        }
    }
    grouped |= space_groups(scan, &mut whole, &mut end, grouped);
    let fraction_end = scan.digits(end + 1);
    let fraction =
        (matches!(scan.at(end), '.' | '·' | '٫') && fraction_end > end + 1).then(|| scan.text(end + 1, fraction_end));
    if whole.is_empty() && fraction.is_none() {
        return None;
    }
    if fraction.is_some() {
        end = fraction_end;
    }
    Some(Number { whole, fraction, grouped, end })
}

/// "10 000 000": groups set off by plain spaces, believed only where a group could not stand alone as a number.
fn space_groups(scan: &Scan, whole: &mut String, end: &mut usize, grouped: bool) -> bool {
    let (mut at, mut text) = (*end, String::new());
    while scan.at(at) == ' ' && scan.digits(at + 1) == at + 4 {
        text.push_str(&scan.text(at + 1, at + 4));
        at += 4;
    }
    let believed =
        !grouped && (1..=3).contains(&whole.len()) && text.as_bytes().chunks(3).any(|group| group[0] == b'0');
    if believed && !whole.starts_with('0') && text.len() <= 12 {
        whole.push_str(&text);
        *end = at;
    }
    believed
}

/// Whatever number, date, time, sum or code begins at `i`.
pub(super) fn read(scan: &Scan, i: usize) -> Reading {
    let c = scan.at(i);
    if scan.before(i).is_ascii_alphanumeric() {
        return None;
    }
    if c == '\'' {
        return dates_times::decade(scan, i);
    }
    let digit = |at: usize| scan.at(at).is_ascii_digit() || (scan.at(at) == '.' && scan.at(at + 1).is_ascii_digit());
    if let Some(found) = money::before(scan, i) {
        return Some(found);
    }
    match c {
        '+' if digit(i + 1) => return codes::phone(scan, i).or_else(|| prefixed(scan, i, "plus")),
        '(' => return codes::phone(scan, i),
        '±' if digit(i + 1) => return prefixed(scan, i, "plus or minus"),
        '~' if digit(i + 1) => return prefixed(scan, i, "about"),
        '≈' if digit(scan.spaces(i + 1)) && scan.word_before(i).is_empty() => {
            return prefixed(scan, scan.spaces(i + 1) - 1, "about");
        }
        '#' | '№' if digit(scan.spaces(i + 1)) => return prefixed(scan, scan.spaces(i + 1) - 1, "number"),
        '-' if digit(i + 1) && !scan.before(i).is_alphanumeric() => return prefixed(scan, i, "minus"),
        '<' | '>' if digit(i + 1) => return prefixed(scan, i, if c == '<' { "less than" } else { "more than" }),
        '≤' | '≥' if digit(i + 1) => return prefixed(scan, i, if c == '≤' { "at most" } else { "at least" }),
        _ => {}
    }
    if !digit(i) {
        return vulgar(scan, i, None);
    }
    codes::read(scan, i)
        .or_else(|| dates_times::date_by_number(scan, i))
        .or_else(|| dates_times::time(scan, i))
        .or_else(|| codes::phone(scan, i))
        .or_else(|| codes::version(scan, i))
        .or_else(|| dates_times::decade(scan, i))
        .or_else(|| fraction(scan, i))
        .or_else(|| quantity(scan, i))
}

fn prefixed(scan: &Scan, i: usize, word: &str) -> Reading {
    let (end, rest) = fraction(scan, i + 1).or_else(|| quantity(scan, i + 1))?;
    let mut words = Words::of(word);
    words.append(rest);
    Some((end, words))
}

/// "st", "nd", "rd", "th" at `end`, with an optional "s".
pub(super) fn ordinal_mark(scan: &Scan, end: usize) -> bool {
    let stop = scan.letters(end);
    matches!(scan.lower(end, stop).as_str(), "st" | "nd" | "rd" | "th" | "ths" | "rds")
        && !scan.at(stop).is_ascii_digit()
}

/// Adds a unit's name; single letters in it are named.
pub(super) fn say_unit(words: &mut Words, name: &str) {
    if name.split(' ').count() > 1 && name.split(' ').all(|word| word.len() == 1) {
        words.letters(name);
    } else {
        words.say(name);
    }
}

/// Whether the quote at `end` closes one that was opened before.
pub(super) fn quote_is_open(scan: &Scan, end: usize) -> bool {
    scan.quoted != (scan.context(end).iter().filter(|&&c| c == '"').count() % 2 == 1)
}

/// What follows a number and belongs to it: percent, degrees, unit. Its end and its words for one and for many.
pub(super) fn tail(scan: &Scan, number: &Number) -> Option<(usize, String, String)> {
    let end = number.end;
    let at = if scan.at(end) == ' ' && matches!(scan.at(end + 1), '%' | '°' | 'º' | '‰') { end + 1 } else { end };
    let both = |stop: usize, text: &str| Some((stop, text.to_owned(), text.to_owned()));
    match scan.at(at) {
        '%' => {
            let point = scan.text(at + 1, at + 7) == "-point";
            return if point { both(at + 7, "percentage point") } else { both(at + 1, "percent") };
        }
        '‰' => return both(at + 1, "per thousand"),
        '°' | 'º' => {
            let letter = scan.spaces(at + 1).min(at + 2);
            let scale = match scan.at(letter) {
                'C' => " celsius",
                'F' => " fahrenheit",
                'K' => " kelvin",
                _ => "",
            };
            let named = !scale.is_empty() && !scan.at(letter + 1).is_alphanumeric();
            let (stop, scale) = if named { (letter + 1, scale) } else { (at + 1, "") };
            return Some((stop, format!("degree{scale}"), format!("degrees{scale}")));
        }
        '"' if number.fraction.is_none()
            && !scan.at(at + 1).is_alphanumeric()
            && at > 0
            && !quote_is_open(scan, at) =>
        {
            return Some((at + 1, "inch".into(), "inches".into()));
        }
        '\'' if !scan.at(at + 1).is_alphanumeric()
            && scan.context(at).iter().filter(|&&c| c == '\'').count() % 2 == 0 =>
        {
            return Some((at + 1, "foot".into(), "feet".into()));
        }
        _ => {}
    }
    units::at(scan, end)
}

/// A number with everything that is read with it.
fn quantity(scan: &Scan, i: usize) -> Reading {
    let first = number(scan, i)?;
    if let Some(found) = money::after(scan, &first) {
        return Some(found);
    }
    if let Some(found) = feet_and_inches(scan, &first) {
        return Some(found);
    }
    if let Some(found) = range(scan, i, &first) {
        return Some(found);
    }
    if let Some(found) = dimension(scan, &first) {
        return Some(found);
    }
    let end = first.end;
    if scan.at(end) == 's'
        && scan.is_edge(end + 1)
        && matches!(first.whole.as_str(), "100" | "1000")
        && first.fraction.is_none()
    {
        return Some((end + 1, Words::of(if first.whole.len() == 3 { "hundreds" } else { "thousands" })));
    }
    if let Some(found) = ratio(scan, &first) {
        return Some(found);
    }
    if ordinal_mark(scan, end) && first.fraction.is_none() {
        let stop = scan.letters(end);
        let mut text = ordinal_text(&first.whole);
        // "1st–3rd"
        if matches!(scan.at(stop), '-' | '–')
            && let Some(second) =
                number(scan, stop + 1).filter(|second| second.fraction.is_none() && ordinal_mark(scan, second.end))
        {
            text = format!("{text} to {}", ordinal_text(&second.whole));
            return Some((scan.letters(second.end), Words::of(&text)));
        }
        if scan.at(stop - 1) == 's' && stop - end == 3 {
            text.push('s');
        }
        return Some((stop, Words::of(&text)));
    }
    if let Some((stop, one, many)) = tail(scan, &first) {
        let mut words = first.words();
        // "1h 30m"
        let many = if one == "meter"
            && scan.before(i) == ' '
            && i > 2
            && scan.at(i - 2) == 'h'
            && scan.at(i - 3).is_ascii_digit()
        {
            "minutes".to_owned()
        } else {
            many
        };
        let single = first.is_one() || scan.at(end) == '-' || describes(scan, stop, &one);
        say_unit(&mut words, if single { &one } else { &many });
        return Some((stop, words));
    }
    if let Some(found) = exponent(scan, &first) {
        return Some(found);
    }
    if scan.at(end).is_ascii_alphabetic() {
        if let Some((stop, word)) = money::magnitude(scan, end, true).filter(|(stop, word)| {
            // "1.5B", "5M users"; but "221B Baker Street", "Fig. 2b" and "4K" are names.
            let counts = first.fraction.is_some()
                || scan.word_after(*stop).bytes().next().is_some_and(|b| b.is_ascii_lowercase());
            matches!(*word, "million" | "billion") && scan.at(end).is_ascii_uppercase() && counts || stop - end > 1
        }) {
            let mut words = first.words();
            words.say(word);
            return Some((stop, words));
        }
        return None; // a code such as "3D": see `codes`
    }
    if let Some((stop, era)) = dates_times::era(scan, end).filter(|_| first.is_plain()) {
        let mut words = first.year_or_number();
        words.letters(era);
        return Some((stop, words));
    }
    if first.fraction.is_some() || first.grouped {
        return Some((end, first.words()));
    }
    Some((end, bare(scan, i, &first)))
}

/// "a 5 km run", "the 20 kg bag" would be singular; only the clear case, an article before, is taken.
fn describes(scan: &Scan, stop: usize, one: &str) -> bool {
    let next = scan.word_after(stop);
    !one.starts_with("percent")
        && matches!(
            next.as_str(),
            "angle"
                | "run"
                | "bag"
                | "walk"
                | "race"
                | "radius"
                | "drive"
                | "zone"
                | "limit"
                | "monitor"
                | "screen"
                | "lens"
                | "cable"
        )
}

/// Digits with nothing around them that says what they are.
fn bare(scan: &Scan, i: usize, number: &Number) -> Words {
    let digits = number.whole.as_str();
    let before = scan.word_before(i);
    let known = |table: &[&str]| table.binary_search(&before.as_str()).is_ok();
    if digits.len() == 5 && is_state(&scan.text(i.saturating_sub(3), i)) {
        return Words::of(&digits_text(digits, Zero::Oh));
    }
    if digits.len() > 1 && digits.starts_with('0') || digits.len() >= 10 || (known(&SPELLED) && digits.len() > 2) {
        return Words::of(&digits_text(digits, Zero::Zero));
    }
    if digits == "911" || (digits.len() == 3 && matches!(before.as_str(), "call" | "called" | "calling" | "dialed")) {
        return Words::of(&digits_text(digits, Zero::Zero));
    }
    if (3..=4).contains(&digits.len()) && known(&PAIRED) {
        return Words::of(&pairs_text(digits));
    }
    // Years of the eleventh century need a word that says they are years.
    if number.is_plain()
        && ("1010".."1100").contains(&digits)
        && matches!(before.as_str(), "in" | "since" | "by" | "before" | "until" | "circa" | "year" | "around")
        && !counts_things(scan, number.end, digits, true)
    {
        return Words::of(&year_text(digits.parse().unwrap_or(0)));
    }
    match number.year() {
        Some(_) if !counts_things(scan, number.end, digits, known(&YEAR_BEFORE)) => number.year_or_number(),
        _ => number.words(),
    }
}

fn is_state(text: &str) -> bool {
    text.len() == 3 && text.ends_with(' ') && text.bytes().take(2).all(|b| b.is_ascii_uppercase())
}

/// Whether a number like a year is followed by the plural of what it counts.
fn counts_things(scan: &Scan, end: usize, digits: &str, year_before: bool) -> bool {
    let next = scan.word_after(end);
    let plural = next.len() > 3
        && next.ends_with('s')
        && !next.ends_with("ss")
        && next.bytes().all(|b| b.is_ascii_lowercase())
        && NO_PLURAL.binary_search(&next.as_str()).is_err();
    plural && !year_before && !digits.ends_with("00")
        || matches!(next.as_str(), "people" | "men" | "women" | "children") && !digits.ends_with("00")
}

/// "1e6", "3.2e-5", "10^6", "10²", "6.02 × 10^23".
fn exponent(scan: &Scan, first: &Number) -> Reading {
    let end = first.end;
    if matches!(scan.at(end), 'e' | 'E') {
        let sign = matches!(scan.at(end + 1), '-' | '+');
        let from = if sign { end + 2 } else { end + 1 };
        let stop = scan.digits(from);
        if stop == from || !scan.is_edge(stop) || (!sign && first.fraction.is_none() && first.whole.len() > 1) {
            return None;
        }
        let mut words = first.words();
        words.say("times ten to the");
        if scan.at(end + 1) == '-' {
            words.say("minus");
        }
        words.say(&cardinal_text(&scan.text(from, stop)));
        return Some((stop, words));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(PAIRED.is_sorted() && SPELLED.is_sorted() && YEAR_BEFORE.is_sorted() && NO_PLURAL.is_sorted());
    }

    #[test]
    fn numbers_keep_their_groups_together() {
        let parse = |text: &str| number(&Scan::new(text), 0).map(|n| (n.whole, n.fraction, n.end));
        assert_eq!(parse("1,234,567.89 x"), Some(("1234567".into(), Some("89".into()), 12)));
        assert_eq!(parse("1,2"), Some(("1".into(), None, 1)));
        assert_eq!(parse("12."), Some(("12".into(), None, 2)));
        assert_eq!(parse(".5"), Some(("".into(), Some("5".into()), 2)));
        assert_eq!(parse("x"), None);
    }
}
