//! A model and all that speaks with it, shared by voices and streams.

use crate::kernels::Isa;
use crate::model::native::NativeModel;
use crate::text::frontend::FrontEnd;

/// What all voices and streams of an engine share.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) model: NativeModel,
    pub(super) front: FrontEnd,
    pub(super) isa: Isa,
    pub(super) threads: usize,
    pub(super) weight_bytes: u64,
}
