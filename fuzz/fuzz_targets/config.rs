//! A config.toml.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tts_core::fuzzing::config(text));
