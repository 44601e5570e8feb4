//! `tts clone`: recordings of a person to a `.voice` file, after a look at whether that can work.

mod report;

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use tts_core::audio::{self, Recording};
use tts_core::{
    Clip, Engine, EngineOptions, Family, PromptOptions, Prosody, VoiceCard, VoiceFile, VoiceLayout, doctor,
};

use crate::args::CloneArgs;
use crate::exit::{Exit, Failure, OrExit};
use crate::message::{self, JsonPlace, Loudness};
use crate::request::EngineRequest;
use crate::sink::file::{self, Staged};
use crate::voice;
use report::{Prompted, Report};

/// Makes a voice of recordings, or says why that cannot be.
///
/// # Errors
/// With [`Exit::Usage`] for names that do not go together, [`Exit::Output`] if the voice cannot be written,
/// [`Exit::Input`] if a recording or the model cannot be used. Recordings that can be read but not used are no error but
/// a report that ends with [`Exit::Input`].
pub(crate) fn run(args: CloneArgs) -> anyhow::Result<Exit> {
    let CloneArgs { clips: paths, output, dry_run, force, json, quiet, verbose, .. } = &args;
    message::set_loudness(match (quiet, verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Normal,
    });
    // a model that cannot be used is said before any recording is read
    let given = args.model.clone().map(|model| EngineRequest::of_model(Some(model), threads()).engine()).transpose()?;
    let pocket = given.as_ref().filter(|engine| engine.info().family == Family::Pocket);
    if pocket.is_none() && (args.like_the_clip || args.old_layout) {
        let text = "--like-the-clip and --old-layout are for models of Pocket TTS; `tts say --like-the-clip` speaks so";
        return Err(Failure::new(Exit::Usage, text).into());
    }
    if let Some(output) = output {
        check_output(output, *force, pocket.is_some())?;
    }
    if let Some(engine) = &given {
        engine.can_clone().or_exit(Exit::Input, "cannot make a voice")?;
    }
    let recordings = paths.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let clips: Vec<Clip<'_>> = recordings.iter().map(|heard| Clip { pcm: &heard.samples, rate: heard.rate }).collect();
    let checkup = doctor::examine(&clips).or_exit(Exit::Input, "cannot use the recordings")?;
    let mut report = Report::new(paths, &recordings, &checkup);
    report.say();
    let exit = if let Some(refusal) = &checkup.refusal {
        let which = if let [path] = &paths[..] { path.display().to_string() } else { "these recordings".to_owned() };
        message::error(&format!("no voice can be made of {which}: {refusal}"));
        Exit::Input
    } else if let (Some(output), false) = (output, dry_run) {
        let own;
        let engine = match &given {
            Some(engine) => engine,
            None => {
                own = EngineRequest::default().engine()?;
                &own
            }
        };
        if pocket.is_some() {
            report.prompt = Some(prompt(&args, engine, output, &clips)?);
        } else {
            let chosen: Vec<Clip<'_>> = checkup.segments.iter().map(|segment| segment.of(&clips)).collect();
            make(&args, engine, output, &chosen, &clips)?;
        }
        report.voice = Some(output.display().to_string());
        Exit::Done
    } else {
        Exit::Done
    };
    if *json {
        report.exit_code = exit.code();
        message::json(JsonPlace::Stdout, &report)?;
    }
    Ok(exit)
}

/// All that a model can use, where the machine has them: nobody hears anything meanwhile.
fn threads() -> Option<NonZeroUsize> {
    thread::available_parallelism().ok().map(|threads| threads.min(EngineOptions::MOST_THREADS))
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    audio::read(path).map_err(|error| Failure::new(Exit::Input, error.to_string()).into())
}

/// Whether a voice may and can be written there, asked before any work is done.
fn check_output(path: &Path, force: bool, pocket: bool) -> anyhow::Result<()> {
    if !pocket {
        voice::check_output(path)?;
    } else if path.extension().is_none_or(|extension| extension != "safetensors") {
        let text = format!("-o {}: a voice for Pocket TTS must end in .safetensors", path.display());
        return Err(Failure::new(Exit::Usage, text).into());
    }
    file::check_replace(path, force)?;
    Staged::create(path).map(drop)
}

/// Makes a voice for a model of Pocket TTS, and says what it is made of.
fn prompt(args: &CloneArgs, engine: &Engine, output: &Path, clips: &[Clip<'_>]) -> anyhow::Result<Prompted> {
    let options = PromptOptions { like_the_clip: args.like_the_clip, ..PromptOptions::default() };
    let (voice, report) = engine.prompt(clips, options).or_exit(Exit::Input, "cannot make a voice")?;
    for part in &report.parts {
        let doctor::Segment { clip, start, end, .. } = &part.segment;
        let calm = part.calm.as_ref().map_or(String::new(), |calm| format!(", {:.1} from neutral", calm.distance));
        let path = args.clips.get(*clip).map_or(String::new(), |path| path.display().to_string());
        let (gain, longer) = (part.gain_db, 100.0 * (part.stretch - 1.0));
        message::detail(&format!(
            "taken: {path}, {start:.1} to {end:.1} s{calm}, {gain:+.1} dB, {longer:+.0} % of length"
        ));
    }
    let taken = report.seconds;
    if args.like_the_clip {
        message::hint(&format!("{taken:.1} s from the start, with all the emotion that is in them"));
    } else {
        message::hint(&format!("{taken:.1} s of the calmest speech; such a model speaks as its recording does"));
    }
    let layout = if args.old_layout { VoiceLayout::CurrentEnd } else { VoiceLayout::Offset };
    let bytes = voice.to_bytes(layout).or_exit(Exit::Input, "cannot make a voice")?;
    voice::write_bytes(&bytes, output)?;
    let (shown, model) = (output.display(), args.model.as_deref().unwrap_or(Path::new("")).display());
    message::hint(&format!("wrote {shown}; to hear it: tts say --model {model} --voice {shown} \"Good evening.\""));
    Ok(Prompted::from(&report))
}

/// Recordings of more seconds than this are described by their chosen parts alone.
const WHOLE_SECONDS: f64 = 60.0;

/// Listens to the chosen parts for who speaks, to the `whole` recordings for how, and writes the voice.
fn make(
    args: &CloneArgs,
    engine: &Engine,
    output: &Path,
    chosen: &[Clip<'_>],
    whole: &[Clip<'_>],
) -> anyhow::Result<()> {
    let heard = engine.listen(chosen).or_exit(Exit::Input, "cannot make a voice")?;
    // pauses are part of how somebody speaks, and of no chosen part
    let seconds: f64 = whole.iter().map(|clip| clip.rate.seconds(clip.pcm.len() as u64)).sum();
    let measured = if seconds <= WHOLE_SECONDS {
        engine.listen(whole).or_exit(Exit::Input, "cannot make a voice")?.measured
    } else {
        heard.measured
    };
    let stem = || output.file_stem().map_or_else(|| "voice".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut card = VoiceCard::unknown(args.name.clone().unwrap_or_else(stem));
    for (field, given) in
        [(&mut card.language, &args.language), (&mut card.licence, &args.licence), (&mut card.consent, &args.consent)]
    {
        if let Some(given) = given {
            field.clone_from(given);
        }
    }
    if args.consent.is_none() {
        message::hint("no --consent was given, so the voice says \"unknown\"; make voices only of people who agreed");
    }
    let timbre = engine.levelled(heard.timbre).or_exit(Exit::Internal, "cannot speak with the voice")?;
    let voice = VoiceFile { card, timbre, prosody: Prosody::default(), measured };
    voice::write(&voice, output)?;
    let shown = output.display();
    message::hint(&format!("wrote {shown}; to hear it: tts say --voice {shown} \"Good evening.\""));
    Ok(())
}
