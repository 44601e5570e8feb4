//! A thousand starts of streams leave nothing behind: no thread, no open file, not a byte.
//!
//! All three are the process's, and other tests run in this one: so it is counted in a process of its own.

use std::time::{Duration, Instant};

use tts_core::{Engine, Poll, Stepped, SynthesisRequest, Voice};

use crate::allocations::{in_own_process, live_bytes};
use crate::{engine, quick, two_threads};

/// Ways in which a stream begins and ends, see [`start`]: without the last ones, which make much sound, and with them.
const WAYS: [usize; 2] = [6, 8];
/// Streams that join a batch at a time.
const TOGETHER: usize = 5;
/// All sound is made in one round of so many.
const WHOLE: usize = 4;

/// What a process holds.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    threads: usize,
    files: usize,
    bytes: i64,
}

#[cfg(target_os = "linux")]
fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
fn entries(_: &str) -> usize {
    0
}

impl Held {
    fn now() -> Self {
        Self { threads: entries("/proc/self/task"), files: entries("/proc/self/fd"), bytes: live_bytes() }
    }

    /// As soon as it is `expected`; whatever it is after a second. A thread that was joined may be seen for a moment.
    fn settled(expected: &Self) -> Self {
        let begun = Instant::now();
        loop {
            let held = Self::now();
            if held == *expected || begun.elapsed() > Duration::from_secs(1) {
                return held;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Starts a stream and ends it, in one of many ways.
fn start(voice: &Voice, way: usize) {
    let speak = || voice.speak(SynthesisRequest::new("Yes. And no.", quick())).unwrap();
    let open = |text: &str| {
        let (mut feed, stream) = voice.open(quick()).unwrap();
        feed.push(text).unwrap();
        (feed, stream)
    };
    match way {
        0 => drop(speak()),
        1 => assert!(speak().next().unwrap().is_ok()),
        // the text had not ended
        2 => {
            let (mut feed, stream) = open("Yes, and");
            drop(stream);
            assert!(feed.push(" no.").is_err());
        }
        3 => {
            let (feed, mut stream) = open("Yes. And");
            assert!(stream.next().unwrap().is_ok());
            drop((feed, stream));
        }
        4 => {
            let (feed, mut stream) = open("Yes, and");
            assert_eq!(stream.poll(Duration::ZERO).unwrap(), Poll::Waiting);
            drop((stream, feed));
        }
        // there was none
        5 => {
            let (feed, mut stream) = voice.open(quick()).unwrap();
            drop(feed);
            assert!(stream.next().is_none());
        }
        6 => assert!(speak().all(|chunk| chunk.is_ok())),
        // it ended while sound left
        _ => {
            let (mut feed, mut stream) = open("Yes. And");
            assert!(stream.next().unwrap().is_ok());
            feed.push(" no.").unwrap();
            drop(feed);
            assert!(stream.all(|chunk| chunk.is_ok()));
        }
    }
}

/// Streams join a batch; one leaves, one is opened and gets no end, and all are read to their end or dropped with the batch.
fn start_together(engine: &Engine, voice: &Voice, whole: bool) {
    let mut batch = engine.batch().unwrap();
    let texts = ["Yes.", "And no.", "Perhaps.", ""];
    let ids = texts.map(|text| batch.speak(voice, SynthesisRequest::new(text, quick())).unwrap());
    let (mut feed, open) = batch.open(voice, quick()).unwrap();
    feed.push("Yes, and").unwrap();
    assert_eq!(batch.len(), TOGETHER);
    for _ in 0..3 {
        batch.step(Duration::ZERO);
    }
    assert!(batch.leave(ids[0]));
    while whole && batch.step(Duration::ZERO) != Stepped::Empty {
        for stream in batch.streams() {
            while stream.next_chunk().unwrap().is_some() {}
        }
        if batch.len() == 1 {
            assert!(batch.leave(open));
        }
    }
    drop(batch);
    assert!(feed.push(" no.").is_err());
}

/// This many streams on both engines, one after the other.
fn start_many(count: usize, engines: &[(Engine, Voice); 2]) {
    let (mut started, mut round) = (0, 0);
    while started < count {
        let whole = round % WHOLE == 0;
        let ways = WAYS[usize::from(whole)];
        for (engine, voice) in engines {
            (0..ways).for_each(|way| start(voice, way));
            start_together(engine, voice, whole);
            started += ways + TOGETHER;
        }
        round += 1;
    }
}

fn count() {
    let engines = [engine().clone(), two_threads()].map(|engine| {
        let voice = engine.voice("default").unwrap();
        (engine, voice)
    });
    // what is made once is there after the first rounds
    start_many(100, &engines);
    let before = Held::now();
    let begun = Instant::now();
    start_many(1000, &engines);
    let after = Held::settled(&before);
    println!("{before:?}, then {after:?} after {:?}", begun.elapsed());
    assert_eq!(after, before);
}

#[test]
fn streams_leave_nothing_behind() {
    in_own_process("starts::streams_leave_nothing_behind", count);
}
