//! `tts models get`: says what will come, then brings it.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use super::args::GetArgs;
use super::catalogue::{self, Listed, Model, Part};
use super::companions::{YAML_MAX, companions, is_config};
use super::error::FetchError;
use super::pins::Witness;
use super::store::{Found, Promise, Store, Whose};
use super::{known, known_voice, uri::Uri};
use crate::exit::{Exit, Failure};
use crate::message::{self, Loudness};
use crate::progress::{self, Progress};
use crate::{interrupt, models};

/// Downloads a model or a file.
///
/// # Errors
/// With exit code 3 if it does not exist, is not given or is not what it was, 4 if it cannot be written.
pub(crate) fn run(args: &GetArgs) -> anyhow::Result<Exit> {
    message::set_loudness(if args.quiet { Loudness::Quiet } else { Loudness::Normal });
    interrupt::listen()?;
    if args.name.contains("://") {
        return file(args);
    }
    if is_config(&args.name) {
        return local(args);
    }
    let model = known(&args.name)?;
    let store = open(args)?;
    let weights = if args.without_cloning { Part::WithoutCloning } else { Part::Weights };
    let mut files = vec![model.file(Part::Tokenizer), model.file(weights)];
    for name in voices(model, &args.voice)? {
        files.push(known_voice(model, name)?);
    }
    announce(&store, model, args.without_cloning);
    let mut plan = Vec::with_capacity(files.len());
    for file in files {
        plan.push(ask(&store, file).map_err(|error| with_way_out(error, model, args))?);
    }
    if args.dry_run {
        return Ok(Exit::Done);
    }
    for (file, promise) in &plan {
        bring(&store, file, promise, !args.quiet).map_err(|error| with_way_out(error, model, args))?;
    }
    message::hint(&format!("{} is here; tts models path {0} says where", model.name));
    Ok(Exit::Done)
}

fn open(args: &GetArgs) -> anyhow::Result<Store> {
    let store = Store::open(args.offline).map_err(|error| error.with_hint(""))?;
    if !store.private() && !args.offline {
        message::warning("HF_ENDPOINT is not https: nothing shows who answers, and no token is sent");
    }
    Ok(store)
}

/// The voices asked for, and the one that speaks otherwise.
fn voices<'v>(model: &Model, asked: &'v [String]) -> anyhow::Result<Vec<&'v str>> {
    if asked.iter().any(|name| name == "all") {
        return Ok(catalogue::VOICES.iter().map(|(name, _)| *name).collect());
    }
    let mut names = vec![model.default_voice()];
    for name in asked {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    Ok(names)
}

fn announce(store: &Store, model: &Model, without_cloning: bool) {
    let Model { name, language, shape, .. } = model;
    let (licence, gate) = (catalogue::LICENCE, catalogue::GATE);
    let access = if without_cloning {
        "without voice cloning, free to download".to_owned()
    } else {
        format!("with voice cloning, gated: terms at {gate}")
    };
    message::hint(&format!("{name}: {language}, {}, {licence}; {access}", shape.words));
    message::hint(&format!("to {}", store.cache().display()));
}

/// What a file is, and a line about it.
fn ask(store: &Store, file: Listed) -> Result<(Listed, Promise), FetchError> {
    if let Some(found) = store.find(&file.uri) {
        message::hint(&format!("{:>10}  {}", "here", file.uri));
        if found.whose == Whose::Shared {
            message::hint(&format!("{:>10}  {}", "", found.path.display()));
        }
        return Ok((file, Promise::default()));
    }
    let promise = store.ask(&file)?;
    let size = promise.bytes.map_or_else(|| "size ?".to_owned(), megabytes);
    message::hint(&format!("{size:>10}  {}", file.uri));
    Ok((file, promise))
}

fn bring(store: &Store, file: &Listed, promise: &Promise, shown: bool) -> Result<Found, FetchError> {
    let here = store.find(&file.uri).is_some();
    let mut line = Line::new(&file.uri, shown);
    let (found, pin) = store.fetch(file, promise, &mut |have, of| line.show(have, of))?;
    line.clear();
    if !here {
        let by = match pin.by {
            Witness::Catalogue => "as the catalogue says",
            Witness::Hub => "as the hub said",
            Witness::FirstDownload | Witness::SharedCache => "nobody vouches for it; pinned",
        };
        message::hint(&format!(
            "got {} ({}), SHA-256 {}, {by}",
            file.uri.file_name(),
            megabytes(pin.bytes),
            pin.sha256
        ));
    }
    Ok(found)
}

/// A gated model has a free one beside it.
fn with_way_out(error: FetchError, model: &Model, args: &GetArgs) -> anyhow::Error {
    let name = model.name;
    let free = format!("Without voice cloning and without an account: tts models get {name} --without-cloning");
    let hint = match &error {
        FetchError::Gated { .. } | FetchError::Missing { .. } if !args.without_cloning => free,
        FetchError::Offline { .. } if !args.without_cloning => {
            format!(
                "With the network: tts models get {name}, or, without voice cloning: tts models get {name} --without-cloning"
            )
        }
        _ => String::new(),
    };
    error.with_hint(&hint)
}

/// One file by its name, and what it names itself if it is a configuration.
fn file(args: &GetArgs) -> anyhow::Result<Exit> {
    let uri = Uri::parse(&args.name).map_err(|error| error.with_hint(""))?;
    let config = is_config(uri.file_name());
    if !args.voice.is_empty() || (args.without_cloning && !config) {
        let text = "--voice goes with a name from tts models list, --without-cloning also with a .yaml, neither with another file";
        return Err(Failure::new(Exit::Usage, text).into());
    }
    let store = open(args)?;
    if args.dry_run {
        ask(&store, Listed { uri, pin: None }).map_err(|error| error.with_hint(""))?;
        return Ok(Exit::Done);
    }
    let mut line = Line::new(&uri, !args.quiet);
    let path = models::fetch(&args.name, args.offline, &mut |have, of| line.show(have, of));
    line.clear();
    let path = path.map_err(|error| error.with_hint(""))?;
    if config {
        bring_named(&store, &path, args)?;
    }
    message::output(&format!("{}\n", path.display()))?;
    Ok(Exit::Done)
}

/// What a configuration on this machine names.
fn local(args: &GetArgs) -> anyhow::Result<Exit> {
    if !args.voice.is_empty() {
        let text = "--voice goes with a name from tts models list, not with a configuration";
        return Err(Failure::new(Exit::Usage, text).into());
    }
    let count = bring_named(&open(args)?, Path::new(&args.name), args)?;
    if !args.dry_run {
        message::hint(&format!("{} names {count} files by an address; all are here", args.name));
    }
    Ok(Exit::Done)
}

/// Brings what the configuration at `path` names by an address; answers how many files that is.
fn bring_named(store: &Store, path: &Path, args: &GetArgs) -> anyhow::Result<usize> {
    let uris = named_in(path, args.without_cloning)?;
    let count = uris.len();
    for uri in uris {
        let (file, promise) = ask(store, Listed { uri, pin: None }).map_err(|error| error.with_hint(""))?;
        if !args.dry_run {
            bring(store, &file, &promise, !args.quiet).map_err(|error| error.with_hint(""))?;
        }
    }
    Ok(count)
}

/// The files that the configuration at `path` names.
fn named_in(path: &Path, without_cloning: bool) -> anyhow::Result<Vec<Uri>> {
    let wrong = |what: String| Failure::new(Exit::Input, format!("the configuration {}: {what}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > YAML_MAX as u64 {
        return Err(wrong(format!("it has {length} bytes, expected at most {YAML_MAX}")).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(companions(&text, without_cloning).map_err(wrong)?)
}

/// How far a file has come, at a terminal.
struct Line {
    progress: Progress,
    name: String,
    begun: Instant,
    first: Option<u64>,
}

impl Line {
    fn new(uri: &Uri, shown: bool) -> Self {
        let progress = Progress::new(shown && io::stderr().is_terminal());
        Self { progress, name: uri.file_name().chars().take(18).collect(), begun: Instant::now(), first: None }
    }

    fn show(&mut self, have: u64, of: Option<u64>) {
        let first = *self.first.get_or_insert(have);
        let (name, seconds) = (&self.name, self.begun.elapsed().as_secs_f64());
        self.progress.show_line(|| line(name, have, of, (have - first.min(have)) as f64 / seconds.max(0.01)));
    }

    fn clear(&mut self) {
        self.progress.clear();
    }
}

fn line(name: &str, have: u64, of: Option<u64>, rate: f64) -> String {
    let bar = of.map_or_else(String::new, |of| progress::bar(have as f64 / of.max(1) as f64));
    format!("{bar}{name}  {}, {:.1} MB/s", megabytes(have), rate / 1e6)
}

/// A size that people read.
pub(super) fn megabytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lines_are_short() {
        assert_eq!([9, 54_321, 225_100_000].map(megabytes), ["9 B", "54 kB", "225.1 MB"]);
        let line = line("model.safetensors", 110 << 30, Some(1 << 40), 1e9);
        assert!(line.len() < 80 && line.contains("11 %"), "{line}");
    }
}
