//! The time of day's steady part, and whether a thread may wait.
//!
//! The standard library's, but on `wasm32-unknown-unknown`: a module has no clock but what its host gives it
//! ([`set_clock`]), and its only thread waits in vain, since nobody else could bring what it waits for. Standard library only.

/// Whether another thread can act while this one waits.
pub(super) const CAN_WAIT: bool = !cfg!(all(target_family = "wasm", not(target_feature = "atomics")));

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(super) use std::time::Instant;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(super) use of_host::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use of_host::set_clock;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod of_host {
    use std::ops::Add;
    use std::sync::OnceLock;
    use std::time::Duration;

    static CLOCK: OnceLock<fn() -> Duration> = OnceLock::new();

    /// Gives the library a clock: the time since any fixed moment, never going back. The first one given stays; without one, time
    /// stands still and every duration in [`StreamStats`](crate::StreamStats) is zero.
    pub fn set_clock(now: fn() -> Duration) {
        // the first one stays
        let _ = CLOCK.set(now);
    }

    /// As `std::time::Instant`, as far as it is used here.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub(in super::super) struct Instant(Duration);

    impl Instant {
        pub(in super::super) fn now() -> Self {
            Self(CLOCK.get().map_or(Duration::ZERO, |now| now()))
        }

        pub(in super::super) fn elapsed(&self) -> Duration {
            Self::now().saturating_duration_since(*self)
        }

        pub(in super::super) fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
            self.0.checked_sub(earlier.0)
        }

        pub(in super::super) fn saturating_duration_since(&self, earlier: Self) -> Duration {
            self.0.saturating_sub(earlier.0)
        }
    }

    impl Add<Duration> for Instant {
        type Output = Self;

        fn add(self, more: Duration) -> Self {
            Self(self.0.saturating_add(more))
        }
    }
}
