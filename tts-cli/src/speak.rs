//! `tts say`: from text to the sink, with everything that has to be said about it.

use std::ops::Range;
use std::time::Duration;

use tts_core::{AudioStream, Engine, Error, Poll, Settings, SynthesisRequest, Voice};

use crate::args::SayArgs;
use crate::dry_run;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt;
use crate::message;
use crate::progress::Progress;
use crate::report::Report;
use crate::request::{SayRequest, Source};
use crate::sink::{Sink, SinkError};
use crate::source::{Input, Reading};
use crate::timings::TimingsWriter;
use crate::utf8::{self, Mended};

/// How long to wait for text before the sink is asked to bridge the gap.
const PATIENCE: Duration = Duration::from_millis(20);

/// Speaks.
///
/// # Errors
/// Every error carries its exit code.
pub(crate) fn run(args: Box<SayArgs>) -> anyhow::Result<Exit> {
    let request = SayRequest::new(*args)?;
    interrupt::listen()?;
    let input = Input::open(&request.source)?;
    let engine = request.engine.engine()?;
    let voice = request.engine.voice(&engine)?;
    if request.dry_run {
        let (text, mended) = whole_text(&request.source, input)?;
        let plan = voice.plan(SynthesisRequest::new(text.as_str(), request.settings)).map_err(refused)?;
        return dry_run::print(plan, &text, mended.warnings().collect(), request.json.is_some());
    }
    speak(request, input, &engine, &voice)
}

fn whole_text(source: &Source, input: Option<Input>) -> anyhow::Result<(String, Mended)> {
    let (text, mended) = match (source, input) {
        (Source::Argument(text), _) => utf8::mend(text),
        (_, Some(input)) => input.read_whole()?,
        (_, None) => Default::default(),
    };
    if text.trim().is_empty() {
        return Err(nothing(source));
    }
    Ok((text, mended))
}

fn nothing(source: &Source) -> anyhow::Error {
    let text = match source {
        Source::Argument(_) => "there is nothing to say: the text holds no words".to_owned(),
        Source::Stdin => "there is nothing to say: standard input held no words".to_owned(),
        Source::File(path) => format!("there is nothing to say: {} holds no words", path.display()),
    };
    Failure::new(Exit::Input, text).into()
}

/// A request that the engine does not take.
fn refused(error: Error) -> anyhow::Error {
    let exit = if matches!(error, Error::Unsupported { .. }) { Exit::Usage } else { Exit::Input };
    Failure::new(exit, format!("cannot speak: {error}")).into()
}

/// Text on its way to the engine.
enum Text {
    /// All there.
    Whole { text: String, mended: Mended },
    /// Arriving.
    Arriving { reading: Reading, length: Option<u64> },
}

impl Text {
    fn begin(
        source: &Source,
        input: Option<Input>,
        voice: &Voice,
        settings: Settings,
        keep: bool,
    ) -> anyhow::Result<(Self, AudioStream)> {
        let Some(input) = input else {
            let (text, mended) = whole_text(source, None)?;
            let stream = voice.speak(SynthesisRequest::new(text.as_str(), settings)).map_err(refused)?;
            return Ok((Self::Whole { text, mended }, stream));
        };
        let length = input.length();
        let (feed, stream) = voice.open(settings).map_err(refused)?;
        Ok((Self::Arriving { reading: input.feed(feed, keep)?, length }, stream))
    }

    fn slice(&self, range: Range<usize>) -> String {
        match self {
            Self::Whole { text, .. } => text.get(range.start..range.end.min(text.len())).unwrap_or_default().to_owned(),
            Self::Arriving { reading, .. } => reading.text(range),
        }
    }

    fn spoken(&self, end: usize) {
        if let Self::Arriving { reading, .. } = self {
            reading.spoken(end);
        }
    }

    fn awaited(&self) {
        if let Self::Arriving { reading, .. } = self {
            reading.all_spoken();
        }
    }

    /// The part that is spoken when byte `end` is.
    fn part(&self, end: usize) -> Option<f64> {
        let length = match self {
            Self::Whole { text, .. } => text.len() as f64,
            Self::Arriving { reading, .. } if reading.has_ended() => reading.fed() as f64,
            Self::Arriving { length, .. } => (*length)? as f64,
        };
        (length > 0.0).then(|| end as f64 / length)
    }

    fn outcome(&self) -> (Mended, Option<String>) {
        match self {
            Self::Whole { mended, .. } => (*mended, None),
            Self::Arriving { reading, .. } => reading.outcome(),
        }
    }
}

/// One run: what moves, and what is noted.
struct Run {
    text: Text,
    stream: AudioStream,
    sink: Box<dyn Sink>,
    timings: Vec<TimingsWriter>,
    progress: Progress,
    report: Report,
    /// Bytes of the text that are spoken or left out.
    place: usize,
}

fn speak(request: SayRequest, input: Option<Input>, engine: &Engine, voice: &Voice) -> anyhow::Result<Exit> {
    let info = engine.info();
    let (engine, seed) = (request.engine.networks.name(), request.settings.sampling.seed.0);
    let report = Report::new(&info, engine, voice.card().name.clone(), seed);
    // An empty text must not start a player or leave a file.
    let (text, stream) = Text::begin(&request.source, input, voice, request.settings, !request.timings.is_empty())?;
    let timings = request
        .timings
        .iter()
        .map(|(format, path)| TimingsWriter::create(*format, path))
        .collect::<anyhow::Result<_>>()?;
    let sink = request.destination.open(info.sample_rate.0)?;
    let mut run = Run { text, stream, sink, timings, progress: Progress::new(request.progress), report, place: 0 };
    let closed = match run.pump() {
        Ok(()) => false,
        Err(Stop::Closed) => true,
        Err(Stop::Failed(error)) => return Err(error),
    };
    run.finish(closed, &request.source, request.strict, request.json)
}

/// Why the samples stopped before the end of the text.
enum Stop {
    /// The listener has gone: not an error.
    Closed,
    /// Something failed.
    Failed(anyhow::Error),
}

impl From<SinkError> for Stop {
    fn from(error: SinkError) -> Self {
        error.into_failure().map_or(Self::Closed, |failure| Self::Failed(failure.into()))
    }
}

impl Run {
    /// Moves samples from the stream to the sink until the text ends.
    fn pump(&mut self) -> Result<(), Stop> {
        loop {
            let polled = self.stream.poll(PATIENCE).or_exit(Exit::Input, "cannot speak the text");
            match polled.map_err(Stop::Failed)? {
                Poll::Chunk(chunk) => {
                    self.sink.write(chunk.samples())?;
                    self.note().map_err(Stop::Failed)?;
                }
                Poll::Waiting => {
                    self.note().map_err(Stop::Failed)?;
                    self.text.awaited();
                    self.sink.wait()?;
                }
                Poll::End => break,
            }
        }
        self.note().map_err(Stop::Failed)?;
        // Without a word there is nothing to keep: the sink is dropped unfinished and leaves no file.
        if self.stream.stats().words > 0 { Ok(self.sink.finish()?) } else { Ok(()) }
    }

    /// Takes word times and what was left out from the stream.
    fn note(&mut self) -> anyhow::Result<()> {
        let words = self.stream.take_words();
        let skipped = self.stream.take_skipped();
        let ends = words.iter().map(|word| word.source.end).chain(skipped.iter().map(|skipped| skipped.source.end));
        let end = ends.fold(self.place, usize::max);
        if end > self.place {
            self.place = end;
            self.text.spoken(end);
        }
        let text = &self.text;
        for writer in &mut self.timings {
            writer.push(&words, &|range| text.slice(range))?;
        }
        self.report.skip(skipped);
        self.report.misspeak(self.stream.take_misspoken());
        let seconds = self.stream.stats().samples as f64 / f64::from(self.report.sample_rate);
        self.progress.show(seconds, self.text.part(self.place));
        Ok(())
    }

    /// Says what there is to say and decides how the run ends.
    fn finish(
        mut self,
        closed: bool,
        source: &Source,
        strict: bool,
        json: Option<message::JsonPlace>,
    ) -> anyhow::Result<Exit> {
        self.progress.clear();
        self.report.measure(&self.stream.stats());
        let (mended, stopped) = self.text.outcome();
        if self.report.words == 0 && !closed {
            let left_out = self.report.skipped_warning();
            return Err(match (stopped, left_out) {
                (Some(stopped), _) => Failure::new(Exit::Input, stopped).into(),
                (None, Some(left_out)) => {
                    Failure::new(Exit::Input, format!("nothing in the text can be spoken; {left_out}")).into()
                }
                (None, None) => nothing(source),
            });
        }
        let rest = self.text.slice(self.place..usize::MAX);
        for writer in std::mem::take(&mut self.timings) {
            writer.finish(&rest)?;
        }
        let lost = self.report.skipped_count + self.report.misspoken_count + mended.invalid;
        let exit = match strict && lost > 0 {
            true => Exit::Incomplete,
            false => Exit::Done,
        };
        let warnings = mended.warnings().chain(self.report.skipped_warning());
        let warnings = warnings.chain(self.report.misspoken_warning()).chain(self.sink.warnings());
        self.report.warnings = warnings.collect();
        if let Some(stopped) = stopped {
            self.report.warnings.iter().for_each(|warning| message::warning(warning));
            return Err(Failure::new(Exit::Input, format!("{stopped}; what had come until then was spoken")).into());
        }
        self.report.exit_code = exit.code();
        self.report.warnings.iter().for_each(|warning| message::warning(warning));
        message::detail(&self.report.summary());
        if let Some(place) = json {
            message::json(place, &self.report)?;
        }
        Ok(exit)
    }
}
