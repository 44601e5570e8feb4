//! The native family: phones with durations, a flow language model, a causal decoder, a source-filter renderer.
//!
//! A stream is two halves that share nothing but latents, so that they may run on two threads: [`Generator`] turns
//! clauses into latents, [`Vocaliser`] latents into sound.

use super::native_config::{ConfigError, NativeConfig};
pub(crate) use super::native_text::ItemTime;
use super::native_text::{PhoneTable, Phonetics};
use crate::codec::{Decoder, DecoderState, HOP, Renderer, RendererState, SAMPLE_RATE};
use crate::flow::{
    ConditionScratch, Controls, FRAMES_PER_SECOND, FlowLm, FlowState, Frame, Noise, PhoneIds, Sampler, Slots,
    TextScratch, USUAL_SECONDS, frames_of,
};
use crate::kernels::Isa;
use crate::speaker::SpeakerEncoder;
use crate::text::{Break, SpokenClause};
use crate::units::{Fingerprint, Seed};
use crate::weights::{Weights, WeightsError};

/// Samples of a latent frame.
const FRAME: u64 = 4 * HOP as u64;
/// Phone durations in seconds are kept within this, as when the model was measured.
const PHONE_SECONDS: (f32, f32) = (0.02, 0.6);
/// The pause before a sentence.
const LEAD_SECONDS: f32 = 0.08;
/// The model speaks this much of a pause; what is longer holds the last sound of it.
const SPOKEN_PAUSE_SECONDS: f32 = 0.3;
/// Phones of the same sentence that are shown to the text encoder before a clause.
const CONTEXT_PHONES: usize = 160;
/// The stretch of durations that the model has heard.
const STRETCH: (f32, f32) = (0.6, 1.7);

/// Noise for the latents, and for the breath of the renderer.
const LATENT_NOISE: u64 = 1;
const BREATH_NOISE: u64 = 2;

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
    renderer: Renderer,
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
    /// Habitual pitch: mean of ln(F0 / Hz).
    pub(crate) mean_log_f0: f32,
    /// Standard deviation of ln(F0 / Hz).
    pub(crate) sd_log_f0: f32,
}

/// How it is spoken, in plain numbers that were checked above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Manner {
    /// Speed: 2 is twice as fast.
    pub(crate) rate: f32,
    /// Semitones above the voice's own pitch.
    pub(crate) semitones: f32,
    /// Pauses relative to the usual ones.
    pub(crate) pause_scale: f32,
    /// Solver steps.
    pub(crate) steps: usize,
    /// Variance of the noise.
    pub(crate) temperature: f32,
    /// Start of all noise.
    pub(crate) seed: Seed,
}

/// Speaker and manner, encoded once for a stream.
#[derive(Debug, Clone)]
struct Conditioning {
    manner: Manner,
    /// `[style]`, as the duration model takes it: at the usual rate.
    style: Vec<f32>,
    /// `[dim]`, with the asked rate.
    style_condition: Vec<f32>,
    sampler: Sampler,
}

/// A clause on its way: what to say in every frame.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// `[phones, dim]`
    text: Vec<f32>,
    slots: Slots,
    frames: usize,
    next: usize,
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
    condition: Vec<f32>,
    scratch: ConditionScratch,
    text_scratch: TextScratch,
    /// Phones of the present sentence that were said.
    context: Vec<PhoneIds>,
    /// Samples that all stretches so far take.
    planned: u64,
}

/// The half of a stream that makes sound.
#[derive(Debug)]
pub(crate) struct Vocaliser {
    isa: Isa,
    log_f0_shift: f32,
    decoder: DecoderState,
    renderer: Option<RendererState>,
    noise: Noise,
    /// `[4, bands + 4]` of the last frame
    parameters: Vec<f32>,
}

impl NativeModel {
    /// Loads everything; the shapes that `config` asks for are demanded of `weights`.
    pub(crate) fn load(weights: &Weights, config: NativeConfig) -> Result<Self, LoadError> {
        let root = weights.root();
        let phones =
            PhoneTable::new(&config.phones).map_err(|what| ConfigError { origin: "config.toml".to_owned(), what })?;
        let flow = FlowLm::load(&root.at("flow_lm"), config.flow_lm.clone())?;
        let decoder = Decoder::load(&root.at("decoder"), config.decoder.clone(), config.flow_lm.latent)?;
        let hears = config.speaker_encoder.clone();
        let speaker_encoder = hears
            .map(|hears| SpeakerEncoder::load(&root.at("speaker_encoder"), hears, config.flow_lm.timbre))
            .transpose()?;
        // a voice depends on the weights that read its timbre
        let reads_timbre =
            root.at("flow_lm.style_proj").tensor("weight", [config.flow_lm.dim, config.flow_lm.style()])?;
        let fingerprint = Fingerprint::EMPTY.with(config.name.as_bytes()).with(reads_timbre.bytes());
        weights.finish()?;
        let renderer = Renderer::new(config.decoder.envelope_bands);
        Ok(Self { config, fingerprint, speaker_encoder, phones, flow, decoder, renderer })
    }

    /// The start of a stream.
    pub(crate) fn start(&self, isa: Isa, speaker: &Speaker<'_>, manner: Manner) -> (Generator, Vocaliser) {
        let controls =
            Controls { mean_log_f0: Some(speaker.mean_log_f0), sd_log_f0: Some(speaker.sd_log_f0), stretch: Some(1.0) };
        let style = self.flow.style(isa, speaker.timbre, &controls);
        let stretched = Controls { stretch: Some(manner.rate.recip().clamp(STRETCH.0, STRETCH.1)), ..controls };
        let stretched = self.flow.style(isa, speaker.timbre, &stretched);
        let conditioning = Conditioning {
            manner,
            style,
            style_condition: self.flow.style_condition(isa, &stretched),
            sampler: self.flow.sampler(isa, manner.steps, manner.temperature),
        };
        let generator = Generator {
            isa,
            conditioning,
            flow: self.flow.start(),
            noise: Noise::new(manner.seed, LATENT_NOISE),
            noise_frame: vec![0.0; self.config.flow_lm.latent],
            condition: vec![0.0; self.config.flow_lm.dim],
            scratch: ConditionScratch::default(),
            text_scratch: TextScratch::default(),
            context: Vec::new(),
            planned: 0,
        };
        let vocaliser = Vocaliser {
            isa,
            log_f0_shift: manner.semitones * std::f32::consts::LN_2 / 12.0,
            decoder: self.decoder.start(),
            renderer: Some(self.renderer.start()),
            noise: Noise::new(manner.seed, BREATH_NOISE),
            parameters: Vec::new(),
        };
        (generator, vocaliser)
    }

    /// Plans a clause: durations of its phones and when each item is heard. `None` if nothing of it is spoken.
    pub(crate) fn plan(&self, generator: &mut Generator, clause: &SpokenClause) -> Option<Stretch> {
        let isa = generator.isa;
        let leads = generator.context.is_empty();
        let phonetics = Phonetics::new(&self.phones, clause, leads)?;
        let shown = generator.context.len();
        generator.context.extend_from_slice(&phonetics.phones);
        let mut text = Vec::new();
        self.flow.encode_text(isa, &mut generator.text_scratch, &generator.context, &mut text);
        text.drain(..shown * self.config.flow_lm.dim);

        let mut seconds = self.durations(generator, &text, &phonetics, leads);
        let Manner { rate, pause_scale, .. } = generator.conditioning.manner;
        let pause = pause_after(clause) * pause_scale / rate;
        let last = seconds.len() - 1;
        seconds[last] = pause.clamp(0.04, SPOKEN_PAUSE_SECONDS);
        let hold = ((pause - seconds[last]).max(0.0) * 100.0).round() as usize;
        // whole frames: the closing pause takes the difference
        let total: f32 = seconds.iter().sum();
        let frames = frames_of(total - 0.02).max(1);
        seconds[last] = (seconds[last] + frames as f32 / FRAMES_PER_SECOND - total).max(0.02);

        let slots = Slots::new(&seconds);
        let times = phonetics.times(slots.ends(), generator.planned, (frames as u64 * FRAME) + (hold * HOP) as u64);
        generator.planned += frames as u64 * FRAME + (hold * HOP) as u64;
        self.keep_context(generator, clause, &phonetics);
        Some(Stretch { text, slots, frames, next: 0, hold, times })
    }

    /// Seconds of every phone at the asked rate.
    fn durations(&self, generator: &Generator, text: &[f32], phonetics: &Phonetics, leads: bool) -> Vec<f32> {
        let Manner { rate, pause_scale, .. } = generator.conditioning.manner;
        let logs = self.flow.log_durations(generator.isa, text, &generator.conditioning.style);
        let mut seconds: Vec<f32> = logs
            .iter()
            .zip(&phonetics.phones)
            .map(|(log, ids)| {
                let seconds = (USUAL_SECONDS * log.exp()).clamp(PHONE_SECONDS.0, PHONE_SECONDS.1);
                let scale = if self.phones.is_pause(*ids) { pause_scale } else { 1.0 };
                (seconds * scale / rate).max(0.01)
            })
            .collect();
        if leads {
            seconds[0] = LEAD_SECONDS / rate;
        }
        seconds
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

    /// The next latent `[latent]` of a stretch, or `false` when it is over.
    pub(crate) fn next_latent(&self, generator: &mut Generator, stretch: &mut Stretch, latent: &mut [f32]) -> bool {
        if stretch.next == stretch.frames {
            return false;
        }
        let Generator { isa, conditioning, flow, noise, noise_frame, condition, scratch, .. } = generator;
        let frame = Frame {
            text: &stretch.text,
            slots: &stretch.slots,
            index: stretch.next,
            style_condition: &conditioning.style_condition,
        };
        self.flow.condition(*isa, scratch, frame, condition);
        stretch.next += 1;
        noise.fill(noise_frame);
        self.flow.step(*isa, flow, &conditioning.sampler, condition, noise_frame);
        self.flow.denormalise(flow.latent(), latent);
        true
    }

    /// Channels of a latent.
    pub(crate) fn latent(&self) -> usize {
        self.config.flow_lm.latent
    }

    /// Appends to `out` the sound that `latent` completes.
    pub(crate) fn vocalise(&self, vocaliser: &mut Vocaliser, latent: &[f32], out: &mut Vec<f32>) {
        let Vocaliser { isa, log_f0_shift, decoder, renderer, noise, parameters } = vocaliser;
        if let Some(renderer) = renderer {
            self.decoder.step(*isa, decoder, latent, *log_f0_shift, parameters);
            self.renderer.step(*isa, renderer, parameters, &mut |out| noise.fill(out), out);
        }
    }

    /// Appends `frames` times 10 ms of the last sound, without voice: the rest of a pause.
    pub(crate) fn hold(&self, vocaliser: &mut Vocaliser, frames: usize, out: &mut Vec<f32>) {
        let Vocaliser { isa, renderer, noise, parameters, .. } = vocaliser;
        let width = self.decoder.parameters();
        if let (Some(renderer), Some(last)) = (renderer, parameters.len().checked_sub(width)) {
            parameters[last + width - 1] = 0.0;
            for _ in 0..frames {
                self.renderer.step(*isa, renderer, &parameters[last..], &mut |out| noise.fill(out), out);
            }
        }
    }

    /// Appends the rest of the sound. Nothing comes after it.
    pub(crate) fn finish(&self, vocaliser: &mut Vocaliser, out: &mut Vec<f32>) {
        let Vocaliser { isa, renderer, noise, .. } = vocaliser;
        if let Some(renderer) = renderer.take() {
            self.renderer.finish(*isa, renderer, &mut |out| noise.fill(out), out);
        }
    }
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

#[cfg(test)]
mod tests;
