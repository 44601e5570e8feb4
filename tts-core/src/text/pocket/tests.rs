//! Against what the reference made of the same texts, and against damaged files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

mod goldens;
mod strings;

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
    // identity, spaces kept
    bytes.extend(*b"\x1a\x0c\x0a\x08identity\x20\x00");
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

/// The same as a `tokenizer.json`, with `edit` made.
fn small_json(from: &str, to: &str) -> String {
    let whole = concat!(
        r#"{"truncation":null,"padding":null,"added_tokens":[{"id":1,"content":"<s>","single_word":false,"lstrip":false,"#,
        r#""rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Prepend","prepend":"▁"},"#,
        r#""pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"#,
        r#""post_processor":null,"decoder":null,"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["<s>",0.0],"#,
        r#"["▁",-2.0],["a",-3.0],["b",-3.0],["ab",-4.0],["▁ab",-7.0]],"byte_fallback":false}}"#
    );
    assert!(whole.contains(from), "{from}");
    whole.replacen(from, to, 1)
}

#[test]
fn a_json_that_asks_for_more_is_refused() {
    let vocabulary = Vocabulary::parse("x.json", small_json("", "").as_bytes()).unwrap();
    // as the library reads them with its normaliser and without
    let plain = small_json(r#"{"type":"Prepend","prepend":"▁"}"#, "null");
    let plain = Vocabulary::parse("x.json", plain.as_bytes()).unwrap();
    let cases: [(&str, &[u32], &[u32]); 7] = [
        ("ab<s> é", &[2, 5, 1, 2, 2, 0], &[2, 5, 1, 2, 0]),
        (" ab", &[2, 2, 5], &[2, 5]),
        ("  ab", &[2, 2, 2, 5], &[2, 2, 5]),
        ("▁ab", &[2, 2, 5], &[2, 5]),
        ("<s>ab <s>", &[1, 2, 5, 2, 1], &[1, 2, 5, 2, 1]),
        ("ab cé<s>", &[2, 5, 2, 0, 1], &[2, 5, 2, 0, 1]),
        ("", &[], &[]),
    ];
    for (text, with, without) in cases {
        assert_eq!(vocabulary.encode(text), with, "{text}");
        assert_eq!(plain.encode(text), without, "{text}");
    }
    for (from, to, expected) in [
        (r#""truncation":null"#, r#""truncation":{"max_length":5}"#, "truncation"),
        (r#""padding":null"#, r#""padding":{"length":5}"#, "padding"),
        (r#""post_processor":null"#, r#""post_processor":{"type":"ByteLevel"}"#, "post_processor"),
        (r#""type":"Prepend""#, r#""type":"NFKC""#, "expected {"),
        (r#""split":true"#, r#""split":false"#, "pre_tokenizer"),
        (r#""always""#, r#""first""#, "pre_tokenizer"),
        (r#""id":1"#, r#""id":2"#, "expected the piece of that id, '▁'"),
        (r#""id":1"#, r#""id":99999"#, "'nothing'"),
        (r#""id":1"#, r#""id":-1"#, "-1"),
        (r#""normalized":false"#, r#""normalized":true"#, "plainly special"),
        (r#""special":true"#, r#""special":false"#, "plainly special"),
        (r#""unk_id":0"#, r#""unk_id":7"#, "unk_id is 7, expected one of its 7"),
        (r#""unk_id":0"#, r#""unk_id":null"#, "no piece for what is unknown"),
        ("-2.0", "-1e999", "number"),
        ("-2.0", "\"x\"", "f64"),
        (r#""Unigram""#, r#""BPE""#, "'BPE', expected Unigram"),
        (r#""vocab":["#, r#""vocab":[["x"],"#, "length 1"),
        (r#"["a",-3.0]"#, &format!(r#"["{}",-3.0]"#, "a".repeat(513)), "513 bytes, expected at most 512"),
    ] {
        let error = Vocabulary::parse("x.json", small_json(from, to).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("x.json: ") && error.contains(expected), "{to}: {error}");
        assert!(error.len() < 1500, "{error}");
    }
}

#[test]
fn hostile_sizes_are_refused() {
    let refusal = |bytes: &[u8]| Vocabulary::parse("x", bytes).unwrap_err().to_string();
    // lengths of 2^63 and of all but the file, groups that open and never close
    assert!(refusal(b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").contains("longer than the file"));
    assert!(refusal(b"\x0a\x05\x0a\xff\xff\xff\x0f").contains("longer than the file"));
    assert!(refusal(&[0x0b; 100]).contains("field of kind 3"));
    // more pieces than any model has, without memory for each
    assert!(refusal(&[0x0a, 0].repeat((1 << 20) + 1)).contains("more than 1048576 pieces"));
    assert!(refusal(&vec![b' '; (32 << 20) + 1]).contains("longer than 33554432 bytes"));
    let deep = format!("{{\"model\":{}", "[".repeat(100_000));
    assert!(!refusal(deep.as_bytes()).is_empty());
    let deep = small_json(r#""padding":null"#, &format!(r#""padding":{}{}"#, "[".repeat(1000), "]".repeat(1000)));
    assert!(refusal(deep.as_bytes()).contains("recursion limit"), "{}", refusal(deep.as_bytes()));
    let many = small_json(r#"["<unk>",0.0]"#, &vec![r#"["",0]"#; (1 << 20) + 1].join(","));
    assert!(refusal(many.as_bytes()).contains("expected at most 1048576"), "{}", refusal(many.as_bytes()));
}

#[test]
fn files_are_read_with_their_size() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/pocket");
    Vocabulary::open(Path::new(&format!("{folder}/plain.model")), 400).unwrap();
    for (path, pieces, expected) in [
        (format!("{folder}/plain.model"), 401, "400 pieces, expected 401"),
        (format!("{folder}/nothing.model"), 400, "cannot read it"),
        (folder.to_owned(), 400, "cannot read it"),
    ] {
        let error = Vocabulary::open(Path::new(&path), pieces).unwrap_err().to_string();
        assert!(error.starts_with(&path) && error.contains(expected), "{error}");
    }
}

#[test]
fn a_text_of_emoji_alone_is_bytes_and_one_of_nothing_is_none() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/pocket");
    let vocabulary = Vocabulary::open(Path::new(&format!("{folder}/bytes.model")), 480).unwrap();
    let preparation = preparation(&Value::Null);
    let emoji = "🙂\u{200d}🎈";
    assert_eq!(preparation.prepare(emoji).unwrap().text, format!("{emoji}."));
    assert_eq!(chunks(&vocabulary, &preparation, emoji, 50).unwrap(), [format!("{emoji}.")]);
    for nothing in ["", " ", "\n\t\u{3000}\u{1c}"] {
        assert_eq!(preparation.prepare(nothing), None);
        assert_eq!(chunks(&vocabulary, &preparation, nothing, 50), None);
    }
}

#[test]
fn a_long_text_is_cut_in_time() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/pocket");
    let vocabulary = Vocabulary::open(Path::new(&format!("{folder}/bytes.model")), 480).unwrap();
    let began = std::time::Instant::now();
    // a mark after every character: where each place costs the whole text, this takes minutes
    let found = chunks(&vocabulary, &preparation(&Value::Null), &"a. 1.".repeat(20_000), 50).unwrap();
    assert!(found.len() > 1000, "{}", found.len());
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
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
