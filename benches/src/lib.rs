//! Timing and tables that every benchmark here shares.
//!
//! Our own harness, not criterion: a kernel is judged by its share of the memory bandwidth measured in the same run, a
//! figure criterion cannot print, and a record is one CSV row a kernel, to be committed and compared. Times are minima,
//! since noise on a shared machine only adds.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tts_core::{Engine, EngineOptions, Error, Voice};

/// Seconds that this thread has computed; on a machine that others use too they say more than a clock. Zero where nobody counts.
#[must_use]
pub fn thread_time() -> f64 {
    #[cfg(unix)]
    return computed(libc::CLOCK_THREAD_CPUTIME_ID);
    #[cfg(not(unix))]
    0.0
}

/// Seconds that all threads of this process have computed.
#[must_use]
pub fn process_time() -> f64 {
    #[cfg(unix)]
    return computed(libc::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    0.0
}

#[cfg(unix)]
fn computed(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec, which `time` is.
    if unsafe { libc::clock_gettime(clock, &mut time) } == 0 {
        return time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9;
    }
    0.0
}

/// A field of /proc/self/status in MB, such as `VmHWM`, where the system tells.
#[must_use]
pub fn memory(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok()? / 1e3)
}

/// Waits for a process: its exit code (128 and more for a signal), the processor seconds it took and its peak memory in MB.
///
/// # Errors
/// What the system says, and everywhere but on Unix.
pub fn usage(child: std::process::Child) -> io::Result<(i32, f64, f64)> {
    #[cfg(unix)]
    {
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: the call writes one int and one rusage, both of which are there.
        if unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, usage.as_mut_ptr()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: zeros are a rusage, and the call has filled it.
        let usage = unsafe { usage.assume_init() };
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
        let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
        // kilobytes, but bytes on Apple's systems
        let unit = if cfg!(target_vendor = "apple") { 1e-6 } else { 1e-3 };
        Ok((code, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as f64 * unit))
    }
    #[cfg(not(unix))]
    {
        drop(child);
        Err(io::Error::new(io::ErrorKind::Unsupported, "this benchmark asks Unix what a process took"))
    }
}

/// So many samples of something like a voice, for prompts whose words do not matter.
#[must_use]
pub fn clip(samples: usize) -> Vec<f32> {
    let sound = |t: f32| 0.3 * (t * 0.03).sin() * (t * 0.000_4).sin() + 0.05 * (t * 0.7).sin();
    (0..samples).map(|t| sound(t as f32)).collect()
}

/// The voice in a file of a model in another, or the embedded ones.
///
/// # Errors
/// Why one of them cannot be opened.
pub fn voice(model: Option<&Path>, voice: Option<&Path>, threads: NonZeroUsize) -> Result<(Engine, Voice), Error> {
    let options = EngineOptions::default().with_threads(threads);
    let engine = match model {
        Some(path) => Engine::open(path, options)?,
        None => Engine::embedded(options)?,
    };
    let voice = match voice {
        Some(path) => engine.load_voice(path)?,
        None => engine.voice("default")?,
    };
    Ok((engine, voice))
}

/// How a benchmark ends: with what went wrong, if anything did.
#[allow(clippy::print_stdout, reason = "a benchmark's output is its table")]
pub fn ended(outcome: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Seconds of one call of `work`: the least of `samples` means, each over enough calls to last `sample`.
pub fn seconds(samples: usize, sample: Duration, mut work: impl FnMut()) -> f64 {
    let mut calls = 1u32;
    loop {
        let start = Instant::now();
        for _ in 0..calls {
            work();
        }
        let spent = start.elapsed();
        if spent >= sample || calls >= 1 << 24 {
            break;
        }
        calls = if spent.is_zero() {
            calls * 16
        } else {
            (calls * 2).max((calls as f64 * (sample.as_secs_f64() / spent.as_secs_f64())) as u32)
        };
    }
    let mut best = f64::INFINITY;
    for _ in 0..samples {
        let start = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(calls));
    }
    best
}

/// Bytes per second at which one thread reads `bytes` of memory over and over, by sums in the widest registers that
/// baseline code may use at run time.
#[must_use]
pub fn read_bandwidth(bytes: usize, samples: usize, sample: Duration) -> f64 {
    let memory = vec![1u64; (bytes / 8).next_multiple_of(64)];
    let time = seconds(samples, sample, || {
        black_box(read(black_box(&memory)));
    });
    size_of_val::<[u64]>(&memory) as f64 / time
}

fn read(memory: &[u64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn widest(memory: &[u64]) -> u64 {
            sum(memory)
        }
        #[target_feature(enable = "avx2")]
        fn wide(memory: &[u64]) -> u64 {
            sum(memory)
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: avx512f was just detected.
            return unsafe { widest(memory) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: avx2 was just detected.
            return unsafe { wide(memory) };
        }
    }
    sum(memory)
}

/// Half a kilobyte of each quarter in turn: one stream of reads reaches two thirds of what a core can get from memory.
#[inline(always)]
fn sum(memory: &[u64]) -> u64 {
    let mut totals = [0u64; 64];
    let (quarters, rest) = memory.split_at(memory.len() / 256 * 256);
    let chunks = quarters.as_chunks::<64>().0;
    let quarter = chunks.len() / 4;
    for n in 0..quarter {
        for strand in 0..4 {
            for (total, value) in totals.iter_mut().zip(&chunks[strand * quarter + n]) {
                *total = total.wrapping_add(*value);
            }
        }
    }
    totals.iter().chain(rest).fold(0, |sum, total| sum.wrapping_add(*total))
}

/// One measured line.
#[derive(Clone, Debug)]
pub struct Row {
    /// What ran.
    pub kernel: String,
    /// Name of the instruction set.
    pub isa: &'static str,
    /// Shape, as `OxI T=n` or a length.
    pub size: String,
    /// What the weights were read from: `cache` (one matrix again and again), `model`, `memory`; empty without weights.
    pub from: &'static str,
    /// Seconds of one call.
    pub seconds: f64,
    /// Floating-point operations of one call; zero where that says nothing.
    pub flops: f64,
    /// Bytes that one call has to read and write at least.
    pub bytes: f64,
    /// Bytes per second measured over the same footprint; zero where none was measured.
    pub bandwidth: f64,
}

/// The head of the table that [`Row::text`] fills.
pub const HEAD: &str =
    "kernel        isa       size              from        ns        GFLOP/s     GB/s   of bandwidth";

impl Row {
    /// The line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let dash = |value: f64, text: String| if value > 0.0 { text } else { "-".into() };
        format!(
            "{:<13} {:<9} {:<17} {:<7} {:>10.0} {:>12} {:>8.1} {:>10}",
            self.kernel,
            self.isa,
            self.size,
            self.from,
            self.seconds * 1e9,
            dash(self.flops, format!("{:.1}", self.flops / self.seconds / 1e9)),
            self.bytes / self.seconds / 1e9,
            dash(self.bandwidth, format!("{:.0} %", 100.0 * self.bytes / self.seconds / self.bandwidth)),
        )
    }
}

/// Writes rows as CSV.
///
/// # Errors
/// What the file system says.
pub fn write_csv(path: &Path, rows: &[Row]) -> io::Result<()> {
    let line = |row: &Row| {
        format!(
            "{},{},{},{},{:.1},{:.3},{:.3},{:.3}",
            row.kernel,
            row.isa,
            row.size,
            row.from,
            row.seconds * 1e9,
            row.flops / row.seconds / 1e9,
            row.bytes / row.seconds / 1e9,
            row.bandwidth / 1e9
        )
    };
    write_lines(path, "kernel,isa,size,from,ns,gflops,gbytes_per_s,bandwidth_gbytes_per_s", rows.iter().map(line))
}

/// The least and the median of a figure over all runs.
#[derive(Clone, Debug)]
pub struct Figure {
    name: &'static str,
    threads: usize,
    unit: &'static str,
    least: f64,
    median: f64,
}

/// The head of the table that [`Figure::text`] fills.
pub const FIGURES: &str = "                                             threads        least       median";

impl Figure {
    /// Of the values of all runs, one or more.
    #[must_use]
    pub fn of(name: &'static str, threads: usize, unit: &'static str, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { name, threads, unit, least: values[0], median: values[values.len() / 2] }
    }

    /// The line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { name, threads, unit, least, median } = self;
        format!("{name:<44} {threads:>7} {least:>12.4} {median:>12.4} {unit}")
    }
}

/// Writes figures as CSV.
///
/// # Errors
/// What the file system says.
pub fn write_figures(path: &Path, isa: &str, figures: &[Figure]) -> io::Result<()> {
    let line = |Figure { name, threads, unit, least, median }: &Figure| {
        format!("\"{}\",{threads},{least:.5},{median:.5},{unit},{isa}", name.trim())
    };
    write_lines(path, "figure,threads,least,median,unit,isa", figures.iter().map(line))
}

/// Writes a file of lines below a head.
///
/// # Errors
/// What the file system says.
pub fn write_lines(path: &Path, head: &str, lines: impl IntoIterator<Item = String>) -> io::Result<()> {
    let mut file = File::create(path)?;
    writeln!(file, "{head}")?;
    lines.into_iter().try_for_each(|line| writeln!(file, "{line}"))
}
