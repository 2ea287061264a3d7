//! Citizens who look for answers to their reports and rate them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use contract::common::v1::ReportState;
use contract::intake::v1::{ListReportsRequest, ListReportsResponse, ListScope};

use crate::agencies::granted;
use crate::cast::Cast;
use crate::citizens::Citizens;
use crate::driver::{Ask, Driver};
use crate::operation::Operation;

const PAGE: i32 = 50;
/// What a report that can be rated may be.
const ENDED: [ReportState; 4] =
    [ReportState::Resolved, ReportState::AnsweredDeferred, ReportState::Returned, ReportState::Rejected];

/// All of them. Cheap to clone.
#[derive(Clone)]
pub struct Raters {
    cast: Cast,
    driver: Driver,
    citizens: Citizens,
    found: Arc<Mutex<Found>>,
    looking: Arc<tokio::sync::Mutex<usize>>,
}

#[derive(Default)]
struct Found {
    /// Citizen and invitation.
    waiting: Vec<(usize, String)>,
    seen: HashSet<String>,
}

impl Raters {
    /// They ask through `driver`.
    pub fn new(cast: Cast, driver: Driver) -> Self {
        let citizens = Citizens::new(cast.clone(), driver.clone());
        Self { cast, driver, citizens, found: Arc::default(), looking: Arc::default() }
    }

    /// Rates something that nobody here has rated yet; false if there is nothing.
    pub async fn rate(&self, number: u64, due: Instant) -> anyhow::Result<bool> {
        let Some((sender, invitation)) = self.next(due).await? else { return Ok(false) };
        granted(self.citizens.rate(number, sender, &invitation, due).await)?;
        Ok(true)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self, due: Instant) -> anyhow::Result<Option<(usize, String)>> {
        let waiting = self.found().waiting.pop();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let Ok(mut citizen) = self.looking.try_lock() else { return Ok(None) };
        self.look(*citizen, due).await?;
        *citizen = (*citizen + 1) % self.cast.citizens();
        Ok(self.found().waiting.pop())
    }

    /// Reads the newest answers to one citizen's reports.
    async fn look(&self, citizen: usize, due: Instant) -> anyhow::Result<()> {
        let message = ListReportsRequest {
            page_size: PAGE,
            scope: ListScope::Own.into(),
            states: ENDED.map(Into::into).to_vec(),
            ..ListReportsRequest::default()
        };
        let pass = self.cast.citizen(citizen);
        let ask = Ask { pass, operation: Operation::ListOwn, request_id: "", due };
        let page = granted(self.driver.call::<ListReportsResponse>(ask, &message).await)?;
        let mut found = self.found();
        for report in page.into_iter().flat_map(|page| page.reports) {
            if !report.invitation.is_empty() && found.seen.insert(report.invitation.clone()) {
                found.waiting.push((citizen, report.invitation));
            }
        }
        Ok(())
    }
}
