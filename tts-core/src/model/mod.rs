//! One model per family, each loaded from one weights file and its config.toml (level 5).
//!
//! May import: everything below; of the level above nothing.

pub(crate) mod native;
mod native_config;
mod native_manner;
pub(crate) mod native_text;
#[allow(dead_code, reason = "the second family, which is being built")]
pub(crate) mod pocket;
#[allow(dead_code, reason = "the second family, which is being built")]
mod pocket_config;
#[cfg(feature = "oracle")]
pub mod pocket_oracle;

#[cfg(feature = "oracle")]
pub use native::oracle;
pub use native_config::ConfigError;
pub use pocket::voice::PocketVoiceError;
pub(crate) use native_config::{CONFIG_MAX, NativeConfig};
