//! Whether one person speaks: the sound of a recording in pieces, and the best way to part them in two.
//!
//! A piece is a second of voice, described by the mean of its pitch and of twelve cepstral coefficients of its mel bands.
//! Six weighted sums of these tell speakers apart best (linear discriminant analysis, over 145 recordings of 121 readers),
//! scaled so that the pieces of one reader have a standard deviation of 1 in each. Two groups of pieces that are farther
//! apart than the groups of one voice are two voices, or one that has changed all at once.

use super::spectrum::{Frames, MEL};

/// Voiced frames in a piece.
const PIECE: usize = 100;
/// Pitch in semitones over 100 Hz, then cepstral coefficients 1 to 12.
const FEATURES: usize = 13;
/// Weighted sums.
const AXES: usize = 6;
/// Pieces on each side of a parting.
const LEAST: usize = 2;
/// Most pieces that are looked at: the search for the farthest two is quadratic.
const PIECES_MAX: usize = 400;
/// Means of groups differ by so much more than chance lets single pieces differ (variance, in that of a piece).
const DRIFT: f32 = 0.3;
/// The best of all partings is farther apart than the best in sequence, by this factor.
const FREEDOM: f32 = 0.85;

/// `[AXES][FEATURES]`
#[rustfmt::skip]
const WEIGHTS: [[f32; FEATURES]; AXES] = [
    [-0.51, -2.06, -0.68, 0.91, 1.80, -1.08, -4.42, -1.14, 0.33, -2.40, 3.05, -4.14, -0.58],
    [-0.01, 5.37, 1.53, 3.61, 0.15, 2.42, 1.29, 1.40, 0.40, -1.18, -0.73, -5.85, -0.55],
    [-0.09, 1.69, -0.14, -2.98, -7.36, -6.48, -2.09, 2.95, -1.96, -2.64, 0.52, 1.84, -1.50],
    [-0.12, 0.58, 1.11, -2.80, -2.36, 6.04, 7.01, 3.82, -5.08, -2.10, 9.05, -1.99, -3.95],
    [0.10, -0.41, 0.20, 1.08, 1.77, -2.20, -2.43, 5.63, -0.40, 10.16, 10.34, -9.33, -5.53],
    [-0.12, 0.15, 2.42, -2.59, 2.82, -3.72, 4.37, 1.91, -4.29, 4.79, -9.45, -3.91, 7.42],
];

/// A stretch of voice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece([f32; AXES]);

/// The pieces of a recording: of every frame that is `voiced`, `f0` in Hz and the mel bands count.
pub(super) fn pieces(frames: &Frames, f0: &[f32], voiced: &[bool]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut sum, mut count) = ([0.0; FEATURES], 0);
    for t in (0..voiced.len()).filter(|&t| voiced[t]) {
        sum[0] += 12.0 * (f0[t] / 100.0).log2();
        for (k, sum) in sum[1..].iter_mut().enumerate() {
            *sum += cepstrum(&frames.mel[t], k + 1);
        }
        count += 1;
        if count == PIECE {
            let mean = sum.map(|sum| sum / PIECE as f32);
            pieces.push(Piece(WEIGHTS.map(|row| row.iter().zip(mean).map(|(w, v)| w * v).sum())));
            (sum, count) = ([0.0; FEATURES], 0);
        }
    }
    pieces
}

/// Coefficient `k` of the cosine transform of ln powers, as a mean over bands.
fn cepstrum(mel: &[f32; MEL], k: usize) -> f32 {
    let turn = std::f32::consts::PI * k as f32 / MEL as f32;
    mel.iter().enumerate().map(|(band, ln)| ln * (turn * (band as f32 + 0.5)).cos()).sum::<f32>() / MEL as f32
}

/// How far apart the two most different groups of pieces are, in standard deviations of one voice, the root of the mean
/// over axes; 0 of fewer than four pieces.
pub(super) fn parting(pieces: &[Piece]) -> f32 {
    let pieces = &pieces[..pieces.len().min(PIECES_MAX)];
    if pieces.len() < 2 * LEAST {
        return 0.0;
    }
    in_sequence(pieces).max(FREEDOM * at_will(pieces))
}

/// One after the other: the best moment of a change.
fn in_sequence(pieces: &[Piece]) -> f32 {
    let mut best = 0.0_f32;
    for at in LEAST..=pieces.len() - LEAST {
        let (before, after) = pieces.split_at(at);
        let chance = 1.0 / before.len() as f32 + 1.0 / after.len() as f32 + DRIFT;
        best = best.max((distance(&mean(before), &mean(after)) / chance).sqrt());
    }
    best
}

/// In turns: two-means from the two pieces that are farthest apart.
fn at_will(pieces: &[Piece]) -> f32 {
    let mut ends = (0, 0, -1.0);
    for a in 0..pieces.len() {
        for b in a + 1..pieces.len() {
            let apart = distance(&pieces[a], &pieces[b]);
            if apart > ends.2 {
                ends = (a, b, apart);
            }
        }
    }
    let mut centres = [pieces[ends.0], pieces[ends.1]];
    for _ in 0..8 {
        let (near, far): (Vec<Piece>, Vec<Piece>) =
            pieces.iter().partition(|piece| distance(piece, &centres[0]) <= distance(piece, &centres[1]));
        if near.len() < LEAST || far.len() < LEAST {
            return 0.0;
        }
        centres = [mean(&near), mean(&far)];
    }
    distance(&centres[0], &centres[1]).sqrt()
}

fn mean(pieces: &[Piece]) -> Piece {
    let mut sum = [0.0; AXES];
    for piece in pieces {
        for (sum, value) in sum.iter_mut().zip(piece.0) {
            *sum += value;
        }
    }
    Piece(sum.map(|sum| sum / pieces.len().max(1) as f32))
}

/// Mean of the squares of differences.
fn distance(a: &Piece, b: &Piece) -> f32 {
    a.0.iter().zip(b.0).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / AXES as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces around `centre`, within a standard deviation.
    fn voice(centre: f32, count: usize) -> Vec<Piece> {
        let noise = |i: usize, k: usize| ((i * 7 + k * 3) % 5) as f32 * 0.5 - 1.0;
        (0..count).map(|i| Piece(std::array::from_fn(|k| centre + noise(i, k)))).collect()
    }

    #[test]
    fn two_voices_part_and_one_does_not() {
        let (one, other) = (voice(0.0, 6), voice(4.0, 4));
        let both: Vec<Piece> = [&one[..], &other].concat();
        let turns: Vec<Piece> = [&one[..3], &other[..2], &one[3..], &other[2..]].concat();
        assert!(parting(&one) < 1.2, "{}", parting(&one));
        assert!(parting(&both) > 3.0, "{}", parting(&both));
        assert!(parting(&turns) > 3.0, "{}", parting(&turns));
        // a single odd piece is no second voice, and three pieces are none at all
        let odd: Vec<Piece> = [&one[..], &other[..1]].concat();
        assert!(parting(&odd) < 2.6, "{}", parting(&odd));
        assert_eq!(parting(&both[..3]), 0.0);
    }
}
