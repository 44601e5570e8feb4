//! A packed model of Pocket TTS.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::packed(bytes));
