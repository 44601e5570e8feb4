//! What `tts models` reads of strangers: names of files, addresses, headers, pins.
#![no_main]
#![allow(dead_code, unexpected_cfgs, reason = "parts of a program, of which the parsers are used")]

#[path = "../../tts-cli/src/exit.rs"]
mod exit;
#[path = "../../tts-cli/src/message.rs"]
mod message;
#[path = "../../tts-cli/src/models"]
mod models {
    pub(crate) mod address;
    pub(crate) mod error;
    pub(crate) mod hash;
    pub(crate) mod headers;
    pub(crate) mod laws;
    pub(crate) mod pins;
    pub(crate) mod uri;
}

use models::laws;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let text = String::from_utf8_lossy(input.1);
    match input.0 % 4 {
        0 => laws::name(&text),
        1 => laws::address(&text),
        2 => laws::header(&text),
        _ => laws::pins(input.1),
    }
});
