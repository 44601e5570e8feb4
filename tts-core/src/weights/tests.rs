//! Files that lie, and files that do not.

use super::*;

/// A safetensors file with one tensor header as given and `data` behind it.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn open(bytes: Vec<u8>) -> Result<Weights, WeightsError> {
    Weights::from_bytes("test.safetensors", bytes)
}

const HEADER: &str = r#"{"a.w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;

#[test]
fn a_good_file_is_read() {
    let weights = open(file(HEADER, &floats(&[1.0, 2.0, 3.0, 4.0]))).unwrap();
    assert_eq!(weights.root().at("a").tensor("w", [2, 2]).unwrap().to_f32().unwrap(), [1.0, 2.0, 3.0, 4.0]);
    weights.finish().unwrap();
}

#[test]
fn what_is_asked_for_must_be_there() {
    let weights = open(file(HEADER, &floats(&[1.0; 4]))).unwrap();
    let scope = weights.root().at("a");
    assert!(matches!(scope.tensor("v", [2, 2]), Err(WeightsError::Missing { name, .. }) if name == "a.v"));
    assert!(matches!(scope.tensor("w", [4]), Err(WeightsError::Shape { found, .. }) if found == [2, 2]));
    assert!(matches!(weights.finish(), Err(WeightsError::Unread { names, .. }) if names == ["a.w"]));
}

#[test]
fn numbers_must_be_numbers() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let weights = open(file(HEADER, &floats(&[1.0, 2.0, bad, 4.0]))).unwrap();
        let tensor = weights.root().tensor("a.w", [2, 2]).unwrap();
        assert!(matches!(tensor.to_f32(), Err(WeightsError::NotFinite { index: 2, .. })));
        assert!(tensor.packed(2, 2).is_err());
    }
    for (dtype, bad) in [("F16", 0x7c01u16), ("F16", 0xfc00), ("BF16", 0x7fc0), ("BF16", 0xff80)] {
        let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":[2],"data_offsets":[0,4]}}}}"#);
        let weights = open(file(&header, &[0, 0, bad.to_le_bytes()[0], bad.to_le_bytes()[1]])).unwrap();
        assert!(matches!(
            weights.root().tensor("w", [2]).unwrap().to_f32(),
            Err(WeightsError::NotFinite { index: 1, .. })
        ));
    }
}

#[test]
fn hostile_containers_are_refused() {
    let good = file(HEADER, &floats(&[1.0; 4]));
    for cut in 0..good.len() {
        assert!(matches!(open(good[..cut].to_vec()), Err(WeightsError::Format { .. })), "cut at {cut}");
    }
    let cases = [
        // a header longer than the file, and one of 2^64 - 1 bytes
        [0xff, 0xff, 0, 0, 0, 0, 0, 0, b'{'].to_vec(),
        [0xff; 16].to_vec(),
        file("not json", &[]),
        // offsets that overlap, run backwards, leave a hole, or pass the end
        file(
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            &[0; 12],
        ),
        file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, &[0; 4]),
        file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, &[0; 8]),
        file(r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, &[0; 8]),
        // shapes that multiply past 2^64, and one that does not match its bytes
        file(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}"#, &[0; 4]),
        file(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}"#, &[0; 16]),
        // bytes that no tensor owns
        file(HEADER, &[0; 32]),
    ];
    for (i, bytes) in cases.into_iter().enumerate() {
        assert!(matches!(open(bytes), Err(WeightsError::Format { .. })), "case {i}");
    }
    let header = r#"{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
    let integers = open(file(header, &[0; 8])).unwrap();
    assert!(matches!(integers.root().tensor("w", [1]), Err(WeightsError::Dtype { .. })));
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    for path in ["no/such/file.safetensors", "src"] {
        let error = Weights::open(Path::new(path)).unwrap_err();
        assert!(matches!(&error, WeightsError::Io { .. }) && error.to_string().contains(path), "{error}");
    }
}

/// `new` is stored whole, `old` as a pair, `gone` is passed over.
fn older(meaning: impl Fn(&str) -> Meaning) -> Result<Weights, WeightsError> {
    let header = concat!(
        r#"{"x.new":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#,
        r#""x.old_g":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"#,
        r#""x.old_v":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]},"#,
        r#""gone":{"dtype":"I64","shape":[1],"data_offsets":[32,40]}}"#
    );
    let data = [floats(&[1.0, 2.0, 10.0, -2.0, 3.0, 4.0, 0.0, 5.0]), vec![0xff; 8]].concat();
    open(file(header, &data)).unwrap().renamed(meaning)
}

fn meaning(stored: &str) -> Meaning {
    match stored {
        "x.new" => Meaning::Whole("y.whole".to_owned()),
        "x.old_g" => Meaning::Size("y.pair".to_owned()),
        "x.old_v" => Meaning::Direction("y.pair".to_owned()),
        _ => Meaning::Skipped,
    }
}

#[test]
fn older_names_are_read_by_newer_ones() {
    let weights = older(meaning).unwrap();
    let scope = weights.root().at("y");
    assert_eq!(scope.tensor("whole", [2]).unwrap().to_f32().unwrap(), [1.0, 2.0]);
    assert!(matches!(weights.finish(), Err(WeightsError::Unread { names, .. }) if names == ["x.old_g", "x.old_v"]));
    // rows of length 5
    assert_eq!(scope.tensor("pair", [2, 2]).unwrap().to_f32().unwrap(), [6.0, 8.0, 0.0, -2.0]);
    weights.finish().unwrap();
    assert!(matches!(scope.tensor("pair", [2, 3]), Err(WeightsError::Shape { name, .. }) if name == "x.old_v"));
    assert!(matches!(weights.root().tensor("x.new", [2]), Err(WeightsError::Missing { .. })));
}

#[test]
fn half_a_pair_and_one_name_for_two_are_refused() {
    let half = older(|stored| if stored == "x.old_g" { Meaning::Skipped } else { meaning(stored) });
    assert!(
        matches!(half, Err(WeightsError::Missing { name, .. }) if name.contains("y.pair") && name.contains("weight_g"))
    );
    for twice in ["x.old_g", "x.old_v"] {
        let both = older(|stored| if stored == twice { Meaning::Whole("y.whole".to_owned()) } else { meaning(stored) });
        assert!(matches!(both, Err(WeightsError::Twice { name, .. }) if name == "y.whole"));
    }
}

#[test]
fn a_row_without_direction_is_found() {
    let header = concat!(
        r#"{"g":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#,
        r#""v":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}"#
    );
    let named = |stored: &str| match stored {
        "g" => Meaning::Size("w".to_owned()),
        _ => Meaning::Direction("w".to_owned()),
    };
    let weights = open(file(header, &floats(&[1.0, 0.0, 0.0]))).unwrap().renamed(named).unwrap();
    let found = weights.root().tensor("w", [1, 2]).unwrap().to_f32();
    assert!(matches!(found, Err(WeightsError::NotFinite { name, index: 0, .. }) if name == "v"));
}
