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

/// Windows of [`Track`]: 40 ms every 20 ms.
const WINDOW: usize = 960;
const STEP: usize = 480;

/// Periods in samples: 480 to 60 Hz.
const LAGS: std::ops::Range<usize> = 50..400;

/// dB below which nothing is heard, and windows of that which are a pause.
const QUIET: f32 = -55.0;
const PAUSE: usize = 5;

/// What is measured of every 40 ms, every 20 ms.
pub(crate) struct Track {
    frames: Vec<Moment>,
}

/// One window.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    /// ln F0 where it is clearly periodic.
    pub(crate) log_f0: Option<f32>,
    /// dB.
    pub(crate) level: f32,
    /// dB of 1 to 5 kHz over 50 Hz to 1 kHz.
    alpha: f32,
    /// dB of what repeats after a period over what does not.
    harmonicity: f32,
}

/// How a text was spoken, in the words of the controls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    /// Semitones above 1 Hz, median of voiced windows.
    pub(crate) pitch: f32,
    /// Standard deviation in semitones.
    pub(crate) range: f32,
    /// dB of alpha ratio over voiced windows.
    pub(crate) energy: f32,
    /// Standard deviation in dB over voiced windows.
    pub(crate) variation: f32,
    /// dB of harmonicity, upper quartile of voiced windows: those in which the pitch hardly moves.
    pub(crate) harmonicity: f32,
    /// Share of time, first to last sound, that is quiet.
    pub(crate) pauses: f32,
    /// Seconds that are not.
    pub(crate) speech: f32,
}

impl Track {
    /// Measures a sound.
    pub(crate) fn new(pcm: &[f32]) -> Self {
        let tables = dft_tables();
        let starts = (0..pcm.len().saturating_sub(WINDOW)).step_by(STEP);
        Self { frames: starts.map(|at| Moment::new(&pcm[at..at + WINDOW], &tables)).collect() }
    }

    /// The windows.
    pub(crate) fn moments(&self) -> &[Moment] {
        &self.frames
    }

    /// Summaries over the whole.
    pub(crate) fn measures(&self) -> Measures {
        let sounds = |m: &Moment| m.level > QUIET;
        let first = self.frames.iter().position(sounds).unwrap_or(0);
        let last = self.frames.iter().rposition(sounds).unwrap_or(0);
        let inside = &self.frames[first..=last];
        // closures of stops are quiet too, but short
        let paused: usize = inside
            .chunk_by(|a, b| sounds(a) == sounds(b))
            .filter(|run| !sounds(&run[0]))
            .map(<[_]>::len)
            .filter(|&run| run >= PAUSE)
            .sum();
        let loud = inside.len() - paused;
        let voiced: Vec<&Moment> = inside.iter().filter(|m| m.log_f0.is_some() && m.level > QUIET).collect();
        let semitones = |m: &&Moment| m.log_f0.unwrap_or(0.0) * 12.0 / std::f32::consts::LN_2;
        let mut pitches: Vec<f32> = voiced.iter().map(semitones).collect();
        pitches.sort_by(f32::total_cmp);
        // outermost twentieths are octave errors and creaks
        let core = &pitches[pitches.len() / 20..pitches.len() - pitches.len() / 20];
        let mut harmonicity: Vec<f32> = voiced.iter().map(|m| m.harmonicity).chain([0.0]).collect();
        harmonicity.sort_by(f32::total_cmp);
        let levels: Vec<f32> = voiced.iter().map(|m| m.level).collect();
        Measures {
            pitch: pitches.get(pitches.len() / 2).copied().unwrap_or(0.0),
            range: deviation(core),
            energy: mean(&voiced.iter().map(|m| m.alpha).collect::<Vec<_>>()),
            variation: deviation(&levels),
            harmonicity: harmonicity[3 * harmonicity.len() / 4],
            pauses: 1.0 - loud as f32 / inside.len().max(1) as f32,
            speech: loud as f32 * STEP as f32 / RATE,
        }
    }
}

impl Moment {
    fn new(window: &[f32], tables: &[(f32, f32)]) -> Self {
        // short enough that the pitch hardly moves within
        let half = WINDOW / 3;
        let energy = |at: usize| window[at..at + half].iter().map(|x| x * x).sum::<f32>();
        let first = energy(0);
        let correlation = |lag: usize| {
            let product: f32 = (0..half).map(|i| window[i] * window[i + lag]).sum();
            product / (first * energy(lag)).sqrt().max(1e-9)
        };
        let all: Vec<f32> = (LAGS.start..LAGS.end).map(correlation).collect();
        let value = all.iter().copied().fold(0.0, f32::max);
        // the first peak that is nearly as high as the highest: later ones are its multiples
        let peak = |&i: &usize| {
            let (before, after) = (all.get(i.wrapping_sub(1)), all.get(i + 1));
            all[i] >= 0.9 * value && before.is_none_or(|b| *b < all[i]) && after.is_none_or(|a| *a <= all[i])
        };
        let best = LAGS.start + (0..all.len()).find(peak).unwrap_or(0);
        let level = 20.0 * rms(window).max(1e-6).log10();
        let log_f0 = (value > 0.5 && level > QUIET).then(|| (RATE / best as f32).ln());
        let alpha = if log_f0.is_some() { alpha_ratio(window, tables) } else { 0.0 };
        let r = value.clamp(0.01, 0.999);
        Self { log_f0, level, alpha, harmonicity: 10.0 * (r / (1.0 - r)).log10() }
    }
}

/// Cosines and sines of a turn of `WINDOW` samples.
fn dft_tables() -> Vec<(f32, f32)> {
    let turn = std::f32::consts::TAU / WINDOW as f32;
    (0..WINDOW).map(|i| ((turn * i as f32).cos(), (turn * i as f32).sin())).collect()
}

/// Power of 1 to 5 kHz over that of 50 Hz to 1 kHz, in dB; bins of 25 Hz, Hann window.
fn alpha_ratio(window: &[f32], tables: &[(f32, f32)]) -> f32 {
    let hann: Vec<f32> = window.iter().zip(tables).map(|(x, (cos, _))| x * (0.5 - 0.5 * cos)).collect();
    let power = |bin: usize| {
        let (mut re, mut im, mut at) = (0.0f32, 0.0f32, 0);
        for x in &hann {
            re += x * tables[at].0;
            im += x * tables[at].1;
            at += bin;
            if at >= WINDOW {
                at -= WINDOW;
            }
        }
        re * re + im * im
    };
    let sum = |bins: std::ops::Range<usize>| bins.map(power).sum::<f32>().max(1e-12);
    10.0 * (sum(40..200) / sum(2..40)).log10()
}

/// Mean.
pub(crate) fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Standard deviation.
pub(crate) fn deviation(values: &[f32]) -> f32 {
    let mean = mean(values);
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len().max(1) as f32).sqrt()
}
