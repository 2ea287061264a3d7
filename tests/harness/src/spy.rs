//! Hears every event on the bus, so that tests can look for what must not be there and send it again.
//!
//! A trigger in the bus's own file copies each delivery at the moment it becomes durable: nothing is missed, and the
//! system under test is the one that ships.

use std::collections::HashSet;
use std::path::Path;

use database::Database;
use messaging::Envelope;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _};
use vocabulary::{EventId, ReportId, Timestamp};

const COLUMNS: &str = "source, event_id, event_type, report_id, sequence, time, cause_id, traceparent, body";

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
mod heard {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "heard")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub source: String,
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

/// Listens to a bus.
pub struct Spy(Database);

impl Spy {
    /// Listens from now on, also after restarts, to the bus in `file`.
    pub async fn place(file: &Path) -> Self {
        let database = Database::open(file).await.expect("the bus's file");
        let work = database.begin().await.expect("a transaction");
        let table =
            format!("CREATE TABLE IF NOT EXISTS heard (id INTEGER PRIMARY KEY AUTOINCREMENT, {COLUMNS})");
        let names = COLUMNS.replace(", ", ", NEW.");
        let trigger = format!(
            "CREATE TRIGGER IF NOT EXISTS spy AFTER INSERT ON deliveries BEGIN \
             INSERT INTO heard ({COLUMNS}) VALUES (NEW.{names}); END"
        );
        for statement in [table, trigger] {
            work.execute_unprepared(&statement).await.expect("the spy's own statements");
        }
        work.commit().await.expect("a commit");
        Self(database)
    }

    /// Every event so far, each once, in the order in which the bus took them.
    pub async fn events(&self) -> Vec<Envelope> {
        let rows = heard::Entity::find().order_by_asc(heard::Column::Id).all(self.0.read()).await;
        let mut seen = HashSet::new();
        let envelopes = rows.expect("the spy's table").into_iter().filter(|row| seen.insert(row.event_id));
        envelopes.map(envelope).collect()
    }
}

fn envelope(row: heard::Model) -> Envelope {
    Envelope {
        id: EventId(row.event_id),
        source: row.source,
        event_type: row.event_type,
        report: ReportId(row.report_id),
        sequence: row.sequence,
        time: Timestamp::from_micros(row.time),
        cause: row.cause_id.map(EventId),
        traceparent: row.traceparent,
        body: row.body.into(),
    }
}
