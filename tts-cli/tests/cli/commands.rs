//! The small commands: help, lists, completions, the manual.

use crate::support::World;

#[test]
fn help_goes_to_standard_output_and_fits() {
    let world = World::new();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["say", "--help"],
        &["say", "-h"],
        &["bench", "--help"],
        &["voices", "--help"],
        &["voice", "--help"],
        &["voice", "set", "--help"],
        &["voice", "mix", "-h"],
    ] {
        let help = world.run(arguments).with(0).text();
        let (lines, width) = (help.lines().count(), help.lines().map(|line| line.chars().count()).max());
        assert!(lines <= 24 && width <= Some(80), "{arguments:?}: {lines} lines, {width:?} wide\n{help}");
    }
    let alone = world.run(&[]).with(2);
    assert!(alone.stderr.contains("Examples:") && alone.stdout.is_empty(), "{}", alone.stderr);
    assert!(world.run(&["--version"]).with(0).text().starts_with("tts "));
}

#[test]
fn voices_are_listed() {
    let world = World::new();
    let table = world.run(&["voices"]).with(0).text();
    assert!(table.starts_with("NAME") && table.lines().any(|line| line.starts_with("kathleen ")), "{table}");
    let list = world.run(&["voices", "--json"]).with(0).json();
    let voices = list.as_array().expect("a list");
    assert_eq!(voices.len(), table.lines().count() - 1);
    for voice in voices {
        for field in ["name", "language", "licence", "description"] {
            assert!(voice[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {voice}");
        }
    }
}

#[test]
fn info_tells_what_would_run() {
    let world = World::new();
    let info = world.run(&["info", "--json", "--threads", "1"]).with(0).json();
    assert_eq!((&info["threads"], &info["sample_rate"]), (&1.into(), &24_000.into()));
    assert_eq!(info["fingerprint"].as_str().map(str::len), Some(16));
    for arguments in [["info"], ["version"]] {
        let text = world.run(&arguments).with(0).text();
        assert!(
            text.contains(info["fingerprint"].as_str().expect("text"))
                && text.contains(info["isa"].as_str().expect("text")),
            "{text}"
        );
    }
}

#[test]
fn completions_and_manual_are_printed() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(world.run(&["completions", shell]).with(0).text().contains("pause-scale"), "{shell}");
    }
    let page = world.run(&["man"]).with(0).text();
    assert!(page.contains(".TH tts 1") && page.contains("EXIT STATUS") && page.contains("audio_seconds"));
    world.run(&["man", "--dir", "pages"]).with(0);
    let say = std::fs::read_to_string(world.path("pages/tts-say.1")).expect("a page");
    assert!(say.contains("pause") && std::fs::read_to_string(world.path("pages/tts.1")).expect("a page") == page);
    world.write("file", "");
    assert!(world.run(&["man", "--dir", "file"]).with(4).stderr.contains("file"));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let world = World::new();
    for arguments in
        [&["voices"][..], &["man"], &["completions", "bash"], &["--help"], &["say", "--dry-run", "Hello there."]]
    {
        let mut child = world.tts(arguments).spawn().expect("tts");
        drop(child.stdout.take());
        let ended = crate::support::ended(child).with(0);
        assert_eq!(ended.stderr, "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let world = World::new();
    for arguments in
        [&["voices"][..], &["man"], &["info"], &["say", "--dry-run", "Hello there."], &["say", "-o", "-", "Hello."]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let child = world.tts(arguments).stdout(full).spawn().expect("tts");
        let ended = crate::support::ended(child).with(4);
        assert!(
            ended.stderr.contains("standard output") && ended.stderr.contains("space"),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn bench_measures() {
    let world = World::new();
    let figures = world.run(&["bench", "--json"]).with(0).json();
    assert_eq!((&figures["family"], figures["precision"].is_null()), (&"native".into(), true), "{figures}");
    for field in ["rtf", "audio_seconds", "compute_seconds", "time_to_first_audio_ms", "load_ms", "cold_first_audio_ms"]
    {
        assert!(figures[field].as_f64().is_some_and(|value| value > 0.0), "{field}: {figures}");
    }
    // numbers that went through text may differ in their last bit
    let figure = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
    let (rtf, ratio) = (figure("rtf"), figure("compute_seconds") / figure("audio_seconds"));
    assert!((rtf / ratio - 1.0).abs() < 1e-12, "{rtf} is not {ratio}");
}
