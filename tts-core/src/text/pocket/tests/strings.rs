//! Strings of every kind that a tokenizer may meet, from a seed: the same as `training/goldens/pocket/strings.py` makes.

const WORDS: &str = "the voice of a person who speaks and sings is heard in rooms where nobody listened before \
    model weights tensor sound speech text token Hello World SHOUTING iPhone don't it's well-known e.g. Mr. 3.14 2026";
const MARKS: &str = ".,;:!?…-–—'\"’)(%";
const SIGNS: [&str; 14] =
    ["<s>", "</s>", "<unk>", "<pad>", "<0x41>", "<0x0A>", "<laugh>", "[sigh]", "▁", "▁▁", "⁇", " ⁇ ", "<0x", "<"];
const SPACES: [&str; 13] = [
    "  ", "   ", "\t", "\n", "\r\n", "\u{a0}", "\u{2003}", "\u{3000}", "\u{200b}", "\u{feff}", "\u{2028}", "\u{b}",
    "\u{1c}",
];
/// First and last code point.
const RANGES: [(u32, u32); 24] = [
    (0x21, 0x7e),
    (0x00, 0x1f),
    (0xa0, 0x24f),
    (0x300, 0x36f),
    (0x370, 0x3ff),
    (0x400, 0x4ff),
    (0x590, 0x5ff),
    (0x600, 0x6ff),
    (0x900, 0x97f),
    (0xe00, 0xe7f),
    (0x1100, 0x11ff),
    (0x2010, 0x206f),
    (0x2500, 0x25ff),
    (0x3040, 0x30ff),
    (0x4e00, 0x9fff),
    (0xac00, 0xd7a3),
    (0xe000, 0xf8ff),
    (0xfb00, 0xfdff),
    (0xfe00, 0xffff),
    (0x1_d400, 0x1_d7ff),
    (0x1_f300, 0x1_faff),
    (0x200b, 0x200f),
    (0xe_0020, 0xe_007f),
    (0x10_ff00, 0x10_ffff),
];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ x >> 31) >> 33) as usize % n
    }

    fn between(&mut self, (first, last): (u32, u32)) -> char {
        char::from_u32(first + self.below((last - first + 1) as usize) as u32).unwrap()
    }

    fn many(&mut self, most: usize, range: (u32, u32)) -> String {
        (0..=self.below(most)).map(|_| self.between(range)).collect()
    }

    fn piece(&mut self) -> String {
        let words: Vec<&str> = WORDS.split(' ').collect();
        match self.below(16) {
            0..7 => words[self.below(words.len())].to_owned(),
            7 | 8 => MARKS.chars().nth(self.below(16)).unwrap().to_string(),
            9 => SPACES[self.below(SPACES.len())].to_owned(),
            10 => SIGNS[self.below(SIGNS.len())].to_owned(),
            11 => self.below(1_000_000).to_string(),
            12 => self.many(12, (97, 122)),
            13 => self.many(6, (0x21, 0x7e)),
            _ => {
                let range = RANGES[self.below(RANGES.len())];
                self.many(5, range)
            }
        }
    }
}

/// The string of a number: mostly short, one in a hundred long, one in a thousand very long.
pub(super) fn string(number: u64) -> String {
    let mut random = Random(number);
    let mut count = random.below(13);
    if number % 100 == 99 {
        count = 200 + random.below(200);
    }
    if number % 1000 == 999 {
        count = 3000;
    }
    let mut out = String::new();
    for _ in 0..count {
        out.push_str(&random.piece());
        if random.below(3) > 0 {
            out.push(' ');
        }
    }
    out
}
