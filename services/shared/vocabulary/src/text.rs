//! Texts that people write: what is taken, what is refused, and in which form it is kept.

use crate::Problem;
use unicode_normalization::UnicodeNormalization as _;

/// A text as it is kept: NFC, trimmed, 1 to the policy's number of code points, no control characters but line breaks
/// and tabs, no invisible direction marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Checks and normalises what stands in `field` of a request and has to be there.
    pub fn parse(field: &str, raw: &str, maximum_code_points: usize) -> Result<Self, Problem> {
        Self::parse_optional(field, raw, maximum_code_points)?.ok_or_else(|| {
            Problem::invalid(
                field,
                "TEXT_EMPTY",
                "is empty; say in a few words what is wrong and where",
                "Xin cho biết vài lời về sự việc và nơi xảy ra.",
            )
        })
    }

    /// Checks and normalises what stands in `field` of a request; none when nothing legible does.
    pub fn parse_optional(
        field: &str,
        raw: &str,
        maximum_code_points: usize,
    ) -> Result<Option<Self>, Problem> {
        // A cap before the work: no normalisation shrinks a text to less than a quarter of its code points.
        if raw.len() > maximum_code_points * 16 {
            return Err(too_long(field, maximum_code_points));
        }
        if let Some(bad) = raw.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Problem::invalid(
                field,
                "TEXT_UNREADABLE",
                format!(
                    "holds the control character U+{:04X}; only line breaks and tabs are allowed",
                    bad as u32
                ),
                "Nội dung có ký tự điều khiển không hợp lệ.",
            ));
        }
        // Invisible characters go first: one between a letter and its mark would keep the two from being composed.
        let normal: String = raw.chars().filter(|c| !is_invisible(*c)).nfc().collect();
        let text = normal.trim();
        if text.chars().count() > maximum_code_points {
            return Err(too_long(field, maximum_code_points));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The kept form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// Zero-width and direction marks: they make two texts that look alike differ, or show letters in another order.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

fn too_long(field: &str, maximum: usize) -> Problem {
    Problem::invalid(
        field,
        "TEXT_TOO_LONG",
        format!("is longer than {maximum} code points"),
        &format!("Nội dung dài quá {maximum} ký tự."),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INVISIBLE: &str = "\u{200B}\u{200D}\u{202E}\u{2066}\u{FEFF}";

    fn reason(raw: &str) -> Option<&'static str> {
        Text::parse("report.text", raw, 4_000).err().map(|problem| problem.reason)
    }

    #[test]
    fn bad_texts_have_exact_reasons() {
        assert_eq!(reason(""), Some("TEXT_EMPTY"));
        assert_eq!(reason(" \n\t "), Some("TEXT_EMPTY"));
        assert_eq!(reason(INVISIBLE), Some("TEXT_EMPTY"));
        assert_eq!(reason(&"a".repeat(100_000)), Some("TEXT_TOO_LONG"));
        assert_eq!(reason(&"ộ".repeat(4_001)), Some("TEXT_TOO_LONG"));
        assert_eq!(reason("cầu \0 gãy"), Some("TEXT_UNREADABLE"));
        assert_eq!(reason("cầu \u{1b}[31m gãy"), Some("TEXT_UNREADABLE"));
        assert_eq!(reason(&"ộ".repeat(4_000)), None);
    }

    #[test]
    fn decomposed_and_composed_texts_are_kept_alike() {
        let composed = Text::parse("text", "Cầu bị gãy", 100).unwrap();
        let decomposed: String = "Cầu bị gãy".nfd().collect();
        assert_ne!(decomposed, composed.as_str());
        assert_eq!(Text::parse("text", &decomposed, 100).unwrap(), composed);
    }

    #[test]
    fn what_may_be_left_out_is_none_when_nothing_legible_is_there() {
        for nothing in ["", " \n", INVISIBLE] {
            assert_eq!(Text::parse_optional("note", nothing, 10), Ok(None));
        }
        let kept = Text::parse_optional("note", " đảo ", 4).unwrap().map(String::from);
        assert_eq!(kept.as_deref(), Some("đảo"));
        let refused = |raw: &str| Text::parse_optional("note", raw, 4).map_err(|problem| problem.reason);
        assert_eq!(refused("dài quá"), Err("TEXT_TOO_LONG"));
        assert_eq!(refused("\0"), Err("TEXT_UNREADABLE"));
    }

    #[test]
    fn a_letter_and_its_mark_are_composed_across_what_is_invisible() {
        assert_eq!(Text::parse("text", "e\u{200B}\u{302}", 100).unwrap().as_str(), "ê");
    }

    #[test]
    fn a_text_cannot_be_shown_backwards() {
        assert_eq!(Text::parse("text", "a\u{202E}b", 100).unwrap().as_str(), "ab");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_kept_the_same_again(raw in "([aeo \u{300}-\u{303}\u{323}\u{200B}-\u{200F}\u{202E}]|\\PC){0,200}") {
            if let Ok(text) = Text::parse("text", &raw, 4_000) {
                prop_assert_eq!(Text::parse("text", text.as_str(), 4_000).unwrap(), text);
            }
        }
    }
}
