//! Convolution over a whole sequence, centred: every output sees both sides. Not a streaming layer.

use crate::kernels::{self, Isa, PackedMatrix};
use crate::weights::{Scope, WeightsError};

/// PyTorch's `Conv1d(channels, outputs, k, padding = k / 2)` on `[frames, channels]` signals, as one matrix product:
/// in this layout the window of an output frame is contiguous.
#[derive(Debug)]
pub(crate) struct CentredConv1d {
    /// `[outputs, kernel * channels]`
    weight: PackedMatrix,
    /// `[outputs]`
    bias: Vec<f32>,
    channels: usize,
    kernel: usize,
}

impl CentredConv1d {
    /// `scope.weight` `[outputs, channels, kernel]` and `scope.bias` `[outputs]`; `kernel` is odd.
    pub(crate) fn load(
        scope: &Scope<'_>,
        channels: usize,
        outputs: usize,
        kernel: usize,
    ) -> Result<Self, WeightsError> {
        let weight = scope.tensor("weight", [outputs, channels, kernel])?;
        let weight = weight.packed_by(outputs, kernel * channels, |o, column| {
            let (tap, channel) = (column / channels, column % channels);
            (o * channels + channel) * kernel + tap
        })?;
        Ok(Self { weight, bias: scope.tensor("bias", [outputs])?.to_f32()?, channels, kernel })
    }

    /// `x` `[frames, channels]` into `y` `[frames, outputs]`; `padded` is scratch.
    pub(crate) fn apply(&self, isa: Isa, y: &mut [f32], x: &[f32], padded: &mut Vec<f32>) {
        let side = self.kernel / 2 * self.channels;
        padded.clear();
        padded.resize(side, 0.0);
        padded.extend_from_slice(x);
        padded.resize(x.len() + 2 * side, 0.0);
        kernels::linear_strided(isa, y, padded, self.channels, &self.weight, &self.bias);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::RandomWeights;

    #[test]
    fn equals_the_definition() {
        let (frames, channels, outputs, kernel) = (7, 3, 5, 5);
        let mut random = RandomWeights::new(1);
        let w = random.tensor("weight", &[outputs, channels, kernel]);
        let b = random.tensor("bias", &[outputs]);
        let weights = random.finish();
        let conv = CentredConv1d::load(&weights.root(), channels, outputs, kernel).unwrap();
        let x: Vec<f32> = (0..frames * channels).map(|i| (i as f32).sin()).collect();
        let mut y = vec![0.0; frames * outputs];
        conv.apply(Isa::detect(), &mut y, &x, &mut Vec::new());
        for t in 0..frames {
            for o in 0..outputs {
                let mut sum = f64::from(b[o]);
                for tap in 0..kernel {
                    if let Some(s) = (t + tap).checked_sub(kernel / 2).filter(|&s| s < frames) {
                        for c in 0..channels {
                            sum += f64::from(w[(o * channels + c) * kernel + tap]) * f64::from(x[s * channels + c]);
                        }
                    }
                }
                assert!((f64::from(y[t * outputs + o]) - sum).abs() < 1e-5);
            }
        }
    }
}
