//! Named points at which a test makes this process fail: compiled in by the feature `fault-points` alone.
//!
//! Own code instead of the crate `fail`: a stall must not block a thread of the runtime, hits must be counted, and `fail`
//! changes the features of `log`, on which everything depends: all of it would be built twice.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};

/// How to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As if the database had gone away.
    Error,
    /// Panic.
    Panic,
    /// End the process on the spot.
    Kill,
    /// Do nothing for this long, then go on.
    Stall(Duration),
}

/// A text that is no order.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not `error`, `panic`, `kill` or `stall MILLISECONDS`")]
pub struct Unclear(String);

impl FromStr for Order {
    type Err = Unclear;
    fn from_str(text: &str) -> Result<Self, Unclear> {
        match (text, text.strip_prefix("stall ").map(str::parse)) {
            ("error", _) => Ok(Self::Error),
            ("panic", _) => Ok(Self::Panic),
            ("kill", _) => Ok(Self::Kill),
            (_, Some(Ok(milliseconds))) => Ok(Self::Stall(Duration::from_millis(milliseconds))),
            _ => Err(Unclear(text.to_owned())),
        }
    }
}

/// What one point has to do, and has done.
#[derive(Default)]
struct Point {
    orders: Vec<Order>,
    hits: u64,
}

static POINTS: Mutex<BTreeMap<String, Point>> = Mutex::new(BTreeMap::new());

fn points() -> MutexGuard<'static, BTreeMap<String, Point>> {
    POINTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next `times` that `point` is passed, it fails like this. Replaces what was ordered before; 0 times: nothing.
pub fn order(point: &str, order: Order, times: usize) {
    points().entry(point.to_owned()).or_default().orders = vec![order; times];
}

/// Follows a list such as `intake.create.after-commit=kill;messaging.relay.after-claim=error`; a name that stands there
/// twice fails twice.
pub fn order_all(list: &str) -> Result<(), Unclear> {
    for entry in list.split(';').filter(|entry| !entry.is_empty()) {
        let (point, order) = entry.split_once('=').ok_or_else(|| Unclear(entry.to_owned()))?;
        points().entry(point.to_owned()).or_default().orders.push(order.parse()?);
    }
    Ok(())
}

/// How often the point has done as ordered.
pub fn hits(point: &str) -> u64 {
    points().get(point).map_or(0, |point| point.hits)
}

/// What a process says that dies as ordered.
pub fn last_words(point: &str) -> String {
    format!("killed at the fault point {point}")
}

/// Passes the point with this name, or fails there as ordered.
pub async fn pass(name: &'static str) -> Result<(), DbErr> {
    match next_order(name) {
        None => Ok(()),
        Some(Order::Error) => Err(DbErr::Conn(RuntimeErr::Internal("a fault point".to_owned()))),
        Some(Order::Panic) => panic!("a fault point"),
        Some(Order::Kill) => {
            eprintln!("{}", last_words(name));
            std::process::abort()
        }
        Some(Order::Stall(pause)) => {
            tokio::time::sleep(pause).await;
            Ok(())
        }
    }
}

fn next_order(name: &str) -> Option<Order> {
    let mut points = points();
    let point = points.get_mut(name)?;
    let order = point.orders.pop()?;
    point.hits += 1;
    Some(order)
}
