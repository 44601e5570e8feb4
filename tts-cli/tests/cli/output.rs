//! Sound to files and pipes.

use std::io::Read;

use crate::support::{World, ended, peak, wav};

const TEXT: &str = "Hello from a machine that has just met me.";

#[test]
fn a_wav_file_holds_speech() {
    let world = World::new();
    let ended = world.run(&["say", TEXT, "-o", "a.wav"]).with(0);
    assert_eq!((ended.stdout.len(), ended.stderr.as_str()), (0, ""));
    assert_eq!(world.names(), ["a.wav"]);
    let (samples, rate) = wav(&world.path("a.wav"));
    let seconds = samples.len() as f64 / f64::from(rate);
    assert!((1.0..6.0).contains(&seconds), "{seconds} s");
    assert!(peak(&samples) > 0.05, "silence");
}

#[test]
fn formats_hold_the_same_sound() {
    let world = World::new();
    world.run(&["say", TEXT, "-o", "s16.wav"]).with(0);
    world.run(&["say", TEXT, "-o", "f32.wav", "--format", "f32"]).with(0);
    world.run(&["say", TEXT, "-o", "s16.raw", "--raw"]).with(0);
    world.run(&["say", TEXT, "-o", "f32.raw", "--raw", "--format", "f32"]).with(0);
    let (short, long) = (wav(&world.path("s16.wav")).0, wav(&world.path("f32.wav")).0);
    assert_eq!(short.len(), long.len());
    let worst = short.iter().zip(&long).map(|(a, b)| (a - b.clamp(-1.0, 1.0)).abs()).fold(0.0, f32::max);
    assert!(worst <= 0.51 / 32767.0, "{worst}");
    assert_eq!(world.bytes("s16.raw"), world.bytes("s16.wav")[44..]);
    assert_eq!(world.bytes("f32.raw"), world.bytes("f32.wav")[58..]);
}

#[test]
fn a_pipe_carries_what_a_file_holds() {
    let world = World::new();
    world.run(&["say", TEXT, "-o", "a.wav"]).with(0);
    let file = world.bytes("a.wav");
    let pipe = world.run(&["say", TEXT, "-o", "-"]).with(0).stdout;
    assert_eq!((&pipe[..4], &pipe[4..8], &pipe[40..44]), (&b"RIFF"[..], &[255; 4][..], &[255; 4][..]));
    assert!(pipe[44..] == file[44..]);
    assert!(world.run(&["say", TEXT, "-o", "-", "--raw"]).with(0).stdout == file[44..]);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let world = World::new();
    let sound = |seed: &str, threads: &str| {
        world.run(&["say", TEXT, "-o", "-", "--seed", seed, "--threads", threads]).with(0).stdout
    };
    let first = sound("7", "1");
    assert!(first == sound("7", "1"), "another run");
    assert!(first == sound("7", "2"), "another number of threads");
    assert!(first != sound("8", "1"), "another seed");
}

#[test]
fn prosody_is_honoured() {
    let world = World::new();
    let length = |arguments: &[&str]| {
        world.run(&[&["say", "-o", "-", "--raw", "One, two; three. Four."], arguments].concat()).with(0).stdout.len()
    };
    let plain = length(&[]);
    assert!(length(&["--rate", "2"]) < plain * 7 / 10);
    assert!(length(&["--pause-scale", "3"]) > plain);
    let sound =
        |arguments: &[&str]| world.run(&[&["say", "-o", "-", "--raw", TEXT], arguments].concat()).with(0).stdout;
    let plain = sound(&[]);
    for arguments in [["--pitch", "5"], ["--temperature", "1.4"], ["--steps", "9"]] {
        assert!(sound(&arguments) != plain, "{arguments:?} does nothing");
    }
}

#[test]
fn an_older_file_is_replaced_whole() {
    let world = World::new();
    world.write("a.wav", "older");
    world.run(&["say", TEXT, "-o", "a.wav"]).with(0);
    assert!(peak(&wav(&world.path("a.wav")).0) > 0.05);
    assert_eq!(world.names(), ["a.wav"]);
}

#[test]
fn nothing_to_say_leaves_nothing() {
    let world = World::new();
    for text in ["", "   \n\t ", "…", "---"] {
        let ended = world.run(&["say", "-o", "a.wav", "--timings", "srt", "a.srt", "--", text]).with(3);
        assert!(ended.stderr.contains("nothing"), "{text:?}: {}", ended.stderr);
        assert_eq!(world.names().len(), 0, "{text:?}");
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::support::{interrupt, until};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    const LONG: &str = "And so it went on, day after day, until nobody could say when it had begun. ";

    #[test]
    fn a_reader_that_leaves_is_a_quiet_end() {
        let world = World::new();
        let text = LONG.repeat(50);
        let mut child = world.tts(&["say", "-o", "-", &text]).spawn().expect("tts");
        let mut head = [0; 1000];
        child.stdout.take().expect("stdout").read_exact(&mut head).expect("sound");
        let begun = Instant::now();
        let ended = ended(child).with(0);
        assert_eq!(ended.stderr, "");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn devices_and_named_pipes_are_written_directly() {
        let world = World::new();
        world.run(&["say", TEXT, "-o", "/dev/null"]).with(0);
        assert!(Command::new("mkfifo").arg(world.path("fifo")).status().expect("mkfifo").success());
        let child = world.tts(&["say", TEXT, "-o", "fifo"]).spawn().expect("tts");
        let heard = std::fs::read(world.path("fifo")).expect("fifo");
        ended(child).with(0);
        assert!(heard == world.run(&["say", TEXT, "-o", "-"]).with(0).stdout);
        assert_eq!(world.names(), ["fifo"]);
        let child = world.tts(&["say", &LONG.repeat(50), "-o", "fifo"]).spawn().expect("tts");
        drop(std::fs::File::open(world.path("fifo")).expect("fifo"));
        ended(child).with(0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_nothing() {
        let world = World::new();
        let ended = world.run(&["say", TEXT, "-o", "/dev/full"]).with(4);
        assert!(ended.stderr.contains("/dev/full") && ended.stderr.contains("space"), "{}", ended.stderr);
        world.write("a.wav", "older");
        // A file may not grow beyond 8 blocks of 512 bytes: the nearest thing to a full disk without being root.
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" say \"$1\" -o a.wav";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_tts"), TEXT]).current_dir(world.path(""));
        let ended = super::ended(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh")).with(4);
        assert!(ended.stderr.contains("a.wav") && ended.stderr.contains("nothing was left"), "{}", ended.stderr);
        assert_eq!((world.names(), world.bytes("a.wav")), (vec!["a.wav".to_owned()], b"older".to_vec()));
    }

    #[test]
    fn ctrl_c_leaves_the_older_file_and_nothing_else() {
        let world = World::new();
        world.write("a.wav", "older");
        let text = LONG.repeat(400);
        let child = world.tts(&["say", "-o", "a.wav", "--timings", "vtt", "a.vtt", &text]).spawn().expect("tts");
        until("the unfinished file", || world.names().len() == 3);
        interrupt(&child);
        let ended = ended(child).with(130);
        assert_eq!(ended.stderr, "");
        assert_eq!((world.names(), world.bytes("a.wav")), (vec!["a.wav".to_owned()], b"older".to_vec()));
    }
}
