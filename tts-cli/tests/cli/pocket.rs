//! Checkpoints of Pocket TTS on the command line, with tiny random weights.

#[path = "../../../tests/tiny.rs"]
#[allow(dead_code, reason = "shared with the tests of the library")]
pub(crate) mod tiny;

use crate::support::{World, wav};
use tiny::{Doctored, Tiny};

const TEXT: &str = "Good evening. Dr. Smith paid $5.20 for it, and nobody was surprised!";

/// A world with somebody's recording, `clip.wav`, and the checkpoint.
fn world(doctored: Doctored) -> (World, Tiny, String) {
    let world = World::new();
    world
        .run(&["say", "-q", "-o", "clip.wav", "The quick brown fox jumps over the lazy dog, and then it sleeps."])
        .with(0);
    let tiny = Tiny::new(doctored);
    let folder = tiny.folder().display().to_string();
    (world, tiny, folder)
}

#[test]
fn a_checkpoint_speaks_with_a_recording_and_with_an_exported_voice() {
    let (world, _tiny, model) = world(Doctored::Not);
    let said = world.run(&["say", "--model", &model, "--voice", "clip.wav", "-o", "a.wav", "--json", TEXT]).with(0);
    let report = said.json();
    assert_eq!(report["words"], 12, "{report}");
    assert!(report["misspoken"].is_array());
    let (samples, rate) = wav(&world.path("a.wav"));
    assert!(rate == 24_000 && samples.len() > 12_000);

    let told = world.run(&["clone", "--model", &model, "clip.wav", "-o", "v.safetensors", "--json"]).with(0).json();
    let part = &told["prompt"]["parts"][0];
    assert!(part["stretch"].as_f64().is_some_and(|factor| (0.8..=1.25).contains(&factor)), "{told}");
    assert!(part["gain_db"].is_f64() && part["distance"].is_f64() && part["clip"] == 0, "{told}");
    world.run(&["clone", "--model", &model, "clip.wav", "--old-layout", "-o", "old.safetensors"]).with(0);
    world.run(&["say", "-q", "--model", &model, "--voice", "v.safetensors", "-o", "b.wav", TEXT]).with(0);
    world.run(&["say", "-q", "--model", &model, "--voice", "old.safetensors", "-o", "c.wav", TEXT]).with(0);
    let bytes = |name: &str| std::fs::read(world.path(name)).expect("a file");
    assert_eq!(bytes("a.wav"), bytes("b.wav"));
    assert_eq!(bytes("b.wav"), bytes("c.wav"));
}

#[test]
fn a_voice_of_other_weights_is_refused_and_of_the_same_by_any_name_taken() {
    let (world, _tiny, model) = world(Doctored::Not);
    let (same, other) = (Tiny::new(Doctored::Not), Tiny::new(Doctored::Other));
    let name = |tiny: &Tiny| tiny.folder().file_name().expect("a name").to_string_lossy().into_owned();
    world.run(&["clone", "-q", "--model", &model, "clip.wav", "-o", "v.safetensors"]).with(0);
    let say = |model: &str, voice: &str| {
        world.run(&["say", "-q", "--model", model, "--voice", voice, "-o", "a.wav", "--json", "Hello."])
    };
    say(&same.folder().display().to_string(), "v.safetensors").with(0);
    for precision in ["int8", "bf16", "small"] {
        world.run(&["convert", "--force", &model, "-o", "one.packed", "--precision", precision]).with(0);
        say("one.packed", "v.safetensors").with(0);
    }
    world.run(&["clone", "-q", "--model", "one.packed", "clip.wav", "-o", "w.safetensors"]).with(0);
    say(&model, "w.safetensors").with(0);
    let ended = say(&other.folder().display().to_string(), "v.safetensors").with(3);
    let named = model.rsplit('/').next().expect("a name");
    let expected = ["voice of another model", &format!("{named} made it"), &format!("this is {}", name(&other))];
    assert!(expected.iter().all(|word| ended.stderr.contains(word)), "{}", ended.stderr);
    let told = |model: &str| world.run(&["info", "--json", "--model", model]).with(0).json()["fingerprint"].clone();
    assert_eq!(told(&model), told("one.packed"));
}

#[test]
fn a_checkpoint_is_made_one_file() {
    let (world, _tiny, model) = world(Doctored::Not);
    let say = |model: &str, more: &[&str], output: &str| {
        let arguments = [&["say", "-q", "--model", model, "--voice", "clip.wav", "-o", output], more, &[TEXT]].concat();
        world.run(&arguments).with(0);
        std::fs::read(world.path(output)).expect("sound")
    };
    let told = world.run(&["convert", &model, "-o", "one.packed", "--json"]).with(0).json();
    assert_eq!(told["bytes"], std::fs::metadata(world.path("one.packed")).expect("a file").len());
    let packed = say("one.packed", &[], "a.wav");
    assert!(packed == say(&model, &["--precision", "small"], "b.wav"), "small is what it is packed with");
    assert!(packed != say(&model, &[], "c.wav"), "a precision that changes nothing was not honoured");
    let told = world.run(&["convert", &model, "-o", "one.packed"]).with(4).stderr;
    assert!(told.contains("--force"), "{told}");
    let told = world.run(&["convert", "one.packed", "-o", "two.packed"]).with(3).stderr;
    assert!(told.contains("one.packed is packed already"), "{told}");
    let told = world.run(&["convert", &format!("{model}/model.safetensors"), "-o", "two.packed"]).with(3).stderr;
    assert!(told.contains("found a file of tensors"), "{told}");
    assert_eq!(world.run(&["models", "verify", "one.packed"]).with(0).text(), "ok       one.packed\n");
    let mut bytes = world.bytes("one.packed");
    *bytes.last_mut().expect("a byte") ^= 1;
    world.write("changed.packed", bytes);
    let told = world.run(&["models", "verify", "changed.packed"]).with(3).stderr;
    assert!(told.contains("cannot verify changed.packed"), "{told}");
    world.run(&["convert", &model, "-o", "one.packed", "--force", "--precision", "bf16"]).with(0);
    world.run(&["convert", "clip.wav", "-o", "two.packed"]).with(3);
    world.run(&["convert", &model, "-o", "no/such/folder/x"]).with(4);
    assert!(world.names().iter().all(|name| !name.contains("part")), "{:?}", world.names());
}

#[test]
fn a_checkpoint_is_measured_whatever_it_is_made_of() {
    let (world, _tiny, model) = world(Doctored::EndsAtOnce);
    world.run(&["clone", "--model", &model, "clip.wav", "-o", "v.safetensors"]).with(0);
    world.run(&["convert", &model, "-o", "one.packed", "--precision", "bf16"]).with(0);
    let yaml = format!("{model}/config.yaml");
    for (model, voice, more, precision) in [
        (model.as_str(), "clip.wav", &["--precision", "int8"][..], "int8"),
        (&yaml, "v.safetensors", &["--threads", "2"], "stored"),
        ("one.packed", "v.safetensors", &[], "bf16"),
    ] {
        let arguments = [&["bench", "--json", "--model", model, "--voice", voice], more].concat();
        let figures = world.run(&arguments).with(0).json();
        assert_eq!([&figures["family"], &figures["precision"]], ["pocket", precision], "{figures}");
        for field in ["rtf", "audio_seconds", "time_to_first_audio_ms", "load_ms", "cold_first_audio_ms"] {
            assert!(figures[field].as_f64().is_some_and(|value| value > 0.0), "{field}: {figures}");
        }
    }
    for (arguments, code) in [
        (&["--model", &model][..], 2),
        (&["--model", &model, "--voice", "nora"], 3),
        (&["--model", "one.packed", "--voice", "v.safetensors", "--precision", "int8"], 2),
    ] {
        let told = |command: &[&str]| world.run(&[command, arguments].concat()).with(code).stderr;
        assert_eq!(told(&["bench"]), told(&["say", "-o", "a.wav", "x"]), "{arguments:?}");
    }
}

#[test]
fn weights_that_cannot_clone_say_so_before_any_recording_is_read() {
    let world = World::new();
    let tiny = Tiny::new(Doctored::Not);
    let yaml = tiny.folder().join("config.yaml");
    let text = std::fs::read_to_string(&yaml).expect("YAML");
    std::fs::write(&yaml, text.replace("weights_path:", "weights_path_without_voice_cloning:")).expect("YAML");
    let model = tiny.folder().display().to_string();
    for arguments in [
        &["clone", "--model", &model, "no/clip.wav", "-o", "v.safetensors"][..],
        &["clone", "--model", &model, "no/clip.wav", "--dry-run"],
        &["say", "--model", &model, "--voice", "no/clip.wav", "-o", "a.wav", TEXT],
    ] {
        let told = world.run(arguments).with(3).stderr;
        assert!(told.contains("without voice cloning"), "{told}");
    }
}

#[test]
fn what_goes_wrong_is_said() {
    let (world, _tiny, model) = world(Doctored::Silent);
    let say = |more: &[&str]| {
        let arguments = [&["say", "--model", &model, "--voice", "clip.wav", "-o", "a.wav"], more, &[TEXT]].concat();
        world.run(&arguments)
    };
    let told = say(&[]).with(0).stderr;
    assert!(told.contains("perhaps not said as written"), "{told}");
    say(&["--strict"]).with(6);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (world, tiny, model) = world(Doctored::Not);
    for (more, expected) in [
        (&["--voice", "clip.wav", "--emotion", "sad"][..], "not for Pocket TTS"),
        (&["--voice", "clip.wav", "--rate", "2"], "not for Pocket TTS"),
        (&["--voice", "clip.wav", "--prosody-from", "clip.wav"], "--prosody-from"),
        (&[], "no voice of its own"),
    ] {
        let arguments = [&["say", "--model", &model, "-o", "a.wav"], more, &[TEXT]].concat();
        let told = world.run(&arguments).with(2).stderr;
        assert!(told.contains(expected), "{told}");
    }
    let told = world.run(&["say", "--model", "englisch", "-o", "a.wav", TEXT]).with(3).stderr;
    assert!(told.contains("there is no model 'englisch'"), "{told}");
    let told = world.run(&["say", "--model", &model, "--voice", "nora", "-o", "a.wav", TEXT]).with(3).stderr;
    assert!(told.contains("there is no voice 'nora'") && told.contains(".safetensors"), "{told}");
    let told = world.run(&["say", "--model", &model, "--voice", "alba", "-o", "a.wav", TEXT]).with(3).stderr;
    assert!(told.contains("alba is of the catalogue") && told.contains("get NAME --voice alba"), "{told}");
    let told = world.run(&["say", "--model", &model, "--voice", "no/a.wav", "-o", "a.wav", TEXT]).with(3).stderr;
    assert_eq!(told.matches("No such file").count(), 1, "{told}");
    let told = world.run(&["clone", "--model", &model, "clip.wav", "-o", "v.voice"]).with(2).stderr;
    assert!(told.contains(".safetensors"), "{told}");
    let told = world.run(&["clone", "clip.wav", "--old-layout", "-o", "v.voice"]).with(2).stderr;
    assert!(told.contains("--model"), "{told}");

    let yaml = tiny.folder().join("config.yaml");
    let text = std::fs::read_to_string(&yaml).expect("YAML");
    std::fs::write(&yaml, text.replace("model.safetensors", "hf://a/b/other.safetensors@main")).expect("YAML");
    let told = world.run(&["say", "--model", &model, "--voice", "clip.wav", "-o", "a.wav", TEXT]).with(3).stderr;
    assert!(told.contains("config.yaml names hf://a/b/other.safetensors@main"), "{told}");
    assert!(!world.path("a.wav").exists());
}
