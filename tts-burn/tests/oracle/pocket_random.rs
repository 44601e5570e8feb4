//! Small checkpoints of every family of Pocket TTS: a YAML, and random tensors of all the names and shapes it asks for.

use std::fmt::Write;

use super::random::file;

/// Tokens of every family; the table has a row more.
pub(crate) const TOKENS: usize = 50;
pub(crate) const LATENT: usize = 8;

/// What a YAML says, where families differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// `flow_lm.flow.type`, if it is written.
    flow: Option<&'static str>,
    bos_before_voice: bool,
    dim: usize,
    layers: usize,
    heads: usize,
    kv_heads: Option<usize>,
    attention: Option<usize>,
    hidden_scale: usize,
    feedforward: Option<usize>,
    z: Option<usize>,
    rank: Option<usize>,
    head: [usize; 2],
    frame_rate: f32,
    /// Frames of the transformers a latent.
    stride: usize,
    inner: Option<usize>,
    encoder: Side,
    decoder: Option<Side>,
    half: bool,
}

/// Convolutions and transformer of one direction.
#[derive(Debug, Clone, Copy)]
struct Side {
    dimension: usize,
    filters: usize,
    residuals: usize,
    ratios: &'static [usize],
    /// First, residual, last.
    kernels: [usize; 3],
    dilation_base: usize,
    pad_mode: &'static str,
    compress: usize,
    width: usize,
    heads: usize,
    layers: usize,
    context: usize,
    max_period: Option<f32>,
    feedforward: usize,
}

const ENCODER: Side = Side {
    dimension: 32,
    filters: 4,
    residuals: 1,
    ratios: &[6, 5, 4],
    kernels: [7, 3, 3],
    dilation_base: 2,
    pad_mode: "constant",
    compress: 2,
    width: 32,
    heads: 2,
    layers: 2,
    context: 40,
    max_period: None,
    feedforward: 64,
};

const SMALL_DECODER: Side =
    Side { dimension: 16, kernels: [3, 3, 3], width: 16, layers: 3, context: 20, feedforward: 24, ..ENCODER };

const LSD: Family = Family {
    name: "lsd",
    flow: None,
    bos_before_voice: true,
    dim: 32,
    layers: 2,
    heads: 4,
    kv_heads: None,
    attention: None,
    hidden_scale: 4,
    feedforward: None,
    z: None,
    rank: None,
    head: [32, 2],
    frame_rate: 12.5,
    stride: 16,
    inner: Some(LATENT),
    encoder: ENCODER,
    decoder: None,
    half: false,
};

const SMALL: Family =
    Family { hidden_scale: 1, z: Some(16), head: [24, 2], flow: Some("drifting"), decoder: Some(SMALL_DECODER), ..LSD };

/// Every shape that was released, and one of a community that turned every knob.
pub(crate) const FAMILIES: [Family; 9] = [
    LSD,
    Family { name: "lsd, first version", bos_before_voice: false, inner: None, ..LSD },
    Family { name: "lsd, 24 layers", layers: 24, ..LSD },
    Family { name: "flow matching", flow: Some("flow_matching"), ..LSD },
    Family { name: "drifting", flow: Some("drifting"), ..LSD },
    Family { name: "18m", ..SMALL },
    Family { name: "7m", dim: 28, kv_heads: Some(2), attention: Some(32), rank: Some(8), ..SMALL },
    Family {
        name: "2m",
        flow: Some("pointwise"),
        dim: 28,
        heads: 3,
        kv_heads: Some(1),
        attention: Some(24),
        feedforward: Some(20),
        rank: Some(8),
        head: [16, 2],
        ..SMALL
    },
    Family {
        name: "community",
        flow: Some("lsd"),
        heads: 6,
        kv_heads: Some(3),
        attention: Some(36),
        z: Some(20),
        frame_rate: 50.0,
        stride: 24,
        encoder: Side {
            residuals: 2,
            ratios: &[5, 4],
            dilation_base: 3,
            pad_mode: "replicate",
            compress: 1,
            width: 24,
            max_period: Some(500.0),
            ..ENCODER
        },
        decoder: Some(Side {
            filters: 6,
            residuals: 2,
            ratios: &[4, 5],
            pad_mode: "replicate",
            compress: 3,
            width: 20,
            ..SMALL_DECODER
        }),
        half: true,
        ..LSD
    },
];

/// Tensors so far, below a prefix of names.
struct List {
    half: bool,
    tensors: Vec<(String, Vec<usize>, bool)>,
}

impl List {
    fn add(&mut self, name: String, shape: &[usize]) {
        let half = self.half && shape.len() > 1;
        self.tensors.push((name, shape.to_vec(), half));
    }

    fn linear(&mut self, name: &str, from: usize, to: usize) {
        self.add(format!("{name}.weight"), &[to, from]);
    }

    fn with_bias(&mut self, name: &str, from: usize, to: usize) {
        self.linear(name, from, to);
        self.add(format!("{name}.bias"), &[to]);
    }

    fn norm(&mut self, name: &str, channels: usize) {
        self.add(format!("{name}.weight"), &[channels]);
        self.add(format!("{name}.bias"), &[channels]);
    }

    fn conv(&mut self, name: &str, shape: [usize; 3], outputs: usize) {
        self.add(format!("{name}.weight"), &shape);
        self.add(format!("{name}.bias"), &[outputs]);
    }

    /// Queries and one of keys or values are this wide; layers are scaled or not.
    fn layer(&mut self, name: &str, dim: usize, [queries, keys]: [usize; 2], feedforward: usize, scaled: bool) {
        self.norm(&format!("{name}.norm1"), dim);
        self.norm(&format!("{name}.norm2"), dim);
        self.linear(&format!("{name}.self_attn.in_proj"), dim, queries + 2 * keys);
        self.linear(&format!("{name}.self_attn.out_proj"), queries, dim);
        self.linear(&format!("{name}.linear1"), dim, feedforward);
        self.linear(&format!("{name}.linear2"), feedforward, dim);
        for part in (1..=2).filter(|_| scaled) {
            self.add(format!("{name}.layer_scale_{part}.scale"), &[dim]);
        }
    }
}

impl Family {
    fn decoder(&self) -> Side {
        self.decoder.unwrap_or(self.encoder)
    }

    fn encoded(&self) -> usize {
        self.inner.unwrap_or(self.encoder.dimension)
    }

    pub(crate) fn yaml(&self) -> String {
        let mut yaml = format!(
            "flow_lm:
  insert_bos_before_voice: {}
  dtype: float32
  transformer: {{d_model: {}, hidden_scale: {}, max_period: 10000, num_heads: {}, num_layers: {}",
            self.bos_before_voice, self.dim, self.hidden_scale, self.heads, self.layers
        );
        let optional = |yaml: &mut String, name: &str, value: Option<usize>| {
            if let Some(value) = value {
                write!(yaml, ", {name}: {value}").unwrap();
            }
        };
        optional(&mut yaml, "attn_dim", self.attention);
        optional(&mut yaml, "num_kv_heads", self.kv_heads);
        optional(&mut yaml, "dim_feedforward", self.feedforward);
        write!(yaml, "}}\n  flow: {{dim: {}, depth: {}", self.head[0], self.head[1]).unwrap();
        if let Some(flow) = self.flow {
            write!(yaml, ", type: {flow}").unwrap();
        }
        write!(yaml, "}}\n  lookup_table: {{dim: {}, n_bins: {TOKENS}, tokenizer: sentencepiece", self.dim).unwrap();
        optional(&mut yaml, "rank", self.rank);
        yaml += ", tokenizer_path: tokenizer.model}\n";
        if let Some(z) = self.z {
            writeln!(yaml, "  z_dim: {z}").unwrap();
        }
        write!(
            yaml,
            "mimi:
  dtype: float32
  sample_rate: 24000
  channels: 1
  frame_rate: {}
  quantizer: {{dimension: {LATENT}, output_dimension: {}}}
",
            self.frame_rate,
            self.decoder().dimension
        )
        .unwrap();
        if let Some(inner) = self.inner {
            writeln!(yaml, "  inner_dim: {inner}").unwrap();
        }
        self.encoder.write(&mut yaml, "");
        if let Some(decoder) = self.decoder {
            decoder.write(&mut yaml, "decoder_");
        }
        yaml
    }

    /// Name, shape, stored as f16.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>, bool)> {
        let mut list = List { half: self.half, tensors: Vec::new() };
        let (dim, z) = (self.dim, self.z.unwrap_or(self.dim));
        let lm = |name: &str| format!("flow_lm.{name}");
        list.add(lm("conditioner.embed.weight"), &[TOKENS + 1, self.rank.unwrap_or(dim)]);
        if let Some(rank) = self.rank {
            list.linear("flow_lm.conditioner.proj", rank, dim);
        }
        list.add(lm("speaker_proj_weight"), &[dim, self.encoded()]);
        if self.bos_before_voice {
            list.add(lm("bos_before_voice"), &[1, 1, dim]);
        }
        for name in ["bos_emb", "emb_mean", "emb_std"] {
            list.add(lm(name), &[LATENT]);
        }
        list.linear("flow_lm.input_linear", LATENT, dim);
        list.norm("flow_lm.out_norm", dim);
        if let Some(z) = self.z {
            list.linear("flow_lm.z_proj", dim, z);
        }
        list.with_bias("flow_lm.out_eos", z, 1);
        let queries = self.attention.unwrap_or(dim);
        let keys = queries / self.heads * self.kv_heads.unwrap_or(self.heads);
        let feedforward = self.feedforward.unwrap_or(self.hidden_scale * dim);
        for n in 0..self.layers {
            list.layer(&lm(&format!("transformer.layers.{n}")), dim, [queries, keys], feedforward, false);
        }
        self.head(&mut list, z);
        self.encoder.transformer(&mut list, "mimi.encoder_transformer");
        self.encoder.down(&mut list);
        list.add("mimi.downsample.conv.conv.weight".into(), &[self.encoded(), self.encoder.dimension, 2 * self.stride]);
        let decoder = self.decoder();
        list.add("mimi.quantizer.output_proj.weight".into(), &[decoder.dimension, LATENT, 1]);
        list.add("mimi.upsample.convtr.convtr.weight".into(), &[decoder.dimension, 1, 2 * self.stride]);
        decoder.transformer(&mut list, "mimi.decoder_transformer");
        decoder.up(&mut list);
        list.tensors
    }

    fn head(&self, list: &mut List, condition: usize) {
        let ([dim, depth], net) = (self.head, |name: String| format!("flow_lm.flow_net.{name}"));
        let times = match self.flow {
            None | Some("lsd") => 2,
            Some("flow_matching") => 1,
            _ => 0,
        };
        for n in 0..times {
            list.add(net(format!("time_embed.{n}.freqs")), &[128]);
            list.with_bias(&net(format!("time_embed.{n}.mlp.0")), 256, dim);
            list.with_bias(&net(format!("time_embed.{n}.mlp.2")), dim, dim);
            list.add(net(format!("time_embed.{n}.mlp.3.alpha")), &[dim]);
        }
        list.with_bias(&net("cond_embed".into()), condition, dim);
        list.with_bias(&net("input_proj".into()), LATENT, dim);
        for n in 0..depth {
            list.norm(&net(format!("res_blocks.{n}.in_ln")), dim);
            list.with_bias(&net(format!("res_blocks.{n}.mlp.0")), dim, dim);
            list.with_bias(&net(format!("res_blocks.{n}.mlp.2")), dim, dim);
            list.with_bias(&net(format!("res_blocks.{n}.adaLN_modulation.1")), dim, 3 * dim);
        }
        list.with_bias(&net("final_layer.adaLN_modulation.1".into()), dim, 2 * dim);
        list.with_bias(&net("final_layer.linear".into()), dim, LATENT);
    }

    /// The checkpoint.
    pub(crate) fn weights(&self) -> Vec<u8> {
        file(1, self.tensors())
    }
}

impl Side {
    fn write(&self, yaml: &mut String, prefix: &str) {
        let Self { dimension, filters, residuals, ratios, kernels, dilation_base, pad_mode, compress, .. } = self;
        let [first, residual, last] = kernels;
        writeln!(
            yaml,
            "  {prefix}seanet: {{dimension: {dimension}, channels: 1, n_filters: {filters}, n_residual_layers: {residuals}, \
             ratios: {ratios:?}, kernel_size: {first}, residual_kernel_size: {residual}, last_kernel_size: {last}, \
             dilation_base: {dilation_base}, pad_mode: {pad_mode}, compress: {compress}}}"
        )
        .unwrap();
        let Self { width, heads, layers, context, feedforward, .. } = self;
        let max_period = self.max_period.map(|period| format!(", max_period: {period}")).unwrap_or_default();
        writeln!(
            yaml,
            "  {prefix}transformer: {{d_model: {width}, num_heads: {heads}, num_layers: {layers}, layer_scale: 0.01, \
             context: {context}, dim_feedforward: {feedforward}, input_dimension: {dimension}, \
             output_dimensions: [{dimension}]{max_period}}}"
        )
        .unwrap();
    }

    fn transformer(&self, list: &mut List, name: &str) {
        let (dimension, width) = (self.dimension, self.width);
        if width != dimension {
            list.linear(&format!("{name}.input_proj"), dimension, width);
            list.linear(&format!("{name}.output_projs.0"), width, dimension);
        }
        for n in 0..self.layers {
            list.layer(&format!("{name}.transformer.layers.{n}"), width, [width, width], self.feedforward, true);
        }
    }

    /// Residual blocks from place `at` on.
    fn residuals(&self, list: &mut List, name: &str, at: usize, channels: usize) {
        let inner = channels / self.compress;
        for n in at..at + self.residuals {
            list.conv(&format!("{name}.{n}.block.1.conv"), [inner, channels, self.kernels[1]], inner);
            list.conv(&format!("{name}.{n}.block.3.conv"), [channels, inner, 1], channels);
        }
    }

    fn down(&self, list: &mut List) {
        let name = "mimi.encoder.model";
        let (mut channels, mut at) = (self.filters, 1);
        list.conv(&format!("{name}.0.conv"), [channels, 1, self.kernels[0]], channels);
        for ratio in self.ratios.iter().rev() {
            self.residuals(list, name, at, channels);
            at += self.residuals + 1;
            list.conv(&format!("{name}.{at}.conv"), [2 * channels, channels, 2 * ratio], 2 * channels);
            (channels, at) = (2 * channels, at + 1);
        }
        at += 1;
        list.conv(&format!("{name}.{at}.conv"), [self.dimension, channels, self.kernels[2]], self.dimension);
    }

    fn up(&self, list: &mut List) {
        let name = "mimi.decoder.model";
        let (mut channels, mut at) = (self.filters << self.ratios.len(), 1);
        list.conv(&format!("{name}.0.conv"), [channels, self.dimension, self.kernels[0]], channels);
        for ratio in self.ratios {
            at += 1;
            list.conv(&format!("{name}.{at}.convtr"), [channels, channels / 2, 2 * ratio], channels / 2);
            (channels, at) = (channels / 2, at + 1);
            self.residuals(list, name, at, channels);
            at += self.residuals;
        }
        at += 1;
        list.conv(&format!("{name}.{at}.conv"), [1, channels, self.kernels[2]], 1);
    }
}
