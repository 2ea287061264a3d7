//! Every order of a report's facts ends in the same case, and every decision in what the contract promises.

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;
use vocabulary::{Access, Urgency};

use super::*;
use crate::domain::rules::LeafRule;

const DUE: Timestamp = Timestamp::from_micros(7_200_000_000);
const NOW: Timestamp = Timestamp::from_micros(1_000_000);

const ACCESSES: &[Access] = &[Access::Ordinary, Access::Restricted, Access::Quarantine];

fn code(code: &str) -> LeafCode {
    code.parse().unwrap()
}

fn assessment(leaf: &str, access: Access) -> Assessment {
    let scope = if leaf.starts_with("out_of_scope") { Scope::Out } else { Scope::In };
    Assessment {
        leaf: code(leaf),
        scope,
        urgency: Urgency::Urgent,
        access,
        confidence: 0.75,
        by_person: false,
    }
}

fn road() -> Assessment {
    assessment("infrastructure.road", Access::Ordinary)
}

fn rule(leaf: &str, scope: Scope, access: Access) -> LeafRule {
    LeafRule { code: code(leaf), scope, access }
}

fn new_case() -> Case {
    Case::new(ReportId(Uuid::from_u128(1)))
}

/// Calls `act` with an opening whose review has the number given.
fn opening<T>(number: u128, act: impl FnOnce(Opening<'_>) -> T) -> T {
    let outside_leaf = code("out_of_scope.other");
    let review = ReviewId(Uuid::from_u128(number));
    act(Opening { review, due_time: DUE, now: NOW, outside_leaf: &outside_leaf })
}

/// A case with an open review of `proposal`.
fn reviewed(proposal: Assessment) -> Case {
    let mut case = new_case();
    let doubts = BTreeSet::from([ReviewReason::LowConfidence]);
    let told = opening(9, |opening| case.submit(proposal, doubts, opening));
    assert_eq!(told, [Announcement::ReviewRequested]);
    case
}

#[derive(Debug, Clone)]
enum Fact {
    Submitted,
    Objected(i64, Objection),
    Withdrawn,
}

fn tell(case: &mut Case, fact: &Fact, doubts: &BTreeSet<ReviewReason>, number: u128) -> Vec<Announcement> {
    opening(number, |opening| match fact.clone() {
        Fact::Submitted => case.submit(road(), doubts.clone(), opening),
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
    let doubts = ReviewReason::ALL.iter().copied().filter(|reason| !by_routing(*reason)).collect::<Vec<_>>();
    btree_set(select(doubts), 0..3)
}

fn any_proposal() -> impl Strategy<Value = Assessment> {
    let leaves = vec!["infrastructure.road", "out_of_scope.other", "out_of_scope.denunciation"];
    (select(leaves), select(ACCESSES)).prop_map(|(leaf, access)| assessment(leaf, access))
}

fn any_decision() -> impl Strategy<Value = Decision> {
    let note = String::new;
    prop_oneof![
        Just(Decision::Confirm),
        select(ACCESSES).prop_map(|access| Decision::ChangeLeaf {
            leaf: rule("security.noise", Scope::In, access),
            urgency: None
        }),
        select(ACCESSES).prop_map(move |access| Decision::Return {
            leaf: rule("out_of_scope.complaint", Scope::Out, access),
            note: note()
        }),
        Just(Decision::Reject { note: note() }),
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
        prop_assert!(case.review.is_none_or(|review| review.state != ReviewState::Open));
    }

    #[test]
    fn decisions_never_contradict_themselves_nor_show_a_secret(
        proposal in any_proposal(),
        decision in any_decision(),
        own in select(ACCESSES),
    ) {
        let (before, mut case) = (proposal.access, reviewed(proposal));
        let demanded = match &decision {
            Decision::ChangeLeaf { leaf, .. } => leaf.access,
            Decision::Confirm | Decision::Return { .. } | Decision::Reject { .. } => own,
        };
        let told = case.decide(decision, 1, own, NOW).unwrap();
        let Announcement::Classified { assessment, disposition, again: false, .. } = told else {
            return Err(TestCaseError::fail(format!("{told:?}")));
        };
        match disposition {
            Disposition::Route => {
                prop_assert_eq!((assessment.scope, assessment.access), (Scope::In, demanded));
            }
            Disposition::Return => {
                prop_assert_eq!(assessment.scope, Scope::Out);
                prop_assert!(assessment.access >= before);
            }
            Disposition::Reject => prop_assert_eq!(assessment.access, before),
        }
        prop_assert!(assessment.by_person);
    }

    #[test]
    fn a_doubt_always_reaches_a_person_and_never_an_agency(doubts in any_doubts()) {
        let mut case = new_case();
        let told = opening(1, |opening| case.submit(road(), doubts.clone(), opening));
        let routed = matches!(
            &told[..],
            [Announcement::Classified { disposition: Disposition::Route, again: false, .. }]
        );
        prop_assert_eq!(routed, doubts.is_empty());
        prop_assert_eq!(case.review.is_some(), !doubts.is_empty());
    }
}

#[test]
fn routing_objects_to_what_is_in_force() {
    let mut case = new_case();
    opening(1, |opening| case.submit(road(), BTreeSet::new(), opening));
    let told = opening(2, |opening| case.object(5, Objection::OutsideProvince, opening));
    assert_eq!(told, Some(Announcement::ReviewRequested));
    let review = case.review.clone().unwrap();
    assert_eq!(review.proposal.leaf, code("out_of_scope.other"));
    assert_eq!(review.proposal.scope, Scope::Out);
    let told = case.decide(Decision::Confirm, review.version, Access::Ordinary, NOW).unwrap();
    let Announcement::Classified { disposition, again, assessment, .. } = told else { panic!("{told:?}") };
    assert_eq!((disposition, again), (Disposition::Return, true));
    assert_eq!((assessment.confidence, assessment.by_person), (1.0, true));
    assert_eq!(opening(3, |opening| case.object(4, Objection::NoMatrixRow, opening)), None, "an older one");
    assert_eq!(
        opening(3, |opening| case.object(6, Objection::HandedBack("xa".to_owned()), opening)),
        Some(Announcement::ReviewRequested)
    );
    let review = case.review.unwrap();
    assert_eq!((review.note.as_str(), review.version), ("xa", 1), "a new review");
    assert_eq!(review.proposal.leaf, code("out_of_scope.other"), "what is in force");
}

#[test]
fn only_an_open_review_as_read_can_be_decided() {
    let mut case = reviewed(road());
    assert_eq!(case.decide(Decision::Confirm, 0, Access::Ordinary, NOW), Err(Refusal::Changed));
    assert!(case.decide(Decision::Confirm, 1, Access::Ordinary, NOW).is_ok());
    assert_eq!(case.decide(Decision::Confirm, 1, Access::Ordinary, NOW), Err(Refusal::NotOpen));
    assert_eq!(case.decide(Decision::Confirm, 2, Access::Ordinary, NOW), Err(Refusal::NotOpen));
    let mut case = reviewed(road());
    case.withdraw();
    assert_eq!(case.decide(Decision::Confirm, 1, Access::Ordinary, NOW), Err(Refusal::NotOpen));
    assert_eq!(new_case().decide(Decision::Confirm, 1, Access::Ordinary, NOW), Err(Refusal::NotOpen));
}

#[test]
fn decisions_say_what_becomes_of_the_report_and_who_may_see_it() {
    let secret = || assessment("out_of_scope.denunciation", Access::Quarantine);
    let suspect = || assessment("security.disorder", Access::Quarantine);
    let change =
        |urgency| Decision::ChangeLeaf { leaf: rule("security.noise", Scope::In, Access::Ordinary), urgency };
    let back = || Decision::Return {
        leaf: rule("out_of_scope.complaint", Scope::Out, Access::Restricted),
        note: "đến nơi tiếp dân".to_owned(),
    };
    let reject = || Decision::Reject { note: "sai sự thật".to_owned() };
    let (route, give_back) = (Disposition::Route, Disposition::Return);
    let cases = [
        (road(), Decision::Confirm, route, "infrastructure.road", Access::Ordinary, ""),
        (suspect(), Decision::Confirm, route, "security.disorder", Access::Ordinary, ""),
        (secret(), Decision::Confirm, give_back, "out_of_scope.denunciation", Access::Quarantine, ""),
        (secret(), change(None), route, "security.noise", Access::Ordinary, ""),
        (road(), back(), give_back, "out_of_scope.complaint", Access::Restricted, "đến nơi tiếp dân"),
        (secret(), back(), give_back, "out_of_scope.complaint", Access::Quarantine, "đến nơi tiếp dân"),
        (suspect(), reject(), Disposition::Reject, "security.disorder", Access::Quarantine, "sai sự thật"),
    ];
    for (proposal, decision, disposition, leaf, access, note) in cases {
        let mut case = reviewed(proposal);
        let told = case.decide(decision.clone(), 1, Access::Ordinary, NOW).unwrap();
        let in_force = case.classified.unwrap();
        assert!(in_force.announced && in_force.assessment.by_person, "{decision:?}");
        assert_eq!(
            (in_force.assessment.leaf.as_str(), in_force.assessment.access),
            (leaf, access),
            "{decision:?}"
        );
        let assessment = in_force.assessment;
        let note = note.to_owned();
        assert_eq!(told, Announcement::Classified { assessment, disposition, note, again: false });
    }
    let mut case = reviewed(road());
    case.decide(change(Some(Urgency::Emergency)), 1, Access::Ordinary, NOW).unwrap();
    assert_eq!(case.classified.unwrap().assessment.urgency, Urgency::Emergency);
}

#[test]
fn words_of_reasons_and_states_are_stable() {
    for reason in ReviewReason::ALL {
        assert_eq!(reason.as_str().parse().as_ref(), Ok(reason));
    }
    assert!("handed_back".parse::<ReviewReason>().is_err());
    for state in [ReviewState::Open, ReviewState::Decided, ReviewState::Dropped] {
        assert_eq!(ReviewState::parse(state.as_str()), Some(state));
    }
}
