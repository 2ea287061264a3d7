//! What a reporter says about an answer.

use std::collections::BTreeSet;

use vocabulary::{Problem, Text, Verdict};

/// Longest comment, in code points.
const COMMENT_LIMIT: usize = 1_000;

/// Why somebody is not satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Chưa xử lý.
    NotDone,
    /// Xử lý chưa triệt để.
    NotThorough,
    /// Trả lời chung chung.
    GenericAnswer,
    /// Không có hình ảnh minh chứng.
    NoEvidence,
    /// Thái độ.
    Attitude,
    /// Chậm.
    Slow,
}

impl Reason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::NotDone,
        Self::NotThorough,
        Self::GenericAnswer,
        Self::NoEvidence,
        Self::Attitude,
        Self::Slow,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotDone => "not_done",
            Self::NotThorough => "not_thorough",
            Self::GenericAnswer => "generic_answer",
            Self::NoEvidence => "no_evidence",
            Self::Attitude => "attitude",
            Self::Slow => "slow",
        }
    }

    /// The reason a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }
}

/// A verdict with what belongs to it. Reasons stand only beside "không hài lòng".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the matter is settled.
    pub resolved: bool,
    /// Why not satisfied, each once.
    pub reasons: BTreeSet<Reason>,
    /// In words, at most 1,000 code points; may be empty.
    pub comment: String,
}

impl Opinion {
    /// Checks and takes an opinion.
    pub fn parse(
        verdict: Verdict,
        resolved: bool,
        reasons: BTreeSet<Reason>,
        comment: &str,
    ) -> Result<Self, Problem> {
        if verdict != Verdict::Unsatisfied && !reasons.is_empty() {
            return Err(Problem::invalid(
                "reasons",
                "REASON_UNKNOWN",
                "reasons stand only beside the verdict UNSATISFIED",
                "Chỉ chọn lý do khi không hài lòng.",
            ));
        }
        let comment = Text::parse_optional("comment", comment, COMMENT_LIMIT)?;
        let comment = comment.map(String::from).unwrap_or_default();
        Ok(Self { verdict, resolved, reasons, comment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(verdict: Verdict, reasons: &[Reason], comment: &str) -> Result<Opinion, &'static str> {
        Opinion::parse(verdict, true, reasons.iter().copied().collect(), comment)
            .map_err(|problem| problem.reason)
    }

    #[test]
    fn every_word_names_its_reason() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
        assert_eq!(Reason::parse("NOT_DONE"), None);
    }

    #[test]
    fn only_the_unsatisfied_say_why() {
        assert!(parse(Verdict::Unsatisfied, &[Reason::Slow, Reason::Slow], "").is_ok());
        assert_eq!(parse(Verdict::Satisfied, &[Reason::Slow], ""), Err("REASON_UNKNOWN"));
        assert_eq!(parse(Verdict::Acceptable, &[Reason::Slow], ""), Err("REASON_UNKNOWN"));
    }

    #[test]
    fn comments_are_counted_in_composed_code_points() {
        assert!(parse(Verdict::Satisfied, &[], &"ệ".repeat(1_000)).is_ok());
        assert!(parse(Verdict::Satisfied, &[], &"e\u{323}\u{302}".repeat(1_000)).is_ok());
        assert_eq!(parse(Verdict::Satisfied, &[], &"a".repeat(1_001)), Err("TEXT_TOO_LONG"));
        assert_eq!(parse(Verdict::Satisfied, &[], &"a".repeat(1_000_000)), Err("TEXT_TOO_LONG"));
        assert_eq!(parse(Verdict::Satisfied, &[], "t\u{0}ốt\u{1b}[0m"), Err("TEXT_UNREADABLE"));
        let cleaned = parse(Verdict::Satisfied, &[], " t\u{202e}ốt\nlắm ").map(|opinion| opinion.comment);
        assert_eq!(cleaned.as_deref(), Ok("tốt\nlắm"));
    }
}
