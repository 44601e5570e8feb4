//! What must hold for any bytes: one function for everything that reads what a stranger wrote (level 8).
//!
//! The targets in `fuzz/` call these with what a fuzzer finds, the tests below with what `proptest` makes up, so that
//! `cargo test` runs the same laws without a nightly compiler. Part of test and fuzzing builds only: a release has no
//! such door. Every function panics where a law is broken.
//!
//! May import: `engine`, `error`, `audio`, `model`, `speaker`, `voice`, `text`, `weights`, `units`.

#![allow(clippy::missing_panics_doc, reason = "to panic where a law is broken is what they are for")]

mod packed;

use std::iter::from_fn;

pub use packed::packed;

use crate::model::NativeConfig;
use crate::model::native::NativeModel;
use crate::model::pocket::PocketModel;
use crate::model::pocket::voice::{KvShape, PocketVoice};
use crate::model::pocket_config::PocketConfig;
use crate::text::normalize::{Normalizer, State, TextOptions};
use crate::text::pocket::Vocabulary;
use crate::text::pronounce::Lexicon;
use crate::text::split::ClauseSplitter;
use crate::text::{Clause, TokenKind};
use crate::units::Fingerprint;
use crate::voice::{VoiceCard, VoiceFile};
use crate::weights::Weights;

/// Voice files are read as if for a model with this fingerprint.
pub const MODEL: Fingerprint = Fingerprint(0x0123_4567_89ab_cdef);
/// Channels of that model's timbres.
pub const CHANNELS: usize = 2;
/// Numbers of what a speaker has of their own in the kinds of sound of that model.
pub const OWN: usize = 3;

/// What tokenizers are given to read where a fuzzer makes up the tokenizer.
pub const TEXT: &str = "Is it 3.5 — or <s>[sigh]</s> more?  ▁Ünïcödé 日本 🙂\u{0}\n";

/// A weights container: read or refused; a tensor `w` has as many finite values as its shape says.
pub fn weights(bytes: &[u8]) {
    let Ok(file) = Weights::from_bytes("fuzz", bytes.to_vec()) else { return };
    for rows in 0..4 {
        for columns in 0..4 {
            let tensor = || file.root().tensor("w", [rows, columns]);
            let Ok(values) = tensor().and_then(|w| w.to_f32()) else { continue };
            assert_eq!(values.len(), rows * columns);
            assert!(values.iter().all(|v| v.is_finite()));
            if rows > 0 && columns > 0 {
                let packed = tensor().and_then(|w| w.packed(rows, columns));
                assert!(packed.is_ok_and(|p| (p.rows(), p.columns()) == (rows, columns)));
            }
        }
    }
    // an answer, whatever it is
    let _ = file.finish();
}

/// A config.toml: read or refused; what was read cannot make a model of a file without tensors.
pub fn config(text: &str) {
    match NativeConfig::parse("fuzz.toml", text) {
        Err(error) => assert!(error.to_string().starts_with("fuzz.toml: ")),
        Ok(config) => {
            let empty = Weights::from_bytes("empty", b"\x02\0\0\0\0\0\0\0{}".to_vec());
            assert!(empty.is_ok_and(|empty| NativeModel::load(&empty, config).is_err()));
        }
    }
}

/// A checkpoint's YAML: read or refused; what was read names its files or says which are missing, and cannot make a model of a
/// file without tensors.
pub fn pocket_config(text: &str) {
    match PocketConfig::parse("fuzz.yaml", text) {
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("fuzz.yaml") && message.len() < 4000 + text.len(), "{} bytes", message.len());
        }
        Ok(config) => {
            if let Err(error) = config.files("fuzz.yaml") {
                assert!(error.to_string().starts_with("fuzz.yaml"), "{error}");
            }
            let empty = Weights::from_bytes("empty", b"\x02\0\0\0\0\0\0\0{}".to_vec());
            assert!(empty.is_ok_and(|empty| PocketModel::load(&empty, config).is_err()));
        }
    }
}

/// A SentencePiece `.model` or a tokenizer.json: read or refused; what was read gives ids that there are, and reads them back.
pub fn tokenizer(bytes: &[u8], text: &str) {
    match Vocabulary::parse("fuzz.model", bytes) {
        Err(error) => assert!(error.to_string().starts_with("fuzz.model: ")),
        Ok(vocabulary) => {
            let ids = vocabulary.encode(text);
            assert!(ids.iter().all(|&id| (id as usize) < vocabulary.len()));
            // a piece is a byte at least, or a byte itself; the space before each word is three
            assert!(ids.len() <= 4 * text.len() + 3, "{} ids of {} bytes", ids.len(), text.len());
            // an answer, whatever it is
            let _ = vocabulary.decode(&ids);
            let _ = vocabulary.decode(&[0, u32::MAX]);
            assert!(vocabulary.encode("").is_empty());
        }
    }
}

/// A .voice file: read or refused; what was read is a voice that the model can take. And a card.
pub fn voice_file(bytes: &[u8]) {
    if let Ok(file) = VoiceFile::from_bytes("fuzz.voice", bytes.to_vec())
        && file.check("fuzz.voice", MODEL, CHANNELS, OWN).is_ok()
    {
        let timbre = &file.timbre;
        assert_eq!(timbre.values().len(), CHANNELS);
        assert!(timbre.values().iter().all(|v| v.abs() <= 100.0));
        assert!((20.0..=2000.0).contains(&timbre.pitch_hz()), "{}", timbre.pitch_hz());
        assert!(timbre.own().iter().all(|v| v.abs() <= 2.0));
        assert!((0.0..=2.0).contains(&timbre.sd_log_f0));
        assert_eq!(timbre.fingerprint(), MODEL);
        // what was read can be written, and is the same
        let again = file.to_bytes().and_then(|bytes| VoiceFile::from_bytes("fuzz.voice", bytes));
        assert!(again.is_ok_and(|again| again == file));
    }
    if let Ok(text) = str::from_utf8(bytes) {
        // an answer, whatever it is
        let _ = VoiceCard::parse(text);
    }
}

/// An audio file: refused, or read to finite samples that are not all silent. No decoder may panic.
#[cfg(feature = "audio-files")]
pub fn audio(bytes: &[u8]) {
    use crate::audio::{AudioError, SECONDS_MAX, decode};
    match decode(bytes.to_vec(), "") {
        Err(AudioError::Decoder { .. }) => panic!("a decoder panicked"),
        Err(error) => assert!(error.to_string().contains("the recording")),
        Ok(clip) => {
            assert!(!clip.samples.is_empty() && clip.samples.iter().all(|v| v.is_finite()));
            assert!(clip.rate.0 >= 4_000 && clip.channels > 0);
            assert!(clip.seconds() <= f64::from(SECONDS_MAX));
        }
    }
}

/// A lexicon: read, or refused with the number of a line there is.
pub fn lexicon(text: &str) {
    let lines = text.lines().count();
    match Lexicon::parse(text) {
        Ok(lexicon) => assert!(lexicon.len() <= lines && lexicon.words().count() == lexicon.len()),
        Err(error) => {
            let message = error.to_string();
            let line = message.strip_prefix("line ").and_then(|rest| rest.split(':').next()?.parse().ok());
            assert!(line.is_some_and(|line: usize| (1..=lines).contains(&line)), "{message}");
            assert!(message.chars().count() < 600, "{} characters", message.chars().count());
        }
    }
}

/// Text that arrives in pieces: the clauses, joined, are the text, and the pieces do not matter. The bytes of `pieces`
/// are their lengths in characters, in a circle.
pub fn splitter(text: &str, pieces: &[u8]) {
    let whole = clauses(text);
    let mut splitter = ClauseSplitter::new();
    let mut found = Vec::new();
    let (mut chars, mut lengths) = (text.chars().peekable(), pieces.iter().cycle());
    while chars.peek().is_some() {
        let length = lengths.next().map_or(1, |&length| usize::from(length).max(1));
        let piece: String = chars.by_ref().take(length).collect();
        splitter.push(&piece);
        found.extend(from_fn(|| splitter.next_clause()));
    }
    found.extend(from_fn(|| splitter.finish()));
    assert_eq!(found, whole);
    let mut offset = 0;
    for clause in &whole {
        assert_eq!(clause.offset, offset);
        offset += clause.text.len();
    }
    assert_eq!(whole.iter().map(|clause| clause.text.as_str()).collect::<String>(), text);
}

/// Any text: every character that is not white space is in exactly one token, spoken, a pause or skipped. The lowest
/// bits of `options` choose Markdown, names of emoji and code blocks.
pub fn normaliser(text: &str, options: u8) {
    let options = TextOptions { markdown: options & 1 > 0, emoji_names: options & 2 > 0, code_blocks: options & 4 > 0 };
    let (normalizer, mut state) = (Normalizer::new(options), State::default());
    for clause in clauses(text) {
        let mut end = 0;
        for token in normalizer.normalize(&clause, &mut state) {
            let lost = clause.text.get(end..token.span.start);
            assert!(lost.is_some_and(|lost| lost.trim().is_empty()), "{lost:?} is lost of {:?}", clause.text);
            assert!(clause.text.get(token.span.clone()).is_some_and(|source| !source.is_empty()), "{token:?}");
            if let TokenKind::Words(words) = &token.kind {
                assert!(!words.is_empty() && words.iter().all(|word| !word.text.is_empty()), "{token:?}");
            }
            end = token.span.end;
        }
        assert!(clause.text[end..].trim().is_empty(), "{:?} is lost of {:?}", &clause.text[end..], clause.text);
    }
}

/// A voice of Pocket TTS, for a model of two layers with one head of two channels: read or refused; what was read can be
/// written, and is the same.
pub fn pocket_voice(bytes: &[u8]) {
    let read = |bytes: Vec<u8>| {
        let file = Weights::from_bytes("fuzz.safetensors", bytes)?;
        PocketVoice::read(&file, KvShape { layers: 2, heads: 1, channels: 2 })
    };
    match read(bytes.to_vec()) {
        Err(error) => assert!(error.to_string().starts_with("fuzz.safetensors"), "{error}"),
        Ok(voice) => {
            // every position that was read is in the file, four values of two bytes a layer
            assert!((1..=bytes.len() / 16).contains(&voice.positions()));
            assert!(voice.to_bytes().and_then(read).is_ok_and(|again| again == voice));
        }
    }
}

fn clauses(text: &str) -> Vec<Clause> {
    let mut splitter = ClauseSplitter::new();
    splitter.push(text);
    from_fn(|| splitter.finish()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    const CONFIG: &str = include_str!("../../weights/config.toml");
    const YAML: &str = include_str!("../../tests/goldens/pocket/pointwise.yaml");
    const PIECES: [&[u8]; 4] = [
        include_bytes!("../../tests/goldens/pocket/plain.model"),
        include_bytes!("../../tests/goldens/pocket/bytes.model"),
        include_bytes!("../../tests/goldens/pocket/plain.json"),
        include_bytes!("../../tests/goldens/pocket/bytes.json"),
    ];
    const CARD: &str = include_str!("../../voices/kathleen/card.toml");

    /// A safetensors file.
    fn container(header: &str, floats: &[f32]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend(floats.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    }

    fn good_weights() -> Vec<u8> {
        container(r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#, &[1.0; 6])
    }

    fn good_voice() -> Vec<u8> {
        let header = format!(
            r#"{{"__metadata__":{{"format":"tts-voice","version":"1","name":"x","model":"{}"}},"timbre":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"pitch":{{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}}}"#,
            super::MODEL
        );
        container(&header, &[0.5, -0.5, 5.0, 0.2])
    }

    fn good_voice_2() -> Vec<u8> {
        let first = crate::voice::VoiceFile::from_bytes("seed", good_voice()).unwrap();
        let prosody = crate::voice::Prosody::emotion(crate::voice::Emotion::Tender, crate::voice::Intensity::default());
        let measured = Some(crate::voice::MeasuredProsody::NEUTRAL);
        crate::voice::VoiceFile { prosody, measured, ..first }.to_bytes().unwrap()
    }

    /// A few places of a good file, overwritten; perhaps cut, perhaps longer.
    pub(super) fn damaged(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
        let edits = vec((any::<Index>(), prop_oneof![any::<u8>(), select(b"0123456789[]{},:\"-".to_vec())]), 0..6);
        (edits, proptest::option::weighted(0.2, any::<Index>()), vec(any::<u8>(), 0..3)).prop_map(
            move |(edits, cut, tail)| {
                let mut bytes = good.clone();
                for (at, byte) in edits {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                if let Some(cut) = cut {
                    bytes.truncate(cut.index(bytes.len()));
                }
                bytes.extend(tail);
                bytes
            },
        )
    }

    /// A good text with some of its lines, numbers or quotes replaced.
    pub(super) fn mended(good: &'static str) -> impl Strategy<Value = String> {
        let values = [
            "-1",
            "0",
            "1e300",
            "nan",
            "inf",
            "99999999999999999999",
            "\"x\"",
            "[]",
            "[[a]]",
            "{}",
            "true",
            "=",
            "\u{0}",
            "1000000000",
            "&a [*a]",
            "*a",
        ];
        vec((any::<Index>(), select(values.to_vec())), 0..4).prop_map(move |edits| {
            let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
            for (at, value) in edits {
                let line = &mut lines[at.index(good.lines().count())];
                *line = match (line.split_once(" = "), line.split_once(": ")) {
                    (Some((key, _)), _) => format!("{key} = {value}"),
                    (_, Some((key, _))) => format!("{key}: {value}"),
                    _ => value.to_owned(),
                };
            }
            lines.join("\n")
        })
    }

    /// Pieces of a tokenizer, their scores and kinds.
    const SMALL: [(&str, f32, u8); 6] =
        [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("▁", -2.0, 1), ("a", -3.0, 1), ("▁ab", -7.0, 1), ("b", -1.5, 4)];

    /// A SentencePiece model of them.
    pub(super) fn small_model() -> Vec<u8> {
        let mut model = Vec::new();
        for (text, score, kind) in SMALL {
            let piece =
                [&[0x0a, text.len() as u8], text.as_bytes(), &[0x15], &score.to_le_bytes(), &[0x18, kind]].concat();
            model.extend([&[0x0a, piece.len() as u8], &piece[..]].concat());
        }
        model.extend(*b"\x12\x02\x18\x01\x1a\x0c\x0a\x08identity\x20\x00");
        model
    }

    /// The same, and as JSON.
    fn small_pieces() -> impl Strategy<Value = Vec<u8>> {
        let metaspace = r#"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"#;
        let vocab = SMALL.map(|(text, score, _)| format!(r#"["{text}",{score}]"#)).join(",");
        let json = format!(
            r#"{{"added_tokens":[{{"id":1,"content":"<s>","special":true}}],"pre_tokenizer":{metaspace},"model":{{"type":"Unigram","unk_id":0,"vocab":[{vocab}]}}}}"#
        );
        select(vec![small_model(), json.into_bytes()])
    }

    fn lexicon_line() -> impl Strategy<Value = String> {
        let pieces = ["word", "W", "ER1", "D", "=", "#", ";;;", "it's", "é", "(2)", "QQ", " ", "\t", "\r", "\u{feff}"];
        vec(prop_oneof![4 => select(pieces.to_vec()).prop_map(str::to_owned), 1 => ".{0,60}"], 0..6)
            .prop_map(|pieces| pieces.join(" "))
    }

    #[test]
    fn the_seeds_are_good() {
        use crate::weights::Weights;
        let weights = Weights::from_bytes("seed", good_weights()).unwrap();
        assert_eq!(weights.root().tensor("w", [2, 3]).unwrap().to_f32().unwrap(), [1.0; 6]);
        for voice in [good_voice(), good_voice_2()] {
            let voice = crate::voice::VoiceFile::from_bytes("seed", voice).unwrap();
            voice.check("seed", super::MODEL, super::CHANNELS, super::OWN).unwrap();
        }
        let pocket = Weights::from_bytes("seed", good_pocket_voice()).unwrap();
        let shape = super::KvShape { layers: 2, heads: 1, channels: 2 };
        assert_eq!(super::PocketVoice::read(&pocket, shape).unwrap().positions(), 2);
        crate::voice::VoiceCard::parse(CARD).unwrap();
        crate::model::NativeConfig::parse("seed", CONFIG).unwrap();
        crate::model::pocket_config::PocketConfig::parse("seed", YAML).unwrap();
        for pieces in PIECES {
            crate::text::pocket::Vocabulary::parse("seed", pieces).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn weights(bytes in prop_oneof![9 => damaged(good_weights()), 1 => vec(any::<u8>(), 0..64)]) {
            super::weights(&bytes);
        }

        #[test]
        fn voice_file(bytes in prop_oneof![4 => damaged(good_voice()), 4 => damaged(good_voice_2()), 1 => damaged(CARD.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..64)]) {
            super::voice_file(&bytes);
        }

        #[test]
        fn lexicon(lines in vec(lexicon_line(), 0..5), text in any::<String>()) {
            super::lexicon(&lines.join("\n"));
            super::lexicon(&text);
        }

        #[test]
        fn text(text in any::<String>(), pieces in vec(any::<u8>(), 0..8), options in 0..8u8) {
            super::splitter(&text, &pieces);
            super::normaliser(&text, options);
        }
    }

    #[cfg(feature = "audio-files")]
    fn recordings() -> impl Strategy<Value = Vec<u8>> {
        let good: [&[u8]; 7] = [
            include_bytes!("audio/fixtures/vowel.flac"),
            include_bytes!("audio/fixtures/tagged.mp3"),
            include_bytes!("audio/fixtures/vowel.ogg"),
            include_bytes!("audio/fixtures/stereo.opus"),
            include_bytes!("audio/fixtures/aac.m4a"),
            include_bytes!("audio/fixtures/vowel.webm"),
            include_bytes!("audio/fixtures/telephone.wav"),
        ];
        // most of what matters stands in the first bytes
        select(good.to_vec()).prop_flat_map(|good| {
            let (head, rest) = good.split_at(200.min(good.len()));
            let rest = rest.to_vec();
            prop_oneof![
                damaged(good.to_vec()),
                damaged(head.to_vec()).prop_map(move |head| [head, rest.clone()].concat())
            ]
        })
    }

    #[cfg(feature = "audio-files")]
    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn audio(bytes in recordings()) {
            super::audio(&bytes);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        #[test]
        fn tokenizer(bytes in select(PIECES.to_vec()).prop_flat_map(|good| damaged(good.to_vec())), text in any::<String>()) {
            super::tokenizer(&bytes, &text);
        }

        // most of a file is pieces that are far from its ends: a few pieces and their ends, damaged
        #[test]
        fn small_tokenizer(bytes in small_pieces().prop_flat_map(damaged), text in "[ab▁ é<s>]{0,12}") {
            super::tokenizer(&bytes, &text);
        }

        #[test]
        fn pocket_config(text in prop_oneof![9 => mended(YAML), 1 => any::<String>()]) {
            super::pocket_config(&text);
        }

        #[test]
        fn config(text in prop_oneof![9 => mended(CONFIG), 1 => any::<String>()]) {
            super::config(&text);
        }
    }

    /// Two positions of three in every layer.
    fn good_pocket_voice() -> Vec<u8> {
        let layer = |n: usize, at: usize| {
            let name = format!("transformer.layers.{n}.self_attn");
            format!(
                r#""{name}/cache":{{"dtype":"F32","shape":[2,1,3,1,2],"data_offsets":[{at},{}]}},"{name}/current_end":{{"dtype":"F32","shape":[2],"data_offsets":[{},{}]}}"#,
                at + 48,
                at + 48,
                at + 56
            )
        };
        container(&format!("{{{},{}}}", layer(0, 0), layer(1, 56)), &[0.5; 28])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn pocket_voice(bytes in prop_oneof![9 => damaged(good_pocket_voice()), 1 => vec(any::<u8>(), 0..64)]) {
            super::pocket_voice(&bytes);
        }
    }
}
