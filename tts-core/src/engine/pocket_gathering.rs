//! A chunk of Pocket TTS that is said until it is right before anybody hears it: its sound while it is made, and the best saying
//! so far.

use std::ops::Range;

use super::pocket_composer::Roll;
use crate::kernels::Isa;
use crate::model::Fault;
use crate::model::pocket::PocketModel;
use crate::model::pocket_speech::{Sound, fade_out};
use crate::model::pocket_watch::{Ear, Expected};

/// How often a chunk is said again.
const ROLLS: u32 = 3;

/// What is known of a chunk so far.
#[derive(Debug)]
pub(super) struct Gathering {
    sound: Sound,
    /// Latents heard, those before the chunk apart.
    heard: usize,
    pcm: Vec<f32>,
    ear: Ear,
    /// Sayings after the first.
    rolls: u32,
    /// What was wrong first.
    found: Option<Fault>,
    best: Option<Best>,
}

/// A saying.
#[derive(Debug)]
struct Best {
    /// How unlikely its length is.
    unlikely: f32,
    said: Said,
    /// Whether it has no fault.
    sound: bool,
}

/// What was wrong first, if anything was, how often it was said again, and whether what is heard is free of faults.
pub(super) type Verdict = Option<(Fault, u32, bool)>;

/// What one saying came to.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) pcm: Vec<f32>,
    /// Seconds in which something is heard.
    pub(super) speech: Option<Range<f32>>,
    /// Normalised, `[frames, latent]`
    pub(super) latents: Vec<f32>,
    /// Frames spoken before the end was said.
    pub(super) spoken: usize,
    /// Whether its end was found.
    pub(super) ended: bool,
}

impl Gathering {
    /// Nothing heard yet.
    pub(super) fn new(model: &PocketModel) -> Self {
        let (sound, ear) = (model.sound(), Ear::new(model.config.mimi.sample_rate));
        Self { sound, heard: 0, pcm: Vec::new(), ear, rolls: 0, found: None, best: None }
    }

    /// Hears the latents of `roll` that were not heard yet, one at a time: what is between the layers fits the cache then.
    pub(super) fn hear(&mut self, model: &PocketModel, isa: Isa, roll: &Roll) {
        let latent = model.config.mimi.quantizer.dimension;
        if self.heard == 0 && !roll.latents.is_empty() {
            for row in roll.warm.chunks_exact(latent) {
                model.hear(isa, &mut self.sound, row);
            }
        }
        for row in roll.latents[self.heard * latent..].chunks_exact(latent) {
            let pcm = model.hear(isa, &mut self.sound, row);
            self.heard += 1;
            if roll.breaks_off() && self.heard * latent == roll.latents.len() {
                fade_out(pcm);
            }
            self.ear.hear(pcm);
            self.pcm.extend_from_slice(pcm);
        }
    }

    /// Notes a whole saying of about `seconds`, and what latents and length told of it: whether it is to be said again, and for
    /// which time.
    pub(super) fn weigh(
        &mut self,
        model: &PocketModel,
        roll: &mut Roll,
        seconds: f32,
        expected: Expected,
        known: Option<Fault>,
    ) -> Option<u32> {
        let fault = self.ear.judge(expected, known);
        let unlikely = match roll.fault {
            // it was not said to its end
            Some(_) => f32::INFINITY,
            None => (seconds.max(0.01) / expected.seconds.max(0.01)).ln().abs(),
        };
        self.sound = model.sound();
        self.heard = 0;
        let pcm = std::mem::take(&mut self.pcm);
        let speech = self.ear.speech();
        self.ear.start_over();
        if fault.is_none() || self.best.as_ref().is_none_or(|best| unlikely < best.unlikely) {
            let latents = std::mem::take(&mut roll.latents);
            let said = Said { pcm, speech, latents, spoken: roll.utterance.spoken(), ended: roll.ended };
            self.best = Some(Best { unlikely, said, sound: fault.is_none() });
        }
        self.found = self.found.or(fault);
        if fault.is_none() || self.rolls == ROLLS {
            return None;
        }
        self.rolls += 1;
        Some(self.rolls)
    }

    /// The best saying.
    pub(super) fn best(&mut self) -> Option<(Said, Verdict)> {
        let Best { said, sound, .. } = self.best.take()?;
        Some((said, self.found.map(|fault| (fault, self.rolls, sound))))
    }
}
