//! Whether a chunk that Pocket TTS spoke can be what was asked for: by its length, by its latents, by its sound.
//!
//! In: what a [`Wording`](super::pocket_wording::Wording) expects, the normalised latents `[frames, latent]` and the samples, both
//! as they are made. Out: a [`Fault`], if there is one. Every bound leaves room for the fastest and the slowest reader: what
//! is named here is wrong, not merely unusual.

use std::fmt;
use std::ops::Range;

/// Shares of the expected time that no reader needs less and more than.
const SHORTEST: f32 = 0.4;
const LONGEST: f32 = 3.0;
/// Seconds beyond all of that: leading and final silence.
const SLACK: f32 = 2.0;
/// Frames over which latents stand still when they do.
const STILL: usize = 12;
/// Energy of the change from frame to frame, as a share of that of the latents, that is no change.
const NO_CHANGE: f32 = 1e-4;
/// Frames of a phrase that is said over and over: the fewest, how many more they may be; and how alike three sayings in a row are.
const SHORTEST_PHRASE: usize = 3;
const PHRASES: usize = 23;
const ALIKE: f32 = 0.95;
/// Levels are taken every 10 ms, and room is made for this many: the longest chunk that a model was trained on.
const LEVELS: f64 = 100.0;
const ROOM: usize = 2000;
/// dB of full scale below which there is no sound.
const SILENT: f32 = -60.0;
/// dB below the loudest: speech; and a first frame that is in the middle of a word.
const SPEECH: f32 = 25.0;
const MIDDLE: f32 = 6.0;
/// Share of the greatest power below which nothing is heard beside it.
const HEARD: f32 = 1e-3;
/// dB between two syllables.
const DIP: f32 = 2.0;

/// What is wrong with a piece of speech.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// It ended before anybody could have said it.
    EndedEarly {
        /// How long it was.
        seconds: f32,
        /// How long a calm reader takes.
        expected: f32,
    },
    /// It did not find its end, or took far too long.
    NoEnd {
        /// How long it was.
        seconds: f32,
        /// How long a calm reader takes.
        expected: f32,
    },
    /// The same sound over and over, without a change.
    Stuck,
    /// The same phrase over and over.
    Repeats {
        /// Length of the phrase.
        seconds: f32,
    },
    /// Nothing can be heard.
    Silent,
    /// It begins in the middle of a sound: the first word is cut.
    ClippedStart,
    /// Fewer syllables than words can do with.
    Missing {
        /// Syllables that can be told apart.
        heard: usize,
        /// Syllables of the text.
        expected: usize,
    },
}

impl Fault {
    /// A short name for machines: `ended-early`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EndedEarly { .. } => "ended-early",
            Self::NoEnd { .. } => "no-end",
            Self::Stuck => "stuck",
            Self::Repeats { .. } => "repeats",
            Self::Silent => "silent",
            Self::ClippedStart => "clipped-start",
            Self::Missing { .. } => "missing-syllables",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndedEarly { seconds, expected } => {
                write!(f, "it ended after {seconds:.1} s, where a reader takes about {expected:.1} s")
            }
            Self::NoEnd { seconds, expected } => {
                write!(f, "it went on for {seconds:.1} s, where a reader takes about {expected:.1} s")
            }
            Self::Stuck => f.write_str("it is stuck in one sound"),
            Self::Repeats { seconds } => write!(f, "it says the same {seconds:.1} s over and over"),
            Self::Silent => f.write_str("nothing can be heard"),
            Self::ClippedStart => f.write_str("its first word is cut"),
            Self::Missing { heard, expected } => {
                write!(f, "{heard} syllables can be heard, where the text has {expected}")
            }
        }
    }
}

/// What a text makes one expect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Expected {
    pub(crate) seconds: f32,
    pub(crate) syllables: usize,
}

/// Judges the length of a chunk, in seconds until its end was said.
pub(crate) fn length(expected: Expected, seconds: f32, ended: bool) -> Option<Fault> {
    let Expected { seconds: usual, .. } = expected;
    if seconds < SHORTEST * usual {
        return Some(Fault::EndedEarly { seconds, expected: usual });
    }
    (!ended || seconds > LONGEST * usual + SLACK).then_some(Fault::NoEnd { seconds, expected: usual })
}

/// The latents of a chunk as they are made.
#[derive(Debug)]
pub(crate) struct Course {
    /// Numbers of a frame, and its seconds.
    latent: usize,
    frame: f32,
    /// Frames in a row that did not change.
    still: usize,
    /// Frames in a row that were as those a phrase before, for every length of a phrase.
    runs: [usize; PHRASES],
}

impl Course {
    /// Before the first of frames of `latent` numbers and `frame` seconds.
    pub(crate) fn new(latent: usize, frame: f32) -> Self {
        Self { latent, frame, still: 0, runs: [0; PHRASES] }
    }

    /// What the last frame of the normalised `latents` `[frames, latent]`, all of a chunk so far, tells. Asked once a frame.
    pub(crate) fn step(&mut self, latents: &[f32]) -> Option<Fault> {
        let mut back = latents.rchunks_exact(self.latent);
        let (last, before) = (back.next()?, back.next()?);
        let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
        let alike = |other: &[f32]| {
            let both: f32 = last.iter().zip(other).map(|(a, b)| a * b).sum();
            both > ALIKE * (energy(last) * energy(other)).sqrt()
        };
        let change: f32 = last.iter().zip(before).map(|(a, b)| (a - b) * (a - b)).sum();
        self.still = if change > NO_CHANGE * energy(last) { 0 } else { self.still + 1 };
        if self.still >= STILL {
            return Some(Fault::Stuck);
        }
        // three sayings of a phrase: its length is where the correlation with itself is near 1 for twice as long; a pause is alike
        // from frame to frame, a phrase only from saying to saying
        let stands = alike(before);
        let phrases = (SHORTEST_PHRASE..).zip(&mut self.runs);
        for ((length, run), other) in phrases.zip(back.skip(SHORTEST_PHRASE - 2)) {
            *run = match (alike(other), stands) {
                (true, false) => *run + 1,
                (true, true) => *run,
                (false, _) => 0,
            };
            if *run >= 2 * length && *run >= STILL {
                return Some(Fault::Repeats { seconds: length as f32 * self.frame });
            }
        }
        None
    }
}

/// The sound of a chunk as it is made: its level every 10 ms.
#[derive(Debug)]
pub(crate) struct Ear {
    hop: usize,
    /// Sum and count of the squares that are not 10 ms yet.
    part: (f32, usize),
    /// Mean squares.
    powers: Vec<f32>,
}

impl Ear {
    /// Before the first of `rate` samples a second.
    pub(crate) fn new(rate: u32) -> Self {
        let hop = ((f64::from(rate) / LEVELS) as usize).max(1);
        Self { hop, part: (0.0, 0), powers: Vec::with_capacity(ROOM) }
    }

    /// Forgets what was heard.
    pub(crate) fn start_over(&mut self) {
        self.part = (0.0, 0);
        self.powers.clear();
    }

    /// Hears the next samples.
    pub(crate) fn hear(&mut self, pcm: &[f32]) {
        let (sum, count) = &mut self.part;
        for sample in pcm {
            *sum += sample * sample;
            *count += 1;
            if *count == self.hop {
                self.powers.push(*sum / self.hop as f32);
                (*sum, *count) = (0.0, 0);
            }
        }
    }

    /// Judges a whole chunk of which latents and length told `known`.
    pub(crate) fn judge(&self, expected: Expected, known: Option<Fault>) -> Option<Fault> {
        let levels: Vec<f32> = self.powers.iter().map(|power| 10.0 * power.max(1e-10).log10()).collect();
        let smooth: Vec<f32> = (0..levels.len())
            .map(|t| {
                let around = &levels[t.saturating_sub(2)..(t + 3).min(levels.len())];
                around.iter().sum::<f32>() / around.len() as f32
            })
            .collect();
        let mut sorted = smooth.clone();
        sorted.sort_by(f32::total_cmp);
        let loudest = sorted.get(sorted.len() * 95 / 100).copied().unwrap_or(f32::NEG_INFINITY);
        if loudest < SILENT {
            return Some(Fault::Silent);
        }
        if known.is_some() {
            return known;
        }
        // the first 10 ms are faded in
        if levels.iter().skip(1).take(2).all(|&level| level > loudest - MIDDLE) {
            return Some(Fault::ClippedStart);
        }
        let heard = syllables(&smooth, loudest - SPEECH);
        (2 * heard + 1 < expected.syllables).then_some(Fault::Missing { heard, expected: expected.syllables })
    }

    /// The seconds in which something is heard.
    pub(crate) fn speech(&self) -> Option<Range<f32>> {
        let loudest = self.powers.iter().copied().fold(0.0, f32::max);
        let loud = |power: &f32| *power > loudest * HEARD;
        let (first, last) = (self.powers.iter().position(loud)?, self.powers.iter().rposition(loud)?);
        let seconds = |t: usize| (t as f64 / LEVELS) as f32;
        (last > first).then(|| seconds(first)..seconds(last + 1))
    }
}

/// Peaks above `threshold` with a dip between them.
fn syllables(levels: &[f32], threshold: f32) -> usize {
    let (mut count, mut low, mut high) = (0, f32::NEG_INFINITY, f32::NEG_INFINITY);
    let mut rising = true;
    for &level in levels {
        if rising {
            high = high.max(level);
            if level < high - DIP {
                count += usize::from(high > threshold);
                (rising, low) = (false, level);
            }
        } else {
            low = low.min(level);
            if level > low + DIP {
                (rising, high) = (true, level);
            }
        }
    }
    count + usize::from(rising && high > threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 24_000;
    const TEN: Expected = Expected { seconds: 2.0, syllables: 10 };

    /// Bursts of a tone, five a second, after `lead` seconds of quiet.
    fn bursts(count: usize, lead: f32) -> Vec<f32> {
        let samples = ((count as f32 / 5.0 + lead + 0.1) * RATE as f32) as usize;
        (0..samples)
            .map(|i| {
                let t = i as f32 / RATE as f32 - lead;
                let inside = t >= 0.0 && t < count as f32 / 5.0;
                let envelope = if inside { 0.02 + (t * 5.0 * std::f32::consts::PI).sin().powi(2) } else { 1e-4 };
                0.2 * envelope * (t * 150.0 * std::f32::consts::TAU).sin()
            })
            .collect()
    }

    /// Frames that go nowhere twice.
    fn wandering(frames: usize) -> Vec<f32> {
        (0..frames * 8).map(|i| ((i * i) as f32 * 0.37).sin()).collect()
    }

    #[test]
    fn lengths() {
        assert_eq!(length(TEN, 1.2, true), None);
        assert_eq!(length(TEN, 4.0, true), None);
        assert_eq!(length(TEN, 0.5, true).unwrap().name(), "ended-early");
        assert_eq!(length(TEN, 4.0, false).unwrap().name(), "no-end");
        assert_eq!(length(TEN, 9.0, true).unwrap().name(), "no-end");
    }

    /// What is told first as frames come, and after how many.
    fn latents(latents: &[f32], latent: usize, frame: f32) -> Option<(Fault, usize)> {
        let mut course = Course::new(latent, frame);
        (1..=latents.len() / latent).find_map(|n| course.step(&latents[..n * latent]).map(|fault| (fault, n)))
    }

    fn sound(expected: Expected, pcm: &[f32], rate: u32) -> Option<Fault> {
        let mut ear = Ear::new(rate);
        // whatever the parts are
        pcm.chunks(1013).for_each(|part| ear.hear(part));
        ear.judge(expected, None)
    }

    #[test]
    fn latents_that_stand_still_or_go_round() {
        let good = wandering(60);
        assert_eq!(latents(&good, 8, 0.08), None);
        let mut still = good.clone();
        for t in 30..50 {
            still.copy_within(29 * 8..30 * 8, t * 8);
        }
        assert_eq!(latents(&still, 8, 0.08), Some((Fault::Stuck, 30 + STILL)));
        let mut round = good;
        for t in 20..50 {
            round.copy_within((t - 7) * 8..(t - 6) * 8, t * 8);
        }
        assert_eq!(latents(&round, 8, 0.08), Some((Fault::Repeats { seconds: 7.0 * 0.08 }, 20 + 2 * 7)));
    }

    #[test]
    fn sounds() {
        assert_eq!(sound(TEN, &bursts(10, 0.1), RATE), None);
        assert_eq!(sound(TEN, &bursts(6, 0.1), RATE), None);
        assert_eq!(sound(TEN, &bursts(3, 0.1), RATE), Some(Fault::Missing { heard: 3, expected: 10 }));
        assert_eq!(sound(TEN, &vec![0.0; 24_000], RATE), Some(Fault::Silent));
        assert_eq!(sound(TEN, &[], RATE), Some(Fault::Silent));
        let cut = bursts(10, 0.1).split_off(RATE as usize / 5);
        assert_eq!(sound(TEN, &cut, RATE), Some(Fault::ClippedStart));
        // silence goes before what else is known, and that before what is heard
        let mut ear = Ear::new(RATE);
        assert_eq!(ear.judge(TEN, Some(Fault::Stuck)), Some(Fault::Silent));
        ear.hear(&cut);
        assert_eq!(ear.judge(TEN, Some(Fault::Stuck)), Some(Fault::Stuck));
        ear.start_over();
        ear.hear(&bursts(10, 0.1));
        assert_eq!(ear.judge(TEN, None), None);
        let speech = ear.speech().unwrap();
        assert!((speech.start - 0.1).abs() < 0.05 && (speech.end - 2.1).abs() < 0.05, "{speech:?}");
    }
}
