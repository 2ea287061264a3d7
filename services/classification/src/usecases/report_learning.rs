//! How well people agree with each other and the machine, and whether its proposals have drifted.

use std::time::Duration;

use contract::classification::v1::{LeafShift, LearningReport};
use runtime::wire::timestamp;
use vocabulary::LeafCode;

use super::Desk;
use super::train_model::lessons;
use crate::domain::agreement::{agreement, drift, kappa};
use crate::error::Error;
use crate::store;

/// How long a double label is looked at.
const COMPARED: Duration = Duration::from_secs(90 * 86_400);
/// Fewer pairs say nothing about chance.
const FEWEST_PAIRS: usize = 30;
/// Days that are compared with the days before them.
const RECENT_DAYS: i32 = 7;
const EARLIER_DAYS: i32 = 28;
const SHIFTS: usize = 5;

/// Everything that is known now.
pub async fn report_learning(desk: &Desk) -> Result<LearningReport, Error> {
    let (now, read) = (desk.now(), desk.outbox.database().read());
    let labels = store::double_labels(read, now - COMPARED).await?;
    let pairs: Vec<(&LeafCode, &LeafCode)> =
        labels.iter().map(|label| (&label.first, &label.second)).collect();
    let agreed = labels.iter().filter(|label| label.first == label.second);
    let with_machine: Vec<(&LeafCode, &LeafCode)> =
        agreed.map(|label| (&label.first, &label.machine)).collect();
    let today = desk.province.local_date(now).to_julian_day();
    let recent = store::proposals(read, today - RECENT_DAYS + 1, today).await?;
    let earlier = today - RECENT_DAYS;
    let before = store::proposals(read, earlier - EARLIER_DAYS + 1, earlier).await?;
    let drift = drift(&before, &recent);
    let shift = |(leaf, before, now): &(LeafCode, f64, f64)| LeafShift {
        leaf: leaf.as_str().to_owned(),
        before: *before,
        now: *now,
    };
    Ok(LearningReport {
        double_labelled: i32::try_from(labels.len()).unwrap_or(i32::MAX),
        kappa: if pairs.len() >= FEWEST_PAIRS { kappa(&pairs) } else { None },
        agreement: agreement(&pairs),
        machine_agreement: agreement(&with_machine),
        drift: drift.as_ref().map(|drift| drift.index),
        shifts: drift.iter().flat_map(|drift| drift.shifts.iter().take(SHIFTS)).map(shift).collect(),
        counting_labels: i32::try_from(lessons(desk).await?.len()).unwrap_or(i32::MAX),
        model_version: desk.machine().version().to_owned(),
        create_time: Some(timestamp(now)),
    })
}
