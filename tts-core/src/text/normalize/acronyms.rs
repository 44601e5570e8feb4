//! Words by their capitals: acronyms said (NASA) or spelled (FBI), their plurals, names in mixed case (MySQL, iPhone).

use super::words::Words;

/// Capitals that are said as a word. Sorted.
const SAID: [&str; 73] = [
    "ACID", "AIDS", "ANOVA", "ASAP", "ASCII", "ASEAN", "BASIC", "BIOS", "BRICS", "CAPTCHA", "CERN", "COBOL", "COVID",
    "CRISPR", "CRUD", "DARPA", "DEFCON", "DOS", "EFTA", "EPROM", "FAANG", "FEMA", "FIFA", "FOMO", "FORTRAN", "GAN",
    "GIF", "GULAG", "IKEA", "IMAX", "INTERPOL", "JAMA", "JPEG", "JSON", "LAN", "LASER", "LED", "LIDAR", "LISP", "LOL",
    "MERS", "MIDI", "MODEM", "NAFTA", "NASA", "NASCAR", "NASDAQ", "NATO", "NERF", "NIMBY", "NORAD", "OCHA", "OPEC",
    "OSHA", "PIN", "RADAR", "RAM", "ROM", "SARS", "SCUBA", "SIM", "SONAR", "SWAT", "TASER", "UNESCO", "UNICEF", "VRAM",
    "WASP", "WIMAX", "WYSIWYG", "YAML", "YOLO", "ZIP",
];
/// Capitals that are spelled although they could be said, or look like shouted words. Sorted.
const SPELLED: [&str; 123] = [
    "AAA", "ABBA", "ABC", "ACLU", "AFAIK", "AI", "AKA", "AMA", "APA", "API", "APR", "ATM", "AWS", "BBC", "BIA", "BOM",
    "CEO", "CFO", "CIA", "CIO", "CNN", "COD", "COO", "CPU", "CTO", "DIY", "DNA", "DOB", "DOD", "DOE", "DOJ", "DVD",
    "EEG", "EKG", "EOD", "EOF", "EPA", "EPS", "ESP", "ETA", "ETL", "EU", "EUR", "FAA", "FAQ", "FBI", "FDA", "FIR",
    "FYI", "GDP", "GED", "GIS", "GOP", "GPA", "GPU", "GUI", "HID", "HIV", "HOA", "HOV", "IBM", "ICU", "ICYMI", "IDE",
    "IMF", "IMHO", "IMO", "IOC", "IOU", "IP", "IPA", "IPO", "IQ", "IRA", "IRS", "ISBN", "ISO", "ISP", "IVF", "LLM",
    "MBA", "MIA", "MIT", "MOT", "MRI", "NBA", "NEA", "NGO", "NHL", "NPU", "NSA", "OCR", "OECD", "PA", "PC", "PDF",
    "POS", "POW", "RIP", "RNA", "ROI", "SAT", "SEC", "SOS", "SUV", "TSA", "TTS", "UCLA", "UFO", "UI", "UK", "UN",
    "URL", "USA", "USB", "UTC", "UX", "VAT", "VIN", "VIP", "WAP", "WTO", "YTD",
];
/// Short words that people shout. Sorted.
const SHOUTED: [&str; 100] = [
    "ALL", "AM", "AN", "AND", "ANY", "ARE", "AS", "AT", "BAD", "BE", "BIG", "BUT", "BUY", "BY", "BYE", "CAN", "DAY",
    "DID", "DO", "DOG", "DON", "END", "FAR", "FEW", "FOR", "FUN", "GET", "GO", "GOD", "GOT", "HAD", "HAS", "HE", "HER",
    "HEY", "HI", "HIM", "HIS", "HOT", "HOW", "IF", "IN", "IS", "IT", "ITS", "LET", "LOT", "MAD", "MAN", "MAY", "ME",
    "MUM", "MY", "NEW", "NO", "NOR", "NOT", "NOW", "OF", "OFF", "OH", "OK", "OLD", "ON", "ONE", "OR", "OUR", "OUT",
    "OWN", "PUT", "RED", "RUN", "SAD", "SAY", "SEE", "SHE", "SIR", "SIX", "SO", "STOP", "TEN", "THE", "TO", "TOO",
    "TOP", "TRY", "TWO", "UP", "US", "WAS", "WAY", "WE", "WHO", "WHY", "WIN", "WON", "YES", "YET", "YOU", "ZAP",
];
/// Written in small letters and spelled all the same. Sorted.
const SMALL_SPELLED: [&str; 36] = [
    "api", "cli", "cpu", "css", "csv", "dns", "dvd", "ebnf", "faq", "ftp", "gpt", "gpu", "html", "http", "https",
    "ios", "llm", "mp", "npm", "pdf", "php", "rpc", "sdk", "sql", "ssh", "ssl", "tcp", "tls", "tts", "tv", "udp",
    "url", "usb", "vpn", "www", "xml",
];
/// Names whose writing hides how they are said; lower case. `+` before a part names its letters. Sorted.
const MIXED: [(&str, &str); 52] = [
    ("arxiv", "archive"),
    ("bluetooth", "bluetooth"),
    ("cmd", "command"),
    ("ctrl", "control"),
    ("dj", "+dj"),
    ("ebay", "+e bay"),
    ("ebook", "+e book"),
    ("ffmpeg", "+ff +m peg"),
    ("github", "git hub"),
    ("gitlab", "git lab"),
    ("gui", "gooey"),
    ("id", "+id"),
    ("ids", "+id's"),
    ("imac", "+i mac"),
    ("ios", "+ios"),
    ("iot", "+iot"),
    ("ipad", "+i pad"),
    ("iphone", "+i phone"),
    ("iphones", "+i phones"),
    ("ipod", "+i pod"),
    ("jpeg", "jay peg"),
    ("jpegs", "jay pegs"),
    ("jpg", "jay peg"),
    ("json", "jason"),
    ("kwh", "kilowatt hours"),
    ("latex", "latex"),
    ("linkedin", "linked in"),
    ("macos", "mac +os"),
    ("mysql", "my +sql"),
    ("nginx", "engine +x"),
    ("nosql", "no +sql"),
    ("nvidia", "nvidia"),
    ("oauth", "oh auth"),
    ("ok", "okay"),
    ("okay", "okay"),
    ("openai", "open +ai"),
    ("phd", "+phd"),
    ("phds", "+phd's"),
    ("postgresql", "postgres +ql"),
    ("qoq", "quarter over quarter"),
    ("stdin", "standard in"),
    ("stdout", "standard out"),
    ("tldr", "+tldr"),
    ("tv", "+tv"),
    ("tvs", "+tv's"),
    ("wifi", "why fie"),
    ("wsl", "+wsl"),
    ("wwi", "+ww one"),
    ("wwii", "+ww two"),
    ("xkcd", "+xkcd"),
    ("youtube", "you tube"),
    ("yoy", "year over year"),
];

pub(super) fn is_said(word: &str) -> bool {
    SAID.binary_search(&word).is_ok()
}

/// Whether capitals are spelled even in a shouted sentence.
fn is_spelled(word: &str) -> bool {
    SPELLED.binary_search(&word).is_ok()
}

/// Adds a run of ASCII letters and inner apostrophes.
///
/// `shouting`: everything around is in capitals too, so they mean nothing. `first`: the word begins a sentence, so its
/// capital means nothing.
pub(super) fn say(word: &str, shouting: bool, first: bool, words: &mut Words) {
    let lower = word.to_ascii_lowercase();
    if let Ok(at) = MIXED.binary_search_by(|row| row.0.cmp(lower.as_str())) {
        return respelled(MIXED[at].1, words);
    }
    let capitals = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &word[capitals..];
    if capitals >= 2 && rest.is_empty() {
        return all_caps(word, shouting, words);
    }
    // "URLs", "FBI's", "PC's"; but "As", "OKs" and shouted genitives are words.
    if capitals >= 2 && matches!(rest, "s" | "'s" | "'S") {
        let stem = &word[..capitals];
        return if is_said(stem) || is_word_in_caps(stem, shouting) {
            words.written(word, false);
        } else {
            words.letters_with_s(stem);
        };
    }
    if capitals >= 1 && rest.starts_with('\'') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'\'') {
        return words.written(word, false); // "DON'T", "I'M"
    }
    if SMALL_SPELLED.binary_search(&word).is_ok() {
        return words.letters(word);
    }
    if let Some(stem) =
        word.strip_suffix('s').filter(|stem| SMALL_SPELLED.binary_search(stem).is_ok() && stem.len() > 2)
    {
        return words.letters_with_s(stem);
    }
    if is_camel(word) {
        return camel(word, words);
    }
    // A run without a vowel is no word: "hmm" and its like are, and stand in the lexicon.
    words.written(word, !first && !shouting);
}

fn respelled(text: &str, words: &mut Words) {
    for part in text.split(' ') {
        match part.strip_prefix('+') {
            Some(letters) => match letters.strip_suffix("'s") {
                Some(letters) => words.letters_with_s(letters),
                None => words.letters(letters),
            },
            None => words.say(part),
        }
    }
}

/// Whether capitals are a word that is merely loud.
fn is_word_in_caps(word: &str, shouting: bool) -> bool {
    if is_spelled(word) && !(shouting && word.len() < 4 && SHOUTED.binary_search(&word).is_ok()) {
        return false;
    }
    if SHOUTED.binary_search(&word).is_ok() {
        return shouting || !matches!(word, "US" | "IT" | "AM" | "OR" | "ME" | "IN" | "HE" | "AS" | "AN");
    }
    word.len() > 2 && sounds_like_a_word(word) && (shouting || word.len() > 3 || is_one_syllable(word))
}

fn all_caps(word: &str, shouting: bool, words: &mut Words) {
    let as_written = || {
        let mut single = Words::default();
        single.written(word, true);
        single
    };
    if is_said(word) || matches!(word, "US" | "IT" | "WHO") && !shouting {
        words.append(if matches!(word, "US" | "IT" | "WHO") { letters_of(word) } else { as_written() });
    } else if is_word_in_caps(word, shouting) {
        if shouting || SHOUTED.binary_search(&word).is_ok() {
            words.written(word, false);
        } else {
            words.append(as_written());
        }
    } else {
        words.letters(word);
    }
}

fn letters_of(word: &str) -> Words {
    let mut words = Words::default();
    words.letters(word);
    words
}

/// Whether letters can be said at all: a vowel among them, no heap of consonants at either end.
fn sounds_like_a_word(word: &str) -> bool {
    let vowel = |b: u8| b"AEIOUY".contains(&b);
    let bytes = word.as_bytes();
    let head = bytes.iter().take_while(|&&b| !vowel(b)).count();
    let tail = bytes.iter().rev().take_while(|&&b| !vowel(b)).count();
    let longest = bytes.split(|&b| vowel(b)).map(<[u8]>::len).max().unwrap_or(0);
    head <= 3
        && tail <= 3
        && longest <= 4
        && head < bytes.len()
        && !(head == 0 && tail == 0 && bytes.len() < 4)
        && (head < 2 || is_onset(&word[..head]))
}

/// Consonant, vowel, consonant: "SUB".
fn is_one_syllable(word: &str) -> bool {
    let vowel = |b: u8| b"AEIOU".contains(&b);
    matches!(word.as_bytes(), [a, b, c] if !vowel(*a) && vowel(*b) && !vowel(*c) && !b"HJQVWXY".contains(c) && !b"QXV".contains(a))
}

fn is_onset(head: &str) -> bool {
    const ONSETS: [&str; 34] = [
        "BL", "BR", "CH", "CHR", "CL", "CR", "DR", "DW", "FL", "FR", "GH", "GL", "GN", "GR", "KN", "PH", "PL", "PR",
        "PS", "QU", "SC", "SCH", "SH", "SHR", "SK", "SL", "SM", "SN", "SP", "SPR", "ST", "STR", "SW", "TH",
    ];
    ONSETS.binary_search(&head).is_ok() || matches!(head, "THR" | "TR" | "TW" | "WH" | "WR" | "SPL" | "SCR" | "SQ")
}

/// A capital after a small letter, except in names like McDonald.
fn is_camel(word: &str) -> bool {
    let bytes = word.as_bytes();
    let turns = bytes.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase())
        || bytes
            .windows(3)
            .any(|w| w[0].is_ascii_uppercase() && w[1].is_ascii_uppercase() && w[2].is_ascii_lowercase());
    turns
        && !word.contains('\'')
        && !["Mc", "Mac", "Le", "La", "De", "Di", "Du", "Van", "Fitz"].iter().any(|p| {
            word.strip_prefix(p).is_some_and(|rest| {
                rest.len() > 2
                    && rest.as_bytes()[0].is_ascii_uppercase()
                    && rest.bytes().skip(1).all(|b| b.is_ascii_lowercase())
            }) && *word != *"MacBook"
                && *word != *"LaTeX"
        })
}

/// "MySQL" is my SQL, "HTMLParser" HTML parser.
fn camel(word: &str, words: &mut Words) {
    let bytes = word.as_bytes();
    let mut start = 0;
    for at in 1..=bytes.len() {
        let cut = at == bytes.len()
            || bytes[at].is_ascii_uppercase()
                && (bytes[at - 1].is_ascii_lowercase() || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if !cut {
            continue;
        }
        let part = &word[start..at];
        if part.len() == 1 {
            words.letters(part);
        } else if part.len() > 2
            && at == bytes.len()
            && part.ends_with('s')
            && part[..part.len() - 1].bytes().all(|b| b.is_ascii_uppercase())
        {
            words.letters_with_s(&part[..part.len() - 1]);
        } else {
            say(part, false, false, words);
        }
        start = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(SAID.is_sorted() && SPELLED.is_sorted() && SHOUTED.is_sorted() && SMALL_SPELLED.is_sorted());
        assert!(MIXED.is_sorted_by(|a, b| a.0 < b.0));
    }
}
