//! Matrix products: a few rows of activations times a packed matrix of weights.
//!
//! One row is bound by memory: it reads four groups of four panels side by side, each as one stream, and four independent sums
//! hide the latency of addition. Many rows are bound by arithmetic: a tile of rows and panels stays in registers meanwhile.
//! Either way every output is one sum over the columns in ascending order that starts from its bias; but for a matrix of one
//! row, whose columns are summed sixteen side by side.

use super::packed::{Block, Full, Half, PackedMatrix, Panels, STRANDS, Upper, groups, strands};
use super::quantised::quantised_body;
use super::simd::{LANES, Lanes, Simd};
use super::vector::dot_body;
use super::{Isa, dispatch, dispatch_integers};

/// `y[t][o] = b[o] + Σ_i x[t][i]·w[o][i]`: x `[T, I]`, w `[O, I]`, b `[O]` or empty, y `[T, O]`; T is `y.len() / O`.
///
/// A row of y has the same bits whatever T is. Error: at most I roundings of the running sum. Where w holds 8-bit integers, a row
/// of x is rounded to integers of 16 bits by its largest value: see `quantised.rs`.
///
/// # Panics
/// If a length does not fit `w`.
pub fn linear(isa: Isa, y: &mut [f32], x: &[f32], w: &PackedMatrix, b: &[f32]) {
    if let Some(rows) = y.len().checked_div(w.rows()) {
        assert_eq!(x.len(), rows * w.columns(), "x of {rows} rows of {}", w.columns());
    }
    linear_strided(isa, y, x, w.columns(), w, b);
}

/// [`linear`] with row t of x at `x[t·stride..t·stride + I]`; rows may overlap and x may be longer than needed.
///
/// A causal convolution over channels-last frames is this, with `I = kernel · channels` and w `[out, kernel · channels]`.
///
/// # Panics
/// If y is not a whole number of rows, x ends before the last row does, or b is neither empty nor `[O]`.
pub fn linear_strided(isa: Isa, y: &mut [f32], x: &[f32], stride: usize, w: &PackedMatrix, b: &[f32]) {
    let (outputs, inputs) = (w.rows(), w.columns());
    assert!(b.is_empty() || b.len() == outputs, "b of {outputs} values or none, found {}", b.len());
    if outputs == 0 || y.is_empty() {
        assert!(y.is_empty(), "y of a matrix without rows holds {} values", y.len());
        return;
    }
    assert_eq!(y.len() % outputs, 0, "y of whole rows of {outputs}, found {} values", y.len());
    let rows = y.len() / outputs;
    let needed = (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(inputs));
    assert!(needed.is_some_and(|needed| needed <= x.len()), "x of {} values ends before row {rows} does", x.len());
    let shape = [outputs, inputs];
    macro_rules! product {
        ($columns:expr, $column:ty) => {{
            let (isa, columns) = (if rows < FEW_ROWS { isa.for_few_rows() } else { isa }, $columns.get());
            dispatch!(
                isa,
                product_body(y: &mut [f32], x: &[f32], stride: usize, columns: &[$column], b: &[f32], shape: [usize; 2])
            );
        }};
    }
    match w.panels() {
        Panels::F32(columns) => product!(columns, Full),
        Panels::F16(columns) => product!(columns, Half),
        Panels::Bf16(columns) => product!(columns, Upper),
        Panels::Int8(blocks) => {
            let blocks = blocks.get();
            dispatch_integers!(
                isa,
                quantised_body(y: &mut [f32], x: &[f32], stride: usize, blocks: &[Block], b: &[f32], shape: [usize; 2])
            );
        }
    }
}

#[inline(always)]
fn product_body<S: Simd, C: Column>(
    s: S,
    y: &mut [f32],
    x: &[f32],
    stride: usize,
    columns: &[C],
    b: &[f32],
    shape: [usize; 2],
) {
    let [outputs, inputs] = shape;
    Product { s, x, stride, columns, b, outputs, inputs }.run(y);
}

/// Sixteen weights of one input, as stored.
trait Column {
    /// The weights as f32.
    fn vector<S: Simd>(&self, s: S) -> S::Vector;
}

impl Column for Full {
    #[inline(always)]
    fn vector<S: Simd>(&self, s: S) -> S::Vector {
        s.load(&self.0)
    }
}

impl Column for Half {
    #[inline(always)]
    fn vector<S: Simd>(&self, s: S) -> S::Vector {
        s.halves(&self.0)
    }
}

impl Column for Upper {
    #[inline(always)]
    fn vector<S: Simd>(&self, s: S) -> S::Vector {
        s.uppers(&self.0)
    }
}

/// What one product reads; its methods cover y by tiles.
struct Product<'a, S, C> {
    s: S,
    x: &'a [f32],
    stride: usize,
    columns: &'a [C],
    b: &'a [f32],
    outputs: usize,
    inputs: usize,
}

impl<S: Simd, C: Column> Product<'_, S, C> {
    #[inline(always)]
    fn run(&self, y: &mut [f32]) {
        let rows = y.len() / self.outputs;
        if self.outputs == 1 && self.inputs <= SINGLE_INPUTS {
            return self.single(y);
        }
        let mut rest = 0;
        if rows < FEW_ROWS {
            let (strands, behind) = strands(self.outputs);
            for panels in strands {
                for row in 0..rows {
                    self.strands(y, row, panels);
                }
            }
            rest = behind;
        }
        for (panel, size) in groups(self.outputs, rest) {
            match size {
                4 => self.group::<4>(y, panel),
                2 => self.group::<2>(y, panel),
                _ => self.group::<1>(y, panel),
            }
        }
    }

    /// One output, as the last layer of a codec has: sixteen columns at once, where a panel would compute fifteen rows of zeros.
    #[inline(always)]
    fn single(&self, y: &mut [f32]) {
        let mut weights = [0.0; SINGLE_INPUTS];
        for (weight, column) in weights.iter_mut().zip(self.columns) {
            let mut lanes = [0.0; LANES];
            self.s.store(column.vector(self.s), &mut lanes);
            *weight = lanes[0];
        }
        let bias = self.b.first().copied().unwrap_or(0.0);
        for (row, y) in y.iter_mut().enumerate() {
            *y = bias + dot_body(self.s, &self.x[row * self.stride..][..self.inputs], &weights[..self.inputs]);
        }
    }

    /// All rows of one group of `G` panels, some rows and then some columns at a time: what is multiplied stays in the first cache.
    #[inline(always)]
    fn group<const G: usize>(&self, y: &mut [f32], panel: usize) {
        let columns = self.columns[panel * self.inputs..][..G * self.inputs].as_chunks::<G>().0;
        let mut totals = [[[0.0; LANES]; G]; MOST_ROWS];
        for (block, y) in y.chunks_mut(MOST_ROWS * self.outputs).enumerate() {
            let first = block * MOST_ROWS;
            let totals = &mut totals[..y.len() / self.outputs];
            totals.fill(self.start(panel));
            for (n, columns) in columns.chunks(COLUMNS).enumerate() {
                let x = &self.x[first * self.stride + n * COLUMNS..];
                Part {
                    s: self.s,
                    x,
                    stride: self.stride,
                    columns,
                    fresh: block == 0,
                    ahead: COLUMNS * size_of::<[C; G]>(),
                }
                .run(totals);
            }
            for (row, totals) in totals.iter().enumerate() {
                self.finish(&mut y[row * self.outputs..][..self.outputs], panel, totals);
            }
        }
    }

    /// One row of four groups, some columns of each in turn.
    #[inline(always)]
    fn strands(&self, y: &mut [f32], row: usize, panels: [usize; STRANDS]) {
        let x = &self.x[row * self.stride..][..self.inputs];
        let mut columns: [&[[C; 4]]; STRANDS] = [&[]; STRANDS];
        let mut totals = [[[0.0; LANES]; 4]; STRANDS];
        for n in 0..STRANDS {
            columns[n] = self.columns[panels[n] * self.inputs..][..4 * self.inputs].as_chunks().0;
            totals[n] = self.start(panels[n]);
        }
        let turn = TURN / size_of::<[C; 4]>();
        for (i, x) in x.chunks(turn).enumerate() {
            for n in 0..STRANDS {
                let columns = &columns[n][i * turn..][..x.len()];
                // the widest weights come as fast without being asked for
                let fresh = row == 0 && size_of::<C>() < 64;
                Part { s: self.s, x, stride: 0, columns, fresh, ahead: AHEAD }
                    .single(std::array::from_mut(&mut totals[n]), 0);
            }
        }
        for n in 0..STRANDS {
            self.finish(&mut y[row * self.outputs..][..self.outputs], panels[n], &totals[n]);
        }
    }

    /// The bias of `G` panels from `panel` on.
    #[inline(always)]
    fn start<const G: usize>(&self, panel: usize) -> [Lanes; G] {
        let mut start = [[0.0; LANES]; G];
        if !self.b.is_empty() {
            let first = panel * LANES;
            let bias = &self.b[first..self.outputs.min(first + G * LANES)];
            start.as_flattened_mut()[..bias.len()].copy_from_slice(bias);
        }
        start
    }

    /// What a row `y` has of `G` panels from `panel` on.
    #[inline(always)]
    fn finish<const G: usize>(&self, y: &mut [f32], panel: usize, totals: &[Lanes; G]) {
        let first = panel * LANES;
        let out = &mut y[first..self.outputs.min(first + G * LANES)];
        if let Some(whole) = out.as_chunks_mut::<LANES>().0.first_chunk_mut::<G>() {
            *whole = *totals;
        } else {
            out.copy_from_slice(&totals.as_flattened()[..out.len()]);
        }
    }
}

/// The most inputs of a matrix of one row that is multiplied as one.
const SINGLE_INPUTS: usize = 2048;
/// Fewer rows than these are bound by memory: four groups are read side by side for them.
pub(super) const FEW_ROWS: usize = 4;
/// Bytes that are read of one of them before it is the next one's turn.
const TURN: usize = 512;
/// Rows of one block; a multiple of every tile.
const MOST_ROWS: usize = 48;
/// Columns of one block: of a group 4 KB at most, and as much of what comes next.
const COLUMNS: usize = 16;

/// How far ahead of its use the first row asks for a weight, in bytes: beyond the pages the hardware prefetcher follows by
/// itself. It raised the share of the L3's bandwidth from about 55 to 82 % (docs/SPEED.md).
const AHEAD: usize = 8192;

/// Some columns of a group, and rows of x from the first of these columns on.
struct Part<'a, S, C, const G: usize> {
    s: S,
    x: &'a [f32],
    stride: usize,
    columns: &'a [[C; G]],
    /// Nobody read these columns before: those so many bytes ahead are asked for in time.
    fresh: bool,
    ahead: usize,
}

impl<S: Simd, C: Column, const G: usize> Part<'_, S, C, G> {
    /// Adds what these columns give to each row's totals.
    #[inline(always)]
    fn run(&self, totals: &mut [[Lanes; G]]) {
        let rows = totals.len();
        let mut row = 0;
        if rows >= FEW_ROWS {
            let tiled = rows - rows % 4;
            if S::ROWS == 8 {
                while row + 8 <= tiled {
                    self.wide::<8>(totals, row);
                    row += 8;
                }
            }
            if S::ROWS == 6 {
                while row + 6 <= tiled {
                    self.wide::<6>(totals, row);
                    row += 6;
                }
            }
            if S::ROWS >= 4 {
                while row + 4 <= rows {
                    self.wide::<4>(totals, row);
                    row += 4;
                }
            }
            if S::ROWS == 2 {
                while row + 2 <= rows {
                    self.wide::<2>(totals, row);
                    row += 2;
                }
            }
        }
        while row < rows {
            self.single(totals, row);
            row += 1;
        }
    }

    /// `R` rows of all panels.
    #[inline(always)]
    fn wide<const R: usize>(&self, totals: &mut [[Lanes; G]], row: usize) {
        if S::WIDE == 2 && G > 1 {
            for offset in (0..G).step_by(2) {
                self.tile::<R, 2>(totals, row, offset);
            }
        } else {
            for offset in 0..G {
                self.tile::<R, 1>(totals, row, offset);
            }
        }
    }

    /// One row of all panels.
    #[inline(always)]
    fn single(&self, totals: &mut [[Lanes; G]], row: usize) {
        if G == 4 && S::SINGLE == 4 {
            self.tile::<1, 4>(totals, row, 0);
        } else if G == 1 {
            self.tile::<1, 1>(totals, row, 0);
        } else {
            for offset in (0..G).step_by(2) {
                self.tile::<1, 2>(totals, row, offset);
            }
        }
    }

    /// `totals[row + r][offset + p] += Σ_i x[row + r][i]·columns[i][offset + p]` for `R` rows and `P` panels, in ascending i, summed in
    /// registers.
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&self, totals: &mut [[Lanes; G]], row: usize, offset: usize) {
        let s = self.s;
        let totals = &mut totals[row..row + R];
        let mut inputs = [&self.x[..0]; R];
        let mut sums = [[s.splat(0.0); P]; R];
        for r in 0..R {
            inputs[r] = &self.x[(row + r) * self.stride..][..self.columns.len()];
            for p in 0..P {
                sums[r][p] = s.load(&totals[r][offset + p]);
            }
        }
        let fresh = self.fresh && row == 0;
        for (i, columns) in self.columns.iter().enumerate() {
            for p in 0..P {
                if fresh && ((offset + p) * size_of::<C>()).is_multiple_of(64) {
                    s.prefetch(std::ptr::from_ref(&columns[offset + p]).cast::<u8>().wrapping_add(self.ahead));
                }
                let w = columns[offset + p].vector(s);
                for r in 0..R {
                    sums[r][p] = s.vector_madd(w, s.splat(inputs[r][i]), sums[r][p]);
                }
            }
        }
        for r in 0..R {
            for p in 0..P {
                s.store(sums[r][p], &mut totals[r][offset + p]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, EDGES, Values, hold, worst};
    use super::super::{Isa, PackedMatrix, Storage};
    use super::*;

    /// A matrix whose weights every storage holds exactly: multiples of 1/64 with 7 bits, some subnormal halves.
    fn weights(values: &mut Values, count: usize) -> Vec<f32> {
        let mut weights: Vec<f32> = values.take(count).iter().map(|w| (w * 64.0).round() / 64.0).collect();
        for (n, weight) in weights.iter_mut().enumerate().filter(|(n, _)| n % 7 == 3) {
            *weight = (n % 5) as f32 * 2f32.powi(-24);
        }
        weights
    }

    #[test]
    fn products_match_the_oracle_at_every_edge() {
        for isa in Isa::available() {
            let mut error = 0f64;
            let mut values = Values::new(1);
            for storage in [Storage::F32, Storage::F16, Storage::Bf16] {
                for outputs in EDGES.into_iter().chain([270, 512]) {
                    for inputs in [0, 1, 2, 15, 16, 17, 33, 256] {
                        let w = weights(&mut values, outputs * inputs);
                        let packed = PackedMatrix::pack(outputs, inputs, storage, |o, i| w[o * inputs + i]);
                        assert_eq!(packed.storage(), storage);
                        for rows in [0, 1, 2, 3, 4, 5, 7, 9, 13] {
                            let x = values.take(rows * inputs);
                            let b = values.take(if rows % 2 == 0 { outputs } else { 0 });
                            let mut y = vec![f32::NAN; rows * outputs];
                            linear(isa, &mut y, &x, &packed, &b);
                            let want = oracle::linear(rows, &x, inputs, outputs, &w, &b);
                            error = error.max(worst(&y, &want, |_| (inputs as f64).sqrt().max(1.0)));
                        }
                    }
                }
            }
            hold("linear, per root of the inputs", isa, error, 1.5e-6);
        }
    }

    #[test]
    fn long_rows_as_a_convolution_has_them() {
        for isa in Isa::available() {
            let mut values = Values::new(2);
            let (rows, outputs, channels, taps) = (61, 48, 32, 5);
            let w = weights(&mut values, outputs * taps * channels);
            let (x, b) = (values.take((rows + taps - 1) * channels), values.take(outputs));
            let packed = PackedMatrix::pack(outputs, taps * channels, Storage::F16, |o, i| w[o * taps * channels + i]);
            let mut y = vec![f32::NAN; rows * outputs];
            linear_strided(isa, &mut y, &x, channels, &packed, &b);
            let want = oracle::linear(rows, &x, channels, outputs, &w, &b);
            hold("linear_strided, 160 inputs", isa, worst(&y, &want, |_| 1.0), 1.5e-5);
        }
    }

    /// What makes a stream equal the batch: rows computed 1, 2, .. at a time have the bits of all at once.
    #[test]
    fn a_row_has_the_same_bits_whatever_comes_with_it() {
        for isa in Isa::available() {
            for storage in [Storage::F32, Storage::F16, Storage::Bf16] {
                let mut values = Values::new(3);
                for outputs in [1, 16, 40, 64, 100, 300] {
                    let (rows, inputs) = (29, 67);
                    let w = values.take(outputs * inputs);
                    let (x, b) = (values.take(rows * inputs), values.take(outputs));
                    let packed = PackedMatrix::pack(outputs, inputs, storage, |o, i| w[o * inputs + i]);
                    let mut whole = vec![0.0; rows * outputs];
                    linear(isa, &mut whole, &x, &packed, &b);
                    for chunk in 1..rows {
                        let mut parts = vec![0.0; rows * outputs];
                        for (y, x) in parts.chunks_mut(chunk * outputs).zip(x.chunks(chunk * inputs)) {
                            linear(isa, y, x, &packed, &b);
                        }
                        let equal = whole.iter().zip(&parts).all(|(a, b)| a.to_bits() == b.to_bits());
                        assert!(equal, "{isa:?} {storage:?} {outputs} outputs in chunks of {chunk}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "ends before row 3 does")]
    fn a_short_x_is_refused() {
        let w = PackedMatrix::from_f32(2, 4, &[0.0; 8]);
        linear_strided(Isa::detect(), &mut [0.0; 6], &[0.0; 7], 2, &w, &[]);
    }

    #[test]
    #[should_panic(expected = "ends before row")]
    fn a_stride_that_overflows_is_refused() {
        let w = PackedMatrix::from_f32(2, 4, &[0.0; 8]);
        linear_strided(Isa::detect(), &mut [0.0; 6], &[0.0; 7], usize::MAX / 2 + 1, &w, &[]);
    }
}
