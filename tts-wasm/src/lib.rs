//! The embedded model as a WebAssembly module: plain functions over numbers, for `tts.mjs` beside it.
//!
//! In: UTF-8 in a buffer that [`tts_input`] makes room in. Out: f32 samples, mono, -1 to 1, in a buffer at [`tts_samples`], and
//! text in one at [`tts_message`]. All three belong to the module, so nothing is allocated or freed from outside; a stream is a
//! number that [`tts_close`] gives back. Functions that can fail return [`FAILED`], and the message says why. A panic (which is a
//! bug) leaves its message there too, and traps: the module must not be called again then, but for the message.
//!
//! May import: the front door of tts-core.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;
use std::{panic, ptr};

use tts_core::units::Seed;
use tts_core::{AudioChunk, AudioStream, Engine, EngineOptions, Poll, Settings, TextFeed};

/// What functions return that failed; the message says why.
pub const FAILED: i32 = -1;
/// What [`tts_pull`] returns while there is no text to speak.
pub const WAITING: i32 = -2;

/// Bytes that may be handed over at once: a long book.
const MOST_INPUT: u32 = 16 << 20;
/// Bytes of the input's room that are kept for the next text.
const KEPT_INPUT: usize = 64 << 10;
/// Samples that [`tts_pull`] gives at most.
const MOST_SAMPLES: usize = 4800;
/// Streams that may be open at a time; each takes about half a megabyte.
const MOST_STREAMS: usize = 64;

/// A stream and, while more text may come, the way of text into it.
struct Speech {
    stream: AudioStream,
    feed: Option<TextFeed>,
    /// Sound that was made while more text could come, and how much of it was pulled.
    chunk: Option<AudioChunk>,
    taken: usize,
}

#[derive(Default)]
struct Module {
    engine: Option<Engine>,
    /// Number n of the interface is at n - 1.
    streams: Vec<Option<Speech>>,
    input: Vec<u8>,
    samples: Vec<f32>,
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::default();
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Module {
    fn load(&mut self) -> Result<usize, String> {
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => Engine::embedded(EngineOptions::default()).map_err(in_words)?,
        };
        self.samples.resize(MOST_SAMPLES, 0.0);
        let rate = engine.info().sample_rate.0;
        self.engine = Some(engine);
        Ok(rate as usize)
    }

    fn room(&mut self, bytes: u32) -> Result<*mut u8, String> {
        if bytes > MOST_INPUT {
            return Err(format!(
                "room for {bytes} bytes asked for, expected at most {MOST_INPUT}: push a text in pieces"
            ));
        }
        self.input.clear();
        self.input.shrink_to(KEPT_INPUT);
        self.input.resize(bytes as usize, 0);
        Ok(self.input.as_mut_ptr())
    }

    fn open(&mut self, voice: u32, seed: u32) -> Result<usize, String> {
        let engine = self.engine.as_ref().ok_or("the engine is not loaded: call tts_load before")?;
        let free = self.streams.iter().position(Option::is_none).unwrap_or(self.streams.len());
        if free >= MOST_STREAMS {
            return Err(format!("{MOST_STREAMS} streams are open: close one before another is opened"));
        }
        let mut settings = Settings::default();
        settings.sampling.seed = Seed(seed.into());
        let voice = engine.voice(text(&self.input, voice)?).map_err(in_words)?;
        let (feed, stream) = voice.open(settings).map_err(in_words)?;
        if free == self.streams.len() {
            self.streams.push(None);
        }
        self.streams[free] = Some(Speech { stream, feed: Some(feed), chunk: None, taken: 0 });
        Ok(free + 1)
    }

    fn push(&mut self, number: u32, bytes: u32) -> Result<usize, String> {
        let text = text(&self.input, bytes)?;
        let speech = speech(&mut self.streams, number)?;
        let feed =
            speech.feed.as_mut().ok_or_else(|| format!("the text of stream {number} has ended; open another"))?;
        feed.push(text).map_err(in_words)?;
        Ok(text.len())
    }

    fn end(&mut self, number: u32) -> Result<usize, String> {
        speech(&mut self.streams, number)?.feed = None;
        Ok(0)
    }

    fn pull(&mut self, number: u32, most: u32) -> Result<Option<usize>, String> {
        let speech = speech(&mut self.streams, number)?;
        let most = self.samples.len().min(most as usize);
        if most == 0 {
            return Err(format!("no samples asked for, expected 1 to {MOST_SAMPLES}"));
        }
        speech.pull(&mut self.samples[..most]).map_err(in_words)
    }

    fn close(&mut self, number: u32) -> Result<usize, String> {
        speech(&mut self.streams, number)?;
        self.streams[number as usize - 1] = None;
        Ok(0)
    }
}

impl Speech {
    /// Fills `out` from the front: how much of it, 0 at the end; `None` if more text must come first.
    fn pull(&mut self, out: &mut [f32]) -> Result<Option<usize>, tts_core::Error> {
        if self.chunk.is_none() {
            if self.feed.is_none() {
                return self.stream.read(out).map(Some);
            }
            // nothing can be waited for: only this thread could bring text
            match self.stream.poll(Duration::ZERO)? {
                Poll::Waiting => return Ok(None),
                Poll::End => return Ok(Some(0)),
                Poll::Chunk(chunk) => (self.chunk, self.taken) = (Some(chunk), 0),
            }
        }
        let rest = self.chunk.as_ref().map_or(&[][..], |chunk| &chunk.samples()[self.taken..]);
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        if count == rest.len() {
            self.chunk = None;
        }
        Ok(Some(count))
    }
}

/// The first `bytes` of the input.
fn text(input: &[u8], bytes: u32) -> Result<&str, String> {
    let held = input.len();
    let text = input.get(..bytes as usize);
    let text =
        text.ok_or_else(|| format!("a text of {bytes} bytes, but the input holds {held}: call tts_input before"))?;
    str::from_utf8(text).map_err(|error| format!("the text is not UTF-8: {error}"))
}

fn speech(streams: &mut [Option<Speech>], number: u32) -> Result<&mut Speech, String> {
    let open = (number as usize).checked_sub(1).and_then(|at| streams.get_mut(at)).and_then(Option::as_mut);
    open.ok_or_else(|| format!("no stream {number}: it was never opened, or it was closed"))
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}

fn say(text: String) {
    // a panic while the message changes leaves the one before
    MESSAGE.with(|message| drop(message.try_borrow_mut().map(|mut message| *message = text)));
}

fn number(outcome: Result<usize, String>) -> i32 {
    outcome.and_then(|number| i32::try_from(number).map_err(in_words)).unwrap_or_else(|error| {
        say(error);
        FAILED
    })
}

fn with<T>(call: impl FnOnce(&mut Module) -> T) -> T {
    MODULE.with_borrow_mut(call)
}

/// Loads the embedded model, once: its samples a second, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_load() -> i32 {
    panic::set_hook(Box::new(|panic| say(panic.to_string())));
    #[cfg(target_arch = "wasm32")]
    tts_core::set_clock(host::clock);
    number(with(Module::load))
}

/// Room for so many bytes of input, until the next call; null if they are too many.
#[unsafe(no_mangle)]
pub extern "C" fn tts_input(bytes: u32) -> *mut u8 {
    with(|module| module.room(bytes)).unwrap_or_else(|error| {
        say(error);
        ptr::null_mut()
    })
}

/// Opens a stream of the voice whose name is the first `voice` bytes of the input: its number, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_open(voice: u32, seed: u32) -> i32 {
    number(with(|module| module.open(voice, seed)))
}

/// Hands the first `bytes` of the input to a stream as more of its text: how many, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_push(stream: u32, bytes: u32) -> i32 {
    number(with(|module| module.push(stream, bytes)))
}

/// Says that no more text comes: 0, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_end(stream: u32) -> i32 {
    number(with(|module| module.end(stream)))
}

/// Makes the next sound of a stream, `most` samples or fewer: how many, 0 at its end, [`WAITING`] if more text must come first,
/// or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_pull(stream: u32, most: u32) -> i32 {
    match with(|module| module.pull(stream, most)) {
        Ok(None) => WAITING,
        Ok(Some(count)) => number(Ok(count)),
        Err(error) => number(Err(error)),
    }
}

/// Where the samples of the last [`tts_pull`] are.
#[unsafe(no_mangle)]
pub extern "C" fn tts_samples() -> *const f32 {
    with(|module| module.samples.as_ptr())
}

/// Gives a stream up, whether it has ended or not: 0, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_close(stream: u32) -> i32 {
    number(with(|module| module.close(stream)))
}

/// Puts the names of the voices into the message, a line each, the default one first: how many bytes, or [`FAILED`].
#[unsafe(no_mangle)]
pub extern "C" fn tts_voices() -> i32 {
    let names = Engine::shipped_voices().map_err(in_words).map(|cards| {
        let names: Vec<_> = cards.into_iter().map(|card| card.name).collect();
        names.join("\n")
    });
    number(names.map(|names| {
        let bytes = names.len();
        say(names);
        bytes
    }))
}

/// Where the message is: UTF-8, of [`tts_message_bytes`] bytes.
#[unsafe(no_mangle)]
pub extern "C" fn tts_message() -> *const u8 {
    MESSAGE.with_borrow(|message| message.as_ptr())
}

/// How long the message is.
#[unsafe(no_mangle)]
pub extern "C" fn tts_message_bytes() -> usize {
    MESSAGE.with_borrow(String::len)
}

#[cfg(target_arch = "wasm32")]
mod host {
    use std::time::Duration;

    #[link(wasm_import_module = "tts")]
    unsafe extern "C" {
        /// Milliseconds since any fixed moment.
        safe fn now() -> f64;
    }

    pub(super) fn clock() -> Duration {
        Duration::try_from_secs_f64(now() / 1e3).unwrap_or_default()
    }
}
