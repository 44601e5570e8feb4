//! The same model out of files of every layout. That pairs and older names mean what the reference takes them for is shown by
//! the family `old` of the goldens; here, that nothing else depends on them.

use std::collections::BTreeMap;

use super::formula::{self, normal};
use super::*;

/// Values by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn config(name: &str) -> PocketConfig {
    PocketConfig::parse("config.yaml", &goldens::yaml(name)).unwrap()
}

/// All tensors of a family that is one file.
fn bundle(name: &str) -> Tensors {
    let about = goldens::about(&goldens::golden(name));
    formula::tensors(&about.files["model"], about.gains)
}

fn weights(tensors: &Tensors) -> Weights {
    Weights::from_bytes("test.safetensors", formula::file(tensors)).unwrap()
}

/// How a convolution's weight is stored.
#[derive(Clone, Copy, PartialEq)]
enum Stored {
    Whole,
    Pair,
    Parametrized,
}

/// Two files with older names.
fn older(tensors: Tensors, stored: Stored) -> [Tensors; 2] {
    let (mut lm, mut mimi) = (Tensors::new(), Tensors::new());
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix("flow_lm.") {
            let name = match name {
                "conditioner.embed.weight" => "condition_provider.conditioners.transcript_in_segment.embed.weight",
                "speaker_proj_weight" => "condition_provider.conditioners.speaker_wavs.output_proj.weight",
                "bos_before_voice" => "fuser.padding_value",
                name => name,
            };
            lm.insert(name.replace("in_proj.weight", "in_proj_weight"), tensor);
            continue;
        }
        let name = name.strip_prefix("mimi.").unwrap().replace("in_proj.weight", "in_proj_weight");
        let deeper = name.replacen(".conv.", ".conv.conv.", 1).replacen(".convtr.", ".convtr.convtr.", 1);
        let name = format!("model.{deeper}");
        let Some(whole) = name.strip_suffix(".weight").filter(|_| name.contains(".conv") && stored != Stored::Whole)
        else {
            mimi.insert(name, tensor);
            continue;
        };
        let (shape, values) = tensor;
        let norm = |row: &[f32]| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32;
        let sizes = values.chunks_exact(values.len() / shape[0]).map(norm).collect();
        let [size, direction] = match stored {
            Stored::Pair => [".weight_g", ".weight_v"],
            _ => [".parametrizations.weight.original0", ".parametrizations.weight.original1"],
        };
        let ones = shape.iter().enumerate().map(|(n, &all)| if n == 0 { all } else { 1 }).collect();
        mimi.insert(format!("{whole}{size}"), (ones, sizes));
        // a direction has any length
        mimi.insert(format!("{whole}{direction}"), (shape, values.into_iter().map(|v| 3.0 * v).collect()));
    }
    [lm, mimi]
}

/// Sound of a few latents, and the voice's keys.
fn heard(model: &PocketModel) -> [Vec<f32>; 2] {
    let isa = Isa::available().into_iter().next().unwrap();
    let mut pcm = Vec::new();
    let latents = normal("latents", 3 * model.config.mimi.quantizer.dimension);
    model.decoder.step(isa, &mut model.decoder.start(), &latents, &mut pcm);
    let keys = model.voice(isa, 1, &goldens::sound(model)).rows().flat_map(|[keys, _]| keys).collect();
    [pcm, keys]
}

#[test]
fn older_names_make_the_same_model() {
    for name in ["lsd_v1", "pointwise"] {
        let expected = heard(&PocketModel::load(&weights(&bundle(name)), config(name)).unwrap());
        for stored in [Stored::Whole, Stored::Pair, Stored::Parametrized] {
            let [mut lm, mut mimi] = older(bundle(name), stored);
            // of training and of the quantiser
            for skipped in ["num_ema_updates", "flow.w_s_t.3.weight"] {
                lm.insert(skipped.to_owned(), (vec![1], vec![f32::NAN]));
            }
            for skipped in ["model.quantizer.vq.layers.0._codebook.embedding_sum", "wavlm_proj.weight"] {
                mimi.insert(skipped.to_owned(), (vec![1], vec![f32::NAN]));
            }
            let files = PocketFiles::Apart { flow_lm: weights(&lm), mimi: weights(&mimi) }.newer_names().unwrap();
            let found = heard(&PocketModel::load_files(&files, config(name)).unwrap());
            if stored == Stored::Whole {
                assert_eq!(found, expected, "{name}");
            }
            let mut worst = 0.0f32;
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                // observed 2e-6
                worst = worst.max((found - expected).abs());
                assert!((found - expected).abs() < 1e-4, "{name}: {found} {expected}");
            }
            println!("{name}: pairs {worst:.1e}");
        }
    }
}

#[test]
fn a_codec_replaces_that_of_a_bundle() {
    let expected = heard(&PocketModel::load(&weights(&bundle("lsd_v1")), config("lsd_v1")).unwrap());
    let whole = bundle("lsd_v1");
    let mut rest: Tensors = whole.clone().into_iter().filter(|(name, _)| name.starts_with("flow_lm.")).collect();
    rest.insert("mimi.of.another.model".to_owned(), (vec![1], vec![f32::NAN]));
    // a bundle itself, and older names
    for mimi in [whole.clone(), older(whole, Stored::Whole)[1].clone()] {
        let files = PocketFiles::Replaced { bundle: weights(&rest), mimi: weights(&mimi) }.newer_names().unwrap();
        assert_eq!(heard(&PocketModel::load_files(&files, config("lsd_v1")).unwrap()), expected);
    }
}

#[test]
fn the_configuration_chooses_the_files() {
    let with = |bundle: Option<&str>, lm: Option<&str>, mimi: Option<&str>| {
        let mut config = config("lsd_v1");
        (config.weights_path, config.flow_lm.weights_path) = (bundle.map(str::to_owned), lm.map(str::to_owned));
        config.mimi.weights_path = mimi.map(str::to_owned);
        let files = config.files("x.yaml");
        files.map(|files| files.try_map(|path| Ok::<_, WeightsError>(path.to_owned())).unwrap())
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(with(Some("a"), None, None).unwrap(), PocketFiles::Bundle(text("a")));
    for lm in [None, Some("b")] {
        let replaced = PocketFiles::Replaced { bundle: text("a"), mimi: text("c") };
        assert_eq!(with(Some("a"), lm, Some("c")).unwrap(), replaced);
    }
    let apart = PocketFiles::Apart { flow_lm: text("b"), mimi: text("c") };
    assert_eq!(with(None, Some("b"), Some("c")).unwrap(), apart);
    for (bundle, lm, mimi, missing) in [
        (None, None, None, "expected weights_path"),
        (None, Some("b"), None, "not mimi.weights_path"),
        (Some("a"), Some("b"), None, "not mimi.weights_path"),
        (None, None, Some("c"), "expected flow_lm.weights_path"),
    ] {
        let error = with(bundle, lm, mimi).unwrap_err().to_string();
        assert!(error.starts_with("x.yaml") && error.contains(missing), "{error}");
    }
}

#[test]
fn files_that_are_not_there_are_named() {
    let files = PocketFiles::Apart { flow_lm: "no/lm.safetensors".into(), mimi: "no/mimi.safetensors".into() };
    let error = files.open().unwrap_err().to_string();
    assert!(error.contains("no/lm.safetensors"), "{error}");
}
