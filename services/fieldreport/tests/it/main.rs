//! The binary as operators and power cuts treat it.

mod crash;
mod logs;
mod models;
mod owner;
mod parked;
mod process;
mod ready;
mod reconcile;
mod start;
mod stop;
