//! Intake against real database files, over real gRPC.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod create;
mod meeting;
mod order;
mod reconcile;
mod uploads;
mod world;
