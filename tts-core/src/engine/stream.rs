//! Sound as it is made.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::composer::{Composer, Counters, Event, Misspoken, Report};
use super::loaded::Loaded;
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
    loaded: Arc<Loaded>,
    source: Source,
    sounding: Sounding,
    frame: Vec<f32>,
    /// Sound that was made; handed out up to `taken`.
    ready: Vec<f32>,
    taken: usize,
    ended: bool,
    handed: u64,
    words: VecDeque<WordTiming>,
    skipped: Vec<Skipped>,
    misspoken: Vec<Misspoken>,
    sound: Duration,
    started: Instant,
    first_audio: Option<Duration>,
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
    pub(super) fn new(loaded: Arc<Loaded>, source: Source, sounding: Sounding) -> Self {
        Self {
            frame: vec![0.0; sounding.frame()],
            loaded,
            source,
            sounding,
            ready: Vec::new(),
            taken: 0,
            ended: false,
            handed: 0,
            words: VecDeque::new(),
            skipped: Vec::new(),
            misspoken: Vec::new(),
            sound: Duration::ZERO,
            started: Instant::now(),
            first_audio: None,
        }
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> SampleRate {
        self.loaded.sample_rate()
    }

    /// Fills `out` from the front and returns how many samples it holds now: at least one, 0 at the end of the stream.
    /// Waits while text is awaited. Allocates nothing in the steady state (between clauses, text is worked on).
    ///
    /// # Errors
    /// [`Error::NotFinite`] if the weights are damaged.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill(None)?;
        let count = out.len().min(self.ready.len() - self.taken);
        out[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.hand_out(count);
        Ok(count)
    }

    /// The next sound, waiting for text until `timeout` has passed: for callers who must feed silence meanwhile.
    ///
    /// # Errors
    /// As [`AudioStream::read`].
    pub fn poll(&mut self, timeout: Duration) -> Result<Poll, Error> {
        match self.fill(Some(Instant::now() + timeout))? {
            Filled::Late => Ok(Poll::Waiting),
            Filled::End => Ok(Poll::End),
            Filled::Sound => Ok(Poll::Chunk(self.chunk())),
        }
    }

    fn chunk(&mut self) -> AudioChunk {
        let start = Samples(self.handed);
        let samples = self.ready[self.taken..].to_vec();
        self.hand_out(samples.len());
        AudioChunk { samples, start }
    }

    fn hand_out(&mut self, count: usize) {
        self.taken += count;
        self.handed += count as u64;
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
        }
    }

    /// Makes sound unless some is ready.
    fn fill(&mut self, deadline: Option<Instant>) -> Result<Filled, Error> {
        while self.taken == self.ready.len() {
            if self.ended {
                return Ok(Filled::End);
            }
            let event = match &mut self.source {
                Source::Inline(composer) => composer.advance(&mut self.frame, deadline),
                Source::Worker(worker) => worker.advance(&mut self.frame, deadline).map_err(|_| {
                    self.ended = true;
                    Error::WorkerLost
                })?,
            };
            let start = Instant::now();
            match event {
                Event::Report(Report { words, skipped, misspoken }) => {
                    self.words.extend(words);
                    self.skipped.extend(skipped);
                    self.misspoken.extend(misspoken);
                }
                Event::Frame => self.sounding.vocalise(&self.frame, &mut self.ready),
                Event::Hold(frames) => self.sounding.hold(frames, &mut self.ready),
                Event::Late => return Ok(Filled::Late),
                Event::End => {
                    self.sounding.finish(&mut self.ready);
                    self.ended = true;
                }
            }
            self.sound += start.elapsed();
            if let Some(bad) = self.ready[self.taken..].iter().position(|x| !x.is_finite()) {
                let seconds = self.sample_rate().seconds(self.handed + bad as u64);
                self.ready.clear();
                self.taken = 0;
                self.ended = true;
                return Err(Error::NotFinite { seconds });
            }
        }
        if self.first_audio.is_none() {
            self.first_audio = Some(self.since_text().elapsed());
        }
        Ok(Filled::Sound)
    }

    /// When there was first something to say.
    fn since_text(&self) -> Instant {
        let first = match &self.source {
            Source::Inline(composer) => composer.feed().first_push(),
            Source::Worker(worker) => worker.first_push(),
        };
        first.unwrap_or(self.started).max(self.started)
    }

    /// Words whose sound has been handed out and that were not taken yet, in order.
    pub fn take_words(&mut self) -> Vec<WordTiming> {
        let heard = self.sample_rate().seconds(self.handed);
        let count = self.words.iter().take_while(|word| word.end <= heard + 1e-9).count();
        self.words.drain(..count).collect()
    }

    /// Pieces of the text planned so far that are not spoken and were not taken yet, in order.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.skipped)
    }

    /// Pieces of the text that were not said as they should, as far as is known yet and not taken, in order.
    pub fn take_misspoken(&mut self) -> Vec<Misspoken> {
        std::mem::take(&mut self.misspoken)
    }

    /// Counts and times so far.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        let Counters { frames, clauses, words, skipped, text, model } = match &self.source {
            Source::Inline(composer) => composer.counters(),
            Source::Worker(worker) => worker.counters,
        };
        let (samples, sound, first_audio) = (self.handed, self.sound, self.first_audio);
        StreamStats { samples, frames, clauses, words, skipped, text, model, sound, first_audio }
    }
}

impl Iterator for AudioStream {
    type Item = Result<AudioChunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.fill(None) {
            Ok(Filled::Sound) => Some(Ok(self.chunk())),
            Ok(Filled::Late | Filled::End) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl FusedIterator for AudioStream {}
