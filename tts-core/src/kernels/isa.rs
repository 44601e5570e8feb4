//! Which instruction set the kernels run on, found out at run time.
//!
//! In: the CPU and the variable `TTS_ISA`. Out: [`Isa`], a token that proves its instructions are there. Standard library only.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__cpuid;
use std::env;
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

use thiserror::Error;

/// Instruction set chosen at run time. The field is private and only detection fills it, so whoever holds an `Isa` may
/// run its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(Level);

/// The levels this architecture can have, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Level {
    /// What every CPU of the target has (SSE2 on x86-64, NEON without fused arithmetic on aarch64, what the module was
    /// compiled for on wasm32).
    Portable,
    /// SSE4.1: every x86-64 CPU since 2011, and most since 2008.
    #[cfg(target_arch = "x86_64")]
    Sse41,
    /// AVX2, FMA and F16C: Intel since Haswell (2013), AMD since Zen.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-VNNI beside all of `Avx2`: Intel since Alder Lake (2021), AMD since Zen 5.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// AVX-512 F, BW, VL and DQ beside all of `Avx2`: Intel server since Skylake, AMD since Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX512-VNNI beside all of `Avx512`: Intel server since Cascade Lake (2019), AMD since Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// NEON with fused multiply-add and half conversion: every aarch64 CPU.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// WebAssembly's vectors of 128 bits. A module cannot ask for them, so they are chosen when it is compiled.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

/// Every name that `TTS_ISA` knows, on whatever architecture.
const NAMES: [&str; 8] = ["portable", "sse4.1", "avx2", "avxvnni", "avx512", "avx512vnni", "neon", "simd128"];

/// Why an instruction set asked for by name was not given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IsaError {
    /// No level has this name.
    #[error("unknown instruction set {name:?}: expected one of {}", NAMES.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The level exists, this CPU (or this build's architecture) lacks it.
    #[error("this CPU has no {name}: it has {available}; choose one of these or unset TTS_ISA")]
    Absent {
        /// What was asked for.
        name: String,
        /// Names of the levels present, best last.
        available: String,
    },
}

impl Isa {
    /// The best level this CPU has.
    #[must_use]
    pub fn detect() -> Self {
        Self::available().last().copied().unwrap_or(Self::portable())
    }

    /// Every level this CPU has, worst first; the first is always [`Isa::portable`], the last [`Isa::detect`].
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut levels = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("sse4.1") {
            levels.push(Level::Sse41);
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c") {
            levels.push(Level::Avx2);
            if is_x86_feature_detected!("avxvnni") {
                levels.push(Level::AvxVnni);
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
            {
                levels.push(Level::Avx512);
                if is_x86_feature_detected!("avx512vnni") {
                    levels.push(Level::Avx512Vnni);
                }
            }
        }
        #[cfg(target_arch = "aarch64")]
        levels.push(Level::Neon);
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        levels.push(Level::Simd128);
        levels.into_iter().map(Self).collect()
    }

    /// The level that runs everywhere.
    #[must_use]
    pub fn portable() -> Self {
        Self(Level::Portable)
    }

    /// The level of this name: see [`Isa::name`].
    ///
    /// # Errors
    /// [`IsaError::Unknown`] if no level is called so, [`IsaError::Absent`] if this CPU lacks it.
    pub fn named(name: &str) -> Result<Self, IsaError> {
        let available = Self::available();
        if let Some(isa) = available.iter().find(|isa| isa.name() == name) {
            return Ok(*isa);
        }
        if !NAMES.contains(&name) {
            return Err(IsaError::Unknown { name: name.into() });
        }
        let names: Vec<_> = available.iter().map(|isa| isa.name()).collect();
        Err(IsaError::Absent { name: name.into(), available: names.join(", ") })
    }

    /// The level that the environment variable `TTS_ISA` names, or the best one where it is unset or empty.
    ///
    /// # Errors
    /// As [`Isa::named`]; a value that is not UTF-8 is unknown.
    pub fn from_env() -> Result<Self, IsaError> {
        match env::var_os("TTS_ISA") {
            Some(name) if !name.is_empty() => Self::named(&name.to_string_lossy()),
            _ => Ok(Self::detect()),
        }
    }

    /// `portable`, `sse4.1`, `avx2`, `avxvnni`, `avx512`, `avx512vnni`, `neon` or `simd128`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Sse41 => "sse4.1",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::AvxVnni => "avxvnni",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Vnni => "avx512vnni",
            #[cfg(target_arch = "aarch64")]
            Level::Neon => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => "simd128",
        }
    }

    /// The set for products of a few rows of floats. Zen 4 adds and converts registers of 512 bits in two halves, and is faster with
    /// registers half as wide, if that is a set too (54 against 85 GFLOP/s of binary16 from the cache); Zen 5 and Intel's are slower
    /// (117 against 71). Results keep their bits, since lanes never mix.
    pub(super) fn for_few_rows(self) -> Self {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx512Vnni if *HALVED => Self(Level::Avx2),
            level => Self(level),
        }
    }

    /// For `dispatch!`.
    pub(super) fn level(self) -> Level {
        self.0
    }
}

/// Whether this CPU is of AMD's family 19h: those of it that have AVX-512 (Zen 4) have it 256 bits at a time.
#[cfg(target_arch = "x86_64")]
static HALVED: LazyLock<bool> = LazyLock::new(|| {
    let vendor = __cpuid(0);
    // family, and what is added to it where it is 15: AMD64 Architecture Programmer's Manual 3, CPUID Fn0000_0001_EAX
    let version = __cpuid(1).eax;
    let family = (version >> 8 & 0xf) + (version >> 20 & 0xff);
    [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"AuthenticAMD" && family == 0x19
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_comes_first_and_the_best_last() {
        let all = Isa::available();
        assert_eq!(all.first(), Some(&Isa::portable()));
        assert_eq!(all.last(), Some(&Isa::detect()));
        for isa in all {
            assert_eq!(Isa::named(isa.name()), Ok(isa));
        }
    }

    #[test]
    fn absent_and_unknown_levels_are_errors_that_say_what_to_do() {
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        let absent = Isa::named(foreign).unwrap_err();
        assert!(matches!(absent, IsaError::Absent { .. }));
        assert!(absent.to_string().contains("it has portable"), "{absent}");
        assert_eq!(Isa::named("sse9"), Err(IsaError::Unknown { name: "sse9".into() }));
    }

    /// `TTS_REQUIRE_ISA=avx512,avx2` makes a machine that lacks a level fail here, so that CI cannot skip it unseen.
    #[test]
    fn levels_the_environment_requires_are_present() {
        for name in env::var("TTS_REQUIRE_ISA").unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
            Isa::named(name.trim()).unwrap();
        }
    }
}
