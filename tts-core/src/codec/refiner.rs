//! The refiner: a small causal network after the decoder that tells how much louder voice and breath are at 257 frequencies, where the decoder
//! tells 80 bands and three aperiodicities.
//!
//! In: rows of parameters as the decoder made them, before a way of speaking changes them. Out: behind each its gains, which only the
//! renderer reads: so what is asked of pitch, energy or breath is laid on top of them.

use super::config::RefinerConfig;
use super::renderer::{GAIN_POINTS, PARAMETERS_BESIDE_ENVELOPE};
use crate::kernels::{self, Isa};
use crate::nn::convnext::{ConvNext, ConvNextState};
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::weights::{Scope, WeightsError};

/// ln of the largest gain of an amplitude: 17 dB.
const MOST: f32 = 2.0;
/// ln of the F0 that is told as 0.
const USUAL_LOG_F0: f32 = 5.0;
/// Lowest F0 that is told, in Hz.
const LOWEST_F0: f32 = 50.0;
/// dB of aperiodicity are told as `(dB - offset) / scale`.
const APERIODICITY_SCALES: (f32, f32) = (-3.0, 20.0);

/// Weights.
#[derive(Debug)]
pub(crate) struct Refiner {
    bands: usize,
    /// ln power is told as `(x - offset) / scale`
    envelope_scales: (f32, f32),
    /// voiced, ln F0, bands, 3 aperiodicities to `dim`
    input: Linear,
    blocks: Vec<ConvNext>,
    norm: LayerNorm,
    /// `dim` to gains of voice, gains of breath
    output: Linear,
}

/// The past of every convolution, and scratch.
#[derive(Debug, Clone)]
pub(crate) struct RefinerState {
    blocks: Vec<ConvNextState>,
    told: Vec<f32>,
    x: Vec<f32>,
    normed: Vec<f32>,
    gains: Vec<f32>,
}

impl Refiner {
    /// Numbers that stand behind a row of parameters: ln gains of the amplitude of voice at [`GAIN_POINTS`], then those of breath.
    pub(super) const GAINS: usize = 2 * GAIN_POINTS;

    /// `i`, `b.N`, `n`, `o` below `scope` (`decoder.refiner`), for envelopes of `bands` whose ln power is `offset + scale x` of a number near 1.
    pub(super) fn load(
        scope: &Scope<'_>,
        config: &RefinerConfig,
        bands: usize,
        envelope_scales: (f32, f32),
    ) -> Result<Self, WeightsError> {
        let &RefinerConfig { dim, blocks, kernel, expansion } = config;
        let stack = scope.at("b");
        let block = |n| ConvNext::load(&stack.index(n), dim, kernel, expansion * dim);
        Ok(Self {
            bands,
            envelope_scales,
            // what is told of a row leaves out the aperiodicity at 0 Hz and tells voice apart from F0
            input: Linear::load(&scope.at("i"), bands + PARAMETERS_BESIDE_ENVELOPE, dim, Bias::Yes)?,
            blocks: (0..blocks).map(block).collect::<Result<_, _>>()?,
            norm: LayerNorm::load(&scope.at("n"), dim, 1e-5)?,
            output: Linear::load(&scope.at("o"), dim, Self::GAINS, Bias::Yes)?,
        })
    }

    /// Silence before the first row.
    pub(super) fn start(&self) -> RefinerState {
        RefinerState {
            blocks: self.blocks.iter().map(ConvNext::start).collect(),
            told: Vec::new(),
            x: Vec::new(),
            normed: Vec::new(),
            gains: Vec::new(),
        }
    }

    /// Fills the gains of `rows` `[frames, bands + 5 + GAINS]`.
    pub(super) fn step(&self, isa: Isa, state: &mut RefinerState, rows: &mut [f32]) {
        let RefinerState { blocks, told, x, normed, gains } = state;
        let parameters = self.bands + PARAMETERS_BESIDE_ENVELOPE;
        let width = parameters + Self::GAINS;
        told.clear();
        for row in rows.chunks_exact(width) {
            self.tell(&row[..parameters], told);
        }
        let frames = rows.len() / width;
        x.resize(frames * self.input.outputs(), 0.0);
        self.input.apply(isa, x, told);
        for (block, state) in self.blocks.iter().zip(blocks) {
            block.step(isa, state, x);
        }
        normed.resize(x.len(), 0.0);
        self.norm.apply(isa, normed, x);
        gains.resize(frames * Self::GAINS, 0.0);
        self.output.apply(isa, gains, normed);
        kernels::tanh(isa, gains);
        for (row, gains) in rows.chunks_exact_mut(width).zip(gains.chunks_exact(Self::GAINS)) {
            for (to, gain) in row[parameters..].iter_mut().zip(gains) {
                *to = MOST * gain;
            }
        }
    }

    /// Appends what the network is told of a row of parameters.
    fn tell(&self, row: &[f32], told: &mut Vec<f32>) {
        let (envelope, rest) = row.split_at(self.bands);
        let (aperiodicity, f0) = rest.split_at(rest.len() - 1);
        let f0 = f0[0];
        let (voiced, log_f0) = if f0 > 0.0 { (1.0, f0.max(LOWEST_F0).ln() - USUAL_LOG_F0) } else { (0.0, 0.0) };
        told.extend([voiced, log_f0]);
        let scaled = |(offset, scale): (f32, f32)| move |x: &f32| (x - offset) / scale;
        told.extend(envelope.iter().map(scaled(self.envelope_scales)));
        told.extend(aperiodicity[1..].iter().map(scaled(APERIODICITY_SCALES)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{HOP, Renderer};
    use crate::nn::random::chunkings;
    use crate::weights::Weights;

    const BANDS: usize = 80;
    const FRAMES: usize = 14;

    /// A small refiner, and what the reference makes of it: rows without gains, gains, noise, sound (tests/goldens/README.md).
    fn golden() -> (Refiner, [Vec<f32>; 4]) {
        let bytes = include_bytes!("../../../tests/goldens/refiner.safetensors");
        let weights = Weights::from_bytes("refiner", bytes.to_vec()).unwrap();
        let root = weights.root();
        let config = RefinerConfig { dim: 8, blocks: 2, kernel: 5, expansion: 3 };
        let refiner = Refiner::load(&root.at("refiner"), &config, BANDS, (-9.0, 4.0)).unwrap();
        let get = |name, shape| root.tensor(name, shape).unwrap().to_f32().unwrap();
        let tensors = [
            get("rows", [FRAMES, BANDS + PARAMETERS_BESIDE_ENVELOPE]),
            get("gains", [FRAMES, Refiner::GAINS]),
            root.tensor("noise", [FRAMES * HOP + 1024]).unwrap().to_f32().unwrap(),
            root.tensor("pcm", [FRAMES * HOP]).unwrap().to_f32().unwrap(),
        ];
        weights.finish().unwrap();
        (refiner, tensors)
    }

    /// Rows with room for gains behind each.
    fn roomy(rows: &[f32]) -> Vec<f32> {
        let widened = |row: &[f32]| row.iter().copied().chain([0.0; Refiner::GAINS]).collect::<Vec<_>>();
        rows.chunks_exact(BANDS + PARAMETERS_BESIDE_ENVELOPE).flat_map(widened).collect()
    }

    #[test]
    fn gains_are_those_of_the_reference_in_any_chunking() {
        let (refiner, [rows, expected, ..]) = golden();
        let width = BANDS + PARAMETERS_BESIDE_ENVELOPE + Refiner::GAINS;
        for isa in Isa::available() {
            let mut whole = roomy(&rows);
            refiner.step(isa, &mut refiner.start(), &mut whole);
            let mut worst = 0f32;
            for (t, row) in whole.chunks_exact(width).enumerate() {
                let (told, gains) = row.split_at(width - Refiner::GAINS);
                assert_eq!(told, &rows[t * told.len()..][..told.len()]);
                let expected = &expected[t * Refiner::GAINS..][..Refiner::GAINS];
                worst = gains.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
            }
            println!("{}: {worst:.1e}", isa.name());
            assert!(worst < 2e-5, "{}: {worst:e}", isa.name());
            for chunks in chunkings(FRAMES) {
                let (mut parts, mut state) = (roomy(&rows), refiner.start());
                let mut rest = &mut parts[..];
                for chunk in chunks {
                    let (now, later) = rest.split_at_mut(chunk * width);
                    refiner.step(isa, &mut state, now);
                    rest = later;
                }
                assert_eq!(parts, whole, "{}", isa.name());
            }
        }
    }

    #[test]
    fn sound_with_gains_is_that_of_the_reference() {
        let (refiner, [rows, _, noise, expected]) = golden();
        for isa in Isa::available() {
            let (mut rows, mut pcm, mut at) = (roomy(&rows), Vec::new(), 0);
            refiner.step(isa, &mut refiner.start(), &mut rows);
            let renderer = Renderer::new(BANDS, rows.len() / FRAMES);
            let mut state = renderer.start();
            let mut draw = |out: &mut [f32]| {
                out.copy_from_slice(&noise[at..at + out.len()]);
                at += out.len();
            };
            renderer.step(isa, &mut state, &rows, &mut draw, &mut pcm);
            renderer.finish(isa, state, &mut draw, &mut pcm);
            assert_eq!(pcm.len(), expected.len());
            let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
            let off = power(&mut pcm.iter().zip(&expected).map(|(a, b)| a - b));
            let snr = 10.0 * (power(&mut expected.iter().copied()) / off).log10();
            println!("{}: {snr:.1} dB", isa.name());
            assert!(snr > 90.0, "{}: {snr} dB", isa.name());
        }
    }
}
