//! Measured, not asserted: `cargo test --release -p satisfaction --test it -- --ignored --nocapture speed`.

use std::time::Instant;

use auth::Role;
use contract::event::v1 as event;
use contract::satisfaction::v1 as api;
use contract::satisfaction::v1::ScoreDimension;
use sea_orm::ConnectionTrait as _;

use crate::stories::{at, closing, resolved_with};
use crate::world::{DAY, START, World};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn closings_per_second() {
    const REPORTS: u128 = 10_000;
    let world = World::new().await;
    let said: Vec<_> = (1..=REPORTS)
        .map(|report| {
            let mut closing = closing(&world, report, 1);
            closing.agency = format!("agencies/ubnd-{}", report % 250);
            closing.commune_code = format!("{}", 32_000 + report % 64);
            (report, resolved_with(report, closing))
        })
        .collect();
    let begun = Instant::now();
    for part in said.chunks(500) {
        world.say_all(&part.iter().map(|(report, said)| (*report, said)).collect::<Vec<_>>()).await;
    }
    world.hear::<event::RatingInvited>(10_000).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{:.0} closings/s through outbox, bus, satisfaction, outbox, bus, listener",
        REPORTS as f64 / seconds
    );
}

/// 250 agencies over two years of days and months, each with 56 closings a day: ten million reports.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn score_queries_over_ten_million_reports() {
    let world = World::new().await;
    let database = world.outbox.database();
    let last = (START.datetime().date()).to_julian_day();
    let held = "x'1E000000021F000000042000000006210000000822000000082300000008240000000825000000062600000004280000000229000000012A00000001'";
    for (span, step, days) in [("day", 1, 730), ("month", 30, 25)] {
        let fill = format!(
            "WITH RECURSIVE day(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n < {days} - 1),
             agency(a) AS (SELECT 0 UNION ALL SELECT a + 1 FROM agency WHERE a < 249)
             INSERT INTO score_facts SELECT 'agency', '{span}', {last} - n * {step}, 'ubnd-' || (32000 + a),
             56, 56, 56, 50, 20 + a % 9, 5, 3, 1, {held} FROM day, agency"
        );
        database.read().execute_unprepared(&fill).await.unwrap();
    }
    for (what, days) in [("a day", 1), ("a week", 7), ("28 days", 28), ("a year", 365), ("two years", 730)] {
        let request = api::ListScoresRequest {
            dimension: ScoreDimension::Agency.into(),
            start_time: at(START - DAY * (days - 1)),
            page_size: 500,
            ..Default::default()
        };
        let mut times = Vec::new();
        for _ in 0..20 {
            let call = world.call(Role::Public, "anybody", request.clone());
            let begun = Instant::now();
            world.scores.clone().list_scores(call).await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        println!("{what}: first to last of 20 calls: p50 {:?}, max {:?}", times[10], times[19]);
    }
}
