//! Every stage of every family against the committed goldens (tests/goldens/pocket): what the reference makes of weights that are
//! formulas of their names.
//!
//! Bounds are for the largest difference over the RMS of what is expected; beside each stands what was observed over all
//! families and instruction sets.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use serde_json::Value;

use super::formula::{self, Shapes, normal, uniform};
use super::*;

pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/goldens/pocket");
pub(super) const FAMILIES: [&str; 7] = ["lsd", "lsd_v1", "drifting", "flow_matching", "small", "pointwise", "old"];

/// What a golden says beside its tensors.
#[derive(serde::Deserialize)]
pub(super) struct About {
    /// What `text.ids` are the tokens of.
    text: String,
    /// Tensors of every file that the model was loaded from.
    pub(super) files: BTreeMap<String, Shapes>,
    /// Of the last convolutions of encoder and decoder.
    pub(super) gains: [f32; 2],
    /// The spoken text, its tokens, its end.
    e2e: Value,
}

pub(super) fn golden(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}.safetensors")).unwrap()
}

pub(super) fn yaml(name: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}/{name}.yaml")).unwrap()
}

pub(super) fn about(golden: &[u8]) -> About {
    let (_, metadata) = SafeTensors::read_metadata(golden).unwrap();
    serde_json::from_str(&metadata.metadata().as_ref().unwrap()["about"]).unwrap()
}

/// The files of a model, made from their formulas.
pub(super) fn files(config: &PocketConfig, about: &About) -> PocketFiles<Weights> {
    let files = config.files("config.yaml").unwrap();
    let open = |path: &str| {
        let tensors = formula::tensors(&about.files[path.strip_suffix(".safetensors").unwrap()], about.gains);
        Weights::from_bytes(path, formula::file(&tensors))
    };
    files.try_map(open).unwrap().newer_names().unwrap()
}

pub(super) fn family(name: &str) -> Fixture {
    let bytes = golden(name);
    let config = PocketConfig::parse("config.yaml", &yaml(name)).unwrap();
    let model = PocketModel::load_files(&files(&config, &about(&bytes)), config).unwrap();
    Fixture { name: name.to_owned(), bytes, model }
}

/// Two frames and a third of one.
pub(super) fn sound(model: &PocketModel) -> Vec<f32> {
    let frame = (f64::from(model.config.mimi.sample_rate) / model.config.mimi.frame_rate) as usize;
    uniform("audio", 2 * frame + frame / 3).into_iter().map(|u| u * 0.5).collect()
}

fn vocabulary(model: &PocketModel) -> Vocabulary {
    let table = &model.config.flow_lm.lookup_table;
    let bytes = std::fs::read(format!("{FOLDER}/{}", table.tokenizer_path)).unwrap();
    Vocabulary::of_size(&table.tokenizer_path, &bytes, table.n_bins).unwrap()
}

#[test]
fn text_is_embedded_as_the_reference_does() {
    for name in FAMILIES {
        let fixture = family(name);
        let tokens = vocabulary(&fixture.model).encode(&about(&fixture.bytes).text);
        assert_eq!(tokens, fixture.ids("text.ids"), "{name}");
        let bins = fixture.model.config.flow_lm.lookup_table.n_bins as u32;
        for isa in Isa::available() {
            // observed 2.6e-7
            fixture.close(isa, "text.emb", &fixture.model.lm.embed(isa, &tokens), 1e-6);
            fixture.close(isa, "text.emb_ends", &fixture.model.lm.embed(isa, &[0, bins - 1, bins]), 1e-6);
        }
    }
}

#[test]
fn sound_is_encoded_as_the_reference_does() {
    for name in FAMILIES {
        let fixture = family(name);
        let (model, pcm) = (&fixture.model, sound(&fixture.model));
        for isa in Isa::available() {
            let [convolved, transformed, latents] = model.encoder.stages(isa, &pcm);
            // observed 2.1e-6
            fixture.close(isa, "enc.seanet", &convolved, 1e-5);
            fixture.close(isa, "enc.transformer", &transformed, 1e-5);
            fixture.close(isa, "enc.latent", &latents, 1e-5);
            assert_eq!(model.encoder.encode(isa, 1, &pcm), latents, "{name}: frame by frame");
            let voice = model.voice(isa, 1, &pcm);
            for (layer, [keys, values]) in voice.rows().enumerate() {
                // observed 3.9e-6
                fixture.close(isa, &format!("voice.kv{layer}"), &[keys, values].concat(), 1e-5);
            }
        }
    }
}

#[test]
fn threads_side_by_side_encode_the_same_bits() {
    for name in FAMILIES {
        let fixture = family(name);
        let (model, pcm) = (&fixture.model, sound(&fixture.model));
        let (isa, latent) = (Isa::detect(), model.config.mimi.samples());
        // four stretches and a part of a latent
        let mut long: Vec<f32> = pcm.iter().copied().cycle().take(64 * latent + latent / 3).collect();
        for (n, x) in long.iter_mut().enumerate() {
            *x *= 1.0 - 0.3 * (n as f32 * 1e-3).sin();
        }
        let alone = model.encoder.encode(isa, 1, &long);
        for threads in [0, 2, 3, 4, 9] {
            assert!(model.encoder.encode(isa, threads, &long) == alone, "{name}, {threads} threads");
        }
        assert!(model.encoder.encode(isa, 4, &[]).is_empty());
    }
}

#[test]
fn latents_are_decoded_as_the_reference_does() {
    for name in FAMILIES {
        let fixture = family(name);
        let (decoder, latent) = (&fixture.model.decoder, fixture.model.config.mimi.quantizer.dimension);
        let latents = normal("latents", 3 * latent);
        for isa in Isa::available() {
            let [raised, transformed, pcm] = decoder.stages(isa, &latents);
            // observed 2.4e-6
            fixture.close(isa, "dec.up", &raised, 1e-5);
            fixture.close(isa, "dec.transformer", &transformed, 1e-5);
            fixture.close(isa, "dec.audio", &pcm, 1e-5);
            for chunks in [vec![1, 1, 1], vec![2, 0, 1], vec![1, 2]] {
                let (mut state, mut all, mut part, mut rest) = (decoder.start(), Vec::new(), Vec::new(), &latents[..]);
                for frames in chunks {
                    let (now, later) = rest.split_at(frames * latent);
                    decoder.step(isa, &mut state, now, &mut part);
                    all.extend_from_slice(&part);
                    rest = later;
                }
                assert_eq!(all, pcm, "{name}");
            }
        }
    }
}

#[test]
fn the_head_solves_as_the_reference_does() {
    for name in FAMILIES {
        let fixture = family(name);
        let lm = &fixture.model.lm;
        let condition = normal("condition", 3 * lm.condition_channels());
        let noise = normal("start", 3 * fixture.model.config.mimi.quantizer.dimension);
        let found: Vec<usize> = [1, 2, 4, 16].into_iter().filter(|n| fixture.has(&format!("head.{n}"))).collect();
        assert!(found.len() == 4 || found == [1], "{name}: {found:?}");
        for isa in Isa::available() {
            for &steps in &found {
                // observed 1.6e-6
                fixture.close(isa, &format!("head.{steps}"), &lm.head_alone(isa, steps, &condition, &noise), 1e-5);
            }
        }
    }
}

#[test]
fn latents_follow_each_other_as_in_the_reference() {
    for name in FAMILIES {
        let fixture = family(name);
        let (model, latent) = (&fixture.model, fixture.model.config.mimi.quantizer.dimension);
        let (tokens, noise) = (fixture.ids("text.ids"), normal("noise", 5 * latent));
        for isa in Isa::available() {
            let voice = model.voice(isa, 1, &sound(model));
            let say = |steps: usize, frames: usize| {
                let mut state = model.lm.with_room(&voice, voice.position() + tokens.len() + frames);
                model.lm.read(isa, &mut state, &tokens);
                let sampler = model.lm.sampler(isa, steps, 0.3);
                let mut out = [Vec::new(), Vec::new(), Vec::new()];
                for noise in noise.chunks_exact(latent).take(frames) {
                    out[0].push(model.lm.step(isa, &mut state, &sampler, noise));
                    out[1].extend_from_slice(state.condition());
                    out[2].extend_from_slice(state.latent());
                }
                (out, state)
            };
            let ([ends, hidden, latents], state) = say(1, 5);
            // observed 1.6e-5
            fixture.close(isa, "ar.z", &hidden, 1e-4);
            fixture.close(isa, "ar.eos", &ends, 1e-4);
            fixture.close(isa, "ar.latents", &latents, 1e-4);
            for (layer, [keys, values]) in state.rows().enumerate() {
                fixture.close(isa, &format!("ar.kv{layer}"), &[keys, values].concat(), 1e-4);
            }
            for steps in [2, 4, 16].into_iter().filter(|n| fixture.has(&format!("ar.latents_{n}"))) {
                let ([.., latents], _) = say(steps, 2);
                fixture.close(isa, &format!("ar.latents_{steps}"), &latents, 1e-4);
            }
        }
    }
}

#[test]
fn a_text_becomes_sound_as_in_the_reference() {
    for name in FAMILIES {
        let fixture = family(name);
        let (model, e2e) = (&fixture.model, about(&fixture.bytes).e2e);
        let number = |key: &str| e2e[key].as_u64().unwrap() as usize;
        let prompt = model.preparation().prepare(e2e["text"].as_str().unwrap()).unwrap();
        assert_eq!(prompt.text, e2e["prepared"].as_str().unwrap(), "{name}");
        let tokens = vocabulary(model).encode(&prompt.text);
        let expected: Vec<u64> = e2e["tokens"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
        assert!(tokens.iter().map(|&id| u64::from(id)).eq(expected), "{name}: {tokens:?}");
        assert_eq!(model.most_frames(tokens.len()), number("most"), "{name}");
        assert_eq!(prompt.frames_after_end + 2, number("frames_after"), "{name}");
        let ending =
            Ending { threshold: e2e["threshold"].as_f64().unwrap() as f32, frames_after: number("frames_after") };
        let latent = model.config.mimi.quantizer.dimension;
        let noise = normal(e2e["noise"].as_str().unwrap(), number("steps") * latent);
        for isa in Isa::available() {
            let voice = model.voice(isa, 1, &sound(model));
            let sampler = model.lm.sampler(isa, 1, 0.3);
            let mut utterance = model.begin(isa, &voice, &tokens, &[], ending);
            let (mut sound, mut all, mut last) = (model.sound(), Vec::new(), Progress::Spoken);
            for noise in noise.chunks_exact(latent) {
                last = model.advance(isa, &mut utterance, &sampler, noise);
                if last == Progress::Spoken {
                    all.extend_from_slice(model.hear(isa, &mut sound, utterance.latent()));
                }
            }
            assert_eq!(last, Progress::Ended, "{name}");
            // observed 1.8e-3, 75 dB: differences grow through the latents that are fed back
            fixture.close(isa, "e2e.audio", &all, 1e-2);
            fixture.loud(isa, "e2e.audio", &all, 60.0);
        }
    }
}
