//! Every order of a report's facts ends in the same case, and every decision in what the contract promises.

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use super::*;
use crate::domain::assessment::{DecisionKind, Words};
use crate::domain::person::Person;
use crate::domain::review::Lease;
use crate::domain::rules::LeafRule;

const DUE: Timestamp = Timestamp::from_micros(7_200_000_000);
const NOW: Timestamp = Timestamp::from_micros(1_000_000);
const MINUTE: Duration = Duration::from_secs(60);

const ACCESSES: &[Access] = &[Access::Ordinary, Access::Restricted, Access::Quarantine];

const LAN: Person = Person([1; 32]);
const MINH: Person = Person([2; 32]);

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

fn note(note: &str) -> Words {
    Words { template: String::new(), note: note.to_owned() }
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

fn reading(proposal: Assessment, doubts: &[ReviewReason]) -> Reading {
    Reading { proposal, doubts: doubts.iter().copied().collect() }
}

/// A case with an open review of `proposal`.
fn reviewed(proposal: Assessment) -> Case {
    let mut case = new_case();
    let read = reading(proposal, &[ReviewReason::LowConfidence]);
    let told = opening(9, |opening| case.submit(read, opening));
    assert_eq!(told, [Announcement::ReviewRequested]);
    case
}

fn actor(person: Person) -> Actor {
    Actor { person, role: "coordinator".to_owned(), decided_before: false }
}

/// Lan decides at `NOW` what she read at `version`, without a window.
fn at_version(version: i64) -> Circumstances {
    Circumstances {
        actor: actor(LAN),
        version,
        own: Access::Ordinary,
        now: NOW,
        undo: Duration::ZERO,
        answer: 60 * MINUTE,
        pause: true,
    }
}

fn decide(case: &mut Case, decision: Decision) -> Result<Option<Announcement>, Refusal> {
    let version = case.review.as_ref().map_or(0, |review| review.version);
    case.decide(decision, at_version(version))
}

fn state(case: &Case) -> ReviewState {
    case.review.as_ref().unwrap().state
}

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

#[test]
fn routing_objects_to_what_is_in_force() {
    let mut case = new_case();
    opening(1, |opening| case.submit(reading(road(), &[]), opening));
    let told = opening(2, |opening| case.object(5, Objection::OutsideProvince, opening));
    assert_eq!(told, Some(Announcement::ReviewRequested));
    let review = case.review.clone().unwrap();
    assert_eq!(review.proposal.leaf, code("out_of_scope.other"));
    assert_eq!(review.proposal.scope, Scope::Out);
    let told = decide(&mut case, Decision::Confirm).unwrap();
    let Some(Announcement::Classified { ruling, again: true, contested: false }) = told else {
        panic!("{told:?}")
    };
    assert_eq!(ruling.disposition, Disposition::Return);
    assert_eq!((ruling.assessment.confidence, ruling.assessment.by_person), (1.0, true));
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
    assert_eq!(case.decide(Decision::Confirm, at_version(0)), Err(Refusal::Changed));
    assert!(case.decide(Decision::Confirm, at_version(1)).is_ok());
    for version in [1, 2, 3] {
        assert_eq!(case.decide(Decision::Confirm, at_version(version)), Err(Refusal::NotOpen));
    }
    let mut case = reviewed(road());
    case.withdraw();
    assert_eq!(decide(&mut case, Decision::Confirm), Err(Refusal::NotOpen));
    assert_eq!(decide(&mut new_case(), Decision::Confirm), Err(Refusal::NotOpen));
    let mut case = reviewed(road());
    decide(&mut case, Decision::AskReporter { question: "ở đâu?".to_owned() }).unwrap();
    assert_eq!(decide(&mut case, Decision::Confirm), Err(Refusal::NotOpen), "the answer is awaited");
}

#[test]
fn a_lease_keeps_others_off_until_it_ends() {
    let mut case = reviewed(road());
    let review = case.review.as_mut().unwrap();
    let until = NOW + MINUTE;
    review.claim(&actor(LAN), NOW, until).unwrap();
    assert_eq!(review.version, 1, "what was read before the claim can still be decided");
    let lease = review.holder(NOW).cloned().unwrap();
    assert_eq!((lease.holder, lease.until), (LAN, until));
    assert_eq!(review.claim(&actor(MINH), NOW, until), Err(Refusal::Claimed(lease.clone())));
    assert_eq!(review.release(MINH, NOW), Err(Refusal::Claimed(lease.clone())));
    review.claim(&actor(LAN), NOW + MINUTE / 2, until + MINUTE).unwrap();
    assert_eq!(review.holder(until).map(|lease| lease.until), Some(until + MINUTE), "renewed");
    let minh = |now| Circumstances { actor: actor(MINH), now, ..at_version(1) };
    let refused = case.decide(Decision::Confirm, minh(until));
    assert_eq!(refused, Err(Refusal::Claimed(Lease { until: until + MINUTE, ..lease })));
    assert!(case.clone().decide(Decision::Confirm, at_version(1)).is_ok(), "the holder decides");
    assert!(case.clone().decide(Decision::Confirm, minh(until + MINUTE)).is_ok(), "the lease is over");
    let review = case.review.as_mut().unwrap();
    review.release(LAN, NOW).unwrap();
    review.release(LAN, NOW).unwrap();
    assert_eq!(review.holder(NOW), None);
    review.claim(&actor(MINH), NOW, until).unwrap();
    assert!(case.decide(Decision::Confirm, minh(NOW)).is_ok());
    let decided = case.review.as_mut().unwrap();
    assert_eq!(decided.claim(&actor(LAN), NOW, until), Err(Refusal::NotOpen));
}

#[test]
fn danger_to_life_takes_effect_at_once() {
    let slow = || Circumstances { undo: MINUTE, ..at_version(1) };
    let leaf = rule("security.fire_rescue", Scope::In, Access::Ordinary);
    let urgency = Some(Urgency::Emergency);
    for decision in [
        Decision::MarkEmergency { leaf: None },
        Decision::MarkEmergency { leaf: Some(leaf.clone()) },
        Decision::ChangeLeaf { leaf, urgency },
    ] {
        let mut case = reviewed(road());
        let told = case.decide(decision, slow()).unwrap();
        assert!(matches!(told, Some(Announcement::Classified { .. })), "{told:?}");
        assert_eq!(state(&case), ReviewState::Decided);
    }
    let mut case = reviewed(Assessment { urgency: Urgency::Emergency, ..road() });
    assert!(case.clone().decide(Decision::Confirm, slow()).unwrap().is_some());
    let words = Words { note: "không có thật".to_owned(), ..Words::default() };
    assert_eq!(
        case.decide(Decision::Reject { words }, slow()),
        Ok(None),
        "a slip that refuses danger can be undone"
    );
    let mut case = reviewed(assessment("out_of_scope.other", Access::Ordinary));
    let refused = case.decide(Decision::MarkEmergency { leaf: None }, slow());
    assert_eq!(refused, Err(Refusal::LeafMissing));
    assert_eq!((state(&case), case.review.unwrap().version), (ReviewState::Open, 1));
}

#[test]
fn a_question_waits_for_its_answer_and_not_for_ever() {
    let ask = || Decision::AskReporter { question: "trước số nhà nào?".to_owned() };
    let mut case = reviewed(road());
    assert_eq!(decide(&mut case, ask()), Ok(Some(Announcement::InfoRequested)));
    assert_eq!(state(&case), ReviewState::Asked);
    assert_eq!(case.wake(NOW + 59 * MINUTE), None);
    assert_eq!(case.wake(NOW + 60 * MINUTE), Some(Announcement::ReviewRequested));
    let review = case.review.clone().unwrap();
    assert!(review.state == ReviewState::Open && review.question.is_empty());
    assert!(review.reasons.contains(&ReviewReason::InfoOverdue));
    assert_eq!(review.due_time, DUE + 60 * MINUTE, "the time of waiting does not count");
    let mut hurried = reviewed(road());
    hurried.decide(ask(), Circumstances { pause: false, ..at_version(1) }).unwrap();
    hurried.wake(NOW + 60 * MINUTE).unwrap();
    assert_eq!(hurried.review.unwrap().due_time, DUE);

    // The answer comes after all, while a decision waits to take effect: a person looks at it first.
    let undo = MINUTE;
    let version = review.version;
    assert_eq!(case.decide(Decision::Confirm, Circumstances { undo, ..at_version(version) }), Ok(None));
    let urgent = Assessment { urgency: Urgency::Emergency, ..assessment("security.noise", Access::Ordinary) };
    let told = opening(4, |opening| case.hear_answer(reading(urgent, &[ReviewReason::Emergency]), opening));
    assert_eq!(told, Some(Announcement::ReviewRequested));
    let review = case.review.clone().unwrap();
    assert_eq!((review.state, review.verdict, review.due_time), (ReviewState::Open, None, NOW));
    assert_eq!(review.proposal.leaf, code("security.noise"));
    let expected = [ReviewReason::Emergency, ReviewReason::LowConfidence, ReviewReason::InfoProvided];
    assert_eq!(review.reasons, expected.into());
    assert_eq!(case.wake(NOW + 1_000 * MINUTE), None);
}

#[test]
fn a_contest_comes_before_another_person_and_is_answered_as_such() {
    let mut case = reviewed(assessment("out_of_scope.other", Access::Ordinary));
    let unheard = opening(2, |opening| case.contest("đường hư thật".to_owned(), opening));
    assert_eq!(unheard, None, "nothing was returned yet");
    decide(&mut case, Decision::Confirm).unwrap();
    let told = opening(2, |opening| case.contest("đường hư thật".to_owned(), opening));
    assert_eq!(told, Some(Announcement::ReviewRequested));
    let review = case.review.clone().unwrap();
    assert_eq!(review.reasons, [ReviewReason::ReturnContested].into());
    assert_eq!((review.note.as_str(), review.proposal.scope), ("đường hư thật", Scope::Out));
    let lan = Actor { decided_before: true, ..actor(LAN) };
    let as_lan = Circumstances { actor: lan.clone(), ..at_version(1) };
    assert_eq!(case.decide(Decision::Confirm, as_lan), Err(Refusal::SecondPersonRequired));
    let claimed = case.review.as_mut().unwrap().claim(&lan, NOW, DUE);
    assert_eq!(claimed, Err(Refusal::SecondPersonRequired));
    let leaf = rule("infrastructure.road", Scope::In, Access::Ordinary);
    let as_minh = Circumstances { actor: actor(MINH), ..at_version(1) };
    let told = case.decide(Decision::ChangeLeaf { leaf, urgency: None }, as_minh).unwrap();
    assert!(matches!(told, Some(Announcement::Classified { again: true, contested: true, .. })), "{told:?}");
    // What comes later is an ordinary matter again, for Lan too.
    opening(3, |opening| case.object(1, Objection::NoMatrixRow, opening));
    let lan = Actor { decided_before: true, ..actor(LAN) };
    let told = case.decide(Decision::Confirm, Circumstances { actor: lan, ..at_version(1) }).unwrap();
    assert!(matches!(told, Some(Announcement::Classified { contested: false, .. })), "{told:?}");
}

#[test]
fn only_what_is_handled_in_the_open_can_be_repeated() {
    let mut case = new_case();
    assert_eq!(case.as_original(), None, "unknown");
    opening(1, |opening| case.submit(reading(road(), &[]), opening));
    let of = case.as_original().unwrap();
    assert_eq!(of.report, case.report);
    assert_eq!(reviewed(road()).as_original(), None, "not decided yet");
    let mut sealed = reviewed(assessment("security.disorder", Access::Quarantine));
    decide(&mut sealed, Decision::Reject { words: note("x") }).unwrap();
    assert_eq!(sealed.as_original(), None, "sealed");
    let mut returned = reviewed(assessment("out_of_scope.other", Access::Ordinary));
    decide(&mut returned, Decision::Confirm).unwrap();
    assert_eq!(returned.as_original(), None, "returned");
    let mut twin = reviewed(assessment("security.noise", Access::Quarantine));
    decide(&mut twin, Decision::MarkDuplicate { of }).unwrap();
    let in_force = twin.classified.clone().unwrap();
    assert_eq!(in_force.duplicate_of, Some(case.report));
    assert_eq!(in_force.assessment.leaf, code("infrastructure.road"));
    assert_eq!(in_force.assessment.access, Access::Ordinary);
    assert_eq!(twin.as_original(), None, "a repetition itself");
    case.withdraw();
    assert_eq!(case.as_original(), None, "withdrawn");
}

#[test]
fn decisions_say_what_becomes_of_the_report_and_who_may_see_it() {
    let secret = || assessment("out_of_scope.denunciation", Access::Quarantine);
    let suspect = || assessment("security.disorder", Access::Quarantine);
    let change =
        |urgency| Decision::ChangeLeaf { leaf: rule("security.noise", Scope::In, Access::Ordinary), urgency };
    let back = || Decision::Return {
        leaf: rule("out_of_scope.complaint", Scope::Out, Access::Restricted),
        words: Words { template: "returned.court".to_owned(), note: "đến nơi tiếp dân".to_owned() },
    };
    let reject = || Decision::Reject { words: note("sai sự thật") };
    let emergency = || Decision::MarkEmergency { leaf: None };
    let (route, give_back) = (Disposition::Route, Disposition::Return);
    let cases = [
        (road(), Decision::Confirm, route, "infrastructure.road", Access::Ordinary, ""),
        (suspect(), Decision::Confirm, route, "security.disorder", Access::Ordinary, ""),
        (secret(), Decision::Confirm, give_back, "out_of_scope.denunciation", Access::Quarantine, ""),
        (secret(), change(None), route, "security.noise", Access::Ordinary, ""),
        (road(), back(), give_back, "out_of_scope.complaint", Access::Restricted, "đến nơi tiếp dân"),
        (secret(), back(), give_back, "out_of_scope.complaint", Access::Quarantine, "đến nơi tiếp dân"),
        (suspect(), reject(), Disposition::Reject, "security.disorder", Access::Quarantine, "sai sự thật"),
        (suspect(), emergency(), route, "security.disorder", Access::Quarantine, ""),
    ];
    for (proposal, decision, disposition, leaf, access, note) in cases {
        let mut case = reviewed(proposal);
        let told = decide(&mut case, decision.clone()).unwrap();
        let in_force = case.classified.unwrap();
        assert!(in_force.announced && in_force.assessment.by_person, "{decision:?}");
        let seen = (in_force.assessment.leaf.as_str(), in_force.assessment.access);
        assert_eq!(seen, (leaf, access), "{decision:?}");
        let Some(Announcement::Classified { ruling, again: false, .. }) = told else { panic!("{told:?}") };
        assert_eq!(ruling.assessment, in_force.assessment);
        assert_eq!((ruling.disposition, ruling.words.note.as_str()), (disposition, note));
        assert_eq!(ruling.words.template.is_empty(), note != "đến nơi tiếp dân");
    }
    let mut case = reviewed(road());
    decide(&mut case, change(Some(Urgency::Emergency))).unwrap();
    assert_eq!(case.classified.unwrap().assessment.urgency, Urgency::Emergency);
}

#[test]
fn a_graver_decision_withholds_the_review_at_once() {
    let mut case = reviewed(road());
    let leaf = rule("out_of_scope.denunciation", Scope::Out, Access::Quarantine);
    let slow = Circumstances { undo: MINUTE, ..at_version(1) };
    case.decide(Decision::Return { leaf, words: Words::default() }, slow).unwrap();
    let review = case.review.as_mut().unwrap();
    assert_eq!((review.state, review.access()), (ReviewState::Pending, Access::Quarantine));
    review.undo(LAN, NOW).unwrap();
    assert_eq!(review.access(), Access::Ordinary);
}

#[test]
fn words_of_reasons_and_verdicts_are_stable() {
    for reason in ReviewReason::ALL {
        assert_eq!(reason.as_str().parse().as_ref(), Ok(reason));
    }
    assert!("handed_back".parse::<ReviewReason>().is_err());
    let mut case = reviewed(road());
    decide(&mut case, Decision::Reject { words: note("sai") }).unwrap();
    let verdict = case.review.unwrap().verdict.unwrap();
    let json = serde_json::to_string(&verdict).unwrap();
    let expected = concat!(
        r#"{"kind":"reject","ruling":{"assessment":{"leaf":"infrastructure.road","scope":"in","urgency":"urgent","#,
        r#""access":"ordinary","confidence":1.0,"by_person":true},"disposition":"reject","#,
        r#""words":{"template":"","note":"sai"},"duplicate_of":null},"#,
        r#""by":"0101010101010101010101010101010101010101010101010101010101010101","time":1000000}"#
    );
    assert_eq!(json, expected, "rows of older versions must be read");
    assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
}
