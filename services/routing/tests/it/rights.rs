//! Who sees and does what; missing and forbidden are answered alike.

use auth::Role;
use contract::common::v1 as common;
use contract::event::v1 as event;
use contract::routing::v1 as api;
use event::Disposition;
use tonic::Code;

use crate::world::{Report, World, ask, province};

const ROAD: &str = "infrastructure.road";
const OTHER: &str = "so-xay-dung";

async fn list(world: &World, role: Role, own: Option<&str>, asked: &str) -> Result<usize, Code> {
    list_of(world, role, own, asked, false).await
}

async fn list_of(
    world: &World,
    role: Role,
    own: Option<&str>,
    asked: &str,
    include_ended: bool,
) -> Result<usize, Code> {
    let message = api::ListAssignmentsRequest {
        agency: asked.into(),
        page_size: 100,
        include_ended,
        ..Default::default()
    };
    let page = world.dispatch().list_assignments(world.as_role(role, own, message)).await;
    page.map(|page| page.into_inner().assignments.len()).map_err(|refusal| refusal.code())
}

#[tokio::test]
async fn an_agency_sees_its_own_and_those_who_watch_see_all() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let agency = world.assignment_of(report.id).await.agency;
    assert_eq!(list(&world, Role::AgencyHandler, Some(&agency), "").await, Ok(1));
    assert_eq!(list(&world, Role::AgencyLeader, Some(&agency), &agency).await, Ok(1));
    assert_eq!(list(&world, Role::AgencyHandler, Some(OTHER), "").await, Ok(0));
    assert_eq!(list(&world, Role::AgencyHandler, Some(OTHER), &agency).await, Err(Code::PermissionDenied));
    for role in
        [Role::Coordinator, Role::Supervisor, Role::Administrator, Role::Auditor, Role::ClearedOfficer]
    {
        assert_eq!(list(&world, role, None, "").await, Ok(1), "{role}");
        assert_eq!(list(&world, role, None, "agencies/so-xay-dung").await, Ok(0), "{role}");
    }
    for role in [Role::Citizen, Role::Assistant, Role::ScoreConsumer, Role::Public] {
        assert_eq!(list(&world, role, None, "").await, Err(Code::PermissionDenied), "{role}");
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_not_even_that_it_is_there() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let there = world.assignment_of(report.id).await;
    let mut missing = there.clone();
    missing.name = "assignments/00000000-0000-0000-0000-000000000123".into();
    let mut nonsense = there.clone();
    nonsense.name = "nonsense".into();
    let mut answers = Vec::new();
    for assignment in [&there, &missing, &nonsense] {
        for (role, agency) in [
            (Role::AgencyHandler, Some(OTHER)),
            (Role::AgencyLeader, Some(OTHER)),
            (Role::Coordinator, None),
            (Role::ClearedOfficer, None),
            (Role::Citizen, None),
            (Role::Supervisor, None),
        ] {
            // Wrong in every other way, too: rights come first.
            let message =
                api::AcceptAssignmentRequest { name: assignment.name.clone(), ..Default::default() };
            let refusal = world.dispatch().accept_assignment(world.as_role(role, agency, message)).await;
            let refusal = refusal.expect_err("denied");
            answers.push((refusal.code(), refusal.message().to_owned(), refusal.details().to_vec()));
        }
    }
    assert_eq!(answers[0].0, Code::PermissionDenied);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let request = world.as_role(Role::AgencyHandler, Some(&there.agency), ask::approve(&there, 1));
    let refusal = world.dispatch().approve_resolution(request).await.expect_err("a handler does not approve");
    assert_eq!(refusal.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn what_is_sealed_is_for_cleared_officers_alone() {
    let world = World::start().await;
    let report = Report::new(1);
    let quarantine = common::Access::Quarantine;
    world.publish(&[report.classified_as(1, ROAD, Disposition::Route, quarantine, "")]).await;
    let assigned: event::ReportAssigned = world.wait_for(1).await;
    assert_eq!(assigned.access(), quarantine);
    let agency = Some(assigned.agency.as_str());
    assert_eq!(list(&world, Role::AgencyHandler, agency, "").await, Ok(0));
    for role in [Role::Coordinator, Role::Supervisor, Role::Administrator, Role::Auditor] {
        assert_eq!(list(&world, role, None, "").await, Ok(0), "{role}");
    }
    assert_eq!(list(&world, Role::ClearedOfficer, None, "").await, Ok(1));
    let assignment = world.assignment_of(report.id).await;
    for (role, agency) in [(Role::AgencyHandler, agency), (Role::AgencyLeader, agency)] {
        let request = world.as_role(role, agency, ask::accept(&assignment, 1));
        let refusal = world.dispatch().accept_assignment(request).await.expect_err("sealed");
        assert_eq!(refusal.code(), Code::PermissionDenied);
    }
    let request = world.as_role(Role::ClearedOfficer, None, ask::accept(&assignment, 2));
    world.dispatch().accept_assignment(request).await.expect("a cleared officer works on it");
}

#[tokio::test]
async fn what_becomes_a_denunciation_leaves_every_ordinary_list_also_where_it_was_before() {
    let world = World::start().await;
    let report = Report::new(1);
    world.publish(&[report.classified(1, ROAD, Disposition::Route)]).await;
    let assignment = world.assignment_of(report.id).await;
    let agency = Some(assignment.agency.as_str());
    let send = async |n| {
        let request = world.as_role(Role::AgencyHandler, agency, ask::hand_back(&assignment, n));
        world.dispatch().hand_back_assignment(request).await
    };
    send(1).await.expect("handed back");
    let seen = async || {
        let mut seen = Vec::new();
        for (role, own) in [
            (Role::AgencyHandler, agency),
            (Role::AgencyLeader, agency),
            (Role::Coordinator, None),
            (Role::Supervisor, None),
            (Role::Administrator, None),
            (Role::Auditor, None),
        ] {
            seen.push(list_of(&world, role, own, "", true).await.expect("a list"));
        }
        seen
    };
    assert_eq!(seen().await, [1; 6]);
    let (denunciation, quarantine) = ("out_of_scope.denunciation", common::Access::Quarantine);
    world.publish(&[report.reclassified_as(2, denunciation, Disposition::Return, quarantine)]).await;
    assert_eq!(seen().await, [0; 6]);
    assert_eq!(list_of(&world, Role::ClearedOfficer, None, "", true).await, Ok(1));
    let refusal = send(1).await.expect_err("a repeat shows nothing either");
    assert_eq!(refusal.code(), Code::PermissionDenied);
    // A person who finds it harmless shows it to the next agency, not to the former one.
    world.publish(&[report.reopened(1), report.reclassified(3, ROAD, Disposition::Route)]).await;
    let next = world.assignment_of(report.id).await;
    assert_eq!(list(&world, Role::Supervisor, None, "").await, Ok(1));
    assert_eq!(list_of(&world, Role::Supervisor, None, "", true).await, Ok(1));
    assert_eq!(list_of(&world, Role::ClearedOfficer, None, "", true).await, Ok(3));
    assert_ne!(next.name, assignment.name);
}

#[tokio::test]
async fn a_coordinator_works_for_the_coordinating_agency() {
    let world = World::start().await;
    let report = Report::new(1);
    world
        .publish(&[report.classified(1, "out_of_scope.other", Disposition::Return), report.reopened(1)])
        .await;
    let assignment = world.assignment_of(report.id).await;
    assert_eq!(assignment.agency, province().profile.coordinating_agency.name());
    let request = world.as_role(Role::Coordinator, None, ask::accept(&assignment, 1));
    world.dispatch().accept_assignment(request).await.expect("accepted");
}
