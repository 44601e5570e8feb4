//! `tts models list`: what there is, what it costs and what is here.

use serde_json::{Value, json};

use super::catalogue::{self, MODELS, Model, Part, VOICES};
use super::get::megabytes;
use super::pins::Pins;
use super::store::{Found, Store};
use crate::args::ListArgs;
use crate::exit::Exit;
use crate::message::{self, JsonPlace};

/// Lists the catalogue.
///
/// # Errors
/// If the environment makes no sense or standard output cannot be written.
pub(crate) fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let store = Store::open(true).map_err(|error| error.with_hint(""))?;
    if args.json {
        let models = MODELS.iter().map(|model| entry(&store, model)).collect::<Result<Vec<_>, _>>();
        let models = models.map_err(|error| error.with_hint(""))?;
        let voices: Vec<_> = VOICES.iter().map(|(name, origin)| json!({ "name": name, "recording": origin })).collect();
        let all = json!({
            "models": models,
            "voices": voices,
            "voices_page": catalogue::VOICES_PAGE,
            "cache": store.cache(),
        });
        message::json(JsonPlace::Stdout, &all)?;
    } else {
        message::output(&table(&store))?;
    }
    Ok(Exit::Done)
}

fn entry(store: &Store, model: &Model) -> Result<Value, super::FetchError> {
    let pins = Pins::read(store.cache())?;
    let parts = [(Part::Weights, "weights"), (Part::WithoutCloning, "without-cloning"), (Part::Tokenizer, "tokenizer")];
    let file = |(part, name): (Part, &str)| {
        let listed = model.file(part);
        let pin = listed.pin.as_ref().or_else(|| pins.get(&listed.uri.to_string()));
        json!({
            "file": name,
            "uri": listed.uri.to_string(),
            "gated": part == Part::Weights,
            "sha256": pin.map(|pin| &pin.sha256),
            "bytes": pin.map(|pin| pin.bytes),
            "sha256_by": pin.map(|pin| pin.by),
            "path": store.find(&listed.uri).map(|found| found.path),
        })
    };
    Ok(json!({
        "name": model.name,
        "short_name": model.short_name(),
        "language": model.language,
        "kind": model.shape.words,
        "parameters": model.shape.parameters(),
        "weights_bytes_at_most": model.bytes_at_most(),
        "licence": catalogue::LICENCE,
        "terms": catalogue::GATE,
        "default_voice": model.default_voice(),
        "files": parts.map(file),
    }))
}

fn table(store: &Store) -> String {
    let length = |found: &Found| std::fs::metadata(&found.path).map_or(0, |found| found.len());
    let row = |model: &Model| {
        let here = |part| store.find(&model.file(part).uri);
        let (with, without) = (here(Part::Weights), here(Part::WithoutCloning));
        let most = format!("<= {} MB", model.bytes_at_most().div_ceil(1_000_000));
        let size = with.as_ref().or(without.as_ref()).map_or(most, |found| megabytes(length(found)));
        let here = match (with.is_some(), without.is_some(), here(Part::Tokenizer).is_some()) {
            (false, false, _) => "",
            (_, _, false) => "in part",
            (true, _, _) => "yes",
            (false, true, _) => "without cloning",
        };
        [model.name.to_owned(), model.language.to_owned(), model.shape.words.to_owned(), size, here.to_owned()]
    };
    let head = ["NAME", "LANG", "KIND", "SIZE", "HERE"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(MODELS.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [name, language, kind, size] = std::array::from_fn(width);
    let mut table = String::new();
    for [n, l, k, s, here] in &rows {
        table.push_str(format!("{n:name$}  {l:language$}  {k:kind$}  {s:>size$}  {here}").trim_end());
        table.push('\n');
    }
    let short = catalogue::find("english_18m").map_or("", |model| model.name);
    let (licence, gate, page) = (catalogue::LICENCE, catalogue::GATE, catalogue::VOICES_PAGE);
    table.push_str(&format!(
        "\nWeights: {licence}. With voice cloning they are gated: terms at\n  {gate}\n\
         and a token in HF_TOKEN. Free: tts models get NAME --without-cloning.\n\
         A NAME without its date is the newest: english_18m is {short}.\n\
         SIZE of what is not here: its numbers at four bytes each; the file may be half\n\
         as long, tts models get NAME --dry-run asks. No SHA-256 was published with this\n\
         list: a file's first download pins the sum that the hub names for it, in\n  {}\n\
         {} voices (tts models get NAME --voice V), their licences at\n  {page}\n",
        store.cache().join("pins.json").display(),
        VOICES.len(),
    ));
    table
}
