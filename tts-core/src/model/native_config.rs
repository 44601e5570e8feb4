//! config.toml of the native family.

use serde::Deserialize;

use crate::codec::{DecoderConfig, Expression, SAMPLE_RATE};
use crate::flow::FlowConfig;
use crate::speaker::EncoderConfig;

/// Why a config.toml was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{origin}: {what}")]
pub struct ConfigError {
    /// Which file.
    pub origin: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// Longest config.toml that is read, in bytes.
pub(crate) const CONFIG_MAX: usize = 64 << 10;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NativeConfig {
    /// `"native"`
    family: String,
    /// Name of these weights for people.
    pub(crate) name: String,
    /// Samples per second.
    sample_rate: u32,
    /// Latents per second.
    frame_rate: u32,
    /// Names of the phone ids: ARPAbet in lower case, `pau`, `ax` for unstressed `ah`, `<pad>`.
    pub(crate) phones: Vec<String>,
    pub(crate) sampling: SamplingConfig,
    #[serde(default)]
    pub(crate) neutral: NeutralConfig,
    pub(crate) flow_lm: FlowConfig,
    pub(crate) decoder: DecoderConfig,
    /// Weights without it speak with voices but cannot make one.
    pub(crate) speaker_encoder: Option<EncoderConfig>,
}

/// `[sampling]`: what is used where the caller does not choose.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SamplingConfig {
    /// Solver steps a frame.
    pub(crate) steps: usize,
    /// Variance of the noise.
    pub(crate) temperature: f32,
}

/// `[neutral]`: what the model's own speech lacks, as controls that every manner begins with. Sampled at a low temperature, speech is
/// lower and duller than that of the readers it was learned from.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NeutralConfig {
    /// Semitones.
    pitch: f32,
    /// dB of alpha ratio.
    energy: f32,
}

impl NeutralConfig {
    /// What neutral speech is given.
    pub(crate) fn expression(&self) -> Expression {
        let pitch = self.pitch * std::f32::consts::LN_2 / 12.0;
        Expression { pitch, energy: self.energy, ..Expression::NEUTRAL }
    }

    fn validate(&self) -> Result<(), String> {
        let within = |name: &str, value: f32, least: f32, most: f32| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                Err(format!("neutral.{name} is {value}, expected {least} to {most}"))
            }
        };
        within("pitch", self.pitch, -6.0, 6.0)?;
        within("energy", self.energy, -10.0, 10.0)
    }
}

impl NativeConfig {
    /// Parses and validates.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, ConfigError> {
        let fail = |what: String| ConfigError { origin: origin.to_owned(), what };
        if text.len() > CONFIG_MAX {
            return Err(fail(format!("{} bytes long, expected at most {CONFIG_MAX}", text.len())));
        }
        let config: Self = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        config.validate().map_err(fail)?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        if self.family != "native" {
            return Err(format!("family is '{}', expected 'native'", self.family));
        }
        if self.sample_rate != SAMPLE_RATE {
            return Err(format!("sample_rate is {}, expected {SAMPLE_RATE}", self.sample_rate));
        }
        if self.frame_rate != 25 {
            return Err(format!("frame_rate is {}, expected 25", self.frame_rate));
        }
        if !(1..=64).contains(&self.sampling.steps) {
            return Err(format!("sampling.steps is {}, expected 1 to 64", self.sampling.steps));
        }
        if !(0.0..=1.5).contains(&self.sampling.temperature) {
            return Err(format!("sampling.temperature is {}, expected 0 to 1.5", self.sampling.temperature));
        }
        self.neutral.validate()?;
        if self.flow_lm.latent < 3 {
            return Err(format!("flow_lm.latent is {}, expected at least the 3 explicit ones", self.flow_lm.latent));
        }
        self.flow_lm.validate()?;
        self.decoder.validate()?;
        let Some(encoder) = &self.speaker_encoder else { return Ok(()) };
        encoder.validate(self.flow_lm.timbre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../weights/config.toml");

    #[test]
    fn the_shipped_file_is_good() {
        NativeConfig::parse("config.toml", SHIPPED).unwrap();
    }

    #[test]
    fn a_speaker_encoder_must_fit() {
        let with = |timbre, kernel| {
            let numbers =
                format!("dim = 160\nblocks = 4\nkernel = {kernel}\nexpansion = 3\nbands = 70\ntimbre = {timbre}");
            let deaf = SHIPPED.split("[speaker_encoder]").next().unwrap();
            NativeConfig::parse("config.toml", &format!("{deaf}\n[speaker_encoder]\n{numbers}\n"))
        };
        let timbre = NativeConfig::parse("config.toml", SHIPPED).unwrap().flow_lm.timbre;
        assert!(with(timbre, 7).unwrap().speaker_encoder.is_some());
        assert!(with(timbre + 1, 7).unwrap_err().what.contains("expected flow_lm.timbre"));
        assert!(with(timbre, 8).unwrap_err().what.contains("speaker_encoder.kernel is 8"));
    }

    #[test]
    fn a_refiner_must_be_whole() {
        let with = |numbers: &str| {
            let plain = ["[speaker_encoder]", "[decoder.refiner]"]
                .into_iter()
                .fold(SHIPPED, |rest, section| rest.split(section).next().unwrap());
            let refined = format!("{plain}[decoder.refiner]\n{numbers}\n");
            NativeConfig::parse("config.toml", &refined).map(|config| config.decoder.refiner)
        };
        let refiner = with("dim = 224\nblocks = 5\nkernel = 5\nexpansion = 3").unwrap().unwrap();
        assert_eq!((refiner.dim, refiner.blocks), (224, 5));
        for (numbers, expected) in [
            ("dim = 0\nblocks = 5\nkernel = 5\nexpansion = 3", "decoder.refiner.dim is 0"),
            ("dim = 224\nblocks = 65\nkernel = 5\nexpansion = 3", "decoder.refiner.blocks is 65"),
            ("dim = 224\nblocks = 5\nkernel = 5", "expansion"),
            ("dim = 224\nblocks = 5\nkernel = 5\nexpansion = 3\npoints = 1", "points"),
        ] {
            let error = with(numbers).unwrap_err().to_string();
            assert!(error.contains(expected), "{numbers}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("family = \"native\"", "family = \"other\"", "family is 'other'"),
            ("layers = 6", "layers = 1000000000", "flow_lm.layers is 1000000000"),
            ("layers = 6", "layers = 6\nlayerz = 6", "layerz"),
            ("heads = 4", "heads = 3", "not an even multiple"),
            ("steps = 1", "steps = 0", "sampling.steps is 0"),
            ("pitch = 1.5", "pitch = nan", "neutral.pitch is NaN, expected -6 to 6"),
            ("energy = 0.5", "energy = 11", "neutral.energy is 11"),
            ("max_period = 10000.0", "max_period = nan", "max_period"),
            ("kinds = 8", "kinds = 65", "decoder.kinds is 65"),
            ("flow = \"lsd\"", "flow = \"guess\"", "guess"),
            ("subframes = 4", "subframes = 5", "decoder.subframes is 5"),
            ("f0_residual = 0.1", "f0_residual = inf", "f0_residual"),
            ("dim = 256", "dim = -1", "dim"),
        ];
        for (from, to, expected) in cases {
            assert!(SHIPPED.contains(from), "{from}");
            let error = NativeConfig::parse("config.toml", &SHIPPED.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("config.toml"), "{to}: {error}");
        }
        for text in ["", "\0", "family =", &"x".repeat(CONFIG_MAX + 1)] {
            assert!(NativeConfig::parse("config.toml", text).is_err());
        }
    }
}
