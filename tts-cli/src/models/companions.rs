//! A configuration from elsewhere names its files; these are they.
//!
//! In: the YAML of a community model. Out: the `hf://` and https names in it that a model is loaded from. What the rest
//! of it means is the engine's business.

use serde::Deserialize;

use super::uri::Uri;

/// Longer configurations are refused unread; the engine's bound.
pub(super) const YAML_MAX: usize = 1 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    weights_path: Option<String>,
    weights_path_without_voice_cloning: Option<String>,
    flow_lm: Language,
    mimi: Codec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Language {
    weights_path: Option<String>,
    lookup_table: Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    tokenizer_path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Codec {
    weights_path: Option<String>,
}

/// Whether a file of this name is a configuration.
pub(crate) fn is_config(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
}

/// The files that the configuration `text` names and that are not paths: tokenizer, then weights.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn companions(text: &str, without_cloning: bool) -> Result<Vec<Uri>, String> {
    if text.len() > YAML_MAX {
        return Err(format!("it has {} bytes, expected at most {YAML_MAX}", text.len()));
    }
    let config: Config = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let weights = if without_cloning {
        let none = "it names no weights without voice cloning (weights_path_without_voice_cloning)";
        Some(config.weights_path_without_voice_cloning.ok_or(none)?)
    } else {
        config.weights_path.or(config.weights_path_without_voice_cloning)
    };
    let names =
        [config.flow_lm.lookup_table.tokenizer_path, weights, config.flow_lm.weights_path, config.mimi.weights_path];
    let mut uris: Vec<Uri> = Vec::new();
    for name in names.into_iter().flatten().filter(|name| name.contains("://")) {
        let uri = Uri::parse(&name).map_err(|error| error.to_string())?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_configuration_are_found() {
        let text = "weights_path: hf://o/r/m.safetensors@main\nweights_path_without_voice_cloning: local.safetensors\n\
                    flow_lm:\n  lookup_table: {tokenizer_path: 'https://x.org/t.json', dim: 3}\nmimi: {ratios: [1, 2]}\nother: 1\n";
        let names = |without| companions(text, without).expect("names").iter().map(Uri::to_string).collect::<Vec<_>>();
        assert_eq!(names(false), ["https://x.org/t.json", "hf://o/r/m.safetensors@main"]);
        assert_eq!(names(true), ["https://x.org/t.json"]);
        for (text, words) in [
            ("weights_path: hf://o/r/../../etc/passwd\n", "'..'"),
            ("weights_path: file:///etc/passwd\n", "https://"),
            ("weights_path: [1]\n", ""),
            ("- a\n", ""),
            ("\u{0}", ""),
        ] {
            let error = companions(text, false).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        assert!(companions("a: 1\n", true).is_err_and(|error| error.contains("without")));
        assert!(is_config("x.YAML") && !is_config("yaml"));
    }
}
