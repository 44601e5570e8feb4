//! What was typed after `tts voice`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::hertz;
use crate::manner::MannerArgs;

/// What can be done with voice files.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum VoiceCommand {
    /// Say what a voice is: card, pitch, way of speaking, encoder
    Info(VoiceInfoArgs),
    /// Make a voice between voices
    Mix(VoiceMixArgs),
    /// Make a voice file with other facts, pitch or way of speaking
    Set(Box<VoiceSetArgs>),
}

/// Say what a voice is: card, pitch, way of speaking, encoder
#[derive(Debug, Args)]
pub(crate) struct VoiceInfoArgs {
    /// A name from `tts voices`, or a .voice file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) voice: String,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a voice between voices, such as: tts voice mix nora:0.7 my.voice:0.3 -o c.voice
#[derive(Debug, Args)]
#[command(override_usage = "tts voice mix [OPTIONS] -o FILE VOICE[:WEIGHT] VOICE[:WEIGHT]...")]
pub(crate) struct VoiceMixArgs {
    /// A name from `tts voices` or a .voice file, and its weight [default weight: 1]
    #[arg(value_name = "VOICE[:WEIGHT]", required = true, num_args = 2..)]
    pub(crate) parts: Vec<String>,
    /// The voice file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Its name [default: the file's]
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Print one JSON object about it
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const SET_HELP: &str = "\
Example:
  tts voice set my.voice -o low.voice --name low --pitch 95 --emotion calm

Usage: tts voice set NAME|FILE -o FILE [OPTIONS]
  -o, --output FILE  the voice file to write; it may be the one that is read
  --json  one object about it, on stdout
Facts: what is not given stays
  --name TEXT         --language TAG            --gender TEXT
  --licence SPDX      --attribution TEXT        --consent TEXT
  --description TEXT
Pitch: --pitch HZ  what is usual for the speaker
How it speaks unless asked otherwise: ranges as in tts say --help
  --emotion NAME      --intensity 0..1          --rate TIMES
  --pause-scale TIMES --range TIMES             --energy DB
  --variation TIMES   --breathiness 0..1        --whisper 0..1
  --final-slope SEMITONES
  -h, --help
";

/// Make a voice file with other facts, pitch or way of speaking
#[derive(Debug, Args)]
#[command(override_help = SET_HELP)]
pub(crate) struct VoiceSetArgs {
    /// A name from `tts voices`, or a .voice file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) voice: String,
    /// The voice file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Print one JSON object about it
    #[arg(long)]
    pub(crate) json: bool,
    /// Name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Language, such as en-US
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<String>,
    /// How listeners hear the voice
    #[arg(long, value_name = "TEXT")]
    pub(crate) gender: Option<String>,
    /// Licence, such as CC0-1.0
    #[arg(long, value_name = "SPDX")]
    pub(crate) licence: Option<String>,
    /// One line about the sound
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Whom to name
    #[arg(long, value_name = "TEXT")]
    pub(crate) attribution: Option<String>,
    /// On what ground the voice may be used
    #[arg(long, value_name = "TEXT")]
    pub(crate) consent: Option<String>,
    /// Habitual pitch: 21 to 1900 Hz
    #[arg(long, value_name = "HZ", value_parser = hertz, allow_negative_numbers = true)]
    pub(crate) pitch: Option<f32>,
    #[command(flatten)]
    pub(crate) manner: MannerArgs,
}
