//! Classification: which field a report belongs to, how urgent it is, and whether a person must look.

pub mod domain;
