//! The cheapest way through the pitch candidates of all frames (Viterbi), and the bridging of its gaps.

use super::pitch::PitchConfig;

/// Most candidates of a frame, the unvoiced one not counted.
const MOST: usize = 14;

/// A period that a frame may have.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Candidate {
    /// Hz; 0 stands for unvoiced
    pub(super) frequency: f64,
    /// Normalised autocorrelation
    pub(super) strength: f64,
}

impl Candidate {
    /// Strength that favours high frequencies by a little, so that of equal peaks the first one counts.
    fn local(&self, config: &PitchConfig) -> f64 {
        self.strength - config.octave_cost * (config.ceiling / self.frequency).log2()
    }
}

/// What a frame may be: unvoiced, or one of the periods.
#[derive(Debug, Clone)]
pub(super) struct Candidates {
    /// Loudness relative to that of everything, 0 to 1
    intensity: f64,
    count: usize,
    /// the first is the unvoiced one
    all: [Candidate; MOST + 1],
}

impl Candidates {
    pub(super) fn new(intensity: f64) -> Self {
        Self { intensity, count: 1, all: [Candidate::default(); MOST + 1] }
    }

    /// Adds one, in place of the weakest where there is no room.
    pub(super) fn add(&mut self, candidate: Candidate, config: &PitchConfig) {
        if self.count <= MOST {
            self.all[self.count] = candidate;
            self.count += 1;
            return;
        }
        let mut weakest = 1;
        for i in 2..=MOST {
            if self.all[i].local(config) < self.all[weakest].local(config) {
                weakest = i;
            }
        }
        if candidate.local(config) > self.all[weakest].local(config) {
            self.all[weakest] = candidate;
        }
    }

    fn gain(&self, i: usize, config: &PitchConfig) -> f64 {
        if i > 0 {
            return self.all[i].local(config);
        }
        let silence = 2.0 - self.intensity * (1.0 + config.voicing_threshold) / config.silence_threshold;
        config.voicing_threshold + silence.max(0.0)
    }
}

fn cost(config: &PitchConfig, from: &Candidate, to: &Candidate) -> f64 {
    match (from.frequency > 0.0, to.frequency > 0.0) {
        (true, true) => config.octave_jump_cost * (from.frequency / to.frequency).log2().abs(),
        (false, false) => 0.0,
        _ => config.voiced_unvoiced_cost,
    }
}

/// One candidate a frame, so that gains less costs are greatest.
pub(super) fn cheapest_path(config: &PitchConfig, frames: &[Candidates]) -> Vec<Candidate> {
    let Some(first) = frames.first() else { return Vec::new() };
    let mut totals = [f64::NEG_INFINITY; MOST + 1];
    for (i, total) in totals[..first.count].iter_mut().enumerate() {
        *total = first.gain(i, config);
    }
    let mut back = vec![[0u8; MOST + 1]; frames.len()];
    for (t, pair) in frames.windows(2).enumerate() {
        let [before, now] = pair else { continue };
        let mut next = [f64::NEG_INFINITY; MOST + 1];
        for i in 0..now.count {
            for from in 0..before.count {
                let total = totals[from] - cost(config, &before.all[from], &now.all[i]);
                if total > next[i] {
                    next[i] = total;
                    back[t + 1][i] = from as u8;
                }
            }
            next[i] += now.gain(i, config);
        }
        totals = next;
    }
    let mut at = 0;
    for i in 1..MOST + 1 {
        if totals[i] > totals[at] {
            at = i;
        }
    }
    let mut path = vec![Candidate::default(); frames.len()];
    for t in (0..frames.len()).rev() {
        path[t] = frames[t].all[at];
        at = back[t][at].into();
    }
    path
}

/// F0 through gaps of at most `most` frames between voiced ones, straight in ln F0.
pub(super) fn bridge(f0: &mut [f64], most: usize) {
    let mut last: Option<usize> = None;
    for t in 0..f0.len() {
        if f0[t] <= 0.0 {
            continue;
        }
        if let Some(from) = last.filter(|from| (2..=most + 1).contains(&(t - from))) {
            let (start, step) = (f0[from].ln(), (f0[t] / f0[from]).ln() / (t - from) as f64);
            for gap in from + 1..t {
                f0[gap] = (start + step * (gap - from) as f64).exp();
            }
        }
        last = Some(t);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(intensity: f64, candidates: &[(f64, f64)]) -> Candidates {
        let mut frame = Candidates::new(intensity);
        for &(frequency, strength) in candidates {
            frame.add(Candidate { frequency, strength }, &PitchConfig::default());
        }
        frame
    }

    fn path(frames: &[Candidates]) -> Vec<f64> {
        cheapest_path(&PitchConfig::default(), frames).iter().map(|c| c.frequency).collect()
    }

    #[test]
    fn an_octave_error_of_one_frame_is_outvoted() {
        let steady = frame(1.0, &[(200.0, 0.95), (100.0, 0.85)]);
        let wrong = frame(1.0, &[(200.0, 0.8), (100.0, 0.95)]);
        assert_eq!(path(&[steady.clone(), steady.clone(), wrong.clone(), steady.clone(), steady]), [200.0; 5]);
        assert_eq!(path(&[wrong]), [100.0]);
    }

    #[test]
    fn weak_or_silent_frames_are_unvoiced() {
        assert_eq!(path(&[frame(1.0, &[(200.0, 0.25)])]), [0.0]);
        assert_eq!(path(&[frame(1.0, &[(200.0, 0.35)])]), [200.0]);
        assert_eq!(path(&[frame(0.001, &[(200.0, 0.9)])]), [0.0]);
        assert!(path(&[]).is_empty());
    }

    #[test]
    fn the_weakest_makes_room() {
        let many: Vec<(f64, f64)> = (0..20).map(|i| (480.0 - f64::from(i), 0.3 + f64::from(i) * 0.01)).collect();
        let full = frame(1.0, &many);
        assert_eq!(full.count, MOST + 1);
        assert!(full.all[1..].iter().all(|c| c.strength > 0.355), "{full:?}");
    }

    #[test]
    fn short_gaps_are_bridged_in_ln_f0() {
        let mut f0 = [0.0, 100.0, 0.0, 400.0, 0.0];
        bridge(&mut f0, 8);
        assert!((f0[2] - 200.0).abs() < 1e-9 && f0[0] == 0.0 && f0[4] == 0.0, "{f0:?}");
        for (gap, bridged) in [(8, true), (9, false)] {
            let mut f0 = vec![150.0; gap + 2];
            f0[1..=gap].fill(0.0);
            bridge(&mut f0, 8);
            assert_eq!(f0[1] > 0.0, bridged, "{gap}");
        }
    }
}
