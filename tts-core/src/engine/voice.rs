//! A speaker bound to an engine.

use std::path::Path;
use std::sync::Arc;

use super::chunks::Chunks;
use super::clauses::Clauses;
use super::composer::Composer;
use super::feed::{FeedReader, TextFeed, feed};
use super::loaded::{Loaded, Pocket};
use super::manner::Course;
use super::native_composer::{NativeComposer, step};
use super::pipeline::Worker;
use super::plan::{Plan, PlannedClause};
use super::pocket_composer::{PocketComposer, Speaking};
use super::request::{Reading, Settings, SynthesisRequest};
use super::sounding::Sounding;
use super::stream::{AudioStream, Source};
use crate::error::Error;
use crate::model::VoiceLayout;
use crate::model::native::{Draws, NativeModel, Speaker};
use crate::model::pocket::voice::PocketVoice;
use crate::model::pocket_speech::PocketState;
use crate::model::pocket_watch::Ear;
use crate::voice::{Direction, MeasuredProsody, Overrides, Prosody, Timbre, VoiceCard, VoiceFile};

/// Who speaks, how unless a request says otherwise, and the engine that can do it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Voice {
    loaded: Arc<Loaded>,
    who: Who,
    card: Arc<VoiceCard>,
    prosody: Prosody,
    measured: Option<MeasuredProsody>,
}

/// Who speaks, as the family knows it.
#[derive(Debug, Clone)]
enum Who {
    Native { model: Arc<NativeModel>, timbre: Arc<Timbre> },
    Pocket { pocket: Arc<Pocket>, state: Arc<PocketState> },
}

impl Voice {
    pub(super) fn of_timbre(loaded: Arc<Loaded>, model: Arc<NativeModel>, file: VoiceFile) -> Self {
        let VoiceFile { card, timbre, prosody, measured } = file;
        let who = Who::Native { model, timbre: Arc::new(timbre) };
        Self { loaded, who, card: Arc::new(card), prosody, measured }
    }

    pub(super) fn of_state(loaded: Arc<Loaded>, pocket: Arc<Pocket>, state: PocketState, name: String) -> Self {
        let who = Who::Pocket { pocket, state: Arc::new(state) };
        let card = Arc::new(VoiceCard::unknown(name));
        Self { loaded, who, card, prosody: Prosody::default(), measured: None }
    }

    /// Name, licence and origin.
    #[must_use]
    pub fn card(&self) -> &VoiceCard {
        &self.card
    }

    /// Who speaks; `None` for a voice of Pocket TTS, which keeps the speaker and the manner of a recording in one.
    #[must_use]
    pub fn timbre(&self) -> Option<&Timbre> {
        match &self.who {
            Who::Native { timbre, .. } => Some(timbre),
            Who::Pocket { .. } => None,
        }
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

    /// All that a `.voice` file would say; `None` for a voice of Pocket TTS.
    #[must_use]
    pub fn to_file(&self) -> Option<VoiceFile> {
        self.timbre().map(|timbre| self.file(timbre))
    }

    /// Writes a file, over any that is there: a `.voice`, or of a voice of Pocket TTS one that its reference
    /// implementation reads too.
    ///
    /// # Errors
    /// [`Error::Voice`] and [`Error::PocketVoice`] name the file and what stands in the way.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        match &self.who {
            Who::Native { timbre, .. } => Ok(self.file(timbre).save(path)?),
            Who::Pocket { pocket, state } => {
                Ok(pocket.model.save_voice(path, state, VoiceLayout::default(), Some(&self.loaded.name))?)
            }
        }
    }

    /// The bytes of such a file; `layout` is for voices of Pocket TTS.
    ///
    /// # Errors
    /// As [`Voice::save`].
    pub fn to_bytes(&self, layout: VoiceLayout) -> Result<Vec<u8>, Error> {
        match &self.who {
            Who::Native { timbre, .. } => Ok(self.file(timbre).to_bytes()?),
            Who::Pocket { pocket, state } => {
                Ok(PocketVoice::of(&pocket.model.lm, state, layout, Some(&self.loaded.name)).to_bytes()?)
            }
        }
    }

    fn file(&self, timbre: &Timbre) -> VoiceFile {
        let (card, timbre) = ((*self.card).clone(), timbre.clone());
        VoiceFile { card, timbre, prosody: self.prosody, measured: self.measured }
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
    /// [`Error::Spawn`] if a thread cannot be started, [`Error::Unsupported`] if the request asks for what the model cannot
    /// do.
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
    /// [`Error::Spawn`] if a thread cannot be started, [`Error::Unsupported`] if the request asks for what the model cannot
    /// do.
    pub fn open(&self, settings: Settings) -> Result<(TextFeed, AudioStream), Error> {
        let (push, read) = feed();
        let (composer, sounding) = self.start(read, &settings)?;
        let source = if self.loaded.threads > 1 {
            Source::Worker(Worker::start(composer, sounding.frame()).map_err(Error::Spawn)?)
        } else {
            Source::Inline(Box::new(composer))
        };
        Ok((push, AudioStream::new(self.loaded.sample_rate(), source, sounding)))
    }

    /// Whether it is bound to this engine.
    pub(super) fn is_of(&self, loaded: &Arc<Loaded>) -> bool {
        Arc::ptr_eq(&self.loaded, loaded)
    }

    /// A stream of the text of `feed`, in its two halves.
    pub(super) fn start(&self, feed: FeedReader, settings: &Settings) -> Result<(Composer, Sounding), Error> {
        let reader = self.loaded.front.reader(settings.text, Direction::exists);
        let clauses = Clauses::new(self.loaded.clone(), feed, reader);
        let isa = self.loaded.isa;
        match &self.who {
            Who::Native { model, timbre } => {
                self.check_native(settings)?;
                let course = Course::new(settings, self.prosody);
                let (generator, vocaliser) =
                    model.start(isa, &speaker(timbre), course.manner(), draws(model, settings));
                let composer = NativeComposer::new(model.clone(), isa, clauses, course, generator);
                let sounding = Sounding::Native { model: model.clone(), vocaliser: Box::new(vocaliser) };
                Ok((Composer::Native(Box::new(composer)), sounding))
            }
            Who::Pocket { pocket, state } => {
                let reading = self.pocket_reading(pocket, settings)?;
                let (model, sampling) = (&pocket.model, settings.sampling);
                let steps = sampling.steps.map_or_else(|| model.steps(), |steps| steps.get());
                let temperature =
                    sampling.temperature.map_or(model.config.default_temperature, |temperature| temperature.get());
                let speaking = Speaking {
                    isa,
                    voice: state.clone(),
                    sampler: model.lm.sampler(isa, steps, temperature),
                    seed: sampling.seed,
                    checked: settings.checked,
                    seams: settings.seams.unwrap_or_default(),
                };
                let chunks = Chunks::new(pocket.clone(), clauses, reading);
                let composer = PocketComposer::new(pocket.clone(), speaking, chunks);
                let (sound, ear) = (Box::new(model.sound()), Ear::new(model.config.mimi.sample_rate));
                let sounding = Sounding::Pocket { pocket: pocket.clone(), isa, sound, ear };
                Ok((Composer::Pocket(Box::new(composer)), sounding))
            }
        }
    }

    /// Refuses what the native family does not do.
    fn check_native(&self, settings: &Settings) -> Result<(), Error> {
        let (what, family) = match settings {
            Settings { reading: Some(Reading::AsWritten | Reading::Reference), .. } => {
                ("text as it is written", "the native family, which speaks phones")
            }
            Settings { seams: Some(_), .. } => ("a choice of seams", "the native family, which makes none"),
            _ => return Ok(()),
        };
        Err(Error::Unsupported { what, family })
    }

    /// Refuses what Pocket TTS does not do, and chooses how it reads.
    fn pocket_reading(&self, pocket: &Pocket, settings: &Settings) -> Result<Reading, Error> {
        let own = settings.prosody.unwrap_or(self.prosody);
        if own != Prosody::default() || settings.overrides != Overrides::default() {
            return Err(Error::Unsupported {
                what: "a choice of emotion, rate, pitch or any other control",
                family: "Pocket TTS, which speaks as the recording of its voice does",
            });
        }
        Ok(settings.reading.unwrap_or(if pocket.english { Reading::Normalized } else { Reading::AsWritten }))
    }

    /// Works out what would be said, without sound. Of Pocket TTS the times are those of a calm reader.
    ///
    /// # Errors
    /// [`Error::Unsupported`] as [`Voice::open`].
    pub fn plan<'t>(&self, request: impl Into<SynthesisRequest<'t>>) -> Result<Plan, Error> {
        let SynthesisRequest { text, settings } = request.into();
        let Loaded { front, isa, .. } = &*self.loaded;
        let mut reader = front.reader(settings.text, Direction::exists);
        reader.push(&text);
        let mut plan = Plan::default();
        match &self.who {
            Who::Native { model, timbre } => {
                self.check_native(&settings)?;
                let mut course = Course::new(&settings, self.prosody);
                let (mut generator, _) = model.start(*isa, &speaker(timbre), course.manner(), draws(model, &settings));
                while let Some(clause) = front.rest(&mut reader) {
                    let stretch = step(model, &mut course, &mut generator, &clause).stretch;
                    let times = stretch.map(|stretch| stretch.times).unwrap_or_default();
                    plan.clauses.push(PlannedClause::new(clause, &times));
                }
            }
            Who::Pocket { pocket, .. } => match self.pocket_reading(pocket, &settings)? {
                Reading::Reference => {
                    for chunk in pocket.cut(&text) {
                        plan.expect(chunk.wording, None);
                    }
                }
                reading => {
                    while let Some(clause) = front.rest(&mut reader) {
                        plan.expect(pocket.word(&clause, reading), Some(&clause));
                    }
                }
            },
        }
        Ok(plan)
    }
}

fn speaker(timbre: &Timbre) -> Speaker<'_> {
    let Timbre { values, own, mean_log_f0, sd_log_f0, .. } = timbre;
    Speaker { timbre: values, own, mean_log_f0: *mean_log_f0, sd_log_f0: *sd_log_f0 }
}

fn draws(model: &NativeModel, settings: &Settings) -> Draws {
    let (usual, sampling) = (model.config.sampling, settings.sampling);
    Draws {
        steps: sampling.steps.map_or(usual.steps, |steps| steps.get()),
        temperature: sampling.temperature.map_or(usual.temperature, |temperature| temperature.get()),
        seed: sampling.seed,
    }
}
