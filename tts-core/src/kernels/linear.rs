//! Matrix products: a few rows of activations times a packed matrix of weights.
//!
//! One row is bound by memory: four panels are read at once, so that four independent sums hide the latency of
//! addition. Many rows are bound by arithmetic: a tile of rows and panels stays in registers while the columns pass.
//! Either way every output is one sum over the columns in ascending order that starts from its bias.

use super::packed::{Full, Half, PackedMatrix, Panels, Upper};
use super::simd::{LANES, Lanes, Simd};
use super::{Isa, dispatch};

/// `y[t][o] = b[o] + Σ_i x[t][i]·w[o][i]`: x `[T, I]`, w `[O, I]`, b `[O]` or empty, y `[T, O]`; T is `y.len() / O`.
///
/// A row of y has the same bits whatever T is. Error: at most I roundings of the running sum.
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
    dispatch!(isa, linear_body(y: &mut [f32], x: &[f32], stride: usize, w: &PackedMatrix, b: &[f32]));
}

#[inline(always)]
fn linear_body<S: Simd>(s: S, y: &mut [f32], x: &[f32], stride: usize, w: &PackedMatrix, b: &[f32]) {
    let (outputs, inputs) = (w.rows(), w.columns());
    match w.panels() {
        Panels::F32(columns) => Product { s, x, stride, columns, b, outputs, inputs }.run(y),
        Panels::F16(columns) => Product { s, x, stride, columns, b, outputs, inputs }.run(y),
        Panels::Bf16(columns) => Product { s, x, stride, columns, b, outputs, inputs }.run(y),
    }
}

/// Sixteen weights of one input, as stored.
trait Column {
    /// The weights as f32.
    fn lanes<S: Simd>(&self, s: S) -> Lanes;
}

impl Column for Full {
    #[inline(always)]
    fn lanes<S: Simd>(&self, _: S) -> Lanes {
        self.0
    }
}

impl Column for Half {
    #[inline(always)]
    fn lanes<S: Simd>(&self, s: S) -> Lanes {
        s.halves(&self.0)
    }
}

impl Column for Upper {
    #[inline(always)]
    fn lanes<S: Simd>(&self, _: S) -> Lanes {
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            out[lane] = f32::from_bits(u32::from(self.0[lane]) << 16);
        }
        out
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
        let panels = self.outputs.div_ceil(LANES);
        let mut panel = 0;
        if rows < 4 {
            while panel + 4 <= panels {
                for row in 0..rows {
                    self.tile::<1, 4>(y, row, panel);
                }
                panel += 4;
            }
        } else if S::WIDE == 2 {
            while panel + 2 <= panels {
                self.all_rows::<2>(y, rows, panel);
                panel += 2;
            }
        }
        while panel < panels {
            self.all_rows::<1>(y, rows, panel);
            panel += 1;
        }
    }

    /// All rows of `P` panels, which stay in the cache meanwhile.
    #[inline(always)]
    fn all_rows<const P: usize>(&self, y: &mut [f32], rows: usize, panel: usize) {
        let mut row = 0;
        if S::ROWS == 8 {
            while row + 8 <= rows {
                self.tile::<8, P>(y, row, panel);
                row += 8;
            }
        }
        if S::ROWS == 6 {
            while row + 6 <= rows {
                self.tile::<6, P>(y, row, panel);
                row += 6;
            }
        }
        if S::ROWS >= 4 {
            while row + 4 <= rows {
                self.tile::<4, P>(y, row, panel);
                row += 4;
            }
        }
        while row + 2 <= rows {
            self.tile::<2, P>(y, row, panel);
            row += 2;
        }
        if row < rows {
            self.tile::<1, P>(y, row, panel);
        }
    }

    /// `R` rows of `P` panels, summed in registers.
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&self, y: &mut [f32], row: usize, panel: usize) {
        let mut inputs = [&self.x[..0]; R];
        for r in 0..R {
            inputs[r] = &self.x[(row + r) * self.stride..][..self.inputs];
        }
        let mut columns = [&self.columns[..0]; P];
        let mut start = [[0.0; LANES]; P];
        for p in 0..P {
            columns[p] = &self.columns[(panel + p) * self.inputs..][..self.inputs];
            if !self.b.is_empty() {
                let bias = &self.b[(panel + p) * LANES..self.outputs.min((panel + p + 1) * LANES)];
                start[p][..bias.len()].copy_from_slice(bias);
            }
        }
        let mut sums = [start; R];
        for i in 0..self.inputs {
            for p in 0..P {
                let w = columns[p][i].lanes(self.s);
                for r in 0..R {
                    let value = inputs[r][i];
                    for lane in 0..LANES {
                        sums[r][p][lane] = self.s.madd(w[lane], value, sums[r][p][lane]);
                    }
                }
            }
        }
        for r in 0..R {
            for p in 0..P {
                let first = (panel + p) * LANES;
                let out = &mut y[(row + r) * self.outputs..][first..self.outputs.min(first + LANES)];
                out.copy_from_slice(&sums[r][p][..out.len()]);
            }
        }
    }
}
