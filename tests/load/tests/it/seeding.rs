//! What the seeder writes is what the services would have written.

use std::collections::BTreeSet;
use std::time::Duration;

use contract::satisfaction::v1::{GetScoreRequest, ScoreDimension};
use harness::{kinds, pack, verify_timeline};
use load::seed::{Plan, fill};
use vocabulary::Clock;

use crate::site::Site;

const REPORTS: u64 = 2_000;

/// A world whose files were filled before it was started again.
async fn filled() -> (Site, Plan) {
    let mut site = Site::start().await;
    site.world.stop().await;
    let plan = Plan { reports: REPORTS, citizens: 5, seed: 1, until: Clock::system().now() };
    let filled = fill(plan.clone(), &pack(), site.world.data(), None).await.expect("rows");
    assert_eq!(filled.reports, REPORTS);
    site.world.resume().await;
    (site, plan)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeded_reports_read_like_real_ones() {
    let (site, plan) = filled().await;
    let (mut states, mut told) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..REPORTS {
        let name = plan.report(number).name();
        let citizen = site.world.citizen(&format!("load-1-{}", plan.sender(number)));
        let report = citizen.get(&name).await.expect("the reporter's own report");
        verify_timeline(&report.timeline);
        assert_eq!(report.timeline.last().map(|entry| entry.state()), Some(report.state()), "{name}");
        states.insert(report.state().as_str_name().to_owned());
        told.extend(kinds(&report).into_iter().map(str::to_owned));
    }
    for state in ["CLOSED", "RESOLVED", "RETURNED", "WITHDRAWN", "ASSIGNED", "UNDER_REVIEW", "IN_PROGRESS"] {
        assert!(states.contains(&format!("REPORT_STATE_{state}")), "no {state}: {states:?}");
    }
    for kind in ["ReportReclassified", "DeadlineMissed", "ReportReopened", "ReportDeferred", "ReportRejected"]
    {
        assert!(told.contains(kind), "no {kind}: {told:?}");
    }
    // `finish` proves every hash chain, and that nothing of all this was given up.
    site.world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_scores_and_people_work_on_seeded_reports() {
    let (site, _) = filled().await;
    let queue = site.world.supervisor().assignments().await.expect("a queue");
    let first = queue.first().expect("somebody has work");
    let accepted = match first.state() {
        contract::routing::v1::AssignmentState::Assigned => {
            site.world.handler(&first.agency).accept(first).await.map(|_| ())
        }
        _ => Ok(()),
    };
    accepted.expect("the agency may work on it");
    let request = GetScoreRequest {
        dimension: ScoreDimension::Province.into(),
        subject: "province".to_owned(),
        ..GetScoreRequest::default()
    };
    let mut scores = site.world.anyone(auth::Role::ScoreConsumer, "scores-1", None).scores();
    let score = scores.get_score(request).await.expect("a score").into_inner();
    assert!(score.closed > 1_000 && score.answered > 300, "{score:?}");
    let shares = [score.satisfied.expect("a share").value, score.on_time, score.response_rate];
    assert!(shares.iter().all(|share| (0.2..0.9).contains(share)), "{score:?}");

    let options = ["--seconds", "2", "--mix", "reads", "--seeded"];
    let figures = site.play(60.0, &options).await;
    assert_eq!((figures.get("refused"), figures.get("idle")), (Some(0.0), Some(0.0)), "{figures:#?}");
    for operation in ["get_report", "list_own", "list_public", "queue", "reviews", "score", "scores"] {
        assert!(figures.get(&format!("{operation}_p99")).is_some(), "no {operation}: {figures:#?}");
    }
    site.world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_filled_while_a_system_runs_on_the_folder() {
    let site = Site::start().await;
    let plan = Plan { reports: 1, citizens: 1, seed: 1, until: Clock::system().now() };
    let refused = fill(plan, &pack(), site.world.data(), None).await.expect_err("a refusal");
    assert!(refused.to_string().contains("stop the system"), "{refused:#}");
    tokio::time::timeout(Duration::from_secs(60), site.world.finish()).await.expect("an end");
}
