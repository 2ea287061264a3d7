//! Every mix does what it says.

use std::collections::{HashMap, HashSet};

use harness::Stores;
use load::Ledger;
use vocabulary::Clock;

use crate::site::{Site, lines};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_measured_replayed_written_down_and_followed() {
    let site = Site::start().await;
    let path = site.world.data().join("ledger.jsonl");
    let ledger = Ledger::open(&path, Clock::system()).expect("a ledger");
    let options = ["--seconds", "2", "--replay", "0.5"];
    let figures = site.theatre(ledger, &options).play(40.0).await.expect("a run");
    assert_eq!(figures.faults(), Vec::<String>::new());
    let figure = |name: &str| figures.get(name).unwrap_or_else(|| panic!("no {name} in {figures:#?}"));
    assert!((40.0..130.0).contains(&figure("acknowledged")), "{}", figure("acknowledged"));
    assert!(figure("create_p50") > 0.0 && figure("create_p50") <= figure("create_p99"));
    assert!(figure("replay_p50") > 0.0 && figure("owned_p50") > 0.0);
    assert!(figure("sustained_per_second") > 0.0 && figure("whole_way_per_second") > 0.0);

    let states = {
        let stores = Stores::open(site.world.config()).await;
        stores.until_idle().await;
        stores.prove_timelines().await
    };
    let mut answered: HashMap<String, HashSet<String>> = HashMap::new();
    let (mut asked, mut named) = (HashMap::new(), HashSet::new());
    for line in lines(&path) {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        match text("line").as_str() {
            "intent" => drop(asked.insert(line["number"].as_i64().expect("a number"), text("request_id"))),
            "reply" => {
                assert_eq!((text("code"), line["attempts"].as_i64()), ("OK".to_owned(), Some(1)));
                let request = asked[&line["number"].as_i64().expect("a number")].clone();
                answered.entry(request).or_default().insert(text("reply"));
                named.insert(text("report"));
            }
            other => assert_eq!(other, "begin"),
        }
    }
    assert_eq!(figure("acknowledged") as usize, answered.len());
    assert!(asked.len() > answered.len(), "some requests were sent again");
    assert!(answered.values().all(|replies| replies.len() == 1), "a request has one answer");
    assert_eq!(states.into_keys().collect::<HashSet<_>>(), named, "the ledger names what is there");
    site.world.finish().await;
}

/// People may meet on one assignment, or ask for a photo that has not arrived: the slower one is told so. Nothing else is
/// refused.
fn assert_only_collisions(figures: &load::Figures) {
    let told = format!("{figures:#?}");
    for code in
        ["INTERNAL", "UNKNOWN", "INVALID_ARGUMENT", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED"]
    {
        assert!(!told.contains(&format!("_{code}")), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_take_reports_to_their_end_and_citizens_rate_the_answers() {
    let site = Site::start().await;
    let figures = site.play(0.0, &["--seconds", "4", "--mix", "rating", "--concurrency", "8"]).await;
    for operation in ["create", "accept", "submit", "approve", "decide", "rate", "queue", "reviews"] {
        assert!(figures.get(&format!("{operation}_p50")).is_some(), "no {operation}: {figures:#?}");
    }
    assert_only_collisions(&figures);
    assert!(figures.states.contains_key("REPORT_STATE_RESOLVED"), "{:?}", figures.states);
    site.world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_arrive_also_when_uploads_break_off() {
    let site = Site::start().await;
    let figures = site
        .play(0.0, &["--seconds", "6", "--mix", "media", "--concurrency", "4", "--largest-photo", "1048576"])
        .await;
    for operation in ["create", "upload", "abort_upload", "resume_upload"] {
        assert!(figures.get(&format!("{operation}_p50")).is_some(), "no {operation}: {figures:#?}");
    }
    assert_only_collisions(&figures);
    assert!(figures.get("uploaded_megabytes_per_second").is_some());
    site.world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_that_was_used_before_is_told() {
    let site = Site::start().await;
    site.play(20.0, &["--seconds", "1"]).await;
    let again = site.theatre(Ledger::default(), &["--seconds", "1"]).play(20.0).await.expect("a run");
    assert!(again.faults().iter().any(|fault| fault.contains("--seed")), "{again:#?}");
    site.world.finish().await;
}
