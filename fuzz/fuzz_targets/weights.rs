//! A safetensors container.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::weights(bytes));
