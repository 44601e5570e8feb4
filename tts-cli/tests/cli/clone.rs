//! `tts clone` on good and bad recordings: what it says, its code, and that nothing is left half-written.

use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Ended, World, peak, wav};

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and then it sleeps until the evening. \
                    Nobody knows where it goes at night. Perhaps it looks for water, or for friends in the hills.";

/// Mono, 16 bits.
fn write_wav(world: &World, name: &str, samples: &[f32], rate: u32) -> PathBuf {
    let path = world.path(name);
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(&path, spec).expect("WAV");
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).expect("sample");
    }
    writer.finalize().expect("WAV");
    path
}

/// Some seconds of a shipped voice.
fn speech(world: &World, voice: &str) -> Vec<f32> {
    world.run(&["say", "-q", "--voice", voice, "-o", "said.wav", TEXT]).with(0);
    let (samples, rate) = wav(&world.path("said.wav"));
    std::fs::remove_file(world.path("said.wav")).expect("remove");
    assert_eq!(rate, 24_000);
    // a room is never as silent as a computer
    let mut noise = 1_u32;
    let mut hiss = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    samples.iter().map(|sample| sample + 0.0005 * hiss()).collect()
}

/// Chords of decaying notes.
fn music() -> Vec<f32> {
    let mut samples = vec![0.0_f32; 24_000 * 6];
    for (n, chord) in samples.chunks_mut(12_000).enumerate() {
        for (i, sample) in chord.iter_mut().enumerate() {
            let t = i as f32 / 24_000.0;
            for note in [0, 4, 7] {
                let hz = 220.0 * 2_f32.powf((note + [0, 5, 7, 3][n % 4]) as f32 / 12.0);
                let tone: f32 = (1..8).map(|h| (std::f32::consts::TAU * hz * h as f32 * t).sin() / h as f32).sum();
                *sample += 0.1 * tone * (-2.0 * t).exp();
            }
        }
    }
    samples
}

/// A folder with the shipped model, which can listen with an encoder of random numbers, or not at all.
fn model(world: &World, listens: bool) -> &'static str {
    let folder = if listens { "listens" } else { "deaf" };
    let config = include_str!("../../../weights/config.toml").split("[speaker_encoder]").next().expect("config");
    let bytes: &[u8] = include_bytes!("../../../weights/model.safetensors");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let old: serde_json::Map<String, Value> = serde_json::from_slice(&rest[..length]).expect("a head");
    let data = &rest[length..];
    let mut tensors: Vec<(String, Value, Value, Vec<u8>)> = Vec::new();
    for (name, entry) in old.iter().filter(|(name, _)| !name.starts_with("speaker_encoder.") && *name != "__metadata__")
    {
        let at = |i: usize| entry["data_offsets"][i].as_u64().expect("an offset") as usize;
        tensors.push((name.clone(), entry["dtype"].clone(), entry["shape"].clone(), data[at(0)..at(1)].to_vec()));
    }
    let timbre = old["flow_lm.style_proj.weight"]["shape"][1].as_u64().expect("a shape") as usize - 64;
    let vector = |name: &'static str| (name, vec![8]);
    let shapes = [
        ("blocks.0.dw.weight", vec![8, 1, 3]),
        vector("blocks.0.dw.bias"),
        vector("blocks.0.n.weight"),
        vector("blocks.0.n.bias"),
        vector("blocks.0.g"),
        vector("norm.weight"),
        vector("norm.bias"),
        ("input.weight", vec![8, 72]),
        vector("input.bias"),
        ("blocks.0.a.weight", vec![16, 8]),
        ("blocks.0.a.bias", vec![16]),
        ("blocks.0.b.weight", vec![8, 16]),
        vector("blocks.0.b.bias"),
        ("attention.0.weight", vec![8, 8]),
        vector("attention.0.bias"),
        ("attention.1.weight", vec![8, 8]),
        vector("attention.1.bias"),
        ("timbre.weight", vec![timbre, 16]),
        ("timbre.bias", vec![timbre]),
        ("pitch.0.weight", vec![64, 16]),
        ("pitch.0.bias", vec![64]),
        ("pitch.2.weight", vec![2, 64]),
        ("pitch.2.bias", vec![2]),
        ("usual", vec![3, timbre]),
    ];
    for (name, shape) in shapes.into_iter().filter(|_| listens) {
        let count: usize = shape.iter().product();
        let values = (0..count).flat_map(|i| ((i as f32 * 12.9898).sin() * 0.5).to_le_bytes()).collect();
        tensors.push((format!("speaker_encoder.{name}"), json!("F32"), json!(shape), values));
    }
    let (mut head, mut body) = (serde_json::Map::new(), Vec::new());
    for (name, dtype, shape, values) in tensors {
        let start = body.len();
        body.extend(values);
        head.insert(name, json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, body.len()] }));
    }
    let mut head = serde_json::to_vec(&head).expect("a head");
    head.resize(head.len().next_multiple_of(8), b' ');
    std::fs::create_dir(world.path(folder)).expect("folder");
    let numbers = "[speaker_encoder]\ndim = 8\nblocks = 1\nkernel = 3\nexpansion = 2\nbands = 70\n";
    world.write(&format!("{folder}/config.toml"), format!("{config}{}", if listens { numbers } else { "" }));
    let length = (head.len() as u64).to_le_bytes();
    world.write(&format!("{folder}/model.safetensors"), [&length[..], &head, &body].concat());
    folder
}

/// The kinds of everything that is amiss.
fn kinds(ended: &Ended) -> Vec<String> {
    let report = ended.json();
    let all = report["clips"].as_array().expect("clips").iter().chain([&report]);
    all.flat_map(|part| part["warnings"].as_array().expect("warnings").iter().chain([&part["refusal"]]))
        .filter_map(|said| said["kind"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn a_good_recording_is_looked_at() {
    let world = World::new();
    write_wav(&world, "anna.wav", &speech(&world, "default"), 24_000);
    let ended = world.run(&["clone", "--dry-run", "anna.wav"]).with(0);
    assert!(ended.stdout.is_empty());
    for part in ["anna.wav: ", "PCM in WAV, 24000 Hz, 1 channel;", "s of speech", "are taken, in"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    assert!(world.run(&["clone", "--dry-run", "-q", "anna.wav"]).with(0).stderr.is_empty());

    let ended = world.run(&["clone", "--dry-run", "--json", "anna.wav", "anna.wav"]).with(0);
    let report = ended.json();
    assert_eq!((report["exit_code"].as_u64(), &report["voice"]), (Some(0), &Value::Null));
    let clip = &report["clips"][1];
    assert_eq!((clip["file"].as_str(), clip["codec"].as_str()), (Some("anna.wav"), Some("PCM")));
    assert!(clip["speech_seconds"].as_f64() > Some(5.0) && clip["snr_db"].as_f64() > Some(20.0), "{clip}");
    assert_eq!(clip["manner"]["copied"].as_bool(), Some(false));
    assert!(report["segments"].as_array().is_some_and(|parts| !parts.is_empty()));
    assert!(report["taken_seconds"].as_f64() <= Some(20.0));
    assert_eq!(world.names(), ["anna.wav"], "nothing is written");
}

#[test]
fn a_voice_is_made_and_speaks() {
    let world = World::new();
    let listens = model(&world, true);
    write_wav(&world, "anna.wav", &speech(&world, "default"), 24_000);
    let arguments = ["clone", "anna.wav", "-o", "anna.voice", "--model", listens, "--language", "en-GB", "--json"];
    let ended = world.run(&[&arguments[..], &["--licence", "CC0-1.0", "--consent", "she said yes"]].concat()).with(0);
    assert_eq!(ended.json()["voice"].as_str(), Some("anna.voice"));
    assert!(ended.stderr.contains("wrote anna.voice"), "{}", ended.stderr);
    assert_eq!(world.names(), ["anna.voice", "anna.wav", "listens"]);
    assert!(world.bytes("anna.voice").len() < 8 << 10);
    let card = world.run(&["voice", "info", "anna.voice", "--json"]).with(0).text();
    for text in ["\"anna\"", "en-GB", "CC0-1.0", "she said yes"] {
        assert!(card.contains(text), "{text}: {card}");
    }
    world.run(&["say", "--model", listens, "--voice", "anna.voice", "-o", "hello.wav", "Hello there."]).with(0);
    assert!(peak(&wav(&world.path("hello.wav")).0) > 0.01);
    // the same clips, the same voice; over an older one only if that was asked for
    let first = world.bytes("anna.voice");
    let again = ["clone", "anna.wav", "-o", "anna.voice", "--model", listens, "--name", "Anna"];
    world.run(&again).with(4);
    assert_eq!(world.bytes("anna.voice"), first);
    let ended = world.run(&[&again[..], &["--force"]].concat()).with(0);
    assert!(ended.stderr.contains("no --consent"), "{}", ended.stderr);
    assert_ne!(world.bytes("anna.voice"), first);
}

#[test]
fn weights_that_cannot_listen_leave_nothing_behind() {
    let world = World::new();
    let deaf = model(&world, false);
    write_wav(&world, "anna.wav", &speech(&world, "default"), 24_000);
    let ended = world.run(&["clone", "anna.wav", "-o", "anna.voice", "--model", deaf]).with(3);
    assert!(ended.stderr.contains("no speaker encoder"), "{}", ended.stderr);
    assert_eq!(world.names(), ["anna.wav", "deaf"]);
    // an older voice stays, asked for or not
    world.write("old.voice", "old");
    let ended = world.run(&["clone", "anna.wav", "-o", "old.voice"]).with(4);
    assert!(ended.stderr.contains("exists already") && ended.stderr.contains("--force"), "{}", ended.stderr);
    world.run(&["clone", "anna.wav", "-o", "old.voice", "--force", "--model", deaf]).with(3);
    assert_eq!(world.bytes("old.voice"), b"old");
    assert_eq!(world.names(), ["anna.wav", "deaf", "old.voice"]);
    // before any work is done
    let ended = world.run(&["clone", "anna.wav", "-o", "no/such/folder.voice"]).with(4);
    assert!(ended.stderr.contains("there is no folder"), "{}", ended.stderr);
    let error = world.run(&["clone", "--json", "anna.wav", "-o", "anna.voice", "--model", deaf]).with(3).json();
    assert_eq!(error["error"]["exit_code"].as_u64(), Some(3));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_older_voice_and_nothing_else() {
    let world = World::new();
    write_wav(&world, "anna.wav", &speech(&world, "default"), 24_000);
    world.write("anna.voice", "older");
    // A file may not grow beyond 512 bytes: the nearest thing to a full disk without being root.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" clone anna.wav -o anna.voice --force";
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_tts")]).current_dir(world.path(""));
    let ended = super::support::ended(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh")).with(4);
    assert!(ended.stderr.contains("anna.voice"), "{}", ended.stderr);
    assert_eq!(
        (world.names(), world.bytes("anna.voice")),
        (vec!["anna.voice".to_owned(), "anna.wav".to_owned()], b"older".to_vec())
    );
}

#[test]
fn mistakes_are_named() {
    let world = World::new();
    for (arguments, part) in [
        (&["clone"][..], "CLIP"),
        (&["clone", "a.wav"], "--output"),
        (&["clone", "a.wav", "-o", "a.wav"], "must end in .voice"),
        (&["clone", "a.wav", "-o", "a.voice", "-q", "-v"], "--quiet"),
    ] {
        let ended = world.run(arguments).with(2);
        assert!(ended.stderr.contains(part), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn files_that_are_no_recordings_are_named() {
    let world = World::new();
    world.write("photo.wav", [&b"\xff\xd8\xff\xe0\0\x10JFIF\0"[..], &[9; 3000]].concat());
    world.write("empty.mp3", "");
    world.write("notes.flac", "Dear diary, today I recorded nothing at all.");
    std::fs::create_dir(world.path("folder")).expect("folder");
    write_wav(&world, "silent.wav", &[0.0; 48_000], 16_000);
    for (name, part) in [
        ("missing.wav", "cannot read missing.wav"),
        ("folder", "folder is a folder"),
        ("photo.wav", "photo.wav is not an audio file: it is a JPEG image"),
        ("empty.mp3", "empty.mp3 is empty"),
        ("notes.flac", "text beginning \"Dear diary"),
        ("silent.wav", "silent.wav is silent: 3.0 s"),
    ] {
        let ended = world.run(&["clone", name, "-o", "x.voice"]).with(3);
        assert!(ended.stderr.contains(part), "{name}: {}", ended.stderr);
        assert!(!world.path("x.voice").exists());
        let error = world.run(&["clone", name, "--dry-run", "--json"]).with(3).json();
        assert_eq!(error["error"]["kind"].as_str(), Some("input"), "{error}");
    }
}

#[test]
fn recordings_that_cannot_work_are_refused() {
    let world = World::new();
    let clean = speech(&world, "default");
    write_wav(&world, "short.wav", &clean[6_000..13_200], 24_000);
    write_wav(&world, "music.wav", &music(), 24_000);
    let mut noise = 5_u32;
    let drowned: Vec<f32> = clean
        .iter()
        .map(|sample| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.3 * sample + 0.2 * ((noise >> 8) as f32 / (1 << 23) as f32 - 1.0)
        })
        .collect();
    write_wav(&world, "drowned.wav", &drowned, 24_000);
    let mp3: &[u8] = include_bytes!("../../../tts-core/src/audio/fixtures/tagged.mp3");
    world.write("cut.mp3", &mp3[..mp3.len() * 6 / 10]);
    for (name, expected) in [
        ("short.wav", &["too-short", "no-speech"][..]),
        ("music.wav", &["music"]),
        ("drowned.wav", &["too-noisy", "no-speech", "too-short"]),
        ("cut.mp3", &["too-short", "no-speech", "music"]),
    ] {
        let ended = world.run(&["clone", name, "-o", "x.voice", "--json"]).with(3);
        assert!(ended.stderr.contains(&format!("no voice can be made of {name}")), "{}", ended.stderr);
        let kinds = kinds(&ended);
        assert!(kinds.iter().any(|kind| expected.contains(&&**kind)), "{name}: {kinds:?}");
        assert_eq!(kinds.contains(&"truncated".to_owned()), name == "cut.mp3", "{name}: {kinds:?}");
        assert_eq!(ended.json()["exit_code"].as_u64(), Some(3));
        assert!(!world.path("x.voice").exists());
    }
    // among good ones a bad one is left out
    write_wav(&world, "good.wav", &clean, 24_000);
    let ended = world.run(&["clone", "--dry-run", "music.wav", "good.wav"]).with(0);
    assert!(ended.stderr.contains("music.wav is left out: music"), "{}", ended.stderr);
}

#[test]
fn what_suffers_is_a_warning() {
    let world = World::new();
    let clean = speech(&world, "default");
    let loud: Vec<f32> = clean.iter().map(|sample| (sample * 12.0).clamp(-0.8, 0.8)).collect();
    // every third sample of a mean of three
    let telephone: Vec<f32> = clean.chunks_exact(3).map(|three| three.iter().sum::<f32>() / 3.0).collect();
    let two = [clean.clone(), speech(&world, OTHER)].concat();
    write_wav(&world, "clipped.wav", &loud, 24_000);
    write_wav(&world, "narrow.wav", &telephone, 8_000);
    write_wav(&world, "several-voices.wav", &two, 24_000);
    for kind in ["clipped", "narrow", "several-voices"] {
        let ended = world.run(&["clone", "--dry-run", "--json", &format!("{kind}.wav")]).with(0);
        assert!(kinds(&ended).contains(&kind.to_owned()), "{kind}: {}", ended.text());
        assert!(ended.stderr.contains("warning: "), "{}", ended.stderr);
    }
}

/// A voice that nobody takes for the default one.
const OTHER: &str = "hugo";

#[test]
fn long_recordings_cost_little() {
    let world = World::new();
    let clean = speech(&world, "default");
    // a head that promises ten hours
    let path = write_wav(&world, "promises.wav", &clean, 24_000);
    let mut bytes = std::fs::read(&path).expect("read");
    let size = 10 * 3600 * 48_000_u32;
    bytes[4..8].copy_from_slice(&(size + 36).to_le_bytes());
    let at = bytes.windows(4).position(|four| four == b"data").expect("data") + 4;
    bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
    std::fs::write(&path, bytes).expect("write");
    let ended = world.run(&["clone", "--dry-run", "promises.wav"]).with(0);
    assert!(ended.stderr.contains("of 10.0 h could be read"), "{}", ended.stderr);
    // forty minutes that are there
    let slow: Vec<f32> = clean.chunks_exact(6).map(|six| six.iter().sum::<f32>() / 6.0).collect();
    let long: Vec<f32> = slow.iter().copied().cycle().take(40 * 60 * 4_000).collect();
    write_wav(&world, "long.wav", &long, 4_000);
    let begun = std::time::Instant::now();
    let ended = world.run(&["clone", "--dry-run", "--json", "long.wav"]).with(0);
    assert!(kinds(&ended).contains(&"long".to_owned()), "{}", ended.text());
    assert!(ended.stderr.contains("only the first 5 min of 40 min"), "{}", ended.stderr);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// The manner of a recording is copied where that is asked for, and nowhere else.
#[test]
fn a_performance_is_copied_on_purpose_alone() {
    let world = World::new();
    // a reader in a hurry, and one who takes his time
    for (name, rate) in [("quick.wav", "1.6"), ("slow.wav", "0.7")] {
        world.run(&["say", "-q", "--voice", "nora", "--rate", rate, "-o", name, TEXT]).with(0);
    }
    let seconds = |arguments: &[&str]| {
        let say = [&["say", "-q", "-o", "x.wav"], arguments, &["The boy was there when the sun rose."]].concat();
        world.run(&say).with(0);
        wav(&world.path("x.wav")).0.len() as f64 / 24_000.0
    };
    let plain = seconds(&[]);
    assert!(seconds(&["--prosody-from", "quick.wav"]) < 0.9 * plain);
    assert!(seconds(&["--prosody-from", "slow.wav"]) > 1.1 * plain);
    // a control that is given goes before the clip's
    let kept = seconds(&["--prosody-from", "slow.wav", "--rate", "1", "--pause-scale", "1", "--final-slope", "0"]);
    assert!((kept / plain - 1.0).abs() < 0.1, "{kept} {plain}");

    world.run(&["clone", "-q", "quick.wav", "-o", "quick.voice"]).with(0);
    world.run(&["clone", "-q", "slow.wav", "-o", "slow.voice"]).with(0);
    let of = |voice: &'static str, like: bool| {
        let like: &[&str] = if like { &["--like-the-clip"] } else { &[] };
        seconds(&[&["--voice", voice], like].concat())
    };
    let (quick, slow) = (of("quick.voice", false), of("slow.voice", false));
    assert!((quick / slow - 1.0).abs() < 0.1, "{quick} {slow}");
    assert!(of("quick.voice", true) < 0.8 * of("slow.voice", true));
    // a shipped voice was not made of a clip that could be copied
    let refused = world.run(&["say", "--like-the-clip", "-o", "x.wav", "Hello."]).with(2).stderr;
    assert!(refused.contains("clone"), "{refused}");
}
