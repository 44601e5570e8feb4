//! Recordings to the one clip that a model continues: the voice prompt of Pocket TTS.
//!
//! In: [`Clip`]s of one person at any rate. Out: mono PCM at the model's rate that ends on 80 ms of silence, and a
//! [`PromptReport`] of what was taken. Such a model speaks as the prompt does. So by default the prompt is made of the calmest
//! windows of all clips (`doctor/calm.rs`), at one level and nearer to one pace; or it is the clip itself, as the reference takes it.
//!
//! [`end_on_pause`] mirrors `data/audio_utils.py` of the reference, pocket-tts 4.0.1.

use super::doctor::{Calm, CalmWindow, Neutral, Segment, calm};
use super::reference::checked_at;
use super::{Clip, SpeakerError};
use crate::dsp::{RATE, Stretch, level, resample, stretch};
use crate::units::SampleRate;

/// Seconds of a prompt of calm windows, and of the start of a clip.
const MOST: (f32, f32) = (12.0, 30.0);
/// What may be asked for.
const SECONDS: std::ops::RangeInclusive<f32> = 1.0..=120.0;
/// Frames of 20 ms whose level counts.
const FRAME: f64 = 0.02;
/// A frame so many dB below the loudest is silent.
const FLOOR_DB: f32 = 35.0;
/// Seconds that fade at the end, and of silence after them.
const FADE: f64 = 0.02;
const PAUSE: f64 = 0.08;
/// Of silence between two windows.
const BETWEEN: f64 = 0.2;
/// Samples stay below it.
const PEAK: f32 = 0.99;

/// What a voice prompt is made of.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PromptOptions {
    /// The start of every clip as it is, its manner and level too: what the reference does.
    pub like_the_clip: bool,
    /// Most seconds of sound, pauses between parts not counted: 12 where nothing is said, 30 like the clip.
    pub most_seconds: Option<f32>,
}

/// A part of a prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromptPart {
    /// Where it comes from.
    pub segment: Segment,
    /// Decibels by which it was made louder.
    pub gain_db: f32,
    /// How many times as long it was made, at the same pitch, so that its pace is nearer to neutral: 0.8 to 1.25.
    pub stretch: f32,
    /// How it is spoken, where that was looked at.
    pub calm: Option<CalmWindow>,
}

/// What a voice prompt was made of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PromptReport {
    /// In the order of the prompt: what comes last is heard last, and is the calmest.
    pub parts: Vec<PromptPart>,
    /// What the parts were held against, where they were chosen.
    pub neutral: Option<Neutral>,
    /// How far all of the speech is from it, in the steps of [`CalmWindow::distance`].
    pub distance: Option<f32>,
    /// Seconds of all clips.
    pub clip_seconds: f32,
    /// Seconds of the prompt, with all pauses.
    pub seconds: f32,
}

/// The prompt of `clips`, at the rate of the model: what [`crate::Engine::prompt`] lets a model hear, to be heard and
/// measured.
///
/// # Errors
/// [`SpeakerError::Damaged`] and [`SpeakerError::Rate`] name the clip; [`SpeakerError::PromptLength`];
/// [`SpeakerError::TooLittleSpeech`] if nobody speaks, or, like the clip, if there is no sample.
pub fn prompt(
    clips: &[Clip<'_>],
    rate: SampleRate,
    options: PromptOptions,
) -> Result<(Vec<f32>, PromptReport), SpeakerError> {
    let most = options.most_seconds.unwrap_or(if options.like_the_clip { MOST.1 } else { MOST.0 });
    if !SECONDS.contains(&most) {
        return Err(SpeakerError::PromptLength { found: most });
    }
    let seconds =
        |clip: &Clip<'_>| if clip.rate.0 == 0 { 0.0 } else { clip.rate.seconds(clip.pcm.len() as u64) as f32 };
    let clip_seconds = clips.iter().map(seconds).sum();
    let (mut pcm, mut report) =
        if options.like_the_clip { as_they_are(clips, rate, most)? } else { calmest(clips, rate, most)? };
    end_on_pause(&mut pcm, rate);
    (report.clip_seconds, report.seconds) = (clip_seconds, rate.seconds(pcm.len() as u64) as f32);
    Ok((pcm, report))
}

/// The first `most` seconds of all clips, one after the other.
fn as_they_are(clips: &[Clip<'_>], rate: SampleRate, most: f32) -> Result<(Vec<f32>, PromptReport), SpeakerError> {
    let (mut pcm, mut parts) = (Vec::new(), Vec::new());
    let mut left = f64::from(most);
    for (index, clip) in clips.iter().enumerate() {
        let wanted = ((left * f64::from(clip.rate.0)) as usize).min(clip.pcm.len());
        let start = checked_at(index + 1, &Clip { pcm: &clip.pcm[..wanted], ..*clip }, rate)?;
        if start.is_empty() {
            continue;
        }
        if !pcm.is_empty() {
            end_on_pause(&mut pcm, rate);
        }
        pcm.extend_from_slice(&start);
        let end = clip.rate.seconds(wanted as u64);
        left = (left - end).max(0.0);
        let segment = Segment { clip: index, start: 0.0, end: end as f32 };
        parts.push(PromptPart { segment, gain_db: 0.0, stretch: 1.0, calm: None });
    }
    if pcm.is_empty() {
        return Err(SpeakerError::TooLittleSpeech { found: 0.0, least: 1.0 });
    }
    Ok((pcm, PromptReport { parts, neutral: None, distance: None, clip_seconds: 0.0, seconds: 0.0 }))
}

/// The calmest windows, each at the level that speech has and nearer to a neutral pace, the calmest last.
fn calmest(clips: &[Clip<'_>], rate: SampleRate, most: f32) -> Result<(Vec<f32>, PromptReport), SpeakerError> {
    let Calm { windows, neutral, distance, .. } = calm(clips, most)?;
    let (mut pcm, mut parts) = (Vec::new(), Vec::new());
    let at = |seconds: f64, rate: SampleRate| (seconds * f64::from(rate.0)) as usize;
    for window in windows.into_iter().rev() {
        let index = window.segment.clip;
        let sound = checked_at(index + 1, &window.segment.of(clips), rate)?;
        let mut sound = stretch(&sound, rate, Stretch::new(window.stretch.into()));
        sound.truncate(at(most.into(), rate));
        let heard = resample(&sound, rate, SampleRate(RATE));
        let gain = level::gain(level::active_rms(&heard.map_err(|what| SpeakerError::Rate { clip: index + 1, what })?));
        let peak = sound.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let gain = gain.min(PEAK / peak.max(f32::MIN_POSITIVE));
        let fade = at(FADE, rate).min(sound.len() / 2);
        for i in 0..fade {
            let (part, last) = (i as f32 / fade as f32, sound.len() - 1 - i);
            sound[i] *= part;
            sound[last] *= part;
        }
        if !pcm.is_empty() {
            pcm.resize(pcm.len() + at(BETWEEN, rate), 0.0);
        }
        pcm.extend(sound.iter().map(|x| x * gain));
        let CalmWindow { segment, stretch, .. } = window;
        parts.push(PromptPart { segment, gain_db: 20.0 * gain.log10(), stretch, calm: Some(window) });
    }
    let (neutral, distance) = (Some(neutral), Some(distance));
    Ok((pcm, PromptReport { parts, neutral, distance, clip_seconds: 0.0, seconds: 0.0 }))
}

/// Cuts the silence at the end of a prompt, fades its last 20 ms and adds 80 ms of silence: a prompt that stops in a word
/// makes a model finish that word, one that ends on a long silence delays the first. Less than a frame of 20 ms is left
/// as it is.
pub(crate) fn end_on_pause(pcm: &mut Vec<f32>, rate: SampleRate) {
    let of = |seconds: f64| (seconds * f64::from(rate.0)) as usize;
    let frame = of(FRAME).max(1);
    let db = |frame: &[f32]| {
        let rms = (frame.iter().map(|x| x * x).sum::<f32>() / frame.len() as f32).sqrt();
        20.0 * (rms + 1e-12).log10()
    };
    let levels: Vec<f32> = pcm.chunks_exact(frame).map(db).collect();
    let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let Some(last) = levels.iter().rposition(|level| *level > loudest - FLOOR_DB) else { return };
    let end = (last + 1) * frame;
    pcm.truncate(end);
    let fade = of(FADE).min(end);
    for (i, x) in pcm[end - fade..].iter_mut().enumerate() {
        *x *= 1.0 - i as f32 / (fade - 1).max(1) as f32;
    }
    pcm.resize(end + of(PAUSE), 0.0);
}

#[cfg(test)]
mod tests;
