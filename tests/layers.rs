//! The levels of docs/ARCHITECTURE.md, held against the imports of tts-core/src.
//!
//! Reads source text, not a compiler's view of it: it counts on rustfmt's layout for inline modules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A row of the table.
struct Room {
    level: u32,
    may_import: Vec<String>,
}

/// The names in back-ticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows below `| level | folder | may import |`.
fn table(page: &str) -> BTreeMap<String, Room> {
    let rows = page.lines().skip_while(|line| *line != "| level | folder | may import |").skip(2);
    let mut rooms = BTreeMap::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        let level = cells[0].parse().unwrap_or_else(|_| panic!("no level in {row}"));
        let names = quoted(cells[1]);
        assert_eq!(names.len(), 1, "{row}");
        let room = Room { level, may_import: quoted(cells[2]) };
        assert!(rooms.insert(names[0].clone(), room).is_none(), "twice: {row}");
    }
    rooms
}

/// Every `.rs` file below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first names of a path's rest: of `a::b` it is `a`, of `{a::b, c}` it is `a` and `c`.
fn heads(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else { return vec![identifier(rest)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                names.push(identifier(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

/// Source text without comments, as (line number, modules around the line inside the file, text from the line on).
fn code(source: &str) -> Vec<(usize, usize, String)> {
    let mut inline: Vec<usize> = Vec::new();
    let mut lines = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim_start();
        if inline.last() == Some(&indent) && text == "}" {
            inline.pop();
        }
        if !text.starts_with("//") {
            lines.push((number + 1, inline.len(), text.to_owned()));
        }
        let declares = text.strip_suffix(" {").and_then(|head| head.rsplit_once("mod "));
        if let Some((before, name)) = declares
            && (before.is_empty() || before.starts_with("pub"))
            && identifier(name) == name
        {
            inline.push(indent);
        }
    }
    // a group of imports may go on over lines
    let texts: Vec<String> = lines.iter().map(|(_, _, text)| text.clone()).collect();
    for (i, line) in lines.iter_mut().enumerate() {
        let open = line.2.ends_with('{') && line.2.contains("::{");
        if open {
            let end = texts[i..].iter().position(|text| text.contains(';')).map_or(i, |n| i + n);
            line.2 = texts[i..=end].join(" ");
        }
    }
    lines
}

/// The rooms that a file names: by `crate::room`, or by enough `super`s to leave its own.
fn imports(depth: usize, source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, inline, text) in code(source) {
        for (at, _) in text.match_indices("crate::") {
            let word = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            if !word {
                found.extend(heads(&text[at + 7..]).into_iter().map(|head| (number, head.to_owned())));
            }
        }
        let mut rest = text.as_str();
        while let Some(at) = rest.find("super::") {
            let mut path = &rest[at..];
            let mut supers = 0;
            while let Some(after) = path.strip_prefix("super::") {
                (path, supers) = (after, supers + 1);
            }
            if supers >= depth + inline {
                found.extend(heads(path).into_iter().map(|head| (number, head.to_owned())));
            }
            rest = path;
        }
    }
    found
}

/// Room and number of modules around the code of a file: `flow/head.rs` is in `flow`, two deep.
fn place(src: &Path, file: &Path) -> (String, usize) {
    let path = file.strip_prefix(src).expect("below src").with_extension("");
    let mut parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    (parts[0].clone(), parts.len())
}

#[test]
fn imports_go_down_the_levels() {
    let page = fs::read_to_string(format!("{ROOT}/docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let rooms = table(&page);
    let mut wrong = Vec::new();
    for (name, room) in &rooms {
        for import in &room.may_import {
            match rooms.get(import) {
                Some(other) if other.level < room.level => {}
                Some(_) => wrong.push(format!("the table lets {name} import {import}, which is not below it")),
                None => wrong.push(format!("the table lets {name} import {import}, which has no row")),
            }
        }
    }

    let src = PathBuf::from(format!("{ROOT}/tts-core/src"));
    let mut files = Vec::new();
    sources(&src, &mut files);
    files.sort();
    let mut seen = BTreeMap::new();
    let mut checked = 0;
    for file in files.iter().filter(|file| **file != src.join("lib.rs")) {
        let (name, depth) = place(&src, file);
        let Some(room) = rooms.get(&name) else {
            wrong.push(format!("{} is in a room without a row in the table", file.display()));
            continue;
        };
        *seen.entry(name.clone()).or_insert(0) += 1;
        let source = fs::read_to_string(file).expect("a source file");
        for (line, import) in imports(depth, &source) {
            checked += 1;
            if import != name && !room.may_import.contains(&import) {
                wrong.push(format!("{}:{line}: {name} imports {import}", file.display()));
            }
        }
    }
    wrong.extend(rooms.keys().filter(|name| !seen.contains_key(*name)).map(|name| format!("no source for {name}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 100, "only {checked} imports found: the reader of sources is broken");
}

#[test]
fn the_reader_of_sources_sees_every_way_to_import() {
    let source = "\
use crate::nn::{Linear, norm};
use crate::{
    flow::Head,
    units::{Seed, Samples},
};
// use crate::commented::Out;
use super::sibling;
fn f() -> crate::error::Error { super::super::engine::go() }
mod tests {
    use super::super::cousin;
    use super::super::super::{voice::Card, text};
    mod deeper {
        use super::super::super::inside;
    }
}
use super::super::codec;
";
    let found: Vec<String> = imports(2, source).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    let expected =
        ["1 nn", "2 flow", "2 units", "8 error", "8 engine", "11 voice", "11 text", "16 codec"].map(str::to_owned);
    assert_eq!(found, expected);
    assert_eq!(imports(1, "use super::kernels::Isa;"), [(1, "kernels".to_owned())]);
    assert!(imports(1, "mod tests {\n    use super::*;\n}").is_empty());
}

#[test]
fn the_table_is_read_as_written() {
    let page =
        "x\n| level | folder | may import |\n|---|---|---|\n| 2 | `a` | `b`, `c` |\n| 0 | `b` | |\n\n| 9 | `z` | |";
    let rooms = table(page);
    assert_eq!(rooms.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((rooms["a"].level, rooms["a"].may_import.len(), rooms["b"].may_import.len()), (2, 2, 0));
}
