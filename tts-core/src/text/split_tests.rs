//! Tests of the splitter: where clauses end, the same for any chunking, bounded memory and time.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::split::{ClauseSplitter, LONGEST_RUN};
use super::{Break, Clause};

fn split(text: &str) -> Vec<Clause> {
    let mut splitter = ClauseSplitter::new();
    splitter.push(text);
    std::iter::from_fn(|| splitter.finish()).collect()
}

fn texts(text: &str) -> Vec<String> {
    split(text).into_iter().map(|clause| clause.text).collect()
}

#[test]
fn sentences_end_where_they_end() {
    for (text, expected) in [
        ("Hello. How are you?", vec!["Hello. ", "How are you?"]),
        ("Dr. Smith met Mrs. Jones. They left.", vec!["Dr. Smith met Mrs. Jones. ", "They left."]),
        ("J. R. R. Tolkien wrote it. Yes.", vec!["J. R. R. Tolkien wrote it. ", "Yes."]),
        ("It is 3.14 or 1,000. Good.", vec!["It is 3.14 or 1,000. ", "Good."]),
        ("At 5 p.m. He left.", vec!["At 5 p.m. ", "He left."]),
        ("At 5 p.m. on Monday.", vec!["At 5 p.m. on Monday."]),
        ("The U.S. government said so.", vec!["The U.S. government said so."]),
        ("See e.g. the list at https://a.com/b. Then go.", vec!["See e.g. the list at https://a.com/b. ", "Then go."]),
        ("The sky is... blue.", vec!["The sky is... ", "blue."]),
        ("Wait... what is it?", vec!["Wait... what is it?"]),
        ("\"Really?\" he asked.", vec!["\"Really?\" ", "he asked."]),
        ("(It was late.) We left.", vec!["(It was late.) ", "We left."]),
        ("Great! 🎉 Next one.", vec!["Great! 🎉 ", "Next one."]),
        ("I like red, green, and blue.", vec!["I like red, ", "green, and blue."]),
        ("Well, I think so.", vec!["Well, I think so."]),
        ("On Monday, March 5, 2024, we met.", vec!["On Monday, March 5, 2024, ", "we met."]),
        ("He came in — late again — and sat.", vec!["He came in — ", "late again — and sat."]),
        ("He came in late—again and again—then sat.", vec!["He came in late—", "again and again—", "then sat."]),
        ("Say [[HH AH0 L OW1]] to me.", vec!["Say [[HH AH0 L OW1]] to me."]),
        ("今日は。元気？", vec!["今日は。", "元気？"]),
        ("Version 2.0.1 is out! Get it.", vec!["Version 2.0.1 is out! ", "Get it."]),
        ("It was plan B. We knew.", vec!["It was plan B. ", "We knew."]),
        ("In 1984. Then.", vec!["In 1984. ", "Then."]),
        ("No. 5 is alive. No. Never.", vec!["No. 5 is alive. ", "No. ", "Never."]),
    ] {
        assert_eq!(texts(text), expected, "{text}");
    }
}

#[test]
fn lines_end_clauses_where_they_mean_to() {
    for (text, expected) in [
        (
            "This is prose that was wrapped at a fixed column by some\nother program and goes on here.",
            vec!["This is prose that was wrapped at a fixed column by some\nother program and goes on here."],
        ),
        ("Title\n\nText here.", vec!["Title\n\n", "Text here."]),
        ("# Title\ntext here.", vec!["# Title\n", "text here."]),
        ("- one\n- two\n- three", vec!["- one\n", "- two\n", "- three"]),
        ("1. First\n2. Second", vec!["1. First\n", "2. Second"]),
        ("Shopping list:\n* milk\n* eggs\n", vec!["Shopping list:\n", "* milk\n", "* eggs\n"]),
        ("Hello\nWorld", vec!["Hello\n", "World"]),
        ("Hello\r\n\r\nWorld", vec!["Hello\r\n\r\n", "World"]),
        ("```\na b\nc d\n```\nDone.", vec!["```\n", "a b\n", "c d\n", "```\n", "Done."]),
    ] {
        assert_eq!(texts(text), expected, "{text:?}");
    }
    let clauses = split("Title\n\nOne, two, three.\nNext.");
    assert!(clauses[0].ends_paragraph && clauses[0].ends_sentence && clauses[0].end == Break::Period);
}

#[test]
fn marks_say_what_a_clause_leads_to() {
    for (text, end, sentence) in [
        ("Is it?", Break::Question, true),
        ("It is!", Break::Exclamation, true),
        ("What?!", Break::Question, true),
        ("It is", Break::Period, true),
        ("It is so,", Break::Comma, false),
        ("It is so; then", Break::Semicolon, false),
        ("It is this: then", Break::Semicolon, false),
    ] {
        let clause = &split(text)[0];
        assert_eq!((clause.end, clause.ends_sentence), (end, sentence), "{text}");
    }
}

#[test]
fn long_sentences_are_cut_at_good_places() {
    let text = "the old man walked down to the river and watched the water while it ran past him and under the bridge that his \
                father had built when he was young and strong and full of hope for the days that were still to come then";
    let clauses = texts(text);
    assert!(clauses.len() >= 2, "{clauses:?}");
    for clause in &clauses {
        assert!(clause.split_whitespace().count() <= 32 && clause.len() <= 220, "{clause}");
    }
    assert!(clauses[1].starts_with(|c: char| c.is_lowercase()) && !clauses[1].starts_with(' '));
}

#[test]
fn only_complete_clauses_settle() {
    let settled = |text: &str| {
        let mut splitter = ClauseSplitter::new();
        splitter.push(text);
        while splitter.next_clause().is_some() {}
        splitter.settled_after().map(|d| d.as_millis())
    };
    for (text, millis) in [
        ("Hello.", Some(25)),
        ("Hello. ", Some(25)),
        ("Hello!", Some(25)),
        ("Is it so?\"", Some(25)),
        ("a line\n", Some(25)),
        ("It costs 3.", Some(400)),
        ("I saw Dr.", Some(400)),
        ("like e.g.", Some(400)),
        ("well...", Some(400)),
        ("he had 3,", Some(400)),
        ("Well,", Some(400)),
        ("as follows:", Some(400)),
        ("Hello", None),
        ("Hello ", None),
        ("Hello wor", None),
        ("", None),
        ("  ", None),
    ] {
        assert_eq!(settled(text), millis, "{text:?}");
    }
    let mut splitter = ClauseSplitter::new();
    splitter.push("Hello there. I am");
    assert_eq!(splitter.next_clause().unwrap().text, "Hello there. ");
    assert!(splitter.take_settled().is_none());
    splitter.push(" here.");
    assert!(splitter.next_clause().is_none());
    assert_eq!(splitter.settled_after(), Some(Duration::from_millis(25)));
    let clause = splitter.take_settled().unwrap();
    assert_eq!((clause.text.as_str(), clause.offset), ("I am here.", 13));
    splitter.push(" Bye");
    assert_eq!(splitter.finish().unwrap().text, " Bye");
    assert!(splitter.finish().is_none());
}

#[test]
fn endless_runs_are_cut_between_characters() {
    for run in ["a".repeat(5000), "é".repeat(5000), "👨‍👩‍👧‍👦".repeat(2000), "🇩🇪".repeat(2000), "e\u{301}".repeat(4000)]
    {
        let clauses = texts(&run);
        assert_eq!(clauses.concat(), run);
        assert!(clauses.len() > 3);
        for clause in &clauses {
            assert!(
                clause.chars().count() <= LONGEST_RUN && !clause.starts_with(['\u{301}', '\u{200D}']),
                "{}",
                clause.len()
            );
        }
    }
}

#[test]
fn ten_megabytes_stream_in_bounded_memory_and_time() {
    let size = 10 << 20;
    let spoken = "word and more words without any stop ";
    for unit in [spoken, "x", "a. ", "\n", " ", "👍", "(", "1,", "Dr. ", "a\n", "—", "[["] {
        let block = unit.repeat(65_536 / unit.len());
        let mut splitter = ClauseSplitter::new();
        let (mut bytes, mut pushed) = (0, 0);
        let start = Instant::now();
        while pushed < size {
            splitter.push(&block);
            pushed += block.len();
            while let Some(clause) = splitter.next_clause() {
                bytes += clause.text.len();
            }
            assert!(pushed - bytes < 8192, "{unit:?} holds back {}", pushed - bytes);
        }
        while let Some(clause) = splitter.finish() {
            bytes += clause.text.len();
        }
        assert_eq!(bytes, pushed);
        assert!(start.elapsed() < Duration::from_secs(20), "{unit:?}: {:?}", start.elapsed());
    }
}

#[test]
fn one_push_of_ten_megabytes_is_linear_too() {
    let text = "A sentence of some length, with a comma in it. ".repeat(220_000);
    let start = Instant::now();
    let bytes: usize = split(&text).iter().map(|clause| clause.text.len()).sum();
    assert_eq!(bytes, text.len());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "word",
        "Word",
        "Dr.",
        "U.S.",
        "e.g.",
        "3.",
        "3.14",
        "1,000",
        "it,",
        "it;",
        "it:",
        "end.",
        "end!",
        "end?",
        "...",
        "…",
        "—",
        "--",
        " – ",
        "(",
        ")",
        "\"",
        "”",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "- ",
        "1. ",
        "# ",
        "> ",
        "| ",
        "```\n",
        "---\n",
        "🎉",
        "👨‍👩‍👧",
        "[[HH AH0]]",
        "[[",
        "]]",
        "[a](b)",
        "https://a.b/c.",
        "a@b.com",
        "。",
        "？",
        "\u{2029}",
        "\u{c}",
        "é",
        "St.",
        "No.",
        "No. 5",
        "p.m.",
        "A.",
        "etc.",
        "Inc.",
        "and",
        "because",
        "which",
        "*",
        "**bold.**",
        "_",
        "&amp;",
    ];
    prop_oneof![
        8 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        2 => Just(" ".to_owned()),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-z]{1,40}( [a-z]{1,9}){0,40}",
        1 => (0..3000_usize).prop_map(|n| "x".repeat(n)),
        1 => (0..600_usize).prop_map(|n| " ".repeat(n)),
    ]
}

fn stream(text: &str, cuts: &[usize]) -> Vec<Clause> {
    let mut splitter = ClauseSplitter::new();
    let mut out = Vec::new();
    let mut at = 0;
    for cut in cuts {
        let mut end = (at + cut).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        splitter.push(&text[at..end]);
        at = end;
        while let Some(clause) = splitter.next_clause() {
            out.push(clause);
        }
    }
    splitter.push(&text[at..]);
    out.extend(std::iter::from_fn(|| splitter.finish()));
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_gives_the_same_clauses(
        pieces in proptest::collection::vec(piece(), 0..60),
        cuts in proptest::collection::vec(0..20_usize, 0..200),
    ) {
        let text = pieces.concat();
        let whole = split(&text);
        prop_assert_eq!(whole.iter().map(|c| c.text.as_str()).collect::<String>(), text.as_str());
        let mut offset = 0;
        for clause in &whole {
            prop_assert_eq!(clause.offset, offset);
            offset += clause.text.len();
        }
        prop_assert_eq!(&stream(&text, &cuts), &whole);
        prop_assert_eq!(&stream(&text, &vec![1; text.len().min(3000)]), &whole);
    }

    #[test]
    fn settling_loses_nothing(pieces in proptest::collection::vec((piece(), any::<bool>()), 0..40)) {
        let mut splitter = ClauseSplitter::new();
        let mut out = String::new();
        let mut text = String::new();
        for (piece, pause) in pieces {
            splitter.push(&piece);
            text.push_str(&piece);
            while let Some(clause) = splitter.next_clause() {
                out.push_str(&clause.text);
            }
            if pause {
                while let Some(clause) = splitter.take_settled() {
                    prop_assert_eq!(clause.offset, out.len());
                    out.push_str(&clause.text);
                }
            }
        }
        out.extend(std::iter::from_fn(|| splitter.finish()).map(|clause| clause.text));
        prop_assert_eq!(out, text);
    }
}
