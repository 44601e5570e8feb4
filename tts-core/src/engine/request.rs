//! What to say, and how.

use std::borrow::Cow;

use crate::text::normalize::TextOptions;
use crate::units::Seed;
use crate::voice::{Overrides, Prosody, Steps, Temperature};

/// Choices of the random part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampling {
    /// The same seed gives the same bytes.
    pub seed: Seed,
    /// `None`: the model's own.
    pub temperature: Option<Temperature>,
    /// `None`: the model's own.
    pub steps: Option<Steps>,
}

/// How the text comes to a model that reads letters, not phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Numbers, abbreviations and markup put into English words, cut at the ends of sentences.
    #[default]
    Normalized,
    /// As it is written, cut at the ends of sentences: for languages that the front end does not read.
    AsWritten,
    /// Exactly as the model's reference implementation prepares and cuts a whole text.
    Reference,
}

/// When a model that can say something else than the text is judged. Speech of the native family is made from its phones
/// and their times: there is nothing to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checked {
    /// While it is heard: nothing waits, and what is wrong is reported.
    #[default]
    Live,
    /// Before it is heard, where at least as much sound was handed out before: what is wrong is said again with other noise.
    /// For a listener who is a few seconds behind, such as a sound card with a queue.
    Ahead,
    /// Every piece whole before it is heard: the first sound comes later, and no fault is heard that could be mended.
    Whole,
}

/// How a model that reads a few sentences at a time goes from one piece to the next. The native family does not stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seams {
    /// Every piece begins afresh from the voice, as in the reference implementation.
    #[default]
    Restart,
    /// A piece goes on from what was said before it, where both together are no more than the model reads at a time.
    GoOn,
}

/// Everything about a request but the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// How it is spoken; `None` uses the voice's own.
    pub prosody: Option<Prosody>,
    /// Controls that hold over the voice's own way of speaking, over [`Settings::prosody`], and over emotions that the
    /// text asks for.
    pub overrides: Overrides,
    /// Choices of the random part.
    pub sampling: Sampling,
    /// How the text is read.
    pub text: TextOptions,
    /// How it comes to a model that reads letters; `None`: as suits the model's language.
    pub reading: Option<Reading>,
    /// When what was said is judged.
    pub checked: Checked,
    /// How one piece follows another; `None`: from the voice.
    pub seams: Option<Seams>,
}

/// A text to be spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct SynthesisRequest<'t> {
    /// What to say.
    pub text: Cow<'t, str>,
    /// How.
    pub settings: Settings,
}

impl<'t> SynthesisRequest<'t> {
    /// `text` with `settings`.
    pub fn new(text: impl Into<Cow<'t, str>>, settings: Settings) -> Self {
        Self { text: text.into(), settings }
    }
}

impl<'t> From<&'t str> for SynthesisRequest<'t> {
    fn from(text: &'t str) -> Self {
        Self::new(text, Settings::default())
    }
}

impl<'t> From<&'t String> for SynthesisRequest<'t> {
    fn from(text: &'t String) -> Self {
        Self::new(text.as_str(), Settings::default())
    }
}

impl From<String> for SynthesisRequest<'_> {
    fn from(text: String) -> Self {
        Self::new(text, Settings::default())
    }
}
