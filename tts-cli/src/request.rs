//! What was typed, made into what it means: every choice is made here, before the engine is loaded, and every
//! contradiction that clap cannot see is named with its remedy.

use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tts_core::{
    Checked, Clip, Engine, EngineOptions, Error, Family, Lexicon, Locate, Overrides, PocketPrecision, PromptOptions,
    Prosody, Settings, Voice, audio,
};

use crate::args::{EngineArgs, Networks, SayArgs};
use crate::burn;
use crate::exit::{Exit, Failure, OrExit};
use crate::message::{self, JsonPlace, Loudness};
use crate::models::{self, FetchError};
use crate::sink::file::FileSink;
use crate::sink::pcm::SampleFormat;
use crate::sink::pipe::PipeSink;
use crate::sink::playback::{Candidate, Playback};
use crate::sink::player::{PLAYERS, Player};
use crate::sink::{Sink, SinkError};
use crate::timings::TimingsFormat;

/// Where text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the command line, whole.
    Argument(String),
    /// From standard input, as it arrives.
    Stdin,
    /// From a file or named pipe, as it arrives.
    File(PathBuf),
}

/// Where sound goes.
#[derive(Debug)]
pub(crate) enum Destination {
    /// To ears, through the first of these that works.
    Player { candidates: Vec<Candidate>, device: Option<String> },
    /// To ears, through the system's own interface; then through the others.
    #[cfg(feature = "cpal")]
    Native { candidates: Vec<Candidate>, device: Option<String>, only: bool },
    /// To a file.
    File { path: PathBuf, format: SampleFormat, raw: bool },
    /// To standard output.
    Pipe { format: SampleFormat, raw: bool },
}

/// Which engine and voice.
#[derive(Debug, Default)]
pub(crate) struct EngineRequest {
    voice: Option<String>,
    model: Option<PathBuf>,
    threads: Option<NonZeroUsize>,
    lexicon: Option<Lexicon>,
    manner: Option<MannerOf>,
    language: Option<String>,
    precision: Option<PocketPrecision>,
    pub(crate) networks: Networks,
}

/// Whose manner of speaking is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MannerOf {
    /// That of the recordings that the voice was made of.
    TheVoice,
    /// That of another recording.
    Clip(PathBuf),
}

/// Everything `tts say` was asked to do.
#[derive(Debug)]
pub(crate) struct SayRequest {
    pub(crate) source: Source,
    pub(crate) destination: Destination,
    pub(crate) engine: EngineRequest,
    pub(crate) settings: Settings,
    pub(crate) timings: Vec<(TimingsFormat, PathBuf)>,
    pub(crate) json: Option<JsonPlace>,
    pub(crate) dry_run: bool,
    pub(crate) strict: bool,
    /// Whether a person may be shown how far the work is.
    pub(crate) progress: bool,
}

fn usage(text: impl Into<String>) -> anyhow::Error {
    Failure::new(Exit::Usage, text).into()
}

impl SayRequest {
    /// What `args` mean.
    ///
    /// # Errors
    /// With [`Exit::Usage`] for contradictions, [`Exit::Input`] for a lexicon that cannot be used, [`Exit::Playback`] if
    /// the player asked for is not there.
    pub(crate) fn new(args: SayArgs) -> anyhow::Result<Self> {
        let json = args.json.then(|| args.json_place());
        message::set_loudness(match (args.quiet, args.verbose, json) {
            (true, ..) | (_, _, Some(JsonPlace::Stderr)) => Loudness::Quiet,
            (_, true, _) => Loudness::Verbose,
            _ => Loudness::Normal,
        });
        let timings = args.timings().map_err(usage)?;
        check_stdout(&args, &timings)?;
        let source = source(args.text, args.file)?;
        let format = args.format.unwrap_or_default();
        let progress = !args.quiet && json.is_none() && args.output.is_some() && io::stderr().is_terminal();
        let destination = match args.output {
            Some(path) if path.as_os_str() == "-" => Destination::Pipe { format, raw: args.raw },
            Some(path) => {
                check_extension(&path)?;
                Destination::File { path, format, raw: args.raw }
            }
            None if args.dry_run => Destination::Player { candidates: Vec::new(), device: None },
            None => player(args.player.as_deref())?,
        };
        let mut settings = Settings::default();
        settings.sampling.seed = args.seed.unwrap_or_default();
        settings.sampling.temperature = args.temperature;
        settings.sampling.steps = args.steps;
        settings.text.emoji_names = args.emoji;
        settings.text.markdown = !args.no_markdown;
        settings.text.code_blocks = !args.skip_code;
        settings.reading = args.reading.map(Into::into);
        settings.seams = args.seams.map(Into::into);
        // nobody waits for a file: what a model says wrong is said again before it is written
        settings.checked = match destination {
            Destination::File { .. } => Checked::Whole,
            _ => Checked::Ahead,
        };
        // What is not asked for stays as the voice has it.
        settings.prosody = args.manner.preset();
        settings.overrides = Overrides { pitch: args.pitch, ..args.manner.overrides() };
        let lexicon = args.lexicon.as_deref().map(lexicon).transpose()?;
        let manner = args.prosody_from.map(MannerOf::Clip).or(args.like_the_clip.then_some(MannerOf::TheVoice));
        let networks = args.networks.unwrap_or_default();
        if networks == Networks::Burn {
            burn::is_built_in().map_err(usage)?;
        }
        let language = args.language;
        let engine = EngineRequest { lexicon, manner, networks, language, ..EngineRequest::new(args.engine) };
        let SayArgs { dry_run, strict, .. } = args;
        Ok(Self { source, destination, engine, settings, timings, json, dry_run, strict, progress })
    }
}

/// Standard output can carry one thing.
fn check_stdout(args: &SayArgs, timings: &[(TimingsFormat, PathBuf)]) -> anyhow::Result<()> {
    let sound = args.output.as_deref() == Some(Path::new("-"));
    let timed = timings.iter().filter(|(_, path)| path.as_os_str() == "-").count();
    if timed > 0 && sound {
        return Err(usage("-o - and --timings … - both want standard output; write one of them to a file"));
    }
    if timed > 0 && args.json {
        return Err(usage("--json and --timings … - both want standard output; write the word times to a file"));
    }
    if timed > 1 {
        return Err(usage("two --timings both want standard output; write one of them to a file"));
    }
    Ok(())
}

fn source(text: Vec<String>, file: Option<PathBuf>) -> anyhow::Result<Source> {
    match (file, text.as_slice()) {
        (Some(path), _) if path.as_os_str() == "-" => Ok(Source::Stdin),
        (Some(path), _) => Ok(Source::File(path)),
        (None, [dash]) if dash == "-" => Ok(Source::Stdin),
        (None, []) if io::stdin().is_terminal() => Err(usage(
            "there is nothing to say: give the text (tts say \"Hello.\"), a file (-f FILE), or - for standard input",
        )),
        (None, []) => Ok(Source::Stdin),
        (None, words) if words.iter().any(|word| word == "-") => {
            Err(usage("- reads the text from standard input and cannot be mixed with words"))
        }
        (None, words) => Ok(Source::Argument(words.join(" "))),
    }
}

fn check_extension(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    if matches!(extension.as_str(), "mp3" | "ogg" | "oga" | "opus" | "flac" | "m4a" | "aac" | "aiff" | "aif" | "webm") {
        let shown = path.display();
        return Err(usage(format!("only WAV can be written; for {shown} use: tts say -o - … | ffmpeg -i - {shown}")));
    }
    Ok(())
}

fn available() -> Vec<Candidate> {
    PLAYERS.iter().filter_map(|player| player.find().map(|program| Candidate { player, program })).collect()
}

fn player(wanted: Option<&str>) -> anyhow::Result<Destination> {
    let Some(wanted) = wanted else {
        let candidates = available();
        #[cfg(feature = "cpal")]
        return Ok(Destination::Native { candidates, device: None, only: false });
        #[cfg(not(feature = "cpal"))]
        return Ok(Destination::Player { candidates, device: None });
    };
    let (name, device) =
        wanted.split_once(':').map_or((wanted, None), |(name, device)| (name, Some(device.to_owned())));
    if name == "native" {
        #[cfg(feature = "cpal")]
        return Ok(Destination::Native { candidates: Vec::new(), device, only: true });
        #[cfg(not(feature = "cpal"))]
        return Err(usage(
            "this tts was built without native output; build it with --features cpal, or see `tts devices`",
        ));
    }
    let Some(player) = Player::named(name) else {
        let known: Vec<_> = PLAYERS.iter().map(|player| player.name).collect();
        return Err(usage(format!("there is no player '{name}'; known are {}", known.join(", "))));
    };
    if device.is_some() && player.device_is.is_none() {
        return Err(usage(format!("{name} cannot choose a device; leave out what follows the colon")));
    }
    let Some(program) = player.find() else {
        let text = format!(
            "{name} is not installed here; `tts devices` lists what is, and without --player the best is taken"
        );
        return Err(Failure::new(Exit::Playback, text).into());
    };
    Ok(Destination::Player { candidates: vec![Candidate { player, program }], device })
}

fn lexicon(path: &Path) -> anyhow::Result<Lexicon> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).or_exit(Exit::Input, format!("cannot read the lexicon {shown}"))?;
    Lexicon::parse(&text).or_exit(Exit::Input, format!("cannot use the lexicon {shown}"))
}

impl Destination {
    /// Opens the way for samples at `rate`.
    ///
    /// # Errors
    /// As the sinks say.
    pub(crate) fn open(self, rate: u32) -> anyhow::Result<Box<dyn Sink>> {
        let refused = |error: SinkError| {
            error.into_failure().unwrap_or_else(|| Failure::new(Exit::Playback, "the player closed its input at once"))
        };
        Ok(match self {
            Self::Player { candidates, device } => {
                Box::new(Playback::start(candidates, device, rate).map_err(refused)?)
            }
            #[cfg(feature = "cpal")]
            Self::Native { candidates, device, only } => {
                match crate::sink::native::NativeSink::open(device.as_deref(), rate) {
                    Ok(native) => Box::new(native),
                    Err(error) if only => return Err(Failure::new(Exit::Playback, error).into()),
                    Err(error) => {
                        message::detail(&format!("native output does not work: {error}"));
                        Box::new(Playback::start(candidates, device, rate).map_err(refused)?)
                    }
                }
            }
            Self::File { path, format, raw } => Box::new(FileSink::create(&path, format, rate, raw)?),
            Self::Pipe { format, raw } => Box::new(PipeSink::new(format, rate, raw)?),
        })
    }
}

/// What the configuration of a model names by an address is looked for here, never fetched.
pub(crate) fn locate(model: &Path) -> Locate {
    let config = model.to_str().filter(|name| models::is_config(name)).map(str::to_owned);
    Locate::by(move |uri| {
        models::find(uri).map_err(|error| match error {
            FetchError::NotHere { uri } => {
                let all = config.as_ref().unwrap_or(&uri);
                format!("it is not on this machine; to download it: tts models get {all}")
            }
            error => error.to_string(),
        })
    })
}

/// Where the model is that was typed as a path or an address; the latter is looked for here, never fetched.
///
/// # Errors
/// With exit code 3 if it is not here: the error names the command that downloads it.
pub(crate) fn place(model: &Path) -> anyhow::Result<Cow<'_, Path>> {
    match model.to_str().filter(|name| name.contains("://")) {
        Some(uri) => Ok(models::find(uri).map_err(|error| error.with_hint(""))?.into()),
        None => Ok(model.into()),
    }
}

/// What was typed as a model, if it can only be a name of the catalogue.
pub(crate) fn by_name(model: &Path) -> Option<&str> {
    let bare = model.components().count() == 1 && model.extension().is_none_or(|e| e != "yaml" && e != "yml");
    model.to_str().filter(|_| bare && !model.exists())
}

impl EngineRequest {
    /// What the options for the engine mean.
    pub(crate) fn new(args: EngineArgs) -> Self {
        let EngineArgs { voice, model, threads, precision } = args;
        Self { voice, model, threads, precision, ..Self::default() }
    }

    /// Only a model and its threads, no voice of choice.
    pub(crate) fn of_model(model: Option<PathBuf>, threads: Option<NonZeroUsize>) -> Self {
        Self { model, threads, ..Self::default() }
    }

    /// Loads the engine.
    ///
    /// # Errors
    /// With [`Exit::Input`] and the engine's own words.
    pub(crate) fn engine(&self) -> anyhow::Result<Engine> {
        let mut options = EngineOptions::default();
        if let Some(threads) = self.threads {
            options = options.with_threads(threads);
        }
        if let Some(precision) = self.precision {
            options = options.with_precision(precision);
        }
        if let Some(language) = &self.language {
            options = options.with_language(language);
        }
        if let Some(lexicon) = &self.lexicon {
            options = options.with_lexicon(lexicon.clone());
        }
        // the engine judges the files before another implementation sees them
        let engine = self.open(options.clone())?;
        match self.networks {
            Networks::Native => Ok(engine),
            Networks::Burn => self.open(burn::with_networks(options, self.model.as_deref())?),
        }
    }

    fn open(&self, options: EngineOptions) -> anyhow::Result<Engine> {
        let (engine, what) = match &self.model {
            None => (Engine::embedded(options), "cannot use the built-in model".to_owned()),
            Some(path) => {
                let what = format!("cannot use the model {}", path.display());
                match self.of_catalogue() {
                    Some(name) => {
                        let found = models::locate(name)?;
                        let options = match self.language {
                            Some(_) => options,
                            None => options.with_language(found.language),
                        };
                        (Engine::of_yaml(found.name, &found.yaml, options), what)
                    }
                    None => (Engine::open(&place(path)?, options.with_locate(locate(path))), what),
                }
            }
        };
        engine.map_err(|error| match error {
            Error::Threads { .. } => usage(format!("--threads: {error}")),
            Error::Isa(_) => usage(format!("TTS_ISA: {error}")),
            error @ Error::Unsupported { .. } => usage(error.to_string()),
            error => Failure::new(Exit::Input, format!("{what}: {error}")).into(),
        })
    }

    /// Takes the voice from `engine`: the file of that name, else the shipped voice, else the default.
    ///
    /// # Errors
    /// With [`Exit::Input`]; an unknown name is answered with the names there are.
    pub(crate) fn voice(&self, engine: &Engine) -> anyhow::Result<Voice> {
        if engine.info().family == Family::Pocket {
            return self.pocket_voice(engine);
        }
        let voice = self.plain_voice(engine)?;
        let measured = match &self.manner {
            None => return Ok(voice),
            Some(MannerOf::TheVoice) => voice.measured().ok_or_else(|| {
                let name = &voice.card().name;
                usage(format!(
                    "--like-the-clip: the voice {name} does not say how its recordings were spoken; voices that \
                     `tts clone` makes do, and --prosody-from CLIP takes it from any recording"
                ))
            })?,
            Some(MannerOf::Clip(path)) => {
                engine.can_clone().or_exit(Exit::Input, "cannot take the prosody")?;
                let heard = audio::read(path).or_exit(Exit::Input, "cannot take the prosody")?;
                let clip = Clip { pcm: &heard.samples, rate: heard.rate };
                let reference = engine.listen(&[clip]);
                let reference =
                    reference.or_exit(Exit::Input, format!("cannot take the prosody of {}", path.display()))?;
                reference.measured.ok_or_else(|| usage(format!("{}: nobody speaks in it", path.display())))?
            }
        };
        Ok(voice.with_prosody(Prosody::like(&measured)))
    }

    /// The model's name, if it is one of the catalogue and not a path.
    fn of_catalogue(&self) -> Option<&str> {
        by_name(self.model.as_deref()?)
    }

    /// A voice for a model of Pocket TTS: one of the catalogue, one that was exported, or a recording.
    fn pocket_voice(&self, engine: &Engine) -> anyhow::Result<Voice> {
        if let Some(MannerOf::Clip(_)) = self.manner {
            return Err(usage(
                "--prosody-from: a model of Pocket TTS speaks as the recording of its voice does; leave it out",
            ));
        }
        let known = self.of_catalogue().map(|model| (model, models::default_voice(model)));
        let Some(wanted) = self.voice.as_deref().or(known.and_then(|(_, voice)| voice)) else {
            return Err(usage(
                "this model has no voice of its own: give --voice FILE, an exported voice (.safetensors) or a recording",
            ));
        };
        if let Some((model, _)) = known
            && Path::new(wanted).components().count() == 1
            && !Path::new(wanted).exists()
        {
            let path = models::voice(model, wanted)?;
            return engine.load_voice(&path).or_exit(Exit::Input, format!("cannot use the voice {wanted}"));
        }
        let path = Path::new(wanted);
        if path.extension().is_some_and(|extension| extension == "safetensors" || extension == "voice") {
            return engine.load_voice(path).or_exit(Exit::Input, format!("cannot use the voice file {wanted}"));
        }
        if path.components().count() == 1 && !path.exists() {
            let text = models::voice_elsewhere(&engine.info().model, wanted).unwrap_or_else(|| {
                format!("there is no voice '{wanted}': give an exported voice (.safetensors) or a recording")
            });
            return Err(Failure::new(Exit::Input, text).into());
        }
        engine.can_clone().or_exit(Exit::Input, format!("cannot take the voice of {wanted}"))?;
        let heard = audio::read(path).or_exit(Exit::Input, "cannot take the voice")?;
        let clip = Clip { pcm: &heard.samples, rate: heard.rate };
        let like_the_clip = self.manner == Some(MannerOf::TheVoice);
        let options = PromptOptions { like_the_clip, ..PromptOptions::default() };
        let voice = engine.prompt(&[clip], options).or_exit(Exit::Input, format!("cannot take the voice of {wanted}"));
        Ok(voice?.0)
    }

    /// The voice as its file has it.
    fn plain_voice(&self, engine: &Engine) -> anyhow::Result<Voice> {
        let wanted = self.voice.as_deref().unwrap_or(DEFAULT_VOICE);
        let cards = Engine::shipped_voices().or_exit(Exit::Internal, "cannot list the built-in voices")?;
        let names: Vec<_> = cards.iter().map(|card| card.name.as_str()).collect();
        if wanted == DEFAULT_VOICE || names.contains(&wanted) {
            return engine.voice(wanted).or_exit(Exit::Input, format!("cannot use the voice {wanted}"));
        }
        let path = Path::new(wanted);
        if path.extension().is_some_and(|extension| extension == "voice")
            || path.components().count() > 1
            || path.is_file()
        {
            return engine.load_voice(path).or_exit(Exit::Input, format!("cannot use the voice file {wanted}"));
        }
        let names = names.join(", ");
        Err(Failure::new(
            Exit::Input,
            format!("there is no voice '{wanted}'; built in are {names}, or give a .voice file"),
        )
        .into())
    }
}

/// The voice that speaks unless another is asked for: another name of the first one.
const DEFAULT_VOICE: &str = "default";
