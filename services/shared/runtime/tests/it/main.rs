//! A real server and real clients on loopback: what every RPC of every service gets.

mod calls;
mod connections;
mod health;
mod internal;
mod stopping;
mod world;
