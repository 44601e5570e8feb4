//! Small random weights and signals for the tests of layers.

use crate::weights::Weights;

/// Collects tensors with values in about -0.5..0.5 and hands them out as a safetensors file in memory.
#[derive(Debug)]
pub(crate) struct RandomWeights {
    state: u64,
    header: String,
    data: Vec<u8>,
}

impl RandomWeights {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, header: String::new(), data: Vec::new() }
    }

    /// Adds a tensor and returns its values.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        let from = self.data.len();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.next()).collect();
        self.data.extend(values.iter().flat_map(|v: &f32| v.to_le_bytes()));
        let comma = if self.header.is_empty() { "" } else { "," };
        let (to, shape) = (self.data.len(), format!("{shape:?}"));
        self.header += &format!(r#"{comma}"{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#);
        values
    }

    fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    pub(crate) fn finish(self) -> Weights {
        let header = format!("{{{}}}", self.header);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&self.data);
        Weights::from_bytes("random", bytes).unwrap()
    }
}

/// A smooth `[frames, channels]` signal.
pub(crate) fn signal(frames: usize, channels: usize) -> Vec<f32> {
    (0..frames * channels).map(|i| (i as f32 * 0.37).sin() + 0.3 * (i as f32 * 1.9).cos()).collect()
}

/// Ways to cut `frames` into calls: one by one, in ever larger pieces, halves with an empty call between.
pub(crate) fn chunkings(frames: usize) -> Vec<Vec<usize>> {
    let mut growing = Vec::new();
    let (mut left, mut size) = (frames, 1);
    while left > 0 {
        growing.push(size.min(left));
        left -= size.min(left);
        size += 1;
    }
    vec![vec![1; frames], growing, vec![frames / 2, 0, frames - frames / 2]]
}
