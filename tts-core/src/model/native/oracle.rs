//! A back door for another implementation of the networks (feature `oracle`; level 5).
//!
//! Two ways through it: [`Stages`] runs every network of the engine by itself on given numbers, so that another
//! implementation can be compared with it stage by stage; [`Networks`] lets another implementation speak in the engine's
//! place, while text, plan, noise, renderer and streams stay the engine's. Not part of the stable interface: it follows
//! the model wherever that goes.
//!
//! All signals are row-major `[frames, channels]`. May import: what `native` may.

use std::fmt::Debug;
use std::sync::Arc;

use super::*;
use crate::flow::Frame;

/// A speaker and a manner, for networks that are to speak.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaking {
    /// `[timbre]`, of length 1
    pub timbre: Vec<f32>,
    /// What the speaker has of their own in each kind of sound: `[kinds, bands]`, or empty.
    pub own: Vec<f32>,
    /// Habitual mean of ln(F0 / Hz).
    pub mean_log_f0: f32,
    /// Habitual standard deviation of ln(F0 / Hz).
    pub sd_log_f0: f32,
    /// Durations relative to the usual ones, for the condition of frames; the duration model is told 1.
    pub stretch: f32,
    /// Solver steps a frame.
    pub steps: usize,
    /// Variance of the noise.
    pub temperature: f32,
}

/// Networks that can speak instead of the engine's own.
pub trait Networks: Debug + Send + Sync {
    /// The two halves of a stream.
    fn start(&self, speaking: &Speaking) -> (Box<dyn LatentNetworks>, Box<dyn ParameterNetworks>);
}

/// Phones to latents: one stream.
pub trait LatentNetworks: Debug + Send {
    /// `phones` (phone, stress, word start, punctuation) to encoded text `[phones, dim]`, and of each the mean of ln(duration /
    /// 80 ms) and ln of its standard deviation.
    fn read(&mut self, phones: &[[u8; 4]]) -> (Vec<f32>, Vec<[f32; 2]>);

    /// The next plain latent, into `out` `[latent]`. Of both slots of the frame: its phone's row of encoded text `[dim]`
    /// and its three numbers. `noise` is unit normal, `[latent]`.
    fn latent(&mut self, slots: [(&[f32], [f32; 3]); 2], noise: &[f32], out: &mut [f32]);

    /// From the next latent on durations are these, relative to the usual ones: see [`Speaking::stretch`].
    fn stretch(&mut self, stretch: f32);
}

/// Latents to the renderer's parameters: one stream.
pub trait ParameterNetworks: Debug + Send {
    /// A plain latent to `out`, four rows: ln power of every band, aperiodicity at 0 Hz and the coded ones in dB, F0 in Hz (0 unvoiced), and, if the
    /// weights have a refiner, ln gains of the amplitudes of voice and breath at 257 frequencies each.
    fn parameters(&mut self, latent: &[f32], out: &mut Vec<f32>);
}

/// The engine's networks, one by one.
#[derive(Debug)]
pub struct Stages {
    isa: Isa,
    model: NativeModel,
}

/// What the transformer and the head gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latents {
    /// `[frames, dim]`
    pub hidden: Vec<f32>,
    /// `[frames, latent]`, as the head gives them
    pub normalised: Vec<f32>,
    /// `[frames, latent]`, as the decoder takes them
    pub plain: Vec<f32>,
}

/// What the decoder gave, and what it adds for a speaker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// `[bands + 1 + 3]`
    pub profile: Vec<f32>,
    /// `[dim]`
    pub added_to_frames: Vec<f32>,
    /// `[subframe_dim]`
    pub added_to_subframes: Vec<f32>,
    /// `[4 frames, bands + 5]`, as the network gives them
    pub raw: Vec<f32>,
    /// `[4 frames, bands + 5]`, or more if the weights have a refiner; before a way of speaking changes them
    pub parameters: Vec<f32>,
}

impl Stages {
    /// From the bytes of a weights file and the text of its config.toml, on the best instruction set there is.
    ///
    /// # Errors
    /// What is wrong with either, for people.
    pub fn load(weights: Vec<u8>, config: &str) -> Result<Self, String> {
        let config = NativeConfig::parse("config.toml", config).map_err(|error| error.to_string())?;
        let weights = Weights::from_bytes("the weights", weights).map_err(|error| error.to_string())?;
        let model = NativeModel::load(&weights, config).map_err(|error| error.to_string())?;
        Ok(Self { isa: Isa::detect(), model })
    }

    /// The instruction set in use.
    #[must_use]
    pub fn isa(&self) -> &'static str {
        self.isa.name()
    }

    /// Phones (phone, stress, word start, punctuation) to `[phones, dim]`.
    #[must_use]
    pub fn text(&self, phones: &[[u8; 4]]) -> Vec<f32> {
        let phones: Vec<PhoneIds> = phones.iter().copied().map(ids).collect();
        let mut out = Vec::new();
        self.model.flow.encode_text(self.isa, &mut TextScratch::default(), &phones, &mut out);
        out
    }

    /// `[style]`; mean ln F0 is the habitual one.
    #[must_use]
    pub fn style(&self, speaking: &Speaking) -> Vec<f32> {
        let controls = Controls {
            log_f0_above: Some(0.0),
            sd_log_f0: Some(speaking.sd_log_f0),
            stretch: Some(speaking.stretch),
            habitual_log_f0: Some(speaking.mean_log_f0),
        };
        self.model.flow.style(self.isa, &speaking.timbre, &controls)
    }

    /// Of every row of `text` `[phones, dim]` the mean of ln(duration / 80 ms) and ln of its standard deviation.
    #[must_use]
    pub fn log_durations(&self, text: &[f32], style: &[f32]) -> Vec<[f32; 2]> {
        self.model.flow.log_durations(self.isa, text, style)
    }

    /// `[frames, dim]`: conditions of as many whole frames as `seconds` of the phones of `text` fill.
    #[must_use]
    pub fn conditions(&self, text: &[f32], seconds: &[f32], style: &[f32]) -> Vec<f32> {
        let (flow, slots) = (&self.model.flow, Slots::new(seconds));
        let style_condition = flow.style_condition(self.isa, style);
        let dim = flow.config.dim;
        let mut out = vec![0.0; frames_of(seconds.iter().sum()) * dim];
        for (index, row) in out.chunks_exact_mut(dim).enumerate() {
            let frame = Frame { text, slots: &slots, index, style_condition: &style_condition };
            flow.condition(self.isa, &mut ConditionScratch::default(), frame, row);
        }
        out
    }

    /// The slots of [`Stages::conditions`]: phone and three numbers of each.
    #[must_use]
    pub fn slots(seconds: &[f32]) -> Vec<(usize, [f32; 3])> {
        let slots = Slots::new(seconds);
        (0..2 * frames_of(seconds.iter().sum())).map(|slot| slots.at(slot)).collect()
    }

    /// Latents of `conditions` `[frames, dim]` from unit normal `noise` `[frames, latent]`, a frame after the other.
    #[must_use]
    pub fn latents(&self, conditions: &[f32], noise: &[f32], steps: usize, temperature: f32) -> Latents {
        let flow = &self.model.flow;
        let sampler = flow.sampler(self.isa, steps, temperature);
        let (mut state, mut out) = (flow.start(), Latents::default());
        let mut plain = vec![0.0; flow.config.latent];
        for (condition, noise) in conditions.chunks_exact(flow.config.dim).zip(noise.chunks_exact(flow.config.latent)) {
            flow.step(self.isa, &mut state, &sampler, condition, noise);
            flow.denormalise(state.latent(), &mut plain);
            out.hidden.extend_from_slice(state.hidden());
            out.normalised.extend_from_slice(state.latent());
            out.plain.extend_from_slice(&plain);
        }
        out
    }

    /// Channels of a latent.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.model.config.flow_lm.latent
    }

    /// The decoder of a stream, for one latent at a time.
    #[must_use]
    pub fn decoding(&self, speaking: &Speaking) -> Decoding<'_> {
        let decoder = &self.model.decoder;
        let state = decoder.start(decoder.profile(self.isa, &speaking.timbre), &speaking.own, speaking.mean_log_f0);
        Decoding { stages: self, state, parameters: Vec::new() }
    }

    /// Who is heard in `features` `[frames, bands + 2]`, at least one of them voiced: timbre `[timbre]`, mean and standard
    /// deviation of ln F0. `None` if the weights cannot listen.
    #[must_use]
    pub fn heard(&self, features: &[f32]) -> Option<(Vec<f32>, f32, f32)> {
        Some(self.model.speaker_encoder.as_ref()?.hear_features(self.isa, features))
    }

    /// `timbre` `[timbre]` drawn, all but `share` of it, to the usual one for a tract. `None` if the weights cannot listen.
    #[must_use]
    pub fn drawn(&self, timbre: &[f32], log_tract: f32, share: f32) -> Option<Vec<f32>> {
        Some(self.model.speaker_encoder.as_ref()?.drawn(timbre, log_tract, share))
    }

    /// Parameters of plain latents `[frames, latent]`, all in one call.
    #[must_use]
    pub fn parameters(&self, speaking: &Speaking, latents: &[f32]) -> Parameters {
        let (isa, decoder) = (self.isa, &self.model.decoder);
        let profile = decoder.profile(isa, &speaking.timbre);
        let (added_to_frames, added_to_subframes) = profile.added();
        let (added_to_frames, added_to_subframes) = (added_to_frames.to_vec(), added_to_subframes.to_vec());
        let mut state = decoder.start(profile, &speaking.own, speaking.mean_log_f0);
        let mut parameters = Vec::new();
        decoder.step(isa, &mut state, latents, &mut parameters);
        let (profile, raw) = decoder.inside(isa, &speaking.timbre, latents);
        Parameters { profile, added_to_frames, added_to_subframes, raw, parameters }
    }
}

/// The engine's decoder in the midst of a stream.
#[derive(Debug)]
pub struct Decoding<'s> {
    stages: &'s Stages,
    state: DecoderState,
    parameters: Vec<f32>,
}

impl Decoding<'_> {
    /// Four rows of [`Parameters::parameters`], of the next plain latent `[latent]`.
    pub fn step(&mut self, latent: &[f32]) -> &[f32] {
        let Self { stages, state, parameters } = self;
        stages.model.decoder.step(stages.isa, state, latent, parameters);
        parameters
    }
}

fn ids([phone, stress, word_start, punctuation]: [u8; 4]) -> PhoneIds {
    PhoneIds { phone, stress, word_start, punctuation }
}

impl NativeModel {
    /// Lets `networks`, if there are any, speak in place of the engine's own.
    pub(crate) fn with_networks(mut self, networks: Option<Arc<dyn Networks>>) -> Self {
        self.networks = networks;
        self
    }

    /// Puts the halves of a stream of the other networks in, if there are any.
    pub(super) fn substitute(
        &self,
        speaker: &Speaker<'_>,
        (manner, draws): (Manner, Draws),
        generator: Generator,
        vocaliser: Vocaliser,
    ) -> (Generator, Vocaliser) {
        let Some(networks) = &self.networks else { return (generator, vocaliser) };
        let (latents, parameters) = networks.start(&Speaking {
            timbre: speaker.timbre.to_vec(),
            own: speaker.own.to_vec(),
            mean_log_f0: speaker.mean_log_f0,
            sd_log_f0: speaker.sd_log_f0,
            stretch: stretch(manner.rate),
            steps: draws.steps,
            temperature: draws.temperature,
        });
        (Generator { other: Some(latents), ..generator }, Vocaliser { other: Some(parameters), ..vocaliser })
    }

    /// What [`NativeModel::read`] gives, of the other networks.
    pub(super) fn read_with_other(&self, generator: &mut Generator, shown: usize) -> Option<(Vec<f32>, Vec<[f32; 2]>)> {
        let Generator { other: Some(other), context, .. } = generator else { return None };
        let phones = context.iter().map(|ids| [ids.phone, ids.stress, ids.word_start, ids.punctuation]);
        let (mut text, mut logs) = other.read(&phones.collect::<Vec<_>>());
        text.drain(..shown * self.config.flow_lm.dim);
        logs.drain(..shown);
        Some((text, logs))
    }

    /// What [`NativeModel::next_latent`] gives, of the other networks; `false` if there are none.
    pub(super) fn latent_of_other(&self, generator: &mut Generator, stretch: &Stretch, latent: &mut [f32]) -> bool {
        let Generator { other: Some(other), noise_frame, .. } = generator else { return false };
        let dim = self.config.flow_lm.dim;
        let slots = [0, 1].map(|half| {
            let (phone, numbers) = stretch.slots.at(2 * stretch.next + half);
            (&stretch.text[phone * dim..(phone + 1) * dim], numbers)
        });
        other.latent(slots, noise_frame, latent);
        true
    }
}

impl Generator {
    /// Tells the other networks, if there are any, of another rate.
    pub(super) fn stretch_other(&mut self, rate: f32) {
        if let Some(other) = &mut self.other {
            other.stretch(stretch(rate));
        }
    }
}

impl Vocaliser {
    /// Fills the parameters of `latent` by the other networks; `false` if there are none.
    pub(super) fn decode_with_other(&mut self, latent: &[f32]) -> bool {
        let Self { other: Some(other), parameters, .. } = self else { return false };
        other.parameters(latent, parameters);
        true
    }
}
