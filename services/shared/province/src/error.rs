//! What is wrong with a pack, where, and what to write instead.

use std::fmt;

/// One mistake in a province pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackError {
    /// File name inside the pack.
    pub file: String,
    /// Line, counted from 1; none where the mistake is in no single line.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; write instead: {}", self.problem, self.instead)
    }
}

impl std::error::Error for PackError {}
