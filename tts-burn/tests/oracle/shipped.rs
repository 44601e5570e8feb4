//! Every stage with the shipped weights.

use tts_core::{Engine, EngineOptions};

use super::stages::compare;

#[test]
fn shipped_weights() {
    let (weights, config) = Engine::embedded_files();
    let timbre =
        Engine::embedded(EngineOptions::default()).unwrap().voice("default").unwrap().timbre().unwrap().values().len();
    compare(weights, config, timbre, 64);
}
