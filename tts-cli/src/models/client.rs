//! One question to a server and its answer: HTTPS by ureq and rustls, redirections followed here.
//!
//! The token goes to the server that was asked and to no other: not to where it points, be it the same machine on another
//! port. From https nothing leads back to http.

use std::io::{self, Read};
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

use super::address::Address;
use super::error::{FetchError, TokenUse};
use super::headers::{ContentRange, Etag, number};
use super::places::{Places, Token};

const REDIRECTIONS_MAX: usize = 6;
const CONNECT: Duration = Duration::from_secs(20);
/// Longer files of certificates are refused.
const ROOTS_MAX: u64 = 16 << 20;
const PROXIES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// Asks servers.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    patience: Duration,
}

/// What to ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'q> {
    /// What it is: the hub answers for itself and points elsewhere for the bytes.
    Head,
    /// The bytes from `start`, if the version is still the one that `if_range` names.
    Bytes { start: u64, if_range: Option<&'q str> },
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Who answered.
    pub(crate) from: Address,
    pub(crate) token: TokenUse,
    /// Bytes that follow.
    pub(crate) length: Option<u64>,
    pub(crate) range: Option<ContentRange>,
    pub(crate) etag: Option<Etag>,
    /// The hub on the file it points to: `X-Linked-Size`, `X-Linked-ETag`.
    pub(crate) linked_size: Option<u64>,
    pub(crate) linked_etag: Option<Etag>,
    /// `X-Error-Code` of the hub.
    pub(crate) code: Option<String>,
    body: Body,
}

impl Client {
    /// A client that trusts and waits as `places` say, and uses the proxy of the environment.
    ///
    /// # Errors
    /// [`FetchError::Setting`]
    pub(crate) fn new(places: &Places) -> Result<Self, FetchError> {
        let set = PROXIES.iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        let proxy = Proxy::try_from_env();
        if let (Some(name), None) = (set, &proxy) {
            let what = "does not name a proxy: expected http://host:port or socks5://host:port".to_owned();
            return Err(FetchError::Setting { name: (*name).to_owned(), what });
        }
        let roots = places.roots.as_deref().map_or(Ok(RootCerts::WebPki), roots)?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("tts/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_connect(Some(CONNECT.min(places.patience)))
            .timeout_per_read(Some(places.patience))
            .timeout_per_write(Some(places.patience))
            .build()
            .into();
        Ok(Self { agent, patience: places.patience })
    }

    /// Asks `to`, and whom it points to. A [`Question::Head`] that is pointed to another server is answered by what the
    /// first one said.
    ///
    /// # Errors
    /// [`FetchError::Network`] and [`FetchError::Timeout`]; every status is an answer.
    pub(crate) fn ask(
        &self,
        to: &Address,
        token: Option<&Token>,
        question: Question<'_>,
    ) -> Result<Answer, FetchError> {
        let mut at = to.clone();
        for _ in 0..=REDIRECTIONS_MAX {
            let (answer, location) = self.once(to, &at, token, question)?;
            let Some(location) = location else { return Ok(answer) };
            let astray =
                |what: String| FetchError::Network { host: at.host(), what: format!("it points astray: {what}") };
            let next = at.join(&location).map_err(astray)?;
            if at.secure() && !next.secure() {
                return Err(astray(format!("from https to http, to {}", next.host())));
            }
            if matches!(question, Question::Head) && !next.same_origin(&at) {
                return Ok(answer);
            }
            at = next;
        }
        Err(FetchError::Network { host: at.host(), what: format!("it points on more than {REDIRECTIONS_MAX} times") })
    }

    fn once(
        &self,
        first: &Address,
        at: &Address,
        token: Option<&Token>,
        question: Question<'_>,
    ) -> Result<(Answer, Option<String>), FetchError> {
        let url = at.to_string();
        let mut request = match question {
            Question::Head => self.agent.head(&url),
            Question::Bytes { .. } => self.agent.get(&url),
        };
        if let Question::Bytes { start: start @ 1.., if_range } = question {
            request = request.header("Range", format!("bytes={start}-"));
            if let Some(version) = if_range {
                request = request.header("If-Range", version);
            }
        }
        let token_use = match token {
            Some(_) if !at.private() => TokenUse::Withheld,
            Some(token) if at.same_origin(first) => {
                request = request.header("Authorization", token.header());
                TokenUse::Sent
            }
            _ => TokenUse::None,
        };
        let response = request.call().map_err(|error| self.failed(at, error))?;
        let (parts, body) = response.into_parts();
        let line = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let status = parts.status.as_u16();
        let location = line("location").filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)).map(str::to_owned);
        let answer = Answer {
            status,
            from: at.clone(),
            token: token_use,
            length: line("content-length").and_then(number),
            range: line("content-range").and_then(ContentRange::parse),
            etag: line("etag").and_then(Etag::parse),
            linked_size: line("x-linked-size").and_then(number),
            linked_etag: line("x-linked-etag").and_then(Etag::parse),
            code: line("x-error-code").filter(|code| code.len() <= 64).map(str::to_owned),
            body,
        };
        Ok((answer, location))
    }

    fn failed(&self, at: &Address, error: ureq::Error) -> FetchError {
        match error {
            ureq::Error::Timeout(_) => FetchError::Timeout { host: at.host(), seconds: self.patience.as_secs() },
            ureq::Error::Io(error) => self.broken(at, &error),
            ureq::Error::HostNotFound => FetchError::Network { host: at.host(), what: "no such host".to_owned() },
            error => FetchError::Network { host: at.host(), what: error.to_string() },
        }
    }

    fn broken(&self, at: &Address, error: &io::Error) -> FetchError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
        let slow = matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        if slow || matches!(inner, Some(ureq::Error::Timeout(_))) {
            return FetchError::Timeout { host: at.host(), seconds: self.patience.as_secs() };
        }
        FetchError::Network { host: at.host(), what: error.to_string() }
    }
}

impl Answer {
    /// Hands the body on, piece by piece; answers whether it ended as it should, and was not cut off.
    ///
    /// # Errors
    /// What `take` says, or [`FetchError::Timeout`].
    pub(crate) fn read(
        self,
        client: &Client,
        mut take: impl FnMut(&[u8]) -> Result<(), FetchError>,
    ) -> Result<bool, FetchError> {
        let mut reader = self.body.into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(count) => take(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let error = client.broken(&self.from, &error);
                    return if matches!(error, FetchError::Timeout { .. }) { Err(error) } else { Ok(false) };
                }
            }
        }
    }
}

/// Certificates of `SSL_CERT_FILE`, for networks with an authority of their own.
fn roots(path: &std::path::Path) -> Result<RootCerts, FetchError> {
    let wrong = |what: String| FetchError::Setting { name: "SSL_CERT_FILE".to_owned(), what };
    let cannot = |error: io::Error| wrong(format!("{} cannot be read: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > ROOTS_MAX {
        return Err(wrong(format!("{} has {length} bytes, expected at most {ROOTS_MAX}", path.display())));
    }
    let text = std::fs::read(path).map_err(cannot)?;
    let certificates: Vec<_> = ureq::tls::parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(wrong(format!("{} holds no certificate in PEM form", path.display())));
    }
    Ok(certificates.into_iter().into())
}
