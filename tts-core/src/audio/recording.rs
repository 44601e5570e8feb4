//! What was heard: PCM, and where it came from.

use crate::units::SampleRate;

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// One channel, the mean of all; finite; full scale is -1 to 1, which lossy formats may pass a little.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub rate: SampleRate,
    /// Channels in the file.
    pub channels: usize,
    /// The container, as `WAV` or `Ogg`.
    pub container: String,
    /// The coding, as `PCM` or `Opus`.
    pub codec: String,
    /// How long the file says it is, in seconds, where it says so.
    pub declared_seconds: Option<f64>,
    /// Whether all of it was read.
    pub ending: Ending,
    /// Packets that could not be decoded and were left out.
    pub damaged_packets: u64,
}

/// How reading came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All of the file was read.
    Complete,
    /// The file ends before it should, or is damaged from there on.
    Truncated,
    /// There is more, but it is longer than [`super::SECONDS_MAX`].
    Capped,
}

impl Recording {
    /// Seconds that were read.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.rate.seconds(self.samples.len() as u64)
    }

    /// Whether the file ends before it should.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.ending == Ending::Truncated
    }
}
