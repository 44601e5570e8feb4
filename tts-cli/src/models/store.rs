//! The files that are here, and how others come.
//!
//! Ours lie below the cache folder and are whole and checked when they have their name; those of the hub's own library are
//! used where they lie and never changed.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::catalogue::Listed;
use super::download_or_not as net;
use super::error::FetchError;
use super::hash::{self, Sum};
use super::pins::{Pin, Pins, Witness};
use super::places::{self, Places};
use super::uri::Uri;

pub(crate) use net::Promise;

/// What a server promised is asked for once; this is how much of a file has come, of how much.
pub(crate) type Show<'s> = &'s mut dyn FnMut(u64, Option<u64>);

/// Finds, fetches and checks files.
#[derive(Debug)]
pub(crate) struct Store {
    places: Places,
    line: net::Line,
}

/// A file that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) whose: Whose,
}

/// Who put it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    /// The hub's own library.
    Shared,
}

/// What came of checking a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is what it was.
    Same,
    /// Nobody knows what it should be; this is its sum.
    Unknown(String),
    /// It is not: expected and found.
    Other(String, String),
}

impl Store {
    /// As the environment says; `offline` forbids asking the network.
    ///
    /// # Errors
    /// [`FetchError::Setting`]
    pub(crate) fn open(offline: bool) -> Result<Self, FetchError> {
        Ok(Self { places: Places::from_env(offline)?, line: net::Line::default() })
    }

    /// Whether the hub is asked in a way that shows who answers.
    pub(crate) fn private(&self) -> bool {
        self.places.endpoint.private()
    }

    /// Our folder.
    pub(crate) fn cache(&self) -> &Path {
        &self.places.cache
    }

    /// Where our copy of a file is or would be.
    pub(crate) fn target(&self, uri: &Uri) -> PathBuf {
        self.places.cache.join(uri.place())
    }

    /// The file if it is here.
    pub(crate) fn find(&self, uri: &Uri) -> Option<Found> {
        let ours = self.target(uri);
        if ours.is_file() {
            return Some(Found { path: ours, whose: Whose::Ours });
        }
        let Uri::Hub(file) = uri else { return None };
        self.places.in_shared(file).map(|path| Found { path, whose: Whose::Shared })
    }

    /// What the table or the pins say the file is.
    ///
    /// # Errors
    /// If the pins cannot be read.
    pub(crate) fn pinned(&self, file: &Listed) -> Result<Option<Pin>, FetchError> {
        match &file.pin {
            Some(pin) => Ok(Some(pin.clone())),
            None => Ok(Pins::read(&self.places.cache)?.get(&file.uri.to_string()).cloned()),
        }
    }

    /// Asks the server what the file is, without fetching it.
    ///
    /// # Errors
    /// If it may not or cannot be asked, or says no.
    pub(crate) fn ask(&self, file: &Listed) -> Result<Promise, FetchError> {
        self.online(&file.uri)?;
        self.line.ask(&self.places, &file.uri, &self.target(&file.uri), self.pinned(file)?.as_ref())
    }

    /// The file, wherever it comes from.
    ///
    /// # Errors
    /// If it is not here and cannot come, or is not what it was.
    pub(crate) fn fetch(&self, file: &Listed, promise: &Promise, show: Show<'_>) -> Result<(Found, Pin), FetchError> {
        let pinned = self.pinned(file)?;
        if let Some(found) = self.find(&file.uri) {
            let pin = match (pinned, found.whose) {
                // it was checked when it came
                (Some(pin), Whose::Ours) => pin,
                (pinned, whose) => self.take_in(file, &found, whose, pinned)?,
            };
            return Ok((found, pin));
        }
        self.online(&file.uri)?;
        let target = self.target(&file.uri);
        let pin = self.line.fetch(&self.places, &file.uri, &target, pinned.as_ref(), promise, show)?;
        if pinned.is_none() {
            self.pin(file, &pin)?;
        }
        Ok((Found { path: target, whose: Whose::Ours }, pin))
    }

    fn online(&self, uri: &Uri) -> Result<(), FetchError> {
        match self.places.offline {
            Some(why) => Err(FetchError::Offline { uri: uri.to_string(), why }),
            None => Ok(()),
        }
    }

    /// A file that somebody else put there: it must be what it was, and is pinned if nobody knew.
    fn take_in(&self, file: &Listed, found: &Found, whose: Whose, pinned: Option<Pin>) -> Result<Pin, FetchError> {
        let (sha256, bytes) = sum(&found.path)?;
        let named = if whose == Whose::Shared { places::sum_of_blob(&found.path) } else { None };
        let expected = pinned.as_ref().map(|pin| pin.sha256.clone()).or(named);
        if let Some(expected) = expected.filter(|expected| *expected != sha256) {
            let path = found.path.display().to_string();
            return Err(FetchError::Damaged { path, expected, found: sha256 });
        }
        if let Some(pin) = pinned {
            return Ok(pin);
        }
        let by = if whose == Whose::Shared { Witness::SharedCache } else { Witness::FirstDownload };
        let pin = Pin { sha256, bytes, by };
        self.pin(file, &pin)?;
        Ok(pin)
    }

    fn pin(&self, file: &Listed, pin: &Pin) -> Result<(), FetchError> {
        if file.pin.is_some() {
            return Ok(());
        }
        Pins::change(&self.places.cache, |files| drop(files.insert(file.uri.to_string(), pin.clone())))
    }

    /// Reads the file and compares it with what it should be.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn check(&self, file: &Listed, found: &Found) -> Result<Verdict, FetchError> {
        let (sha256, _) = sum(&found.path)?;
        let named = if found.whose == Whose::Shared { places::sum_of_blob(&found.path) } else { None };
        Ok(match self.pinned(file)?.map(|pin| pin.sha256).or(named) {
            Some(expected) if expected == sha256 => Verdict::Same,
            Some(expected) => Verdict::Other(expected, sha256),
            None => Verdict::Unknown(sha256),
        })
    }

    /// Removes our copy, whole or in part; answers how many bytes that was.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(&self, uri: &Uri) -> Result<Option<u64>, FetchError> {
        let target = self.target(uri);
        let part = beside(&target, ".part");
        let mut freed = None;
        for path in [target.clone(), beside(&part, ".json"), part] {
            let Ok(found) = std::fs::symlink_metadata(&path) else { continue };
            std::fs::remove_file(&path).map_err(|error| FetchError::io(&path, "remove", error))?;
            *freed.get_or_insert(0) += found.len();
        }
        // folders that are empty now
        for folder in target.ancestors().skip(1).take_while(|folder| *folder != self.places.cache) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        if freed.is_some() && !uri.fixed() {
            Pins::change(&self.places.cache, |files| drop(files.remove(&uri.to_string())))?;
        }
        Ok(freed)
    }
}

/// `path` with `ending` after its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map(std::ffi::OsString::from).unwrap_or_default();
    name.push(ending);
    path.with_file_name(name)
}

fn sum(path: &Path) -> Result<(String, u64), FetchError> {
    let mut sum = Sum::default();
    let bytes = File::open(path)
        .and_then(|file| hash::read_into(&mut sum, file))
        .map_err(|error| FetchError::io(path, "read", error))?;
    Ok((sum.digits(), bytes))
}
