//! A file that is whole or not there.
//!
//! Bytes go to a file of another name in the same folder, which gets the wanted name (in one step, over any older file)
//! when the last byte is on the disk. Whatever ends the run before that, a full disk or Ctrl-C included, leaves the older
//! file as it was and removes the unfinished one. Devices and named pipes are written directly.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::pcm::{Encoder, SampleFormat};
use super::{Sink, SinkError, wav};
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt;

/// Refuses to replace what is there unless that was asked for.
///
/// # Errors
/// With [`Exit::Output`].
pub(crate) fn check_replace(path: &Path, force: bool) -> anyhow::Result<()> {
    if path.exists() && !force {
        let text = format!("{} exists already; add --force to replace it, or choose another name", path.display());
        return Err(Failure::new(Exit::Output, text).into());
    }
    Ok(())
}

/// A file under its temporary name. Dropping it removes it; [`Staged::commit`] gives it its name.
#[derive(Debug)]
pub(crate) struct Staged {
    file: File,
    /// `None` where the target is written directly.
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl Staged {
    /// Opens the way to `path`.
    ///
    /// # Errors
    /// With [`Exit::Usage`] if it is a folder, with [`Exit::Output`] if nothing can be created there.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let existing = std::fs::metadata(path).ok();
        if existing.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            let inside = path.join("speech.wav");
            let text = format!("{shown} is a folder; name a file in it, such as {}", inside.display());
            return Err(Failure::new(Exit::Usage, text).into());
        }
        if existing.as_ref().is_some_and(|found| !found.is_file()) {
            let file =
                OpenOptions::new().write(true).open(path).or_exit(Exit::Output, format!("cannot write to {shown}"))?;
            return Ok(Self { file, temporary: None, target: path.to_path_buf() });
        }
        // A link keeps pointing to its file: the file behind it is what gets replaced.
        let target = if existing.is_some() {
            std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
        } else {
            path.to_path_buf()
        };
        let Some(name) = target.file_name() else {
            return Err(Failure::new(Exit::Usage, format!("{shown} is not the name of a file")).into());
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let temporary = target.with_file_name(hidden);
        let open = || OpenOptions::new().write(true).create_new(true).open(&temporary);
        let file = interrupt::create(&temporary, open).map_err(|error| {
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let why =
                if folder.is_dir() { error.to_string() } else { format!("there is no folder {}", folder.display()) };
            Failure::new(Exit::Output, format!("cannot write {shown}: {why}"))
        })?;
        if let Some(existing) = existing {
            // Whoever could read the older file can read the new one; where that cannot be set, the default serves.
            let _ = file.set_permissions(existing.permissions());
        }
        Ok(Self { file, temporary: Some(temporary), target })
    }

    /// Whether the bytes already written can still be changed.
    pub(crate) fn can_seek(&self) -> bool {
        self.temporary.is_some()
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If the disk refuses the last bytes or the folder the name.
    pub(crate) fn commit(&mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return self.file.flush() };
        self.file.sync_all()?;
        interrupt::rename(temporary, &self.target)?;
        self.temporary = None;
        Ok(())
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // Nothing can be done about a file that refuses to go, and its name says that it is unfinished.
            let _ = std::fs::remove_file(&temporary);
            interrupt::forget_file(&temporary);
        }
    }
}

/// Samples to a WAV file or to bare samples.
#[derive(Debug)]
pub(crate) struct FileSink {
    staged: Staged,
    shown: String,
    encoder: Encoder,
    rate: u32,
    raw: bool,
    bytes: Vec<u8>,
    written: u64,
}

impl FileSink {
    /// A sink to `path`; `raw` leaves the head out.
    ///
    /// # Errors
    /// As [`Staged::create`].
    pub(crate) fn create(path: &Path, format: SampleFormat, rate: u32, raw: bool) -> anyhow::Result<Self> {
        let staged = Staged::create(path)?;
        let shown = path.display().to_string();
        Ok(Self { staged, shown, encoder: Encoder::new(format), rate, raw, bytes: Vec::new(), written: 0 })
    }

    fn failed(&self, error: &io::Error) -> SinkError {
        // A named pipe whose reader left is an end, as on standard output.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return SinkError::Closed;
        }
        SinkError::Write(format!("cannot write {}: {error}; nothing was left under that name", self.shown))
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.written == 0 && !self.raw {
            self.staged.write_all(&wav::header(self.encoder.format(), self.rate, None))?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.begin()?;
        if !self.raw && self.staged.can_seek() {
            self.staged.file.seek(SeekFrom::Start(0))?;
            self.staged.write_all(&wav::header(self.encoder.format(), self.rate, Some(self.written)))?;
        }
        self.staged.commit()
    }
}

impl Sink for FileSink {
    fn write(&mut self, samples: &[f32]) -> Result<(), SinkError> {
        if samples.is_empty() {
            return Ok(());
        }
        self.encoder.encode(samples, &mut self.bytes);
        self.begin().and_then(|()| self.staged.write_all(&self.bytes)).map_err(|error| self.failed(&error))?;
        self.written += self.bytes.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.end().map_err(|error| self.failed(&error))
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.encoder.warnings();
        if !self.raw && self.written > u64::from(u32::MAX) - 64 {
            warnings.push(format!("{} is longer than a WAV file can say; its head says \"until the end\"", self.shown));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_name_appears_only_when_all_is_written() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.wav");
        let mut sink = FileSink::create(&path, SampleFormat::S16, 24_000, false).expect("sink");
        sink.write(&[0.5; 10]).expect("write");
        assert!(!path.exists() && names(folder.path()).len() == 1);
        sink.finish().expect("finish");
        drop(sink);
        assert_eq!(names(folder.path()), ["a.wav"]);
        let mut reader = hound::WavReader::open(&path).expect("WAV");
        assert_eq!(reader.samples::<i16>().map(|s| s.expect("sample")).collect::<Vec<_>>(), [16384; 10]);
    }

    #[test]
    fn an_older_file_survives_a_failure() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.wav");
        std::fs::write(&path, "older").expect("older");
        let mut sink = FileSink::create(&path, SampleFormat::F32, 24_000, true).expect("sink");
        sink.write(&[0.5; 10]).expect("write");
        drop(sink);
        assert_eq!(names(folder.path()), ["a.wav"]);
        assert_eq!(std::fs::read(&path).expect("older"), b"older");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().expect("folder");
        let (file, link) = (folder.path().join("file.wav"), folder.path().join("link.wav"));
        std::fs::write(&file, "older").expect("older");
        std::os::unix::fs::symlink(&file, &link).expect("link");
        let mut sink = FileSink::create(&link, SampleFormat::S16, 24_000, true).expect("sink");
        sink.write(&[0.0; 3]).expect("write");
        sink.finish().expect("finish");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).expect("new"), [0; 6]);
    }

    #[test]
    fn folders_and_missing_folders_are_named() {
        let folder = tempfile::tempdir().expect("folder");
        let error = Staged::create(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("is a folder") && error.contains("speech.wav"), "{error}");
        let error = Staged::create(&folder.path().join("no/a.wav")).expect_err("no folder").to_string();
        assert!(error.contains("there is no folder"), "{error}");
    }
}
