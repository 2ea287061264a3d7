//! Proposes a classification of a text, without any effect.

use contract::classification::v1::Suggestion;
use vocabulary::Problem;

use super::Desk;

/// What the machine makes of a text that a caller is writing.
pub fn classify_text(desk: &Desk, text: &str) -> Result<Suggestion, Problem> {
    let maximum = desk.province.policies.text.maximum_code_points;
    if text.trim().is_empty() {
        return Err(Problem::invalid(
            "text",
            "TEXT_EMPTY",
            "must say something",
            "Xin nhập nội dung phản ánh.",
        ));
    }
    if text.chars().nth(maximum).is_some() {
        return Err(Problem::invalid(
            "text",
            "TEXT_TOO_LONG",
            format!("must be at most {maximum} code points"),
            "Nội dung quá dài.",
        ));
    }
    Ok(desk.machine.read(text).suggestion)
}
