//! Every stage of Pocket TTS, of every family, against burn.

use std::path::Path;

use burn_tensor::{Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use tts_burn::pocket::Pocket;
use tts_burn::{LoadError, rows, values};
use tts_core::pocket_oracle::{Script, Spoken, Stages};

use super::pocket_random::{FAMILIES, Family, LATENT, TOKENS};
use super::random::{Random, file};
use super::{close, devices};

const FRAMES: usize = 14;
const TEMPERATURE: f32 = 0.3;
/// Frames that burn speaks by itself: random weights drive two streams apart.
const ALONE: usize = 4;

/// How far apart the engine and burn may be. Beside it the most that was observed, AVX2 and portable, all families, both backends.
mod bound {
    pub(super) const TEXT: f32 = 5e-6; // 3.8e-7
    pub(super) const ENCODED: f32 = 3e-5; // 5.7e-6
    pub(super) const PAST: f32 = 2e-5; // 3.7e-6
    pub(super) const CONDITION: f32 = 1e-5; // 1.5e-6
    pub(super) const ENDS: f32 = 5e-6; // 4.1e-7
    pub(super) const LATENTS: f32 = 1e-5; // 1.8e-6
    pub(super) const SOUND: f32 = 2e-5; // 2.7e-6
    /// Each by itself for [`super::ALONE`] frames: differences grow from one to the next.
    pub(super) const ALONE: f32 = 1e-4; // 1.0e-5
}

/// `sound` `[samples]`, filled up with silence to a whole latent.
fn whole(sound: &[f32], samples: usize, device: &Device) -> Tensor<2> {
    let mut sound = sound.to_vec();
    sound.resize(sound.len().next_multiple_of(samples), 0.0);
    rows(&sound, 1, device)
}

fn past(name: &str, stage: &str, found: &[[Vec<f32>; 2]], expected: &[[Tensor<2>; 2]]) {
    assert_eq!(found.len(), expected.len());
    for (layer, (found, expected)) in found.iter().zip(expected).enumerate() {
        for (what, (found, expected)) in ["keys", "values"].iter().zip(found.iter().zip(expected)) {
            let stage = format!("{stage}, {what} of layer {layer}");
            close(name, &stage, found, &values(expected.clone()), bound::PAST);
        }
    }
}

/// What the engine made of one family.
struct Made {
    engine: Stages,
    sound: Vec<f32>,
    tokens: Vec<u32>,
    noise: Vec<f32>,
    encoded: Vec<f32>,
    /// At 1, 2 and 4 steps.
    spoken: [(usize, Spoken); 3],
}

impl Made {
    fn new(family: &Family, weights: Vec<u8>) -> Self {
        let engine = Stages::load(weights, &family.yaml()).unwrap();
        let mut random = Random(7);
        // no whole number of latents
        let sound: Vec<f32> = random.take(13 * engine.samples() - 77).iter().map(|x| 0.3 * x).collect();
        // two of them are beyond the table
        let tokens: Vec<u32> = (0..17).map(|n| n * 13 % (TOKENS as u32 + 5)).chain([TOKENS as u32, u32::MAX]).collect();
        let noise = random.take(FRAMES * LATENT);
        let encoded = engine.encode(&sound);
        let spoken = [1, 2, 4].map(|steps| {
            let script = Script { voice: &encoded, tokens: &tokens, noise: &noise, steps, temperature: TEMPERATURE };
            (steps, engine.speak(script))
        });
        Self { engine, sound, tokens, noise, encoded, spoken }
    }

    /// Every stage of burn is given what the engine gave in the stage before.
    fn stages(&self, name: &str, model: &Pocket) {
        let Self { engine, tokens, encoded, .. } = self;
        let rows = |x: &[f32], channels| rows(x, channels, &model.device);
        close(name, "text", &engine.text(tokens), &values(model.lm.text(tokens)), bound::TEXT);
        let found = model.codec.encode(whole(&self.sound, engine.samples(), &model.device));
        close(name, "encoder", encoded, &values(found), bound::ENCODED);
        let voice = rows(encoded, engine.encoded());
        past(name, "voice", &engine.voice(encoded), &model.lm.past(model.lm.voice(voice.clone())));

        let prompt = model.prompt(voice, tokens);
        for (steps, spoken) in &self.spoken {
            let name = format!("{name}, {steps} steps");
            let normalised = rows(&spoken.normalised, LATENT);
            let heard = model.lm.hear(prompt.clone(), normalised.clone().narrow(0, 0, FRAMES - 1));
            past(&name, "transformer", &spoken.past, &heard.past);
            close(&name, "condition", &spoken.condition, &values(heard.condition), bound::CONDITION);
            let condition = rows(&spoken.condition, spoken.condition.len() / FRAMES);
            close(&name, "end of speech", &spoken.ends, &values(model.lm.end(condition.clone())), bound::ENDS);
            let found = model.lm.head.sample(condition, rows(&self.noise, LATENT), *steps, TEMPERATURE);
            close(&name, "latents", &spoken.normalised, &values(found), bound::LATENTS);
            close(&name, "plain latents", &spoken.plain, &values(model.lm.plain(normalised)), bound::LATENTS);
            let sound = values(model.codec.decode(rows(&spoken.plain, LATENT)));
            for chunk in [1, 3, FRAMES] {
                close(&name, "decoder", &engine.decode(&spoken.plain, chunk), &sound, bound::SOUND);
            }
        }
    }

    /// Burn speaks by itself from the same noise.
    fn alone(&self, name: &str, model: &Pocket) {
        let [(steps, spoken), ..] = &self.spoken;
        let encoded = model.codec.encode(whole(&self.sound, self.engine.samples(), &model.device));
        let noise = rows(&self.noise[..ALONE * LATENT], LATENT, &model.device);
        let said = model.say(model.prompt(encoded, &self.tokens), noise, *steps, TEMPERATURE);
        close(name, "latents alone", &spoken.normalised[..ALONE * LATENT], &values(said.normalised), bound::ALONE);
        close(name, "ends of speech alone", &spoken.ends[..ALONE], &said.ends, bound::ALONE);
        close(name, "sound alone", &self.engine.decode(&spoken.plain[..ALONE * LATENT], 1), &said.sound, bound::ALONE);
    }
}

#[test]
fn every_family() {
    for family in FAMILIES {
        let weights = family.weights();
        let made = Made::new(&family, weights.clone());
        for (backend, device) in devices() {
            let model = Pocket::load(&weights, &family.yaml(), &device).unwrap();
            let name = format!("{backend}, {}", family.name);
            made.stages(&name, &model);
            made.alone(&name, &model);
        }
    }
}

/// A head that is told times must make something else of other steps, one that is told none must not.
#[test]
fn steps_count_where_there_is_time() {
    for family in FAMILIES {
        let made = Made::new(&family, family.weights());
        let [(_, one), (_, two), (_, four)] = &made.spoken;
        let timeless = one.normalised == two.normalised && two.normalised == four.normalised;
        let expected = ["drifting", "18m", "7m", "2m"].contains(&family.name);
        assert_eq!(timeless, expected, "{}", family.name);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let [family, ..] = FAMILIES;
    let (device, yaml) = (tts_burn::flex(), family.yaml());
    let load = |tensors, yaml: &str| Pocket::load(&file(1, tensors), yaml, &device).unwrap_err();
    let mut tensors = family.tensors();
    tensors.retain(|(name, ..)| name != "flow_lm.out_eos.bias");
    assert_eq!(load(tensors, &yaml), LoadError::Missing { name: "flow_lm.out_eos.bias".to_owned() });
    let mut tensors = family.tensors();
    tensors.push(("mimi.more".to_owned(), vec![1], false));
    assert_eq!(load(tensors, &yaml), LoadError::Unread { names: vec!["mimi.more".to_owned()] });
    let other = yaml.replace("n_bins: 50", "n_bins: 60");
    assert!(matches!(load(family.tensors(), &other), LoadError::Shape { name, .. } if name.ends_with("embed.weight")));
    let other = yaml.replace("n_bins", "bins");
    assert!(matches!(load(family.tensors(), &other), LoadError::Config { what } if what.contains("n_bins")));
}

/// Numbers by name, whatever they are stored as.
struct Golden(Vec<u8>);

impl Golden {
    fn open(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    fn find(&self, name: &str) -> Option<Vec<f32>> {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = tensors.tensor(name).ok()?;
        Some(match tensor.dtype() {
            Dtype::I64 => {
                tensor.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f32).collect()
            }
            _ => tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
        })
    }

    fn get(&self, name: &str) -> Vec<f32> {
        self.find(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

/// Burn by itself against numbers that the reference made: the oracle is held to something that is not the engine.
/// Observed at most: text 8.9e-7, encoder 3.5e-6, decoder 6.5e-6, all else 4.4e-6.
#[test]
#[ignore = "needs POCKET_FIXTURES"]
fn the_reference() {
    let folder = std::env::var_os("POCKET_FIXTURES").expect("POCKET_FIXTURES names the folder of fixtures");
    let folder = Path::new(&folder);
    let audio = Golden::open(&folder.join("audio/golden.safetensors"));
    for family in ["lsd", "lsd_v1", "drifting", "flow_matching", "small_18m", "small_7m", "small_2m"] {
        let golden = Golden::open(&folder.join(family).join("golden.safetensors"));
        let weights = std::fs::read(folder.join(family).join("model.safetensors")).unwrap();
        let yaml = std::fs::read_to_string(folder.join(family).join("config.yaml")).unwrap();
        for (backend, device) in devices() {
            let name = format!("{backend}, {family}");
            let model = Pocket::load(&weights, &yaml, &device).unwrap();
            let rows = |x: &[f32], channels| rows(x, channels, &device);
            let against = |stage: &str, found: Tensor<2>, bound: f32| {
                close(&name, stage, &values(found), &golden.get(stage), bound);
            };
            let ids = |stage: &str| golden.get(stage).iter().map(|&id| id as u32).collect::<Vec<_>>();
            against("text.emb", model.lm.text(&ids("text.ids")), 5e-6);
            against("text.emb2", model.lm.text(&ids("text.ids2")), 5e-6);
            against("enc.latent", model.codec.encode(whole(&audio.get("enc.audio"), 1920, &device)), 2e-5);
            against("dec.audio_once", model.codec.decode(rows(&golden.get("dec.latents"), LATENT)), 4e-5);

            let encoded = model.codec.encode(whole(&audio.get("voice.audio_after_pause"), 1920, &device));
            let prompt = model.prompt(encoded, &ids("text.ids"));
            // the noise is stored as it was scaled
            let (noise, latents) = (rows(&golden.get("ar.noise"), LATENT), rows(&golden.get("ar.latents"), LATENT));
            let [frames, _] = noise.dims();
            let heard = model.lm.hear(prompt.clone(), latents.narrow(0, 0, frames - 1));
            let condition = if golden.find("ar.z").is_some() { "ar.z" } else { "ar.out_norm" };
            against(condition, heard.condition.clone(), 2e-5);
            against("ar.eos_logits", model.lm.end(heard.condition.clone()), 2e-5);
            against("ar.latents", model.lm.head.sample(heard.condition, noise.clone(), 1, 1.0), 2e-5);
            for (layer, keys_values) in heard.past.into_iter().enumerate() {
                let name = format!("ar.state.transformer.layers.{layer}.self_attn/cache");
                against(&name, Tensor::cat(keys_values.to_vec(), 0), 2e-5);
            }
            for steps in [2, 4, 16] {
                let stage = format!("ar.latents_steps{steps}");
                if golden.find(&stage).is_some() {
                    let said = model.say(prompt.clone(), noise.clone().narrow(0, 0, 2), steps, 1.0);
                    against(&stage, said.normalised, 2e-5);
                }
            }
        }
    }
}
