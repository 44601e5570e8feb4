//! `tts bench`: how fast this machine speaks.
//!
//! Cold figures come from fresh processes of this same program, since only they pay for loading; warm ones from an
//! engine in this process. Speed is the best of several runs, since other work on the machine can only add to it; delays are
//! medians, since a listener meets the usual case.

use std::ffi::OsString;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;
use tts_core::{Engine, Family, Voice};

use crate::args::{BenchArgs, EngineArgs};
use crate::exit::{Exit, Failure, OrExit};
use crate::memory;
use crate::message::{self, JsonPlace};
use crate::request::EngineRequest;

/// Ten words.
const SENTENCE: &str = "The quick brown fox jumps over the lazy sleeping dog.";
/// About twenty seconds of reading, with the usual variety.
const PASSAGE: &str = "On the fourth of March, nineteen eighty four, a small boat left the harbour before dawn. \
    The wind had turned during the night, and nobody on board believed that the weather would hold; still, they went. \
    What were they looking for? An island, said the captain, that appears on no map. \
    By noon the coast was a thin grey line, and by evening there was nothing left to see but water and sky.";
const WARM_RUNS: usize = 9;
const SPEED_RUNS: usize = 3;
const COLD_RUNS: usize = 5;

#[derive(Debug, Serialize)]
struct Figures {
    version: &'static str,
    isa: String,
    threads: usize,
    voice: String,
    model: String,
    family: &'static str,
    /// How a model of Pocket TTS keeps its weights; absent if it does not say, and for the built-in family, which has one way.
    precision: Option<String>,
    /// Compute seconds per second of sound, best of three.
    rtf: f64,
    audio_seconds: f64,
    compute_seconds: f64,
    /// Warm engine, ten words, median of nine.
    time_to_first_audio_ms: f64,
    /// Loading the engine and the voice in this process.
    load_ms: f64,
    /// Start of a fresh process to its first sample, median of five.
    cold_first_audio_ms: f64,
    /// Of this process, after everything.
    peak_memory_bytes: Option<u64>,
}

/// Measures and prints.
///
/// # Errors
/// If the engine cannot be used, or a fresh process not be started.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<Exit> {
    let request = EngineRequest::new(args.engine.clone());
    let cold = cold_first_audio(&args.engine)?;
    let begun = Instant::now();
    let engine = request.engine()?;
    let voice = request.voice(&engine)?;
    let load = begun.elapsed();
    let figures = measure(&engine, &voice, load, cold)?;
    if args.json {
        message::json(JsonPlace::Stdout, &figures)?;
    } else {
        message::output(&figures.table())?;
    }
    Ok(Exit::Done)
}

fn measure(engine: &Engine, voice: &Voice, load: Duration, cold: Duration) -> anyhow::Result<Figures> {
    let delays = (0..=WARM_RUNS).map(|_| first_audio(voice)).collect::<anyhow::Result<Vec<_>>>()?;
    // The first run warms caches and buffers.
    let delay = median(delays[1..].to_vec());
    let rate = f64::from(engine.info().sample_rate.0);
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..SPEED_RUNS {
        let begun = Instant::now();
        let mut samples = 0;
        for chunk in voice.speak(PASSAGE).or_exit(Exit::Input, "cannot speak")? {
            samples += chunk.or_exit(Exit::Input, "cannot speak")?.samples().len();
        }
        let (compute, audio) = (begun.elapsed().as_secs_f64(), samples as f64 / rate);
        if best.is_none_or(|(least, _)| compute < least) {
            best = Some((compute, audio));
        }
    }
    let (compute_seconds, audio_seconds) = best.unwrap_or_default();
    let info = engine.info();
    Ok(Figures {
        version: env!("CARGO_PKG_VERSION"),
        isa: info.isa.to_string(),
        threads: info.threads,
        voice: voice.card().name.clone(),
        model: info.model,
        family: match info.family {
            Family::Pocket => "pocket",
            _ => "native",
        },
        precision: info.precision.map(|precision| precision.to_string()),
        rtf: compute_seconds / audio_seconds,
        audio_seconds,
        compute_seconds,
        time_to_first_audio_ms: delay.as_secs_f64() * 1e3,
        load_ms: load.as_secs_f64() * 1e3,
        cold_first_audio_ms: cold.as_secs_f64() * 1e3,
        peak_memory_bytes: memory::peak(),
    })
}

fn first_audio(voice: &Voice) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut stream = voice.speak(SENTENCE).or_exit(Exit::Input, "cannot speak")?;
    let chunk = stream.next().ok_or_else(|| Failure::new(Exit::Internal, "the benchmark's sentence gave no sound"))?;
    chunk.or_exit(Exit::Input, "cannot speak")?;
    Ok(begun.elapsed())
}

/// The options that say the same as `args`.
fn engine_options(args: &EngineArgs) -> Vec<OsString> {
    let EngineArgs { voice, model, threads, precision } = args;
    let given: [(&str, Option<OsString>); 4] = [
        ("--voice=", voice.as_ref().map(OsString::from)),
        ("--model=", model.as_ref().map(OsString::from)),
        ("--threads=", threads.map(|threads| threads.to_string().into())),
        ("--precision=", precision.map(|precision| precision.to_string().into())),
    ];
    let option = |(name, value): (&str, Option<OsString>)| {
        let mut option = OsString::from(name);
        option.push(value?);
        Some(option)
    };
    given.into_iter().filter_map(option).collect()
}

fn cold_first_audio(engine: &EngineArgs) -> anyhow::Result<Duration> {
    let program = std::env::current_exe().or_exit(Exit::Internal, "cannot find this program")?;
    let mut times = Vec::with_capacity(COLD_RUNS);
    for _ in 0..COLD_RUNS {
        let mut command = Command::new(&program);
        command.args(["say", "-q", "-o", "-", "--raw"]).args(engine_options(engine)).arg(SENTENCE);
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .or_exit(Exit::Internal, "cannot start this program again")?;
        let mut first = [0];
        let read = child.stdout.as_mut().map_or(Ok(0), |out| out.read(&mut first));
        times.push(begun.elapsed());
        if !matches!(read, Ok(1)) {
            let output = child.wait_with_output().or_exit(Exit::Internal, "cannot start this program again")?;
            let text = String::from_utf8_lossy(&output.stderr);
            let text = match text.trim().trim_start_matches("tts: ") {
                "" => "a fresh process of this program gave no sound",
                text => text,
            };
            return Err(Failure::new(Exit::of_code(output.status.code()), text).into());
        }
        // The rest of its sound is not needed; it may end by itself first.
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok(median(times))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl Figures {
    fn table(&self) -> String {
        let Self { version, isa, threads, voice, model, family, rtf, audio_seconds, compute_seconds, .. } = self;
        let precision = self.precision.as_ref().map_or(String::new(), |precision| format!(", precision {precision}"));
        let memory =
            self.peak_memory_bytes.map_or("unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        let faster = 1.0 / rtf;
        format!(
            "tts {version} on {isa} with {threads} thread(s), model {model} ({family}{precision}), voice {voice}\n\
             speed (RTF)             {rtf:.4}   {audio_seconds:.1} s of sound in {compute_seconds:.2} s, {faster:.0} times as fast as it talks\n\
             first sound, warm       {:.1} ms   10 words, median of {WARM_RUNS}\n\
             first sound, cold       {:.1} ms   from the start of the process, median of {COLD_RUNS}\n\
             loading                 {:.1} ms\n\
             peak memory             {memory}\n",
            self.time_to_first_audio_ms, self.cold_first_audio_ms, self.load_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_fresh_process_makes_the_same_engine() {
        let options = ["--voice=-v.safetensors", "--model=a b", "--threads=2", "--precision=bf16,bf16,int8,f32"];
        for options in [&options[..], &[]] {
            let parse = |command: &str, more: &[OsString]| {
                Cli::try_parse_from([&["tts".into(), command.into()], more].concat()).expect("options").command
            };
            let given: Vec<OsString> = options.iter().map(OsString::from).collect();
            let Command::Bench(bench) = parse("bench", &given) else { panic!("another command") };
            let Command::Say(say) = parse("say", &engine_options(&bench.engine)) else { panic!("another command") };
            assert_eq!(say.engine, bench.engine);
            assert_eq!(engine_options(&bench.engine), given);
        }
    }

    #[test]
    fn the_sentence_has_ten_words() {
        assert_eq!(SENTENCE.split_whitespace().count(), 10);
    }

    #[test]
    fn medians() {
        assert_eq!(
            median(vec![Duration::from_secs(9), Duration::ZERO, Duration::from_secs(1)]),
            Duration::from_secs(1)
        );
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }
}
