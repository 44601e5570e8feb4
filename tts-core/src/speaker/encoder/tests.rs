//! Random weights against the definition in plain loops of 64 bits.

use std::collections::BTreeMap;

use super::*;
use crate::nn::random::RandomWeights;
use crate::speaker::frames::Analyser;
use crate::weights::Weights;

const CONFIG: EncoderConfig = EncoderConfig { dim: 20, blocks: 2, kernel: 7, expansion: 3, bands: 70, timbre: None };
const TIMBRE: usize = 12;

/// Tensors by name, as they were written.
type Tensors = BTreeMap<String, Vec<f32>>;

/// A small encoder and its weights.
pub(in crate::speaker) fn random_encoder() -> (SpeakerEncoder, Tensors) {
    let EncoderConfig { dim, blocks, kernel, expansion, bands, .. } = CONFIG;
    let mut random = RandomWeights::new(3);
    let mut tensors = Tensors::new();
    let mut add = |name: &str, shape: &[usize]| {
        tensors.insert(name.to_owned(), random.tensor(&format!("speaker_encoder.{name}"), shape));
    };
    let mut linear = |name: &str, from: usize, to: usize| {
        add(&format!("{name}.weight"), &[to, from]);
        add(&format!("{name}.bias"), &[to]);
    };
    linear("input", bands + 2, dim);
    for n in 0..blocks {
        linear(&format!("blocks.{n}.a"), dim, expansion * dim);
        linear(&format!("blocks.{n}.b"), expansion * dim, dim);
    }
    linear("attention.0", dim, dim);
    linear("attention.1", dim, dim);
    linear("timbre", 2 * dim, TIMBRE);
    linear("pitch.0", 2 * dim, PITCH_HIDDEN);
    linear("pitch.2", PITCH_HIDDEN, 2);
    for n in 0..blocks {
        add(&format!("blocks.{n}.dw.weight"), &[dim, 1, kernel]);
        for name in ["dw.bias", "n.weight", "n.bias", "g"] {
            add(&format!("blocks.{n}.{name}"), &[dim]);
        }
    }
    add("norm.weight", &[dim]);
    add("norm.bias", &[dim]);
    add("usual", &[3, TIMBRE]);
    let weights = random.finish();
    let encoder = SpeakerEncoder::load(&weights.root().at("speaker_encoder"), CONFIG, TIMBRE).unwrap();
    weights.finish().unwrap();
    (encoder, tensors)
}

/// Twenty harmonics around `f0` Hz that rise and fall, with a murmur of noise.
pub(in crate::speaker) fn voice(seconds: f64, f0: f64) -> Vec<f32> {
    let (mut phase, mut state) = (0.0, 1u64);
    let sample = |i: usize| {
        let t = i as f64 / 24_000.0;
        phase += f0 * (1.0 + 0.1 * (5.0 * t).sin()) / 24_000.0;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
        let harmonics = (1..=20).map(|h| (std::f64::consts::TAU * phase * f64::from(h)).sin() / f64::from(h));
        (0.1 * harmonics.sum::<f64>() + 0.001 * noise) as f32
    };
    (0..(seconds * 24_000.0) as usize).map(sample).collect()
}

/// The definition.
struct Plain<'t>(&'t Tensors);

impl Plain<'_> {
    fn get(&self, name: &str) -> Vec<f64> {
        self.0[name].iter().map(|&x| x.into()).collect()
    }

    fn linear(&self, name: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (w, b) = (self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        let row = |x: &Vec<f64>| {
            (0..b.len()).map(|o| b[o] + x.iter().zip(&w[o * x.len()..]).map(|(x, w)| x * w).sum::<f64>()).collect()
        };
        x.iter().map(row).collect()
    }

    fn norm(&self, name: &str, x: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (w, b) = (self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        let row = |x: &Vec<f64>| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
            (0..x.len()).map(|c| (x[c] - mean) / (variance + 1e-5).sqrt() * w[c] + b[c]).collect()
        };
        x.iter().map(row).collect()
    }

    fn block(&self, n: usize, x: &mut [Vec<f64>]) {
        let name = |part: &str| format!("blocks.{n}.{part}");
        let (dw, bias, g) = (self.get(&name("dw.weight")), self.get(&name("dw.bias")), self.get(&name("g")));
        let (kernel, half) = (CONFIG.kernel, CONFIG.kernel / 2);
        let tap = |t: usize, c: usize, j: usize| {
            let at = (t + j).checked_sub(half).filter(|&at| at < x.len());
            at.map_or(0.0, |at| dw[c * kernel + j] * x[at][c])
        };
        let channel = |t: usize, c: usize| bias[c] + (0..kernel).map(|j| tap(t, c, j)).sum::<f64>();
        let mixed: Vec<Vec<f64>> = (0..x.len()).map(|t| (0..CONFIG.dim).map(|c| channel(t, c)).collect()).collect();
        let mut inner = self.linear(&name("a"), &self.norm(&name("n"), &mixed));
        for x in inner.iter_mut().flatten() {
            *x *= 0.5 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (*x + 0.044715 * x.powi(3))).tanh());
        }
        for (x, y) in x.iter_mut().zip(self.linear(&name("b"), &inner)) {
            for c in 0..CONFIG.dim {
                x[c] += g[c] * y[c];
            }
        }
    }

    fn hear(&self, frames: &Frames) -> (Vec<f64>, f64, f64) {
        let f0: Vec<f64> = frames.track.f0.iter().map(|&f| f.into()).collect();
        let voiced: Vec<usize> = (0..f0.len()).filter(|&t| f0[t] > 0.0).collect();
        let x = |t: usize, b: usize| (f64::from(frames.bands[t * BANDS + b]).max(-17.0) + 9.0) / 4.0;
        let bands = CONFIG.bands;
        let level: f64 = voiced.iter().map(|&t| (0..bands).map(|b| x(t, b)).sum::<f64>()).sum::<f64>()
            / (voiced.len() * bands) as f64;
        let row = |t: usize| {
            let beside = if f0[t] > 0.0 { [1.0, (f0[t].ln() - 5.0) / 0.2] } else { [0.0; 2] };
            (0..bands).map(|b| x(t, b) - level).chain(beside).collect()
        };
        let features: Vec<Vec<f64>> = (0..f0.len()).map(row).collect();
        let mut x = self.linear("input", &features);
        for n in 0..CONFIG.blocks {
            self.block(n, &mut x);
        }
        let x = self.norm("norm", &x);
        let mut hidden = self.linear("attention.0", &x);
        hidden.iter_mut().flatten().for_each(|x| *x = x.tanh());
        let logits = self.linear("attention.1", &hidden);
        let (mut means, mut deviations) = (Vec::new(), Vec::new());
        for c in 0..CONFIG.dim {
            let total: f64 = voiced.iter().map(|&t| logits[t][c].exp()).sum();
            let mean = voiced.iter().map(|&t| logits[t][c].exp() / total * x[t][c]).sum::<f64>();
            let square = voiced.iter().map(|&t| logits[t][c].exp() / total * (x[t][c] - mean).powi(2)).sum::<f64>();
            means.push(mean);
            deviations.push((square + 1e-5).sqrt());
        }
        let pooled = vec![[means, deviations].concat()];
        let timbre = self.linear("timbre", &pooled).remove(0);
        let length = timbre.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut hidden = self.linear("pitch.0", &pooled);
        hidden.iter_mut().flatten().for_each(|x| *x /= 1.0 + (-*x).exp());
        let pitch = self.linear("pitch.2", &hidden).remove(0);
        let timbre = timbre.iter().map(|x| x / length).collect();
        (timbre, 5.0 + 0.3 * pitch[0], (-1.5 + 0.5 * pitch[1]).exp())
    }
}

#[test]
fn equals_the_definition() {
    let (encoder, tensors) = random_encoder();
    // voice between silences, so that voiced and unvoiced frames differ
    let mut pcm = vec![0.0; 6_000];
    pcm.extend(voice(1.0, 150.0));
    pcm.extend([0.0; 6_000]);
    let frames = Analyser::new().frames(&pcm);
    assert!(frames.track.f0.contains(&0.0) && frames.track.voiced() > 80);
    let (timbre, mean, sd) = Plain(&tensors).hear(&frames);
    for isa in Isa::available() {
        let found = encoder.hear(isa, &frames).unwrap();
        let worst = found.timbre.iter().zip(&timbre).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        println!("{}: {worst:.1e}, {:.1e}", isa.name(), f64::from(found.mean_log_f0) - mean);
        // observed below 1e-6
        assert!(worst < 1e-5, "{}: {worst}", isa.name());
        assert!((f64::from(found.mean_log_f0) - mean).abs() < 1e-5 && (f64::from(found.sd_log_f0) - sd).abs() < 1e-5);
    }
}

#[test]
fn without_a_voice_nobody_is_heard() {
    let (encoder, _) = random_encoder();
    assert_eq!(encoder.hear(Isa::detect(), &Analyser::new().frames(&[0.0; 5_000])), None);
    assert_eq!(encoder.hear(Isa::detect(), &Frames::default()), None);
}

#[test]
fn numbers_of_the_configuration_are_checked() {
    CONFIG.validate(12).unwrap();
    EncoderConfig { timbre: Some(12), ..CONFIG }.validate(12).unwrap();
    let cases = [
        (EncoderConfig { dim: 0, ..CONFIG }, "speaker_encoder.dim is 0"),
        (EncoderConfig { bands: 81, ..CONFIG }, "speaker_encoder.bands is 81, expected 1 to 80"),
        (EncoderConfig { kernel: 6, ..CONFIG }, "expected an odd number"),
        (
            EncoderConfig { timbre: Some(13), ..CONFIG },
            "speaker_encoder.timbre is 13, expected flow_lm.timbre, which is 12",
        ),
    ];
    for (config, expected) in cases {
        let error = config.validate(12).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// The shipped tower against the one that was trained (tests/goldens/README.md).
#[test]
fn the_shipped_tower_hears_what_the_trained_one_hears() {
    let weights = Weights::embedded("model", include_bytes!("../../../../weights/model.safetensors")).unwrap();
    let config = EncoderConfig { dim: 128, blocks: 4, kernel: 7, expansion: 3, bands: 70, timbre: None };
    let tower = SpeakerEncoder::load(&weights.root().at("speaker_encoder"), config, 128).unwrap();
    let golden = include_bytes!("../../../../tests/goldens/native.safetensors");
    let golden = safetensors::SafeTensors::deserialize(golden).unwrap();
    let get = |name: &str| -> Vec<f32> {
        let bytes = golden.tensor(name).unwrap().data();
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    };
    let (frames, timbre, pitch) = (get("tower_frames"), get("tower_timbre"), get("tower_pitch"));
    for isa in Isa::available() {
        let heard = tower.network(isa, &frames);
        let worst = heard.timbre.iter().zip(&timbre).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let pitch_off = (heard.mean_log_f0 - pitch[0]).abs().max((heard.sd_log_f0 - pitch[1]).abs());
        println!("tower on {}: timbre {worst:.1e}, pitch {pitch_off:.1e}", isa.name());
        assert!(worst < 1e-5 && pitch_off < 1e-4, "{}: {worst:e}, {pitch_off:e}", isa.name());
    }
}

#[test]
fn a_timbre_is_drawn_to_the_usual_one() {
    let (encoder, tensors) = random_encoder();
    let timbre: Vec<f32> = (0..TIMBRE).map(|i| (i as f32 * 0.9).cos() * (2.0 / TIMBRE as f32).sqrt()).collect();
    for (log_tract, share) in [(0.0f32, 1.0), (0.1, 0.4), (-0.1, 0.0), (5.0, 0.2)] {
        let t = f64::from(log_tract).clamp(-0.15, 0.3);
        let usual = |i: usize| {
            let row = |k: usize| f64::from(tensors["usual"][k * TIMBRE + i]);
            row(0) + t * row(1) + t * t * row(2)
        };
        let share64 = f64::from(share);
        let mixed: Vec<f64> =
            timbre.iter().enumerate().map(|(i, &x)| share64 * f64::from(x) + (1.0 - share64) * usual(i)).collect();
        let length = mixed.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (found, expected) in encoder.drawn(&timbre, log_tract, share).into_iter().zip(mixed) {
            assert!((f64::from(found) - expected / length).abs() < 1e-6, "{found}, expected {}", expected / length);
        }
    }
}
