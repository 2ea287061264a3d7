//! Finds reports that should move on by themselves and do not, and asks everybody to send again what they have told about
//! them. Whatever a broker may lose, the databases know.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DbErr};
use vocabulary::{ReportId, Timestamp};

use crate::store::{held, reports};
use crate::{Error, Intake};

/// Reports in one request.
const BATCH: u64 = 500;
/// How long a request may take to help before it is repeated.
const PATIENCE: Duration = Duration::from_secs(300);

/// When help was last asked for, by report.
pub type Asked = HashMap<ReportId, Timestamp>;

/// Asks about reports that have stood still for `stuck_after`. While events wait anywhere, standing still is no sign of a
/// loss, and sending more would only add to the queue: then nothing is asked.
pub async fn sweep_reports(
    intake: &Intake,
    stuck_after: Duration,
    asked: &mut Asked,
) -> Result<usize, Error> {
    let now = intake.outbox.clock().now();
    asked.retain(|_, at| now.since(*at) < PATIENCE);
    let db = intake.outbox.database().read();
    let before = now - stuck_after;
    let stuck = find_stuck(db, before, BATCH, asked).await?;
    if stuck.is_empty() || events_wait(intake).await? {
        return Ok(0);
    }
    let mut work = intake.outbox.begin().await?;
    work.request_redrive(&stuck, None);
    database::fault_point!("intake.sweep.before-commit");
    work.commit().await?;
    database::fault_point!("intake.sweep.after-commit");
    tracing::warn!(reports = stuck.len(), "reports stand still; what was told about them is asked for again");
    metrics::counter!("reports_swept_total").increment(stuck.len() as u64);
    asked.extend(stuck.iter().map(|report| (*report, now)));
    Ok(stuck.len())
}

/// Why a report is taken to stand still.
enum Sign {
    /// It should have left its state by itself.
    Standing(Expr),
    /// What was told about it cannot be understood without what was not.
    Held,
}

/// For each sign the oldest about whom nobody was asked, in pages: those whom asking does not help must not keep others
/// from it.
async fn find_stuck(
    db: &impl ConnectionTrait,
    before: Timestamp,
    batch: u64,
    asked: &Asked,
) -> Result<Vec<ReportId>, DbErr> {
    let mut stuck = Vec::new();
    for sign in reports::standing().map(Sign::Standing).into_iter().chain([Sign::Held]) {
        let mut last = None;
        loop {
            let page = match &sign {
                Sign::Standing(standing) => {
                    reports::list_stuck(db, standing.clone(), before, last, batch).await?
                }
                Sign::Held => held::list_reports(db, before, last, batch).await?,
            };
            let is_last = (page.len() as u64) < batch;
            last = page.last().copied();
            let known = stuck.len();
            stuck.extend(page.into_iter().filter(|report| !asked.contains_key(report)));
            if is_last || stuck.len() > known {
                break;
            }
        }
    }
    stuck.sort_unstable();
    stuck.dedup();
    Ok(stuck)
}

async fn events_wait(intake: &Intake) -> Result<bool, Error> {
    if intake.outbox.depth().await? > 0 {
        return Ok(true);
    }
    let bus = &intake.platform.bus;
    for queue in bus.queues() {
        // A bus that does not answer carries nothing either.
        if bus.depth(queue).await.unwrap_or(u64::MAX) > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use database::Inserts;
    use engines::Ground;
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::domain::report::{Report, sample};

    #[tokio::test]
    async fn reports_that_asking_does_not_help_keep_no_other_from_it() {
        let (folder, ground) = (tempfile::tempdir().expect("a folder"), Ground::on_table_bus());
        let database = ground.open::<crate::Migrator>(crate::NAME, folder.path()).await;
        let tx = database.begin().await.expect("begun");
        let stuck: Vec<Report> = (1..=10).map(sample).collect();
        let mut inserts = Inserts::new(tx.get_database_backend());
        reports::add_all(&mut inserts, &stuck).expect("rows");
        inserts.execute(&tx).await.expect("stored");
        tx.commit().await.expect("stored");
        let (later, mut asked) = (Timestamp::from_micros(1), Asked::new());
        for expected in [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8, 9], vec![10], vec![]] {
            let found = find_stuck(database.read(), later, 3, &asked).await.expect("found");
            let numbers: Vec<u128> = found.iter().map(|report| report.0.as_u128()).collect();
            assert_eq!(numbers, expected);
            asked.extend(found.into_iter().map(|report| (report, later)));
        }
        let none = find_stuck(database.read(), Timestamp::EPOCH, 3, &Asked::new()).await.expect("found");
        assert_eq!(none, [], "they have not stood for long enough");
    }
}
