//! Every stage of the engine against burn.

use burn_tensor::Tensor;
use tts_burn::{Model, rows, values};
use tts_core::oracle::{Speaking, Stages};

use super::random::{CONFIG, Random, weights};
use super::{close, devices};

const STEPS: usize = 8;
const TEMPERATURE: f32 = 0.7;

/// How far apart the engine and burn may be. Beside it the most that was observed, AVX-512, shipped and random weights,
/// both backends.
mod bound {
    pub(super) const TEXT: f32 = 4e-5; // 7.0e-6
    pub(super) const STYLE: f32 = 2e-6; // 2.1e-7
    pub(super) const DURATIONS: f32 = 2e-5; // 3.1e-6
    pub(super) const CONDITION: f32 = 2e-5; // 4.4e-6
    pub(super) const HIDDEN: f32 = 2e-5; // 3.0e-6
    pub(super) const LATENTS: f32 = 2e-5; // 3.7e-6
    pub(super) const PROFILE: f32 = 1e-5; // 2.0e-6
    pub(super) const NETWORK: f32 = 3e-5; // 4.5e-6
    pub(super) const ENVELOPE: f32 = 5e-6; // 7.3e-7
    pub(super) const APERIODICITY: f32 = 5e-7; // 3.2e-8
    pub(super) const F0: f32 = 1e-6; // 0
    pub(super) const GAINS: f32 = 3e-5; // 2.7e-6
}

fn speaking(random: &mut Random, timbre: usize, own: usize) -> Speaking {
    Speaking {
        timbre: random.unit(timbre),
        own: random.take(own).into_iter().map(|x| 0.2 * x).collect(),
        mean_log_f0: 5.1,
        sd_log_f0: 0.23,
        stretch: 1.25,
        steps: STEPS,
        temperature: TEMPERATURE,
    }
}

/// 70 phones of 35 to 155 ms: more frames than the transformer's window.
fn clause(random: &mut Random) -> (Vec<[u8; 4]>, Vec<f32>) {
    let ids = |i: usize| [i * 11 % 42, i % 3, usize::from(i.is_multiple_of(4)), i / 12 % 6].map(|id| id as u8);
    let phones = (0..70).map(ids).collect();
    let seconds = (0..70).map(|_| 0.095 + 0.02 * random.next().clamp(-3.0, 3.0)).collect();
    (phones, seconds)
}

/// Runs all stages of the file on both backends.
pub(crate) fn compare(weights: &[u8], config: &str, timbre: usize, latent: usize) {
    let engine = Stages::load(weights.to_vec(), config).unwrap();
    let mut random = Random(7);
    let speaking = speaking(&mut random, timbre, 8 * 80);
    let (phones, seconds) = clause(&mut random);

    let text = engine.text(&phones);
    let style = engine.style(&speaking);
    let logs = engine.log_durations(&text, &style);
    let conditions = engine.conditions(&text, &seconds, &style);
    let dim = text.len() / phones.len();
    let frames = conditions.len() / dim;
    assert!(frames > 140, "{frames} frames do not fill the window");
    let noise = random.take(frames * latent);
    let made = engine.latents(&conditions, &noise, STEPS, TEMPERATURE);
    let decoded = engine.parameters(&speaking, &made.plain);

    for (name, device) in devices() {
        let model = Model::load(weights, config, &device).unwrap();
        let row = |x: &[f32]| rows(x, x.len(), &device);

        close(name, "text", &text, &values(model.text.encode(&phones)), bound::TEXT);
        let Speaking { timbre, own, mean_log_f0, sd_log_f0, stretch, .. } = &speaking;
        let found = model.style.apply(timbre, *mean_log_f0, *sd_log_f0, *stretch);
        close(name, "style", &style, &values(found), bound::STYLE);
        let found = model.durations.apply(rows(&text, dim, &device), row(&style));
        close(name, "durations", logs.as_flattened(), &values(found), bound::DURATIONS);

        let slots = Stages::slots(&seconds);
        let half = |of: usize| {
            let slots = slots.iter().skip(of).step_by(2);
            let (phones, numbers): (Vec<_>, Vec<_>) = slots.copied().unzip();
            let phones: Vec<f32> =
                phones.into_iter().flat_map(|p: usize| &text[p * dim..(p + 1) * dim]).copied().collect();
            (rows(&phones, dim, &device), rows(&numbers.concat(), 3, &device))
        };
        let found = model.condition.apply([half(0), half(1)], row(&style));
        close(name, "condition", &conditions, &values(found), bound::CONDITION);

        // the engine's latents go in, so that every frame is judged by itself
        let mut past = model.backbone.start();
        let mut hidden = Vec::new();
        for (condition, latent) in conditions.chunks_exact(dim).zip(made.normalised.chunks_exact(latent)) {
            hidden.extend(values(model.backbone.step(&mut past, row(condition))));
            past.latent = row(latent);
        }
        close(name, "hidden", &made.hidden, &hidden, bound::HIDDEN);
        let (hidden, noise) = (rows(&made.hidden, dim, &device), rows(&noise, latent, &device));
        let found = model.head.sample(hidden, noise, STEPS, TEMPERATURE);
        close(name, "latents", &made.normalised, &values(found.clone()), bound::LATENTS);
        close(name, "plain latents", &made.plain, &values(model.plain(found)), bound::LATENTS);

        let profile = model.decoder.profile(timbre);
        close(name, "profile", &decoded.profile, &values(profile.numbers.clone()), bound::PROFILE);
        close(name, "profile, frames", &decoded.added_to_frames, &values(profile.frame.clone()), bound::PROFILE);
        close(
            name,
            "profile, sub-frames",
            &decoded.added_to_subframes,
            &values(profile.subframe.clone()),
            bound::PROFILE,
        );
        let mut state = model.decoder.start(profile, own, *mean_log_f0);
        let latents = rows(&made.plain, latent, &device);
        let found = model.decoder.network(&mut state, latents.clone());
        close(name, "decoder", &decoded.raw, &values(found), bound::NETWORK);
        let subframes = 4 * frames;
        let (bands, width) = (decoded.raw.len() / subframes - 5, decoded.parameters.len() / subframes);
        let raw = rows(&decoded.raw, bands + 5, &device);
        let found = model.decoder.restore(&state, raw, latents);
        let expected = rows(&decoded.parameters, width, &device);
        let part = |x: &Tensor<2>, from, width| values(x.clone().narrow(1, from, width));
        for (stage, from, width, bound) in [
            ("envelope", 0, bands, bound::ENVELOPE),
            ("aperiodicity", bands, 4, bound::APERIODICITY),
            ("F0", bands + 4, 1, bound::F0),
        ] {
            close(name, stage, &part(&expected, from, width), &part(&found, from, width), bound);
        }
        if width > bands + 5 {
            let found = model.decoder.refine(&mut state, expected.clone().narrow(1, 0, bands + 5));
            let gains = |x: &Tensor<2>| part(x, bands + 5, width - bands - 5);
            close(name, "gains", &gains(&expected), &gains(&found), bound::GAINS);
        }
    }
}

#[test]
fn random_weights() {
    let weights = weights(1, |name| !name.starts_with("speaker_encoder"));
    compare(&weights, CONFIG, 128, 64);
}
