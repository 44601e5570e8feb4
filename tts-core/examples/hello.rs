//! The shortest way from text to a WAV file: `cargo run --release --example hello -- "Good evening." hello.wav`

use std::error::Error;
use std::io::Write;

use tts_core::{Engine, EngineOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let text = args.next().unwrap_or_else(|| "Good evening.".to_owned());
    let path = args.next().unwrap_or_else(|| "hello.wav".to_owned());

    let engine = Engine::embedded(EngineOptions::default())?;
    let voice = engine.voice("default")?;
    let stream = voice.speak(&text)?;
    let rate = stream.sample_rate().0;
    let mut pcm = Vec::new();
    for chunk in stream {
        let samples = chunk?;
        pcm.extend(samples.samples().iter().flat_map(|x| ((x * 32767.0).round() as i16).to_le_bytes()));
    }

    // a WAV header: RIFF, format (PCM, mono, 16 bits), data
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + pcm.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((2 * rate).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((pcm.len() as u32).to_le_bytes());
    wav.extend(pcm);
    std::fs::File::create(path)?.write_all(&wav)?;
    Ok(())
}
