//! The command `tts`.

fn main() {}
