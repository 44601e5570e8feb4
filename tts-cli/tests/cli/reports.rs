//! What a run says about itself: JSON, word times, the plan.

use serde_json::Value;

use crate::support::{World, one_line_of_json, wav};

const TEXT: &str = "Hello there, world. How are you today?";

#[test]
fn json_describes_the_run() {
    let world = World::new();
    let ended = world.run(&["say", TEXT, "-o", "a.wav", "--json", "--seed", "42", "--threads", "1"]).with(0);
    assert_eq!(ended.stderr, "");
    let report = ended.json();
    let (samples, rate) = wav(&world.path("a.wav"));
    let seconds = samples.len() as f64 / f64::from(rate);
    assert!((report["audio_seconds"].as_f64().expect("number") - seconds).abs() < 1e-9, "{report}");
    assert_eq!((&report["words"], &report["seed"], &report["threads"]), (&7.into(), &42.into(), &1.into()));
    assert_eq!(
        (&report["voice"], &report["exit_code"], &report["skipped_count"]),
        (&"kathleen".into(), &0.into(), &0.into())
    );
    for field in ["rtf", "time_to_first_audio_ms", "compute_seconds"] {
        assert!(report[field].as_f64().is_some_and(|value| value > 0.0), "{field}: {report}");
    }
    if cfg!(target_os = "linux") {
        assert!(report["peak_memory_bytes"].as_u64() > Some(1_000_000), "{report}");
    }
    assert!(report["warnings"].is_array() && report["skipped"].is_array() && report["isa"].is_string());
}

#[test]
fn json_steps_aside_for_sound() {
    let world = World::new();
    let ended = world.run(&["say", TEXT, "-o", "-", "--json"]).with(0);
    assert!(ended.stdout.starts_with(b"RIFF"));
    assert_eq!(one_line_of_json(&ended.stderr)["words"], 7);
}

#[test]
fn json_tells_of_failure_too() {
    let world = World::new();
    let ended = world.run(&["say", "x", "--voice", "nobody", "-o", "a.wav", "--json"]).with(3);
    let error = &ended.json()["error"];
    assert_eq!((&error["kind"], &error["exit_code"]), (&"input".into(), &3.into()));
    assert!(error["message"].as_str().is_some_and(|text| text.contains("nobody")));
    let ended = world.run(&["say", "x", "--voice", "nobody", "-o", "-", "--json"]).with(3);
    assert_eq!(one_line_of_json(&ended.stderr)["error"]["exit_code"], 3);
}

#[test]
fn verbose_says_what_it_cost() {
    let world = World::new();
    let ended = world.run(&["say", TEXT, "-o", "a.wav", "-v"]).with(0);
    assert!(ended.stderr.contains("7 words") && ended.stderr.contains("seed"), "{}", ended.stderr);
}

#[test]
fn what_is_not_spoken_is_said() {
    let world = World::new();
    let ended = world.run(&["say", "Hello 漢字 there.", "-o", "a.wav"]).with(0);
    assert!(ended.stderr.contains("not spoken") && ended.stderr.contains("漢字"), "{}", ended.stderr);
    let ended = world.run(&["say", "Hello 漢字 there.", "-o", "a.wav", "--strict", "--json", "-q"]).with(6);
    let report = ended.json();
    assert_eq!((&report["exit_code"], &report["words"]), (&6.into(), &2.into()));
    assert_eq!(report["skipped"][0]["source"], serde_json::json!([6, 12]));
    assert_eq!(ended.stderr, "");
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn word_times_follow_the_sound() {
    let world = World::new();
    for arguments in [&["say", TEXT, "-o", "a.wav"][..], &["say", "-f", "text.txt", "-o", "a.wav"]] {
        world.write("text.txt", TEXT);
        let times = ["--timings", "jsonl", "a.jsonl", "--timings", "srt", "a.srt", "--timings", "vtt", "a.vtt"];
        world.run(&[arguments, &times].concat()).with(0);
        let (samples, rate) = wav(&world.path("a.wav"));
        let words = json_lines(&String::from_utf8(world.bytes("a.jsonl")).expect("text"));
        let written: Vec<_> = words.iter().map(|word| word["text"].as_str().expect("text")).collect();
        assert_eq!(written.len(), 7, "{written:?}");
        let mut last = 0.0;
        for word in &words {
            let (start, end) = (word["start"].as_f64().expect("start"), word["end"].as_f64().expect("end"));
            let source = |at: usize| word["source"][at].as_u64().expect("source") as usize;
            assert!(last <= start && start < end && end <= samples.len() as f64 / f64::from(rate) + 1e-3, "{word}");
            assert!(TEXT[source(0)..source(1)].contains(word["text"].as_str().expect("text")), "{word}");
            last = end;
        }
        let subtitles = String::from_utf8(world.bytes("a.srt")).expect("text");
        assert!(subtitles.starts_with("1\n00:00:0") && subtitles.contains(" --> 00:00:0"), "{subtitles}");
        let said: String =
            subtitles.lines().filter(|line| line.contains(char::is_alphabetic)).collect::<Vec<_>>().join(" ");
        assert_eq!(said, TEXT);
        assert!(world.bytes("a.vtt").starts_with(b"WEBVTT\n\n1\n"));
    }
}

#[test]
fn word_times_may_go_to_standard_output() {
    let world = World::new();
    let words = json_lines(&world.run(&["say", TEXT, "-o", "a.wav", "--timings", "jsonl", "-"]).with(0).text());
    assert_eq!(words.len(), 7);
    assert_eq!(words[6]["text"], "today");
}

#[test]
fn the_plan_accounts_for_every_word() {
    let world = World::new();
    let text = "Hello there 漢字, world!";
    let plan = world.run(&["say", "--dry-run", "--json", text]).with(0).json();
    let items: Vec<_> = plan["clauses"]
        .as_array()
        .expect("clauses")
        .iter()
        .flat_map(|clause| clause["items"].as_array().expect("items"))
        .collect();
    for word in ["Hello", "there", "漢字", "world"] {
        let place = text.find(word).expect("word");
        let covered = items.iter().any(|item| {
            let source = &item["source"];
            source[0].as_u64() <= Some(place as u64) && source[1].as_u64() >= Some((place + word.len()) as u64)
        });
        assert!(covered, "{word}: {plan}");
    }
    assert!(
        items
            .iter()
            .filter(|item| item["type"] == "word")
            .all(|word| word["phones"].as_array().is_some_and(|phones| !phones.is_empty()))
    );
    assert!(plan["seconds"].as_f64() > Some(0.0) && plan["words"] == 3);
    let table = world.run_with(&["say", "--dry-run", "-"], text).with(0).text();
    assert!(table.contains("Hello") && table.contains("HH AH0") && table.contains("漢字"), "{table}");
    assert_eq!(world.names().len(), 0);
}

#[test]
fn a_lexicon_is_heard() {
    let world = World::new();
    world.write("my.lex", "there  HH AH0 L OW1\n");
    let sound = |arguments: &[&str]| world.run(&[&["say", "-o", "-", TEXT], arguments].concat()).with(0).stdout;
    assert!(sound(&[]) != sound(&["--lexicon", "my.lex"]));
    let phones = |arguments: &[&str]| {
        let plan = world.run(&[&["say", "--dry-run", "--json"], arguments].concat()).with(0).json();
        plan["clauses"][0]["items"][1]["phones"].clone()
    };
    let expected = serde_json::json!(["HH", "AH0", "L", "OW1"]);
    assert_eq!(phones(&[TEXT, "--lexicon", "my.lex"]), expected);
    assert_eq!(phones(&["Hello [[HH AH0 L OW1]], world."]), expected);
}

#[test]
fn text_options_are_heard() {
    let world = World::new();
    let words = |text: &str, arguments: &[&str]| {
        world.run(&[&["say", "-o", "a.wav", "--json", "-q", text], arguments].concat()).with(0).json()["words"].as_u64()
    };
    assert!(words("Nice 🙂 work.", &["--emoji"]) > words("Nice 🙂 work.", &[]));
    assert!(words("Some **bold** text.", &["--no-markdown"]) >= words("Some **bold** text.", &[]));
}
