//! `tts voice`: what a voice file says, mixes of voices, and changes to what a file says.

pub(crate) mod args;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use args::{VoiceCommand, VoiceInfoArgs, VoiceMixArgs, VoiceSetArgs};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tts_core::{Engine, MeasuredProsody, Prosody, Timbre, VoiceCard, VoiceFile};

use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt;
use crate::message::{self, JsonPlace};
use crate::sink::file::Staged;

/// Does it.
///
/// # Errors
/// Every error carries its exit code.
pub(crate) fn run(command: VoiceCommand) -> anyhow::Result<Exit> {
    match command {
        VoiceCommand::Info(args) => info(&args),
        VoiceCommand::Mix(args) => mix(&args),
        VoiceCommand::Set(args) => set(*args),
    }
}

/// A voice by the name of a shipped one or by its file.
fn find(wanted: &str) -> anyhow::Result<VoiceFile> {
    let cards = Engine::shipped_voices().or_exit(Exit::Internal, "cannot list the built-in voices")?;
    if wanted == "default" || cards.iter().any(|card| card.name == wanted) {
        return Engine::shipped_voice(wanted).or_exit(Exit::Input, format!("cannot use the voice {wanted}"));
    }
    let path = Path::new(wanted);
    if path.extension().is_some_and(|extension| extension == "voice") || path.components().count() > 1 || path.is_file()
    {
        return VoiceFile::open(path).or_exit(Exit::Input, format!("cannot use the voice file {wanted}"));
    }
    let names: Vec<_> = cards.iter().map(|card| card.name.as_str()).collect();
    let text = format!("there is no voice '{wanted}'; built in are {}, or give a .voice file", names.join(", "));
    Err(Failure::new(Exit::Input, text).into())
}

/// Writes a voice under its name when it is whole.
pub(crate) fn write(voice: &VoiceFile, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let bytes = voice.to_bytes().or_exit(Exit::Usage, format!("cannot write {shown}"))?;
    write_bytes(&bytes, path)
}

/// Writes a file under its name when it is whole.
pub(crate) fn write_bytes(bytes: &[u8], path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    interrupt::listen()?;
    let mut staged = Staged::create(path)?;
    let written = staged.write_all(bytes).and_then(|()| staged.commit());
    written.or_exit(Exit::Output, format!("cannot write {shown}"))
}

/// Whether a voice file may have this name.
pub(crate) fn check_output(path: &Path) -> anyhow::Result<()> {
    if path.extension().is_some_and(|extension| extension == "voice") {
        return Ok(());
    }
    let text = format!("-o {}: the name of a voice file must end in .voice", path.display());
    Err(Failure::new(Exit::Usage, text).into())
}

fn info(args: &VoiceInfoArgs) -> anyhow::Result<Exit> {
    let report = Report::new(&find(&args.voice)?)?;
    report.print(args.json)
}

fn mix(args: &VoiceMixArgs) -> anyhow::Result<Exit> {
    check_output(&args.output)?;
    let parts = args.parts.iter().map(|text| Part::read(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let timbres: Vec<_> = parts.iter().map(|part| (&part.voice.timbre, part.weight)).collect();
    let timbre = Timbre::mix(&timbres).or_exit(Exit::Input, "cannot mix")?;
    let card = mixed_card(&parts, args.name.clone().unwrap_or_else(|| stem(&args.output)));
    let voice = VoiceFile { card, timbre, prosody: Prosody::default(), measured: None };
    write(&voice, &args.output)?;
    Report::new(&voice)?.print_if(args.json)
}

/// A part of a mix: `a.voice:0.7`.
struct Part {
    voice: VoiceFile,
    weight: f32,
}

impl Part {
    fn read(text: &str) -> anyhow::Result<Self> {
        let weighted = text.rsplit_once(':').and_then(|(name, weight)| Some((name, weight.parse::<f32>().ok()?)));
        let (name, weight) = weighted.unwrap_or((text, 1.0));
        if !(weight.is_finite() && weight > 0.0) {
            let text = format!("the weight of {name} is {weight}, expected a number above 0");
            return Err(Failure::new(Exit::Usage, text).into());
        }
        Ok(Self { voice: find(name)?, weight })
    }
}

/// Every text once, in the order of the parts.
fn joined(parts: &[Part], of: fn(&VoiceCard) -> &String, between: &str) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for text in parts.iter().map(|part| of(&part.voice.card).as_str()) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(between)
}

fn mixed_card(parts: &[Part], name: String) -> VoiceCard {
    let sum: f32 = parts.iter().map(|part| part.weight).sum();
    let share = |part: &Part| format!("{:.0} % {}", 100.0 * part.weight / sum, part.voice.card.name);
    let same = |of: fn(&VoiceCard) -> &String, other: &str| {
        let first = parts.first().map(|part| of(&part.voice.card));
        let all = parts.iter().all(|part| Some(of(&part.voice.card)) == first);
        first.filter(|_| all).cloned().unwrap_or_else(|| other.to_owned())
    };
    VoiceCard {
        name,
        language: same(|card| &card.language, "mul"),
        gender: same(|card| &card.gender, "mixed"),
        // an SPDX expression: all of them hold
        licence: joined(parts, |card| &card.licence, " AND "),
        description: format!("A mix: {}.", parts.iter().map(share).collect::<Vec<_>>().join(", ")),
        attribution: joined(parts, |card| &card.attribution, "; "),
        consent: joined(parts, |card| &card.consent, " "),
    }
}

fn set(args: VoiceSetArgs) -> anyhow::Result<Exit> {
    check_output(&args.output)?;
    let mut voice = find(&args.voice)?;
    let card = &mut voice.card;
    for (field, text) in [
        (&mut card.name, args.name),
        (&mut card.language, args.language),
        (&mut card.gender, args.gender),
        (&mut card.licence, args.licence),
        (&mut card.description, args.description),
        (&mut card.attribution, args.attribution),
        (&mut card.consent, args.consent),
    ] {
        if let Some(text) = text {
            *field = text;
        }
    }
    if let Some(hz) = args.pitch {
        voice.timbre = voice.timbre.with_pitch_hz(hz);
    }
    voice.prosody = args.manner.overrides().over(args.manner.preset().unwrap_or(voice.prosody));
    write(&voice, &args.output)?;
    Report::new(&voice)?.print_if(args.json)
}

fn stem(path: &Path) -> String {
    PathBuf::from(path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// What is said of a voice.
#[derive(Serialize)]
struct Report {
    name: String,
    language: String,
    gender: String,
    licence: String,
    description: String,
    attribution: String,
    consent: String,
    /// Fingerprint of the weights that read the timbre.
    encoder: String,
    /// Whether the built-in model can speak with it.
    fits: bool,
    timbre_size: usize,
    /// Numbers of what the speaker has of their own in each kind of sound; 0 if it is not known.
    own_size: usize,
    pitch_hz: f32,
    /// Semitones.
    pitch_deviation: f32,
    prosody: Map<String, Value>,
    measured: Option<Map<String, Value>>,
}

fn object<'n>(pairs: impl Iterator<Item = (&'n str, f32)>) -> Map<String, Value> {
    // four decimals: more than anybody set, less than the noise of a conversion
    pairs.map(|(name, value)| (name.to_owned(), json!((f64::from(value) * 1e4).round() / 1e4))).collect()
}

impl Report {
    fn new(voice: &VoiceFile) -> anyhow::Result<Self> {
        let own = Engine::shipped_voice("default").or_exit(Exit::Internal, "cannot read the built-in voice")?;
        let VoiceFile { card, timbre, prosody, measured } = voice.clone();
        let VoiceCard { name, language, gender, licence, description, attribution, consent } = card;
        let neutral = Prosody::default().values();
        let changed = prosody.values().into_iter().zip(neutral).filter(|(value, neutral)| value != neutral);
        Ok(Self {
            name,
            language,
            gender,
            licence,
            description,
            attribution,
            consent,
            encoder: timbre.fingerprint().to_string(),
            fits: timbre.fingerprint() == own.timbre.fingerprint(),
            timbre_size: timbre.values().len(),
            own_size: timbre.own().len(),
            pitch_hz: timbre.pitch_hz(),
            pitch_deviation: timbre.pitch_deviation(),
            prosody: object(changed.map(|(value, _)| value)),
            measured: measured.map(|found| object(MeasuredProsody::NAMES.into_iter().zip(found.values()))),
        })
    }

    fn print_if(&self, json: bool) -> anyhow::Result<Exit> {
        if json { self.print(true) } else { Ok(Exit::Done) }
    }

    fn print(&self, json: bool) -> anyhow::Result<Exit> {
        if json {
            message::json(JsonPlace::Stdout, self)?;
        } else {
            message::output(&self.table())?;
        }
        Ok(Exit::Done)
    }

    fn table(&self) -> String {
        let list = |numbers: &Map<String, Value>| {
            numbers
                .iter()
                .map(|(name, value)| format!("{name} {:.2}", value.as_f64().unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let prosody = if self.prosody.is_empty() { "neutral".to_owned() } else { list(&self.prosody).join(", ") };
        let measured = self.measured.as_ref().map_or("not known".to_owned(), |found| list(found).join(", "));
        let fits =
            if self.fits { "the built-in model's" } else { "of another model; clone the voice again to use it here" };
        let Self { name, language, gender, licence, description, attribution, consent, encoder, timbre_size, .. } =
            self;
        let own = if self.own_size > 0 { format!("{} numbers", self.own_size) } else { "not known".to_owned() };
        format!(
            "name         {name}\nlanguage     {language}\ngender       {gender}\nlicence      {licence}\n\
             description  {description}\nattribution  {attribution}\nconsent      {consent}\n\
             encoder      {encoder}, {fits}\ntimbre       {timbre_size} numbers\nown sounds   {own}\n\
             pitch        {:.0} Hz, deviation {:.1} semitones\nprosody      {prosody}\nrecording    {measured}\n",
            self.pitch_hz, self.pitch_deviation
        )
    }
}
