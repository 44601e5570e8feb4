//! Words into subtitles: at most two lines of 42 characters and six seconds, ending where a sentence or a long pause
//! does. The text is what was written, with its punctuation but without markup; the times are exactly those of the first
//! and last word.

use std::ops::Range;

use tts_core::WordTiming;

/// Characters of a line, as the guides of broadcasters have it.
const LINE: usize = 42;
/// The longest a cue lasts, in seconds.
const LONGEST: f64 = 6.0;
/// A cue shorter than this goes on behind the end of a sentence.
const SHORTEST: f64 = 1.0;
/// A pause that ends a cue.
const PAUSE: f64 = 0.8;

/// A finished subtitle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cue {
    /// When it appears, in seconds.
    pub(crate) start: f64,
    /// When it goes.
    pub(crate) end: f64,
    /// One or two lines.
    pub(crate) lines: Vec<String>,
}

/// The cue being gathered.
#[derive(Debug, Default)]
pub(crate) struct Grouper {
    /// Text so far, words separated by single spaces.
    text: String,
    start: f64,
    end: f64,
    /// Where the last word ends in the input.
    place: usize,
}

impl Grouper {
    /// Takes the next word; gives the cue that ended before it.
    pub(crate) fn push(&mut self, word: &WordTiming, source: &dyn Fn(Range<usize>) -> String) -> Option<Cue> {
        // Several spoken words may stand for one that is written, such as a number.
        if !self.text.is_empty() && word.source.start < self.place {
            self.end = self.end.max(word.end);
            return None;
        }
        let between = source(self.place..word.source.start.max(self.place));
        let (behind, before, joined) = split(&between);
        self.text.push_str(&behind);
        let written = format!("{before}{}", plain(&word.text));
        let cue = if !joined && self.is_full(&written, word) { self.take() } else { None };
        if self.text.is_empty() {
            self.start = word.start;
        } else if !joined {
            self.text.push(' ');
        }
        self.text.push_str(&written);
        self.end = word.end;
        self.place = word.source.end;
        cue
    }

    /// Ends the last cue; `rest` is the input behind its last word.
    pub(crate) fn finish(&mut self, rest: &str) -> Option<Cue> {
        if !self.text.is_empty() {
            self.text.push_str(&split(rest).0);
        }
        self.take()
    }

    fn is_full(&self, next: &str, word: &WordTiming) -> bool {
        if self.text.is_empty() {
            return false;
        }
        let ended = self.text.trim_end_matches(['"', '\'', '”', '’', ')', '»']).ends_with(['.', '!', '?', '…', ':']);
        let too_long = word.end - self.start > LONGEST || fold(&format!("{} {next}", self.text)).is_none();
        too_long || word.start - self.end > PAUSE || (ended && self.end - self.start >= SHORTEST)
    }

    fn take(&mut self) -> Option<Cue> {
        let text = std::mem::take(&mut self.text);
        let lines = fold(&text).unwrap_or_else(|| vec![text.clone()]);
        (!text.is_empty()).then_some(Cue { start: self.start, end: self.end, lines })
    }
}

/// One line, or two of about the same length; `None` if it does not fit. A single word is never too long.
fn fold(text: &str) -> Option<Vec<String>> {
    let length = |text: &str| text.chars().count();
    if length(text) <= LINE || !text.contains(' ') {
        return Some(vec![text.to_owned()]);
    }
    let breaks = text.match_indices(' ').map(|(at, _)| (&text[..at], &text[at + 1..]));
    let fits = |line: &str| length(line) <= LINE || !line.contains(' ');
    breaks
        .filter(|(first, second)| fits(first) && fits(second))
        .min_by_key(|(first, second)| length(first).max(length(second)))
        .map(|(first, second)| vec![first.to_owned(), second.to_owned()])
}

/// What stands between two words: what belongs to the first, what belongs to the second, and whether nothing parts them.
fn split(between: &str) -> (String, String, bool) {
    match (between.find(char::is_whitespace), between.rfind(char::is_whitespace)) {
        (Some(first), Some(last)) => (plain(&between[..first]), plain(&between[last..]), false),
        _ => (plain(between), String::new(), true),
    }
}

/// `text` without markup, line breaks and control characters.
fn plain(text: &str) -> String {
    let wanted = |c: &char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '*' | '_' | '`' | '#' | '~' | '|' | '[' | ']' | '{' | '}' | '\\')
    };
    text.split_whitespace().map(|word| word.chars().filter(wanted).collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A word that takes from `start` to `end`.
    pub(in super::super) fn timing(source: Range<usize>, text: &str, start: f64, end: f64) -> WordTiming {
        WordTiming { source, text: text.to_owned(), spoken: text.to_lowercase(), start, end }
    }

    fn cues(text: &str, seconds: f64) -> Vec<Cue> {
        let mut grouper = Grouper::default();
        let mut cues = Vec::new();
        let mut place = 0;
        for (index, word) in text.split(' ').enumerate() {
            let at = index as f64 * seconds;
            let start = text[place..].find(word).expect("word") + place;
            place = start + word.len();
            cues.extend(grouper.push(&timing(start..place, word, at, at + seconds), &|range| text[range].to_owned()));
        }
        cues.extend(grouper.finish(""));
        cues
    }

    #[test]
    fn nothing_is_lost_and_everything_fits() {
        let text = ["some words of various extent and then", "more."].join(" ").repeat(20).replace(".some", ". some");
        let cues = cues(&text, 0.3);
        assert!(cues.len() > 5);
        let joined: Vec<_> = cues.iter().flat_map(|cue| &cue.lines).map(String::as_str).collect();
        assert_eq!(joined.join(" "), text);
        for cue in &cues {
            assert!(cue.lines.len() <= 2 && cue.lines.iter().all(|line| line.chars().count() <= LINE), "{cue:?}");
            assert!(cue.end - cue.start <= LONGEST + 1e-9 && cue.end > cue.start, "{cue:?}");
        }
        assert!(cues.windows(2).all(|pair| pair[0].end <= pair[1].start + 1e-9));
    }

    #[test]
    fn a_monstrous_word_stands_alone() {
        let monster = "x".repeat(100);
        let cues = cues(&format!("a {monster} b"), 1.0);
        assert!(cues.iter().flat_map(|cue| &cue.lines).any(|line| *line == monster));
    }

    #[test]
    fn markup_goes_and_punctuation_stays() {
        let text = "**Well**-known (he said), \"no\" [link](url)";
        let words = ["Well", "known", "he", "said", "no", "link"];
        let mut grouper = Grouper::default();
        let mut place = 0;
        for (index, word) in words.iter().enumerate() {
            let start = text[place..].find(word).expect("word") + place;
            place = start + word.len();
            let at = index as f64 * 0.1;
            assert_eq!(grouper.push(&timing(start..place, word, at, at + 0.1), &|range| text[range].to_owned()), None);
        }
        let cue = grouper.finish("").expect("a cue");
        assert_eq!(cue.lines, ["Well-known (he said), \"no\" link"]);
    }

    #[test]
    fn one_written_word_may_be_many_spoken_ones() {
        let mut grouper = Grouper::default();
        let text = "$5 now";
        for (index, source) in [0..2, 0..2, 3..6].into_iter().enumerate() {
            let written = text[source.clone()].to_owned();
            let at = index as f64;
            grouper.push(&timing(source, &written, at, at + 0.5), &|range| text[range].to_owned());
        }
        let cue = grouper.finish(".").expect("a cue");
        assert_eq!((cue.lines, cue.start, cue.end), (vec!["$5 now.".to_owned()], 0.0, 2.5));
    }
}
