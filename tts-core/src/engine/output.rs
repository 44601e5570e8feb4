//! What a stream has made and its caller has not taken: sound, words, what was left out, what went wrong.
//!
//! In: events of a composer and the frames that go with them. Out: samples, in order, with the words that lie in them.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::Instant;
use super::composer::{Event, Misspoken, Report};
use super::sounding::Sounding;
use super::stats::WordTiming;
use super::stream::AudioChunk;
use crate::error::Error;
use crate::text::Skipped;
use crate::units::{SampleRate, Samples};

/// The end of a stream.
#[derive(Debug)]
pub(super) struct Output {
    sounding: Sounding,
    rate: SampleRate,
    /// Sound that was made; handed out up to `taken`.
    ready: Vec<f32>,
    taken: usize,
    /// Whether nothing more will be made.
    ended: bool,
    handed: u64,
    words: VecDeque<WordTiming>,
    skipped: Vec<Skipped>,
    misspoken: Vec<Misspoken>,
    /// Time spent on it.
    sound: Duration,
    started: Instant,
    first_audio: Option<Duration>,
}

impl Output {
    pub(super) fn new(sounding: Sounding, rate: SampleRate) -> Self {
        Self {
            sounding,
            rate,
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
    pub(super) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Samples that may be taken.
    pub(super) fn ready(&self) -> usize {
        self.ready.len() - self.taken
    }

    /// Whether nothing more will be made.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Makes nothing more.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Makes of an event what is to be made of it; `frame` is the frame, if it is one.
    ///
    /// # Errors
    /// [`Error::NotFinite`]: the sound is none, and what was ready is dropped.
    pub(super) fn accept(&mut self, event: Event, frame: &[f32]) -> Result<(), Error> {
        let (start, before) = (Instant::now(), self.ready.len());
        match event {
            Event::Report(Report { words, skipped, misspoken, streamed }) => {
                self.words.extend(words);
                self.skipped.extend(skipped);
                self.misspoken.extend(misspoken);
                self.misspoken.extend(streamed.and_then(|streamed| self.sounding.judge(streamed)));
            }
            Event::Frame => self.sounding.vocalise(frame, &mut self.ready),
            Event::Hold(frames) => self.sounding.hold(frames, &mut self.ready),
            Event::Late => {}
            Event::End => {
                self.sounding.finish(&mut self.ready);
                self.ended = true;
            }
        }
        self.sound += start.elapsed();
        if let Some(bad) = self.ready[before..].iter().position(|x| !x.is_finite()) {
            let seconds = self.rate.seconds(self.handed + (before - self.taken + bad) as u64);
            self.ready.clear();
            self.taken = 0;
            self.ended = true;
            return Err(Error::NotFinite { seconds });
        }
        Ok(())
    }

    /// Notes that there is sound for the first time; text came at `first_push`.
    pub(super) fn note_first(&mut self, first_push: impl FnOnce() -> Option<Instant>) {
        if self.first_audio.is_none() && self.ready() > 0 {
            let since = first_push().unwrap_or(self.started).max(self.started);
            self.first_audio = Some(since.elapsed());
        }
    }

    /// Whether any sound was made.
    pub(super) fn sounded(&self) -> bool {
        self.first_audio.is_some()
    }

    /// Fills `out` from the front with what is ready: how many samples it holds now.
    pub(super) fn read(&mut self, out: &mut [f32]) -> usize {
        let count = out.len().min(self.ready());
        out[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.hand_out(count);
        count
    }

    /// All that is ready.
    pub(super) fn chunk(&mut self) -> AudioChunk {
        let start = Samples(self.handed);
        let samples = self.ready[self.taken..].to_vec();
        self.hand_out(samples.len());
        AudioChunk::new(samples, start)
    }

    fn hand_out(&mut self, count: usize) {
        self.taken += count;
        self.handed += count as u64;
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
        }
    }

    /// Samples handed out, time spent, and how long the first sound took.
    pub(super) fn figures(&self) -> (u64, Duration, Option<Duration>) {
        (self.handed, self.sound, self.first_audio)
    }

    pub(super) fn take_words(&mut self) -> Vec<WordTiming> {
        let heard = self.rate.seconds(self.handed);
        let count = self.words.iter().take_while(|word| word.end <= heard + 1e-9).count();
        self.words.drain(..count).collect()
    }

    pub(super) fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.skipped)
    }

    pub(super) fn take_misspoken(&mut self) -> Vec<Misspoken> {
        std::mem::take(&mut self.misspoken)
    }
}
