//! An allocator that counts: allocations for every thread on its own and for all together, bytes for all together.
//!
//! What is counted for all together says something of one test only in a process of its own: [`in_own_process`].

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::process::Command;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tts_core::{AudioStream, Precision, SynthesisRequest, Voice};

use crate::batch::pocket;
use crate::tiny::Doctored;
use crate::{quick, two_threads, voice};

/// Set in a process that runs one test.
const ALONE: &str = "TTS_TESTS_ALONE";

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that are allocated and not given back.
static LIVE: AtomicI64 = AtomicI64::new(0);

/// Allocations of all threads.
static ALL: AtomicU64 = AtomicU64::new(0);

fn count() {
    ALL.fetch_add(1, Ordering::Relaxed);
    // a thread that is being torn down has no counter any more
    let _ = COUNT.try_with(|c| c.set(c.get() + 1));
}

/// Takes note that there are so many bytes more.
fn hold(bytes: i64) {
    LIVE.fetch_add(bytes, Ordering::Relaxed);
}

/// Allocations of this thread so far.
pub(crate) fn allocations() -> u64 {
    COUNT.get()
}

/// Bytes that the whole process has on the heap.
pub(crate) fn live_bytes() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

#[allow(unsafe_code, reason = "an allocator is unsafe by nature; this one only counts")]
// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(-(layout.size() as i64));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        hold(size as i64 - layout.size() as i64);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs a test, named by its path in this binary, in a process in which nothing else happens.
pub(crate) fn in_own_process(test: &str, run: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return run();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--test-threads=1", "--nocapture"]);
    let told = command.env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
    println!("{text}");
    assert!(told.status.success() && text.contains("1 passed"), "{text}");
}

/// Reads `frames` of the model.
fn hear(stream: &mut AudioStream, frames: u64) {
    let mut buffer = [0.0f32; 480];
    let end = stream.stats().frames + frames;
    while stream.stats().frames < end {
        assert!(stream.read(&mut buffer).unwrap() > 0, "the text is too short for this test");
    }
}

/// A stream of one clause of some seconds.
fn long_clause(voice: &Voice) -> AudioStream {
    let text = "a sentence that goes on and on without any pause until there are enough frames to count in it";
    voice.speak(SynthesisRequest::new(text, quick())).unwrap()
}

/// Once a clause is under way, `read` allocates nothing, frame after frame.
#[test]
fn reading_does_not_allocate() {
    let (_tiny, _, [pocket, _]) = pocket(Doctored::NeverEnds, 1, Precision::Int8);
    for voice in [voice(), pocket] {
        let mut stream = long_clause(&voice);
        // the first frames size the scratch
        hear(&mut stream, 25);
        let before = allocations();
        hear(&mut stream, 60);
        assert_eq!(allocations() - before, 0, "allocations in 60 frames");
    }
}

/// Nor does the thread that makes latents ahead of the sound.
#[test]
fn reading_does_not_allocate_on_two_threads() {
    in_own_process("allocations::reading_does_not_allocate_on_two_threads", || {
        let (_tiny, _, [pocket, _]) = pocket(Doctored::NeverEnds, 2, Precision::Int8);
        for voice in [two_threads().voice("default").unwrap(), pocket] {
            let mut stream = long_clause(&voice);
            // as far as the queue is long, and a bit
            hear(&mut stream, 30);
            let before = ALL.load(Ordering::Relaxed);
            hear(&mut stream, 60);
            assert_eq!(ALL.load(Ordering::Relaxed) - before, 0, "allocations in 60 frames");
        }
    });
}
