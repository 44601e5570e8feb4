//! Numbers out of names, the same bits as `training/goldens/pocket/formula.py` makes: weights, noise and sound that need not be
//! stored.

use std::collections::BTreeMap;

/// Tensors of one file, and their shapes.
pub(super) type Shapes = BTreeMap<String, Vec<usize>>;

/// `[count]` in [-1, 1): a hash of the name and the place.
pub(super) fn uniform(name: &str, count: usize) -> Vec<f32> {
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (1..=count as u64)
        .map(|place| {
            let x = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((x ^ x >> 31) >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// `[count]` of unit variance.
pub(super) fn normal(name: &str, count: usize) -> Vec<f32> {
    let scale = 3.0f64.sqrt() as f32;
    uniform(name, count).into_iter().map(|u| u * scale).collect()
}

/// A tensor of a model.
pub(super) fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let u = uniform(name, shape.iter().product());
    let last = name.rsplit('.').next().unwrap();
    let map = |base: f32, scale: f32| u.iter().map(|u| base + scale * u).collect();
    let normed = name.contains("norm") || name.contains("in_ln");
    match last {
        "freqs" => {
            let half = u.len() as f64;
            (0..u.len()).map(|n| (-10_000f64.ln() * n as f64 / half).exp() as f32).collect()
        }
        "emb_std" | "alpha" | "weight_g" => map(1.0, 0.25),
        "weight" if normed => map(1.0, 0.25),
        "scale" => map(0.25, 0.125),
        "emb_mean" | "bias" => u.iter().map(|u| 0.25 * u).collect(),
        "bos_emb" | "bos_before_voice" | "padding_value" => u,
        _ if shape.len() == 1 || name.ends_with("embed.weight") => u,
        _ => {
            let fan = match (name.contains("convtr"), shape[1]) {
                (true, 1) => 2,
                (true, _) => 2 * shape[0],
                (false, _) => shape[1..].iter().product(),
            };
            let scale = (3.0 / fan as f64).sqrt() as f32;
            u.into_iter().map(|u| scale * u).collect()
        }
    }
}

/// All tensors of a file; the last convolutions of encoder and decoder are scaled by `gains`.
pub(super) fn tensors(shapes: &Shapes, gains: [f32; 2]) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let stage = |name: &str| name.split_once("decoder.model.")?.1.split('.').next()?.parse::<usize>().ok();
    let last = shapes.keys().filter_map(|name| stage(name)).max();
    let scaled = |(name, shape): (&String, &Vec<usize>)| {
        let mut values = weight(name, shape);
        let mut scale = |gain: f32| values.iter_mut().for_each(|value| *value *= gain);
        if !name.ends_with("weight_v") {
            if name.contains("downsample") && !name.contains("wavlm") {
                scale(gains[0]);
            }
            if last.is_some() && stage(name) == last {
                scale(gains[1]);
            }
        }
        (name.clone(), (shape.clone(), values))
    };
    shapes.iter().map(scaled).collect()
}

/// A safetensors file of 32-bit values.
pub(super) fn file(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, (shape, values)) in tensors {
        let from = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let about = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [from, data.len()]});
        header.insert(name.clone(), about);
    }
    let header = serde_json::Value::Object(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}
