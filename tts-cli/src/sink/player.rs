//! The player programs a system may have, in the order they are tried, and how each is told to play bare samples from
//! its standard input with little delay.
//!
//! The options are those of the programs' own manuals: pw-cat(1), pacat(1), aplay(1), mpv(1), ffplay(1), sox(1),
//! afplay(1), and .NET's `System.Media.SoundPlayer`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::program;

/// How a player gets its sound.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Feed {
    /// Signed 16-bit little-endian mono samples on standard input, as they are made.
    Samples(fn(&Path, u32, Option<&str>) -> Vec<OsString>),
    /// A finished WAV file a time: these programs cannot read a stream.
    Files(fn(&Path) -> Vec<OsString>),
}

/// A program that plays sound.
#[derive(Debug)]
pub(crate) struct Player {
    /// What `--player` calls it: the name of its program.
    pub(crate) name: &'static str,
    /// Other names its program goes by.
    also: &'static [&'static str],
    /// The sound system it belongs to.
    pub(crate) system: &'static str,
    /// How it gets its sound.
    pub(crate) feed: Feed,
    /// Words in its messages that mean failure although its exit code says success.
    pub(crate) lies: Option<&'static str>,
    /// The option value `--player NAME:DEVICE` is for; `None` where the program cannot choose a device.
    pub(crate) device_is: Option<&'static str>,
    /// How to ask for the devices there are, and how a line of the answer gives a device's name.
    list: Option<Listing>,
}

/// A question to a program, and how to read a device's name from a line of the answer.
#[derive(Debug)]
struct Listing {
    program: &'static str,
    question: &'static [&'static str],
    name: fn(&str) -> Option<&str>,
}

/// All players, best first: sound servers, then the bare device, then programs that bring their own output.
pub(crate) static PLAYERS: &[Player] = &[
    Player {
        name: "pw-cat",
        also: &["pw-play"],
        system: "PipeWire",
        feed: Feed::Samples(pw_cat),
        lies: None,
        device_is: Some("node name or serial"),
        list: Some(PULSE_SINKS),
    },
    Player {
        name: "pacat",
        also: &["paplay"],
        system: "PulseAudio",
        feed: Feed::Samples(pacat),
        lies: None,
        device_is: Some("sink name"),
        list: Some(PULSE_SINKS),
    },
    Player {
        name: "aplay",
        also: &[],
        system: "ALSA",
        feed: Feed::Samples(aplay),
        lies: None,
        device_is: Some("PCM name"),
        list: Some(Listing {
            program: "aplay",
            question: &["-L"],
            name: |line| (!line.starts_with(char::is_whitespace) && line != "null").then_some(line),
        }),
    },
    Player {
        name: "mpv",
        also: &[],
        system: "mpv",
        feed: Feed::Samples(mpv),
        lies: None,
        device_is: Some("audio device"),
        list: Some(Listing {
            program: "mpv",
            question: &["--no-config", "--audio-device=help"],
            name: |line| line.trim_start().strip_prefix('\'')?.split('\'').next(),
        }),
    },
    Player {
        name: "ffplay",
        also: &[],
        system: "FFmpeg",
        feed: Feed::Samples(ffplay),
        lies: Some("audio open failed"),
        device_is: None,
        list: None,
    },
    Player {
        name: "play",
        also: &[],
        system: "SoX",
        feed: Feed::Samples(sox_play),
        lies: None,
        device_is: Some("value of AUDIODEV"),
        list: None,
    },
    Player {
        name: "afplay",
        also: &[],
        system: "macOS",
        feed: Feed::Files(afplay),
        lies: None,
        device_is: None,
        list: None,
    },
    Player {
        name: "powershell",
        also: &["pwsh"],
        system: "Windows",
        feed: Feed::Files(powershell),
        // PowerShell ends well after an error in a script.
        lies: Some("Exception"),
        device_is: None,
        list: None,
    },
];

/// PipeWire answers PulseAudio's questions, and its nodes bear the names of the sinks.
const PULSE_SINKS: Listing =
    Listing { program: "pactl", question: &["list", "short", "sinks"], name: |line| line.split('\t').nth(1) };

fn words(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

/// Older versions take `-` for bare samples; since 1.4 `-` is a file with a head unless `--raw` is given.
fn pw_cat(program: &Path, rate: u32, device: Option<&str>) -> Vec<OsString> {
    let mut arguments =
        words(&["--playback", "--media-role=Communication", "--latency=40ms", "--channels=1", "--format=s16"]);
    arguments.push(format!("--rate={rate}").into());
    if let Some(device) = device {
        arguments.push(format!("--target={device}").into());
    }
    if program::ask(program, &["--help"]).is_some_and(|help| help.contains("--raw")) {
        arguments.push("--raw".into());
    }
    arguments.push("-".into());
    arguments
}

fn pacat(_: &Path, rate: u32, device: Option<&str>) -> Vec<OsString> {
    // `--raw` makes a program called paplay read bare samples; pacat does so anyway.
    let mut arguments = words(&["--playback", "--raw", "--format=s16le", "--channels=1", "--latency-msec=60"]);
    arguments.extend(words(&["--client-name=tts", "--stream-name=speech", "--property=media.role=a11y"]));
    arguments.push(format!("--rate={rate}").into());
    if let Some(device) = device {
        arguments.push(format!("--device={device}").into());
    }
    arguments
}

/// Sound starts when the buffer is full, so a short buffer is a short wait.
fn aplay(_: &Path, rate: u32, device: Option<&str>) -> Vec<OsString> {
    let mut arguments =
        words(&["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "--buffer-time=120000", "--period-time=20000"]);
    arguments.extend(words(&["-r", &rate.to_string()]));
    if let Some(device) = device {
        arguments.extend(words(&["-D", device]));
    }
    arguments.push("-".into());
    arguments
}

fn mpv(_: &Path, rate: u32, device: Option<&str>) -> Vec<OsString> {
    let mut arguments =
        words(&["--no-config", "--no-terminal", "--no-video", "--profile=low-latency", "--audio-buffer=0.06"]);
    arguments.extend(words(&["--msg-level=all=error", "--demuxer=rawaudio", "--demuxer-rawaudio-channels=1"]));
    arguments.push("--demuxer-rawaudio-format=s16le".into());
    arguments.push(format!("--demuxer-rawaudio-rate={rate}").into());
    if let Some(device) = device {
        arguments.push(format!("--audio-device={device}").into());
    }
    arguments.push("-".into());
    arguments
}

/// One channel is what the format assumes; the option that says so has another name in every second version.
fn ffplay(_: &Path, rate: u32, _: Option<&str>) -> Vec<OsString> {
    let mut arguments = words(&["-hide_banner", "-loglevel", "error", "-nodisp", "-autoexit", "-nostats"]);
    arguments.extend(words(&[
        "-fflags",
        "nobuffer",
        "-flags",
        "low_delay",
        "-probesize",
        "32",
        "-analyzeduration",
        "0",
    ]));
    arguments.extend(words(&["-f", "s16le", "-sample_rate", &rate.to_string(), "-i", "-"]));
    arguments
}

fn sox_play(_: &Path, rate: u32, _: Option<&str>) -> Vec<OsString> {
    let rate = rate.to_string();
    let format = ["-t", "raw", "-r", &rate, "-e", "signed-integer", "-b", "16", "-c", "1", "-L", "-"];
    [words(&["-q", "--buffer", "1024"]), words(&format)].concat()
}

fn afplay(file: &Path) -> Vec<OsString> {
    vec![file.into()]
}

fn powershell(file: &Path) -> Vec<OsString> {
    // The name is the program's own choice, but the folder may hold a quote.
    let file = file.display().to_string().replace('\'', "''");
    let script = format!("$ErrorActionPreference = 'Stop'; (New-Object System.Media.SoundPlayer '{file}').PlaySync()");
    [words(&["-NoProfile", "-NonInteractive", "-Command"]), vec![script.into()]].concat()
}

impl Player {
    /// The player `--player` calls `name`, by any of its names.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        PLAYERS.iter().find(|player| player.name == name || player.also.contains(&name))
    }

    /// Its program, if the system has it.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        std::iter::once(&self.name).chain(self.also).find_map(|name| program::find(name))
    }

    /// The devices it can be told to use, where it can say.
    pub(crate) fn devices(&self) -> Vec<String> {
        let Some(Listing { program, question, name }) = &self.list else { return Vec::new() };
        let answer = program::find(program).and_then(|program| program::ask(&program, question)).unwrap_or_default();
        answer.lines().filter_map(name).map(str::to_owned).collect()
    }

    /// What the environment of the program must hold to use `device`.
    pub(crate) fn environment(&self, device: Option<&str>) -> Option<(&'static str, String)> {
        let device = device.filter(|_| self.name == "play")?;
        Some(("AUDIODEV", device.to_owned()))
    }
}

/// What to install where there is no player, for people.
pub(crate) fn advice() -> String {
    let players: Vec<_> = PLAYERS.iter().map(|player| player.name).collect();
    let install = if cfg!(target_os = "linux") { " (Debian: apt install alsa-utils)" } else { "" };
    format!("write a file with -o speech.wav, pipe with -o -, or install one of {}{install}", players.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let mut seen = std::collections::HashSet::new();
        for player in PLAYERS {
            for name in std::iter::once(&player.name).chain(player.also) {
                assert!(seen.insert(*name), "{name} twice");
                assert_eq!(Player::named(name).map(|found| found.name), Some(player.name));
            }
        }
        assert!(Player::named("gramophone").is_none());
    }

    #[test]
    fn the_rate_reaches_every_player_that_reads_samples() {
        for player in PLAYERS {
            if let Feed::Samples(arguments) = player.feed {
                let arguments = arguments(Path::new("/nowhere"), 12_345, None);
                assert!(arguments.iter().any(|word| word.to_string_lossy().contains("12345")), "{}", player.name);
            }
        }
    }

    #[test]
    fn a_device_reaches_every_player_that_can_choose() {
        for player in PLAYERS {
            let Feed::Samples(arguments) = player.feed else { continue };
            let told = arguments(Path::new("/nowhere"), 1, Some("my-device"))
                .iter()
                .any(|word| word.to_string_lossy().contains("my-device"));
            let set = player.environment(Some("my-device")).is_some();
            assert_eq!(told || set, player.device_is.is_some(), "{}", player.name);
        }
    }

    #[test]
    fn a_quote_in_a_folder_does_not_end_the_script() {
        let arguments = powershell(Path::new("/a'; rm -r b/x.wav"));
        assert!(arguments[3].to_string_lossy().contains("'/a''; rm -r b/x.wav'"), "{arguments:?}");
    }
}
