//! Clauses to latents of the native family.

use std::sync::Arc;

use super::clauses::{Clauses, Without};
use super::clock::Instant;
use super::composer::{Compose, Counters, Event, Report};
use super::feed::FeedReader;
use super::manner::{Course, Turn};
use super::stats::WordTiming;
use crate::kernels::Isa;
use crate::model::native::frames::{FlowScratch, NativeTurn};
use crate::model::native::{Generator, ItemTime, NativeModel, Stretch, sample_rate};
use crate::text::{Item, Skipped, SpokenClause};
use crate::units::SampleRate;
use crate::voice::Direction;

/// The state of a stream up to its latents.
#[derive(Debug)]
pub(super) struct NativeComposer {
    model: Arc<NativeModel>,
    clauses: Clauses,
    course: Course,
    generator: Generator,
    isa: Isa,
    stretch: Option<Stretch>,
    /// The last frame, and whether it was not handed out yet.
    frame: Vec<f32>,
    made: bool,
    /// 10 ms frames to be held before anything else.
    hold: usize,
    counters: Counters,
}

impl NativeComposer {
    pub(super) fn new(
        model: Arc<NativeModel>,
        isa: Isa,
        clauses: Clauses,
        course: Course,
        generator: Generator,
    ) -> Self {
        let frame = vec![0.0; model.frame()];
        let counters = Counters::default();
        Self { model, isa, clauses, course, generator, stretch: None, frame, made: false, hold: 0, counters }
    }

    fn begin(&mut self, clause: &SpokenClause) -> Report {
        let start = Instant::now();
        let step = step(&self.model, &mut self.course, &mut self.generator, clause);
        (self.stretch, self.hold) = (step.stretch, step.hold);
        let report = Report {
            words: self.stretch.as_ref().map(|s| word_timings(clause, &s.times)).unwrap_or_default(),
            skipped: clause.items.iter().filter_map(|item| skipped(item).cloned()).collect(),
            ..Report::default()
        };
        self.counters.text += start.elapsed();
        self.counters.clauses += 1;
        self.counters.words += report.words.len() as u64;
        self.counters.skipped += report.skipped.len() as u64;
        report
    }

    /// The model's turn, after `prepare` asked for it.
    fn turn(&mut self) -> NativeTurn<'_> {
        let Self { generator, stretch: Some(stretch), frame, made, .. } = self else {
            unreachable!("a turn without a stretch was asked for")
        };
        *made = true;
        NativeTurn { generator, stretch, frame }
    }
}

impl Compose for NativeComposer {
    type Scratch = FlowScratch;

    fn feed(&self) -> &FeedReader {
        self.clauses.feed()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    fn prepare(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Option<Event> {
        if std::mem::take(&mut self.made) {
            frame.copy_from_slice(&self.frame);
            self.counters.frames += 1;
            return Some(Event::Frame);
        }
        if let Some(stretch) = &self.stretch {
            if stretch.goes_on() {
                return None;
            }
            self.hold = stretch.hold;
            self.stretch = None;
        }
        if self.hold > 0 {
            return Some(Event::Hold(std::mem::take(&mut self.hold)));
        }
        Some(match self.clauses.next(deadline, &mut self.counters.text) {
            Ok(clause) => Event::Report(self.begin(&clause)),
            Err(Without::Late) => Event::Late,
            Err(Without::End) => Event::End,
        })
    }

    fn step(&mut self) {
        let (model, start) = (self.model.clone(), Instant::now());
        model.next_frame(self.turn());
        self.counters.model += start.elapsed();
    }

    fn step_each<S>(scratch: &mut FlowScratch, streams: &mut [S], of: impl Fn(&mut S) -> &mut Self) {
        let Some(first) = streams.first_mut() else { return };
        let (model, isa) = (of(first).model.clone(), of(first).isa);
        model.next_frame_each(isa, scratch, streams, |stream| of(stream).turn());
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
pub(super) fn step(model: &NativeModel, course: &mut Course, generator: &mut Generator, clause: &SpokenClause) -> Next {
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
    let rate = SampleRate(sample_rate());
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
