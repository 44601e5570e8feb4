//! A tiny random checkpoint of Pocket TTS in a folder of its own: configuration, weights, tokenizer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Channels of the language model, the codec, latents.
const LM: usize = 16;
const CODEC: usize = 8;
const LATENT: usize = 4;
/// Pieces of the tokenizer: four signs, a space, and the visible ASCII.
const PIECES: usize = 5 + 94;

const CONFIG: &str = "weights_path: model.safetensors
default_temperature: 0.5
default_eos_threshold: THRESHOLD
flow_lm:
  dtype: float32
  insert_bos_before_voice: true
  flow: {depth: 1, dim: 8, type: drifting}
  transformer: {d_model: 16, hidden_scale: 2, max_period: 10000, num_heads: 2, num_layers: 2, num_kv_heads: 1}
  lookup_table: {dim: 16, n_bins: 99, tokenizer: tokenizers, tokenizer_path: tokenizer.json}
mimi:
  dtype: float32
  sample_rate: 24000
  channels: 1
  frame_rate: 12.5
  inner_dim: 4
  outer_dim: 8
  seanet: {dimension: 8, channels: 1, n_filters: 2, n_residual_layers: 1, ratios: [6, 5, 4], kernel_size: 7,
    residual_kernel_size: 3, last_kernel_size: 3, dilation_base: 2, pad_mode: constant, compress: 2}
  transformer: {d_model: 8, num_heads: 2, num_layers: 1, layer_scale: 0.01, context: 40, dim_feedforward: 16,
    input_dimension: 8, output_dimensions: [8]}
  quantizer: {dimension: 4, output_dimension: 8}
";

/// What is made wrong with it on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Doctored {
    /// Nothing: ends when chance wants it.
    #[default]
    Not,
    /// Says at every frame that this is the end.
    EndsAtOnce,
    /// Never says so.
    NeverEnds,
    /// The same latent at every frame.
    Stuck,
    /// No sound at all.
    Silent,
    /// The same loud sound from the first sample to the last; it ends at once.
    Loud,
    /// Other numbers, the same shape.
    Other,
}

/// The folder, gone with the value.
pub(crate) struct Tiny(PathBuf);

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Tiny {
    pub(crate) fn new(doctored: Doctored) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tts-tiny-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a file for tests");
        let threshold = match doctored {
            Doctored::EndsAtOnce | Doctored::Loud => -1e6,
            Doctored::NeverEnds | Doctored::Stuck => 1e6,
            _ => 0.0,
        };
        std::fs::write(folder.join("config.yaml"), CONFIG.replace("THRESHOLD", &threshold.to_string()))
            .expect("a file for tests");
        std::fs::write(folder.join("tokenizer.json"), tokenizer()).expect("a file for tests");
        std::fs::write(folder.join("model.safetensors"), weights(doctored)).expect("a file for tests");
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }
}

fn tokenizer() -> String {
    let letters = (33..127u8).map(char::from).map(|c| match c {
        '"' | '\\' => format!("[\"\\{c}\", -3.0]"),
        c => format!("[\"{c}\", -3.0]"),
    });
    let signs = ["<unk>", "<s>", "</s>", "<pad>"].map(|sign| format!("[\"{sign}\", 0.0]"));
    let pieces: Vec<String> = signs.into_iter().chain(["[\"▁\", -2.0]".to_owned()]).chain(letters).collect();
    assert_eq!(pieces.len(), PIECES);
    let metaspace = r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#;
    let vocab = pieces.join(", ");
    format!(
        "{{\"pre_tokenizer\": {metaspace}, \"model\": {{\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [{vocab}]}}}}"
    )
}

/// Names and shapes of everything.
fn shapes() -> Vec<(String, Vec<usize>)> {
    let mut all: Vec<(String, Vec<usize>)> = Vec::new();
    let mut add = |name: &str, shape: &[usize]| all.push((name.to_owned(), shape.to_vec()));
    let lm = "flow_lm";
    add("flow_lm.conditioner.embed.weight", &[PIECES + 1, LM]);
    add("flow_lm.speaker_proj_weight", &[LM, LATENT]);
    add("flow_lm.bos_before_voice", &[1, 1, LM]);
    add("flow_lm.input_linear.weight", &[LM, LATENT]);
    for name in ["bos_emb", "emb_mean", "emb_std"] {
        add(&format!("{lm}.{name}"), &[LATENT]);
    }
    for name in ["out_norm.weight", "out_norm.bias"] {
        add(&format!("{lm}.{name}"), &[LM]);
    }
    for (name, from, to) in [
        ("out_eos", LM, 1),
        ("flow_net.cond_embed", LM, 8),
        ("flow_net.input_proj", LATENT, 8),
        ("flow_net.res_blocks.0.mlp.0", 8, 8),
        ("flow_net.res_blocks.0.mlp.2", 8, 8),
        ("flow_net.res_blocks.0.adaLN_modulation.1", 8, 24),
        ("flow_net.final_layer.adaLN_modulation.1", 8, 16),
        ("flow_net.final_layer.linear", 8, LATENT),
    ] {
        add(&format!("{lm}.{name}.weight"), &[to, from]);
        add(&format!("{lm}.{name}.bias"), &[to]);
    }
    for name in ["in_ln.weight", "in_ln.bias"] {
        add(&format!("{lm}.flow_net.res_blocks.0.{name}"), &[8]);
    }
    for layer in 0..2 {
        transformer(&mut add, &format!("{lm}.transformer.layers.{layer}"), LM, 2 * LM, 2 * LM);
    }
    for side in ["encoder", "decoder"] {
        let layer = format!("mimi.{side}_transformer.transformer.layers.0");
        transformer(&mut add, &layer, CODEC, 3 * CODEC, 2 * CODEC);
        for name in ["layer_scale_1.scale", "layer_scale_2.scale"] {
            add(&format!("{layer}.{name}"), &[CODEC]);
        }
    }
    add("mimi.quantizer.output_proj.weight", &[CODEC, LATENT, 1]);
    add("mimi.upsample.convtr.convtr.weight", &[CODEC, 1, 32]);
    add("mimi.downsample.conv.conv.weight", &[LATENT, CODEC, 32]);
    // 2 filters, doubled at each of three strides
    let mut conv = |name: &str, shape: [usize; 3], to: usize| {
        add(&format!("mimi.{name}.weight"), &shape);
        add(&format!("mimi.{name}.bias"), &[to]);
    };
    conv("encoder.model.0.conv", [2, 1, 7], 2);
    conv("decoder.model.0.conv", [16, CODEC, 7], 16);
    for (n, ratio) in [4usize, 5, 6].into_iter().enumerate() {
        let wide = 2 << n;
        conv(&format!("encoder.model.{}.block.1.conv", 3 * n + 1), [wide / 2, wide, 3], wide / 2);
        conv(&format!("encoder.model.{}.block.3.conv", 3 * n + 1), [wide, wide / 2, 1], wide);
        conv(&format!("encoder.model.{}.conv", 3 * n + 3), [2 * wide, wide, 2 * ratio], 2 * wide);
        let back = 2 - n;
        conv(&format!("decoder.model.{}.convtr", 3 * back + 2), [2 * wide, wide, 2 * ratio], wide);
        conv(&format!("decoder.model.{}.block.1.conv", 3 * back + 3), [wide / 2, wide, 3], wide / 2);
        conv(&format!("decoder.model.{}.block.3.conv", 3 * back + 3), [wide, wide / 2, 1], wide);
    }
    conv("encoder.model.11.conv", [CODEC, 16, 3], CODEC);
    conv("decoder.model.11.conv", [1, 2, 3], 1);
    all
}

fn transformer(add: &mut impl FnMut(&str, &[usize]), layer: &str, dim: usize, qkv: usize, inner: usize) {
    add(&format!("{layer}.self_attn.in_proj.weight"), &[qkv, dim]);
    add(&format!("{layer}.self_attn.out_proj.weight"), &[dim, dim]);
    add(&format!("{layer}.linear1.weight"), &[inner, dim]);
    add(&format!("{layer}.linear2.weight"), &[dim, inner]);
    for name in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
        add(&format!("{layer}.{name}"), &[dim]);
    }
}

/// A safetensors file: the length of the head, the head, the numbers.
fn weights(doctored: Doctored) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ u64::from(doctored == Doctored::Other);
    let mut draw = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let (mut head, mut data) = (HashMap::new(), Vec::new());
    for (name, shape) in shapes() {
        let count: usize = shape.iter().product();
        let fan = (count / shape[0]).max(1) as f32;
        let gone = match doctored {
            Doctored::Stuck => name.contains("flow_net.final_layer.linear.weight"),
            Doctored::Silent => name.starts_with("mimi.decoder.model.11"),
            Doctored::Loud => name == "mimi.decoder.model.11.conv.weight",
            _ => false,
        };
        let start = data.len();
        for _ in 0..count {
            let value = match name.as_str() {
                _ if gone => 0.0,
                n if n.ends_with("norm.weight") || n.ends_with("norm1.weight") || n.ends_with("norm2.weight") => 1.0,
                n if n.ends_with("emb_std") || n.ends_with("in_ln.weight") => 1.0,
                _ => draw() * (3.0 / fan).sqrt(),
            };
            data.extend_from_slice(&value.to_le_bytes());
        }
        head.insert(name, (shape, start, data.len()));
    }
    let entries: Vec<String> = head
        .iter()
        .map(|(name, (shape, start, end))| {
            format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}")
        })
        .collect();
    let mut head = format!("{{{}}}", entries.join(","));
    while !head.len().is_multiple_of(8) {
        head.push(' ');
    }
    let mut file = (head.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(head.as_bytes());
    file.extend_from_slice(&data);
    file
}
