//! `--engine burn`: the networks written plainly in burn, in a build with the feature `burn`.

use std::path::Path;

use tts_core::EngineOptions;

/// Whether this build can.
///
/// # Errors
/// Says how to make one that can.
pub(crate) fn is_built_in() -> Result<(), &'static str> {
    if cfg!(feature = "burn") {
        return Ok(());
    }
    Err(
        "--engine burn: this tts was built without burn; build it with: cargo build --release -p tts-cli --features burn",
    )
}

/// `options` with burn's networks, from the files that the engine has judged: those in `folder`, else the built-in ones.
///
/// # Errors
/// With [`Exit::Input`] if burn cannot use them.
#[cfg(feature = "burn")]
pub(crate) fn with_networks(options: EngineOptions, folder: Option<&Path>) -> anyhow::Result<EngineOptions> {
    use std::fs;
    use std::sync::Arc;

    use tts_core::Engine;

    use crate::exit::{Exit, OrExit};

    let burn = match folder {
        None => {
            let (weights, config) = Engine::embedded_files();
            tts_burn::Burn::load(weights, config, &tts_burn::flex())
        }
        Some(folder) => {
            let (weights, config) = (folder.join("model.safetensors"), folder.join("config.toml"));
            let unread = |path: &Path| format!("cannot read {}", path.display());
            let bytes = fs::read(&weights).or_exit(Exit::Input, unread(&weights))?;
            let text = fs::read_to_string(&config).or_exit(Exit::Input, unread(&config))?;
            tts_burn::Burn::load(&bytes, &text, &tts_burn::flex())
        }
    };
    let burn = burn.or_exit(Exit::Input, "burn cannot use the model")?;
    Ok(options.with_networks(Arc::new(burn)))
}

/// Always an error: this build has no burn.
#[cfg(not(feature = "burn"))]
pub(crate) fn with_networks(_: EngineOptions, _: Option<&Path>) -> anyhow::Result<EngineOptions> {
    Err(anyhow::Error::msg(is_built_in().err().unwrap_or_default()))
}
