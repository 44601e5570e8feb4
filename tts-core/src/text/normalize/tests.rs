//! The readings of `cases/*.tsv`, the laws over random text, and numbers against an independent crate.
//!
//! A row is: input, what is said, where it was asked for (optional), separated by tabs; `\n` in the input is a newline.
//! Spelled letters are shown in capitals, breaks as `|` (those at either end are left out).

use proptest::prelude::*;

use super::{Normalizer, State, TextOptions, numbers};
use crate::text::split::ClauseSplitter;
use crate::text::{Clause, Form, Token, TokenKind};

const FILES: [(&str, &str); 10] = [
    ("numbers", include_str!("cases/numbers.tsv")),
    ("dates_times", include_str!("cases/dates_times.tsv")),
    ("money_units", include_str!("cases/money_units.tsv")),
    ("abbreviations", include_str!("cases/abbreviations.tsv")),
    ("acronyms", include_str!("cases/acronyms.tsv")),
    ("web", include_str!("cases/web.tsv")),
    ("symbols", include_str!("cases/symbols.tsv")),
    ("markdown", include_str!("cases/markdown.tsv")),
    ("unicode", include_str!("cases/unicode.tsv")),
    ("reported", include_str!("cases/reported.tsv")),
];

fn clauses(text: &str) -> Vec<Clause> {
    let mut splitter = ClauseSplitter::new();
    splitter.push(text);
    std::iter::from_fn(|| splitter.finish()).collect()
}

fn tokens(text: &str, options: TextOptions) -> Vec<(Clause, Vec<Token>)> {
    let normalizer = Normalizer::new(options);
    let mut state = State::default();
    clauses(text).into_iter().map(|clause| (clause.clone(), normalizer.normalize(&clause, &mut state))).collect()
}

fn shown(text: &str, options: TextOptions) -> String {
    let mut out: Vec<String> = Vec::new();
    for token in tokens(text, options).into_iter().flat_map(|(_, tokens)| tokens) {
        match token.kind {
            TokenKind::Words(words) => out.extend(words.into_iter().map(|word| match word.form {
                Form::Letters => word.text.to_uppercase(),
                _ => word.text,
            })),
            TokenKind::Break(_) if out.last().is_some_and(|last| last != "|") => out.push("|".into()),
            _ => {}
        }
    }
    if out.last().is_some_and(|last| last == "|") {
        out.pop();
    }
    out.join(" ")
}

fn rows() -> Vec<(&'static str, String, &'static str, Option<&'static str>)> {
    let mut rows = Vec::new();
    for (file, text) in FILES {
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("##")) {
            let mut fields = line.split('\t');
            let (input, expected) =
                (fields.next().unwrap(), fields.next().unwrap_or_else(|| panic!("{file}: no tab in {line}")));
            rows.push((file, input.replace("\\n", "\n"), expected, fields.next()));
        }
    }
    rows
}

#[test]
fn everything_is_read_as_a_careful_reader_would() {
    let mut failures = Vec::new();
    for (file, input, expected, _) in rows() {
        let options =
            TextOptions { emoji_names: file == "unicode" && input.starts_with("names: "), ..TextOptions::default() };
        let said = shown(input.trim_start_matches("names: "), options);
        if said != expected {
            failures.push(format!("{file}: {input}\n   expected: {expected}\n   said:     {said}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} readings differ:\n{}", failures.len(), rows().len(), failures.join("\n"));
}

#[test]
fn the_table_is_as_large_as_promised() {
    let rows = rows();
    assert!(rows.len() >= 400, "{} rows", rows.len());
    let reported =
        rows.iter().filter(|row| row.3.is_some_and(|source| source.contains('#') && source.contains('/'))).count();
    assert!(reported >= 60, "{reported} rows come from reports");
    let mut inputs: Vec<_> = rows.iter().map(|row| &row.1).collect();
    inputs.sort();
    let doubles: Vec<_> = inputs.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
    assert!(doubles.is_empty(), "{doubles:?}");
}

/// Every character that is not white space lies in exactly one token, tokens are in order, words are well formed.
fn check_laws(text: &str, options: TextOptions) -> Result<(), TestCaseError> {
    let mut offset = 0;
    for (clause, tokens) in tokens(text, options) {
        prop_assert_eq!(clause.offset, offset);
        prop_assert_eq!(&text[offset..offset + clause.text.len()], clause.text.as_str());
        offset += clause.text.len();
        let mut at = 0;
        for token in &tokens {
            prop_assert!(
                token.span.start >= at && token.span.start < token.span.end && token.span.end <= clause.text.len(),
                "{:?} in {:?}",
                tokens,
                clause.text
            );
            prop_assert!(
                clause.text.is_char_boundary(token.span.start) && clause.text.is_char_boundary(token.span.end),
                "{:?} in {:?}",
                token,
                clause.text
            );
            prop_assert!(
                clause.text[at..token.span.start].trim().is_empty(),
                "left out {:?} of {:?}: {:?}",
                &clause.text[at..token.span.start],
                clause.text,
                tokens
            );
            at = token.span.end;
            if let TokenKind::Words(words) = &token.kind {
                prop_assert!(!words.is_empty(), "{:?}", clause.text);
                for word in words {
                    let ok = !word.text.is_empty()
                        && word.text.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'')
                        && !word.text.starts_with('\'')
                        && !word.text.ends_with('\'');
                    prop_assert!(ok, "{:?} in {:?}", word, clause.text);
                }
            }
        }
        prop_assert!(clause.text[at..].trim().is_empty(), "left out the end of {:?}: {:?}", clause.text, tokens);
    }
    prop_assert_eq!(offset, text.len());
    Ok(())
}

/// Random mixes of what is hard: the inputs of the table, marks, odd characters.
fn hard_text() -> impl Strategy<Value = String> {
    let inputs: Vec<String> = rows().into_iter().map(|row| row.1).collect();
    let marks = [
        "",
        " ",
        "\n",
        "\n\n",
        ".",
        ",",
        "...",
        "…",
        "—",
        "-",
        "(",
        ")",
        "[",
        "](",
        "*",
        "**",
        "_",
        "`",
        "```\n",
        "#",
        "/",
        "\\",
        "&",
        "&#39;",
        "'",
        "\"",
        "[[",
        "]]",
        "[[HH AH0]]",
        "%",
        "$",
        "°",
        "²",
        "½",
        "℃",
        "㎏",
        "ﬁ",
        "\u{200B}",
        "\u{FEFF}",
        "\u{AD}",
        "\u{202E}",
        "\0",
        "\u{FFFD}",
        "\u{301}",
        "👨‍👩‍👧",
        "🇩🇪",
        "1️⃣",
        "❤️",
        "東京",
        "π",
        "x",
        "I",
        "5",
        "10",
        "1,000",
        "9",
        "0",
        "st",
        "km",
        "a.m.",
        "v",
        ":",
        "://",
        "@",
        "|",
        "<b>",
        "<",
        ">",
        "=",
        "\r\n",
        "\u{FE0F}",
        "\u{20E3}",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(inputs),
        3 => proptest::sample::select(marks.to_vec()).prop_map(str::to_owned),
        1 => "[ -~]{0,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn options() -> impl Strategy<Value = TextOptions> {
    any::<(bool, bool, bool)>().prop_map(|(markdown, emoji_names, code_blocks)| TextOptions {
        markdown,
        emoji_names,
        code_blocks,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_of_hard_text(text in hard_text(), options in options()) {
        check_laws(&text, options)?;
    }

    #[test]
    fn nothing_is_lost_of_random_text(text in any::<String>(), options in options()) {
        check_laws(&text, options)?;
    }
}

#[test]
fn rows_obey_the_laws_with_any_options() {
    for (_, input, ..) in rows() {
        for bits in 0..8 {
            let options = TextOptions { markdown: bits & 1 > 0, emoji_names: bits & 2 > 0, code_blocks: bits & 4 > 0 };
            check_laws(&input, options).unwrap();
        }
    }
}

#[test]
fn numbers_agree_with_an_independent_crate() {
    let plain = |text: String| text.replace('-', " ").replace(" and ", " ").replace(',', "");
    let mut seed = 0x2545_F491_4F6C_DD17_u64;
    for round in 0..6000_u64 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        // Every size gets its share: small numbers first, then random ones of up to eighteen digits.
        let n = if round < 3000 { round } else { seed >> (round % 50 + 4) } as i64;
        let theirs = num2words::Num2Words::new(n).to_words().unwrap();
        assert_eq!(numbers::cardinal_text(&n.to_string()), plain(theirs), "{n}");
        let theirs = num2words::Num2Words::new(n).ordinal().to_words().unwrap();
        assert_eq!(numbers::ordinal_text(&n.to_string()), plain(theirs), "{n}th");
    }
}

#[test]
fn long_clauses_take_time_in_proportion() {
    // What would grow with the square of the length shows at once at these sizes.
    for piece in [
        "a1",
        "(",
        "[",
        "*",
        "`",
        "<b",
        "&",
        "1-",
        "1,",
        "1 ",
        "./",
        "x ",
        "[[",
        "\"",
        "'",
        "#a",
        "@",
        "I.",
        "1/2 ",
        "https://a.b/c?d=e&",
    ] {
        let clause = Clause {
            text: piece.repeat(20_000),
            offset: 0,
            end: crate::text::Break::Period,
            ends_sentence: true,
            ends_paragraph: true,
        };
        let start = std::time::Instant::now();
        let tokens = Normalizer::default().normalize(&clause, &mut State::default());
        assert!(!tokens.is_empty());
        assert!(start.elapsed().as_secs() < 5, "{piece}: {:?}", start.elapsed());
    }
}

/// `cargo test --release -p tts-core measure_speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, to be run by hand in release"]
fn measure_speed() {
    let text =
        "On March 5th, 2024, Dr. Smith paid $3.50 for 2 kg of apples at https://example.com; he left at 10:30 am. ";
    let plain = "The quick brown fox jumps over the lazy dog and then it sleeps for hours in the warm afternoon sun. ";
    for (name, text) in [("hard", text), ("plain", plain)] {
        let big = text.repeat((10 << 20) / text.len());
        let start = std::time::Instant::now();
        let clauses = clauses(&big);
        let split = start.elapsed();
        let normalizer = Normalizer::default();
        let mut state = State::default();
        let start = std::time::Instant::now();
        let count: usize = clauses.iter().map(|clause| normalizer.normalize(clause, &mut state).len()).sum();
        let read = start.elapsed();
        let per = read.as_secs_f64() * 1e6 / (big.len() as f64 / 100.0);
        println!("{name}: split 10 MB in {split:?}, read it in {read:?} ({per:.1} us per 100 bytes, {count} tokens)");
    }
}
