//! Shortcuts to a state from which a test begins.

use contract::classification::v1::ChangeLeaf;
use contract::classification::v1::decide_review_request::Decision;
use contract::common::v1::ReportState;
use contract::intake::v1::Report;
use harness::{Citizen, World, photo, repaired, report, text};

/// Sends a report about a road and brings it to its agency, with a coordinator's help if the machine is in doubt.
pub async fn assigned(world: &World, citizen: &Citizen) -> Report {
    let created = citizen.create(&report(text::ROAD)).await.expect("taken");
    bring_to_agency(world, citizen, &created.name).await
}

/// Brings a report to the agency for roads.
pub async fn bring_to_agency(world: &World, citizen: &Citizen, name: &str) -> Report {
    let looked_at = |r: &Report| matches!(r.state(), ReportState::Assigned | ReportState::UnderReview);
    if citizen.until(name, "looked at", looked_at).await.state() == ReportState::UnderReview {
        let officer = world.cleared_officer();
        let review = officer.review_of(name).await;
        let leaf = "infrastructure.road".to_owned();
        let decision = Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 });
        officer.decide(&review, decision).await.expect("decided");
    }
    citizen.until(name, "assigned", |r| r.state() == ReportState::Assigned).await
}

/// The agency mends it and says so; answers the report with its invitation to rate.
pub async fn answer(world: &World, citizen: &Citizen, assigned: &Report) -> Report {
    let handler = world.handler(&assigned.agency);
    let assignment = handler.assignment_of(&assigned.name).await;
    let assignment = handler.accept(&assignment).await.expect("accepted");
    let medium = handler.upload_photo(&photo(7, "after")).await.expect("uploaded");
    let assignment = handler.submit(&assignment, repaired(&medium.name)).await.expect("submitted");
    world.leader(&assigned.agency).approve(&assignment).await.expect("approved");
    let before = assigned.invitation.clone();
    let asked =
        |r: &Report| r.state() == ReportState::Resolved && !r.invitation.is_empty() && r.invitation != before;
    citizen.until(&assigned.name, "rateable", asked).await
}
