//! Text that is still being written becomes sound: `some-program | cargo run --release --example pipe > speech.s16`
//!
//! Play it with `aplay -f S16_LE -r 24000 -c 1`, or `ffplay -f s16le -ar 24000 -`.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::thread;

use tts_core::{Engine, EngineOptions, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::embedded(EngineOptions::default())?;
    let (mut feed, stream) = engine.voice("default")?.open(Settings::default())?;

    // text goes in on a thread of its own; dropping the feed at its end says that no more comes
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if feed.push(&line).and_then(|()| feed.push("\n")).is_err() {
                break;
            }
        }
    });

    let mut out = io::stdout().lock();
    for chunk in stream {
        let chunk = chunk?;
        let pcm: Vec<u8> = chunk.samples().iter().flat_map(|x| ((x * 32767.0).round() as i16).to_le_bytes()).collect();
        out.write_all(&pcm)?;
        out.flush()?;
    }
    Ok(())
}
