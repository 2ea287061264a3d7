//! Who sees what: every role against every way of looking, at what is theirs, foreign, sealed and not there at all.

use std::collections::BTreeMap;

use auth::Role;
use contract::classification::v1::{
    GetClassificationRequest, ListLabelsRequest, ListReviewsRequest, ListSimilarReportsRequest, ReviewState,
    SearchReportsRequest,
};
use contract::intake::v1::{
    GetMediaRequest, GetReportRequest, ListReportsRequest, ListScope, ReconcileReportsRequest,
    WatchReportRequest, WithdrawReportRequest,
};
use contract::routing::v1::ListAssignmentsRequest;
use harness::{Anyone, World, fresh_id, header, photo, report, text, upload_of};
use tonic::{Code, Status};

use crate::stories::bring_to_agency;

/// What is looked at: a report and its photo.
#[derive(Debug, Clone)]
struct Target {
    report: String,
    media: String,
}

/// The whole answer to a refused caller, as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wire(Code, String, Vec<u8>);

type Look = Result<(), Wire>;

fn wire<T>(outcome: Result<T, Status>) -> Look {
    outcome
        .map(drop)
        .map_err(|status| Wire(status.code(), status.message().to_owned(), status.details().to_vec()))
}

/// Every way of looking at one report, by name.
async fn looks(who: &Anyone, target: &Target) -> BTreeMap<&'static str, Look> {
    let Target { report, media } = target;
    let get = GetReportRequest { name: report.clone(), ..GetReportRequest::default() };
    let watch = WatchReportRequest { name: report.clone(), ..WatchReportRequest::default() };
    let similar = ListSimilarReportsRequest { report: report.clone(), page_size: 0 };
    let medium = GetMediaRequest { name: media.clone() };
    let classification = GetClassificationRequest { name: format!("{report}/classification") };
    BTreeMap::from([
        ("GetReport", wire(who.intake().get_report(get).await)),
        ("WatchReport", wire(who.intake().watch_report(watch).await)),
        ("PostMessage", wire(who.post(report, "Xin hỏi thêm.", false).await)),
        ("PostMessage internal", wire(who.post(report, "Ghi chú.", true).await)),
        ("GetMedia", wire(who.media().get_media(medium).await)),
        ("DownloadMedia", wire(who.download(media).await)),
        ("ListSimilarReports", wire(who.similar().list_similar_reports(similar).await)),
        ("GetClassification", wire(who.classification().get_classification(classification).await)),
    ])
}

/// Names of the reports in every list that this caller can read.
async fn listed(who: &Anyone) -> Vec<String> {
    let mut names = Vec::new();
    for scope in [ListScope::Own, ListScope::Public] {
        let request =
            ListReportsRequest { scope: scope.into(), page_size: 100, ..ListReportsRequest::default() };
        let page = who.intake().list_reports(request).await.expect("a list for everybody").into_inner();
        names.extend(page.reports.into_iter().map(|report| report.name));
    }
    let request = ListAssignmentsRequest { page_size: 100, include_ended: true, ..Default::default() };
    if let Ok(page) = who.dispatch().list_assignments(request).await {
        names.extend(page.into_inner().assignments.into_iter().map(|assignment| assignment.report));
    }
    for state in [ReviewState::Open, ReviewState::Asked, ReviewState::Pending] {
        let request = ListReviewsRequest { page_size: 100, state: state.into(), ..Default::default() };
        if let Ok(page) = who.triage().list_reviews(request).await {
            names.extend(page.into_inner().reviews.into_iter().map(|review| review.report));
        }
    }
    // Words that both the open and the sealed report say.
    let request = SearchReportsRequest { query: "cho".to_owned(), page_size: 100, ..Default::default() };
    if let Ok(page) = who.similar().search_reports(request).await {
        names.extend(page.into_inner().reports.into_iter().map(|found| found.report));
    }
    if let Ok(page) = who.learning().list_labels(ListLabelsRequest::default()).await {
        names.extend(page.into_inner().labels.into_iter().map(|label| label.report));
    }
    names
}

/// Who may look at an ordinary report that an agency has, in which way. `own` is its reporter, `holder` works for the
/// agency that has it.
fn may_look(role: Role, own: bool, holder: bool, look: &str) -> bool {
    use Role::{
        Administrator, AgencyHandler, AgencyLeader, Auditor, ClearedOfficer, Coordinator, Supervisor,
    };
    let central = matches!(role, Coordinator | ClearedOfficer | Supervisor | Administrator);
    let agency = matches!(role, AgencyHandler | AgencyLeader);
    match look {
        "GetReport" | "WatchReport" => true,
        "ListSimilarReports" => matches!(role, Coordinator | ClearedOfficer),
        "GetClassification" => central || agency || role == Auditor,
        "PostMessage internal" => (central && role != Administrator) || holder,
        "PostMessage" => own || (central && role != Administrator) || holder,
        "GetMedia" | "DownloadMedia" => own || central || holder,
        unknown => panic!("no rule for {unknown}"),
    }
}

async fn sent(world: &World, subject: &str, words: &str) -> Target {
    let citizen = world.citizen(subject);
    let id = fresh_id();
    let jpeg = photo(1, "GPS");
    let mut sent = report(words);
    sent.media = vec![format!("media/{id}")];
    let created = citizen.create(&sent).await.expect("taken");
    citizen.upload(upload_of(header(&id, "image/jpeg", &jpeg), &jpeg)).await.expect("uploaded");
    Target { report: created.name, media: format!("media/{id}") }
}

#[tokio::test]
async fn missing_and_forbidden_are_answered_alike_and_the_sealed_is_seen_by_few() {
    let world = World::start().await;
    let ordinary = sent(&world, "citizen-1", text::ROAD).await;
    let sealed = sent(&world, "citizen-1", text::DENUNCIATION).await;
    let missing =
        Target { report: format!("reports/{}", fresh_id()), media: format!("media/{}", fresh_id()) };
    let agency = bring_to_agency(&world, &world.citizen("citizen-1"), &ordinary.report).await.agency;
    let agency = agency.strip_prefix("agencies/").expect("an agency");
    world.cleared_officer().review_of(&sealed.report).await;
    world.until_idle().await;

    let mut people: Vec<(&str, Anyone, bool, bool)> = Vec::new();
    for role in Role::ALL {
        let works_for = role.needs_agency().then_some("ubnd-32002");
        people.push(("a stranger", world.anyone(*role, "somebody-else", works_for), false, false));
        if role.needs_agency() {
            people.push(("the holder", world.anyone(*role, "somebody-else", Some(agency)), false, true));
        }
        // The reporter's own name in another role opens nothing.
        let own = matches!(role, Role::Citizen | Role::Assistant);
        people.push(("the reporter", world.anyone(*role, "citizen-1", works_for), own, false));
    }
    for (name, who, own, holder) in people {
        let nowhere = looks(&who, &missing).await;
        let (in_open, in_secret) = (looks(&who, &ordinary).await, looks(&who, &sealed).await);
        // Media are owned by a person, whatever the role in which that person calls.
        let uploader = name == "the reporter";
        for (look, absent) in nowhere {
            let what = format!("{look} by {name}, {:?}", who.role);
            let refused = absent.expect_err(&format!("{what} of nothing"));
            assert_eq!(refused.0, Code::PermissionDenied, "{what} of nothing");
            let media = look.ends_with("Media") && uploader;
            let open = may_look(who.role, own, holder, look) || media;
            assert_eq!(
                in_open[look],
                if open { Ok(()) } else { Err(refused.clone()) },
                "{what} of an open report"
            );
            let staffs = !matches!(look, "PostMessage internal" | "GetClassification" | "ListSimilarReports");
            let see_sealed = who.role == Role::ClearedOfficer || (own && staffs) || media;
            let expected = if see_sealed { Ok(()) } else { Err(refused) };
            assert_eq!(in_secret[look], expected, "{what} of a sealed report");
        }
        let lists = listed(&who).await;
        let reads_sealed = who.role == Role::ClearedOfficer || own;
        assert_eq!(lists.contains(&sealed.report), reads_sealed, "the lists of {name}, {:?}", who.role);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_sealed_report_can_be_taken_back_by_its_reporter_alone() {
    let world = World::start().await;
    let sealed = sent(&world, "citizen-1", text::DENUNCIATION).await;
    world.cleared_officer().review_of(&sealed.report).await;
    let withdraw = |name: &str| WithdrawReportRequest { name: name.to_owned(), request_id: fresh_id() };
    let absent = format!("reports/{}", fresh_id());
    for role in Role::ALL {
        let who = world.anyone(*role, "somebody-else", role.needs_agency().then_some("ubnd-32002"));
        let refused =
            wire(who.intake().withdraw_report(withdraw(&sealed.report)).await).expect_err("not theirs");
        let nothing = wire(who.intake().withdraw_report(withdraw(&absent)).await).expect_err("not there");
        assert_eq!(refused, nothing, "{role:?}");
    }
    world.citizen("citizen-1").withdraw(&sealed.report).await.expect("their own");
    world.finish().await;
}

#[tokio::test]
async fn strangers_see_neither_words_nor_place_without_consent() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    let silent = citizen.create(&report(text::ROAD)).await.expect("taken");
    let mut spoken = report(text::ROAD);
    spoken.publication_consent = true;
    let spoken = citizen.create(&spoken).await.expect("taken");
    for name in [&silent.name, &spoken.name] {
        bring_to_agency(&world, &citizen, name).await;
    }
    let public = world.anyone(Role::Public, "anybody", None);
    let read = public.get(&silent.name).await.expect("the public part");
    assert_eq!((read.text.as_str(), read.location), ("", None));
    let read = public.get(&spoken.name).await.expect("the public part");
    assert_eq!(read.text, text::ROAD);
    let place = read.location.expect("a place");
    let point = place.point.expect("a point");
    assert_eq!((point.latitude, point.longitude, place.address.as_str()), (9.181, 105.177, ""));
    world.finish().await;
}

#[tokio::test]
async fn only_auditors_and_administrators_reconcile_and_read_no_words() {
    let world = World::start().await;
    let citizen = world.citizen("citizen-1");
    citizen.create(&report(text::ROAD)).await.expect("taken");
    citizen.create(&report(text::DENUNCIATION)).await.expect("taken");
    world.until_idle().await;
    for role in Role::ALL {
        let who = world.anyone(*role, "somebody", role.needs_agency().then_some("ubnd-32002"));
        let outcome = who.intake().reconcile_reports(ReconcileReportsRequest::default()).await;
        if matches!(role, Role::Auditor | Role::Administrator) {
            let answer = outcome.expect("an answer").into_inner();
            assert_eq!(answer.gap_count, 0, "{:?}", answer.gaps);
            let counts = answer.days.iter().map(|day| (day.issued_count, day.stored_count));
            let sums = counts.fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
            assert_eq!(sums, (2, 2), "sealed reports are counted like others");
        } else {
            assert_eq!(wire(outcome).expect_err("not theirs").0, Code::PermissionDenied, "{role:?}");
        }
    }
    world.finish().await;
}
