//! Who speaks: what is common to all that a person says, in every mood.

use crate::units::Fingerprint;

/// A speaker, as one model knows speakers. Holds nothing of how any one utterance was spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct Timbre {
    /// The embedding.
    pub(crate) values: Vec<f32>,
    /// Habitual pitch: mean of ln(F0 / Hz).
    pub(crate) mean_log_f0: f32,
    /// Usual range: standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: f32,
    /// The weights that made the embedding and can read it.
    pub(crate) fingerprint: Fingerprint,
}

impl Timbre {
    /// The embedding.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Habitual pitch in Hz.
    #[must_use]
    pub fn pitch_hz(&self) -> f32 {
        self.mean_log_f0.exp()
    }

    /// The weights that made the embedding and can read it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}
