//! What was given up is seen by operators, and lives again when they say so.

use std::process::Output;

use contract::Event as _;
use contract::event::v1::ReportClosed;
use fieldreport::system::SUBSCRIPTIONS;
use harness::{Stores, config_of, eventually};
use messaging::{Bus, Envelope};
use serde_json::Value;
use vocabulary::{Clock, EventId, ReportId};

use crate::process::{Site, binary};

async fn bus(site: &Site) -> Bus {
    let file = site.data().join("bus.db");
    Bus::open(&file, SUBSCRIPTIONS.to_vec(), None).await.expect("the bus's file")
}

/// An event that nobody can read.
fn unreadable() -> Envelope {
    let clock = Clock::system();
    Envelope {
        id: EventId(clock.mint()),
        source: "satisfaction".to_owned(),
        event_type: ReportClosed::TYPE.to_owned(),
        report: ReportId(clock.mint()),
        sequence: 1,
        time: clock.now(),
        cause: None,
        traceparent: None,
        body: b"\xff\xff".to_vec().into(),
    }
}

fn parked(site: &Site, arguments: &[&str]) -> Output {
    binary().arg("parked").args(arguments).arg("--data-dir").arg(site.data()).output().expect("a process")
}

fn listed(site: &Site) -> Vec<Value> {
    let output = parked(site, &["list", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Runs a server until it has given `count` deliveries up.
async fn serve_until_parked(site: &mut Site, count: usize) {
    let mut server = site.start().await;
    let stores = Stores::open(&config_of(&site.data(), &[])).await;
    eventually("it is given up", async || {
        let parked = stores.parked().await;
        if parked.len() == count { Ok(()) } else { Err(parked) }
    })
    .await;
    server.terminate();
    server.ended().await;
}

#[tokio::test]
async fn parked_deliveries_are_listed_and_replayed() {
    let mut site = Site::new(&[]);
    let refused = parked(&site, &["list"]);
    assert_eq!(refused.status.code(), Some(64), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(!site.data().exists(), "looking makes nothing");

    site.start().await.kill();
    assert_eq!(listed(&site), Vec::<Value>::new());
    let events = [unreadable(), unreadable()];
    bus(&site).await.publish(&events).await.expect("published");
    serve_until_parked(&mut site, 2).await;

    let lines = listed(&site);
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let event =
            events.iter().find(|event| line["id"].as_str() == Some(&event.id.to_string())).expect("ours");
        assert_eq!(
            (line["service"].as_str(), line["event"].as_str()),
            (Some("intake"), Some(ReportClosed::TYPE))
        );
        assert_eq!(line["report"].as_str(), Some(event.report.name().as_str()));
        assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
    }
    let table = parked(&site, &["list"]);
    let table = String::from_utf8(table.stdout).expect("text");
    assert!(table.contains("ReportClosed") && table.contains("intake"), "{table}");

    let id = |line: &Value| line["id"].as_str().expect("an id").to_owned();
    let ids: Vec<String> = lines.iter().map(id).collect();
    let other = "01900000-0000-7000-8000-000000000000";
    assert!(!parked(&site, &["replay"]).status.success(), "all is said, never meant");
    let wrong = parked(&site, &["replay", &ids[0], other]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(wrong.status.code() == Some(1) && said.contains(other) && !said.contains(&ids[0]), "{said}");
    assert_eq!(listed(&site).len(), 2, "nothing was replayed");
    assert_eq!(parked(&site, &["replay", &ids[0]]).status.code(), Some(0));
    assert_eq!(listed(&site).iter().map(id).collect::<Vec<_>>(), ids[1..]);
    assert_eq!(parked(&site, &["replay", "--all"]).status.code(), Some(0));
    assert!(listed(&site).is_empty());
    serve_until_parked(&mut site, 2).await;

    assert_eq!(parked(&site, &["drop", &ids[0]]).status.code(), Some(0));
    assert_eq!(listed(&site).iter().map(id).collect::<Vec<_>>(), ids[1..]);
}
