//! No character of the input is lost on the way to the plan: it is spoken, a pause, or listed with the reason why not.

use std::ops::Range;

use proptest::prelude::*;
use tts_core::{Plan, PlannedItem};

use crate::{engine, quick};

fn plan(text: &str) -> Plan {
    let voice = engine().voice("default").unwrap();
    voice.plan(tts_core::SynthesisRequest::new(text, quick())).unwrap()
}

/// Every character that is not white space lies in the source of exactly one thing, in the order of the text; words have
/// sounds; times run forwards; clauses joined are the text.
fn check(text: &str) -> Result<(), TestCaseError> {
    let plan = plan(text);
    let joined: String = plan.clauses.iter().map(|clause| clause.text.as_str()).collect();
    prop_assert_eq!(&joined, text);
    let mut sources: Vec<Range<usize>> = Vec::new();
    let mut now = 0.0;
    for item in plan.clauses.iter().flat_map(|clause| &clause.items) {
        let source = match item {
            PlannedItem::Word { source, spoken, phones, start, end, .. } => {
                prop_assert!(!phones.is_empty(), "{} has no sound", spoken);
                prop_assert!(*start >= now && end > start, "{} at {} to {} after {}", spoken, start, end, now);
                now = *end;
                source
            }
            PlannedItem::Pause { source, .. } => source,
            PlannedItem::Skipped(skipped) => {
                prop_assert_eq!(&text[skipped.source.clone()], &skipped.text);
                &skipped.source
            }
        };
        // several words may come from one source
        if sources.last() != Some(source) {
            prop_assert!(sources.last().is_none_or(|last| last.end <= source.start), "{:?} twice", source);
            sources.push(source.clone());
        }
    }
    for (at, character) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        prop_assert!(sources.iter().any(|s| s.contains(&at)), "{:?} at byte {} is lost", character, at);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_random_characters(text in "\\PC{0,60}") {
        check(&text)?;
    }

    #[test]
    fn of_what_people_write(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14)) {
        check(&pieces.concat())?;
    }
}

/// Bits that front ends trip over.
const PIECES: &[&str] = &[
    "word",
    " ",
    " ",
    " ",
    "\n",
    "\n\n",
    ". ",
    ", ",
    "?!",
    "…",
    " - ",
    "—",
    "\"",
    "'",
    "(",
    ")",
    "3",
    "1,234.5",
    "10:30",
    "$3.50",
    "Dr. ",
    "e.g. ",
    "**",
    "`x`",
    "```\n",
    "# ",
    "- ",
    "[a](http://b.c)",
    "https://x.io/y?z=1",
    "a@b.co",
    "#tag",
    "@me",
    "🙂",
    "👨‍👩‍👧",
    "世界",
    "שלום",
    "\u{0}",
    "\u{fffd}",
    "\u{200d}",
    "é",
    "ﬁ",
    "[[HH AY1]]",
    "[[nope]]",
    "[[happy]]",
    "[[/]]",
    "[[pause 200ms]]",
    "[[pitch +2]]",
    "[[rate 9]]",
    "[[",
    "½",
    "-5°C",
    "IV",
    "NASA",
    "xkcdq",
    "v1.2.3",
    "/usr/bin",
    "&amp;",
    "<b>",
    "2024-03-05",
    "%",
];
