//! How a frame is spoken, as arithmetic on the decoder's parameters: between decoder and renderer.
//!
//! In: parameters of a latent frame, four rows at 100 Hz (ln power of every band, aperiodicity at 0 Hz and the three
//! coded ones in dB, F0 in Hz; what stands behind them is left) and one [`Expression`] for the frame's end. Out: the same, changed in place. The controls
//! move from the frame before to this one in four equal steps, so a change takes 40 ms and cannot click. With neutral
//! controls nothing is touched, not a bit of it.
//!
//! Pitch is a source-filter matter: F0 moves, the envelope stays. Effort is a tilt of the spectrum with a level (Sundberg
//! and Nordenberg 2006, *J. Acoust. Soc. Am.* 120, 453-457: the alpha measure rises with loudness, fastest around 3 kHz);
//! breath is noise under the harmonics and a strong first one (Klatt and Klatt 1990, *J. Acoust. Soc. Am.* 87, 820-857).
//!
//! May import: what `codec` may.

use std::f32::consts::LN_10;

use super::decoder::{APERIODICITY_AT_ZERO, F0_RANGE};
use super::spectrum::{APERIODICITIES, mel_band_hz};

/// ln power of a dB.
const DB: f32 = LN_10 / 10.0;
/// dB of level that come with a dB of effort.
const EFFORT_LEVEL: f32 = 0.5;
/// Noise amplitude that breathiness 1 adds at 0, 3, 6 and 9 kHz.
const BREATH: [f32; APERIODICITIES + 1] = [0.25, 0.75, 0.85, 0.9];
/// dB that breathiness 1 adds to the first harmonic.
const BREATH_FIRST_HARMONIC: f32 = 4.0;
/// dB that whisper 1 takes from the whole, and again from what lies below the first formant.
const WHISPER_LEVEL: f32 = 8.0;
const WHISPER_LOW: f32 = 8.0;
/// From here on nothing of the voice is left.
const VOICELESS: f32 = 0.995;
/// dB about the usual level within which the level is stretched; what is further off moves with the end.
const VARIATION_REACH: (f32, f32) = (-20.0, 20.0);
/// Where compression lets go of a falling level, so that it does not lift the silence: dB about the usual.
const VARIATION_SILENCE: f32 = -40.0;
/// Voiced sub-frames that the expected means count for, and that a mean remembers at most.
const MEAN_PRIOR: f32 = 100.0;
const MEAN_MEMORY: f32 = 800.0;
/// ln of the power of usual voiced sound, the sum over bands of power times width in Hz, as the shipped model speaks.
const USUAL_LEVEL: f32 = 3.4;

/// The controls of a frame, in plain numbers that were checked above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Expression {
    /// Added to ln F0.
    pub(crate) pitch: f32,
    /// ln F0 about its usual value, times this.
    pub(crate) range: f32,
    /// dB of alpha ratio.
    pub(crate) energy: f32,
    /// dB of level about the usual one, times this.
    pub(crate) variation: f32,
    /// 0 to 1.
    pub(crate) breathiness: f32,
    /// 0 to 1.
    pub(crate) whisper: f32,
}

impl Expression {
    /// Numbers of an expression.
    pub(crate) const WIDTH: usize = 6;
    /// Changes nothing.
    pub(crate) const NEUTRAL: Self =
        Self { pitch: 0.0, range: 1.0, energy: 0.0, variation: 1.0, breathiness: 0.0, whisper: 0.0 };

    /// The numbers, to travel behind a latent.
    pub(crate) fn to_array(self) -> [f32; Self::WIDTH] {
        [self.pitch, self.range, self.energy, self.variation, self.breathiness, self.whisper]
    }

    /// From [`Self::to_array`]'s numbers; what is missing is neutral.
    pub(crate) fn from_slice(numbers: &[f32]) -> Self {
        let mut all = Self::NEUTRAL.to_array();
        all.iter_mut().zip(numbers).for_each(|(to, from)| *to = *from);
        let [pitch, range, energy, variation, breathiness, whisper] = all;
        Self { pitch, range, energy, variation, breathiness, whisper }
    }

    /// What is asked on top of what is there anyway: neutral on top of anything is that, bit for bit.
    pub(crate) fn and(self, asked: Self) -> Self {
        Self {
            pitch: self.pitch + asked.pitch,
            range: self.range * asked.range,
            energy: self.energy + asked.energy,
            variation: self.variation * asked.variation,
            breathiness: self.breathiness + (1.0 - self.breathiness) * asked.breathiness,
            whisper: self.whisper + (1.0 - self.whisper) * asked.whisper,
        }
    }

    /// `share` of the way to `other`; all of it is exact.
    fn towards(self, other: Self, share: f32) -> Self {
        if share >= 1.0 {
            return other;
        }
        let (from, to) = (self.to_array(), other.to_array());
        Self::from_slice(&std::array::from_fn::<f32, { Self::WIDTH }, _>(|i| from[i] + share * (to[i] - from[i])))
    }
}

/// Tables; no state.
#[derive(Debug)]
pub(crate) struct Shaper {
    /// Numbers of a row.
    width: usize,
    /// Of every band: centre in Hz.
    hz: Vec<f32>,
    /// Of every band: ln of its width in Hz.
    ln_width: Vec<f32>,
    /// Of every band: ln power that a dB of effort adds where there is voice, level included.
    effort: Vec<f32>,
    /// Of every band: ln power that whisper 1 adds.
    whisper: Vec<f32>,
}

/// What outlives a frame.
#[derive(Debug, Clone)]
pub(crate) struct ShaperState {
    before: Option<Expression>,
    /// Of ln F0 over voiced sub-frames.
    log_f0: Mean,
    /// Of ln power over voiced sub-frames.
    level: Mean,
    /// Share of voice, smoothed over 20 ms: effort changes vowels more than hisses.
    voice: f32,
}

/// A mean that begins with what is expected and slowly forgets.
#[derive(Debug, Clone)]
struct Mean {
    value: f32,
    count: f32,
}

impl Mean {
    fn expected(value: f32) -> Self {
        Self { value, count: MEAN_PRIOR }
    }

    fn add(&mut self, value: f32) {
        self.count = (self.count + 1.0).min(MEAN_MEMORY);
        self.value += (value - self.value) / self.count;
    }
}

impl Shaper {
    /// For rows of `width` numbers that begin with `bands` mel bands, four aperiodicities and F0.
    pub(crate) fn new(bands: usize, width: usize) -> Self {
        let hz: Vec<f32> = mel_band_hz(bands).map(|hz| hz as f32).collect();
        let edge = |at: usize| if at < bands { hz[at] } else { 2.0 * hz[bands - 1] - hz[bands.saturating_sub(2)] };
        let band_width =
            (0..bands).map(|band| (0.5 * (edge(band + 1) - if band == 0 { 0.0 } else { hz[band - 1] })).max(1.0));
        let effort = hz.iter().map(|&hz| DB * (tilt(hz) + EFFORT_LEVEL));
        let whisper = hz.iter().map(|&hz| -DB * (WHISPER_LEVEL + WHISPER_LOW * (1.0 - tilt(hz))));
        let ln_width = band_width.map(f32::ln).collect();
        Self { width, ln_width, effort: effort.collect(), whisper: whisper.collect(), hz }
    }

    /// The start of a stream of a voice whose ln F0 is usually `mean_log_f0`.
    pub(crate) fn start(&self, mean_log_f0: f32) -> ShaperState {
        let (log_f0, level) = (Mean::expected(mean_log_f0), Mean::expected(USUAL_LEVEL));
        ShaperState { before: None, log_f0, level, voice: 0.0 }
    }

    /// Changes the `parameters` `[4, width]` of a latent frame that ends with `expression`.
    pub(crate) fn step(&self, state: &mut ShaperState, expression: Expression, parameters: &mut [f32]) {
        let before = state.before.replace(expression).unwrap_or(expression);
        let rows = parameters.len() / self.width;
        for (k, row) in parameters.chunks_exact_mut(self.width).enumerate() {
            let now = before.towards(expression, (k + 1) as f32 / rows as f32);
            self.shape(state, now, row);
        }
    }

    fn shape(&self, state: &mut ShaperState, now: Expression, row: &mut [f32]) {
        let (envelope, rest) = row.split_at_mut(self.hz.len());
        let (aperiodicity, f0) = rest.split_at_mut(APERIODICITIES + 1);
        let f0 = &mut f0[0];
        let voiced = *f0 > 0.0;
        let usual = state.log_f0.value;
        let log_f0 = if voiced { f0.ln() } else { usual };
        if voiced {
            state.log_f0.add(log_f0);
        }
        state.voice += 0.5 * (f32::from(u8::from(voiced)) - state.voice);
        if now == Expression::NEUTRAL {
            return;
        }
        if voiced && (now.pitch != 0.0 || now.range != 1.0) {
            let moved = usual + now.range * (log_f0 - usual) + now.pitch;
            *f0 = moved.exp().clamp(F0_RANGE.0, F0_RANGE.1);
        }
        if now.variation != 1.0 {
            let gain = self.variation_gain(state, now.variation, voiced, envelope);
            envelope.iter_mut().for_each(|band| *band += gain);
        }
        if now.energy != 0.0 {
            let level = DB * EFFORT_LEVEL;
            for (band, effort) in envelope.iter_mut().zip(&self.effort) {
                *band += now.energy * (level + state.voice * (effort - level));
            }
        }
        if now.breathiness > 0.0 {
            self.breathe(now.breathiness, *f0, envelope, aperiodicity);
        }
        if now.whisper > 0.0 {
            for (band, whisper) in envelope.iter_mut().zip(&self.whisper) {
                *band += now.whisper * state.voice * whisper;
            }
            for db in aperiodicity {
                let noise = power(*db);
                *db = decibel(noise + (1.0 - noise) * now.whisper * now.whisper);
            }
            if now.whisper >= VOICELESS {
                *f0 = 0.0;
            }
        }
    }

    /// ln power to be added so that the level lies `variation` times as far from the usual one.
    fn variation_gain(&self, state: &mut ShaperState, variation: f32, voiced: bool, envelope: &[f32]) -> f32 {
        let level = envelope.iter().zip(&self.ln_width).map(|(band, width)| (band + width).exp()).sum::<f32>();
        let level = level.max(1e-30).ln();
        if voiced {
            state.level.add(level);
        }
        let off = (level - state.level.value) / DB;
        let reached = off.clamp(VARIATION_REACH.0, VARIATION_REACH.1);
        let held = if variation < 1.0 && off < VARIATION_REACH.0 {
            ((off - VARIATION_SILENCE) / (VARIATION_REACH.0 - VARIATION_SILENCE)).max(0.0)
        } else {
            1.0
        };
        (variation - 1.0) * reached * held * DB
    }

    /// Noise under the harmonics, and a strong first one.
    fn breathe(&self, breath: f32, f0: f32, envelope: &mut [f32], aperiodicity: &mut [f32]) {
        for (db, most) in aperiodicity.iter_mut().zip(BREATH) {
            let noise = power(*db);
            *db = decibel(noise + (1.0 - noise) * (breath * most).powi(2));
        }
        if f0 > 0.0 {
            let most = BREATH_FIRST_HARMONIC * DB * breath;
            for (band, hz) in envelope.iter_mut().zip(&self.hz) {
                // all of it up to F0, nothing from the second harmonic on
                let share = (2.0 - hz / f0).clamp(0.0, 1.0);
                if share == 0.0 {
                    break;
                }
                *band += most * share;
            }
        }
    }
}

/// dB that a dB of effort adds at a frequency, level aside: little below 500 Hz, most around 3 kHz.
pub(super) fn tilt(hz: f32) -> f32 {
    let rise = 1.25 / (1.0 + (750.0 / hz.max(1.0)).powi(4));
    rise + 0.15 * (-(hz.max(1.0) / 3000.0).log2().powi(2)).exp()
}

/// Power of noise beside a power of 1 of the whole, of an aperiodicity in dB.
fn power(db: f32) -> f32 {
    (db * DB).exp()
}

/// Aperiodicity in dB of a power of noise; never quite everything, as the decoder's.
fn decibel(noise: f32) -> f32 {
    (noise.ln() / DB).clamp(APERIODICITY_AT_ZERO, -0.001)
}

#[cfg(test)]
mod tests;
