//! What the clip doctor found, in words and as JSON.

use std::path::PathBuf;

use serde::Serialize;
use tts_core::PromptReport;
use tts_core::audio::{Ending, Recording, SECONDS_MAX};
use tts_core::doctor::{Checkup, Findings, Refusal, Segment, Warning};

use crate::message;

/// Everything that was found, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    clips: Vec<ClipReport>,
    warnings: Vec<Said>,
    refusal: Option<Said>,
    segments: Vec<Part>,
    taken_seconds: f64,
    /// What a voice of Pocket TTS was made of.
    pub(crate) prompt: Option<Prompted>,
    /// The file that was written.
    pub(crate) voice: Option<String>,
    pub(crate) exit_code: u8,
}

#[derive(Debug, Serialize)]
struct ClipReport {
    file: String,
    container: String,
    codec: String,
    sample_rate: u32,
    channels: usize,
    seconds: f64,
    declared_seconds: Option<f64>,
    ending: &'static str,
    damaged_packets: u64,
    speech_seconds: f64,
    level_db: Option<f64>,
    noise_db: f64,
    snr_db: Option<f64>,
    clipped_share: f64,
    decay_seconds: Option<f64>,
    bandwidth_hz: Option<f64>,
    tones_share: f64,
    voices_apart: f64,
    manner: Option<MannerReport>,
    warnings: Vec<Said>,
    refusal: Option<Said>,
}

#[derive(Debug, Serialize)]
struct MannerReport {
    mood: String,
    /// Never: it is said what was left behind.
    copied: bool,
    pitch_hz: f64,
    range_semitones: f64,
    effort_db: f64,
    pace: f64,
    arousal: f64,
    #[serde(skip)]
    words: String,
}

/// A word for programs and a sentence for people.
#[derive(Debug, Serialize)]
struct Said {
    kind: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
struct Part {
    clip: usize,
    start: f64,
    end: f64,
}

/// What a prompt was made of, in its order.
#[derive(Debug, Serialize)]
pub(crate) struct Prompted {
    seconds: f64,
    parts: Vec<PromptedPart>,
}

#[derive(Debug, Serialize)]
struct PromptedPart {
    #[serde(flatten)]
    part: Part,
    gain_db: f64,
    stretch: f64,
    /// Steps from neutral, where that was looked at.
    distance: Option<f64>,
}

impl From<&PromptReport> for Prompted {
    fn from(report: &PromptReport) -> Self {
        let mut parts = Vec::new();
        for taken in &report.parts {
            let (part, distance) = (part(&taken.segment), taken.calm.map(|calm| rounded(calm.distance)));
            let (gain_db, stretch) = (rounded(taken.gain_db), rounded(taken.stretch));
            parts.push(PromptedPart { part, gain_db, stretch, distance });
        }
        Self { seconds: rounded(report.seconds), parts }
    }
}

/// With no more digits than mean something.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}

fn warning(warning: &Warning) -> Said {
    Said { kind: warning.kind(), message: warning.to_string() }
}

fn refusal(refusal: &Refusal) -> Said {
    Said { kind: refusal.kind(), message: refusal.to_string() }
}

impl Report {
    /// Of recordings that were read from `files`.
    pub(crate) fn new(files: &[PathBuf], recordings: &[Recording], checkup: &Checkup) -> Self {
        let clips = files.iter().zip(recordings).zip(&checkup.clips);
        Self {
            clips: clips.map(|((file, heard), found)| clip(file.display().to_string(), heard, found)).collect(),
            warnings: checkup.warnings.iter().map(warning).collect(),
            refusal: checkup.refusal.as_ref().map(refusal),
            segments: checkup.segments.iter().map(part).collect(),
            taken_seconds: rounded(checkup.taken_seconds()),
            prompt: None,
            voice: None,
            exit_code: 0,
        }
    }

    /// In words, on standard error.
    pub(crate) fn say(&self) {
        for clip in &self.clips {
            clip.say(self.clips.len() > 1);
        }
        for said in &self.warnings {
            message::warning(&said.message);
        }
        if self.refusal.is_none() {
            let parts = self.segments.len();
            let plural = if parts == 1 { "" } else { "s" };
            message::hint(&format!("the best {:.1} s are taken, in {parts} part{plural}", self.taken_seconds));
        }
    }
}

fn part(segment: &Segment) -> Part {
    Part { clip: segment.clip, start: rounded(segment.start), end: rounded(segment.end) }
}

fn clip(file: String, heard: &Recording, found: &Findings) -> ClipReport {
    let mut warnings: Vec<Said> = Vec::new();
    let seconds = heard.seconds();
    let mut warn = |kind, message| warnings.push(Said { kind, message });
    match heard.ending {
        Ending::Complete => {}
        Ending::Truncated => {
            let of = heard.declared_seconds.map_or_else(String::new, |all| format!(" of {}", duration(all)));
            warn("truncated", format!("cut off or damaged: {}{of} could be read", duration(seconds)));
        }
        Ending::Capped => {
            let of = heard.declared_seconds.map_or_else(String::new, |all| format!(" of {}", duration(all)));
            let most = duration(f64::from(SECONDS_MAX));
            warn("long", format!("long: only the first {most}{of} were listened to"));
        }
    }
    if heard.damaged_packets > 0 {
        warn("damaged", format!("damaged: {} packets were left out", heard.damaged_packets));
    }
    warnings.extend(found.warnings.iter().map(warning));
    ClipReport {
        file,
        container: heard.container.clone(),
        codec: heard.codec.clone(),
        sample_rate: heard.rate.0,
        channels: heard.channels,
        seconds: (seconds * 1e4).round() / 1e4,
        declared_seconds: heard.declared_seconds,
        ending: match heard.ending {
            Ending::Complete => "complete",
            Ending::Truncated => "truncated",
            Ending::Capped => "capped",
        },
        damaged_packets: heard.damaged_packets,
        speech_seconds: rounded(found.speech_seconds),
        level_db: found.level_db.map(rounded),
        noise_db: rounded(found.noise_db),
        snr_db: found.snr_db.map(rounded),
        clipped_share: rounded(found.clipped),
        decay_seconds: found.decay_seconds.map(rounded),
        bandwidth_hz: found.bandwidth_hz.map(rounded),
        tones_share: rounded(found.tones),
        voices_apart: rounded(found.apart),
        manner: found.manner.map(|manner| MannerReport {
            mood: manner.mood().to_string(),
            copied: false,
            pitch_hz: rounded(manner.pitch_hz),
            range_semitones: rounded(manner.range_semitones),
            effort_db: rounded(manner.effort_db),
            pace: rounded(manner.pace),
            arousal: rounded(manner.arousal),
            words: manner.to_string(),
        }),
        warnings,
        refusal: found.refusal.as_ref().map(refusal),
    }
}

impl ClipReport {
    /// `left_out`: whether a refusal concerns this one clip of several.
    fn say(&self, left_out: bool) {
        let Self { file, container, codec, sample_rate, channels, seconds, speech_seconds, .. } = self;
        let coding = if container == codec { codec.clone() } else { format!("{codec} in {container}") };
        let plural = if *channels == 1 { "" } else { "s" };
        let length = duration(*seconds);
        let mut text = format!("{file}: {length} of {coding}, {sample_rate} Hz, {channels} channel{plural}");
        if let Some(snr) = self.snr_db {
            text.push_str(&format!("; {speech_seconds:.1} s of speech, {snr:.0} dB above the noise"));
        }
        message::hint(&text);
        if let (Some(manner), None) = (&self.manner, &self.refusal) {
            message::hint(&format!("{file}: spoken {}", manner.words));
        }
        for said in &self.warnings {
            message::warning(&format!("{file}: {}", said.message));
        }
        if let (Some(said), true) = (&self.refusal, left_out) {
            message::warning(&format!("{file} is left out: {}", said.message));
        }
    }
}

/// Seconds as people say them.
fn duration(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else if seconds < 7200.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        assert_eq!([0.31, 119.0, 300.0, 36_000.0].map(duration), ["0.3 s", "119.0 s", "5 min", "10.0 h"]);
    }
}
