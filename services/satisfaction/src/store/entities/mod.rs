//! One entity per table.

pub mod fact;
pub mod invitation;
pub mod rating;
pub mod withdrawal;
