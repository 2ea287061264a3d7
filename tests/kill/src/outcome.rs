//! What a command ends with: whether all is well, and the figures for programs.

use serde::Serialize;
use serde_json::Value;

/// How it ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether everything holds.
    pub well: bool,
    figures: Value,
}

impl Outcome {
    /// An end with these figures.
    pub fn new(well: bool, figures: &impl Serialize) -> anyhow::Result<Self> {
        Ok(Self { well, figures: serde_json::to_value(figures)? })
    }

    /// Writes the figures to standard output; what people read is on standard error.
    #[expect(clippy::print_stdout, reason = "the figures are this program's output")]
    pub fn print(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string_pretty(&self.figures)?);
        Ok(())
    }
}
