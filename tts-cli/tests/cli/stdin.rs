//! Text that arrives while it is spoken.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{World, ended};

#[test]
fn sound_leaves_before_the_input_ends() {
    let world = World::new();
    let mut child = world.tts(&["say", "-", "-o", "-", "--raw"]).stdin(Stdio::piped()).spawn().expect("tts");
    let mut input = child.stdin.take().expect("stdin");
    input.write_all(b"This is the first sentence. And this").expect("write");
    let mut first = [0; 1];
    let mut out = child.stdout.take().expect("stdout");
    out.read_exact(&mut first).expect("sound while the input is open");
    // It has fallen silent in the middle of a sentence, for want of text, without having ended.
    input.write_all(b" is the second one.").expect("write");
    drop(input);
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).expect("sound");
    ended(child).with(0);
    assert!(rest.len() > 48_000, "{} bytes", rest.len());
}

#[test]
fn what_is_complete_is_spoken_even_if_nothing_follows() {
    let world = World::new();
    let mut child = world.tts(&["say", "-", "-o", "-", "--raw"]).stdin(Stdio::piped()).spawn().expect("tts");
    let mut input = child.stdin.take().expect("stdin");
    input.write_all(b"Hello there.").expect("write");
    let begun = Instant::now();
    child.stdout.as_mut().expect("stdout").read_exact(&mut [0; 1000]).expect("sound");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(input);
    ended(child).with(0);
}

#[test]
fn argument_file_and_pipe_sound_the_same() {
    let world = World::new();
    let text = "One sentence, and then — naïvely — another. “Quoted”, even. The end.";
    let said = world.run(&["say", "-o", "-", text]).with(0).stdout;
    world.write("text.txt", text);
    assert!(said == world.run(&["say", "-f", "text.txt", "-o", "-"]).with(0).stdout, "-f");
    assert!(said == world.run_with(&["say", "-", "-o", "-"], text).with(0).stdout, "-");
    assert!(said == world.run_with(&["say", "-f", "-", "-o", "-"], text).with(0).stdout, "-f -");
    assert!(said == world.run_with(&["say", "-o", "-"], text).with(0).stdout, "no text at all");
    assert!(
        said == world.run_with(&["say", "-", "-o", "-"], format!("\u{feff}{text}")).with(0).stdout,
        "byte order mark"
    );
}

#[test]
fn characters_may_be_cut_anywhere() {
    let world = World::new();
    let text = "Café, naïve, déjà vu.";
    let report = |pieces: usize| {
        let mut child = world.tts(&["say", "-", "-o", "a.wav", "--json"]).stdin(Stdio::piped()).spawn().expect("tts");
        let mut input = child.stdin.take().expect("stdin");
        for piece in text.as_bytes().chunks(pieces) {
            input.write_all(piece).expect("write");
            input.flush().expect("flush");
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(input);
        ended(child).with(0).json()
    };
    let (whole, bytes) = (report(text.len()), report(1));
    assert_eq!(whole["words"], bytes["words"]);
    assert_eq!(bytes["warnings"], serde_json::json!([]));
}

#[test]
fn bad_bytes_are_reported() {
    let world = World::new();
    let cases: [(&[u8], &str); 4] = [
        (b"Good \xff morning.", "1 place in the text is not valid UTF-8"),
        (b"Good morning \xe2\x82", "1 place in the text is not valid UTF-8"),
        (b"Good\0morning\0.", "2 control characters"),
        (b"\x1b[1mGood\x1b[0m morning.", "2 control characters"),
    ];
    for (input, warning) in cases {
        let ended = world.run_with(&["say", "-", "-o", "a.wav"], input).with(0);
        assert!(ended.stderr.contains(warning), "{input:?}: {}", ended.stderr);
        let report = world.run_with(&["say", "-", "-o", "a.wav", "--json", "-q"], input).with(0);
        assert!(report.json()["warnings"].to_string().contains(warning));
        assert_eq!(report.stderr, "");
    }
    world.run_with(&["say", "-", "-o", "a.wav", "--strict"], b"Good \xff morning.").with(6);
    assert!(world.path("a.wav").exists(), "what was left out does not spoil the rest");
}

#[test]
fn line_ends_do_not_matter() {
    let world = World::new();
    let (unix, windows) = ("One line\nand another.\n\nA paragraph.", "One line\r\nand another.\r\n\r\nA paragraph.");
    let sound = |text: &str| world.run_with(&["say", "-", "-o", "-"], text).with(0).stdout;
    assert!(sound(unix) == sound(windows));
}

#[test]
fn empty_input_is_an_error() {
    let world = World::new();
    for input in ["", "\n \n", "\u{feff}", "\0"] {
        let ended = world.run_with(&["say", "-", "-o", "a.wav"], input).with(3);
        assert!(ended.stderr.contains("nothing"), "{input:?}: {}", ended.stderr);
    }
    world.write("empty.txt", "");
    assert!(world.run(&["say", "-f", "empty.txt", "-o", "a.wav"]).with(3).stderr.contains("empty.txt"));
    assert_eq!(world.names(), ["empty.txt"]);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_as_it_arrives() {
    let world = World::new();
    assert!(std::process::Command::new("mkfifo").arg(world.path("fifo")).status().expect("mkfifo").success());
    let child = world.tts(&["say", "-f", "fifo", "-o", "a.wav", "--json"]).spawn().expect("tts");
    std::fs::write(world.path("fifo"), "Three words now.").expect("fifo");
    assert_eq!(ended(child).with(0).json()["words"], 3);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_for_text() {
    let world = World::new();
    let mut child = world.tts(&["say", "-", "-o", "-", "--raw"]).stdin(Stdio::piped()).spawn().expect("tts");
    let mut input = child.stdin.take().expect("stdin");
    input.write_all(b"Hello there.").expect("write");
    child.stdout.as_mut().expect("stdout").read_exact(&mut [0; 100]).expect("sound");
    crate::support::interrupt(&child);
    ended(child).with(130);
    drop(input);
}
