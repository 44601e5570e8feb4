//! Recordings of a person: the bytes of an audio file to PCM (level 3).
//!
//! In: a file, or bytes with a hint about their format. Out: a [`Recording`], one channel of f32 in -1..1, the mean of all
//! channels there were, at the rate of the file. The signal flow: `sniff` looks at the first bytes, `stream` takes the
//! container apart (the crate `symphonia`), `codec` decodes packets (`symphonia`; `opus-pure` for Opus), `mix` makes one
//! channel of them and keeps account of what was heard.
//!
//! WAV, AIFF, FLAC, MP3, Ogg with Vorbis or Opus, M4A and MP4 with AAC or ALAC, AAC alone, WebM. Reading stops after
//! [`SECONDS_MAX`] seconds, so a file may have any length. A file that ends too early is read as far as it goes.
//!
//! May import: `units`.

mod codec;
mod error;
mod mix;
mod ogg;
mod recording;
mod sniff;
mod stream;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::io::MediaSource;

pub use error::AudioError;
pub use recording::{Ending, Recording};

/// More than this is not read: twenty seconds of speech are found in less, and memory stays below 60 MB.
pub const SECONDS_MAX: u32 = 300;

/// Reads an audio file.
///
/// # Errors
/// [`AudioError`], with the path in its message.
pub fn read(path: &Path) -> Result<Recording, AudioError> {
    let origin = path.display().to_string();
    let io = |source| AudioError::Io { origin: origin.clone(), source };
    let mut file = File::open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?;
    if found.is_dir() {
        return Err(AudioError::Folder { origin });
    }
    let hint = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    if found.is_file() {
        let mut head = Vec::new();
        file.by_ref().take(sniff::HEAD as u64).read_to_end(&mut head).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        return from_source(&origin, &head, hint, file);
    }
    // A pipe can be neither rewound nor measured: it is read into memory first.
    let mut bytes = Vec::new();
    file.take(PIPE_MAX).read_to_end(&mut bytes).map_err(io)?;
    decode_named(&origin, bytes, hint)
}

/// So much of a pipe is read: ten minutes of 24-bit stereo at 48 kHz.
const PIPE_MAX: u64 = 180 << 20;

/// Decodes the bytes of an audio file. `hint` is the usual ending of the file's name (`"mp3"`), or empty.
///
/// # Errors
/// [`AudioError`].
pub fn decode(bytes: Vec<u8>, hint: &str) -> Result<Recording, AudioError> {
    decode_named("the recording", bytes, hint)
}

fn decode_named(origin: &str, bytes: Vec<u8>, hint: &str) -> Result<Recording, AudioError> {
    let head = bytes[..bytes.len().min(sniff::HEAD)].to_vec();
    from_source(origin, &head, hint, Cursor::new(bytes))
}

fn from_source(
    origin: &str,
    head: &[u8],
    hint: &str,
    mut source: impl MediaSource + 'static,
) -> Result<Recording, AudioError> {
    if head.is_empty() {
        return Err(AudioError::Empty { origin: origin.to_owned() });
    }
    if let Some(found) = sniff::not_audio(head) {
        return Err(AudioError::NotAudio { origin: origin.to_owned(), found: found.to_owned() });
    }
    let cut = sniff::container(head) == "Ogg"
        && !ogg::ends(&mut source).map_err(|source| AudioError::Io { origin: origin.to_owned(), source })?;
    // Decoders of other people's making meet hostile bytes here: should one panic, the file is refused and the program
    // goes on. The tests demand that none does.
    let read = std::panic::AssertUnwindSafe(|| stream::read(origin, head, hint, Box::new(source)));
    let failed = |_| Err(AudioError::Decoder { origin: origin.to_owned() });
    let mut clip = std::panic::catch_unwind(read).unwrap_or_else(failed)?;
    if cut && clip.ending == Ending::Complete {
        clip.ending = Ending::Truncated;
    }
    Ok(clip)
}
