//! `tts convert`: a model of Pocket TTS as one file that opens at once.

use serde::Serialize;
use tts_core::{Engine, EngineOptions};

use crate::args::ConvertArgs;
use crate::exit::{Exit, Failure, OrExit};
use crate::message::{self, JsonPlace};
use crate::models;
use crate::request::{by_name, locate, place};
use crate::sink::file;

#[derive(Serialize)]
struct Report {
    output: String,
    bytes: u64,
}

/// Writes the file.
///
/// # Errors
/// With [`Exit::Output`] if it exists or cannot be written, [`Exit::Input`] if the model cannot be used.
pub(crate) fn run(args: &ConvertArgs) -> anyhow::Result<Exit> {
    let ConvertArgs { model, output, precision, force, json } = args;
    let shown = output.display();
    file::check_replace(output, *force)?;
    let options = EngineOptions::default().with_precision(*precision).with_locate(locate(model));
    let written = match by_name(model) {
        Some(name) => {
            let found = models::locate(name)?;
            Engine::convert_yaml(found.name, &found.yaml, &options.with_language(found.language), output)
        }
        None => Engine::convert(&place(model)?, &options, output),
    };
    let bytes = written.map_err(|error| {
        let exit = if matches!(error, tts_core::Error::Packed { .. }) { Exit::Output } else { Exit::Input };
        Failure::new(exit, format!("cannot convert {}: {error}", model.display()))
    })?;
    Engine::verify(output).or_exit(Exit::Output, format!("{shown} was not written as it should be"))?;
    if *json {
        message::json(JsonPlace::Stdout, &Report { output: shown.to_string(), bytes })?;
    } else {
        let megabytes = bytes as f64 / 1e6;
        message::hint(&format!(
            "wrote {shown}, {megabytes:.1} MB; to speak with it: tts say --model {shown} --voice V .."
        ));
    }
    Ok(Exit::Done)
}
