//! How long a step of each network takes: the engine, burn-flex and burn-ndarray in one run, one thread each.
//!
//!     cargo run --release -p tts-burn --example speed

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example prints, and may end at the first error")]

use std::time::Instant;

use tts_burn::{Model, rows, values};
use tts_core::Engine;
use tts_core::oracle::{Speaking, Stages};

const FRAMES: usize = 150;
const RUNS: usize = 5;
const STEPS: usize = 8;

/// Milliseconds a frame, the least of several runs: other work on the machine can only add.
fn least(mut run: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e3 / FRAMES as f64
    });
    times.fold(f64::INFINITY, f64::min)
}

fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin()).collect()
}

fn main() {
    let (weights, config) = Engine::embedded_files();
    let engine = Stages::load(weights.to_vec(), config).unwrap();
    let voice = Engine::embedded(Default::default()).unwrap().voice("default").unwrap();
    let speaking = Speaking {
        timbre: voice.timbre().unwrap().values().to_vec(),
        own: voice.timbre().unwrap().own().to_vec(),
        mean_log_f0: 5.0,
        sd_log_f0: 0.2,
        stretch: 1.0,
        steps: STEPS,
        temperature: 0.7,
    };
    let (dim, latent) = (engine.text(&[[1, 0, 0, 0]]).len(), engine.latent());
    let (conditions, noise) = (wave(FRAMES * dim), wave(FRAMES * latent));
    let made = engine.latents(&conditions, &noise, STEPS, 0.7).plain;
    let language = least(|| drop(engine.latents(&conditions, &noise, STEPS, 0.7)));
    let decoder = least(|| {
        let mut state = engine.decoding(&speaking);
        made.chunks_exact(latent).for_each(|latent| _ = state.step(latent));
    });
    let (engine_language, engine_decoder) = (language, decoder);
    println!("ms a frame of 40 ms   transformer and {STEPS} head steps   decoder   times the engine's");
    println!("engine, {:<12} {language:>26.3} {decoder:>12.3}", engine.isa());

    for (name, device) in [("burn-flex", tts_burn::flex()), ("burn-ndarray", tts_burn::ndarray())] {
        let model = Model::load(weights, config, &device).unwrap();
        let row = |x: &[f32]| rows(x, x.len(), &device);
        let language = least(|| {
            let mut past = model.backbone.start();
            for (condition, noise) in conditions.chunks_exact(dim).zip(noise.chunks_exact(latent)) {
                let hidden = model.backbone.step(&mut past, row(condition));
                past.latent = model.head.sample(hidden, row(noise), STEPS, 0.7);
                drop(values(past.latent.clone()));
            }
        });
        let profile = model.decoder.profile(&speaking.timbre);
        let decoder = least(|| {
            let mut state = model.decoder.start(profile.clone(), &speaking.own, speaking.mean_log_f0);
            for latent in made.chunks_exact(latent) {
                let raw = model.decoder.network(&mut state, row(latent));
                drop(values(model.decoder.restore(&state, raw, row(latent))));
            }
        });
        let (times, times_decoder) = (language / engine_language, decoder / engine_decoder);
        println!("{name:<20} {language:>26.3} {decoder:>12.3} {times:>10.1} {times_decoder:>8.1}");
    }
}
