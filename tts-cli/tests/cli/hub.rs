//! A hub of the test's own: one thread that answers HTTP on this machine as a script says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Asked {
    /// The value of a header, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first byte of `Range: bytes=N-`.
    pub(crate) fn start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What it answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The length it promises, if not that of the body.
    pub(crate) length: Option<usize>,
    /// Sleeps after the body, the connection still open.
    pub(crate) then_wait: Duration,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, body: body.as_ref().to_vec(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// The server; it ends with the process of the test.
pub(crate) struct Hub {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Hub {
    /// A server that answers by `answer`.
    pub(crate) fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start("http", answer, Ok)
    }

    /// The same by https, with a certificate that only `tls/authority.pem` vouches for.
    pub(crate) fn secure(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).expect("certificate");
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).expect("key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("server");
        let config = Arc::new(config);
        Self::start("https", answer, move |stream| {
            let session = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
            Ok(StreamOwned::new(session, stream))
        })
    }

    fn start<S: Read + Write>(
        scheme: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> std::io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("{scheme}://{}", listener.local_addr().expect("address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new((answer, wrap)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                // the client may go away in the middle of anything
                std::thread::spawn(move || drop((answer.1)(stream).and_then(|stream| talk(stream, &log, &answer.0))));
            }
        });
        Self { url, asked }
    }

    /// An address where nobody listens any more.
    pub(crate) fn gone() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        Self { url, asked: Arc::default() }
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("log").clone()
    }

    /// How often bytes were asked for.
    pub(crate) fn gets(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.method == "GET").collect()
    }
}

fn talk(stream: impl Read + Write, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Reply) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    let asked = Asked { method, path, headers };
    log.lock().expect("log").push(asked.clone());
    let reply = answer(&asked);
    let writer = reader.get_mut();
    write!(writer, "HTTP/1.1 {} Words\r\nConnection: close\r\n", reply.status)?;
    write!(writer, "Content-Length: {}\r\n", reply.length.unwrap_or(reply.body.len()))?;
    for (name, value) in &reply.headers {
        write!(writer, "{name}: {value}\r\n")?;
    }
    writer.write_all(b"\r\n")?;
    if asked.method != "HEAD" {
        writer.write_all(&reply.body)?;
    }
    writer.flush()?;
    std::thread::sleep(reply.then_wait);
    Ok(())
}

/// Answers as the hub does for a file of these bytes: sum and length for HEAD, a range where one is asked for.
pub(crate) fn serve(asked: &Asked, bytes: &[u8], sha256: Option<&str>) -> Reply {
    let linked = |reply: Reply| match sha256 {
        Some(sum) => reply.with("X-Linked-ETag", format!("\"{sum}\"")).with("X-Linked-Size", bytes.len()),
        None => reply,
    };
    let reply = match asked.start() {
        Some(start) if start < bytes.len() => Reply::new(206, &bytes[start..])
            .with("Content-Range", format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len())),
        Some(_) => Reply::new(416, "").with("Content-Range", format!("bytes */{}", bytes.len())),
        None => Reply::new(200, bytes),
    };
    linked(reply).with("ETag", "\"version-1\"")
}
