//! Reports on their way: routed, answered, returned, handed back, reopened.

use std::time::Duration;

use auth::Role;
use contract::common::v1 as common;
use contract::event::v1 as event;
use contract::routing::v1 as api;
use event::Disposition;
use province::{AgencyKind, ClockKind};
use runtime::wire::timestamp;
use tonic::Code;
use vocabulary::Point;

use crate::world::{CITY, ELSEWHERE, Report, World, ask, morning, province, reason};

const ROAD: &str = "infrastructure.road";

pub fn repaired() -> api::Resolution {
    api::Resolution {
        outcome: common::Outcome::Repaired.into(),
        reply: "Đã dặm vá mặt đường.".into(),
        evidence: vec!["media/00000000-0000-0000-0000-0000000000aa".into()],
        promised_time: None,
    }
}

/// The commune committee of the city's point.
fn committee() -> String {
    let province = province();
    let point = Point::parse(CITY.0, CITY.1).expect("a point");
    let located = province.communes.locate(point);
    let commune = located.commune().expect("a commune");
    let on = province.local_date(morning());
    let agency = province.agencies.of_commune(AgencyKind::CommuneCommittee, &commune.code, on);
    agency.expect("a committee").id.name()
}

#[tokio::test]
async fn a_report_is_routed_answered_and_its_answer_public() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assigned: event::ReportAssigned = world.wait_for(1).await;
    assert_eq!((assigned.agency.as_str(), assigned.round), (committee().as_str(), 1));
    assert_eq!(assigned.matrix_row, "road-commune");
    assert_eq!(assigned.commune_match(), common::CommuneMatch::Inside);
    let due = |kind| Some(timestamp(province().due(kind, morning(), &[]).due));
    assert_eq!(assigned.receive_due_time, due(ClockKind::Receive));
    assert_eq!(assigned.respond_due_time, due(ClockKind::Respond));

    let agency = Some(assigned.agency.as_str());
    let assignment = world.assignment_of(report.id).await;
    assert_eq!(assignment.text, "Đường hư trước chợ");
    world.clock.advance(Duration::from_secs(60));
    let request = world.as_role(Role::AgencyHandler, agency, ask::accept(&assignment, 1));
    let assignment = world.dispatch().accept_assignment(request).await.expect("accepted").into_inner();
    assert_eq!(assignment.state(), api::AssignmentState::InProgress);
    let request = world.as_role(Role::AgencyHandler, agency, ask::submit(&assignment, 2, repaired()));
    let assignment = world.dispatch().submit_resolution(request).await.expect("submitted").into_inner();
    let request = world.as_role(Role::AgencyLeader, agency, ask::approve(&assignment, 3));
    let assignment = world.dispatch().approve_resolution(request).await.expect("approved").into_inner();
    assert_eq!(assignment.state(), api::AssignmentState::Resolved);
    assert!(!assignment.overdue);

    let resolved: event::ReportResolved = world.wait_for(1).await;
    let closing = resolved.closing.expect("a closing");
    assert_eq!(resolved.reply, "Đã dặm vá mặt đường.");
    assert_eq!((closing.round, closing.agency.as_str()), (1, assigned.agency.as_str()));
    assert_eq!(closing.held.expect("held").seconds, 60);
    assert_eq!(closing.reporter_proof.as_ref(), [7; 32]);
    world.wait_for::<event::WorkStarted>(1).await;
    world.wait_for::<event::ResolutionSubmitted>(1).await;
}

#[tokio::test]
async fn a_reopened_report_goes_back_to_its_agency_with_a_new_clock() {
    let world = World::start().await;
    let report = Report::new(2);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let first: event::ReportAssigned = world.wait_for(1).await;
    answer(&world, &report).await;
    world.clock.advance(Duration::from_secs(3_600));
    world.publish(&[report.reopened(1)]).await;
    let second: event::ReportAssigned = world.wait_for(2).await;
    assert_eq!((second.round, &second.agency), (2, &first.agency));
    assert_eq!(second.receive_due_time, first.receive_due_time);
    let due = province().due(ClockKind::Respond, world.clock.now(), &[]).due;
    assert_eq!(second.respond_due_time, Some(timestamp(due)));
    // The same closing is reopened once, however often it is asked.
    let mut again = report.reopened(1);
    again.id = vocabulary::EventId(uuid::Uuid::from_u128(99));
    world.publish(&[again]).await;
    world.wait_for::<event::ReportAssigned>(2).await;
}

/// Accept, submit and approve, as the agency of the report's open assignment.
pub async fn answer(world: &World, report: &Report) {
    let assignment = world.assignment_of(report.id).await;
    let agency = assignment.agency.clone();
    let agency = Some(agency.as_str());
    let request = world.as_role(Role::AgencyHandler, agency, ask::accept(&assignment, 101));
    let assignment = world.dispatch().accept_assignment(request).await.expect("accepted").into_inner();
    let request = world.as_role(Role::AgencyHandler, agency, ask::submit(&assignment, 102, repaired()));
    let assignment = world.dispatch().submit_resolution(request).await.expect("submitted").into_inner();
    let request = world.as_role(Role::Supervisor, None, ask::approve(&assignment, 103));
    world.dispatch().approve_resolution(request).await.expect("approved");
}

#[tokio::test]
async fn a_plan_is_answered_with_its_promised_date() {
    let world = World::start().await;
    let report = Report::new(3);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    let agency = Some(assignment.agency.as_str());
    let request = world.as_role(Role::AgencyHandler, agency, ask::accept(&assignment, 1));
    let assignment = world.dispatch().accept_assignment(request).await.expect("accepted").into_inner();
    let promised = timestamp(morning() + Duration::from_secs(30 * 86_400));
    let plan = api::Resolution {
        outcome: common::Outcome::Planned.into(),
        reply: "Sẽ sửa trong tháng tới.".into(),
        evidence: Vec::new(),
        promised_time: Some(promised),
    };
    let request = world.as_role(Role::AgencyHandler, agency, ask::submit(&assignment, 2, plan));
    let assignment = world.dispatch().submit_resolution(request).await.expect("submitted").into_inner();
    let request = world.as_role(Role::AgencyLeader, agency, ask::approve(&assignment, 3));
    let assignment = world.dispatch().approve_resolution(request).await.expect("approved").into_inner();
    assert_eq!(assignment.state(), api::AssignmentState::Deferred);
    let deferred: event::ReportDeferred = world.wait_for(1).await;
    assert_eq!(deferred.promised_time, Some(promised));
}

#[tokio::test]
async fn returns_carry_channel_guidance_and_the_coordinators_words() {
    let world = World::start().await;
    let report = Report::new(4);
    let leaf = "out_of_scope.administrative_procedure";
    let note = "Hồ sơ số 12.";
    let access = common::Access::Ordinary;
    world.publish(&[report.classified_as(1, leaf, Disposition::Return, access, note)]).await;
    let returned: event::ReportReturned = world.wait_for(1).await;
    let guidance = returned.guidance.expect("guidance");
    assert!(guidance.vi.contains("CM-TEST1-TEST1") && guidance.vi.ends_with(note), "{}", guidance.vi);
    assert!(!guidance.vi.contains('{') && !guidance.en.contains('{'));
    assert!(returned.channel.expect("a channel").vi.contains("dichvucong.gov.vn"));
    assert_eq!(returned.agency, province().profile.coordinating_agency.name());
    assert_eq!((returned.round, returned.commune_code.is_empty()), (1, false));

    let far = Report::at(5, ELSEWHERE);
    world.publish(&[far.classified(1, "out_of_scope.other", Disposition::Return)]).await;
    let returned: event::ReportReturned = world.wait_for(2).await;
    assert!(returned.guidance.expect("guidance").vi.contains("ngoài tỉnh"));
    assert_eq!(returned.commune_code, "");

    let sealed = Report::at(6, ELSEWHERE);
    let leaf = "out_of_scope.denunciation";
    let access = common::Access::Quarantine;
    world.publish(&[sealed.classified_as(1, leaf, Disposition::Return, access, "")]).await;
    let returned: event::ReportReturned = world.wait_for(3).await;
    assert_eq!(returned.access(), access);
    assert!(returned.guidance.expect("guidance").vi.contains("tố cáo"));
}

#[tokio::test]
async fn what_is_rejected_ends_with_its_reason() {
    let world = World::start().await;
    let report = Report::new(7);
    let access = common::Access::Ordinary;
    world.publish(&[report.classified_as(1, ROAD, Disposition::Reject, access, "Tin giả.")]).await;
    let rejected: event::ReportRejected = world.wait_for(1).await;
    assert_eq!(rejected.reason, "Tin giả.");
    // An unsatisfied reporter gets a person of the coordinating agency to look once more.
    world.publish(&[report.reopened(1)]).await;
    let assigned: event::ReportAssigned = world.wait_for(1).await;
    assert_eq!(assigned.agency, province().profile.coordinating_agency.name());
    assert_eq!((assigned.round, assigned.matrix_row.as_str()), (2, ""));
}

#[tokio::test]
async fn a_point_outside_goes_to_a_person() {
    let world = World::start().await;
    world.publish(&[Report::at(8, ELSEWHERE).classified(1, ROAD, Disposition::Route)]).await;
    let missing: event::RouteMissing = world.wait_for(1).await;
    assert_eq!(missing.reason, "OUTSIDE_PROVINCE");
    assert!(world.told::<event::ReportAssigned>().is_empty());
}

#[tokio::test]
async fn after_the_last_hand_back_the_agency_of_last_resort_decides() {
    let world = World::start().await;
    let report = Report::new(9);
    let maximum = province().policies.hand_back.maximum;
    for turn in 1..=maximum {
        let sequence = i64::from(turn);
        let classified = if turn == 1 {
            report.classified(sequence, ROAD, Disposition::Route)
        } else {
            report.reclassified(sequence, ROAD, Disposition::Route)
        };
        world.publish(&[classified]).await;
        let assignment = world.assignment_of(report.id).await;
        let agency = Some(assignment.agency.as_str());
        let request = world.as_role(Role::AgencyHandler, agency, ask::hand_back(&assignment, turn.into()));
        let handed_back =
            world.dispatch().hand_back_assignment(request).await.expect("handed back").into_inner();
        assert_eq!(handed_back.state(), api::AssignmentState::HandedBack);
        let told: event::ReportHandedBack = world.wait_for(turn as usize).await;
        assert_eq!(told.count, i32::try_from(turn).expect("small"));
    }
    let last: event::ReportAssigned = world.wait_for(maximum as usize + 1).await;
    assert_eq!(last.agency, province().profile.last_resort_agency.name());
    let assignment = world.assignment_of(report.id).await;
    let request =
        world.as_role(Role::AgencyHandler, Some(last.agency.as_str()), ask::hand_back(&assignment, 77));
    let refusal = world.dispatch().hand_back_assignment(request).await.expect_err("refused");
    assert_eq!(reason(&refusal), (Code::FailedPrecondition, "HAND_BACKS_EXHAUSTED".to_owned()));
}

#[tokio::test]
async fn a_reclassification_moves_an_open_report() {
    let world = World::start().await;
    let report = Report::new(10);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let old = world.assignment_of(report.id).await;
    world.publish(&[report.reclassified(2, "security.disorder", Disposition::Route)]).await;
    let new = world.assignment_of(report.id).await;
    assert_ne!(old.name, new.name);
    assert_ne!(old.agency, new.agency);
    world.wait_for::<event::ReportAssigned>(2).await;
}

#[tokio::test]
async fn a_withdrawn_report_leaves_the_queue() {
    let world = World::start().await;
    let report = Report::new(11);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    world.publish(&[report.withdrawn()]).await;
    let agency = Some(assignment.agency.as_str());
    let request = world.as_role(Role::AgencyHandler, agency, ask::accept(&assignment, 1));
    let refusal = world.dispatch().accept_assignment(request).await.expect_err("refused");
    assert_eq!(reason(&refusal), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked_and_the_others_go_on() {
    let world = World::start().await;
    let mut broken = report_with_body(b"\xff\xff\xff");
    broken.sequence = 1;
    let good = Report::new(13);
    world.publish(&[broken, good.classified(1, ROAD, Disposition::Route)]).await;
    world.wait_for::<event::ReportAssigned>(1).await;
    assert_eq!(world.outbox.parked().await.expect("parked").len(), 1);
}

fn report_with_body(body: &'static [u8]) -> messaging::Envelope {
    let mut envelope = Report::new(12).classified(1, ROAD, Disposition::Route);
    envelope.body = body.into();
    envelope
}
