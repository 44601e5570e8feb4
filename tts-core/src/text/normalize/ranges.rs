//! Two numbers read in one go: ranges, scores, ratios, dimensions, feet and inches.

use super::dates_times::{self, Reading};
use super::numbers::{cardinal_text, ordinal_text, year_text};
use super::quantities::{Number, number, ordinal_mark, say_unit, tail};
use super::scan::Scan;
use super::words::Words;
use super::{money, units};

/// 5'10".
pub(super) fn feet_and_inches(scan: &Scan, number: &Number) -> Reading {
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
pub(super) fn range(scan: &Scan, i: usize, first: &Number) -> Reading {
    let end = first.end;
    // "5kg-10kg", "10%–20%", "-5°C to": the unit may stand on both sides.
    let left = tail(scan, first).map_or(end, |(stop, ..)| stop);
    let dash = |at: usize| matches!(scan.at(at), '-' | '–' | '—');
    let mut at = if dash(left) && scan.at(left + 1).is_ascii_digit() || dash(left) && scan.at(left + 1) == '.' {
        left
    } else {
        end
    };
    let spaced = scan.at(at) == ' ' && matches!(scan.at(at + 1), '–' | '-') && scan.at(at + 2) == ' ';
    if spaced {
        at += 1;
    }
    if !dash(at) {
        return None;
    }
    let second = number(scan, if spaced { at + 2 } else { at + 1 })?;
    // "1-800-FLOWERS" and "Llama-3-70B" are names.
    if scan.before(i) == '-' && i > 1 && scan.at(i - 2).is_alphanumeric()
        || scan.at(second.end) == '-' && scan.at(second.end + 1).is_ascii_uppercase()
    {
        return None;
    }
    // "10 - 20" is a range, "5 - 3" and "2 - 3 = -1" are sums.
    let rises = first.whole.parse::<f64>().ok() < second.whole.parse::<f64>().ok();
    if spaced && (scan.at(at) == '-' && !rises || scan.at(scan.spaces(second.end)) == '=') {
        return None;
    }
    let to = if scan.word_before(i) == "between" { "and" } else { "to" };
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
            words.say(to);
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
    // "5-7 pm"
    if let Some((half_end, letters)) =
        dates_times::half_day(scan, stop).filter(|_| first.is_plain() && second.is_plain() && second.whole.len() <= 2)
    {
        words.append(first.words());
        words.say(to);
        words.append(second.words());
        words.letters(letters);
        return Some((half_end, words));
    }
    if scan.at(stop).is_ascii_alphabetic() && unit.is_none() {
        if ordinal_mark(scan, stop) && second.is_plain() {
            words.say(&ordinal_text(&first.whole));
            words.say(to);
            words.say(&ordinal_text(&second.whole));
            return Some((scan.letters(stop), words));
        }
        let (scaled, word) = money::magnitude(scan, stop, true)?;
        words.append(first.words());
        words.say(to);
        words.append(second.words());
        words.say(word);
        return Some((scaled, words));
    }
    words.append(first.words());
    let same = first.is_plain() && second.is_plain() && first.whole == second.whole && unit.is_none();
    if !same {
        words.say(to);
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
pub(super) fn dimension(scan: &Scan, first: &Number) -> Reading {
    let cross = |at: usize| matches!(scan.at(at), 'x' | 'X' | '×');
    let mut at = first.end;
    let mut words = first.words();
    let mut count = 1;
    let mut measured = false;
    loop {
        let mark = scan.spaces(at);
        let next = scan.spaces(mark + 1);
        // "2 x faster" is no dimension, "0x1F" is for `codes`.
        let found = cross(mark).then(|| number(scan, next)).flatten();
        let Some(second) = found.filter(|_| (mark > at) == (next > mark + 1)) else { break };
        let unit = units::at(scan, second.end);
        measured |= unit.is_some();
        words.say(if mark > at && count == 1 && scan.at(mark) == '×' && !measured { "times" } else { "by" });
        words.append(second.words());
        at = second.end;
        count += 1;
        if let Some((stop, _, many)) = unit {
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

/// "16:9", "1:1": what is no time of day.
pub(super) fn ratio(scan: &Scan, first: &Number) -> Reading {
    let second = number(scan, first.end + 1).filter(|_| scan.at(first.end) == ':' && scan.at(first.end + 1) != '.')?;
    if scan.at(second.end) == ':' && scan.at(second.end + 1).is_ascii_digit() || scan.at(second.end).is_alphabetic() {
        return None;
    }
    let mut words = first.words();
    words.say("to");
    words.append(second.words());
    Some((second.end, words))
}
