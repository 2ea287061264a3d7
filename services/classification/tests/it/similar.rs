//! Similar reports and search: the open ones for citizens, with reasons for coordinators, sealed ones for cleared officers.

use std::collections::BTreeSet;
use std::time::Duration;

use auth::Role;
use contract::classification::v1::{ChangeLeaf, decide_review_request::Decision};
use contract::classification::v1::{
    CountSimilarReportsRequest, CountSimilarReportsResponse, ListSimilarReportsRequest,
    ListSimilarReportsResponse, SearchReportsRequest, SearchReportsResponse, SimilarReport,
};
use contract::common::v1::Location;
use contract::google::r#type::LatLng;
use messaging::Envelope;
use tonic::Status;
use uuid::Uuid;
use vocabulary::ReportId;

use crate::pack::PACK;
use crate::triage::decide;
use crate::world::{
    MORNING, World, media_attached, reason, reopened, report, resolved, sent_from, sent_with, submitted,
    withdrawn,
};

const CITY: (f64, f64) = (9.1769, 105.1524);

fn place(north_metres: f64) -> Location {
    let latitude = CITY.0 + north_metres / 111_195.0;
    Location { point: Some(LatLng { latitude, longitude: CITY.1 }), address: String::new() }
}

fn sent(number: u128, text: &str, north_metres: f64) -> Envelope {
    sent_from(report(number), text, place(north_metres), MORNING)
}

async fn count(world: &World, text: &str, north_metres: f64) -> CountSimilarReportsResponse {
    let location = Some(place(north_metres));
    let request = CountSimilarReportsRequest { text: text.to_owned(), location };
    let request = world.request(Role::Citizen, "anybody", request);
    world.similar().count_similar_reports(request).await.unwrap().into_inner()
}

async fn similar(world: &World, role: Role, to: ReportId) -> Result<ListSimilarReportsResponse, Status> {
    let request = ListSimilarReportsRequest { report: to.name(), page_size: 0 };
    let request = world.request(role, "somebody", request);
    world.similar().list_similar_reports(request).await.map(tonic::Response::into_inner)
}

async fn search(
    world: &World,
    role: Role,
    query: &str,
    size: i32,
    token: &str,
) -> Result<SearchReportsResponse, Status> {
    let request =
        SearchReportsRequest { query: query.to_owned(), page_size: size, page_token: token.to_owned() };
    let request = world.request(role, "somebody", request);
    world.similar().search_reports(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_citizen_hears_how_many_others_reported_the_same_and_nothing_of_secrets() {
    let world = World::at(MORNING + Duration::from_secs(3_600)).await;
    let sure = PACK.texts.sure.as_str();
    let there: Vec<Envelope> = (1..=3).map(|number| sent(number, sure, number as f64 * 20.0)).collect();
    world.tell(&there).await;
    world
        .tell(&[
            sent(4, sure, 3_000.0),
            sent(5, &PACK.texts.secret, 10.0),
            sent(6, &PACK.texts.doubtful, 10.0),
        ])
        .await;
    let told = count(&world, sure, 0.0).await;
    assert_eq!(told.count, 3, "far, sealed and waiting ones do not count");
    assert!(!told.leaf.is_empty());
    assert_eq!(told.first_time.unwrap().seconds, MORNING.parts().0);
    assert_eq!(count(&world, sure, 5_000.0).await.count, 0);
    assert_eq!(count(&world, &PACK.texts.secret, 0.0).await, CountSimilarReportsResponse::default());

    world.tell(&[resolved(report(1), 5, 1), withdrawn(report(2))]).await;
    assert_eq!(count(&world, sure, 0.0).await.count, 1, "settled and withdrawn ones are over");
    world.tell(&[reopened(report(1), 1)]).await;
    assert_eq!(count(&world, sure, 0.0).await.count, 2);
    world.tell(&[resolved(report(1), 6, 2)]).await;
    assert_eq!(count(&world, sure, 0.0).await.count, 1);
    world.platform.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(count(&world, sure, 0.0).await.count, 0, "out of the window");
}

#[tokio::test]
async fn coordinators_see_what_resembles_a_report_and_why() {
    let world = World::new().await;
    let sure = PACK.texts.sure.as_str();
    world.tell(&[sent(1, sure, 0.0), sent(2, sure, 100.0), sent(3, sure, 9_000.0)]).await;
    world.tell(&[sent(4, &PACK.texts.secret, 5.0), sent(5, &PACK.texts.secret, 10.0)]).await;
    let found = similar(&world, Role::Coordinator, report(1)).await.unwrap().reports;
    let names: Vec<_> = found.iter().map(|found| found.report.clone().unwrap().report).collect();
    assert_eq!(names, [report(2).name(), report(3).name()]);
    assert!(found[0].score > found[1].score, "{found:?}");
    let reasons: Vec<_> = found[0].reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(reasons, ["NEAR_BY", "SAME_LEAF", "SIMILAR_WORDS"]);
    assert_eq!(found[0].reasons[0].value, 100.0);
    let summary = found[0].report.clone().unwrap();
    assert_eq!((summary.text.as_str(), summary.settled), (sure, false));

    let hidden = similar(&world, Role::Coordinator, report(4)).await;
    assert_eq!(reason(hidden), "PERMISSION_DENIED_OR_MISSING");
    let open = similar(&world, Role::ClearedOfficer, report(4)).await.unwrap().reports;
    assert!(open.iter().any(|found| found.report.clone().unwrap().report == report(5).name()));
    assert_eq!(reason(similar(&world, Role::Coordinator, report(99)).await), "PERMISSION_DENIED_OR_MISSING");
    for role in [Role::Citizen, Role::Public, Role::AgencyHandler, Role::Supervisor] {
        assert_eq!(reason(similar(&world, role, report(1)).await), "PERMISSION_DENIED_OR_MISSING", "{role}");
    }
}

#[tokio::test]
async fn a_photo_that_was_sent_before_is_found_wherever_and_whenever_it_arrives() {
    let world = World::new().await;
    let photo = 0x1234_5678_9abc_def0;
    let texts = [PACK.texts.sure.as_str(), PACK.texts.doubtful.as_str()];
    // A photo before its report, one after it, another photo, and a photo of one colour: nothing to compare.
    world.tell(&[media_attached(report(2), 2, photo), sent_with(report(1), texts[0], &[photo, 0])]).await;
    world.tell(&[sent(2, texts[1], 9_000.0), sent(3, texts[1], 20_000.0), sent(4, texts[1], 30_000.0)]).await;
    world.tell(&[media_attached(report(3), 5, photo), media_attached(report(3), 6, !photo)]).await;
    world.tell(&[media_attached(report(4), 2, !photo), media_attached(report(1), 2, 0)]).await;
    let of = async |number| {
        let found = similar(&world, Role::Coordinator, report(number)).await.unwrap().reports;
        let shows_it = |found: &SimilarReport| found.reasons.iter().any(|reason| reason.code == "SAME_PHOTO");
        let names = found.into_iter().filter(shows_it).map(|found| found.report.unwrap().report);
        names.collect::<BTreeSet<_>>()
    };
    assert_eq!(of(1).await, BTreeSet::from([report(2).name(), report(3).name()]));
    assert_eq!(of(3).await, [1, 2, 4].map(|number| report(number).name()).into());
    world.tell(&[media_attached(report(2), 5, photo), withdrawn(report(3))]).await;
    assert_eq!(of(1).await, BTreeSet::from([report(2).name()]));
}

#[tokio::test]
async fn words_are_found_whatever_their_accents_page_by_page() {
    let world = World::new().await;
    let text = "Ổ gà lớn trước chợ Rạch Ráng, xe té hoài";
    let events: Vec<Envelope> = (1..=7).map(|number| submitted(report(number), text)).collect();
    world.tell(&events).await;
    world.tell(&[submitted(report(20), &PACK.texts.secret)]).await;
    for query in ["ổ gà", "o ga lon", "RẠCH RÁNG chợ", "rach ran"] {
        let found = search(&world, Role::ClearedOfficer, query, 0, "").await.unwrap().reports;
        assert_eq!(found.len(), 7, "{query}");
    }
    assert_eq!(search(&world, Role::ClearedOfficer, "ran rach khac", 0, "").await.unwrap().reports, []);
    assert_eq!(search(&world, Role::ClearedOfficer, "ga. ", 0, "").await.unwrap().reports.len(), 7);
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let page = search(&world, Role::ClearedOfficer, "té hoài", 3, &token).await.unwrap();
        names.extend(page.reports.into_iter().map(|found| found.report));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        let foreign = search(&world, Role::ClearedOfficer, "té", 3, &token).await;
        assert_eq!(reason(foreign), "PAGE_TOKEN_INVALID");
    }
    let newest_first: Vec<_> = (1..=7).rev().map(|number| report(number).name()).collect();
    assert_eq!(names, newest_first);

    let secret: String = PACK.texts.secret.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    let of = async |role| search(&world, role, &secret, 0, "").await.map(|found| found.reports.len());
    assert_eq!(of(Role::ClearedOfficer).await.unwrap(), 1);
    for role in [Role::Coordinator, Role::Supervisor, Role::Auditor] {
        assert_eq!(of(role).await.unwrap(), 0, "{role}");
    }
    for role in [Role::Citizen, Role::Public, Role::AgencyHandler, Role::Administrator] {
        assert_eq!(reason(of(role).await), "PERMISSION_DENIED_OR_MISSING", "{role}");
    }
    for (query, expected) in
        [("", "TEXT_EMPTY"), ("!? 12", "TEXT_EMPTY"), (&"a".repeat(201), "TEXT_TOO_LONG")]
    {
        assert_eq!(reason(search(&world, Role::Coordinator, query, 0, "").await), expected);
    }
}

#[tokio::test]
async fn a_decision_changes_what_counts_as_public() {
    let world = World::new().await;
    world.tell(&[sent(1, &PACK.texts.doubtful, 0.0)]).await;
    let asked = async || count(&world, &PACK.texts.doubtful, 0.0).await.count;
    assert_eq!(asked().await, 0, "it waits for a person");
    let review = world.queue().await.remove(0);
    let leaf = review.suggestion.clone().unwrap().leaf;
    let change = Decision::ChangeLeaf(ChangeLeaf { leaf, urgency: 0 });
    decide(&world, Role::Coordinator, &review, change, Uuid::from_u128(1)).await.unwrap();
    assert_eq!(asked().await, 1);
}
