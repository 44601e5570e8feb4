//! Models that are not part of the program: the released ones of Pocket TTS by name, and files by `hf://` and https names.
//!
//! In: a name of the catalogue ([`catalogue`]) or of a file ([`uri`]). Out: files on this machine. The rest of the command
//! asks [`locate`], [`find`] and [`voice`], which never ask the network. What is here is
//! [`store`]'s business; [`download`] and [`client`] bring what is not. Only `tts models get` ([`get`]) downloads for a
//! person: nothing is fetched by surprise.
//!
//! May import: this room, `exit`, `message`, `progress`, `interrupt` of the command, and of the library what verifies a packed
//! file.

#![cfg_attr(
    not(feature = "download"),
    allow(dead_code, reason = "what only a client needs is read and tested all the same")
)]

mod address;
pub(crate) mod args;
mod catalogue;
#[cfg(feature = "download")]
mod client;
mod companions;
#[cfg(feature = "download")]
mod download;
mod error;
mod get;
mod hash;
mod headers;
mod keep;
#[cfg(test)]
mod laws;
#[cfg(feature = "download")]
mod line;
mod list;
#[cfg(not(feature = "download"))]
mod no_line;
mod pins;
mod places;
mod shape;
mod store;
mod uri;

#[cfg(feature = "download")]
use line as download_or_not;
#[cfg(not(feature = "download"))]
use no_line as download_or_not;

use std::path::{Path, PathBuf};

use args::ModelsCommand;
use catalogue::{Listed, Model, Part};
use store::{Promise, Show, Store};
use uri::Uri;

pub(crate) use companions::is_config;
pub(crate) use error::FetchError;

use crate::exit::{Exit, Failure};

/// A model of the catalogue that is on this machine.
#[derive(Debug)]
pub(crate) struct Located {
    /// Its full name.
    pub(crate) name: &'static str,
    /// ISO 639-1
    pub(crate) language: &'static str,
    /// Its configuration, whose names of files are paths on this machine. Weights without voice cloning stand under
    /// `weights_path_without_voice_cloning` alone.
    pub(crate) yaml: String,
    pub(crate) weights: PathBuf,
    pub(crate) tokenizer: PathBuf,
}

/// Finds a model of the catalogue on this machine. Never asks the network.
///
/// # Errors
/// With exit code 3 if there is no such model, or it is not here: then the error names the command that fetches it, and how
/// much that is.
pub(crate) fn locate(name: &str) -> anyhow::Result<Located> {
    let model = known(name)?;
    let store = Store::open(true).map_err(|error| error.with_hint(""))?;
    located(&store, model)
}

/// The voice of a model of the catalogue where none is asked for.
pub(crate) fn default_voice(name: &str) -> Option<&'static str> {
    known(name).ok().map(Model::default_voice)
}

/// Why a voice of the catalogue is not looked for where the model `model` is no name of it but a file, if `name` is one.
pub(crate) fn voice_elsewhere(model: &str, name: &str) -> Option<String> {
    catalogue::VOICES.iter().find(|(known, _)| *known == name)?;
    let model = catalogue::find(model).map_or("NAME", |model| model.name);
    Some(format!(
        "the voice {name} is of the catalogue, whose voices go with its models by name; for a model by its file give the file \
         of the voice: tts models get {model} --voice {name} downloads it, tts models path {model} --voice {name} says where it is"
    ))
}

fn located(store: &Store, model: &Model) -> anyhow::Result<Located> {
    let here = |part| store.find(&model.file(part).uri).map(|found| found.path);
    let (weights, without, tokenizer) = (here(Part::Weights), here(Part::WithoutCloning), here(Part::Tokenizer));
    let (Some(file), Some(tokenizer)) = (weights.as_ref().or(without.as_ref()), &tokenizer) else {
        return Err(not_here(model));
    };
    let without = without.as_deref().filter(|_| weights.is_none());
    let name = |path: &Path| {
        let name = path.to_str().map(str::to_owned);
        name.ok_or_else(|| Failure::new(Exit::Input, format!("{} is not UTF-8: set TTS_CACHE", path.display())))
    };
    let (with, without) = (weights.as_deref().map(name).transpose()?, without.map(name).transpose()?);
    let config = model.config(with.as_deref(), without.as_deref(), &name(tokenizer)?);
    let Model { name, language, .. } = *model;
    let yaml = catalogue::yaml(&config);
    Ok(Located { name, language, yaml, weights: file.clone(), tokenizer: tokenizer.clone() })
}

fn not_here(model: &Model) -> anyhow::Error {
    let Model { name, .. } = model;
    let (megabytes, gate) = (model.bytes_at_most().div_ceil(1_000_000), catalogue::GATE);
    let text = format!(
        "the model {name} is not on this machine. To download up to {megabytes} MB: tts models get {name} (terms to accept: \
         {gate}), or, without voice cloning and without an account: tts models get {name} --without-cloning"
    );
    Failure::new(Exit::Input, text).into()
}

/// Finds a voice of the catalogue, as a model of the catalogue hears it, on this machine. Never asks the network.
///
/// # Errors
/// With exit code 3 if there is no such model or voice, or it is not here.
pub(crate) fn voice(model: &str, name: &str) -> anyhow::Result<PathBuf> {
    let model = known(model)?;
    let file = known_voice(model, name)?;
    let store = Store::open(true).map_err(|error| error.with_hint(""))?;
    let found = store.find(&file.uri).map(|found| found.path);
    found.ok_or_else(|| {
        let model = model.name;
        let text = format!("the voice {name} of {model} is not on this machine: tts models get {model} --voice {name}");
        Failure::new(Exit::Input, text).into()
    })
}

/// Finds the file of an `hf://` or https name on this machine. Never asks the network.
///
/// # Errors
/// [`FetchError::NotHere`] names the command that downloads it.
pub(crate) fn find(uri: &str) -> Result<PathBuf, FetchError> {
    fetch(uri, true, &mut |_, _| {}).map_err(|error| match error {
        FetchError::Offline { uri, .. } => FetchError::NotHere { uri },
        error => error,
    })
}

/// Finds or downloads the file of an `hf://` or https name; `offline` forbids the latter. `show` hears how many bytes have
/// come, of how many.
///
/// # Errors
/// [`FetchError`], which says what to do.
fn fetch(uri: &str, offline: bool, show: Show<'_>) -> Result<PathBuf, FetchError> {
    let file = Listed { uri: Uri::parse(uri)?, pin: None };
    let store = Store::open(offline)?;
    let promise = if store.find(&file.uri).is_some() { Promise::default() } else { store.ask(&file)? };
    store.fetch(&file, &promise, show).map(|(found, _)| found.path)
}

/// Does what was typed after `tts models`.
///
/// # Errors
/// With exit code 3 for what is not there or not right, 4 for what cannot be written, 2 for variables that make no sense.
pub(crate) fn run(command: ModelsCommand) -> anyhow::Result<Exit> {
    match command {
        ModelsCommand::List(args) => list::run(&args),
        ModelsCommand::Get(args) => get::run(&args),
        ModelsCommand::Verify(args) => keep::verify(&args),
        ModelsCommand::Path(args) => keep::path(&args),
        ModelsCommand::Rm(args) => keep::rm(&args),
    }
}

fn known(name: &str) -> anyhow::Result<&'static Model> {
    catalogue::find(name).ok_or_else(|| {
        let near: Vec<_> = catalogue::MODELS.iter().map(|model| model.name).filter(|known| near(known, name)).collect();
        let near = if near.is_empty() { String::new() } else { format!(" (is it {}?)", near.join(", ")) };
        Failure::new(Exit::Input, format!("there is no model '{}'{near}: see tts models list", name.escape_debug()))
            .into()
    })
}

/// One name begins with the other, or they differ in a letter or two.
fn near(known: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let differing = known.bytes().zip(name.bytes()).filter(|(a, b)| a != b).count() + known.len().abs_diff(name.len());
    differing <= 2 || (name.len() > 2 && known.starts_with(&name)) || known == name
}

fn known_voice(model: &Model, name: &str) -> anyhow::Result<Listed> {
    model.voice(name).ok_or_else(|| {
        let names: Vec<_> = catalogue::VOICES.iter().map(|(name, _)| *name).collect();
        let text =
            format!("there is no voice '{}' in the catalogue, which has {}", name.escape_debug(), names.join(", "));
        Failure::new(Exit::Input, text).into()
    })
}
