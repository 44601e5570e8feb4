//! An envelope in a few bands, as the model knows sound.

use super::RATE;

/// Keeps silence finite: power of white noise of one part in 100,000.
const FLOOR: f64 = 1e-10;

/// Triangles that are equally wide on the mel scale from 0 to half the rate; each sums to 1.
#[derive(Debug)]
pub(crate) struct MelBands {
    bands: Vec<Band>,
}

#[derive(Debug)]
struct Band {
    first: usize,
    weights: Vec<f64>,
}

impl MelBands {
    /// `count` bands over `bins` bins from 0 Hz to half of 24 kHz. A band narrower than a bin takes the bin next to its
    /// middle.
    pub(crate) fn new(count: usize, bins: usize) -> Self {
        let top = f64::from(RATE) / 2.0;
        let edge = |i: usize| mel_to_hz(hz_to_mel(top) * i as f64 / (count + 1) as f64);
        let hz = |bin: usize| top * bin as f64 / (bins - 1) as f64;
        let bands = (0..count).map(|band| {
            let (low, middle, high) = (edge(band), edge(band + 1), edge(band + 2));
            let weight = |bin| ((hz(bin) - low) / (middle - low)).min((high - hz(bin)) / (high - middle)).max(0.0);
            let first = (0..bins).find(|&bin| hz(bin) > low).unwrap_or(bins - 1);
            let mut weights: Vec<f64> = (first..bins).take_while(|&bin| hz(bin) < high).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            if sum < 1e-3 {
                let nearest = (middle / top * (bins - 1) as f64).round() as usize;
                return Band { first: nearest, weights: vec![1.0] };
            }
            for weight in &mut weights {
                *weight /= sum;
            }
            Band { first, weights }
        });
        Self { bands: bands.collect() }
    }

    /// Appends ln power of every band of `power` `[bins]`.
    pub(crate) fn extend(&self, power: &[f64], out: &mut Vec<f32>) {
        out.extend(self.bands.iter().map(|band| {
            let sum: f64 = band.weights.iter().zip(&power[band.first..]).map(|(w, p)| w * p).sum();
            (sum + FLOOR).ln() as f32
        }));
    }
}

fn hz_to_mel(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn mel_to_hz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_spectrum_is_flat_and_a_bin_is_where_it_belongs() {
        let (count, bins) = (80, 513);
        let bands = MelBands::new(count, bins);
        let mut flat = Vec::new();
        bands.extend(&vec![2.0; bins], &mut flat);
        assert!(flat.len() == count && flat.iter().all(|ln| (ln - 2f32.ln()).abs() < 1e-6));
        for bin in [1, 20, 100, 400] {
            let mut power = vec![0.0; bins];
            power[bin] = 1.0;
            let mut found = Vec::new();
            bands.extend(&power, &mut found);
            let loudest = (0..count).max_by(|&a, &b| found[a].total_cmp(&found[b])).unwrap();
            let expected = hz_to_mel(12_000.0 * bin as f64 / 512.0) / hz_to_mel(12_000.0) * 81.0 - 1.0;
            assert!((loudest as f64 - expected).abs() < 1.0, "bin {bin}: band {loudest}, expected {expected}");
        }
    }
}
