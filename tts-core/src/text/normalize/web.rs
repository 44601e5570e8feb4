//! Addresses and names of machines: URLs, e-mail, file paths and names, handles, hashtags.

use super::acronyms;
use super::dates_times::Reading;
use super::numbers::{Zero, cardinal_text, digits_text};
use super::scan::Scan;
use super::words::Words;

/// Top-level domains that make a dotted word a web address without a scheme. Sorted.
const DOMAINS: [&str; 37] = [
    "ai", "app", "at", "au", "be", "biz", "ca", "ch", "cn", "co", "com", "de", "dev", "edu", "es", "eu", "fr", "gov",
    "in", "info", "io", "it", "jp", "me", "mil", "net", "nl", "nz", "org", "ru", "se", "tech", "tv", "uk", "us", "xyz",
    "za",
];
/// File name extensions. Sorted.
const EXTENSIONS: [&str; 64] = [
    "bak", "bash", "bat", "bin", "bmp", "c", "cfg", "conf", "cpp", "cs", "css", "csv", "dat", "db", "dll", "doc",
    "docx", "exe", "flac", "gif", "go", "gz", "h", "hpp", "html", "ico", "ini", "iso", "jar", "java", "jpeg", "jpg",
    "js", "json", "jsx", "lock", "log", "lua", "m4a", "md", "mp3", "mp4", "ogg", "onnx", "pdf", "php", "png", "py",
    "rb", "rs", "rtf", "sh", "so", "sql", "svg", "tar", "toml", "ts", "tsx", "txt", "wav", "xml", "yaml", "zip",
];
/// Parts of paths and addresses that are said in a way of their own. Sorted.
const PARTS: [(&str, &str); 18] = [
    ("bin", "bin"),
    ("cfg", "config"),
    ("cpp", "c plus plus"),
    ("dat", "dat"),
    ("db", ""),
    ("gif", "gif"),
    ("json", "jason"),
    ("lib", "lib"),
    ("lua", "lua"),
    ("onnx", "onyx"),
    ("src", "source"),
    ("tar", "tar"),
    ("tmp", "temp"),
    ("toml", "toml"),
    ("usr", "user"),
    ("var", "var"),
    ("wav", "wave"),
    ("zip", "zip"),
];

/// Any address at `i`.
pub(super) fn read(scan: &Scan, i: usize) -> Reading {
    if scan.before(i).is_ascii_alphanumeric() {
        return None;
    }
    match scan.at(i) {
        '@' => return handle(scan, i),
        '#' => return hashtag(scan, i),
        _ => {}
    }
    let mut end = scan.clump(i);
    // "](": a link's text ends before it.
    if let Some(cut) =
        (i..end).find(|&at| scan.at(at) == ']' || scan.at(at) == '<' || scan.at(at) == '|' || scan.at(at) == '—')
    {
        end = cut;
    }
    if end < i + 3 {
        return None;
    }
    url(scan, i, end).or_else(|| path(scan, i, end)).or_else(|| email(scan, i, end)).or_else(|| domain(scan, i, end))
}

fn url(scan: &Scan, i: usize, end: usize) -> Reading {
    let mut at = ["https://", "http://", "ftp://", "file://", "mailto:"]
        .iter()
        .find(|s| scan.has_any_case(i, s))
        .map(|s| i + s.len());
    if at.is_none() && !scan.has_any_case(i, "www.") {
        return None;
    }
    let from = *at.get_or_insert(i);
    if from >= end {
        return None;
    }
    let end = if scan.at(end - 1) == '/' && end - 1 > from { end - 1 } else { end };
    let mut words = Words::default();
    spoken(scan, from, end, &mut words);
    let stop = if scan.at(end) == '/' { end + 1 } else { end };
    (!words.is_empty()).then_some((stop, words))
}

fn email(scan: &Scan, i: usize, end: usize) -> Reading {
    let at = (i..end).find(|&k| scan.at(k) == '@')?;
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    let dot = (at + 2..end.saturating_sub(1)).any(|k| scan.at(k) == '.');
    if at == i || !dot || !(i..at).all(|k| ok(scan.at(k))) || !(at + 1..end).all(|k| ok(scan.at(k))) {
        return None;
    }
    let mut words = Words::default();
    spoken(scan, i, end, &mut words);
    Some((end, words))
}

/// "example.com", "docs.rs/tts", "main.rs".
fn domain(scan: &Scan, i: usize, end: usize) -> Reading {
    let slash = (i..end).find(|&k| matches!(scan.at(k), '/' | ':' | '?')).unwrap_or(end);
    let host = scan.text(i, slash);
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return None;
    }
    let (name, last) = host.rsplit_once('.')?;
    let labels_ok = name.bytes().any(|b| b.is_ascii_alphabetic())
        && !name.starts_with('.')
        && !host.contains("..")
        && !name.ends_with('.');
    // Dots between single letters are an abbreviation: "U.S", "e.g".
    let initials = host.split('.').all(|label| label.len() == 1);
    let lower = last.to_ascii_lowercase();
    let web = DOMAINS.binary_search(&lower.as_str()).is_ok() && last == lower && name.len() > 1;
    let file = slash == end && EXTENSIONS.binary_search(&lower.as_str()).is_ok();
    // "end.In" is a missing space; a capital after the dot is no domain.
    if !labels_ok || initials || !(web || file) {
        return None;
    }
    let mut words = Words::default();
    spoken(scan, i, end, &mut words);
    Some((end, words))
}

/// "/usr/bin", "~/x", "./run.sh", "C:\x", "src/main.rs".
fn path(scan: &Scan, i: usize, end: usize) -> Reading {
    let text = scan.text(i, end);
    let absolute = text.starts_with('/')
        && text.as_bytes().get(1).copied().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
    let home = ["~/", "./", "../"].iter().any(|p| text.starts_with(p));
    let drive = text.as_bytes()[0].is_ascii_alphabetic() && text[1..].starts_with(":\\");
    let share = text.starts_with("\\\\");
    let slashes = text.bytes().filter(|b| *b == b'/').count();
    let last = text.rsplit('/').next().unwrap_or("");
    let extension =
        last.rsplit_once('.').is_some_and(|(stem, e)| !stem.is_empty() && EXTENSIONS.binary_search(&e).is_ok());
    let relative = slashes >= 1 && extension && !text.contains("//") && !text.contains('@');
    let plain =
        text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'(' | b')' | b'"' | b'<' | b'>' | b'[' | b'|'));
    if !plain || !(absolute && (slashes > 1 || text.len() > 3) || home || drive || share || relative) {
        return None;
    }
    let mut words = Words::default();
    spoken(scan, i, end, &mut words);
    (!words.is_empty()).then_some((end, words))
}

/// "@name": "at name".
fn handle(scan: &Scan, i: usize) -> Reading {
    let mut end = scan.run(i + 1, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    while end > i + 1 && matches!(scan.before(end), '.' | '-' | '_') {
        end -= 1;
    }
    if !scan.at(i + 1).is_ascii_alphabetic() || scan.at(end).is_alphanumeric() {
        return None;
    }
    let mut words = Words::of("at");
    spoken(scan, i + 1, end, &mut words);
    Some((end, words))
}

/// "#BlackLivesMatter": "hashtag black lives matter".
fn hashtag(scan: &Scan, i: usize) -> Reading {
    let end = scan.run(i + 1, |c| c.is_ascii_alphanumeric() || c == '_');
    if !(i + 1..end).any(|k| scan.at(k).is_ascii_alphabetic()) || end < i + 2 {
        return None;
    }
    let mut words = Words::of("hashtag");
    spoken(scan, i + 1, end, &mut words);
    Some((end, words))
}

/// Says everything from `from` to `end`: letters as words or letters, digits, marks by their names.
fn spoken(scan: &Scan, from: usize, end: usize, words: &mut Words) {
    let mut at = from;
    while at < end {
        let c = scan.at(at);
        let stop = scan.digits(at).min(end);
        if stop > at {
            let digits = scan.text(at, stop);
            words.say(&match digits.len() {
                4 if digits.as_str() >= "1900" && digits.as_str() < "2100" => {
                    super::numbers::year_text(digits.parse().unwrap_or(0))
                }
                1..=3 if !digits.starts_with('0') || digits.len() == 1 => cardinal_text(&digits),
                _ => digits_text(&digits, Zero::Zero),
            });
            at = stop;
            continue;
        }
        let stop = scan.letters(at).min(end);
        if stop > at {
            let after_dot = at > from && scan.before(at) == '.';
            part(&scan.text(at, stop), after_dot && (stop == end || !scan.at(stop).is_ascii_alphanumeric()), words);
            at = stop;
            continue;
        }
        let name = match c {
            '.' => "dot",
            '/' => "slash",
            '\\' => "backslash",
            '@' => "at",
            '-' => "dash",
            '_' => "underscore",
            ':' => "colon",
            '~' => "tilde",
            '?' => "question mark",
            '&' => "and",
            '=' => "equals",
            '#' => "hash",
            '+' => "plus",
            '%' => "percent",
            _ => "",
        };
        // "://" and "..": said once.
        let twice = c == scan.before(at) && at > from && matches!(c, '/' | '\\');
        let joins_hashtag = c == '_' && scan.before(from) == '#';
        if !twice && !joins_hashtag {
            words.say(name);
        }
        at += 1;
    }
}

/// One run of letters of an address.
fn part(text: &str, last: bool, words: &mut Words) {
    let lower = text.to_ascii_lowercase();
    if let Ok(at) = PARTS.binary_search_by(|row| row.0.cmp(lower.as_str())) {
        match PARTS[at].1 {
            "" => words.letters(text),
            "c plus plus" => {
                words.letters("c");
                words.say("plus plus");
            }
            said => words.say(said),
        }
        return;
    }
    let vowels = lower.bytes().any(|b| b"aeiouy".contains(&b));
    let said_short = matches!(
        lower.as_str(),
        "me" | "co"
            | "go"
            | "so"
            | "in"
            | "at"
            | "it"
            | "is"
            | "be"
            | "to"
            | "my"
            | "of"
            | "on"
            | "or"
            | "we"
            | "he"
            | "no"
            | "up"
            | "us"
            | "do"
            | "an"
            | "as"
            | "by"
            | "if"
            | "am"
            | "hi"
    );
    let short = lower.len() == 1
        || lower.len() == 2 && (last || !said_short) && !matches!(lower.as_str(), "me" | "co" | "go" | "so");
    let odd_extension =
        last && matches!(lower.as_str(), "edu" | "exe" | "php" | "sql" | "iso" | "doc" | "ico" | "svg" | "ogg");
    if short || !vowels || odd_extension && lower != "doc" {
        words.letters(text);
    } else {
        acronyms::say(text, false, false, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(DOMAINS.is_sorted() && EXTENSIONS.is_sorted() && PARTS.is_sorted());
    }
}
