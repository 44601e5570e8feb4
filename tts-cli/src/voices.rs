//! `tts voices`: what is built in.

use std::fmt::Write;

use serde::Serialize;
use tts_core::{Engine, VoiceCard};

use crate::args::ListArgs;
use crate::exit::{Exit, OrExit};
use crate::message::{self, JsonPlace};

#[derive(Serialize)]
struct Card<'v> {
    name: &'v str,
    language: &'v str,
    gender: &'v str,
    licence: &'v str,
    description: &'v str,
    attribution: &'v str,
    consent: &'v str,
    /// The one that speaks unless another is asked for.
    default: bool,
}

/// Lists the voices.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let voices = Engine::shipped_voices().or_exit(Exit::Internal, "cannot list the built-in voices")?;
    if args.json {
        let cards: Vec<_> = voices.iter().enumerate().map(|(index, voice)| card(voice, index == 0)).collect();
        message::json(JsonPlace::Stdout, &cards)?;
    } else {
        message::output(&table(&voices))?;
    }
    Ok(Exit::Done)
}

fn card(voice: &VoiceCard, default: bool) -> Card<'_> {
    Card {
        name: &voice.name,
        language: &voice.language,
        gender: &voice.gender,
        licence: &voice.licence,
        description: &voice.description,
        attribution: &voice.attribution,
        consent: &voice.consent,
        default,
    }
}

fn table(voices: &[VoiceCard]) -> String {
    let rows: Vec<[&str; 5]> = std::iter::once(["NAME", "LANGUAGE", "GENDER", "LICENCE", "DESCRIPTION"])
        .chain(
            voices
                .iter()
                .map(|voice| [&*voice.name, &*voice.language, &*voice.gender, &*voice.licence, &*voice.description]),
        )
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut table = String::new();
    for [name, language, gender, licence, description] in rows {
        let [n, l, g, c] = widths;
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{name:n$}  {language:l$}  {gender:g$}  {licence:c$}  {description}");
    }
    table
}
