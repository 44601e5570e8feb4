//! The speaker encoder: the engine against burn, and burn against numbers of the PyTorch module that it is trained as
//! (`training/native/tower.py`, in f64, with the same random weights and features).

use safetensors::SafeTensors;
use tts_burn::{Model, values};
use tts_core::Engine;
use tts_core::oracle::Stages;

use super::random::{CONFIG, Random, SPEAKER_CONFIG, weights};
use super::{close, devices};

/// Frames and what the trained encoder made of them: see `tests/goldens/README.md`.
const GOLDENS: &[u8] = include_bytes!("../../../tests/goldens/native.safetensors");

/// The first channels of the timbre.
const TIMBRE: [f64; 8] = [
    0.027757094943277442,
    -0.11730504543133158,
    0.1150599578138105,
    0.0951609816453891,
    -0.004626116666189888,
    -0.035861013623426904,
    0.033743831719339965,
    0.07313958044973606,
];
/// `a` and `b` of the pitch.
const PITCH: [f64; 2] = [0.6688368310770828, 0.37692360675324377];
/// Largest difference relative to the root mean square. Beside it the most that was observed, AVX-512, both backends.
const TIMBRE_BOUND: f32 = 1e-5; // 1.7e-6
const PITCH_BOUND: f32 = 5e-7; // 1.7e-8
/// Largest difference that may be from what PyTorch gave.
const BOUND: f64 = 2e-6;

/// 2 s of features, every fifth frame unvoiced.
pub(crate) fn features() -> Vec<f32> {
    let mut features = Random(11).take(200 * 72);
    for (t, frame) in features.chunks_exact_mut(72).enumerate() {
        frame[70] = f32::from(u8::from(t % 5 > 0));
        frame[71] *= frame[70];
    }
    features
}

/// The engine must hear in `features` whom burn hears.
fn compare(weights: &[u8], config: &str, features: &[f32]) {
    let engine = Stages::load(weights.to_vec(), config).unwrap();
    let (timbre, mean_log_f0, sd_log_f0) = engine.heard(features).unwrap();
    for (name, device) in devices() {
        let encoder = Model::load(weights, config, &device).unwrap().speaker.unwrap();
        let heard = encoder.hear(features);
        let drawn = engine.drawn(&timbre, 0.1, 0.3).unwrap();
        let expected = encoder.drawn(heard.timbre.clone(), 0.1, 0.3);
        close(name, "drawn timbre", &drawn, &values(expected), TIMBRE_BOUND);
        close(name, "timbre", &timbre, &values(heard.timbre), TIMBRE_BOUND);
        let pitch = values(heard.pitch);
        let expected = [5.0 + 0.3 * pitch[0], (-1.5 + 0.5 * pitch[1]).exp()];
        close(name, "habitual pitch", &[mean_log_f0, sd_log_f0], &expected, PITCH_BOUND);
    }
}

fn golden(name: &str) -> Vec<f32> {
    let goldens = SafeTensors::deserialize(GOLDENS).unwrap();
    let bytes = goldens.tensor(name).unwrap().data();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[test]
fn random_weights() {
    let weights = weights(3, |_| true);
    compare(&weights, &format!("{CONFIG}{SPEAKER_CONFIG}"), &features());
}

#[test]
fn shipped_weights() {
    let (weights, config) = Engine::embedded_files();
    compare(weights, config, &features());
    compare(weights, config, &golden("tower_frames"));
}

#[test]
fn burn_is_what_was_shipped() {
    let (weights, config) = Engine::embedded_files();
    for (name, device) in devices() {
        let heard = Model::speaker_encoder(weights, config, &device).unwrap().hear(&golden("tower_frames"));
        close(name, "golden timbre", &golden("tower_timbre"), &values(heard.timbre), TIMBRE_BOUND);
        let pitch = values(heard.pitch);
        let found = [5.0 + 0.3 * pitch[0], (-1.5 + 0.5 * pitch[1]).exp()];
        close(name, "golden pitch", &golden("tower_pitch"), &found, PITCH_BOUND);
    }
}

#[test]
fn burn_is_what_was_trained() {
    let speaker = weights(3, |name| name.starts_with("speaker_encoder"));
    let config = format!("{CONFIG}{SPEAKER_CONFIG}");
    for (name, device) in devices() {
        let encoder = Model::speaker_encoder(&speaker, &config, &device).unwrap();
        let heard = encoder.hear(&features());
        let (timbre, pitch) = (values(heard.timbre), values(heard.pitch));
        let length = timbre.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!((length - 1.0).abs() < 1e-6, "{name}: {length}");
        for (found, expected) in timbre.iter().zip(TIMBRE).chain(pitch.iter().zip(PITCH)) {
            let apart = (f64::from(*found) - expected).abs();
            assert!(apart <= BOUND, "{name}: {found}, expected {expected}");
        }
    }
}
