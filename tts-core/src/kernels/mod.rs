//! Arithmetic on slices: the only place that knows instruction sets, and it knows no word of the model (level 1).
//!
//! Every kernel but [`solve`] is a safe function that takes an [`Isa`] first and asserts the lengths of its slices; none allocates.
//! Matrices of activations are row-major `[time, channels]` ("channels last").
//!
//! | kernel | formula | shapes |
//! |---|---|---|
//! | [`linear`] | `y[t][o] = b[o] + Σ_i x[t][i]·w[o][i]` | x `[T, I]`, w `[O, I]` packed, b `[O]` or empty, y `[T, O]` |
//! | [`linear_strided`] | the same, row t of x starting at `t·stride`: a causal convolution without copies | |
//! | [`depthwise`] | `y[t][c] = b[c] + Σ_j x[t+j][c]·w[j][c]` | x `[T+K-1, C]`, w `[K, C]`, b `[C]` or empty, y `[T, C]` |
//! | [`attend`] | `out_h = Σ_n softmax_n(q_h·k[n]_h / √D)·v[n]_h` | q, out `[T, H·D]`, k, v `[N, H·D]` in two runs |
//! | [`to_halves`] [`from_halves`] | f32 to binary16 and back | equal lengths |
//! | [`layer_norm`] | `(x - mean) / √(var + ε) · weight + bias` | x, y `[T, C]`, weight, bias `[C]` or empty |
//! | [`softmax`] | `exp(x - max) / Σ exp(x - max)` | one row, in place |
//! | [`exp`] [`ln`] [`tanh`] [`sigmoid`] [`silu`] [`gelu_tanh`] [`sincos_into`] | elementwise | any length |
//! | [`dot`] [`add`] [`mul`] [`scale`] [`axpy`] [`modulate`] | vectors | equal lengths |
//! | [`solve`] | `A x = b`, A symmetric positive definite, f64 on every instruction set | A `[N, N]`, b `[N]` |
//!
//! # How a kernel is made
//! Its body is one `#[inline(always)]` function over fixed chunks of 16 lanes, generic over a `Simd` token.
//! `dispatch!` instantiates that body once per instruction set inside a `#[target_feature]` function, where the compiler
//! turns the chunks into that set's registers, and picks one by the [`Isa`]. Intrinsics appear only behind the token,
//! where a measurement in docs/SPEED.md shows that they beat the plain body.
//!
//! # Equal bits
//! On one [`Isa`] a kernel's value for a row does not depend on how many rows were given with it or where it lies:
//! every sum runs in the same order in main and remainder tiles. So a stream in chunks of any size equals the batch
//! bit for bit. Different instruction sets differ by rounding (fused or not), within the bounds of each kernel; products of 8-bit
//! weights are sums of integers and have the same bits everywhere.

mod act;
mod attend;
mod depthwise;
mod isa;
mod linear;
mod norm;
mod packed;
mod quantised;
mod simd;
mod slab;
mod solve;
mod trig;
mod vector;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm32;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(test)]
mod oracle;

pub use act::{elu, exp, gelu_tanh, ln, sigmoid, silu, softmax, tanh};
pub use attend::{Past, Rows, attend, attend_scratch, from_halves, to_halves};
pub use depthwise::depthwise;
pub use isa::{Isa, IsaError};
pub use linear::{linear, linear_strided};
pub use norm::layer_norm;
pub use packed::{PackedMatrix, Storage};
pub(crate) use simd::LANES;
pub(crate) use slab::{SharedBytes, Slab};
pub use solve::solve;
pub use trig::sincos_into;
pub use vector::{add, axpy, dot, modulate, mul, scale};

/// `instance!(name, "features", Token, body(argument: type, ..) -> type)`: a function that is `body(token, argument, ..)` compiled for
/// the features, which are what the token stands for.
macro_rules! instance {
    ($name:ident, $features:literal, $token:ty, $body:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {
        #[target_feature(enable = $features)]
        fn $name($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: this function is compiled for, and so only entered with, what the token stands for.
            $body(unsafe { <$token>::assume() }, $($arg),*)
        }
    };
}
use instance;

/// `dispatch!(isa, body(argument: type, ..) -> type)`: runs `body(token, argument, ..)` compiled for `isa`.
macro_rules! dispatch {
    ($isa:expr, $body:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        use $crate::kernels::{instance, x86_64::{Avx2, Avx512, Sse41}};
        #[cfg(target_arch = "x86_64")]
        instance!(sse41, "sse4.1", Sse41, $body($($arg: $ty),*) $(-> $ret)?);
        #[cfg(target_arch = "x86_64")]
        instance!(avx2, "avx2,fma,f16c", Avx2, $body($($arg: $ty),*) $(-> $ret)?);
        #[cfg(target_arch = "x86_64")]
        instance!(avx512, "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c", Avx512, $body($($arg: $ty),*) $(-> $ret)?);
        match $isa.level() {
            $crate::kernels::isa::Level::Portable => $body($crate::kernels::simd::Portable, $($arg),*),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this level exists only where detection saw sse4.1.
            $crate::kernels::isa::Level::Sse41 => unsafe { sse41($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of these levels exists only where detection saw avx2, fma and f16c.
            $crate::kernels::isa::Level::Avx2 | $crate::kernels::isa::Level::AvxVnni => unsafe { avx2($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of these levels exists only where detection saw avx512 f, bw, vl, dq and all of `Avx2`.
            $crate::kernels::isa::Level::Avx512 | $crate::kernels::isa::Level::Avx512Vnni => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "aarch64")]
            $crate::kernels::isa::Level::Neon => $body($crate::kernels::aarch64::Neon, $($arg),*),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            $crate::kernels::isa::Level::Simd128 => $body($crate::kernels::wasm32::Simd128, $($arg),*),
        }
    }};
}
use dispatch;

/// [`dispatch!`] for a body that multiplies integers: the instructions for just that have instances of their own.
macro_rules! dispatch_integers {
    ($isa:expr, $body:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        use $crate::kernels::{instance, x86_64::{Avx2, Avx512}};
        #[cfg(target_arch = "x86_64")]
        instance!(avxvnni, "avxvnni,avx2,fma,f16c", Avx2<true>, $body($($arg: $ty),*) $(-> $ret)?);
        #[cfg(target_arch = "x86_64")]
        instance!(
            avx512vnni,
            "avx512vnni,avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c",
            Avx512<true>,
            $body($($arg: $ty),*) $(-> $ret)?
        );
        match $isa.level() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this level exists only where detection saw avxvnni, avx2, fma and f16c.
            $crate::kernels::isa::Level::AvxVnni => unsafe { avxvnni($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this level exists only where detection saw avx512 f, bw, vl, dq, vnni and all of `Avx2`.
            $crate::kernels::isa::Level::Avx512Vnni => unsafe { avx512vnni($($arg),*) },
            _ => $crate::kernels::dispatch!($isa, $body($($arg: $ty),*) $(-> $ret)?),
        }
    }};
}
use dispatch_integers;
