//! Ten minutes in one run: the last minute sounds like the first.

use crate::measure::{median_log_f0, rms};
use crate::voice;

/// About a minute.
const MINUTE: &str = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy \
to tell the depth of a well. These days a chicken leg is a rare dish. Rice is often served in round bowls. The juice of \
lemons makes fine punch. The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage. Four \
hours of steady work faced us. A large size in stockings is hard to sell. The boy was there when the sun rose. A rod is \
used to catch pink salmon. The source of the huge river is the clear spring. Kick the ball straight and follow through. \
Help the woman get back to her feet. A pot of tea helps to pass the evening. Smoky fires lack flame and heat. The soft \
cushion broke the man's fall. The salt breeze came across from the sea. The girl at the booth sold fifty bonds.\n\n";

/// Pitch within 3 %, level within 1 dB, rate within 3 %, of the same text more than ten minutes later.
#[test]
#[ignore = "needs a minute of compute"]
fn the_last_minute_sounds_like_the_first() {
    let mut stream = voice().speak(MINUTE.repeat(12)).unwrap();
    let pcm: Vec<f32> = stream.by_ref().flat_map(|c| c.unwrap().samples().to_vec()).collect();
    let words = stream.take_words();
    let per_minute = words.len() / 12;
    let part = |n: usize| {
        let (first, last) = (&words[n * per_minute], &words[(n + 1) * per_minute - 1]);
        let sound = &pcm[(first.start * 24_000.0) as usize..(last.end * 24_000.0) as usize];
        (median_log_f0(sound), 20.0 * rms(sound).log10(), per_minute as f64 / (last.end - first.start))
    };
    for n in 0..12 {
        let (f0, level, rate) = part(n);
        println!("minute {n}: {:.1} Hz, {level:.1} dB, {rate:.3} words a second", f0.exp());
    }
    let ((f0, level, rate), (f0_end, level_end, rate_end)) = (part(0), part(11));
    println!("{:.1} s in all", pcm.len() as f64 / 24_000.0);
    assert!(pcm.len() > 600 * 24_000);
    assert!((f0_end - f0).abs() < 0.03, "pitch {} to {} Hz", f0.exp(), f0_end.exp());
    assert!((level_end - level).abs() < 1.0, "level {level} to {level_end} dB");
    assert!((rate_end / rate - 1.0).abs() < 0.03, "rate {rate} to {rate_end}");
}
