//! The tensor tables of docs/MODEL.md, held against the header of weights/model.safetensors.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Name to shape and type: `[256, 32] F16`.
type Tensors = BTreeMap<String, String>;

/// `a.{0-2}.b` becomes `a.0.b`, `a.1.b` and `a.2.b`.
fn expand(name: &str) -> Vec<String> {
    let Some((before, rest)) = name.split_once('{') else { return vec![name.to_owned()] };
    let (range, after) = rest.split_once('}').unwrap_or_else(|| panic!("no }} in {name}"));
    let (from, to) = range.split_once('-').unwrap_or_else(|| panic!("no - in {name}"));
    let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("no number in {name}"));
    (number(from)..=number(to)).map(|n| format!("{before}{n}{after}")).collect()
}

/// The rows below every `| tensor | shape | stored |`.
fn documented(page: &str) -> Tensors {
    let mut tensors = Tensors::new();
    let mut lines = page.lines();
    while lines.by_ref().any(|line| line == "| tensor | shape | stored |") {
        for row in lines.by_ref().skip(1).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            assert_eq!(cells.len(), 3, "{row}");
            for name in expand(cells[0]) {
                let twice = tensors.insert(name, format!("{} {}", cells[1], cells[2])).is_some();
                assert!(!twice, "twice: {row}");
            }
        }
    }
    tensors
}

/// The text after `"key":` up to `end`.
fn value<'h>(entry: &'h str, key: &str, end: char) -> &'h str {
    let (_, rest) = entry.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key} in {entry}"));
    rest.split(end).next().unwrap_or_default().trim_start_matches(['"', '['])
}

/// The tensors of a safetensors header: JSON that its writers print without spaces, one object a tensor.
fn header(json: &str) -> Tensors {
    let mut tensors = Tensors::new();
    for entry in json.trim().trim_start_matches('{').split("]}").filter(|entry| entry.contains("\"dtype\"")) {
        // free-form metadata may stand before the first name
        let (before, _) = entry.split_once("\":{\"dtype\"").unwrap_or_else(|| panic!("no name in {entry}"));
        let name = before.rsplit('"').next().unwrap_or_default();
        let shape = value(entry, "shape", ']').replace(',', ", ");
        tensors.insert(name.to_owned(), format!("[{shape}] {}", value(entry, "dtype", ',').trim_matches('"')));
    }
    tensors
}

#[test]
fn every_tensor_is_documented_as_it_is() {
    let mut file = File::open(format!("{ROOT}/weights/model.safetensors")).expect("the shipped weights");
    let mut length = [0; 8];
    file.read_exact(&mut length).expect("a length");
    let mut json = String::new();
    file.take(u64::from_le_bytes(length)).read_to_string(&mut json).expect("a header");
    let shipped = header(&json);
    let page = fs::read_to_string(format!("{ROOT}/docs/MODEL.md")).expect("docs/MODEL.md");
    let documented = documented(&page);

    let mut wrong = Vec::new();
    for (name, found) in &shipped {
        match documented.get(name) {
            Some(written) if written == found => {}
            Some(written) => wrong.push(format!("{name} is {found}, the page says {written}")),
            None => wrong.push(format!("{name} {found} is not on the page")),
        }
    }
    wrong.extend(documented.keys().filter(|name| !shipped.contains_key(*name)).map(|name| format!("no tensor {name}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(json.matches("\"dtype\"").count() == shipped.len() && shipped.len() > 100, "{} tensors", shipped.len());
}

#[test]
fn tables_and_headers_are_read_as_written() {
    let page =
        "| tensor | shape | stored |\n|---|---|---|\n| `a.{0-1}.w` | `[2, 3]` | F16 |\n| `b` | `[1]` | F32 |\n\n";
    let json = concat!(
        r#"{"__metadata__":{"format":"pt"},"a.0.w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"#,
        r#""a.1.w":{"dtype":"F16","shape":[2,3],"data_offsets":[12,24]},"#,
        r#""b":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}}   "#,
    );
    assert_eq!(documented(page), header(json));
    assert_eq!(header(json)["a.1.w"], "[2, 3] F16");
}
