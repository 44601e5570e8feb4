//! Random weights: every tensor that docs/MODEL.md lists, of its shape and storage, of a size that keeps signals near 1.

use half::f16;

const PAGE: &str = include_str!("../../../docs/MODEL.md");

/// config.toml of these weights.
pub(crate) const CONFIG: &str = r#"
family = "native"
name = "random"
sample_rate = 24000
frame_rate = 25
phones = ["<pad>", "pau", "aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh"]
[sampling]
steps = 8
temperature = 0.7
[flow_lm]
dim = 256
layers = 6
heads = 4
feedforward = 1024
window = 128
max_period = 10000.0
latent = 64
text_layers = 2
text_convs = 2
timbre = 128
prosody = 64
prosody_controls = 8
[flow_lm.head]
flow = "lsd"
dim = 256
depth = 3
[decoder]
dim = 256
blocks = 2
subframes = 4
subframe_dim = 160
subframe_blocks = 4
kernel = 5
expansion = 3
profile_dim = 128
envelope_bands = 80
kinds = 8
log_envelope_offset = -9.0
log_envelope_scale = 4.0
aperiodicity_offset = -3.0
aperiodicity_scale = 2.0
aperiodicity_max = -0.001
f0_residual = 0.1
[decoder.refiner]
dim = 224
blocks = 5
kernel = 5
expansion = 3
"#;

/// Added to [`CONFIG`] for weights with a speaker encoder.
pub(crate) const SPEAKER_CONFIG: &str = "
[speaker_encoder]
dim = 128
blocks = 4
kernel = 7
expansion = 3
bands = 70
";

/// Numbers of about unit variance.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    /// The next number: nearly normal.
    pub(crate) fn next(&mut self) -> f32 {
        (0..4).map(|_| self.uniform()).sum::<f32>() * 3f32.sqrt()
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    /// A timbre: of length 1.
    pub(crate) fn unit(&mut self, count: usize) -> Vec<f32> {
        let x = self.take(count);
        let length = x.iter().map(|x| x * x).sum::<f32>().sqrt();
        x.into_iter().map(|x| x / length).collect()
    }

    fn tensor(&mut self, name: &str, shape: &[usize]) -> Vec<f32> {
        let count = shape.iter().product();
        let scaled = |offset: f32, scale: f32| move |x: f32| offset + scale * x;
        let of = |random: &mut Self, f: &dyn Fn(f32) -> f32| random.take(count).into_iter().map(f).collect();
        let last = name.rsplit('.').next().unwrap();
        match (last, shape.len()) {
            ("freqs", _) => (0..count).map(|i| 10_000f32.powf(-(i as f32) / count as f32)).collect(),
            ("bias" | "emb_mean", _) => of(self, &scaled(0.0, 0.1)),
            ("g" | "scale", _) => of(self, &scaled(0.3, 0.1)),
            ("bos_emb" | "bos_before_voice", _) => self.take(count),
            (_, 1) => of(self, &scaled(1.0, 0.1)),
            _ if name.ends_with("conditioner.embed.weight") => self.take(count),
            // a timbre has length 1, and a profile numbers near 1
            _ if name == "decoder.profile.weight" => of(self, &scaled(0.0, 1.0)),
            (_, dimensions) => {
                let fan_in: usize = shape[1..dimensions].iter().product();
                of(self, &scaled(0.0, (fan_in as f32).powf(-0.5)))
            }
        }
    }
}

/// `a.{0-5}.b` to six names.
fn expand(name: &str) -> Vec<String> {
    let Some((before, rest)) = name.split_once('{') else { return vec![name.to_owned()] };
    let (range, after) = rest.split_once('}').unwrap();
    let (from, to) = range.split_once('-').unwrap();
    let numbers = from.parse::<usize>().unwrap()..=to.parse().unwrap();
    numbers.flat_map(|n| expand(&format!("{before}{n}{after}"))).collect()
}

/// Rows of the page's tables of tensors: name, shape, stored as f16.
fn listed() -> impl Iterator<Item = (String, Vec<usize>, bool)> {
    PAGE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`').to_owned();
        let shape = cells.next()?.trim().strip_prefix("`[")?.strip_suffix("]`")?;
        let shape = shape.split(", ").map(|size| size.parse().ok()).collect::<Option<_>>()?;
        let half = match cells.next()?.trim() {
            "F16" => true,
            "F32" => false,
            _ => return None,
        };
        Some((name, shape, half))
    })
}

/// A safetensors file with random tensors of the names that `wanted` takes.
pub(crate) fn weights(seed: u64, wanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let tensors = listed().flat_map(|(pattern, shape, half)| {
        expand(&pattern).into_iter().map(move |name| (name, shape.clone(), half)).collect::<Vec<_>>()
    });
    file(seed, tensors.filter(|(name, ..)| wanted(name)))
}

/// A safetensors file with random tensors: name, shape, stored as f16.
pub(crate) fn file(seed: u64, tensors: impl IntoIterator<Item = (String, Vec<usize>, bool)>) -> Vec<u8> {
    let mut random = Random(seed);
    let (mut header, mut data) = (String::new(), Vec::new());
    for (name, shape, half) in tensors {
        let from = data.len();
        for value in random.tensor(&name, &shape) {
            match half {
                true => data.extend(f16::from_f32(value).to_le_bytes()),
                false => data.extend(value.to_le_bytes()),
            }
        }
        let (comma, dtype) = (if header.is_empty() { "" } else { "," }, if half { "F16" } else { "F32" });
        let to = data.len();
        header += &format!(r#"{comma}"{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{from},{to}]}}"#);
    }
    let header = format!("{{{header}}}");
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend(data);
    bytes
}
