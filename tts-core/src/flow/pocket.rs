//! The flow language model of Kyutai's Pocket TTS (Rouard et al. 2025): a voice prompt, then text tokens, then latents, all
//! positions of one causal transformer; a head makes the next latent of the last hidden vector, a linear unit says when
//! speech ends.
//!
//! Mirrors `models/flow_lm.py` of the reference, pocket-tts 4.0.1.

use half::bf16;
use serde::Deserialize;

use super::head::{Draw, Flow, Head, HeadScratch, HeadShape, Sampler};
use crate::kernels::Isa;
use crate::nn::attention::AttentionConfig;
use crate::nn::embedding::Embedding;
use crate::nn::linear::{Bias, Linear};
use crate::nn::norm::LayerNorm;
use crate::nn::transformer::{KvShape, Transformer, TransformerConfig, TransformerScratch, TransformerState};
use crate::units::Fingerprint;
use crate::weights::{Scope, WeightsError};

/// `flow_lm` of a checkpoint's YAML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PocketLmConfig {
    /// Ignored: weights say themselves how they are stored.
    #[allow(dead_code, reason = "part of the format")]
    pub(crate) dtype: Option<String>,
    pub(crate) flow: PocketFlowConfig,
    pub(crate) transformer: PocketTransformerConfig,
    /// Channels that the head and the end of speech see, if not those of the transformer.
    pub(crate) z_dim: Option<usize>,
    pub(crate) lookup_table: LookupTableConfig,
    /// File of this part alone.
    pub(crate) weights_path: Option<String>,
    /// Whether a learned vector stands before a voice prompt.
    #[serde(default)]
    pub(crate) insert_bos_before_voice: bool,
}

/// `flow_lm.flow`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PocketFlowConfig {
    pub(crate) dim: usize,
    pub(crate) depth: usize,
    #[serde(default, rename = "type")]
    pub(crate) kind: Flow,
}

/// `flow_lm.transformer`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PocketTransformerConfig {
    pub(crate) hidden_scale: usize,
    pub(crate) max_period: f64,
    pub(crate) d_model: usize,
    pub(crate) num_heads: usize,
    pub(crate) num_layers: usize,
    /// Channels of all queries, if not `d_model`.
    pub(crate) attn_dim: Option<usize>,
    /// Heads of keys and values, if not `num_heads`.
    pub(crate) num_kv_heads: Option<usize>,
    /// If not `hidden_scale * d_model`.
    pub(crate) dim_feedforward: Option<usize>,
}

/// `flow_lm.lookup_table`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupTableConfig {
    pub(crate) dim: usize,
    /// Tokens; the table has a row more, for padding.
    pub(crate) n_bins: usize,
    /// `tokenizers` or `sentencepiece`
    pub(crate) tokenizer: String,
    pub(crate) tokenizer_path: String,
    /// Channels of the table before a linear map to `dim`, if they are fewer.
    pub(crate) rank: Option<usize>,
}

impl PocketLmConfig {
    fn stack(&self) -> TransformerConfig {
        let PocketTransformerConfig { d_model: dim, num_heads: heads, num_layers: layers, max_period, .. } =
            self.transformer;
        let kv_heads = self.transformer.num_kv_heads.unwrap_or(heads);
        let head_dim = self.transformer.attn_dim.unwrap_or(dim) / heads;
        let feedforward = self.transformer.dim_feedforward.unwrap_or(self.transformer.hidden_scale * dim);
        let attention = AttentionConfig { dim, heads, kv_heads, head_dim };
        TransformerConfig { attention, layers, scaled: false, feedforward, max_period }
    }

    /// What is wrong with the numbers, if anything.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let t = &self.transformer;
        let sizes = [
            ("flow.dim", self.flow.dim, 8192),
            ("flow.depth", self.flow.depth, 64),
            ("transformer.d_model", t.d_model, 8192),
            ("transformer.hidden_scale", t.hidden_scale, 64),
            ("transformer.num_heads", t.num_heads, 256),
            ("transformer.num_layers", t.num_layers, 256),
            ("transformer.attn_dim", t.attn_dim.unwrap_or(t.d_model), 8192),
            ("transformer.num_kv_heads", t.num_kv_heads.unwrap_or(t.num_heads), 256),
            ("transformer.dim_feedforward", t.dim_feedforward.unwrap_or(1), 65_536),
            ("z_dim", self.z_dim.unwrap_or(1), 8192),
            ("lookup_table.n_bins", self.lookup_table.n_bins, 1 << 20),
            ("lookup_table.rank", self.lookup_table.rank.unwrap_or(1), 8192),
        ];
        for (name, value, most) in sizes {
            if value == 0 || value > most {
                return Err(format!("flow_lm.{name} is {value}, expected 1 to {most}"));
            }
        }
        let attn = t.attn_dim.unwrap_or(t.d_model);
        if !attn.is_multiple_of(2 * t.num_heads) {
            return Err(format!("flow_lm.transformer: {attn} channels are no even multiple of {} heads", t.num_heads));
        }
        let kv_heads = t.num_kv_heads.unwrap_or(t.num_heads);
        if !t.num_heads.is_multiple_of(kv_heads) {
            return Err(format!(
                "flow_lm.transformer.num_kv_heads {kv_heads} does not divide num_heads {}",
                t.num_heads
            ));
        }
        if !(t.max_period.is_finite() && t.max_period >= 1.0) {
            return Err(format!("flow_lm.transformer.max_period is {}, expected at least 1", t.max_period));
        }
        if self.lookup_table.dim != t.d_model {
            return Err(format!(
                "flow_lm.lookup_table.dim is {}, expected d_model, {}",
                self.lookup_table.dim, t.d_model
            ));
        }
        if !["tokenizers", "json", "sentencepiece"].contains(&self.lookup_table.tokenizer.as_str()) {
            let found = &self.lookup_table.tokenizer;
            return Err(format!("flow_lm.lookup_table.tokenizer is '{found}', expected tokenizers or sentencepiece"));
        }
        Ok(())
    }
}

/// Weights of the language model.
#[derive(Debug)]
pub(crate) struct PocketLm {
    dim: usize,
    latent: usize,
    /// `[n_bins + 1, rank or dim]`
    table: Embedding,
    tokens: usize,
    rank: usize,
    /// `rank -> dim`
    table_proj: Option<Linear>,
    /// Encoded sound to the residual stream.
    speaker_proj: Linear,
    /// `[dim]`
    bos_before_voice: Option<Vec<f32>>,
    /// `latent -> dim`
    input: Linear,
    /// The latent before the first, `[latent]`
    bos: Vec<f32>,
    transformer: Transformer,
    out_norm: LayerNorm,
    /// `dim -> z`
    z_proj: Option<Linear>,
    /// `z -> 1`
    end: Linear,
    head: Head,
    /// `[latent]` each
    mean: Vec<f32>,
    std: Vec<f32>,
    /// Whether a stream remembers binary16.
    halves: bool,
}

/// Everything of a stream that outlives a frame. A voice is one that has heard a prompt and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct PocketState {
    transformer: TransformerState,
    /// Normalised latent of the last frame, `[latent]`
    latent: Vec<f32>,
    /// `[dim]`, then what the head sees
    hidden: Vec<f32>,
    z: Vec<f32>,
    x: Vec<f32>,
    head: HeadScratch,
}

impl PocketState {
    /// Positions of voice, text and latents so far.
    pub(crate) fn position(&self) -> usize {
        self.transformer.position()
    }

    /// The normalised latent of the last frame.
    pub(crate) fn latent(&self) -> &[f32] {
        &self.latent
    }

    /// What the head and the end of speech saw.
    #[cfg(any(test, feature = "oracle"))]
    pub(crate) fn condition(&self) -> &[f32] {
        &self.z
    }

    /// Keys and values of every layer, `[positions, channels of all keys]` each.
    pub(crate) fn rows(&self) -> impl Iterator<Item = [Vec<f32>; 2]> {
        self.transformer.rows()
    }
}

/// A stream that is to make a frame.
#[derive(Debug)]
pub(crate) struct PocketTurn<'s> {
    pub(crate) state: &'s mut PocketState,
    pub(crate) sampler: &'s Sampler,
    /// Unit normal, `[latent]`
    pub(crate) noise: &'s [f32],
}

/// Room for a frame of several streams.
#[derive(Debug, Default)]
pub(crate) struct PocketScratch {
    transformer: TransformerScratch,
    head: HeadScratch,
    latents: Vec<f32>,
    x: Vec<f32>,
    hidden: Vec<f32>,
    z: Vec<f32>,
    ends: Vec<f32>,
}

impl PocketLm {
    /// Everything below `scope` (`flow_lm`); latents have `latent` channels, encoded sound `encoded`.
    pub(crate) fn load(
        scope: &Scope<'_>,
        config: &PocketLmConfig,
        latent: usize,
        encoded: usize,
    ) -> Result<Self, WeightsError> {
        let dim = config.transformer.d_model;
        let LookupTableConfig { n_bins: tokens, rank, .. } = config.lookup_table;
        let z = config.z_dim.unwrap_or(dim);
        let head =
            HeadShape { flow: config.flow.kind, condition: z, dim: config.flow.dim, depth: config.flow.depth, latent };
        let conditioner = scope.at("conditioner");
        let bos_before_voice = config.insert_bos_before_voice;
        let transformer = Transformer::load(&scope.at("transformer"), config.stack())?;
        Ok(Self {
            halves: transformer.is_coarse(),
            dim,
            latent,
            tokens,
            rank: rank.unwrap_or(dim),
            table: Embedding::load(&conditioner.at("embed"), tokens + 1, rank.unwrap_or(dim))?,
            table_proj: rank.map(|rank| Linear::load(&conditioner.at("proj"), rank, dim, Bias::No)).transpose()?,
            speaker_proj: Linear::named(scope, "speaker_proj_weight", encoded, dim)?,
            bos_before_voice: bos_before_voice
                .then(|| scope.tensor("bos_before_voice", [1, 1, dim])?.to_f32())
                .transpose()?,
            input: Linear::load(&scope.at("input_linear"), latent, dim, Bias::No)?,
            bos: scope.tensor("bos_emb", [latent])?.to_f32()?,
            transformer,
            out_norm: LayerNorm::load(&scope.at("out_norm"), dim, 1e-5)?,
            z_proj: config.z_dim.map(|z| Linear::load(&scope.at("z_proj"), dim, z, Bias::No)).transpose()?,
            end: Linear::load(&scope.at("out_eos"), z, 1, Bias::Yes)?,
            head: Head::load(&scope.at("flow_net"), head)?,
            mean: scope.tensor("emb_mean", [latent])?.to_f32()?,
            std: scope.tensor("emb_std", [latent])?.to_f32()?,
        })
    }

    /// Nothing heard yet, room for `positions`.
    fn start(&self, positions: usize) -> PocketState {
        self.after(self.transformer.start(positions.max(1)))
    }

    /// Tells these weights apart from others of their shape, in whatever precision they are kept: a hash over numbers that
    /// are no matrix's, which no precision changes, rounded as the shortest files have them.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let norms = self.transformer.norms().chain([&self.out_norm]).flat_map(LayerNorm::numbers);
        let numbers = self.bos.iter().chain(self.bos_before_voice.iter().flatten()).copied().chain(norms);
        numbers.fold(Fingerprint::EMPTY, |all, number| all.with(&bf16::from_f32(number).to_le_bytes()))
    }

    /// The shape of a voice.
    pub(crate) fn kv_shape(&self) -> KvShape {
        self.transformer.kv_shape()
    }

    /// A voice of `positions` (at least one) as [`PocketState::rows`] gives it, of [`PocketLm::kv_shape`].
    pub(crate) fn resume(&self, rows: Vec<[Vec<f32>; 2]>, positions: usize) -> PocketState {
        self.after(self.transformer.resume(rows, positions))
    }

    /// Streams remember binary16: where other weights of the model have 8 bits, which lose more.
    pub(crate) fn remember_in_halves(&mut self) {
        self.halves = true;
    }

    /// A past with room for `positions` in all.
    pub(crate) fn with_room(&self, state: &PocketState, positions: usize) -> PocketState {
        PocketState {
            transformer: self.transformer.widened(&state.transformer, positions, self.halves),
            latent: state.latent.clone(),
            hidden: state.hidden.clone(),
            z: state.z.clone(),
            x: Vec::new(),
            head: state.head.clone(),
        }
    }

    /// No latent yet, after this past.
    fn after(&self, transformer: TransformerState) -> PocketState {
        PocketState {
            transformer,
            latent: self.bos.clone(),
            hidden: vec![0.0; self.dim],
            z: vec![0.0; self.z_proj.as_ref().map_or(self.dim, Linear::outputs)],
            x: Vec::new(),
            head: HeadScratch::default(),
        }
    }

    /// A voice: encoded sound `[frames, encoded]`.
    pub(crate) fn voice(&self, isa: Isa, encoded: &[f32]) -> PocketState {
        let frames = encoded.len() / self.speaker_proj.inputs();
        let mut x = self.bos_before_voice.clone().unwrap_or_default();
        let bos = x.len();
        x.resize(bos + frames * self.dim, 0.0);
        self.speaker_proj.apply(isa, &mut x[bos..], encoded);
        let mut state = self.start(x.len() / self.dim);
        self.transformer.step(isa, &mut state.transformer, &mut x);
        state
    }

    /// `[tokens, dim]`: text tokens as the transformer takes them; ids beyond the table are its padding row.
    pub(crate) fn embed(&self, isa: Isa, tokens: &[u32]) -> Vec<f32> {
        let mut rows = vec![0.0; tokens.len() * self.rank];
        for (row, &id) in rows.chunks_exact_mut(self.rank).zip(tokens) {
            self.table.add(row, (id as usize).min(self.tokens));
        }
        let Some(proj) = &self.table_proj else { return rows };
        let mut x = vec![0.0; tokens.len() * self.dim];
        proj.apply(isa, &mut x, &rows);
        x
    }

    /// Reads text, for which there must be room.
    pub(crate) fn read(&self, isa: Isa, state: &mut PocketState, tokens: &[u32]) {
        let mut x = self.embed(isa, tokens);
        self.transformer.step(isa, &mut state.transformer, &mut x);
    }

    /// Takes normalised `latents` `[frames, latent]` for its own, for which there must be room: what comes next follows them.
    pub(crate) fn follow(&self, isa: Isa, state: &mut PocketState, latents: &[f32]) {
        let Some(before) = latents.len().checked_sub(self.latent) else { return };
        // a frame is made of the one before it; the last one waits for the next step
        let inputs = [&state.latent, &latents[..before]].concat();
        let mut x = vec![0.0; inputs.len() / self.latent * self.dim];
        self.input.apply(isa, &mut x, &inputs);
        self.transformer.step(isa, &mut state.transformer, &mut x);
        state.latent.copy_from_slice(&latents[before..]);
    }

    /// Times of a number of solver steps, and the temperature.
    pub(crate) fn sampler(&self, isa: Isa, steps: usize, temperature: f32) -> Sampler {
        self.head.sampler(isa, steps, temperature)
    }

    /// One frame of unit normal `noise` `[latent]`: the normalised latent is in [`PocketState::latent`]. Returns the logit of
    /// the end of speech.
    pub(crate) fn step(&self, isa: Isa, state: &mut PocketState, sampler: &Sampler, noise: &[f32]) -> f32 {
        let PocketState { transformer, latent, hidden, z, x, head } = state;
        x.resize(self.dim, 0.0);
        self.input.apply(isa, x, latent);
        self.transformer.step(isa, transformer, x);
        self.out_norm.apply(isa, hidden, x);
        match &self.z_proj {
            Some(proj) => proj.apply(isa, z, hidden),
            None => z.copy_from_slice(hidden),
        }
        let mut end = [0.0];
        self.end.apply(isa, &mut end, z);
        self.head.sample(isa, head, z, Draw { sampler, noise, latent });
        end[0]
    }

    /// One frame of each of several streams, the turns of which `of` finds: what [`PocketLm::step`] gives each of them, with the
    /// same bits, while weights are read once. Returns the logits of the end of speech, `[streams]`.
    pub(crate) fn step_each<'r, S>(
        &self,
        isa: Isa,
        scratch: &'r mut PocketScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> PocketTurn<'_>,
    ) -> &'r [f32] {
        let PocketScratch { transformer, head, latents, x, hidden, z, ends } = scratch;
        latents.clear();
        for stream in &mut *streams {
            latents.extend_from_slice(&of(stream).state.latent);
        }
        let rows = streams.len();
        x.resize(rows * self.dim, 0.0);
        hidden.resize(rows * self.dim, 0.0);
        ends.resize(rows, 0.0);
        self.input.apply(isa, x, latents);
        self.transformer.step_each(isa, transformer, streams, |stream| &mut of(stream).state.transformer, x);
        self.out_norm.apply(isa, hidden, x);
        let z: &[f32] = match &self.z_proj {
            Some(proj) => {
                z.resize(rows * proj.outputs(), 0.0);
                proj.apply(isa, z, hidden);
                z
            }
            None => hidden,
        };
        self.end.apply(isa, ends, z);
        self.head.sample_each(isa, head, z, streams, |stream| {
            let PocketTurn { state, sampler, noise } = of(stream);
            Draw { sampler, noise, latent: &mut state.latent }
        });
        ends
    }

    /// A normalised latent as the codec takes it: `z * std + mean`.
    pub(crate) fn denormalise(&self, latent: &[f32], out: &mut Vec<f32>) {
        debug_assert_eq!(latent.len(), self.latent);
        out.extend(latent.iter().zip(&self.mean).zip(&self.std).map(|((z, mean), std)| z * std + mean));
    }
}

#[cfg(test)]
mod stages;
