//! Who speaks: what is common to all that a person says, in every mood.

use super::file::VoiceError;
use crate::units::Fingerprint;

/// A speaker, as one model knows speakers. Holds nothing of how any one utterance was spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct Timbre {
    /// The embedding.
    pub(crate) values: Vec<f32>,
    /// What the speaker has of their own in each kind of sound: `[kinds, bands]`, or empty.
    pub(crate) own: Vec<f32>,
    /// Habitual pitch: mean of ln(F0 / Hz).
    pub(crate) mean_log_f0: f32,
    /// Usual range: standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: f32,
    /// The weights that made the embedding and can read it.
    pub(crate) fingerprint: Fingerprint,
}

impl Timbre {
    /// A speaker between speakers: the weighted mean of the embeddings, as long as theirs are in the weighted mean (a mean
    /// of directions is shorter than they are), the weighted geometric mean of the pitches. Weights need not sum to 1.
    ///
    /// # Errors
    /// [`VoiceError::Mix`] if there is no part, a weight is not a positive number, the parts were made by different
    /// encoders, or they cancel out.
    pub fn mix(parts: &[(&Self, f32)]) -> Result<Self, VoiceError> {
        let fail = |what: String| Err(VoiceError::Mix { what });
        let Some((first, _)) = parts.first() else { return fail("none was given".to_owned()) };
        let most = parts.iter().map(|(timbre, _)| timbre.own.len()).max().unwrap_or_default();
        for (timbre, weight) in parts {
            if !(weight.is_finite() && *weight > 0.0) {
                return fail(format!("a weight is {weight}, expected a number above 0"));
            }
            let fits = timbre.values.len() == first.values.len() && [0, most].contains(&timbre.own.len());
            if timbre.fingerprint != first.fingerprint || !fits {
                return fail(format!(
                    "one was made by the encoder {}, another by {}; clone one of them again",
                    first.fingerprint, timbre.fingerprint
                ));
            }
        }
        // who has nothing of their own is as everybody
        let own = |timbre: &Self, i: usize| timbre.own.get(i).copied().unwrap_or_default();
        let sum: f32 = parts.iter().map(|(_, weight)| weight).sum();
        let mean =
            |of: &dyn Fn(&Self) -> f32| parts.iter().map(|(timbre, weight)| weight / sum * of(timbre)).sum::<f32>();
        let mut values: Vec<f32> = (0..first.values.len()).map(|i| mean(&|timbre| timbre.values[i])).collect();
        let (length, expected) = (norm(&values), mean(&|timbre| norm(&timbre.values)));
        if parts.len() > 1 {
            if length < 0.05 * expected || !sum.is_finite() {
                return fail("they are opposites and cancel out; choose other weights".to_owned());
            }
            values.iter_mut().for_each(|value| *value *= expected / length.max(f32::MIN_POSITIVE));
        } else {
            values.clone_from(&first.values);
        }
        Ok(Self {
            values,
            own: (0..most).map(|i| mean(&|timbre| own(timbre, i))).collect(),
            mean_log_f0: mean(&|timbre| timbre.mean_log_f0),
            sd_log_f0: mean(&|timbre| timbre.sd_log_f0),
            fingerprint: first.fingerprint,
        })
    }

    /// The same speaker with another habitual pitch; it is for whoever writes a voice file to refuse what no voice has.
    #[must_use]
    pub fn with_pitch_hz(&self, hz: f32) -> Self {
        Self { mean_log_f0: hz.ln(), ..self.clone() }
    }

    /// What the speaker has of their own in each kind of sound, `[kinds, bands]`, as a canonical envelope relative to the embedding's (docs/MODEL.md);
    /// empty if it is not known.
    #[must_use]
    pub fn own(&self) -> &[f32] {
        &self.own
    }

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

    /// Usual range of the pitch: standard deviation in semitones.
    #[must_use]
    pub fn pitch_deviation(&self) -> f32 {
        self.sd_log_f0 * 12.0 / std::f32::consts::LN_2
    }

    /// The weights that made the embedding and can read it.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|v| v * v).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timbre(values: [f32; 2], hz: f32) -> Timbre {
        Timbre {
            values: values.to_vec(),
            own: Vec::new(),
            mean_log_f0: hz.ln(),
            sd_log_f0: 0.2,
            fingerprint: Fingerprint(7),
        }
    }

    #[test]
    fn a_mix_lies_between_and_is_as_long() {
        let (a, b) = (timbre([1.0, 0.0], 100.0), timbre([0.0, 1.0], 400.0));
        let half = Timbre::mix(&[(&a, 2.0), (&b, 2.0)]).unwrap();
        assert!((norm(half.values()) - 1.0).abs() < 1e-6 && (half.values()[0] - half.values()[1]).abs() < 1e-6);
        assert!((half.pitch_hz() - 200.0).abs() < 0.01, "{}", half.pitch_hz());
        let most = Timbre::mix(&[(&a, 0.9), (&b, 0.1)]).unwrap();
        assert!(most.values()[0] > 0.9 && most.pitch_hz() < 120.0);
        assert_eq!(Timbre::mix(&[(&a, 0.3)]).unwrap().values, a.values);
        let known = Timbre { own: vec![0.4, -0.8], ..b };
        assert_eq!(Timbre::mix(&[(&a, 3.0), (&known, 1.0)]).unwrap().own, [0.1, -0.2]);
    }

    #[test]
    fn what_cannot_be_mixed_is_refused() {
        let a = timbre([1.0, 0.0], 100.0);
        let opposite = timbre([-1.0, 0.0], 100.0);
        let other = Timbre { fingerprint: Fingerprint(8), ..a.clone() };
        let cases: [(&[(&Timbre, f32)], &str); 5] = [
            (&[], "none"),
            (&[(&a, 0.0), (&a, 1.0)], "a weight is 0"),
            (&[(&a, f32::NAN)], "a weight is NaN"),
            (&[(&a, 1.0), (&other, 1.0)], "0000000000000007, another by 0000000000000008"),
            (&[(&a, 1.0), (&opposite, 1.0)], "cancel out"),
        ];
        for (parts, expected) in cases {
            let error = Timbre::mix(parts).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
