//! One line at a terminal that says how far the work is, while a file is written or downloaded.
//!
//! Three numbers on one line need no library.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The line; without a terminal it is never shown.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    enabled: bool,
    begun: Instant,
    last: Option<Instant>,
}

impl Progress {
    /// A line that shows itself only if `enabled`.
    pub(crate) fn new(enabled: bool) -> Self {
        Self { shown: false, enabled, begun: Instant::now(), last: None }
    }

    /// Shows `seconds` of sound and, where the end is known, the part of the text that is done; ten times a second at
    /// most.
    pub(crate) fn show(&mut self, seconds: f64, part: Option<f64>) {
        let elapsed = self.begun.elapsed().as_secs_f64();
        self.show_line(|| line(seconds, elapsed, part));
    }

    /// Shows any line, as often.
    pub(crate) fn show_line(&mut self, line: impl FnOnce() -> String) {
        let due = self.last.is_none_or(|last| last.elapsed() >= Duration::from_millis(100));
        if !self.enabled || !due {
            return;
        }
        self.last = Some(Instant::now());
        self.shown = true;
        // Standard error may be gone; the work goes on.
        let _ = write!(io::stderr().lock(), "\r{}\x1b[K", line());
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// How much of a whole is done, `0..1`.
pub(crate) fn bar(part: f64) -> String {
    const WIDTH: usize = 24;
    let part = part.clamp(0.0, 1.0);
    let done = (part * WIDTH as f64) as usize;
    format!("[{}{}] {:3.0} %  ", "#".repeat(done), "-".repeat(WIDTH - done), part * 100.0)
}

fn line(seconds: f64, elapsed: f64, part: Option<f64>) -> String {
    let speed = if elapsed > 0.0 { seconds / elapsed } else { 0.0 };
    let bar = part.map_or(String::new(), bar);
    let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
    format!("{bar}{minutes:.0}:{rest:04.1} of speech, {speed:.0} times as fast")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_and_says_where_it_is() {
        assert_eq!(line(65.25, 6.5, None), "1:05.2 of speech, 10 times as fast");
        let half = line(3599.94, 0.0, Some(0.5));
        assert!(half.starts_with("[############------------]  50 %") && half.len() < 80, "{half}");
        assert!(line(1.0, 1.0, Some(7.0)).contains("100 %"));
    }
}
