//! A timbre that differs from another by vocal effort alone.
//!
//! In: a timbre `[timbre]` and dB of alpha ratio. Out: the timbre nearest to it whose profile has the same length of the tract
//! and the same aperiodicity, and a mean envelope tilted as effort tilts it (the shape of the control of energy).
//!
//! A profile is linear in the timbre, so the way there is the shortest vector that it makes that tilt of.

use super::expression::tilt;
use super::profile::ProfileModel;
use super::spectrum::mel_band_hz;
use crate::kernels::{self, Isa};

/// What is added to the diagonal, as a share of its mean: weights may tell two bands from one number.
const RIDGE: f64 = 1e-3;
/// Least and most dB that the mean spectrum may be found to move by where a dB of tilt was asked for.
const GAIN: (f32, f32) = (0.3, 3.0);

impl ProfileModel {
    /// `timbre` of length 1 with `db` more alpha ratio, of length 1 again; ln power is `scale x`. No `db` changes no number.
    pub(super) fn brightened(&self, isa: Isa, timbre: &[f32], db: f32, scale: f32) -> Vec<f32> {
        if db == 0.0 {
            return timbre.to_vec();
        }
        let way = self.way(isa, timbre, scale);
        let alpha = |steps: f32| self.apply(isa, &moved(timbre, &way, steps)).alpha_ratio(&[], scale);
        let gain = ((alpha(1.0) - alpha(-1.0)) / 2.0).clamp(GAIN.0, GAIN.1);
        moved(timbre, &way, db / gain)
    }

    /// `[timbre]`: the shortest way to a dB of tilt.
    fn way(&self, isa: Isa, timbre: &[f32], scale: f32) -> Vec<f32> {
        let bands = self.bands();
        let warp = f64::from(self.log_warp(isa, timbre)).exp();
        let mut goal: Vec<f64> = mel_band_hz(bands).map(|hz| f64::from(tilt((hz / warp) as f32))).collect();
        // the level of a profile is none of its business
        let level = goal.iter().sum::<f64>() / bands as f64;
        let unit = std::f64::consts::LN_10 / 10.0 / f64::from(scale);
        for x in &mut goal {
            *x = (*x - level) * unit;
        }
        let columns = self.columns(isa, timbre.len());
        let told = columns[0].len();
        goal.resize(told, 0.0);
        let mut square = vec![0.0; told * told];
        for column in &columns {
            for (row, &x) in square.chunks_exact_mut(told).zip(column) {
                for (sum, &y) in row.iter_mut().zip(column) {
                    *sum += x * y;
                }
            }
        }
        let trace: f64 = (0..told).map(|i| square[i * told + i]).sum();
        for i in 0..told {
            square[i * told + i] += RIDGE * trace / told as f64 + 1e-12;
        }
        kernels::solve(&mut square, &mut goal);
        columns.iter().map(|column| column.iter().zip(&goal).map(|(a, b)| a * b).sum::<f64>() as f32).collect()
    }

    /// What each number of a timbre does to the numbers of a profile.
    fn columns(&self, isa: Isa, timbre: usize) -> Vec<Vec<f64>> {
        let mut unit = vec![0.0; timbre];
        let nothing = self.numbers(isa, &unit);
        (0..timbre)
            .map(|i| {
                unit[i] = 1.0;
                let something = self.numbers(isa, &unit);
                unit[i] = 0.0;
                something.iter().zip(&nothing).map(|(a, b)| f64::from(a - b)).collect()
            })
            .collect()
    }
}

/// `timbre` and some steps of `way`, of length 1.
fn moved(timbre: &[f32], way: &[f32], steps: f32) -> Vec<f32> {
    let mut sum: Vec<f32> = timbre.iter().zip(way).map(|(x, y)| x + steps * y).collect();
    let length = sum.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt().max(1e-12);
    for x in &mut sum {
        *x = (f64::from(*x) / length) as f32;
    }
    sum
}
