//! What was typed: the commands, their options, and what `--help` says. What it means is [`crate::request`]'s business.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tts_core::units::Seed;
use tts_core::{PocketPrecision, Reading, Seams, Semitones, Steps, Temperature};

use crate::manner::MannerArgs;

use crate::message::JsonPlace;
use crate::models::args::ModelsCommand;
use crate::sink::pcm::SampleFormat;
use crate::timings::TimingsFormat;
use crate::voice::args::{VoiceCommand, VoiceInfoArgs, VoiceMixArgs};

const EXAMPLES: &str = "\
Examples:
  tts say \"Good evening.\"                    speak it
  llm | tts say -                            speak while the text arrives";

const EXIT_CODES: &str = "\
Help on a command: tts COMMAND --help. Version: tts --version.
Exit codes: 0 done, 1 internal, 2 usage, 3 text, recording or model bad,
  4 cannot write, 5 cannot play, 6 incomplete (--strict), 130 interrupted.";

/// Speech from text on any CPU, offline.
#[derive(Debug, Parser)]
#[command(name = "tts", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(help_template = "{about}\n\n{before-help}{usage-heading} {usage}\n\nCommands:\n{subcommands}{after-help}\n")]
#[command(before_help = EXAMPLES, after_help = EXIT_CODES, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Speak text: aloud, to a file or to a pipe
    Say(Box<SayArgs>),
    /// Make a voice of recordings of a person, without their mood
    Clone(Box<CloneArgs>),
    /// List the voices that are built in
    Voices(ListArgs),
    /// Say what a voice file holds, mix voices, or change one
    #[command(subcommand)]
    Voice(VoiceCommand),
    /// List, download and check models that are not built in
    #[command(subcommand)]
    Models(ModelsCommand),
    /// List the ways this machine can play sound
    Devices(ListArgs),
    /// Measure speed, delay and memory on this machine
    Bench(BenchArgs),
    /// Say what would run here: CPU, threads, model
    #[command(visible_alias = "version")]
    Info(InfoArgs),
    /// Write a model of Pocket TTS as one file that opens at once
    Convert(ConvertArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for every command into this folder instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Where a JSON object was asked for.
    pub(crate) fn wants_json(&self) -> Option<JsonPlace> {
        match self {
            Self::Say(say) if say.json => Some(say.json_place()),
            Self::Clone(clone) if clone.json => Some(JsonPlace::Stdout),
            Self::Voices(list) | Self::Devices(list) | Self::Models(ModelsCommand::List(list)) if list.json => {
                Some(JsonPlace::Stdout)
            }
            Self::Voice(VoiceCommand::Info(VoiceInfoArgs { json: true, .. })) => Some(JsonPlace::Stdout),
            Self::Voice(VoiceCommand::Mix(VoiceMixArgs { json: true, .. })) => Some(JsonPlace::Stdout),
            Self::Voice(VoiceCommand::Set(set)) if set.json => Some(JsonPlace::Stdout),
            Self::Bench(bench) if bench.json => Some(JsonPlace::Stdout),
            Self::Info(info) if info.json => Some(JsonPlace::Stdout),
            Self::Convert(convert) if convert.json => Some(JsonPlace::Stdout),
            _ => None,
        }
    }
}

/// Whose networks speak; text, plan, noise and renderer are the engine's either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Networks {
    /// The engine's own
    #[default]
    Native,
    /// The same model written plainly in burn: slow, for comparison
    Burn,
}

impl Networks {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Burn => "burn",
        }
    }
}

/// How text comes to a model that reads letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadingArg {
    /// Numbers, abbreviations and markup in English words
    Normalized,
    /// As it is written, sentence by sentence
    AsWritten,
    /// As the reference implementation prepares and cuts a whole text
    Reference,
}

impl From<ReadingArg> for Reading {
    fn from(reading: ReadingArg) -> Self {
        match reading {
            ReadingArg::Normalized => Self::Normalized,
            ReadingArg::AsWritten => Self::AsWritten,
            ReadingArg::Reference => Self::Reference,
        }
    }
}

/// How a model that reads a few sentences at a time goes from one piece to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeamsArg {
    /// Every piece afresh from the voice
    Restart,
    /// From what was said before it, where both fit
    GoOn,
}

impl From<SeamsArg> for Seams {
    fn from(seams: SeamsArg) -> Self {
        match seams {
            SeamsArg::Restart => Self::Restart,
            SeamsArg::GoOn => Self::GoOn,
        }
    }
}

/// Which engine, and how wide.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct EngineArgs {
    /// Voice: a name from `tts voices`, or a .voice file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) voice: Option<String>,
    /// Model to use instead of the built-in one: a name from `tts models list`, a folder or a YAML file
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) model: Option<PathBuf>,
    /// Threads to use [default: what serves this CPU]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// How a model of Pocket TTS keeps its weights: stored, f32, bf16, int8 or small [default: stored]
    #[arg(long, value_name = "HOW", requires = "model")]
    pub(crate) precision: Option<PocketPrecision>,
}

/// Thirty options on one screen, which no generated list does; a test checks that none is forgotten.
const SAY_HELP: &str = "\
Examples:
  tts say \"Dr. Smith paid $5.20.\"            speak it
  llm | tts say -                            speak while the text arrives
  tts say -f book.txt -o book.wav --timings srt book.srt
  tts say --emotion happy --rate 1.2 \"Good news, and fast.\"

Usage: tts say [OPTIONS] TEXT...  or  -  (standard input)  or  -f, --file FILE
Output: aloud unless -o is given
  -o, --output FILE|-       write WAV          --format s16|f32   --raw
  --player NAME[:DEVICE]    see `tts devices`  --timings srt|vtt|jsonl FILE|-
  --json  one object about the run, on stdout (with -o - on stderr)
  --dry-run  what would be said and how: normalized text, phones, durations
Voice: --voice NAME|FILE  --model NAME|PATH  --threads N  --engine native|burn
  --temperature 0..1.5  liveliness  --steps 1..64  work  --seed N  same sound
How: --emotion neutral|calm|happy|sad|angry|excited|fearful|tender|whispery
  --intensity 0..1 --rate 0.4..3 --pause-scale 0..5 --prosody-from CLIP
  --pitch -12..12  semitones above the voice's --range 0..3  of the melody
  --energy -12..12  dB                         --variation 0..2  of loudness
  --breathiness 0..1 --whisper 0..1 --final-slope -12..12 --like-the-clip
Text: markdown, [[HH AH0 L OW1]] for phones, [[sad 0.5]] .. [[/]], [[pause 1s]]
  --lexicon FILE  of WORD PHONES   --emoji     --no-markdown     --skip-code
  --reading normalized|as-written|reference --language TAG --precision small
  --seams restart|go-on     --strict  code 6 if something could not be spoken
Other: -q, --quiet  errors only    -v, --verbose  what it cost    -h, --help
";

/// Speak text: aloud, to a file or to a pipe
#[derive(Debug, Args)]
#[command(override_help = SAY_HELP)]
pub(crate) struct SayArgs {
    /// Words to speak, or - to read them from standard input as they arrive
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Read the text from a file as it arrives
    #[arg(short, long, value_name = "FILE", conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,

    /// Write WAV to a file (- is standard output) instead of playing
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) output: Option<PathBuf>,
    /// Sample format of -o
    #[arg(long, value_enum, requires = "output")]
    pub(crate) format: Option<SampleFormat>,
    /// Write bare samples without a WAV head
    #[arg(long, requires = "output")]
    pub(crate) raw: bool,
    /// Play through this (see `tts devices`)
    #[arg(long, value_name = "NAME[:DEVICE]", conflicts_with = "output")]
    pub(crate) player: Option<String>,
    /// Write word times: srt, vtt or jsonl
    #[arg(long, num_args = 2, value_names = ["FORMAT", "FILE|-"])]
    pub(crate) timings: Vec<OsString>,
    /// Print one JSON object about the run
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what would be said and how, without sound
    #[arg(long, conflicts_with_all = ["output", "player", "timings", "strict"])]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Whose networks speak [default: native]
    #[arg(long = "engine", value_enum, value_name = "NAME")]
    pub(crate) networks: Option<Networks>,
    #[command(flatten)]
    pub(crate) manner: MannerArgs,
    /// Speak as the recordings were spoken that the voice was made of
    #[arg(long, conflicts_with = "emotion")]
    pub(crate) like_the_clip: bool,
    /// Speak as somebody speaks in this recording
    #[arg(long, value_name = "CLIP", conflicts_with_all = ["emotion", "like_the_clip"])]
    pub(crate) prosody_from: Option<PathBuf>,
    /// Pitch: -12 to 12 semitones [default: 0]
    #[arg(long, value_name = "SEMITONES", value_parser = pitch, allow_negative_numbers = true)]
    pub(crate) pitch: Option<Semitones>,
    /// Same seed, same sound
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<Seed>,
    /// Liveliness: 0 to 1.5
    #[arg(long, value_name = "T", value_parser = temperature, allow_negative_numbers = true)]
    pub(crate) temperature: Option<Temperature>,
    /// Work per moment of sound: 1 to 64
    #[arg(long, value_name = "N", value_parser = steps, allow_negative_numbers = true)]
    pub(crate) steps: Option<Steps>,

    /// Pronunciations of your own: a line each, WORD PHONES
    #[arg(long, value_name = "FILE")]
    pub(crate) lexicon: Option<PathBuf>,
    /// Speak the names of emoji
    #[arg(long)]
    pub(crate) emoji: bool,
    /// Take * # ` and links as plain characters
    #[arg(long)]
    pub(crate) no_markdown: bool,
    /// Leave out fenced code blocks
    #[arg(long)]
    pub(crate) skip_code: bool,
    /// How text comes to a model of Pocket TTS [default: as suits its language]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) reading: Option<ReadingArg>,
    /// How a model of Pocket TTS goes from one piece of a text to the next [default: restart]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) seams: Option<SeamsArg>,
    /// Language of a model of Pocket TTS that no catalogue knows [default: en]
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
    /// End with code 6 if anything of the text was left out
    #[arg(long)]
    pub(crate) strict: bool,

    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say what was chosen and what it cost
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl SayArgs {
    /// Where `--json` prints: beside the sound, never into it.
    pub(crate) fn json_place(&self) -> JsonPlace {
        match &self.output {
            Some(path) if path.as_os_str() == "-" => JsonPlace::Stderr,
            _ => JsonPlace::Stdout,
        }
    }

    /// The pairs of `--timings`.
    ///
    /// # Errors
    /// Names the formats there are.
    pub(crate) fn timings(&self) -> Result<Vec<(TimingsFormat, PathBuf)>, String> {
        let pair = |pair: &[OsString]| {
            let format = pair[0].to_string_lossy();
            let known = <TimingsFormat as clap::ValueEnum>::from_str(&format, true);
            let format =
                known.map_err(|_| format!("--timings wants srt, vtt or jsonl and then a file, not '{format}'"))?;
            Ok((format, PathBuf::from(&pair[1])))
        };
        self.timings.chunks_exact(2).map(pair).collect()
    }
}

const CLONE_HELP: &str = "\
Examples:
  tts clone angry-friend.m4a -o friend.voice     the voice, not the anger
  tts clone a.wav b.mp3 c.opus -o anna.voice     more of her, better likeness
  tts clone --dry-run clip.wav                   would it work? what is wrong?
  tts say --voice friend.voice \"Good evening.\"

Usage: tts clone [OPTIONS] CLIP... -o FILE.voice
Clips: WAV MP3 FLAC Ogg Opus M4A AIFF WebM; one person, 10 s or more, a quiet
  room. The best 20 s are taken; of a long clip the first 5 min are looked at.
  Make voices only of people who agreed to it.
  -o, --output FILE  the voice to write        --force  replace one there is
  --dry-run  look at the clips only
Pocket TTS: --model NAME|PATH  -o FILE.safetensors  its reference reads it too
  --like-the-clip  the clip's start, as that does; else its calmest parts
  --old-layout  as pocket-tts 1 wrote it
Card: what others should know of the voice
  --name NAME  [default: that of the file]     --language TAG  such as en-US
  --licence ID  such as CC-BY-4.0              --consent TEXT  who agreed, how
Other: --json  the findings as one object on stdout
  -q, --quiet  errors only    -v, --verbose    -h, --help
Exit codes: 0 done, 3 no voice can be made of these, 4 cannot write, or exists
";

/// Make a voice of recordings of a person, without their mood
#[derive(Debug, Args)]
#[command(override_help = CLONE_HELP)]
pub(crate) struct CloneArgs {
    /// Recordings of one person
    #[arg(value_name = "CLIP", required = true)]
    pub(crate) clips: Vec<PathBuf>,
    /// The voice to write
    #[arg(short, long, value_name = "FILE.voice", required_unless_present = "dry_run")]
    pub(crate) output: Option<PathBuf>,
    /// Look at the recordings only
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace a file that exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Take a voice for Pocket TTS from the start of the recording, as its reference does, not from the calmest parts
    #[arg(long, requires = "model")]
    pub(crate) like_the_clip: bool,
    /// Write a voice for Pocket TTS as versions before 2 did
    #[arg(long, requires = "model")]
    pub(crate) old_layout: bool,
    /// Model to use instead of the built-in one: a name from `tts models list`, a folder or a YAML file
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) model: Option<PathBuf>,

    /// Name of the voice [default: that of the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Language of the recordings, a BCP 47 tag such as en-US
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
    /// Licence of the voice, an SPDX identifier
    #[arg(long, value_name = "ID")]
    pub(crate) licence: Option<String>,
    /// On what ground the voice may be used
    #[arg(long, value_name = "TEXT")]
    pub(crate) consent: Option<String>,

    /// Print one JSON object with what was found
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say what was chosen
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// A list, for people or for programs
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Measure speed, delay and memory on this machine
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write a model of Pocket TTS as one file that opens at once, such as: tts convert english -o english.packed
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// A name from `tts models list`, a folder or a YAML file
    #[arg(value_name = "NAME|PATH")]
    pub(crate) model: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// How it keeps its weights: stored, f32, bf16, int8, or small: 8 bits where most weights are, 16 elsewhere
    #[arg(long, value_name = "HOW", default_value = "small")]
    pub(crate) precision: PocketPrecision,
    /// Replace a file that exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON object about it
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say what would run here
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Model to use instead of the built-in one: a name from `tts models list`, a folder or a YAML file
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) model: Option<PathBuf>,
    /// Threads to use [default: what serves this CPU]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn number(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| "expected a number, such as 1.25".to_owned())
}

fn pitch(text: &str) -> Result<Semitones, String> {
    Semitones::new(number(text)?).map_err(|error| error.to_string())
}

pub(crate) fn hertz(text: &str) -> Result<f32, String> {
    let hz = number(text)?;
    let range = 21.0..=1900.0;
    if range.contains(&hz) { Ok(hz) } else { Err(format!("pitch is {hz}, expected 21 to 1900 Hz")) }
}

fn temperature(text: &str) -> Result<Temperature, String> {
    Temperature::new(number(text)?).map_err(|error| error.to_string())
}

fn steps(text: &str) -> Result<Steps, String> {
    let steps = text.parse().map_err(|_| "expected a whole number from 1 to 64".to_owned())?;
    Steps::new(steps).map_err(|error| error.to_string())
}

fn seed(text: &str) -> Result<Seed, String> {
    text.parse().map(Seed).map_err(|_| format!("expected a whole number from 0 to {}", u64::MAX))
}

/// Prints what clap has to say: help and version to standard output, mistakes to standard error.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    // A closed pipe behind `tts --help | head` is no mistake.
    let _ = error.print();
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(text)) = error.get(ContextKind::InvalidSubcommand)
    {
        crate::message::hint(&format!("to speak it: tts say \"{text}\""));
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use tts_core::{
        Breathiness, Emotion, Energy, FinalSlope, Intensity, PauseScale, PitchRange, Rate, Variation, Whisper,
    };

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn lines(command: &str) -> Vec<String> {
        let mut cli = Cli::command();
        cli.build();
        let mut found = &mut cli;
        for name in command.split_whitespace() {
            found = found.find_subcommand_mut(name).expect("a command");
        }
        found.render_help().to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn help_fits_the_screen_with_examples_first() {
        let commands = ["", "say", "clone", "voices", "devices", "bench", "info", "convert", "completions", "man"];
        let models = ["models", "models list", "models get", "models verify", "models path", "models rm"];
        for command in commands.into_iter().chain(["voice", "voice info", "voice mix", "voice set"]).chain(models) {
            let help = lines(command);
            let wide: Vec<_> = help.iter().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{command}: {wide:#?}");
            assert!(help.len() <= 24, "{command}: {} lines", help.len());
        }
        for command in ["", "say", "clone", "models get"] {
            let help = lines(command);
            let place = |start: &str| help.iter().position(|line| line.starts_with(start)).expect(start);
            assert!(place("Examples") < place("Usage"), "{}", help.join("\n"));
        }
    }

    #[test]
    fn the_help_of_say_has_the_ranges() {
        let range = |(low, high): (f32, f32)| format!("{low}..{high}");
        for (option, range) in [
            ("--rate", range(Rate::RANGE)),
            ("--pitch", range(Semitones::RANGE)),
            ("--pause-scale", range(PauseScale::RANGE)),
            ("--temperature", range(Temperature::RANGE)),
            ("--intensity", range(Intensity::RANGE)),
            ("--range", range(PitchRange::RANGE)),
            ("--energy", range(Energy::RANGE)),
            ("--variation", range(Variation::RANGE)),
            ("--breathiness", range(Breathiness::RANGE)),
            ("--whisper", range(Whisper::RANGE)),
            ("--final-slope", range(FinalSlope::RANGE)),
            ("--emotion", Emotion::ALL.map(Emotion::name).join("|")),
            ("--steps", format!("{}..{}", Steps::RANGE.0, Steps::RANGE.1)),
        ] {
            assert!(SAY_HELP.contains(&format!("{option} {range}")), "{option} {range}");
        }
    }

    #[test]
    fn written_help_forgets_nothing() {
        let mut cli = Cli::command();
        cli.build();
        let say = cli.find_subcommand("say").expect("say");
        let clone = cli.find_subcommand("clone").expect("clone");
        let set = cli.find_subcommand("voice").and_then(|voice| voice.find_subcommand("set")).expect("set");
        let get = cli.find_subcommand("models").and_then(|models| models.find_subcommand("get")).expect("get");
        let get = (get, crate::models::args::WRITTEN_HELP);
        for (command, help) in [(say, SAY_HELP), (clone, CLONE_HELP), (set, crate::voice::args::SET_HELP), get] {
            for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
                let long = argument.get_long().expect("a long name");
                assert!(help.contains(&format!("--{long} ")) || help.contains(&format!("--{long}\n")), "--{long}");
                if let Some(short) = argument.get_short() {
                    assert!(help.contains(&format!("-{short}, ")), "-{short}");
                }
            }
        }
    }
}
