//! `tts man` and `tts completions`: what packagers install.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::Cli;
use crate::exit::{Exit, OrExit};
use crate::message;

const SECTIONS: &[(&str, &[&str])] = &[
    (
        "EXIT STATUS",
        &[
            "0: everything asked for was done; also when the reader of a pipe has had enough.",
            "1: a fault of the program.",
            "2: the command line asks for something that does not exist or does not go together.",
            "3: the text, lexicon, recording, voice or model cannot be used, nothing in the text can be spoken, or no voice can be made of the recordings.",
            "4: the sound, the voice, the word times or the report cannot be written. Nothing is left under the name asked for.",
            "5: no way to play sound was found, or the one found stopped working.",
            "6: with --strict: it was spoken, but something in the text was left out.",
            "130: Ctrl-C, or a request to terminate.",
        ],
    ),
    (
        "SOUND",
        &[
            "WAV files are mono, 16-bit unless --format f32. A file appears under its name when it is complete. Devices and named pipes are written directly, with the head of a stream.",
            "-o - writes a WAV head whose sizes are 0xFFFFFFFF, which readers take for \"until the end\" (FFmpeg, SoX and Python's wave module do), and then samples as they are made. --raw leaves the head out.",
            "Without -o sound goes to the first player that works, in the order of tts devices. When text comes more slowly than speech, silence is played. afplay and PowerShell cannot read a stream: they play files that are cut in pauses.",
        ],
    ),
    (
        "TEXT",
        &[
            "Standard input and files are read as they arrive; a clause is spoken when it is complete. At a terminal every line is spoken when Enter is pressed. Bytes that are not UTF-8 become U+FFFD, control characters become spaces, terminal colours vanish; a warning counts them. Positions in reports count the bytes of the text after this.",
            "[[HH AH0 L OW1]] is spoken as these ARPABET phones. A lexicon file holds a word and its phones on each line.",
            "Directions to the speaker hold from where they stand: [[sad]] or [[sad 0.5]] for an emotion with its intensity; [[rate 0.8]], and pitch, pauses, range, energy, variation, breathiness, whisper, final-slope in the same way; [[/]] goes back to how the text began. [[pause 500ms]] or [[pause 2s]] makes the pause there at least that long. Anything else in brackets is text.",
        ],
    ),
    (
        "MANNER",
        &[
            "--emotion chooses a set of controls, --intensity how much of it (0.7 unless given). A control given by number overrides the emotion's and the voice's, also where the text changes the emotion.",
            "--energy is vocal effort: dB by which 1 to 5 kHz gain on what lies below, with half as many dB of level. --range and --variation stretch melody and loudness about their usual values. --final-slope moves the pitch over the last 400 ms of every clause.",
        ],
    ),
    (
        "RECORDINGS",
        &[
            "clone looks at the recordings before it makes a voice of them: how much speech there is, noise, overdriving, echo, bandwidth, music, whether several persons speak, and how it is spoken. It takes the best twenty seconds: voiced, clean, and near to how the person speaks without being moved. How it is spoken is said and not copied.",
            "It refuses recordings with less than a second of speech, with music, and with noise that is nearly as loud as the voice. Of several recordings those are left out. Everything else is a warning.",
        ],
    ),
    (
        "MODELS",
        &[
            "models get downloads a released model of Pocket TTS, or any file by hf://owner/repository/path[@revision] or https://; nothing else downloads. A file has its name when it is whole and its SHA-256 is right; until then it ends in .part, and the same command goes on from there. The sum is what the catalogue or, before the bytes come, the hub says; the first download pins it in pins.json of the cache folder, and later ones must agree.",
            "Weights with voice cloning are gated: accept the terms at https://huggingface.co/kyutai/pocket-tts and set HF_TOKEN, or take those --without-cloning. Neither is ever taken in the other's place.",
        ],
    ),
    (
        "JSON",
        &[
            "say --json prints one object on one line: audio_seconds, compute_seconds, rtf, time_to_first_audio_ms, peak_memory_bytes, words, skipped_count, skipped (the first thousand: text, source, reason), seed, voice, model, sample_rate, isa, threads, warnings, exit_code. Figures that are not known are null. With -o - it goes to standard error, where nothing else is printed then.",
            "On failure the object is {\"error\": {\"kind\", \"message\", \"exit_code\"}}.",
            "say --dry-run --json prints clauses with text, offset, normalized, words (text, source, spoken, start, end) and items; an item has the type word (text, source, spoken, phones, origin, start, end), pause (kind, source, start, end) or skipped (text, source, reason, lost).",
            "clone --json prints one object: clips (file, container, codec, sample_rate, channels, seconds, declared_seconds, ending, damaged_packets, speech_seconds, level_db, noise_db, snr_db, clipped_share, decay_seconds, bandwidth_hz, tones_share, voices_apart, manner, warnings, refusal), warnings and refusal (kind, message) of all clips together, segments (clip, start, end: the parts that are taken), taken_seconds, voice (the file written, or null), exit_code. Levels are decibels of full scale.",
            "models list --json: models (name, language, kind, parameters, weights_bytes_at_most, licence, terms, default_voice, files: file, uri, gated, sha256, bytes, sha256_by, path; null where it is not known or not here), voices (name, recording), voices_page, cache.",
            "--timings jsonl prints an object a word: start, end (seconds), text, spoken, source (bytes from and to). srt and vtt group words into cues of at most two lines of 42 characters and six seconds.",
            "Fields are only ever added.",
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            "TTS_ISA=portable|sse4.1|avx2|avxvnni|avx512|avx512vnni|neon forces an instruction set; one that the CPU lacks is an error.",
            "tts models downloads to TTS_CACHE, or the folder tts of XDG_CACHE_HOME, ~/.cache or LOCALAPPDATA. HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_HUB_OFFLINE and HF_HUB_DOWNLOAD_TIMEOUT mean what they mean to the hub's own library; ALL_PROXY, HTTPS_PROXY, HTTP_PROXY and NO_PROXY name proxies, SSL_CERT_FILE certificates to trust.",
        ],
    ),
];

/// Prints the completion script for `shell`.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tts", &mut script);
    message::output(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page, or writes one for every command into `folder`.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn man(folder: Option<&Path>) -> anyhow::Result<Exit> {
    let Some(folder) = folder else {
        message::output(&page()?)?;
        return Ok(Exit::Done);
    };
    let cannot = || format!("cannot write manual pages into {}", folder.display());
    std::fs::create_dir_all(folder).or_exit(Exit::Output, cannot())?;
    clap_mangen::generate_to(Cli::command(), folder).or_exit(Exit::Output, cannot())?;
    std::fs::write(folder.join("tts.1"), page()?).or_exit(Exit::Output, cannot())?;
    Ok(Exit::Done)
}

/// The page of the whole program: every command with its options, then what all of them share.
fn page() -> anyhow::Result<String> {
    let mut command = Cli::command();
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    let parts =
        [Man::render_title, Man::render_name_section, Man::render_synopsis_section, Man::render_description_section];
    for render in parts {
        render(&man, &mut page).or_exit(Exit::Internal, "cannot write the manual page")?;
    }
    // a command that is a group has its own commands in its place
    let commands = command.get_subcommands().flat_map(|sub| {
        let within: Vec<_> =
            sub.get_subcommands().map(|within| (format!("{} {}", sub.get_name(), within.get_name()), within)).collect();
        if within.is_empty() { vec![(sub.get_name().to_owned(), sub)] } else { within }
    });
    for (name, sub) in commands {
        let mut section = Vec::new();
        let sub_man = Man::new(sub.clone());
        sub_man.render_synopsis_section(&mut section).or_exit(Exit::Internal, "cannot write the manual page")?;
        sub_man.render_options_section(&mut section).or_exit(Exit::Internal, "cannot write the manual page")?;
        let section = String::from_utf8_lossy(&section).into_owned();
        let title = format!(".SH COMMAND: {}\n", name.to_uppercase());
        // The synopsis and options of a command are parts of its section here, not sections.
        page.extend_from_slice(title.as_bytes());
        page.extend_from_slice(
            section.replace(".SH SYNOPSIS", ".SS SYNOPSIS").replace(".SH OPTIONS", ".SS OPTIONS").as_bytes(),
        );
    }
    let mut shared = Roff::new();
    for (title, paragraphs) in SECTIONS {
        shared.control("SH", [*title]);
        for paragraph in *paragraphs {
            shared.control("PP", []);
            shared.text([roman(*paragraph)]);
        }
    }
    page.extend_from_slice(shared.to_roff().as_bytes());
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn the_page_names_every_option_and_code() {
        let page = page().expect("page");
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands() {
            for command in std::iter::once(sub).chain(sub.get_subcommands()) {
                for argument in command.get_arguments().filter_map(|argument| argument.get_long()) {
                    let escaped = argument.replace('-', "\\-");
                    assert!(page.contains(&escaped), "--{argument} of {}", command.get_name());
                }
            }
        }
        for exit in [
            Exit::Done,
            Exit::Internal,
            Exit::Usage,
            Exit::Input,
            Exit::Output,
            Exit::Playback,
            Exit::Incomplete,
            Exit::Interrupted,
        ] {
            assert!(page.contains(&format!("{}: ", exit.code())), "{exit}");
        }
    }

    #[test]
    fn every_shell_gets_its_script() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tts", &mut script);
            let script = String::from_utf8(script).expect("text");
            assert!(script.contains("dry-run") && script.contains("bench"), "{shell}");
        }
    }
}
