//! One entity per table of this service.
#![expect(clippy::disallowed_methods, reason = "the derive names a begin() that nobody here calls")]

pub mod classification;
pub mod label;
pub mod mark;
pub mod review;
