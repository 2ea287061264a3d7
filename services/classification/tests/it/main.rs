//! The service against real files, a real bus and real gRPC.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod events;
mod learning;
mod pack;
mod queue;
mod requests;
mod rights;
mod similar;
mod start;
mod strange_texts;
mod triage;
mod world;
