//! One entity per table of this service.

pub mod answer;
pub mod classification;
pub mod label;
pub mod mark;
pub mod review;
