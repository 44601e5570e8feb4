//! Text as it arrives: a thread reads bytes, mends them ([`crate::utf8`]) and feeds them to the engine.
//!
//! The thread reads what is there and waits for what is not, so a clause is spoken as soon as it has come. It does not
//! run far ahead of the voice: an endless input must not fill the memory.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tts_core::TextFeed;

use crate::exit::{Exit, Failure, OrExit};
use crate::message;
use crate::request::Source;
use crate::utf8::{Decoder, Mended};

/// How many bytes of text may wait to be spoken.
const AHEAD: usize = 256 * 1024;
/// How much is read at a time.
const PIECE: usize = 16 * 1024;

/// An opened source of bytes.
pub(crate) struct Input {
    reader: Box<dyn Read + Send>,
    name: String,
    /// A person types: a line is a paragraph.
    typed: bool,
    /// How many bytes there are, where that is known.
    length: Option<u64>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).field("typed", &self.typed).finish_non_exhaustive()
    }
}

impl Input {
    /// Opens `source`, or gives `None` for an argument, which needs no opening.
    ///
    /// # Errors
    /// With [`Exit::Input`] if the file cannot be read.
    pub(crate) fn open(source: &Source) -> anyhow::Result<Option<Self>> {
        match source {
            Source::Argument(_) => Ok(None),
            Source::Stdin => {
                let typed = io::stdin().is_terminal();
                if typed {
                    let end = if cfg!(windows) { "Ctrl-Z and Enter" } else { "Ctrl-D" };
                    message::hint(&format!("type text; Enter speaks it, {end} ends"));
                }
                Ok(Some(Self { reader: Box::new(io::stdin()), name: "standard input".to_owned(), typed, length: None }))
            }
            Source::File(path) => Self::file(path).map(Some),
        }
    }

    fn file(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).or_exit(Exit::Input, format!("cannot read {name}"))?;
        let about = file.metadata().or_exit(Exit::Input, format!("cannot read {name}"))?;
        if about.is_dir() {
            return Err(
                Failure::new(Exit::Input, format!("cannot read {name}: it is a folder, not a text file")).into()
            );
        }
        let length = about.is_file().then_some(about.len());
        Ok(Self { reader: Box::new(file), name, typed: false, length })
    }

    /// How many bytes there are, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// With [`Exit::Input`] if reading stops before the end.
    pub(crate) fn read_whole(mut self) -> anyhow::Result<(String, Mended)> {
        let (mut decoder, mut text, mut piece) = (Decoder::default(), String::new(), vec![0; PIECE]);
        loop {
            match self.reader.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => decoder.push(&piece[..read], &mut text),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).or_exit(Exit::Input, format!("cannot read {}", self.name)),
            }
        }
        decoder.finish(&mut text);
        Ok((text, decoder.mended()))
    }

    /// Starts the thread that reads it into `feed`; `keep` keeps the text for [`Reading::text`].
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn feed(self, feed: TextFeed, keep: bool) -> anyhow::Result<Reading> {
        let shared = Arc::new(Shared { state: Mutex::new(State::default()), moved: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("reader".to_owned());
        let thread =
            thread.spawn(move || theirs.read(self, feed, keep)).or_exit(Exit::Internal, "cannot start a thread")?;
        Ok(Reading { shared, thread })
    }
}

/// A source being read.
#[derive(Debug)]
pub(crate) struct Reading {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of text fed to the engine, and how many of them are spoken.
    fed: usize,
    spoken: usize,
    text: String,
    mended: Mended,
    failure: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut input: Input, mut feed: TextFeed, keep: bool) {
        let (mut decoder, mut text, mut piece) = (Decoder::default(), String::new(), vec![0; PIECE]);
        loop {
            text.clear();
            let ended = match input.reader.read(&mut piece) {
                Ok(0) => {
                    decoder.finish(&mut text);
                    true
                }
                Ok(read) => {
                    decoder.push(&piece[..read], &mut text);
                    false
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.lock().failure = Some(format!("cannot read {} to its end: {error}", input.name));
                    decoder.finish(&mut text);
                    true
                }
            };
            if input.typed && text.ends_with('\n') {
                text.push('\n');
            }
            {
                let mut state = self.lock();
                state.fed += text.len();
                state.mended = decoder.mended();
                if keep {
                    state.text.push_str(&text);
                }
            }
            // Nobody listens any more: nothing is left to do.
            if feed.push(&text).is_err() || ended {
                return;
            }
            let state = self.lock();
            let far = |state: &mut State| state.fed.saturating_sub(state.spoken) > AHEAD;
            drop(self.moved.wait_while(state, far).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Reading {
    /// Tells the reader that the text is spoken up to byte `end`.
    pub(crate) fn spoken(&self, end: usize) {
        let mut state = self.shared.lock();
        state.spoken = state.spoken.max(end);
        drop(state);
        self.shared.moved.notify_one();
    }

    /// Tells the reader that the engine waits for more, whatever became of the text so far.
    pub(crate) fn all_spoken(&self) {
        let mut state = self.shared.lock();
        state.spoken = state.fed;
        drop(state);
        self.shared.moved.notify_one();
    }

    /// How many bytes of text were fed so far.
    pub(crate) fn fed(&self) -> usize {
        self.shared.lock().fed
    }

    /// The bytes `range` of the text, as far as they have come and lie between characters.
    pub(crate) fn text(&self, range: Range<usize>) -> String {
        let state = self.shared.lock();
        state.text.get(range.start..range.end.min(state.text.len())).unwrap_or_default().to_owned()
    }

    /// What was mended, and why reading stopped if it was not the end. Call it when the stream has ended.
    pub(crate) fn outcome(&self) -> (Mended, Option<String>) {
        let state = self.shared.lock();
        (state.mended, state.failure.clone())
    }

    /// Whether everything that can be read has been.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}
