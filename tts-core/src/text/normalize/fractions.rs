//! Fractions: "½", "3 1/4", "5/8 mile"; and pairs that only look like fractions: "24/7", "120/80", "2023/24".

use super::dates_times::Reading;
use super::numbers::{cardinal_text, fraction_text, year_text};
use super::quantities::{ordinal_mark, quote_is_open, say_unit};
use super::scan::Scan;
use super::units;
use super::words::Words;

/// "½", "3½": the vulgar fraction at `i` after a whole number.
pub(super) fn vulgar(scan: &Scan, i: usize, whole: Option<&str>) -> Reading {
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
pub(super) fn fraction(scan: &Scan, i: usize) -> Reading {
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
    if bottom == "10" && (scan.at(bottom_end) != ' ' || text == "10") {
        return Some((bottom_end, Words::of(&format!("{} out of ten", cardinal_text(&text)))));
    }
    if text.parse::<u32>().ok() > bottom.parse::<u32>().ok() && bottom.len() > 1 {
        return Some((bottom_end, Words::of(&format!("{} over {}", cardinal_text(&text), cardinal_text(&bottom)))));
    }
    let stop = if ordinal_mark(scan, bottom_end) { scan.letters(bottom_end) } else { bottom_end };
    Some(mixed(scan, None, &text, &bottom, stop))
}
