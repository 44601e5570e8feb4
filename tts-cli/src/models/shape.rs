//! The seven shapes of the released models: their numbers, the configuration in which the engine reads them, and how
//! many parameters they come to.
//!
//! Mirrors the configurations of pocket-tts 4.0.1; what is not here is its default there.

use serde_json::{Value, json};

/// Samples a frame of the codec's inner rate: the ratios 6, 5 and 4.
const RATIOS: [u64; 3] = [6, 5, 4];
/// Channels of a latent.
const LATENT: u64 = 32;
/// Tokens.
const TOKENS: u64 = 4000;

/// A shape.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// In a few words, to be listed.
    pub(crate) words: &'static str,
    layers: u64,
    dim: u64,
    heads: u64,
    kv_heads: Option<u64>,
    attention: Option<u64>,
    hidden_scale: u64,
    feedforward: Option<u64>,
    /// A table of this width before the model's.
    rank: Option<u64>,
    /// A narrower vector for the head.
    z: Option<u64>,
    head: Head,
    bos_before_voice: bool,
    pub(crate) sentencepiece: bool,
    /// Channels of an encoded frame.
    inner: u64,
    decoder: Decoder,
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    kind: &'static str,
    dim: u64,
    depth: u64,
    /// Embeddings of time.
    times: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Decoder {
    /// As wide as the encoder.
    Full,
    /// With this many filters and layers of its own.
    Small { filters: u64, layers: u64 },
}

const LSD: Head = Head { kind: "lsd", dim: 512, depth: 6, times: 2 };

/// The usual shape.
pub(crate) static SIX_LAYERS: Shape = six_layers();

const fn six_layers() -> Shape {
    Shape {
        words: "6 layers",
        layers: 6,
        dim: 1024,
        heads: 16,
        kv_heads: None,
        attention: None,
        hidden_scale: 4,
        feedforward: None,
        rank: None,
        z: None,
        head: LSD,
        bos_before_voice: true,
        sentencepiece: false,
        inner: 32,
        decoder: Decoder::Full,
    }
}

/// The first release.
pub(crate) static FIRST: Shape = Shape { inner: 512, bos_before_voice: false, ..six_layers() };

/// The teachers.
pub(crate) static LAYERS_24: Shape = Shape { words: "24 layers", layers: 24, ..six_layers() };

/// A head without steps.
pub(crate) static DRIFTING: Shape =
    Shape { words: "6 layers, drifting", head: Head { kind: "drifting", times: 0, ..LSD }, ..six_layers() };

/// 18 million parameters.
pub(crate) static SMALL_18M: Shape = small_18m();

const fn small_18m() -> Shape {
    Shape {
        words: "18 M, small",
        layers: 8,
        dim: 512,
        heads: 8,
        hidden_scale: 1,
        z: Some(64),
        head: Head { kind: "drifting", dim: 192, depth: 4, times: 0 },
        sentencepiece: true,
        decoder: Decoder::Small { filters: 32, layers: 12 },
        ..six_layers()
    }
}

/// 7 million parameters.
pub(crate) static SMALL_7M: Shape =
    Shape { words: "7 M, smaller", dim: 224, kv_heads: Some(2), attention: Some(512), rank: Some(64), ..small_18m() };

/// 2 million parameters.
pub(crate) static SMALL_2M: Shape = Shape {
    words: "2 M, smallest",
    dim: 112,
    heads: 3,
    kv_heads: Some(1),
    attention: Some(192),
    feedforward: Some(96),
    rank: Some(32),
    head: Head { kind: "pointwise", dim: 64, depth: 4, times: 0 },
    decoder: Decoder::Small { filters: 24, layers: 4 },
    ..small_18m()
};

impl Shape {
    /// `flow_lm` of the configuration.
    pub(crate) fn flow_lm(&self, tokenizer: &str) -> Value {
        json!({
            "dtype": "float32",
            "flow": { "depth": self.head.depth, "dim": self.head.dim, "type": self.head.kind },
            "insert_bos_before_voice": self.bos_before_voice,
            "lookup_table": {
                "dim": self.dim,
                "n_bins": TOKENS,
                "rank": self.rank,
                "tokenizer": if self.sentencepiece { "sentencepiece" } else { "tokenizers" },
                "tokenizer_path": tokenizer,
            },
            "transformer": {
                "attn_dim": self.attention,
                "d_model": self.dim,
                "dim_feedforward": self.feedforward,
                "hidden_scale": self.hidden_scale,
                "max_period": 10_000,
                "num_heads": self.heads,
                "num_kv_heads": self.kv_heads,
                "num_layers": self.layers,
            },
            "z_dim": self.z,
        })
    }

    /// `mimi` of the configuration.
    pub(crate) fn mimi(&self) -> Value {
        let outer = self.decoder.dim();
        let (seanet, transformer) = match self.decoder {
            Decoder::Full => (Value::Null, Value::Null),
            Decoder::Small { filters, layers } => {
                (seanet_config(outer, filters, 3), transformer_config(outer, 4, layers, 50, 384))
            }
        };
        json!({
            "channels": 1,
            "decoder_seanet": seanet,
            "decoder_transformer": transformer,
            "dtype": "float32",
            "frame_rate": 12.5,
            "inner_dim": self.inner,
            "outer_dim": outer,
            "quantizer": { "dimension": LATENT, "output_dimension": outer },
            "sample_rate": 24_000,
            "seanet": seanet_config(512, 64, 7),
            "transformer": transformer_config(512, 8, 2, 250, 2048),
        })
    }

    /// All numbers of the weights: language model, encoder and decoder.
    pub(crate) fn parameters(&self) -> u64 {
        let language = Language {
            tokens: TOKENS,
            latent: LATENT,
            dim: self.dim,
            layers: self.layers,
            attention: self.attention.unwrap_or(self.dim),
            kv: self.attention.unwrap_or(self.dim) / self.heads * self.kv_heads.unwrap_or(self.heads),
            feedforward: self.feedforward.unwrap_or(self.hidden_scale * self.dim),
            rank: self.rank,
            z: self.z,
            speaker: self.inner,
            bos_before_voice: self.bos_before_voice,
        };
        let outer = self.decoder.dim();
        let encoder = Codec { dim: 512, filters: 64, kernel: 7, layers: 2, feedforward: 2048 };
        let decoder = match self.decoder {
            Decoder::Full => encoder,
            Decoder::Small { filters, layers } => Codec { dim: outer, filters, kernel: 3, layers, feedforward: 384 },
        };
        language.parameters()
            + self.head.parameters(LATENT, self.z.unwrap_or(self.dim))
            + codec(encoder, decoder, self.inner, LATENT)
    }
}

impl Decoder {
    fn dim(&self) -> u64 {
        if *self == Self::Full { 512 } else { 128 }
    }
}

fn seanet_config(dim: u64, filters: u64, kernel: u64) -> Value {
    json!({
        "channels": 1,
        "compress": 2,
        "dilation_base": 2,
        "dimension": dim,
        "kernel_size": kernel,
        "last_kernel_size": 3,
        "n_filters": filters,
        "n_residual_layers": 1,
        "pad_mode": "constant",
        "ratios": RATIOS,
        "residual_kernel_size": 3,
    })
}

fn transformer_config(dim: u64, heads: u64, layers: u64, context: u64, feedforward: u64) -> Value {
    json!({
        "context": context,
        "d_model": dim,
        "dim_feedforward": feedforward,
        "input_dimension": dim,
        "layer_scale": 0.01,
        "num_heads": heads,
        "num_layers": layers,
        "output_dimensions": [dim],
    })
}

/// What counts of a language model.
struct Language {
    tokens: u64,
    latent: u64,
    dim: u64,
    layers: u64,
    attention: u64,
    kv: u64,
    feedforward: u64,
    rank: Option<u64>,
    z: Option<u64>,
    speaker: u64,
    bos_before_voice: bool,
}

impl Language {
    fn parameters(&self) -> u64 {
        let Self { tokens, latent, dim, layers, attention, kv, feedforward, rank, z, speaker, bos_before_voice } =
            *self;
        let table = rank.map_or((tokens + 1) * dim, |rank| (tokens + 1) * rank + rank * dim);
        let layer = dim * (attention + 2 * kv) + attention * dim + 2 * dim * feedforward + 4 * dim;
        let end = z.unwrap_or(dim) + 1;
        let vectors = 3 * latent + 2 * dim + if bos_before_voice { dim } else { 0 };
        table + layers * layer + latent * dim + z.unwrap_or(0) * dim + end + speaker * dim + vectors
    }
}

impl Head {
    fn parameters(&self, latent: u64, condition: u64) -> u64 {
        let dim = self.dim;
        let linear = |from: u64, to: u64| from * to + to;
        let time = 128 + linear(256, dim) + linear(dim, dim) + dim;
        let block = linear(dim, 3 * dim) + 2 * dim + 2 * linear(dim, dim);
        let last = linear(dim, 2 * dim) + linear(dim, latent);
        self.times * time + linear(condition, dim) + linear(latent, dim) + self.depth * block + last
    }
}

/// What counts of one half of the codec.
#[derive(Clone, Copy)]
struct Codec {
    dim: u64,
    filters: u64,
    kernel: u64,
    layers: u64,
    feedforward: u64,
}

impl Codec {
    fn encoder(&self) -> u64 {
        let widths = (0..RATIOS.len()).map(|step| (self.filters << step, self.filters << (step + 1)));
        // from sound up: the ratios backwards
        let ladder = widths.zip(RATIOS.iter().rev());
        let steps: u64 =
            ladder.map(|((narrow, wide), ratio)| residual(narrow) + convolution(narrow, wide, 2 * ratio)).sum();
        convolution(1, self.filters, self.kernel) + steps + convolution(self.widest(), self.dim, 3) + self.transformer()
    }

    fn decoder(&self) -> u64 {
        let widths = (0..RATIOS.len()).map(|step| (self.widest() >> step, self.widest() >> (step + 1)));
        let ladder = widths.zip(&RATIOS);
        let steps: u64 =
            ladder.map(|((wide, narrow), ratio)| convolution(wide, narrow, 2 * ratio) + residual(narrow)).sum();
        convolution(self.dim, self.widest(), self.kernel) + steps + convolution(self.filters, 1, 3) + self.transformer()
    }

    fn widest(&self) -> u64 {
        self.filters << RATIOS.len()
    }

    fn transformer(&self) -> u64 {
        self.layers * (4 * self.dim * self.dim + 2 * self.dim * self.feedforward + 6 * self.dim)
    }
}

fn convolution(from: u64, to: u64, taps: u64) -> u64 {
    from * to * taps + to
}

fn residual(dim: u64) -> u64 {
    convolution(dim, dim / 2, 3) + convolution(dim / 2, dim, 1)
}

/// Encoder and decoder, and what stands between them: to 12.5 frames a second and back.
fn codec(encoder: Codec, decoder: Codec, inner: u64, latent: u64) -> u64 {
    const TAPS: u64 = 32;
    let between = inner * encoder.dim * TAPS + latent * decoder.dim + decoder.dim * TAPS;
    encoder.encoder() + decoder.decoder() + between
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiny checkpoints that the reference wrote, and how many numbers they hold.
    #[test]
    fn parameters_are_those_of_checkpoints_of_the_reference() {
        let encoder = Codec { dim: 32, filters: 4, kernel: 7, layers: 2, feedforward: 64 };
        let small = Codec { dim: 16, filters: 4, kernel: 3, layers: 3, feedforward: 24 };
        let language = |dim, layers, attention, kv, feedforward, rank, z| Language {
            tokens: 800,
            latent: 8,
            dim,
            layers,
            attention,
            kv,
            feedforward,
            rank,
            z,
            speaker: 8,
            bos_before_voice: true,
        };
        let lsd = language(32, 2, 32, 32, 128, None, None);
        let lsd = lsd.parameters() + Head { kind: "lsd", dim: 32, depth: 2, times: 2 }.parameters(8, 32);
        assert_eq!((lsd, lsd + codec(encoder, encoder, 8, 8)), (84_417, 154_646));
        let first = Language { speaker: 32, bos_before_voice: false, ..language(32, 2, 32, 32, 128, None, None) };
        let first = first.parameters() + Head { kind: "lsd", dim: 32, depth: 2, times: 2 }.parameters(8, 32);
        assert_eq!((first, first + codec(encoder, encoder, 32, 8)), (85_153, 179_958));
        let pointwise = language(28, 2, 24, 8, 20, Some(8), Some(16));
        let pointwise =
            pointwise.parameters() + Head { kind: "pointwise", dim: 16, depth: 2, times: 0 }.parameters(8, 16);
        assert_eq!((pointwise, pointwise + codec(encoder, small, 8, 8)), (17_581, 70_434));
    }

    /// The released sizes as their makers round them, encoder left out: 15.6 + 2.6, 4.3 + 2.6, 0.9 + 1.0 million.
    #[test]
    fn small_models_are_as_small_as_they_are_called() {
        let encoder = Codec { dim: 512, filters: 64, kernel: 7, layers: 2, feedforward: 2048 }.encoder();
        for (shape, millions) in [(&SMALL_18M, 18.2), (&SMALL_7M, 6.9), (&SMALL_2M, 1.9)] {
            let down = 32 * 512 * 32;
            let found = (shape.parameters() - encoder - down) as f64 / 1e6;
            assert!((found - millions).abs() < 0.06, "{}: {found}", shape.words);
        }
    }
}
