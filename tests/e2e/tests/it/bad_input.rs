//! What may not be sent, field by field: the exact code, reason and field of each refusal.

use std::time::Duration;

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    ChangeLeaf, ClassifyTextRequest, DecideReviewRequest, ListReviewsRequest,
};
use contract::common::v1::{Location, Outcome};
use contract::google::r#type::LatLng;
use contract::intake::v1::{GetMediaRequest, GetReportRequest, ListReportsRequest, Report};
use contract::routing::v1::{
    ExplainRouteRequest, GetAgencyRequest, ListAgenciesRequest, ListAssignmentsRequest, ListCommunesRequest,
    LocatePointRequest, Resolution,
};
use contract::satisfaction::v1::{GetScoreRequest, ListScoresRequest, ScoreDimension};
use harness::{CITY, OUTSIDE_PROVINCE, World, fresh_id, refusal, report, text};
use tonic::Code;
use unicode_normalization::UnicodeNormalization as _;

use crate::stories::assigned;

fn at(latitude: f64, longitude: f64) -> Location {
    Location { point: Some(LatLng { latitude, longitude }), address: String::new() }
}

/// A report that is right but for one thing, what it is refused for, and the field that is wrong.
type Wrong = (&'static str, Report, &'static str, &'static str);

fn wrong_reports(world: &World) -> Vec<Wrong> {
    let place = |location: Option<Location>| Report { location, ..report(text::ROAD) };
    let words = |words: &str| report(words);
    let (latitude, longitude) = CITY;
    let in_the_future = runtime::wire::timestamp(world.clock().now() + Duration::from_secs(120));
    let beyond_time = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
    let mut cases: Vec<Wrong> = vec![
        ("no text", words(""), "TEXT_EMPTY", "report.text"),
        ("blanks", words(" \n\t\u{a0}"), "TEXT_EMPTY", "report.text"),
        ("invisible signs", words("\u{200b}\u{feff}"), "TEXT_EMPTY", "report.text"),
        ("a character too many", words(&"ộ".repeat(4_001)), "TEXT_TOO_LONG", "report.text"),
        ("control characters", words("đường\0hư"), "TEXT_UNREADABLE", "report.text"),
        ("terminal colours", words("\u{1b}[31mđường hư"), "TEXT_UNREADABLE", "report.text"),
        ("no place", place(None), "LOCATION_MISSING", "report.location.point"),
        ("no point", place(Some(Location::default())), "LOCATION_MISSING", "report.location.point"),
        ("no number", place(Some(at(f64::NAN, longitude))), "LOCATION_INVALID", "report.location.point"),
        ("no end", place(Some(at(latitude, f64::INFINITY))), "LOCATION_INVALID", "report.location.point"),
        ("beyond the pole", place(Some(at(90.1, longitude))), "LOCATION_INVALID", "report.location.point"),
        ("a phone without a fix", place(Some(at(0.0, 0.0))), "LOCATION_INVALID", "report.location.point"),
        ("exchanged", place(Some(at(longitude, latitude))), "LOCATION_SWAPPED", "report.location.point"),
    ];
    let mut add = |what, report, reason, field| cases.push((what, report, reason, field));
    let mut wrong = report(text::ROAD);
    wrong.location.as_mut().expect("a place").address = "x".repeat(501);
    add("a long address", wrong, "TEXT_TOO_LONG", "report.location.address");
    for (what, source) in [("a source of tomorrow", 99), ("a negative source", -1)] {
        add(what, Report { source, ..report(text::ROAD) }, "ENUM_UNKNOWN", "report.source");
    }
    let captured = |time| Report { capture_time: Some(time), ..report(text::ROAD) };
    add("the future", captured(in_the_future), "TIME_IN_FUTURE", "report.capture_time");
    let epoch = prost_types::Timestamp { seconds: 0, nanos: 0 };
    add("a clock never set", captured(epoch), "TIME_TOO_OLD", "report.capture_time");
    add("no time at all", captured(beyond_time), "TIMESTAMP_INVALID", "report.capture_time");
    let media = |media: Vec<String>| Report { media, ..report(text::ROAD) };
    let twice = format!("media/{}", fresh_id());
    add("no medium's name", media(vec!["photo.jpg".to_owned()]), "MEDIA_INVALID", "report.media");
    add("a medium twice", media(vec![twice.clone(), twice]), "MEDIA_INVALID", "report.media");
    let nine = (0..9).map(|_| format!("media/{}", fresh_id())).collect();
    add("nine media", media(nine), "MEDIA_INVALID", "report.media");
    cases
}

#[tokio::test]
async fn every_wrong_report_is_refused_for_its_own_reason() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    for (what, wrong, reason, field) in wrong_reports(&world) {
        let refused = refusal(citizen.create(&wrong).await);
        assert_eq!((refused.code, refused.reason.as_str()), (Code::InvalidArgument, reason), "{what}");
        assert_eq!(refused.fields, [field], "{what}");
    }
    for far_too_long in ["a".repeat(100_000), "ộ".repeat(100_000)] {
        let flood = refusal(citizen.create(&report(&far_too_long)).await);
        assert_eq!((flood.code, flood.reason.as_str()), (Code::InvalidArgument, "TEXT_TOO_LONG"));
        assert_eq!(flood.fields, ["report.text"]);
    }
    for (what, name, phone, field) in [
        ("a long name", "x".repeat(201), String::new(), "reporter.display_name"),
        ("letters for a phone", String::new(), "gọi tôi".to_owned(), "reporter.phone"),
        ("a short phone", String::new(), "113".to_owned(), "reporter.phone"),
    ] {
        let reporter = contract::intake::v1::Reporter { display_name: name, phone };
        let refused = refusal(citizen.create_as(&fresh_id(), &report(text::ROAD), Some(reporter)).await);
        assert_eq!(
            (refused.code, refused.fields.as_slice()),
            (Code::InvalidArgument, [field.to_owned()].as_slice()),
            "{what}"
        );
    }
    let nothing = ListReportsRequest::default();
    assert!(citizen.intake().list_reports(nothing).await.expect("a list").into_inner().reports.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn what_looks_strange_but_is_right_is_taken() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let composed = "Lộ ấp hư, ổ gà lớn, đi lại khó khăn";
    let decomposed: String = composed.nfd().collect();
    assert_ne!(composed, decomposed);
    for words in [composed, decomposed.as_str()] {
        let taken = citizen.create(&report(words)).await.expect("taken");
        assert_eq!(taken.text, composed, "both are kept in one form");
    }
    citizen.create(&report(&"ộ".repeat(4_000))).await.expect("exactly as long as allowed");
    let old = runtime::wire::timestamp(world.clock().now() - Duration::from_secs(9 * 365 * 86_400));
    citizen.create(&Report { capture_time: Some(old), ..report(text::ROAD) }).await.expect("an old photo");
    for (latitude, longitude) in [(7.5, 103.0), OUTSIDE_PROVINCE, (-33.9, 151.2)] {
        let far = Report { location: Some(at(latitude, longitude)), ..report(text::ROAD) };
        let taken = citizen.create(&far).await.expect("a place elsewhere");
        let review = world.coordinator().review_of(&taken.name).await;
        assert!(review.reasons.iter().any(|reason| reason == "OUTSIDE_PROVINCE"), "{:?}", review.reasons);
    }
    world.finish().await;
}

/// Names that name nothing: each is refused, none is an error of ours.
const NAMES: [&str; 8] = [
    "",
    "reports/",
    "reports/x",
    "reports/00000000-0000-0000-0000-000000000000",
    "/reports/6f1c1c52-5f0e-4f6e-9b0a-0d7a4f0f3c11",
    "reports/6f1c1c52-5f0e-4f6e-9b0a-0d7a4f0f3c11/../..",
    "reports/' OR 1=1 --",
    "agencies/ubnd-32025\0",
];

#[tokio::test]
async fn names_that_name_nothing_are_refused_everywhere() {
    let world = World::start().await;
    let officer = world.cleared_officer();
    let refused = |outcome: Result<(), tonic::Status>, name: &str| {
        let refused = refusal(outcome);
        assert!(
            matches!(refused.code, Code::InvalidArgument | Code::PermissionDenied),
            "{name:?}: {refused:?}"
        );
        if refused.code == Code::InvalidArgument {
            assert_eq!(refused.reason, "NAME_INVALID", "{name:?}");
        }
    };
    for name in NAMES {
        let name = name.to_owned();
        let get = GetReportRequest { name: name.clone(), ..GetReportRequest::default() };
        refused(officer.intake().get_report(get).await.map(drop), &name);
        refused(officer.media().get_media(GetMediaRequest { name: name.clone() }).await.map(drop), &name);
        refused(
            officer.directory().get_agency(GetAgencyRequest { name: name.clone() }).await.map(drop),
            &name,
        );
        let request = contract::classification::v1::GetClassificationRequest { name: name.clone() };
        refused(officer.classification().get_classification(request).await.map(drop), &name);
        let decide = DecideReviewRequest {
            name: name.clone(),
            decision: Some(Decision::Confirm(contract::classification::v1::Confirm {})),
            request_id: fresh_id(),
            etag: "v1".to_owned(),
        };
        refused(officer.triage().decide_review(decide).await.map(drop), &name);
        let assignment = contract::routing::v1::Assignment { name: name.clone(), ..Default::default() };
        refused(world.supervisor().approve(&assignment).await.map(drop), &name);
        refused(world.citizen("citizen-1").invitation(&name).await.map(drop), &name);
    }
    world.finish().await;
}

#[tokio::test]
async fn agencies_and_coordinators_are_told_what_is_missing() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let first = assigned(&world, &citizen).await;
    let handler = world.handler(&first.agency);
    let assignment = handler.assignment_of(&first.name).await;
    let early =
        handler.submit(&assignment, Resolution { outcome: 9, reply: "…".to_owned(), ..Default::default() });
    assert_eq!(refusal(early.await).reason, "ASSIGNMENT_STATE", "first accept, then answer");
    let assignment = handler.accept(&assignment).await.expect("accepted");
    let good = Resolution {
        outcome: Outcome::Explained.into(),
        reply: "Đã trả lời.".to_owned(),
        ..Default::default()
    };
    let past = prost_types::Timestamp { seconds: 1, nanos: 0 };
    let far = prost_types::Timestamp { seconds: 4_102_444_800, nanos: 0 };
    for (what, wrong, reason) in [
        ("no reply", Resolution { reply: " ".to_owned(), ..good.clone() }, "REPLY_REQUIRED"),
        ("a long reply", Resolution { reply: "a".repeat(4_001), ..good.clone() }, "TEXT_TOO_LONG"),
        ("no outcome", Resolution { outcome: 0, ..good.clone() }, "OUTCOME_REQUIRED"),
        ("an outcome of tomorrow", Resolution { outcome: 99, ..good.clone() }, "ENUM_UNKNOWN"),
        (
            "mended without proof",
            Resolution { outcome: Outcome::Repaired.into(), ..good.clone() },
            "EVIDENCE_REQUIRED",
        ),
        ("no medium", Resolution { evidence: vec!["x".to_owned()], ..good.clone() }, "MEDIA_INVALID"),
        (
            "a promise of yesterday",
            Resolution { outcome: Outcome::Planned.into(), promised_time: Some(past), ..good.clone() },
            "TIME_IN_PAST",
        ),
        (
            "a promise for another generation",
            Resolution { outcome: Outcome::Planned.into(), promised_time: Some(far), ..good.clone() },
            "PROMISED_TIME_TOO_FAR",
        ),
    ] {
        let refused = refusal(handler.submit(&assignment, wrong).await);
        assert_eq!(refused.reason, reason, "{what}: {refused:?}");
        assert!(refused.code == Code::InvalidArgument && refused.fields.len() == 1, "{what}: {refused:?}");
    }
    let refused = refusal(handler.approve(&assignment).await);
    assert_eq!(refused.code, Code::PermissionDenied, "a handler does not approve");

    let coordinator = world.coordinator();
    let created = citizen.create(&report(text::PROCEDURE)).await.expect("taken");
    let review = coordinator.review_of(&created.name).await;
    let unknown = ChangeLeaf { leaf: "infrastructure.moon".to_owned(), urgency: 0 };
    let refused = refusal(coordinator.decide(&review, Decision::ChangeLeaf(unknown)).await);
    assert_eq!(
        (refused.reason.as_str(), refused.fields),
        ("LEAF_UNKNOWN", vec!["change_leaf.leaf".to_owned()])
    );
    let nothing = DecideReviewRequest {
        name: review.name.clone(),
        request_id: fresh_id(),
        etag: review.etag.clone(),
        decision: None,
    };
    assert_eq!(refusal(coordinator.triage().decide_review(nothing).await).reason, "DECISION_MISSING");
    world.finish().await;
}

#[tokio::test]
async fn questions_without_effect_are_checked_as_strictly() {
    let world = World::start().await;
    let anybody = world.anyone(Role::Public, "anybody", None);
    let classify = |text: &str| ClassifyTextRequest { text: text.to_owned() };
    let empty = anybody.classification().classify_text(classify("")).await;
    assert_eq!(refusal(empty).reason, "TEXT_EMPTY");
    let long = anybody.classification().classify_text(classify(&"a".repeat(4_001))).await;
    assert_eq!(refusal(long).reason, "TEXT_TOO_LONG");
    let suggestion =
        anybody.classification().classify_text(classify(text::ROAD)).await.expect("a suggestion");
    assert_eq!(suggestion.into_inner().leaf, "infrastructure.road");

    let (latitude, longitude) = CITY;
    for (point, reason) in
        [((f64::NAN, 1.0), "LOCATION_INVALID"), ((longitude, latitude), "LOCATION_SWAPPED")]
    {
        let request = LocatePointRequest { location: Some(at(point.0, point.1)) };
        assert_eq!(refusal(anybody.directory().locate_point(request).await).reason, reason, "{point:?}");
    }
    let request = LocatePointRequest { location: Some(at(latitude, longitude)) };
    let located = anybody.directory().locate_point(request).await.expect("a commune").into_inner();
    assert_eq!(located.commune_code, "32025");
    let explain = |leaf: &str, urgency: i32| ExplainRouteRequest {
        location: Some(at(latitude, longitude)),
        leaf: leaf.to_owned(),
        urgency,
        arrival_time: None,
    };
    let route = anybody
        .routing()
        .explain_route(explain("infrastructure.road", 0))
        .await
        .expect("a route")
        .into_inner();
    assert_eq!(route.agency, "agencies/ubnd-32025");
    let unknown = anybody.routing().explain_route(explain("infrastructure.moon", 0)).await;
    assert_eq!(refusal(unknown).reason, "LEAF_UNKNOWN");
    let unknown = anybody.routing().explain_route(explain("infrastructure.road", 77)).await;
    assert_eq!(refusal(unknown).reason, "ENUM_UNKNOWN");

    let score = |dimension: i32, start: i64, end: i64| GetScoreRequest {
        dimension,
        subject: "ubnd-32025".to_owned(),
        start_time: Some(prost_types::Timestamp { seconds: start, nanos: 0 }),
        end_time: Some(prost_types::Timestamp { seconds: end, nanos: 0 }),
    };
    let agency = ScoreDimension::Agency.into();
    assert_eq!(refusal(anybody.scores().get_score(score(99, 0, 1)).await).reason, "ENUM_UNKNOWN");
    assert_eq!(refusal(anybody.scores().get_score(score(agency, 2, 1)).await).reason, "PERIOD_INVALID");
    world.finish().await;
}

#[tokio::test]
async fn every_list_refuses_the_same_wrong_pages() {
    let world = World::start().await;
    let officer = world.cleared_officer();
    let dimension = ScoreDimension::Agency.into();
    for (page_size, page_token, reason) in [
        (-1, "", "PAGE_SIZE_INVALID"),
        (0, "x", "PAGE_TOKEN_INVALID"),
        (0, "AAAA.BBBB", "PAGE_TOKEN_INVALID"),
    ] {
        let page_token = page_token.to_owned();
        let token = || page_token.clone();
        let reports = ListReportsRequest { page_size, page_token: token(), ..Default::default() };
        let assignments = ListAssignmentsRequest { page_size, page_token: token(), ..Default::default() };
        let scores = ListScoresRequest { page_size, page_token: token(), dimension, ..Default::default() };
        let outcomes = [
            officer.intake().list_reports(reports).await.map(drop),
            officer
                .triage()
                .list_reviews(ListReviewsRequest { page_size, page_token: token(), ..Default::default() })
                .await
                .map(drop),
            officer.dispatch().list_assignments(assignments).await.map(drop),
            officer
                .directory()
                .list_agencies(ListAgenciesRequest { page_size, page_token: token() })
                .await
                .map(drop),
            officer
                .directory()
                .list_communes(ListCommunesRequest { page_size, page_token: token() })
                .await
                .map(drop),
            officer.scores().list_scores(scores).await.map(drop),
        ];
        for (list, outcome) in outcomes.into_iter().enumerate() {
            let refused = refusal(outcome);
            assert_eq!(
                (refused.code, refused.reason.as_str()),
                (Code::InvalidArgument, reason),
                "list {list}"
            );
            let field = if page_token.is_empty() { "page_size" } else { "page_token" };
            assert_eq!(refused.fields, [field], "list {list}");
        }
    }
    let states = ListReportsRequest { states: vec![99], ..Default::default() };
    assert_eq!(refusal(officer.intake().list_reports(states).await).reason, "ENUM_UNKNOWN");
    world.finish().await;
}
