//! Money: "$3.50", "£2m", "€1.2 billion", "50¢", "US$5", "5 USD", "$5-10".

use super::dates_times::Reading;
use super::numbers::{cardinal_text, decimal};
use super::quantities::{Number, number};
use super::scan::Scan;
use super::words::Words;

/// A currency: unit, its plural, its hundredth and that plural (empty if there is none in use).
#[derive(Debug, Clone, Copy)]
struct Currency {
    one: &'static str,
    many: &'static str,
    cent: &'static str,
    cents: &'static str,
}

const fn currency(one: &'static str, many: &'static str, cent: &'static str, cents: &'static str) -> Currency {
    Currency { one, many, cent, cents }
}

const DOLLAR: Currency = currency("dollar", "dollars", "cent", "cents");

/// Symbols before an amount; longer ones first where they share a beginning.
const SYMBOLS: [(&str, Currency); 22] = [
    ("US$", currency("us dollar", "us dollars", "cent", "cents")),
    ("CA$", currency("canadian dollar", "canadian dollars", "cent", "cents")),
    ("C$", currency("canadian dollar", "canadian dollars", "cent", "cents")),
    ("AU$", currency("australian dollar", "australian dollars", "cent", "cents")),
    ("A$", currency("australian dollar", "australian dollars", "cent", "cents")),
    ("NZ$", currency("new zealand dollar", "new zealand dollars", "cent", "cents")),
    ("HK$", currency("hong kong dollar", "hong kong dollars", "cent", "cents")),
    ("R$", currency("real", "reais", "centavo", "centavos")),
    ("$", DOLLAR),
    ("£", currency("pound", "pounds", "penny", "pence")),
    ("€", currency("euro", "euros", "cent", "cents")),
    ("¥", currency("yen", "yen", "", "")),
    ("₹", currency("rupee", "rupees", "paisa", "paise")),
    ("₩", currency("won", "won", "", "")),
    ("₽", currency("ruble", "rubles", "kopek", "kopeks")),
    ("₿", currency("bitcoin", "bitcoins", "", "")),
    ("₺", currency("lira", "lira", "kurus", "kurus")),
    ("₴", currency("hryvnia", "hryvnias", "kopiyka", "kopiykas")),
    ("₦", currency("naira", "naira", "kobo", "kobo")),
    ("₪", currency("shekel", "shekels", "agora", "agorot")),
    ("฿", currency("baht", "baht", "satang", "satang")),
    ("₫", currency("dong", "dong", "", "")),
];

/// Codes before or after an amount. Sorted.
const CODES: [(&str, &str, &str); 14] = [
    ("AUD", "australian dollar", "australian dollars"),
    ("BTC", "bitcoin", "bitcoins"),
    ("CAD", "canadian dollar", "canadian dollars"),
    ("CHF", "swiss franc", "swiss francs"),
    ("CNY", "yuan", "yuan"),
    ("EUR", "euro", "euros"),
    ("GBP", "british pound", "british pounds"),
    ("INR", "indian rupee", "indian rupees"),
    ("JPY", "japanese yen", "japanese yen"),
    ("KRW", "korean won", "korean won"),
    ("NOK", "norwegian krone", "norwegian kroner"),
    ("RMB", "yuan", "yuan"),
    ("SEK", "swedish krona", "swedish kronor"),
    ("USD", "us dollar", "us dollars"),
];

/// Adds a currency's name; "us" in it is the country, named by its letters.
fn say_name(words: &mut Words, name: &str) {
    match name.strip_prefix("us ") {
        Some(rest) => {
            words.letters("us");
            words.say(rest);
        }
        None => words.say(name),
    }
}

/// A word or letter for a power of ten after an amount: its end and its word.
pub(super) fn magnitude(scan: &Scan, end: usize, glued_only: bool) -> Option<(usize, &'static str)> {
    let stop = scan.letters(end);
    let glued = match scan.text(end, stop).as_str() {
        "k" | "K" => Some("thousand"),
        "m" | "M" | "mn" | "mm" | "MM" | "mil" | "mio" => Some("million"),
        "b" | "B" | "bn" | "Bn" | "bil" => Some("billion"),
        "t" | "T" | "tn" | "trn" => Some("trillion"),
        _ => None,
    };
    if let Some(word) = glued.filter(|_| stop > end && scan.is_edge(stop)) {
        return Some((stop, word));
    }
    if glued_only {
        return None;
    }
    let hyphen = scan.at(end) == '-';
    let start = if hyphen { end + 1 } else { scan.spaces(end) };
    let stop = scan.letters(start);
    let word = match scan.lower(start, stop).as_str() {
        "hundred" => "hundred",
        "thousand" => "thousand",
        "million" | "mil" => "million",
        "billion" | "bn" => "billion",
        "trillion" | "tn" => "trillion",
        "quadrillion" => "quadrillion",
        _ => return None,
    };
    (start > end && scan.is_edge(stop)).then_some((stop, word))
}

/// Money that begins with its symbol or code.
pub(super) fn before(scan: &Scan, i: usize) -> Reading {
    let sign = matches!(scan.at(i), '-' | '+').then(|| scan.at(i));
    let start = if sign.is_some() { i + 1 } else { i };
    let (mut at, unit) = symbol(scan, start)?;
    let mut words = Words::default();
    if sign == Some('-') || scan.at(at) == '-' {
        words.say("minus");
        if scan.at(at) == '-' {
            at += 1;
        }
    }
    let first = number(scan, at)?;
    let mut end = first.end;
    // "$5-10", "$5–$10", "$1.5-2 million"
    if matches!(scan.at(end), '-' | '–') {
        let to = end + 1;
        let to = symbol(scan, to).map_or(to, |(at, _)| at);
        if let Some(second) = number(scan, to).filter(|n| scan.at(n.end) != '-') {
            let scaled = magnitude(scan, second.end, false);
            if scaled.is_some() || second.fraction.is_none() && first.fraction.is_none() {
                words.append(first.words());
                words.say("to");
                words.append(second.words());
                end = second.end;
                if let Some((stop, word)) = scaled {
                    words.say(word);
                    end = stop;
                }
                say_name(&mut words, unit.many);
                return scan.is_edge(end).then_some((end, words));
            }
        }
    }
    if let Some((stop, word)) = magnitude(scan, end, false) {
        words.append(first.words());
        words.say(word);
        // "$5M-$10M"
        if matches!(scan.at(stop), '-' | '–')
            && let Some((at, _)) = symbol(scan, stop + 1)
            && let Some(second) = number(scan, at)
            && let Some((stop, word)) = magnitude(scan, second.end, false)
        {
            words.say("to");
            words.append(second.words());
            words.say(word);
            say_name(&mut words, unit.many);
            return Some((stop, words));
        }
        say_name(&mut words, if is_attribute(scan, stop) { unit.one } else { unit.many });
        return Some((stop, words));
    }
    if scan.at(end).is_ascii_alphabetic() {
        return None;
    }
    if scan.at(end) == '+' && scan.is_edge(end + 1) {
        end += 1;
        amount(&first, unit, &mut words);
        words.say("plus");
        return Some((end, words));
    }
    // "$5/month", "$5-a-day", "a $20 bill"
    let singular = scan.at(end) == '-' && scan.at(end + 1).is_ascii_alphabetic()
        || (first.fraction.is_none() && is_attribute(scan, end));
    if singular && first.fraction.is_none() {
        words.append(first.words());
        say_name(&mut words, unit.one);
    } else {
        amount(&first, unit, &mut words);
    }
    if scan.at(end) == '/' && scan.at(end + 1).is_ascii_alphabetic() {
        let stop = scan.letters(end + 1);
        let per = scan.lower(end + 1, stop);
        let name = match per.as_str() {
            "mo" => "month",
            "yr" | "y" => "year",
            "hr" | "h" => "hour",
            "wk" => "week",
            "lb" => "pound",
            "kg" => "kilogram",
            "sqft" => "square foot",
            "gb" => "gigabyte",
            "m" => "month",
            word => word,
        };
        words.say("per");
        words.say(name);
        end = stop;
    }
    Some((end, words))
}

/// "a $20 bill", "$1.4 billion loan": the amount describes the noun after it.
fn is_attribute(scan: &Scan, end: usize) -> bool {
    let next = scan.word_after(end);
    matches!(
        next.as_str(),
        "bill"
            | "loan"
            | "coin"
            | "ticket"
            | "fine"
            | "deal"
            | "note"
            | "question"
            | "contract"
            | "investment"
            | "project"
            | "budget"
            | "fund"
            | "gift"
            | "check"
            | "prize"
            | "discount"
            | "fee"
            | "company"
            | "market"
            | "plan"
            | "house"
    )
}

fn symbol(scan: &Scan, i: usize) -> Option<(usize, Currency)> {
    for (text, unit) in SYMBOLS {
        if scan.has(i, text) {
            let at = i + text.chars().count();
            let spaced = if scan.at(at) == ' ' { at + 1 } else { at };
            let digit = |at: usize| {
                scan.at(at).is_ascii_digit() || (matches!(scan.at(at), '.' | '-') && scan.at(at + 1).is_ascii_digit())
            };
            return digit(spaced).then_some((spaced, unit));
        }
    }
    if !scan.at(i).is_ascii_uppercase() || i > 0 && !scan.is_edge(i - 1) {
        return None;
    }
    let end = scan.letters(i);
    let row = CODES.binary_search_by(|row| row.0.cmp(scan.text(i, end).as_str())).ok().map(|at| CODES[at])?;
    let at = scan.spaces(end);
    scan.at(at).is_ascii_digit().then_some((at, currency(row.1, row.2, "", "")))
}

fn amount(number: &Number, unit: Currency, words: &mut Words) {
    let cents = number.fraction.as_deref();
    match cents {
        Some(cents) if cents.len() == 2 && !unit.cent.is_empty() => {
            let cents = cents.trim_start_matches('0');
            let whole = number.whole.trim_start_matches('0');
            if !whole.is_empty() || cents.is_empty() {
                words.say(&cardinal_text(whole));
                say_name(words, if whole == "1" { unit.one } else { unit.many });
            }
            if !cents.is_empty() {
                if !whole.is_empty() {
                    words.say("and");
                }
                words.say(&cardinal_text(cents));
                words.say(if cents == "1" { unit.cent } else { unit.cents });
            }
        }
        Some(cents) if cents.len() == 1 && !unit.cent.is_empty() && number.whole.len() < 4 => {
            // "$3.5" is three dollars fifty.
            let padded = Number { fraction: Some(format!("{cents}0")), ..number.clone() };
            amount(&padded, unit, words);
        }
        _ => {
            words.append(decimal(&number.whole, cents));
            say_name(words, if number.whole == "1" && cents.is_none() { unit.one } else { unit.many });
        }
    }
}

/// A currency after the number that ends at `end`: "50¢", "5 €", "20 USD", "100円".
pub(super) fn after(scan: &Scan, number: &Number) -> Reading {
    let start = scan.spaces(number.end);
    if start > number.end + 1 {
        return None;
    }
    let mut words = Words::default();
    let c = scan.at(start);
    let cent = match c {
        '¢' => Some(("cent", "cents")),
        '円' => Some(("yen", "yen")),
        '元' => Some(("yuan", "yuan")),
        'p' if start == number.end
            && number.fraction.is_none()
            && scan.is_edge(start + 1)
            && number.whole.len() <= 2 =>
        {
            Some(("penny", "pence"))
        }
        _ => None,
    };
    if let Some((one, many)) = cent {
        words.append(number.words());
        words.say(if number.is_one() { one } else { many });
        return Some((start + 1, words));
    }
    for (text, unit) in SYMBOLS.into_iter().filter(|(text, _)| text.chars().count() == 1) {
        let free = !scan.at(start + 1).is_ascii_digit() && (start == number.end || text != "$");
        if scan.has(start, text) && free {
            amount(number, unit, &mut words);
            return Some((start + 1, words));
        }
    }
    let scaled = magnitude(scan, number.end, false).filter(|_| !scan.at(number.end).is_alphabetic());
    let from = scaled.map_or(start, |(stop, _)| scan.spaces(stop));
    let end = scan.letters(from);
    let row = CODES.binary_search_by(|row| row.0.cmp(scan.text(from, end).as_str())).ok().map(|at| CODES[at])?;
    if !scan.is_edge(end) {
        return None;
    }
    words.append(number.words());
    if let Some((_, word)) = scaled {
        words.say(word);
    }
    say_name(&mut words, if number.is_one() && scaled.is_none() { row.1 } else { row.2 });
    Some((end, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
