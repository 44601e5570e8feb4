//! Frames to sound, whatever family they are of.

use std::sync::Arc;

use super::composer::{Misspoken, Streamed};
use super::loaded::Pocket;
use super::pocket_composer::{FIRST_LATENT, FIRST_WARM_LATENT, LAST_LATENT, SAMPLES, WARM_LATENT};
use crate::kernels::Isa;
use crate::model::native::{NativeModel, Vocaliser};
use crate::model::pocket_speech::{Sound, fade_out};
use crate::model::pocket_watch::Ear;

/// The state of a stream from its frames on.
#[derive(Debug)]
pub(super) enum Sounding {
    Native { model: Arc<NativeModel>, vocaliser: Box<Vocaliser> },
    Pocket { pocket: Arc<Pocket>, isa: Isa, sound: Box<Sound>, ear: Ear },
}

impl Sounding {
    /// Numbers of a frame.
    pub(super) fn frame(&self) -> usize {
        match self {
            Self::Native { model, .. } => model.frame(),
            Self::Pocket { pocket, .. } => {
                let mimi = &pocket.model.config.mimi;
                1 + mimi.samples().max(mimi.quantizer.dimension)
            }
        }
    }

    /// The sound of a frame, appended to `out`.
    pub(super) fn vocalise(&mut self, frame: &[f32], out: &mut Vec<f32>) {
        match self {
            Self::Native { model, vocaliser } => model.vocalise(vocaliser, frame, out),
            Self::Pocket { pocket, isa, sound, ear } => {
                let mimi = &pocket.model.config.mimi;
                if frame[0] == SAMPLES {
                    return out.extend_from_slice(&frame[1..=mimi.samples()]);
                }
                let what = frame[0];
                if what == FIRST_LATENT || what == FIRST_WARM_LATENT {
                    **sound = pocket.model.sound();
                    ear.start_over();
                }
                let pcm = pocket.model.hear(*isa, sound, &frame[1..=mimi.quantizer.dimension]);
                if what == LAST_LATENT {
                    fade_out(pcm);
                }
                if what != WARM_LATENT && what != FIRST_WARM_LATENT {
                    ear.hear(pcm);
                    out.extend_from_slice(pcm);
                }
            }
        }
    }

    /// Whether a chunk that has just ended was said as it should.
    pub(super) fn judge(&self, Streamed { source, text, expected, fault }: Streamed) -> Option<Misspoken> {
        let Self::Pocket { ear, .. } = self else { return None };
        let fault = ear.judge(expected, fault)?;
        Some(Misspoken { source, text, fault, rolls: 0, mended: false })
    }

    /// This many 10 ms frames of the last sound, or of silence.
    pub(super) fn hold(&mut self, frames: usize, out: &mut Vec<f32>) {
        match self {
            Self::Native { model, vocaliser } => model.hold(vocaliser, frames, out),
            Self::Pocket { pocket, .. } => {
                let samples = frames * pocket.model.config.mimi.sample_rate as usize / 100;
                out.resize(out.len() + samples, 0.0);
            }
        }
    }

    /// What is left at the end of the text.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        match self {
            Self::Native { model, vocaliser } => model.finish(vocaliser, out),
            Self::Pocket { .. } => {}
        }
    }
}
