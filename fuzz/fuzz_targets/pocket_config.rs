//! A checkpoint's YAML.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tts_core::fuzzing::pocket_config(text));
