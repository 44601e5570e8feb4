//! Whether an Ogg file has its end (RFC 3533, section 6): readers of packets cannot tell a cut file from a whole one.

use std::io::{self, Read, Seek, SeekFrom};

/// A page is no longer than this, its head included.
const PAGE_MAX: u64 = 27 + 255 + 255 * 255;
/// The flag of a stream's last page.
const LAST: u8 = 4;

/// Whether the file ends with a whole page that says it is the last. Leaves `source` at its start.
///
/// # Errors
/// If it cannot be read.
pub(super) fn ends(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(length.saturating_sub(PAGE_MAX)))?;
    let mut tail = Vec::new();
    source.take(PAGE_MAX).read_to_end(&mut tail)?;
    source.seek(SeekFrom::Start(0))?;
    let starts = tail.windows(5).enumerate().rev().filter(|(_, bytes)| *bytes == b"OggS\0");
    Ok(starts.map(|(at, _)| &tail[at..]).any(is_last))
}

/// Whether these bytes are one whole page with the flag.
fn is_last(page: &[u8]) -> bool {
    let (Some(flags), Some(&segments)) = (page.get(5), page.get(26)) else { return false };
    let Some(table) = page.get(27..27 + usize::from(segments)) else { return false };
    let body: usize = table.iter().map(|&length| usize::from(length)).sum();
    flags & LAST != 0 && page.len() == 27 + table.len() + body
}
