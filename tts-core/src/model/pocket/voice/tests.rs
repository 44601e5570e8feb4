//! Voices through files and back, over a random model; what is refused, and in which words.

use half::{bf16, f16};

use super::super::tests::{fixtures, folder};
use super::*;
use crate::flow::pocket::PocketLmConfig;
use crate::kernels::Isa;
use crate::nn::random::{RandomWeights, signal};

const ENCODED: usize = 3;
const LATENT: usize = 4;
const CONFIG: &str = "
flow: {dim: 8, depth: 1, type: pointwise}
transformer: {hidden_scale: 2, max_period: 10000, d_model: 12, num_heads: 4, num_kv_heads: 2, attn_dim: 16, num_layers: LAYERS}
lookup_table: {dim: 12, n_bins: 9, tokenizer: sentencepiece, tokenizer_path: x}
insert_bos_before_voice: true
";

/// A random language model: 2 heads of 4 channels a layer.
fn random(layers: usize) -> PocketLm {
    seeded(layers, 5)
}

fn seeded(layers: usize, seed: u64) -> PocketLm {
    let config: PocketLmConfig = serde_saphyr::from_str(&CONFIG.replace("LAYERS", &layers.to_string())).unwrap();
    config.validate().unwrap();
    let mut random = RandomWeights::new(seed);
    let mut add = |name: &str, shape: &[usize]| {
        random.tensor(name, shape);
    };
    add("conditioner.embed.weight", &[10, 12]);
    add("speaker_proj_weight", &[12, ENCODED]);
    add("bos_before_voice", &[1, 1, 12]);
    add("input_linear.weight", &[12, LATENT]);
    for name in ["bos_emb", "emb_mean", "emb_std"] {
        add(name, &[LATENT]);
    }
    for n in 0..layers {
        let mut add = |name: &str, shape: &[usize]| add(&format!("transformer.layers.{n}.{name}"), shape);
        add("self_attn.in_proj.weight", &[32, 12]);
        add("self_attn.out_proj.weight", &[12, 16]);
        add("linear1.weight", &[24, 12]);
        add("linear2.weight", &[12, 24]);
        for name in ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"] {
            add(name, &[12]);
        }
    }
    for name in ["out_norm.weight", "out_norm.bias"] {
        add(name, &[12]);
    }
    for (name, from, to) in [
        ("out_eos", 12, 1),
        ("flow_net.cond_embed", 12, 8),
        ("flow_net.input_proj", LATENT, 8),
        ("flow_net.res_blocks.0.mlp.0", 8, 8),
        ("flow_net.res_blocks.0.mlp.2", 8, 8),
        ("flow_net.res_blocks.0.adaLN_modulation.1", 8, 24),
        ("flow_net.final_layer.adaLN_modulation.1", 8, 16),
        ("flow_net.final_layer.linear", 8, LATENT),
    ] {
        add(&format!("{name}.weight"), &[to, from]);
        add(&format!("{name}.bias"), &[to]);
    }
    for name in ["flow_net.res_blocks.0.in_ln.weight", "flow_net.res_blocks.0.in_ln.bias"] {
        add(name, &[8]);
    }
    let weights = random.finish();
    let lm = PocketLm::load(&weights.root(), &config, LATENT, ENCODED).unwrap();
    weights.finish().unwrap();
    lm
}

/// Latents and ends of speech after a text.
fn frames(lm: &PocketLm, voice: &PocketState) -> Vec<f32> {
    let isa = Isa::detect();
    let mut state = lm.with_room(voice, voice.position() + 3 + 5);
    lm.read(isa, &mut state, &[1, 7, 3]);
    let sampler = lm.sampler(isa, 1, 0.5);
    let mut all = Vec::new();
    for noise in signal(5, LATENT).chunks_exact(LATENT) {
        all.push(lm.step(isa, &mut state, &sampler, noise));
        all.extend_from_slice(state.latent());
    }
    all
}

fn voice(lm: &PocketLm) -> PocketState {
    lm.voice(Isa::detect(), &signal(6, ENCODED))
}

fn read(bytes: Vec<u8>, lm: &PocketLm) -> Result<PocketVoice, PocketVoiceError> {
    PocketVoice::read(&Weights::from_bytes("a.safetensors", bytes)?, lm.kv_shape())
}

/// A cache as the reference stores it.
fn stored(values: &[f32], dtype: Dtype) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &value in values {
        match dtype {
            Dtype::F32 => bytes.extend(value.to_le_bytes()),
            Dtype::F16 => bytes.extend(f16::from_f32(value).to_le_bytes()),
            _ => bytes.extend(bf16::from_f32(value).to_le_bytes()),
        }
    }
    bytes
}

type Tensors = Vec<(String, Dtype, Vec<usize>, Vec<u8>)>;

/// A voice of 7 positions in caches with room for `room`, what is not used being NaN.
fn file(lm: &PocketLm, room: usize, dtype: Dtype) -> Tensors {
    let state = voice(lm);
    let mut tensors = Vec::new();
    for (layer, rows) in state.rows().enumerate() {
        let mut values = Vec::new();
        for rows in rows {
            values.extend_from_slice(&rows);
            values.resize(values.len() + (room - 7) * 8, f32::NAN);
        }
        tensors.push((name(layer, "cache"), dtype, vec![2, 1, room, 2, 4], stored(&values, dtype)));
        tensors.push((name(layer, "offset"), Dtype::I64, vec![1], 7_i64.to_le_bytes().to_vec()));
    }
    tensors
}

fn bytes(tensors: &Tensors) -> Vec<u8> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_voice_is_the_same_out_of_a_file() {
    let lm = random(2);
    let before = voice(&lm);
    for layout in [VoiceLayout::Offset, VoiceLayout::CurrentEnd] {
        for model in [None, Some("a \"model\"")] {
            let written = PocketVoice::of(&lm, &before, layout, model);
            let bytes = written.to_bytes().unwrap();
            assert_eq!(bytes, written.to_bytes().unwrap());
            let found = read(bytes, &lm).unwrap();
            assert_eq!(found, written);
            assert_eq!(found.model.as_deref(), model);
            let after = found.state(&lm);
            assert_eq!(after.position(), 7);
            assert_eq!(frames(&lm, &after), frames(&lm, &before));
        }
    }
}

#[test]
fn a_voice_of_other_weights_is_refused_whatever_they_are_called() {
    let (lm, other) = (random(2), seeded(2, 6));
    assert_eq!(lm.fingerprint(), random(2).fingerprint());
    let named = PocketVoice::of(&lm, &voice(&lm), VoiceLayout::Offset, Some("six"));
    named.check("v.safetensors", &lm, "a copy of six").unwrap();
    let error = named.check("v.safetensors", &other, "seven").unwrap_err().to_string();
    for word in ["v.safetensors", "six made it", "this is seven", &lm.fingerprint().to_string()] {
        assert!(error.contains(word), "{error}");
    }
    // one that does not say whose it is, as the reference writes them
    PocketVoice::of(&lm, &voice(&lm), VoiceLayout::Offset, None).check("v", &other, "seven").unwrap();
}

#[test]
fn what_is_not_used_does_not_matter() {
    let lm = random(2);
    let expected = frames(&lm, &voice(&lm));
    for room in [7, 8, 40] {
        let found = read(bytes(&file(&lm, room, Dtype::F32)), &lm).unwrap();
        assert_eq!((found.positions, found.layout), (7, VoiceLayout::Offset));
        assert_eq!(frames(&lm, &found.state(&lm)), expected, "{room}");
        for dtype in [Dtype::F16, Dtype::BF16] {
            let found = frames(&lm, &read(bytes(&file(&lm, room, dtype)), &lm).unwrap().state(&lm));
            let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // observed 2e-4 and 2e-3
            assert!(worst > 0.0 && worst < 2e-2, "{dtype:?}: {worst}");
        }
    }
    // the old way to say how long it is, in a cache with room
    let mut old = file(&lm, 9, Dtype::F32);
    for tensor in old.iter_mut().filter(|tensor| tensor.0.ends_with("offset")) {
        *tensor = (tensor.0.replace("offset", "current_end"), Dtype::F32, vec![7], vec![0; 28]);
    }
    let found = read(bytes(&old), &lm).unwrap();
    assert_eq!((found.positions, found.layout), (7, VoiceLayout::CurrentEnd));
    assert_eq!(frames(&lm, &found.state(&lm)), expected);
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let lm = random(2);
    let offset = |layer: usize, to: i64| {
        let mut tensors = file(&lm, 9, Dtype::F32);
        tensors[2 * layer + 1].3 = to.to_le_bytes().to_vec();
        bytes(&tensors)
    };
    let changed = |change: &dyn Fn(&mut Tensors)| {
        let mut tensors = file(&lm, 9, Dtype::F32);
        change(&mut tensors);
        bytes(&tensors)
    };
    let add = |name: &str, dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>| {
        let name = name.to_owned();
        changed(&move |tensors| tensors.push((name.clone(), dtype, shape.clone(), bytes.clone())))
    };
    let one = "transformer.layers.1.self_attn";
    let layers = |n| bytes(&file(&random(n), 9, Dtype::F32));
    let cut = |keep: &dyn Fn(usize) -> usize| {
        let mut all = bytes(&file(&lm, 9, Dtype::F32));
        all.truncate(keep(all.len()));
        all
    };
    let cases: Vec<(Vec<u8>, String)> = vec![
        (layers(3), "a.safetensors is a voice of another model: transformer.layers has 3 layers, expected 2 layers; use it with the model that made it".to_owned()),
        (layers(1), "has 1 layers, expected 2 layers".to_owned()),
        (changed(&|t| t[2].2 = vec![2, 1, 9, 4, 2]), format!("{one}/cache has 4 heads of 2 channels, expected 2 heads of 4 channels")),
        (changed(&|t| t[2].2 = vec![2, 1, 18, 1, 4]), "has 1 heads of 4 channels, expected".to_owned()),
        (changed(&|t| t[2].2 = vec![1, 2, 9, 2, 4]), format!("tensor '{one}/cache' has shape [1, 2, 9, 2, 4], expected [2, 1, positions, 2, 4]")),
        (changed(&|t| t[2].2 = vec![144]), "has shape [144]".to_owned()),
        (changed(&|t| (t[2].1, t[2].2[2]) = (Dtype::I32, 9)), format!("tensor '{one}/cache' is stored as I32; expected F32")),
        (changed(&|t| drop(t.remove(2))), "has 1 layers".to_owned()),
        (changed(&|t| drop(t.remove(3))), format!("tensor '{one}/offset' is not there, expected it, or 'current_end'")),
        (changed(&|t| t.clear()), "a.safetensors is no voice of Pocket TTS: tensor 'transformer.layers.0.self_attn/cache' is not there".to_owned()),
        (changed(&|t| t[3].1 = Dtype::F64), format!("'{one}/offset' is stored as F64; expected I64")),
        (changed(&|t| t[2].0 = name(7, "cache")), "has 2 layers".to_owned()),
        (add("flow_lm.bos_emb", Dtype::F32, vec![1], vec![0; 4]), "tensor 'flow_lm.bos_emb' is there, expected nothing but".to_owned()),
        (add(&format!("{one}/pad"), Dtype::I64, vec![1], 2_i64.to_le_bytes().to_vec()), format!("tensor '{one}/pad' is 2, expected 0")),
        (add(&format!("{one}/current_end"), Dtype::F32, vec![6], vec![0; 24]), format!("tensor '{one}/current_end' says something else than 'offset', expected 7 positions")),
        (add(&format!("{one}/current_end"), Dtype::F32, vec![1, 7], vec![0; 28]), "has shape [1, 7], expected [positions]".to_owned()),
        (offset(0, 10), "'transformer.layers.0.self_attn/offset' says 10 positions, expected 1 to 9: the cache has room for 9".to_owned()),
        (offset(1, -1), "says -1 positions".to_owned()),
        (offset(0, 0), "says 0 positions".to_owned()),
        (offset(0, i64::MAX), "says 9223372036854775807 positions".to_owned()),
        (offset(0, i64::MIN), "says -9223372036854775808 positions".to_owned()),
        (offset(1, 6), format!("'{one}/offset' says 6 positions, expected 7, as in layer 0")),
        (changed(&|t| [1, 3].into_iter().for_each(|i| t[i].3 = 8_i64.to_le_bytes().to_vec())), "tensor 'transformer.layers.0.self_attn/cache' holds a value that is not finite at index 56".to_owned()),
        (cut(&|len| len - 1), "a.safetensors is not a readable safetensors file".to_owned()),
        (cut(&|_| 100), "it may be truncated".to_owned()),
        (cut(&|_| 0), "it may be truncated".to_owned()),
    ];
    for (bytes, expected) in cases {
        let error = read(bytes, &lm).unwrap_err().to_string();
        assert!(error.contains(&expected), "{error}\nexpected {expected}");
    }
    // 8 positions in all layers: the first that is not finite is told apart from those that are not used
    let mut tensors = file(&lm, 9, Dtype::F32);
    tensors[0].3[4 * 9 * 8 + 4 * 3..][..4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    let error = read(bytes(&tensors), &lm).unwrap_err().to_string();
    assert!(error.contains("self_attn/cache' holds a value that is not finite at index 75"), "{error}");
}

#[test]
#[ignore = "needs the outside fixtures"]
fn voices_of_the_reference_speak_as_ours_do() {
    let copies = std::env::temp_dir().join(format!("pocket-voices-{}", std::process::id()));
    std::fs::create_dir(&copies).unwrap();
    for fixture in fixtures() {
        let (model, path) = (&fixture.model, folder().join(&fixture.name).join("voice.safetensors"));
        let (state, found) = model.open_voice(&path, "x").unwrap();
        assert_eq!(found.layout, VoiceLayout::Offset);
        let audio = super::super::tests::audio("voice.audio_after_pause");
        for isa in Isa::available() {
            let ours = model.voice(isa, 1, &audio);
            assert_eq!(state.position(), ours.position());
            for (theirs, ours) in state.rows().flatten().zip(ours.rows().flatten()) {
                let worst = theirs.iter().zip(ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // observed 1e-5
                assert!(worst < 1e-3, "{} {}: {worst}", fixture.name, isa.name());
            }
            fixture.speaks(isa, &state);
        }
        // through a file of ours and back
        for layout in [VoiceLayout::Offset, VoiceLayout::CurrentEnd] {
            let copy = copies.join(format!("{}-{layout:?}.safetensors", fixture.name));
            model.save_voice(&copy, &state, layout, None).unwrap();
            let (again, found) = model.open_voice(&copy, "x").unwrap();
            assert_eq!(found.layout, layout);
            assert!(again.rows().eq(state.rows()), "{}", fixture.name);
            let same = std::fs::read(&copy).unwrap() == std::fs::read(&path).unwrap();
            assert_eq!(same, layout == VoiceLayout::Offset, "{}: the bytes of the reference", fixture.name);
        }
    }
    std::fs::remove_dir_all(&copies).unwrap();
}
