//! The only places that print: results to standard output, notes and errors to standard error.
//!
//! Printing never panics: a closed pipe is a quiet end, a full disk an error with its exit code.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::exit::{Exit, OrExit};

/// Where `--json` puts its object: standard output, unless the sound goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonPlace {
    /// Standard output.
    Stdout,
    /// Standard error; nothing else is printed there then, so that the stream holds one object.
    Stderr,
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loudness {
    /// Errors only.
    Quiet = 0,
    /// Warnings, and hints to a person at a terminal.
    Normal = 1,
    /// What was chosen and what it cost.
    Verbose = 2,
}

static LOUDNESS: AtomicU8 = AtomicU8::new(Loudness::Normal as u8);

/// Sets how much the rest of the run says.
pub(crate) fn set_loudness(loudness: Loudness) {
    LOUDNESS.store(loudness as u8, Ordering::Relaxed);
}

fn say(least: Loudness, label: &str, text: &str) {
    if LOUDNESS.load(Ordering::Relaxed) >= least as u8 {
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "tts: {label}{text}");
    }
}

/// Something went wrong and the run ends.
pub(crate) fn error(text: &str) {
    say(Loudness::Quiet, "", text);
}

/// Something should be known, but the run goes on.
pub(crate) fn warning(text: &str) {
    say(Loudness::Normal, "warning: ", text);
}

/// A word to a person at a terminal.
pub(crate) fn hint(text: &str) {
    say(Loudness::Normal, "", text);
}

/// What was chosen and what it cost, for `-v`.
pub(crate) fn detail(text: &str) {
    say(Loudness::Verbose, "", text);
}

/// Writes `text` to standard output. A closed pipe is not an error: the reader has what it wanted.
///
/// # Errors
/// Anything else that standard output refuses, with [`Exit::Output`].
pub(crate) fn output(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.or_exit(Exit::Output, "cannot write to standard output"),
    }
}

/// Writes one JSON value as one line to its place.
///
/// # Errors
/// As [`output`].
pub(crate) fn json(place: JsonPlace, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(value).or_exit(Exit::Internal, "cannot write the report as JSON")?;
    line.push('\n');
    match place {
        JsonPlace::Stdout => output(&line),
        JsonPlace::Stderr => {
            let _ = io::stderr().lock().write_all(line.as_bytes());
            Ok(())
        }
    }
}
