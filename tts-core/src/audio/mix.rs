//! Packets of any number of channels to one channel, with an account of what was heard.

use super::{AudioError, SECONDS_MAX};

/// Floating-point files may pass full scale; by more than 24 dB they are on another scale.
const PEAK_MAX: f32 = 16.0;
/// Half a step of 16 bits: below it a file is silent.
const PEAK_MIN: f32 = 0.5 / 32768.0;
/// Whatever the rate, no more samples are kept: those of 48 kHz.
const SAMPLES_MAX: usize = SECONDS_MAX as usize * 48_000;

/// Samples as they come together.
pub(super) struct Mix<'o> {
    origin: &'o str,
    rate: u32,
    samples: Vec<f32>,
    peak: f32,
}

impl<'o> Mix<'o> {
    pub(super) fn new(origin: &'o str, rate: u32) -> Self {
        Self { origin, rate, samples: Vec::new(), peak: 0.0 }
    }

    /// Adds interleaved samples of `channels` channels. `false`: no more are wanted.
    ///
    /// # Errors
    /// At the first sample that is not a number.
    pub(super) fn push(&mut self, interleaved: &[f32], channels: usize) -> Result<bool, AudioError> {
        let most = SAMPLES_MAX.min(SECONDS_MAX as usize * self.rate as usize);
        let share = 1.0 / channels.max(1) as f32;
        for frame in interleaved.chunks_exact(channels.max(1)) {
            if self.samples.len() >= most {
                return Ok(false);
            }
            let mut sum = 0.0;
            for &value in frame {
                if !value.is_finite() {
                    return Err(AudioError::NotFinite {
                        origin: self.origin.to_owned(),
                        seconds: self.samples.len() as f64 / f64::from(self.rate),
                        value,
                    });
                }
                self.peak = self.peak.max(value.abs());
                sum += value * share;
            }
            self.samples.push(sum);
        }
        Ok(true)
    }

    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// All samples, if they are sound.
    ///
    /// # Errors
    /// If there are none, they are silent or on another scale.
    pub(super) fn finish(self) -> Result<Vec<f32>, AudioError> {
        let origin = || self.origin.to_owned();
        if self.samples.is_empty() {
            return Err(AudioError::Empty { origin: origin() });
        }
        if self.peak < PEAK_MIN {
            let seconds = self.samples.len() as f64 / f64::from(self.rate);
            return Err(AudioError::Silent { origin: origin(), seconds });
        }
        if self.peak > PEAK_MAX {
            return Err(AudioError::Scale { origin: origin(), peak: self.peak });
        }
        Ok(self.samples)
    }
}
