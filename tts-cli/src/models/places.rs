//! Where files lie and whom to ask: what the environment says, read once.
//!
//! The variables of the hub's own library mean what they mean there, so that both share what is already on the machine.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::Address;
use super::error::FetchError;
use super::uri::{HubFile, is_commit};

/// Longer token files are not read.
const TOKEN_MAX: u64 = 4096;
/// Seconds without a byte after which a server is given up.
const PATIENCE: u64 = 30;

/// A secret; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// `Bearer …`
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

/// What the environment says.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Our own folder: `hub/`, `web/`, `pins.json`.
    pub(crate) cache: PathBuf,
    /// The folder that the hub's own library fills; only read.
    pub(crate) shared: Option<PathBuf>,
    /// Whom to ask for files of the hub.
    pub(crate) endpoint: Address,
    /// Who asks.
    pub(crate) token: Option<Token>,
    /// What forbids asking, if anything does.
    pub(crate) offline: Option<&'static str>,
    /// How long to wait for a byte.
    pub(crate) patience: Duration,
    /// Certificates to trust instead of those that are built in.
    pub(crate) roots: Option<PathBuf>,
}

impl Places {
    /// As the environment of this process says; `offline` as the command line does.
    ///
    /// # Errors
    /// [`FetchError::Setting`] names the variable.
    pub(crate) fn from_env(offline: bool) -> Result<Self, FetchError> {
        Self::read(offline, std::env::home_dir(), |name| std::env::var_os(name))
    }

    fn read(
        offline: bool,
        home: Option<PathBuf>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, FetchError> {
        // an empty variable is none
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| match path(name).map(|value| value.into_os_string().into_string()) {
            Some(Err(_)) => Err(setting(name, "is not UTF-8")),
            Some(Ok(value)) => Ok(Some(value)),
            None => Ok(None),
        };
        let caches = path("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| home.as_ref().filter(|home| home.is_absolute()).map(|home| home.join(".cache")));
        let own = if cfg!(windows) { path("LOCALAPPDATA") } else { None };
        let cache = path("TTS_CACHE").or_else(|| own.or(caches.clone()).map(|cache| cache.join("tts")));
        let cache = cache.ok_or_else(|| setting("TTS_CACHE", "is not set, and there is no home folder; set it"))?;
        let cache = std::path::absolute(&cache)
            .map_err(|error| setting("TTS_CACHE", &format!("{} cannot be used: {error}", cache.display())))?;

        let library = path("HF_HOME").or_else(|| caches.map(|cache| cache.join("huggingface")));
        let shared = path("HF_HUB_CACHE")
            .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| library.as_ref().map(|library| library.join("hub")));

        let endpoint = text("HF_ENDPOINT")?.unwrap_or_else(|| "https://huggingface.co".to_owned());
        let endpoint = Address::parse(endpoint.trim()).map_err(|what| setting("HF_ENDPOINT", &what))?;

        let token = match text("HF_TOKEN")?.map_or_else(|| text("HUGGING_FACE_HUB_TOKEN"), |token| Ok(Some(token)))? {
            Some(found) => Some(token("HF_TOKEN", &found)?),
            None => {
                let file = path("HF_TOKEN_PATH").or_else(|| library.as_ref().map(|library| library.join("token")));
                file.map_or(Ok(None), |file| token_file(&file))?
            }
        };

        let hub_offline = text("HF_HUB_OFFLINE")?.is_some_and(|value| on(&value));
        let offline = if offline { Some("--offline") } else { hub_offline.then_some("HF_HUB_OFFLINE") };
        let patience = match text("HF_HUB_DOWNLOAD_TIMEOUT")? {
            Some(value) => {
                let seconds = value.trim().parse().ok().filter(|seconds| (1..=3600).contains(seconds));
                seconds.ok_or_else(|| {
                    setting("HF_HUB_DOWNLOAD_TIMEOUT", &format!("'{value}' is not a number of seconds from 1 to 3600"))
                })?
            }
            None => PATIENCE,
        };
        let patience = Duration::from_secs(patience);
        Ok(Self { cache, shared, endpoint, token, offline, patience, roots: path("SSL_CERT_FILE") })
    }

    /// The file in the folder of the hub's own library, if it is there.
    pub(crate) fn in_shared(&self, file: &HubFile) -> Option<PathBuf> {
        let folder = self.shared.as_ref()?.join(file.folder());
        let commit = match file.commit() {
            Some(commit) => commit.to_owned(),
            // a branch: the library notes where it stood
            None => {
                let note = folder.join("refs").join(file.revision());
                let noted = std::fs::metadata(&note).is_ok_and(|found| found.is_file() && found.len() <= 64);
                let commit = noted.then(|| std::fs::read_to_string(note).ok()).flatten()?;
                commit.trim().to_owned()
            }
        };
        let mut path = folder.join("snapshots").join(Some(commit).filter(|commit| is_commit(commit))?);
        path.extend(file.path());
        path.is_file().then_some(path)
    }
}

/// What the library's cache says the sum of a file is: the name of what a snapshot points to.
pub(crate) fn sum_of_blob(path: &Path) -> Option<String> {
    let blob = path.canonicalize().ok()?;
    let name = blob.file_name()?.to_str()?;
    let within = blob.parent()?.file_name()? == "blobs";
    (within && super::hash::is_sum(name)).then(|| name.to_owned())
}

fn setting(name: &str, what: &str) -> FetchError {
    FetchError::Setting { name: name.to_owned(), what: what.to_owned() }
}

fn on(value: &str) -> bool {
    matches!(value.trim().to_ascii_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
}

fn token(origin: &str, text: &str) -> Result<Token, FetchError> {
    let text = text.trim();
    let sane = !text.is_empty() && text.len() as u64 <= TOKEN_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sane { Ok(Token(text.to_owned())) } else { Err(setting(origin, "does not hold a token: one word of ASCII")) }
}

fn token_file(path: &Path) -> Result<Option<Token>, FetchError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= TOKEN_MAX => {}
        Ok(_) => return Err(setting(&path.display().to_string(), "is not a file with a token")),
        Err(_) => return Ok(None),
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| setting(&path.display().to_string(), &format!("cannot be read as a token: {error}")))?;
    // signing out leaves an empty file
    if text.trim().is_empty() { Ok(None) } else { token(&path.display().to_string(), &text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::uri::Uri;

    fn read(variables: &[(&str, &str)]) -> Result<Places, FetchError> {
        let home = std::env::temp_dir().join("nobody");
        Places::read(false, Some(home), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    #[cfg(unix)]
    fn folders_follow_the_variables() {
        let home = std::env::temp_dir().join("nobody");
        let places = read(&[("TTS_CACHE", ""), ("XDG_CACHE_HOME", "not/absolute")]).expect("places");
        assert_eq!(places.cache, home.join(".cache/tts"));
        assert_eq!(places.shared, Some(home.join(".cache/huggingface/hub")));
        assert_eq!(places.endpoint.to_string(), "https://huggingface.co/");
        assert!(places.token.is_none() && places.offline.is_none());
        let places = read(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h")]).expect("places");
        assert_eq!((places.cache, places.shared), (PathBuf::from("/x/tts"), Some(PathBuf::from("/h/hub"))));
        let places = read(&[("TTS_CACHE", "/t"), ("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")]).expect("places");
        assert_eq!((places.cache, places.shared), (PathBuf::from("/t"), Some(PathBuf::from("/c"))));
        assert!(matches!(Places::read(false, None, |_| None), Err(FetchError::Setting { .. })));
    }

    #[test]
    fn odd_settings_are_refused_by_name_and_secrets_kept() {
        for (name, value) in [
            ("HF_ENDPOINT", "hub"),
            ("HF_ENDPOINT", "https://user:secret@hub.org"),
            ("HF_TOKEN", "secret token"),
            ("HF_TOKEN", "secret\r\nX: y"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "0"),
        ] {
            let error = read(&[(name, value)]).expect_err(name).to_string();
            assert!(error.starts_with(name) && !error.contains("secret"), "{error}");
        }
        let places = read(&[("HF_TOKEN", " hf_secret\n"), ("HF_HUB_OFFLINE", "yes")]).expect("places");
        assert_eq!(places.offline, Some("HF_HUB_OFFLINE"));
        assert!(!format!("{places:?}").contains("hf_secret"));
        assert_eq!(places.token.expect("token").header(), "Bearer hf_secret");
        assert_eq!(read(&[("HF_HUB_OFFLINE", "0")]).expect("places").offline, None);
    }

    #[test]
    fn tokens_come_from_files_too() {
        let folder = tempfile::tempdir().expect("folder");
        let home = folder.path().to_str().expect("UTF-8");
        assert!(read(&[("HF_HOME", home)]).expect("places").token.is_none());
        std::fs::write(folder.path().join("token"), "hf_file\n").expect("file");
        assert_eq!(read(&[("HF_HOME", home)]).expect("places").token.expect("token").header(), "Bearer hf_file");
        assert_eq!(
            read(&[("HF_HOME", home), ("HF_TOKEN", "a")]).expect("places").token.expect("token").header(),
            "Bearer a"
        );
        std::fs::write(folder.path().join("token"), "").expect("file");
        assert!(read(&[("HF_HOME", home)]).expect("places").token.is_none());
        std::fs::write(folder.path().join("token"), [0xff; 9]).expect("file");
        assert!(read(&[("HF_HOME", home)]).is_err());
    }

    #[test]
    fn the_library_s_cache_is_read_in_its_layout() {
        let folder = tempfile::tempdir().expect("folder");
        let places = read(&[("HF_HUB_CACHE", folder.path().to_str().expect("UTF-8"))]).expect("places");
        let commit = "a".repeat(40);
        let repository = folder.path().join("models--o--r");
        let snapshot = repository.join("snapshots").join(&commit).join("d");
        std::fs::create_dir_all(&snapshot).expect("folder");
        std::fs::create_dir_all(repository.join("refs")).expect("folder");
        std::fs::create_dir_all(repository.join("blobs")).expect("folder");
        let blob = repository.join("blobs").join("b".repeat(64));
        std::fs::write(&blob, "x").expect("file");
        let found = |uri: &str| match Uri::parse(uri) {
            Ok(Uri::Hub(file)) => places.in_shared(&file),
            _ => panic!("{uri}"),
        };
        let at_commit = format!("hf://o/r/d/f@{commit}");
        assert_eq!(found(&at_commit), None);
        std::fs::hard_link(&blob, snapshot.join("f")).expect("link");
        assert_eq!(found(&at_commit), Some(snapshot.join("f")));
        assert_eq!(found("hf://o/r/d/f"), None);
        std::fs::write(repository.join("refs/main"), "../../../etc").expect("file");
        assert_eq!(found("hf://o/r/d/f"), None);
        std::fs::write(repository.join("refs/main"), &commit).expect("file");
        assert_eq!(found("hf://o/r/d/f"), Some(snapshot.join("f")));
        assert_eq!(sum_of_blob(&blob), Some("b".repeat(64)));
        assert_eq!(sum_of_blob(&snapshot.join("f")), None);
    }
}
