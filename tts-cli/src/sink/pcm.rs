//! Samples to little-endian bytes.

use clap::ValueEnum;

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum SampleFormat {
    /// Signed 16-bit integers.
    #[default]
    S16,
    /// 32-bit floats.
    F32,
}

impl SampleFormat {
    /// Bytes of one sample.
    pub(crate) const fn bytes(self) -> u16 {
        match self {
            Self::S16 => 2,
            Self::F32 => 4,
        }
    }
}

/// Writes samples and counts those that were too loud.
#[derive(Debug)]
pub(crate) struct Encoder {
    format: SampleFormat,
    clipped: u64,
}

impl Encoder {
    /// An encoder that has seen nothing yet.
    pub(crate) fn new(format: SampleFormat) -> Self {
        Self { format, clipped: 0 }
    }

    /// The format it writes.
    pub(crate) fn format(&self) -> SampleFormat {
        self.format
    }

    /// Replaces `bytes` by the encoded `samples`.
    ///
    /// Integers are rounded to the nearest of ±32767; what lies beyond -1..1, or is not a number, is held at the end of
    /// the range (or at 0) and counted. Floats are written as they are.
    pub(crate) fn encode(&mut self, samples: &[f32], bytes: &mut Vec<u8>) {
        bytes.clear();
        match self.format {
            SampleFormat::S16 => {
                for &sample in samples {
                    self.clipped += u64::from(sample.is_nan() || sample.abs() > 1.0);
                    // A cast from float to integer saturates, and turns what is not a number into 0.
                    let value = (sample.clamp(-1.0, 1.0) * 32767.0).round() as i16;
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
            SampleFormat::F32 => {
                for sample in samples {
                    bytes.extend_from_slice(&sample.to_le_bytes());
                }
            }
        }
    }

    /// What should be said about clipping.
    pub(crate) fn warnings(&self) -> Vec<String> {
        match self.clipped {
            0 => Vec::new(),
            1 => vec!["1 sample was too loud for 16 bits and was clipped".to_owned()],
            n => vec![format!("{n} samples were too loud for 16 bits and were clipped")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(format: SampleFormat, samples: &[f32]) -> (Vec<u8>, usize) {
        let mut encoder = Encoder::new(format);
        let mut bytes = vec![1, 2, 3];
        encoder.encode(samples, &mut bytes);
        (bytes, encoder.warnings().len())
    }

    #[test]
    fn integers_are_rounded_and_held() {
        let half = 0.5 / 32767.0;
        let cases = [
            (0.0, 0, false),
            (1.0, 32767, false),
            (-1.0, -32767, false),
            (half * 0.9, 0, false),
            (half * 1.1, 1, false),
            (-half * 1.1, -1, false),
            (1.0001, 32767, true),
            (-7.0, -32767, true),
            (f32::INFINITY, 32767, true),
            (f32::NAN, 0, true),
        ];
        for (sample, expected, clips) in cases {
            let (bytes, warnings) = encoded(SampleFormat::S16, &[sample]);
            assert_eq!(i16::from_le_bytes([bytes[0], bytes[1]]), expected, "{sample}");
            assert_eq!((bytes.len(), warnings > 0), (2, clips), "{sample}");
        }
    }

    #[test]
    fn floats_are_kept_bit_for_bit() {
        let samples = [0.1, -2.5, 1e-30];
        let (bytes, warnings) = encoded(SampleFormat::F32, &samples);
        let back: Vec<_> = bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert_eq!((back.as_slice(), warnings), (samples.as_slice(), 0));
    }
}
