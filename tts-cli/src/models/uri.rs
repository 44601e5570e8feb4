//! What a model's file is called: `hf://owner/repository/path[@revision]` for the hub, or an https address.
//!
//! In: text of a user or of a configuration that a stranger wrote. Out: parts that can neither leave a folder nor change
//! a request, or a sentence.

use std::fmt;
use std::path::PathBuf;

use super::address::Address;
use super::error::FetchError;
use super::hash;

/// The longest name that is read.
const LENGTH_MAX: usize = 2048;
/// Most folders in a path.
const DEPTH_MAX: usize = 16;

/// The name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Uri {
    /// A file of a repository of the hub.
    Hub(HubFile),
    /// A file of any server.
    Web(Address),
}

/// A file of a repository of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubFile {
    owner: String,
    name: String,
    /// Parts of the path, none of them empty, `.` or `..`.
    path: Vec<String>,
    revision: Option<String>,
}

impl Uri {
    /// Reads a name.
    ///
    /// # Errors
    /// [`FetchError::Uri`]
    pub(crate) fn parse(text: &str) -> Result<Self, FetchError> {
        let refuse = |what: String| FetchError::Uri { uri: text.chars().take(200).collect(), what };
        if text.len() > LENGTH_MAX {
            return Err(refuse(format!("it has {} bytes, expected at most {LENGTH_MAX}", text.len())));
        }
        if let Some(rest) = text.strip_prefix("hf://") {
            return HubFile::parse(rest).map(Self::Hub).map_err(refuse);
        }
        if !text.contains("://") {
            return Err(refuse("expected hf://owner/repository/file[@revision] or https://…".to_owned()));
        }
        let address = Address::parse(text).map_err(refuse)?;
        if !address.private() {
            return Err(refuse("expected https, this is not encrypted".to_owned()));
        }
        Ok(Self::Web(address))
    }

    /// Where it lies below the cache folder.
    pub(crate) fn place(&self) -> PathBuf {
        match self {
            Self::Hub(file) => {
                let revision = file.revision.as_deref().unwrap_or("main");
                let mut place: PathBuf = ["hub", &file.owner, &file.name, revision].iter().collect();
                place.extend(&file.path);
                place
            }
            Self::Web(address) => {
                let ending = address.path().rsplit('/').next().and_then(|name| name.rsplit_once('.'));
                let ending = ending.map_or("", |(_, ending)| ending);
                let sane = (1..=16).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
                let name = hash::of(self.to_string().as_bytes());
                PathBuf::from("web").join(if sane { format!("{name}.{ending}") } else { name })
            }
        }
    }

    /// Its last part, to be shown.
    pub(crate) fn file_name(&self) -> &str {
        match self {
            Self::Hub(file) => file.path.last().map_or("", String::as_str),
            Self::Web(address) => address.path().rsplit('/').next().unwrap_or_default(),
        }
    }

    /// Whether the name says which content: a commit does, a branch or an address does not.
    pub(crate) fn fixed(&self) -> bool {
        matches!(self, Self::Hub(file) if file.commit().is_some())
    }

    /// The page a person should look at.
    pub(crate) fn page(&self) -> String {
        match self {
            Self::Hub(file) => format!("https://huggingface.co/{}/{}", file.owner, file.name),
            Self::Web(address) => address.to_string(),
        }
    }
}

impl HubFile {
    fn parse(rest: &str) -> Result<Self, String> {
        let (rest, revision) = match rest.split_once('@') {
            Some((_, revision)) if revision.contains('@') => return Err("it has more than one @".to_owned()),
            Some((rest, revision)) => (rest, Some(revision)),
            None => (rest, None),
        };
        let mut parts = rest.split('/');
        let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let path: Vec<String> = parts.map(str::to_owned).collect();
        for (what, part) in [("owner", owner), ("repository", name), ("revision", revision.unwrap_or("main"))] {
            let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            if part.is_empty() || part.len() > 96 || !plain || part.starts_with(['.', '-']) || part.contains("..") {
                return Err(format!(
                    "its {what} '{}' is not made of letters, digits and - . _, or not of 1 to 96",
                    part.escape_debug()
                ));
            }
        }
        if path.is_empty() {
            return Err("it names no file: expected hf://owner/repository/file[@revision]".to_owned());
        }
        if path.len() > DEPTH_MAX {
            return Err(format!("its path has {} parts, expected at most {DEPTH_MAX}", path.len()));
        }
        for part in &path {
            let odd = |c: char| c.is_control() || "\\:*?\"<>|%#".contains(c);
            let trailing = part.ends_with(['.', ' ']) || part.starts_with(' ');
            if part.is_empty() || part == "." || part == ".." || part.contains(odd) || trailing || part.len() > 200 {
                return Err(format!("'{}' cannot be a part of a path", part.escape_debug()));
            }
        }
        Ok(Self { owner: owner.to_owned(), name: name.to_owned(), path, revision: revision.map(str::to_owned) })
    }

    /// The folder of its repository in the cache of the hub's own library.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}--{}", self.owner, self.name)
    }

    /// Parts of its path.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    /// Branch, tag or commit; `main` unless said.
    pub(crate) fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// The revision if it is a commit.
    pub(crate) fn commit(&self) -> Option<&str> {
        self.revision.as_deref().filter(|revision| is_commit(revision))
    }

    /// Where the hub at `endpoint` has it.
    pub(crate) fn address(&self, endpoint: &Address) -> Address {
        let mut path = format!("/{}/{}/resolve/{}", self.owner, self.name, self.revision());
        for part in &self.path {
            path.push('/');
            for byte in part.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    path.push(char::from(byte));
                } else {
                    path.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        endpoint.under(&path)
    }
}

/// Forty digits of a commit.
pub(crate) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(file) => {
                write!(f, "hf://{}/{}/{}", file.owner, file.name, file.path.join("/"))?;
                file.revision.as_ref().map_or(Ok(()), |revision| write!(f, "@{revision}"))
            }
            Self::Web(address) => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::models::laws;

    #[test]
    fn good_names_are_taken_apart() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let text = format!("hf://kyutai/pocket-tts/languages/english/model.safetensors@{commit}");
        let uri = Uri::parse(&text).expect("name");
        assert_eq!(uri.to_string(), text);
        assert!(uri.fixed() && uri.file_name() == "model.safetensors");
        let place: PathBuf =
            ["hub", "kyutai", "pocket-tts", commit, "languages", "english", "model.safetensors"].iter().collect();
        assert_eq!(uri.place(), place);
        let Uri::Hub(file) = uri else { panic!("not of the hub") };
        let endpoint = Address::parse("https://mirror.org/hf/").expect("endpoint");
        assert_eq!(
            file.address(&endpoint).to_string(),
            format!("https://mirror.org/hf/kyutai/pocket-tts/resolve/{commit}/languages/english/model.safetensors")
        );
        let Ok(Uri::Hub(file)) = Uri::parse("hf://a/b/é c.yaml@main") else { panic!("not of the hub") };
        assert_eq!(file.address(&endpoint).to_string(), "https://mirror.org/hf/a/b/resolve/main/%C3%A9%20c.yaml");
        assert!(file.commit().is_none());
        let web = Uri::parse("https://example.org/a/model.safetensors?x=1").expect("web");
        assert!(!web.fixed() && web.place().extension().is_some_and(|ending| ending == "safetensors"));
    }

    #[test]
    fn names_that_lead_astray_are_refused() {
        for text in [
            "hf://a/b/../c",
            "hf://a/b/c/../../d",
            "hf://a/../c",
            "hf://../b/c",
            "hf://a/b//c",
            "hf://a/b/",
            "hf://a/b",
            "hf:///a/b/c",
            "hf://a/b/c\\d",
            "hf://a/b/..\\d",
            "hf://a/b/./c",
            "hf://a/b/c@",
            "hf://a/b/c@..",
            "hf://a/b/c@x/../y",
            "hf://a/b/c@-x",
            "hf://a/b/c@x@y",
            "hf://a@x/b/c",
            "hf://a/b/C:x",
            "hf://a/b/c%2e%2e",
            "hf://a/b/c?d",
            "hf://a/b/c#d",
            "hf://a/b/c\nd",
            "hf://a/b/c\0",
            "hf://a/b/c ",
            "hf://a/b/c.",
            "hf://a b/c/d",
            "hf://.a/b/c",
            "hf://a/b/c@refs/pr/1",
            "/etc/passwd",
            "c:/x",
            "http://example.org/x",
            "ftp://example.org/x",
            "",
        ] {
            let error = Uri::parse(text).expect_err(text);
            assert!(matches!(error, FetchError::Uri { .. }), "{text}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        /// Whatever a stranger writes: refused, or a place below the cache and a request of one line.
        #[test]
        fn no_name_leaves_the_cache(
            pieces in prop::collection::vec(
                prop_oneof![prop::sample::select(vec!["a", "b", "..", ".", "/", "//", "\\", "@", "%2e", "main", ":", "é", "\0", " ", "?"]).prop_map(str::to_owned), ".{0,3}"],
                0..12,
            ),
            scheme in prop::sample::select(vec!["hf://", "hf://a/b/", "https://", "https://a.org/", ""]),
        ) {
            let text = format!("{scheme}{}", pieces.concat());
            laws::name(&text);
        }
    }
}
