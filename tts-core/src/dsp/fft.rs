//! Real transforms of one length in 64 bits, with room to work in.

use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// From `len` real values to `len / 2 + 1` bins.
pub(super) struct Forward {
    plan: Arc<dyn RealToComplex<f64>>,
    /// `[len]`, the input; destroyed by [`Forward::run`]
    pub(super) time: Vec<f64>,
    /// `[len / 2 + 1]`
    pub(super) spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Forward {
    pub(super) fn new(len: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(len);
        let (time, spectrum, scratch) = (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
        Self { plan, time, spectrum, scratch }
    }

    /// `time` to `spectrum`.
    pub(super) fn run(&mut self) {
        let done = self.plan.process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "lengths are fixed");
    }
}

/// From `len / 2 + 1` bins to `len` real values, not scaled: `len` times the inverse.
pub(super) struct Inverse {
    plan: Arc<dyn ComplexToReal<f64>>,
    /// `[len / 2 + 1]`, the input; destroyed by [`Inverse::run`]
    pub(super) spectrum: Vec<Complex64>,
    /// `[len]`
    pub(super) time: Vec<f64>,
    scratch: Vec<Complex64>,
}

impl Inverse {
    pub(super) fn new(len: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_inverse(len);
        let (spectrum, time, scratch) = (plan.make_input_vec(), plan.make_output_vec(), plan.make_scratch_vec());
        Self { plan, spectrum, time, scratch }
    }

    /// `spectrum`, whose ends must be real, to `time`.
    pub(super) fn run(&mut self) {
        let done = self.plan.process_with_scratch(&mut self.spectrum, &mut self.time, &mut self.scratch);
        debug_assert!(done.is_ok(), "lengths are fixed, both ends real");
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forward({})", self.time.len())
    }
}

impl fmt::Debug for Inverse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inverse({})", self.time.len())
    }
}
