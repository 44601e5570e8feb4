//! A sentence by burn in the engine's place: the same words at the same times, and nearly the same sound.

use std::sync::Arc;
use std::{env, fs, process};

use tts_burn::Burn;
use tts_core::{Engine, EngineOptions, Sampling, Settings, Steps, SynthesisRequest, Voice, WordTiming};

use super::devices;
use super::random::{CONFIG, Random, weights};

/// The emotion's rate is one that burn has to be told in the midst of the stream.
const TEXT: &str = "Good evening. [[excited]] All good.";
const WORDS: usize = 4;

fn speak(voice: &Voice) -> (Vec<f32>, Vec<WordTiming>) {
    let steps = Some(Steps::new(2).unwrap());
    let settings = Settings { sampling: Sampling { steps, ..Sampling::default() }, ..Settings::default() };
    let mut stream = voice.speak(SynthesisRequest::new(TEXT, settings)).unwrap();
    let sound = stream.by_ref().flat_map(|chunk| chunk.unwrap().samples().to_vec()).collect();
    (sound, stream.take_words())
}

/// `voice` gives a speaker with the engine's own networks, or with burn's. The sound of burn must have the least signal to
/// noise ratio that `least` says for the backend, in dB, over the first `seconds`.
fn compare(voice: impl Fn(Option<Burn>) -> Voice, files: (&[u8], &str), seconds: f32, least: impl Fn(&str) -> f64) {
    let (sound, words) = speak(&voice(None));
    assert_eq!(words.len(), WORDS);
    for (name, device) in devices() {
        let (found, times) = speak(&voice(Some(Burn::load(files.0, files.1, &device).unwrap())));
        assert_eq!(times.len(), words.len(), "{name}");
        for (found, expected) in times.iter().zip(&words) {
            assert_eq!(found.text, expected.text, "{name}");
            let apart = (found.start - expected.start).abs().max((found.end - expected.end).abs());
            assert!(apart < 1e-3, "{name}: {} is {apart} s off", found.text);
        }
        assert_eq!(found.len(), sound.len(), "{name}");
        let judged = ((seconds * 24_000.0) as usize).min(sound.len());
        let (found, sound) = (&found[..judged], &sound[..judged]);
        let noise: f64 = found.iter().zip(sound).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let signal: f64 = sound.iter().map(|b| f64::from(*b).powi(2)).sum();
        let ratio = 10.0 * (signal / noise).log10();
        println!("a sentence on {name}: {ratio:.1} dB");
        assert!(ratio >= least(name), "{name}: {ratio} dB");
    }
}

fn options(burn: Option<Burn>) -> EngineOptions {
    match burn {
        Some(burn) => EngineOptions::default().with_networks(Arc::new(burn)),
        None => EngineOptions::default(),
    }
}

#[test]
fn by_the_shipped_model() {
    let voice = |burn| Engine::embedded(options(burn)).unwrap().voice("default").unwrap();
    // observed 80.8 dB on burn-flex, 51.2 dB on burn-ndarray, whose stages are within their bounds all the same
    compare(voice, Engine::embedded_files(), 10.0, |name| if name == "burn-ndarray" { 45.0 } else { 60.0 });
}

/// A `.voice` file for weights with this fingerprint.
fn voice_file(fingerprint: &str) -> Vec<u8> {
    let header = format!(
        r#"{{"__metadata__":{{"format":"tts-voice","version":"1","name":"x","model":"{fingerprint}"}},"timbre":{{"dtype":"F32","shape":[128],"data_offsets":[0,512]}},"pitch":{{"dtype":"F32","shape":[2],"data_offsets":[512,520]}}}}"#
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    let values = Random(5).unit(128).into_iter().chain([5.0, 0.2]);
    bytes.extend(values.flat_map(f32::to_le_bytes));
    bytes
}

/// Random networks make an error grow from frame to frame, so only the first half second is judged.
#[test]
fn by_random_weights() {
    let weights = weights(1, |name| !name.starts_with("speaker_encoder"));
    let folder = env::temp_dir().join(format!("tts-burn-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("model.safetensors"), &weights).unwrap();
    fs::write(folder.join("config.toml"), CONFIG).unwrap();
    let fingerprint = Engine::open(&folder, EngineOptions::default()).unwrap().info().fingerprint.to_string();
    let file = folder.join("x.voice");
    fs::write(&file, voice_file(&fingerprint)).unwrap();
    let voice = |burn| Engine::open(&folder, options(burn)).unwrap().load_voice(&file).unwrap();
    // observed 72.7 dB
    compare(voice, (&weights, CONFIG), 0.5, |_| 55.0);
    fs::remove_dir_all(&folder).unwrap();
}
