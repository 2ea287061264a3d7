//! Codes issued = reports stored = ends + open; and what does not add up after somebody has tampered is named.

use auth::Role;
use contract::google::r#type::Date;
use contract::intake::v1::Message;
use contract::intake::v1::{
    PostMessageRequest, ReconcileReportsRequest, ReconcileReportsResponse, Report, ReportDefect,
    WithdrawReportRequest,
};
use sea_orm::ConnectionTrait as _;
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, submission};

async fn create(world: &World, number: u128) -> Report {
    let message = submission("Đường hư nặng", &Uuid::from_u128(number).to_string());
    let sent = world.client.clone().create_report(world.as_citizen("citizen-1", message)).await;
    sent.unwrap().into_inner()
}

async fn reconcile(world: &World, request: ReconcileReportsRequest) -> ReconcileReportsResponse {
    let request = world.as_role(Role::Auditor, "auditor-1", request);
    world.client.clone().reconcile_reports(request).await.unwrap().into_inner()
}

/// Issued, stored, ended, open of all days and agencies.
fn sums(answer: &ReconcileReportsResponse) -> (i64, i64, i64, i64) {
    answer.days.iter().fold((0, 0, 0, 0), |sum, day| {
        (sum.0 + day.issued_count, sum.1 + day.stored_count, sum.2 + day.ended_count, sum.3 + day.open_count)
    })
}

/// Changes the database behind the service's back.
async fn tamper(world: &World, statement: &str, report: &Report) {
    let tx = world.outbox.database().begin().await.unwrap();
    let id = report.name.trim_start_matches("reports/");
    let id = match world.outbox.database().backend() {
        sea_orm::DbBackend::Postgres => format!("'{id}'"),
        _ => format!("X'{}'", id.replace('-', "")),
    };
    let done = tx.execute_unprepared(&statement.replace("REPORT", &id)).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
    world.outbox.database().commit(tx).await.unwrap();
}

#[tokio::test]
async fn what_is_whole_adds_up() {
    let world = World::start().await;
    let mut client = world.client.clone();
    let mut reports = Vec::new();
    for number in 1..=5 {
        reports.push(create(&world, number).await);
    }
    // Neither a repeat nor the answers of other commands issue a code.
    assert_eq!(create(&world, 1).await.code, reports[0].code);
    let message = Message { text: "Vẫn còn hư".to_owned(), ..Message::default() };
    let posted = PostMessageRequest {
        parent: reports[1].name.clone(),
        message: Some(message),
        request_id: Uuid::from_u128(100).to_string(),
    };
    client.post_message(world.as_citizen("citizen-1", posted)).await.unwrap();
    let withdrawn =
        WithdrawReportRequest { name: reports[2].name.clone(), request_id: Uuid::from_u128(101).to_string() };
    client.withdraw_report(world.as_citizen("citizen-1", withdrawn)).await.unwrap();

    let answer = reconcile(&world, ReconcileReportsRequest::default()).await;
    assert_eq!((answer.gap_count, answer.gaps.len(), answer.identities_checked), (0, 0, true));
    assert_eq!(sums(&answer), (5, 5, 1, 4));
}

#[tokio::test]
async fn more_than_a_page_of_one_instant_adds_up() {
    let world = World::start().await;
    let mut answers = tokio::task::JoinSet::new();
    for number in 1..=1_100_u128 {
        let mut client = world.client.clone();
        let message = submission("Đèn không sáng", &Uuid::from_u128(number).to_string());
        let request = world.as_citizen("citizen-1", message);
        answers.spawn(async move { client.create_report(request).await.unwrap().into_inner() });
    }
    answers.join_all().await;
    let answer = reconcile(&world, ReconcileReportsRequest::default()).await;
    assert_eq!((answer.gap_count, sums(&answer)), (0, (1_100, 1_100, 0, 1_100)));
}

#[tokio::test]
async fn every_gap_is_named() {
    let world = World::start().await;
    let mut reports = Vec::new();
    for number in 1..=8 {
        reports.push(create(&world, number).await);
    }
    let identities = match world.outbox.database().backend() {
        sea_orm::DbBackend::Postgres => "identity.identities",
        _ => "identities",
    };
    tamper(&world, "DELETE FROM reports WHERE id = REPORT", &reports[0]).await;
    tamper(&world, "DELETE FROM timeline WHERE report_id = REPORT", &reports[1]).await;
    tamper(&world, "UPDATE timeline SET sequence = 2 WHERE report_id = REPORT", &reports[2]).await;
    tamper(&world, &format!("DELETE FROM {identities} WHERE report_id = REPORT"), &reports[3]).await;
    tamper(&world, "UPDATE reports SET state = 'lost' WHERE id = REPORT", &reports[4]).await;
    tamper(&world, "UPDATE reports SET update_time = 1 WHERE id = REPORT", &reports[5]).await;
    let forget =
        "DELETE FROM requests WHERE create_time = (SELECT create_time FROM reports WHERE id = REPORT)";
    tamper(&world, forget, &reports[6]).await;
    // Auditors must not learn of a sealed report, but that something is wrong with one.
    tamper(&world, "DELETE FROM timeline WHERE report_id = REPORT", &reports[7]).await;
    tamper(&world, "UPDATE reports SET access = 'quarantine' WHERE id = REPORT", &reports[7]).await;

    let answer = reconcile(&world, ReconcileReportsRequest::default()).await;
    let found: Vec<(&str, &str, ReportDefect)> =
        answer.gaps.iter().map(|gap| (gap.code.as_str(), gap.report.as_str(), gap.defect())).collect();
    let defects = [
        ReportDefect::NotStored,
        ReportDefect::TimelineMissing,
        ReportDefect::TimelineBroken,
        ReportDefect::IdentityMissing,
        ReportDefect::StateUnknown,
        ReportDefect::StandsStill,
        ReportDefect::NotIssued,
    ];
    let expected: Vec<(&str, &str, ReportDefect)> = reports
        .iter()
        .zip(defects)
        .map(|(report, defect)| (report.code.as_str(), report.name.as_str(), defect))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(answer.gap_count, 8);
    assert_eq!(sums(&answer), (7, 7, 0, 6));
}

#[tokio::test]
async fn only_days_that_were_asked_for_are_compared() {
    let world = World::start().await;
    create(&world, 1).await;
    let day = |year, month, day| Some(Date { year, month, day });
    let past = ReconcileReportsRequest { first_day: day(2026, 1, 1), last_day: day(2026, 3, 31) };
    assert_eq!(reconcile(&world, past).await.days, []);
    for (first_day, last_day) in [
        (day(2026, 2, 30), None),
        (day(0, 1, 1), None),
        (day(2026, 13, 1), None),
        (day(2026, 3, 2), day(2026, 3, 1)),
        (day(2026, 1, 1), day(2026, 4, 3)),
    ] {
        let request = ReconcileReportsRequest { first_day, last_day };
        let request = world.as_role(Role::Administrator, "administrator-1", request);
        let refused = world.client.clone().reconcile_reports(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{first_day:?} to {last_day:?}");
        let reason = b"PERIOD_INVALID";
        assert!(refused.details().windows(reason.len()).any(|part| part == reason), "{refused:?}");
    }
}
