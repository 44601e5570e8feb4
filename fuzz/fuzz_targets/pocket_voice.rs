//! A voice of Pocket TTS.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::pocket_voice(bytes));
