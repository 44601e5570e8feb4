//! Numbers as words: cardinals, ordinals, years, digits. American reading, without "and".
//!
//! In: decimal digits as text, so that no size is too large. Out: words. Where numbers stand in a text, and which of
//! these readings they ask for, is the business of the other files of this folder.

use super::words::Words;

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/// Powers of a thousand, up to what an `i128` holds.
const POWERS: [&str; 13] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
    "undecillion",
];

/// How the digit 0 is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    Zero,
    Oh,
}

/// 0 to 999; nothing for 0.
fn below_thousand(n: usize, out: &mut String) {
    let mut push = |word: &str| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    };
    if n >= 100 {
        push(SMALL[n / 100]);
        push("hundred");
    }
    match n % 100 {
        0 => {}
        rest @ 1..=19 => push(SMALL[rest]),
        rest => {
            push(TENS[rest / 10]);
            if rest % 10 > 0 {
                push(SMALL[rest % 10]);
            }
        }
    }
}

/// The words of a whole number given by its digits; digit by digit beyond the named powers.
pub(super) fn cardinal_text(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return SMALL[0].to_owned();
    }
    if digits.len() > 3 * POWERS.len() {
        return digits_text(digits, Zero::Zero);
    }
    let mut out = String::new();
    let groups = digits.len().div_ceil(3);
    for group in 0..groups {
        let end = digits.len() - 3 * (groups - 1 - group);
        let value: usize = digits[end.saturating_sub(3)..end].parse().unwrap_or(0);
        if value == 0 {
            continue;
        }
        below_thousand(value, &mut out);
        let power = POWERS[groups - 1 - group];
        if !power.is_empty() {
            out.push(' ');
            out.push_str(power);
        }
    }
    out
}

/// The ordinal of a whole number: "twenty first".
pub(super) fn ordinal_text(digits: &str) -> String {
    let cardinal = cardinal_text(digits);
    let (head, last) = cardinal.rsplit_once(' ').map_or(("", cardinal.as_str()), |(h, l)| (h, l));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        other => format!("{other}th"),
    };
    if head.is_empty() { last } else { format!("{head} {last}") }
}

/// Each digit by its name.
pub(super) fn digits_text(digits: &str, zero: Zero) -> String {
    let mut out = String::with_capacity(6 * digits.len());
    for digit in digits.bytes().filter(u8::is_ascii_digit) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(if digit == b'0' && zero == Zero::Oh { "oh" } else { SMALL[usize::from(digit - b'0')] });
    }
    out
}

/// A year as it is said: 1984, 1905, 1900, 2005, 2024, 987, 44.
pub(super) fn year_text(year: u32) -> String {
    let (high, low) = (year / 100, year % 100);
    if !(1000..=9999).contains(&year) || high % 10 == 0 && low < 10 {
        return cardinal_text(&year.to_string());
    }
    let century = cardinal_text(&high.to_string());
    match low {
        0 => format!("{century} hundred"),
        1..=9 => format!("{century} oh {}", SMALL[low as usize]),
        _ => format!("{century} {}", cardinal_text(&low.to_string())),
    }
}

/// Digits in pairs, as flights, rooms and highways are called: 747, 101, 1549.
pub(super) fn pairs_text(digits: &str) -> String {
    let (head, tail) = digits.split_at(digits.len() - 2);
    let low: usize = tail.parse().unwrap_or(0);
    let head = cardinal_text(head);
    match low {
        0 => format!("{head} hundred"),
        1..=9 => format!("{head} oh {}", SMALL[low]),
        _ => format!("{head} {}", cardinal_text(tail)),
    }
}

/// A word in the plural: "nineties", "sixes", "thirds".
pub(super) fn plural(word: &str) -> String {
    match word.as_bytes() {
        [.., b'y'] => format!("{}ies", &word[..word.len() - 1]),
        [.., b'x' | b's'] => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// The last word of a reading in the plural: "nineteen eighties".
pub(super) fn plural_of_last(text: &str) -> String {
    match text.rsplit_once(' ') {
        Some((head, last)) => format!("{head} {}", plural(last)),
        None => plural(text),
    }
}

/// A decimal: the whole part as a cardinal, the digits after the point one by one.
pub(super) fn decimal(whole: &str, fraction: Option<&str>) -> Words {
    let mut words = Words::default();
    if !whole.is_empty() {
        words.say(&cardinal_text(whole));
    }
    if let Some(fraction) = fraction {
        if whole.is_empty() {
            words.say("zero");
        }
        words.say("point");
        words.say(&digits_text(fraction, Zero::Zero));
    }
    words
}

/// A fraction: "one half", "three quarters", "two fifths", "twenty two over seven" when the bottom is no ordinal people use.
pub(super) fn fraction_text(top: &str, bottom: &str) -> String {
    let one = top == "1";
    let over = || format!("{} over {}", cardinal_text(top), cardinal_text(bottom));
    let part = match bottom {
        "2" if one => "half".to_owned(),
        "2" => "halves".to_owned(),
        "4" if one => "quarter".to_owned(),
        "4" => "quarters".to_owned(),
        "0" | "1" => return over(),
        _ if bottom.len() > 3 && !bottom.bytes().skip(1).all(|b| b == b'0') => return over(),
        _ if one => ordinal_text(bottom),
        _ => plural_of_last(&ordinal_text(bottom)),
    };
    format!("{} {part}", cardinal_text(top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_said_as_people_say_them() {
        for (year, words) in [
            (1984, "nineteen eighty four"),
            (1905, "nineteen oh five"),
            (1900, "nineteen hundred"),
            (2000, "two thousand"),
            (2005, "two thousand five"),
            (2010, "twenty ten"),
            (1066, "ten sixty six"),
            (1000, "one thousand"),
            (987, "nine hundred eighty seven"),
        ] {
            assert_eq!(year_text(year), words);
        }
    }

    #[test]
    fn fractions_have_names() {
        for (top, bottom, words) in [
            ("1", "2", "one half"),
            ("3", "2", "three halves"),
            ("3", "4", "three quarters"),
            ("2", "3", "two thirds"),
            ("5", "6", "five sixths"),
            ("1", "100", "one one hundredth"),
            ("7", "20", "seven twentieths"),
        ] {
            assert_eq!(fraction_text(top, bottom), words);
        }
    }

    #[test]
    fn the_largest_i128_has_words_and_more_has_digits() {
        let largest = cardinal_text(&i128::MAX.to_string());
        assert!(largest.starts_with("one hundred seventy undecillion one hundred forty one decillion"), "{largest}");
        assert_eq!(cardinal_text(&"7".repeat(40)).split(' ').count(), 40);
        assert_eq!(cardinal_text("000"), "zero");
    }
}
