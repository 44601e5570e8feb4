//! Models by the names that people type: of the catalogue, of a configuration elsewhere, of one on this machine.

use super::*;
use crate::pocket::tiny::{Doctored, Tiny};

#[test]
fn a_model_comes_with_its_tokenizer_and_voice_and_is_located() {
    let world = World::new();
    let hub = Hub::new(|asked| {
        let sum = if asked.path.contains("without") { Some(SUM) } else { None };
        serve(asked, BYTES, sum)
    });
    let ended = run(&mut tts(&world, &hub, &["models", "get", "french", "--dry-run"])).with(0);
    says(&ended, &["french: fr, 6 layers, CC-BY-4.0", "gated", "21 B", "estelle.safetensors"]);
    assert!(hub.gets().is_empty() && world.names().is_empty());
    let ended =
        run(&mut tts(&world, &hub, &["models", "get", "french", "--without-cloning", "--voice", "alba"])).with(0);
    says(&ended, &["free to download", "got tokenizer.json", SUM, "as the hub said", "french is here"]);
    let paths: Vec<_> = hub.gets().iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(paths.len(), 4);
    assert!(
        paths.iter().all(|path| path.starts_with("/kyutai/pocket-tts-without-voice-cloning/resolve/")),
        "{paths:?}"
    );
    assert!(
        paths[1].ends_with("/languages/french/model.safetensors")
            && paths[3].ends_with("/french/embeddings/alba.safetensors")
    );
    let ended = run(&mut tts(&world, &hub, &["models", "path", "french"])).with(0);
    let shown: Vec<PathBuf> = ended.text().lines().map(PathBuf::from).collect();
    assert!(shown.len() == 2 && shown.iter().all(|path| path.is_file()), "{shown:?}");
    let voice = run(&mut tts(&world, &hub, &["models", "path", "french", "--voice", "estelle"])).with(0).text();
    assert!(PathBuf::from(voice.trim()).is_file());
    let config = run(&mut tts(&world, &hub, &["models", "path", "french", "--config"])).with(0).text();
    let weights = format!("\nweights_path_without_voice_cloning: {:?}\n", shown[0].to_str().expect("UTF-8"));
    assert!(config.contains(&weights) && !config.contains("\nweights_path:") && !config.contains("hf://"), "{config}");
    let list = run(&mut tts(&world, &hub, &["models", "list", "--json"])).with(0).json();
    let models = list["models"].as_array().expect("models");
    let french = models.iter().find(|model| model["name"] == "french").expect("french");
    assert_eq!((&french["licence"], &french["files"][0]["gated"]), (&"CC-BY-4.0".into(), &true.into()));
    assert_eq!(french["files"][1]["sha256"], SUM);
    assert_eq!(french["files"][1]["path"].as_str().map(PathBuf::from), Some(shown[0].clone()));
    assert!(french["files"][0]["path"].is_null() && french["files"][0]["sha256"].is_null());
    let table = run(&mut tts(&world, &hub, &["models", "list"])).with(0).text();
    assert!(table.lines().all(|line| line.chars().count() <= 80 || line.contains("pins.json")), "{table}");
    assert!(table.contains("without cloning") && table.contains("english_2m_refl_2026-10"), "{table}");
    says(&run(&mut tts(&world, &hub, &["models", "rm", "french"])).with(0), &["4 files removed"]);
    run(&mut tts(&world, &hub, &["models", "path", "french"])).with(3);
}

#[test]
fn a_tokenizer_that_another_model_needs_stays() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    for name in ["english_2026-09_2", "english_2026-10"] {
        run(&mut tts(&world, &hub, &["models", "get", name, "--without-cloning", "-q"])).with(0);
    }
    says(&run(&mut tts(&world, &hub, &["models", "rm", "english_2026-10"])).with(0), &["kept", "tokenizer.json"]);
    run(&mut tts(&world, &hub, &["models", "path", "english_2026-09_2"])).with(0);
    run(&mut tts(&world, &hub, &["models", "rm", "english_2026-09_2"])).with(0);
    assert!(!world.path("cache").join("hub").exists());
}

#[test]
fn a_name_without_its_date_is_the_newest_of_that_name() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    let models = |arguments: &[&str]| run(&mut tts(&world, &hub, &[&["models"], arguments].concat()));
    let (short, name) = ("english_18m", "english_18m_2026-10");
    says(&models(&["path", short]).with(3), &[name, "is not on this machine"]);
    says(&models(&["get", short, "--without-cloning"]).with(0), &["english_18m_2026-10 is here"]);
    assert!(hub.gets().iter().any(|asked| asked.path.ends_with("/languages/english_18m_2026-10/model.safetensors")));
    for arguments in [&["path"][..], &["verify"], &["path", "--config"], &["path", "--voice", "alba"]] {
        let told = |name: &str| models(&[arguments, &[name]].concat()).with(0).text();
        assert_eq!(told(short), told(name), "{arguments:?}");
    }
    // the bytes are no weights: it is looked for under its own name, and found
    for arguments in
        [&["say", "-o", "a.wav", "x", "--model"][..], &["clone", "a.wav", "-o", "v.safetensors", "--model"]]
    {
        let ended = run(&mut tts(&world, &hub, &[arguments, &[short]].concat())).with(3);
        says(&ended, &["cannot use the model english_18m", "languages/english_18m_2026-10"]);
    }
    let ended = run(&mut tts(&world, &hub, &["convert", short, "-o", "a.packed"])).with(3);
    says(&ended, &["cannot convert english_18m", "languages/english_18m_2026-10"]);
    let list = models(&["list", "--json"]).with(0).json();
    let listed = list["models"].as_array().expect("models").iter().find(|model| model["name"] == name);
    assert_eq!(listed.expect(name)["short_name"], short);
    assert!(models(&["list"]).with(0).text().contains("english_18m is english_18m_2026-10"));
    says(&models(&["rm", short]).with(0), &["3 files removed"]);
    assert!(!world.path("cache").join("hub").exists());
}

#[test]
fn a_configuration_from_elsewhere_comes_with_what_it_names() {
    let world = World::new();
    let yaml = format!("weights_path: {}\nflow_lm: {{lookup_table: {{tokenizer_path: hf://o/r/tok.json}}}}\n", uri());
    let hub = Hub::new(move |asked| match asked.path.ends_with(".yaml") {
        true => serve(asked, yaml.as_bytes(), None),
        false => serve(asked, BYTES, Some(SUM)),
    });
    let ended = run(&mut tts(&world, &hub, &["models", "get", "hf://owner/repo/config.yaml@main"])).with(0);
    assert!(PathBuf::from(ended.text().trim()).ends_with("hub/owner/repo/main/config.yaml"));
    says(&ended, &["hf://o/r/tok.json", "got model.safetensors"]);
    assert!(target(&world).is_file() && world.path("cache").join("hub/o/r/main/tok.json").is_file());
    says(
        &run(&mut tts(&world, &hub, &["models", "get", "hf://owner/repo/config.yaml@main", "--without-cloning"]))
            .with(3),
        &["config.yaml", "names no weights without voice cloning"],
    );
    // what is typed as a model is found where that put it, and never asked for
    let before = hub.asked().len();
    let say = |model: &str| run(&mut tts(&world, &hub, &["say", "--model", model, "-o", "a.wav", "x"])).with(3);
    says(&say("hf://owner/repo/config.yaml@main"), &["repo/main/config.yaml", "flow_lm"]);
    let absent = "hf://owner/repo/other.yaml";
    says(&say(absent), &[absent, "is not on this machine", "tts models get hf://owner/repo/other.yaml"]);
    let ended = run(&mut tts(&world, &hub, &["convert", absent, "-o", "a.packed"])).with(3);
    says(&ended, &["is not on this machine", "tts models get hf://owner/repo/other.yaml"]);
    assert_eq!(hub.asked().len(), before);
    let hub = Hub::new(|asked| serve(asked, b"weights_path: hf://o/r/../x", None));
    says(&run(&mut tts(&world, &hub, &["models", "get", "hf://owner/repo/evil.yml"])).with(3), &["evil.yml", "'..'"]);
}

#[test]
fn a_configuration_on_this_machine_gets_what_it_names() {
    let world = World::new();
    let hub = Hub::new(|asked| serve(asked, BYTES, Some(SUM)));
    let tiny = Tiny::new(Doctored::Not);
    let yaml = std::fs::read_to_string(tiny.folder().join("config.yaml")).expect("YAML");
    let yaml = yaml.replace("model.safetensors", &uri()).replace("tokenizer.json", "hf://o/r/tok.json");
    world.write("mine.yaml", yaml);
    let say = || run(&mut tts(&world, &hub, &["say", "--model", "mine.yaml", "-o", "a.wav", "x"])).with(3);
    let ended = say();
    says(&ended, &["mine.yaml names hf://owner/repo", "not on this machine", "tts models get mine.yaml"]);
    assert!(!ended.stderr.contains("--offline") && hub.asked().is_empty(), "{}", ended.stderr);
    let get = |more: &[&str]| run(&mut tts(&world, &hub, &[&["models", "get", "mine.yaml"], more].concat()));
    says(&get(&["--offline"]).with(3), &["--offline forbids"]);
    says(&get(&["--voice", "alba"]).with(2), &["--voice"]);
    says(&get(&["--dry-run"]).with(0), &["21 B", &uri(), "hf://o/r/tok.json"]);
    assert!(hub.gets().is_empty());
    says(&get(&[]).with(0), &["got model.safetensors", "mine.yaml names 2 files", "all are here"]);
    assert!(target(&world).is_file() && world.path("cache").join("hub/o/r/main/tok.json").is_file());
    assert!(!say().stderr.contains("not on this machine"));
    says(&run(&mut tts(&world, &hub, &["models", "get", "none.yaml"])).with(3), &["none.yaml", "No such file"]);
}
