//! A container to packets of one track, and those to a [`Recording`].

use std::io::ErrorKind;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, CODEC_ID_NULL_AUDIO};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::codec::{self, Codec};
use super::mix::Mix;
use super::{AudioError, Ending, Recording, sniff};
use crate::units::SampleRate;

/// So many packets in a row may bring nothing before a file counts as damaged.
const BARREN_MAX: u32 = 10_000;
/// Slowest and fastest rates: a telephone's, halved, and the fastest converters'.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Containers count in packets: this much may be missing from a whole file.
const MISSING_SECONDS: f64 = 0.15;

/// Reads `source`, which begins with `head`.
///
/// # Errors
/// [`AudioError`].
pub(super) fn read(
    origin: &str,
    head: &[u8],
    hint: &str,
    source: Box<dyn MediaSource>,
) -> Result<Recording, AudioError> {
    let stream = MediaSourceStream::new(source, Default::default());
    let mut guess = Hint::new();
    if !hint.is_empty() {
        guess.with_extension(hint);
    }
    let probe = symphonia::default::get_probe();
    let mut format = probe
        .probe(&guess, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| refused(origin, head, error))?;
    let (track, parameters) = audio_track(origin, format.as_ref())?;
    let mut decoder =
        Codec::new(&parameters).map_err(|what| AudioError::Unsupported { origin: origin.to_owned(), what })?;
    let heard = listen(origin, format.as_mut(), track.id, &mut decoder)?;

    let samples_there = heard.mix.len();
    let rate = heard.rate;
    let declared = declared_seconds(&track, &parameters, rate).or_else(|| {
        let info = format.media_info();
        let info = track.num_frames.is_none().then_some(info)?;
        info.time_base?.calc_duration(info.duration?).map(|time| time.as_secs_f64())
    });
    let seconds = samples_there as f64 / f64::from(rate);
    let mut ending = heard.ending;
    if ending == Ending::Complete && declared.is_some_and(|declared| seconds + MISSING_SECONDS < declared) {
        ending = Ending::Truncated;
    }
    if declared.is_none() && ending == Ending::Truncated && ["WAV", "WebM"].contains(&sniff::container(head)) {
        // a stream that ends when its writer did
        ending = Ending::Complete;
    }
    if heard.damaged > heard.good {
        let what = format!("{} of {} packets cannot be decoded", heard.damaged, heard.damaged + heard.good);
        return Err(AudioError::Damaged { origin: origin.to_owned(), what });
    }
    let container = match sniff::container(head) {
        "stream" => codec::name(parameters.codec),
        known => known.to_owned(),
    };
    Ok(Recording {
        samples: heard.mix.finish()?,
        rate: SampleRate(rate),
        channels: heard.channels,
        container,
        codec: codec::name(parameters.codec),
        declared_seconds: declared,
        ending,
        damaged_packets: heard.damaged,
    })
}

/// Why no reader took the file.
fn refused(origin: &str, head: &[u8], error: Error) -> AudioError {
    let origin = origin.to_owned();
    match error {
        Error::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => AudioError::Io { origin, source },
        error => match sniff::container(head) {
            "stream" => AudioError::NotAudio { origin, found: sniff::describe(head) },
            "MP4" => AudioError::Damaged { origin, what: format!("its index is missing or broken ({error})") },
            known => AudioError::Damaged { origin, what: format!("it begins as {known}, but {error}") },
        },
    }
}

/// The first track of sound, or the one the file calls its default.
fn audio_track(origin: &str, format: &dyn FormatReader) -> Result<(Track, AudioCodecParameters), AudioError> {
    let track = format
        .default_track(TrackType::Audio)
        .or_else(|| format.tracks().iter().find(|track| matches!(track.codec_params, Some(CodecParameters::Audio(_)))));
    if let Some(track) = track
        && let Some(CodecParameters::Audio(parameters)) = &track.codec_params
        && parameters.codec != CODEC_ID_NULL_AUDIO
    {
        return Ok((track.clone(), parameters.clone()));
    }
    let found = match format.tracks().len() {
        0 => "it has no tracks".to_owned(),
        1 => "its one track is something else".to_owned(),
        n => format!("its {n} tracks are something else"),
    };
    Err(AudioError::NoTrack { origin: origin.to_owned(), found })
}

/// What came of a track.
struct Heard<'o> {
    mix: Mix<'o>,
    rate: u32,
    channels: usize,
    ending: Ending,
    good: u64,
    damaged: u64,
}

fn listen<'o>(
    origin: &'o str,
    format: &mut dyn FormatReader,
    track: u32,
    decoder: &mut Codec,
) -> Result<Heard<'o>, AudioError> {
    let mut heard: Option<Heard<'o>> = None;
    let (mut block, mut barren, mut damaged) = (Vec::new(), 0, 0);
    let ending = loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break Ending::Complete,
            Err(Error::IoError(source)) if source.kind() != ErrorKind::UnexpectedEof => {
                return Err(AudioError::Io { origin: origin.to_owned(), source });
            }
            // Damaged from here on, or another stream follows: what was heard is kept.
            Err(_) => break Ending::Truncated,
        };
        barren += 1;
        if barren > BARREN_MAX {
            break Ending::Truncated;
        }
        if packet.track_id != track {
            continue;
        }
        let Ok(decoded) = decoder.decode(&packet, &mut block) else {
            damaged += 1;
            continue;
        };
        if block.is_empty() {
            continue;
        }
        if !RATES.contains(&decoded.rate) {
            let what = format!("{} samples a second, expected {} to {}", decoded.rate, RATES.start(), RATES.end());
            return Err(AudioError::Unsupported { origin: origin.to_owned(), what });
        }
        let heard = heard.get_or_insert_with(|| Heard {
            mix: Mix::new(origin, decoded.rate),
            rate: decoded.rate,
            channels: decoded.channels,
            ending: Ending::Complete,
            good: 0,
            damaged: 0,
        });
        if decoded.rate != heard.rate {
            break Ending::Truncated;
        }
        (barren, heard.good) = (0, heard.good + 1);
        if !heard.mix.push(&block, decoded.channels)? {
            break Ending::Capped;
        }
    };
    match heard {
        Some(heard) => Ok(Heard { ending, damaged, ..heard }),
        None if damaged > 0 => {
            let what = format!("none of its {damaged} packets can be decoded");
            Err(AudioError::Damaged { origin: origin.to_owned(), what })
        }
        None if ending == Ending::Truncated => {
            let what = "it breaks off before the first sample".to_owned();
            Err(AudioError::Damaged { origin: origin.to_owned(), what })
        }
        None => Err(AudioError::Empty { origin: origin.to_owned() }),
    }
}

/// How long the file says it is, unless it says "until the end" as streams do.
fn declared_seconds(track: &Track, parameters: &AudioCodecParameters, rate: u32) -> Option<f64> {
    let frames = track.num_frames?;
    let width = u64::from(parameters.bits_per_coded_sample.or(parameters.bits_per_sample).unwrap_or(0)) / 8;
    let bytes = frames.saturating_mul(width * parameters.channels.as_ref().map_or(1, |c| c.count() as u64));
    // Sizes that writers of streams put into a WAV head: all ones, or nearly the largest signed number.
    let endless = |size: u64| bytes.abs_diff(size) < 8192;
    let seconds = frames as f64 / f64::from(rate);
    (!endless(u64::from(u32::MAX)) && !endless(u64::from(u32::MAX / 2))).then_some(seconds)
}
