//! Configurations and weights that lie: typed errors that name file, tensor, expected and found.

use super::goldens::yaml;
use super::*;

/// The family `pointwise` with some of its configuration replaced.
fn refused(from: &str, to: &str) -> String {
    let text = yaml("pointwise");
    assert!(text.contains(from), "{from}");
    let error = PocketConfig::parse("x.yaml", &text.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(error.starts_with("x.yaml"), "{error}");
    assert!(error.len() < 2000, "{} bytes", error.len());
    error
}

#[test]
fn a_configuration_that_asks_for_too_much_is_refused() {
    for (from, to, expected) in [
        ("num_layers: 2", "num_layers: 1000000000", "flow_lm.transformer.num_layers is 1000000000, expected 1 to 256"),
        ("num_layers: 2", "num_layers: -1", "num_layers"),
        ("num_layers: 2", "num_layers: 99999999999999999999999", "num_layers"),
        ("num_layers: 2", "num_layers: two", "num_layers"),
        ("num_layers: 2", "num_layers: 0", "num_layers is 0"),
        ("num_layers: 2", "number_of_layers: 2", "number_of_layers"),
        ("num_layers: 2", "num_layers: 2\n    num_layers: 3", "num_layers"),
        ("d_model: 22", "d_model: 1000000", "d_model is 1000000, expected 1 to 8192"),
        ("d_model: 22", "d_model: .inf", "d_model"),
        ("num_heads: 3", "num_heads: 4", "even multiple of 4 heads"),
        ("num_kv_heads: 1", "num_kv_heads: 2", "num_kv_heads 2 does not divide"),
        ("type: pointwise", "type: guessing", "guessing"),
        ("n_bins: 400", "n_bins: 4000000000", "n_bins is 4000000000"),
        ("sample_rate: 8000", "sample_rate: 0", "sample_rate is 0"),
        ("frame_rate: 100.0", "frame_rate: .nan", "frame_rate"),
        ("frame_rate: 100.0", "frame_rate: 0", "frame_rate"),
        ("frame_rate: 100.0", "frame_rate: 1e-5", "frame_rate is 0.00001, expected 1 to 200"),
        ("frame_rate: 100.0", "frame_rate: 4000", "frame_rate is 4000, expected 1 to 200"),
        ("frame_rate: 100.0", "frame_rate: 99", "frame_rate is 99"),
        ("n_residual_layers: 1", "n_residual_layers: 1000000000", "n_residual_layers is 1000000000"),
        ("dilation_base: 2", "dilation_base: 1000000000", "dilation_base is 1000000000"),
        ("compress: 2", "compress: 3", "compress is 3, expected at most n_filters"),
        ("pad_mode: constant", "pad_mode: reflect", "pad_mode is 'reflect'"),
        ("channels: 1", "channels: 2", "channels is 2"),
        ("default_eos_threshold: -1.0", "default_eos_threshold: .nan", "default_eos_threshold"),
        ("default_eos_threshold: -1.0", "default_temperature: 1e30", "default_temperature"),
        ("flow_lm:", "unknown_key: 1\nflow_lm:", "unknown_key"),
        ("flow_lm:", "flow_lm:\n\t- x", "x.yaml"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn residual_blocks_may_not_reach_far_back() {
    let text = yaml("pointwise").replace("n_residual_layers: 1", "n_residual_layers: 8");
    let error = PocketConfig::parse("x.yaml", &text.replace("dilation_base: 2", "dilation_base: 16")).unwrap_err();
    assert!(error.to_string().contains("expected at most 4096"), "{error}");
}

#[test]
fn yaml_that_grows_or_has_no_end_is_refused() {
    // each anchor holds nine of the one before
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let before = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb += &format!("a{n}: &a{n} [{before}]\n");
    }
    let cases = [
        bomb.clone(),
        format!("replace_characters: {{x: *a11}}\n{bomb}"),
        // a node that holds itself
        "flow_lm: &a\n  flow: *a\n".to_owned(),
        "&a [*a]".to_owned(),
        "<<: *nothing".to_owned(),
        "[".repeat(200_000),
        "{a: ".repeat(50_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "a: ".repeat(10),
        "!!binary x".to_owned(),
        "\u{0}".to_owned(),
        "---\n---\n".to_owned(),
        String::new(),
        "x".repeat((1 << 20) + 1),
    ];
    for case in cases {
        let error = PocketConfig::parse("x.yaml", &case).unwrap_err().to_string();
        assert!(error.starts_with("x.yaml"), "{error}");
        assert!(error.len() < 4000, "{} bytes of message", error.len());
    }
}

/// A bundle of the family `pointwise` after `edit`: why it is refused.
fn loaded(edit: impl Fn(&mut std::collections::BTreeMap<String, (Vec<usize>, Vec<f32>)>)) -> WeightsError {
    let about = goldens::about(&goldens::golden("pointwise"));
    let mut tensors = formula::tensors(&about.files["model"], about.gains);
    edit(&mut tensors);
    let weights = Weights::from_bytes("x.safetensors", formula::file(&tensors)).unwrap();
    let config = PocketConfig::parse("x.yaml", &yaml("pointwise")).unwrap();
    let error = PocketModel::load(&weights, config).unwrap_err();
    assert!(error.to_string().starts_with("x.safetensors"), "{error}");
    error
}

#[test]
fn every_tensor_that_is_missing_is_named() {
    let names = goldens::about(&goldens::golden("pointwise")).files["model"].clone();
    assert!(names.len() > 100, "{}", names.len());
    for gone in names.keys() {
        let error = loaded(|tensors| {
            tensors.remove(gone);
        });
        assert!(matches!(&error, WeightsError::Missing { name, .. } if name == gone), "{error}");
    }
}

#[test]
fn every_tensor_that_is_transposed_or_not_a_number_is_named() {
    let names = goldens::about(&goldens::golden("pointwise")).files["model"].clone();
    for (bad, shape) in &names {
        let error = loaded(|tensors| tensors.get_mut(bad).unwrap().0.push(1));
        assert!(
            matches!(&error, WeightsError::Shape { name, expected, found, .. } if name == bad && expected == shape && found.len() == shape.len() + 1),
            "{error}"
        );
        if shape.len() > 1 && shape[0] != shape[1] {
            let error = loaded(|tensors| tensors.get_mut(bad).unwrap().0.swap(0, 1));
            assert!(matches!(&error, WeightsError::Shape { name, .. } if name == bad), "{error}");
            assert!(error.to_string().contains(&format!("expected {shape:?}")), "{error}");
        }
        for value in [f32::NAN, f32::INFINITY] {
            let error = loaded(|tensors| *tensors.get_mut(bad).unwrap().1.last_mut().unwrap() = value);
            assert!(matches!(&error, WeightsError::NotFinite { name, .. } if name == bad), "{error}");
        }
    }
}

#[test]
fn a_tensor_too_many_is_named() {
    for extra in ["flow_lm.more", "mimi.encoder.model.99.conv.weight", "x"] {
        let error = loaded(|tensors| {
            tensors.insert(extra.to_owned(), (vec![1], vec![0.0]));
        });
        assert!(matches!(&error, WeightsError::Unread { names, .. } if names == &[extra]), "{error}");
    }
}

#[test]
fn a_tokenizer_of_another_size_is_named() {
    for (name, count) in [("plain.model", 400), ("bytes.json", 480)] {
        let bytes = std::fs::read(format!("{}/{name}", goldens::FOLDER)).unwrap();
        assert_eq!(Vocabulary::of_size(name, &bytes, count).unwrap().len(), count);
        let error = Vocabulary::of_size(name, &bytes, 4000).unwrap_err().to_string();
        assert!(error.starts_with(name) && error.contains(&format!("{count} pieces, expected 4000")), "{error}");
    }
}
