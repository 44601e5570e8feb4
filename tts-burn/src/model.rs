//! All networks of one weights file.

use burn_tensor::{Device, Tensor};

use crate::backbone::Backbone;
use crate::config::Config;
use crate::decoder::Decoder;
use crate::head::{Head, HeadShape};
use crate::speaker::SpeakerEncoder;
use crate::style::{Condition, Durations, Style};
use crate::text::TextEncoder;
use crate::weights::{LoadError, Weights};

/// The native model on a device.
#[derive(Debug, Clone)]
pub struct Model {
    /// Where it runs.
    pub device: Device,
    /// Phones to `[phones, dim]`.
    pub text: TextEncoder,
    /// Timbre and controls to `[1, style]`.
    pub style: Style,
    /// Encoded phones and style to how long they last.
    pub durations: Durations,
    /// Slots and style to what a frame is told.
    pub condition: Condition,
    /// The causal transformer.
    pub backbone: Backbone,
    /// The flow head.
    pub head: Head,
    /// Latents to parameters.
    pub decoder: Decoder,
    /// A clip to a timbre, if the file has it.
    pub speaker: Option<SpeakerEncoder>,
    /// `[1, latent]`
    emb_mean: Tensor<2>,
    /// `[1, latent]`
    emb_std: Tensor<2>,
}

impl Model {
    /// From the bytes of a weights file and the text of its config.toml.
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with either.
    pub fn load(weights: &[u8], config: &str, device: &Device) -> Result<Self, LoadError> {
        let Config { flow_lm, decoder, speaker_encoder } = Config::parse(config)?;
        let weights = Weights::open(weights, device)?;
        let (flow, latent) = (weights.root().at("flow_lm"), flow_lm.latent);
        let head = HeadShape {
            flow: flow_lm.head.flow,
            condition: flow_lm.dim,
            dim: flow_lm.head.dim,
            depth: flow_lm.head.depth,
            latent,
        };
        let scope = weights.root().at("speaker_encoder");
        let speaker = speaker_encoder.map(|config| SpeakerEncoder::load(&scope, &config, flow_lm.timbre, device));
        let model = Self {
            device: device.clone(),
            text: TextEncoder::load(&flow.at("text"), &flow_lm, device)?,
            style: Style::load(&flow.at("prosody"), &flow_lm, device)?,
            durations: Durations::load(&flow.at("duration"), &flow_lm)?,
            condition: Condition::load(&flow, &flow_lm)?,
            backbone: Backbone::load(&flow, &flow_lm)?,
            head: Head::load(&flow.at("flow_net"), head)?,
            decoder: Decoder::load(&weights.root().at("decoder"), &decoder, latent, flow_lm.timbre, device)?,
            speaker: speaker.transpose()?,
            emb_mean: flow.tensor("emb_mean", [latent])?.unsqueeze(),
            emb_std: flow.tensor("emb_std", [latent])?.unsqueeze(),
        };
        weights.finish()?;
        Ok(model)
    }

    /// Only the speaker encoder, from a file that holds nothing else of use here.
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with either; a configuration without `[speaker_encoder]` is one of them.
    pub fn speaker_encoder(weights: &[u8], config: &str, device: &Device) -> Result<SpeakerEncoder, LoadError> {
        let Config { flow_lm, speaker_encoder, .. } = Config::parse(config)?;
        let config = speaker_encoder
            .ok_or_else(|| LoadError::Config { what: "there is no [speaker_encoder], expected one".to_owned() })?;
        let weights = Weights::open(weights, device)?;
        SpeakerEncoder::load(&weights.root().at("speaker_encoder"), &config, flow_lm.timbre, device)
    }

    /// A normalised latent `[1, latent]` as the decoder takes it.
    #[must_use]
    pub fn plain(&self, latent: Tensor<2>) -> Tensor<2> {
        latent * self.emb_std.clone() + self.emb_mean.clone()
    }
}
