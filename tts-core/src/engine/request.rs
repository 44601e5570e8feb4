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
