//! The satisfaction service on real files, with a real bus, called over real gRPC.

mod endings;
mod ratings;
mod scores;
mod stories;
mod windows;
mod world;
