//! A speaker bound to an engine.

use std::sync::Arc;

use super::composer::Composer;
use super::feed::{FeedReader, TextFeed, feed};
use super::loaded::Loaded;
use super::pipeline::Worker;
use super::plan::{Plan, PlannedClause};
use super::request::{Settings, SynthesisRequest};
use super::stream::{AudioStream, Source};
use crate::error::Error;
use crate::model::native::{Manner, Speaker};
use crate::voice::{Prosody, Timbre, VoiceCard};

/// Who speaks, how unless a request says otherwise, and the engine that can do it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Voice {
    loaded: Arc<Loaded>,
    timbre: Arc<Timbre>,
    card: Arc<VoiceCard>,
    prosody: Prosody,
}

impl Voice {
    pub(super) fn new(loaded: Arc<Loaded>, timbre: Timbre, card: VoiceCard) -> Self {
        Self { loaded, timbre: Arc::new(timbre), card: Arc::new(card), prosody: Prosody::default() }
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
            Source::Worker(Worker::start(composer, self.loaded.model.latent()).map_err(Error::Spawn)?)
        } else {
            Source::Inline(Box::new(composer))
        };
        Ok((push, AudioStream::new(self.loaded.clone(), source, vocaliser)))
    }

    fn start(&self, feed: FeedReader, settings: &Settings) -> (Composer, crate::model::native::Vocaliser) {
        let Loaded { model, front, isa, .. } = &*self.loaded;
        let (generator, vocaliser) = model.start(*isa, &self.speaker(), self.manner(settings));
        let reader = front.reader(settings.text);
        (Composer::new(self.loaded.clone(), feed, reader, generator), vocaliser)
    }

    /// Works out what would be said, without sound.
    ///
    /// # Errors
    /// None at present; a model may refuse a text.
    pub fn plan<'t>(&self, request: impl Into<SynthesisRequest<'t>>) -> Result<Plan, Error> {
        let SynthesisRequest { text, settings } = request.into();
        let Loaded { model, front, isa, .. } = &*self.loaded;
        let (mut generator, _) = model.start(*isa, &self.speaker(), self.manner(&settings));
        let mut reader = front.reader(settings.text);
        reader.push(&text);
        let mut plan = Plan::default();
        while let Some(clause) = front.next(&mut reader).or_else(|| front.rest(&mut reader)) {
            let stretch = model.plan(&mut generator, &clause);
            let times = stretch.map(|stretch| stretch.times).unwrap_or_default();
            plan.clauses.push(PlannedClause::new(clause, &times));
        }
        Ok(plan)
    }

    fn speaker(&self) -> Speaker<'_> {
        let Timbre { values, mean_log_f0, sd_log_f0, .. } = &*self.timbre;
        Speaker { timbre: values, mean_log_f0: *mean_log_f0, sd_log_f0: *sd_log_f0 }
    }

    fn manner(&self, settings: &Settings) -> Manner {
        let Prosody { rate, pitch, pause_scale } = settings.prosody.unwrap_or(self.prosody);
        let usual = self.loaded.model.config.sampling;
        let sampling = settings.sampling;
        Manner {
            rate: rate.get(),
            semitones: pitch.get(),
            pause_scale: pause_scale.get(),
            steps: sampling.steps.map_or(usual.steps, |steps| steps.get()),
            temperature: sampling.temperature.map_or(usual.temperature, |temperature| temperature.get()),
            seed: sampling.seed,
        }
    }
}
