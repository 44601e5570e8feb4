//! Against what the reference made of the same texts, and against damaged files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("POCKET_FIXTURES").expect("POCKET_FIXTURES names the folder of fixtures"))
}

fn vocabulary(name: &str) -> Vocabulary {
    Vocabulary::parse(name, &std::fs::read(folder().join("tokenizer").join(name)).unwrap()).unwrap()
}

fn golden() -> Value {
    serde_json::from_str(&std::fs::read_to_string(Path::new(&folder()).join("text/golden.json")).unwrap()).unwrap()
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

fn preparation(options: &Value) -> Preparation {
    let is = |name: &str, default: bool| options.get(name).and_then(Value::as_bool).unwrap_or(default);
    let replace = options.get("replace_characters").and_then(Value::as_object).into_iter().flatten();
    Preparation {
        pad_short: is("pad_with_spaces_for_short_inputs", false),
        remove_semicolons: is("remove_semicolons", false),
        append_terminal: is("append_terminal_punctuation", true),
        capitalize: is("capitalize_first_letter", true),
        replace: replace.map(|(c, to)| (c.chars().next().unwrap(), to.as_str().unwrap().to_owned())).collect(),
    }
}

#[test]
#[ignore = "needs POCKET_FIXTURES"]
fn ids_and_texts_are_those_of_the_reference() {
    let golden = golden();
    let strings = golden["strings"].as_array().unwrap();
    for (name, expected) in golden["tokenize"].as_object().unwrap() {
        let vocabulary = vocabulary(name);
        for (string, expected) in strings.iter().zip(expected.as_array().unwrap()) {
            assert_eq!(vocabulary.encode(string.as_str().unwrap()), ids(expected), "{name}: {string}");
        }
    }
    for (name, cases) in golden["decode"].as_object().unwrap() {
        let vocabulary = vocabulary(name);
        for case in cases.as_array().unwrap() {
            assert_eq!(vocabulary.decode(&ids(&case["ids"])), case["text"].as_str().unwrap(), "{name}");
        }
    }
}

#[test]
#[ignore = "needs POCKET_FIXTURES"]
fn prompts_and_chunks_are_those_of_the_reference() {
    let golden = golden();
    let string = |case: &Value| golden["strings"][case["i"].as_u64().unwrap() as usize].as_str().unwrap().to_owned();
    let options = |case: &Value| preparation(&golden["options"][case["opt"].as_str().unwrap()]);
    let mut checked = 0;
    for case in golden["prepare"].as_array().unwrap() {
        let found = options(case).prepare(&string(case));
        match case.get("text") {
            Some(Value::String(text)) => {
                let found = found.unwrap();
                assert_eq!(found.text, *text, "{case}");
                assert_eq!(found.frames_after_end as u64, case["frames_after_eos_guess"].as_u64().unwrap(), "{case}");
            }
            _ => assert_eq!(found, None, "{case}"),
        }
        checked += 1;
    }
    for case in golden["split"].as_array().unwrap() {
        let vocabulary = vocabulary(case["tokenizer"].as_str().unwrap());
        let most = case["max_tokens"].as_u64().unwrap() as usize;
        let found = chunks(&vocabulary, &options(case), &string(case), most);
        let expected: Option<Vec<String>> = case
            .get("chunks")
            .and_then(Value::as_array)
            .map(|chunks| chunks.iter().map(|chunk| chunk.as_str().unwrap().to_owned()).collect());
        assert_eq!(found, expected, "{case}");
        checked += 1;
    }
    assert!(checked > 600, "{checked}");
}

/// A unigram model of a few pieces, as SentencePiece writes it.
fn small_model() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut add = |text: &str, score: f32, kind: u8| {
        let mut piece = vec![0x0a, text.len() as u8];
        piece.extend(text.bytes());
        piece.push(0x15);
        piece.extend(score.to_le_bytes());
        piece.extend([0x18, kind]);
        bytes.extend([0x0a, piece.len() as u8]);
        bytes.extend(piece);
    };
    add("<unk>", 0.0, 2);
    add("<s>", 0.0, 3);
    for (text, score) in [("▁", -2.0), ("a", -3.0), ("b", -3.0), ("ab", -4.0), ("▁ab", -7.0)] {
        add(text, score, 1);
    }
    bytes
}

#[test]
fn the_greatest_sum_wins_and_the_unknown_is_named() {
    let vocabulary = Vocabulary::parse("small", &small_model()).unwrap();
    assert_eq!(vocabulary.len(), 7);
    // ▁ and ab cost 6, ▁ab 7, ▁ a b 8
    assert_eq!(vocabulary.encode("ab"), [2, 5]);
    assert_eq!(vocabulary.decode(&[2, 5]), "ab");
    assert_eq!(vocabulary.encode("a ba"), [2, 3, 2, 4, 3]);
    // without pieces for bytes
    assert_eq!(vocabulary.encode("aé"), [2, 3, 0]);
    assert_eq!(vocabulary.encode(""), [0u32; 0]);
    // never read as the control sign
    assert!(!vocabulary.encode("<s>").contains(&1));
}

#[test]
fn damaged_models_are_refused_with_the_reason() {
    let whole = small_model();
    for cut in 1..whole.len() {
        // nothing panics; what ends between two pieces may be a smaller model
        let _ = Vocabulary::parse("cut", &whole[..cut]);
    }
    let refusal = |bytes: &[u8]| Vocabulary::parse("x.model", bytes).unwrap_err().to_string();
    assert!(refusal(&[]).contains("no pieces"), "{}", refusal(&[]));
    assert!(refusal(&whole[..whole.len() - 1]).contains("truncated"));
    assert!(refusal(b"\x0a\xff\xff\xff\xff\x7f").contains("longer than the file"));
    assert!(refusal(&[0x0b]).contains("field of kind 3"));
    assert!(refusal(&[0xff; 20]).contains("more than 64 bits"));
    assert!(refusal(b"{\"model\":{\"type\":\"BPE\",\"vocab\":[]}}").contains("expected Unigram"));
    assert!(refusal(b"{\"model\":").contains("EOF"));
    let other = [&whole[..], &[0x12, 2, 0x18, 2]].concat();
    assert!(refusal(&other).contains("expected 1, unigram"));
}
