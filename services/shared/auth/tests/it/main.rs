//! Tokens from the outside: what is accepted, and that nothing else is.

mod development;
mod tokens;
