//! How the command ends: exit codes, and errors that carry one.
//!
//! In: an [`anyhow::Error`], perhaps marked with an [`Exit`]. Out: one line on standard error and a process exit code.

use std::fmt;
use std::process::ExitCode;

use crate::message;

/// Every way the process ends, with its code. `--help` and the manual page list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done,
    /// Something that should not happen: a fault of the program.
    Internal,
    /// The command line asks for something that does not exist or does not go together.
    Usage,
    /// The text, lexicon, recording, voice or model cannot be used.
    Input,
    /// The sound, the word times or the report cannot be written.
    Output,
    /// No way to play sound was found, or the one found stopped working.
    Playback,
    /// With `--strict`: it was spoken, but something in the text was left out.
    Incomplete,
    /// Ctrl-C, or a request to terminate.
    Interrupted,
}

impl Exit {
    /// The code the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Output => 4,
            Self::Playback => 5,
            Self::Incomplete => 6,
            Self::Interrupted => 130,
        }
    }

    /// What a process of this same program that failed meant by its code.
    pub(crate) fn of_code(code: Option<i32>) -> Self {
        let all = [Self::Usage, Self::Input, Self::Output, Self::Playback, Self::Incomplete, Self::Interrupted];
        all.into_iter().find(|exit| code == Some(exit.code().into())).unwrap_or(Self::Internal)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Output => "output",
            Self::Playback => "playback",
            Self::Incomplete => "incomplete",
            Self::Interrupted => "interrupted",
        })
    }
}

/// An error that knows the exit code it leads to.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// An error of kind `exit` that says `message`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Gives any error an exit code, keeping its message and its causes in one line.
pub(crate) trait OrExit<T> {
    /// On error, `what` followed by the error, ending with `exit`.
    fn or_exit(self, exit: Exit, what: impl fmt::Display) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit, what: impl fmt::Display) -> anyhow::Result<T> {
        self.map_err(|error| {
            let mut text = what.to_string();
            for cause in error.into().chain().map(ToString::to_string) {
                // many errors say their cause themselves
                if !text.ends_with(&cause) {
                    text.push_str(&format!(": {cause}"));
                }
            }
            Failure::new(exit, text).into()
        })
    }
}

/// Says what went wrong on standard error, and for `--json` as an object; answers the code to end with.
pub(crate) fn report(error: &anyhow::Error, json: Option<message::JsonPlace>) -> ExitCode {
    let exit = error.downcast_ref::<Failure>().map_or(Exit::Internal, |failure| failure.exit);
    let text = format!("{error:#}");
    match json {
        Some(place) => {
            let object =
                serde_json::json!({ "error": { "kind": exit.to_string(), "message": text, "exit_code": exit.code() } });
            // Where the object cannot be written the line below is all that can still be said.
            let _ = message::json(place, &object);
            if place == message::JsonPlace::Stdout {
                message::error(&text);
            }
        }
        None => message::error(&text),
    }
    exit.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let unread = tts_core::audio::read(std::path::Path::new("no/clip.wav"));
        let said = unread.or_exit(Exit::Input, "cannot take the voice").unwrap_err().to_string();
        assert!(said.starts_with("cannot take the voice: cannot read no/clip.wav: "), "{said}");
        assert_eq!(said.matches("os error").count(), 1, "{said}");
        let other = Err::<(), _>(anyhow::Error::msg("it is gone").context("reading"));
        assert_eq!(other.or_exit(Exit::Input, "x").unwrap_err().to_string(), "x: reading: it is gone");
    }
}
