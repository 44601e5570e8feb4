//! Where sound goes: a file, a pipe, or ears.
//!
//! In: mono samples in -1..1 at the model's rate, in order. Out: bytes in a file ([`file`](mod@file)) or on standard output
//! ([`pipe`]), or sound through a player program ([`playback`], [`spool`]; [`player`] knows the programs) or, with the
//! feature `cpal`, the system's own interface (`native`). [`pcm`] and [`wav`] are the formats.

pub(crate) mod file;
#[cfg(feature = "cpal")]
pub(crate) mod native;
pub(crate) mod pcm;
pub(crate) mod pipe;
pub(crate) mod playback;
pub(crate) mod player;
pub(crate) mod program;
pub(crate) mod spool;
pub(crate) mod wav;

use crate::exit::{Exit, Failure};

/// A consumer of samples.
pub(crate) trait Sink {
    /// Takes the next samples. May block as long as the listener needs.
    ///
    /// # Errors
    /// See [`SinkError`]; after one the sink is of no more use.
    fn write(&mut self, samples: &[f32]) -> Result<(), SinkError>;

    /// The text is late and there is nothing to write: called at least every 20 ms then.
    ///
    /// # Errors
    /// As [`Sink::write`].
    fn wait(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// All samples are written: returns when the last one has reached its place or ear.
    ///
    /// # Errors
    /// As [`Sink::write`].
    fn finish(&mut self) -> Result<(), SinkError>;

    /// What should be said about the way the samples took, such as how many were too loud for the format.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a sink takes no more.
#[derive(Debug)]
pub(crate) enum SinkError {
    /// The reader of the pipe has gone: it has what it wanted.
    Closed,
    /// Bytes could not be written; says where and why.
    Write(String),
    /// Sound cannot be played; says why and what to do.
    Playback(String),
}

impl SinkError {
    /// The failure this is for the whole run, or `None` where the run has simply ended.
    pub(crate) fn into_failure(self) -> Option<Failure> {
        match self {
            Self::Closed => None,
            Self::Write(text) => Some(Failure::new(Exit::Output, text)),
            Self::Playback(text) => Some(Failure::new(Exit::Playback, text)),
        }
    }
}
