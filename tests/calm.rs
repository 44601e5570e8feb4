//! How often the windows that a voice prompt is made of are neutral: on acted speech, for evaluation only.
//!
//!     EMODB=FOLDER cargo test -p tts-tests --features recordings -- calm_windows --ignored --nocapture
//!
//! The folder holds the Berlin Database of Emotional Speech and a `manifest.tsv` with the columns path, speaker, gender,
//! emotion, seconds, text. Long clips are made of one actor's sentences: three of each state after the other, the states
//! in a random order, with pauses of 0.4 s. Compared are the calmest windows, the first 30 s (what the reference takes),
//! and chance, the share of neutral sentences in the clip.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use tts_core::units::SampleRate;
use tts_core::{Clip, audio, doctor};

pub(crate) const RATE: u32 = 24_000;
const RUNS: u64 = 10;

pub(crate) struct Sentence {
    pub(crate) speaker: String,
    pub(crate) emotion: String,
    pub(crate) pcm: Vec<f32>,
    pub(crate) text: String,
}

/// Numbers that are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.below(i + 1));
        }
    }
}

pub(crate) fn sentences() -> Vec<Sentence> {
    let folder: PathBuf = std::env::var_os("EMODB").expect("EMODB names the folder of recordings").into();
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let mut all = Vec::new();
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let clip = audio::read(&folder.join(columns[0])).unwrap();
        // Opus is always decoded to 48 kHz: every second sample, as there is nothing above 8 kHz
        assert_eq!(clip.rate, SampleRate(2 * RATE));
        let pcm = clip.samples.iter().step_by(2).copied().collect();
        let [speaker, emotion, text] = [1, 3, 5].map(|at| columns[at].to_owned());
        all.push(Sentence { speaker, emotion, pcm, text });
    }
    all
}

/// A long clip and who is in which state from when to when, in seconds.
type Long = (Vec<f32>, Vec<(String, f32, f32)>);

fn long_clip(all: &[Sentence], speaker: &str, states: &[&str], random: &mut Random) -> Long {
    let mut states = states.to_vec();
    random.shuffle(&mut states);
    let (mut pcm, mut labels) = (Vec::new(), Vec::new());
    let mut noise = |n: usize| (0..n).map(|_| (random.below(2001) as f32 - 1000.0) * 3e-7).collect::<Vec<f32>>();
    let mut blocks = Vec::new();
    for state in states {
        let own: Vec<&Sentence> = all.iter().filter(|s| s.speaker == speaker && s.emotion == state).collect();
        blocks.push((state, own, noise(RATE as usize * 2 / 5)));
    }
    for (state, mut own, silence) in blocks {
        if own.len() < 3 {
            continue;
        }
        random.shuffle(&mut own);
        for sentence in &own[..3] {
            let start = pcm.len() as f32 / RATE as f32;
            pcm.extend_from_slice(&sentence.pcm);
            labels.push((state.to_owned(), start, pcm.len() as f32 / RATE as f32));
            pcm.extend_from_slice(&silence);
        }
    }
    (pcm, labels)
}

/// Seconds of every state between two times.
fn states(labels: &[(String, f32, f32)], start: f32, end: f32, sums: &mut BTreeMap<String, f32>) {
    for (state, from, to) in labels {
        *sums.entry(state.clone()).or_default() += (to.min(end) - from.max(start)).max(0.0);
    }
}

fn share(sums: &BTreeMap<String, f32>, of: &[&str]) -> f32 {
    let some: f32 = of.iter().filter_map(|state| sums.get(*state)).sum();
    100.0 * some / sums.values().sum::<f32>()
}

#[test]
#[ignore = "needs the recordings of EmoDB, EMODB"]
fn calm_windows_of_acted_speech() {
    let all = sentences();
    let mut speakers: Vec<&str> = all.iter().map(|sentence| &*sentence.speaker).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let moved = ["anger", "fear", "happiness"];
    let seven = ["neutral", "anger", "fear", "happiness", "boredom", "sadness", "disgust"];
    for (name, set) in [("all seven states", &seven[..]), ("neutral, anger, fear, happiness", &seven[..4])] {
        let (mut ours, mut first, mut chance) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (mut best, mut clips, mut excited) = (0, 0, [0; 2]);
        let (mut seconds, mut takes, mut spent) = (0.0, 0.0, 0.0);
        for speaker in &speakers {
            for run in 0..RUNS {
                let (pcm, labels) = long_clip(&all, speaker, set, &mut Random(run));
                let clip = Clip { pcm: &pcm, rate: SampleRate(RATE) };
                let began = Instant::now();
                let calm = doctor::calm(&[clip], 12.0).unwrap();
                spent += began.elapsed().as_secs_f32();
                let long = pcm.len() as f32 / RATE as f32;
                let (mut here, mut start, mut top) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
                for window in &calm.windows {
                    states(&labels, window.segment.start, window.segment.end, &mut here);
                }
                let window = calm.windows[0].segment;
                states(&labels, window.start, window.end, &mut top);
                states(&labels, 0.0, 30.0, &mut start);
                states(&labels, 0.0, long, &mut chance);
                best += usize::from(share(&top, &["neutral"]) > 50.0);
                excited[0] += usize::from(share(&here, &moved) > 20.0);
                excited[1] += usize::from(share(&start, &moved) > 20.0);
                for (sums, more) in [(&mut ours, here), (&mut first, start)] {
                    for (state, seconds) in more {
                        *sums.entry(state).or_default() += seconds;
                    }
                }
                clips += 1;
                (seconds, takes) = (seconds + long, takes + calm.taken_seconds());
            }
        }
        println!("{name}: {clips} clips of {:.0} s, {:.1} s taken", seconds / clips as f32, takes / clips as f32);
        println!("  looked at in {:.3} s a second of clip", spent / seconds);
        println!("  first window mostly neutral: {:.0} %", 100.0 * best as f32 / clips as f32);
        println!("  {:12} {:>8} {:>10} {:>8}", "share of", "windows", "first 30 s", "chance");
        for state in set {
            let shares = [&ours, &first, &chance].map(|sums| share(sums, &[state]));
            println!("  {state:12} {:7.0} % {:8.0} % {:6.0} %", shares[0], shares[1], shares[2]);
        }
        let much = excited.map(|n| 100.0 * n as f32 / clips as f32);
        println!("  over a fifth anger, fear or happiness: {:.0} % of clips, of first 30 s {:.0} %", much[0], much[1]);
        let [found, chance] = [&ours, &chance].map(|sums| share(sums, &["neutral"]));
        assert!(found > 1.5 * chance, "{found} % neutral, by chance {chance} %");
    }
}
