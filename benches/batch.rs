//! `cargo bench -p tts-benches --bench batch -- MODEL [--streams N,N,..] [--threads N,N] [--steps N] [--runs N] [--csv FILE]`
//!
//! What streams of one model cost together, through the front door. MODEL is what `tts say --model` takes, and should find no end of
//! speech by chance (`default_eos_threshold: 1000` where weights are random). Every stream says the same sentence with its own seed; the
//! voice is 10.08 s of sound where MODEL can clone, as Pocket TTS can. First a stream alone (`alone`), then N in a batch:
//!
//! - *speed*: seconds of sound of all streams together a second of the clock, from the step after the first sound of all on;
//! - *frame*: what a step took, which is how long each stream waits for its next frame;
//! - *model*, *sound*: how much of a step the model took, and how much the decoders, on whichever threads;
//! - *work*: milliseconds that all threads computed for 80 ms of sound, whoever else was computing;
//! - *first*: from joining to the first sound of the last of N streams that join at once;
//! - *joins*: the same of one that joins N - 1 others that speak;
//! - *memory*: of the process, so it only grows.
//!
//! Every figure is the best of all runs; steps, model and decoders are those of the fastest.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tts_benches::{clip, ended, memory, process_time, write_lines};
use tts_core::units::Seed;
use tts_core::{Batch, Engine, EngineOptions, Family, Sampling, Settings, Stepped, StreamId, SynthesisRequest, Voice};

type Failure = Box<dyn std::error::Error>;

/// As long as Pocket TTS reads at a time, so that nothing is begun while it is measured.
const TEXT: &str =
    "The quick brown fox jumps over the lazy dog while seven slow turtles watch from the warm green river bank";
/// Seconds of the voice prompt.
const VOICE: f32 = 10.08;
/// Steps that size what grows.
const WARM: usize = 4;

struct Options {
    model: PathBuf,
    streams: Vec<usize>,
    threads: Vec<NonZeroUsize>,
    steps: usize,
    runs: usize,
    csv: Option<PathBuf>,
}

fn options() -> Result<Options, Failure> {
    let (mut model, mut streams, mut threads) = (None, vec![1, 2, 4, 8, 16], vec![1, 2]);
    let (mut steps, mut runs, mut csv) = (60, 3, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--streams" => streams = numbers(&value()?)?,
            "--threads" => threads = numbers(&value()?)?,
            "--steps" => steps = value()?.parse::<usize>()?.max(2),
            "--runs" => runs = value()?.parse::<usize>()?.max(1),
            "--csv" => csv = Some(value()?.into()),
            other if !other.starts_with('-') && model.is_none() => model = Some(PathBuf::from(other)),
            other => return Err(format!("unexpected {other}").into()),
        }
    }
    let threads = threads.into_iter().filter_map(NonZeroUsize::new).collect();
    Ok(Options { model: model.ok_or("which MODEL?")?, streams, threads, steps, runs, csv })
}

fn numbers(list: &str) -> Result<Vec<usize>, Failure> {
    Ok(list.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

fn request(seed: u64) -> SynthesisRequest<'static> {
    let sampling = Sampling { seed: Seed(seed), ..Sampling::default() };
    SynthesisRequest::new(TEXT, Settings { sampling, ..Settings::default() })
}

fn voice(engine: &Engine) -> Result<Voice, Failure> {
    if engine.info().family == Family::Native {
        return Ok(engine.voice("default")?);
    }
    let rate = engine.info().sample_rate;
    Ok(engine.clone_voice(&clip((VOICE * rate.0 as f32) as usize), rate)?)
}

/// What was measured; times in milliseconds.
#[derive(Clone, Copy)]
struct Figures {
    speed: f64,
    least: f64,
    median: f64,
    model: f64,
    sound: f64,
    work: f64,
    first: f64,
    joins: f64,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Time that all streams spent on model and decoder.
fn spent(batch: &mut Batch) -> [Duration; 2] {
    let stats: Vec<_> = batch.streams().map(|stream| stream.stats()).collect();
    [stats.iter().map(|stats| stats.model).sum(), stats.iter().map(|stats| stats.sound).sum()]
}

/// Of the steps that took `steps`, gave `seconds` of sound and cost `work` seconds.
fn figures([seconds, work]: [f64; 2], mut steps: Vec<Duration>, first: Duration) -> Figures {
    let total: Duration = steps.iter().sum();
    steps.sort_unstable();
    let (least, median) = (milliseconds(steps[0]), milliseconds(steps[steps.len() / 2]));
    let (speed, first) = (seconds / total.as_secs_f64(), milliseconds(first));
    let [model, sound, joins] = [f64::NAN; 3];
    Figures { speed, least, median, model, sound, work: work / seconds * 80.0, first, joins }
}

fn alone(voice: &Voice, count: usize) -> Result<Figures, Failure> {
    let begun = Instant::now();
    let mut stream = voice.speak(request(0))?;
    let mut chunk = || stream.next().ok_or("the text is too short")?.map_err(Failure::from);
    let mut first = Duration::ZERO;
    for n in 0..WARM {
        chunk()?;
        if n == 0 {
            first = begun.elapsed();
        }
    }
    let (mut steps, mut samples, work) = (Vec::new(), 0, process_time());
    for _ in 0..count {
        let now = Instant::now();
        samples += chunk()?.samples().len();
        steps.push(now.elapsed());
    }
    let work = process_time() - work;
    Ok(figures([stream.sample_rate().seconds(samples as u64), work], steps, first))
}

/// A step, and the samples that it gave.
fn step(batch: &mut Batch, of: impl Fn(StreamId) -> bool) -> Result<usize, Failure> {
    if batch.step(Duration::from_secs(60)) != Stepped::On {
        return Err("the text is too short".into());
    }
    let mut samples = 0;
    for stream in batch.streams() {
        while let Some(chunk) = stream.next_chunk()? {
            if of(stream.id()) {
                samples += chunk.samples().len();
            }
        }
    }
    Ok(samples)
}

fn together(engine: &Engine, voice: &Voice, streams: usize, count: usize) -> Result<Figures, Failure> {
    let mut batch = engine.batch()?;
    let begun = Instant::now();
    for seed in 0..streams {
        batch.speak(voice, request(seed as u64))?;
    }
    let mut first = None;
    for _ in 0..WARM {
        step(&mut batch, |_| true)?;
        if batch.streams().all(|stream| stream.stats().first_audio.is_some()) {
            first.get_or_insert(begun.elapsed());
        }
    }
    let (mut steps, mut samples, before, work) = (Vec::new(), 0, spent(&mut batch), process_time());
    for _ in 0..count {
        let now = Instant::now();
        samples += step(&mut batch, |_| true)?;
        steps.push(now.elapsed());
    }
    let ([model, sound], work) = (spent(&mut batch), process_time() - work);
    let rate = engine.info().sample_rate;
    let mut figures = figures([rate.seconds(samples as u64), work], steps, first.ok_or("no sound")?);
    figures.model = milliseconds(model - before[0]) / count as f64;
    figures.sound = milliseconds(sound - before[1]) / count as f64;

    let leaving = batch.streams().map(|stream| stream.id()).next();
    batch.leave(leaving.ok_or("no stream")?);
    let begun = Instant::now();
    let joined = batch.speak(voice, request(streams as u64))?;
    while step(&mut batch, |id| id == joined)? == 0 {}
    figures.joins = milliseconds(begun.elapsed());
    Ok(figures)
}

fn best(runs: usize, mut run: impl FnMut() -> Result<Figures, Failure>) -> Result<Figures, Failure> {
    let mut best = run()?;
    for _ in 1..runs {
        let now = run()?;
        let (first, joins, work) = (best.first.min(now.first), best.joins.min(now.joins), best.work.min(now.work));
        best = if now.speed > best.speed { now } else { best };
        (best.first, best.joins, best.work) = (first, joins, work);
    }
    Ok(best)
}

fn run() -> Result<(), Failure> {
    let Options { model, streams, threads, steps, runs, csv } = options()?;
    let mut lines = Vec::new();
    println!("{}, {steps} steps, best of {runs} runs", model.display());
    println!("threads streams    speed  of alone  frame, ms      model  sound   work  first  joins, ms  memory, MB");
    for threads in threads {
        let engine = Engine::open(&model, EngineOptions::default().with_threads(threads))?;
        let voice = voice(&engine)?;
        let isa = engine.info().isa;
        let mut row = |name: &str, figures: Figures, reference: f64| {
            let Figures { speed, least, median, model, sound, work, first, joins } = figures;
            let memory = memory("VmRSS").unwrap_or(f64::NAN);
            println!(
                "{threads:>7} {name:>7} {speed:>8.2} {:>9.2} {least:>6.1}/{median:<6.1} {model:>6.1} {sound:>6.1} {work:>6.2} {first:>6.0} \
                 {joins:>10.0} {memory:>11.0}",
                speed / reference
            );
            lines.push(format!(
                "{threads},{name},{speed:.3},{least:.3},{median:.3},{model:.3},{sound:.3},{work:.3},{first:.2},{joins:.2},{memory:.1},{isa}"
            ));
        };
        let reference = best(runs, || alone(&voice, steps))?;
        row("alone", reference, reference.speed);
        for &count in &streams {
            let figures = best(runs, || together(&engine, &voice, count, steps))?;
            row(&count.to_string(), figures, reference.speed);
        }
    }
    if let Some(path) = csv {
        let head = "threads,streams,speed,frame_least_ms,frame_median_ms,model_ms,sound_ms,work_ms,first_ms,joins_ms,memory_mb,isa";
        write_lines(&path, head, lines)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    ended(run())
}
