//! `cargo bench -p tts-benches --bench peers -- [--tts PATH] [--runs N] [--engine 'NAME[:RATE]=COMMAND'].. [--csv FILE] [--plot FILE.svg]`
//!
//! What a user of a shell gets: every engine as a fresh process that says the same ten sentences, one after the other in turn
//! with the others, so that what else the machine does meets all alike. Least and median of all runs.
//!
//! `tts` (this workspace's release build unless --tts names one), and flite and espeak-ng where they are installed, are known.
//! --engine adds any other: a command for `sh -c` that gets the text as `{text}` (quoted) or on its input, and writes WAV to its
//! output or to `{out}`, or with a RATE plain mono samples of 16 bits to its output. `piper:22050=piper -m en.onnx --output_raw`
//! is one, `pocket-tts=pocket-tts generate --text {text} --output-path {out}` another. Nothing stands in for one that fails.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use tts_benches::{ended, usage};

type Failure = Box<dyn std::error::Error>;

/// Of the Harvard sentences (IEEE 1969), the first list.
const SENTENCES: [&str; 10] = [
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
];
/// Bytes of a WAV header as programs that write to a pipe make it.
const HEADER: usize = 44;

struct Peer {
    name: String,
    command: String,
    /// Of plain samples.
    rate: Option<f64>,
    runs: Vec<Measured>,
}

/// One engine saying all sentences once.
struct Measured {
    wall: f64,
    cpu: f64,
    audio: f64,
    /// Start of the process to the first byte of sound, the median of all sentences; none if it writes a file.
    first: Option<f64>,
    peak: f64,
}

struct Options {
    runs: usize,
    peers: Vec<Peer>,
    csv: Option<PathBuf>,
    plot: Option<PathBuf>,
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn options() -> Result<Options, Failure> {
    // benchmarks lie in target/release/deps
    let built = std::env::current_exe()?.parent().and_then(Path::parent).map(|folder| folder.join("tts"));
    let (mut tts, mut others, mut runs, mut csv, mut plot) = (built, Vec::new(), 7, None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--tts" => tts = Some(value()?.into()),
            "--runs" => runs = value()?.parse::<usize>()?.max(1),
            "--engine" => others.push(value()?),
            "--csv" => csv = Some(value()?.into()),
            "--plot" => plot = Some(value()?.into()),
            _ => return Err(format!("unknown {argument}: expected --tts, --runs, --engine, --csv or --plot").into()),
        }
    }
    let tts = tts.filter(|tts| tts.is_file()).ok_or("no tts there: cargo build --release, or --tts PATH")?;
    let tts = tts.display();
    let mut known = vec![
        ("tts, one thread", format!("'{tts}' say --threads 1 -o - {{text}}")),
        ("tts, two threads", format!("'{tts}' say --threads 2 -o - {{text}}")),
    ];
    if installed("flite") {
        known.push(("flite rms", "flite -voice rms -t {text} -o {out}".to_owned()));
    }
    if installed("espeak-ng") {
        known.push(("espeak-ng", "espeak-ng --stdout {text}".to_owned()));
    }
    let peer = |name: &str, command: String, rate| Peer { name: name.to_owned(), command, rate, runs: Vec::new() };
    let mut peers: Vec<Peer> = known.into_iter().map(|(name, command)| peer(name, command, None)).collect();
    for other in others {
        let (name, command) =
            other.split_once('=').ok_or_else(|| format!("--engine {other}: expected NAME=COMMAND"))?;
        let (name, rate) = match name.split_once(':') {
            Some((name, rate)) => (name, Some(rate.parse::<f64>().map_err(|_| format!("{rate} is no sample rate"))?)),
            None => (name, None),
        };
        peers.push(peer(name, command.to_owned(), rate));
    }
    Ok(Options { runs, peers, csv, plot })
}

/// Seconds of sound in a WAV file whose header may say nothing of its length; `bytes` is how much there is of it.
fn wav_seconds(head: &[u8], bytes: usize) -> Option<f64> {
    let field = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    if head.get(..4)? != b"RIFF" || head.get(12..16)? != b"fmt " {
        return None;
    }
    let bytes_a_second = field(28).filter(|rate| *rate > 0)?;
    Some(bytes.saturating_sub(HEADER) as f64 / f64::from(bytes_a_second))
}

impl Peer {
    /// Wall and processor seconds, seconds of sound, seconds to the first of it, peak memory in MB, of one sentence.
    fn say(&self, text: &str, out: &Path) -> Result<Measured, Failure> {
        let quoted = format!("'{}'", text.replace('\'', "'\\''"));
        let to_file = self.command.contains("{out}");
        let command = self.command.replace("{text}", &quoted).replace("{out}", &format!("'{}'", out.display()));
        let _ = std::fs::remove_file(out);
        let fails = |what: String| format!("{}: {what}; its command was: {command}", self.name);
        let begun = Instant::now();
        // exec: what is measured is the program, not the shell
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take().filter(|_| !self.command.contains("{text}")) {
            let _ = stdin.write_all(text.as_bytes()); // one that does not listen says so by its result
        }
        let (mut sound, mut first, mut room) = (Vec::new(), None, vec![0; 1 << 16]);
        let skipped = if self.rate.is_some() { 0 } else { HEADER };
        if let Some(mut stdout) = child.stdout.take() {
            loop {
                let count = stdout.read(&mut room)?;
                if count == 0 {
                    break;
                }
                sound.extend_from_slice(&room[..count]);
                if first.is_none() && sound.len() > skipped && !to_file {
                    first = Some(begun.elapsed().as_secs_f64());
                }
            }
        }
        let (status, cpu, peak) = usage(child)?;
        let wall = begun.elapsed().as_secs_f64();
        if status != 0 {
            return Err(fails(format!("ended with {status}")).into());
        }
        let audio = if let Some(rate) = self.rate {
            sound.len() as f64 / 2.0 / rate
        } else {
            let wav = if to_file { std::fs::read(out)? } else { sound };
            wav_seconds(&wav, wav.len()).ok_or_else(|| fails("wrote no WAV".to_owned()))?
        };
        if audio < 0.5 {
            return Err(fails(format!("said a sentence in {audio:.2} s")).into());
        }
        Ok(Measured { wall, cpu, audio, first, peak })
    }

    fn run(&mut self, out: &Path) -> Result<(), Failure> {
        let mut all = Measured { wall: 0.0, cpu: 0.0, audio: 0.0, first: None, peak: 0.0 };
        let mut firsts = Vec::new();
        for text in SENTENCES {
            let one = self.say(text, out)?;
            all.wall += one.wall;
            all.cpu += one.cpu;
            all.audio += one.audio;
            all.peak = all.peak.max(one.peak);
            firsts.extend(one.first);
        }
        firsts.sort_by(f64::total_cmp);
        all.first = firsts.get(firsts.len() / 2).copied();
        self.runs.push(all);
        Ok(())
    }

    /// Least and median of a figure; nothing if a run has none.
    fn figure(&self, of: impl Fn(&Measured) -> Option<f64>) -> Option<[f64; 2]> {
        let mut values = self.runs.iter().map(of).collect::<Option<Vec<_>>>()?;
        values.sort_by(f64::total_cmp);
        Some([*values.first()?, values[values.len() / 2]])
    }
}

/// Figures of the table: name, unit, digits, and how a run has it.
type Figure = (&'static str, &'static str, usize, fn(&Measured) -> Option<f64>);
const FIGURES: [Figure; 4] = [
    ("wall seconds a second of sound", "", 4, |run| Some(run.wall / run.audio)),
    ("processor seconds a second of sound", "", 4, |run| Some(run.cpu / run.audio)),
    ("first sound of a fresh process", "ms", 1, |run| run.first.map(|first| first * 1e3)),
    ("peak memory", "MB", 1, |run| Some(run.peak)),
];

fn main() -> ExitCode {
    ended(run())
}

fn run() -> Result<(), Failure> {
    let mut options = options()?;
    let out = std::env::temp_dir().join(format!("tts-peers-{}.wav", std::process::id()));
    let outcome = (|| {
        for _ in 0..=options.runs {
            for peer in &mut options.peers {
                peer.run(&out)?;
            }
        }
        Ok::<(), Failure>(())
    })();
    let _ = std::fs::remove_file(&out);
    outcome?;
    for peer in &mut options.peers {
        peer.runs.remove(0); // the first one found the disk's cache cold
    }
    let mut table = String::from("engine,figure,unit,least,median\n");
    for (name, unit, digits, of) in FIGURES {
        println!("\n{name}{}{unit}: least, median of {}", if unit.is_empty() { "" } else { ", " }, options.runs);
        for peer in &options.peers {
            match peer.figure(of) {
                Some([least, median]) => {
                    println!("  {:<20} {least:>10.digits$} {median:>10.digits$}", peer.name);
                    writeln!(table, "{},{name},{unit},{least:.digits$},{median:.digits$}", peer.name.replace(',', ""))?;
                }
                None => println!("  {:<20} {:>10}", peer.name, "-"),
            }
        }
    }
    if let Some(path) = options.csv {
        std::fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let Some(path) = options.plot {
        std::fs::write(&path, plot(&options.peers)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Bars of the least wall seconds a second of sound, on a logarithmic scale from .001 to 10.
fn plot(peers: &[Peer]) -> String {
    let x = |value: f64| 170.0 + 100.0 * (value.clamp(0.001, 10.0).log10() + 3.0);
    let height = 60 + 26 * peers.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"18\">wall seconds for a second of sound, fresh processes; less is faster</text>\n"
    );
    for power in -3..=1 {
        let (value, bottom) = (10f64.powi(power), height - 14);
        let _ = writeln!(
            svg,
            "<path d=\"M{0:.0} 28V{bottom}\" stroke=\"#ccc\"/><text x=\"{0:.0}\" y=\"{1}\" text-anchor=\"middle\">{value}</text>",
            x(value),
            height - 2
        );
    }
    for (n, peer) in peers.iter().enumerate() {
        let Some([least, _]) = peer.figure(FIGURES[0].3) else { continue };
        let top = 32 + 26 * n;
        let name = peer.name.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            svg,
            "<text x=\"160\" y=\"{0}\" text-anchor=\"end\">{name}</text><rect x=\"170\" y=\"{top}\" width=\"{1:.1}\" height=\"18\" fill=\"#4a7\"/><text x=\"{2:.1}\" y=\"{0}\">{least:.4}</text>",
            top + 14,
            x(least) - 170.0,
            x(least) + 4.0
        );
    }
    svg + "</svg>\n"
}
