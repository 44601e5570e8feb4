//! SHA-256 of files and of bytes, in sixty-four digits.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// A sum that grows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sum(Sha256);

impl Sum {
    /// Takes more bytes in.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Its digits.
    pub(crate) fn digits(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The sum of `bytes`.
pub(crate) fn of(bytes: &[u8]) -> String {
    let mut sum = Sum::default();
    sum.update(bytes);
    sum.digits()
}

/// Takes all that `reader` has into `sum`; answers how many bytes.
///
/// # Errors
/// What the reader says.
pub(crate) fn read_into(sum: &mut Sum, mut reader: impl Read) -> io::Result<u64> {
    let (mut buffer, mut bytes) = (vec![0; 1 << 18], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => {
                sum.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sixty-four digits.
pub(crate) fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        // FIPS 180-2, appendix B
        assert_eq!(of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mut sum = Sum::default();
        assert_eq!(read_into(&mut sum, &b"abc"[..]).expect("bytes"), 3);
        assert!(is_sum(&sum.digits()) && !is_sum("abc") && !is_sum(&"A".repeat(64)));
    }
}
