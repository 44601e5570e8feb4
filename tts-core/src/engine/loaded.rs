//! A model and all that speaks with it, shared by voices and streams.

use std::sync::Arc;

use crate::kernels::Isa;
use crate::model::PocketPrecision;
use crate::model::native::{self, NativeModel};
use crate::model::pocket::PocketModel;
use crate::text::frontend::FrontEnd;
use crate::text::pocket::Vocabulary;
use crate::units::SampleRate;

/// What all voices and streams of an engine share.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) model: Model,
    pub(super) name: String,
    pub(super) front: FrontEnd,
    pub(super) isa: Isa,
    pub(super) threads: usize,
    pub(super) weight_bytes: u64,
    pub(super) precision: Option<PocketPrecision>,
}

/// The model itself.
#[derive(Debug)]
pub(super) enum Model {
    Native(Arc<NativeModel>),
    Pocket(Arc<Pocket>),
}

/// A checkpoint of Pocket TTS with what it reads with.
#[derive(Debug)]
pub(super) struct Pocket {
    pub(super) model: PocketModel,
    pub(super) vocabulary: Vocabulary,
    /// Whether the front end reads the model's language.
    pub(super) english: bool,
    /// Whether its encoder is one.
    pub(super) clones: bool,
}

impl Loaded {
    pub(super) fn sample_rate(&self) -> SampleRate {
        SampleRate(match &self.model {
            Model::Native(_) => native::sample_rate(),
            Model::Pocket(pocket) => pocket.model.config.mimi.sample_rate,
        })
    }
}
