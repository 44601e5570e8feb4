//! One file from a server to the disk: resumed, checked, and there under its name only when it is whole.
//!
//! While it comes it is `NAME.part`, with a note `NAME.part.json` of what it is a part of. Who asks again later goes on
//! from there, if the server still has the same version. What is whole is checked against the sum that the pins, the
//! catalogue or the hub name, and then renamed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::client::{Answer, Client, Question};
use super::error::{FetchError, TokenUse};
use super::hash::{self, Sum};
use super::headers::{Etag, missing};
use super::pins::{Pin, Witness};
use super::places::Token;
use super::store::beside;
use super::uri::Uri;

/// No file is longer.
const BYTES_MAX: u64 = 64 << 30;
/// Failures in a row that brought no new byte.
const FAILURES_MAX: u32 = 3;

/// What to fetch.
#[derive(Debug)]
pub(crate) struct Job<'j> {
    pub(crate) uri: &'j Uri,
    pub(crate) address: &'j Address,
    pub(crate) token: Option<&'j Token>,
    pub(crate) target: &'j Path,
    /// What it was before, or must be.
    pub(crate) pinned: Option<&'j Pin>,
}

/// What a server says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) bytes: Option<u64>,
    pub(crate) sha256: Option<String>,
}

/// What a `.part` is a part of.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    uri: String,
    sha256: Option<String>,
    /// Of the server that sent the bytes.
    etag: Option<String>,
    bytes: Option<u64>,
}

/// Asks what the file is, without its bytes.
///
/// # Errors
/// If it is gated, missing, not to be reached, or not what it was.
pub(crate) fn promise(client: &Client, job: &Job<'_>) -> Result<Promise, FetchError> {
    if !matches!(job.uri, Uri::Hub(_)) {
        return Ok(Promise::default());
    }
    let answer = client.ask(job.address, job.token, Question::Head)?;
    // a mirror may know nothing but GET
    if matches!(answer.status, 405 | 501) {
        return Ok(Promise::default());
    }
    let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    if answer.status != 200 && !moved {
        return Err(refused(job, &answer));
    }
    let etag = if moved { answer.linked_etag } else { answer.linked_etag.or(answer.etag) };
    let bytes = if moved { answer.linked_size } else { answer.linked_size.or(answer.length) };
    let promise = Promise { bytes, sha256: etag.and_then(|etag| etag.sha256().map(str::to_owned)) };
    if let (Some(pin), Some(found)) = (job.pinned, &promise.sha256)
        && pin.sha256 != *found
    {
        return Err(changed(job.uri, pin, found));
    }
    Ok(promise)
}

/// Brings the file to `job.target`; `show` hears how many bytes are there, of how many.
///
/// # Errors
/// [`FetchError`]; the target is then as it was.
pub(crate) fn download(
    client: &Client,
    job: &Job<'_>,
    promise: &Promise,
    show: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Pin, FetchError> {
    if promise.bytes.is_some_and(|bytes| bytes > BYTES_MAX) {
        return Err(FetchError::TooLong { uri: job.uri.to_string(), most: BYTES_MAX });
    }
    let folder = job.target.parent().unwrap_or(job.target);
    std::fs::create_dir_all(folder).map_err(|error| FetchError::io(folder, "create", error))?;
    let mut part = Part::open(job, promise)?;
    let done = part.come(client, job, show);
    if done.is_err() && part.have == 0 {
        // nothing to go on from
        part.discard();
    }
    done?;
    part.finish(job)
}

/// A file that grows.
struct Part {
    path: PathBuf,
    file: File,
    sum: Sum,
    have: u64,
    note: Note,
    /// Who says what the sum must be, and of how many bytes.
    by: Witness,
}

impl Part {
    /// Opens what is there of the file, for this process alone; a part of anything else is thrown away.
    fn open(job: &Job<'_>, promise: &Promise) -> Result<Self, FetchError> {
        let path = beside(job.target, ".part");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| FetchError::io(&path, "create", error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FetchError::Busy { path }),
            // where files cannot be locked, the sum tells
            Err(TryLockError::Error(_)) => {}
        }
        let (sha256, by) = match job.pinned {
            Some(pin) => (Some(pin.sha256.clone()), pin.by),
            None => (promise.sha256.clone(), promise.sha256.as_ref().map_or(Witness::FirstDownload, |_| Witness::Hub)),
        };
        let bytes = job.pinned.map(|pin| pin.bytes).filter(|&bytes| bytes > 0).or(promise.bytes);
        let same = |note: &Note| match (&note.sha256, &sha256) {
            (Some(before), Some(now)) => before == now,
            // without a sum, only the server's word for the version can join two parts
            _ => note.etag.is_some(),
        };
        let noted = read_note(&path).filter(|note| note.uri == job.uri.to_string() && same(note));
        let note = Note { uri: job.uri.to_string(), sha256, bytes, etag: None };
        let mut part = Self { path, file, sum: Sum::default(), have: 0, note, by };
        match noted {
            Some(noted) => {
                part.note.etag = noted.etag;
                part.file.seek(SeekFrom::Start(0)).map_err(|error| part.io("read", error))?;
                part.have = hash::read_into(&mut part.sum, &part.file).map_err(|error| part.io("read", error))?;
                if part.note.bytes.is_some_and(|bytes| part.have > bytes) {
                    part.restart()?;
                }
            }
            None => part.restart()?,
        }
        Ok(part)
    }

    fn io(&self, doing: &'static str, error: io::Error) -> FetchError {
        match FetchError::io(&self.path, doing, error) {
            FetchError::NoSpace { folder, .. } => {
                FetchError::NoSpace { folder, need: self.note.bytes.map(|bytes| bytes.saturating_sub(self.have)) }
            }
            error => error,
        }
    }

    /// Throws away what has come.
    fn restart(&mut self) -> Result<(), FetchError> {
        (self.sum, self.have, self.note.etag) = (Sum::default(), 0, None);
        // a device can be written but not cut
        if self.file.metadata().is_ok_and(|found| found.len() > 0) {
            self.file.set_len(0).map_err(|error| self.io("write", error))?;
        }
        self.file.seek(SeekFrom::Start(0)).map(drop).map_err(|error| self.io("write", error))
    }

    /// Asks until all is there, or asking again does not help.
    fn come(
        &mut self,
        client: &Client,
        job: &Job<'_>,
        show: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        let mut failures = 0;
        loop {
            let before = self.have;
            match self.go_on(client, job, show) {
                Err(error) if error.passes() => {
                    failures = if self.have > before { 1 } else { failures + 1 };
                    if failures >= FAILURES_MAX {
                        return Err(error);
                    }
                    std::thread::sleep(Duration::from_millis(250 << failures));
                }
                result => return result,
            }
        }
    }

    /// Asks for what is not there yet and takes it.
    fn go_on(
        &mut self,
        client: &Client,
        job: &Job<'_>,
        show: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        let uri = || job.uri.to_string();
        if self.have > 0 && self.note.bytes == Some(self.have) {
            return Ok(());
        }
        let known = self.note.etag.as_deref().and_then(Etag::parse).and_then(|etag| etag.if_range());
        if self.have > 0 && known.is_none() && self.note.sha256.is_none() {
            self.restart()?;
        }
        let question = Question::Bytes { start: self.have, if_range: known.as_deref() };
        let answer = client.ask(job.address, job.token, question)?;
        let other = |etag: &Option<Etag>| matches!((etag.as_ref().and_then(Etag::if_range), &known), (Some(now), Some(before)) if now != *before);
        let whole = match answer.status {
            200 => {
                self.restart()?;
                answer.length
            }
            206 => {
                let start = answer.range.and_then(|range| range.start);
                if start != Some(self.have) || other(&answer.etag) {
                    // not what was asked for: once more, from the beginning
                    self.restart()?;
                    return Err(FetchError::Cut { uri: uri(), have: 0, of: self.note.bytes });
                }
                answer.range.and_then(|range| range.total)
            }
            416 if self.have > 0 => {
                let total = answer.range.and_then(|range| range.total);
                if total == Some(self.have) && !other(&answer.etag) {
                    return Ok(());
                }
                self.restart()?;
                return Err(FetchError::Cut { uri: uri(), have: 0, of: self.note.bytes });
            }
            _ => return Err(refused(job, &answer)),
        };
        if let (Some(whole), Some(expected)) = (whole, self.note.bytes)
            && whole != expected
        {
            self.discard();
            return Err(FetchError::Length { uri: uri(), expected, found: whole });
        }
        let of = self.note.bytes.or(whole);
        let most = of.unwrap_or(BYTES_MAX);
        self.note.etag = answer.etag.as_ref().and_then(Etag::if_range);
        self.note.bytes = of;
        self.write_note()?;
        self.file.seek(SeekFrom::Start(self.have)).map_err(|error| self.io("write", error))?;
        let ended = answer.read(client, |bytes| {
            if bytes.len() as u64 > most.saturating_sub(self.have) {
                self.discard();
                return Err(FetchError::TooLong { uri: uri(), most });
            }
            self.file.write_all(bytes).map_err(|error| self.io("write", error))?;
            self.sum.update(bytes);
            self.have += bytes.len() as u64;
            show(self.have, of);
            Ok(())
        })?;
        if ended && of.is_none_or(|of| self.have == of) {
            return Ok(());
        }
        Err(FetchError::Cut { uri: uri(), have: self.have, of })
    }

    fn write_note(&self) -> Result<(), FetchError> {
        let path = beside(&self.path, ".json");
        let text = serde_json::to_vec(&self.note).unwrap_or_default();
        std::fs::write(&path, text).map_err(|error| FetchError::io(&path, "write", error))
    }

    /// Removes what has come and its note.
    fn discard(&mut self) {
        // What cannot be removed is thrown away next time.
        let _ = self.restart();
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(beside(&self.path, ".json"));
    }

    /// Checks the whole and gives it its name.
    fn finish(mut self, job: &Job<'_>) -> Result<Pin, FetchError> {
        let sha256 = self.sum.clone().digits();
        if let Some(expected) = self.note.sha256.clone().filter(|expected| *expected != sha256) {
            self.discard();
            return Err(FetchError::Hash { uri: job.uri.to_string(), expected, found: sha256, who: witness(self.by) });
        }
        self.file.sync_all().map_err(|error| self.io("write", error))?;
        std::fs::rename(&self.path, job.target).map_err(|error| FetchError::io(job.target, "write", error))?;
        let _ = std::fs::remove_file(beside(&self.path, ".json"));
        Ok(Pin { sha256, bytes: self.have, by: self.by })
    }
}

fn witness(by: Witness) -> &'static str {
    match by {
        Witness::Catalogue => "the catalogue of this program",
        Witness::Hub => "said the hub",
        Witness::FirstDownload | Witness::SharedCache => "pinned when it was first seen",
    }
}

fn read_note(part: &Path) -> Option<Note> {
    let path = beside(part, ".json");
    let small = std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= 1 << 16);
    serde_json::from_slice(&small.then(|| std::fs::read(path).ok()).flatten()?).ok()
}

fn changed(uri: &Uri, pin: &Pin, found: &str) -> FetchError {
    FetchError::Changed {
        uri: uri.to_string(),
        pinned: pin.sha256.clone(),
        found: found.to_owned(),
        fixed: uri.fixed(),
    }
}

/// Why a status is not the file.
fn refused(job: &Job<'_>, answer: &Answer) -> FetchError {
    let (uri, page) = (job.uri.to_string(), job.uri.page());
    match answer.status {
        status @ (401 | 403) => {
            let sent = job.token.is_some() && answer.token == TokenUse::Sent;
            // a repository that is not there is answered like one that is not shown
            if sent && answer.code.as_deref() == Some("RepoNotFound") {
                return FetchError::Missing { uri, page, what: missing(answer.code.as_deref()) };
            }
            FetchError::Gated { uri, status, page, token: answer.token }
        }
        404 | 410 => FetchError::Missing { uri, page, what: missing(answer.code.as_deref()) },
        status => FetchError::Status { uri, host: answer.from.host(), status },
    }
}
