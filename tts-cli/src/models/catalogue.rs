//! The released models of Pocket TTS: their names, files, licences and voices, and their configurations.
//!
//! The facts of pocket-tts 4.0.1; `files.tsv` is the table of files, with their sums and lengths where they are known.

use serde_json::{Map, Value, json};

use super::pins::{Pin, Witness};
use super::shape::{DRIFTING, FIRST, LAYERS_24, SIX_LAYERS, SMALL_2M, SMALL_7M, SMALL_18M, Shape};
use super::uri::Uri;
use super::{hash, headers};

/// Of all weights and tokenizers below.
pub(crate) const LICENCE: &str = "CC-BY-4.0";
/// Where the terms of the weights with voice cloning are accepted.
pub(crate) const GATE: &str = "https://huggingface.co/kyutai/pocket-tts";
/// Where the licences of the voices are.
pub(crate) const VOICES_PAGE: &str = "https://huggingface.co/kyutai/tts-voices";

const FILES: &str = include_str!("files.tsv");
/// Of the folder with the voices of all models.
const VOICES_REVISION: &str = "a7056f505a4a8ca72d8b5fb1440071d6f1a35739";

/// A released model.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// ISO 639-1
    pub(crate) language: &'static str,
    pub(crate) shape: &'static Shape,
    rules: &'static Rules,
}

/// Which file of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All weights; gated.
    Weights,
    /// Weights that speak the voices there are; free.
    WithoutCloning,
    Tokenizer,
}

/// A file of a model.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) uri: Uri,
    /// What the table says it is.
    pub(crate) pin: Option<Pin>,
}

/// What becomes of characters that the model never saw, and when it stops.
#[derive(Debug)]
struct Rules {
    /// Left out.
    dropped: &'static str,
    /// Spoken as commas.
    commas: &'static str,
    no_semicolons: bool,
    pad_short: bool,
    end: f64,
}

const PLAIN: Rules = Rules { dropped: "", commas: "", no_semicolons: false, pad_short: false, end: -4.0 };
const MARKS: &str = "\"“”„«»()[]";

static ENGLISH: Rules = PLAIN;
static ENGLISH_FIRST: Rules = Rules { pad_short: true, ..PLAIN };
static ENGLISH_SMALL: Rules = Rules { commas: "–—", end: -1.0, ..PLAIN };
static QUOTES: Rules = Rules { dropped: MARKS, commas: "–", ..PLAIN };
static FRENCH: Rules = Rules { dropped: MARKS, commas: "–:", no_semicolons: true, ..PLAIN };
static GERMAN: Rules = Rules { dropped: MARKS, commas: "–—", no_semicolons: true, ..PLAIN };
static SPANISH: Rules = Rules { dropped: "\"“”„«»()[]¡¿", commas: "–", ..PLAIN };

const fn model(name: &'static str, language: &'static str, shape: &'static Shape, rules: &'static Rules) -> Model {
    Model { name, language, shape, rules }
}

/// All of them; the first is the usual one.
pub(crate) static MODELS: [Model; 27] = [
    model("english", "en", &SIX_LAYERS, &ENGLISH),
    model("english_18m_2026-10", "en", &SMALL_18M, &ENGLISH_SMALL),
    model("english_18m_refl_2026-10", "en", &SMALL_18M, &ENGLISH_SMALL),
    model("english_2026-01", "en", &FIRST, &ENGLISH_FIRST),
    model("english_2026-04", "en", &SIX_LAYERS, &ENGLISH),
    model("english_2026-04_24l", "en", &LAYERS_24, &ENGLISH),
    model("english_2026-09", "en", &SIX_LAYERS, &ENGLISH),
    model("english_2026-09_2", "en", &SIX_LAYERS, &ENGLISH),
    model("english_2026-09_24l", "en", &LAYERS_24, &ENGLISH),
    model("english_2026-10", "en", &SIX_LAYERS, &ENGLISH),
    model("english_2m_2026-10", "en", &SMALL_2M, &ENGLISH_SMALL),
    model("english_2m_refl_2026-10", "en", &SMALL_2M, &ENGLISH_SMALL),
    model("english_7m_2026-10", "en", &SMALL_7M, &ENGLISH_SMALL),
    model("english_7m_refl_2026-10", "en", &SMALL_7M, &ENGLISH_SMALL),
    model("english_drifting_26-09", "en", &DRIFTING, &ENGLISH),
    model("dutch", "nl", &SIX_LAYERS, &QUOTES),
    model("dutch_24l", "nl", &LAYERS_24, &QUOTES),
    model("french", "fr", &SIX_LAYERS, &FRENCH),
    model("french_24l", "fr", &LAYERS_24, &FRENCH),
    model("german", "de", &SIX_LAYERS, &GERMAN),
    model("german_24l", "de", &LAYERS_24, &GERMAN),
    model("italian", "it", &SIX_LAYERS, &QUOTES),
    model("italian_24l", "it", &LAYERS_24, &QUOTES),
    model("portuguese", "pt", &SIX_LAYERS, &QUOTES),
    model("portuguese_24l", "pt", &LAYERS_24, &QUOTES),
    model("spanish", "es", &SIX_LAYERS, &SPANISH),
    model("spanish_24l", "es", &LAYERS_24, &SPANISH),
];

/// Voices that come with every model: a name, and the recording they were made of.
pub(crate) static VOICES: [(&str, &str); 27] = [
    ("cosette", "hf://kyutai/tts-voices/expresso/ex04-ex02_confused_001_channel1_499s.wav"),
    ("marius", "hf://kyutai/tts-voices/voice-donations/Selfie.wav"),
    ("javert", "hf://kyutai/tts-voices/voice-donations/Butter.wav"),
    ("alba", "hf://kyutai/tts-voices/alba-mackenna/casual.wav"),
    ("jean", "hf://kyutai/tts-voices/ears/p010/freeform_speech_01_enhanced.wav"),
    ("anna", "hf://kyutai/tts-voices/vctk/p228_023_enhanced.wav"),
    ("vera", "hf://kyutai/tts-voices/vctk/p229_023_enhanced.wav"),
    ("fantine", "hf://kyutai/tts-voices/vctk/p244_023_enhanced.wav"),
    ("charles", "hf://kyutai/tts-voices/vctk/p254_023_enhanced.wav"),
    ("paul", "hf://kyutai/tts-voices/vctk/p259_023_enhanced.wav"),
    ("eponine", "hf://kyutai/tts-voices/vctk/p262_023_enhanced.wav"),
    ("azelma", "hf://kyutai/tts-voices/vctk/p303_023_enhanced.wav"),
    ("george", "hf://kyutai/tts-voices/vctk/p315_023_enhanced.wav"),
    ("mary", "hf://kyutai/tts-voices/vctk/p333_023_enhanced.wav"),
    ("jane", "hf://kyutai/tts-voices/vctk/p339_023_enhanced.wav"),
    ("michael", "hf://kyutai/tts-voices/vctk/p360_023_enhanced.wav"),
    ("eve", "hf://kyutai/tts-voices/vctk/p361_023_enhanced.wav"),
    ("bill_boerst", "hf://kyutai/tts-voices/voice-zero/bill_boerst.wav"),
    ("peter_yearsley", "hf://kyutai/tts-voices/voice-zero/peter_yearsley.wav"),
    ("stuart_bell", "hf://kyutai/tts-voices/voice-zero/stuart_bell.wav"),
    ("caro_davy", "hf://kyutai/tts-voices/voice-zero/caro_davy.wav"),
    (
        "giovanni",
        "hf://kyutai/pocket-tts/common_voice_it_36520747-enhanced-v2.mp3@64ab7d24c479d736a83b8cc666c4a776fca30fda",
    ),
    (
        "lola",
        "hf://kyutai/pocket-tts/common_voice_es_19762977-enhanced-v2.mp3@64ab7d24c479d736a83b8cc666c4a776fca30fda",
    ),
    ("juergen", "hf://kyutai/pocket-tts/de-DE-juergen.mp3@64ab7d24c479d736a83b8cc666c4a776fca30fda"),
    ("rafael", "hf://kyutai/pocket-tts/g-Vi8PgmSY0-enhanced-v2.wav@64ab7d24c479d736a83b8cc666c4a776fca30fda"),
    ("daan", "hf://kyutai/pocket-tts/cml_tts_nl_11290_9412_000030_0001.flac@2dd944b099d06bb9edbd221fef138685711d9bf0"),
    (
        "estelle",
        "hf://kyutai/tts-voices/unmute-prod-website/developpeuse-3.wav@1fc7395b7e012e2bbebfca14b942a4ef62ccc899",
    ),
];

/// The model of this name; a name without its date means the newest of that name.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    let named = MODELS.iter().find(|model| model.name == name);
    named.or_else(|| MODELS.iter().filter(|model| undated(model.name) == name).max_by_key(|model| model.name))
}

/// `english_18m` of `english_18m_2026-10`: without what is digits and hyphens alone, the month and its second version.
fn undated(name: &str) -> String {
    let dates = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    name.split('_').filter(|part| !dates(part)).collect::<Vec<_>>().join("_")
}

impl Model {
    /// The name without its date, if that means this model.
    pub(crate) fn short_name(&self) -> Option<String> {
        let short = undated(self.name);
        (short != self.name && find(&short).is_some_and(|found| found.name == self.name)).then_some(short)
    }

    /// A file of it.
    pub(crate) fn file(&self, part: Part) -> Listed {
        let found = table().find(|(model, found, _)| (*model, *found) == (self.name, part));
        // a test reads the whole table
        found.map(|(_, _, file)| file).unwrap_or_else(|| unreachable!("files.tsv has all of {}", self.name))
    }

    /// The voice of this name as the model hears it; `None` if there is no such voice.
    pub(crate) fn voice(&self, name: &str) -> Option<Listed> {
        let (name, _) = VOICES.iter().find(|(known, _)| *known == name)?;
        let folder = "hf://kyutai/pocket-tts-without-voice-cloning/languages";
        let uri = format!("{folder}/{}/embeddings/{name}.safetensors@{VOICES_REVISION}", self.name);
        Uri::parse(&uri).ok().map(|uri| Listed { uri, pin: None })
    }

    /// Who speaks unless another is asked for.
    pub(crate) fn default_voice(&self) -> &'static str {
        match self.language {
            "de" => "juergen",
            "es" => "lola",
            "fr" => "estelle",
            "it" => "giovanni",
            "nl" => "daan",
            "pt" => "rafael",
            _ => "alba",
        }
    }

    /// Bytes of the weights if every number takes four: files may be half as long.
    pub(crate) fn bytes_at_most(&self) -> u64 {
        4 * self.shape.parameters()
    }

    /// The configuration as the engine reads it, with these names of files.
    pub(crate) fn config(&self, weights: Option<&str>, without_cloning: Option<&str>, tokenizer: &str) -> Value {
        let Rules { dropped, commas, no_semicolons, pad_short, end } = *self.rules;
        let mut characters = Map::new();
        characters.extend(dropped.chars().map(|c| (c.to_string(), json!(""))));
        characters.extend(commas.chars().map(|c| (c.to_string(), json!(","))));
        characters.extend("’‘".chars().map(|c| (c.to_string(), json!("'"))));
        json!({
            "default_eos_threshold": end,
            "default_temperature": 0.3,
            "flow_lm": self.shape.flow_lm(tokenizer),
            "mimi": self.shape.mimi(),
            "pad_with_spaces_for_short_inputs": pad_short,
            "remove_semicolons": no_semicolons,
            "replace_characters": characters,
            "weights_path": weights,
            "weights_path_without_voice_cloning": without_cloning,
        })
    }
}

/// The rows of `files.tsv`; a row that makes no sense is none, and a test counts them.
fn table() -> impl Iterator<Item = (&'static str, Part, Listed)> {
    FILES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let model = cells.next()?;
        let part = match cells.next()? {
            "weights" => Part::Weights,
            "without-cloning" => Part::WithoutCloning,
            "tokenizer" => Part::Tokenizer,
            _ => return None,
        };
        let uri = Uri::parse(cells.next()?).ok()?;
        let pin = match (cells.next()?, cells.next()?) {
            ("-", "-") => None,
            (sum, bytes) if hash::is_sum(sum) => {
                Some(Pin { sha256: sum.to_owned(), bytes: headers::number(bytes)?, by: Witness::Catalogue })
            }
            _ => return None,
        };
        Some((model, part, Listed { uri, pin }))
    })
}

/// `value` as YAML in blocks: what is null is left out, text is quoted.
pub(crate) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let Value::Object(entries) = value else { return };
    for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let key = if plain { key.clone() } else { Value::from(key.as_str()).to_string() };
        text.push_str(&"  ".repeat(depth));
        match value {
            Value::Object(_) => {
                text.push_str(&format!("{key}:\n"));
                block(value, depth + 1, text);
            }
            // JSON's lists, numbers and strings are YAML's
            value => text.push_str(&format!("{key}: {value}\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_table_has_every_file_once() {
        let rows: Vec<_> = table().collect();
        assert_eq!(rows.len(), FILES.lines().count() - 1);
        assert_eq!(rows.len(), 3 * MODELS.len());
        for model in &MODELS {
            let files = [Part::Weights, Part::WithoutCloning, Part::Tokenizer].map(|part| model.file(part));
            assert!(files.iter().all(|file| file.uri.fixed()), "{}", model.name);
            let tokenizer = if model.shape.sentencepiece { "tokenizer.model" } else { "tokenizer.json" };
            assert_eq!(
                files.map(|file| file.uri.file_name().to_owned()),
                ["model.safetensors", "model.safetensors", tokenizer]
            );
            assert!(model.voice(model.default_voice()).is_some_and(|voice| voice.uri.fixed()));
        }
        assert!(find("english").is_some() && find("klingon").is_none() && MODELS[0].voice("../x").is_none());
        for (name, origin) in VOICES {
            assert!(Uri::parse(origin).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_without_its_date_is_the_newest_of_that_name() {
        for (short, name) in [
            ("english", "english"),
            ("english_18m", "english_18m_2026-10"),
            ("english_18m_refl", "english_18m_refl_2026-10"),
            ("english_7m", "english_7m_2026-10"),
            ("english_7m_refl", "english_7m_refl_2026-10"),
            ("english_2m", "english_2m_2026-10"),
            ("english_2m_refl", "english_2m_refl_2026-10"),
            ("english_24l", "english_2026-09_24l"),
            ("english_drifting", "english_drifting_26-09"),
            ("english_2026-09", "english_2026-09"),
        ] {
            assert_eq!(find(short).map(|model| model.name), Some(name), "{short}");
        }
        for name in ["english_2", "english_18m_2026", "english_18m_2026-11", "18m", ""] {
            assert!(find(name).is_none(), "{name}");
        }
        let short: Vec<_> = MODELS.iter().filter_map(Model::short_name).collect();
        assert_eq!(short.len(), 8, "{short:?}");
        assert!(short.iter().all(|short| MODELS.iter().all(|model| model.name != short)));
    }

    /// A configuration with what is its default left out, in one form.
    fn meaning(config: Value) -> Value {
        let Value::Object(mut config) = config else { panic!("not a map") };
        for (key, default) in [
            ("default_eos_threshold", json!(-4.0)),
            ("default_temperature", json!(0.3)),
            ("pad_with_spaces_for_short_inputs", json!(false)),
            ("remove_semicolons", json!(false)),
            ("append_terminal_punctuation", json!(true)),
            ("capitalize_first_letter", json!(true)),
        ] {
            config.entry(key).or_insert(default);
        }
        let mut config = Value::Object(config);
        if let Some(flow) = config.pointer_mut("/flow_lm/flow").and_then(Value::as_object_mut) {
            flow.entry("type").or_insert(json!("lsd"));
        }
        uniform(config)
    }

    fn uniform(value: Value) -> Value {
        match value {
            Value::Object(map) => map
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, uniform(value)))
                .collect(),
            Value::Array(values) => values.into_iter().map(uniform).collect(),
            Value::Number(number) => json!(number.as_f64()),
            value => value,
        }
    }

    fn with_names(model: &Model) -> Value {
        let [weights, without, tokenizer] =
            [Part::Weights, Part::WithoutCloning, Part::Tokenizer].map(|part| model.file(part).uri.to_string());
        model.config(Some(&weights), Some(&without), &tokenizer)
    }

    #[test]
    fn configurations_are_yaml() {
        for model in &MODELS {
            let config = with_names(model);
            let text = yaml(&config);
            let read: Value =
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", model.name));
            assert_eq!(uniform(read), uniform(config), "{text}");
        }
    }

    #[test]
    #[ignore = "needs the reference's configurations: TTS_POCKET_CONFIGS=.../pocket_tts/config"]
    fn configurations_mean_what_the_reference_s_do() {
        let folder = PathBuf::from(std::env::var_os("TTS_POCKET_CONFIGS").expect("TTS_POCKET_CONFIGS"));
        let names: Vec<_> = std::fs::read_dir(&folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
            .collect();
        assert_eq!(names.len(), MODELS.len());
        for path in names {
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            let theirs: Value = serde_saphyr::from_str(&std::fs::read_to_string(&path).expect("file")).expect("YAML");
            let ours: Value = serde_saphyr::from_str(&yaml(&with_names(find(name).expect(name)))).expect("YAML");
            assert_eq!(meaning(ours), meaning(theirs), "{name}");
        }
    }
}
