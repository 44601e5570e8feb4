//! Roman numerals where the word before them calls for a number: "Henry VIII", "Chapter IV", "World War II".

use super::numbers::{cardinal_text, ordinal_text};
use super::scan::Scan;
use super::words::Words;

/// Words after which a numeral counts. Sorted.
const COUNTED: [&str; 33] = [
    "act",
    "appendix",
    "article",
    "book",
    "canto",
    "chapter",
    "civilization",
    "class",
    "division",
    "episode",
    "fantasy",
    "figure",
    "grade",
    "level",
    "mark",
    "no",
    "page",
    "part",
    "phase",
    "psalm",
    "rocky",
    "scene",
    "section",
    "series",
    "song",
    "stage",
    "step",
    "table",
    "title",
    "type",
    "volume",
    "war",
    "world",
];
/// Names of rulers and popes, after which a numeral ranks. Sorted.
const RULERS: [&str; 44] = [
    "albert",
    "alexander",
    "alfonso",
    "benedict",
    "catherine",
    "charles",
    "christian",
    "clement",
    "constantine",
    "darius",
    "edward",
    "elizabeth",
    "ferdinand",
    "francis",
    "frederick",
    "george",
    "gregory",
    "gustav",
    "haakon",
    "harald",
    "henry",
    "innocent",
    "ivan",
    "james",
    "john",
    "joseph",
    "julius",
    "leo",
    "leopold",
    "louis",
    "mary",
    "napoleon",
    "nicholas",
    "otto",
    "paul",
    "peter",
    "philip",
    "pius",
    "ramesses",
    "richard",
    "thutmose",
    "umberto",
    "victoria",
    "william",
];

/// The value of a well-formed numeral up to 3999.
pub(super) fn value(text: &str) -> Option<u32> {
    let digit = |c| {
        Some(match c {
            'I' => 1,
            'V' => 5,
            'X' => 10,
            'L' => 50,
            'C' => 100,
            'D' => 500,
            'M' => 1000,
            _ => return None,
        })
    };
    let mut total = 0;
    let mut last = 0;
    for c in text.chars().rev() {
        let value = digit(c)?;
        if value < last {
            total -= value;
        } else {
            total += value;
            last = value;
        }
    }
    // Written back it must be the same: "IIX" and "VV" are words.
    (total > 0 && total < 4000 && write(total) == text).then_some(total)
}

fn write(mut n: u32) -> String {
    const PARTS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut out = String::new();
    for (value, text) in PARTS {
        while n >= value {
            out.push_str(text);
            n -= value;
        }
    }
    out
}

/// A Roman numeral at `i`: the end of it and its words.
pub(super) fn read(scan: &Scan, i: usize) -> Option<(usize, Words)> {
    let end = scan.letters(i);
    if end == i || end - i > 9 || !scan.is_edge(end) || (i > 0 && !scan.is_edge(i - 1)) {
        return None;
    }
    let n = value(&scan.text(i, end))?;
    let genitive = scan.at(end) == '\'' && scan.at(end + 1) == 's' && scan.is_edge(end + 2);
    if scan.at(end) == '\'' && !genitive {
        return None;
    }
    let before = scan.word_before(i);
    let capital_before = capital_before(scan, i);
    let digits = n.to_string();
    let text = if RULERS.binary_search(&before.as_str()).is_ok() && capital_before && n <= 30 {
        // "Francis I" names a king, "Paul I think" does not.
        if n == 1 && scan.word_after(end).bytes().next().is_some_and(|b| b.is_ascii_lowercase()) && !genitive {
            let verb = scan.word_after(end);
            if !matches!(
                verb.as_str(),
                "of" | "and" | "was" | "died" | "ruled" | "became" | "the" | "in" | "to" | "had" | "is"
            ) {
                return None;
            }
        }
        format!("the {}", ordinal_text(&digits))
    } else if COUNTED.binary_search(&before.as_str()).is_ok() {
        if n == 1 && scan.word_after(end).bytes().next().is_some_and(|b| b.is_ascii_lowercase()) && !capital_before {
            return None; // "the part I like"
        }
        cardinal_text(&digits)
    } else if capital_before
        && matches!(
            before.as_str(),
            "superbowl" | "bowl" | "olympiad" | "xbox" | "pentium" | "saturn" | "apollo" | "corps" | "gta"
        )
    {
        cardinal_text(&digits)
    } else if end - i >= 2
        && n <= 30
        && capital_before
        && !matches!(n, 5 | 10)
        && !before.is_empty()
        && scan.text(i, end) != "MI"
    {
        // "Final Fantasy VII", "Thor II": two letters or more after a name.
        cardinal_text(&digits)
    } else if end - i >= 3 && scan.text(i, end).bytes().all(|b| b"IVX".contains(&b)) {
        cardinal_text(&digits)
    } else if end - i >= 4 && (1400..2100).contains(&n) {
        super::numbers::year_text(n)
    } else {
        return None;
    };
    if genitive {
        let mut words = Words::of(&text);
        if let Some(last) = words.0.last_mut() {
            last.text.push_str("'s");
        }
        return Some((end + 2, words));
    }
    Some((end, Words::of(&text)))
}

/// Whether the word before `i` is capitalised.
fn capital_before(scan: &Scan, i: usize) -> bool {
    let mut end = i;
    while end > 0 && scan.before(end).is_whitespace() {
        end -= 1;
    }
    let mut start = end;
    while start > 0 && scan.before(start).is_ascii_alphabetic() {
        start -= 1;
    }
    let word = scan.text(start, end);
    let mut letters = word.bytes();
    letters.next().is_some_and(|b| b.is_ascii_uppercase()) && letters.all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(COUNTED.is_sorted() && RULERS.is_sorted());
    }

    #[test]
    fn only_well_formed_numerals_have_a_value() {
        for n in 1..4000 {
            assert_eq!(value(&write(n)), Some(n));
        }
        for bad in ["IIX", "VV", "IC", "", "A", "MMMM"] {
            assert_eq!(value(bad), None, "{bad}");
        }
    }
}
