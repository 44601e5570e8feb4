//! Frames from a thread of their own, a few ahead of the sound.
//!
//! Two bounded queues join the threads: frames go there, used buffers come back. Nothing is allocated for them after the start, and
//! whoever need not wait takes no lock; waiting, and waking who waits, is a lock and a call of the system.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::clock::Instant;
use super::composer::{Composer, Counters, Event};
use super::feed::FeedWatch;

/// Events that may wait to become sound: about a second.
const AHEAD: usize = 24;
/// Buffers of frames: in the queue, one being filled, one being heard. So one is back whenever one is wanted.
const BUFFERS: usize = AHEAD + 2;

/// The receiving end, in the thread that makes sound.
#[derive(Debug)]
pub(super) struct Worker {
    events: Option<Receiver<(Event, Vec<f32>, Counters)>>,
    /// Used frames on their way back, so that none is allocated in the steady state.
    back: SyncSender<Vec<f32>>,
    /// The feed, to close it and to ask when text came.
    feed: FeedWatch,
    thread: Option<JoinHandle<()>>,
    pub(super) counters: Counters,
}

/// The thread is gone.
#[derive(Debug)]
pub(super) struct Lost;

impl Worker {
    /// Starts the thread.
    pub(super) fn start(composer: Composer, frame: usize) -> std::io::Result<Self> {
        let feed = composer.feed().watch();
        let (send, events) = sync_channel(AHEAD);
        let (back, used) = sync_channel(BUFFERS);
        for _ in 0..BUFFERS {
            // there is room for all, and the other end is in this function
            let _ = back.try_send(vec![0.0; frame]);
        }
        let thread =
            thread::Builder::new().name("tts-latents".to_owned()).spawn(move || run(composer, frame, &send, &used))?;
        Ok(Self { events: Some(events), back, feed, thread: Some(thread), counters: Counters::default() })
    }

    /// When text arrived first.
    pub(super) fn first_push(&self) -> Option<Instant> {
        self.feed.first_push()
    }

    /// The next event; `frame` is filled if it is a frame.
    pub(super) fn advance(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Result<Event, Lost> {
        let Some(events) = &self.events else { return Ok(Event::End) };
        let message = match deadline {
            None => events.recv().map_err(|_| Lost)?,
            Some(deadline) => match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => return Ok(Event::Late),
                Err(RecvTimeoutError::Disconnected) => return Err(Lost),
            },
        };
        let (event, buffer, counters) = message;
        self.counters = counters;
        if matches!(event, Event::Frame) {
            frame.copy_from_slice(&buffer);
            // the thread may have ended meanwhile: the buffer is dropped then
            let _ = self.back.try_send(buffer);
        }
        Ok(event)
    }
}

fn run(
    mut composer: Composer,
    frame: usize,
    send: &SyncSender<(Event, Vec<f32>, Counters)>,
    used: &Receiver<Vec<f32>>,
) {
    let mut buffer = Vec::new();
    loop {
        if buffer.is_empty() {
            // there always is one; a new one is better than waiting for a stream that is gone
            buffer = used.try_recv().unwrap_or_else(|_| vec![0.0; frame]);
        }
        let event = composer.advance(&mut buffer, None);
        let end = matches!(event, Event::End);
        let made = if matches!(event, Event::Frame) { std::mem::take(&mut buffer) } else { Vec::new() };
        // a receiver that is gone means that the stream was dropped
        if send.send((event, made, composer.counters())).is_err() || end {
            return;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.feed.close();
        self.events = None;
        if let Some(thread) = self.thread.take() {
            // it ends within a frame; if it panicked, the panic was already reported by its own thread
            let _ = thread.join();
        }
    }
}
