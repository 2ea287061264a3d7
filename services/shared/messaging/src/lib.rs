//! Events between services: written in the transaction of their cause, delivered at least once, effective exactly once.
//!
//! ```text
//! use case ─▶ Work::publish ─▶ outbox rows ─▶ relay ─▶ Bus::publish ─▶ queue per service ─▶ consumer ─▶ inbox + effect
//!             (one transaction)               (durable = confirmed)                        (one transaction)
//! ```
//! There is no other way to send an event: `Work` commits state and outbox together, the relay counts a row as sent only
//! after the bus has made it durable, and a consumer records the event's id in the transaction of its effect. What fails,
//! and what somebody held when they died, is owed another attempt in the consumer's own database (`retries`), and parked
//! there after five. The databases are the lists of work, the bus only carries: whatever it loses can be sent again.

mod backoff;
mod bus;
mod consumer;
mod envelope;
mod inbox;
pub mod migration;
mod outbox;
mod pace;
mod relay;
mod retries;
mod retrying;

pub use bus::{Bus, BusError, Chaos, RabbitConfig, Subscription, Trouble};
pub use consumer::{Handler, Outcome, RetryPolicy, consume};
pub use envelope::{Attributes, BODY_LIMIT, DecodeError, Envelope, Unreadable};
pub use outbox::{Outbox, Selection, Told, Work};
pub use pace::pace;
pub use relay::relay;
pub use retries::Parked;
