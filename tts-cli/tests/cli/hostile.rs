//! Texts nobody would write.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::support::{World, ended};

#[test]
fn ten_megabytes_without_a_full_stop_are_begun_at_once() {
    let world = World::new();
    world.write("big.txt", "on and on ".repeat(1_000_000));
    let begun = Instant::now();
    let mut child = world.tts(&["say", "-f", "big.txt", "-o", "-", "--raw"]).spawn().expect("tts");
    let mut out = child.stdout.take().expect("stdout");
    out.read_exact(&mut vec![0; 96_000]).expect("sound");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    drop(out);
    ended(child).with(0);
}

#[test]
fn one_endless_word_is_spoken_or_refused_but_never_fatal() {
    let world = World::new();
    world.write("word.txt", "a".repeat(100_000));
    let mut child = world.tts(&["say", "-f", "word.txt", "-o", "-", "--raw"]).spawn().expect("tts");
    let mut some = Vec::new();
    child.stdout.take().expect("stdout").take(96_000).read_to_end(&mut some).expect("sound");
    let ended = ended(child);
    assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
}

#[test]
fn a_million_emoji_end_in_bounded_time() {
    let world = World::new();
    world.write("emoji.txt", "🙂".repeat(1_000_000) + " Hello.");
    let ended = world.run(&["say", "-f", "emoji.txt", "-o", "a.wav", "--json"]).with(0);
    assert!(ended.json()["words"].as_u64() >= Some(1), "{}", ended.text());
}

#[test]
fn other_scripts_are_reported_and_never_fatal() {
    let world = World::new();
    for text in [
        "שלום עולם",
        "مرحبا بالعالم",
        "日本語のテキスト",
        "\u{202e}reversed\u{202c}",
        "e\u{301}\u{301}\u{301}\u{301}",
        "\u{fffd}\u{10ffff}",
    ] {
        let mixed = format!("Before. {text} After.");
        let ended = world.run(&["say", "-o", "a.wav", "--json", &mixed]).with(0);
        assert!(ended.json()["words"].as_u64() >= Some(2), "{text}: {}", ended.text());
        let alone = world.run(&["say", "-o", "b.wav", "--json", text]);
        assert!(matches!(alone.code, Some(0 | 3)), "{text}: {:?} {}", alone.code, alone.stderr);
    }
}

#[test]
fn an_endless_input_does_not_fill_the_memory() {
    let world = World::new();
    let mut child =
        world.tts(&["say", "-", "-o", "-", "--raw"]).stdin(std::process::Stdio::piped()).spawn().expect("tts");
    let mut input = child.stdin.take().expect("stdin");
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        let piece = "It never ends. ".repeat(1000);
        let mut written = 0_usize;
        while input.write_all(piece.as_bytes()).is_ok() {
            written += piece.len();
            assert!(written < 1 << 30, "a gigabyte was swallowed");
        }
        written
    });
    let mut out = child.stdout.take().expect("stdout");
    out.read_exact(&mut vec![0; 480_000]).expect("sound");
    std::thread::sleep(Duration::from_millis(500));
    drop(out);
    ended(child).with(0);
    let written = writer.join().expect("writer");
    assert!(written < 4 << 20, "{written} bytes were read ahead of ten seconds of speech");
}
