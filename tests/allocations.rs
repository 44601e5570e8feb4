//! An allocator that counts: allocations for every thread on its own, bytes for all together.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::{quick, voice};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that are allocated and not given back.
static LIVE: AtomicI64 = AtomicI64::new(0);

fn count() {
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

/// Once a clause is under way, `read` allocates nothing, frame after frame.
#[test]
fn reading_does_not_allocate() {
    let text = "a sentence that goes on and on without any pause until there are enough frames to count in it";
    let mut stream = voice().speak(tts_core::SynthesisRequest::new(text, quick())).unwrap();
    let mut buffer = [0.0f32; 480];
    let mut samples = 0;
    // the first frames size the scratch
    while samples < 24_000 {
        samples += stream.read(&mut buffer).unwrap();
    }
    let before = allocations();
    let frames = stream.stats().frames;
    while samples < 4 * 24_000 {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the text is too short for this test: {samples}");
        samples += count;
    }
    let made = stream.stats().frames - frames;
    assert!(made > 60, "{made} frames");
    assert_eq!(allocations() - before, 0, "allocations in {made} frames");
}
