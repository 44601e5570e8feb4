//! The first bytes of a file: what it is if it is not audio.
//!
//! Asked before any decoder looks, because an MP3 reader searches for a frame anywhere and finds one in most photographs.

/// So many bytes are looked at.
pub(super) const HEAD: usize = 512;

/// Marks of formats that hold no sound: offset, bytes, name.
const MARKS: &[(usize, &[u8], &str)] = &[
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"GIF8", "a GIF image"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftypheic", "a HEIC image"),
    (4, b"ftypavif", "an AVIF image"),
    (0, b"BM", "a BMP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program for Windows"),
    (0, b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (0, b"SQLite format 3", "a database"),
    (0, b"MThd", "MIDI, notes without sound"),
    (0, b"#EXTM3U", "a playlist; name the files it lists"),
    (0, b"[playlist]", "a playlist; name the files it lists"),
    (8, b"AVI ", "an AVI video; take the sound out of it first"),
    (0, b"FLV\x01", "an FLV video; take the sound out of it first"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media; convert it first"),
    (0, b"#!AMR", "an AMR recording; convert it first"),
    (0, b"MAC ", "Monkey's Audio; convert it first"),
    (0, b"wvpk", "WavPack; convert it first"),
    (0, b"DSD ", "DSD; convert it first"),
    (0, b"caff", "a Core Audio file; convert it first"),
];

/// What the bytes are, if that is known and not audio.
pub(super) fn not_audio(head: &[u8]) -> Option<&'static str> {
    let mark = |(at, bytes, _): &&(usize, &[u8], &str)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes));
    let known = MARKS.iter().find(mark).map(|(_, _, name)| *name);
    known.or_else(|| safetensors(head).then_some("a safetensors container, as .voice files are"))
}

/// A length of eight bytes, then JSON.
fn safetensors(head: &[u8]) -> bool {
    head.get(5..10).is_some_and(|bytes| bytes[..3] == [0; 3] && bytes[3..] == *b"{\"")
}

/// A description of bytes that no reader knows.
pub(super) fn describe(head: &[u8]) -> String {
    if head.iter().all(|&byte| byte == 0) {
        return "nothing but zero bytes".to_owned();
    }
    let text = String::from_utf8_lossy(head);
    // The end of what was looked at may cut a character.
    let (printable, other) = text.chars().fold((0, 0), |(printable, other), c| {
        let odd = c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
        if odd { (printable, other + 1) } else { (printable + 1, other) }
    });
    if printable > 20 * other {
        let start: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(30).collect();
        let markup = start.starts_with('<');
        return format!("{} beginning \"{start}\"", if markup { "a page or document" } else { "text" });
    }
    let hex: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("of an unknown kind (first bytes {})", hex.join(" "))
}

/// What a container is called, from its first bytes.
pub(super) fn container(head: &[u8]) -> &'static str {
    let at = |place: usize, bytes: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(bytes));
    if at(0, b"RIFF") || at(0, b"RF64") || at(0, b"RIFX") {
        "WAV"
    } else if at(0, b"FORM") {
        "AIFF"
    } else if at(0, b"fLaC") {
        "FLAC"
    } else if at(0, b"OggS") {
        "Ogg"
    } else if at(4, b"ftyp") {
        "MP4"
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        "WebM"
    } else {
        "stream"
    }
}
