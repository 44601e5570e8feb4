//! `cargo bench -p tts-benches --bench steady -- [--minutes M] [--threads N] [--model MODEL --voice FILE] [--csv FILE]`
//!
//! One stream for hours, at the pace of a listener: every 20 ms a player takes 20 ms of sound, and has no more than that in its
//! buffer. Text arrives as it is spoken. Every minute: memory, time that a block of sound took, blocks that were late. Where nothing
//! else runs, the lines of all minutes should be alike.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tts_benches::{ended, memory, process_time};
use tts_core::Settings;

const SENTENCES: [&str; 8] = [
    "The birch canoe slid on the smooth planks.",
    "It is easy to tell the depth of a well, and 27 of them were dry.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls, and the juice of lemons makes fine punch.",
    "Four hours of steady work faced us on 3 May 2019.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "Did Dr. Baker pay $4.50 for the box beside the parked truck?",
];
const BLOCK: Duration = Duration::from_millis(20);
/// Bytes of text that wait to be spoken: what a fast writer is ahead.
const AHEAD: usize = 240;

struct Options {
    minutes: usize,
    threads: NonZeroUsize,
    model: Option<PathBuf>,
    voice: Option<PathBuf>,
    csv: Option<PathBuf>,
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { minutes: 10, threads: NonZeroUsize::MIN, model: None, voice: None, csv: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--bench" {
            continue; // cargo says so
        }
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--minutes" => options.minutes = value.parse::<usize>()?.max(1),
            "--threads" => options.threads = value.parse()?,
            "--model" => options.model = Some(value.into()),
            "--voice" => options.voice = Some(value.into()),
            "--csv" => options.csv = Some(value.into()),
            _ => {
                return Err(
                    format!("unknown option {argument}: --minutes, --threads, --model, --voice and --csv").into()
                );
            }
        }
    }
    Ok(options)
}

/// What one minute was like.
#[derive(Default)]
struct Minute {
    blocks: u32,
    late: u32,
    latest: Duration,
    longest: Duration,
    /// Processor seconds of the whole process for a second of sound.
    work: f64,
    memory: f64,
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Options { minutes, threads, model, voice, csv } = options()?;
    let (engine, voice) = tts_benches::voice(model.as_deref(), voice.as_deref(), threads)?;
    let info = engine.info();
    let (mut feed, mut stream) = voice.open(Settings::default())?;
    let block = (f64::from(stream.sample_rate().0) * BLOCK.as_secs_f64()).round() as usize;
    println!("{} on {}, {threads} threads, {minutes} minutes", info.model, info.isa);
    println!("minute  memory, MB  work, s/s  longest block, ms  late blocks  by at most, ms");
    let mut csv = csv.map(File::create).transpose()?;
    if let Some(file) = &mut csv {
        writeln!(file, "minute,memory_mb,work_s_per_s,longest_ms,late,late_by_ms")?;
    }
    let mut buffer = vec![0.0; block];
    let (mut sentences, mut pushed, mut spoken, mut words) = (SENTENCES.iter().cycle(), 0, 0, 0);
    let mut all: Vec<Minute> = Vec::new();
    // when the block that is about to be made has to be there
    let mut due = Instant::now() + Duration::from_secs(1);
    for _ in 0..minutes {
        let (mut minute, worked) = (Minute::default(), process_time());
        while minute.blocks < 60_000 / BLOCK.as_millis() as u32 {
            sleep((due - BLOCK).saturating_duration_since(Instant::now()));
            let start = Instant::now();
            while pushed < spoken + AHEAD {
                for part in [sentences.next().unwrap_or(&""), " "] {
                    feed.push(part)?;
                    pushed += part.len();
                }
            }
            let mut filled = 0;
            while filled < block {
                let more = stream.read(&mut buffer[filled..])?;
                if more == 0 {
                    return Err("the stream ended, though its text had not".into());
                }
                filled += more;
            }
            for word in stream.take_words() {
                (words, spoken) = (words + 1, word.source.end);
            }
            stream.take_skipped();
            stream.take_misspoken();
            let now = Instant::now();
            minute.blocks += 1;
            minute.longest = minute.longest.max(now - start);
            let late = now.saturating_duration_since(due);
            if !late.is_zero() {
                minute.late += 1;
                minute.latest = minute.latest.max(late);
            }
            // a player that ran dry goes on where it was
            due += BLOCK + late;
        }
        minute.work = (process_time() - worked) / 60.0;
        minute.memory = memory("VmRSS").unwrap_or(0.0);
        let number = all.len() + 1;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Minute { late, latest, longest, work, memory, .. } = minute;
        let (longest, latest) = (ms(longest), ms(latest));
        println!("{number:>6} {memory:>11.2} {work:>10.4} {longest:>18.2} {late:>12} {latest:>15.2}");
        if let Some(file) = &mut csv {
            writeln!(file, "{number},{memory:.3},{work:.5},{longest:.3},{late},{latest:.3}")?;
        }
        all.push(minute);
    }
    let quarter = all.len().div_ceil(4);
    let mean = |part: &[Minute], of: fn(&Minute) -> f64| part.iter().map(of).sum::<f64>() / part.len() as f64;
    let (first, last) = (&all[..quarter], &all[all.len() - quarter..]);
    println!(
        "first and last quarter: {:.2} and {:.2} MB, {:.4} and {:.4} s/s; {} of {} blocks late; {words} words",
        mean(first, |m| m.memory),
        mean(last, |m| m.memory),
        mean(first, |m| m.work),
        mean(last, |m| m.work),
        all.iter().map(|m| m.late).sum::<u32>(),
        all.iter().map(|m| m.blocks).sum::<u32>(),
    );
    Ok(())
}

fn main() -> ExitCode {
    ended(run())
}
