//! Matrix products as a WebAssembly module of their own, for `test/kernels.mjs`: the portable body against the intrinsics, in
//! bits and in time.

use std::cell::RefCell;

use tts_core::kernels::{Isa, PackedMatrix, Storage, linear};

struct Case {
    matrix: PackedMatrix,
    x: Vec<f32>,
    b: Vec<f32>,
    y: Vec<f32>,
}

thread_local! {
    static CASE: RefCell<Option<Case>> = const { RefCell::new(None) };
}

/// Values in -1..1 that repeat late.
fn values(count: usize, mut state: u32) -> Vec<f32> {
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Makes the case of a matrix `[outputs, inputs]`, stored as f32, f16, bf16 or int8 (0 to 3), times `rows` rows.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(storage: usize, outputs: usize, inputs: usize, rows: usize) {
    let storage = [Storage::F32, Storage::F16, Storage::Bf16, Storage::Int8][storage];
    let weights = values(outputs * inputs, 1);
    let matrix = PackedMatrix::pack(outputs, inputs, storage, |o, i| weights[o * inputs + i]);
    let case = Case { matrix, x: values(rows * inputs, 2), b: values(outputs, 3), y: vec![0.0; rows * outputs] };
    CASE.set(Some(case));
}

/// Multiplies so many times, with the portable body (0) or what this module was compiled for (1).
///
/// # Panics
/// If no case was made.
#[unsafe(no_mangle)]
pub extern "C" fn multiply(best: bool, times: usize) {
    let isa = if best { Isa::detect() } else { Isa::portable() };
    CASE.with_borrow_mut(|case| {
        let Case { matrix, x, b, y } = case.as_mut().expect("a case");
        for _ in 0..times {
            linear(isa, y, x, matrix, b);
        }
    });
}

/// How many values of the product differ between both in any bit.
///
/// # Panics
/// If no case was made.
#[unsafe(no_mangle)]
pub extern "C" fn differing() -> usize {
    let product = |best| {
        multiply(best, 1);
        CASE.with_borrow(|case| case.as_ref().expect("a case").y.clone())
    };
    let (portable, best) = (product(false), product(true));
    portable.iter().zip(&best).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
}

/// Whether this module was compiled with intrinsics.
#[unsafe(no_mangle)]
pub extern "C" fn has_simd128() -> bool {
    Isa::detect().name() == "simd128"
}
