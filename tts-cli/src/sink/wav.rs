//! The head of a WAV file: RIFF as in Microsoft's and IBM's "Multimedia Programming Interface and Data Specifications
//! 1.0", with the float format tag and `fact` chunk of the later "New Multimedia Data Types" note.
//!
//! A pipe cannot be rewound, so its sizes are not known: all of them are `0xFFFF_FFFF` then, which readers take for
//! "until the end". Written by hand since libraries for finished files need to seek.

use super::pcm::SampleFormat;

/// What stands in a size field whose value is unknown or does not fit.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// The head for `data` bytes of mono samples, or for an unknown number of them.
///
/// 44 bytes for integers, 58 for floats. A length that does not fit in 32 bits is written as unknown.
pub(crate) fn header(format: SampleFormat, rate: u32, data: Option<u64>) -> Vec<u8> {
    let width = format.bytes();
    let (tag, extension): (u16, &[u8]) = match format {
        SampleFormat::S16 => (1, &[]),
        SampleFormat::F32 => (3, &[0, 0]),
    };
    let mut head = Vec::with_capacity(58);
    head.extend_from_slice(b"RIFF\0\0\0\0WAVEfmt ");
    head.extend_from_slice(&(16 + extension.len() as u32).to_le_bytes());
    head.extend_from_slice(&tag.to_le_bytes());
    head.extend_from_slice(&1u16.to_le_bytes()); // channels
    head.extend_from_slice(&rate.to_le_bytes());
    head.extend_from_slice(&(rate * u32::from(width)).to_le_bytes());
    head.extend_from_slice(&width.to_le_bytes());
    head.extend_from_slice(&(width * 8).to_le_bytes());
    head.extend_from_slice(extension);
    if format == SampleFormat::F32 {
        let samples = data.map(|bytes| bytes / u64::from(width));
        head.extend_from_slice(b"fact\x04\0\0\0");
        head.extend_from_slice(&size(samples).to_le_bytes());
    }
    head.extend_from_slice(b"data");
    head.extend_from_slice(&size(data).to_le_bytes());
    let riff = data.map(|bytes| bytes + head.len() as u64 - 8);
    head[4..8].copy_from_slice(&size(riff).to_le_bytes());
    head
}

fn size(bytes: Option<u64>) -> u32 {
    bytes.and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// hound, written by others, reads back what the head promises.
    #[test]
    fn another_reader_agrees() {
        for (format, kind) in
            [(SampleFormat::S16, hound::SampleFormat::Int), (SampleFormat::F32, hound::SampleFormat::Float)]
        {
            let data = vec![0u8; 6 * usize::from(format.bytes())];
            let mut file = header(format, 24_000, Some(data.len() as u64));
            file.extend_from_slice(&data);
            let reader = hound::WavReader::new(Cursor::new(file)).expect("a WAV file");
            let spec = reader.spec();
            assert_eq!((spec.channels, spec.sample_rate, spec.sample_format), (1, 24_000, kind));
            assert_eq!((spec.bits_per_sample, reader.len()), (format.bytes() * 8, 6));
        }
    }

    #[test]
    fn sizes_are_exact_or_unknown() {
        let known = header(SampleFormat::S16, 24_000, Some(100));
        assert_eq!(
            (known.len(), &known[4..8], &known[40..44]),
            (44, &136u32.to_le_bytes()[..], &100u32.to_le_bytes()[..])
        );
        for unknown in [None, Some(u64::from(u32::MAX) - 10)] {
            let head = header(SampleFormat::S16, 24_000, unknown);
            assert_eq!(head[4..8], UNKNOWN.to_le_bytes(), "{unknown:?}");
        }
        let float = header(SampleFormat::F32, 24_000, Some(400));
        assert_eq!(
            (float.len(), &float[46..50], &float[4..8]),
            (58, &100u32.to_le_bytes()[..], &450u32.to_le_bytes()[..])
        );
    }
}
