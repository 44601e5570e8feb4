//! A user lexicon.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tts_core::fuzzing::lexicon(text));
