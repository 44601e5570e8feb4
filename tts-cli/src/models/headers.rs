//! What a server says of a file before it comes: length, version, sum, where to look instead.
//!
//! In: header lines of a stranger. Out: values that were looked at; what makes no sense counts as not said.

use super::hash;

/// `ETag`: which version of a file this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Etag {
    /// It names the same bytes, not just the same meaning.
    pub(crate) strong: bool,
    /// Without quotes.
    pub(crate) value: String,
}

impl Etag {
    /// Reads `"value"` or `W/"value"`; the hub also leaves quotes out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (strong, text) = text.strip_prefix("W/").map_or((true, text), |rest| (false, rest));
        let value = text.strip_prefix('"').map_or(Some(text), |rest| rest.strip_suffix('"'))?;
        let sane = (1..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        sane.then(|| Self { strong, value: value.to_owned() })
    }

    /// As `If-Range` wants it, which takes only strong ones.
    pub(crate) fn if_range(&self) -> Option<String> {
        self.strong.then(|| format!("\"{}\"", self.value))
    }

    /// The SHA-256 that the hub's large files have for a version.
    pub(crate) fn sha256(&self) -> Option<&str> {
        Some(self.value.as_str()).filter(|value| hash::is_sum(value))
    }
}

/// `Content-Range`: which bytes these are, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// First byte; none in a refusal (416).
    pub(crate) start: Option<u64>,
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// Reads `bytes first-last/total`, where `total`, or the range in a refusal, may be `*`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let total = if total == "*" { None } else { Some(number(total)?) };
        if range == "*" {
            return Some(Self { start: None, total });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let sane = first <= last && total.is_none_or(|total| last < total);
        sane.then_some(Self { start: Some(first), total })
    }
}

/// Digits alone: no sign, no space.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What the hub's `X-Error-Code` says is not there.
pub(crate) fn missing(code: Option<&str>) -> &'static str {
    match code {
        Some("RepoNotFound") => "there is no such repository",
        Some("RevisionNotFound") => "there is no such revision",
        Some("EntryNotFound") => "there is no such file in this revision",
        _ => "there is no such file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::models::laws;

    #[test]
    fn versions_are_read() {
        let sum = "0123456789abcdef".repeat(4);
        let strong = Etag::parse(&format!("\"{sum}\"")).expect("strong");
        assert_eq!((strong.sha256(), strong.if_range()), (Some(sum.as_str()), Some(format!("\"{sum}\""))));
        assert_eq!(Etag::parse(&sum), Some(strong));
        let weak = Etag::parse("W/\"abc\"").expect("weak");
        assert_eq!((weak.sha256(), weak.if_range()), (None, None));
        for text in ["", "\"\"", "\"a", "\"a\"b\"", "a b", "W/", &"x".repeat(300)] {
            assert_eq!(Etag::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_are_read() {
        let range = |text| ContentRange::parse(text).map(|range| (range.start, range.total));
        assert_eq!(range("bytes 5-9/10"), Some((Some(5), Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((Some(5), None)));
        assert_eq!(range("bytes */10"), Some((None, Some(10))));
        for text in [
            "bytes 9-5/10",
            "bytes 5-10/10",
            "bytes -5/10",
            "bytes 5-/10",
            "5-9/10",
            "bytes 5-9/+10",
            "bytes 5-9/99999999999999999999",
            "",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        #[test]
        fn any_line_is_read_or_passed_over(pieces in prop::collection::vec(
            prop_oneof![prop::sample::select(vec!["bytes ", "-", "/", "*", "\"", "W/", "0", "18446744073709551615", "abc"]).prop_map(str::to_owned), ".{0,4}"],
            0..8,
        )) {
            laws::header(&pieces.concat());
        }
    }
}
