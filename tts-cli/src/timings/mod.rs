//! When each word is heard: subtitles for people (SRT, WebVTT) and lines for programs (JSON Lines).
//!
//! In: word timings in order, and the text they come from. Out: a file that is whole or not there, or lines on standard
//! output as the words are spoken. [`cue`] groups words into subtitles.

mod cue;

use std::fmt::Write as _;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use clap::ValueEnum;
use cue::{Cue, Grouper};
use serde::Serialize;
use tts_core::WordTiming;

use crate::exit::{Exit, OrExit};
use crate::message;
use crate::sink::file::Staged;

/// How word times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimingsFormat {
    /// SubRip: what most players read beside a sound or video file.
    Srt,
    /// WebVTT: what browsers read.
    Vtt,
    /// One JSON object a word: start and end in seconds, text as written, as spoken, and its bytes in the input.
    Jsonl,
}

#[derive(Debug)]
enum Place {
    File(Staged, String),
    Stdout,
}

/// Writes word times in one format to one place.
#[derive(Debug)]
pub(crate) struct TimingsWriter {
    format: TimingsFormat,
    place: Place,
    grouper: Grouper,
    /// Number of the next cue.
    number: u64,
}

#[derive(Serialize)]
struct Word<'w> {
    start: f64,
    end: f64,
    text: &'w str,
    spoken: &'w str,
    source: [usize; 2],
}

impl TimingsWriter {
    /// Opens `path`; `-` is standard output.
    ///
    /// # Errors
    /// As [`Staged::create`].
    pub(crate) fn create(format: TimingsFormat, path: &Path) -> anyhow::Result<Self> {
        let place = match path.as_os_str() {
            name if name == "-" => Place::Stdout,
            _ => Place::File(Staged::create(path)?, path.display().to_string()),
        };
        Ok(Self { format, place, grouper: Grouper::default(), number: 1 })
    }

    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        match &mut self.place {
            Place::Stdout => message::output(text),
            Place::File(staged, name) => {
                staged.write_all(text.as_bytes()).or_exit(Exit::Output, format!("cannot write {name}"))
            }
        }
    }

    /// Takes the next words; `source` gives the input between two of its bytes.
    ///
    /// # Errors
    /// With [`Exit::Output`] if they cannot be written.
    pub(crate) fn push(&mut self, words: &[WordTiming], source: &dyn Fn(Range<usize>) -> String) -> anyhow::Result<()> {
        let mut text = String::new();
        for word in words {
            match self.format {
                TimingsFormat::Jsonl => text.push_str(&line(word)?),
                TimingsFormat::Srt | TimingsFormat::Vtt => {
                    if let Some(cue) = self.grouper.push(word, source) {
                        self.cue(&cue, &mut text);
                    }
                }
            }
        }
        if text.is_empty() { Ok(()) } else { self.write(&text) }
    }

    /// Writes what is left and gives the file its name. `rest` is the input behind the last word.
    ///
    /// # Errors
    /// As [`TimingsWriter::push`].
    pub(crate) fn finish(mut self, rest: &str) -> anyhow::Result<()> {
        let mut text = String::new();
        if let Some(cue) = self.grouper.finish(rest) {
            self.cue(&cue, &mut text);
        }
        if self.format == TimingsFormat::Vtt && self.number == 1 {
            text.push_str("WEBVTT\n");
        }
        self.write(&text)?;
        match &mut self.place {
            Place::Stdout => Ok(()),
            Place::File(staged, name) => staged.commit().or_exit(Exit::Output, format!("cannot write {name}")),
        }
    }

    /// A cue as SubRip has it, or as WebVTT has it (W3C WebVTT, section 4).
    fn cue(&mut self, cue: &Cue, text: &mut String) {
        let vtt = self.format == TimingsFormat::Vtt;
        let lines = cue.lines.join("\n");
        let (mark, lines) = if vtt {
            ('.', lines.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
        } else {
            (',', lines.replace("-->", "->"))
        };
        if vtt && self.number == 1 {
            text.push_str("WEBVTT\n\n");
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n{} --> {}\n{lines}\n", self.number, stamp(cue.start, mark), stamp(cue.end, mark));
        self.number += 1;
    }
}

fn line(word: &WordTiming) -> anyhow::Result<String> {
    let WordTiming { source, text, spoken, start, end, .. } = word;
    let word = Word { start: round(*start), end: round(*end), text, spoken, source: [source.start, source.end] };
    let line = serde_json::to_string(&word).or_exit(Exit::Internal, "cannot write a word time as JSON")?;
    Ok(line + "\n")
}

/// Tenths of a millisecond: finer than a sample at 8 kHz, without the noise of binary fractions.
pub(crate) fn round(seconds: f64) -> f64 {
    (seconds * 1e4).round() / 1e4
}

/// `hours:minutes:seconds`, then `mark` and milliseconds.
fn stamp(seconds: f64, mark: char) -> String {
    let milliseconds = (seconds.max(0.0) * 1000.0).round() as u64;
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!("{:02}:{:02}:{:02}{mark}{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of `text` between spaces and without punctuation, a third of a second each.
    fn words(text: &str) -> Vec<WordTiming> {
        let mut found = Vec::new();
        let mut at = 0;
        for part in text.split_inclusive(' ') {
            let word = part.trim_matches(|c: char| !c.is_alphanumeric());
            let start = at + part.find(word).unwrap_or(0);
            at += part.len();
            if !word.is_empty() {
                let time = found.len() as f64 / 3.0;
                found.push(cue::tests::timing(start..start + word.len(), word, time, time + 0.3));
            }
        }
        found
    }

    fn written(format: TimingsFormat, text: &str) -> String {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("times");
        let mut writer = TimingsWriter::create(format, &path).expect("writer");
        let words = words(text);
        for pair in words.chunks(2) {
            writer.push(pair, &|range| text[range].to_owned()).expect("push");
        }
        writer.finish(&text[words.last().map_or(0, |word| word.source.end)..]).expect("finish");
        std::fs::read_to_string(&path).expect("file")
    }

    #[test]
    fn stamps() {
        let cases =
            [(0.0, "00:00:00,000"), (59.9996, "00:01:00,000"), (3661.5, "01:01:01,500"), (360_000.0, "100:00:00,000")];
        for (seconds, expected) in cases {
            assert_eq!(stamp(seconds, ','), expected);
        }
        assert_eq!(stamp(-1.0, '.'), "00:00:00.000");
    }

    #[test]
    fn subrip() {
        let text = "Hello there, world of sound! Is it (really) you?";
        assert_eq!(
            written(TimingsFormat::Srt, text),
            "1\n00:00:00,000 --> 00:00:01,633\nHello there, world of sound!\n\n\
             2\n00:00:01,667 --> 00:00:02,967\nIs it (really) you?\n\n"
        );
    }

    #[test]
    fn webvtt_escapes_its_signs() {
        let file = written(TimingsFormat::Vtt, "Tom &Jerry went home now. Or not?");
        assert!(
            file.starts_with("WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.633\nTom &amp;Jerry went home now.\n\n2\n"),
            "{file}"
        );
        assert_eq!(written(TimingsFormat::Vtt, ""), "WEBVTT\n");
    }

    #[test]
    fn json_lines() {
        let file = written(TimingsFormat::Jsonl, "Hi \"you\"");
        let lines: Vec<serde_json::Value> =
            file.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["text"], "you");
        assert_eq!(lines[1]["source"], serde_json::json!([4, 7]));
        assert_eq!(lines[1]["start"], 0.3333);
    }
}
