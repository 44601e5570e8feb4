//! Tests of the whole room: order of the sources, tables of derived words, and words no one has ever seen.

use super::*;
use crate::text::Break;

fn word(text: &str) -> SpokenWord {
    SpokenWord { text: text.into(), form: Form::Word }
}

fn token(words: Vec<SpokenWord>) -> Token {
    Token { span: 0..0, kind: TokenKind::Words(words) }
}

fn text(phones: &[Phone]) -> String {
    phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn say(pronouncer: &Pronouncer, word: SpokenWord) -> (String, Origin) {
    let said = pronouncer.pronounce(&[token(vec![word])], &mut Sentence::new());
    assert_eq!(said.len(), 1);
    (text(&said[0].phones), said[0].origin)
}

fn embedded() -> Pronouncer {
    Pronouncer::embedded(Lexicon::default()).unwrap()
}

#[test]
fn it_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Pronouncer>();
}

#[test]
fn the_first_source_that_knows_decides() {
    let lexicon = Lexicon::parse("hello HH EH1 L OW2\nSQL = sequel\nRecord R EH1 K\nread = red").unwrap();
    let pronouncer = Pronouncer::embedded(lexicon).unwrap();
    let written = |text: &str| SpokenWord { text: text.to_lowercase(), form: Form::Capitalised(text.into()) };
    let inline = SpokenWord { text: "hello".into(), form: Form::Phones(Phone::parse_list("AA1").unwrap()) };
    let letters = SpokenWord { text: "us".into(), form: Form::Letters };
    for (word, phones, origin) in [
        (inline, "AA1", Origin::Inline),
        (word("hello"), "HH EH1 L OW2", Origin::Lexicon),
        (word("read"), "R EH1 D", Origin::Lexicon),
        (written("SQL"), "S IY1 K W AH0 L", Origin::Lexicon),
        (written("Record"), "R EH1 K", Origin::Lexicon),
        (word("record"), "R EH1 K ER0 D", Origin::Homograph("noun")),
        (written("US"), "Y UW2 EH1 S", Origin::Dictionary),
        (word("us"), "AH1 S", Origin::Dictionary),
        (letters, "Y UW2 EH1 S", Origin::Letters),
        (written("Polish"), "P OW1 L IH0 SH", Origin::Homograph("of Poland")),
        (written("Paris"), "P EH1 R IH0 S", Origin::Dictionary),
        (word("podcasted"), "P AA1 D K AE2 S T IH0 D", Origin::Suffix),
        (word("cloudbase"), "K L AW1 D B EY2 S", Origin::Compound),
        (word("brfxt"), "B IY2 AA2 R EH2 F EH2 K S T IY1", Origin::Letters),
    ] {
        assert_eq!(say(&pronouncer, word.clone()), (phones.into(), origin), "{word:?}");
    }
    assert_eq!(say(&pronouncer, word("blorfin")).1, Origin::Model);
}

#[test]
fn endings_are_joined_by_sound_and_spelling() {
    let pronouncer = embedded();
    let known = |w: &str| pronouncer.dictionary.get(w);
    for (word, phones) in [
        ("hoodies", "HH UH1 D IY0 Z"),
        ("webhooks", "W EH1 B HH UH2 K S"),
        ("vapes", "V EY1 P S"),
        ("boxes", "B AA1 K S IH0 Z"),
        ("tries", "T R AY1 Z"),
        ("googled", "G UW1 G AH0 L D"),
        ("hoped", "HH OW1 P T"),
        ("wanted", "W AA1 N T IH0 D"),
        ("hoping", "HH OW1 P IH0 NG"),
        ("hopping", "HH AA1 P IH0 NG"),
        ("calling", "K AO1 L IH0 NG"),
        ("visiting", "V IH1 Z IH0 T IH0 NG"),
        ("bigger", "B IH1 G ER0"),
        ("happiest", "HH AE1 P IY0 AH0 S T"),
        ("happily", "HH AE1 P AH0 L IY0"),
        ("possibly", "P AA1 S AH0 B L IY0"),
        ("basically", "B EY1 S IH0 K L IY0"),
        ("totally", "T OW1 T AH0 L IY0"),
        ("quickly", "K W IH1 K L IY0"),
        ("happiness", "HH AE1 P IY0 N AH0 S"),
        ("wireless", "W AY1 ER0 L AH0 S"),
        ("hopeful", "HH OW1 P F AH0 L"),
        ("likeable", "L AY1 K AH0 B AH0 L"),
        ("organise", "AO1 R G AH0 N AY2 Z"),
        ("colour", "K AH1 L ER0"),
        ("podcast's", "P AA1 D K AE2 S T S"),
        ("emoji's", "IH0 M OW1 JH IY0 Z"),
        ("walkin'", "W AO1 K IH0 N"),
        ("unfriend", "AH0 N F R EH1 N D"),
        ("rebooted", "R IY0 B UW1 T IH0 D"),
    ] {
        // As if the dictionary did not have the word itself.
        let without = |w: &str| (w != word).then(|| known(w)).flatten();
        let said = suffix::derive(word, &without).map(|p| text(&p)).unwrap_or_default();
        assert_eq!(said, phones, "{word}");
    }
    for word in ["", "s", "ing", "xyzzy", "the", "bus"] {
        let without = |w: &str| (w != word).then(|| known(w)).flatten();
        assert_eq!(suffix::derive(word, &without), None, "{word}");
    }
}

#[test]
fn compounds_are_stressed_on_their_first_half() {
    let pronouncer = embedded();
    let known = |w: &str| pronouncer.dictionary.get(w);
    for (word, phones) in [
        ("codebase", "K OW1 D B EY2 S"),
        ("seafloor", "S IY1 F L AO2 R"),
        ("smartwatch", "S M AA1 R T W AA2 CH"),
        ("blackboard", "B L AE1 K B AO2 R D"),
        ("airline", "EH1 R L AY2 N"),
        ("paywall", "P EY1 W AO2 L"),
    ] {
        let without = |w: &str| (w != word).then(|| known(w)).flatten();
        assert_eq!(compound::split(word, &without).map(|p| text(&p)).as_deref(), Some(phones), "{word}");
    }
    for word in ["", "abc", "schoenberg", "blorfin", "aaaaaaaa"] {
        assert_eq!(compound::split(word, &known), None, "{word}");
    }
}

/// How often each rule is right about words the dictionary has: `cargo test -p tts-core rules_are -- --nocapture`.
#[test]
fn rules_are_mostly_right_about_the_dictionary() {
    let pronouncer = embedded();
    let bare = |p: &[Phone]| p.iter().map(|p| p.symbol()).collect::<Vec<_>>();
    let (mut fired, mut same, mut sounds) = (0, 0, 0);
    for line in include_str!("cmudict.sample").lines() {
        let (word, phones) = line.split_once(' ').unwrap();
        let right = Phone::parse_list(phones).unwrap();
        let without = |w: &str| (w != word).then(|| pronouncer.dictionary.get(w)).flatten();
        if let Some(said) = suffix::derive(word, &without) {
            fired += 1;
            same += usize::from(said == right);
            sounds += usize::from(bare(&said) == bare(&right));
            if said != right {
                println!("{word}: {}, not {phones}", text(&said));
            }
        }
    }
    println!("endings: {fired} fired, {same} right, {sounds} but for stress");
    assert!(fired > 200 && same * 100 > fired * 70, "{same} of {fired}");
}

#[test]
fn a_sentence_is_remembered_from_clause_to_clause() {
    let pronouncer = embedded();
    let clause = |words: &str| vec![token(words.split(' ').map(word).collect())];
    let mut sentence = Sentence::new();
    pronouncer.pronounce(&clause("when i was young"), &mut sentence);
    let said = pronouncer.pronounce(&clause("we read books"), &mut sentence);
    assert_eq!(text(&said[1].phones), "R EH1 D");
    sentence.end();
    let said = pronouncer.pronounce(&clause("we read books"), &mut sentence);
    assert_eq!(text(&said[1].phones), "R IY1 D");
}

#[test]
fn a_pause_keeps_little_words_full() {
    let pronouncer = embedded();
    let pause = Token { span: 0..0, kind: TokenKind::Break(Break::Comma) };
    let said = pronouncer.pronounce(
        &[token(vec![word("go"), word("to")]), pause, token(vec![word("the"), word("end")])],
        &mut Sentence::new(),
    );
    let said: Vec<_> = said.iter().map(|p| text(&p.phones)).collect();
    assert_eq!(said, ["G OW1", "T UW1", "DH IY0", "EH1 N D"]);
}

/// Random strings, in random forms: one pronunciation each, and none without phones if there is a letter in it.
#[test]
fn every_word_is_said() {
    let pronouncer = embedded();
    let mut seed = 7_u64;
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    const ALPHABET: &[char] = &[
        'a', 'b', 'c', 'd', 'e', 'e', 'e', 'g', 'h', 'i', 'l', 'm', 'n', 'o', 'r', 's', 't', 'u', 'y', 'z', 'q', '\'',
        'A', 'Z', '7', 'é', 'ß', '字', ' ', '-', '\0', '😀',
    ];
    let mut sentence = Sentence::new();
    for round in 0..300 {
        let words: Vec<SpokenWord> = (0..1 + random(6))
            .map(|_| {
                let text: String =
                    (0..random(14)).map(|_| ALPHABET[random(if round % 2 == 0 { 22 } else { 32 })]).collect();
                let form = match random(5) {
                    0 => Form::Letters,
                    1 => Form::Capitalised(text.to_uppercase()),
                    2 => Form::Phones(Vec::new()),
                    _ => Form::Word,
                };
                SpokenWord { text, form }
            })
            .collect();
        let said = pronouncer.pronounce(&[token(words.clone())], &mut sentence);
        assert_eq!(said.len(), words.len());
        for (word, said) in words.iter().zip(&said) {
            let sounds = word.text.chars().any(|c| c.is_ascii_alphanumeric());
            assert_eq!(sounds, !said.phones.is_empty(), "{word:?} {said:?}");
        }
        if random(10) == 0 {
            sentence.end();
        }
    }
    let long = "ba".repeat(1000);
    assert!(!say(&pronouncer, word(&long)).0.is_empty());
}

/// What the whole way makes of words the dictionary does not have, source by source.
///
/// ```text
/// python training/g2p/dictionary.py --without-test --out work/g2p/without.bin
/// cargo test --release -p tts-core held_out_words -- --ignored --nocapture
/// ```
#[test]
#[ignore = "needs work/g2p/without.bin and work/g2p/heldout.txt, written by training/g2p"]
fn held_out_words_take_the_whole_way() {
    let work = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../work/g2p");
    let bytes: &'static [u8] = Vec::leak(std::fs::read(work.join("without.bin")).unwrap());
    let pronouncer = Pronouncer { dictionary: Dictionary::open(bytes).unwrap(), ..embedded() };
    let model = Packed::open(G2P).unwrap().unpack();
    let bare = |s: &str| s.replace(['0', '1', '2'], "");
    let mut table: std::collections::BTreeMap<&str, [usize; 5]> = std::collections::BTreeMap::new();
    let (mut words, began) = (0, std::time::Instant::now());
    let mut in_model = std::time::Duration::ZERO;
    for line in std::fs::read_to_string(work.join("heldout.txt")).unwrap().lines() {
        let (word, right) = line.split_once('\t').unwrap();
        if homograph::choose(&[Heard::new(word, false, true)], 0).is_some() || pronouncer.dictionary.get(word).is_some()
        {
            continue;
        }
        words += 1;
        let said = pronouncer.look_up(word);
        let before = std::time::Instant::now();
        let other = text(&model.say(word));
        in_model += before.elapsed();
        let variants: Vec<&str> = right.split(" | ").collect();
        let full = |s: &str| usize::from(variants.contains(&s));
        let plain = |s: &str| usize::from(variants.iter().any(|v| bare(v) == bare(s)));
        let phones = text(&said.phones);
        for row in [said.origin.name(), "all"] {
            let row = table.entry(row).or_default();
            let add = [1, full(&phones), plain(&phones), full(&other), plain(&other)];
            row.iter_mut().zip(add).for_each(|(a, b)| *a += b);
        }
    }
    println!("{words} words, {:?}; the model {:?} a word", began.elapsed(), in_model / words);
    println!("source       words  wrong %, but for stress;  the model alone: wrong %, but for stress");
    for (name, [n, a, b, c, d]) in table {
        let wrong = |right: usize| 100.0 * (n - right) as f64 / n as f64;
        println!("{name:<12} {n:>5}  {:>6.2} {:>6.2}   {:>6.2} {:>6.2}", wrong(a), wrong(b), wrong(c), wrong(d));
    }
}
