//! `cargo bench -p tts-benches --bench stream -- [--runs N] [--csv FILE]`
//!
//! What a listener waits for and what a machine pays: loading, time to first audio, the answer to a clause that arrives
//! on an open input, compute time per second of sound and its parts, peak memory. On one thread and on two. Every figure
//! is the least and the median of N runs.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tts_benches::{FIGURES, Figure, ended, memory, write_figures};
use tts_core::{Engine, EngineOptions, Error, Poll, Settings, Voice};

/// Ten words.
const SENTENCE: &str = "It is easy to tell the depth of a well.";

/// Half a minute of speech.
const LONG: &str = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy \
to tell the depth of a well. These days a chicken leg is a rare dish. Rice is often served in round bowls, and the \
juice of lemons makes fine punch. The box was thrown beside the parked truck. The hogs were fed chopped corn and \
garbage. Four hours of steady work faced us. A large size in stockings is hard to sell. The boy was there when the \
sun rose.";

fn row(name: &'static str, threads: usize, unit: &'static str, values: Vec<f64>) -> Figure {
    let figure = Figure::of(name, threads, unit, values);
    println!("{}", figure.text());
    figure
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn first_audio(voice: &Voice) -> Result<f64, Error> {
    let start = Instant::now();
    let mut stream = voice.speak(SENTENCE)?;
    stream.read(&mut [0.0; 240])?;
    Ok(milliseconds(start.elapsed()))
}

/// From the clause's last byte to the first sample, while the input stays open and nothing follows.
fn answer(voice: &Voice) -> Result<f64, Error> {
    let (mut feed, mut stream) = voice.open(Settings::default())?;
    let start = Instant::now();
    // nobody has dropped the stream
    let _ = feed.push(SENTENCE);
    while stream.poll(Duration::from_secs(1))? == Poll::Waiting {}
    Ok(milliseconds(start.elapsed()))
}

fn measure(threads: NonZeroUsize, runs: usize) -> Result<Vec<Figure>, Error> {
    let options = || EngineOptions::default().with_threads(threads);
    let n = threads.get();
    let mut rows = Vec::new();
    let mut loads = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        Engine::embedded(options())?.voice("default")?;
        loads.push(milliseconds(start.elapsed()));
    }
    rows.push(row("load engine and voice", n, "ms", loads));

    let engine = Engine::embedded(options())?;
    let voice = engine.voice("default")?;
    let firsts = (0..runs).map(|_| first_audio(&voice)).collect::<Result<_, _>>()?;
    rows.push(row("first audio of ten words, warm", n, "ms", firsts));
    let answers = (0..runs).map(|_| answer(&voice)).collect::<Result<_, _>>()?;
    rows.push(row("first audio after a clause on an open input", n, "ms", answers));

    let (mut real, mut text, mut model, mut sound) = (vec![], vec![], vec![], vec![]);
    for _ in 0..runs {
        let start = Instant::now();
        let mut stream = voice.speak(LONG)?;
        let mut buffer = [0.0; 4096];
        while stream.read(&mut buffer)? > 0 {}
        let wall = start.elapsed().as_secs_f64();
        let stats = stream.stats();
        let seconds = stream.sample_rate().seconds(stats.samples);
        real.push(wall / seconds);
        text.push(stats.text.as_secs_f64() / seconds);
        model.push(stats.model.as_secs_f64() / seconds);
        sound.push(stats.sound.as_secs_f64() / seconds);
    }
    rows.push(row("real-time factor", n, "s/s", real));
    rows.push(row("  of it text", n, "s/s", text));
    rows.push(row("  of it flow language model", n, "s/s", model));
    rows.push(row("  of it decoder and renderer", n, "s/s", sound));
    Ok(rows)
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (mut runs, mut csv) = (15, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--runs" => runs = arguments.next().ok_or("--runs needs a number")?.parse::<usize>()?.max(1),
            "--csv" => csv = Some(PathBuf::from(arguments.next().ok_or("--csv needs a file")?)),
            other => return Err(format!("unknown option {other}; there are --runs N and --csv FILE").into()),
        }
    }
    let info = Engine::embedded(EngineOptions::default())?.info();
    println!("{} on {}, {} runs", info.model, info.isa, runs);
    println!("{FIGURES}");
    let mut rows = measure(NonZeroUsize::MIN, runs)?;
    if let Some(peak) = memory("VmHWM") {
        rows.push(row("peak memory so far", 1, "MB", vec![peak]));
    }
    rows.extend(measure(NonZeroUsize::MIN.saturating_add(1), runs)?);
    if let Some(path) = csv {
        write_figures(&path, info.isa, &rows)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    ended(run())
}
