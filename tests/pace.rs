//! What becomes of the pace of a recording in a voice prompt: of speech of the engine; and, for evaluation only, of acted
//! speech.
//!
//!     EMODB=FOLDER cargo test -p tts-tests --features recordings -- pace_of_acted_speech --ignored --nocapture
//!     READERS=FOLDER cargo test -p tts-tests --features recordings -- pace_of_readers --ignored --nocapture
//!
//! The first folder is that of `calm.rs`. The second holds recordings of LibriSpeech and a `manifest.tsv` with the columns
//! path, speaker, gender, seconds, set, licence, text: there it is found how well pace is measured.

use tts_core::units::SampleRate;
use tts_core::{Clip, PromptOptions, PromptReport, Prosody, Rate, Settings, doctor, prompt};

use crate::{all_samples, engine, quick};

const HZ: SampleRate = SampleRate(24_000);
/// The pause between two parts of a prompt.
const BETWEEN: usize = 4_800;

/// Syllables a second of all that is said.
fn pace(pcm: &[f32]) -> f32 {
    let windows = doctor::calm(&[Clip { pcm, rate: HZ }], 120.0).unwrap().windows;
    let long = |window: &doctor::CalmWindow| window.segment.end - window.segment.start;
    windows.iter().map(|window| long(window) * window.syllables).sum::<f32>() / windows.iter().map(long).sum::<f32>()
}

/// The prompt of one recording, and its parts as they were.
fn prompted(pcm: &[f32]) -> (Vec<f32>, Vec<f32>, PromptReport) {
    let clips = [Clip { pcm, rate: HZ }];
    let (made, report) = prompt(&clips, HZ, PromptOptions::default()).unwrap();
    let mut parts = Vec::new();
    for part in &report.parts {
        parts.extend_from_slice(part.segment.of(&clips).pcm);
        parts.extend([0.0; BETWEEN]);
    }
    (made, parts, report)
}

#[test]
fn a_prompt_of_fast_or_slow_speech_is_nearer_to_neutral() {
    let text = "The boy was there when the sun rose, and a rod is used to catch pink salmon. The source of the huge river is \
                the clear spring. Kick the ball straight and follow through, and help the woman get back to her feet.";
    let mut paces = Vec::new();
    let voices = ["default", "nora", "arlo", "wren"];
    for (name, rate) in voices.iter().flat_map(|name| [0.7, 1.5].map(|rate| (name, rate))) {
        let prosody = Prosody { rate: Rate::new(rate).unwrap(), ..Prosody::default() };
        let voice = engine().voice(name).unwrap();
        let pcm = all_samples(&voice, text, Settings { prosody: Some(prosody), ..quick() });
        let (made, parts, report) = prompted(&pcm);
        let (was, is) = (pace(&parts), pace(&made));
        let long: f32 = report.parts.iter().map(|part| part.segment.end - part.segment.start).sum();
        let longer =
            report.parts.iter().map(|part| (part.segment.end - part.segment.start) * part.stretch).sum::<f32>() / long;
        println!("{name} at rate {rate}: {was:.2} syllables a second, {longer:.3} times as long, {is:.2}");
        // what is longer by so much is slower by so much: of a clip within 17 %, as more syllables are told apart where they are
        // slower, of all within 5 %
        assert!((was / is / longer).ln().abs() < 0.25, "{was} {is} {longer}");
        paces.push((was, is, longer));
    }
    let off = paces.iter().map(|(was, is, longer)| (was / is / longer).ln()).sum::<f32>() / paces.len() as f32;
    println!("off by ln {off:.3}");
    assert!(off.abs() < 0.08, "{off}");
    let apart = |of: fn(&(f32, f32, f32)) -> f32| {
        paces.chunks(2).map(|pair| (of(&pair[1]) / of(&pair[0])).ln()).sum::<f32>() / voices.len() as f32
    };
    let (was, is) = (apart(|pace| pace.0), apart(|pace| pace.1));
    println!("fast over slow: ln {was:.2}, then {is:.2}");
    // observed 0.7 times
    assert!(is < 0.9 * was, "{was} {is}");
}

#[cfg(feature = "recordings")]
mod recorded {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use tts_core::{PlannedItem, audio};

    use super::*;
    use crate::calm::sentences;
    use crate::measure::{deviation, mean};
    use crate::voice;

    /// Values less the mean of their group.
    fn within(values: &[(String, f32)]) -> Vec<f32> {
        let mut groups = BTreeMap::<&str, Vec<f32>>::new();
        for (group, value) in values {
            groups.entry(group).or_default().push(*value);
        }
        values.iter().map(|(group, value)| value - mean(&groups[&**group])).collect()
    }

    /// By how much `y` grows with `x`, and their correlation.
    fn slope(x: &[f32], y: &[f32]) -> (f32, f32) {
        let (mx, my) = (mean(x), mean(y));
        let sum: f32 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
        let product = sum / x.len() as f32;
        (product / deviation(x).powi(2), product / (deviation(x) * deviation(y)))
    }

    /// Runs of vowels, as German is written.
    fn syllables(text: &str) -> usize {
        let text = text.to_lowercase();
        let letters: Vec<bool> = text.chars().map(|c| "aeiouyäöü".contains(c)).collect();
        letters.windows(2).filter(|pair| pair[0] && !pair[1]).count() + usize::from(letters.last() == Some(&true))
    }

    /// Clips of one actor in one state: all sentences, with pauses of 0.4 s.
    #[test]
    #[ignore = "needs the recordings of EmoDB, EMODB"]
    fn pace_of_acted_speech() {
        let all = sentences();
        let mut clips = BTreeMap::<(String, String), (Vec<f32>, usize)>::new();
        for sentence in &all {
            let (pcm, count) = clips.entry((sentence.emotion.clone(), sentence.speaker.clone())).or_default();
            pcm.extend_from_slice(&sentence.pcm);
            pcm.extend((0..9_600).map(|i| (i * 7919 % 2003) as f32 * 3e-7));
            *count += syllables(&sentence.text);
        }
        let (mut said, mut was, mut is, mut counted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut states = BTreeMap::<&str, Vec<[f32; 4]>>::new();
        let (mut clicks, mut levels) = (0.0_f32, Vec::new());
        for ((state, speaker), (pcm, count)) in &clips {
            let found = doctor::examine(&[Clip { pcm, rate: HZ }]).unwrap();
            if found.clips[0].speech_seconds < 4.0 {
                continue;
            }
            let (made, parts, report) = prompted(pcm);
            let by_text = *count as f32 / found.clips[0].speech_seconds;
            let row = [by_text, pace(&parts), pace(&made)];
            let stretch = mean(&report.parts.iter().map(|part| part.stretch).collect::<Vec<_>>());
            states.entry(state).or_default().push([row[0], row[1], row[2], stretch]);
            for (all, value) in [&mut said, &mut was, &mut is].into_iter().zip(row) {
                all.push((speaker.clone(), value.ln()));
            }
            counted.push((speaker.clone(), pace(pcm).ln()));
            // the same parts, at the level they have in the prompt
            let bend = |pcm: &[f32]| pcm.windows(3).map(|x| (x[0] - 2.0 * x[1] + x[2]).abs()).fold(0.0, f32::max);
            let loudest = report.parts.iter().map(|part| 10_f32.powf(part.gain_db / 20.0)).fold(0.0, f32::max);
            clicks = clicks.max(bend(&made) / (loudest * bend(&parts)));
            levels.push(doctor::examine(&[Clip { pcm: &made, rate: HZ }]).unwrap().clips[0].level_db.unwrap());
        }
        println!("{} clips; {:12} {:>8} {:>8} {:>8} {:>8}", said.len(), "mean of", "text", "parts", "prompt", "longer");
        for (state, rows) in &states {
            let [text, parts, prompt, longer] =
                [0, 1, 2, 3].map(|i| mean(&rows.iter().map(|row| row[i]).collect::<Vec<_>>()));
            println!("          {state:12} {text:8.2} {parts:8.2} {prompt:8.2} {longer:8.3}");
        }
        let [said, was, is, counted] = [said, was, is, counted].map(|values| within(&values));
        println!("deviation of ln pace within actors: parts {:.3}, prompt {:.3}", deviation(&was), deviation(&is));
        for (name, x) in [("text", &said), ("count", &counted)] {
            let [(before, r), (after, s)] = [slope(x, &was), slope(x, &is)];
            println!("slope on the clip's pace by {name}: parts {before:.2} (r {r:.2}), prompt {after:.2} (r {s:.2})");
        }
        println!(
            "largest second difference, against the parts: {clicks:.2}; level {:.1} ± {:.1} dB",
            mean(&levels),
            deviation(&levels)
        );
        assert!(deviation(&is) < deviation(&was) && slope(&said, &is).0 < slope(&said, &was).0);
    }

    /// Utterances of readers whose words are known: syllables that are counted against those that are read.
    #[test]
    #[ignore = "needs recordings of readers and what they read, READERS"]
    fn pace_of_readers() {
        let folder: PathBuf = std::env::var_os("READERS").expect("READERS names the folder of recordings").into();
        let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
        let mut heard = BTreeMap::<&str, usize>::new();
        let mut rows = Vec::new();
        for line in manifest.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let (speaker, set, text) = (columns[1], columns[4], columns[6].to_lowercase());
            let count = heard.entry(speaker).or_default();
            if !set.starts_with("libri") || *count == 8 {
                continue;
            }
            *count += 1;
            let clip = audio::read(&folder.join(columns[0])).unwrap();
            let pcm: Vec<f32> = clip.samples.iter().step_by(2).copied().collect();
            let Ok(calm) = doctor::calm(&[Clip { pcm: &pcm, rate: HZ }], 120.0) else { continue };
            if calm.taken_seconds() < calm.speech_seconds {
                continue;
            }
            let mut syllables = 0;
            for item in voice().plan(text.as_str()).unwrap().clauses.into_iter().flat_map(|clause| clause.items) {
                if let PlannedItem::Word { phones, .. } = item {
                    syllables += phones.iter().filter(|phone| phone.symbol().is_vowel()).count();
                }
            }
            let seconds = calm.speech_seconds;
            let (counted, read) = (pace(&pcm).ln(), (syllables as f32 / seconds).ln());
            rows.push(Utterance { seconds, speaker: speaker.to_owned(), counted, read });
        }
        println!("speech      n   spread  noise  noise*sqrt(s)  believed: within readers, of all");
        for (from, to) in [(1.5, 4.0), (4.0, 7.0), (7.0, 11.0), (11.0, 20.0), (1.5, 20.0)] {
            let some: Vec<&Utterance> = rows.iter().filter(|row| (from..to).contains(&row.seconds)).collect();
            let of = |value: fn(&Utterance) -> f32| -> Vec<(String, f32)> {
                some.iter().map(|row| (row.speaker.clone(), value(row))).collect()
            };
            let plain = |values: Vec<(String, f32)>| values.into_iter().map(|(_, value)| value).collect::<Vec<f32>>();
            let (counted, read, error) = (of(|row| row.counted), of(|row| row.read), of(|row| row.counted - row.read));
            let seconds = mean(&some.iter().map(|row| row.seconds).collect::<Vec<_>>());
            // groups of one say nothing of what is within them
            let freedom = (some.len() as f32 / (some.len() - groups(&counted)) as f32).sqrt();
            let (spread, noise) = (deviation(&within(&read)) * freedom, deviation(&within(&error)) * freedom);
            let inside = slope(&within(&counted), &within(&read)).0;
            let [counted, read] = [counted, read].map(plain);
            let (all, r) = slope(&counted, &read);
            println!(
                "{from:4} to {to:3} {:4}  {spread:.3}  {noise:.3}  {:13.3}  {inside:.2}, {all:.2} (r {r:.2}); {:.2} counted, \
                 ln ± {:.3}; {:.2} read, ln ± {:.3}",
                some.len(),
                noise * seconds.sqrt(),
                mean(&counted).exp(),
                deviation(&counted),
                mean(&read).exp(),
                deviation(&read),
            );
            // humps of the level instead of voiced syllables: .30
            assert!(to - from < 10.0 || r > 0.5, "{r}");
        }
    }

    /// An utterance.
    struct Utterance {
        seconds: f32,
        speaker: String,
        /// ln of syllables a second as counted and as read.
        counted: f32,
        read: f32,
    }

    fn groups(values: &[(String, f32)]) -> usize {
        values.iter().map(|(group, _)| group).collect::<std::collections::BTreeSet<_>>().len()
    }
}
