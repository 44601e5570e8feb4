//! 12,000 strings against what the Python libraries made of them (`training/goldens/pocket/tokens.py`).

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::strings::string;
use super::*;

/// Strings of one hash.
const PER: u64 = 100;
const GOLDENS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/pocket");

/// FNV-1a of 64 bits.
fn fnv(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, &byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn hashes(value: &Value) -> Vec<u64> {
    let hash = |hash: &Value| u64::from_str_radix(hash.as_str().unwrap(), 16).unwrap();
    value.as_array().unwrap().iter().map(hash).collect()
}

/// The tokenizer at `path` against the hashes called `name`.
fn compare(name: &str, path: &Path) {
    let golden: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{GOLDENS}/tokens.json")).unwrap()).unwrap();
    let strings = hashes(&golden["strings"]);
    let (ids, texts) = (hashes(&golden[name]["ids"]), hashes(&golden[name]["texts"]));
    assert!(strings.len() as u64 * PER >= 10_000 && ids.len() == strings.len() && texts.len() == strings.len());
    let vocabulary = Vocabulary::parse(name, &std::fs::read(path).unwrap()).unwrap();
    let (mut wrong_ids, mut wrong_texts) = (Vec::new(), Vec::new());
    for (block, expected) in strings.iter().enumerate() {
        let mut found = [0xcbf2_9ce4_8422_2325; 3];
        for number in 0..PER {
            let text = string(block as u64 * PER + number);
            let row = vocabulary.encode(&text);
            let packed: Vec<u8> = row.iter().chain([&u32::MAX]).flat_map(|id| id.to_le_bytes()).collect();
            let part = vocabulary.decode(&row[row.len() / 3..row.len() - row.len() / 4]);
            found[0] = fnv(fnv(found[0], text.as_bytes()), &[0xff]);
            found[1] = fnv(found[1], &packed);
            found[2] = fnv(fnv(found[2], part.as_bytes()), &[0xff]);
        }
        assert_eq!(found[0], *expected, "the strings from {} are not those of Python", block as u64 * PER);
        if found[1] != ids[block] {
            wrong_ids.push(block);
        }
        if found[2] != texts[block] {
            wrong_texts.push(block);
        }
    }
    assert!(
        wrong_ids.is_empty() && wrong_texts.is_empty(),
        "{name}: ids of blocks {wrong_ids:?}, texts of {wrong_texts:?}"
    );
}

fn own(name: &str) {
    compare(name, &Path::new(GOLDENS).join(name));
}

/// The options of every third string, and how its characters are replaced.
fn preparations() -> [Preparation; 3] {
    let replaced = |more: &[(char, &str)]| more.iter().map(|(c, to)| (*c, (*to).to_owned())).collect();
    let plain = Preparation {
        pad_short: false,
        remove_semicolons: false,
        append_terminal: true,
        capitalize: true,
        replace: replaced(&[('–', ","), ('—', ","), ('’', "'"), ('‘', "'")]),
    };
    let much = Preparation {
        pad_short: true,
        remove_semicolons: true,
        replace: replaced(&[('"', ""), ('…', "..."), ('’', "'"), ('‘', "'")]),
        ..plain.clone()
    };
    let little = Preparation { append_terminal: false, capitalize: false, replace: replaced(&[]), ..plain.clone() };
    [plain, much, little]
}

#[test]
fn texts_are_prepared_and_cut_as_the_reference_does() {
    let golden: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{GOLDENS}/tokens.json")).unwrap()).unwrap();
    let preparations = preparations();
    for name in ["bytes.model", "bytes.json", "plain.model", "plain.json"] {
        let vocabulary = Vocabulary::parse(name, &std::fs::read(Path::new(GOLDENS).join(name)).unwrap()).unwrap();
        let expected = hashes(&golden[name]["chunks"]);
        assert!(expected.len() as u64 * PER >= 3_000, "{}", expected.len());
        let mut wrong = Vec::new();
        for (block, expected) in expected.iter().enumerate() {
            let mut found = 0xcbf2_9ce4_8422_2325;
            for number in block as u64 * PER..(block as u64 + 1) * PER {
                let (text, preparation) = (string(number), &preparations[number as usize % 3]);
                let most = [50, 15][number as usize / 3 % 2];
                found = match (preparation.prepare(&text), chunks(&vocabulary, preparation, &text, most)) {
                    (Some(prompt), Some(chunks)) => {
                        let after = fnv(fnv(found, prompt.text.as_bytes()), &[0xff, prompt.frames_after_end as u8]);
                        let all = chunks.iter().fold(after, |state, chunk| fnv(fnv(state, &[0xff]), chunk.as_bytes()));
                        fnv(all, &[0xfe])
                    }
                    _ => fnv(found, &[0xfd]),
                };
            }
            if found != *expected {
                wrong.push(block);
            }
        }
        assert!(wrong.is_empty(), "{name}: chunks of blocks {wrong:?}");
    }
}

#[test]
fn a_model_with_bytes_reads_as_sentencepiece_does() {
    own("bytes.model");
}

#[test]
fn a_model_without_bytes_reads_as_sentencepiece_does() {
    own("plain.model");
}

#[test]
fn a_json_with_bytes_reads_as_tokenizers_does() {
    own("bytes.json");
}

#[test]
fn a_json_without_bytes_reads_as_tokenizers_does() {
    own("plain.json");
}

#[test]
#[ignore = "needs POCKET_TOKENIZER, the released English tokenizer.model"]
fn the_released_model_reads_as_sentencepiece_does() {
    let path = std::env::var_os("POCKET_TOKENIZER").expect("POCKET_TOKENIZER names the released tokenizer.model");
    compare("released tokenizer.model", &PathBuf::from(path));
}
