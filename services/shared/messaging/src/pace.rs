//! How fast a loop may begin its transactions. One costs much the same for one row and for twenty: under load it is worth a
//! moment to wait for company.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Ticks at once after a quiet moment, and otherwise no sooner than `least` after the tick before.
pub fn pace(least: Duration) -> Interval {
    let mut pace = interval(least);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}
