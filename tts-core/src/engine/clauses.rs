//! Clauses as text arrives.

use std::sync::Arc;
use std::time::Duration;

use super::clock::{CAN_WAIT, Instant};
use super::feed::{Arrival, FeedReader};
use super::loaded::Loaded;
use crate::text::SpokenClause;
use crate::text::frontend::Reader;

/// The text of a stream on its way to being spoken.
#[derive(Debug)]
pub(super) struct Clauses {
    loaded: Arc<Loaded>,
    feed: FeedReader,
    reader: Reader,
    arrived: String,
    ended: bool,
    settled: bool,
}

/// Why there is no clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// No text arrived until the deadline.
    Late,
    /// The text is over.
    End,
}

impl Clauses {
    pub(super) fn new(loaded: Arc<Loaded>, feed: FeedReader, reader: Reader) -> Self {
        Self { loaded, feed, reader, arrived: String::new(), ended: false, settled: false }
    }

    /// The feed that is read.
    pub(super) fn feed(&self) -> &FeedReader {
        &self.feed
    }

    /// Whether the last clause was taken because the writer paused.
    pub(super) fn settled(&self) -> bool {
        self.settled
    }

    /// The next clause; waits for text until `deadline` (`None`: for ever). The time that it takes is added to `text`.
    pub(super) fn next(&mut self, deadline: Option<Instant>, text: &mut Duration) -> Result<SpokenClause, Without> {
        self.settled = false;
        loop {
            let start = Instant::now();
            let front = &self.loaded.front;
            let clause = if self.ended { front.rest(&mut self.reader) } else { front.next(&mut self.reader) };
            *text += start.elapsed();
            if let Some(clause) = clause {
                return Ok(clause);
            }
            if self.ended {
                return Err(Without::End);
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
                Arrival::Closed => return Err(Without::End),
                Arrival::Late => {
                    let settled = settles.is_some_and(|at| at <= Instant::now());
                    if let Some(clause) = settled.then(|| front.settled(&mut self.reader)).flatten() {
                        self.settled = true;
                        return Ok(clause);
                    }
                    if !CAN_WAIT || deadline.is_some_and(|at| at <= Instant::now()) {
                        return Err(Without::Late);
                    }
                }
            }
        }
    }

    /// The whole text as it was written, at its end.
    pub(super) fn whole(&mut self, deadline: Option<Instant>) -> Result<String, Without> {
        if self.ended {
            return Err(Without::End);
        }
        loop {
            match self.feed.wait(&mut self.arrived, deadline) {
                Arrival::Text => {}
                Arrival::End => {
                    self.ended = true;
                    return Ok(std::mem::take(&mut self.arrived));
                }
                Arrival::Closed => return Err(Without::End),
                Arrival::Late => return Err(Without::Late),
            }
        }
    }
}
