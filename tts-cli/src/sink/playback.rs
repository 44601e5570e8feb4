//! Sound through a player program that reads samples from its standard input.
//!
//! One process plays everything, so there is no gap between clauses. When text is late, silence is fed just ahead of
//! what the listener hears: the player never runs dry, which would click. A player that fails as it starts (its server
//! is not running, there is no device) gives way to the next one, which hears everything from the beginning.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::pcm::{Encoder, SampleFormat};
use super::player::{self, Feed, Player};
use super::spool::Spool;
use super::{Sink, SinkError};
use crate::interrupt::{self, SharedChild};
use crate::message;

/// A player that ends within this time did not work; later, it played and was stopped.
const BIRTH: Duration = Duration::from_millis(1500);
/// How far silence is fed ahead of the listener.
const LEAD: Duration = Duration::from_millis(120);
/// How long a player may play on after its last sample should have been heard.
const GRACE: Duration = Duration::from_secs(15);
/// Silence is fed in pieces of a fiftieth of a second.
const SILENCES_PER_SECOND: u32 = 50;

/// A player and its program.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// What it is.
    pub(crate) player: &'static Player,
    /// Where it is.
    pub(crate) program: PathBuf,
}

/// Samples to whichever player works.
#[derive(Debug)]
pub(crate) struct Playback {
    candidates: VecDeque<Candidate>,
    device: Option<String>,
    rate: u32,
    encoder: Encoder,
    bytes: Vec<u8>,
    /// Everything since the beginning, while another player may still have to start over.
    heard: Option<Vec<u8>>,
    running: Option<Running>,
    /// What went wrong with the players tried so far.
    failures: Vec<String>,
}

#[derive(Debug)]
enum Running {
    Stream(Stream),
    Files(Spool),
}

impl Running {
    fn send(&mut self, bytes: &[u8]) -> Result<(), Died> {
        match self {
            Self::Stream(stream) => stream.send(bytes),
            Self::Files(spool) => spool.send(bytes),
        }
    }
}

/// A player process that reads samples.
#[derive(Debug)]
struct Stream {
    name: &'static str,
    lies: Option<&'static str>,
    child: SharedChild,
    input: Option<ChildStdin>,
    complaints: Option<JoinHandle<String>>,
    born: Instant,
    /// When the first sample was written.
    begun: Option<Instant>,
    written: u64,
}

impl Playback {
    /// Starts the first of `candidates` that can be started.
    ///
    /// # Errors
    /// [`SinkError::Playback`] if none can.
    pub(crate) fn start(candidates: Vec<Candidate>, device: Option<String>, rate: u32) -> Result<Self, SinkError> {
        let mut playback = Self {
            candidates: candidates.into(),
            device,
            rate,
            encoder: Encoder::new(SampleFormat::S16),
            bytes: Vec::new(),
            heard: Some(Vec::new()),
            running: None,
            failures: Vec::new(),
        };
        playback.next_player()?;
        Ok(playback)
    }

    fn next_player(&mut self) -> Result<(), SinkError> {
        while let Some(Candidate { player, program }) = self.candidates.pop_front() {
            let device = self.device.as_deref();
            let started = match player.feed {
                Feed::Samples(arguments) => {
                    let mut command = Command::new(&program);
                    command.args(arguments(&program, self.rate, device)).envs(player.environment(device));
                    Stream::start(player, command).map(Running::Stream)
                }
                Feed::Files(_) => Spool::start(player, program.clone(), self.rate).map(Running::Files),
            };
            match started {
                Ok(running) => {
                    message::detail(&format!("playing through {} ({})", player.name, program.display()));
                    self.running = Some(running);
                    return Ok(());
                }
                Err(error) => self.failures.push(format!("{}: {error}", player.name)),
            }
        }
        let tried = self.failures.join("; ");
        let advice = player::advice();
        Err(SinkError::Playback(match tried.as_str() {
            "" => format!("no player was found: {advice}"),
            tried => format!("no player works here ({tried}): {advice}"),
        }))
    }

    /// After the player has ended: another one that starts over, or the reason why there is none.
    fn recover(&mut self, mut died: Died) -> Result<(), SinkError> {
        loop {
            self.running = None;
            let Died { name, why, at_birth } = died;
            if !at_birth || self.heard.is_none() {
                return Err(SinkError::Playback(format!(
                    "{name} stopped playing: {why}; is the sound device still there?"
                )));
            }
            message::detail(&format!("{name} does not work: {why}"));
            self.failures.push(format!("{name}: {why}"));
            self.next_player()?;
            let heard = self.heard.as_deref().unwrap_or_default();
            match self.running.as_mut().map_or(Ok(()), |running| running.send(heard)) {
                Ok(()) => return Ok(()),
                Err(again) => died = again,
            }
        }
    }

    fn deliver(&mut self) -> Result<(), SinkError> {
        let bytes = std::mem::take(&mut self.bytes);
        let mature = match &self.running {
            Some(Running::Stream(stream)) => stream.born.elapsed() > BIRTH,
            Some(Running::Files(spool)) => spool.has_played(),
            None => false,
        };
        if mature {
            self.heard = None;
        }
        // What is about to be sent counts as heard: should the player fail now, the next one hears it too.
        if let Some(heard) = &mut self.heard {
            heard.extend_from_slice(&bytes);
        }
        let sent = self.running.as_mut().map_or(Ok(()), |running| running.send(&bytes));
        self.bytes = bytes;
        sent.or_else(|died| self.recover(died))
    }
}

impl Sink for Playback {
    fn write(&mut self, samples: &[f32]) -> Result<(), SinkError> {
        self.encoder.encode(samples, &mut self.bytes);
        self.deliver()
    }

    fn wait(&mut self) -> Result<(), SinkError> {
        loop {
            let late = match &mut self.running {
                Some(Running::Stream(stream)) => {
                    if let Some(died) = stream.died() {
                        return self.recover(died);
                    }
                    stream.runs_dry(self.rate)
                }
                Some(Running::Files(spool)) => match spool.died() {
                    Some(died) => return self.recover(died),
                    None => false,
                },
                None => false,
            };
            if !late {
                return Ok(());
            }
            self.bytes.clear();
            self.bytes.resize((self.rate / SILENCES_PER_SECOND) as usize * 2, 0);
            self.deliver()?;
        }
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        loop {
            let ended = match self.running.take() {
                Some(Running::Stream(stream)) => stream.finish(self.rate),
                Some(Running::Files(spool)) => spool.finish(),
                None => return Ok(()),
            };
            match ended {
                Ok(()) => return Ok(()),
                Err(died) => self.recover(died)?,
            }
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.encoder.warnings()
    }
}

/// How a player came to its end before it should have.
#[derive(Debug)]
pub(crate) struct Died {
    /// Which one.
    pub(crate) name: &'static str,
    /// Its last words.
    pub(crate) why: String,
    /// Whether it never got to play.
    pub(crate) at_birth: bool,
}

impl Stream {
    fn start(player: &Player, mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = interrupt::spawn(|| command.spawn())?;
        let (input, errors) = {
            let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
            (child.stdin.take(), child.stderr.take())
        };
        let complaints = errors.map(|errors| std::thread::spawn(move || last_words(errors)));
        Ok(Self {
            name: player.name,
            lies: player.lies,
            child,
            input,
            complaints,
            born: Instant::now(),
            begun: None,
            written: 0,
        })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Died> {
        self.begun.get_or_insert_with(Instant::now);
        self.written += bytes.len() as u64 / 2;
        match self.input.as_mut().map(|input| input.write_all(bytes)) {
            Some(Ok(())) => Ok(()),
            // It closed its input: it has ended or is about to.
            Some(Err(_)) | None => Err(self.bury()),
        }
    }

    /// Whether the listener is about to hear the end of what was written. The device lags behind the clock by the time
    /// it took to open, so the true distance is a little larger.
    fn runs_dry(&self, rate: u32) -> bool {
        let Some(begun) = self.begun else { return false };
        Duration::from_secs_f64(self.written as f64 / f64::from(rate)) < begun.elapsed() + LEAD
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }

    fn died(&mut self) -> Option<Died> {
        self.status().is_some().then(|| self.bury())
    }

    /// Waits for the end of the process and collects its last words.
    fn bury(&mut self) -> Died {
        let at_birth = self.born.elapsed() < BIRTH;
        self.input = None;
        let status = self.wait_until(Instant::now() + Duration::from_secs(1));
        let words = self.words();
        let why = match (words.as_str(), status) {
            ("", Some(status)) => format!("it ended with {status}"),
            ("", None) => "it closed its input".to_owned(),
            (words, _) => words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(words).trim().to_owned(),
        };
        Died { name: self.name, why, at_birth }
    }

    /// Lets the player play what it has, then asks how it went.
    fn finish(mut self, rate: u32) -> Result<(), Died> {
        self.input = None;
        let left = Duration::from_secs_f64(self.written as f64 / f64::from(rate))
            .saturating_sub(self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()));
        let at_birth = |born: Instant| born.elapsed() < BIRTH;
        match self.wait_until(Instant::now() + left + GRACE) {
            None => {
                let why = format!("it was still running {} s after the end of the sound", GRACE.as_secs());
                Err(Died { name: self.name, why, at_birth: false })
            }
            Some(status) => {
                let early = at_birth(self.born);
                let words = self.words();
                let lied = self.lies.is_some_and(|lie| words.contains(lie));
                if status.success() && !lied {
                    return Ok(());
                }
                let last = words.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
                Err(Died {
                    name: self.name,
                    why: last.unwrap_or_else(|| format!("it ended with {status}")),
                    at_birth: early,
                })
            }
        }
    }

    /// The end of the process, if it comes in time. The lock is free in between, so that Ctrl-C can kill.
    fn wait_until(&self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Some(status) = self.status() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn words(&mut self) -> String {
        // A grandchild may hold the pipe open for ever: then there are no last words.
        let deadline = Instant::now() + Duration::from_millis(200);
        while self.complaints.as_ref().is_some_and(|thread| !thread.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.complaints.take().filter(JoinHandle::is_finished).and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Stream {
    /// Dropping it unfinished is stopping it.
    fn drop(&mut self) {
        interrupt::forget_player(&self.child);
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(child.try_wait(), Ok(Some(_))) {
            // It ends between the two calls, or now.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The last few thousand bytes of what a program complains about.
pub(crate) fn last_words(mut errors: impl Read) -> String {
    const KEPT: usize = 4096;
    let mut words = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = errors.read(&mut buffer) {
        words.extend_from_slice(&buffer[..read]);
        words.drain(..words.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&words).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_the_last() {
        let text = "x".repeat(10_000) + "\nend";
        let words = last_words(text.as_bytes());
        assert!(words.ends_with("\nend") && words.len() == 4096);
    }
}
