//! Every stage against numbers that the PyTorch reference made from the same weights (tests/goldens/README.md).
//!
//! Bounds are three to ten times the largest difference seen on AVX-512 and on the portable bodies.

use safetensors::SafeTensors;

use super::*;
use crate::flow::Frame;

/// The shipped model and the reference's tensors for one sentence.
struct Golden {
    model: NativeModel,
    tensors: SafeTensors<'static>,
}

impl Golden {
    fn load() -> Self {
        let weights = Weights::embedded("model", include_bytes!("../../../../weights/model.safetensors")).unwrap();
        let config = NativeConfig::parse("config.toml", include_str!("../../../../weights/config.toml")).unwrap();
        let model = NativeModel::load(&weights, config).unwrap();
        let golden = include_bytes!("../../../../tests/goldens/native.safetensors");
        Self { model, tensors: SafeTensors::deserialize(golden).unwrap() }
    }

    fn get(&self, name: &str) -> Vec<f32> {
        let bytes = self.tensors.tensor(name).unwrap().data();
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    fn phones(&self) -> Vec<PhoneIds> {
        let rows = self.tensors.tensor("phones").unwrap().data().chunks_exact(4);
        rows.map(|r| PhoneIds { phone: r[0], stress: r[1], word_start: r[2], punctuation: r[3] }).collect()
    }

    fn controls(&self) -> Controls {
        let p = self.get("prosody");
        Controls {
            log_f0_above: Some(p[0] * 0.3),
            sd_log_f0: Some(p[1] * 0.08 + 0.2),
            stretch: Some(1.0),
            habitual_log_f0: Some(p[3] * 0.3 + 5.0),
        }
    }

    fn decoding(&self, isa: Isa) -> DecoderState {
        let decoder = &self.model.decoder;
        decoder.start(decoder.profile(isa, &self.get("timbre")), &self.get("own"), self.get("pitch")[0])
    }

    /// What the renderer takes, from what the reference's networks gave.
    fn parameters(&self) -> Vec<f32> {
        let (e, a, f0) = (self.get("envelope"), self.get("dec_aperiodicity"), self.get("f0"));
        let gains = if self.tensors.tensor("gains").is_ok() { self.get("gains") } else { Vec::new() };
        let width = gains.len() / f0.len();
        let rows = e.chunks_exact(80).zip(a.chunks_exact(3)).zip(f0).enumerate();
        rows.flat_map(|(t, ((e, a), f0))| {
            let a = a.iter().map(|x| (x * 2.0 - 3.0).min(-0.001));
            let gains = gains[t * width..(t + 1) * width].iter().copied();
            e.iter().copied().chain([-60.0]).chain(a).chain([f0]).chain(gains).collect::<Vec<_>>()
        })
        .collect()
    }

    fn slots(&self) -> Slots {
        let mut before = 0.0;
        let durations = self.get("phone_end").into_iter().map(|end| end - std::mem::replace(&mut before, end));
        Slots::new(&durations.collect::<Vec<_>>())
    }
}

/// Largest difference, relative to the reference's root mean square.
#[track_caller]
fn close(isa: Isa, stage: &str, found: &[f32], expected: &[f32], bound: f32) {
    assert_eq!(found.len(), expected.len(), "{stage}");
    let rms = (expected.iter().map(|x| x * x).sum::<f32>() / expected.len() as f32).sqrt();
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / rms;
    println!("{stage} on {}: {worst:.2e}", isa.name());
    assert!(worst <= bound, "{stage} on {}: {worst:e} > {bound:e}", isa.name());
}

/// Signal to noise ratio in dB.
fn snr(found: &[f32], expected: &[f32]) -> f32 {
    let noise: f64 = found.iter().zip(expected).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let signal: f64 = expected.iter().map(|b| f64::from(*b).powi(2)).sum();
    (10.0 * (signal / noise).log10()) as f32
}

#[test]
fn text_encoder_durations_and_style() {
    let golden = Golden::load();
    for isa in Isa::available() {
        let mut text = Vec::new();
        golden.model.flow.encode_text(isa, &mut TextScratch::default(), &golden.phones(), &mut text);
        close(isa, "text", &text, &golden.get("text"), 1e-4);
        let style = golden.model.flow.style(isa, &golden.get("timbre"), &golden.controls());
        close(isa, "style", &style, &golden.get("style"), 1e-5);
        let durations = golden.model.flow.log_durations(isa, &golden.get("text"), &style);
        close(isa, "durations", durations.as_flattened(), &golden.get("log_duration"), 1e-4);
    }
}

#[test]
fn conditions() {
    let golden = Golden::load();
    let flow = &golden.model.flow;
    for isa in Isa::available() {
        let style = flow.style_condition(isa, &golden.get("style"));
        let (text, slots) = (golden.get("text"), golden.slots());
        let mut conditions = vec![0.0; golden.get("cond").len()];
        for (index, out) in conditions.chunks_exact_mut(flow.config.dim).enumerate() {
            let frame = Frame { text: &text, slots: &slots, index, style_condition: &style };
            flow.condition(isa, &mut ConditionScratch::default(), frame, out);
        }
        close(isa, "condition", &conditions, &golden.get("cond"), 1e-4);
    }
}

/// Latents from the same noise, frame after frame: an error would grow.
#[test]
fn latents_from_the_same_noise() {
    let golden = Golden::load();
    let flow = &golden.model.flow;
    for isa in Isa::available() {
        let sampler = flow.sampler(isa, 8, 0.7);
        let mut state = flow.start();
        let (mut hidden, mut latents) = (Vec::new(), Vec::new());
        let (conditions, noise) = (golden.get("cond"), golden.get("noise"));
        for (c, n) in conditions.chunks_exact(flow.config.dim).zip(noise.chunks_exact(flow.config.latent)) {
            flow.step(isa, &mut state, &sampler, c, n);
            hidden.extend_from_slice(state.hidden());
            latents.extend_from_slice(state.latent());
        }
        close(isa, "hidden", &hidden, &golden.get("hidden"), 1e-3);
        close(isa, "latents", &latents, &golden.get("latents_normalised"), 1e-3);
        let mut plain = vec![0.0; latents.len()];
        for (out, z) in plain.chunks_exact_mut(flow.config.latent).zip(latents.chunks_exact(flow.config.latent)) {
            flow.denormalise(z, out);
        }
        close(isa, "plain latents", &plain, &golden.get("latents"), 1e-3);
    }
}

#[test]
fn decoder_parameters_in_any_chunking() {
    let golden = Golden::load();
    let (decoder, latents) = (&golden.model.decoder, golden.get("latents"));
    let (frames, channels) = (latents.len() / golden.model.config.flow_lm.latent, golden.model.config.flow_lm.latent);
    let expected = golden.parameters();
    for isa in Isa::available() {
        let mut whole = Vec::new();
        decoder.step(isa, &mut golden.decoding(isa), &latents, &mut whole);
        close(isa, "decoder", &whole, &expected, 1e-3);
        for chunks in crate::nn::random::chunkings(frames) {
            let (mut state, mut parts, mut out) = (golden.decoding(isa), Vec::new(), Vec::new());
            let mut rest = &latents[..];
            for chunk in chunks {
                let (now, later) = rest.split_at(chunk * channels);
                decoder.step(isa, &mut state, now, &mut out);
                parts.extend_from_slice(&out);
                rest = later;
            }
            assert_eq!(parts, whole, "{}", isa.name());
        }
    }
}

/// The sound of the reference renderer (f64), with its noise and without.
#[test]
fn renderer_sound() {
    let golden = Golden::load();
    let parameters = golden.parameters();
    for isa in Isa::available() {
        for (name, noisy, bound) in [("pcm", true, 60.0), ("pcm_periodic", false, 60.0)] {
            let (expected, noise) = (golden.get(name), golden.get("render_noise"));
            let mut at = 0;
            let mut draw = |out: &mut [f32]| {
                for out in out {
                    *out = if noisy { noise.get(at).copied().unwrap_or(0.0) } else { 0.0 };
                    at += 1;
                }
            };
            let (renderer, mut pcm) = (&golden.model.renderer, Vec::new());
            renderer.step(isa, &mut renderer.start(), &parameters, &mut draw, &mut pcm);
            // responses of pulses past the end of the stored noise differ: stop well before
            let until = expected.len() - 4 * HOP;
            let found = snr(&pcm[..until], &expected[..until]);
            println!("{name} on {}: {found:.1} dB", isa.name());
            assert!(found >= bound, "{name} on {}: {found} dB", isa.name());
        }
    }
}
