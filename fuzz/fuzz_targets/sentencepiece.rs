//! A SentencePiece model.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tts_core::fuzzing::tokenizer(bytes, tts_core::fuzzing::TEXT));
