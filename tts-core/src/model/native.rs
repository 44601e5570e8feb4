//! The native family: phones with durations, a flow language model, a causal decoder, a source-filter renderer.
//!
//! A stream is two halves that share nothing but frames, so that they may run on two threads: [`Generator`] turns
//! clauses into frames, [`Vocaliser`] frames into sound. A frame is a latent and, behind it, the [`Expression`] that goes
//! with it; the language model never hears of that one, it always sees its own latents.

use std::ops::Range;

use super::native_config::{ConfigError, NativeConfig};
pub(crate) use super::native_manner::{Draws, Manner};
pub(crate) use super::native_text::ItemTime;
use super::native_text::{PhoneTable, Phonetics};
use crate::codec::{
    Decoder, DecoderState, Expression, HOP, Renderer, RendererState, SAMPLE_RATE, Shaper, ShaperState, keep_below,
};
use crate::flow::{
    ConditionScratch, Controls, FRAMES_PER_SECOND, FlowLm, FlowState, Noise, PhoneIds, Sampler, Slots, TextScratch,
    USUAL_SECONDS, frames_of,
};
use crate::kernels::Isa;
use crate::speaker::SpeakerEncoder;
use crate::text::{Break, SpokenClause};
use crate::units::Fingerprint;
use crate::weights::{Weights, WeightsError};

/// Samples of a latent frame.
const FRAME: u64 = 4 * HOP as u64;
/// Phone durations in seconds are kept within this, as when the model was measured.
const PHONE_SECONDS: (f32, f32) = (0.02, 0.6);
/// Farthest that ln of a duration is drawn from its mean.
const MOST_OFF: f32 = 0.7;
/// The pause before a sentence.
const LEAD_SECONDS: f32 = 0.08;
/// The model speaks this much of a pause; what is longer holds the last sound of it.
const SPOKEN_PAUSE_SECONDS: f32 = 0.3;
/// Phones of the same sentence that are shown to the text encoder before a clause.
const CONTEXT_PHONES: usize = 160;
/// The stretch of durations that the model has heard.
const STRETCH: (f32, f32) = (0.6, 1.7);
/// ln power of a band, and dB of aperiodicity, where nothing is heard.
const SILENCE: f32 = -30.0;

/// Noise for the latents, for the breath of the renderer, and for durations.
const LATENT_NOISE: u64 = 1;
const BREATH_NOISE: u64 = 2;
const DURATION_NOISE: u64 = 3;

/// Weights and tables of the family.
#[derive(Debug)]
pub(crate) struct NativeModel {
    pub(crate) config: NativeConfig,
    pub(crate) fingerprint: Fingerprint,
    /// Hears who speaks, where the weights can
    pub(crate) speaker_encoder: Option<SpeakerEncoder>,
    phones: PhoneTable,
    flow: FlowLm,
    decoder: Decoder,
    /// What neutral speech is given.
    neutral: Expression,
    shaper: Shaper,
    renderer: Renderer,
    /// Speak in place of `flow` and `decoder`, if there are any.
    #[cfg(feature = "oracle")]
    networks: Option<std::sync::Arc<dyn oracle::Networks>>,
}

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Who speaks, as the model takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Speaker<'v> {
    /// `[timbre]`
    pub(crate) timbre: &'v [f32],
    /// What they have of their own in each kind of sound: `[kinds, bands]`, or empty.
    pub(crate) own: &'v [f32],
    /// Habitual pitch: mean of ln(F0 / Hz).
    pub(crate) mean_log_f0: f32,
    /// Standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: f32,
}

/// Speaker and manner, encoded once for a stream; the rate may change between clauses.
#[derive(Debug, Clone)]
struct Conditioning {
    manner: Manner,
    /// `[timbre]`
    timbre: Vec<f32>,
    controls: Controls,
    /// `[style]`, as the duration model takes it: at the usual rate.
    style: Vec<f32>,
    /// `[dim]`, with the asked rate.
    style_condition: Vec<f32>,
    sampler: Sampler,
    /// Share of their deviation that durations are drawn with.
    chance: f32,
}

/// A clause on its way: what to say in every frame.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// `[phones, dim]`
    text: Vec<f32>,
    slots: Slots,
    frames: usize,
    next: usize,
    manner: Manner,
    /// Seconds from the first phone that is no lead-in to the closing pause.
    spoken: Range<f32>,
    /// 10 ms frames to be held after the last one.
    pub(crate) hold: usize,
    /// When each item of the clause is heard.
    pub(crate) times: Vec<ItemTime>,
}

/// The half of a stream that makes latents.
#[derive(Debug)]
pub(crate) struct Generator {
    isa: Isa,
    conditioning: Conditioning,
    flow: FlowState,
    noise: Noise,
    noise_frame: Vec<f32>,
    duration_noise: Noise,
    condition: Vec<f32>,
    scratch: ConditionScratch,
    text_scratch: TextScratch,
    /// Phones of the present sentence that were said.
    context: Vec<PhoneIds>,
    /// Samples that all stretches so far take.
    planned: u64,
    /// Seconds of the pause that they end in.
    pause: f32,
    #[cfg(feature = "oracle")]
    other: Option<Box<dyn oracle::LatentNetworks>>,
}

/// The half of a stream that makes sound.
#[derive(Debug)]
pub(crate) struct Vocaliser {
    isa: Isa,
    decoder: DecoderState,
    shaper: ShaperState,
    renderer: Option<RendererState>,
    noise: Noise,
    /// `[4, parameters]` of the last frame
    parameters: Vec<f32>,
    #[cfg(feature = "oracle")]
    other: Option<Box<dyn oracle::ParameterNetworks>>,
}

impl NativeModel {
    /// Loads everything; the shapes that `config` asks for are demanded of `weights`.
    pub(crate) fn load(weights: &Weights, config: NativeConfig) -> Result<Self, LoadError> {
        let root = weights.root();
        let phones =
            PhoneTable::new(&config.phones).map_err(|what| ConfigError { origin: "config.toml".to_owned(), what })?;
        let flow = FlowLm::load(&root.at("flow_lm"), config.flow_lm.clone())?;
        let decoder =
            Decoder::load(&root.at("decoder"), config.decoder.clone(), config.flow_lm.latent, config.flow_lm.timbre)?;
        let hears = config.speaker_encoder.clone();
        let speaker_encoder = hears
            .map(|hears| SpeakerEncoder::load(&root.at("speaker_encoder"), hears, config.flow_lm.timbre))
            .transpose()?;
        // the map from timbres to profiles defines the space that timbres live in
        let reads_timbre =
            root.at("decoder.profile").tensor("weight", [config.decoder.profile(), config.flow_lm.timbre])?;
        let fingerprint = Fingerprint::EMPTY.with(reads_timbre.bytes());
        weights.finish()?;
        let bands = config.decoder.envelope_bands;
        let width = decoder.parameters();
        let (shaper, renderer) = (Shaper::new(bands, width), Renderer::new(bands, width));
        Ok(Self {
            neutral: config.neutral.expression(),
            config,
            fingerprint,
            speaker_encoder,
            phones,
            flow,
            decoder,
            shaper,
            renderer,
            #[cfg(feature = "oracle")]
            networks: None,
        })
    }

    /// Power from 1 to 5 kHz over that from 50 to 1000 Hz of the mean spectrum of a speaker with this timbre and this of their
    /// own in each kind of sound, in dB.
    pub(crate) fn alpha_ratio(&self, isa: Isa, timbre: &[f32], own: &[f32]) -> f32 {
        self.decoder.alpha_ratio(isa, timbre, own)
    }

    /// `[kinds, bands]`: what somebody of this timbre has of their own in each kind of sound, as heard in `frames` `[n, bands]` of ln power, some of
    /// them voiced. Empty if the weights know no kinds.
    pub(crate) fn own(&self, isa: Isa, timbre: &[f32], frames: &[f32], voiced: &[bool]) -> Vec<f32> {
        self.decoder.own(isa, timbre, frames, voiced)
    }

    /// What a speaker has of their own in each kind of sound, if they speak louder by so many `db`; empty stays empty.
    pub(crate) fn louder(&self, own: &mut [f32], db: f32) {
        self.decoder.louder(own, db);
    }

    /// ln of how much longer than the mean one the vocal tract of a speaker with this timbre is.
    pub(crate) fn log_tract(&self, isa: Isa, timbre: &[f32]) -> f32 {
        self.decoder.log_tract(isa, timbre)
    }

    /// The timbre of somebody who has `db` more alpha ratio and is the same otherwise, of length 1.
    pub(crate) fn brightened(&self, isa: Isa, timbre: &[f32], db: f32) -> Vec<f32> {
        self.decoder.brightened(isa, timbre, db)
    }

    /// The start of a stream.
    pub(crate) fn start(
        &self,
        isa: Isa,
        speaker: &Speaker<'_>,
        manner: Manner,
        draws: Draws,
    ) -> (Generator, Vocaliser) {
        let controls = Controls {
            log_f0_above: Some(0.0),
            sd_log_f0: Some(speaker.sd_log_f0),
            stretch: Some(1.0),
            habitual_log_f0: Some(speaker.mean_log_f0),
        };
        let conditioning = Conditioning {
            manner,
            timbre: speaker.timbre.to_vec(),
            controls,
            style: self.flow.style(isa, speaker.timbre, &controls),
            style_condition: self.style_condition(isa, speaker.timbre, &controls, manner.rate),
            sampler: self.flow.sampler(isa, draws.steps, draws.temperature),
            chance: draws.temperature.sqrt(),
        };
        let generator = Generator {
            isa,
            conditioning,
            flow: self.flow.start(),
            noise: Noise::new(draws.seed, LATENT_NOISE),
            noise_frame: vec![0.0; self.config.flow_lm.latent],
            duration_noise: Noise::new(draws.seed, DURATION_NOISE),
            condition: vec![0.0; self.config.flow_lm.dim],
            scratch: ConditionScratch::default(),
            text_scratch: TextScratch::default(),
            context: Vec::new(),
            planned: 0,
            pause: 0.0,
            #[cfg(feature = "oracle")]
            other: None,
        };
        let vocaliser = Vocaliser {
            isa,
            decoder: self.decoder.start(self.decoder.profile(isa, speaker.timbre), speaker.own, speaker.mean_log_f0),
            shaper: self.shaper.start(speaker.mean_log_f0),
            renderer: Some(self.renderer.start()),
            noise: Noise::new(draws.seed, BREATH_NOISE),
            parameters: Vec::new(),
            #[cfg(feature = "oracle")]
            other: None,
        };
        #[cfg(feature = "oracle")]
        let (generator, vocaliser) = self.substitute(speaker, (manner, draws), generator, vocaliser);
        (generator, vocaliser)
    }

    /// `[dim]`: what speaker and rate add to the condition of every frame.
    fn style_condition(&self, isa: Isa, timbre: &[f32], controls: &Controls, rate: f32) -> Vec<f32> {
        let style = self.flow.style(isa, timbre, &Controls { stretch: Some(stretch(rate)), ..*controls });
        self.flow.style_condition(isa, &style)
    }

    /// From the next clause on it is spoken like this.
    pub(crate) fn direct(&self, generator: &mut Generator, manner: Manner) {
        let Generator { isa, conditioning, .. } = generator;
        if manner.rate != conditioning.manner.rate {
            let Conditioning { timbre, controls, .. } = conditioning;
            conditioning.style_condition = self.style_condition(*isa, timbre, controls, manner.rate);
            #[cfg(feature = "oracle")]
            generator.stretch_other(manner.rate);
        }
        generator.conditioning.manner = manner;
    }

    /// 10 ms frames to be held now so that the pause here lasts `seconds`, what was spoken of it included.
    pub(crate) fn pause(&self, generator: &mut Generator, seconds: f32) -> usize {
        let hold = ((seconds - generator.pause).max(0.0) * 100.0).round() as usize;
        generator.pause = generator.pause.max(seconds);
        generator.planned += (hold * HOP) as u64;
        hold
    }

    /// Plans a clause: durations of its phones and when each item is heard. `None` if nothing of it is spoken.
    pub(crate) fn plan(&self, generator: &mut Generator, clause: &SpokenClause) -> Option<Stretch> {
        let leads = generator.context.is_empty();
        let phonetics = Phonetics::new(&self.phones, clause, leads)?;
        let shown = generator.context.len();
        generator.context.extend_from_slice(&phonetics.phones);
        let (text, logs) = self.read(generator, shown);

        let (mut seconds, chance) = self.durations(generator, &logs, &phonetics, leads);
        let manner = generator.conditioning.manner;
        let Manner { rate, pause_scale, .. } = manner;
        let last = seconds.len() - 1;
        let pause = pause_after(clause) * chance * pause_scale / rate;
        seconds[last] = pause.clamp(0.04, SPOKEN_PAUSE_SECONDS);
        let hold = ((pause - seconds[last]).max(0.0) * 100.0).round() as usize;
        // whole frames: the closing pause takes the difference
        let total: f32 = seconds.iter().sum();
        let frames = frames_of(total - 0.02).max(1);
        seconds[last] = (seconds[last] + frames as f32 / FRAMES_PER_SECOND - total).max(0.02);

        generator.pause = seconds[last] + hold as f32 / 100.0;
        let slots = Slots::new(&seconds);
        let spoken = if leads { seconds[0] } else { 0.0 }..slots.ends()[last] - seconds[last];
        let times = phonetics.times(slots.ends(), generator.planned, (frames as u64 * FRAME) + (hold * HOP) as u64);
        generator.planned += frames as u64 * FRAME + (hold * HOP) as u64;
        self.keep_context(generator, clause, &phonetics);
        Some(Stretch { text, slots, frames, next: 0, manner, spoken, hold, times })
    }

    /// Encoded phones `[phones, dim]`, and of each the mean of ln(duration / 80 ms) and ln of its standard deviation, without the first `shown` of
    /// the context.
    fn read(&self, generator: &mut Generator, shown: usize) -> (Vec<f32>, Vec<[f32; 2]>) {
        #[cfg(feature = "oracle")]
        if let Some(read) = self.read_with_other(generator, shown) {
            return read;
        }
        let Generator { isa, text_scratch, context, conditioning, .. } = generator;
        let mut text = Vec::new();
        self.flow.encode_text(*isa, text_scratch, context, &mut text);
        text.drain(..shown * self.config.flow_lm.dim);
        let logs = self.flow.log_durations(*isa, &text, &conditioning.style);
        (text, logs)
    }

    /// Seconds of every phone at the asked rate, drawn by chance; and how much longer than usual the last is for it.
    fn durations(
        &self,
        generator: &mut Generator,
        logs: &[[f32; 2]],
        phonetics: &Phonetics,
        leads: bool,
    ) -> (Vec<f32>, f32) {
        let Generator { conditioning: Conditioning { manner, chance, .. }, duration_noise, .. } = generator;
        let Manner { rate, pause_scale, .. } = *manner;
        let mut seconds = vec![0.0; logs.len()];
        duration_noise.fill(&mut seconds);
        let mut times = 1.0;
        for ((seconds, [mean, log_deviation]), ids) in seconds.iter_mut().zip(logs).zip(&phonetics.phones) {
            let off = (*chance * *seconds * log_deviation.min(3.0).exp()).clamp(-MOST_OFF, MOST_OFF);
            let drawn = (USUAL_SECONDS * (mean + off).exp()).clamp(PHONE_SECONDS.0, PHONE_SECONDS.1);
            let scale = if self.phones.is_pause(*ids) { pause_scale } else { 1.0 };
            *seconds = (drawn * scale / rate).max(0.01);
            times = off.exp();
        }
        if leads {
            seconds[0] = LEAD_SECONDS / rate;
        }
        (seconds, times)
    }

    /// The next clause of a sentence sees the phones before it; the next sentence starts anew.
    fn keep_context(&self, generator: &mut Generator, clause: &SpokenClause, phonetics: &Phonetics) {
        if clause.ends_sentence {
            generator.context.clear();
            return;
        }
        // the pause at the end leads to whatever comes; until then the punctuation after it is unknown
        let excess = generator.context.len().saturating_sub(CONTEXT_PHONES.max(phonetics.phones.len()));
        generator.context.drain(..excess);
    }

    /// Numbers of a frame.
    pub(crate) fn frame(&self) -> usize {
        self.config.flow_lm.latent + Expression::WIDTH
    }

    /// Appends to `out` the sound that `frame` `[latent + expression]` completes.
    pub(crate) fn vocalise(&self, vocaliser: &mut Vocaliser, frame: &[f32], out: &mut Vec<f32>) {
        let (latent, expression) = frame.split_at(self.config.flow_lm.latent);
        if vocaliser.renderer.is_some() {
            self.decode(vocaliser, latent);
        }
        let Vocaliser { isa, shaper, renderer, noise, parameters, .. } = vocaliser;
        if let Some(renderer) = renderer {
            let expression = self.neutral.and(Expression::from_slice(expression));
            self.shaper.step(shaper, expression, parameters);
            let from = out.len();
            self.renderer.step(*isa, renderer, parameters, &mut |out| noise.fill(out), out);
            keep_below(&mut out[from..]);
        }
    }

    /// Leaves the parameters of `latent` in `vocaliser`.
    fn decode(&self, vocaliser: &mut Vocaliser, latent: &[f32]) {
        #[cfg(feature = "oracle")]
        if vocaliser.decode_with_other(latent) {
            return;
        }
        let Vocaliser { isa, decoder, parameters, .. } = vocaliser;
        self.decoder.step(*isa, decoder, latent, parameters);
    }

    /// Appends `frames` times 10 ms of the last sound, without voice: the rest of a pause. Silence if there was none.
    pub(crate) fn hold(&self, vocaliser: &mut Vocaliser, frames: usize, out: &mut Vec<f32>) {
        let Vocaliser { isa, renderer, noise, parameters, .. } = vocaliser;
        let width = self.decoder.parameters();
        if parameters.is_empty() {
            parameters.resize(width, SILENCE);
        }
        let last = parameters.len() - width;
        if let Some(renderer) = renderer {
            let from = out.len();
            self.decoder.unvoice(&mut parameters[last..]);
            for _ in 0..frames {
                self.renderer.step(*isa, renderer, &parameters[last..], &mut |out| noise.fill(out), out);
            }
            keep_below(&mut out[from..]);
        }
    }

    /// Appends the rest of the sound. Nothing comes after it.
    pub(crate) fn finish(&self, vocaliser: &mut Vocaliser, out: &mut Vec<f32>) {
        let Vocaliser { isa, renderer, noise, .. } = vocaliser;
        if let Some(renderer) = renderer.take() {
            let from = out.len();
            self.renderer.finish(*isa, renderer, &mut |out| noise.fill(out), out);
            keep_below(&mut out[from..]);
        }
    }
}

/// What the model is told of durations at a rate.
fn stretch(rate: f32) -> f32 {
    rate.recip().clamp(STRETCH.0, STRETCH.1)
}

/// Seconds of the pause that a clause leads to, at rate 1.
fn pause_after(clause: &SpokenClause) -> f32 {
    if clause.ends_paragraph {
        return 0.65;
    }
    match clause.end {
        Break::Comma => 0.16,
        Break::Semicolon => 0.28,
        Break::Period | Break::Question | Break::Exclamation => 0.34,
    }
}

/// Samples a second of all sound of this family.
pub(crate) const fn sample_rate() -> u32 {
    SAMPLE_RATE
}

pub(crate) mod frames;
#[cfg(feature = "oracle")]
pub mod oracle;
#[cfg(test)]
mod tests;
