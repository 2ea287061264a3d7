//! Events between services: written in the transaction of their cause, delivered at least once, effective exactly once.
//!
//! ```text
//! use case ─▶ Work::publish ─▶ outbox rows ─▶ relay ─▶ Bus::publish ─▶ queue per service ─▶ consumer ─▶ inbox + effect
//!             (one transaction)               (durable = confirmed)                        (one transaction)
//! ```
//! There is no other way to send an event: `Work` commits state and outbox together, the relay removes a row only after
//! the bus has made it durable, and a consumer records the event's id in the transaction of its effect.

mod bus;
mod consumer;
mod envelope;
mod inbox;
pub mod migration;
mod outbox;
mod relay;

pub use bus::{Bus, BusError, Chaos, Parked, Subscription};
pub use consumer::{Handler, Outcome, RetryPolicy, consume};
pub use envelope::{DecodeError, Envelope};
pub use outbox::{Outbox, Work};
pub use relay::relay;
