//! Letters to phones for words nothing else knows: a small neural network, trained by `training/g2p`.
//!
//! In: a word of letters `a-z`. Out: phones. Two bidirectional GRU layers read the word; a third GRU walks along it and
//! writes for each letter a chunk of no, one or two phones, seeing what it wrote before; a beam keeps the best few
//! ways to write the word. Mirrors `training/g2p/model.py`; the bytes are laid out in the head of `export.py`.
//!
//! The weights are signed bytes with a scale a row, unpacked to f32 when the first unknown word comes.
//!
//! May import: `text::phone`, `units`.

use crate::text::phone::{Phone, Stress, Symbol};
use crate::units::Fingerprint;

/// Name and version of the format.
const MAGIC: &[u8; 8] = b"TTSG2P01";
/// Bytes before the chunk table.
const HEAD: usize = 40;
/// Letters the network knows.
const LETTERS: usize = 26;
/// Ways to write the word that are kept from letter to letter; `export.py` measures with the same.
const BEAM: usize = 2;
/// Letters read at once; longer strings are cut.
const LONGEST: usize = 32;
/// No dimension of a sane model is larger.
const LARGEST: usize = 4096;

/// Why bytes are not a letters-to-phones model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Not this format, or another version of it.
    #[error("the model begins with {found:?}; expected \"TTSG2P01\": write it again with training/g2p/export.py")]
    Magic {
        /// The first bytes, as text.
        found: String,
    },
    /// A dimension is zero or absurd.
    #[error("the model's {name} is {found}; expected 1 to {LARGEST}")]
    Dimension {
        /// Which one.
        name: &'static str,
        /// As the head says.
        found: u32,
    },
    /// The dimensions ask for more or fewer bytes than there are.
    #[error("the model is {found} bytes long where its dimensions ask for {expected}: it was cut off or changed")]
    Size {
        /// Bytes the dimensions ask for.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The checksum of the content is not the one in the head.
    #[error("the model's content has checksum {found:016x}; expected {expected:016x}: it was changed or damaged")]
    Checksum {
        /// As the head says.
        expected: u64,
        /// As computed.
        found: u64,
    },
    /// A chunk that is not a list of phones.
    #[error("chunk {chunk} of the model is not a list of phones: it was written by a broken program")]
    Chunk {
        /// Which.
        chunk: usize,
    },
}

/// The network's sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Config {
    /// Numbers that stand for a letter.
    embed: usize,
    /// State of each direction of a reading layer.
    width: usize,
    /// State of the writing layer.
    decoder: usize,
    /// Numbers that stand for the chunk written last.
    feedback: usize,
    /// Chunks it can write.
    chunks: usize,
}

impl Config {
    fn read(bytes: &[u8]) -> Result<(Self, usize), ModelError> {
        let number = |at: usize| bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let dimension = |at: usize, name: &'static str| {
            let found = number(at);
            let sane = (1..=LARGEST as u32).contains(&found);
            if sane { Ok(found as usize) } else { Err(ModelError::Dimension { name, found }) }
        };
        let config = Self {
            embed: dimension(8, "letter embedding")?,
            width: dimension(12, "reading width")?,
            decoder: dimension(16, "writing width")?,
            feedback: dimension(20, "chunk embedding")?,
            chunks: dimension(24, "number of chunks")?,
        };
        Ok((config, number(28) as usize))
    }

    /// Bytes of all tensors.
    fn bytes(self) -> u64 {
        let matrix = |rows: usize, columns: usize| (rows * (4 + columns)) as u64;
        let gru =
            |inputs: usize, size: usize| matrix(3 * size, inputs) + matrix(3 * size, size) + 2 * (3 * size * 4) as u64;
        matrix(LETTERS, self.embed)
            + 2 * gru(self.embed, self.width)
            + 2 * gru(2 * self.width, self.width)
            + gru(2 * self.width + self.feedback, self.decoder)
            + matrix(self.chunks + 1, self.feedback)
            + matrix(self.chunks, self.decoder)
            + self.chunks as u64 * 4
    }
}

/// A matrix stored by columns, so that `y += column * x` runs over consecutive numbers.
#[derive(Debug, Clone)]
struct Matrix {
    /// `[columns, rows]`.
    data: Vec<f32>,
    rows: usize,
}

impl Matrix {
    /// `y += self * x`, four columns at a time: `y` is loaded and stored once for four products.
    fn add_product(&self, x: &[f32], y: &mut [f32]) {
        Self::add_columns(&self.data, x, y);
    }

    fn add_columns(data: &[f32], x: &[f32], y: &mut [f32]) {
        let n = y.len();
        let mut fours = x.chunks_exact(4);
        let mut columns = data.chunks_exact(4 * n);
        for (x, w) in (&mut fours).zip(&mut columns) {
            let (w0, rest) = w.split_at(n);
            let (w1, rest) = rest.split_at(n);
            let (w2, w3) = rest.split_at(n);
            for ((((y, w0), w1), w2), w3) in y.iter_mut().zip(w0).zip(w1).zip(w2).zip(w3) {
                *y += (x[0] * w0 + x[1] * w1) + (x[2] * w2 + x[3] * w3);
            }
        }
        let last = &data[data.len() - fours.remainder().len() * n..];
        for (&x, column) in fours.remainder().iter().zip(last.chunks_exact(n)) {
            for (y, w) in y.iter_mut().zip(column) {
                *y += x * w;
            }
        }
    }

    /// [`Self::add_product`] for several inputs: a block of columns stays in the cache for all of them.
    fn add_products(&self, xs: &[Vec<f32>], ys: &mut [Vec<f32>]) {
        const BLOCK: usize = 16;
        let n = self.rows;
        for (block, columns) in self.data.chunks(BLOCK * n).enumerate() {
            let from = block * BLOCK;
            for (x, y) in xs.iter().zip(ys.iter_mut()) {
                Self::add_columns(columns, &x[from..from + columns.len() / n], y);
            }
        }
    }

    /// The columns from `first` on.
    fn split_columns(&self, first: usize) -> (Self, Self) {
        let (a, b) = self.data.split_at(first * self.rows);
        (Self { data: a.to_vec(), rows: self.rows }, Self { data: b.to_vec(), rows: self.rows })
    }
}

/// A gated recurrent unit without its input: gates r, z, n of `size` numbers each.
#[derive(Debug, Clone)]
struct Gru {
    /// `[3 * size, inputs]`.
    input: Matrix,
    /// `[3 * size, size]`.
    state: Matrix,
    /// `[3 * size]`.
    input_bias: Vec<f32>,
    /// `[3 * size]`.
    state_bias: Vec<f32>,
    size: usize,
}

impl Gru {
    /// The gates' share of each input: bias and product.
    fn enter(&self, inputs: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let mut shares = vec![self.input_bias.clone(); inputs.len()];
        self.input.add_products(inputs, &mut shares);
        shares
    }

    /// One step: `state` becomes the next state, given the gates' share of the input.
    fn step(&self, entered: &[f32], state: &mut [f32], scratch: &mut Vec<f32>) {
        scratch.clear();
        scratch.extend_from_slice(&self.state_bias);
        self.state.add_product(state, scratch);
        let n = self.size;
        for i in 0..n {
            let r = sigmoid(entered[i] + scratch[i]);
            let z = sigmoid(entered[n + i] + scratch[n + i]);
            let new = (entered[2 * n + i] + r * scratch[2 * n + i]).tanh();
            state[i] = (1.0 - z) * new + z * state[i];
        }
    }

    /// States over a sequence of inputs, from the front or from the back: `[length][size]` in the order of the inputs.
    fn run(&self, inputs: &[Vec<f32>], backward: bool) -> Vec<Vec<f32>> {
        let mut out = vec![Vec::new(); inputs.len()];
        let entered = self.enter(inputs);
        let (mut state, mut scratch) = (vec![0.0; self.size], Vec::new());
        let mut visit = |i: usize| {
            self.step(&entered[i], &mut state, &mut scratch);
            out[i] = state.clone();
        };
        if backward {
            (0..inputs.len()).rev().for_each(&mut visit)
        } else {
            (0..inputs.len()).for_each(&mut visit)
        }
        out
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The letters-to-phones network.
#[derive(Debug, Clone)]
pub(super) struct Model {
    config: Config,
    chunks: Vec<Vec<Phone>>,
    /// One row a letter: `[26][embed]`.
    embed: Vec<Vec<f32>>,
    /// Forward, backward.
    read: [[Gru; 2]; 2],
    /// Its input is the reader's state; what was written before comes through `written`.
    write: Gru,
    /// The gates' share of the chunk written last, the start of the word being the last row: `[chunks + 1][3 * decoder]`.
    written: Vec<Vec<f32>>,
    /// `[chunks, decoder]`.
    out: Matrix,
    out_bias: Vec<f32>,
}

/// Takes tensors off the front of bytes whose number was checked.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn floats(&mut self, count: usize) -> Vec<f32> {
        let (mine, rest) = self.0.split_at((4 * count).min(self.0.len()));
        self.0 = rest;
        mine.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    /// Rows of a matrix.
    fn rows(&mut self, rows: usize, columns: usize) -> Vec<Vec<f32>> {
        let scales = self.floats(rows);
        let (mine, rest) = self.0.split_at((rows * columns).min(self.0.len()));
        self.0 = rest;
        let row = |(b, s): (&[u8], &f32)| b.iter().map(|&b| f32::from(b.cast_signed()) * s).collect();
        mine.chunks_exact(columns).zip(&scales).map(row).collect()
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> Matrix {
        let wide = self.rows(rows, columns);
        let mut data = vec![0.0; rows * columns];
        for (r, row) in wide.iter().enumerate() {
            for (c, &w) in row.iter().enumerate() {
                data[c * rows + r] = w;
            }
        }
        Matrix { data, rows }
    }

    fn gru(&mut self, inputs: usize, size: usize) -> Gru {
        let (input, state) = (self.matrix(3 * size, inputs), self.matrix(3 * size, size));
        let (input_bias, state_bias) = (self.floats(3 * size), self.floats(3 * size));
        Gru { input, state, input_bias, state_bias, size }
    }
}

/// A way to write the word so far.
#[derive(Clone)]
struct Path {
    score: f32,
    last: usize,
    state: Vec<f32>,
    chunks: Vec<usize>,
}

/// A network whose bytes were found good; nothing is unpacked yet.
#[derive(Debug, Clone)]
pub(super) struct Packed<'a> {
    config: Config,
    chunks: Vec<Vec<Phone>>,
    tensors: &'a [u8],
}

impl<'a> Packed<'a> {
    /// Checks head, sizes, checksum and chunks.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if magic != MAGIC {
            return Err(ModelError::Magic { found: String::from_utf8_lossy(magic).into_owned() });
        }
        let (config, table) = Config::read(bytes)?;
        let (expected, found) = (HEAD as u64 + table as u64 + config.bytes(), bytes.len() as u64);
        if expected != found {
            return Err(ModelError::Size { expected, found });
        }
        let sum: [u8; 8] = bytes[32..40].try_into().unwrap_or_default();
        let (expected, found) = (u64::from_le_bytes(sum), Fingerprint::EMPTY.with(&bytes[HEAD..]).0);
        if expected != found {
            return Err(ModelError::Checksum { expected, found });
        }
        let (table, tensors) = bytes[HEAD..].split_at(table);
        Ok(Self { config, chunks: chunk_table(table, config.chunks)?, tensors })
    }

    /// The network, ready to run.
    pub(super) fn unpack(&self) -> Model {
        let Self { config, ref chunks, tensors } = *self;
        let mut reader = Reader(tensors);
        let embed = reader.rows(LETTERS, config.embed);
        let first = [reader.gru(config.embed, config.width), reader.gru(config.embed, config.width)];
        let second = [reader.gru(2 * config.width, config.width), reader.gru(2 * config.width, config.width)];
        let mut write = reader.gru(2 * config.width + config.feedback, config.decoder);
        let (letters, feedback) = write.input.split_columns(2 * config.width);
        write.input = letters;
        let written = reader
            .rows(config.chunks + 1, config.feedback)
            .iter()
            .map(|row| {
                let mut share = vec![0.0; 3 * config.decoder];
                feedback.add_product(row, &mut share);
                share
            })
            .collect();
        let out = reader.matrix(config.chunks, config.decoder);
        let out_bias = reader.floats(config.chunks);
        let chunks = chunks.clone();
        Model { config, chunks, embed, read: [first, second], write, written, out, out_bias }
    }
}

impl Model {
    /// The phones of a word of letters `a-z`; other characters are left out.
    pub(super) fn say(&self, word: &str) -> Vec<Phone> {
        let letters: Vec<usize> = word
            .bytes()
            .map(|b| b.to_ascii_lowercase())
            .filter(u8::is_ascii_lowercase)
            .map(|b| usize::from(b - b'a'))
            .collect();
        letters.chunks(LONGEST).flat_map(|part| self.write(part)).flat_map(|c| self.chunks[c].iter().copied()).collect()
    }

    /// The best chunk for every letter.
    fn write(&self, letters: &[usize]) -> Vec<usize> {
        let mut inputs: Vec<Vec<f32>> = letters.iter().map(|&l| self.embed[l].clone()).collect();
        for [forward, backward] in &self.read {
            let (front, back) = (forward.run(&inputs, false), backward.run(&inputs, true));
            inputs = front.into_iter().zip(back).map(|(a, b)| [a, b].concat()).collect();
        }
        let start = self.config.chunks;
        let mut paths =
            vec![Path { score: 0.0, last: start, state: vec![0.0; self.config.decoder], chunks: Vec::new() }];
        let mut scratch = Vec::new();
        for entered in self.write.enter(&inputs) {
            let mut options: Vec<(f32, usize, usize)> = Vec::with_capacity(paths.len() * self.config.chunks);
            for (p, path) in paths.iter_mut().enumerate() {
                let share: Vec<f32> = entered.iter().zip(&self.written[path.last]).map(|(a, b)| a + b).collect();
                self.write.step(&share, &mut path.state, &mut scratch);
                let mut logits = self.out_bias.clone();
                self.out.add_product(&path.state, &mut logits);
                let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let norm = highest + logits.iter().map(|l| (l - highest).exp()).sum::<f32>().ln();
                options.extend(logits.iter().enumerate().map(|(c, l)| (path.score + l - norm, p, c)));
            }
            options.sort_by(|a, b| b.0.total_cmp(&a.0));
            paths = options[..BEAM.min(options.len())]
                .iter()
                .map(|&(score, p, c)| {
                    let mut path = paths[p].clone();
                    path.chunks.push(c);
                    Path { score, last: c, ..path }
                })
                .collect();
        }
        paths.into_iter().next().map(|p| p.chunks).unwrap_or_default()
    }
}

fn chunk_table(mut bytes: &[u8], count: usize) -> Result<Vec<Vec<Phone>>, ModelError> {
    let mut chunks = Vec::with_capacity(count.min(LARGEST));
    for chunk in 0..count {
        let broken = || ModelError::Chunk { chunk };
        let (&length, rest) = bytes.split_first().ok_or_else(broken)?;
        let list = rest.get(..usize::from(length)).ok_or_else(broken)?;
        bytes = &rest[list.len()..];
        let phone = |&p: &u8| {
            let stress = [Stress::None, Stress::Primary, Stress::Secondary][usize::from(p % 3)];
            Some(Phone::with_stress(*Symbol::ALL.get(usize::from(p / 3))?, stress))
        };
        chunks.push(list.iter().map(phone).collect::<Option<Vec<_>>>().ok_or_else(broken)?);
    }
    if bytes.is_empty() { Ok(chunks) } else { Err(ModelError::Chunk { chunk: count }) }
}

/// Gives a word exactly one main stress: the first secondary one or the first full vowel is raised, others are lowered.
pub(super) fn settle_stress(phones: &mut [Phone]) {
    let find = |phones: &[Phone], want: fn(&Phone) -> bool| phones.iter().position(want);
    let main = find(phones, |p| p.stress() == Some(Stress::Primary))
        .or_else(|| find(phones, |p| p.stress() == Some(Stress::Secondary)))
        .or_else(|| find(phones, |p| p.symbol().is_vowel() && p.symbol() != Symbol::Ah && p.symbol() != Symbol::Er))
        .or_else(|| find(phones, |p| p.symbol().is_vowel()));
    let Some(main) = main else { return };
    for (i, p) in phones.iter_mut().enumerate() {
        if i == main {
            *p = Phone::with_stress(p.symbol(), Stress::Primary);
        } else if p.stress() == Some(Stress::Primary) {
            *p = Phone::with_stress(p.symbol(), Stress::Secondary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = include_bytes!("g2p.bin");

    fn text(phones: &[Phone]) -> String {
        phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Held-out words as the trainer's own code says them. All were equal when this was written; sums are taken in
    /// another order, so a tie may fall differently on another machine.
    #[test]
    fn says_what_the_trainer_says() {
        let model = Packed::open(BYTES).unwrap().unpack();
        let golden = include_str!("g2p.golden");
        let mut other = Vec::new();
        for line in golden.lines() {
            let (word, phones) = line.split_once(' ').unwrap();
            let said = text(&model.say(word));
            if said != phones {
                other.push(format!("{word}: {said}, not {phones}"));
            }
        }
        assert!(golden.lines().count() > 200);
        assert!(other.len() <= 1, "{other:?}");
    }

    #[test]
    fn any_string_is_said_without_a_panic() {
        let model = Packed::open(BYTES).unwrap().unpack();
        assert!(model.say("").is_empty());
        assert!(model.say("éß9'").is_empty());
        assert!(!model.say("Zq").is_empty());
        assert!(!model.say(&"brillig".repeat(100)).is_empty());
    }

    #[test]
    fn damage_is_refused() {
        assert!(matches!(Packed::open(b""), Err(ModelError::Magic { .. })));
        assert!(matches!(Packed::open(b"TTSG2P01"), Err(ModelError::Dimension { .. })));
        assert!(matches!(Packed::open(&BYTES[..BYTES.len() - 1]), Err(ModelError::Size { .. })));
        let mut changed = BYTES.to_vec();
        changed[8..12].fill(0xff);
        assert!(matches!(Packed::open(&changed), Err(ModelError::Dimension { .. })));
        changed = BYTES.to_vec();
        changed[28..32].fill(0xff);
        assert!(matches!(Packed::open(&changed), Err(ModelError::Size { .. })));
        changed = BYTES.to_vec();
        changed[9000] ^= 1;
        assert!(matches!(Packed::open(&changed), Err(ModelError::Checksum { .. })));
        // A chunk of phones that do not exist under a right checksum.
        changed = BYTES.to_vec();
        changed[HEAD + 1..HEAD + 40].fill(0xff);
        let sum = Fingerprint::EMPTY.with(&changed[HEAD..]).0;
        changed[32..40].copy_from_slice(&sum.to_le_bytes());
        assert!(matches!(Packed::open(&changed), Err(ModelError::Chunk { .. })));
    }

    #[test]
    fn a_word_gets_one_main_stress() {
        for (given, settled) in [
            ("HH AH0 L OW0", "HH AH0 L OW1"),
            ("B AE1 T M AE1 N", "B AE1 T M AE2 N"),
            ("B AH0 T", "B AH1 T"),
            ("S T", "S T"),
            ("AH0 B EY2 T", "AH0 B EY1 T"),
        ] {
            let mut phones = Phone::parse_list(given).unwrap();
            settle_stress(&mut phones);
            assert_eq!(text(&phones), settled);
        }
    }
}
