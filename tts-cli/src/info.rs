//! `tts info`: what would run here.

use serde::Serialize;
use tts_core::Engine;

use crate::args::InfoArgs;
use crate::exit::{Exit, OrExit};
use crate::message::{self, JsonPlace};
use crate::request::EngineRequest;

#[derive(Serialize)]
struct Info<'i> {
    version: &'static str,
    isa: &'i str,
    threads: usize,
    sample_rate: u32,
    model: &'i str,
    fingerprint: String,
    weight_bytes: u64,
    voices: usize,
}

/// Prints version, instruction set, threads and model.
///
/// # Errors
/// If the model cannot be used or standard output not be written.
pub(crate) fn run(args: InfoArgs) -> anyhow::Result<Exit> {
    let InfoArgs { model, threads, json } = args;
    let engine = EngineRequest::of_model(model, threads).engine()?;
    let found = engine.info();
    let info = Info {
        version: env!("CARGO_PKG_VERSION"),
        isa: found.isa,
        threads: found.threads,
        sample_rate: found.sample_rate.0,
        model: &found.model,
        fingerprint: found.fingerprint.to_string(),
        weight_bytes: found.weight_bytes,
        voices: Engine::shipped_voices().or_exit(Exit::Internal, "cannot list the built-in voices")?.len(),
    };
    if json {
        message::json(JsonPlace::Stdout, &info)?;
    } else {
        let Info { version, isa, threads, sample_rate, model, fingerprint, weight_bytes, voices } = info;
        let megabytes = weight_bytes as f64 / 1e6;
        message::output(&format!(
            "tts          {version}\nCPU          {isa}, {threads} thread(s)\nmodel        {model}, {megabytes:.1} MB of weights\n\
             fingerprint  {fingerprint}\nsound        {sample_rate} Hz, mono\nvoices       {voices} built in\n"
        ))?;
    }
    Ok(Exit::Done)
}
