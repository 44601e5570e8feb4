//! One model per family, each loaded from one weights file and its config.toml (level 5).
//!
//! May import: everything below; of the level above nothing.

pub(crate) mod native;
mod native_config;
mod native_manner;
pub(crate) mod native_text;
pub(crate) mod pocket;
pub(crate) mod pocket_config;
pub(crate) mod pocket_files;
#[cfg(feature = "oracle")]
pub mod pocket_oracle;
pub(crate) mod pocket_speech;
pub(crate) mod pocket_watch;
pub(crate) mod pocket_wording;

#[cfg(feature = "oracle")]
pub use native::oracle;
pub use native_config::ConfigError;
pub(crate) use native_config::{CONFIG_MAX, NativeConfig};
#[cfg(feature = "measure")]
pub use pocket::measure;
pub use pocket::precision::{PocketPrecision, Precision, PrecisionError};
pub use pocket::voice::{PocketVoiceError, VoiceLayout};
pub(crate) use pocket_config::{PocketConfig, YAML_MAX};
pub use pocket_watch::Fault;
