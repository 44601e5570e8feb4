//! `tts say --dry-run`: what would be said and how, without sound. Every word of the input is there, spoken or left out
//! with the reason.

use std::fmt::Write;

use serde::Serialize;
use tts_core::{Plan, PlannedClause, PlannedItem, Skipped, WordTiming};

use crate::exit::{Exit, Failure};
use crate::message::{self, JsonPlace};
use crate::timings::round;

#[derive(Serialize)]
struct PlanReport {
    clauses: Vec<ClauseReport>,
    words: usize,
    skipped: usize,
    seconds: f64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ClauseReport {
    text: String,
    offset: usize,
    normalized: String,
    /// As written, with what is said for each.
    words: Vec<WordReport>,
    /// Everything, piece by piece.
    items: Vec<ItemReport>,
}

#[derive(Serialize)]
struct WordReport {
    text: String,
    source: [usize; 2],
    spoken: String,
    start: f64,
    end: f64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ItemReport {
    Word {
        text: String,
        source: [usize; 2],
        spoken: String,
        phones: Vec<String>,
        origin: &'static str,
        start: f64,
        end: f64,
    },
    Pause {
        kind: String,
        source: [usize; 2],
        start: f64,
        end: f64,
    },
    Skipped {
        text: String,
        source: [usize; 2],
        reason: &'static str,
        lost: bool,
        #[serde(skip)]
        why: String,
    },
}

/// Prints the plan of a text.
///
/// # Errors
/// With [`Exit::Input`] if nothing in it can be spoken, [`Exit::Output`] if it cannot be printed.
pub(crate) fn print(plan: Plan, text: &str, warnings: Vec<String>, json: bool) -> anyhow::Result<Exit> {
    let report = PlanReport::new(plan, text, warnings);
    if json {
        message::json(JsonPlace::Stdout, &report)?;
    } else {
        message::output(&report.table())?;
    }
    if report.words == 0 && json {
        // The object has said so.
        return Ok(Exit::Input);
    }
    if report.words == 0 {
        return Err(Failure::new(Exit::Input, "nothing in the text can be spoken").into());
    }
    Ok(Exit::Done)
}

impl PlanReport {
    fn new(plan: Plan, input: &str, warnings: Vec<String>) -> Self {
        let clauses: Vec<_> = plan.clauses.into_iter().map(|clause| ClauseReport::new(clause, input)).collect();
        let items = || clauses.iter().flat_map(|clause| &clause.items);
        let words = clauses.iter().map(|clause| clause.words.len()).sum();
        let skipped = items().filter(|item| matches!(item, ItemReport::Skipped { .. })).count();
        let seconds = items().map(ItemReport::end).fold(0.0, f64::max);
        Self { clauses, words, skipped, seconds, warnings }
    }

    fn table(&self) -> String {
        let mut table = String::new();
        for clause in &self.clauses {
            let _ = writeln!(table, "{}", one_line(&clause.normalized));
            let written = clause.items.iter().map(|item| item.columns().0.chars().count()).max().unwrap_or(0).min(24);
            let spoken = clause.items.iter().map(|item| item.columns().1.chars().count()).max().unwrap_or(0).min(24);
            for item in &clause.items {
                let (text, said, how) = item.columns();
                let time = match item {
                    ItemReport::Word { start, end, .. } | ItemReport::Pause { start, end, .. } => {
                        format!("{start:8.2} {:6.2}", end - start)
                    }
                    ItemReport::Skipped { .. } => " ".repeat(15),
                };
                // Writing to a string cannot fail.
                let _ = writeln!(table, "{}", format!("{time}  {text:written$}  {said:spoken$}  {how}").trim_end());
            }
        }
        let _ = writeln!(table, "\n{} words, {} left out, {:.2} s", self.words, self.skipped, self.seconds);
        for warning in &self.warnings {
            let _ = writeln!(table, "warning: {warning}");
        }
        table
    }
}

impl ClauseReport {
    fn new(clause: PlannedClause, input: &str) -> Self {
        let PlannedClause { text, offset, normalized, items, words } = clause;
        let words = words.into_iter().map(WordReport::from).collect();
        let items = items.into_iter().map(|item| ItemReport::new(item, input)).collect();
        Self { text, offset, normalized, words, items }
    }
}

impl From<WordTiming> for WordReport {
    fn from(word: WordTiming) -> Self {
        let WordTiming { source, text, spoken, start, end } = word;
        Self { text, source: [source.start, source.end], spoken, start: round(start), end: round(end) }
    }
}

impl ItemReport {
    fn new(item: PlannedItem, input: &str) -> Self {
        match item {
            PlannedItem::Word { source, spoken, phones, origin, start, end } => Self::Word {
                text: input.get(source.clone()).unwrap_or_default().to_owned(),
                source: [source.start, source.end],
                spoken,
                phones: phones.iter().map(ToString::to_string).collect(),
                origin,
                start: round(start),
                end: round(end),
            },
            PlannedItem::Pause { source, class, start, end } => Self::Pause {
                kind: format!("{class:?}").to_lowercase(),
                source: [source.start, source.end],
                start: round(start),
                end: round(end),
            },
            PlannedItem::Skipped(Skipped { source, text, reason }) => Self::Skipped {
                text,
                source: [source.start, source.end],
                reason: reason.name(),
                lost: reason.loses_content(),
                why: reason.to_string(),
            },
        }
    }

    fn end(&self) -> f64 {
        match self {
            Self::Word { end, .. } | Self::Pause { end, .. } => *end,
            Self::Skipped { .. } => 0.0,
        }
    }

    /// As written, as spoken, and the details.
    fn columns(&self) -> (String, &str, String) {
        match self {
            Self::Word { text, spoken, phones, origin, .. } => {
                (one_line(text), spoken, format!("{}  ({origin})", phones.join(" ")))
            }
            Self::Pause { kind, .. } => (format!("({kind})"), "", String::new()),
            Self::Skipped { text, why, .. } => (one_line(text), "-", why.clone()),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
