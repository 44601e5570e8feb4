//! The command as its users meet it: arguments in; bytes, messages and an exit code out.

mod clone;
mod commands;
mod hostile;
#[cfg(feature = "download")]
mod hub;
#[cfg(feature = "download")]
mod models;
mod output;
#[cfg(unix)]
mod playback;
mod pocket;
mod reports;
mod stdin;
mod support;
mod usage;
mod voice;
