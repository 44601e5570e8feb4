//! The command `tts`: speech from text on any CPU.
//!
//! A way through the files: [`args`] is what was typed, [`request`] what it means, [`speak`] does it with the help of the
//! text readers ([`source`], [`utf8`]) and the [`sink`]s; [`report`], [`timings`] and [`dry_run`] say what happened. The
//! small commands have a file each; [`models`] gets weights that are not built in. Exit codes live in [`exit`], what Ctrl-C does in [`interrupt`].
//!
//! Nothing here makes sound from text: that is `tts-core`, seen only through its front door.

mod args;
mod bench;
mod burn;
mod clone;
mod convert;
mod devices;
mod dry_run;
mod exit;
mod info;
mod interrupt;
mod manner;
mod manual;
mod memory;
mod message;
mod models;
mod progress;
mod report;
mod request;
mod sink;
mod source;
mod speak;
mod timings;
mod utf8;
mod voice;
mod voices;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;
use exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return args::refuse(&error),
    };
    let json = cli.command.wants_json();
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error, json),
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Say(say) => speak::run(say),
        Command::Clone(clone) => clone::run(*clone),
        Command::Voices(voices) => voices::run(&voices),
        Command::Voice(command) => voice::run(command),
        Command::Models(command) => models::run(command),
        Command::Devices(devices) => devices::run(&devices),
        Command::Bench(bench) => bench::run(&bench),
        Command::Info(info) => info::run(info),
        Command::Convert(convert) => convert::run(&convert),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { dir } => manual::man(dir.as_deref()),
    }
}
