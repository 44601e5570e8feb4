//! The same sound, longer or shorter, at the same pitch.
//!
//! In: mono PCM `[samples]` at any rate, and a [`Stretch`]. Out: PCM `[samples · stretch]`, rounded, that begins and ends where
//! the input does.
//!
//! Overlap-add by waveform similarity (WSOLA; Verhelst and Roelands 1993), in a form for speech and factors near 1. Blocks of
//! 10 ms are copied one after the other. So what is read strays from its place; once another stretch of the sound goes on
//! nearly as this one would, a period or more away, reading goes on there, after a crossfade of one block. The farther astray,
//! the less alike the two may be: seams fall into vowels and pauses, bursts and hiss are left whole. Between seams every sample
//! is the input's. Nothing needs to know the pitch, so no mistake about it is heard.
//!
//! May import: `units`.

use crate::units::SampleRate;

/// Factors that can be asked for.
const FACTORS: (f64, f64) = (0.5, 2.0);
/// Blocks a second; a seam lasts one.
const BLOCKS: u32 = 100;
/// Farthest that a block may be from its place, in seconds: longer than the longest period, shorter than a sound.
const REACH: f64 = 0.02;
/// Nearer than this it is in its place: half a period of a high voice.
const NEAR: f64 = 0.002;
/// Power that is not heard, against the mean: seams in pauses cost nothing.
const FLOOR: f64 = 1e-3;

/// By how much sound becomes longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stretch(f64);

impl Stretch {
    /// `factor` times as long, kept within 0.5 to 2; what is no number is 1.
    pub(crate) fn new(factor: f64) -> Self {
        Self(if factor.is_nan() { 1.0 } else { factor.clamp(FACTORS.0, FACTORS.1) })
    }
}

/// `pcm`, `by` times as long. By 1 it is `pcm` bit for bit.
pub(crate) fn stretch(pcm: &[f32], rate: SampleRate, by: Stretch) -> Vec<f32> {
    let length = (pcm.len() as f64 * by.0).round() as usize;
    if length == pcm.len() {
        return pcm.to_vec();
    }
    let sound = Sound::new(pcm, rate);
    let speed = pcm.len() as f64 / length as f64;
    let mut out = Vec::with_capacity(length);
    let mut from = sound.pad;
    while out.len() < length {
        let count = sound.block.min(length - out.len());
        let end = out.len() + count;
        // the end of every block has its place, so that the last one is that of the input
        let place = sound.pad + (end as f64 * speed).round() as usize - count;
        let to = sound.next(from, place, sound.reach.min(length - end));
        sound.read(from, to, count, &mut out);
        from = to + count;
    }
    out
}

/// The input, with silence around it.
struct Sound {
    /// Samples of silence before it and after it.
    pad: usize,
    samples: Vec<f32>,
    /// `[samples + 1]`, energy of all samples before.
    energy: Vec<f64>,
    /// Energy over two blocks that is not heard.
    floor: f64,
    /// Samples of a block, a multiple of 4.
    block: usize,
    reach: usize,
    near: usize,
}

impl Sound {
    fn new(pcm: &[f32], rate: SampleRate) -> Self {
        let of = |seconds: f64| (seconds * f64::from(rate.0)) as usize;
        let block = (rate.0 / BLOCKS).max(1).next_multiple_of(4) as usize;
        let (reach, near) = (of(REACH), of(NEAR));
        let pad = reach + 4 * block;
        let mut samples = vec![0.0; pad];
        samples.extend_from_slice(pcm);
        samples.resize(pad + pcm.len() + pad, 0.0);
        let mut energy = Vec::with_capacity(samples.len() + 1);
        let mut sum = 0.0;
        energy.push(sum);
        for x in &samples {
            sum += f64::from(*x).powi(2);
            energy.push(sum);
        }
        let floor = FLOOR * sum / pcm.len().max(1) as f64 * (2 * block) as f64;
        Self { pad, samples, energy, floor, block, reach, near }
    }

    /// Where to read a block that belongs at `place`, at most `reach` away, after what was read up to `from`.
    fn next(&self, from: usize, place: usize, reach: usize) -> usize {
        let stray = from.abs_diff(place);
        if stray <= self.near.min(reach) {
            return from;
        }
        // as far astray as may be costs what a seam between unlike sounds does
        let astray = |at: usize| (at.abs_diff(place) as f64 / reach as f64).powi(2);
        let (mut best, mut least) = if stray <= reach { (from, astray(from)) } else { (place, f64::INFINITY) };
        if reach > 0 {
            for at in place - reach..=place + reach {
                let cost = astray(at);
                if cost < least {
                    let (both, product) = self.compare(from, at);
                    let cost = cost + (both - 2.0 * product).max(0.0) / (both + self.floor).max(f64::MIN_POSITIVE);
                    if cost < least {
                        (best, least) = (at, cost);
                    }
                }
            }
        }
        best
    }

    /// Sum of both energies, and product, of two blocks each, with half a block before and after the seam.
    fn compare(&self, a: usize, b: usize) -> (f64, f64) {
        let (a, b, long) = (a - self.block / 2, b - self.block / 2, 2 * self.block);
        let mut sums = [0.0_f32; 8];
        for (a, b) in self.samples[a..a + long].chunks_exact(8).zip(self.samples[b..b + long].chunks_exact(8)) {
            for i in 0..8 {
                sums[i] += a[i] * b[i];
            }
        }
        let energy = |at: usize| self.energy[at + long] - self.energy[at];
        (energy(a) + energy(b), sums.iter().sum::<f32>().into())
    }

    /// Appends `count` samples from `from`, which become those from `to`.
    fn read(&self, from: usize, to: usize, count: usize, out: &mut Vec<f32>) {
        let (old, new) = (&self.samples[from..from + count], &self.samples[to..to + count]);
        if from == to {
            out.extend_from_slice(old);
            return;
        }
        let (both, product) = self.compare(from, to);
        let alike = (2.0 * product / both.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) as f32;
        for (i, (old, new)) in old.iter().zip(new).enumerate() {
            let turn = std::f32::consts::PI * (i as f32 + 0.5) / count as f32;
            let (out_of, into) = (0.5 + 0.5 * turn.cos(), 0.5 - 0.5 * turn.cos());
            // the two add up to 1 where they are alike, their powers where they are not
            let power = out_of * out_of + into * into + 2.0 * alike * out_of * into;
            out.push((out_of * old + into * new) / power.sqrt());
        }
    }
}

#[cfg(test)]
mod tests;
