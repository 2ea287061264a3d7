//! Proposes a classification of a text, without any effect.

use contract::classification::v1::Suggestion;
use vocabulary::{Problem, Text};

use super::Desk;

/// What the machine makes of a text that a caller is writing.
pub fn classify_text(desk: &Desk, text: &str) -> Result<Suggestion, Problem> {
    let maximum = desk.province.policies.text.maximum_code_points;
    // The places that the suggestion names lie in the text as given, so the kept form is only asked for.
    Text::parse("text", text, maximum)?;
    Ok(desk.machine().read(text).suggestion)
}
