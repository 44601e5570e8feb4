//! Digits that are names: phone numbers, versions, addresses of machines, long serial numbers, hexadecimal, "A1B2".

use super::acronyms;
use super::dates_times::Reading;
use super::numbers::{Zero, cardinal_text, digits_text, pairs_text, plural as plural_word};
use super::scan::Scan;
use super::words::Words;

/// Hexadecimal, machine addresses, chess moves and the like that begin with a digit at `i`.
pub(super) fn read(scan: &Scan, i: usize) -> Reading {
    hexadecimal(scan, i).or_else(|| ip(scan, i)).or_else(|| dashed_serial(scan, i))
}

/// "0x1F".
fn hexadecimal(scan: &Scan, i: usize) -> Reading {
    if !scan.has_any_case(i, "0x") {
        return None;
    }
    let end = scan.run(i + 2, |c| c.is_ascii_hexdigit());
    if end == i + 2 || !scan.is_edge(end) {
        return None;
    }
    let mut words = Words::of("zero");
    words.letters("x");
    spell(&scan.text(i + 2, end), &mut words);
    Some((end, words))
}

/// Letters by name and digits one by one.
pub(super) fn spell(text: &str, words: &mut Words) {
    let mut letters = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            words.letters(&std::mem::take(&mut letters));
            words.say(&digits_text(&c.to_string(), Zero::Zero));
        } else {
            letters.push(c);
        }
    }
    words.letters(&letters);
}

/// "192.168.0.1", with or without ":8080".
fn ip(scan: &Scan, i: usize) -> Reading {
    let mut words = Words::default();
    let mut at = i;
    for part in 0..4 {
        let end = scan.digits(at);
        let text = scan.text(at, end);
        if !(1..=3).contains(&text.len()) || text.parse::<u32>().is_ok_and(|n| n > 255) {
            return None;
        }
        words.say(&if text.len() == 3 && !text.ends_with("00") {
            digits_text(&text, Zero::Zero)
        } else {
            cardinal_text(&text)
        });
        at = end;
        if part < 3 {
            if scan.at(at) != '.' {
                return None;
            }
            words.say("dot");
            at += 1;
        }
    }
    if scan.at(at) == '.' && scan.at(at + 1).is_ascii_digit() || scan.at(at).is_alphanumeric() {
        return None;
    }
    if matches!(scan.at(at), ':' | '/') && scan.at(at + 1).is_ascii_digit() {
        let end = scan.digits(at + 1);
        words.say(if scan.at(at) == ':' { "port" } else { "slash" });
        let text = scan.text(at + 1, end);
        words.say(&if text.len() == 4 || text.len() == 3 { pairs_text(&text) } else { cardinal_text(&text) });
        at = end;
    }
    Some((at, words))
}

/// "978-3-16-148410-0", "123-45-6789", "4111 1111 1111 1111": groups that make one long number.
fn dashed_serial(scan: &Scan, i: usize) -> Reading {
    let mut groups = Vec::new();
    let mut at = i;
    let mark = scan.at(scan.digits(i));
    if !matches!(mark, '-' | ' ') {
        return None;
    }
    loop {
        let end = scan.digits(at);
        if end == at {
            break;
        }
        groups.push(scan.text(at, end));
        at = end;
        if groups.len() > 12 || scan.at(end) != mark || !scan.at(end + 1).is_ascii_digit() {
            break;
        }
        at += 1;
    }
    let total: usize = groups.iter().map(String::len).sum();
    let serial = match mark {
        '-' => groups.len() >= 4 || groups.len() == 3 && total == 9 && groups[1].len() == 2,
        _ => groups.len() >= 3 && groups.iter().all(|g| g.len() == 4),
    };
    if !serial || total < 7 || scan.at(at).is_alphanumeric() {
        return None;
    }
    // "1-800-555-0199" is a phone number with a country code; both are read digit by digit.
    let mut words = Words::default();
    for group in &groups {
        words.say(&digits_text(group, Zero::Zero));
    }
    Some((at, words))
}

/// A phone number at `i`: "555-1234", "(321) 434-5049", "+44 20 7946 0958", "321.434.5049".
pub(super) fn phone(scan: &Scan, i: usize) -> Reading {
    let plus = scan.at(i) == '+';
    let mut at = if plus { i + 1 } else { i };
    let mut groups: Vec<String> = Vec::new();
    let mut marks = String::new();
    loop {
        let bracket = scan.at(at) == '(';
        let from = if bracket { at + 1 } else { at };
        let end = scan.digits(from);
        if end == from || (bracket && scan.at(end) != ')') {
            break;
        }
        groups.push(scan.text(from, end));
        if bracket {
            marks.push('(');
        }
        at = if bracket { end + 1 } else { end };
        let sep = scan.at(at);
        let next = if matches!(sep, '-' | '.' | ' ' | '‒' | '–' | '\u{2009}') { at + 1 } else { at };
        let next_digit = scan.at(next).is_ascii_digit() || scan.at(next) == '(' && scan.at(next + 1).is_ascii_digit();
        if !next_digit || groups.len() > 6 || (next == at && !bracket) {
            break;
        }
        if next > at {
            marks.push(sep);
        }
        at = next;
    }
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let total: usize = lengths.iter().sum();
    let dashed = !marks.is_empty() && marks.chars().all(|c| c == '-' || c == '(' || c == ' ');
    let fits = match lengths.as_slice() {
        _ if plus => (8..=15).contains(&total),
        [3, 4] => marks == "-",
        [3, 3, 4] => true,
        [1, 3, 3, 4] => groups[0] == "1",
        [3, 4, 4] => dashed && !marks.contains(' '),
        [4..=5, 6] | [3, 8] | [5, 3, 3] | [4, 3, 3..=4] | [3, 4, 3..=4] => groups[0].starts_with('0'),
        _ => false,
    };
    if !fits || scan.at(at).is_alphanumeric() || scan.at(at) == '-' && scan.at(at + 1).is_ascii_digit() {
        return None;
    }
    let mut words = Words::of(if plus { "plus" } else { "" });
    for group in &groups {
        let hundreds = group.len() == 3 && group.ends_with("00") && group != "000";
        words.say(&if hundreds { cardinal_text(group) } else { digits_text(group, Zero::Zero) });
    }
    Some((at, words))
}

/// "1.2.3", "2.0.0-beta.1", "10.15.7": two full stops or more.
pub(super) fn version(scan: &Scan, i: usize) -> Reading {
    let mut parts = Vec::new();
    let mut at = i;
    loop {
        let end = scan.digits(at);
        if end == at {
            return None;
        }
        parts.push(scan.text(at, end));
        at = end;
        if scan.at(at) != '.' || !scan.at(at + 1).is_ascii_digit() {
            break;
        }
        at += 1;
    }
    if parts.len() < 3 || scan.at(at).is_alphabetic() && !scan.at(at).is_ascii_lowercase() {
        return None;
    }
    Some((at, dotted(&parts)))
}

/// Parts of a version joined by "point"; a part with a leading zero digit by digit.
fn dotted(parts: &[String]) -> Words {
    let mut words = Words::default();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            words.say("point");
        }
        let padded = part.len() > 1 && part.starts_with('0');
        words.say(&if padded { digits_text(part, Zero::Zero) } else { cardinal_text(part) });
    }
    words
}

/// A chess move with a piece: "Nf3", "Bxe5+", "Qd8#".
pub(super) fn chess(scan: &Scan, i: usize) -> Reading {
    let piece = match scan.at(i) {
        'K' => "king",
        'Q' => "queen",
        'R' => "rook",
        'B' => "bishop",
        'N' => "knight",
        _ => return None,
    };
    let takes = scan.at(i + 1) == 'x';
    let file = if takes { i + 2 } else { i + 1 };
    if !matches!(scan.at(file), 'a'..='h')
        || !matches!(scan.at(file + 1), '1'..='8')
        || scan.at(file + 2).is_alphanumeric()
    {
        return None;
    }
    let mut words = Words::of(piece);
    words.say(if takes { "takes" } else { "" });
    words.letters(&scan.text(file, file + 1));
    words.say(&cardinal_text(&scan.text(file + 1, file + 2)));
    let (end, check) = match scan.at(file + 2) {
        '+' => (file + 3, "check"),
        '#' => (file + 3, "checkmate"),
        _ => (file + 2, ""),
    };
    words.say(check);
    Some((end, words))
}

/// "v1.2.3", "V8": the letter and its number.
pub(super) fn versioned(scan: &Scan, i: usize) -> Reading {
    if !matches!(scan.at(i), 'v' | 'V') || !scan.at(i + 1).is_ascii_digit() {
        return None;
    }
    let mut parts = Vec::new();
    let mut at = i + 1;
    loop {
        let end = scan.digits(at);
        parts.push(scan.text(at, end));
        at = end;
        if scan.at(at) != '.' || !scan.at(at + 1).is_ascii_digit() {
            break;
        }
        at += 1;
    }
    if scan.at(at).is_alphanumeric() {
        return None;
    }
    let mut words = Words::default();
    if parts.len() > 1 || scan.at(i) == 'v' {
        words.say("version")
    } else {
        words.letters("v")
    }
    words.append(dotted(&parts));
    Some((at, words))
}

/// Letters and digits in one run: "MP3", "A1B2", "3D", "x86", "COVID19", "B737".
pub(super) fn mixed(scan: &Scan, i: usize, end: usize, shouting: bool) -> Words {
    let mut words = Words::default();
    let text = scan.text(i, end);
    // Long runs that change often between letters and digits are identifiers: every character is named.
    let chars: Vec<char> = text.chars().collect();
    let changes = chars.windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
    if changes >= 4 && chars.len() >= 8 {
        spell(&text, &mut words);
        return words;
    }
    let mut at = i;
    while at < end {
        let stop = scan.digits(at).min(end);
        if stop > at {
            let digits = scan.text(at, stop);
            let named = at > i && scan.before(at).is_ascii_uppercase();
            words.say(&match digits.len() {
                _ if digits.len() > 1 && digits.starts_with('0') => digits_text(&digits, Zero::Zero),
                3 | 4 if named && !digits.ends_with("000") => pairs_text(&digits),
                5.. => digits_text(&digits, Zero::Zero),
                _ => cardinal_text(&digits),
            });
            at = stop;
            continue;
        }
        let stop = scan.run(at, |c| c.is_ascii_alphabetic()).min(end).max(at + 1);
        let part = scan.text(at, stop);
        let odd = part.len() <= 3
            && (part.bytes().skip(1).any(|b| b.is_ascii_uppercase())
                || !part.bytes().any(|b| b"aeiouyAEIOUY".contains(&b)));
        let (stem, plural) =
            part.strip_suffix('s').map_or((part.as_str(), false), |stem| (stem, stop == end && at > i));
        if plural && stem.bytes().all(|b| b.is_ascii_uppercase()) {
            // "H100s", "10Ks"
            match (stem, words.0.last_mut()) {
                ("", Some(last)) => last.text = plural_word(&last.text),
                _ => words.letters_with_s(stem),
            }
        } else if part.len() == 1
            || odd && !acronyms::is_said(&part)
            || part.bytes().all(|b| b.is_ascii_uppercase()) && part.len() <= 3 && !acronyms::is_said(&part)
        {
            words.letters(&part);
        } else {
            acronyms::say(&part, shouting, false, &mut words);
        }
        at = stop;
    }
    words
}
