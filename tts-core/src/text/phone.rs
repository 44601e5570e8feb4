//! ARPAbet phones with stress, as CMUdict writes them: the one alphabet between the front end and the models.
//!
//! Source: the CMU Pronouncing Dictionary's `cmudict.phones` (39 phones; vowels carry stress 0, 1 or 2).

use std::fmt;

/// One of the 39 ARPAbet phones of American English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Symbol {
    /// odd
    Aa,
    /// at
    Ae,
    /// hut
    Ah,
    /// ought
    Ao,
    /// cow
    Aw,
    /// hide
    Ay,
    /// be
    B,
    /// cheese
    Ch,
    /// dee
    D,
    /// thee
    Dh,
    /// Ed
    Eh,
    /// hurt
    Er,
    /// ate
    Ey,
    /// fee
    F,
    /// green
    G,
    /// he
    Hh,
    /// it
    Ih,
    /// eat
    Iy,
    /// gee
    Jh,
    /// key
    K,
    /// lee
    L,
    /// me
    M,
    /// knee
    N,
    /// ping
    Ng,
    /// oat
    Ow,
    /// toy
    Oy,
    /// pee
    P,
    /// read
    R,
    /// sea
    S,
    /// she
    Sh,
    /// tea
    T,
    /// theta
    Th,
    /// hood
    Uh,
    /// two
    Uw,
    /// vee
    V,
    /// we
    W,
    /// yield
    Y,
    /// zee
    Z,
    /// seizure
    Zh,
}

impl Symbol {
    /// All symbols, in the order of their names.
    pub const ALL: [Self; 39] = {
        use Symbol::*;
        [
            Aa, Ae, Ah, Ao, Aw, Ay, B, Ch, D, Dh, Eh, Er, Ey, F, G, Hh, Ih, Iy, Jh, K, L, M, N, Ng, Ow, Oy, P, R, S,
            Sh, T, Th, Uh, Uw, V, W, Y, Z, Zh,
        ]
    };

    const NAMES: [&'static str; 39] = [
        "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH",
        "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
    ];

    /// Upper-case ARPAbet name, `"HH"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The symbol of an ARPAbet name in any case, without a stress digit.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| n.eq_ignore_ascii_case(name)).map(|i| Self::ALL[i])
    }

    /// Whether this is a vowel, which carries stress.
    #[must_use]
    pub fn is_vowel(self) -> bool {
        use Symbol::*;
        matches!(self, Aa | Ae | Ah | Ao | Aw | Ay | Eh | Er | Ey | Ih | Iy | Ow | Oy | Uh | Uw)
    }
}

/// Stress of a vowel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stress {
    /// No stress: the first vowel of "about".
    None = 0,
    /// Primary stress.
    Primary = 1,
    /// Secondary stress.
    Secondary = 2,
}

/// A phone: a symbol, and for a vowel its stress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phone {
    symbol: Symbol,
    stress: Option<Stress>,
}

/// Why a string is not a list of phones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Not an ARPAbet name.
    #[error(
        "'{found}' is not an ARPAbet phone; expected one of AA AE AH .. ZH with a stress digit after vowels, as in HH AH0 L OW1"
    )]
    Unknown {
        /// What was written.
        found: String,
    },
    /// A consonant with a stress digit.
    #[error("'{found}': only vowels carry a stress digit")]
    StressedConsonant {
        /// What was written.
        found: String,
    },
    /// Nothing between the brackets.
    #[error("no phones given; expected for example HH AH0 L OW1")]
    Empty,
}

impl Phone {
    /// A consonant, or a vowel without stress.
    #[must_use]
    pub fn new(symbol: Symbol) -> Self {
        Self { symbol, stress: symbol.is_vowel().then_some(Stress::None) }
    }

    /// A vowel with this stress; a consonant ignores it.
    #[must_use]
    pub fn with_stress(symbol: Symbol, stress: Stress) -> Self {
        Self { symbol, stress: symbol.is_vowel().then_some(stress) }
    }

    /// Which sound.
    #[must_use]
    pub fn symbol(self) -> Symbol {
        self.symbol
    }

    /// Stress; `None` for consonants.
    #[must_use]
    pub fn stress(self) -> Option<Stress> {
        self.stress
    }

    /// One phone as CMUdict writes it, in any case: `AH0`, `hh`. A vowel without a digit is unstressed.
    ///
    /// # Errors
    /// [`PhoneError`] names what was written.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let (name, stress) = match text.as_bytes().last() {
            Some(b'0') => (&text[..text.len() - 1], Some(Stress::None)),
            Some(b'1') => (&text[..text.len() - 1], Some(Stress::Primary)),
            Some(b'2') => (&text[..text.len() - 1], Some(Stress::Secondary)),
            _ => (text, None),
        };
        let symbol = Symbol::from_name(name).ok_or_else(|| PhoneError::Unknown { found: text.to_owned() })?;
        match stress {
            Some(_) if !symbol.is_vowel() => Err(PhoneError::StressedConsonant { found: text.to_owned() }),
            Some(stress) => Ok(Self::with_stress(symbol, stress)),
            None => Ok(Self::new(symbol)),
        }
    }

    /// Phones separated by white space: `HH AH0 L OW1`.
    ///
    /// # Errors
    /// [`PhoneError`] of the first word that is not a phone, or [`PhoneError::Empty`].
    pub fn parse_list(text: &str) -> Result<Vec<Self>, PhoneError> {
        let phones = text.split_whitespace().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        if phones.is_empty() { Err(PhoneError::Empty) } else { Ok(phones) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol.name())?;
        match self.stress {
            Some(stress) => write!(f, "{}", stress as u8),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for symbol in Symbol::ALL {
            assert_eq!(Symbol::from_name(symbol.name()), Some(symbol));
            assert_eq!(Phone::parse(&Phone::new(symbol).to_string()), Ok(Phone::new(symbol)));
        }
        assert_eq!(Symbol::ALL.iter().filter(|s| s.is_vowel()).count(), 15);
    }

    #[test]
    fn lists_are_parsed_and_refused() {
        let hello = Phone::parse_list("HH AH0 l ow1").unwrap();
        assert_eq!(hello.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), "HH AH0 L OW1");
        assert_eq!(Phone::parse_list("  "), Err(PhoneError::Empty));
        assert_eq!(Phone::parse_list("HH QQ"), Err(PhoneError::Unknown { found: "QQ".into() }));
        assert_eq!(Phone::parse_list("HH1"), Err(PhoneError::StressedConsonant { found: "HH1".into() }));
        assert_eq!(Phone::parse("é1"), Err(PhoneError::Unknown { found: "é1".into() }));
    }
}
