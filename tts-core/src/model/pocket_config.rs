//! The YAML that comes with a checkpoint of Pocket TTS, checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ConfigError;
use crate::codec::mimi::MimiConfig;
use crate::flow::pocket::PocketLmConfig;

/// Configurations longer than this are refused unread.
pub(crate) const YAML_MAX: usize = 1 << 20;

/// The whole file; mirrors `utils/config.py` of the reference.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PocketConfig {
    pub(crate) flow_lm: PocketLmConfig,
    pub(crate) mimi: MimiConfig,
    /// One file of all weights.
    pub(crate) weights_path: Option<String>,
    /// The same without the encoder.
    pub(crate) weights_path_without_voice_cloning: Option<String>,
    /// Eight spaces before texts of fewer than five words.
    #[serde(default)]
    pub(crate) pad_with_spaces_for_short_inputs: bool,
    #[serde(default)]
    pub(crate) remove_semicolons: bool,
    #[serde(default = "yes")]
    pub(crate) append_terminal_punctuation: bool,
    #[serde(default = "yes")]
    pub(crate) capitalize_first_letter: bool,
    /// Characters to what stands in their place.
    #[serde(default)]
    pub(crate) replace_characters: BTreeMap<char, String>,
    /// Frames after the end of speech was found.
    pub(crate) model_recommended_frames_after_eos: Option<usize>,
    #[serde(default = "temperature")]
    pub(crate) default_temperature: f32,
    #[serde(default = "end")]
    pub(crate) default_eos_threshold: f32,
}

fn yes() -> bool {
    true
}

fn temperature() -> f32 {
    0.3
}

fn end() -> f32 {
    -4.0
}

impl PocketConfig {
    /// `origin` names the file in messages.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self, ConfigError> {
        let wrong = |what: String| ConfigError { origin: origin.to_owned(), what };
        if text.len() > YAML_MAX {
            return Err(wrong(format!("it has {} bytes, expected at most {YAML_MAX}", text.len())));
        }
        let config: Self = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
        config.validate().map_err(wrong)?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        self.flow_lm.validate()?;
        self.mimi.validate()?;
        if !(0.0..=4.0).contains(&self.default_temperature) {
            return Err(format!("default_temperature is {}, expected 0 to 4", self.default_temperature));
        }
        if !self.default_eos_threshold.is_finite() {
            return Err(format!("default_eos_threshold is {}, expected a number", self.default_eos_threshold));
        }
        if self.model_recommended_frames_after_eos.is_some_and(|frames| frames > 1000) {
            return Err("model_recommended_frames_after_eos is over 1000".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "needs a folder of configurations: TTS_POCKET_CONFIGS"]
    fn released_configurations_are_read() {
        let folder = std::env::var_os("TTS_POCKET_CONFIGS").expect("TTS_POCKET_CONFIGS");
        let paths: Vec<_> =
            std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
        let configs: Vec<_> = paths.iter().filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
        assert!(!configs.is_empty());
        for path in configs {
            let text = std::fs::read_to_string(path).expect("file");
            if let Err(error) = PocketConfig::parse(&path.display().to_string(), &text) {
                panic!("{error}");
            }
        }
    }
}
