//! `tts models verify`, `path` and `rm`: what is here.

use std::path::Path;

use tts_core::Engine;

use super::args::{PathArgs, RmArgs, VerifyArgs};
use super::catalogue::{self, Listed, MODELS, Model, Part, VOICES};
use super::get::megabytes;
use super::pins::Pins;
use super::store::{Store, Verdict, Whose};
use super::uri::Uri;
use super::{FetchError, known, locate, voice};
use crate::exit::{Exit, Failure, OrExit};
use crate::message;

/// Reads files again and compares their sums.
///
/// # Errors
/// With exit code 3 if one is not what it was, or nothing is here.
pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    if let Some(name) = args.name.as_deref().filter(|name| catalogue::find(name).is_none() && Path::new(name).is_file())
    {
        // a packed file says itself what it should be
        Engine::verify(Path::new(name)).or_exit(Exit::Input, format!("cannot verify {name}"))?;
        message::output(&format!("ok       {name}\n"))?;
        return Ok(Exit::Done);
    }
    let store = store()?;
    let (mut same, mut bad) = (0, 0);
    for file in named(&store, args.name.as_deref())? {
        let Some(found) = store.find(&file.uri) else { continue };
        let verdict = store.check(&file, &found).map_err(|error| error.with_hint(""))?;
        let line = match &verdict {
            Verdict::Same => format!("ok       {}\n", file.uri),
            Verdict::Unknown(sum) => format!("unknown  {}: SHA-256 {sum}, to compare with nothing\n", file.uri),
            Verdict::Other(expected, sum) => {
                format!("WRONG    {}: SHA-256 {sum}, expected {expected}: {}\n", file.uri, found.path.display())
            }
        };
        message::output(&line)?;
        if matches!(verdict, Verdict::Other(..)) { bad += 1 } else { same += 1 }
    }
    match (same, bad, &args.name) {
        (0, 0, Some(name)) => Err(nothing(name)),
        (_, 0, _) => Ok(Exit::Done),
        _ => {
            let text = format!(
                "{bad} of {} files are not what they were: remove them with tts models rm, then get them",
                same + bad
            );
            Err(Failure::new(Exit::Input, text).into())
        }
    }
}

/// Prints where files are.
///
/// # Errors
/// With exit code 3 if they are not here.
pub(crate) fn path(args: &PathArgs) -> anyhow::Result<Exit> {
    if args.name.contains("://") {
        if args.config || args.voice.is_some() {
            let text = "--config and --voice go with a name from tts models list, not with a file";
            return Err(Failure::new(Exit::Usage, text).into());
        }
        let uri = Uri::parse(&args.name).map_err(|error| error.with_hint(""))?;
        let found = store()?.find(&uri).ok_or_else(|| nothing(&args.name))?;
        message::output(&format!("{}\n", found.path.display()))?;
        return Ok(Exit::Done);
    }
    if let Some(name) = &args.voice {
        message::output(&format!("{}\n", voice(&args.name, name)?.display()))?;
        return Ok(Exit::Done);
    }
    let located = locate(&args.name)?;
    if args.config {
        message::output(&located.yaml)?;
    } else {
        message::output(&format!("{}\n{}\n", located.weights.display(), located.tokenizer.display()))?;
    }
    Ok(Exit::Done)
}

/// Removes what was downloaded.
///
/// # Errors
/// With exit code 3 if nothing of it is ours, 4 if it cannot be removed.
pub(crate) fn rm(args: &RmArgs) -> anyhow::Result<Exit> {
    let store = store()?;
    let (mut freed, mut removed) = (0, 0);
    let files = named(&store, Some(&args.name))?;
    // of several names of a model, the one in the catalogue
    let name = catalogue::find(&args.name).map_or(args.name.as_str(), |model| model.name);
    for file in files {
        if shared_by_another(&store, name, &file) {
            message::hint(&format!("kept {}: another model that is here needs it", file.uri));
            continue;
        }
        if let Some(bytes) = store.remove(&file.uri).map_err(|error| error.with_hint(""))? {
            freed += bytes;
            removed += 1;
        }
        if let Some(found) = store.find(&file.uri).filter(|found| found.whose == Whose::Shared) {
            message::hint(&format!("kept {}: it belongs to the hub's own library", found.path.display()));
        }
    }
    if removed == 0 {
        return Err(nothing(&args.name));
    }
    message::hint(&format!("{removed} files removed, {}", megabytes(freed)));
    Ok(Exit::Done)
}

fn store() -> anyhow::Result<Store> {
    Store::open(true).map_err(|error| error.with_hint(""))
}

fn nothing(name: &str) -> anyhow::Error {
    let text = format!("nothing of {} is here; tts models get downloads it", name.escape_debug());
    Failure::new(Exit::Input, text).into()
}

/// The files of a model, the file of a name, or all that are known.
fn named(store: &Store, name: Option<&str>) -> anyhow::Result<Vec<Listed>> {
    match name {
        Some(name) if name.contains("://") => {
            let uri = Uri::parse(name).map_err(|error| error.with_hint(""))?;
            Ok(vec![Listed { uri, pin: None }])
        }
        Some(name) => Ok(files(known(name)?)),
        None => all(store).map_err(|error| error.with_hint("")),
    }
}

fn files(model: &Model) -> Vec<Listed> {
    let parts = [Part::Weights, Part::WithoutCloning, Part::Tokenizer].map(|part| model.file(part));
    parts.into_iter().chain(VOICES.iter().filter_map(|(name, _)| model.voice(name))).collect()
}

/// Of the catalogue, and whatever else was pinned.
fn all(store: &Store) -> Result<Vec<Listed>, FetchError> {
    let mut all: Vec<Listed> = MODELS.iter().flat_map(files).collect();
    for name in Pins::read(store.cache())?.names() {
        if let Ok(uri) = Uri::parse(name) {
            all.push(Listed { uri, pin: None });
        }
    }
    all.sort_by_key(|file| file.uri.to_string());
    all.dedup_by(|a, b| a.uri == b.uri);
    Ok(all)
}

/// Whether a model other than `name` that is here has the file as its tokenizer.
fn shared_by_another(store: &Store, name: &str, file: &Listed) -> bool {
    let here = |model: &&Model| {
        [Part::Weights, Part::WithoutCloning].into_iter().any(|part| store.find(&model.file(part).uri).is_some())
    };
    let others = catalogue::MODELS.iter().filter(|model| model.name != name && !name.contains("://"));
    others.filter(here).any(|model| model.file(Part::Tokenizer).uri == file.uri)
}
