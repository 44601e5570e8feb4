//! The streams of a batch at work: one family's composers take the turns of their model together, while sound is made of what
//! they made before.
//!
//! A step, on as many threads as the engine has:
//!
//! ```text
//! the caller's   one turn of the model for all streams ─┐    ┌─ text up to the next turn, stream by stream ─▶
//! the others     sound of the frames before, stream by stream ─┘
//! ```
//! The caller's thread helps wherever it is done first. On one thread, and for the first sound of a stream, sound is made in the
//! step that made the frame.

use std::io;

use super::batch::{BatchStream, Streams};
use super::clock::Instant;
use super::composer::{Compose, Event};
use super::hands::{Hands, Task};

/// Events of a stream that wait to become sound.
const AHEAD: usize = 24;

/// All that changes of the streams of one family.
#[derive(Debug)]
pub(super) struct Team<C: Compose> {
    /// In the order of their numbers, as are the streams of the batch.
    minds: Vec<Box<Mind<C>>>,
    scratch: C::Scratch,
    hands: Hands<Job<C>>,
}

/// A stream up to its frames.
#[derive(Debug)]
struct Mind<C> {
    number: u64,
    composer: C,
    /// What was made since the last step; frames lie in `frames`, one after the other.
    events: Vec<Event>,
    frames: Vec<f32>,
    /// Scratch, one frame.
    frame: Vec<f32>,
    state: State,
    /// Whether its sound waits to be taken, or nobody will.
    full: bool,
}

/// What a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing: it goes on.
    Ready,
    /// The model.
    Turn,
    /// Text.
    Late,
    /// Nothing more.
    Ended,
    /// Its code failed.
    Broken,
}

/// What a thread may do by itself.
#[derive(Debug)]
enum Job<C: Compose> {
    Think(Box<Mind<C>>),
    Sound(Box<BatchStream>),
}

impl<C: Compose> Task for Job<C> {
    fn run(&mut self) {
        match self {
            Self::Think(mind) => mind.think(),
            Self::Sound(stream) => stream.sound(),
        }
    }

    fn broken(&mut self) {
        match self {
            Self::Think(mind) => mind.state = State::Broken,
            Self::Sound(stream) => stream.lose(),
        }
    }
}

impl<C: Compose> Mind<C> {
    /// Goes on until the model has to, or there is enough for a step.
    fn think(&mut self) {
        let now = Instant::now();
        while self.events.len() < AHEAD {
            match self.composer.prepare(&mut self.frame, Some(now)) {
                None => return self.state = State::Turn,
                Some(Event::Late) => return self.state = State::Late,
                Some(Event::End) => {
                    self.events.push(Event::End);
                    return self.state = State::Ended;
                }
                Some(event) => {
                    if matches!(event, Event::Frame) {
                        self.frames.extend_from_slice(&self.frame);
                    }
                    self.events.push(event);
                }
            }
        }
        self.state = State::Ready;
    }
}

impl<C: Compose> Team<C> {
    /// Nobody yet, with `helpers` threads beside the caller's.
    pub(super) fn start(helpers: usize) -> io::Result<Self> {
        Ok(Self { minds: Vec::new(), scratch: C::Scratch::default(), hands: Hands::start(helpers)? })
    }

    /// Adds a stream; its number is above all others.
    pub(super) fn join(&mut self, number: u64, composer: C, frame: usize) {
        let (events, frames) = (Vec::with_capacity(AHEAD), Vec::with_capacity(frame));
        let frame = vec![0.0; frame];
        let mind = Mind { number, composer, events, frames, frame, state: State::Ready, full: false };
        self.minds.push(Box::new(mind));
        self.hands.reserve(self.minds.len());
    }

    /// Forgets a stream.
    pub(super) fn leave(&mut self, number: u64) {
        self.minds.retain(|mind| mind.number != number);
    }

    /// When text arrived last for anybody who waits for it.
    pub(super) fn last_push(&self) -> Option<Instant> {
        let late = self.minds.iter().filter(|mind| mind.state == State::Late);
        late.filter_map(|mind| mind.composer.feed().last_push()).max()
    }

    /// Goes on with all `streams`; `false` if nobody could.
    pub(super) fn step(&mut self, streams: &mut Streams) -> bool {
        for (mind, stream) in self.minds.iter_mut().zip(&*streams) {
            mind.full = stream.is_full();
        }
        let mut busy = self.give_sound(streams, |_| true);
        let turns = self.turns();
        if turns > 0 {
            let start = Instant::now();
            C::step_each(&mut self.scratch, &mut self.minds[..turns], |mind| &mut mind.composer);
            let share = start.elapsed() / turns as u32;
            for mind in &mut self.minds[..turns] {
                mind.composer.counters_mut().model += share;
                mind.state = State::Ready;
            }
        }
        self.finish(streams);
        let goes_on = |mind: &mut Box<Mind<C>>| !mind.full && matches!(mind.state, State::Ready | State::Late);
        for mind in self.minds.extract_if(.., goes_on) {
            self.hands.give(Job::Think(mind));
        }
        self.finish(streams);
        for (mind, stream) in self.minds.iter_mut().zip(&mut *streams) {
            busy |= !mind.events.is_empty() || mind.state == State::Turn && !mind.full;
            stream.take_over(&mut mind.events, &mut mind.frames, *mind.composer.counters());
            if mind.state == State::Broken {
                stream.lose();
                mind.state = State::Ended;
            }
        }
        let alone = self.hands.is_alone();
        self.give_sound(streams, |stream| alone || !stream.sounded());
        self.finish(streams);
        busy
    }

    /// Moves those whose turn it is to the front, and counts them.
    fn turns(&mut self) -> usize {
        let mut turns = 0;
        for n in 0..self.minds.len() {
            if self.minds[n].state == State::Turn && !self.minds[n].full {
                self.minds.swap(turns, n);
                turns += 1;
            }
        }
        turns
    }

    /// Lets sound be made of the frames of some streams; `false` if there are none.
    fn give_sound(&self, streams: &mut Streams, of: impl Fn(&BatchStream) -> bool) -> bool {
        let mut given = false;
        for stream in streams.extract_if(.., |stream| stream.is_behind() && of(stream)) {
            self.hands.give(Job::Sound(stream));
            given = true;
        }
        given
    }

    /// Waits for all that was given, and puts it back in order.
    fn finish(&mut self, streams: &mut Streams) {
        for job in self.hands.finish() {
            match job {
                Job::Think(mind) => self.minds.push(mind),
                Job::Sound(stream) => streams.push(stream),
            }
        }
        self.minds.sort_unstable_by_key(|mind| mind.number);
        streams.sort_unstable_by_key(|stream| stream.id().number());
    }
}
