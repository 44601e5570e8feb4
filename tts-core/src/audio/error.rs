//! Why a file gave no sound.

use std::io;

/// Why an audio file was refused. Every message names the file, what was found and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The system would not read it.
    #[error("cannot read {origin}: {source}")]
    Io {
        /// Which file.
        origin: String,
        /// What the system said.
        source: io::Error,
    },
    /// A folder.
    #[error("{origin} is a folder; name the recordings in it")]
    Folder {
        /// Which one.
        origin: String,
    },
    /// Nothing in it.
    #[error("{origin} is empty: it has no samples; record it or copy it again")]
    Empty {
        /// Which file.
        origin: String,
    },
    /// Something else than audio.
    #[error("{origin} is not an audio file: it is {found}; expected WAV, MP3, FLAC, Ogg, Opus, M4A, AIFF or WebM")]
    NotAudio {
        /// Which file.
        origin: String,
        /// What its bytes are.
        found: String,
    },
    /// A container without sound.
    #[error("{origin} has no audio track ({found}); name a recording of speech")]
    NoTrack {
        /// Which file.
        origin: String,
        /// What it has.
        found: String,
    },
    /// Audio in a coding that is not read.
    #[error("{origin} holds audio that cannot be read here: {what}; convert it to WAV or FLAC first")]
    Unsupported {
        /// Which file.
        origin: String,
        /// Which coding.
        what: String,
    },
    /// Broken before the first sample.
    #[error("{origin} is damaged: {what}; copy or record it again")]
    Damaged {
        /// Which file.
        origin: String,
        /// What does not fit.
        what: String,
    },
    /// Samples that are no numbers.
    #[error("{origin} has a sample at {seconds:.3} s that is {value}; convert the file to 16-bit WAV or FLAC")]
    NotFinite {
        /// Which file.
        origin: String,
        /// Where the first one is.
        seconds: f64,
        /// What it is.
        value: f32,
    },
    /// Floating-point samples far outside full scale.
    #[error(
        "samples of {origin} reach {peak:.0}, expected -1 to 1; divide them by their full scale (32768 for 16 bits)"
    )]
    Scale {
        /// Which file.
        origin: String,
        /// The largest magnitude.
        peak: f32,
    },
    /// Nothing but silence.
    #[error("{origin} is silent: {seconds:.1} s without a sound; was the microphone muted?")]
    Silent {
        /// Which file.
        origin: String,
        /// How long.
        seconds: f64,
    },
    /// A decoder failed in a way it never should.
    #[error("{origin} brings a decoder to fail; convert it to WAV first, and please report the file")]
    Decoder {
        /// Which file.
        origin: String,
    },
}
