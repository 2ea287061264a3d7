//! The tables of this service, one file each. What they mean stands in the README.

pub mod assignment;
pub mod case;
pub mod clock;
