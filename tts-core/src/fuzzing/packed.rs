//! A packed file, as `tts convert` writes it: everything that a model is made of, in one file that is used where it lies.

use crate::engine::{Checked, Engine, EngineOptions, Settings, SynthesisRequest};
use crate::error::Error;
use crate::speaker::{Clip, PromptOptions};
use crate::weights::Weights;

/// Names the file in messages.
const NAME: &str = "fuzz.packed";
/// Shapes of matrices that are looked for by themselves, under the name `w`.
const SHAPES: [[usize; 2]; 4] = [[1, 1], [16, 16], [17, 33], [80, 2]];

/// A packed file: read or refused. A matrix of it has the shape that was asked for. A model of it takes a voice, and speaks
/// samples that are numbers or says that they are none.
pub fn packed(bytes: &[u8]) {
    let weights = match Weights::at_page(NAME, bytes) {
        Err(error) => return refused(&error.into(), bytes),
        Ok(weights) => weights,
    };
    // an answer, whatever it is
    let _ = weights.verify();
    for [rows, columns] in SHAPES {
        let matrix = weights.root().tensor("w", [rows, columns]).and_then(|w| w.packed(rows, columns));
        match matrix {
            Err(error) => refused(&error.into(), bytes),
            Ok(matrix) => assert_eq!([matrix.rows(), matrix.columns()], [rows, columns]),
        }
    }
    match Engine::of_packed(weights, EngineOptions::default()) {
        Err(error) => refused(&error, bytes),
        Ok(engine) => drop(spoken(&engine)),
    }
}

/// It is said of which file, and not at length.
fn refused(error: &Error, bytes: &[u8]) {
    let message = error.to_string();
    assert!(message.contains(NAME) && message.len() < 4000 + bytes.len(), "{message}");
}

/// Samples that a model speaks of a word with a voice of any sound, in two ways.
fn spoken(engine: &Engine) -> usize {
    let rate = engine.info().sample_rate;
    let pcm: Vec<f32> = (0..rate.0 / 10).map(|n| (n % 80) as f32 / 80.0 - 0.5).collect();
    let options = PromptOptions { like_the_clip: true, ..PromptOptions::default() };
    // the file may say that its encoder is none
    let Ok((voice, _)) = engine.prompt(&[Clip { pcm: &pcm, rate }], options) else { return 0 };
    let (mut sound, mut samples) = (vec![0.0; 4096], 0);
    for checked in [Checked::Live, Checked::Whole] {
        let settings = Settings { checked, ..Settings::default() };
        let said = voice.speak(SynthesisRequest::new("Yes.", settings)).and_then(|mut stream| stream.read(&mut sound));
        match said {
            Ok(count) => {
                assert!(sound[..count].iter().all(|sample| sample.is_finite()));
                samples += count;
            }
            Err(Error::NotFinite { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::sync::OnceLock;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Map, Value, json};

    use super::super::tests::{damaged, mended, small_model};
    use super::*;
    use crate::model::pocket::PocketModel;
    use crate::model::pocket_config::PocketConfig;
    use crate::model::{PocketPrecision, Precision};
    use crate::weights::WeightsError;

    const CONFIG: &str = "weights_path: tiny.safetensors
default_temperature: 0.5
default_eos_threshold: -100
flow_lm:
  flow:
    depth: 1
    dim: 4
    type: drifting
  transformer:
    d_model: 16
    hidden_scale: 1
    max_period: 10000
    num_heads: 2
    num_layers: 1
    num_kv_heads: 1
  lookup_table:
    dim: 16
    n_bins: 6
    tokenizer: sentencepiece
    tokenizer_path: tiny.model
mimi:
  sample_rate: 8000
  channels: 1
  frame_rate: 50
  inner_dim: 2
  seanet:
    dimension: 4
    channels: 1
    n_filters: 1
    n_residual_layers: 0
    ratios: [8, 5]
    kernel_size: 1
    residual_kernel_size: 1
    last_kernel_size: 1
    dilation_base: 2
    pad_mode: constant
    compress: 1
  transformer:
    d_model: 4
    num_heads: 1
    num_layers: 1
    layer_scale: 0.01
    context: 8
    dim_feedforward: 4
    input_dimension: 4
    output_dimensions: [4]
  quantizer:
    dimension: 2
    output_dimension: 4
";
    /// What `good` makes, for the fuzzer to begin with.
    const SEED: &[u8] = include_bytes!("../../../fuzz/seeds/packed/tiny");

    /// A folder that is gone with the value.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// So many values, others for every name.
    fn values(name: &str, count: usize) -> Vec<f32> {
        // FNV-1a
        let mut state = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        let draw = |_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        (0..count).map(draw).collect()
    }

    /// A random checkpoint with all that its configuration asks for: the loader is asked what it misses, again and again. The same one in
    /// whatever order the loader asks.
    fn checkpoint() -> Vec<u8> {
        let mut tensors: Vec<Tensor> = Vec::new();
        loop {
            let whole = Parts { about: Map::new(), tensors: tensors.clone() }.bytes(0);
            let config = PocketConfig::parse("tiny.yaml", CONFIG).unwrap();
            let weights = Weights::from_bytes("tiny.safetensors", whole).unwrap();
            match PocketModel::load(&weights, config).map(drop) {
                Ok(()) => break,
                Err(WeightsError::Missing { name, .. }) => tensors.push(Tensor::values(name, vec![0], &[])),
                Err(WeightsError::Shape { name, expected, .. }) => {
                    let values = values(&name, expected.iter().product());
                    *tensors.last_mut().unwrap() = Tensor::values(name, expected, &values);
                }
                Err(error) => panic!("{error}"),
            }
        }
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Parts { about: Map::new(), tensors }.bytes(0)
    }

    /// What `tts convert` makes of it: matrices of 8 bits where they are wide enough, else of 16 or 32.
    fn good() -> &'static [u8] {
        static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
        GOOD.get_or_init(|| {
            let folder = Folder(std::env::temp_dir().join(format!("tts-packed-{}", std::process::id())));
            std::fs::create_dir_all(&folder.0).unwrap();
            for (name, bytes) in
                [("tiny.yaml", CONFIG.as_bytes()), ("tiny.model", &small_model()), ("tiny.safetensors", &checkpoint())]
            {
                std::fs::write(folder.0.join(name), bytes).unwrap();
            }
            let lm = Precision::Int8;
            let precision = PocketPrecision { lm, head: Precision::Bf16, ..PocketPrecision::all(Precision::Stored) };
            let out = folder.0.join("tiny.packed");
            Engine::convert(&folder.0, &EngineOptions::default().with_precision(precision), &out).unwrap();
            std::fs::read(out).unwrap()
        })
    }

    /// One matrix of 8 bits in a file of its own.
    fn matrix() -> Vec<u8> {
        let Value::Object(about) = json!({ "format": "tts packed", "version": "1" }) else { unreachable!() };
        let (bytes, dtype) = (vec![0x3f; 544], "U8".to_owned());
        let tensors = vec![Tensor { name: "w|16x16|int8".to_owned(), dtype, shape: vec![544], bytes }];
        Parts { about, tensors }.bytes(0)
    }

    /// A file taken apart.
    #[derive(Clone)]
    struct Parts {
        about: Map<String, Value>,
        /// In the order of their bytes.
        tensors: Vec<Tensor>,
    }

    #[derive(Clone)]
    struct Tensor {
        name: String,
        dtype: String,
        shape: Vec<u64>,
        bytes: Vec<u8>,
    }

    impl Tensor {
        /// Matrices in 16 bits, all else in 32.
        fn values(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
            let half = shape.len() > 1 && !name.contains("embed.weight");
            let bytes =
                values.iter().flat_map(|v| v.to_le_bytes().into_iter().skip(if half { 2 } else { 0 })).collect();
            let dtype = if half { "BF16" } else { "F32" }.to_owned();
            Self { name, dtype, shape: shape.into_iter().map(|size| size as u64).collect(), bytes }
        }
    }

    impl Parts {
        fn of(bytes: &[u8]) -> Self {
            let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let mut header: BTreeMap<String, Value> = serde_json::from_slice(&bytes[8..data]).unwrap();
            let Some(Value::Object(about)) = header.remove("__metadata__") else { panic!("no metadata") };
            let mut tensors: Vec<(u64, u64, Tensor)> = header
                .into_iter()
                .map(|(name, info)| {
                    let [from, to] = [0, 1].map(|n| info["data_offsets"][n].as_u64().unwrap());
                    let shape = info["shape"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect();
                    let dtype = info["dtype"].as_str().unwrap().to_owned();
                    let bytes = bytes[data + from as usize..data + to as usize].to_vec();
                    (from, to, Tensor { name, dtype, shape, bytes })
                })
                .collect();
            tensors.sort_by_key(|&(from, to, _)| (from, to));
            Self { about, tensors: tensors.into_iter().map(|(_, _, tensor)| tensor).collect() }
        }

        /// The file again, its data `shift` bytes behind the start of a page.
        fn bytes(&self, shift: usize) -> Vec<u8> {
            let mut header = Map::new();
            if !self.about.is_empty() {
                header.insert("__metadata__".to_owned(), Value::Object(self.about.clone()));
            }
            let mut data: Vec<u8> = Vec::new();
            for Tensor { name, dtype, shape, bytes } in &self.tensors {
                let from = data.len();
                data.extend(bytes);
                let info = json!({ "dtype": dtype, "shape": shape, "data_offsets": [from, data.len()] });
                header.insert(name.clone(), info);
            }
            let mut header = serde_json::to_vec(&header).unwrap();
            header.resize((8 + header.len()).next_multiple_of(4096) - 8 + shift, b' ');
            [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
        }

        /// The one of them that `index` points to.
        fn tensor(&mut self, index: &Index) -> &mut Tensor {
            let count = self.tensors.len();
            &mut self.tensors[index.index(count)]
        }

        /// Puts another file in the place of one beside the weights, if it is there.
        fn replace(&mut self, name: &str, bytes: Vec<u8>) {
            let name = format!("file|{name}");
            if let Some(file) = self.tensors.iter_mut().find(|tensor| tensor.name == name) {
                (file.shape, file.bytes) = (vec![bytes.len() as u64], bytes);
            }
        }
    }

    /// What a stranger may do to a file and leave it one.
    #[derive(Debug, Clone)]
    enum Edit {
        /// Another configuration, another tokenizer.
        Config(String),
        Tokenizer(Vec<u8>),
        /// One name or a part of it is another.
        Name(Index, Index, &'static str),
        /// One is not there.
        Gone(Index),
        /// One says that it is of another shape or type, with so many bytes more or fewer.
        Shape(Index, Vec<u64>),
        Type(Index, &'static str),
        Length(Index, usize),
        /// Four bytes of one: scales that are no numbers, values that are none, or too large.
        Value(Index, Index, u32),
        /// Something else is said of the file.
        About(&'static str, &'static str),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        let names = ["0x0", "16x16", "+1x1", "x", "-1x1", "18446744073709551615x2", "4294967296x4294967296", "1x65537"];
        let others = ["int8", "f32", "f16", "bf16", "int4", "in another", "file", "w", "", "|", "config.yaml"];
        let values = [0x7fc0_7fc0, 0xffff_ffff, 0x7f80_0000, 0x7f7f_7f7f, 0xff7f_ffff, 0x7c00_7c00, 0x8080_8080, 1];
        let shapes = vec(select(vec![0, 1, 2, 16, 256, u64::from(u32::MAX), u64::MAX]), 0..4);
        let about = select(vec![
            ("format", "tts packet"),
            ("version", "2"),
            ("family", "native"),
            ("clones", "no"),
            ("name", "\u{0}"),
            ("precision", "int4"),
            ("fingerprint", ""),
        ]);
        let at = any::<Index>();
        prop_oneof![
            3 => mended(CONFIG).prop_map(Edit::Config),
            1 => damaged(small_model()).prop_map(Edit::Tokenizer),
            2 => (at.clone(), at.clone(), select([&names[..], &others].concat())).prop_map(|(a, b, s)| Edit::Name(a, b, s)),
            1 => at.clone().prop_map(Edit::Gone),
            1 => (at.clone(), shapes).prop_map(|(a, s)| Edit::Shape(a, s)),
            1 => (at.clone(), select(vec!["F32", "F16", "BF16", "U8", "I64", "BOOL"])).prop_map(|(a, s)| Edit::Type(a, s)),
            1 => (at.clone(), 0..2000usize).prop_map(|(a, n)| Edit::Length(a, n)),
            5 => (at.clone(), at, select(values.to_vec())).prop_map(|(a, b, v)| Edit::Value(a, b, v)),
            1 => about.prop_map(|(key, value)| Edit::About(key, value)),
        ]
    }

    fn edited(edits: &[Edit], shift: usize) -> Vec<u8> {
        let mut parts = Parts::of(good());
        for edit in edits {
            match edit {
                Edit::Config(text) => parts.replace("config.yaml", text.clone().into_bytes()),
                Edit::Tokenizer(bytes) => parts.replace("tokenizer", bytes.clone()),
                Edit::Name(index, part, text) => {
                    let tensor = parts.tensor(index);
                    let mut pieces: Vec<&str> = tensor.name.split('|').collect();
                    let at = part.index(pieces.len() + 1);
                    if at < pieces.len() {
                        pieces[at] = text;
                    } else {
                        pieces.push(text);
                    }
                    tensor.name = pieces.join("|");
                }
                Edit::Gone(index) => {
                    let at = index.index(parts.tensors.len());
                    parts.tensors.remove(at);
                }
                Edit::Shape(index, shape) => parts.tensor(index).shape.clone_from(shape),
                Edit::Type(index, dtype) => parts.tensor(index).dtype = (*dtype).to_owned(),
                Edit::Length(index, length) => {
                    let tensor = parts.tensor(index);
                    tensor.bytes.resize(*length, 0xff);
                    tensor.shape = vec![*length as u64];
                }
                Edit::Value(index, place, value) => {
                    let bytes = &mut parts.tensor(index).bytes;
                    if bytes.len() >= 4 {
                        let at = place.index(bytes.len() / 2 - 1) * 2;
                        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
                    }
                }
                Edit::About(key, value) => drop(parts.about.insert((*key).to_owned(), (*value).into())),
            }
        }
        parts.bytes(shift)
    }

    #[test]
    #[ignore = "needs to be asked: it writes fuzz/seeds/packed/tiny"]
    fn write_the_seed() {
        let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/packed/tiny");
        std::fs::write(seed, good()).unwrap();
    }

    #[test]
    fn the_seed_is_what_is_packed_and_speaks() {
        assert!(SEED == good(), "cargo test -p tts-core write_the_seed -- --ignored");
        let weights = Weights::at_page(NAME, SEED).unwrap();
        weights.verify().unwrap();
        for storage in ["|int8", "|bf16", "|in another"] {
            assert!(weights.names().any(|name| name.ends_with(storage)), "{storage}");
        }
        let engine = Engine::of_packed(weights, EngineOptions::default()).unwrap();
        assert!(spoken(&engine) > 0);
        assert!(Parts::of(SEED).bytes(0) == SEED, "taken apart and put together");
        let matrix = Weights::at_page(NAME, &matrix()).unwrap();
        matrix.root().tensor("w", [16, 16]).unwrap().packed(16, 16).unwrap();
    }

    /// They are not read before somebody speaks: that would read all of the file.
    #[test]
    fn scales_that_are_no_numbers_are_no_sound() {
        let mut parts = Parts::of(good());
        for tensor in parts.tensors.iter_mut().filter(|tensor| tensor.name.ends_with("|int8")) {
            tensor.bytes.fill(0xff);
        }
        let weights = Weights::at_page(NAME, &parts.bytes(0)).unwrap();
        weights.verify().unwrap_err();
        assert_eq!(spoken(&Engine::of_packed(weights, EngineOptions::default()).unwrap()), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn packed_of_a_stranger(edits in vec(edit(), 0..4), shift in prop_oneof![9 => Just(0), 1 => 1..64usize]) {
            super::packed(&edited(&edits, shift));
        }

        #[test]
        fn packed_and_damaged(bytes in prop_oneof![4 => damaged(good().to_vec()), 4 => damaged(matrix()), 1 => vec(any::<u8>(), 0..64)]) {
            super::packed(&bytes);
        }
    }
}
