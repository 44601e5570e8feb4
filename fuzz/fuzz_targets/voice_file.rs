//! A .voice file, and a card.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::voice_file(bytes));
