//! Running `tts` in a world of its own: an empty folder, and a PATH that holds only what a test puts there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// No run may take longer, whatever the machine does besides.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder to work in, removed at the end.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("bin")).expect("bin");
        Self { folder }
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names in the folder, other than `bin`.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != "bin");
        names.sort();
        names
    }

    /// A file with this content.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("file");
        path
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A program on the private PATH; the shell's own programs are at hand inside.
    #[cfg(unix)]
    pub(crate) fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")).expect("program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    }

    /// `tts` with these arguments, in the folder, standard input empty.
    pub(crate) fn tts(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tts"));
        command.args(arguments).current_dir(self.folder.path()).env("PATH", self.folder.path().join("bin"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.tts(arguments).spawn().expect("tts"))
    }

    /// Runs it with `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
        let mut child = self.tts(arguments).stdin(Stdio::piped()).spawn().expect("tts");
        let mut stdin = child.stdin.take().expect("stdin");
        let input = input.as_ref().to_vec();
        let writer = std::thread::spawn(move || {
            // It may end before it has read everything.
            let _ = stdin.write_all(&input);
        });
        let ended = ended(child);
        writer.join().expect("writer");
        ended
    }
}

/// Waits for the end of a run, but not for ever.
pub(crate) fn ended(child: Child) -> Ended {
    let id = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Output { status, stdout, stderr } =
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("process {id} does not end")).expect("output");
    Ended { code: status.code(), stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() }
}

impl Ended {
    /// Fails unless it ended with `code`.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard error: {}", self.stderr);
        self
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("text")
    }

    /// Standard output as one JSON value on one line.
    pub(crate) fn json(&self) -> serde_json::Value {
        one_line_of_json(&self.text())
    }
}

pub(crate) fn one_line_of_json(text: &str) -> serde_json::Value {
    assert_eq!(text.matches('\n').count(), 1, "{text:?}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

/// Samples of a WAV file in -1..1, and its rate.
pub(crate) fn wav(path: &Path) -> (Vec<f32>, u32) {
    let mut reader = hound::WavReader::open(path).expect("WAV");
    let spec = reader.spec();
    assert_eq!(spec.channels, 1);
    let samples = match spec.sample_format {
        hound::SampleFormat::Int => {
            reader.samples::<i16>().map(|sample| f32::from(sample.expect("sample")) / 32767.0).collect()
        }
        hound::SampleFormat::Float => reader.samples::<f32>().map(|sample| sample.expect("sample")).collect(),
    };
    (samples, spec.sample_rate)
}

/// The loudest sample.
pub(crate) fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Presses Ctrl-C for this process alone.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}
