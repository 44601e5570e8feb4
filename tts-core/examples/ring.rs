//! The shape of a sound card's callback: one thread fills a ring with `read`, which allocates nothing; a callback that
//! must never wait takes from it. Here the "card" is a thread that asks every 10 ms.
//!
//! `cargo run --release --example ring`

#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tts_core::{Engine, EngineOptions};

/// A ring for one writer and one reader; samples travel as bits in atomics, so no lock and no unsafe code is needed.
struct Ring {
    samples: Vec<AtomicU32>,
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Ring {
    fn new(size: usize) -> Self {
        let samples = (0..size).map(|_| AtomicU32::new(0)).collect();
        Self { samples, written: AtomicUsize::new(0), read: AtomicUsize::new(0) }
    }

    /// How many samples of `from` found room.
    fn write(&self, from: &[f32]) -> usize {
        let (written, read) = (self.written.load(Ordering::Relaxed), self.read.load(Ordering::Acquire));
        let count = from.len().min(self.samples.len() - (written - read));
        for (i, sample) in from[..count].iter().enumerate() {
            self.samples[(written + i) % self.samples.len()].store(sample.to_bits(), Ordering::Relaxed);
        }
        self.written.store(written + count, Ordering::Release);
        count
    }

    /// Fills `out`, with silence where the ring is empty; how many samples were real.
    fn take(&self, out: &mut [f32]) -> usize {
        let (read, written) = (self.read.load(Ordering::Relaxed), self.written.load(Ordering::Acquire));
        let count = out.len().min(written - read);
        for (i, out) in out.iter_mut().enumerate() {
            let at = (read + i) % self.samples.len();
            *out = if i < count { f32::from_bits(self.samples[at].load(Ordering::Relaxed)) } else { 0.0 };
        }
        self.read.store(read + count, Ordering::Release);
        count
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::embedded(EngineOptions::default())?;
    let mut stream = engine.voice("default")?.speak("A callback takes what is there, and never waits.")?;
    let (ring, ended) = (Ring::new(4800), AtomicBool::new(false));
    let (real, silent) = thread::scope(|scope| {
        let card = scope.spawn(|| {
            let (mut real, mut silent, mut out) = (0, 0, [0.0; 240]);
            loop {
                let last = ended.load(Ordering::Acquire);
                let count = ring.take(&mut out);
                real += count;
                if last && count == 0 {
                    return (real, silent);
                }
                silent += out.len() - count;
                thread::sleep(Duration::from_millis(10));
            }
        });
        let mut buffer = [0.0; 480];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let mut rest = &buffer[..count];
            while !rest.is_empty() {
                rest = &rest[ring.write(rest)..];
                if !rest.is_empty() {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
        ended.store(true, Ordering::Release);
        card.join().unwrap_or_default()
    });
    println!("{real} samples played, {silent} of silence before and after them");
    Ok(())
}
