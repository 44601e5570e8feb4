//! Kinds of sound in which a speaker differs from everybody by more than the mean spectrum: open vowels, hisses, murmurs.
//!
//! In: frames of a canonical envelope relative to the speaker. Out: how far each belongs to each kind, and, of a person's own frames, what
//! the person's have beside what the model's speech has in that kind. A voice keeps that, and the decoder adds it.

use super::config::DecoderConfig;
use crate::kernels::{self, Isa};
use crate::nn::linear::{Bias, Linear};
use crate::weights::{Scope, WeightsError};

/// Bands that every recording holds, below 7.7 kHz: what is above is not known of a person.
pub(super) const HEARD: usize = 70;
/// Mean of a frame relative to the speaker's, below which nobody speaks.
const QUIET: f32 = -1.2;
/// Frames of nothing that are heard in each kind beside the person's: what is told of few is not believed.
const PRIOR: f32 = 20.0;

/// Makes a speaker with this of their own in each kind of sound louder: ln power of every frame is larger by `x` in units of the envelope.
pub(super) fn louder(own: &mut [f32], x: f32) {
    own.iter_mut().for_each(|own| *own = (*own + x).clamp(-MOST, MOST));
}

/// Most that a speaker has of their own, in units of the envelope: 35 dB, the most that a voice file may hold.
const MOST: f32 = 2.0;

/// Weights.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// `bands + 1 -> kinds`: the envelope, and 1 where there is voice
    belongs: Linear,
    /// `[kinds, bands]`: what the model's own speech has
    usual: Vec<f32>,
}

impl Kinds {
    /// `weight`, `bias`, `usual` below `scope` (`decoder.kinds`); `None` for weights without kinds.
    pub(super) fn load(scope: &Scope<'_>, config: &DecoderConfig) -> Result<Option<Self>, WeightsError> {
        let (kinds, bands) = (config.kinds, config.envelope_bands);
        if kinds == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            belongs: Linear::load(scope, bands + 1, kinds, Bias::Yes)?,
            usual: scope.tensor("usual", [kinds, bands])?.to_f32()?,
        }))
    }

    /// Adds to `envelope` `[bands]` what the speaker has of their `own` `[kinds, bands]` in what it is; `room` is for anything.
    pub(super) fn add(&self, isa: Isa, envelope: &mut [f32], voiced: bool, own: &[f32], room: &mut Vec<f32>) {
        self.shares(isa, envelope, voiced, room);
        for (&share, own) in room[envelope.len() + 1..].iter().zip(own.chunks_exact(envelope.len())) {
            kernels::axpy(isa, envelope, share, own);
        }
    }

    /// Leaves in `room`, behind what it was made of, how far `envelope` belongs to each kind.
    fn shares(&self, isa: Isa, envelope: &[f32], voiced: bool, room: &mut Vec<f32>) {
        room.clear();
        room.extend_from_slice(envelope);
        room.push(f32::from(u8::from(voiced)));
        let inputs = room.len();
        room.resize(inputs + self.belongs.outputs(), 0.0);
        let (inputs, shares) = room.split_at_mut(inputs);
        self.belongs.apply(isa, shares, inputs);
        kernels::softmax(isa, shares);
    }

    /// `[kinds, bands]`: what a person has beside the model's speech, of `frames` `[n, bands]` of their envelope relative to their profile, and
    /// which of them are voiced.
    pub(super) fn own(&self, isa: Isa, frames: &[f32], voiced: &[bool]) -> Vec<f32> {
        let bands = self.usual.len() / self.belongs.outputs();
        let heard = HEARD.min(bands);
        let (mut sums, mut counts) = (vec![0.0; self.usual.len()], vec![0.0; self.belongs.outputs()]);
        let mut room = Vec::new();
        for (frame, &voiced) in frames.chunks_exact(bands).zip(voiced) {
            if frame[..heard].iter().sum::<f32>() < QUIET * heard as f32 {
                continue;
            }
            self.shares(isa, frame, voiced, &mut room);
            for ((sum, count), &share) in sums.chunks_exact_mut(bands).zip(&mut counts).zip(&room[bands + 1..]) {
                kernels::axpy(isa, sum, share, frame);
                *count += share;
            }
        }
        for ((sum, usual), count) in sums.chunks_exact_mut(bands).zip(self.usual.chunks_exact(bands)).zip(counts) {
            for (band, (x, usual)) in sum.iter_mut().zip(usual).enumerate() {
                // of what is not heard nothing is said
                let said = ((bands - band) as f32 / (bands - heard + 2) as f32).min(1.0);
                *x = (said * (*x - usual * count) / (count + PRIOR)).clamp(-MOST, MOST);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::random::{RandomWeights, signal};

    const BANDS: usize = 80;
    const KINDS: usize = 3;

    /// Weights of three kinds, and the same numbers.
    fn three_kinds() -> (Kinds, [Vec<f32>; 3]) {
        let mut weights = RandomWeights::new(5);
        let shapes: [(&str, &[usize]); 3] =
            [("weight", &[KINDS, BANDS + 1]), ("bias", &[KINDS]), ("usual", &[KINDS, BANDS])];
        let values = shapes.map(|(name, shape)| weights.tensor(name, shape));
        let weights = weights.finish();
        let scope = weights.root();
        let belongs = Linear::load(&scope, BANDS + 1, KINDS, Bias::Yes).unwrap();
        (Kinds { belongs, usual: scope.tensor("usual", [KINDS, BANDS]).unwrap().to_f32().unwrap() }, values)
    }

    fn shares([weight, bias, _]: &[Vec<f32>; 3], frame: &[f32], voiced: bool) -> Vec<f64> {
        let rows = weight.chunks_exact(BANDS + 1).zip(bias);
        let scores = rows.map(|(row, &bias)| {
            let sum: f64 = frame.iter().zip(row).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
            (sum + f64::from(bias) + if voiced { f64::from(row[BANDS]) } else { 0.0 }).exp()
        });
        let scores: Vec<f64> = scores.collect();
        let total: f64 = scores.iter().sum();
        scores.into_iter().map(|score| score / total).collect()
    }

    #[test]
    fn what_is_a_persons_own() {
        let (kinds, values) = three_kinds();
        let mut frames = signal(200, BANDS);
        frames[7 * BANDS..9 * BANDS].fill(-3.0); // nobody speaks
        let voiced: Vec<bool> = (0..200).map(|t| t % 3 > 0).collect();
        let (mut sums, mut counts) = (vec![0.0; KINDS * BANDS], [0.0; KINDS]);
        for (t, frame) in frames.chunks_exact(BANDS).enumerate().filter(|(t, _)| !(7..9).contains(t)) {
            for (kind, share) in shares(&values, frame, voiced[t]).into_iter().enumerate() {
                counts[kind] += share;
                for (band, &x) in frame.iter().enumerate() {
                    sums[kind * BANDS + band] += share * f64::from(x);
                }
            }
        }
        for isa in Isa::available() {
            let own = kinds.own(isa, &frames, &voiced);
            for (i, (&found, sum)) in own.iter().zip(&sums).enumerate() {
                let (count, band) = (counts[i / BANDS], i % BANDS);
                let believed = count / (count + 20.0) * [1.0, (80 - band) as f64 / 12.0][usize::from(band > 68)];
                let expected = ((sum / count - f64::from(values[2][i])) * believed).clamp(-2.0, 2.0);
                assert!((f64::from(found) - expected).abs() < 1e-4, "{} {i}: {found}, expected {expected}", isa.name());
            }
            assert!(kinds.own(isa, &[], &[]).iter().all(|&x| x == 0.0));
        }
    }

    #[test]
    fn it_is_added_as_far_as_a_frame_belongs() {
        let (kinds, values) = three_kinds();
        let (frame, own) = (signal(1, BANDS), signal(KINDS, BANDS));
        for (isa, voiced) in Isa::available().into_iter().flat_map(|isa| [(isa, false), (isa, true)]) {
            let mut found = frame.clone();
            kinds.add(isa, &mut found, voiced, &own, &mut Vec::new());
            let shares = shares(&values, &frame, voiced);
            for (band, &found) in found.iter().enumerate() {
                let added: f64 = shares.iter().enumerate().map(|(k, s)| s * f64::from(own[k * BANDS + band])).sum();
                let expected = f64::from(frame[band]) + added;
                assert!((f64::from(found) - expected).abs() < 1e-5, "{} {band}: {found}, {expected}", isa.name());
            }
        }
    }
}
