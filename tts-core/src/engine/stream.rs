//! Sound as it is made.

use std::iter::FusedIterator;
use std::time::Duration;

use super::clock::Instant;
use super::composer::{Composer, Event, Misspoken};
use super::output::Output;
use super::pipeline::Worker;
use super::sounding::Sounding;
use super::stats::{StreamStats, WordTiming};
use crate::error::Error;
use crate::text::Skipped;
use crate::units::{SampleRate, Samples};

/// Mono sound at [`AudioStream::sample_rate`], -1 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioChunk {
    samples: Vec<f32>,
    start: Samples,
}

impl AudioChunk {
    pub(super) fn new(samples: Vec<f32>, start: Samples) -> Self {
        Self { samples, start }
    }

    /// The samples; never empty.
    #[must_use]
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Where the chunk begins in the stream.
    #[must_use]
    pub fn start(&self) -> Samples {
        self.start
    }
}

/// What [`AudioStream::poll`] found.
#[derive(Debug, Clone, PartialEq)]
pub enum Poll {
    /// Sound.
    Chunk(AudioChunk),
    /// The text that would make sound has not arrived yet.
    Waiting,
    /// The stream is over.
    End,
}

/// The sound of one request. Owns all that changes; dropping it stops all work. After an error it has ended.
#[derive(Debug)]
pub struct AudioStream {
    source: Source,
    output: Output,
    frame: Vec<f32>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// Latents are made when sound is asked for.
    Inline(Box<Composer>),
    /// Latents are made ahead.
    Worker(Worker),
}

enum Filled {
    Sound,
    Late,
    End,
}

impl AudioStream {
    pub(super) fn new(rate: SampleRate, source: Source, sounding: Sounding) -> Self {
        Self { frame: vec![0.0; sounding.frame()], source, output: Output::new(sounding, rate) }
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> SampleRate {
        self.output.rate()
    }

    /// Fills `out` from the front and returns how many samples it holds now: at least one, 0 at the end of the stream.
    /// Waits while text is awaited. Allocates nothing in the steady state (between clauses, text is worked on).
    ///
    /// # Errors
    /// [`Error::NotFinite`] if the weights are damaged, [`Error::NoText`] where there are no threads.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill(None)?;
        Ok(self.output.read(out))
    }

    /// The next sound, waiting for text until `timeout` has passed: for callers who must feed silence meanwhile.
    ///
    /// # Errors
    /// As [`AudioStream::read`].
    pub fn poll(&mut self, timeout: Duration) -> Result<Poll, Error> {
        match self.fill(Some(Instant::now() + timeout))? {
            Filled::Late => Ok(Poll::Waiting),
            Filled::End => Ok(Poll::End),
            Filled::Sound => Ok(Poll::Chunk(self.output.chunk())),
        }
    }

    /// Makes sound unless some is ready.
    fn fill(&mut self, deadline: Option<Instant>) -> Result<Filled, Error> {
        while self.output.ready() == 0 {
            if self.output.ended() {
                return Ok(Filled::End);
            }
            let event = match &mut self.source {
                Source::Inline(composer) => composer.advance(&mut self.frame, deadline),
                Source::Worker(worker) => worker.advance(&mut self.frame, deadline).map_err(|_| {
                    self.output.end();
                    Error::WorkerLost
                })?,
            };
            if matches!(event, Event::Late) {
                if deadline.is_none() {
                    self.output.end();
                    return Err(Error::NoText);
                }
                return Ok(Filled::Late);
            }
            self.output.accept(event, &self.frame)?;
        }
        self.output.note_first(|| match &self.source {
            Source::Inline(composer) => composer.feed().first_push(),
            Source::Worker(worker) => worker.first_push(),
        });
        Ok(Filled::Sound)
    }

    /// Words whose sound has been handed out and that were not taken yet, in order.
    pub fn take_words(&mut self) -> Vec<WordTiming> {
        self.output.take_words()
    }

    /// Pieces of the text planned so far that are not spoken and were not taken yet, in order.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        self.output.take_skipped()
    }

    /// Pieces of the text that were not said as they should, as far as is known yet and not taken, in order.
    pub fn take_misspoken(&mut self) -> Vec<Misspoken> {
        self.output.take_misspoken()
    }

    /// Counts and times so far.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        let counters = match &self.source {
            Source::Inline(composer) => composer.counters(),
            Source::Worker(worker) => worker.counters,
        };
        StreamStats::of(&counters, &self.output)
    }
}

impl Iterator for AudioStream {
    type Item = Result<AudioChunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.fill(None) {
            Ok(Filled::Sound) => Some(Ok(self.output.chunk())),
            Ok(Filled::Late | Filled::End) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl FusedIterator for AudioStream {}
