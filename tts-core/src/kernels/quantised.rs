//! Products with weights of 8 bits: rows of activations become integers too, so that sums within a block are exact.
//!
//! Weights have a scale for every 32 columns of a row, a bfloat16. A row of x is divided by `step = max |x| / 32767` and rounded to
//! integers of 16 bits, ties to even: what is lost is what the weights lost. A pair of columns is one multiply-add (`pmaddwd`) on
//! every x86-64 CPU, without saturation; 32 products stay below 2^27. Sums of integers do not depend on their order, and what
//! follows is one product and one sum of f32 a block, neither fused nor reordered: the result has the same bits on every
//! instruction set, and whatever rows come with it.

use std::mem::MaybeUninit;

use super::act::ROUND;
use super::linear::FEW_ROWS;
use super::packed::{BLOCK, Block, STRANDS, groups, strands};
use super::simd::{LANES, Lanes, Simd};

/// Integers on the stack: as many rows of x as fit are made at once, and the weights read once for them.
const ROOM: usize = 1 << 16;
/// Wider matrices of 8-bit integers are not made.
pub(super) const INT8_COLUMNS: usize = ROOM;
/// Rows made at once at most; a multiple of every tile.
const MOST_ROWS: usize = 48;
/// The largest magnitude of an activation.
const LIMIT: f32 = i16::MAX as f32;

/// [`linear_strided`](super::linear_strided) for the blocks of a matrix of `shape` outputs and inputs.
#[inline(always)]
pub(super) fn quantised_body<S: Simd>(
    s: S,
    y: &mut [f32],
    x: &[f32],
    stride: usize,
    blocks: &[Block],
    b: &[f32],
    shape: [usize; 2],
) {
    let [outputs, inputs] = shape;
    let width = inputs.next_multiple_of(BLOCK);
    let rows = (ROOM / width.max(1)).clamp(1, MOST_ROWS);
    let mut room = [const { MaybeUninit::<i16>::uninit() }; ROOM];
    let mut steps = [0.0; MOST_ROWS];
    for (at, y) in y.chunks_mut(rows * outputs).enumerate() {
        let count = y.len() / outputs;
        let room = &mut room[..count * width];
        for row in 0..count {
            let x = &x[(at * rows + row) * stride..][..inputs];
            steps[row] = quantise(&mut room[row * width..][..width], x);
        }
        // SAFETY: `quantise` wrote every value of each row.
        let x = unsafe { room.assume_init_ref() };
        let x = x.as_chunks::<2>().0.as_chunks::<{ BLOCK / 2 }>().0;
        Rows { s, x, steps: &steps[..count], blocks, b, outputs, width: width / BLOCK }.run(y);
    }
}

/// Writes x as integers, and zeros behind it; returns the step. NaN or infinity anywhere makes the step such.
#[inline(always)]
fn quantise(out: &mut [MaybeUninit<i16>], x: &[f32]) -> f32 {
    // the bits of magnitudes are ordered as they are, NaN above all
    let top = x.iter().fold(0, |top, x| magnitude(*x).max(top));
    let step = f32::from_bits(top.cast_unsigned()) / LIMIT;
    let inverse = if step >= f32::MIN_POSITIVE && step.is_finite() { 1.0 / step } else { 0.0 };
    let (whole, behind) = out.split_at_mut(x.len());
    for (out, x) in whole.iter_mut().zip(x) {
        out.write(integer(*x, inverse));
    }
    for out in behind {
        out.write(0);
    }
    step
}

#[inline(always)]
fn magnitude(x: f32) -> i32 {
    (x.to_bits() & 0x7fff_ffff).cast_signed()
}

/// `x·inverse` to the nearest integer: it lies in the low bits of the sum.
#[inline(always)]
fn integer(x: f32, inverse: f32) -> i16 {
    (x * inverse + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16
}

/// How far ahead of its use the first tile asks for a weight, in bytes: twice around the streams. A line after every second
/// pair, since all nine lines of a block at once fill what waits for memory (docs/SPEED.md).
const AHEAD: usize = 8 * size_of::<Block>();

/// A block of a row of activations.
type Inputs = [[i16; 2]; BLOCK / 2];

/// Some rows of integers and what they are multiplied with.
struct Rows<'a, S> {
    s: S,
    /// `[rows, width]`
    x: &'a [Inputs],
    /// `[rows]`
    steps: &'a [f32],
    blocks: &'a [Block],
    b: &'a [f32],
    outputs: usize,
    /// Blocks of a row.
    width: usize,
}

impl<S: Simd> Rows<'_, S> {
    #[inline(always)]
    fn run(&self, y: &mut [f32]) {
        let mut rest = 0;
        if self.steps.len() < FEW_ROWS {
            let (strands, behind) = strands(self.outputs);
            for panels in strands {
                self.rows::<4, STRANDS>(y, panels);
            }
            rest = behind;
        }
        for (panel, size) in groups(self.outputs, rest) {
            match size {
                4 => self.rows::<4, 1>(y, [panel]),
                2 => self.rows::<2, 1>(y, [panel]),
                _ => self.rows::<1, 1>(y, [panel]),
            }
        }
    }

    /// All rows of `N` groups of `G` panels, which begin at `panels`.
    #[inline(always)]
    fn rows<const G: usize, const N: usize>(&self, y: &mut [f32], panels: [usize; N]) {
        let rows = self.steps.len();
        let mut row = 0;
        if S::ROWS >= 8 && N == 1 {
            while row + 8 <= rows {
                self.wide::<8, G, N>(y, row, panels);
                row += 8;
            }
        }
        if S::ROWS >= 6 && N == 1 {
            while row + 6 <= rows {
                self.wide::<6, G, N>(y, row, panels);
                row += 6;
            }
        }
        if S::ROWS >= 4 && N == 1 {
            while row + 4 <= rows {
                self.wide::<4, G, N>(y, row, panels);
                row += 4;
            }
        }
        while row + 2 <= rows {
            self.wide::<2, G, N>(y, row, panels);
            row += 2;
        }
        if row < rows {
            self.tile::<1, G, N, 1>(y, row, panels);
        }
    }

    /// A tile as wide as the registers allow; one panel of several groups, which wait for memory, not for registers.
    #[inline(always)]
    fn wide<const R: usize, const G: usize, const N: usize>(&self, y: &mut [f32], row: usize, panels: [usize; N]) {
        if S::WIDE == 2 && G > 1 && N == 1 {
            self.tile::<R, G, N, 2>(y, row, panels);
        } else {
            self.tile::<R, G, N, 1>(y, row, panels);
        }
    }

    /// `R` rows of `N` groups, `P` blocks side by side at a time, the groups in turn: the integer sums of a block stay in registers,
    /// those of f32 in the nearest cache.
    #[inline(always)]
    fn tile<const R: usize, const G: usize, const N: usize, const P: usize>(
        &self,
        y: &mut [f32],
        row: usize,
        panels: [usize; N],
    ) {
        let s = self.s;
        let mut inputs = [&self.x[..0]; R];
        for r in 0..R {
            inputs[r] = &self.x[(row + r) * self.width..][..self.width];
        }
        let mut groups: [&[[Block; G]]; N] = [&[]; N];
        for n in 0..N {
            let blocks = &self.blocks[panels[n] * self.width..][..G * self.width];
            groups[n] = &blocks.as_chunks::<G>().0[..self.width];
        }
        let mut totals = [[[s.splat(0.0); R]; G]; N];
        for i in 0..self.width {
            for first in (0..G).step_by(P) {
                for n in 0..N {
                    let blocks = &groups[n][i];
                    let mut sums = [[s.no_sums(); R]; P];
                    for pair in 0..BLOCK / 2 {
                        for p in 0..P {
                            if row == 0 && pair % 2 == 0 {
                                let at = std::ptr::from_ref(&blocks[first + p]).cast::<u8>();
                                s.prefetch(at.wrapping_add(AHEAD + 32 * pair));
                            }
                            let w = s.words(&blocks[first + p].pairs[pair]);
                            for r in 0..R {
                                sums[p][r] = s.pairs_madd(w, inputs[r][i][pair], sums[p][r]);
                            }
                        }
                    }
                    for p in 0..P {
                        let scales = s.uppers(&blocks[first + p].scales);
                        for r in 0..R {
                            let total = &mut totals[n][first + p][r];
                            *total = s.scaled_add(*total, s.floats(sums[p][r]), scales);
                        }
                    }
                }
            }
        }
        for n in 0..N {
            for p in 0..G {
                for r in 0..R {
                    self.finish(y, row + r, panels[n] + p, totals[n][p][r]);
                }
            }
        }
    }

    /// One row of one panel: its sums times the row's step, and the bias.
    #[inline(always)]
    fn finish(&self, y: &mut [f32], row: usize, panel: usize, totals: S::Vector) {
        let first = (panel * LANES).min(self.outputs);
        let mut out: Lanes = [0.0; LANES];
        self.s.store(totals, &mut out);
        for lane in 0..LANES {
            out[lane] *= self.steps[row];
        }
        if !self.b.is_empty() {
            for (out, b) in out.iter_mut().zip(&self.b[first..]) {
                *out += b;
            }
        }
        let y = &mut y[row * self.outputs..][first..self.outputs.min(first + LANES)];
        match y.first_chunk_mut::<LANES>() {
            Some(whole) => *whole = out,
            None => y.copy_from_slice(&out[..y.len()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, EDGES, Values, hold, worst};
    use super::super::{Isa, PackedMatrix, Storage, linear, linear_strided};
    use super::*;

    /// A matrix that 8 bits hold exactly: whole multiples of a power of two, ±127 of them in every block of a row.
    fn weights(values: &mut Values, outputs: usize, inputs: usize) -> Vec<f32> {
        let mut weights: Vec<f32> = values.take(outputs * inputs).iter().map(|w| (w * 126.0).round() / 512.0).collect();
        for (row, weights) in weights.chunks_mut(inputs.max(1)).enumerate() {
            for block in weights.chunks_mut(BLOCK) {
                let at = row % block.len();
                block[at] = if row % 2 == 0 { 127.0 / 512.0 } else { -127.0 / 512.0 };
            }
        }
        weights
    }

    #[test]
    fn products_match_the_oracle_at_every_edge_and_each_other_everywhere() {
        let mut first: Option<Vec<u32>> = None;
        for isa in Isa::available() {
            let (mut error, mut bits) = (0f64, Vec::new());
            let mut values = Values::new(11);
            for outputs in EDGES.into_iter().chain([270, 512]) {
                for inputs in [0, 1, 2, 15, 16, 17, 33, 256] {
                    let w = weights(&mut values, outputs, inputs);
                    let packed = PackedMatrix::pack(outputs, inputs, Storage::Int8, |o, i| w[o * inputs + i]);
                    assert_eq!(packed.storage(), Storage::Int8);
                    for rows in [0, 1, 2, 3, 4, 5, 7, 9, 13, 50] {
                        let x = values.take(rows * inputs);
                        let b = values.take(if rows % 2 == 0 { outputs } else { 0 });
                        let mut y = vec![f32::NAN; rows * outputs];
                        linear(isa, &mut y, &x, &packed, &b);
                        let want = oracle::linear(rows, &x, inputs, outputs, &w, &b);
                        error = error.max(worst(&y, &want, |_| (inputs as f64).sqrt().max(1.0)));
                        bits.extend(y.iter().map(|y| y.to_bits()));
                    }
                }
            }
            hold("linear of int8, per root of the inputs", isa, error, 1e-5);
            assert!(first.get_or_insert(bits.clone()) == &bits, "{isa:?} has other bits");
        }
    }

    #[test]
    fn the_longest_rows_do_not_overflow() {
        for isa in Isa::available() {
            let inputs = INT8_COLUMNS;
            let packed = PackedMatrix::pack(3, inputs, Storage::Int8, |row, _| [127.0, -127.0, 63.5][row] / 128.0);
            let mut y = [f32::NAN; 6];
            linear(isa, &mut y, &vec![2.0; 2 * inputs], &packed, &[]);
            let want = [1.0, -1.0, 0.5, 1.0, -1.0, 0.5].map(|w| w * 127.0 / 64.0 * inputs as f64);
            hold("linear of int8, 65,536 inputs", isa, worst(&y, &want, f64::abs), 5e-5);
        }
        let wider = PackedMatrix::pack(1, INT8_COLUMNS + 1, Storage::Int8, |_, _| 1.0);
        assert_eq!(wider.storage(), Storage::F32);
    }

    #[test]
    fn a_row_has_the_same_bits_whatever_comes_with_it() {
        for isa in Isa::available() {
            let mut values = Values::new(13);
            for (outputs, inputs, stride) in [(1, 67, 67), (40, 67, 67), (100, 64, 16), (300, 67, 67), (64, 2000, 2000)]
            {
                let rows = 53;
                let w = values.take(outputs * inputs);
                let packed = PackedMatrix::pack(outputs, inputs, Storage::Int8, |o, i| w[o * inputs + i]);
                let (x, b) = (values.take((rows - 1) * stride + inputs), values.take(outputs));
                let mut whole = vec![0.0; rows * outputs];
                linear_strided(isa, &mut whole, &x, stride, &packed, &b);
                for chunk in [1, 2, 3, 5, 8, 20] {
                    for (n, want) in whole.chunks(chunk * outputs).enumerate() {
                        let mut part = vec![0.0; want.len()];
                        linear_strided(isa, &mut part, &x[n * chunk * stride..], stride, &packed, &b);
                        assert!(part.iter().zip(want).all(|(a, b)| a.to_bits() == b.to_bits()), "{isa:?} by {chunk}");
                    }
                }
            }
        }
    }

    /// Normal weights and activations lose what 8 bits of weights lose: 45 dB and more remain.
    #[test]
    fn little_is_lost_of_ordinary_values() {
        let mut values = Values::new(17);
        let mut normal = |count: usize| -> Vec<f32> {
            (0..count).map(|_| (0..12).map(|_| values.one()).sum::<f32>() / 2.0).collect()
        };
        let (outputs, inputs) = (64, 1024);
        let (w, x) = (normal(outputs * inputs), normal(inputs));
        let packed = PackedMatrix::pack(outputs, inputs, Storage::Int8, |o, i| w[o * inputs + i]);
        let mut y = vec![0.0; outputs];
        linear(Isa::detect(), &mut y, &x, &packed, &[]);
        let want = oracle::linear(1, &x, inputs, outputs, &w, &[]);
        let power: f64 = want.iter().map(|y| y * y).sum();
        let lost: f64 = want.iter().zip(&y).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum();
        let snr = 10.0 * (power / lost).log10();
        println!("int8 against f64: {snr:.1} dB");
        assert!(snr > 45.0, "{snr} dB");
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        for isa in Isa::available() {
            let packed = PackedMatrix::pack(2, 3, Storage::Int8, |_, _| 1.0);
            let mut y = [0.0; 4];
            linear(isa, &mut y, &[1.0, f32::NAN, 1.0, 0.0, 0.0, 0.0], &packed, &[]);
            assert!(y[0].is_nan() && y[1].is_nan() && y[2..] == [0.0, 0.0], "{isa:?} {y:?}");
            linear(isa, &mut y[..2], &[1.0, f32::INFINITY, 1.0], &packed, &[]);
            assert!(!y[0].is_finite(), "{isa:?} {y:?}");
        }
        assert_eq!(PackedMatrix::pack(1, 1, Storage::Int8, |_, _| f32::NAN).storage(), Storage::F32);
    }
}
