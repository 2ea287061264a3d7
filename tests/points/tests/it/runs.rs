//! Every point in every way. Ways that leave the process alive are tried in this one, on one running system; `kill` on
//! processes that are started again after each death.

use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use database::faults::{self, Order};
use futures::{FutureExt as _, StreamExt as _, stream};

use crate::journeys::play;
use crate::list::{Journey, POINTS};
use crate::site::{IDLE_TRANSACTION, Site};

/// Journeys at one time.
const AT_ONCE: usize = 8;
/// Events that somebody cannot bear are parked after five attempts: fewer journeys of those at one time.
const RETRIED_AT_ONCE: usize = 3;
/// Systems whose processes are killed, side by side.
const LANES: usize = 3;
/// A journey that takes so long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// What happened to one point under one order.
struct Case {
    point: &'static str,
    hits: u64,
    violation: Option<String>,
}

/// Orders one hit, plays the journey, and says what happened.
async fn try_point(site: &Site, order: Order, point: &'static str, journey: Journey) -> Case {
    let before = faults::hits(point);
    let passed = || faults::hits(point) > before;
    faults::order(point, order, 1);
    let playing = async {
        loop {
            if journey == Journey::Retried {
                faults::order("classification.follow.before-load", Order::Panic, 2);
            }
            Box::pin(play(site, journey, &passed)).await;
            // Another journey's event may have taken the blow that was meant for this one's.
            if journey != Journey::Retried || passed() {
                return;
            }
        }
    };
    let violation = outcome(playing).await;
    let hits = faults::hits(point) - before;
    faults::order(point, order, 0);
    Case { point, hits, violation }
}

/// What went wrong with a journey, if anything.
async fn outcome(playing: impl Future<Output = ()>) -> Option<String> {
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(playing).catch_unwind()).await {
        Ok(Ok(())) => None,
        Ok(Err(panic)) => {
            Some(panic.downcast::<String>().map_or_else(|_| "a panic".to_owned(), |text| *text))
        }
        Err(_) => Some("it does not end".to_owned()),
    }
}

/// Prints the table and fails where a point was not hit or something was violated.
fn report(order: &str, site: &Site, cases: &[Case], restarts: u32, begun: Instant) {
    eprintln!(
        "{order}: {} points on {} in {:.0?}, {restarts} restarts",
        cases.len(),
        site.engines(),
        begun.elapsed()
    );
    eprintln!("{:48} {:>5}  violation", "point", "hits");
    for case in cases {
        eprintln!("{:48} {:>5}  {}", case.point, case.hits, case.violation.as_deref().unwrap_or("-"));
    }
    let bad: BTreeMap<&str, String> = cases
        .iter()
        .filter(|case| case.hits == 0 || case.violation.is_some())
        .map(|case| (case.point, format!("{} hits, {:?}", case.hits, case.violation)))
        .collect();
    assert!(bad.is_empty(), "{order}: {bad:#?}");
}

/// Answers how many sessions the database server has ended meanwhile, if there is one.
async fn run_here(order: Order) -> Option<i64> {
    let (site, begun) = (Site::new().await, Instant::now());
    let playing = async {
        let mut cases = Vec::new();
        for (retried, at_once) in [(false, AT_ONCE), (true, RETRIED_AT_ONCE)] {
            let some = POINTS.iter().filter(|(_, journey)| (*journey == Journey::Retried) == retried);
            let tried = some.map(|(point, journey)| try_point(&site, order, point, *journey).boxed_local());
            cases.extend(stream::iter(tried).buffer_unordered(at_once).collect::<Vec<_>>().await);
            faults::order("classification.follow.before-load", order, 0);
        }
        let whole = AssertUnwindSafe(site.prove()).catch_unwind().await;
        let ended = site.sessions_ended().await;
        site.stop_here();
        (cases, whole, ended)
    };
    let (restarts, (cases, whole, ended)) = futures::join!(site.run_here(), playing);
    report(&format!("{order:?}"), &site, &cases, restarts, begun);
    if let Err(violated) = whole {
        std::panic::resume_unwind(violated);
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_error_at_every_point_leaves_everything_whole() {
    run_here(Order::Error).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_panic_at_every_point_leaves_everything_whole() {
    run_here(Order::Panic).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stall_at_every_point_leaves_everything_whole() {
    // Longer than a transaction may do nothing: who wakes up finds it gone.
    let ended = run_here(Order::Stall(2 * IDLE_TRANSACTION)).await;
    assert_ne!(ended, Some(0), "no stall has outlasted a transaction");
}

async fn kill_lane(lane: usize) {
    let (site, begun) = (Site::new().await, Instant::now());
    let mine: Vec<(&str, Journey)> = POINTS.iter().copied().skip(lane).step_by(LANES).collect();
    let points: Mutex<VecDeque<&'static str>> = Mutex::new(mine.iter().map(|(point, _)| *point).collect());
    let wrong = Mutex::new(Vec::new());
    let playing = async {
        let mut cases = Vec::new();
        for (point, journey) in &mine {
            let waits = || points.lock().expect("points").contains(point);
            let passed = || !waits();
            let mut violation = None;
            // Others' deaths may have taken it along: then the journey is its proof of life all the same.
            let mut plays = 0;
            while violation.is_none() && plays < 3 && (plays == 0 || waits()) {
                violation = outcome(Box::pin(play(&site, *journey, &passed))).await;
                plays += 1;
            }
            let hits = u64::from(passed());
            if hits == 0 {
                points.lock().expect("points").retain(|waiting| waiting != point);
            }
            cases.push(Case { point, hits, violation });
        }
        let whole = AssertUnwindSafe(site.prove()).catch_unwind().await;
        (cases, whole)
    };
    let (cases, whole) = tokio::select! {
        never = site.run_in_processes(&points, &wrong) => match never {},
        played = playing => played,
    };
    let deaths = u32::try_from(cases.iter().filter(|case| case.hits > 0).count()).unwrap_or(u32::MAX);
    report("kill", &site, &cases, deaths, begun);
    if let Err(violated) = whole {
        std::panic::resume_unwind(violated);
    }
    let wrong = wrong.into_inner().expect("wrongs");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_every_point_of_the_first_third_leaves_everything_whole() {
    kill_lane(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_every_point_of_the_second_third_leaves_everything_whole() {
    kill_lane(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_at_every_point_of_the_last_third_leaves_everything_whole() {
    kill_lane(2).await;
}
