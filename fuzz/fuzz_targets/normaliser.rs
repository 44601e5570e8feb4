//! A text and the ways to read it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| tts_core::fuzzing::normaliser(input.1, input.0));
