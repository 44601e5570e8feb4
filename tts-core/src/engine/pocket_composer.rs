//! Chunks of text to latents of Pocket TTS, or to sound that was judged before anybody heard it.
//!
//! A chunk is either *streamed*: every latent leaves as it is made, and what is wrong with it is known at its end and
//! reported; or *gathered*: it is made whole, with its sound, judged, and said again with other noise if it is wrong. It
//! is gathered if the request asks for that ([`Checked`]); never by the clock, so that the same seed gives the same bytes.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::chunks::{Chunk, Chunks, Next, TOKENS, place};
use super::clauses::Without;
use super::composer::{Counters, Event, Misspoken, Report};
use super::feed::FeedReader;
use super::loaded::Pocket;
use super::request::{Checked, Seams};
use super::stats::WordTiming;
use crate::kernels::Isa;
use crate::model::Fault;
use crate::model::pocket_speech::{Ending, Noise, PocketState, Progress, Sampler, Utterance};
use crate::model::pocket_watch::{self as watch, Expected};
use crate::units::{SampleRate, Seed};

/// How often a chunk is said again.
const ROLLS: u32 = 3;
/// What a frame buffer holds, in its first place: a latent, the first latent of a chunk, one that only the decoder hears,
/// the first of those, or samples.
pub(super) const LATENT: f32 = 0.0;
pub(super) const FIRST_LATENT: f32 = 1.0;
pub(super) const WARM_LATENT: f32 = 2.0;
pub(super) const FIRST_WARM_LATENT: f32 = 3.0;
pub(super) const SAMPLES: f32 = 4.0;
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
    streamed: Option<Streamed>,
    /// What was said last, if the next chunk may go on from there.
    before: Option<Before>,
    /// Samples that were gathered and not handed out.
    gathered: VecDeque<f32>,
    report: Option<Report>,
    /// Seconds of silence after the chunk.
    pause: f32,
    /// Samples handed out.
    handed: u64,
    pub(super) counters: Counters,
}

/// A chunk that leaves as it is made.
#[derive(Debug)]
struct Streamed {
    chunk: Chunk,
    roll: Roll,
    /// Sample at which it begins.
    start: u64,
    /// Latents that the decoder was given to hear first.
    warmed: usize,
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
struct Roll {
    utterance: Utterance,
    noise: Noise,
    /// Normalised, `[frames, latent]`
    latents: Vec<f32>,
    /// Scratch, `[latent]`
    draw: Vec<f32>,
    ended: bool,
    /// Latents that its decoder hears first, unheard by others, `[frames, latent]`
    warm: Vec<f32>,
}

impl PocketComposer {
    pub(super) fn new(pocket: Arc<Pocket>, speaking: Speaking, chunks: Chunks) -> Self {
        Self {
            pocket,
            speaking,
            chunks,
            begun: 0,
            streamed: None,
            before: None,
            gathered: VecDeque::new(),
            report: None,
            pause: 0.0,
            handed: 0,
            counters: Counters::default(),
        }
    }

    /// The feed that this stream reads.
    pub(super) fn feed(&self) -> &FeedReader {
        self.chunks.feed()
    }

    /// The next event; `frame` is filled if it is a frame. Waits for text until `deadline` (`None`: for ever).
    pub(super) fn advance(&mut self, frame: &mut [f32], deadline: Option<Instant>) -> Event {
        loop {
            if let Some(report) = self.report.take() {
                return Event::Report(report);
            }
            if !self.gathered.is_empty() {
                self.hand_out(frame);
                return Event::Frame;
            }
            if self.streamed.is_some() {
                match self.stream(frame) {
                    Some(event) => return event,
                    // its report comes first
                    None => continue,
                }
            }
            if self.pause > 0.0 {
                let frames = (std::mem::take(&mut self.pause) * HOLDS).round() as usize;
                self.handed += frames as u64 * u64::from(self.rate().0) / HOLDS as u64;
                return Event::Hold(frames);
            }
            match self.chunks.next(deadline, &mut self.counters.text) {
                Ok(Next::Say(chunk)) => self.say(chunk),
                Ok(Next::Pause(seconds)) => self.pause = seconds,
                Ok(Next::Skip(skipped)) => {
                    self.counters.skipped += skipped.len() as u64;
                    return Event::Report(Report { skipped, ..Report::default() });
                }
                Err(Without::Late) => return Event::Late,
                Err(Without::End) => return Event::End,
            }
        }
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

    /// The next latent of a streamed chunk, or its end.
    fn stream(&mut self, frame: &mut [f32]) -> Option<Event> {
        let mut streamed = self.streamed.take()?;
        let latent = streamed.roll.draw.len();
        let Streamed { roll, warmed, .. } = &mut streamed;
        if let Some(row) = roll.warm.chunks_exact(latent).nth(*warmed) {
            frame[0] = if *warmed == 0 { FIRST_WARM_LATENT } else { WARM_LATENT };
            frame[1..=latent].copy_from_slice(row);
            *warmed += 1;
            self.streamed = Some(streamed);
            return Some(Event::Frame);
        }
        if self.advance_roll(roll) {
            let fresh = roll.warm.is_empty() && roll.latents.len() == latent;
            frame[0] = if fresh { FIRST_LATENT } else { LATENT };
            frame[1..=latent].copy_from_slice(roll.utterance.latent());
            self.handed += self.samples() as u64;
            self.counters.frames += 1;
            self.streamed = Some(streamed);
            return Some(Event::Frame);
        }
        let Streamed { chunk, roll, start, .. } = streamed;
        let until = roll.utterance.spoken() as f32 * self.frame();
        let fault = self.judge(&chunk, &roll);
        self.finish(&chunk, start, LEAD.min(until)..until, fault.map(|fault| (fault, 0, false)));
        self.keep(&chunk, &roll);
        None
    }

    /// Notes what the next chunk may go on from.
    fn keep(&mut self, chunk: &Chunk, roll: &Roll) {
        // after a pause there is nothing to go on from
        if self.speaking.seams == Seams::GoOn && chunk.pause == 0.0 && roll.ended {
            let latents = roll.latents[..roll.utterance.spoken() * roll.draw.len()].to_vec();
            self.before = Some(Before { text: chunk.wording.text.clone(), latents });
        }
    }

    /// Begins to say a chunk, or says all of it.
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
        if self.is_gathered(&chunk) {
            self.gather(&chunk, before.as_ref(), roll);
        } else {
            self.streamed = Some(Streamed { chunk, roll, start: self.handed, warmed: 0 });
        }
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
        Some(Roll { utterance, noise, latents: Vec::new(), draw, ended: false, warm })
    }

    /// The next latent of a saying; `false` at its end.
    fn advance_roll(&mut self, roll: &mut Roll) -> bool {
        let start = Instant::now();
        let Roll { utterance, noise, latents, draw, ended, .. } = roll;
        noise.fill(draw);
        let progress = self.pocket.model.advance(self.speaking.isa, utterance, &self.speaking.sampler, draw);
        self.counters.model += start.elapsed();
        *ended = progress == Progress::Ended;
        if progress == Progress::Spoken {
            latents.extend_from_slice(utterance.latent());
        }
        progress == Progress::Spoken
    }

    fn expected(chunk: &Chunk) -> Expected {
        Expected { seconds: chunk.wording.seconds(), syllables: chunk.wording.syllables() }
    }

    /// What latents and length tell.
    fn judge(&self, chunk: &Chunk, roll: &Roll) -> Option<Fault> {
        let seconds = roll.utterance.spoken() as f32 * self.frame();
        watch::latents(&roll.latents, roll.draw.len(), self.frame())
            .or_else(|| watch::length(Self::expected(chunk), seconds, roll.ended))
    }

    /// Says a chunk until it is right, or as often as is sensible; then keeps the saying whose length is the likeliest.
    fn gather(&mut self, chunk: &Chunk, before: Option<&Before>, first: Roll) {
        // how unlikely its length is, its sound, and whether it has no fault
        let mut best: Option<(f32, Vec<f32>, Roll, bool)> = None;
        let mut found = None;
        let mut roll = Some(first);
        let mut rolls = 0;
        while let Some(mut now) = roll.take() {
            while self.advance_roll(&mut now) {
                if self.feed().is_closed() {
                    return;
                }
            }
            let start = Instant::now();
            let mut sound = self.pocket.model.sound();
            if !now.warm.is_empty() {
                self.pocket.model.hear(self.speaking.isa, &mut sound, &now.warm);
            }
            let pcm = self.pocket.model.hear(self.speaking.isa, &mut sound, &now.latents).to_vec();
            self.counters.model += start.elapsed();
            let heard = watch::sound(Self::expected(chunk), &pcm, self.rate().0);
            let silent = heard.filter(|fault| *fault == Fault::Silent);
            let fault = silent.or_else(|| self.judge(chunk, &now)).or(heard);
            let seconds = now.utterance.spoken() as f32 * self.frame();
            let unlikely = (seconds.max(0.01) / chunk.wording.seconds().max(0.01)).ln().abs();
            if fault.is_none() || best.as_ref().is_none_or(|(least, ..)| unlikely < *least) {
                best = Some((unlikely, pcm, now, fault.is_none()));
            }
            let Some(fault) = fault else { break };
            found.get_or_insert(fault);
            if rolls == ROLLS {
                break;
            }
            rolls += 1;
            roll = self.roll(chunk, before, rolls);
        }
        let Some((_, pcm, roll, mended)) = best else { return };
        let seconds = roll.utterance.spoken() as f32 * self.frame();
        let speech = watch::heard(&pcm, self.rate().0).unwrap_or(LEAD.min(seconds)..seconds);
        self.keep(chunk, &roll);
        self.gathered.extend(pcm);
        self.finish(chunk, self.handed, speech, found.map(|fault| (fault, rolls, mended)));
    }

    /// Says when the words of a chunk are heard that begins at sample `start` and speaks within `speech`, seconds.
    fn finish(&mut self, chunk: &Chunk, start: u64, speech: Range<f32>, fault: Option<(Fault, u32, bool)>) {
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
        if let Some((fault, rolls, mended)) = fault {
            let (source, text) = place(words);
            report.misspoken.push(Misspoken { source, text, fault, rolls, mended });
        }
    }
}
