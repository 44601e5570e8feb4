//! A text in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, &str)| tts_core::fuzzing::splitter(input.1, &input.0));
