//! Pitch, level and clicks of sound.

pub(crate) const RATE: f32 = 24_000.0;

/// Root mean square.
pub(crate) fn rms(pcm: &[f32]) -> f32 {
    (pcm.iter().map(|x| x * x).sum::<f32>() / pcm.len().max(1) as f32).sqrt()
}

/// Median of ln F0 over voiced 40 ms windows, by autocorrelation.
pub(crate) fn median_log_f0(pcm: &[f32]) -> f32 {
    let loud = rms(pcm);
    let mut found: Vec<f32> = pcm.chunks_exact(960).filter(|w| rms(w) > 0.5 * loud).filter_map(log_f0).collect();
    assert!(found.len() > 10, "too little voice");
    found.sort_by(f32::total_cmp);
    found[found.len() / 2]
}

/// ln F0 of a window of 40 ms if it is clearly periodic.
fn log_f0(window: &[f32]) -> Option<f32> {
    let half = 480;
    let energy = |at: usize| window[at..at + half].iter().map(|x| x * x).sum::<f32>();
    let correlation = |lag: usize| {
        let product: f32 = (0..half).map(|i| window[i] * window[i + lag]).sum();
        product / (energy(0) * energy(lag)).sqrt().max(1e-9)
    };
    // 60 to 400 Hz
    let (mut best, mut value) = (0, 0.0);
    for lag in 60..400 {
        let c = correlation(lag);
        // a longer period must be clearly better: it may be a multiple
        if c > value + 0.02 {
            (best, value) = (lag, c);
        }
    }
    (value > 0.7).then(|| (RATE / best as f32).ln())
}

/// Samples before the first and after the last that are louder than a whisper.
pub(crate) fn silence_around(pcm: &[f32]) -> (usize, usize) {
    let loud = |x: &f32| x.abs() > 0.01;
    let first = pcm.iter().position(loud).unwrap_or(pcm.len());
    let last = pcm.iter().rposition(loud).map_or(pcm.len(), |at| pcm.len() - 1 - at);
    (first, last)
}
