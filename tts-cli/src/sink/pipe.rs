//! Standard output as a stream of sound: a WAV head of unknown length, then samples as they are made.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use super::pcm::{Encoder, SampleFormat};
use super::{Sink, SinkError, wav};
use crate::exit::{Exit, Failure, OrExit};

/// Samples to standard output. Every chunk leaves at once.
#[derive(Debug)]
pub(crate) struct PipeSink {
    out: File,
    encoder: Encoder,
    /// The head, until the first samples are written behind it.
    head: Option<Vec<u8>>,
    bytes: Vec<u8>,
}

impl PipeSink {
    /// A sink to standard output; `raw` leaves the head out.
    ///
    /// # Errors
    /// With [`Exit::Usage`] if standard output is a terminal.
    pub(crate) fn new(format: SampleFormat, rate: u32, raw: bool) -> anyhow::Result<Self> {
        if io::stdout().is_terminal() {
            let text = "-o - writes sound, and standard output is a terminal; write a file (-o speech.wav) or a pipe (-o - | player)";
            return Err(Failure::new(Exit::Usage, text).into());
        }
        let out = duplicate().or_exit(Exit::Output, "cannot write to standard output")?;
        let head = (!raw).then(|| wav::header(format, rate, None));
        Ok(Self { out, encoder: Encoder::new(format), head, bytes: Vec::new() })
    }
}

/// A handle beside [`io::stdout`], which would hold back what follows the last line feed in a chunk.
#[cfg(unix)]
fn duplicate() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// A handle beside [`io::stdout`], which would hold back what follows the last line feed in a chunk.
#[cfg(windows)]
fn duplicate() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

fn failed(error: &io::Error) -> SinkError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return SinkError::Closed;
    }
    SinkError::Write(format!("cannot write to standard output: {error}"))
}

impl Sink for PipeSink {
    fn write(&mut self, samples: &[f32]) -> Result<(), SinkError> {
        if let Some(head) = self.head.take() {
            self.out.write_all(&head).map_err(|error| failed(&error))?;
        }
        self.encoder.encode(samples, &mut self.bytes);
        self.out.write_all(&self.bytes).map_err(|error| failed(&error))
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.write(&[])
    }

    fn warnings(&self) -> Vec<String> {
        self.encoder.warnings()
    }
}
