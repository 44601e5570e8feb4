//! Sound through a player that only takes finished files: the samples are cut where the speaker is silent, and each
//! piece is played from a file of its own while the next one gathers.
//!
//! The gap between two pieces is the time the program takes to start (a tenth of a second or so), and it falls into a
//! pause that is there anyway. Since synthesis is much faster than speech, the first piece is one clause and the later
//! ones are long.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::pcm::SampleFormat;
use super::playback::{Died, last_words};
use super::player::{Feed, Player};
use super::wav;
use crate::interrupt;

/// A pause in which the sound may be cut: 80 ms at most this loud (of 32767).
const QUIET: u16 = 330;
const PAUSE_PER_SECOND: usize = 12;
/// Where there is no pause for so long, it is cut anyway.
const LONGEST_SECONDS: usize = 20;

/// A player fed with files, from a thread of its own.
#[derive(Debug)]
pub(crate) struct Spool {
    name: &'static str,
    shared: Arc<Shared>,
    worker: Option<JoinHandle<Result<(), String>>>,
}

#[derive(Debug, Default)]
struct Shared {
    gathered: Mutex<Gathered>,
    more: Condvar,
    played: AtomicBool,
    abandoned: AtomicBool,
}

#[derive(Debug, Default)]
struct Gathered {
    samples: Vec<i16>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spool {
    /// Starts the thread that plays.
    ///
    /// # Errors
    /// If the system has no thread left, or the player is not one of those that take files.
    pub(crate) fn start(player: &'static Player, program: PathBuf, rate: u32) -> std::io::Result<Self> {
        let Feed::Files(arguments) = player.feed else { return Err(std::io::ErrorKind::Unsupported.into()) };
        let shared = Arc::new(Shared::default());
        let (theirs, listener) = (Arc::clone(&shared), Arc::clone(&shared));
        let play = move |file: &std::path::Path| {
            let mut command = Command::new(&program);
            command.args(arguments(file));
            play_file(command, player.lies, &listener.abandoned)
        };
        let worker = std::thread::Builder::new().name("player".to_owned()).spawn(move || work(&theirs, rate, play))?;
        Ok(Self { name: player.name, shared, worker: Some(worker) })
    }

    /// Takes the next samples, as little-endian bytes of 16-bit integers.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Died> {
        if let Some(died) = self.died() {
            return Err(died);
        }
        let samples = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        self.shared.lock().samples.extend(samples);
        self.shared.more.notify_one();
        Ok(())
    }

    /// Whether a piece has been played to its end.
    pub(crate) fn has_played(&self) -> bool {
        self.shared.played.load(Ordering::Relaxed)
    }

    /// Why it stopped before the end, if it did.
    pub(crate) fn died(&mut self) -> Option<Died> {
        let worker = self.worker.take_if(|worker| worker.is_finished())?;
        self.outcome(worker).err()
    }

    /// Returns when everything was played.
    pub(crate) fn finish(mut self) -> Result<(), Died> {
        self.shared.lock().closed = true;
        self.shared.more.notify_one();
        self.worker.take().map_or(Ok(()), |worker| self.outcome(worker))
    }

    fn outcome(&self, worker: JoinHandle<Result<(), String>>) -> Result<(), Died> {
        let result = worker.join().unwrap_or_else(|_| Err("its thread ended".to_owned()));
        result.map_err(|why| Died { name: self.name, why, at_birth: !self.has_played() })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Relaxed);
        self.shared.lock().closed = true;
        self.shared.more.notify_one();
        if let Some(worker) = self.worker.take() {
            // What it says no longer matters, but its player must not outlive this.
            let _ = worker.join();
        }
    }
}

/// Plays pieces until the samples end.
fn work(shared: &Shared, rate: u32, play: impl Fn(&std::path::Path) -> Result<(), String>) -> Result<(), String> {
    loop {
        let piece = {
            let mut gathered = shared.lock();
            loop {
                if shared.abandoned.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let end = if gathered.closed { gathered.samples.len() } else { cut(&gathered.samples, rate as usize) };
                if end > 0 {
                    break gathered.samples.drain(..end).collect::<Vec<_>>();
                }
                if gathered.closed {
                    return Ok(());
                }
                gathered = shared
                    .more
                    .wait_timeout(gathered, Duration::from_millis(100))
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        };
        let path = piece_path();
        let written = interrupt::create(&path, || std::fs::write(&path, wav_file(&piece, rate)));
        let result =
            written.map_err(|error| format!("cannot write {}: {error}", path.display())).and_then(|()| play(&path));
        // It may be gone already; what counts is that it is.
        let _ = std::fs::remove_file(&path);
        interrupt::forget_file(&path);
        result?;
        shared.played.store(true, Ordering::Relaxed);
    }
}

fn piece_path() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("tts-{}-{number}.wav", std::process::id()))
}

fn wav_file(samples: &[i16], rate: u32) -> Vec<u8> {
    let mut file = wav::header(SampleFormat::S16, rate, Some(samples.len() as u64 * 2));
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

fn play_file(mut command: Command, lies: Option<&str>, abandoned: &AtomicBool) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = interrupt::spawn(|| command.spawn()).map_err(|error| error.to_string())?;
    let errors = child.lock().unwrap_or_else(PoisonError::into_inner).stderr.take();
    let complaints = std::thread::spawn(move || errors.map(last_words).unwrap_or_default());
    let status = loop {
        if abandoned.load(Ordering::Relaxed) {
            // It has ended by itself, or ends now.
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
        }
        let status =
            child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().map_err(|error| error.to_string())?;
        if let Some(status) = status {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    interrupt::forget_player(&child);
    let words = complaints.join().unwrap_or_default();
    if status.success() && !lies.is_some_and(|lie| words.contains(lie)) {
        return Ok(());
    }
    let last = words.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
    Err(last.unwrap_or_else(|| format!("it ended with {status}")))
}

/// Where to cut: the middle of the last pause, or everything if no pause came for too long, or 0 for not yet.
fn cut(samples: &[i16], rate: usize) -> usize {
    let pause = (rate / PAUSE_PER_SECOND).max(1);
    let mut quiet = 0;
    for (index, sample) in samples.iter().enumerate().rev() {
        quiet = if sample.unsigned_abs() <= QUIET { quiet + 1 } else { 0 };
        // A pause before any sound is not worth a piece of its own.
        if quiet >= pause && samples[..index].iter().any(|sample| sample.unsigned_abs() > QUIET) {
            return index + pause / 2;
        }
    }
    if samples.len() >= LONGEST_SECONDS * rate { samples.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_into_pauses() {
        let rate = 1200;
        let (loud, pause) = (vec![9000i16; 500], vec![3i16; 120]);
        assert_eq!(cut(&loud, rate), 0);
        assert_eq!(cut(&pause, rate), 0, "silence alone is not played");
        let speech = [loud.clone(), pause.clone(), loud.clone()].concat();
        let place = cut(&speech, rate);
        assert!((500 + 40..620).contains(&place), "{place}");
        let two = [speech.clone(), pause, loud].concat();
        assert!((1120..1240).contains(&cut(&two, rate)), "the last pause is the one");
        assert_eq!(cut(&vec![9000; 20 * rate], rate), 20 * rate);
    }

    #[test]
    fn pieces_join_to_the_whole() {
        let rate = 1200;
        let word = [vec![9000i16; 300], vec![0i16; 200]].concat();
        let all: Vec<i16> = word.iter().copied().cycle().take(5000).collect();
        let shared = Arc::new(Shared::default());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let worker = {
            let (shared, heard) = (Arc::clone(&shared), Arc::clone(&heard));
            std::thread::spawn(move || {
                work(&shared, rate, |file| {
                    let mut reader = hound::WavReader::open(file).map_err(|error| error.to_string())?;
                    heard.lock().expect("heard").extend(reader.samples::<i16>().map(|sample| sample.expect("sample")));
                    Ok(())
                })
            })
        };
        for chunk in all.chunks(77) {
            shared.lock().samples.extend_from_slice(chunk);
            shared.more.notify_one();
        }
        shared.lock().closed = true;
        shared.more.notify_one();
        worker.join().expect("thread").expect("played");
        assert_eq!(*heard.lock().expect("heard"), all);
        assert!(shared.played.load(Ordering::Relaxed));
    }
}
