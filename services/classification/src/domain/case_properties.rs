//! Every order of a report's facts ends in the same case, and every decision in what the contract promises.

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

#[derive(Debug, Clone)]
enum Fact {
    Submitted,
    Objected(i64, Objection),
    Withdrawn,
}

fn tell(case: &mut Case, fact: &Fact, doubts: &BTreeSet<ReviewReason>, number: u128) -> Vec<Announcement> {
    opening(number, |opening| match fact.clone() {
        Fact::Submitted => case.submit(Reading { proposal: road(), doubts: doubts.clone() }, opening),
        Fact::Objected(sequence, objection) => {
            case.object(sequence, objection, opening).into_iter().collect()
        }
        Fact::Withdrawn => {
            case.withdraw();
            Vec::new()
        }
    })
}

/// What anybody can see of a case at its end: ids and times of opening are of no account.
fn visible(case: &Case) -> impl PartialEq + std::fmt::Debug + use<> {
    let review = case.review.clone().filter(|review| review.state == ReviewState::Open);
    (
        case.classified.clone().map(|classified| classified.assessment),
        case.marks.clone(),
        review.map(|review| (review.proposal, review.reasons, review.note, review.due_time)),
    )
}

fn any_objection() -> impl Strategy<Value = Objection> {
    select(vec![
        Objection::HandedBack("không phải của xã".to_owned()),
        Objection::OutsideProvince,
        Objection::NoMatrixRow,
    ])
}

fn any_doubts() -> impl Strategy<Value = BTreeSet<ReviewReason>> {
    let machine = ReviewReason::ALL.iter().copied().filter(|reason| *reason < ReviewReason::HandedBack);
    btree_set(select(machine.collect::<Vec<_>>()), 0..3)
}

fn any_proposal() -> impl Strategy<Value = Assessment> {
    let leaves = vec!["infrastructure.road", "out_of_scope.other", "out_of_scope.denunciation"];
    (select(leaves), select(ACCESSES)).prop_map(|(leaf, access)| assessment(leaf, access))
}

fn any_decision() -> impl Strategy<Value = Decision> {
    let of = || Original {
        report: ReportId(Uuid::from_u128(77)),
        assessment: assessment("security.noise", Access::Ordinary),
    };
    prop_oneof![
        Just(Decision::Confirm),
        select(ACCESSES).prop_map(|access| Decision::ChangeLeaf {
            leaf: rule("security.noise", Scope::In, access),
            urgency: None
        }),
        select(ACCESSES).prop_map(|access| Decision::Return {
            leaf: rule("out_of_scope.complaint", Scope::Out, access),
            words: Words::default()
        }),
        Just(Decision::Reject { words: Words::default() }),
        Just(Decision::AskReporter { question: "ở đâu?".to_owned() }),
        prop::option::of(select(ACCESSES)).prop_map(|access| Decision::MarkEmergency {
            leaf: access.map(|access| rule("security.fire_rescue", Scope::In, access))
        }),
        Just(Decision::MarkDuplicate { of: of() }),
    ]
}

fn any_history() -> impl Strategy<Value = Vec<Fact>> {
    let objections = prop::collection::vec(any_objection(), 0..4);
    (objections, any::<bool>()).prop_map(|(objections, withdrawn)| {
        let numbered = (1..).zip(objections).map(|(sequence, objection)| Fact::Objected(sequence, objection));
        let last = withdrawn.then_some(Fact::Withdrawn);
        std::iter::once(Fact::Submitted).chain(numbered).chain(last).collect()
    })
}

proptest! {
    #[test]
    fn every_order_and_repetition_ends_in_the_same_case(
        history in any_history(),
        doubts in any_doubts(),
        twins in prop::collection::vec(any::<Index>(), 0..4),
        order in prop::collection::vec(any::<u64>(), 16),
    ) {
        let mut straight = new_case();
        for (number, fact) in (1..).zip(&history) {
            tell(&mut straight, fact, &doubts, number);
        }
        let mut shuffled: Vec<&Fact> = history.iter().chain(twins.iter().map(|twin| twin.get(&history))).collect();
        let mut keys = order.iter().cycle();
        shuffled.sort_by_cached_key(|_| keys.next());
        let mut crooked = new_case();
        for (number, fact) in (1..).zip(shuffled) {
            tell(&mut crooked, fact, &doubts, number);
        }
        prop_assert_eq!(visible(&straight), visible(&crooked));
    }

    #[test]
    fn nothing_that_is_withdrawn_waits_for_a_person(history in any_history(), doubts in any_doubts(), at: Index) {
        let mut case = new_case();
        let at = at.index(history.len() + 1);
        for (number, fact) in (1..).zip(&history) {
            if number == at + 1 {
                case.withdraw();
            }
            let told = tell(&mut case, fact, &doubts, number as u128);
            prop_assert!(!case.marks.withdrawn || told.is_empty());
        }
        case.withdraw();
        prop_assert!(case.review.is_none_or(|review| !review.state.is_live()));
    }

    #[test]
    fn a_withdrawal_stops_whatever_was_waited_for(decision in any_decision(), proposal in any_proposal()) {
        let mut case = reviewed(proposal);
        let mut circumstances = at_version(1);
        circumstances.undo = MINUTE;
        let decided = case.decide(decision, circumstances);
        let before = case.classified.clone();
        case.withdraw();
        prop_assert_eq!(case.wake(NOW + 1_000 * MINUTE), None);
        if decided.is_ok_and(|told| told.is_none()) {
            prop_assert_eq!(case.classified, before, "a decision that was never told never came into force");
        }
    }

    #[test]
    fn decisions_never_contradict_themselves_nor_show_a_secret(
        proposal in any_proposal(),
        decision in any_decision(),
        own in select(ACCESSES),
    ) {
        let (before, mut case) = (proposal.clone(), reviewed(proposal));
        let kind = decision.kind();
        let demanded = match &decision {
            Decision::ChangeLeaf { leaf, .. } => leaf.access,
            Decision::MarkDuplicate { of } => of.assessment.access,
            Decision::MarkEmergency { leaf } => {
                before.access.max(leaf.as_ref().map_or(Access::Ordinary, |leaf| leaf.access))
            }
            Decision::Confirm | Decision::Return { .. } | Decision::Reject { .. } | Decision::AskReporter { .. } => own,
        };
        let told = case.decide(decision, Circumstances { own, ..at_version(1) });
        if kind == DecisionKind::AskReporter {
            prop_assert_eq!(told, Ok(Some(Announcement::InfoRequested)));
            prop_assert_eq!(case.classified.unwrap().assessment, before, "nothing is decided yet");
            return Ok(());
        }
        if told == Err(Refusal::LeafMissing) {
            prop_assert_eq!((kind, before.scope), (DecisionKind::MarkEmergency, Scope::Out));
            return Ok(());
        }
        let Ok(Some(Announcement::Classified { ruling, again: false, contested: false })) = told else {
            return Err(TestCaseError::fail(format!("{told:?}")));
        };
        let assessment = ruling.assessment;
        match ruling.disposition {
            Disposition::Route => {
                prop_assert_eq!((assessment.scope, assessment.access), (Scope::In, demanded));
            }
            Disposition::Return => {
                prop_assert_eq!(assessment.scope, Scope::Out);
                prop_assert!(assessment.access >= before.access);
            }
            Disposition::Reject => prop_assert_eq!(assessment.access, before.access),
        }
        prop_assert!(assessment.by_person);
        prop_assert!(kind != DecisionKind::MarkEmergency || assessment.urgency == Urgency::Emergency);
    }

    #[test]
    fn a_decision_that_is_taken_back_leaves_no_trace(proposal in any_proposal(), decision in any_decision()) {
        let mut case = reviewed(proposal);
        let before = case.clone();
        let told = case.decide(decision, Circumstances { undo: MINUTE, ..at_version(1) });
        prop_assume!(told == Ok(None));
        prop_assert_eq!(state(&case), ReviewState::Pending);
        prop_assert_eq!(&case.classified, &before.classified, "nothing is in force before it is told");
        let review = case.review.as_mut().unwrap();
        prop_assert_eq!(review.undo(MINH, NOW), Err(Refusal::NotYours));
        prop_assert_eq!(review.undo(LAN, NOW + MINUTE), Err(Refusal::UndoExpired));
        prop_assert_eq!(review.undo(LAN, NOW + MINUTE / 2), Ok(()));
        let mut again = case.clone();
        again.review.as_mut().unwrap().version = 1;
        prop_assert_eq!(again, before);
        prop_assert_eq!(case.wake(NOW + 2 * MINUTE), None);
    }

    #[test]
    fn a_decision_in_a_window_comes_to_the_same_as_one_without(proposal in any_proposal(), decision in any_decision()) {
        let (mut at_once, mut later) = (reviewed(proposal.clone()), reviewed(proposal));
        let expected = at_once.decide(decision.clone(), at_version(1));
        let told = later.decide(decision, Circumstances { undo: MINUTE, ..at_version(1) });
        if told == Ok(None) {
            prop_assert_eq!(later.wake(NOW + MINUTE / 2), None, "too early");
            prop_assert_eq!(later.wake(NOW + MINUTE), expected.unwrap());
            prop_assert_eq!(later.review.as_mut().unwrap().undo(LAN, NOW + MINUTE), Err(Refusal::UndoExpired));
        } else {
            prop_assert_eq!(told, expected, "questions and danger to life do not wait");
        }
        prop_assert_eq!(&at_once.classified, &later.classified);
        prop_assert_eq!(later.wake(NOW + 2 * MINUTE), None, "once");
    }

    #[test]
    fn a_doubt_always_reaches_a_person_and_never_an_agency(doubts in any_doubts()) {
        let mut case = new_case();
        let read = Reading { proposal: road(), doubts: doubts.clone() };
        let told = opening(1, |opening| case.submit(read, opening));
        let routed = matches!(
            &told[..],
            [Announcement::Classified { ruling: Ruling { disposition: Disposition::Route, .. }, again: false, .. }]
        );
        prop_assert_eq!(routed, doubts.is_empty());
        prop_assert_eq!(case.review.is_some(), !doubts.is_empty());
    }

    #[test]
    fn an_answer_never_makes_a_report_more_visible_nor_less_dangerous(
        known in any_proposal(),
        read in any_proposal(),
        asked: bool,
        doubts in any_doubts(),
    ) {
        let mut case = reviewed(known.clone());
        if asked {
            decide(&mut case, Decision::AskReporter { question: "ở đâu?".to_owned() }).unwrap();
        } else {
            decide(&mut case, Decision::Reject { words: note("x") }).unwrap();
        }
        let heard = Reading { proposal: read.clone(), doubts };
        let told = opening(3, |opening| case.hear_answer(heard, opening));
        prop_assert_eq!(told.is_some(), asked || read.access > known.access);
        if told.is_some() {
            let review = case.review.unwrap();
            prop_assert_eq!(review.state, ReviewState::Open);
            prop_assert!(review.proposal.access >= known.access && review.proposal.access >= read.access);
            prop_assert!(review.reasons.contains(&ReviewReason::InfoProvided));
        }
    }
}
