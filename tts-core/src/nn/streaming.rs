//! Causal convolutions that stream: dense, with stride and dilation, and the transposed ones that raise the rate.
//!
//! On `[frames, channels]` signals the window of an output frame is contiguous, so a convolution is one matrix product over
//! overlapping rows; a transposed one is a product whose output row holds the `stride` frames that an input frame makes.

use crate::kernels::{self, Isa, PackedMatrix};
use crate::weights::{Scope, WeightsError};

/// What stands before the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Silence.
    Zeros,
    /// The first frame, again and again.
    First,
}

/// Dimensions of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvConfig {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Taps.
    pub(crate) kernel: usize,
    /// Input frames an output frame; at most the reach of the taps.
    pub(crate) stride: usize,
    /// Input frames from tap to tap.
    pub(crate) dilation: usize,
    pub(crate) bias: bool,
    pub(crate) before: Before,
}

impl ConvConfig {
    /// Stride and dilation 1, with a bias, silence before.
    pub(crate) fn plain(inputs: usize, outputs: usize, kernel: usize) -> Self {
        Self { inputs, outputs, kernel, stride: 1, dilation: 1, bias: true, before: Before::Zeros }
    }

    /// Input frames that an output frame sees.
    fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }
}

/// PyTorch's `Conv1d`, every output frame ending with the last of its input frames.
#[derive(Debug)]
pub(crate) struct Conv {
    config: ConvConfig,
    /// `[outputs, kernel * inputs]`
    weight: PackedMatrix,
    /// `[outputs]`, or empty
    bias: Vec<f32>,
}

/// The input frames that later output frames see too.
#[derive(Debug, Clone)]
pub(crate) struct ConvState {
    /// `[reach - stride + frames of the call, inputs]`
    window: Vec<f32>,
    /// Whether nothing has been heard.
    fresh: bool,
    /// `[frames, kernel * inputs]`, where taps are apart
    gathered: Vec<f32>,
}

impl Conv {
    /// `weight` `[outputs, inputs, kernel]` and, if there is one, `bias` `[outputs]` below `scope`.
    pub(crate) fn load(scope: &Scope<'_>, config: ConvConfig) -> Result<Self, WeightsError> {
        let ConvConfig { inputs, outputs, kernel, .. } = config;
        let weight = scope.tensor("weight", [outputs, inputs, kernel])?;
        let weight = weight.packed_by(outputs, kernel * inputs, |o, column| {
            let (tap, channel) = (column / inputs, column % inputs);
            (o * inputs + channel) * kernel + tap
        })?;
        let bias = if config.bias { scope.tensor("bias", [outputs])?.to_f32()? } else { Vec::new() };
        Ok(Self { config, weight, bias })
    }

    /// Nothing heard yet.
    pub(crate) fn start(&self) -> ConvState {
        let before = self.config.reach() - self.config.stride;
        ConvState { window: vec![0.0; before * self.config.inputs], fresh: true, gathered: Vec::new() }
    }

    /// How many input frames back the `frames` output frames before a moment reach from there.
    pub(crate) fn needs(&self, frames: usize) -> usize {
        frames * self.config.stride + self.config.reach() - self.config.stride
    }

    /// `x` `[frames, inputs]`, `frames` a multiple of the stride, into `y` `[frames / stride, outputs]`.
    pub(crate) fn step(&self, isa: Isa, state: &mut ConvState, x: &[f32], y: &mut Vec<f32>) {
        let ConvConfig { inputs, outputs, kernel, stride, dilation, before, .. } = self.config;
        debug_assert_eq!(x.len() % (stride * inputs), 0);
        y.resize(x.len() / (stride * inputs) * outputs, 0.0);
        if x.is_empty() {
            return;
        }
        let ConvState { window, fresh, gathered } = state;
        if *fresh && before == Before::First {
            for frame in window.chunks_exact_mut(inputs) {
                frame.copy_from_slice(&x[..inputs]);
            }
        }
        *fresh = false;
        window.extend_from_slice(x);
        if dilation == 1 {
            kernels::linear_strided(isa, y, window, stride * inputs, &self.weight, &self.bias);
        } else {
            gathered.clear();
            for frame in 0..y.len() / outputs {
                for tap in 0..kernel {
                    let at = (frame * stride + tap * dilation) * inputs;
                    gathered.extend_from_slice(&window[at..at + inputs]);
                }
            }
            kernels::linear(isa, y, gathered, &self.weight, &self.bias);
        }
        window.drain(..x.len());
    }
}

/// PyTorch's `ConvTranspose1d` with a kernel of whole strides, cut where later input frames would add to it.
#[derive(Debug)]
pub(crate) struct TransposedConv {
    inputs: usize,
    /// Input frames that an output frame sees.
    taps: usize,
    /// `[stride * outputs, taps * inputs]`
    weight: PackedMatrix,
    /// `[stride * outputs]`: the bias, once for each frame
    bias: Vec<f32>,
}

/// The input frames that later output frames see too, `[taps - 1 + frames of the call, inputs]`.
#[derive(Debug, Clone)]
pub(crate) struct TransposedConvState {
    window: Vec<f32>,
}

impl TransposedConv {
    /// `weight` `[inputs, outputs, taps * stride]` and `bias` `[outputs]` below `scope`.
    pub(crate) fn load(
        scope: &Scope<'_>,
        inputs: usize,
        outputs: usize,
        stride: usize,
        taps: usize,
    ) -> Result<Self, WeightsError> {
        let kernel = taps * stride;
        let weight = scope.tensor("weight", [inputs, outputs, kernel])?;
        let weight = weight.packed_by(stride * outputs, taps * inputs, |row, column| {
            let (frame, output) = (row / outputs, row % outputs);
            // the newest frame stands last and is turned into the first taps
            let (age, input) = (taps - 1 - column / inputs, column % inputs);
            (input * outputs + output) * kernel + frame + age * stride
        })?;
        let bias = scope.tensor("bias", [outputs])?.to_f32()?.repeat(stride);
        Ok(Self { inputs, taps, weight, bias })
    }

    /// Nothing heard yet.
    pub(crate) fn start(&self) -> TransposedConvState {
        TransposedConvState { window: vec![0.0; (self.taps - 1) * self.inputs] }
    }

    /// `x` `[frames, inputs]` into `y` `[stride * frames, outputs]`.
    pub(crate) fn step(&self, isa: Isa, state: &mut TransposedConvState, x: &[f32], y: &mut Vec<f32>) {
        y.resize(x.len() / self.inputs * self.bias.len(), 0.0);
        state.window.extend_from_slice(x);
        kernels::linear_strided(isa, y, &state.window, self.inputs, &self.weight, &self.bias);
        state.window.drain(..x.len());
    }
}

/// A [`TransposedConv`] of two strides in which channels do not mix, without a bias.
#[derive(Debug)]
pub(crate) struct TransposedDepthwise {
    channels: usize,
    stride: usize,
    /// `[2 stride, channels]`
    weight: Vec<f32>,
}

/// The input frame before, `[channels]`.
#[derive(Debug, Clone)]
pub(crate) struct TransposedDepthwiseState {
    before: Vec<f32>,
}

impl TransposedDepthwise {
    /// `weight` `[channels, 1, 2 stride]` below `scope`.
    pub(crate) fn load(scope: &Scope<'_>, channels: usize, stride: usize) -> Result<Self, WeightsError> {
        let kernel = 2 * stride;
        let by_channel = scope.tensor("weight", [channels, 1, kernel])?.to_f32()?;
        let weight = (0..kernel * channels).map(|i| by_channel[i % channels * kernel + i / channels]).collect();
        Ok(Self { channels, stride, weight })
    }

    /// Nothing heard yet.
    pub(crate) fn start(&self) -> TransposedDepthwiseState {
        TransposedDepthwiseState { before: vec![0.0; self.channels] }
    }

    /// `x` `[frames, channels]` into `y` `[stride * frames, channels]`.
    pub(crate) fn step(&self, isa: Isa, state: &mut TransposedDepthwiseState, x: &[f32], y: &mut Vec<f32>) {
        y.clear();
        let (now, late) = self.weight.split_at(self.stride * self.channels);
        for frame in x.chunks_exact(self.channels) {
            for (now, late) in now.chunks_exact(self.channels).zip(late.chunks_exact(self.channels)) {
                let at = y.len();
                y.extend_from_slice(frame);
                kernels::mul(isa, &mut y[at..], now);
                for ((y, x), w) in y[at..].iter_mut().zip(&state.before).zip(late) {
                    *y += x * w;
                }
            }
            state.before.copy_from_slice(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::{RandomWeights, chunkings, signal};

    /// What `step` makes of `input`, the same in every chunking of units of `unit` values.
    fn in_any_chunking<S: Clone>(
        input: &[f32],
        unit: usize,
        start: S,
        step: impl Fn(&mut S, &[f32]) -> Vec<f32>,
    ) -> Vec<f32> {
        let whole = step(&mut start.clone(), input);
        for chunks in chunkings(input.len() / unit) {
            let (mut state, mut output, mut rest) = (start.clone(), Vec::new(), input);
            for frames in chunks {
                let (now, later) = rest.split_at(frames * unit);
                output.extend(step(&mut state, now));
                rest = later;
            }
            assert_eq!(output, whole);
        }
        whole
    }

    #[test]
    fn a_convolution_equals_its_definition_in_any_chunking() {
        let cases =
            [(5, 1, 1, Before::Zeros), (3, 1, 2, Before::Zeros), (8, 4, 1, Before::Zeros), (8, 4, 1, Before::First)];
        for (kernel, stride, dilation, before) in cases {
            let (inputs, outputs, frames) = (3, 5, 12 * stride);
            let mut random = RandomWeights::new(4);
            let w = random.tensor("weight", &[outputs, inputs, kernel]);
            let b = random.tensor("bias", &[outputs]);
            let weights = random.finish();
            let config = ConvConfig { inputs, outputs, kernel, stride, dilation, bias: true, before };
            let conv = Conv::load(&weights.root(), config).unwrap();
            let x = signal(frames, inputs);
            for isa in Isa::available() {
                let found = in_any_chunking(&x, stride * inputs, conv.start(), |state, x| {
                    let mut y = Vec::new();
                    conv.step(isa, state, x, &mut y);
                    y
                });
                for t in 0..frames / stride {
                    for o in 0..outputs {
                        let mut sum = f64::from(b[o]);
                        for tap in 0..kernel {
                            let at = (t * stride + stride - 1) as isize - ((kernel - 1 - tap) * dilation) as isize;
                            let first = before == Before::First;
                            for c in 0..inputs {
                                let x = match usize::try_from(at) {
                                    Ok(at) => x[at * inputs + c],
                                    Err(_) => {
                                        if first {
                                            x[c]
                                        } else {
                                            0.0
                                        }
                                    }
                                };
                                sum += f64::from(w[(o * inputs + c) * kernel + tap]) * f64::from(x);
                            }
                        }
                        assert!((f64::from(found[t * outputs + o]) - sum).abs() < 1e-5, "{}", isa.name());
                    }
                }
            }
        }
    }
    #[test]
    fn transposed_ones_equal_their_definition_in_any_chunking() {
        let (inputs, outputs, stride, taps, frames) = (4, 3, 5, 2, 7);
        let mut random = RandomWeights::new(5);
        let w = random.tensor("dense.weight", &[inputs, outputs, taps * stride]);
        let b = random.tensor("dense.bias", &[outputs]);
        let d = random.tensor("depthwise.weight", &[inputs, 1, 2 * stride]);
        let weights = random.finish();
        let dense = TransposedConv::load(&weights.root().at("dense"), inputs, outputs, stride, taps).unwrap();
        let depthwise = TransposedDepthwise::load(&weights.root().at("depthwise"), inputs, stride).unwrap();
        let x = signal(frames, inputs);
        // every input frame adds its weights to the frames from its place on
        let scatter = |outputs: usize, weight: &dyn Fn(usize, usize, usize) -> f32| {
            let mut y = vec![0.0f64; (frames + taps - 1) * stride * outputs];
            for t in 0..frames {
                for (c, o, k) in (0..inputs * outputs * taps * stride)
                    .map(|i| (i % inputs, i / inputs % outputs, i / inputs / outputs))
                {
                    y[(t * stride + k) * outputs + o] += f64::from(x[t * inputs + c]) * f64::from(weight(c, o, k));
                }
            }
            y.truncate(frames * stride * outputs);
            y
        };
        let kernel = taps * stride;
        let want_dense = scatter(outputs, &|c, o, k| w[(c * outputs + o) * kernel + k]);
        let want_depthwise = scatter(inputs, &|c, o, k| if c == o { d[c * kernel + k] } else { 0.0 });
        for isa in Isa::available() {
            let found = in_any_chunking(&x, inputs, dense.start(), |state, x| {
                let mut y = Vec::new();
                dense.step(isa, state, x, &mut y);
                y
            });
            for (i, (found, want)) in found.iter().zip(want_dense.iter()).enumerate() {
                let want = want + f64::from(b[i % outputs]);
                assert!((f64::from(*found) - want).abs() < 1e-5, "{}: {found} {want}", isa.name());
            }
            let found = in_any_chunking(&x, inputs, depthwise.start(), |state, x| {
                let mut y = Vec::new();
                depthwise.step(isa, state, x, &mut y);
                y
            });
            assert!(found.iter().zip(&want_depthwise).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
        }
    }
}
