//! The engine: loaded models, voices bound to them, requests, and streams of sound (level 7).
//!
//! ```text
//! Engine ── voice ──▶ Voice ── speak / open ──▶ AudioStream
//!    └── clone.rs: recordings to a Voice
//!                                    │   feed.rs: text on its way in
//!                                    │   clauses.rs: clauses as it arrives; chunks.rs: what is said in one breath
//!                                    │   manner.rs: how the clause at hand is spoken
//!                                    │   composer.rs: text to latents, of one family or the other
//!                                    │   pipeline.rs: latents from a thread of their own
//!                                    ├── stream.rs: latents to sound, by sounding.rs and output.rs
//!                                    └── batch.rs: many streams together; team.rs steps them, hands.rs are its threads
//! ```
//!
//! May import: everything below.

mod batch;
mod chunks;
mod clauses;
mod clock;
mod clone;
mod composer;
mod convert;
#[expect(clippy::module_inception, reason = "the folder is the room, the file its main word")]
mod engine;
mod feed;
mod hands;
mod level;
mod loaded;
mod manner;
mod native_composer;
mod open;
mod output;
mod pipeline;
mod plan;
mod pocket_composer;
mod pocket_gathering;
mod relative;
mod request;
mod shipped;
mod sounding;
mod stats;
mod stream;
mod team;
mod voice;

pub use batch::{Batch, BatchStream, Stepped, StreamId};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use clock::set_clock;
pub use clone::Reference;
pub use composer::Misspoken;
pub use engine::{Engine, EngineInfo, EngineOptions, Family};
pub use feed::{FeedClosed, TextFeed};
pub use open::Locate;
pub use plan::{Plan, PlannedClause, PlannedItem};
pub use request::{Checked, Reading, Sampling, Seams, Settings, SynthesisRequest};
pub use stats::{StreamStats, WordTiming};
pub use stream::{AudioChunk, AudioStream, Poll};
pub use voice::Voice;
