//! `reconcile`: a whole system adds up; what was taken out of one of its databases is named.

use std::process::Output;

use auth::Role;
use harness::{Citizen, Stores, config_of, pack, report, text};
use sea_orm::ConnectionTrait as _;
use serde_json::Value;

use crate::process::{Site, binary};

/// Nothing that stands still for longer than this is on its way any more.
const PATIENCE: &str = "intake.stuck_after=1ms";

fn reconcile(site: &Site, arguments: &[&str]) -> Output {
    binary()
        .arg("reconcile")
        .args(arguments)
        .args(["--set", PATIENCE])
        .arg("--data-dir")
        .arg(site.data())
        .arg("--province")
        .arg(pack())
        .output()
        .expect("a process")
}

fn found(site: &Site, code: i32) -> Value {
    let output = reconcile(site, &["--json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Changes one row of a service's database behind everybody's back.
async fn tamper(site: &Site, service: &str, statement: &str) {
    let config = config_of(&site.data(), &[]);
    let place = config.database.place(service, &config.data);
    let database = database::Database::open(place).await.expect("a database");
    let tx = database.begin().await.expect("a transaction");
    let done = tx.execute_unprepared(statement).await.expect("done");
    assert_eq!(done.rows_affected(), 1, "{statement}");
    database.commit(tx).await.expect("a commit");
    database.close().await.expect("closed");
}

#[tokio::test]
async fn a_whole_system_adds_up_and_what_is_taken_out_is_named() {
    let mut site = Site::new(&[]);
    assert_eq!(reconcile(&site, &[]).status.code(), Some(64), "nothing has run here");
    let mut server = site.start().await;
    let citizen = Citizen(site.api(&server).caller(Role::Citizen, "citizen-1", None));
    let mut codes = Vec::new();
    for words in [text::ROAD, text::DENUNCIATION, text::PROCEDURE] {
        codes.push(citizen.create(&report(words)).await.expect("taken").code);
    }
    Stores::open(&config_of(&site.data(), &[])).await.until_idle().await;
    server.terminate();
    server.ended().await;

    let whole = found(&site, 0);
    assert_eq!(whole["adds_up"], true);
    let sum = |key: &str| -> u64 {
        whole["days"].as_array().expect("days").iter().filter_map(|day| day[key].as_u64()).sum()
    };
    assert_eq!((sum("issued"), sum("stored"), sum("ended") + sum("open")), (3, 3, 3));
    for way in whole["events"].as_array().expect("events") {
        assert_eq!(way["told"], way["received"], "{way}");
    }
    let tables = reconcile(&site, &[]);
    let tables = String::from_utf8(tables.stdout).expect("text");
    assert!(tables.contains("Issued") && tables.contains("classification"), "{tables}");
    for wrong in [["--from", "2026-13-01"], ["--from", "9999-01-01"]] {
        assert_eq!(reconcile(&site, &wrong).status.code(), Some(64), "{wrong:?}");
    }

    let second = "(SELECT report FROM classifications ORDER BY report LIMIT 1 OFFSET 1)";
    tamper(&site, "classification", &format!("DELETE FROM classifications WHERE report = {second}")).await;
    tamper(&site, "routing", "DELETE FROM cases WHERE report_id = (SELECT max(report_id) FROM cases)").await;
    let event = "SELECT min(event_id) FROM inbox";
    tamper(&site, "routing", &format!("DELETE FROM inbox WHERE event_id = ({event})")).await;
    let newest = "SELECT max(id) FROM reports";
    tamper(&site, "intake", &format!("DELETE FROM timeline WHERE sequence = 1 AND report_id = ({newest})"))
        .await;
    tamper(&site, "intake", "DELETE FROM reports WHERE id = (SELECT min(id) FROM reports)").await;

    let broken = found(&site, 1);
    assert_eq!(broken["adds_up"], false);
    let mut wrong: Vec<(&str, &str)> = broken["wrong"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| (line["service"].as_str().expect("text"), line["why"].as_str().expect("text")))
        .collect();
    wrong.sort_unstable();
    let named = |part: &str| wrong.iter().filter(|(_, why)| why.contains(part)).count();
    assert_eq!(named("issued, but no such report is stored"), 1, "{wrong:?}");
    assert_eq!(named("its timeline has not the entries"), 1, "{wrong:?}");
    assert_eq!(named("classification has never heard of it"), 1, "{wrong:?}");
    assert_eq!(named("routing has never heard of it"), 1, "{wrong:?}");
    assert_eq!(named("which never arrived"), 1, "{wrong:?}");
    assert_eq!(broken["wrong_count"].as_u64(), Some(wrong.len() as u64));
    let lost = broken["wrong"].as_array().expect("a list").iter();
    let lost: Vec<&str> = lost
        .filter(|line| line["why"].as_str().is_some_and(|why| why.contains("no such report")))
        .filter_map(|line| line["what"].as_str())
        .collect();
    assert_eq!(lost, [codes[0].as_str()]);
}
