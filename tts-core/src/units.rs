//! Words every layer may use: rates, positions, seeds, fingerprints. Standard library only (level 0).

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// Samples per second of a PCM signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SampleRate(pub u32);

impl SampleRate {
    /// Seconds that `samples` last at this rate.
    #[must_use]
    pub fn seconds(self, samples: u64) -> f64 {
        samples as f64 / f64::from(self.0)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// A position or a length in samples of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Samples(pub u64);

/// Start of every random choice: the same seed gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identity of a set of weights, so that data made with one model is never fed to another.
///
/// A 64-bit FNV-1a hash: it tells files apart by accident, not by malice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The hash of nothing; extend it with [`Fingerprint::with`].
    pub const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// This fingerprint extended by `bytes`.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ParseIntError;

    /// Sixteen hexadecimal digits, as they are printed.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        // an empty text is an error of the same kind
        let digits = if text.len() == 16 && !text.starts_with('+') { text } else { "" };
        u64::from_str_radix(digits, 16).map(Self)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the FNV reference distribution (FNV-1a, 64 bits).
    #[test]
    fn fingerprint_is_fnv1a() {
        assert_eq!(Fingerprint::EMPTY.with(b"a").0, 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fingerprint::EMPTY.with(b"foobar").0, 0x8594_4171_f739_67e8);
        assert_eq!("af63dc4c8601ec8c".parse(), Ok(Fingerprint::EMPTY.with(b"a")));
        assert!(
            "af63dc4c8601ec8".parse::<Fingerprint>().is_err() && "+f63dc4c8601ec8c".parse::<Fingerprint>().is_err()
        );
        assert_eq!(Fingerprint::EMPTY.with(b"foo").with(b"bar"), Fingerprint::EMPTY.with(b"foobar"));
    }
}
