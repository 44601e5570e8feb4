//! `tts devices`: the ways this machine can play sound.

use std::fmt::Write;

use serde::Serialize;

use crate::args::ListArgs;
use crate::exit::Exit;
use crate::message::{self, JsonPlace};
use crate::sink::player::{self, PLAYERS};

#[derive(Serialize)]
struct Way {
    player: &'static str,
    system: &'static str,
    program: String,
    /// The one that is tried first.
    first: bool,
    devices: Vec<String>,
}

/// Lists the players found, in the order they are tried, with the devices they know.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let mut ways = native();
    for player in PLAYERS {
        if let Some(program) = player.find() {
            let (program, devices) = (program.display().to_string(), player.devices());
            ways.push(Way { player: player.name, system: player.system, program, first: ways.is_empty(), devices });
        }
    }
    if args.json {
        message::json(JsonPlace::Stdout, &ways)?;
    } else if ways.is_empty() {
        message::output(&format!("no player found: {}\n", player::advice()))?;
    } else {
        message::output(&list(&ways))?;
    }
    Ok(Exit::Done)
}

#[cfg(feature = "cpal")]
fn native() -> Vec<Way> {
    let devices = crate::sink::native::devices();
    vec![Way { player: "native", system: "cpal", program: "built in".to_owned(), first: true, devices }]
}

#[cfg(not(feature = "cpal"))]
fn native() -> Vec<Way> {
    Vec::new()
}

fn list(ways: &[Way]) -> String {
    let mut text = String::from("Tried in this order; --player NAME or NAME:DEVICE chooses.\n");
    for way in ways {
        let mark = if way.first { '*' } else { ' ' };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {:10}  {:10}  {}", way.player, way.system, way.program);
        for device in &way.devices {
            let _ = writeln!(text, "      {}:{device}", way.player);
        }
    }
    text
}
