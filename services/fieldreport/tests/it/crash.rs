//! Power cuts: `kill -9` at random moments under load, and nothing that was acknowledged is lost, doubled or changed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::common::v1::ReportState;
use contract::intake::v1::{CreateReportRequest, ListReportsRequest, Report};
use futures::future::{join_all, select};
use harness::{Citizen, Stores, config_of, fresh_id, report, text};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Notify;

use crate::process::Site;

const ROUNDS: usize = 18;
const SENDERS: usize = 8;
const SEED: u64 = 20_261_121;

/// What was sent, and what was answered: the truth that the server is held to.
#[derive(Default)]
struct Ledger {
    sent: Mutex<HashMap<String, CreateReportRequest>>,
    answered: Mutex<HashMap<String, Report>>,
    acknowledged: AtomicUsize,
    progress: Notify,
}

impl Ledger {
    /// Sends one request; an answer to a repeat must be the answer of before.
    async fn send(&self, citizen: &Citizen, request: CreateReportRequest) -> Result<(), tonic::Status> {
        let id = request.request_id.clone();
        self.sent.lock().expect("a ledger").insert(id.clone(), request.clone());
        let answer = citizen.intake().create_report(request).await?.into_inner();
        let mut answered = self.answered.lock().expect("a ledger");
        let known = answered.entry(id).or_insert_with(|| answer.clone());
        assert_eq!(*known, answer, "a repeat is answered as before");
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.progress.notify_waiters();
        Ok(())
    }

    /// Sends until the server is gone: fresh requests and repeats of old ones, answered or not.
    async fn load(&self, citizen: &Citizen, seed: u64) {
        let mut rng = SmallRng::seed_from_u64(seed);
        loop {
            let old = (rng.random_bool(0.3)).then(|| self.any_sent(&mut rng)).flatten();
            if self.send(citizen, old.unwrap_or_else(fresh)).await.is_err() {
                return;
            }
        }
    }

    fn any_sent(&self, rng: &mut SmallRng) -> Option<CreateReportRequest> {
        let sent = self.sent.lock().expect("a ledger");
        let index = rng.random_range(0..sent.len().max(1));
        sent.values().nth(index).cloned()
    }

    /// Waits until so many more answers have come.
    async fn until_acknowledged(&self, more: usize) {
        let wanted = self.acknowledged.load(Ordering::SeqCst) + more;
        loop {
            let told = self.progress.notified();
            if self.acknowledged.load(Ordering::SeqCst) >= wanted {
                return;
            }
            told.await;
        }
    }
}

fn fresh() -> CreateReportRequest {
    CreateReportRequest {
        report: Some(report(text::ROAD)),
        request_id: fresh_id(),
        ..CreateReportRequest::default()
    }
}

async fn all_reports(citizen: &Citizen) -> Vec<Report> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListReportsRequest { page_size: 100, page_token, ..ListReportsRequest::default() };
        let page = citizen.intake().list_reports(request).await.expect("a page").into_inner();
        all.extend(page.reports);
        if page.next_page_token.is_empty() {
            return all;
        }
        page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_any_crash_exactly_once() {
    let mut site = Site::new(&["telemetry.log_level=info"]);
    let ledger = Ledger::default();
    let mut rng = SmallRng::seed_from_u64(SEED);
    for round in 0..ROUNDS {
        let server = site.start().await;
        let citizen = Citizen(site.api(&server).caller(auth::Role::Citizen, "citizen-1", None));
        let seeds: Vec<u64> = (0..SENDERS).map(|_| rng.random()).collect();
        let senders = join_all(seeds.iter().map(|seed| ledger.load(&citizen, *seed)));
        let moment = rng.random_range(1..60);
        let reached = Box::pin(ledger.until_acknowledged(moment));
        match select(Box::pin(senders), reached).await {
            futures::future::Either::Left(_) => panic!("round {round}: the server went away by itself"),
            futures::future::Either::Right(((), senders)) => {
                server.kill();
                senders.await;
            }
        }
    }

    let mut server = site.start().await;
    let citizen = Citizen(site.api(&server).caller(auth::Role::Citizen, "citizen-1", None));
    let sent: Vec<CreateReportRequest> = ledger.sent.lock().expect("a ledger").values().cloned().collect();
    for request in &sent {
        ledger.send(&citizen, request.clone()).await.expect("the server lives");
    }
    let stores = Stores::open(&config_of(&site.data(), &[])).await;
    stores.until_idle().await;
    assert!(stores.parked().await.is_empty(), "events were given up");
    let states = stores.prove_timelines().await;

    let answered = ledger.answered.lock().expect("a ledger").clone();
    let reports = all_reports(&citizen).await;
    let mut names: Vec<&str> = answered.values().map(|report| report.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), sent.len(), "one report for each request");
    assert_eq!((reports.len(), states.len()), (sent.len(), sent.len()), "and no other");
    for report in &reports {
        assert!(names.binary_search(&report.name.as_str()).is_ok(), "{} was never answered", report.name);
        let arrived = matches!(report.state(), ReportState::Assigned | ReportState::UnderReview);
        assert!(arrived, "{} is {:?}: nobody has it", report.name, report.state());
    }
    eprintln!(
        "{ROUNDS} crashes, {} requests, {} answers",
        sent.len(),
        ledger.acknowledged.load(Ordering::SeqCst)
    );
    server.terminate();
    assert!(server.ended().await.success());
}
