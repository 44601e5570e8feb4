//! The engine: loaded models, voices bound to them, requests, and streams of sound (level 7).
//!
//! ```text
//! Engine ── voice ──▶ Voice ── speak / open ──▶ AudioStream
//!    └── clone.rs: recordings to a Voice
//!                                    │   feed.rs: text on its way in
//!                                    │   manner.rs: how the clause at hand is spoken
//!                                    │   composer.rs: text to latents
//!                                    │   pipeline.rs: latents from a thread of their own
//!                                    └── stream.rs: latents to sound
//! ```
//!
//! May import: everything below.

mod clone;
mod composer;
#[expect(clippy::module_inception, reason = "the folder is the room, the file its main word")]
mod engine;
mod feed;
mod loaded;
mod manner;
mod pipeline;
mod plan;
mod relative;
mod request;
mod shipped;
mod stats;
mod stream;
mod voice;

pub use clone::Reference;
pub use engine::{Engine, EngineInfo, EngineOptions};
pub use feed::{FeedClosed, TextFeed};
pub use plan::{Plan, PlannedClause, PlannedItem};
pub use request::{Sampling, Settings, SynthesisRequest};
pub use stats::{StreamStats, WordTiming};
pub use stream::{AudioChunk, AudioStream, Poll};
pub use voice::Voice;
