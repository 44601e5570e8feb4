//! What can go wrong on the way to a file, in sentences that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// Why a file is not here.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// It cannot be asked for like this.
    Uri { uri: String, what: String },
    /// It is not here, and the network may not be asked.
    Offline { uri: String, why: &'static str },
    /// It is not here, and whoever wants it never asks the network.
    NotHere { uri: String },
    /// The program has no client.
    #[cfg_attr(feature = "download", allow(dead_code, reason = "of builds without a client"))]
    NotBuilt { uri: String },
    /// 401 or 403: the hub wants to know who asks.
    Gated { uri: String, status: u16, page: String, token: TokenUse },
    /// 404: there is no such file, revision or repository.
    Missing { uri: String, page: String, what: &'static str },
    /// Any other answer that is not the file.
    Status { uri: String, host: String, status: u16 },
    /// No connection, or an answer that is none.
    Network { host: String, what: String },
    /// Nothing came for a while.
    Timeout { host: String, seconds: u64 },
    /// The connection ended before the file did.
    Cut { uri: String, have: u64, of: Option<u64> },
    /// The bytes are not the ones that were promised.
    Hash { uri: String, expected: String, found: String, who: &'static str },
    /// It is longer or shorter than was promised.
    Length { uri: String, expected: u64, found: u64 },
    /// There is another file under this name than there was.
    Changed { uri: String, pinned: String, found: String, fixed: bool },
    /// A file on this machine is not what it was.
    Damaged { path: String, expected: String, found: String },
    /// More bytes than anybody said.
    TooLong { uri: String, most: u64 },
    /// The disk is full.
    NoSpace { folder: PathBuf, need: Option<u64> },
    /// Reading or writing failed.
    Io { path: PathBuf, doing: &'static str, error: io::Error },
    /// Another process is at it.
    Busy { path: PathBuf },
    /// An environment variable, or a file that it names, makes no sense.
    Setting { name: String, what: String },
}

/// What became of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenUse {
    /// There is none.
    None,
    /// It was sent.
    Sent,
    /// It was not sent: the way is not encrypted.
    Withheld,
}

impl FetchError {
    /// Reading or writing `path` failed; a full disk has words of its own.
    pub(crate) fn io(path: &Path, doing: &'static str, error: io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let folder = path.parent().unwrap_or(path).to_path_buf();
            return Self::NoSpace { folder, need: None };
        }
        Self::Io { path: path.to_path_buf(), doing, error }
    }

    /// The exit code it leads to.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoSpace { .. } | Self::Busy { .. } => Exit::Output,
            Self::Io { doing, .. } if *doing != "read" => Exit::Output,
            Self::Setting { .. } => Exit::Usage,
            _ => Exit::Input,
        }
    }

    /// Whether it may work a moment later.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Network { .. } | Self::Timeout { .. } | Self::Cut { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
            _ => false,
        }
    }

    /// As an error of the command, with its exit code and perhaps a further sentence.
    pub(crate) fn with_hint(self, hint: &str) -> anyhow::Error {
        let (exit, text) = (self.exit(), self.to_string());
        Failure::new(exit, if hint.is_empty() { text } else { format!("{text}. {hint}") }).into()
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri { uri, what } => write!(f, "{} cannot be fetched: {what}", uri.escape_debug()),
            Self::Offline { uri, why } => {
                write!(f, "{uri} is not on this machine, and {why} forbids asking the network")
            }
            Self::NotHere { uri } => write!(f, "{uri} is not on this machine; to download it: tts models get {uri}"),
            Self::NotBuilt { uri } => write!(
                f,
                "{uri} is not on this machine, and this program was built without the feature download; fetch it with \
                 another tool, such as hf download, or build with default features"
            ),
            Self::Gated { uri, status, page, token } => {
                write!(f, "{uri}: not without permission ({status}). ")?;
                match token {
                    TokenUse::Sent if *status == 401 => write!(
                        f,
                        "The token was refused: make a new one at https://huggingface.co/settings/tokens and set HF_TOKEN; \
                         the terms must be accepted at {page}"
                    ),
                    TokenUse::Sent => write!(
                        f,
                        "Sign in, accept the terms at {page}, and see that the token may read gated repositories"
                    ),
                    TokenUse::None => write!(
                        f,
                        "Sign in, accept the terms at {page}, make a token at https://huggingface.co/settings/tokens and \
                         set HF_TOKEN to it"
                    ),
                    TokenUse::Withheld => write!(
                        f,
                        "The token was not sent, because HF_ENDPOINT is not https; the terms must be accepted at {page}"
                    ),
                }
            }
            Self::Missing { uri, page, what } => write!(f, "{uri}: {what} (404); see {page}"),
            Self::Status { uri, host, status } => write!(f, "{uri}: {host} answers {status}"),
            Self::Network { host, what } => write!(
                f,
                "cannot reach {host}: {what}; check the connection, HTTPS_PROXY if you are behind a proxy, HF_ENDPOINT if \
                 you use a mirror"
            ),
            Self::Timeout { host, seconds } => write!(
                f,
                "{host} sent nothing for {seconds} s; what has come is kept, the same command goes on from there \
                 (HF_HUB_DOWNLOAD_TIMEOUT=SECONDS waits longer)"
            ),
            Self::Cut { uri, have, of } => {
                write!(f, "{uri}: the connection ended after {have}")?;
                if let Some(of) = of {
                    write!(f, " of {of}")?;
                }
                write!(f, " bytes; they are kept, the same command goes on from there")
            }
            Self::Hash { uri, expected, found, who } => write!(
                f,
                "{uri}: SHA-256 is {found}, expected {expected} ({who}); the bytes were thrown away. Try again; if it stays \
                 so, the file is not to be trusted"
            ),
            Self::Length { uri, expected, found } => {
                write!(f, "{uri} has {found} bytes, expected {expected}; it was not taken. Try again later")
            }
            Self::Changed { uri, pinned, found, fixed } => {
                write!(
                    f,
                    "{uri} has another content than before: SHA-256 {found}, pinned {pinned}; it was not taken. "
                )?;
                if *fixed {
                    write!(f, "What a commit holds never changes: whoever sent this is not to be trusted")
                } else {
                    write!(f, "If you trust the new one: tts models rm {uri}")
                }
            }
            Self::Damaged { path, expected, found } => {
                write!(f, "{path} is damaged: SHA-256 {found}, expected {expected}; remove it and get it again")
            }
            Self::TooLong { uri, most } => write!(f, "{uri} is longer than {most} bytes, the most that is taken"),
            Self::NoSpace { folder, need } => {
                write!(f, "no space left in {}", folder.display())?;
                if let Some(need) = need {
                    write!(f, " for {need} bytes")?;
                }
                write!(
                    f,
                    "; free some, or set TTS_CACHE to a folder on another disk. The same command goes on from there"
                )
            }
            Self::Io { path, doing, error } => write!(f, "cannot {doing} {}: {error}", path.display()),
            Self::Busy { path } => write!(
                f,
                "another process is downloading {}; wait for it to end, then run the same command again",
                path.display()
            ),
            Self::Setting { name, what } => write!(f, "{name}: {what}"),
        }
    }
}

impl std::error::Error for FetchError {}
