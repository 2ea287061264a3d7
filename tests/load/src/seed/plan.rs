//! What a database was filled with: enough to know every report's name and sender again.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use vocabulary::{ReportId, Timestamp};

use crate::cast;

/// Beside the databases.
const FILE: &str = "seeded.json";
/// Two years.
const SPAN: Duration = Duration::from_secs(730 * 86_400);
/// The youngest report is so old: its first steps are over.
const YOUNGEST: Duration = Duration::from_secs(600);
/// So many came in lately, most of them in the last hours: queues are full whatever the number of reports.
const LATE: f64 = 0.02;
const LATELY: Duration = Duration::from_secs(3 * 86_400);

/// Reports of two years, evenly spread but for the last days, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many; their numbers run from 0.
    pub reports: u64,
    /// How many citizens sent them.
    pub citizens: usize,
    /// Repeats them.
    pub seed: u64,
    /// Nothing happens after this instant.
    pub until: Timestamp,
}

impl Plan {
    /// Randomness of one report.
    pub(crate) fn rng(&self, number: u64) -> StdRng {
        cast::rng(self.seed ^ 0x5eed, number)
    }

    /// When a report came in.
    pub fn created(&self, number: u64) -> Timestamp {
        let share = number as f64 / self.reports as f64;
        let age = if share < 1.0 - LATE {
            LATELY + (SPAN - LATELY).mul_f64(1.0 - share / (1.0 - LATE))
        } else {
            let left = (1.0 - share) / LATE;
            YOUNGEST.mul_f64((LATELY.as_secs_f64() / YOUNGEST.as_secs_f64()).powf(left))
        };
        self.until - age
    }

    /// Its id.
    pub fn report(&self, number: u64) -> ReportId {
        ReportId(id_at(self.created(number), &mut self.rng(number)))
    }

    /// Number of the citizen who sent it.
    pub fn sender(&self, number: u64) -> usize {
        cast::rng(self.seed, number).random_range(0..self.citizens)
    }

    /// Stands beside the databases from now on.
    pub(crate) fn write(&self, data: &Path) -> anyhow::Result<()> {
        Ok(std::fs::write(data.join(FILE), serde_json::to_vec_pretty(self)?)?)
    }

    /// What the databases beside `data` were filled with.
    pub fn read(data: &Path) -> anyhow::Result<Self> {
        let file = data.join(FILE);
        let text = std::fs::read(&file)
            .with_context(|| format!("{} is not there: `load seed` writes it", file.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }
}

/// An id as the services mint them (UUID version 7): ordered by time.
pub(crate) fn id_at(at: Timestamp, rng: &mut StdRng) -> uuid::Uuid {
    let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_rise_repeat_and_survive_the_file() {
        let until = Timestamp::from_micros(1_795_000_000_000_000);
        let plan = Plan { reports: 1_000, citizens: 50, seed: 7, until };
        let ids: Vec<ReportId> = (0..1_000).map(|number| plan.report(number)).collect();
        assert!(ids.is_sorted() && ids[0] != ids[1]);
        assert!(plan.created(999) + YOUNGEST <= until && until.since(plan.created(0)) == SPAN);
        let folder = tempfile::tempdir().unwrap();
        plan.write(folder.path()).unwrap();
        let read = Plan::read(folder.path()).unwrap();
        assert_eq!((read.report(17), read.sender(17)), (ids[17], plan.sender(17)));
    }
}
