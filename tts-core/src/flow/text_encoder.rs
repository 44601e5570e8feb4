//! Phones of a stretch of text, each seeing all others.

use super::config::FlowConfig;
use crate::kernels::{self, Isa};
use crate::nn::conv1d::CentredConv1d;
use crate::nn::embedding::Embedding;
use crate::nn::norm::LayerNorm;
use crate::nn::transformer::{Transformer, TransformerScratch};
use crate::weights::{Scope, WeightsError};

/// Number of phone ids: padding, pause, 39 ARPAbet phones and the unstressed AH.
pub(crate) const PHONES: usize = 42;
const STRESSES: usize = 3;
const WORD_STARTS: usize = 2;
const PUNCTUATIONS: usize = 6;
const KERNEL: usize = 5;

/// What the model knows of one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhoneIds {
    /// Index into the configuration's `phones`, below [`PHONES`].
    pub(crate) phone: u8,
    /// 0 for a pause, 2 in a syllable with primary stress, else 1.
    pub(crate) stress: u8,
    /// 1 on the first phone of a word.
    pub(crate) word_start: u8,
    /// Class of the next punctuation at or after the phone, 0 if there is none.
    pub(crate) punctuation: u8,
}

/// Sum of four embeddings, residual convolutions, a transformer, LayerNorm.
#[derive(Debug)]
pub(crate) struct TextEncoder {
    /// `[42, dim]`
    phone: Embedding,
    /// `[3, dim]`
    stress: Embedding,
    /// `[2, dim]`
    word_start: Embedding,
    /// `[6, dim]`
    punctuation: Embedding,
    /// `dim -> dim`, 5 taps, each behind its norm
    convs: Vec<(LayerNorm, CentredConv1d)>,
    transformer: Transformer,
    out_norm: LayerNorm,
    dim: usize,
}

/// Room for one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextScratch {
    x: Vec<f32>,
    normed: Vec<f32>,
    padded: Vec<f32>,
    transformer: TransformerScratch,
}

impl TextEncoder {
    /// `phone`, `stress`, `word_start`, `punct`, `convs.N`, `conv_norms.N`, `transformer`, `out_norm`.
    pub(crate) fn load(scope: &Scope<'_>, config: &FlowConfig) -> Result<Self, WeightsError> {
        let dim = config.dim;
        let table = |name: &str, ids| Embedding::load(&scope.at(name), ids, dim);
        let conv = |n| {
            let norm = LayerNorm::load(&scope.at("conv_norms").index(n), dim, 1e-5)?;
            Ok((norm, CentredConv1d::load(&scope.at("convs").index(n), dim, dim, KERNEL)?))
        };
        Ok(Self {
            phone: table("phone", PHONES)?,
            stress: table("stress", STRESSES)?,
            word_start: table("word_start", WORD_STARTS)?,
            punctuation: table("punct", PUNCTUATIONS)?,
            convs: (0..config.text_convs).map(conv).collect::<Result<_, WeightsError>>()?,
            transformer: Transformer::load(&scope.at("transformer"), config.transformer(config.text_layers))?,
            out_norm: LayerNorm::load(&scope.at("out_norm"), dim, 1e-5)?,
            dim,
        })
    }

    /// `out` becomes `[phones, dim]`.
    pub(crate) fn encode(&self, isa: Isa, scratch: &mut TextScratch, phones: &[PhoneIds], out: &mut Vec<f32>) {
        let TextScratch { x, normed, padded, transformer } = scratch;
        let size = phones.len() * self.dim;
        x.clear();
        x.resize(size, 0.0);
        for (row, ids) in x.chunks_exact_mut(self.dim).zip(phones) {
            self.phone.add(row, ids.phone.into());
            self.stress.add(row, ids.stress.into());
            self.word_start.add(row, ids.word_start.into());
            self.punctuation.add(row, ids.punctuation.into());
        }
        normed.resize(size, 0.0);
        out.resize(size, 0.0);
        for (norm, conv) in &self.convs {
            norm.apply(isa, normed, x);
            conv.apply(isa, out, normed, padded);
            kernels::gelu_tanh(isa, out);
            kernels::add(isa, x, out);
        }
        self.transformer.whole(isa, transformer, x);
        self.out_norm.apply(isa, out, x);
    }
}
