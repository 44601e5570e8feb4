//! Numbers as they stand in a text: what surrounds the digits decides how they are read.
//!
//! In: a place where a number begins. Out: where the reading ends and its words; with the unit, the percent sign, the
//! other end of a range and whatever else is read in one go with it.

use super::dates_times::{self, Reading};
use super::numbers::{Zero, cardinal_text, decimal, digits_text, fraction_text, ordinal_text, pairs_text, year_text};
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

    fn is_plain(&self) -> bool {
        self.fraction.is_none() && !self.grouped
    }

    fn year(&self) -> Option<u32> {
        (self.is_plain() && self.whole.len() == 4)
            .then(|| self.whole.parse().ok())
            .flatten()
            .filter(|y| (1100..2100).contains(y))
    }

    /// The words of a year where it can be one, of the number otherwise.
    fn year_or_number(&self) -> Words {
        self.year().map_or_else(|| self.words(), |year| Words::of(&year_text(year)))
    }
}

/// Words before a number that is called out in pairs. Sorted.
const PAIRED: [&str; 16] = [
    "airbus",
    "apartment",
    "apt",
    "boeing",
    "bus",
    "error",
    "flight",
    "highway",
    "http",
    "interstate",
    "port",
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
        '~' | '≈' if digit(i + 1) => return prefixed(scan, i, "about"),
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

/// "½", "3½": the vulgar fraction at `i` after a whole number.
fn vulgar(scan: &Scan, i: usize, whole: Option<&str>) -> Reading {
    const SIGNS: [(char, &str, &str); 18] = [
        ('¼', "1", "4"),
        ('½', "1", "2"),
        ('¾', "3", "4"),
        ('⅐', "1", "7"),
        ('⅑', "1", "9"),
        ('⅒', "1", "10"),
        ('⅓', "1", "3"),
        ('⅔', "2", "3"),
        ('⅕', "1", "5"),
        ('⅖', "2", "5"),
        ('⅗', "3", "5"),
        ('⅘', "4", "5"),
        ('⅙', "1", "6"),
        ('⅚', "5", "6"),
        ('⅛', "1", "8"),
        ('⅜', "3", "8"),
        ('⅝', "5", "8"),
        ('⅞', "7", "8"),
    ];
    let (_, top, bottom) = SIGNS.iter().find(|row| row.0 == scan.at(i))?;
    Some(mixed(scan, whole, top, bottom, i + 1))
}

/// A fraction after a whole number, with the unit it counts.
fn mixed(scan: &Scan, whole: Option<&str>, top: &str, bottom: &str, end: usize) -> (usize, Words) {
    let mut words = Words::default();
    let part = match whole {
        Some(whole) => {
            words.say(&cardinal_text(whole));
            words.say("and");
            let part = fraction_text(top, bottom);
            match part.strip_prefix("one ") {
                Some(rest) if top == "1" => format!("a {rest}"),
                _ => part,
            }
        }
        None => fraction_text(top, bottom),
    };
    words.say(&part);
    if let Some((stop, one, many)) = units::at(scan, end) {
        if whole.is_none() {
            words.say(if bottom == "2" { "" } else { "of a" });
        }
        say_unit(&mut words, if whole.is_some() { &many } else { &one });
        return (stop, words);
    }
    if matches!(scan.at(end), '"') && !scan.at(end + 1).is_alphanumeric() && !quote_is_open(scan, end) {
        words.say(if whole.is_some() { "inches" } else { "inch" });
        return (end + 1, words);
    }
    (end, words)
}

/// "1/2", "3 1/4", "24/7" at `i`.
fn fraction(scan: &Scan, i: usize) -> Reading {
    let end = scan.digits(i);
    let text = scan.text(i, end);
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    if let Some(found) = vulgar(scan, end, Some(&text)) {
        return Some(found);
    }
    if matches!(scan.at(end), ' ' | '-') {
        if let Some(found) = vulgar(scan, end + 1, Some(&text)) {
            return Some(found);
        }
        // "3 1/4", "3-1/4"
        let top_end = scan.digits(end + 1);
        let bottom_end = scan.digits(top_end + 1);
        if scan.at(top_end) == '/'
            && (1..=2).contains(&(top_end - end - 1))
            && bottom_end > top_end + 1
            && bottom_end - top_end < 5
        {
            let (top, bottom) = (scan.text(end + 1, top_end), scan.text(top_end + 1, bottom_end));
            let proper = top.parse::<u32>().ok() < bottom.parse::<u32>().ok();
            if proper
                && matches!(bottom.as_str(), "2" | "3" | "4" | "5" | "6" | "8" | "10" | "12" | "16" | "32" | "64")
                && !top.starts_with('0')
            {
                return Some(mixed(scan, Some(&text), &top, &bottom, bottom_end));
            }
        }
        return None;
    }
    if scan.at(end) != '/' {
        return None;
    }
    let bottom_end = scan.digits(end + 1);
    let bottom = scan.text(end + 1, bottom_end);
    if bottom.is_empty()
        || bottom.len() > 4
        || scan.at(bottom_end).is_alphabetic()
            && units::at(scan, bottom_end).is_none()
            && !ordinal_mark(scan, bottom_end)
    {
        return None;
    }
    if matches!(scan.at(bottom_end), '/' | '-') && scan.at(bottom_end + 1).is_ascii_digit() {
        return None;
    }
    if matches!(
        (text.as_str(), bottom.as_str()),
        ("24", "7")
            | ("9", "11")
            | ("20", "20")
            | ("50", "50")
            | ("7", "11")
            | ("60", "40")
            | ("80", "20")
            | ("70", "30")
            | ("90", "10")
    ) {
        return Some((bottom_end, Words::of(&format!("{} {}", cardinal_text(&text), cardinal_text(&bottom)))));
    }
    // "8/10" is a score or a share, "130/80" a blood pressure, "2023/24" a season.
    if text.len() == 4 && bottom.len() == 2 {
        return Some((bottom_end, Words::of(&format!("{} {}", year_text(text.parse().ok()?), cardinal_text(&bottom)))));
    }
    if bottom == "10" && scan.at(bottom_end) != ' ' || bottom == "10" && text == "10" {
        return Some((bottom_end, Words::of(&format!("{} out of ten", cardinal_text(&text)))));
    }
    if text.parse::<u32>().ok() > bottom.parse::<u32>().ok() && bottom.len() > 1 {
        return Some((bottom_end, Words::of(&format!("{} over {}", cardinal_text(&text), cardinal_text(&bottom)))));
    }
    let stop = if ordinal_mark(scan, bottom_end) { scan.letters(bottom_end) } else { bottom_end };
    Some(mixed(scan, None, &text, &bottom, stop))
}

/// "st", "nd", "rd", "th" at `end`, with an optional "s".
fn ordinal_mark(scan: &Scan, end: usize) -> bool {
    let stop = scan.letters(end);
    matches!(scan.lower(end, stop).as_str(), "st" | "nd" | "rd" | "th" | "ths" | "rds")
        && !scan.at(stop).is_ascii_digit()
}

/// Adds a unit's name; single letters in it are named.
fn say_unit(words: &mut Words, name: &str) {
    if name.split(' ').count() > 1 && name.split(' ').all(|word| word.len() == 1) {
        words.letters(name);
    } else {
        words.say(name);
    }
}

/// Whether the quote at `end` closes one that was opened before.
fn quote_is_open(scan: &Scan, end: usize) -> bool {
    scan.text(0, end).chars().filter(|&c| c == '"').count() % 2 == 1
}

/// What follows a number and belongs to it: percent, degrees, unit. Its end and its words for one and for many.
fn tail(scan: &Scan, number: &Number) -> Option<(usize, String, String)> {
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
            && scan.text(0, at).chars().filter(|&c| c == '\'').count() % 2 == 0 =>
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
    if let Some(found) = range(scan, &first) {
        return Some(found);
    }
    if let Some(found) = dimension(scan, &first) {
        return Some(found);
    }
    let end = first.end;
    if ordinal_mark(scan, end) && first.fraction.is_none() {
        let stop = scan.letters(end);
        let mut text = ordinal_text(&first.whole);
        if scan.at(stop - 1) == 's' && stop - end == 3 {
            text.push('s');
        }
        return Some((stop, Words::of(&text)));
    }
    if let Some((stop, one, many)) = tail(scan, &first) {
        let mut words = first.words();
        let single = first.is_one() || scan.at(end) == '-' || describes(scan, stop, &one);
        say_unit(&mut words, if single { &one } else { &many });
        return Some((stop, words));
    }
    if let Some(found) = exponent(scan, &first) {
        return Some(found);
    }
    if scan.at(end).is_ascii_alphabetic() {
        if let Some((stop, word)) =
            money::magnitude(scan, end, true).filter(|(_, word)| *word != "thousand" && *word != "trillion")
        {
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
            "run"
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

/// 5'10".
fn feet_and_inches(scan: &Scan, number: &Number) -> Reading {
    if scan.at(number.end) != '\'' || number.fraction.is_some() {
        return None;
    }
    let from = if scan.at(number.end + 1) == ' ' { number.end + 2 } else { number.end + 1 };
    let end = scan.digits(from);
    if end == from
        || end - from > 2
        || !(scan.at(end) == '"'
            || scan.at(end) == '\'' && scan.at(end + 1) == '\''
            || scan.is_edge(end) && from == number.end + 1)
    {
        return None;
    }
    let mut words = number.words();
    words.say("foot");
    words.say(&cardinal_text(&scan.text(from, end)));
    let stop = match scan.at(end) {
        '"' => end + 1,
        '\'' => end + 2,
        _ => end,
    };
    Some((stop, words))
}

/// "10-20", "1990–95", "3-2", "10 – 20 km".
fn range(scan: &Scan, first: &Number) -> Reading {
    let end = first.end;
    // "5kg-10kg", "10%–20%", "-5°C to": the unit may stand on both sides.
    let left = tail(scan, first).map_or(end, |(stop, ..)| stop);
    let dash = |at: usize| matches!(scan.at(at), '-' | '–' | '—');
    let mut at = if dash(left) && scan.at(left + 1).is_ascii_digit() || dash(left) && scan.at(left + 1) == '.' {
        left
    } else {
        end
    };
    let spaced = scan.at(at) == ' ' && matches!(scan.at(at + 1), '–') && scan.at(at + 2) == ' ';
    if spaced {
        at += 1;
    }
    if !dash(at) {
        return None;
    }
    let second = number(scan, if spaced { at + 2 } else { at + 1 })?;
    if matches!(scan.at(second.end), '-' | '/') && scan.at(second.end + 1).is_ascii_digit() {
        return None;
    }
    let mut words = Words::default();
    let mut stop = second.end;
    let unit = tail(scan, &second);
    if let (Some(year), true) = (first.year(), second.is_plain() && unit.is_none()) {
        let low = second.whole.parse::<u32>().unwrap_or(0);
        if second.whole.len() == 2 && low > year % 100 {
            words = dates_times::year_words(year, Some(&second.whole));
            return Some((stop, words));
        }
        if second.year().is_some() {
            words.say(&year_text(year));
            words.say("to");
            words.append(second.year_or_number());
            return Some((stop, words));
        }
    }
    if first.is_plain()
        && second.is_plain()
        && unit.is_none()
        && (first.whole.len() > 4 || second.whole.len() > 4 || (first.whole.len() > 1 && first.whole.starts_with('0')))
    {
        return None; // parts of a serial number
    }
    if scan.at(stop).is_ascii_alphabetic() && unit.is_none() {
        if ordinal_mark(scan, stop) && second.is_plain() {
            words.say(&ordinal_text(&first.whole));
            words.say("to");
            words.say(&ordinal_text(&second.whole));
            return Some((scan.letters(stop), words));
        }
        let (scaled, word) = money::magnitude(scan, stop, true)?;
        words.append(first.words());
        words.say("to");
        words.append(second.words());
        words.say(word);
        return Some((scaled, words));
    }
    words.append(first.words());
    let same = first.is_plain() && second.is_plain() && first.whole == second.whole && unit.is_none();
    if !same {
        words.say("to");
    }
    words.append(second.words());
    if let Some((unit_end, _, many)) = unit {
        say_unit(&mut words, &many);
        stop = unit_end;
    } else if let Some((scaled, word)) = money::magnitude(scan, stop, false) {
        words.say(word);
        stop = scaled;
    }
    Some((stop, words))
}

/// "1920x1080", "3 x 4 m", "2x".
fn dimension(scan: &Scan, first: &Number) -> Reading {
    let cross = |at: usize| matches!(scan.at(at), 'x' | 'X' | '×');
    let mut at = first.end;
    let mut words = first.words();
    let mut count = 1;
    loop {
        let mark = scan.spaces(at);
        let next = scan.spaces(mark + 1);
        // "2 x faster" is no dimension, "0x1F" is for `codes`.
        let found = cross(mark).then(|| number(scan, next)).flatten();
        let Some(second) = found.filter(|_| (mark > at) == (next > mark + 1)) else { break };
        words.say(if mark > at && count == 1 && scan.at(mark) == '×' { "times" } else { "by" });
        words.append(second.words());
        at = second.end;
        count += 1;
        if let Some((stop, _, many)) = units::at(scan, at) {
            say_unit(&mut words, &many);
            at = stop;
        }
    }
    if count > 1 {
        return scan.is_edge(at).then_some((at, words));
    }
    if cross(at) && scan.is_edge(at + 1) {
        let mut words = first.words();
        if scan.at(at) == '×' {
            words.say("times")
        } else {
            words.letters("x")
        }
        return Some((at + 1, words));
    }
    None
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
