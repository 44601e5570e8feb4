//! What one run of `tts say` did: gathered on the way, printed as JSON or, with `-v`, as a line for people.

use serde::Serialize;
use tts_core::{EngineInfo, Misspoken, Skipped, StreamStats};

use crate::memory;

/// At most so many skipped pieces are listed; all are counted.
const LISTED: usize = 1000;

/// The object of `--json`. Fields are only ever added.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Length of the sound, without silence fed to a player while text was late.
    pub(crate) audio_seconds: f64,
    /// Time spent computing.
    pub(crate) compute_seconds: f64,
    /// Compute seconds per second of sound; absent without sound.
    pub(crate) rtf: Option<f64>,
    /// From the first text to the first sound; absent without sound.
    pub(crate) time_to_first_audio_ms: Option<f64>,
    /// Largest resident set, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Words spoken.
    pub(crate) words: u64,
    /// How many pieces of the text could not be spoken. What is silent by nature (markup, quotes) or by choice (emoji) is
    /// not among them.
    pub(crate) skipped_count: u64,
    /// The first thousand of them.
    pub(crate) skipped: Vec<SkippedReport>,
    /// How many pieces of the text are heard otherwise than they should be. A model that is told when each sound comes has
    /// none.
    pub(crate) misspoken_count: u64,
    /// The first thousand pieces that were said wrong, those among them that were said again unheard.
    pub(crate) misspoken: Vec<MisspokenReport>,
    /// The seed that gives this sound again.
    pub(crate) seed: u64,
    /// Name of the voice.
    pub(crate) voice: String,
    /// Name of the model.
    pub(crate) model: String,
    /// Samples per second.
    pub(crate) sample_rate: u32,
    /// Whose networks spoke: `native` or `burn`.
    pub(crate) engine: &'static str,
    /// Instruction set used by the native engine.
    pub(crate) isa: String,
    /// Threads used.
    pub(crate) threads: usize,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
    /// The exit code of this run.
    pub(crate) exit_code: u8,
}

/// A piece of the text that was left out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SkippedReport {
    /// As written.
    pub(crate) text: String,
    /// Bytes of the input, from and to.
    pub(crate) source: [usize; 2],
    /// Why, as a short name.
    pub(crate) reason: &'static str,
    /// Why, in words.
    #[serde(skip)]
    pub(crate) why: String,
}

/// A piece of the text that was said wrong.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MisspokenReport {
    /// As written.
    pub(crate) text: String,
    /// Bytes of the input, from and to.
    pub(crate) source: [usize; 2],
    /// What was wrong, as a short name.
    pub(crate) fault: &'static str,
    /// How often it was said again before it was heard.
    pub(crate) rolls: u32,
    /// Whether what is heard is free of faults.
    pub(crate) mended: bool,
    /// What was wrong, in words.
    #[serde(skip)]
    pub(crate) why: String,
}

impl From<Misspoken> for MisspokenReport {
    fn from(found: Misspoken) -> Self {
        let Misspoken { source, text, fault, rolls, mended, .. } = found;
        let (fault, why) = (fault.name(), fault.to_string());
        Self { text, source: [source.start, source.end], fault, rolls, mended, why }
    }
}

impl From<Skipped> for SkippedReport {
    fn from(skipped: Skipped) -> Self {
        let Skipped { source, text, reason } = skipped;
        Self { text, source: [source.start, source.end], reason: reason.name(), why: reason.to_string() }
    }
}

impl Report {
    /// A report of nothing yet.
    pub(crate) fn new(info: &EngineInfo, engine: &'static str, voice: String, seed: u64) -> Self {
        Self {
            audio_seconds: 0.0,
            compute_seconds: 0.0,
            rtf: None,
            time_to_first_audio_ms: None,
            peak_memory_bytes: None,
            words: 0,
            skipped_count: 0,
            skipped: Vec::new(),
            misspoken_count: 0,
            misspoken: Vec::new(),
            seed,
            voice,
            model: info.model.clone(),
            sample_rate: info.sample_rate.0,
            engine,
            isa: info.isa.to_string(),
            threads: info.threads,
            warnings: Vec::new(),
            exit_code: 0,
        }
    }

    /// Notes what could not be spoken.
    pub(crate) fn skip(&mut self, skipped: Vec<Skipped>) {
        for skipped in skipped.into_iter().filter(|skipped| skipped.reason.loses_content()) {
            self.skipped_count += 1;
            if self.skipped.len() < LISTED {
                self.skipped.push(skipped.into());
            }
        }
    }

    /// Notes what was said wrong.
    pub(crate) fn misspeak(&mut self, found: Vec<Misspoken>) {
        for found in found {
            self.misspoken_count += u64::from(!found.mended);
            if self.misspoken.len() < LISTED {
                self.misspoken.push(found.into());
            }
        }
    }

    /// What is heard otherwise than it should be, in a sentence, if anything is.
    pub(crate) fn misspoken_warning(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let bad = self.misspoken.iter().filter(|found| !found.mended);
        let first: Vec<_> = bad.take(SHOWN).map(|found| format!("{:?}: {}", shorten(&found.text), found.why)).collect();
        let more = match self.misspoken_count.saturating_sub(SHOWN as u64) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let again = "another --seed or --voice may help";
        (self.misspoken_count > 0).then(|| format!("perhaps not said as written: {}{more}; {again}", first.join("; ")))
    }

    /// Notes what it cost.
    pub(crate) fn measure(&mut self, stats: &StreamStats) {
        self.audio_seconds = stats.samples as f64 / f64::from(self.sample_rate);
        self.compute_seconds = stats.compute().as_secs_f64();
        self.rtf = (stats.samples > 0).then(|| self.compute_seconds / self.audio_seconds);
        self.time_to_first_audio_ms = stats.first_audio.map(|time| time.as_secs_f64() * 1e3);
        self.words = stats.words;
        self.peak_memory_bytes = memory::peak();
    }

    /// What was left out, in a sentence, if anything was.
    pub(crate) fn skipped_warning(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let first: Vec<_> = self
            .skipped
            .iter()
            .take(SHOWN)
            .map(|skipped| format!("{:?} ({})", shorten(&skipped.text), skipped.why))
            .collect();
        let more = match self.skipped_count.saturating_sub(SHOWN as u64) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (self.skipped_count > 0).then(|| format!("not spoken: {}{more}", first.join(", ")))
    }

    /// What it cost, in a line.
    pub(crate) fn summary(&self) -> String {
        let first =
            self.time_to_first_audio_ms.map_or(String::new(), |time| format!(", first sound after {time:.0} ms"));
        let rtf = self.rtf.map_or(String::new(), |rtf| format!(", {:.3} s of work per second (RTF)", rtf));
        let memory = self.peak_memory_bytes.map_or(String::new(), |bytes| format!(", {:.0} MB", bytes as f64 / 1e6));
        format!(
            "{} words, {:.2} s of sound{first}{rtf}{memory}; voice {}, seed {}, {} on {} with {} thread(s)",
            self.words, self.audio_seconds, self.voice, self.seed, self.engine, self.isa, self.threads
        )
    }
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 24;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
