//! Speaking with burn's networks in the engine's place.

use std::sync::Arc;

use burn_tensor::{Device, Tensor};
use tts_core::oracle::{LatentNetworks, Networks, ParameterNetworks, Speaking};

use crate::backbone::Past;
use crate::decoder::DecoderState;
use crate::model::Model;
use crate::weights::{LoadError, rows, values};

/// burn as the networks of an engine: see `EngineOptions::with_networks`.
#[derive(Debug, Clone)]
pub struct Burn(Arc<Model>);

impl Burn {
    /// From the bytes of a weights file and the text of its config.toml, on `device`.
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with either.
    pub fn load(weights: &[u8], config: &str, device: &Device) -> Result<Self, LoadError> {
        Ok(Self(Arc::new(Model::load(weights, config, device)?)))
    }
}

/// The half of a stream that makes latents.
#[derive(Debug)]
struct Latents {
    model: Arc<Model>,
    /// `[1, style]`, at the usual rate
    style: Tensor<2>,
    /// `[1, style]`, at the asked rate
    stretched: Tensor<2>,
    speaking: Speaking,
    past: Past,
}

/// The half of a stream that makes parameters.
#[derive(Debug)]
struct Parameters {
    model: Arc<Model>,
    state: DecoderState,
}

fn style(model: &Model, speaking: &Speaking, stretch: f32) -> Tensor<2> {
    model.style.apply(&speaking.timbre, speaking.mean_log_f0, speaking.sd_log_f0, stretch)
}

impl Networks for Burn {
    fn start(&self, speaking: &Speaking) -> (Box<dyn LatentNetworks>, Box<dyn ParameterNetworks>) {
        let model = &self.0;
        let latents = Latents {
            model: model.clone(),
            style: style(model, speaking, 1.0),
            stretched: style(model, speaking, speaking.stretch),
            speaking: speaking.clone(),
            past: model.backbone.start(),
        };
        let state = model.decoder.start(model.decoder.profile(&speaking.timbre), &speaking.own, speaking.mean_log_f0);
        (Box::new(latents), Box::new(Parameters { model: model.clone(), state }))
    }
}

impl LatentNetworks for Latents {
    fn read(&mut self, phones: &[[u8; 4]]) -> (Vec<f32>, Vec<[f32; 2]>) {
        let text = self.model.text.encode(phones);
        let logs = values(self.model.durations.apply(text.clone(), self.style.clone()));
        (values(text), logs.as_chunks().0.to_vec())
    }

    fn latent(&mut self, slots: [(&[f32], [f32; 3]); 2], noise: &[f32], out: &mut [f32]) {
        let Self { model, stretched, speaking, past, .. } = self;
        let row = |x: &[f32]| rows(x, x.len(), &model.device);
        let slots = slots.map(|(text, numbers)| (row(text), row(&numbers)));
        let condition = model.condition.apply(slots, stretched.clone());
        let hidden = model.backbone.step(past, condition);
        past.latent = model.head.sample(hidden, row(noise), speaking.steps, speaking.temperature);
        out.copy_from_slice(&values(model.plain(past.latent.clone())));
    }

    fn stretch(&mut self, stretch: f32) {
        self.stretched = style(&self.model, &self.speaking, stretch);
    }
}

impl ParameterNetworks for Parameters {
    fn parameters(&mut self, latent: &[f32], out: &mut Vec<f32>) {
        let decoder = &self.model.decoder;
        let latent = rows(latent, latent.len(), &self.model.device);
        let raw = decoder.network(&mut self.state, latent.clone());
        out.clear();
        let restored = decoder.restore(&self.state, raw, latent);
        out.extend(values(decoder.refine(&mut self.state, restored)));
    }
}
