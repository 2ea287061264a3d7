//! Outbox, bus and inbox against real database files.

mod delivery;
mod outbox;
mod world;
