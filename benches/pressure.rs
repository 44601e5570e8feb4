//! `cargo bench -p tts-benches --bench pressure -- [--runs N] [--model MODEL --voice FILE] [--csv FILE]`
//!
//! What is left of the speed where the machine is not ours alone: other processes that never wait, a quota of half a core, the lowest
//! priority, one core for two threads, no huge pages. Each line is a fresh process. *Wall* may grow as our share of the machine shrinks;
//! *work*, the processor time of our own process, should not grow: threads that spin while others hold the core would show there.
//! Quotas need Linux and a user who may make control groups.

#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tts_benches::{ended, memory, process_time, voice};
use tts_core::Voice;

type Failure = Box<dyn std::error::Error>;

const SENTENCE: &str = "It is easy to tell the depth of a well.";
const PASSAGE: &str = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. These days a \
chicken leg is a rare dish. The box was thrown beside the parked truck. Four hours of steady work faced us.";

/// What a measured process does to itself before it begins, and what runs beside it.
#[derive(Clone, Copy)]
struct Condition {
    name: &'static str,
    /// Other processes for each core.
    others: usize,
    lowest: bool,
    half_a_core: bool,
    one_core: bool,
    small_pages: bool,
}

const CONDITIONS: [Condition; 7] = {
    const ALONE: Condition =
        Condition { name: "alone", others: 0, lowest: false, half_a_core: false, one_core: false, small_pages: false };
    [
        ALONE,
        Condition { name: "no huge pages", small_pages: true, ..ALONE },
        Condition { name: "one core for all threads", one_core: true, ..ALONE },
        Condition { name: "a quota of half a core", half_a_core: true, ..ALONE },
        Condition { name: "nice 19", lowest: true, ..ALONE },
        Condition { name: "one other a core", others: 1, ..ALONE },
        Condition { name: "two others a core", others: 2, ..ALONE },
    ]
};

struct Options {
    runs: usize,
    model: Option<PathBuf>,
    voice: Option<PathBuf>,
    csv: Option<PathBuf>,
    /// Of a process that is measured: number of its condition, threads.
    measured: Option<(usize, NonZeroUsize)>,
    /// Of a process that is in the way.
    busy: bool,
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { runs: 5, model: None, voice: None, csv: None, measured: None, busy: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {} // cargo says so
            "--busy" => options.busy = true,
            "--runs" => options.runs = value()?.parse::<usize>()?.max(1),
            "--model" => options.model = Some(value()?.into()),
            "--voice" => options.voice = Some(value()?.into()),
            "--csv" => options.csv = Some(value()?.into()),
            "--measured" => options.measured = Some((value()?.parse()?, value()?.parse()?)),
            _ => return Err(format!("unknown option {argument}: --runs, --model, --voice and --csv").into()),
        }
    }
    Ok(options)
}

/// A process that is ended with its owner.
struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        // it may have ended
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A control group with half a core for each process in it, of either version; removed with its owner.
struct Group(PathBuf);

impl Group {
    fn new() -> Result<Self, Failure> {
        let root = Path::new("/sys/fs/cgroup");
        let (root, new) =
            if root.join("cgroup.controllers").exists() { (root.into(), true) } else { (root.join("cpu"), false) };
        let group = Self(root.join(format!("tts-pressure-{}", std::process::id())));
        fs::create_dir(&group.0)?;
        if new {
            fs::write(group.0.join("cpu.max"), "50000 100000")?;
        } else {
            fs::write(group.0.join("cpu.cfs_period_us"), "100000")?;
            fs::write(group.0.join("cpu.cfs_quota_us"), "50000")?;
        }
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // a group that is left behind holds nobody
        let _ = fs::remove_dir(&self.0);
    }
}

#[cfg(target_os = "linux")]
fn undergo(condition: Condition) -> Result<(), Failure> {
    let failed = |what: &str| -> Failure { format!("{what}: {}", std::io::Error::last_os_error()).into() };
    // SAFETY: plain system calls on this process; the set of cores is initialised.
    unsafe {
        if condition.lowest && libc::setpriority(libc::PRIO_PROCESS, 0, 19) != 0 {
            return Err(failed("priority"));
        }
        if condition.small_pages && libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0 {
            return Err(failed("pages"));
        }
        if condition.one_core {
            let mut cores: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(0, &mut cores);
            if libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cores) != 0 {
                return Err(failed("cores"));
            }
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn undergo(condition: Condition) -> Result<(), Failure> {
    let Condition { lowest, half_a_core, one_core, small_pages, .. } = condition;
    if lowest || half_a_core || one_core || small_pages { Err("only on Linux".into()) } else { Ok(()) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn first_sound(voice: &Voice) -> Result<f64, Failure> {
    let start = Instant::now();
    voice.speak(SENTENCE)?.read(&mut [0.0; 240])?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Wall and processor seconds a second of sound, milliseconds to the first, and megabytes at most, printed for the process that asked.
fn measured(options: &Options, condition: Condition, threads: NonZeroUsize) -> Result<(), Failure> {
    undergo(condition)?;
    let (_, voice) = voice(options.model.as_deref(), options.voice.as_deref(), threads)?;
    first_sound(&voice)?; // caches and buffers
    let firsts = (0..options.runs).map(|_| first_sound(&voice)).collect::<Result<Vec<_>, _>>()?;
    let (mut walls, mut works) = (vec![], vec![]);
    let mut buffer = [0.0; 4096];
    for _ in 0..options.runs {
        let (start, worked) = (Instant::now(), process_time());
        let mut stream = voice.speak(PASSAGE)?;
        while stream.read(&mut buffer)? > 0 {}
        let seconds = stream.sample_rate().seconds(stream.stats().samples);
        walls.push(start.elapsed().as_secs_f64() / seconds);
        works.push((process_time() - worked) / seconds);
    }
    let peak = memory("VmHWM").unwrap_or(f64::NAN);
    println!("{} {} {} {peak}", median(walls), median(works), median(firsts));
    Ok(())
}

/// Starts this program again with arguments.
fn again(options: &Options, arguments: &[String]) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).args(["--runs", &options.runs.to_string()]).stdin(Stdio::null());
    for (name, path) in [("--model", &options.model), ("--voice", &options.voice)] {
        if let Some(path) = path {
            command.arg(name).arg(path);
        }
    }
    Ok(command)
}

fn under(options: &Options, number: usize, threads: usize) -> Result<[f64; 4], Failure> {
    let condition = CONDITIONS[number];
    let group = condition.half_a_core.then(Group::new).transpose()?;
    let cores = available_parallelism()?.get();
    let mut others = Vec::new();
    for _ in 0..condition.others * cores {
        others.push(Held(again(options, &["--busy".into()])?.stdout(Stdio::null()).spawn()?));
    }
    let arguments = ["--measured".into(), number.to_string(), threads.to_string()];
    let mut command = again(options, &arguments)?;
    command.stdout(Stdio::piped());
    #[cfg(unix)]
    if let Some(Group(path)) = &group {
        use std::os::unix::process::CommandExt;
        let tasks = path.join("cgroup.procs");
        // SAFETY: the child writes a file that was named before it was made.
        unsafe { command.pre_exec(move || fs::write(&tasks, "0")) };
    }
    let output = command.output()?;
    drop(others);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let values: Vec<f64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| text.clone())?;
    values.try_into().map_err(|_| text.into())
}

fn run() -> Result<(), Failure> {
    let options = options()?;
    if options.busy {
        let end = Instant::now() + Duration::from_secs(600);
        while Instant::now() < end {}
        return Ok(());
    }
    if let Some((number, threads)) = options.measured {
        let condition = *CONDITIONS.get(number).ok_or("no such condition")?;
        return measured(&options, condition, threads);
    }
    println!("seconds a second of sound, median of {} runs; ratios to the line alone", options.runs);
    println!("{:<28} threads      wall           work       first sound, ms  memory, MB", "");
    let mut csv = options.csv.as_ref().map(File::create).transpose()?;
    if let Some(file) = &mut csv {
        writeln!(file, "condition,threads,wall_s_per_s,work_s_per_s,first_sound_ms,memory_mb")?;
    }
    for threads in [1, 2] {
        let mut alone = None;
        for (number, Condition { name, .. }) in CONDITIONS.iter().enumerate() {
            let [wall, work, first, memory] = match under(&options, number, threads) {
                Ok(figures) => figures,
                Err(error) => {
                    println!("{name:<28} {threads:>7}   not measured: {}", error.to_string().trim());
                    continue;
                }
            };
            let [of_wall, of_work, of_first] = *alone.get_or_insert([wall, work, first]);
            println!(
                "{name:<28} {threads:>7} {wall:>7.4} {:>5.1} x {work:>7.4} {:>5.2} x {first:>8.1} {:>5.1} x {memory:>11.1}",
                wall / of_wall,
                work / of_work,
                first / of_first
            );
            if let Some(file) = &mut csv {
                writeln!(file, "{name},{threads},{wall:.5},{work:.5},{first:.3},{memory:.1}")?;
            }
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    ended(run())
}
