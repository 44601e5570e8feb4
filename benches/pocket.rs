//! `cargo bench -p tts-benches --bench pocket -- FOLDER [--precision P] [--frames N] [--runs N] [--csv FILE] [--compare [--against FOLDER] | --pack]`
//!
//! What Pocket TTS costs on one thread, and on two. FOLDER holds `config.yaml` and `model.safetensors`, as `pocket/random_weights.py` makes them.
//! P is `stored`, `f32`, `bf16`, `int8`, `small`, or four of them with commas for language model, head, decoder and encoder. With --compare
//! there are no times but the signal-to-noise ratio against the weights as stored (in another folder: --against), from the same noise. With --pack
//! FOLDER/model.packed is written, with that precision; P `packed` opens it.
//! A voice of 127 positions (10.08 s of sound) says 32 tokens in N frames; every figure is the least of all runs, and the median.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use tts_benches::{FIGURES, Figure, clip, ended, memory, thread_time, write_figures};
use tts_core::measure::{Pocket, PocketVoice};
use tts_core::{Engine, EngineOptions, Isa};

type Failure = Box<dyn std::error::Error>;

/// Latents of the voice prompt; one more position says that a voice begins.
const VOICE: usize = 126;
/// As a sentence of ten words has them.
const TOKENS: u32 = 32;

struct Options {
    folder: PathBuf,
    precision: String,
    compare: bool,
    against: Option<PathBuf>,
    pack: bool,
    frames: usize,
    runs: usize,
    csv: Option<PathBuf>,
}

fn number(text: Option<String>) -> Result<usize, Failure> {
    Ok(text.ok_or("a number is missing")?.parse()?)
}

fn options() -> Result<Options, Failure> {
    let (mut folder, mut precision, mut compare, mut pack) = (None, "stored".to_owned(), false, false);
    let (mut against, mut csv) = (None, None);
    let (mut frames, mut runs) = (50, 5);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--precision" => precision = arguments.next().ok_or("--precision needs a name")?,
            "--compare" => compare = true,
            "--against" => against = Some(arguments.next().ok_or("--against needs a folder")?.into()),
            "--pack" => pack = true,
            "--frames" => frames = number(arguments.next())?.max(2),
            "--runs" => runs = number(arguments.next())?.max(1),
            "--csv" => csv = Some(arguments.next().ok_or("--csv needs a file")?.into()),
            other if !other.starts_with('-') && folder.is_none() => folder = Some(PathBuf::from(other)),
            other => return Err(format!("unexpected {other}: FOLDER [--frames N] [--runs N]").into()),
        }
    }
    let folder = folder.ok_or("which FOLDER? see pocket/random_weights.py")?;
    Ok(Options { folder, precision, compare, against, pack, frames, runs, csv })
}

/// Approximately normal values, the same on every run.
struct Noise(u64);

impl Noise {
    fn fill(&mut self, out: &mut [f32]) {
        for out in out {
            let mut sum = 0.0;
            for _ in 0..12 {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sum += (self.0 >> 40) as f32 / (1u64 << 24) as f32;
            }
            *out = sum - 6.0;
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds of language model and codec for every frame, then until the first sound; and seconds of this thread alone a second.
fn speak(pocket: &Pocket, voice: &PocketVoice, frames: usize) -> ([Vec<f64>; 3], f64) {
    let tokens = tokens();
    let mut noise = Noise(7);
    let (mut row, mut latent, mut pcm) = (vec![0.0; pocket.latent()], Vec::new(), Vec::new());
    let [mut lm, mut codec, mut first] = [vec![], vec![], vec![]];
    let (start, mut own) = (Instant::now(), thread_time());
    let mut speech = pocket.begin(voice, &tokens, frames);
    for frame in 0..frames {
        noise.fill(&mut row);
        let now = Instant::now();
        pocket.latent_of(&mut speech, &row, &mut latent);
        lm.push(milliseconds(now));
        let now = Instant::now();
        pocket.sound_of(&mut speech, &latent, &mut pcm);
        codec.push(milliseconds(now));
        if frame == 0 {
            first.push(milliseconds(start));
            own = thread_time();
        }
    }
    let own = (thread_time() - own) / ((frames - 1) as f64 * 0.08);
    ([lm, codec, first], own)
}

/// Seconds a second with latents on one thread and their sound on another, three latents behind at most.
fn speak_by_two(pocket: &Pocket, voice: &PocketVoice, frames: usize) -> f64 {
    let tokens = tokens();
    let (mut lm, mut codec) = (pocket.begin(voice, &tokens, frames), pocket.begin(voice, &[], 1));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::sync_channel::<Vec<f32>>(3);
        scope.spawn(move || {
            let (mut noise, mut row) = (Noise(7), vec![0.0; pocket.latent()]);
            for _ in 0..frames {
                let mut latent = Vec::new();
                noise.fill(&mut row);
                pocket.latent_of(&mut lm, &row, &mut latent);
                if send.send(latent).is_err() {
                    return;
                }
            }
        });
        let mut pcm = Vec::new();
        for latent in receive {
            pocket.sound_of(&mut codec, &latent, &mut pcm);
        }
    });
    start.elapsed().as_secs_f64() / (frames as f64 * 0.08)
}

/// Latents and sound of `frames` frames in which `own` weights see only their own latents.
fn sound(pocket: &Pocket, frames: usize) -> [Vec<f32>; 3] {
    let hop = (pocket.sample_rate() as f64 / 12.5) as usize;
    let clip = clip(VOICE * hop);
    let voice = pocket.voice(1, &clip);
    let mut speech = pocket.begin(&voice, &tokens(), frames);
    let mut noise = Noise(7);
    let (mut row, mut latent, mut pcm) = (vec![0.0; pocket.latent()], Vec::new(), Vec::new());
    let [mut latents, mut all] = [vec![], vec![]];
    for _ in 0..frames {
        noise.fill(&mut row);
        pocket.latent_of(&mut speech, &row, &mut latent);
        pocket.sound_of(&mut speech, &latent, &mut pcm);
        latents.extend_from_slice(&latent);
        all.extend_from_slice(&pcm);
    }
    [pocket.encode(&clip), latents, all]
}

fn snr(found: &[f32], expected: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let error = power(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    10.0 * (power(&mut expected.iter().copied()) / error).log10()
}

fn compare(options: &Options, isa: Isa) -> Result<(), Failure> {
    let Options { folder, precision, frames, .. } = options;
    let expected = sound(&open(options.against.as_ref().unwrap_or(folder), "stored", isa)?, *frames);
    let found = sound(&open(folder, precision, isa)?, *frames);
    println!("{} with {precision} against stored, {frames} frames on {}, dB", folder.display(), isa.name());
    for (name, n) in [("encoded voice", 0), ("latents", 1), ("sound", 2)] {
        let part = expected[n].len() / frames * frames.min(&10);
        println!(
            "{name:<16} {:>6.1} all, {:>6.1} first ten",
            snr(&found[n], &expected[n]),
            snr(&found[n][..part], &expected[n][..part])
        );
    }
    Ok(())
}

fn open(folder: &Path, precision: &str, isa: Isa) -> Result<Pocket, Failure> {
    let (weights, precision) =
        if precision == "packed" { ("model.packed", "stored") } else { ("model.safetensors", precision) };
    Pocket::open(&folder.join("config.yaml"), &folder.join(weights), precision, isa)
}

fn tokens() -> Vec<u32> {
    (0..TOKENS).map(|n| n * 97 % 4000).collect()
}

fn run() -> Result<(), Failure> {
    let options = options()?;
    let isa = Isa::from_env()?;
    if options.pack {
        let out = options.folder.join("model.packed");
        let choices = EngineOptions::default().with_precision(options.precision.parse()?);
        println!("{} bytes in {}", Engine::convert(&options.folder, &choices, &out)?, out.display());
        return Ok(());
    }
    if options.compare {
        return compare(&options, isa);
    }
    let Options { folder, precision, frames, runs, csv, .. } = options;
    let start = Instant::now();
    let pocket = open(&folder, &precision, isa)?;
    println!("{} with {precision} on {}, {runs} runs of {frames} frames", folder.display(), isa.name());
    println!("{FIGURES}");
    let mut rows = Vec::new();
    let mut report = |name: &'static str, threads, unit, values| {
        let figure = Figure::of(name, threads, unit, values);
        println!("{}", figure.text());
        rows.push(figure);
    };
    report("load", 1, "ms", vec![milliseconds(start)]);
    if let (Some(peak), Some(now)) = (memory("VmHWM"), memory("VmRSS")) {
        report("memory after loading", 1, "MB", vec![now]);
        report("peak memory of loading", 1, "MB", vec![peak]);
    }
    let hop = (pocket.sample_rate() as f64 / 12.5) as usize;
    let sound = clip(VOICE * hop);
    let most = std::thread::available_parallelism()?.get().min(2);
    let mut clones = [vec![], vec![]];
    let mut encodings = vec![];
    let mut voice = None;
    for _ in 0..runs.min(3) {
        let now = Instant::now();
        std::hint::black_box(pocket.encode(&sound));
        encodings.push(milliseconds(now));
        for threads in 1..=most {
            let now = Instant::now();
            voice = Some(pocket.voice(threads, &sound));
            clones[threads - 1].push(milliseconds(now));
        }
    }
    let voice = voice.ok_or("no run")?;
    report("encode 10 s of sound", 1, "ms", encodings);
    for (clones, threads) in clones.into_iter().zip(1..=most) {
        report("clone 10 s of sound", threads, "ms", clones);
    }
    let [mut lms, mut codecs, mut firsts, mut factors, mut owns] = [vec![], vec![], vec![], vec![], vec![]];
    for _ in 0..runs {
        let ([lm, codec, first], own) = speak(&pocket, &voice, frames);
        let total: f64 = lm.iter().chain(&codec).sum();
        owns.push(own);
        factors.push(total / (frames as f64 * 80.0));
        lms.extend(lm);
        codecs.extend(codec);
        firsts.extend(first);
    }
    report("first sound, warm voice", 1, "ms", firsts);
    report("language model, a frame", 1, "ms", lms);
    report("codec, a frame", 1, "ms", codecs);
    report("real-time factor", 1, "s/s", factors);
    report("real-time factor, time of the thread", 1, "s/s", owns);
    if most > 1 {
        let factors = (0..runs).map(|_| speak_by_two(&pocket, &voice, frames)).collect();
        report("real-time factor", 2, "s/s", factors);
    }
    if let Some(peak) = memory("VmHWM") {
        report("peak memory so far", most, "MB", vec![peak]);
    }
    if let Some(path) = csv {
        write_figures(&path, isa.name(), &rows)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    ended(run())
}
