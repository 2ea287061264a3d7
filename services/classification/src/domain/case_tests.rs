//! What becomes of a case, act by act.

use uuid::Uuid;

use super::*;
use crate::domain::assessment::{DecisionKind, Words};
use crate::domain::person::Person;
use crate::domain::review::Lease;
use crate::domain::rules::LeafRule;

#[path = "case_properties.rs"]
mod properties;

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
