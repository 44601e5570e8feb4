//! The flow language model: a voice prompt, text tokens and latents, all positions of one causal transformer.

use burn_tensor::{Int, Tensor, TensorData};

use super::config::PocketConfig;
use super::transformer::{KeysValues, Transformer};
use crate::head::{Head, HeadShape};
use crate::layers::{Linear, Norm};
use crate::weights::{LoadError, Scope};

/// Weights of all but the codec.
#[derive(Debug, Clone)]
pub struct Lm {
    /// `[tokens + 1, rank or dim]`
    table: Tensor<2>,
    table_proj: Option<Linear>,
    speaker_proj: Linear,
    /// `[1, dim]`
    bos_before_voice: Option<Tensor<2>>,
    /// `[1, latent]`
    bos: Tensor<2>,
    input_linear: Linear,
    transformer: Transformer,
    out_norm: Norm,
    z_proj: Option<Linear>,
    out_eos: Linear,
    /// A condition and noise to a latent.
    pub head: Head,
    /// `[1, latent]`
    mean: Tensor<2>,
    /// `[1, latent]`
    std: Tensor<2>,
}

/// What the transformer made of a prompt and the latents after it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// `[latents + 1, z]`: of the beginning of speech and every latent, what the head is told for the next
    pub condition: Tensor<2>,
    /// Keys and values of every layer, of all positions.
    pub past: Vec<KeysValues>,
}

impl Lm {
    /// Everything below `scope` (`flow_lm`).
    pub(crate) fn load(scope: &Scope<'_>, config: &PocketConfig) -> Result<Self, LoadError> {
        let (lm, latent) = (&config.flow_lm, config.mimi.quantizer.dimension);
        let (shape, conditioner) = (lm.shape(), scope.at("conditioner"));
        let (dim, z, table) = (shape.dim, lm.z_dim.unwrap_or(shape.dim), &lm.lookup_table);
        let bos_before_voice = || Ok(scope.tensor("bos_before_voice", [1, 1, dim])?.reshape([1, dim]));
        let head = HeadShape { flow: lm.flow.flow, condition: z, dim: lm.flow.dim, depth: lm.flow.depth, latent };
        let proj = |rank| Linear::without_bias(&conditioner.at("proj"), rank, dim);
        Ok(Self {
            table: conditioner.tensor("embed.weight", [table.n_bins + 1, table.rank.unwrap_or(dim)])?,
            table_proj: table.rank.map(proj).transpose()?,
            speaker_proj: Linear::named(scope, "speaker_proj_weight", config.mimi.inner(), dim)?,
            bos_before_voice: lm.insert_bos_before_voice.then(bos_before_voice).transpose()?,
            bos: scope.tensor("bos_emb", [latent])?.unsqueeze(),
            input_linear: Linear::without_bias(&scope.at("input_linear"), latent, dim)?,
            transformer: Transformer::load(&scope.at("transformer"), shape)?,
            out_norm: Norm::load(&scope.at("out_norm"), dim, 1e-5)?,
            z_proj: lm.z_dim.map(|z| Linear::without_bias(&scope.at("z_proj"), dim, z)).transpose()?,
            out_eos: Linear::load(&scope.at("out_eos"), z, 1)?,
            head: Head::load(&scope.at("flow_net"), head)?,
            mean: scope.tensor("emb_mean", [latent])?.unsqueeze(),
            std: scope.tensor("emb_std", [latent])?.unsqueeze(),
        })
    }

    /// Ids of tokens to `[tokens, dim]`; ids beyond the table are its last row, for padding.
    #[must_use]
    pub fn text(&self, tokens: &[u32]) -> Tensor<2> {
        let [rows, _] = self.table.dims();
        let ids: Vec<i64> = tokens.iter().map(|&id| i64::from(id).min(rows as i64 - 1)).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [tokens.len()]), &self.table.device());
        let rows = self.table.clone().select(0, ids);
        match &self.table_proj {
            Some(proj) => proj.apply(rows),
            None => rows,
        }
    }

    /// Encoded sound `[frames, encoded]` to what the transformer reads of a voice, `[positions, dim]`.
    #[must_use]
    pub fn voice(&self, encoded: Tensor<2>) -> Tensor<2> {
        let voice = self.speaker_proj.apply(encoded);
        match &self.bos_before_voice {
            Some(bos) => Tensor::cat(vec![bos.clone(), voice], 0),
            None => voice,
        }
    }

    /// `prompt` `[positions, dim]`, then the beginning of speech and normalised latents `[latents, latent]`, which may be none.
    #[must_use]
    pub fn hear(&self, prompt: Tensor<2>, latents: Tensor<2>) -> Heard {
        let ([prompted, _], [count, _]) = (prompt.dims(), latents.dims());
        let latents = if count == 0 { self.bos.clone() } else { Tensor::cat(vec![self.bos.clone(), latents], 0) };
        let (x, past) = self.transformer.apply(Tensor::cat(vec![prompt, self.input_linear.apply(latents)], 0));
        let x = self.out_norm.apply(x.narrow(0, prompted, count + 1));
        let condition = match &self.z_proj {
            Some(proj) => proj.apply(x),
            None => x,
        };
        Heard { condition, past }
    }

    /// Keys and values of every layer of a prompt alone.
    #[must_use]
    pub fn past(&self, prompt: Tensor<2>) -> Vec<KeysValues> {
        self.transformer.apply(prompt).1
    }

    /// `[frames, z]` to logits of the end of speech `[frames, 1]`.
    #[must_use]
    pub fn end(&self, condition: Tensor<2>) -> Tensor<2> {
        self.out_eos.apply(condition)
    }

    /// Normalised latents `[frames, latent]` as the codec takes them.
    #[must_use]
    pub fn plain(&self, latents: Tensor<2>) -> Tensor<2> {
        latents * self.std.clone() + self.mean.clone()
    }
}
