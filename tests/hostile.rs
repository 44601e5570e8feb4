//! Model folders and voice files that lie: typed errors that name the file, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use tts_core::{Engine, EngineOptions, Error, VoiceError};

use crate::engine;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tts-tests-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // left for the system's cleaning if it cannot be removed
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn open(folder: &Folder) -> Result<Engine, Error> {
    Engine::open(&folder.0, EngineOptions::default())
}

#[test]
fn a_model_folder_can_be_opened() {
    let engine = Engine::open(&root().join("weights"), EngineOptions::default()).unwrap();
    assert_eq!(engine.info().fingerprint, crate::engine().info().fingerprint);
    engine.voice("default").unwrap();
}

#[test]
fn a_damaged_model_is_named() {
    let config = fs::read(root().join("weights/config.toml")).unwrap();
    let weights = fs::read(root().join("weights/model.safetensors")).unwrap();
    let folder = Folder::new("model");
    assert!(matches!(open(&folder), Err(Error::NoModel { .. })));
    folder.write("config.toml", &config);
    assert!(matches!(open(&folder), Err(Error::Weights(_))), "no weights");
    for cut in [0, 7, 8, 1000, weights.len() / 2, weights.len() - 1] {
        folder.write("model.safetensors", &weights[..cut]);
        let error = open(&folder).unwrap_err();
        assert!(matches!(&error, Error::Weights(_)) && error.to_string().contains("model.safetensors"), "{error}");
    }
    // a NaN in the last tensor of the file
    let mut bad = weights.clone();
    let end = bad.len();
    bad[end - 2..].copy_from_slice(&0x7e00u16.to_le_bytes());
    folder.write("model.safetensors", &bad);
    let error = open(&folder).unwrap_err().to_string();
    assert!(error.contains("not finite"), "{error}");
    // a configuration that asks for other shapes, or for what is not there
    folder.write("model.safetensors", &weights);
    for (from, to, expected) in [
        ("layers = 6", "layers = 7", "no tensor 'flow_lm.transformer.layers.6"),
        ("layers = 6", "layers = 5", "flow_lm.transformer.layers.5"),
        ("feedforward = 1024", "feedforward = 1000", "expected [1000, 256]"),
        ("timbre = 128", "timbre = 99999999999", "flow_lm.timbre"),
        ("family = \"native\"", "family = \"pocket\"", "family is 'pocket'"),
    ] {
        let text = String::from_utf8(config.clone()).unwrap();
        assert!(text.contains(from));
        folder.write("config.toml", text.replacen(from, to, 1).as_bytes());
        let error = open(&folder).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    folder.write("config.toml", &[0xff, 0xfe, 0]);
    assert!(matches!(open(&folder), Err(Error::Model { .. })));
}

#[test]
fn a_damaged_voice_is_named() {
    let good = fs::read(root().join("voices/kathleen/kathleen.voice")).unwrap();
    let folder = Folder::new("voice");
    let path = folder.write("x.voice", &good);
    engine().load_voice(&path).unwrap();
    for cut in 0..good.len() {
        folder.write("x.voice", &good[..cut]);
        let error = engine().load_voice(&path).unwrap_err();
        assert!(matches!(&error, Error::Voice(_)) && error.to_string().contains("x.voice"), "{error}");
    }
    folder.write("x.voice", &vec![b' '; 2 << 20]);
    assert!(engine().load_voice(&path).unwrap_err().to_string().contains("longer than"));
    let model = engine().info().fingerprint.to_string();
    let other = String::from_utf8_lossy(&good[..200]).contains(&model);
    assert!(other, "the fingerprint stands in the header");
    let mut bad = good.clone();
    let at = good.windows(16).position(|w| w == model.as_bytes()).unwrap();
    bad[at] = if bad[at] == b'0' { b'1' } else { b'0' };
    folder.write("x.voice", &bad);
    assert!(matches!(engine().load_voice(&path), Err(Error::Voice(VoiceError::OtherModel { .. }))));
    let unknown = engine().voice("nobody").unwrap_err().to_string();
    assert!(unknown.contains("'nobody'") && unknown.contains("kathleen"), "{unknown}");
}
