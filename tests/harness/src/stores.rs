//! The databases of a system, looked at from outside: what waits in them, and whether what they hold is whole.
//!
//! Nothing here uses the services' own queries: a mistake in those must not hide itself.

use std::collections::{HashMap, HashSet};

use database::Database;
use engines::is_settled;
use fieldreport::config::Config;
use fieldreport::system::SUBSCRIPTIONS;
use messaging::{Envelope, Outbox, Parked, Subscription};
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, QueryOrder as _, Statement};
use sha2::{Digest as _, Sha256};
use vocabulary::{Clock, EventId, ReportId, Timestamp};

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

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod outbox {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        pub event_id: Uuid,
        pub event_type: String,
        pub report_id: Uuid,
        pub sequence: i64,
        pub time: i64,
        pub cause_id: Option<Uuid>,
        pub traceparent: Option<String>,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The databases of one system. The system that owns them may run meanwhile.
pub struct Stores {
    parties: Vec<(Subscription, Outbox)>,
}

impl Stores {
    /// Opens the databases of a system that has been started once.
    pub async fn open(config: &Config) -> Self {
        let mut parties = Vec::new();
        for subscription in SUBSCRIPTIONS {
            let place = config.database.place(subscription.queue, &config.data);
            let database = Database::open(place).await.expect("a service's database");
            parties.push((subscription, Outbox::new(database, subscription.queue, Clock::system())));
        }
        Self { parties }
    }

    /// Waits until no event is on its way: every service has every event that it wants, and owes none an attempt.
    pub async fn until_idle(&self) {
        let parties: Vec<(Subscription, &Outbox)> =
            self.parties.iter().map(|(subscription, outbox)| (*subscription, outbox)).collect();
        eventually("no event is on its way", async || {
            if is_settled(&parties).await {
                return Ok(());
            }
            let mut waiting = Vec::new();
            for (_, outbox) in &self.parties {
                let depth = outbox.depth().await.expect("a depth");
                waiting.push((outbox.source(), depth, outbox.count_retries().await.expect("a count")));
            }
            Err(waiting)
        })
        .await;
    }

    /// Events that were given up.
    pub async fn parked(&self) -> Vec<Parked> {
        let mut parked = Vec::new();
        for (_, outbox) in &self.parties {
            parked.extend(outbox.parked().await.expect("what was parked"));
        }
        parked
    }

    /// Every event that was ever told, in the order of their ids: one after the other for each report.
    pub async fn events(&self) -> Vec<Envelope> {
        let mut events = Vec::new();
        for (_, outbox) in &self.parties {
            let rows = outbox::Entity::find().all(outbox.database().read()).await.expect("an outbox");
            events.extend(rows.into_iter().map(|row| Envelope {
                id: EventId(row.event_id),
                source: outbox.source().to_owned(),
                event_type: row.event_type,
                report: ReportId(row.report_id),
                sequence: row.sequence,
                time: Timestamp::from_micros(row.time),
                cause: row.cause_id.map(EventId),
                traceparent: row.traceparent,
                body: row.body.into(),
            }));
        }
        events.sort_by_key(|event| event.id);
        events
    }

    /// Every row of every table on a PostgreSQL server, as bytes in which a text can be looked for.
    pub async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let tables = "SELECT table_schema || '.' || table_name AS line FROM information_schema.tables \
                      WHERE table_schema IN ('public', 'identity') AND table_type = 'BASE TABLE'";
        let mut dump = Vec::new();
        for (_, outbox) in &self.parties {
            let lines = async |sql: &str| -> Vec<String> {
                let statement = Statement::from_string(DbBackend::Postgres, sql);
                let rows = outbox.database().read().query_all_raw(statement).await.expect("rows");
                rows.iter().map(|row| row.try_get("", "line").expect("text")).collect()
            };
            for table in lines(tables).await {
                let rows = lines(&format!("SELECT t::text AS line FROM {table} t")).await.join("\n");
                dump.push((format!("{}:{table}", outbox.source()), with_bytes(&rows)));
            }
        }
        dump
    }

    /// The state of every report, by id, after a proof that every timeline is whole: numbered without gaps from 1, each
    /// entry chained to the one before, no event told twice, and the last entry the one that the report names.
    pub async fn prove_timelines(&self) -> HashMap<String, String> {
        let (_, intake) =
            self.parties.iter().find(|(_, outbox)| outbox.source() == "intake").expect("intake");
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

/// The rows, and behind them every run of hexadecimal digits in them as the bytes it stands for.
fn with_bytes(rows: &str) -> Vec<u8> {
    let mut all = rows.as_bytes().to_vec();
    for run in rows.split("\\x").skip(1) {
        let digits: Vec<u8> = run.bytes().take_while(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16).ok();
        all.extend(digits.chunks_exact(2).filter_map(byte));
        all.push(b'\n');
    }
    all
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
    use super::*;
    use crate::{World, report, text};

    /// A world with one report on whose timeline `tampering` was done, behind everybody's back.
    async fn tampered(tampering: &str) {
        let world = World::start().await;
        world.citizen("citizen-1").create(&report(text::ROAD)).await.expect("taken");
        world.until_idle().await;
        let place = world.config().database.place("intake", world.data());
        let database = Database::open(place).await.expect("intake's database");
        let work = database.begin().await.expect("a transaction");
        work.execute_unprepared(tampering).await.expect("done");
        work.commit().await.expect("a commit");
        Stores::open(world.config()).await.prove_timelines().await;
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
