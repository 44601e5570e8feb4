//! `tts voice`: what files say, mixes, changes; and ways of speaking that are asked for.

use crate::support::{World, peak, wav};

#[test]
fn a_shipped_voice_and_a_file_are_described() {
    let world = World::new();
    let text = world.run(&["voice", "info", "kathleen"]).with(0).text();
    assert!(text.contains("CC0-1.0") && text.contains("the built-in model's") && text.contains("neutral"), "{text}");
    let shipped = world.run(&["voice", "info", "default", "--json"]).with(0).json();
    assert_eq!((&shipped["fits"], &shipped["measured"]), (&true.into(), &serde_json::Value::Null));
    let bytes = include_bytes!("../../../voices/hugo/hugo.voice");
    world.write("a.voice", bytes);
    let file = world.run(&["voice", "info", "a.voice", "--json"]).with(0).json();
    assert_eq!(file["name"], "hugo");
    assert!(file["pitch_hz"].as_f64().is_some_and(|hz| (60.0..300.0).contains(&hz)), "{file}");
    // one of another model can be looked at, but not used
    let mut other = bytes.to_vec();
    let encoder = shipped["encoder"].as_str().expect("text").as_bytes();
    let at = other.windows(16).position(|window| window == encoder).expect("fingerprint");
    other[at] = if other[at] == b'0' { b'1' } else { b'0' };
    let made_by = String::from_utf8(other[at..at + 16].to_vec()).expect("text");
    world.write("other.voice", other);
    let other = world.run(&["voice", "info", "other.voice"]).with(0).text();
    assert!(other.contains("of another model"), "{other}");
    let refused = world.run(&["say", "--voice", "other.voice", "-o", "a.wav", "x"]).with(3).stderr;
    assert!(
        [shipped["encoder"].as_str().expect("text"), &made_by, "other.voice"].iter().all(|part| refused.contains(part)),
        "{refused}"
    );
    let refused = world.run(&["voice", "mix", "other.voice", "a.voice", "-o", "c.voice"]).with(3).stderr;
    assert!(refused.contains("another by"), "{refused}");
    assert!(!world.path("c.voice").exists());
}

#[test]
fn voices_are_mixed_and_speak() {
    let world = World::new();
    world.write("a.voice", include_bytes!("../../../voices/hugo/hugo.voice"));
    let mix = ["voice", "mix", "a.voice:0.7", "kathleen:0.3", "-o", "c.voice", "--json"];
    let report = world.run(&mix).with(0).json();
    assert_eq!((&report["name"], &report["gender"]), (&"c".into(), &"mixed".into()));
    assert!(report["licence"].as_str().is_some_and(|licence| licence.contains(" AND ")), "{report}");
    assert!(report["description"].as_str().is_some_and(|text| text.contains("70 % hugo")), "{report}");
    let bytes = world.bytes("c.voice");
    assert!(bytes.len() < 8192);
    world.run(&mix).with(0);
    assert_eq!(world.bytes("c.voice"), bytes, "the same voice, the same bytes");
    world.run(&["say", "--voice", "c.voice", "-o", "c.wav", "Hello there."]).with(0);
    assert!(peak(&wav(&world.path("c.wav")).0) > 0.05);
    assert_eq!(world.names(), ["a.voice", "c.voice", "c.wav"]);
}

#[test]
fn a_voice_is_given_other_facts_and_ways() {
    let world = World::new();
    let set = ["voice", "set", "kathleen", "-o", "k.voice", "--name", "K", "--pitch", "120", "--emotion", "sad"];
    world.run(&[&set[..], &["--rate", "1.5", "--consent", "mine"]].concat()).with(0);
    let found = world.run(&["voice", "info", "k.voice", "--json"]).with(0).json();
    assert_eq!(
        (&found["name"], &found["consent"], &found["licence"]),
        (&"K".into(), &"mine".into(), &"CC0-1.0".into())
    );
    assert!(found["pitch_hz"].as_f64().is_some_and(|hz| (hz - 120.0).abs() < 0.1), "{found}");
    assert_eq!(found["prosody"]["rate"].as_f64(), Some(1.5));
    assert!(found["prosody"]["energy"].as_f64().is_some_and(|db| db < 0.0), "{found}");
    // its own rate holds unless another is asked for
    let seconds = |more: &[&str]| {
        let base =
            ["say", "--voice", "k.voice", "--json", "-o", "a.wav", "--steps", "1", "The sun rose over the river."];
        world.run(&[&base[..], more].concat()).with(0).json()["audio_seconds"].as_f64().expect("seconds")
    };
    let (own, slow, neutral) = (seconds(&[]), seconds(&["--rate", "0.75"]), seconds(&["--emotion", "neutral"]));
    assert!(slow > 1.5 * own && neutral > 1.2 * own && neutral < slow, "{own} {neutral} {slow}");
    // in place, over itself
    world.run(&["voice", "set", "k.voice", "-o", "k.voice", "--emotion", "neutral"]).with(0);
    assert_eq!(world.run(&["voice", "info", "k.voice", "--json"]).with(0).json()["prosody"], serde_json::json!({}));
    assert_eq!(world.names(), ["a.wav", "k.voice"]);
}

#[test]
fn mistakes_are_answered_and_leave_nothing() {
    let world = World::new();
    let long = "x".repeat(1001);
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["voice"], 2, &["info", "mix", "set"]),
        (&["voice", "info", "nobody"], 3, &["nobody", "kathleen"]),
        (&["voice", "info", "no.voice"], 3, &["no.voice"]),
        (&["voice", "mix", "kathleen", "-o", "c.voice"], 2, &["2"]),
        (&["voice", "mix", "kathleen:0", "nora", "-o", "c.voice"], 2, &["weight of kathleen is 0"]),
        (&["voice", "mix", "kathleen:-1", "nora", "-o", "c.voice"], 2, &["weight of kathleen is -1"]),
        (&["voice", "mix", "kathleen", "nora", "-o", "c.wav"], 2, &["c.wav", ".voice"]),
        (&["voice", "mix", "kathleen", "nora"], 2, &["--output"]),
        (&["voice", "mix", "kathleen", "nora", "-o", "no/c.voice"], 4, &["no folder"]),
        (&["voice", "set", "kathleen", "-o", "c.voice", "--pitch", "5"], 2, &["21 to 1900"]),
        (&["voice", "set", "kathleen", "-o", "c.voice", "--rate", "9"], 2, &["0.4 to 3"]),
        (&["voice", "set", "kathleen", "-o", "c.voice", "--intensity", "1"], 2, &["--emotion"]),
        (&["voice", "set", "kathleen", "-o", "c.voice", "--consent", &long], 2, &["'consent' has 1001", "1000"]),
        (&["voice", "set", "kathleen", "-o", "c.voice", "--name", "a\u{1b}b"], 2, &["control character"]),
        (&["say", "--emotion", "hangry", "x"], 2, &["'hangry'", "neutral, calm, happy"]),
        (&["say", "--emotion", "sad", "--intensity", "2", "x"], 2, &["--intensity", "0 to 1"]),
        (&["say", "--energy", "13", "x"], 2, &["--energy", "-12 to 12"]),
        (&["say", "--range", "-1", "x"], 2, &["--range", "0 to 3"]),
    ];
    for (arguments, code, words) in cases {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(*code), "{arguments:?}: {}", ended.stderr);
        for word in *words {
            assert!(ended.stderr.contains(word), "{arguments:?} does not say {word:?}: {}", ended.stderr);
        }
        assert_eq!(world.names().len(), 0, "{arguments:?} leaves something");
    }
}

#[test]
fn directions_in_the_text_are_followed() {
    let world = World::new();
    let seconds = |text: &str| {
        let report = world.run(&["say", "--json", "-o", "a.wav", "--steps", "1", text]).with(0).json();
        report["audio_seconds"].as_f64().expect("seconds")
    };
    let (plain, paused) = (seconds("It rose. We left."), seconds("It rose. [[pause 2s]] We left."));
    assert!((1.4..1.9).contains(&(paused - plain)), "{plain} {paused}");
    assert!(seconds("[[rate 0.5]]It rose. We left.") > 1.6 * plain);
    let plan = world.run(&["say", "--dry-run", "--json", "[[happy]]It rose."]).with(0).json();
    assert_eq!(plan["clauses"][0]["items"][0]["reason"], "direction");
    assert_eq!(plan["clauses"][0]["items"][0]["lost"], false);
}
