//! Every format against the same vowel; files that end early, lie, or are something else.

use super::*;

const FLAC: &[u8] = include_bytes!("fixtures/vowel.flac");
const MP3: &[u8] = include_bytes!("fixtures/tagged.mp3");
const OPUS: &[u8] = include_bytes!("fixtures/vowel.opus");

/// Bytes of a file, rate, channels, container, codec, and the least likeness to the FLAC.
type Fixture = (&'static str, &'static [u8], u32, usize, &'static str, &'static str);

const FIXTURES: &[Fixture] = &[
    ("flac", FLAC, 24_000, 1, "FLAC", "FLAC"),
    ("mp3", MP3, 44_100, 2, "MP3", "MP3"),
    ("ogg", include_bytes!("fixtures/vowel.ogg"), 44_100, 2, "Ogg", "Vorbis"),
    ("opus", OPUS, 48_000, 1, "Ogg", "Opus"),
    ("opus", include_bytes!("fixtures/stereo.opus"), 48_000, 2, "Ogg", "Opus"),
    ("webm", include_bytes!("fixtures/vowel.webm"), 48_000, 1, "WebM", "Opus"),
    ("m4a", include_bytes!("fixtures/aac.m4a"), 44_100, 2, "MP4", "AAC"),
    ("aac", include_bytes!("fixtures/vowel.aac"), 44_100, 1, "AAC", "AAC"),
    ("m4a", include_bytes!("fixtures/alac.m4a"), 24_000, 1, "MP4", "ALAC"),
    ("wav", include_bytes!("fixtures/telephone.wav"), 8_000, 1, "WAV", "µ-law"),
];

fn wav(bits: u16, float: bool, channels: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    let width = bits / 8 * channels;
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    bytes[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
    bytes.extend((if float { 3_u16 } else { 1 }).to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(width)).to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn wav16(samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
    let data: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
    wav(16, false, 1, 16_000, &data)
}

fn aiff(rate: u16, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_be_bytes()).collect();
    let mut bytes = b"FORM".to_vec();
    bytes.extend((46 + data.len() as u32).to_be_bytes());
    bytes.extend(b"AIFFCOMM\0\0\0\x12\0\x01");
    bytes.extend((samples.len() as u32).to_be_bytes());
    bytes.extend(b"\0\x10");
    // an 80-bit number: exponent, then the mantissa with its leading one
    let shift = rate.leading_zeros();
    bytes.extend((16_383 + 15 - shift as u16).to_be_bytes());
    bytes.extend((u64::from(rate) << (48 + shift)).to_be_bytes());
    bytes.extend(b"SSND");
    bytes.extend((8 + data.len() as u32).to_be_bytes());
    bytes.extend([0; 8]);
    bytes.extend(data);
    bytes
}

/// A tone of 16-bit samples.
fn tone(n: usize) -> Vec<i16> {
    (0..n).map(|i| ((i as f32 * 0.1).sin() * 8000.0) as i16).collect()
}

/// RMS in frames of 20 ms.
fn levels(clip: &Recording) -> Vec<f32> {
    let frame = clip.rate.0 as usize / 50;
    clip.samples.chunks_exact(frame).map(|s| (s.iter().map(|v| v * v).sum::<f32>() / frame as f32).sqrt()).collect()
}

/// Sounds of `clip` at `hz`, between 0.1 and 0.2 s, as an amplitude.
fn amplitude(clip: &Recording, hz: f32) -> f32 {
    let rate = clip.rate.0 as f32;
    let (from, to) = ((0.1 * rate) as usize, (0.2 * rate) as usize);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, value) in clip.samples[from..to].iter().enumerate() {
        let angle = std::f32::consts::TAU * hz * n as f32 / rate;
        re += value * angle.cos();
        im += value * angle.sin();
    }
    2.0 * (re * re + im * im).sqrt() / (to - from) as f32
}

#[test]
fn every_format_is_the_same_vowel() {
    let reference = decode(FLAC.to_vec(), "flac").unwrap();
    for (hint, bytes, rate, channels, container, codec) in FIXTURES {
        for hint in [*hint, "", "wav"] {
            let clip = decode(bytes.to_vec(), hint).unwrap_or_else(|error| panic!("{codec}: {error}"));
            let what = format!("{codec} in {container} as '{hint}': {clip:?}");
            let what = &what[..what.len().min(300)];
            assert_eq!((clip.rate.0, clip.channels), (*rate, *channels), "{what}");
            assert_eq!((&*clip.container, &*clip.codec), (*container, *codec), "{what}");
            assert_eq!((clip.ending, clip.damaged_packets), (Ending::Complete, 0), "{what}");
            // AAC alone does not say how much of its ends is padding: 0.07 s
            assert!((clip.seconds() - 1.0).abs() < 0.075, "{} s: {what}", clip.seconds());
            let scale = if *channels == 2 { 0.75 } else { 1.0 };
            for hz in [147.75, 295.5, 738.75] {
                let (found, expected) = (amplitude(&clip, hz), scale * amplitude(&reference, hz));
                // the pitch glides, and formats begin some ms sooner or later
                assert!((0.7..1.4).contains(&(found / expected)), "{hz} Hz: {found} for {expected}, {what}");
            }
            let (found, expected) = (levels(&clip), levels(&reference));
            assert!((found[25] / expected[25] / scale - 1.0).abs() < 0.12, "{} {}: {what}", found[25], expected[25]);
        }
    }
}

#[test]
fn every_width_of_wav_is_read_exactly() {
    let values = [0.0, 0.5, -0.5, 0.25];
    let int = |bits: u32| move |v: f32| ((f64::from(v) * f64::from(1_u32 << (bits - 1))) as i32).to_le_bytes();
    let files = [
        wav(8, false, 1, 16_000, &values.map(|v| (128.0 + 128.0 * v) as u8)),
        wav(16, false, 1, 16_000, &values.map(|v| (32_768.0 * v) as i16).map(i16::to_le_bytes).concat()),
        wav(24, false, 1, 16_000, &values.map(|v| int(24)(v)[..3].to_vec()).concat()),
        wav(32, false, 1, 16_000, &values.map(int(32)).concat()),
        wav(32, true, 1, 16_000, &values.map(f32::to_le_bytes).concat()),
        wav(64, true, 1, 16_000, &values.map(f64::from).map(f64::to_le_bytes).concat()),
    ];
    for (n, file) in files.into_iter().enumerate() {
        let clip = decode(file, "wav").unwrap_or_else(|error| panic!("{n}: {error}"));
        assert_eq!((clip.samples, clip.rate.0), (values.to_vec(), 16_000), "{n}");
    }
    let samples = tone(11_025);
    let clip = decode(aiff(11_025, &samples), "aif").unwrap();
    assert_eq!((clip.rate.0, &*clip.container, clip.ending), (11_025, "AIFF", Ending::Complete));
    assert!(clip.samples.iter().zip(&samples).all(|(a, b)| *a == f32::from(*b) / 32_768.0));
}

#[test]
fn channels_are_averaged() {
    let frames: Vec<u8> =
        [[0.5_f32, 0.0, 0.25], [-0.5, 0.5, 0.0]].concat().into_iter().flat_map(f32::to_le_bytes).collect();
    let clip = decode(wav(32, true, 3, 48_000, &frames), "wav").unwrap();
    assert_eq!((clip.samples, clip.channels), (vec![0.25, 0.0], 3));
}

#[test]
fn truncated_files_are_read_as_far_as_they_go() {
    for (hint, bytes, ..) in FIXTURES.iter().filter(|fixture| !["m4a", "aac", "webm"].contains(&fixture.0)) {
        let half = bytes[..bytes.len() * 6 / 10].to_vec();
        let clip = decode(half, hint).unwrap_or_else(|error| panic!("{hint}: {error}"));
        assert!(clip.seconds() > 0.2 && clip.seconds() < 0.8, "{hint}: {} s", clip.seconds());
        assert_eq!(clip.ending, Ending::Truncated, "{hint}: {:?}", clip.declared_seconds);
    }
    // ffmpeg writes the index of an M4A at its end
    let (hint, bytes, ..) = FIXTURES[6];
    let error = decode(bytes[..5000].to_vec(), hint).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains("index"), "{error}");
    // a head that promises ten hours, and one that says "until the end"
    for (size, ending) in
        [(3_456_000_000_u32, Ending::Truncated), (u32::MAX, Ending::Complete), (u32::MAX / 2 - 100, Ending::Complete)]
    {
        let mut file = wav16(tone(16_000));
        file[40..44].copy_from_slice(&size.to_le_bytes());
        file[4..8].copy_from_slice(&size.saturating_add(36).to_le_bytes());
        let clip = decode(file, "wav").unwrap();
        assert_eq!((clip.samples.len(), clip.ending), (16_000, ending), "{size}");
    }
}

#[test]
fn a_long_file_is_read_in_part() {
    // forty minutes at the lowest rate
    let samples = tone(4_000 * 2400);
    let mut file = wav16(samples);
    file[24..28].copy_from_slice(&4_000_u32.to_le_bytes());
    let clip = decode(file, "wav").unwrap();
    assert_eq!((clip.seconds(), clip.ending), (f64::from(SECONDS_MAX), Ending::Capped));
    assert_eq!(clip.declared_seconds, Some(2400.0));
}

#[test]
fn what_is_no_recording_is_named() {
    let refused = |bytes: &[u8]| decode(bytes.to_vec(), "wav").unwrap_err();
    let jpeg = [b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), vec![7; 4000]].concat();
    for (bytes, found) in [
        (&jpeg[..], "a JPEG image"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"#EXTM3U\nsong.mp3\n", "a playlist"),
        (b"<!DOCTYPE html><html>404</html>", "a page or document beginning"),
        (b"Dear diary, today I recorded nothing.", "text beginning \"Dear diary"),
        (&[0; 4096], "nothing but zero bytes"),
        (&[0x9c, 0x01, 0x13, 0x99, 0xfe, 0x55, 0x80, 0x0c], "unknown kind (first bytes 9c 01"),
    ] {
        let error = refused(bytes);
        assert!(matches!(&error, AudioError::NotAudio { .. }) && error.to_string().contains(found), "{found}: {error}");
    }
    let video = include_bytes!("fixtures/silent.mp4");
    assert!(matches!(refused(video), AudioError::NoTrack { .. }), "{:?}", refused(video));
    assert!(matches!(refused(b""), AudioError::Empty { .. }));
    assert!(matches!(refused(&wav16([])), AudioError::Empty { .. }), "{:?}", refused(&wav16([])));
    assert!(matches!(refused(&wav16([0; 900])), AudioError::Silent { .. }));
    for head in [
        &b"RIFF"[..],
        b"RIFF\x10\0\0\0WAVE",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"FORM\0\0\0\x04AIFF",
        b"ID3\x04\0\0\0\0\0\x05",
    ] {
        let error = refused(head);
        assert!(error.to_string().starts_with("the recording"), "{error}");
    }
}

#[test]
fn samples_that_are_no_numbers_or_on_another_scale_are_named() {
    let file = |values: &[f32]| {
        let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        decode(wav(32, true, 1, 8_000, &data), "wav")
    };
    for bad in [f32::NAN, f32::INFINITY] {
        let mut values = [0.1; 1000];
        values[800] = bad;
        let error = file(&values).unwrap_err();
        assert!(matches!(error, AudioError::NotFinite { .. }) && error.to_string().contains("0.100 s"), "{error}");
    }
    let error = file(&[12_000.0, -3.0]).unwrap_err();
    assert!(matches!(error, AudioError::Scale { .. }) && error.to_string().contains("12000"), "{error}");
    assert!(file(&[1.5, -1.2]).is_ok());
}

#[test]
fn files_are_opened_by_path() {
    let folder = std::env::temp_dir().join(format!("tts-audio-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("vowel.mp3");
    std::fs::write(&path, MP3).unwrap();
    assert_eq!(read(&path).unwrap(), decode(MP3.to_vec(), "mp3").unwrap());
    let missing = read(&folder.join("none.wav")).unwrap_err();
    assert!(matches!(&missing, AudioError::Io { .. }) && missing.to_string().contains("none.wav"), "{missing}");
    assert!(matches!(read(&folder), Err(AudioError::Folder { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}
