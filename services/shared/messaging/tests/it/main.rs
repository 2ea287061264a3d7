//! Outbox, bus and inbox against real database files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod delivery;
mod outbox;
mod work;
mod world;
