//! SEANet (Tagliasacchi et al. 2020), the convolutions between sound and frames: causal, streamed.
//!
//! ```text
//! encoder  [samples, 1] ─ conv ─ (residual blocks, elu, conv with stride) x ratios, the last ratio first ─ elu ─ conv ─ [frames, dim]
//! decoder  [frames, dim] ─ conv ─ (elu, transposed conv, residual blocks) x ratios ─ elu ─ conv ─ [samples, 1]
//! ```
//! A residual block: `x += conv(elu(conv(elu(x))))`, the first with taps apart, the second with one.

use std::ops::Range;

use super::config::SeanetConfig;
use crate::kernels::{self, Isa};
use crate::nn::streaming::{Before, Conv, ConvConfig, ConvState, TransposedConv, TransposedConvState};
use crate::weights::{Scope, WeightsError};

/// Stages in order.
#[derive(Debug)]
pub(super) struct Seanet {
    stages: Vec<Stage>,
    /// Stages that run in pieces of so many values: those with the most samples.
    fine: (Range<usize>, usize),
}

#[derive(Debug)]
enum Stage {
    Elu,
    Conv(Conv),
    Transposed(TransposedConv),
    Residual([Conv; 2]),
}

#[derive(Debug, Clone)]
enum StageState {
    Elu,
    Conv(ConvState),
    Transposed(TransposedConvState),
    Residual([ConvState; 2]),
}

/// The past of every stage, and scratch.
#[derive(Debug, Clone)]
pub(super) struct SeanetState {
    stages: Vec<StageState>,
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    next: Vec<f32>,
    inner: [Vec<f32>; 2],
    piece: Vec<f32>,
    whole: Vec<f32>,
}

/// Frames' worth of sound that the finest stages handle at once: what they make fits the second cache.
const FINE: usize = 2;

/// Counts the stages as `model.N`.
struct Builder<'s, 'w> {
    scope: &'s Scope<'w>,
    config: &'s SeanetConfig,
    stages: Vec<Stage>,
}

impl Builder<'_, '_> {
    fn before(&self) -> Before {
        if self.config.pad_mode == "replicate" { Before::First } else { Before::Zeros }
    }

    fn next(&self) -> Scope<'_> {
        self.scope.at("model").index(self.stages.len())
    }

    fn conv(&mut self, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Result<(), WeightsError> {
        let config = ConvConfig { stride, before: self.before(), ..ConvConfig::plain(inputs, outputs, kernel) };
        let conv = Conv::load(&self.next().at("conv"), config)?;
        self.stages.push(Stage::Conv(conv));
        Ok(())
    }

    fn residuals(&mut self, channels: usize) -> Result<(), WeightsError> {
        let inner = channels / self.config.compress;
        for n in 0..self.config.n_residual_layers {
            let block = self.next().at("block");
            let dilation = self.config.dilation_base.pow(n as u32);
            let plain = ConvConfig::plain(channels, inner, self.config.residual_kernel_size);
            let first = ConvConfig { dilation, before: self.before(), ..plain };
            let first = Conv::load(&block.at("1.conv"), first)?;
            let second = Conv::load(&block.at("3.conv"), ConvConfig::plain(inner, channels, 1))?;
            self.stages.push(Stage::Residual([first, second]));
        }
        Ok(())
    }
}

impl Seanet {
    /// Sound to frames: `model.N.*` below `scope`.
    pub(super) fn encoder(scope: &Scope<'_>, config: &SeanetConfig) -> Result<Self, WeightsError> {
        let mut builder = Builder { scope, config, stages: Vec::new() };
        let mut channels = config.n_filters;
        builder.conv(1, channels, config.kernel_size, 1)?;
        let mut fine = 0;
        for &ratio in config.ratios.iter().rev() {
            builder.residuals(channels)?;
            builder.stages.push(Stage::Elu);
            builder.conv(channels, 2 * channels, 2 * ratio, ratio)?;
            channels *= 2;
            if fine == 0 {
                fine = builder.stages.len();
            }
        }
        builder.stages.push(Stage::Elu);
        builder.conv(channels, config.dimension, config.last_kernel_size, 1)?;
        let hop: usize = config.ratios.iter().product();
        Ok(Self { stages: builder.stages, fine: (0..fine, FINE * hop) })
    }

    /// Frames to sound: `model.N.*` below `scope`.
    pub(super) fn decoder(scope: &Scope<'_>, config: &SeanetConfig) -> Result<Self, WeightsError> {
        let mut builder = Builder { scope, config, stages: Vec::new() };
        let mut channels = config.n_filters << config.ratios.len();
        builder.conv(config.dimension, channels, config.kernel_size, 1)?;
        let (mut fine, mut piece) = (0, FINE * channels);
        for (n, &ratio) in config.ratios.iter().enumerate() {
            if n + 1 == config.ratios.len() {
                fine = builder.stages.len();
            } else {
                piece = piece * ratio / 2;
            }
            builder.stages.push(Stage::Elu);
            let transposed = TransposedConv::load(&builder.next().at("convtr"), channels, channels / 2, ratio, 2)?;
            builder.stages.push(Stage::Transposed(transposed));
            channels /= 2;
            builder.residuals(channels)?;
        }
        builder.stages.push(Stage::Elu);
        builder.conv(config.n_filters, 1, config.last_kernel_size, 1)?;
        let end = builder.stages.len();
        Ok(Self { stages: builder.stages, fine: (fine..end, piece) })
    }

    /// Nothing heard yet.
    pub(super) fn start(&self) -> SeanetState {
        let start = |stage: &Stage| match stage {
            Stage::Elu => StageState::Elu,
            Stage::Conv(conv) => StageState::Conv(conv.start()),
            Stage::Transposed(conv) => StageState::Transposed(conv.start()),
            Stage::Residual(convs) => StageState::Residual(convs.each_ref().map(Conv::start)),
        };
        SeanetState { stages: self.stages.iter().map(start).collect(), scratch: Scratch::default() }
    }

    /// Of an encoder: how many samples before a frame's own ones it depends on.
    pub(super) fn memory(&self) -> usize {
        self.stages.iter().rev().fold(0, |frames, stage| match stage {
            Stage::Conv(conv) => conv.needs(frames),
            Stage::Residual([first, second]) => first.needs(second.needs(frames)),
            // an encoder has no transposed ones
            Stage::Elu | Stage::Transposed(_) => frames,
        })
    }

    /// Replaces `x`, whole frames or samples for whole frames, by what all stages make of it.
    pub(super) fn step(&self, isa: Isa, state: &mut SeanetState, x: &mut Vec<f32>) {
        let (fine, piece) = &self.fine;
        let SeanetState { stages, scratch } = state;
        self.run(isa, 0..fine.start, stages, scratch, x);
        let (mut part, mut whole) = (std::mem::take(&mut scratch.piece), std::mem::take(&mut scratch.whole));
        whole.clear();
        for x in x.chunks(*piece) {
            part.clear();
            part.extend_from_slice(x);
            self.run(isa, fine.clone(), stages, scratch, &mut part);
            whole.extend_from_slice(&part);
        }
        std::mem::swap(x, &mut whole);
        (scratch.piece, scratch.whole) = (part, whole);
        self.run(isa, fine.end..self.stages.len(), stages, scratch, x);
    }

    /// Some of the stages, all of `x` at once.
    fn run(&self, isa: Isa, which: Range<usize>, states: &mut [StageState], scratch: &mut Scratch, x: &mut Vec<f32>) {
        let Scratch { next, inner: [first, second], .. } = scratch;
        for (stage, state) in self.stages[which.clone()].iter().zip(&mut states[which]) {
            match (stage, state) {
                (Stage::Conv(conv), StageState::Conv(state)) => conv.step(isa, state, x, next),
                (Stage::Transposed(conv), StageState::Transposed(state)) => conv.step(isa, state, x, next),
                (Stage::Residual(convs), StageState::Residual(states)) => {
                    first.clear();
                    first.extend_from_slice(x);
                    kernels::elu(isa, first);
                    convs[0].step(isa, &mut states[0], first, second);
                    kernels::elu(isa, second);
                    convs[1].step(isa, &mut states[1], second, first);
                    kernels::add(isa, x, first);
                    continue;
                }
                _ => {
                    kernels::elu(isa, x);
                    continue;
                }
            }
            std::mem::swap(x, next);
        }
    }
}
