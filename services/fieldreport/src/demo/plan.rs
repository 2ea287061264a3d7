//! What people decide at each turn of a report: pure, from the cast and what the system really did.

use super::cast::{Handling, Part, Reply, TriageAction};

/// Words of an agency that got what is another's.
const NOT_OURS: &str = "Nội dung không thuộc thẩm quyền của đơn vị, đề nghị trung tâm điều phối chuyển lại.";

/// A coordinator's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// The proposal is right.
    Confirm,
    /// Another leaf is right.
    ChangeLeaf(String),
    /// Out of scope.
    Return {
        /// The leaf.
        leaf: String,
        /// Words for the citizen.
        note: String,
    },
    /// Not taken.
    Reject {
        /// Words for the citizen.
        note: String,
    },
}

/// What an agency does with what it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Nothing: the citizen takes the report back first.
    Withdrawn,
    /// Nothing yet.
    LeaveOpen,
    /// Hands back.
    HandBack {
        /// Why.
        reason: String,
    },
    /// Answers.
    Answer {
        /// With what.
        reply: Reply,
        /// Days until the promised date.
        promised_days: Option<u32>,
        /// Question to the citizen before, and the citizen's answer.
        asked: Option<(String, String)>,
    },
}

/// The leaf under which the report belongs, as the people in it know by now.
pub fn right_leaf(part: &Part, hand_backs: u32) -> &str {
    match &part.handling {
        Some(Handling::HandBack { hand_back_leaf, .. }) if hand_backs > 0 => hand_back_leaf,
        _ => &part.triage.leaf,
    }
}

/// What a coordinator decides about a proposal.
pub fn rule(part: &Part, hand_backs: u32, proposed_leaf: &str) -> Ruling {
    let note = part.triage.note.clone();
    match part.triage.action {
        TriageAction::Return => Ruling::Return { leaf: part.triage.leaf.clone(), note },
        TriageAction::Reject => Ruling::Reject { note },
        TriageAction::Confirm | TriageAction::ChangeField => {
            let leaf = right_leaf(part, hand_backs);
            if proposed_leaf == leaf { Ruling::Confirm } else { Ruling::ChangeLeaf(leaf.to_owned()) }
        }
    }
}

/// An assignment as its agency sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The agency.
    pub agency: &'a str,
    /// The agency that is competent for the right leaf at this place; empty if a person must find it.
    pub competent: &'a str,
    /// From 1; more after a reopening.
    pub round: i32,
    /// How often the report was handed back before.
    pub hand_backs: u32,
}

/// What the agency does.
pub fn work(part: &Part, seen: Seen<'_>) -> Work {
    if part.withdraw {
        return Work::Withdrawn;
    }
    let misrouted = !seen.competent.is_empty() && seen.competent != seen.agency;
    match &part.handling {
        None if seen.hand_backs == 0 => Work::HandBack { reason: NOT_OURS.to_owned() },
        None | Some(Handling::LeaveOpen) => Work::LeaveOpen,
        Some(Handling::HandBack { hand_back_reason, .. }) if seen.hand_backs == 0 => {
            Work::HandBack { reason: hand_back_reason.clone() }
        }
        // Once only: two agencies that send each other the same report help nobody.
        Some(_) if misrouted && seen.hand_backs == 0 => Work::HandBack { reason: NOT_OURS.to_owned() },
        Some(handling) => answer(handling, seen.round),
    }
}

fn answer(handling: &Handling, round: i32) -> Work {
    let (reply, promised_days, asked) = match handling {
        Handling::Resolve { reply, reopen_reply: Some(again) } if round > 1 => {
            (Reply { reply: again.clone(), ..reply.clone() }, None, None)
        }
        Handling::Resolve { reply, .. } | Handling::HandBack { reply, .. } => (reply.clone(), None, None),
        Handling::Defer { reply, promised_days } => (reply.clone(), Some(*promised_days), None),
        Handling::Ask { question, answer, reply } => {
            let asked = (round == 1).then(|| (question.clone(), answer.clone()));
            (reply.clone(), None, asked)
        }
        Handling::LeaveOpen => return Work::LeaveOpen,
    };
    Work::Answer { reply, promised_days, asked }
}

#[cfg(test)]
mod tests {
    use super::super::cast::tests::{cast, part};
    use super::*;

    fn seen(agency: &'static str, competent: &'static str, round: i32, hand_backs: u32) -> Seen<'static> {
        Seen { agency, competent, round, hand_backs }
    }

    #[test]
    fn a_coordinator_confirms_changes_or_returns() {
        assert_eq!(rule(&part(1), 0, "electricity_lighting.street_light"), Ruling::Confirm);
        let changed = Ruling::ChangeLeaf("electricity_lighting.street_light".to_owned());
        assert_eq!(rule(&part(1), 0, "electricity_lighting.grid"), changed);
        let Ruling::Return { leaf, note } = rule(&part(16), 0, "infrastructure.road") else { panic!() };
        assert_eq!(leaf, "out_of_scope.administrative_procedure");
        assert!(!note.is_empty());
    }

    #[test]
    fn what_comes_back_goes_on_under_the_second_leaf() {
        let returned = Ruling::ChangeLeaf("infrastructure.telecom".to_owned());
        assert_eq!(rule(&part(17), 1, "electricity_lighting.grid"), returned);
        assert!(matches!(work(&part(17), seen("a", "a", 1, 0)), Work::HandBack { .. }));
        assert!(matches!(work(&part(17), seen("b", "b", 1, 1)), Work::Answer { .. }));
    }

    #[test]
    fn the_wrong_agency_hands_back_once() {
        assert!(matches!(work(&part(1), seen("a", "b", 1, 0)), Work::HandBack { .. }));
        assert!(matches!(work(&part(1), seen("a", "b", 1, 1)), Work::Answer { .. }));
        assert!(matches!(work(&part(16), seen("a", "", 1, 0)), Work::HandBack { .. }));
        assert_eq!(work(&part(16), seen("a", "", 1, 1)), Work::LeaveOpen);
    }

    #[test]
    fn the_second_round_has_its_own_reply() {
        let reply = |round| match work(&part(6), seen("a", "a", round, 0)) {
            Work::Answer { reply, .. } => reply.reply,
            other => panic!("{other:?}"),
        };
        assert_ne!(reply(1), reply(2));
        assert!(matches!(work(&part(25), seen("a", "a", 1, 0)), Work::Answer { asked: Some(_), .. }));
        assert!(matches!(
            work(&part(15), seen("a", "a", 1, 0)),
            Work::Answer { promised_days: Some(45), .. }
        ));
        assert_eq!(work(&part(34), seen("a", "a", 1, 0)), Work::Withdrawn);
        assert_eq!(work(&part(27), seen("a", "a", 1, 0)), Work::LeaveOpen);
    }

    #[test]
    fn nobody_waits_for_ever_whatever_the_machine_proposes() {
        for part in cast() {
            let last = work(&part, seen("a", "b", 1, 1));
            assert!(!matches!(last, Work::HandBack { .. }), "{}", part.id);
        }
    }
}
