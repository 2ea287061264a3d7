//! What people do, played by clients that repeat whatever was not answered, and how it must end.

use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{ChangeLeaf, Confirm, DecideReviewRequest};
use contract::common::v1::{ReportState, Verdict};
use contract::intake::v1::{
    CreateReportRequest, Message, PostMessageRequest, Report, Reporter, WithdrawReportRequest,
};
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, HandBackAssignmentRequest,
    SubmitResolutionRequest,
};
use contract::satisfaction::v1::{DissatisfactionReason, SubmitRatingRequest};
use harness::{
    Agency, Citizen, Triage, eventually, fresh_id, header, kinds, photo, refusal, repaired, report, text,
    upload_of, verify_timeline,
};
use tonic::Code;
use vocabulary::Clock;

use crate::client::{ask, assignment_of, upload};
use crate::list::Journey;
use crate::site::Site;

/// Plays one journey to its end. `passed` says whether the point it is played for has done as ordered.
pub async fn play(site: &Site, journey: Journey, passed: &(dyn Fn() -> bool + Sync)) {
    let citizen = Citizen(site.api().caller(auth::Role::Citizen, &format!("citizen-{}", fresh_id()), None));
    let told = match journey {
        Journey::Create => assigned(site, &citizen).await,
        Journey::LatePhoto => late_photo(site, &citizen).await,
        Journey::Message => message(site, &citizen).await,
        Journey::Withdraw => withdraw(site, &citizen).await,
        Journey::Triage => returned(site, &citizen).await,
        Journey::HandBack => hand_back(site, &citizen).await,
        Journey::Rate => {
            let returned = returned(site, &citizen).await;
            rate(&citizen, &returned, Verdict::Satisfied).await
        }
        Journey::Reopen => reopen(site, &citizen).await,
        Journey::Overdue => overdue(site, &citizen).await,
        Journey::WindowEnds => window_ends(site, &citizen).await,
        Journey::StaleUpload => {
            stale_upload(site, &citizen, passed).await;
            return;
        }
        Journey::StandsStill => stands_still(site, &citizen, passed).await,
        Journey::Retried => assigned(site, &citizen).await,
    };
    verify_timeline(&told.timeline);
}

/// Sends a report with a photo under one request id until it is answered.
async fn send(site: &Site, citizen: &Citizen, words: &str, media: &str) -> Report {
    let sent = Report { media: vec![format!("media/{media}")], ..report(words) };
    let request = CreateReportRequest {
        report: Some(sent),
        request_id: fresh_id(),
        reporter: Some(Reporter { display_name: "Người Thử".to_owned(), ..Reporter::default() }),
        validate_only: false,
    };
    let created = ask("CreateReport", async || citizen.intake().create_report(request.clone()).await).await;
    site.remember(&created.name);
    created
}

async fn created(site: &Site, citizen: &Citizen, words: &str) -> Report {
    let id = fresh_id();
    upload(citizen, &id, &photo(3, "before")).await;
    send(site, citizen, words, &id).await
}

async fn assigned(site: &Site, citizen: &Citizen) -> Report {
    let created = created(site, citizen, text::ROAD).await;
    until_assigned(citizen, &created.name, 1).await
}

async fn until_assigned(citizen: &Citizen, name: &str, times: usize) -> Report {
    let wanted = |report: &Report| {
        let told = kinds(report).iter().filter(|kind| **kind == "ReportAssigned").count();
        report.state() == ReportState::Assigned && told == times
    };
    citizen.until(name, "with its agency", wanted).await
}

async fn late_photo(site: &Site, citizen: &Citizen) -> Report {
    let id = fresh_id();
    let created = send(site, citizen, text::ROAD, &id).await;
    upload(citizen, &id, &photo(4, "late")).await;
    until_assigned(citizen, &created.name, 1).await;
    until_told(citizen, &created.name, "MediaAttached").await
}

async fn until_told(citizen: &Citizen, name: &str, kind: &str) -> Report {
    let report = citizen.until(name, kind, |report| kinds(report).contains(&kind)).await;
    assert_eq!(kinds(&report).iter().filter(|told| **told == kind).count(), 1, "{:?}", kinds(&report));
    report
}

async fn message(site: &Site, citizen: &Citizen) -> Report {
    let report = assigned(site, citizen).await;
    let message = Message { text: "Vẫn chưa thấy ai tới.".to_owned(), ..Message::default() };
    let request =
        PostMessageRequest { parent: report.name.clone(), message: Some(message), request_id: fresh_id() };
    ask("PostMessage", async || citizen.intake().post_message(request.clone()).await).await;
    let report = until_told(citizen, &report.name, "MessagePosted").await;
    assert_eq!(report.messages.len(), 1, "one message was written");
    report
}

async fn withdraw(site: &Site, citizen: &Citizen) -> Report {
    let report = assigned(site, citizen).await;
    let request = WithdrawReportRequest { name: report.name.clone(), request_id: fresh_id() };
    ask("WithdrawReport", async || citizen.intake().withdraw_report(request.clone()).await).await;
    let report = until_told(citizen, &report.name, "ReportWithdrawn").await;
    assert_eq!(report.state(), ReportState::Withdrawn);
    report
}

async fn decide(site: &Site, report: &str, decision: Decision) {
    let officer = Triage(site.api().caller(auth::Role::Coordinator, "coordinator-1", None));
    let review = officer.review_of(report).await;
    let request = DecideReviewRequest {
        name: review.name,
        decision: Some(decision),
        request_id: fresh_id(),
        etag: review.etag,
    };
    ask("DecideReview", async || officer.triage().decide_review(request.clone()).await).await;
}

/// Returned with the channel where it belongs; can be rated.
async fn returned(site: &Site, citizen: &Citizen) -> Report {
    let created = created(site, citizen, text::PROCEDURE).await;
    decide(site, &created.name, Decision::Confirm(Confirm {})).await;
    let report = citizen.until(&created.name, "rateable", |report| !report.invitation.is_empty()).await;
    assert_eq!(report.state(), ReportState::Returned);
    report
}

fn agency(site: &Site, role: auth::Role, report: &Report) -> Agency {
    Agency(site.api().caller(role, "agent-1", report.agency.strip_prefix("agencies/")))
}

async fn hand_back(site: &Site, citizen: &Citizen) -> Report {
    let report = assigned(site, citizen).await;
    let handler = agency(site, auth::Role::AgencyHandler, &report);
    let assignment = assignment_of(&handler, &report.name).await;
    let request = HandBackAssignmentRequest {
        name: assignment.name,
        reason: "Lưới điện, không phải đường của phường.".to_owned(),
        request_id: fresh_id(),
        etag: assignment.etag,
    };
    ask("HandBackAssignment", async || handler.dispatch().hand_back_assignment(request.clone()).await).await;
    let leaf = "electricity_lighting.grid".to_owned();
    decide(site, &report.name, Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 })).await;
    until_assigned(citizen, &report.name, 2).await
}

async fn rate(citizen: &Citizen, report: &Report, verdict: Verdict) -> Report {
    let unsatisfied = verdict == Verdict::Unsatisfied;
    let request = SubmitRatingRequest {
        invitation: report.invitation.clone(),
        resolved: !unsatisfied,
        verdict: verdict.into(),
        reasons: if unsatisfied { vec![DissatisfactionReason::NotDone.into()] } else { Vec::new() },
        comment: String::new(),
        request_id: fresh_id(),
    };
    let rating = ask("SubmitRating", async || citizen.ratings().submit_rating(request.clone()).await).await;
    assert_eq!((rating.revision, rating.reopened), (1, unsatisfied), "one rating was given");
    until_told(citizen, &report.name, "RatingSubmitted").await
}

async fn accept(handler: &Agency, assignment: Assignment) -> Assignment {
    let request =
        AcceptAssignmentRequest { name: assignment.name, request_id: fresh_id(), etag: assignment.etag };
    ask("AcceptAssignment", async || handler.dispatch().accept_assignment(request.clone()).await).await
}

async fn reopen(site: &Site, citizen: &Citizen) -> Report {
    let report = assigned(site, citizen).await;
    let handler = agency(site, auth::Role::AgencyHandler, &report);
    let assignment = assignment_of(&handler, &report.name).await;
    let assignment = accept(&handler, assignment).await;
    let medium = upload(&handler, &fresh_id(), &photo(5, "after")).await;
    let request = SubmitResolutionRequest {
        name: assignment.name,
        resolution: Some(repaired(&medium.name)),
        request_id: fresh_id(),
        etag: assignment.etag,
    };
    let assignment =
        ask("SubmitResolution", async || handler.dispatch().submit_resolution(request.clone()).await).await;
    let leader = agency(site, auth::Role::AgencyLeader, &report);
    let request =
        ApproveResolutionRequest { name: assignment.name, request_id: fresh_id(), etag: assignment.etag };
    ask("ApproveResolution", async || leader.dispatch().approve_resolution(request.clone()).await).await;
    let done = citizen.until(&report.name, "rateable", |report| !report.invitation.is_empty()).await;
    rate(citizen, &done, Verdict::Unsatisfied).await;
    until_assigned(citizen, &report.name, 2).await
}

/// The database's id in a name such as `reports/{uuid}`.
fn id(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, id)| id)
}

async fn overdue(site: &Site, citizen: &Citizen) -> Report {
    let report = assigned(site, citizen).await;
    let now = Clock::system().now().micros();
    let (start, soon, due) = (now - 3_000_000, now - 2_000_000, now - 1_000_000);
    let sql = format!(
        "UPDATE clocks SET start_time = {start}, due_soon_time = {soon}, due_time = {due}, alarm_time = {soon} \
         WHERE kind = 'respond' AND {}",
        site.is("report_id", id(&report.name))
    );
    site.change(routing::NAME, &sql).await;
    until_told(citizen, &report.name, "DeadlineMissed").await
}

async fn window_ends(site: &Site, citizen: &Citizen) -> Report {
    let report = returned(site, citizen).await;
    let now = Clock::system().now().micros();
    let this = site.is("report", id(&report.name));
    let sql = format!("UPDATE invitations SET expire_time = {} WHERE {this}", now - 1_000_000);
    site.change(satisfaction::NAME, &sql).await;
    until_told(citizen, &report.name, "ReportClosed").await
}

async fn stale_upload(site: &Site, citizen: &Citizen, passed: &(dyn Fn() -> bool + Sync)) {
    let jpeg = photo(6, "half");
    let medium = fresh_id();
    // A header and the first half of the bytes.
    let half = jpeg[..jpeg.len() / 2].to_vec();
    let mut parts = upload_of(header(&medium, "image/jpeg", &jpeg), &half);
    parts.truncate(2);
    eventually("an upload breaks off", async || {
        let refused = refusal(citizen.upload(parts.clone()).await);
        let kept = matches!(refused.reason.as_str(), "UPLOAD_INCOMPLETE" | "UPLOAD_OFFSET_WRONG");
        kept.then_some(()).ok_or(refused)
    })
    .await;
    let this = site.is("id", &medium);
    site.change(intake::NAME, &format!("UPDATE media SET update_time = 1 WHERE {this}")).await;
    let name = format!("media/{medium}");
    eventually("the upload is forgotten", async || {
        let request = contract::intake::v1::GetMediaRequest { name: name.clone() };
        let answer = citizen.media().get_media(request).await.map(drop);
        let gone = answer.as_ref().is_err_and(|status| status.code() == Code::PermissionDenied);
        (gone && passed()).then_some(()).ok_or(answer)
    })
    .await;
}

/// A report whose state says that something is missing, although nothing is: everybody sends again, nothing happens twice.
async fn stands_still(site: &Site, citizen: &Citizen, passed: &(dyn Fn() -> bool + Sync)) -> Report {
    let report = assigned(site, citizen).await;
    let this = site.is("id", id(&report.name));
    let sql = format!("UPDATE reports SET state = 'submitted', update_time = 1 WHERE {this}");
    site.change(intake::NAME, &sql).await;
    eventually("everybody is asked to send again", async || passed().then_some(()).ok_or("not yet")).await;
    let now = Clock::system().now().micros();
    let sql = format!("UPDATE reports SET state = 'assigned', update_time = {now} WHERE {this}");
    site.change(intake::NAME, &sql).await;
    until_assigned(citizen, &report.name, 1).await
}
