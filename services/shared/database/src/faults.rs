//! Named points at which a test makes this process fail: compiled in by the feature `fault-points` alone.
//!
//! Orders are given with `fail::cfg`, or to a process by the variable `FAILPOINTS`: `1*return(ORDER)`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};

static HITS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Passes the point with this name, or fails there as ordered: `error` as if the database were gone, `panic`, `kill` the
/// process on the spot, `stall MS` before going on.
pub async fn pass(name: &'static str) -> Result<(), DbErr> {
    let Some(order) = order(name) else { return Ok(()) };
    *HITS.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default() += 1;
    match order.split_once(' ') {
        Some(("stall", milliseconds)) => {
            let stall = milliseconds.parse().expect("milliseconds");
            tokio::time::sleep(Duration::from_millis(stall)).await;
            Ok(())
        }
        None if order == "error" => Err(DbErr::Conn(RuntimeErr::Internal("a fault point".to_owned()))),
        None if order == "kill" => std::process::abort(),
        None if order == "panic" => panic!("a fault point"),
        _ => panic!("a fault point does not know its order"),
    }
}

fn order(name: &str) -> Option<String> {
    fail::fail_point!(name, |order| order);
    None
}

/// How often the point has done as ordered in this process.
pub fn hits(name: &str) -> u64 {
    HITS.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or_default()
}

/// Follows the orders of `FAILPOINTS` for as long as the answer lives.
pub fn from_environment() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}
