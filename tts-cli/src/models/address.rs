//! Addresses on the web, as far as a download needs them: where the server is, and what may be sent there.
//!
//! In: text of a user, a variable or a server. Out: parts that were looked at, or a sentence.

use std::fmt;

/// Longer addresses are refused; signed ones have some thousand bytes.
const LENGTH_MAX: usize = 16 * 1024;

/// `https://host:port/rest`, the rest beginning with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    secure: bool,
    /// In small letters, with brackets if it is an IPv6 number.
    host: String,
    port: u16,
    rest: String,
}

impl Address {
    /// Reads an address of one of the two schemes.
    ///
    /// # Errors
    /// What is wrong with it; the text itself, which may hold a signature, is not repeated.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("the address has {} bytes, expected at most {LENGTH_MAX}", text.len()));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte)) {
            return Err("the address has characters that must be percent-encoded".to_owned());
        }
        let (scheme, rest) = text.split_once("://").ok_or("expected an address that begins with https://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("expected an address that begins with https://".to_owned()),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err("an address must not hold a name or a password".to_owned());
        }
        // the colon of a port stands behind the brackets of an IPv6 number
        let colon = authority.rfind(':').filter(|&colon| authority.rfind(']').is_none_or(|bracket| bracket < colon));
        let (host, port) = match colon {
            Some(colon) => {
                let port = authority[colon + 1..].parse().map_err(|_| "the port of the address is no number")?;
                (&authority[..colon], port)
            }
            None => (authority, if secure { 443 } else { 80 }),
        };
        let bracketed = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
        let inner = if bracketed { &host[1..host.len() - 1] } else { host };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || (bracketed && byte == b':');
        if inner.is_empty() || !inner.bytes().all(plain) {
            return Err("the address has no host, or an odd one".to_owned());
        }
        let slash = if rest.starts_with('/') { "" } else { "/" };
        Ok(Self { secure, host: host.to_ascii_lowercase(), port, rest: format!("{slash}{rest}") })
    }

    /// Where `Location: location` leads from here.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub(crate) fn join(&self, location: &str) -> Result<Self, String> {
        if location.contains("://") && !location.starts_with('/') && !location.starts_with('?') {
            return Self::parse(location);
        }
        let scheme = if self.secure { "https" } else { "http" };
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let path = self.rest.split('?').next().unwrap_or_default();
        let folder = &path[..=path.rfind('/').unwrap_or(0)];
        let rest = match location.bytes().next() {
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{path}{location}"),
            _ => format!("{folder}{location}"),
        };
        Self::parse(&format!("{scheme}://{}:{}{rest}", self.host, self.port))
    }

    /// The same server with `path` appended; `path` begins with a slash and is encoded.
    pub(crate) fn under(&self, path: &str) -> Self {
        Self { rest: format!("{}{path}", self.rest.trim_end_matches('/')), ..self.clone() }
    }

    /// Scheme, host and port are the same: what is said to the one may be said to the other.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// Whether secrets may travel there: encrypted, or not leaving this machine.
    pub(crate) fn private(&self) -> bool {
        self.secure || self.loopback()
    }

    /// Whether it is this machine.
    pub(crate) fn loopback(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "[::1]")
            || self.host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback())
    }

    /// Whether it is https.
    pub(crate) fn secure(&self) -> bool {
        self.secure
    }

    /// Host and, if it is unusual, port.
    pub(crate) fn host(&self) -> String {
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// What follows the host, without a query.
    pub(crate) fn path(&self) -> &str {
        self.rest.split('?').next().unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.secure { "https" } else { "http" }, self.host(), self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::models::laws;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, shown, host) in [
            ("https://huggingface.co", "https://huggingface.co/", "huggingface.co"),
            ("HTTPS://Example.ORG:443/a?b#c", "https://example.org/a?b", "example.org"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x", "[::1]:8080"),
            ("http://127.0.0.1:80?x=1", "http://127.0.0.1/?x=1", "127.0.0.1"),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!((address.to_string().as_str(), address.host().as_str()), (shown, host));
        }
        for text in [
            "",
            "ftp://a/b",
            "file:///etc/passwd",
            "https://",
            "https://u:p@host/",
            "https://host:99999/",
            "https://a b/",
            "https://host\\x",
            "https://h\u{e9}/",
            "https://[]/",
            "https://host:/",
            "https://a\r\nX: y/",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn locations_lead_on() {
        let here = Address::parse("https://a.org/x/y?z").expect("address");
        for (location, there) in [
            ("https://b.org/1", "https://b.org/1"),
            ("//b.org/1", "https://b.org/1"),
            ("/1?q=https://c.org", "https://a.org/1?q=https://c.org"),
            ("1", "https://a.org/x/1"),
            ("?q", "https://a.org/x/y?q"),
        ] {
            assert_eq!(here.join(location).expect(location).to_string(), there);
        }
        assert!(here.join("file:///etc/passwd").is_err());
    }

    #[test]
    fn secrets_stay_where_they_belong() {
        let [a, port, plain, home] =
            ["https://a.org/x", "https://a.org:8443/x", "http://a.org/x", "http://localhost:1/"]
                .map(|text| Address::parse(text).expect(text));
        assert!(a.same_origin(&a.under("/y")) && !a.same_origin(&port) && !a.same_origin(&plain));
        assert!(a.private() && home.private() && !plain.private());
        let liar = Address::parse("http://127.0.0.1.evil.org/").expect("address");
        assert!(!liar.private());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80), good in any::<bool>()) {
            let text = String::from_utf8_lossy(&bytes);
            let text = if good { format!("https://host{text}") } else { text.into_owned() };
            laws::address(&text);
        }
    }
}
