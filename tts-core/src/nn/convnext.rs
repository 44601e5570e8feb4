//! A ConvNeXt block (Liu et al. 2022): depthwise convolution, LayerNorm, two linear layers, scaled residual. Causal by
//! steps, or centred over a whole sequence: the same weights, other frames in the window.

use super::linear::{Bias, Linear};
use super::norm::LayerNorm;
use crate::kernels::{self, Isa};
use crate::weights::{Scope, WeightsError};

/// `x + scale * narrow(gelu(widen(norm(depthwise(x)))))`
#[derive(Debug)]
pub(crate) struct ConvNext {
    channels: usize,
    kernel: usize,
    inner: usize,
    /// `[kernel, channels]`
    depthwise: Vec<f32>,
    /// `[channels]`
    depthwise_bias: Vec<f32>,
    norm: LayerNorm,
    /// `channels -> inner`
    widen: Linear,
    /// `inner -> channels`
    narrow: Linear,
    /// `[channels]`
    scale: Vec<f32>,
}

/// The last `kernel - 1` input frames, and scratch.
#[derive(Debug, Clone)]
pub(crate) struct ConvNextState {
    /// `[kernel - 1 + frames of the call, channels]`
    window: Vec<f32>,
    hidden: Vec<f32>,
    normed: Vec<f32>,
    inner: Vec<f32>,
}

impl ConvNext {
    /// `dw.weight` `[channels, 1, kernel]`, `dw.bias`, `n.*`, `a.*` (widen), `b.*` (narrow), `g` (scale).
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, kernel: usize, inner: usize) -> Result<Self, WeightsError> {
        let dw = scope.at("dw");
        let by_channel = dw.tensor("weight", [channels, 1, kernel])?.to_f32()?;
        let depthwise = (0..kernel * channels).map(|i| by_channel[(i % channels) * kernel + i / channels]).collect();
        Ok(Self {
            channels,
            kernel,
            inner,
            depthwise,
            depthwise_bias: dw.tensor("bias", [channels])?.to_f32()?,
            norm: LayerNorm::load(&scope.at("n"), channels, 1e-5)?,
            widen: Linear::load(&scope.at("a"), channels, inner, Bias::Yes)?,
            narrow: Linear::load(&scope.at("b"), inner, channels, Bias::Yes)?,
            scale: scope.tensor("g", [channels])?.to_f32()?,
        })
    }

    /// Silence before the first frame.
    pub(crate) fn start(&self) -> ConvNextState {
        let window = vec![0.0; (self.kernel - 1) * self.channels];
        ConvNextState { window, hidden: Vec::new(), normed: Vec::new(), inner: Vec::new() }
    }

    /// Replaces `x` `[frames, channels]` by the block's output.
    pub(crate) fn step(&self, isa: Isa, state: &mut ConvNextState, x: &mut [f32]) {
        state.window.extend_from_slice(x);
        self.residual(isa, state, x);
        state.window.drain(..x.len());
    }

    /// Replaces the whole sequence `x` `[frames, channels]`; every frame sees `kernel / 2` on both sides, `kernel` being
    /// odd. Nothing outlives the call: `scratch` is any state.
    pub(crate) fn apply_centred(&self, isa: Isa, scratch: &mut ConvNextState, x: &mut [f32]) {
        let side = self.kernel / 2 * self.channels;
        scratch.window.clear();
        scratch.window.resize(side, 0.0);
        scratch.window.extend_from_slice(x);
        scratch.window.resize(x.len() + 2 * side, 0.0);
        self.residual(isa, scratch, x);
    }

    /// Adds to `x` what the block makes of the window around it.
    fn residual(&self, isa: Isa, state: &mut ConvNextState, x: &mut [f32]) {
        let frames = x.len() / self.channels;
        let ConvNextState { window, hidden, normed, inner } = state;
        hidden.resize(x.len(), 0.0);
        normed.resize(x.len(), 0.0);
        inner.resize(frames * self.inner, 0.0);
        kernels::depthwise(isa, hidden, window, self.channels, &self.depthwise, &self.depthwise_bias);
        self.norm.apply(isa, normed, hidden);
        self.widen.apply(isa, inner, normed);
        kernels::gelu_tanh(isa, inner);
        self.narrow.apply(isa, hidden, inner);
        for (x, h) in x.chunks_exact_mut(self.channels).zip(hidden.chunks_exact(self.channels)) {
            for ((x, h), scale) in x.iter_mut().zip(h).zip(&self.scale) {
                *x += scale * h;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::{RandomWeights, chunkings, signal};

    fn block(channels: usize, kernel: usize, inner: usize) -> ConvNext {
        let mut random = RandomWeights::new(2);
        random.tensor("dw.weight", &[channels, 1, kernel]);
        random.tensor("a.weight", &[inner, channels]);
        random.tensor("b.weight", &[channels, inner]);
        for name in ["dw.bias", "n.weight", "n.bias", "b.bias", "g"] {
            random.tensor(name, &[channels]);
        }
        random.tensor("a.bias", &[inner]);
        let weights = random.finish();
        let block = ConvNext::load(&weights.root(), channels, kernel, inner).unwrap();
        weights.finish().unwrap();
        block
    }

    /// The causal block's frame t is the centred one's frame t - kernel / 2, where nothing lies beyond the ends.
    #[test]
    fn centred_is_causal_shifted() {
        let (channels, kernel, frames) = (6, 5, 23);
        let block = block(channels, kernel, 18);
        let side = kernel / 2 * channels;
        for isa in Isa::available() {
            let input = signal(frames, channels);
            let mut centred = input.clone();
            let mut scratch = block.start();
            block.apply_centred(isa, &mut scratch, &mut centred);
            let mut again = input.clone();
            block.apply_centred(isa, &mut scratch, &mut again);
            assert_eq!(centred, again);
            // what the block adds, from a causal run over the input and `side` zeros
            let mut padded = input.clone();
            padded.resize(input.len() + side, 0.0);
            let mut causal = padded.clone();
            block.step(isa, &mut block.start(), &mut causal);
            for i in 0..input.len() {
                let (found, expected) = (centred[i] - input[i], causal[i + side] - padded[i + side]);
                assert!((found - expected).abs() < 1e-5, "{}: {found}, expected {expected}", isa.name());
            }
        }
    }

    #[test]
    fn chunking_is_invisible_and_a_clone_forks() {
        let channels = 6;
        let block = block(channels, 5, 18);
        for isa in Isa::available() {
            let input = signal(23, channels);
            let mut whole = input.clone();
            block.step(isa, &mut block.start(), &mut whole);
            for chunks in chunkings(23) {
                let (mut state, mut output) = (block.start(), Vec::new());
                let mut rest = &input[..];
                for frames in chunks {
                    let (now, later) = rest.split_at(frames * channels);
                    let mut chunk = now.to_vec();
                    let mut fork = state.clone();
                    block.step(isa, &mut fork, &mut chunk.clone());
                    block.step(isa, &mut state, &mut chunk);
                    output.extend(chunk);
                    rest = later;
                }
                assert_eq!(output, whole, "{}", isa.name());
            }
        }
    }
}
