//! Text to latents, event by event: the part of a stream that may run on a thread of its own.

use std::ops::Range;
use std::time::Duration;

use super::clock::Instant;
use super::feed::FeedReader;
use super::native_composer::NativeComposer;
use super::pocket_composer::PocketComposer;
use super::stats::WordTiming;
use crate::model::Fault;
use crate::model::pocket_watch::Expected;
use crate::text::Skipped;

/// What comes next in a stream.
#[derive(Debug)]
pub(super) enum Event {
    /// What will be said, or was.
    Report(Report),
    /// One frame of the model, in the caller's buffer.
    Frame,
    /// The last sound goes on for this many 10 ms frames.
    Hold(usize),
    /// No text arrived until the deadline.
    Late,
    /// The text is over.
    End,
}

/// Words and when they are heard, what is left out, what went wrong.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) words: Vec<WordTiming>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) misspoken: Vec<Misspoken>,
    pub(super) streamed: Option<Streamed>,
}

/// A piece that was heard as it was made, and has just ended: its sound is to be judged where it is made.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) source: Range<usize>,
    pub(super) text: String,
    pub(super) expected: Expected,
    /// What latents and length tell.
    pub(super) fault: Option<Fault>,
}

/// A piece of the text that a model did not say as it should. Models that are told when each sound comes cannot do that.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Misspoken {
    /// Bytes of the input.
    pub source: Range<usize>,
    /// As written.
    pub text: String,
    /// What was wrong the first time.
    pub fault: Fault,
    /// How often it was said again, unheard.
    pub rolls: u32,
    /// Whether what is heard is free of faults.
    pub mended: bool,
}

/// Time spent and things made so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) frames: u64,
    pub(super) clauses: u64,
    pub(super) words: u64,
    pub(super) skipped: u64,
    pub(super) text: Duration,
    pub(super) model: Duration,
}

/// One family's way from text to latents: all that is between two turns of its model. It is told apart from those turns so that
/// many streams can take them together.
pub(super) trait Compose: Send + 'static {
    /// Room for a turn of many.
    type Scratch: Default + Send;

    /// The feed that this stream reads.
    fn feed(&self) -> &FeedReader;

    /// Counts so far.
    fn counters(&self) -> &Counters;

    /// Counts so far.
    fn counters_mut(&mut self) -> &mut Counters;

    /// The next event, or `None` if a turn of the model comes before it; `frame` is filled if it is a frame. Waits for text
    /// until `deadline` (`None`: for ever).
    fn prepare(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Option<Event>;

    /// The model's turn that `prepare` asked for.
    fn step(&mut self);

    /// The turns that `prepare` asked for of several streams of one model, which `of` finds: each has the bits it has alone.
    fn step_each<S>(scratch: &mut Self::Scratch, streams: &mut [S], of: impl Fn(&mut S) -> &mut Self);

    /// The next event, with whatever comes before it.
    fn advance(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Event {
        loop {
            match self.prepare(frame, deadline) {
                Some(event) => return event,
                None => self.step(),
            }
        }
    }
}

/// The state of a stream up to its latents.
#[derive(Debug)]
pub(super) enum Composer {
    Native(Box<NativeComposer>),
    Pocket(Box<PocketComposer>),
}

impl Composer {
    /// The next event; `frame` is filled if it is a frame. Waits for text until `deadline` (`None`: for ever).
    pub(super) fn advance(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Event {
        match self {
            Self::Native(composer) => composer.advance(frame, deadline),
            Self::Pocket(composer) => composer.advance(frame, deadline),
        }
    }

    /// The feed that this stream reads.
    pub(super) fn feed(&self) -> &FeedReader {
        match self {
            Self::Native(composer) => composer.feed(),
            Self::Pocket(composer) => composer.feed(),
        }
    }

    pub(super) fn counters(&self) -> Counters {
        match self {
            Self::Native(composer) => *composer.counters(),
            Self::Pocket(composer) => *composer.counters(),
        }
    }
}
