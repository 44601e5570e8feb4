//! Chunks of text to latents of Pocket TTS, or to sound that was judged before anybody heard it.
//!
//! A chunk is either *streamed*: every latent leaves as it is made, what is wrong with it is reported, and it ends where it is
//! known to go nowhere; or *gathered* (`pocket_gathering.rs`): it is made whole, with its sound, judged, and said again with other noise if
//! it is wrong. It is gathered if the request asks for that ([`Checked`]); never by the clock, so that the same seed gives the
//! same bytes.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::chunks::{self, Chunk, Chunks, TOKENS, place};
use super::clauses::Without;
use super::clock::Instant;
use super::composer::{Compose, Counters, Event, Misspoken, Report, Streamed};
use super::feed::FeedReader;
use super::loaded::Pocket;
use super::pocket_gathering::Gathering;
use super::request::{Checked, Seams};
use super::stats::WordTiming;
use crate::kernels::Isa;
use crate::model::Fault;
use crate::model::pocket_speech::{Ending, Noise, PocketScratch, PocketState, Progress, Sampler, Turn, Utterance};
use crate::model::pocket_watch::{self as watch, Course, Expected};
use crate::units::{SampleRate, Seed};

/// What a frame buffer holds, in its first place: a latent, the first latent of a chunk, one that only the decoder hears,
/// the first of those, samples, or a latent after which a chunk breaks off.
pub(super) const LATENT: f32 = 0.0;
pub(super) const FIRST_LATENT: f32 = 1.0;
pub(super) const WARM_LATENT: f32 = 2.0;
pub(super) const FIRST_WARM_LATENT: f32 = 3.0;
pub(super) const SAMPLES: f32 = 4.0;
pub(super) const LAST_LATENT: f32 = 5.0;
/// Frames after which a decoder sounds as if it had heard all that was said before.
const WARM: usize = 8;
/// Purposes of noise: every roll of every chunk has its own.
const NOISE: u64 = 1 << 32;
/// Seconds before the first word of a chunk, where its sound is not at hand.
const LEAD: f32 = 0.1;
/// 10 ms frames of a second.
const HOLDS: f32 = 100.0;

/// What a stream is made with.
#[derive(Debug)]
pub(super) struct Speaking {
    pub(super) isa: Isa,
    pub(super) voice: Arc<PocketState>,
    pub(super) sampler: Sampler,
    pub(super) seed: Seed,
    pub(super) checked: Checked,
    pub(super) seams: Seams,
}

/// The state of a stream up to its latents.
#[derive(Debug)]
pub(super) struct PocketComposer {
    pocket: Arc<Pocket>,
    speaking: Speaking,
    chunks: Chunks,
    /// Chunks begun.
    begun: u64,
    saying: Option<Box<Saying>>,
    /// What was said last, if the next chunk may go on from there.
    before: Option<Before>,
    /// Samples that were gathered and not handed out.
    gathered: VecDeque<f32>,
    report: Option<Report>,
    /// Seconds of silence after the chunk.
    pause: f32,
    /// Samples handed out.
    handed: u64,
    counters: Counters,
}

/// A chunk on its way.
#[derive(Debug)]
struct Saying {
    chunk: Chunk,
    roll: Roll,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// It leaves as it is made.
    Streamed {
        /// Sample at which it begins.
        start: u64,
        /// Latents that the decoder was given to hear first.
        warmed: usize,
    },
    /// It leaves when it was judged.
    Gathered { gathering: Box<Gathering>, before: Option<Before> },
}

/// What a chunk on its way leads to.
enum Next {
    Event(Event),
    /// A turn of the model.
    Turn,
    /// Nothing more.
    Over,
}

/// The end of what was said.
#[derive(Debug, Clone)]
struct Before {
    text: String,
    /// Normalised, `[frames, latent]`, to the end of the last word
    latents: Vec<f32>,
}

/// One saying of a chunk.
#[derive(Debug)]
pub(super) struct Roll {
    pub(super) utterance: Utterance,
    noise: Noise,
    /// Normalised, `[frames, latent]`
    pub(super) latents: Vec<f32>,
    /// Of the next frame, `[latent]`
    draw: Vec<f32>,
    /// What became of the model's last turn, where nobody asked yet.
    progress: Option<Progress>,
    course: Course,
    /// What its latents told: it goes nowhere.
    pub(super) fault: Option<Fault>,
    /// Whether its end was found.
    pub(super) ended: bool,
    /// Latents that its decoder hears first, unheard by others, `[frames, latent]`
    pub(super) warm: Vec<f32>,
}

impl Roll {
    /// What became of the model's last turn; `None` if there is to be one, for which noise is drawn.
    fn progress(&mut self) -> Option<Progress> {
        let progress = self.progress.take().or(self.breaks_off().then_some(Progress::Endless));
        match progress {
            None => self.noise.fill(&mut self.draw),
            Some(Progress::Spoken) => {
                self.latents.extend_from_slice(self.utterance.latent());
                self.fault = self.course.step(&self.latents);
            }
            Some(Progress::Ended) => self.ended = true,
            Some(Progress::Endless) => {}
        }
        progress
    }

    /// Whether the last latent is the last, though it was not the end.
    pub(super) fn breaks_off(&self) -> bool {
        self.fault.is_some() || !self.utterance.goes_on()
    }
}

impl Compose for PocketComposer {
    type Scratch = PocketScratch;

    fn feed(&self) -> &FeedReader {
        self.chunks.feed()
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    fn prepare(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Option<Event> {
        loop {
            if let Some(report) = self.report.take() {
                return Some(Event::Report(report));
            }
            if !self.gathered.is_empty() {
                self.hand_out(frame);
                return Some(Event::Frame);
            }
            match self.go_on(frame) {
                Next::Event(event) => return Some(event),
                Next::Turn => return None,
                Next::Over => {}
            }
            if self.report.is_some() || !self.gathered.is_empty() {
                continue;
            }
            if self.pause > 0.0 {
                let frames = (std::mem::take(&mut self.pause) * HOLDS).round() as usize;
                self.handed += frames as u64 * u64::from(self.rate().0) / HOLDS as u64;
                return Some(Event::Hold(frames));
            }
            match self.chunks.next(deadline, &mut self.counters.text) {
                Ok(chunks::Next::Say(chunk)) => self.say(chunk),
                Ok(chunks::Next::Pause(seconds)) => self.pause = seconds,
                Ok(chunks::Next::Skip(skipped)) => {
                    self.counters.skipped += skipped.len() as u64;
                    return Some(Event::Report(Report { skipped, ..Report::default() }));
                }
                Err(Without::Late) => return Some(Event::Late),
                Err(Without::End) => return Some(Event::End),
            }
        }
    }

    fn step(&mut self) {
        let (pocket, isa, start) = (self.pocket.clone(), self.speaking.isa, Instant::now());
        let Turn { utterance, sampler, noise, progress } = self.turn();
        *progress = Some(pocket.model.advance(isa, utterance, sampler, noise));
        self.counters.model += start.elapsed();
    }

    fn step_each<S>(scratch: &mut PocketScratch, streams: &mut [S], of: impl Fn(&mut S) -> &mut Self) {
        let Some(first) = streams.first_mut() else { return };
        let (pocket, isa) = (of(first).pocket.clone(), of(first).speaking.isa);
        pocket.model.advance_each(isa, scratch, streams, |stream| of(stream).turn());
    }
}

impl PocketComposer {
    pub(super) fn new(pocket: Arc<Pocket>, speaking: Speaking, chunks: Chunks) -> Self {
        Self {
            pocket,
            speaking,
            chunks,
            begun: 0,
            saying: None,
            before: None,
            gathered: VecDeque::new(),
            report: None,
            pause: 0.0,
            handed: 0,
            counters: Counters::default(),
        }
    }

    /// The model's turn, after `prepare` asked for it.
    fn turn(&mut self) -> Turn<'_> {
        let Self { speaking: Speaking { sampler, .. }, saying: Some(saying), .. } = self else {
            unreachable!("a turn without a chunk was asked for")
        };
        let Roll { utterance, draw: noise, progress, .. } = &mut saying.roll;
        Turn { utterance, sampler, noise, progress }
    }

    fn rate(&self) -> SampleRate {
        SampleRate(self.pocket.model.config.mimi.sample_rate)
    }

    /// Seconds of a frame.
    fn frame(&self) -> f32 {
        (1.0 / self.pocket.model.config.mimi.frame_rate) as f32
    }

    /// Samples of a frame.
    fn samples(&self) -> usize {
        self.pocket.model.config.mimi.samples()
    }

    fn hand_out(&mut self, frame: &mut [f32]) {
        frame[0] = SAMPLES;
        let count = self.samples();
        for (to, from) in frame[1..=count].iter_mut().zip(self.gathered.drain(..count)) {
            *to = from;
        }
        self.handed += self.samples() as u64;
        self.counters.frames += 1;
    }

    /// Goes on with the chunk that is on its way.
    fn go_on(&mut self, frame: &mut [f32]) -> Next {
        let Some(mut saying) = self.saying.take() else { return Next::Over };
        let next = match &mut saying.way {
            Way::Streamed { .. } => self.stream(&mut saying, frame),
            Way::Gathered { .. } => self.gather(&mut saying),
        };
        if !matches!(next, Next::Over) {
            self.saying = Some(saying);
        }
        next
    }

    /// The next latent of a streamed chunk, or its end.
    fn stream(&mut self, saying: &mut Saying, frame: &mut [f32]) -> Next {
        let Saying { chunk, roll, way: Way::Streamed { start, warmed } } = saying else { return Next::Over };
        let latent = roll.draw.len();
        if let Some(row) = roll.warm.chunks_exact(latent).nth(*warmed) {
            frame[0] = if *warmed == 0 { FIRST_WARM_LATENT } else { WARM_LATENT };
            frame[1..=latent].copy_from_slice(row);
            *warmed += 1;
            return Next::Event(Event::Frame);
        }
        match roll.progress() {
            None => Next::Turn,
            Some(Progress::Spoken) => {
                let fresh = roll.warm.is_empty() && roll.latents.len() == latent;
                frame[0] = match roll.breaks_off() {
                    true => LAST_LATENT,
                    false if fresh => FIRST_LATENT,
                    false => LATENT,
                };
                frame[1..=latent].copy_from_slice(roll.utterance.latent());
                self.handed += self.samples() as u64;
                self.counters.frames += 1;
                Next::Event(Event::Frame)
            }
            Some(Progress::Ended | Progress::Endless) => {
                let until = roll.utterance.spoken() as f32 * self.frame();
                let (source, text) = place(&chunk.wording.words);
                let streamed =
                    Streamed { source, text, expected: Self::expected(chunk), fault: self.judge(chunk, roll) };
                self.finish(chunk, *start, LEAD.min(until)..until).streamed = Some(streamed);
                self.keep(chunk, &roll.latents[..roll.utterance.spoken() * roll.draw.len()], roll.ended);
                Next::Over
            }
        }
    }

    /// Says a gathered chunk until it is right, or as often as is sensible; then keeps the saying whose length is the likeliest.
    fn gather(&mut self, saying: &mut Saying) -> Next {
        let Saying { chunk, roll, way: Way::Gathered { gathering, before } } = saying else { return Next::Over };
        let pocket = self.pocket.clone();
        loop {
            if self.feed().is_closed() {
                return Next::Over;
            }
            let progress = roll.progress();
            let start = Instant::now();
            gathering.hear(&pocket.model, self.speaking.isa, roll);
            self.counters.model += start.elapsed();
            match progress {
                None => return Next::Turn,
                Some(Progress::Spoken) => continue,
                Some(Progress::Ended | Progress::Endless) => {}
            }
            let (known, seconds) = (self.judge(chunk, roll), roll.utterance.spoken() as f32 * self.frame());
            let again = gathering.weigh(&pocket.model, roll, seconds, Self::expected(chunk), known);
            let Some(again) = again.and_then(|again| self.roll(chunk, before.as_ref(), again)) else { break };
            *roll = again;
        }
        let Some((said, verdict)) = gathering.best() else { return Next::Over };
        let seconds = said.spoken as f32 * self.frame();
        let speech = said.speech.unwrap_or(LEAD.min(seconds)..seconds);
        self.keep(chunk, &said.latents[..said.spoken * roll.draw.len()], said.ended);
        self.gathered.extend(said.pcm);
        let report = self.finish(chunk, self.handed, speech);
        if let Some((fault, rolls, mended)) = verdict {
            let (source, text) = place(&chunk.wording.words);
            report.misspoken.push(Misspoken { source, text, fault, rolls, mended });
        }
        Next::Over
    }

    /// Notes what the next chunk may go on from: the `latents` until the end was said.
    fn keep(&mut self, chunk: &Chunk, latents: &[f32], ended: bool) {
        // after a pause there is nothing to go on from
        if self.speaking.seams == Seams::GoOn && chunk.pause == 0.0 && ended {
            self.before = Some(Before { text: chunk.wording.text.clone(), latents: latents.to_vec() });
        }
    }

    /// Begins to say a chunk.
    fn say(&mut self, chunk: Chunk) {
        self.counters.clauses += 1;
        self.counters.words += chunk.wording.words.len() as u64;
        self.counters.skipped += chunk.wording.skipped.len() as u64;
        self.begun += 1;
        self.pause = chunk.pause;
        let skipped = chunk.wording.skipped.clone();
        self.report = (!skipped.is_empty()).then(|| Report { skipped, ..Report::default() });
        let before = self.before.take();
        let Some(roll) = self.roll(&chunk, before.as_ref(), 0) else { return };
        let way = if self.is_gathered(&chunk) {
            Way::Gathered { gathering: Box::new(Gathering::new(&self.pocket.model)), before }
        } else {
            Way::Streamed { start: self.handed, warmed: 0 }
        };
        self.saying = Some(Box::new(Saying { chunk, roll, way }));
    }

    fn is_gathered(&self, chunk: &Chunk) -> bool {
        match self.speaking.checked {
            Checked::Live => false,
            Checked::Ahead => self.rate().seconds(self.handed) >= f64::from(chunk.wording.seconds()),
            Checked::Whole => true,
        }
    }

    /// Begins to say a chunk, for the `again`th time after the first; after `before`, if both fit.
    fn roll(&mut self, chunk: &Chunk, before: Option<&Before>, again: u32) -> Option<Roll> {
        let Pocket { model, vocabulary, .. } = &*self.pocket;
        let start = Instant::now();
        let preparation = model.preparation();
        let prompt = preparation.prepare(&chunk.wording.text)?;
        let mut tokens = vocabulary.encode(&prompt.text);
        let mut said: &[f32] = &[];
        if let Some(before) = before
            && let Some(both) = preparation.prepare(&format!("{} {}", before.text, chunk.wording.text))
        {
            let all = vocabulary.encode(&both.text);
            if all.len() <= TOKENS {
                (tokens, said) = (all, &before.latents);
            }
        }
        self.counters.text += start.elapsed();
        let ending = Ending {
            threshold: model.config.default_eos_threshold,
            frames_after: model.config.model_recommended_frames_after_eos.unwrap_or(prompt.frames_after_end + 2),
        };
        let start = Instant::now();
        let Speaking { isa, voice, seed, .. } = &self.speaking;
        let utterance = model.begin(*isa, voice, &tokens, said, ending);
        self.counters.model += start.elapsed();
        let noise = Noise::new(*seed, NOISE + (self.begun << 8) + u64::from(again));
        let draw = vec![0.0; model.config.mimi.quantizer.dimension];
        let warm = said[said.len().saturating_sub(WARM * draw.len())..].to_vec();
        let latents = Vec::with_capacity(utterance.most() * draw.len());
        let course = Course::new(draw.len(), self.frame());
        Some(Roll { utterance, noise, latents, draw, progress: None, course, fault: None, ended: false, warm })
    }

    fn expected(chunk: &Chunk) -> Expected {
        Expected { seconds: chunk.wording.seconds(), syllables: chunk.wording.syllables() }
    }

    /// What latents and length tell.
    fn judge(&self, chunk: &Chunk, roll: &Roll) -> Option<Fault> {
        let seconds = roll.utterance.spoken() as f32 * self.frame();
        roll.fault.or_else(|| watch::length(Self::expected(chunk), seconds, roll.ended))
    }

    /// Says when the words of a chunk are heard that begins at sample `start` and speaks within `speech`, seconds.
    fn finish(&mut self, chunk: &Chunk, start: u64, speech: Range<f32>) -> &mut Report {
        let (words, rate) = (&chunk.wording.words, self.rate());
        let report = self.report.get_or_insert_default();
        let scale = (speech.end - speech.start) / chunk.wording.seconds().max(0.01);
        let mut now = rate.seconds(start) + f64::from(speech.start);
        for word in words {
            let end = now + f64::from(word.seconds * scale);
            let (source, text, spoken) = (word.source.clone(), word.text.clone(), word.spoken.clone());
            report.words.push(WordTiming { source, text, spoken, start: now, end });
            now = end + f64::from(word.pause * scale);
        }
        report
    }
}
