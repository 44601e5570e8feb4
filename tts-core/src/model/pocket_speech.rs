//! One chunk of text being spoken by Pocket TTS, in two halves that share nothing but normalised latents: [`Utterance`]
//! makes them, [`Sound`] makes them heard.
//!
//! Mirrors `_generate_audio_stream_short_text` and `_decode_audio_worker` of `models/tts_model.py` of the reference,
//! pocket-tts 4.0.1.

use super::pocket::PocketModel;
use crate::codec::mimi::MimiDecoderState;
use crate::flow::pocket::PocketTurn;
pub(crate) use crate::flow::pocket::{PocketScratch, PocketState};
pub(crate) use crate::flow::{Noise, Sampler};
use crate::kernels::Isa;

/// The end of speech is not believed in the first frames: before the first word some voices cross the threshold.
const FRAMES_BEFORE_END: usize = 6;
/// Tokens a second of the slowest speech, and seconds beside it: speech longer than this has missed its end.
const SLOWEST: (f64, f64) = (3.0, 2.0);
/// A decoder begins with a small step; this part of a second is faded in.
const FADE: u32 = 200;

/// How a chunk ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ending {
    /// Logit above which speech ends.
    pub(crate) threshold: f32,
    /// Frames after that.
    pub(crate) frames_after: usize,
}

/// The latents of a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Utterance {
    state: PocketState,
    ending: Ending,
    /// Frames made.
    frame: usize,
    /// Frame that said the end, if one did.
    end: Option<usize>,
    /// Frames after which the end is missing.
    most: usize,
}

/// The sound of a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Sound {
    decoder: MimiDecoderState,
    begun: bool,
    latent: Vec<f32>,
    pcm: Vec<f32>,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is there.
    Spoken,
    /// Everything was spoken; this frame has no sound.
    Ended,
    /// It went on for longer than the text can take: no end was found.
    Endless,
}

/// A chunk that is to go on.
#[derive(Debug)]
pub(crate) struct Turn<'s> {
    pub(crate) utterance: &'s mut Utterance,
    pub(crate) sampler: &'s Sampler,
    /// Unit normal, `[latent]`
    pub(crate) noise: &'s [f32],
    /// What became of it.
    pub(crate) progress: &'s mut Option<Progress>,
}

impl Utterance {
    /// The normalised latent of the last frame that was spoken.
    pub(crate) fn latent(&self) -> &[f32] {
        self.state.latent()
    }

    /// Frames that there may be at most.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Whether there may be another frame; if not, it is [`Progress::Endless`].
    pub(crate) fn goes_on(&self) -> bool {
        self.frame < self.most
    }

    /// What becomes of a frame whose logit of the end is `logit`.
    fn came_to(&mut self, logit: f32) -> Progress {
        let Self { ending, frame, end, .. } = self;
        if logit > ending.threshold && *frame >= FRAMES_BEFORE_END {
            end.get_or_insert(*frame);
        }
        if end.is_some_and(|end| *frame >= end + ending.frames_after) {
            return Progress::Ended;
        }
        *frame += 1;
        Progress::Spoken
    }

    /// Frames spoken before the end was said.
    pub(crate) fn spoken(&self) -> usize {
        self.end.unwrap_or(self.frame)
    }
}

impl PocketModel {
    /// Frames that `tokens` can take at most.
    pub(crate) fn most_frames(&self, tokens: usize) -> usize {
        let seconds = tokens as f64 / SLOWEST.0 + SLOWEST.1;
        (seconds * self.config.mimi.frame_rate).ceil() as usize
    }

    /// A voice that has said the beginning of `tokens` with normalised latents `said` `[frames, latent]`, or nothing yet, says
    /// the rest.
    pub(crate) fn begin(
        &self,
        isa: Isa,
        voice: &PocketState,
        tokens: &[u32],
        said: &[f32],
        ending: Ending,
    ) -> Utterance {
        let most = self.most_frames(tokens.len());
        let frames = said.len() / self.config.mimi.quantizer.dimension;
        let mut state = self.lm.with_room(voice, voice.position() + tokens.len() + frames + most);
        self.lm.read(isa, &mut state, tokens);
        self.lm.follow(isa, &mut state, said);
        Utterance { state, ending, frame: 0, end: None, most }
    }

    /// The next frame, of unit normal `noise` `[latent]`: [`Utterance::latent`].
    pub(crate) fn advance(&self, isa: Isa, utterance: &mut Utterance, sampler: &Sampler, noise: &[f32]) -> Progress {
        if !utterance.goes_on() {
            return Progress::Endless;
        }
        let logit = self.lm.step(isa, &mut utterance.state, sampler, noise);
        utterance.came_to(logit)
    }

    /// [`PocketModel::advance`] of several chunks, all of which go on, the turns of which `of` finds: each has the bits it has alone.
    pub(crate) fn advance_each<S>(
        &self,
        isa: Isa,
        scratch: &mut PocketScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> Turn<'_>,
    ) {
        let logits = self.lm.step_each(isa, scratch, streams, |stream| {
            let Turn { utterance, sampler, noise, .. } = of(stream);
            PocketTurn { state: &mut utterance.state, sampler, noise }
        });
        for (stream, logit) in streams.iter_mut().zip(logits) {
            let Turn { utterance, progress, .. } = of(stream);
            *progress = Some(utterance.came_to(*logit));
        }
    }

    /// Nothing heard yet.
    pub(crate) fn sound(&self) -> Sound {
        Sound { decoder: self.decoder.start(), begun: false, latent: Vec::new(), pcm: Vec::new() }
    }

    /// The samples of the next normalised latents `[frames, latent]`.
    pub(crate) fn hear<'s>(&self, isa: Isa, sound: &'s mut Sound, latents: &[f32]) -> &'s mut [f32] {
        let Sound { decoder, begun, latent, pcm } = sound;
        latent.clear();
        for row in latents.chunks_exact(self.config.mimi.quantizer.dimension) {
            self.lm.denormalise(row, latent);
        }
        self.decoder.step(isa, decoder, latent, pcm);
        if !*begun {
            let fade = ((self.config.mimi.sample_rate / FADE) as usize).min(pcm.len());
            for (i, sample) in pcm[..fade].iter_mut().enumerate() {
                *sample *= i as f32 / (fade - 1).max(1) as f32;
            }
            *begun = true;
        }
        pcm
    }
}

/// Lets sound end that would break off.
pub(crate) fn fade_out(pcm: &mut [f32]) {
    let last = pcm.len().saturating_sub(1).max(1) as f32;
    for (i, sample) in pcm.iter_mut().rev().enumerate() {
        *sample *= i as f32 / last;
    }
}
