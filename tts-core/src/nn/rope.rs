//! Rotary positions: neighbouring pairs of a head are turned by an angle that grows with the position.
//!
//! Pair `i` of a head of `dim` channels turns by `position * period^(-2 i / dim)` (Su et al. 2021, interleaved pairs).

use std::f64::consts::TAU;

/// The table of turning speeds, shared by all heads and layers.
#[derive(Debug, Clone)]
pub(crate) struct Rope {
    /// Turns per position, `[dim / 2]`
    speed: Vec<f64>,
}

/// Sine and cosine of every pair at one position.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// `[dim / 2]` of (cosine, sine)
    pairs: Vec<(f32, f32)>,
}

impl Rope {
    /// For heads of `dim` channels (even).
    pub(crate) fn new(dim: usize, max_period: f64) -> Self {
        let half = dim / 2;
        let speed = (0..half).map(|i| (-max_period.ln() * i as f64 / half as f64).exp() / TAU).collect();
        Self { speed }
    }

    /// A rotation to be filled by [`Rope::at`].
    pub(crate) fn start(&self) -> Rotation {
        Rotation { pairs: vec![(1.0, 0.0); self.speed.len()] }
    }

    /// Sets `rotation` to `position`. Turns are counted in f64 and reduced, so hours of speech lose no precision.
    pub(crate) fn at(&self, rotation: &mut Rotation, position: u64) {
        for (pair, speed) in rotation.pairs.iter_mut().zip(&self.speed) {
            let turns = position as f64 * speed;
            let (sin, cos) = ((turns - turns.floor()) * TAU).sin_cos();
            *pair = (cos as f32, sin as f32);
        }
    }
}

impl Rotation {
    /// Turns every head of `x` `[heads * dim]`.
    pub(crate) fn apply(&self, x: &mut [f32]) {
        for head in x.chunks_exact_mut(2 * self.pairs.len()) {
            for (ab, (cos, sin)) in head.chunks_exact_mut(2).zip(&self.pairs) {
                let (a, b) = (ab[0], ab[1]);
                ab[0] = a * cos - b * sin;
                ab[1] = a * sin + b * cos;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A score depends on the distance of two positions only, however far from the start they are.
    #[test]
    fn scores_depend_on_distance() {
        let rope = Rope::new(8, 10_000.0);
        let q: Vec<f32> = (0..8).map(|i| (i as f32 * 0.7).sin()).collect();
        let k: Vec<f32> = (0..8).map(|i| (i as f32 * 1.3).cos()).collect();
        let score = |a: u64, b: u64| {
            let (mut q, mut k, mut r) = (q.clone(), k.clone(), rope.start());
            rope.at(&mut r, a);
            r.apply(&mut q);
            rope.at(&mut r, b);
            r.apply(&mut k);
            q.iter().zip(&k).map(|(a, b)| a * b).sum::<f32>()
        };
        let near = score(17, 5);
        for shift in [1u64, 1_000, 1_000_000, 1 << 40] {
            assert!((score(17 + shift, 5 + shift) - near).abs() < 2e-3, "shift {shift}");
        }
        assert!((score(1_000_017, 1_000_005) - near).abs() < 1e-5);
    }
}
