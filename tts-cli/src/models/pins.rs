//! `pins.json`: what every file was when it was first downloaded, so that it can never become another one unnoticed.
//!
//! A name, its SHA-256, its length, and who vouched for the sum. The file is replaced as a whole, by one process at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::FetchError;
use super::hash;

const VERSION: u32 = 1;
/// Longer files are refused unread.
const LENGTH_MAX: u64 = 4 << 20;

/// What a file was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// Sixty-four digits.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// Who said so.
    pub(crate) by: Witness,
}

/// Who vouched for a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Witness {
    /// The table of this program.
    Catalogue,
    /// The hub named it before the bytes came.
    Hub,
    /// Nobody: it is the sum of the first bytes that came.
    FirstDownload,
    /// Nobody: it is the sum of what the hub's own library had downloaded.
    SharedCache,
}

/// All pins, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pins {
    version: u32,
    files: BTreeMap<String, Pin>,
}

impl Pins {
    /// Reads the file in `cache`; without one there are no pins.
    ///
    /// # Errors
    /// [`FetchError::Setting`] if it makes no sense: pins that cannot be read must not be passed over.
    pub(crate) fn read(cache: &Path) -> Result<Self, FetchError> {
        let path = cache.join("pins.json");
        let length = match std::fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Self { version: VERSION, files: BTreeMap::new() });
            }
            Err(error) => return Err(FetchError::io(&path, "read", error)),
        };
        let wrong = |what: String| FetchError::Setting {
            name: path.display().to_string(),
            what: format!("{what}; mend it, or remove it and so the sums of all that was downloaded"),
        };
        if length > LENGTH_MAX {
            return Err(wrong(format!("it has {length} bytes, expected at most {LENGTH_MAX}")));
        }
        let text = std::fs::read(&path).map_err(|error| FetchError::io(&path, "read", error))?;
        Self::parse(&text).map_err(wrong)
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let pins: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if pins.version != VERSION {
            return Err(format!("its version is {}, expected {VERSION}", pins.version));
        }
        match pins.files.iter().find(|(_, pin)| !hash::is_sum(&pin.sha256)) {
            Some((name, _)) => Err(format!("the sum of {name} is not made of 64 digits")),
            None => Ok(pins),
        }
    }

    /// What `uri` was.
    pub(crate) fn get(&self, uri: &str) -> Option<&Pin> {
        self.files.get(uri)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Changes the file in `cache`: nobody else does meanwhile, and no reader sees half of it.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub(crate) fn change(cache: &Path, change: impl FnOnce(&mut BTreeMap<String, Pin>)) -> Result<(), FetchError> {
        std::fs::create_dir_all(cache).map_err(|error| FetchError::io(cache, "create", error))?;
        let path = cache.join("pins.json");
        let (lock, part) = (cache.join("pins.lock"), cache.join("pins.json.part"));
        let held = File::create(&lock).map_err(|error| FetchError::io(&lock, "create", error))?;
        match held.lock() {
            // some file systems know no locks
            Err(error) if error.kind() != ErrorKind::Unsupported => return Err(FetchError::io(&lock, "lock", error)),
            _ => {}
        }
        let mut pins = Self::read(cache)?;
        change(&mut pins.files);
        let mut text = serde_json::to_vec_pretty(&pins)
            .map_err(|error| FetchError::io(&path, "write", std::io::Error::other(error)))?;
        text.push(b'\n');
        let write = || {
            let mut file = File::create(&part)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&part, &path)
        };
        write().map_err(|error| {
            let _ = std::fs::remove_file(&part);
            FetchError::io(&path, "write", error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::models::laws;

    fn pin(digit: &str) -> Pin {
        Pin { sha256: digit.repeat(64), bytes: 7, by: Witness::Hub }
    }

    #[test]
    fn what_was_pinned_is_found_again() {
        let folder = tempfile::tempdir().expect("folder");
        let cache = folder.path().join("deep/er");
        assert_eq!(Pins::read(&cache).expect("none").get("a"), None);
        Pins::change(&cache, |files| drop(files.insert("a".to_owned(), pin("1")))).expect("write");
        Pins::change(&cache, |files| drop(files.insert("b".to_owned(), pin("2")))).expect("write");
        let pins = Pins::read(&cache).expect("pins");
        assert_eq!((pins.get("a"), pins.get("b")), (Some(&pin("1")), Some(&pin("2"))));
        assert!(!cache.join("pins.json.part").exists());
    }

    #[test]
    fn pins_that_make_no_sense_are_not_passed_over() {
        let folder = tempfile::tempdir().expect("folder");
        for text in [
            "",
            "{",
            "[]",
            r#"{"version":2,"files":{}}"#,
            r#"{"version":1,"files":{},"x":1}"#,
            r#"{"version":1,"files":{"a":{"sha256":"zz","bytes":1,"by":"hub"}}}"#,
        ] {
            std::fs::write(folder.path().join("pins.json"), text).expect("file");
            let error = Pins::read(folder.path()).expect_err(text).to_string();
            assert!(error.contains("pins.json") && error.contains("mend it"), "{error}");
            assert!(Pins::change(folder.path(), |_| ()).is_err());
            assert_eq!(std::fs::read_to_string(folder.path().join("pins.json")).expect("file"), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read_or_refused(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
            whole in any::<bool>(),
        ) {
            let good = format!(r#"{{"version":1,"files":{{"hf://a/b/c":{{"sha256":"{}","bytes":3,"by":"first-download"}}}}}}"#, "0".repeat(64));
            let mut bytes = good.into_bytes();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if !whole {
                bytes.truncate(cut.index(bytes.len()));
            }
            laws::pins(&bytes);
        }
    }
}
