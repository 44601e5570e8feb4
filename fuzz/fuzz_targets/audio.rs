//! A recording in any format.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::audio(bytes));
