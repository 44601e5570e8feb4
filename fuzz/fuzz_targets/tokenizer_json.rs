//! A tokenizer.json.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tts_core::fuzzing::tokenizer(text.as_bytes(), tts_core::fuzzing::TEXT));
