//! Wrong flags and values: each is refused with code 2 and a message that names the fix.

use crate::support::World;

#[test]
fn every_mistake_is_answered_with_its_remedy() {
    let world = World::new();
    let folder = world.path("");
    let folder = folder.to_str().expect("UTF-8");
    let cases: &[(&[&str], &[&str])] = &[
        (&["Hello."], &["unrecognized subcommand", "tts say \"Hello.\""]),
        (&["sya", "x"], &["say"]),
        (&["say", "--rat", "1", "x"], &["--rat", "--rate"]),
        (&["say", "--rate", "9", "x"], &["--rate", "0.4", "3"]),
        (&["say", "--rate", "fast", "x"], &["--rate", "a number"]),
        (&["say", "--rate", "nan", "x"], &["--rate"]),
        (&["say", "--pitch", "-13", "x"], &["--pitch", "-12", "12"]),
        (&["say", "--pause-scale", "-1", "x"], &["--pause-scale"]),
        (&["say", "--seed", "-1", "x"], &["--seed"]),
        (&["say", "--seed=x", "x"], &["--seed", "whole number"]),
        (&["say", "--temperature", "2", "x"], &["--temperature", "1.5"]),
        (&["say", "--steps", "0", "x"], &["--steps", "1", "64"]),
        (&["say", "--steps", "1.5", "x"], &["--steps", "whole number"]),
        (&["say", "--threads", "0", "x"], &["--threads"]),
        (&["say", "--format", "mp3", "-o", "a.wav", "x"], &["s16", "f32"]),
        (&["say", "--format", "s16", "x"], &["--output"]),
        (&["say", "--raw", "x"], &["--output"]),
        (&["say", "--player", "aplay", "-o", "a.wav", "x"], &["--player", "--output"]),
        (&["say", "--player", "gramophone", "x"], &["gramophone", "aplay", "pw-cat"]),
        (&["say", "--player", "ffplay:card0", "x"], &["cannot choose a device"]),
        (&["say", "--engine", "steam", "x"], &["steam", "native", "burn"]),
        #[cfg(not(feature = "burn"))]
        (&["say", "--engine", "burn", "x"], &["built without burn", "--features burn"]),
        (&["say", "-q", "-v", "x"], &["--quiet", "--verbose"]),
        (&["say", "-o", "a.mp3", "x"], &["only WAV", "ffmpeg"]),
        (&["say", "-o", folder, "x"], &["is a folder", "speech.wav"]),
        (&["say", "--dry-run", "-o", "a.wav", "x"], &["--dry-run", "--output"]),
        (&["say", "x", "--timings", "srt"], &["--timings"]),
        (&["say", "--timings", "ass", "a.ass", "x"], &["srt, vtt or jsonl", "ass"]),
        (&["say", "--timings", "srt", "-", "-o", "-", "x"], &["standard output", "to a file"]),
        (&["say", "--timings", "srt", "-", "--json", "x"], &["standard output", "to a file"]),
        (&["say", "--timings", "srt", "-", "--timings", "vtt", "-", "x"], &["two --timings"]),
        (&["say", "-f", "a.txt", "x"], &["--file", "TEXT"]),
        (&["say", "-", "x"], &["standard input", "mixed"]),
        (&["completions", "tcsh"], &["bash", "zsh", "fish"]),
        (&["bench", "--steps", "3"], &["--steps"]),
        (&["voices", "x"], &["x"]),
    ];
    for (arguments, words) in cases {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        for word in *words {
            assert!(ended.stderr.contains(word), "{arguments:?} does not say {word:?}: {}", ended.stderr);
        }
        // With --json the mistake is told there as well.
        assert_eq!(ended.stdout.is_empty(), !arguments.contains(&"--json"), "{arguments:?}");
        assert_eq!(world.names().len(), 0, "{arguments:?} leaves something");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let world = World::new();
    world.write("bad.lex", "!! this is no line of a lexicon 1 2 3\n");
    world.write("bad.voice", "not a voice");
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["say", "--voice", "nobody", "-o", "a.wav", "x"], 3, &["nobody", "kathleen"]),
        (&["say", "--voice", "no.voice", "-o", "a.wav", "x"], 3, &["no.voice"]),
        (&["say", "--voice", "bad.voice", "-o", "a.wav", "x"], 3, &["bad.voice"]),
        (&["say", "--model", "nowhere", "-o", "a.wav", "x"], 3, &["nowhere"]),
        (&["say", "--lexicon", "no.lex", "-o", "a.wav", "x"], 3, &["no.lex"]),
        (&["say", "--lexicon", "bad.lex", "-o", "a.wav", "x"], 3, &["bad.lex"]),
        (&["say", "-f", "no.txt", "-o", "a.wav"], 3, &["no.txt"]),
        (&["say", "-f", "bin", "-o", "a.wav"], 3, &["folder"]),
        (&["say", "-o", "no/a.wav", "x"], 4, &["no folder", "no"]),
        (&["say", "--player", "aplay", "x"], 5, &["aplay", "not installed", "tts devices"]),
        (&["info", "--model", "nowhere"], 3, &["nowhere"]),
        #[cfg(not(feature = "download"))]
        (&["models", "get", "german_24l", "-q"], 3, &["built without the feature download", "default features"]),
        (&["bench", "--voice", "nobody"], 3, &["nobody"]),
    ];
    let before = world.names();
    for (arguments, code, words) in cases {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(*code), "{arguments:?}: {}", ended.stderr);
        for word in *words {
            assert!(ended.stderr.contains(word), "{arguments:?} does not say {word:?}: {}", ended.stderr);
        }
        assert_eq!(ended.stderr.lines().count(), 1, "{arguments:?}: {}", ended.stderr);
        assert_eq!(world.names(), before, "{arguments:?} leaves something");
    }
}
