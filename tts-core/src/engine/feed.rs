//! Text on its way in: one end pushes, the other waits until there is enough to speak.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::clock::{CAN_WAIT, Instant};

/// Text that arrives while sound leaves. Dropping it means that no more text comes.
#[derive(Debug)]
pub struct TextFeed(Arc<Shared>);

/// The stream that should speak the text is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audio stream of this feed was dropped; open a new one")]
pub struct FeedClosed;

/// The stream's end of a feed. Dropping it closes the feed.
#[derive(Debug)]
pub(super) struct FeedReader(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Set while `state` is locked, so that no waiter misses it; asked without the lock by whoever makes frames.
    closed: AtomicBool,
    changed: Condvar,
    bell: Option<Arc<Bell>>,
}

/// Rings when text arrives in any of several feeds, or the end of one.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rang: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rang.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// What rang before was heard.
    pub(super) fn expect(&self) {
        *self.rang.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Waits until it rings, or has since it was expected, at most until `deadline`.
    pub(super) fn wait(&self, deadline: Instant) {
        let rang = self.rang.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        // whether it rang or not, whoever waits looks again
        let _ = self.changed.wait_timeout_while(rang, left, |rang| !*rang);
    }
}

#[derive(Debug, Default)]
struct State {
    text: String,
    /// When text arrived last, and first.
    last_push: Option<Instant>,
    first_push: Option<Instant>,
    ended: bool,
}

/// What waiting for text brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Text, now in the caller's buffer.
    Text,
    /// The time given passed.
    Late,
    /// No text will come any more.
    End,
    /// The stream was given up.
    Closed,
}

/// A feed and the end that reads it.
pub(super) fn feed() -> (TextFeed, FeedReader) {
    of(Shared::default())
}

/// A feed that rings, and the end that reads it.
pub(super) fn feed_with(bell: Arc<Bell>) -> (TextFeed, FeedReader) {
    of(Shared { bell: Some(bell), ..Shared::default() })
}

fn of(shared: Shared) -> (TextFeed, FeedReader) {
    let shared = Arc::new(shared);
    (TextFeed(shared.clone()), FeedReader(shared))
}

impl Shared {
    /// The state is plain data: a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Wakes whoever waits for a change.
    fn tell(&self) {
        self.changed.notify_all();
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }
}

impl TextFeed {
    /// Adds text; pieces may end anywhere between two characters. Never waits.
    ///
    /// # Errors
    /// [`FeedClosed`] if nobody will speak it.
    pub fn push(&mut self, text: &str) -> Result<(), FeedClosed> {
        let mut state = self.0.lock();
        if self.0.is_closed() {
            return Err(FeedClosed);
        }
        let now = Instant::now();
        state.text.push_str(text);
        state.last_push = Some(now);
        state.first_push.get_or_insert(now);
        drop(state);
        self.0.tell();
        Ok(())
    }
}

impl Drop for TextFeed {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.tell();
    }
}

impl FeedReader {
    /// Moves what has arrived to the end of `text`; if there is nothing, waits for it until `deadline` (`None`: for ever),
    /// where a thread can wait.
    pub(super) fn wait(&self, text: &mut String, deadline: Option<Instant>) -> Arrival {
        let mut state = self.0.lock();
        loop {
            if self.0.is_closed() {
                return Arrival::Closed;
            }
            if !state.text.is_empty() {
                text.push_str(&state.text);
                state.text.clear();
                return Arrival::Text;
            }
            if state.ended {
                return Arrival::End;
            }
            if !CAN_WAIT {
                return Arrival::Late;
            }
            state = match deadline {
                None => self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) else {
                        return Arrival::Late;
                    };
                    self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// When text arrived last.
    pub(super) fn last_push(&self) -> Option<Instant> {
        self.0.lock().last_push
    }

    /// When text arrived first.
    pub(super) fn first_push(&self) -> Option<Instant> {
        self.0.lock().first_push
    }

    /// Whether the stream was given up.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// A handle for whoever does not read.
    pub(super) fn watch(&self) -> FeedWatch {
        FeedWatch(self.0.clone())
    }
}

/// Looks at a feed, and can end the waiting of its reader and further pushes.
#[derive(Debug)]
pub(super) struct FeedWatch(Arc<Shared>);

impl FeedWatch {
    /// When text arrived first.
    pub(super) fn first_push(&self) -> Option<Instant> {
        self.0.lock().first_push
    }

    pub(super) fn close(&self) {
        let state = self.0.lock();
        self.0.closed.store(true, Ordering::Release);
        drop(state);
        self.0.changed.notify_all();
    }
}

impl Drop for FeedReader {
    fn drop(&mut self) {
        self.watch().close();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn text_ends_and_lateness_are_told_apart() {
        let (mut push, reader) = feed();
        let mut text = String::new();
        assert_eq!(reader.wait(&mut text, Some(Instant::now() + Duration::from_millis(5))), Arrival::Late);
        push.push("a").unwrap();
        push.push("b").unwrap();
        assert_eq!((reader.wait(&mut text, None), text.as_str()), (Arrival::Text, "ab"));
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            push.push("c").unwrap();
        });
        assert_eq!((reader.wait(&mut text, None), text.as_str()), (Arrival::Text, "abc"));
        assert_eq!(reader.wait(&mut text, None), Arrival::End);
        other.join().unwrap();
    }

    #[test]
    fn a_dropped_reader_refuses_text() {
        let (mut push, reader) = feed();
        drop(reader);
        assert_eq!(push.push("x"), Err(FeedClosed));
    }

    #[test]
    fn a_waiting_reader_can_be_given_up() {
        let (_push, reader) = feed();
        let watch = reader.watch();
        let waiting = thread::spawn(move || reader.wait(&mut String::new(), None));
        watch.close();
        assert_eq!(waiting.join().unwrap(), Arrival::Closed);
    }
}
