//! Parameters to gains of voice and breath at 257 frequencies.

use burn_tensor::Tensor;

use crate::config::RefinerConfig;
use crate::layers::{ConvNext, Linear, Norm};
use crate::weights::{LoadError, Scope};

/// Numbers that a row tells beside its envelope: aperiodicity at 0, 3, 6 and 9 kHz, F0.
const BESIDE_ENVELOPE: usize = 5;
/// Gains of each of both.
const POINTS: usize = 257;
/// ln of the largest.
const MOST: f32 = 2.0;

/// Weights.
#[derive(Debug, Clone)]
pub(crate) struct Refiner {
    bands: usize,
    /// ln power is told as `(x - offset) / scale`
    envelope_scales: (f32, f32),
    input: Linear,
    blocks: Vec<ConvNext>,
    norm: Norm,
    output: Linear,
}

impl Refiner {
    pub(crate) fn load(
        scope: &Scope<'_>,
        config: &RefinerConfig,
        bands: usize,
        envelope_scales: (f32, f32),
    ) -> Result<Self, LoadError> {
        let &RefinerConfig { dim, blocks, kernel, expansion } = config;
        let block = |n| ConvNext::load(&scope.item("b", n), dim, kernel, expansion * dim);
        Ok(Self {
            bands,
            envelope_scales,
            input: Linear::load(&scope.at("i"), bands + BESIDE_ENVELOPE, dim)?,
            blocks: (0..blocks).map(block).collect::<Result<_, _>>()?,
            norm: Norm::load(&scope.at("n"), dim, 1e-5)?,
            output: Linear::load(&scope.at("o"), dim, 2 * POINTS)?,
        })
    }

    /// The last frames before every block.
    pub(crate) fn start(&self) -> Vec<Tensor<2>> {
        self.blocks.iter().map(ConvNext::start).collect()
    }

    /// `[rows, bands + 5]` to the same with ln gains of the amplitude of voice and of breath behind: `[rows, bands + 5 + 514]`.
    pub(crate) fn step(&self, past: &mut [Tensor<2>], rows: Tensor<2>) -> Tensor<2> {
        let part = |from, width| rows.clone().narrow(1, from, width);
        let (offset, scale) = self.envelope_scales;
        let f0 = part(self.bands + BESIDE_ENVELOPE - 1, 1);
        let voiced = f0.clone().greater_scalar(0.0).float();
        let log_f0 = (f0.clamp_min(50.0).log() - 5.0) * voiced.clone();
        let aperiodicity = (part(self.bands + 1, 3) + 3.0) / 20.0;
        let mut x = self
            .input
            .apply(Tensor::cat(vec![voiced, log_f0, (part(0, self.bands) - offset) / scale, aperiodicity], 1));
        for (block, past) in self.blocks.iter().zip(past) {
            x = block.step(past, x);
        }
        let gains = self.output.apply(self.norm.apply(x)).tanh() * MOST;
        Tensor::cat(vec![rows, gains], 1)
    }
}
