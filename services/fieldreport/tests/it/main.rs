//! The binary as operators and power cuts treat it.

mod crash;
mod logs;
mod process;
mod start;
mod stop;
