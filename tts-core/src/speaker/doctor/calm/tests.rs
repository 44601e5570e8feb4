//! Phrases and windows of speech that is made up.

use super::super::tests::babble;
use super::*;
use crate::units::SampleRate;

fn clip(pcm: &[f32]) -> Clip<'_> {
    Clip { pcm, rate: SampleRate(RATE) }
}

fn at(start: f32, end: f32, distance: f32) -> CalmWindow {
    let segment = Segment { clip: 0, start, end };
    let (pitch_semitones, range_semitones, effort_db, pace, syllables) = (0.0, 0.0, 0.0, 0.0, 4.0);
    CalmWindow { segment, distance, pitch_semitones, range_semitones, effort_db, pace, syllables, stretch: 1.0 }
}

#[test]
fn windows_begin_and_end_in_pauses_and_do_not_overlap() {
    let pcm = babble(40.0, RATE, 130.0, 1.0);
    let found = calm(&[clip(&pcm)], 12.0).unwrap();
    let loudest = pcm.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    assert!(found.taken_seconds() <= 12.0 && found.taken_seconds() >= ENOUGH, "{found:?}");
    assert!(found.windows.is_sorted_by(|a, b| a.distance <= b.distance));
    for (i, window) in found.windows.iter().enumerate() {
        let Segment { start, end, .. } = window.segment;
        assert!((3.0..=10.3).contains(&(end - start)), "{window:?}");
        for edge in [start, end] {
            let at = (edge * RATE as f32) as usize;
            let near = &pcm[at.saturating_sub(120)..(at + 120).min(pcm.len())];
            assert!(near.iter().all(|x| x.abs() < 0.05 * loudest), "no pause at {edge} s");
        }
        assert!(found.windows[..i].iter().all(|w| w.segment.end <= start || end <= w.segment.start));
    }
    // 120 to 145 Hz is what was made
    assert!((110.0..150.0).contains(&found.neutral.pitch_hz), "{:?}", found.neutral);
    // pauses of 0.6 s every 2.5 s
    assert!((found.speech_seconds - 31.0).abs() < 2.0, "{}", found.speech_seconds);
}

#[test]
fn what_is_far_from_neutral_is_left_out_unless_there_is_nothing_else() {
    let seconds = |windows: Vec<CalmWindow>| windows.iter().map(|w| w.segment.end - w.segment.start).sum::<f32>();
    let calm = [at(0.0, 4.0, 0.5), at(4.0, 8.0, 0.6)];
    let moved = [at(10.0, 16.0, 1.9), at(16.0, 20.0, 2.0)];
    assert_eq!(seconds(chosen([calm, moved].concat(), 12.0)), 8.0);
    // one calm window is too little
    assert_eq!(seconds(chosen([&calm[..1], &moved[..]].concat(), 12.0)), 10.0);
    // all alike: as much as there is room for
    assert_eq!(seconds(chosen(moved.to_vec(), 12.0)), 10.0);
    assert_eq!(seconds(chosen(moved.to_vec(), 6.0)), 6.0);
    // of two that overlap the calmer, of two alike the longer
    assert_eq!(chosen(vec![at(0.0, 5.0, 1.0), at(2.0, 7.0, 0.5)], 12.0), [at(2.0, 7.0, 0.5)]);
    assert_eq!(chosen(vec![at(0.0, 5.0, 0.5), at(0.0, 9.0, 0.5)], 12.0), [at(0.0, 9.0, 0.5)]);
}

#[test]
fn the_same_person_higher_is_farther_from_neutral() {
    let calm_part = babble(10.0, RATE, 110.0, 1.0);
    let mut far = 0.0;
    for factor in [1.0, 1.2, 1.5, 1.9] {
        let moved = babble(10.0, RATE, 110.0 * factor, 1.0);
        let found = calm(&[clip(&calm_part), clip(&moved)], 40.0).unwrap();
        let pitch = |which: usize| {
            let mut of = found.windows.iter().filter(|window| window.segment.clip == which);
            of.next().map(|window| window.pitch_semitones)
        };
        assert!(found.distance >= far, "{factor}: {} after {far}", found.distance);
        far = found.distance;
        if factor > 1.3 {
            assert!(pitch(0).unwrap() < pitch(1).unwrap_or(f32::INFINITY), "{found:?}");
            assert_eq!(found.windows[0].segment.clip, 0);
        }
    }
}

#[test]
fn clips_that_cannot_be_used_are_passed_over_if_others_can() {
    let good = babble(6.0, RATE, 110.0, 1.0);
    let noise: Vec<f32> = (0..good.len()).map(|i| ((i * 7919 % 2003) as f32 / 1001.5 - 1.0) * 0.3).collect();
    let bad: Vec<f32> = good.iter().zip(&noise).map(|(a, b)| 0.3 * a + b).collect();
    let found = calm(&[clip(&bad), clip(&good)], 12.0).unwrap();
    assert!(found.windows.iter().all(|window| window.segment.clip == 1), "{found:?}");
    let error = calm(&[clip(&noise)], 12.0).unwrap_err();
    assert!(error.to_string().starts_with("0.0 s of voiced speech"), "{error}");
}
