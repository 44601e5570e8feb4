//! Good files come back as they were written, bad ones are refused by name.

use super::*;
use crate::voice::{Energy, Rate};

const MODEL: Fingerprint = Fingerprint(0x1234);

fn container(metadata: &str, timbre: &[f32], pitch: [f32; 2]) -> Vec<u8> {
    let end = 8 + 4 * timbre.len();
    let header = format!(
        r#"{{"__metadata__":{{{metadata}}},"pitch":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"timbre":{{"dtype":"F32","shape":[{}],"data_offsets":[8,{end}]}}}}"#,
        timbre.len()
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend(pitch.iter().chain(timbre).flat_map(|v| v.to_le_bytes()));
    bytes
}

fn read(metadata: &str, timbre: [f32; 2], pitch: [f32; 2]) -> Result<VoiceFile, VoiceError> {
    let file = VoiceFile::from_bytes("x.voice", container(metadata, &timbre, pitch))?;
    file.check("x.voice", MODEL, 2, 3)?;
    Ok(file)
}

const FIRST: &str = r#""format":"tts-voice","version":"1","name":"x","model":"0000000000001234""#;
const SECOND: &str = r#""format":"tts-voice","version":"2","encoder":"0000000000001234","name":"x","language":"en-US","gender":"woman","licence":"CC0-1.0","description":"d","attribution":"a","consent":"c","prosody.rate":"0.9""#;

fn voice() -> VoiceFile {
    let card = VoiceCard { name: "a \"b\" \\ é".to_owned(), ..VoiceCard::unknown("x".to_owned()) };
    let timbre = Timbre {
        values: vec![0.1, -0.7, 3e-9],
        own: vec![0.5, -0.25],
        mean_log_f0: 5.1,
        sd_log_f0: 0.21,
        fingerprint: MODEL,
    };
    let prosody = Prosody::default().with_rate(Rate::new(0.9).unwrap()).with_energy(Energy::new(-2.5).unwrap());
    let measured = MeasuredProsody { effort: 7.25, rate: 1.1, ..MeasuredProsody::NEUTRAL };
    VoiceFile { card, timbre, prosody, measured: Some(measured) }
}

#[test]
fn both_versions_are_read() {
    let first = read(FIRST, [0.5, -0.5], [5.0, 0.2]).unwrap();
    assert_eq!((first.timbre.values(), first.timbre.fingerprint()), (&[0.5, -0.5][..], MODEL));
    assert_eq!(
        (first.card.name.as_str(), first.card.licence.as_str(), first.prosody),
        ("x", "unknown", Prosody::default())
    );
    let second = read(SECOND, [0.5, -0.5], [5.0, 0.2]).unwrap();
    assert_eq!((second.card.licence.as_str(), second.prosody.rate.get(), second.measured), ("CC0-1.0", 0.9, None));
}

#[test]
fn what_is_written_is_read_back_and_written_the_same() {
    let voice = voice();
    let bytes = voice.to_bytes().unwrap();
    assert!(bytes.len() < 1024, "{}", bytes.len());
    let back = VoiceFile::from_bytes("x.voice", bytes.clone()).unwrap();
    assert_eq!(back, voice);
    assert_eq!(back.to_bytes().unwrap(), bytes);
    let plain = VoiceFile { prosody: Prosody::default(), measured: None, ..voice };
    let bytes = plain.to_bytes().unwrap();
    assert!(
        !String::from_utf8_lossy(&bytes).contains("prosody") && VoiceFile::from_bytes("x", bytes).unwrap() == plain
    );
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    let mut long = voice();
    long.card.description = "x".repeat(1001);
    let mut lines = voice();
    lines.card.consent = "a\nb".to_owned();
    let mut wild = voice();
    wild.timbre.values[0] = f32::NAN;
    let mut big = voice();
    big.timbre.values = vec![0.0; 3000];
    let mut pitch = voice();
    pitch.timbre.mean_log_f0 = 9.0;
    for (voice, expected) in
        [(long, "'description' has 1001"), (lines, "'consent'"), (wild, "NaN"), (big, "at most 8192"), (pitch, "pitch")]
    {
        let error = voice.to_bytes().unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("cannot be written"), "{error}");
    }
}

#[test]
fn others_are_refused_by_name() {
    let good = ([0.0; 2], [5.0, 0.2]);
    let more = |more: &str| format!("{SECOND},{more}");
    let cases = [
        (FIRST.replace("tts-voice", "else"), good, "its 'format' is 'else'"),
        (FIRST.replace("\"1\"", "\"3\""), good, "its 'version' is '3', expected '1' or '2'"),
        (FIRST.replace("1234", "ffff"), good, "made for the model 000000000000ffff, this one is 0000000000001234"),
        (FIRST.replace("1234", "xxxx"), good, "expected 16 hexadecimal digits"),
        (FIRST.to_owned(), ([1e9, 0.0], [5.0, 0.2]), "a timbre value is"),
        (FIRST.to_owned(), ([0.0; 2], [500.0, 0.2]), "its pitch is"),
        (FIRST.to_owned(), ([f32::NAN, 0.0], [5.0, 0.2]), "not finite"),
        (SECOND.replace("1234", "ffff"), good, "made for the model 000000000000ffff, this one is 0000000000001234"),
        (SECOND.replace("\"licence\"", "\"license\""), good, "'license' is not a field"),
        (SECOND.replace(r#""consent":"c","#, ""), good, "no 'consent'"),
        (SECOND.replace("\"c\"", "\"\\u001b[31m\""), good, "control character"),
        (SECOND.replace("\"d\"", &format!("\"{}\"", "x".repeat(1001))), good, "at most 1000"),
        (SECOND.replace("0.9", "9"), good, "its 'prosody.rate' is 9, expected 0.4 to 3"),
        (SECOND.replace("0.9", "nan"), good, "expected a number"),
        (more(r#""prosody.pace":"1""#), good, "'prosody.pace' is not a field"),
        (more(r#""measured.rate":"1""#), good, "1 of 8"),
        (more(r#""measured.rate":"10000""#), good, "'measured.rate' is 10000"),
    ];
    for (metadata, (timbre, pitch), expected) in cases {
        let error = read(&metadata, timbre, pitch).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("x.voice"), "{error}");
    }
    let other = VoiceFile::from_bytes("x.voice", container(SECOND, &[0.0; 3], [5.0, 0.2])).unwrap();
    assert!(other.check("x.voice", MODEL, 2, 2).unwrap_err().to_string().contains("3 numbers, expected 2"));
    assert!(voice().check("x.voice", MODEL, 3, 4).unwrap_err().to_string().contains("2 numbers, expected 4"));
    voice().check("x.voice", MODEL, 3, 2).unwrap();
    let loud = VoiceFile { timbre: Timbre { own: vec![2.5], ..voice().timbre }, ..voice() };
    assert!(loud.to_bytes().unwrap_err().to_string().contains("kinds of sound is 2.5, expected -2 to 2"));
    let long = container(SECOND, &vec![0.0; 2048], [5.0, 0.2]);
    assert!(VoiceFile::from_bytes("x.voice", long).unwrap_err().to_string().contains("at most 8192"));
    let none = VoiceFile::from_bytes("x.voice", container(SECOND, &[], [5.0, 0.2]));
    assert!(none.unwrap_err().to_string().contains("x.voice"));
}
