//! The engines that a test runs on, chosen by the environment: SQLite files and the table bus when nothing is said,
//! PostgreSQL where `FIELDREPORT_TEST_POSTGRES` names a server (as its superuser), RabbitMQ where
//! `FIELDREPORT_TEST_RABBITMQ` names a broker. `tests/run` runs the tests on both.
//!
//! Every test has databases and queues of its own; databases are copies of a template that is migrated once.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use database::{Database, DatabaseConfig, Place};
use messaging::{Bus, Chaos, Outbox, RabbitConfig, Subscription};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, QueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use settings::{HumanDuration, Secret};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Keeps two tests from making the same template at once.
const TEMPLATES: i64 = 0x7465_6d70;

/// The ground of one test. What it has made goes when it is dropped.
#[derive(Debug)]
pub struct Ground {
    /// Part of every name that this test uses on a shared engine.
    name: String,
    postgres: Option<String>,
    rabbitmq: Option<String>,
}

impl Ground {
    /// Fresh ground on the engines of the environment.
    pub fn new() -> Self {
        let mut ground = Self::on_table_bus();
        ground.rabbitmq = variable("FIELDREPORT_TEST_RABBITMQ");
        ground
    }

    /// The database engine of the environment and the in-process bus: for tests of one service, whose bus does not matter.
    pub fn on_table_bus() -> Self {
        #[expect(clippy::disallowed_methods, reason = "names on shared engines must differ from run to run")]
        let name = format!("t{}", Uuid::new_v4().simple());
        Self { name, postgres: variable("FIELDREPORT_TEST_POSTGRES"), rabbitmq: None }
    }

    /// Whether databases are PostgreSQL's.
    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Whether the bus is RabbitMQ.
    pub fn is_rabbitmq(&self) -> bool {
        self.rabbitmq.is_some()
    }

    /// `database.url` of this ground; empty for SQLite.
    pub fn database_url(&self) -> String {
        self.postgres
            .as_deref()
            .map(|server| with_database(server, &format!("{}_{{service}}", self.name)))
            .unwrap_or_default()
    }

    /// `bus.url` of this ground; empty for the table bus.
    pub fn bus_url(&self) -> String {
        self.rabbitmq.clone().unwrap_or_default()
    }

    /// `bus.prefix` of this ground.
    pub fn bus_prefix(&self) -> String {
        self.name.clone()
    }

    /// The section `[database]` of this ground, with small pools.
    pub fn database(&self) -> DatabaseConfig {
        let seconds = |seconds| HumanDuration(Duration::from_secs(seconds));
        let url = self.database_url();
        DatabaseConfig {
            url: (!url.is_empty()).then(|| Secret::new(url)),
            migration_url: None,
            max_connections: 6,
            pool_wait: seconds(5),
            statement_timeout: seconds(20),
            idle_transaction_timeout: seconds(20),
            commit_timeout: seconds(20),
        }
    }

    /// Makes a service's database ready, with the schema of `M`, and says where it is.
    pub async fn prepare<M: MigratorTrait>(&self, service: &str, data: &Path) -> Place {
        let place = self.database().place(service, data);
        match &self.postgres {
            None => {
                let database = Database::open(place.clone()).await.expect("a file");
                database.migrate::<M>().await.expect("a schema");
                database.close().await.expect("closed");
            }
            Some(server) => {
                let template = template::<M>(server).await.expect("a template");
                let database = format!("{}_{service}", self.name);
                let maintenance = maintenance(server).await.expect("the server");
                if !exists(&maintenance, &database).await.expect("an answer") {
                    let copy = format!("CREATE DATABASE {database} TEMPLATE {template}");
                    maintenance.execute_unprepared(&copy).await.expect("a database");
                }
            }
        }
        place
    }

    /// The same, opened.
    pub async fn open<M: MigratorTrait>(&self, service: &str, data: &Path) -> Database {
        Database::open(self.prepare::<M>(service, data).await).await.expect("a database")
    }

    /// A bus with these queues.
    pub async fn bus(&self, data: &Path, subscriptions: Vec<Subscription>, chaos: Option<Chaos>) -> Bus {
        match &self.rabbitmq {
            None => Bus::open(&data.join("bus.db"), subscriptions, chaos).await.expect("a bus"),
            Some(url) => {
                let config = RabbitConfig::parse(&Secret::new(url.clone()), &self.name);
                Bus::rabbit(config.expect("an address"), subscriptions)
            }
        }
    }
}

/// Whether no event is on its way between these outboxes and the queues of an in-process bus. An event is always in one of
/// them, but may move while they are looked at, so they must be found empty twice.
pub async fn is_idle(bus: &Bus, outboxes: &[&Outbox]) -> bool {
    for _ in 0..2 {
        for outbox in outboxes {
            let (owed, _) = outbox.count_retries().await.expect("a count");
            if owed > 0 || outbox.depth().await.expect("a depth") > 0 {
                return false;
            }
        }
        for queue in bus.queues() {
            if bus.depth(queue).await.expect("a depth") > 0 {
                return false;
            }
        }
    }
    true
}

/// Whether every event of these services has reached every one of them that wants it, on whatever bus: it is in the inbox
/// and nothing is owed to it. What was parked has reached its end as well.
pub async fn is_settled(parties: &[(Subscription, &Outbox)]) -> bool {
    let Some(told) = all_sent(parties).await else { return false };
    for (subscription, outbox) in parties {
        let rows = query(outbox.database(), "SELECT event_id FROM inbox").await;
        let known: BTreeSet<Uuid> =
            rows.iter().map(|row| row.try_get("", "event_id").expect("an id")).collect();
        let wanted = told.iter().filter(|(_, event_type)| subscription.types.contains(&event_type.as_str()));
        if wanted.into_iter().any(|(id, _)| !known.contains(id)) {
            return false;
        }
        // Asked last: what is owed something was in the inbox before.
        let (owed, _) = outbox.count_retries().await.expect("a count");
        if owed > 0 {
            return false;
        }
    }
    // What was worked on meanwhile may have led to more.
    all_sent(parties).await.is_some_and(|now| now.len() == told.len())
}

/// Every event with its type; none while some wait to be sent.
async fn all_sent(parties: &[(Subscription, &Outbox)]) -> Option<Vec<(Uuid, String)>> {
    let mut told = Vec::new();
    for (_, outbox) in parties {
        if outbox.depth().await.expect("a depth") > 0 {
            return None;
        }
        for row in query(outbox.database(), "SELECT event_id, event_type FROM outbox").await {
            let (id, event_type) = (row.try_get("", "event_id"), row.try_get("", "event_type"));
            told.push((id.expect("an id"), event_type.expect("a type")));
        }
    }
    Some(told)
}

async fn query(database: &Database, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(database.backend(), sql);
    database.read().query_all_raw(statement).await.expect("rows")
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let Some(server) = self.postgres.take() else { return };
        let pattern = format!("{}\\_%", self.name);
        // A test's own runtime may be gone, and must not be blocked.
        let cleaning = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let maintenance = maintenance(&server).await?;
                let query = Statement::from_sql_and_values(
                    sea_orm::DbBackend::Postgres,
                    "SELECT datname FROM pg_database WHERE datname LIKE $1",
                    [pattern.into()],
                );
                for row in maintenance.query_all_raw(query).await? {
                    let name: String = row.try_get("", "datname")?;
                    maintenance.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
                }
                Ok::<(), DbErr>(())
            })
        });
        if let Ok(Err(error)) = cleaning.join() {
            eprintln!("a test's databases stay: {error}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "not a setting of the product")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The same server, another database.
fn with_database(server: &str, database: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, None), |(base, query)| (base, Some(query)));
    let root = base.rsplit_once('/').map_or(base, |(root, _)| root);
    match query {
        Some(query) => format!("{root}/{database}?{query}"),
        None => format!("{root}/{database}"),
    }
}

async fn maintenance(server: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = sea_orm::ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await
}

async fn exists(maintenance: &DatabaseConnection, database: &str) -> Result<bool, DbErr> {
    let query = Statement::from_sql_and_values(
        sea_orm::DbBackend::Postgres,
        "SELECT 1 AS one FROM pg_database WHERE datname = $1",
        [database.into()],
    );
    Ok(maintenance.query_one_raw(query).await?.is_some())
}

/// A database with the schema of `M`, named after its migrations.
async fn template<M: MigratorTrait>(server: &str) -> Result<String, DbErr> {
    let names: Vec<String> = M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let digest = Sha256::digest(names.join(" "));
    let name = format!("template_{}", hex::encode(&digest[..8]));
    let maintenance = maintenance(server).await?;
    if exists(&maintenance, &name).await? {
        return Ok(name);
    }
    maintenance.execute_unprepared(&format!("SELECT pg_advisory_lock({TEMPLATES})")).await?;
    if !exists(&maintenance, &name).await? {
        let draft = format!("{name}_draft");
        maintenance.execute_unprepared(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await?;
        maintenance.execute_unprepared(&format!("CREATE DATABASE {draft}")).await?;
        let connection = self::maintenance(&with_database(server, &draft)).await?;
        M::up(&connection, None).await?;
        connection.close().await?;
        maintenance.execute_unprepared(&format!("ALTER DATABASE {draft} RENAME TO {name}")).await?;
    }
    // The lock goes with the connection.
    maintenance.close().await?;
    Ok(name)
}
