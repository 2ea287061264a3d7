//! Properties that hold for every history of a case.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use province::{ClockKind, Province};
use vocabulary::{Access, AssignmentId, MediaId, Outcome, Point, ReportId, Text, Timestamp, Urgency};

use super::reply::UnfitReply;
use super::*;

/// Wednesday 18 November 2026, 08:00 in the province.
const MORNING: Timestamp = Timestamp::from_micros(1_794_963_600_000_000);

fn province() -> &'static Province {
    static PROVINCE: OnceLock<Province> = OnceLock::new();
    PROVINCE.get_or_init(|| {
        Province::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/camau"))
            .expect("a good pack")
    })
}

fn mint() -> AssignmentId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    AssignmentId(uuid::Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into()))
}

fn rules(now: Timestamp) -> Rules<'static> {
    Rules { province: province(), now, mint: &mint }
}

fn snapshot() -> Snapshot {
    Snapshot {
        code: "CM-TEST1-TEST1".into(),
        text: "Đường hư".into(),
        point: Point::parse(9.1769, 105.1524).expect("a point"),
        address: String::new(),
        media: Vec::new(),
        create_time: MORNING,
        reporter_proof: vec![7; 32],
    }
}

fn decision(sequence: i64, leaf: &str, disposition: Disposition) -> Decision {
    let matter =
        Matter { leaf: leaf.parse().expect("a leaf"), urgency: Urgency::Normal, access: Access::Ordinary };
    Decision {
        sequence,
        time: MORNING,
        matter,
        disposition,
        note: String::new(),
        template: None,
        contested: false,
    }
}

fn words(text: &str) -> Text {
    Text::parse("words", text, 100).expect("words")
}

/// One thing that happens to a case, in any state.
#[derive(Debug, Clone)]
enum Step {
    Review,
    Classify(i64, Disposition, Access, bool),
    Withdraw,
    Reopen(u32),
    Accept,
    HandBack,
    Submit(bool),
    Approve,
    Wait(u32),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let disposition = prop_oneof![4 => Just(Disposition::Route), 1 => Just(Disposition::Return), 1 => Just(Disposition::Reject)];
    let access = prop::sample::select(Access::ALL);
    prop_oneof![
        1 => Just(Step::Review),
        4 => (1_i64..12, disposition, access, any::<bool>())
            .prop_map(|(sequence, what, access, contested)| Step::Classify(sequence, what, access, contested)),
        1 => Just(Step::Withdraw),
        2 => (1_u32..4).prop_map(Step::Reopen),
        4 => Just(Step::Accept),
        4 => Just(Step::HandBack),
        4 => any::<bool>().prop_map(Step::Submit),
        4 => Just(Step::Approve),
        3 => (1_u32..40_000).prop_map(Step::Wait),
        3 => Just(Step::Look),
    ]
}

fn resolution(planned: bool, now: Timestamp) -> Resolution {
    Resolution {
        outcome: if planned { Outcome::Planned } else { Outcome::Repaired },
        reply: "Đã xử lý.".into(),
        evidence: vec![MediaId(uuid::Uuid::from_u128(1))],
        promised: planned.then(|| now + Duration::from_secs(86_400)),
    }
}

/// Applies a step as a use case would; refused commands change nothing.
fn apply(case: &mut Case, step: &Step, now: &mut Timestamp) -> Vec<Fact> {
    let before = case.clone();
    let (id, version) = case.open_assignment().map_or((mint(), 0), |open| (open.id, open.version));
    let outcome = match step {
        Step::Review => {
            case.await_review(rules(*now), snapshot(), 1, *now);
            Ok(Vec::new())
        }
        Step::Classify(sequence, what, access, contested) => {
            let leaf =
                if *what == Disposition::Return { "out_of_scope.other" } else { "infrastructure.road" };
            let mut decision = decision(*sequence, leaf, *what);
            (decision.matter.access, decision.contested) = (*access, *contested);
            Ok(case.classify(rules(*now), snapshot(), decision))
        }
        Step::Withdraw => Ok(case.withdraw(rules(*now))),
        Step::Reopen(round) => Ok(case.reopen(rules(*now), *round)),
        Step::Accept => case.accept(rules(*now), id, version),
        Step::HandBack => case.hand_back(rules(*now), id, version, &words("Không phải")),
        Step::Submit(planned) => case.submit(rules(*now), id, version, resolution(*planned, *now)),
        Step::Approve => case.approve(rules(*now), id, version),
        Step::Wait(seconds) => {
            *now = *now + Duration::from_secs(u64::from(*seconds));
            Ok(Vec::new())
        }
        Step::Look => Ok(case.ring(rules(*now))),
    };
    outcome.unwrap_or_else(|_| {
        assert_eq!(*case, before, "a refused command changed the case");
        Vec::new()
    })
}

fn check(case: &Case) {
    let open: Vec<_> = case.assignments.iter().filter(|assignment| assignment.state.is_open()).collect();
    assert!(open.len() <= 1);
    assert_eq!(case.state == CaseState::Assigned, open.len() == 1);
    assert!(open.iter().all(|assignment| assignment.round == case.round && assignment.end_time.is_none()));
    let running: Vec<_> = case.clocks.iter().filter(|clock| clock.stop.is_none()).collect();
    if case.state.is_closed() {
        assert!(running.is_empty());
    }
    if let Some(open) = open.first() {
        assert_eq!(running.len(), 1);
        assert_eq!(
            (running[0].kind, &running[0].agency, running[0].due),
            (ClockKind::Respond, &open.agency, open.due)
        );
    }
    assert!(case.hand_backs <= province().policies.hand_back.maximum);
    for clock in &case.clocks {
        assert_eq!(
            case.clocks.iter().filter(|other| (other.kind, other.round) == (clock.kind, clock.round)).count(),
            1
        );
        assert_eq!(clock.due, province().due(clock.kind, clock.start, &[]).due);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_history_keeps_one_owner_and_rings_each_clock_once(steps in prop::collection::vec(step(), 1..40)) {
        let mut case = Case::new(ReportId(uuid::Uuid::from_u128(1)));
        let mut now = MORNING;
        let mut rung = Vec::new();
        for step in &steps {
            let was_withdrawn = case.state == CaseState::Withdrawn;
            let facts = apply(&mut case, step, &mut now);
            check(&case);
            prop_assert!(!was_withdrawn || (case.state == CaseState::Withdrawn && facts.is_empty()));
            for fact in facts {
                if let Fact::Rang { alarm, kind, due, agency } = fact {
                    prop_assert!(due <= now || alarm == Alarm::Approaching);
                    let once = (alarm == Alarm::Missed, kind, due, agency);
                    prop_assert!(!rung.contains(&once), "told twice: {once:?}");
                    rung.push(once);
                }
            }
        }
    }

    #[test]
    fn any_order_of_events_ends_alike(order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(), twice in 0_usize..5) {
        let end = |order: &[usize]| {
            let mut case = Case::new(ReportId(uuid::Uuid::from_u128(1)));
            for event in order {
                match event {
                    0 => case.await_review(rules(MORNING), snapshot(), 1, MORNING),
                    1 => drop(case.classify(rules(MORNING), snapshot(), decision(2, "infrastructure.road", Disposition::Route))),
                    2 => drop(case.classify(rules(MORNING), snapshot(), decision(5, "out_of_scope.other", Disposition::Return))),
                    3 => drop(case.reopen(rules(MORNING), 1)),
                    _ => drop(case.classify(rules(MORNING), snapshot(), decision(3, "security.noise", Disposition::Route))),
                }
            }
            let open = case.open_assignment().map(|open| (open.agency.clone(), open.round, open.due));
            (case.state, case.round, case.sequence, case.matter, case.place, open)
        };
        let mut repeated = order.clone();
        repeated.insert(0, order[twice]);
        repeated.push(order[twice]);
        prop_assert_eq!(end(&[0, 1, 4, 2, 3]), end(&order));
        prop_assert_eq!(end(&order), end(&repeated));
    }

    #[test]
    fn a_clock_speaks_in_order_and_stops_for_good(looks in prop::collection::vec(0_u64..60_000, 1..20), stop in 0_u64..60_000) {
        let agency = province().profile.coordinating_agency.clone();
        let mut clock = Clock::start(province(), ClockKind::Respond, 1, agency, MORNING);
        let mut looks = looks;
        looks.sort_unstable();
        let mut told = Vec::new();
        for look in looks {
            let now = MORNING + Duration::from_secs(look);
            if look >= stop {
                told.extend(clock.stop(now));
                prop_assert_eq!(clock.alarm_time(), None);
                prop_assert_eq!(clock.tell(now), None);
                continue;
            }
            let alarm = clock.tell(now);
            prop_assert_eq!(alarm == Some(Alarm::Missed), now >= clock.due && !told.contains(&Alarm::Missed));
            told.extend(alarm);
        }
        prop_assert!(told.len() <= 2);
        prop_assert!(told != [Alarm::Missed, Alarm::Approaching] && told != [Alarm::Missed, Alarm::Missed]);
    }

    #[test]
    fn no_point_of_the_earth_breaks_a_route(latitude in -90.0_f64..90.0, longitude in -180.0_f64..180.0, near: bool) {
        let (latitude, longitude) =
            if near { (8.5 + latitude.abs() / 60.0, 104.7 + longitude.abs() / 180.0) } else { (latitude, longitude) };
        let point = Point::parse(latitude, longitude).expect("a point");
        let leaf = "infrastructure.road".parse().expect("a leaf");
        let found = route(province(), &leaf, Urgency::Normal, point, MORNING);
        prop_assert_eq!(found.competence == Err(Missing::OutsideProvince), found.place.commune().is_none());
        if found.place.commune().is_some() {
            prop_assert!(found.competence.is_ok(), "every matter in scope has an owner everywhere");
        }
        prop_assert!(!is_swapped(province(), latitude, longitude) || found.place.commune().is_none());
    }

    #[test]
    fn what_became_a_secret_is_one_in_every_assignment(steps in prop::collection::vec(step(), 1..40)) {
        let mut case = Case::new(ReportId(uuid::Uuid::from_u128(1)));
        let mut now = MORNING;
        for step in &steps {
            let before = case.clone();
            apply(&mut case, step, &mut now);
            for (old, new) in before.assignments.iter().zip(&case.assignments) {
                prop_assert!(new.access >= old.access);
            }
            if case.sequence > before.sequence {
                let access = case.matter.as_ref().map(|matter| matter.access);
                prop_assert!(case.assignments.iter().all(|assignment| Some(assignment.access) >= access));
            }
            if case.assignments.len() > before.assignments.len() {
                let newest = case.assignments.last().map(|assignment| assignment.access);
                prop_assert_eq!(newest, case.matter.as_ref().map(|matter| matter.access));
            }
        }
    }
}

#[test]
fn a_promise_belongs_to_a_plan_alone() {
    let draft = |outcome, promised| Draft {
        outcome: Some(outcome),
        reply: words("x"),
        evidence: Vec::new(),
        promised,
    };
    let check = |draft: Draft| draft.check(&province().policies).map(|resolution| resolution.promised);
    assert_eq!(check(draft(Outcome::Explained, Some(MORNING))), Ok(None));
    assert_eq!(check(draft(Outcome::Planned, Some(MORNING))), Ok(Some(MORNING)));
    assert_eq!(check(draft(Outcome::Planned, None)), Err(UnfitReply::NoPromise));
}

#[test]
fn every_leaf_out_of_scope_has_guidance_without_holes() {
    for leaf in province().taxonomy.leaves() {
        for commune in [None, Some(&province().communes.all()[0].code)] {
            for access in Access::ALL {
                let guide = Guide { province: province(), code: "CM-1", commune };
                let said = guide.returning(&leaf.code, *access, None, "Ghi chú.");
                for text in [&said.text.vi, &said.text.en] {
                    assert!(!text.is_empty() && !text.contains(['{', '}']), "{}: {text}", leaf.code);
                    assert!(text.contains("Ghi chú."), "{}: {text}", leaf.code);
                }
            }
        }
    }
}

#[test]
fn a_late_distribution_is_told_at_once() {
    let mut case = Case::new(ReportId(uuid::Uuid::from_u128(1)));
    let late = MORNING + Duration::from_secs(3 * 3_600);
    let facts =
        case.classify(rules(late), snapshot(), decision(1, "infrastructure.road", Disposition::Route));
    let missed = facts
        .iter()
        .any(|fact| matches!(fact, Fact::Rang { alarm: Alarm::Missed, kind: ClockKind::Receive, .. }));
    assert!(missed, "{facts:?}");
}

#[test]
fn the_coordinators_choice_of_words_comes_first() {
    let guide = Guide { province: province(), code: "CM-1", commune: None };
    let key: province::ReturnKey = "returned.court".parse().expect("a key");
    let leaf = "out_of_scope.other".parse().expect("a leaf");
    let said = guide.returning(&leaf, Access::Ordinary, Some(&key), "Đã gọi điện.");
    assert!(said.channel.vi.contains("Tòa án") && said.text.vi.ends_with("\n\nĐã gọi điện."), "{said:?}");
    let reason = guide.rejecting(Some(&key), String::new());
    assert!(reason.contains("CM-1") && !reason.ends_with('\n'), "{reason}");
    assert_eq!(guide.rejecting(None, "Sai sự thật.".to_owned()), "Sai sự thật.");
}

#[test]
fn a_contested_return_is_taken_up_in_the_next_round_and_nothing_else_is() {
    let returned = |what: Disposition| {
        let mut case = Case::new(ReportId(uuid::Uuid::from_u128(1)));
        case.classify(rules(MORNING), snapshot(), decision(1, "out_of_scope.other", what));
        case
    };
    let contested = |sequence, leaf, what| Decision { contested: true, ..decision(sequence, leaf, what) };
    for what in [Disposition::Return, Disposition::Reject] {
        let mut case = returned(what);
        let later = MORNING + Duration::from_secs(86_400);
        let unasked = decision(2, "infrastructure.road", Disposition::Route);
        assert_eq!(case.clone().classify(rules(later), snapshot(), unasked), Vec::new());
        let taken_up = contested(2, "infrastructure.road", Disposition::Route);
        let facts = case.classify(rules(later), snapshot(), taken_up.clone());
        assert!(
            matches!(&facts[..], [Fact::Assigned { assignment, .. }] if assignment.round == 2),
            "{facts:?}"
        );
        check(&case);
        assert_eq!(case.classify(rules(later), snapshot(), taken_up), Vec::new(), "once");
        let mut case = returned(what);
        let again = contested(2, "out_of_scope.other", Disposition::Return);
        let facts = case.classify(rules(later), snapshot(), again);
        assert!(matches!(&facts[..], [Fact::Returned { round: 2, .. }]), "{facts:?}");
    }
}
