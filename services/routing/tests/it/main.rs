//! Routing against a real database file and a real bus, called over real gRPC.

mod deadlines;
mod directory;
mod dispatch;
mod journeys;
mod permutations;
mod rights;
mod throughput;
mod world;
