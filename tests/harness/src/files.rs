//! The files of a system, looked at from outside: what waits in them, and whether what they hold is whole.
//!
//! Nothing here uses the services' own queries: a mistake in those must not hide itself.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use database::Database;
use fieldreport::system::SUBSCRIPTIONS;
use messaging::{Bus, Outbox, Parked};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use sha2::{Digest as _, Sha256};
use vocabulary::Clock;

use crate::eventually;

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod timeline {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "timeline")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub report_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub sequence: i64,
        pub event_id: Uuid,
        pub kind: String,
        pub state: String,
        pub text_vi: String,
        pub text_en: String,
        pub time: i64,
        pub hash: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod reports {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub state: String,
        pub last_sequence: i64,
        pub last_hash: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The files of one data folder. The system that owns them may run meanwhile.
pub struct Files {
    bus: Bus,
    outboxes: Vec<Outbox>,
}

impl Files {
    /// Opens the files of a system that has been started once.
    pub async fn open(data: &Path) -> Self {
        let clock = Clock::system();
        let bus = Bus::open(&data.join("bus.db"), SUBSCRIPTIONS.to_vec(), clock.clone(), None).await;
        let mut outboxes = Vec::new();
        for subscription in SUBSCRIPTIONS {
            let database = Database::open(&data.join(format!("{}.db", subscription.queue))).await;
            outboxes.push(Outbox::new(
                database.expect("a service's file"),
                subscription.queue,
                clock.clone(),
            ));
        }
        Self { bus: bus.expect("the bus's file"), outboxes }
    }

    /// Waits until no event is on its way: every outbox and every queue is empty. An event is always in one of them, but
    /// may move while they are looked at, so they must be found empty several times in a row.
    pub async fn until_idle(&self) {
        eventually("no event is on its way", async || {
            for _ in 0..4 {
                let mut waiting = Vec::new();
                for outbox in &self.outboxes {
                    waiting.push((outbox.source(), outbox.depth().await.expect("a depth")));
                }
                let idle = self.bus.is_idle().await.expect("the bus");
                if !idle || waiting.iter().any(|(_, depth)| *depth > 0) {
                    return Err((waiting, format!("bus idle: {idle}")));
                }
            }
            Ok(())
        })
        .await;
    }

    /// Deliveries that were given up.
    pub async fn parked(&self) -> Vec<Parked> {
        self.bus.parked().await.expect("the bus")
    }

    /// The state of every report, by id, after a proof that every timeline is whole: numbered without gaps from 1, each
    /// entry chained to the one before, no event told twice, and the last entry the one that the report names.
    pub async fn prove_timelines(&self) -> HashMap<String, String> {
        let intake = self.outboxes.iter().find(|outbox| outbox.source() == "intake").expect("intake");
        let db = intake.database().read();
        let entries = timeline::Entity::find()
            .order_by_asc(timeline::Column::ReportId)
            .order_by_asc(timeline::Column::Sequence)
            .all(db)
            .await
            .expect("timelines");
        let mut last: HashMap<_, (i64, Vec<u8>)> = HashMap::new();
        let mut events = HashSet::new();
        for entry in entries {
            let (number, before) = last.entry(entry.report_id).or_insert_with(|| (0, vec![0; 32]));
            assert_eq!(entry.sequence, *number + 1, "a gap in the timeline of {}", entry.report_id);
            assert_eq!(entry.hash, digest(&entry, before), "a broken chain in {}", entry.report_id);
            assert!(events.insert(entry.event_id), "{} is told twice in {}", entry.kind, entry.report_id);
            (*number, *before) = (entry.sequence, entry.hash);
        }
        let mut states = HashMap::new();
        for report in reports::Entity::find().all(db).await.expect("reports") {
            let named = (report.last_sequence, report.last_hash);
            assert_eq!(last.get(&report.id), Some(&named), "{} and its timeline differ", report.id);
            states.insert(format!("reports/{}", report.id), report.state);
        }
        assert_eq!(states.len(), last.len(), "a timeline without a report");
        states
    }
}

/// SHA-256 over the hash before, report, number, time, event, then kind, state and both texts with their lengths.
fn digest(entry: &timeline::Model, before: &[u8]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(entry.report_id.as_bytes());
    hasher.update(entry.sequence.to_be_bytes());
    hasher.update(entry.time.to_be_bytes());
    hasher.update(entry.event_id.as_bytes());
    for part in [&entry.kind, &entry.state, &entry.text_vi, &entry.text_en] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::{World, report, text};

    /// A world with one report on whose timeline `tampering` was done, behind everybody's back.
    async fn tampered(tampering: &str) {
        let world = World::start().await;
        world.citizen("citizen-1").create(&report(text::ROAD)).await.expect("taken");
        world.until_idle().await;
        let database = Database::open(&world.data().join("intake.db")).await.expect("intake's file");
        let work = database.begin().await.expect("a transaction");
        work.execute_unprepared(tampering).await.expect("done");
        work.commit().await.expect("a commit");
        Files::open(world.data()).await.prove_timelines().await;
    }

    #[tokio::test]
    #[should_panic(expected = "a broken chain")]
    async fn a_changed_word_is_found() {
        tampered("UPDATE timeline SET text_vi = text_vi || '.' WHERE sequence = 2").await;
    }

    #[tokio::test]
    #[should_panic(expected = "a gap")]
    async fn a_removed_entry_is_found() {
        tampered("DELETE FROM timeline WHERE sequence = 2").await;
    }

    #[tokio::test]
    #[should_panic(expected = "and its timeline differ")]
    async fn a_cut_end_is_found() {
        tampered("DELETE FROM timeline WHERE sequence = (SELECT max(sequence) FROM timeline)").await;
    }
}
