//! Many streams of one engine, each on its own thread, without a lock: `cargo run --release --example many -- 8`

#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::thread;
use std::time::Instant;

use tts_core::units::Seed;
use tts_core::{Engine, EngineOptions, Sampling, Settings, SynthesisRequest};

fn main() -> Result<(), Box<dyn Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(4), |n| n.parse())?;
    let engine = Engine::embedded(EngineOptions::default())?;
    let start = Instant::now();
    let seconds: f64 = thread::scope(|scope| {
        let streams: Vec<_> = (0..count)
            .map(|n| {
                let engine = &engine;
                scope.spawn(move || {
                    let sampling = Sampling { seed: Seed(n), ..Sampling::default() };
                    let settings = Settings { sampling, ..Settings::default() };
                    let text = format!("This is stream number {n}, and it has a seed of its own.");
                    let mut stream = engine.voice("default")?.speak(SynthesisRequest::new(text, settings))?;
                    for chunk in stream.by_ref() {
                        chunk?;
                    }
                    Ok::<f64, tts_core::Error>(stream.sample_rate().seconds(stream.stats().samples))
                })
            })
            .collect();
        streams
            .into_iter()
            .map(|s| s.join().map_err(|_| "a stream panicked")?.map_err(Into::into))
            .sum::<Result<f64, Box<dyn Error>>>()
    })?;
    let wall = start.elapsed().as_secs_f64();
    println!("{count} streams, {seconds:.1} s of speech in {wall:.2} s: {:.1} times real time", seconds / wall);
    Ok(())
}
