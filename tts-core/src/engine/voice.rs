//! A speaker bound to an engine.

use std::path::Path;
use std::sync::Arc;

use super::composer::{Composer, step};
use super::feed::{FeedReader, TextFeed, feed};
use super::loaded::Loaded;
use super::manner::Course;
use super::pipeline::Worker;
use super::plan::{Plan, PlannedClause};
use super::request::{Settings, SynthesisRequest};
use super::stream::{AudioStream, Source};
use crate::error::Error;
use crate::model::native::{Draws, Speaker};
use crate::voice::{Direction, MeasuredProsody, Prosody, Timbre, VoiceCard, VoiceFile};

/// Who speaks, how unless a request says otherwise, and the engine that can do it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Voice {
    loaded: Arc<Loaded>,
    timbre: Arc<Timbre>,
    card: Arc<VoiceCard>,
    prosody: Prosody,
    measured: Option<MeasuredProsody>,
}

impl Voice {
    pub(super) fn new(loaded: Arc<Loaded>, file: VoiceFile) -> Self {
        let VoiceFile { card, timbre, prosody, measured } = file;
        Self { loaded, timbre: Arc::new(timbre), card: Arc::new(card), prosody, measured }
    }

    /// Name, licence and origin.
    #[must_use]
    pub fn card(&self) -> &VoiceCard {
        &self.card
    }

    /// Who speaks.
    #[must_use]
    pub fn timbre(&self) -> &Timbre {
        &self.timbre
    }

    /// How it speaks where a request does not choose.
    #[must_use]
    pub fn prosody(&self) -> Prosody {
        self.prosody
    }

    /// How the recording was spoken that the voice was made of, where that is known. It changes nothing by itself: see
    /// [`Prosody::like`].
    #[must_use]
    pub fn measured(&self) -> Option<MeasuredProsody> {
        self.measured
    }

    /// All that a `.voice` file would say.
    #[must_use]
    pub fn to_file(&self) -> VoiceFile {
        let (card, timbre) = ((*self.card).clone(), (*self.timbre).clone());
        VoiceFile { card, timbre, prosody: self.prosody, measured: self.measured }
    }

    /// Writes a `.voice` file, over any that is there.
    ///
    /// # Errors
    /// [`Error::Voice`] names the file and what stands in the way.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(self.to_file().save(path)?)
    }

    /// The same speaker with another way of speaking, for requests that do not choose one.
    #[must_use]
    pub fn with_prosody(&self, prosody: Prosody) -> Self {
        Self { prosody, ..self.clone() }
    }

    /// Speaks a text. A text without a word gives a stream without a sample; what was left out, and why, is in
    /// [`AudioStream::take_skipped`].
    ///
    /// # Errors
    /// [`Error::Spawn`] if a thread cannot be started.
    pub fn speak<'t>(&self, request: impl Into<SynthesisRequest<'t>>) -> Result<AudioStream, Error> {
        let request = request.into();
        let (mut feed, stream) = self.open(request.settings)?;
        // the stream was opened in the line above: somebody listens
        let _ = feed.push(&request.text);
        Ok(stream)
    }

    /// Speaks a text that is still being written. Both ends may be moved to other threads. Clauses are spoken as they
    /// are complete; one that was complete for a moment is spoken even if nothing follows.
    ///
    /// # Errors
    /// [`Error::Spawn`] if a thread cannot be started.
    pub fn open(&self, settings: Settings) -> Result<(TextFeed, AudioStream), Error> {
        let (push, read) = feed();
        let (composer, vocaliser) = self.start(read, &settings);
        let source = if self.loaded.threads > 1 {
            Source::Worker(Worker::start(composer, self.loaded.model.frame()).map_err(Error::Spawn)?)
        } else {
            Source::Inline(Box::new(composer))
        };
        Ok((push, AudioStream::new(self.loaded.clone(), source, vocaliser)))
    }

    fn start(&self, feed: FeedReader, settings: &Settings) -> (Composer, crate::model::native::Vocaliser) {
        let Loaded { model, front, isa, .. } = &*self.loaded;
        let course = Course::new(settings, self.prosody);
        let (generator, vocaliser) = model.start(*isa, &self.speaker(), course.manner(), self.draws(settings));
        let reader = front.reader(settings.text, Direction::exists);
        (Composer::new(self.loaded.clone(), feed, reader, course, generator), vocaliser)
    }

    /// Works out what would be said, without sound.
    ///
    /// # Errors
    /// None at present; a model may refuse a text.
    pub fn plan<'t>(&self, request: impl Into<SynthesisRequest<'t>>) -> Result<Plan, Error> {
        let SynthesisRequest { text, settings } = request.into();
        let Loaded { model, front, isa, .. } = &*self.loaded;
        let mut course = Course::new(&settings, self.prosody);
        let (mut generator, _) = model.start(*isa, &self.speaker(), course.manner(), self.draws(&settings));
        let mut reader = front.reader(settings.text, Direction::exists);
        reader.push(&text);
        let mut plan = Plan::default();
        while let Some(clause) = front.rest(&mut reader) {
            let stretch = step(&self.loaded, &mut course, &mut generator, &clause).stretch;
            let times = stretch.map(|stretch| stretch.times).unwrap_or_default();
            plan.clauses.push(PlannedClause::new(clause, &times));
        }
        Ok(plan)
    }

    fn speaker(&self) -> Speaker<'_> {
        let Timbre { values, mean_log_f0, sd_log_f0, .. } = &*self.timbre;
        Speaker { timbre: values, mean_log_f0: *mean_log_f0, sd_log_f0: *sd_log_f0 }
    }

    fn draws(&self, settings: &Settings) -> Draws {
        let usual = self.loaded.model.config.sampling;
        let sampling = settings.sampling;
        Draws {
            steps: sampling.steps.map_or(usual.steps, |steps| steps.get()),
            temperature: sampling.temperature.map_or(usual.temperature, |temperature| temperature.get()),
            seed: sampling.seed,
        }
    }
}
