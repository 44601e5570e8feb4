//! Text to latents, event by event: the part of a stream that may run on a thread of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::feed::{Arrival, FeedReader};
use super::loaded::Loaded;
use super::manner::{Course, Turn};
use super::stats::WordTiming;
use crate::model::native::{Generator, ItemTime, Stretch};
use crate::text::frontend::Reader;
use crate::text::{Item, Skipped, SpokenClause};
use crate::units::SampleRate;
use crate::voice::Direction;

/// What comes next in a stream.
#[derive(Debug)]
pub(super) enum Event {
    /// A clause begins.
    Clause(ClauseReport),
    /// One frame of the model, in the caller's buffer.
    Frame,
    /// The last sound goes on for this many 10 ms frames.
    Hold(usize),
    /// No text arrived until the deadline.
    Late,
    /// The text is over.
    End,
}

/// What a clause will say, and what it leaves out.
#[derive(Debug, Default)]
pub(super) struct ClauseReport {
    pub(super) words: Vec<WordTiming>,
    pub(super) skipped: Vec<Skipped>,
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

/// The state of a stream up to its latents.
#[derive(Debug)]
pub(super) struct Composer {
    loaded: Arc<Loaded>,
    feed: FeedReader,
    reader: Reader,
    course: Course,
    generator: Generator,
    stretch: Option<Stretch>,
    /// 10 ms frames to be held before anything else.
    hold: usize,
    arrived: String,
    ended: bool,
    pub(super) counters: Counters,
}

impl Composer {
    pub(super) fn new(
        loaded: Arc<Loaded>,
        feed: FeedReader,
        reader: Reader,
        course: Course,
        generator: Generator,
    ) -> Self {
        let (stretch, arrived, counters) = (None, String::new(), Counters::default());
        Self { loaded, feed, reader, course, generator, stretch, hold: 0, arrived, ended: false, counters }
    }

    /// The feed that this stream reads.
    pub(super) fn feed(&self) -> &FeedReader {
        &self.feed
    }

    /// The next event; `frame` is filled if it is a frame. Waits for text until `deadline` (`None`: for ever).
    pub(super) fn advance(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Event {
        if let Some(stretch) = &mut self.stretch {
            let start = Instant::now();
            let more = self.loaded.model.next_frame(&mut self.generator, stretch, frame);
            self.counters.model += start.elapsed();
            if more {
                self.counters.frames += 1;
                return Event::Frame;
            }
            self.hold = stretch.hold;
            self.stretch = None;
        }
        if self.hold > 0 {
            return Event::Hold(std::mem::take(&mut self.hold));
        }
        match self.next_clause(deadline) {
            Ok(clause) => Event::Clause(self.begin(&clause)),
            Err(event) => event,
        }
    }

    fn begin(&mut self, clause: &SpokenClause) -> ClauseReport {
        let start = Instant::now();
        let step = step(&self.loaded, &mut self.course, &mut self.generator, clause);
        (self.stretch, self.hold) = (step.stretch, step.hold);
        let report = ClauseReport {
            words: self.stretch.as_ref().map(|s| word_timings(clause, &s.times)).unwrap_or_default(),
            skipped: clause.items.iter().filter_map(|item| skipped(item).cloned()).collect(),
        };
        self.counters.text += start.elapsed();
        self.counters.clauses += 1;
        self.counters.words += report.words.len() as u64;
        self.counters.skipped += report.skipped.len() as u64;
        report
    }

    /// The next clause, or the event that stands in its way.
    fn next_clause(&mut self, deadline: Option<Instant>) -> Result<SpokenClause, Event> {
        loop {
            let start = Instant::now();
            let front = &self.loaded.front;
            let clause = if self.ended { front.rest(&mut self.reader) } else { front.next(&mut self.reader) };
            self.counters.text += start.elapsed();
            if let Some(clause) = clause {
                return Ok(clause);
            }
            if self.ended {
                return Err(Event::End);
            }
            let settles = self.reader.settled_after().zip(self.feed.last_push()).map(|(after, last)| last + after);
            let until = match (settles, deadline) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            match self.feed.wait(&mut self.arrived, until) {
                Arrival::Text => {
                    self.reader.push(&self.arrived);
                    self.arrived.clear();
                }
                Arrival::End => self.ended = true,
                Arrival::Closed => return Err(Event::End),
                Arrival::Late => {
                    let settled = settles.is_some_and(|at| at <= Instant::now());
                    if let Some(clause) = settled.then(|| front.settled(&mut self.reader)).flatten() {
                        return Ok(clause);
                    }
                    if deadline.is_some_and(|at| at <= Instant::now()) {
                        return Err(Event::Late);
                    }
                }
            }
        }
    }
}

/// What a clause leads to: speech, or a pause.
#[derive(Debug, Default)]
pub(super) struct Next {
    pub(super) stretch: Option<Stretch>,
    /// 10 ms frames to be held at once.
    pub(super) hold: usize,
}

/// Plans a clause, or follows the direction that it is.
pub(super) fn step(loaded: &Loaded, course: &mut Course, generator: &mut Generator, clause: &SpokenClause) -> Next {
    let model = &loaded.model;
    let Some(direction) = clause.direction.as_deref().and_then(Direction::parse) else {
        return Next { stretch: model.plan(generator, clause), hold: 0 };
    };
    match course.follow(direction) {
        Turn::Manner(manner) => model.direct(generator, manner),
        Turn::Pause(seconds) => return Next { stretch: None, hold: model.pause(generator, seconds) },
    }
    Next::default()
}

pub(super) fn skipped(item: &Item) -> Option<&Skipped> {
    match item {
        Item::Skipped(skipped) => Some(skipped),
        _ => None,
    }
}

/// The words as written: several spoken words of one source are one timing.
pub(super) fn word_timings(clause: &SpokenClause, times: &[ItemTime]) -> Vec<WordTiming> {
    let mut timings: Vec<WordTiming> = Vec::new();
    let rate = SampleRate(crate::model::native::sample_rate());
    for time in times {
        let Item::Word(word) = &clause.items[time.item] else { continue };
        let end = rate.seconds(time.end.0);
        match timings.last_mut() {
            Some(last) if last.source == word.source => {
                last.spoken.push(' ');
                last.spoken.push_str(&word.spoken);
                last.end = end;
            }
            _ => {
                let local = word.source.start - clause.offset..word.source.end - clause.offset;
                timings.push(WordTiming {
                    source: word.source.clone(),
                    text: clause.text.get(local).unwrap_or_default().to_owned(),
                    spoken: word.spoken.clone(),
                    start: rate.seconds(time.start.0),
                    end,
                });
            }
        }
    }
    timings
}
