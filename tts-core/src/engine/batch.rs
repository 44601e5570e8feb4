//! Many streams stepped together: the model's weights are read once for all of them.
//!
//! Every stream gives the samples it gives alone, whoever comes with it: a row of a matrix product has the same bits whatever
//! rows come with it, and everything else is done stream by stream.

use std::sync::Arc;
use std::time::Duration;

use super::clock::{CAN_WAIT, Instant};
use super::composer::{Composer, Counters, Event, Misspoken};
use super::engine::Engine;
use super::feed::{Bell, FeedWatch, TextFeed, feed_with};
use super::loaded::{Loaded, Model};
use super::native_composer::NativeComposer;
use super::output::Output;
use super::pocket_composer::PocketComposer;
use super::request::{Settings, SynthesisRequest};
use super::stats::{StreamStats, WordTiming};
use super::stream::AudioChunk;
use super::team::Team;
use super::voice::Voice;
use crate::error::Error;
use crate::text::Skipped;
use crate::units::SampleRate;

/// Seconds of sound after which a stream waits until some is taken.
const MOST_READY: f64 = 2.0;
/// While a writer may only have paused, text is looked at this often, for as long after the last of it.
const GLANCE: Duration = Duration::from_millis(5);
const MAY_SETTLE: Duration = Duration::from_millis(200);

/// Streams of one engine that go on together, a frame of each a step. They join and leave at any time; dropping a batch stops
/// all of them. See [`Engine::batch`].
#[derive(Debug)]
pub struct Batch {
    loaded: Arc<Loaded>,
    team: Family,
    /// In the order of their numbers, as in the team.
    streams: Streams,
    joined: u64,
    bell: Arc<Bell>,
}

/// Streams at home, between steps; boxed, as they move between lists in every step.
pub(super) type Streams = Vec<Box<BatchStream>>;

#[derive(Debug)]
enum Family {
    Native(Team<NativeComposer>),
    Pocket(Team<PocketComposer>),
}

impl Family {
    /// Goes on with all `streams`; `false` if nobody could.
    fn step(&mut self, streams: &mut Streams) -> bool {
        match self {
            Self::Native(team) => team.step(streams),
            Self::Pocket(team) => team.step(streams),
        }
    }

    /// When text arrived last for anybody who waits for it.
    fn last_push(&self) -> Option<Instant> {
        match self {
            Self::Native(team) => team.last_push(),
            Self::Pocket(team) => team.last_push(),
        }
    }

    /// Forgets a stream.
    fn leave(&mut self, id: StreamId) {
        match self {
            Self::Native(team) => team.leave(id.0),
            Self::Pocket(team) => team.leave(id.0),
        }
    }
}

/// Tells the streams of a batch apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// What [`Batch::step`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// Streams went on.
    On,
    /// All wait for text, or for their sound to be taken.
    Waiting,
    /// There is no stream.
    Empty,
}

impl Engine {
    /// A batch without a stream, on as many threads as the engine has: one runs the model, and with a second one sound is made
    /// meanwhile. N streams take the model little longer than one, as long as reading its weights takes longer than
    /// computing; the decoder works for each by itself.
    ///
    /// ```
    /// # fn main() -> Result<(), tts_core::Error> {
    /// use std::time::Duration;
    /// use tts_core::{Engine, EngineOptions, Stepped};
    ///
    /// let engine = Engine::embedded(EngineOptions::default())?;
    /// let voice = engine.voice("default")?;
    /// let mut batch = engine.batch()?;
    /// for text in ["One.", "Two."] {
    ///     batch.speak(&voice, text)?;
    /// }
    /// let mut samples = 0;
    /// while batch.step(Duration::from_secs(1)) != Stepped::Empty {
    ///     for stream in batch.streams() {
    ///         while let Some(chunk) = stream.next_chunk()? {
    ///             samples += chunk.samples().len(); // of the stream with this `stream.id()`
    ///         }
    ///     }
    /// }
    /// assert!(samples > 12_000);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Spawn`] if a thread cannot be started.
    pub fn batch(&self) -> Result<Batch, Error> {
        let loaded = self.loaded().clone();
        let helpers = loaded.threads - 1;
        let team = match &loaded.model {
            Model::Native(_) => Family::Native(Team::start(helpers).map_err(Error::Spawn)?),
            Model::Pocket(_) => Family::Pocket(Team::start(helpers).map_err(Error::Spawn)?),
        };
        Ok(Batch { loaded, team, streams: Vec::new(), joined: 0, bell: Arc::default() })
    }
}

impl Batch {
    /// Lets a text join.
    ///
    /// # Errors
    /// [`Error::OtherEngine`] if the voice is bound to another engine, [`Error::Unsupported`] if the request asks for what the
    /// model cannot do.
    pub fn speak<'t>(&mut self, voice: &Voice, request: impl Into<SynthesisRequest<'t>>) -> Result<StreamId, Error> {
        let SynthesisRequest { text, settings } = request.into();
        let (mut feed, id) = self.open(voice, settings)?;
        // the stream was opened in the line above: somebody listens
        let _ = feed.push(&text);
        Ok(id)
    }

    /// Lets a text join that is still being written, as [`Voice::open`] does.
    ///
    /// # Errors
    /// As [`Batch::speak`].
    pub fn open(&mut self, voice: &Voice, settings: Settings) -> Result<(TextFeed, StreamId), Error> {
        if !voice.is_of(&self.loaded) {
            return Err(Error::OtherEngine);
        }
        let (push, read) = feed_with(self.bell.clone());
        let (composer, sounding) = voice.start(read, &settings)?;
        let (feed, frame, id) = (composer.feed().watch(), sounding.frame(), StreamId(self.joined));
        match (&mut self.team, composer) {
            (Family::Native(team), Composer::Native(composer)) => team.join(id.0, *composer, frame),
            (Family::Pocket(team), Composer::Pocket(composer)) => team.join(id.0, *composer, frame),
            _ => return Err(Error::OtherEngine),
        }
        self.joined += 1;
        let output = Output::new(sounding, self.loaded.sample_rate());
        self.streams.push(Box::new(BatchStream::new(id, output, feed, frame)));
        Ok((push, id))
    }

    /// Lets a stream leave before its end; `false` if it is not there (any more).
    pub fn leave(&mut self, id: StreamId) -> bool {
        let before = self.streams.len();
        self.streams.retain(|stream| stream.id != id);
        self.team.leave(id);
        self.streams.len() < before
    }

    /// All streams, in the order in which they joined. One that was over in a whole step is not among them any more.
    pub fn streams(&mut self) -> impl Iterator<Item = &mut BatchStream> {
        self.streams.iter_mut().map(|stream| &mut **stream)
    }

    /// One of them.
    pub fn stream(&mut self, id: StreamId) -> Option<&mut BatchStream> {
        self.streams().find(|stream| stream.id == id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Goes on with all streams by a frame. A stream of which two seconds are ready stands still until they are taken; if no
    /// stream can go on, text is waited for, until `timeout` has passed. Allocates nothing in the steady state (between clauses, text
    /// is worked on).
    ///
    /// What goes wrong in a stream ends that stream alone: [`BatchStream::read`] says it.
    pub fn step(&mut self, timeout: Duration) -> Stepped {
        self.let_go();
        if self.streams.is_empty() {
            return Stepped::Empty;
        }
        let deadline = Instant::now() + timeout;
        loop {
            self.bell.expect();
            if self.team.step(&mut self.streams) {
                return Stepped::On;
            }
            let now = Instant::now();
            if !CAN_WAIT || now >= deadline || self.streams.iter().any(|stream| stream.has_news()) {
                return Stepped::Waiting;
            }
            let pausing = self.team.last_push().is_some_and(|last| now < last + MAY_SETTLE);
            self.bell.wait(if pausing { deadline.min(now + GLANCE) } else { deadline });
        }
    }

    /// Forgets the streams that were over for a whole step, so that whoever looks at them in between has seen it.
    fn let_go(&mut self) {
        let Self { team, streams, .. } = self;
        streams.retain_mut(|stream| {
            if !stream.is_over() || !std::mem::replace(&mut stream.seen, true) {
                return true;
            }
            team.leave(stream.id);
            false
        });
    }
}

/// A stream of a [`Batch`].
#[derive(Debug)]
pub struct BatchStream {
    id: StreamId,
    output: Output,
    /// What is to become sound; frames lie in `frames`, each of `frame` numbers.
    events: Vec<Event>,
    frames: Vec<f32>,
    frame: usize,
    feed: FeedWatch,
    counters: Counters,
    failure: Option<Error>,
    /// Whether a step has passed since it was over.
    seen: bool,
}

impl BatchStream {
    fn new(id: StreamId, output: Output, feed: FeedWatch, frame: usize) -> Self {
        let (events, frames, counters) = (Vec::new(), Vec::new(), Counters::default());
        Self { id, output, events, frames, frame, feed, counters, failure: None, seen: false }
    }

    /// Which one it is.
    #[must_use]
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Samples per second.
    #[must_use]
    pub fn sample_rate(&self) -> SampleRate {
        self.output.rate()
    }

    /// Fills `out` from the front with sound that is ready, and returns how many samples it holds now: 0 if none is ready. Never
    /// waits.
    ///
    /// # Errors
    /// As [`AudioStream::read`](super::AudioStream::read); the stream is over then.
    pub fn read(&mut self, out: &mut [f32]) -> Result<usize, Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok(self.output.read(out)),
        }
    }

    /// All sound that is ready, if any is.
    ///
    /// # Errors
    /// As [`BatchStream::read`].
    pub fn next_chunk(&mut self) -> Result<Option<AudioChunk>, Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => Ok((self.output.ready() > 0).then(|| self.output.chunk())),
        }
    }

    /// Whether all sound was made and taken, and any error told.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.output.ended() && !self.has_news()
    }

    /// As [`AudioStream::take_words`](super::AudioStream::take_words).
    pub fn take_words(&mut self) -> Vec<WordTiming> {
        self.output.take_words()
    }

    /// As [`AudioStream::take_skipped`](super::AudioStream::take_skipped).
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        self.output.take_skipped()
    }

    /// As [`AudioStream::take_misspoken`](super::AudioStream::take_misspoken).
    pub fn take_misspoken(&mut self) -> Vec<Misspoken> {
        self.output.take_misspoken()
    }

    /// Counts and times so far; the time of a turn of the model is shared by those who took it.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        StreamStats::of(&self.counters, &self.output)
    }

    /// Whether there is something to take.
    fn has_news(&self) -> bool {
        self.output.ready() > 0 || self.failure.is_some()
    }

    /// Whether it has to stand still.
    pub(super) fn is_full(&self) -> bool {
        self.output.ended() || self.output.rate().seconds(self.output.ready() as u64) >= MOST_READY
    }

    /// Whether there is something to become sound.
    pub(super) fn is_behind(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether any sound was made.
    pub(super) fn sounded(&self) -> bool {
        self.output.sounded()
    }

    /// Takes what was made, and leaves room for more. All that was taken before has become sound.
    pub(super) fn take_over(&mut self, events: &mut Vec<Event>, frames: &mut Vec<f32>, counters: Counters) {
        debug_assert!(self.events.is_empty() && self.frames.is_empty());
        std::mem::swap(&mut self.events, events);
        std::mem::swap(&mut self.frames, frames);
        self.counters = counters;
    }

    /// Makes sound of what was taken.
    pub(super) fn sound(&mut self) {
        let mut frames = self.frames.chunks_exact(self.frame);
        for event in self.events.drain(..) {
            let frame = if matches!(event, Event::Frame) { frames.next() } else { None };
            if let Err(error) = self.output.accept(event, frame.unwrap_or_default()) {
                self.failure = Some(error);
                break;
            }
        }
        self.frames.clear();
        self.output.note_first(|| self.feed.first_push());
    }

    /// Ends it: its code failed.
    pub(super) fn lose(&mut self) {
        self.events.clear();
        self.frames.clear();
        self.output.end();
        self.failure = Some(Error::WorkerLost);
    }
}
