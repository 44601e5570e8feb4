//! Dates and times of day: "2024-03-05", "March 5th, 2024", "10:30 p.m.", "'90s", "44 BC".

use super::numbers::{Zero, cardinal_text, digits_text, ordinal_text, plural_of_last, year_text};
use super::scan::Scan;
use super::words::Words;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The end of something read and its words.
pub(super) type Reading = Option<(usize, Words)>;

/// A month's name or abbreviation at `i`: its end (with the full stop) and its number from 0.
fn month_at(scan: &Scan, i: usize) -> Option<(usize, usize)> {
    let end = scan.letters(i);
    let name = scan.lower(i, end);
    let short = name.len() == 3 || name == "sept";
    if name.len() < 3 || !scan.at(i).is_ascii_uppercase() && short {
        return None;
    }
    let index = MONTHS.iter().position(|month| *month == name || (short && month.starts_with(&name)))?;
    let end = if short && scan.at(end) == '.' { end + 1 } else { end };
    Some((end, index))
}

/// A weekday's abbreviation at `i`: "Mon", "Tues.", with a comma after it.
fn day_at(scan: &Scan, i: usize) -> Option<(usize, &'static str)> {
    let end = scan.letters(i);
    let name = scan.lower(i, end);
    if !scan.at(i).is_ascii_uppercase() || !matches!(name.len(), 3..=5) {
        return None;
    }
    let day = DAYS.iter().find(|day| {
        day.starts_with(&name)
            && matches!(
                name.as_str(),
                "mon" | "tue" | "tues" | "wed" | "thu" | "thur" | "thurs" | "fri" | "sat" | "sun"
            )
    })?;
    Some((if scan.at(end) == '.' { end + 1 } else { end }, day))
}

/// One or two digits at `i` between 1 and `most`, with or without an ordinal ending.
fn small_at(scan: &Scan, i: usize, most: u32) -> Option<(usize, String)> {
    let end = scan.digits(i);
    if end == i || end - i > 2 {
        return None;
    }
    let text = scan.text(i, end);
    let value: u32 = text.parse().ok()?;
    let after = if ["st", "nd", "rd", "th"].iter().any(|s| scan.has_any_case(end, s)) && scan.is_edge(end + 2) {
        end + 2
    } else {
        end
    };
    ((1..=most).contains(&value) && scan.is_edge(after)).then_some((after, value.to_string()))
}

/// Four digits that can be a year at `i`, not part of a longer number.
fn year_at(scan: &Scan, i: usize) -> Option<(usize, u32)> {
    let end = scan.digits(i);
    let more = matches!(scan.at(end), '.' | ',' | ':') && scan.at(end + 1).is_ascii_digit();
    if end - i != 4 || more || scan.at(end).is_alphabetic() || matches!(scan.at(end), '%' | '°') {
        return None;
    }
    let year = scan.text(i, end).parse().ok()?;
    (1000..2200).contains(&year).then_some((end, year))
}

/// White space, at most one comma and white space again.
fn gap(scan: &Scan, i: usize) -> usize {
    let i = scan.spaces(i);
    if scan.at(i) == ',' && scan.at(i + 1).is_whitespace() { scan.spaces(i + 1) } else { i }
}

/// Adds ", 2024" if a year follows.
fn with_year(scan: &Scan, end: usize, words: &mut Words) -> usize {
    let start = gap(scan, end);
    match year_at(scan, start).filter(|_| start > end) {
        Some((end, year)) => {
            words.say(&year_text(year));
            end
        }
        None => end,
    }
}

/// A date that begins with letters: "March 5th, 2024", "Mon, 5 Mar", "Sept. 2001".
pub(super) fn date_by_name(scan: &Scan, i: usize) -> Reading {
    if i > 0 && !scan.is_edge(i - 1) {
        return None;
    }
    if let Some((end, day)) = day_at(scan, i) {
        let start = gap(scan, end);
        let rest = if scan.at(start).is_ascii_digit() {
            day_then_month(scan, start)
        } else {
            date_by_name(scan, start).filter(|_| month_at(scan, start).is_some())
        };
        let mut words = Words::of(day);
        return match rest.filter(|_| start > end) {
            Some((end, date)) => {
                words.append(date);
                Some((end, words))
            }
            // "Mon-Fri", "Sat-Sun", "Tue 10:30"
            None if matches!(scan.at(end), '-' | '–') => {
                let (end, last) = day_at(scan, end + 1).filter(|(e, _)| scan.is_edge(*e))?;
                words.say("to");
                words.say(last);
                Some((end, words))
            }
            None if scan.is_edge(end) && scan.at(scan.spaces(end)).is_ascii_digit() => Some((end, words)),
            None => None,
        };
    }
    let (end, month) = month_at(scan, i)?;
    let mut words = Words::of(MONTHS[month]);
    let start = scan.spaces(end);
    if start == end {
        return None;
    }
    if let Some((mut day_end, day)) = small_at(scan, start, 31).filter(|(e, _)| !next_makes_it_a_count(scan, *e)) {
        words.say(&ordinal_text(&day));
        if matches!(scan.at(day_end), '-' | '–')
            && let Some((end, last)) = small_at(scan, day_end + 1, 31)
        {
            words.say("to");
            words.say(&ordinal_text(&last));
            day_end = end;
        }
        let end = with_year(scan, day_end, &mut words);
        return Some((end, words));
    }
    let (end, year) = year_at(scan, start)?;
    words.say(&year_text(year));
    Some((end, words))
}

/// "May 5 people" or "March 3.5": the number counts something else.
fn next_makes_it_a_count(scan: &Scan, end: usize) -> bool {
    let c = scan.at(end);
    matches!(c, '%' | '/' | ':' | '°')
        || (c == '.' && scan.at(end + 1).is_ascii_digit())
        || (c == ',' && scan.at(end + 1).is_ascii_digit())
}

/// "5 March 2024", "5th of March", "5-Mar-2024".
fn day_then_month(scan: &Scan, i: usize) -> Reading {
    let (end, day) = small_at(scan, i, 31)?;
    let dashed = scan.at(end) == '-';
    let mut start = if dashed { end + 1 } else { scan.spaces(end) };
    if start == end {
        return None;
    }
    if scan.has_any_case(start, "of ") {
        start = scan.spaces(start + 3);
    }
    let (month_end, month) = month_at(scan, start).filter(|(e, _)| !scan.at(*e).is_alphanumeric())?;
    // "5 may go" is no date.
    if MONTHS[month] == "may" && scan.at(start).is_ascii_lowercase() {
        return None;
    }
    let mut words = Words::of(if scan.word_before(i) == "the" { "" } else { "the" });
    words.say(&ordinal_text(&day));
    words.say("of");
    words.say(MONTHS[month]);
    if dashed
        && scan.at(month_end) == '-'
        && let Some((end, year)) = year_at(scan, month_end + 1)
    {
        words.say(&year_text(year));
        return Some((end, words));
    }
    let end = with_year(scan, month_end, &mut words);
    Some((end, words))
}

/// A date that begins with a digit: "2024-03-05", "3/5/2024", "5.3.2024", "5 March".
pub(super) fn date_by_number(scan: &Scan, i: usize) -> Reading {
    if let Some(found) = day_then_month(scan, i) {
        return Some(found);
    }
    let first_end = scan.digits(i);
    let mark = scan.at(first_end);
    if !matches!(mark, '-' | '/' | '.') {
        return None;
    }
    let second_end = scan.digits(first_end + 1);
    let first: u32 = scan.text(i, first_end).parse().ok()?;
    let second: u32 = scan.text(first_end + 1, second_end).parse().ok()?;
    if scan.at(second_end) != mark {
        // "2024-03"
        let iso = mark == '-' && first_end - i == 4 && second_end - first_end == 3 && (1..=12).contains(&second);
        let range = second > first % 100;
        if iso && !range && (1900..2100).contains(&first) && scan.is_edge(second_end) {
            let mut words = Words::of(MONTHS[second as usize - 1]);
            words.say(&year_text(first));
            return Some((second_end, words));
        }
        return None;
    }
    let third_end = scan.digits(second_end + 1);
    let third: u32 = scan.text(second_end + 1, third_end).parse().ok()?;
    // An ISO time may follow: "2024-03-05T10:30".
    let stamp = scan.at(third_end) == 'T' && scan.at(third_end + 1).is_ascii_digit();
    if (!scan.is_edge(third_end) && !stamp) || (scan.at(third_end) == mark && scan.at(third_end + 1).is_ascii_digit()) {
        return None;
    }
    let lengths = (first_end - i, second_end - first_end - 1, third_end - second_end - 1);
    let (year, month, day) = match (lengths, mark) {
        ((4, 1..=2, 1..=2), '-' | '/' | '.') => (first, second, third),
        // Month first, as in America, unless only the other order makes sense; with full stops day first.
        ((1..=2, 1..=2, 4), '/' | '-') if first <= 12 => (third, first, second),
        ((1..=2, 1..=2, 4), _) => (third, second, first),
        ((1..=2, 1..=2, 2), '/') if first <= 12 && second <= 31 => (century(third), first, second),
        ((1..=2, 1..=2, 2), '/') => (century(third), second, first),
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1000..2200).contains(&year) {
        return None;
    }
    let mut words = Words::of(MONTHS[month as usize - 1]);
    words.say(&ordinal_text(&day.to_string()));
    words.say(&year_text(year));
    if stamp {
        let (end, time) = time(scan, third_end + 1)?;
        words.append(time);
        return Some((end, words));
    }
    Some((third_end, words))
}

fn century(year: u32) -> u32 {
    if year < 50 { 2000 + year } else { 1900 + year }
}

/// "a.m." or "pm" at `i`, over one space: its end and letters.
pub(super) fn half_day(scan: &Scan, i: usize) -> Option<(usize, &'static str)> {
    let start = scan.spaces(i);
    if start - i > 1 {
        return None;
    }
    let letters = match scan.at(start).to_ascii_lowercase() {
        'a' => "am",
        'p' => "pm",
        _ => return None,
    };
    let dotted = scan.at(start + 1) == '.' && scan.at(start + 2).eq_ignore_ascii_case(&'m');
    if dotted {
        let end = if scan.at(start + 3) == '.' { start + 4 } else { start + 3 };
        return scan.is_edge(end).then_some((end, letters));
    }
    // "5 am" with a space may be "I am"; after a number it is the morning.
    (scan.at(start + 1).eq_ignore_ascii_case(&'m') && scan.is_edge(start + 2)).then_some((start + 2, letters))
}

/// A time of day at `i`: "10:30", "14:05:09", "5 p.m.", "9h30", "10:30Z".
pub(super) fn time(scan: &Scan, i: usize) -> Reading {
    let (end, mut words) = time_of_day(scan, i)?;
    // "9:00-17:30", "9 a.m. – 5 p.m."
    let dash = scan.spaces(end);
    if matches!(scan.at(dash), '-' | '–') && dash - end <= 1 && scan.before(dash) != '\n' {
        let from = scan.spaces(dash + 1);
        if (from > dash + 1) == (dash > end)
            && let Some((end, second)) = time_of_day(scan, from)
        {
            words.say("to");
            words.append(second);
            return Some((end, words));
        }
    }
    Some((end, words))
}

fn time_of_day(scan: &Scan, i: usize) -> Reading {
    let end = scan.digits(i);
    if end == i || end - i > 2 {
        return None;
    }
    let hour_text = scan.text(i, end);
    let hour: u32 = hour_text.parse().ok()?;
    let mut words = Words::default();
    let two = |at: usize| (scan.digits(at) == at + 2).then(|| scan.text(at, at + 2)).filter(|t| t.as_str() < "60");
    let h_mark = scan.at(end) == 'h' && hour <= 24;
    if scan.at(end) == ':' || (h_mark && scan.at(end + 1).is_ascii_digit()) {
        let minute = two(end + 1)?;
        let mut end = end + 3;
        let seconds = (scan.at(end) == ':').then(|| two(end + 1)).flatten();
        if seconds.is_some() {
            end += 3;
        } else if scan.at(end) == ':' && scan.at(end + 1).is_ascii_digit() {
            return None;
        }
        if hour > 24 && seconds.is_none() || scan.at(end).is_ascii_digit() {
            return None;
        }
        let half = half_day(scan, end);
        words.say(&if hour_text.len() == 2 && hour == 0 { "zero".to_owned() } else { cardinal_text(&hour_text) });
        match minute.as_str() {
            "00" if seconds.is_some() => words.say("zero zero"),
            "00" if half.is_some() => {}
            "00" if hour == 0 || hour > 12 => words.say("hundred"),
            "00" => words.say("o'clock"),
            minute => words.say(&two_digits(minute)),
        }
        if let Some(seconds) = seconds {
            words.say("and");
            words.say(&cardinal_text(&seconds));
            words.say(if seconds == "01" { "second" } else { "seconds" });
            if scan.at(end) == '.' && scan.at(end + 1).is_ascii_digit() {
                return None;
            }
        }
        if let Some((half_end, letters)) = half {
            words.letters(letters);
            end = half_end;
        } else if scan.at(end) == 'Z' && scan.is_edge(end + 1) {
            words.letters("utc");
            end += 1;
        } else if scan.at(end) == 'h' && scan.is_edge(end + 1) {
            end += 1;
        }
        return scan.is_edge(end).then_some((end, words));
    }
    if h_mark && hour > 0 && scan.is_edge(end + 1) && scan.at(end + 1) != '/' {
        words.say(&cardinal_text(&hour_text));
        words.say(if hour == 1 { "hour" } else { "hours" });
        return Some((end + 1, words));
    }
    let (half_end, letters) = half_day(scan, end).filter(|_| (1..=12).contains(&hour))?;
    words.say(&cardinal_text(&hour_text));
    words.letters(letters);
    Some((half_end, words))
}

fn two_digits(text: &str) -> String {
    match text.strip_prefix('0') {
        Some(low) => format!("oh {}", cardinal_text(low)),
        None => cardinal_text(text),
    }
}

/// "'90s", "1980s", "2010s", "90s": a decade at `i`.
pub(super) fn decade(scan: &Scan, i: usize) -> Reading {
    let start = if scan.at(i) == '\'' { i + 1 } else { i };
    let end = scan.digits(start);
    let tail = if scan.at(end) == '\'' { end + 1 } else { end };
    let digits = scan.text(start, end);
    if !matches!(digits.len(), 2 | 4) || scan.at(tail) != 's' || !scan.is_edge(tail + 1) {
        if start > i && end - start == 2 && scan.is_edge(end) {
            return Some((end, Words::of(&two_digits(&digits)))); // "'99", "class of '05"
        }
        return None;
    }
    let text = if digits.len() == 4 {
        let year: u32 = digits.parse().ok()?;
        year_text(year)
    } else {
        cardinal_text(&digits)
    };
    if !digits.ends_with('0') && digits.len() == 4 {
        return None;
    }
    Some((tail + 1, Words::of(&plural_of_last(&text))))
}

/// "44 BC", "AD 79", "300 BCE": an era after the year that ends at `end`.
pub(super) fn era(scan: &Scan, end: usize) -> Option<(usize, &'static str)> {
    let start = scan.spaces(end);
    let letters = scan.run(start, |c| c.is_ascii_uppercase() || c == '.');
    let text: String = scan.text(start, letters).chars().filter(|c| *c != '.').collect();
    let name = match text.as_str() {
        "BC" => "bc",
        "BCE" => "bce",
        "AD" => "ad",
        "CE" => "ce",
        _ => return None,
    };
    let dotted = scan.at(start + 1) == '.';
    let stop = if dotted { letters } else { scan.letters(start) };
    scan.is_edge(stop).then_some((stop, name))
}

/// A year or a span of years, as a bare number of four digits is read.
pub(super) fn year_words(year: u32, zero_pad: Option<&str>) -> Words {
    let mut words = Words::of(&year_text(year));
    if let Some(digits) = zero_pad {
        words.say("to");
        words.say(&if digits.len() == 2 && digits.starts_with('0') {
            digits_text(digits, Zero::Oh)
        } else {
            cardinal_text(digits)
        });
    }
    words
}
