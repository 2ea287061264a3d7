//! One system under test on engines of its own ground: in this process, or as a process that dies and is started again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use auth::DevelopmentIssuer;
use database::{Database, faults};
use engines::Ground;
use fieldreport::config::Config;
use fieldreport::system::System;
use harness::{Api, Stores, config_on, pack, province};
use runtime::Lifecycle;
use sea_orm::{ConnectionTrait as _, Statement};
use telemetry::Telemetry;
use tempfile::TempDir;
use vocabulary::Clock;

use crate::list::{Journey, POINTS};

/// How long a transaction may do nothing here: less than by default, so that stalls need not take long.
pub const IDLE_TRANSACTION: Duration = Duration::from_secs(1);
/// Between two looks at whether a process has died.
const LOOK: Duration = Duration::from_millis(20);
/// SIGABRT: how a process ends that was ordered to.
const ABORTED: i32 = 6;

/// Makes classification fail with an event.
const RETRIED: &str = "classification.follow.before-load=panic;";

/// A system, and what people were told by it.
pub struct Site {
    folder: TempDir,
    ground: Ground,
    config: Config,
    settings: Vec<(String, String)>,
    api: Api,
    created: Mutex<Vec<String>>,
    running: Mutex<Option<Lifecycle>>,
    stopped: AtomicBool,
}

impl Site {
    /// Fresh ground, a port of its own, nothing running.
    pub async fn new() -> Self {
        let (folder, ground) = (tempfile::tempdir().expect("a folder"), Ground::new());
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let settings = [
            ("grpc.address", port.to_string()),
            ("telemetry.log_level", "error".to_owned()),
            ("database.idle_transaction_timeout", format!("{}ms", IDLE_TRANSACTION.as_millis())),
            ("intake.sweep_interval", "300ms".to_owned()),
            ("intake.stuck_after", "5m".to_owned()),
            ("routing.deadline_interval", "300ms".to_owned()),
            ("satisfaction.close_every", "300ms".to_owned()),
        ];
        let settings: Vec<(String, String)> =
            settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let own: Vec<(&str, &str)> =
            settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let config = config_on(&ground, folder.path(), &own);
        let data = folder.path();
        ground.prepare::<intake::Migrator>(intake::NAME, data).await;
        ground.prepare::<classification::Migrator>(classification::NAME, data).await;
        ground.prepare::<routing::Migrator>(routing::NAME, data).await;
        ground.prepare::<satisfaction::Migrator>(satisfaction::NAME, data).await;
        let auth = &config.auth;
        let issuer = DevelopmentIssuer::open(data, &auth.issuer, &auth.audience, Clock::system());
        let api = Api::at(&port.to_string(), Arc::new(issuer.expect("a key")));
        let (created, running, stopped) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Self { folder, ground, config, settings, api, created, running, stopped }
    }

    /// The makers of tokens and channels.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Which engines it is on.
    pub fn engines(&self) -> String {
        let database = if self.ground.is_postgres() { "PostgreSQL" } else { "SQLite" };
        let bus = if self.ground.is_rabbitmq() { "RabbitMQ" } else { "the table bus" };
        format!("{database} and {bus}")
    }

    /// A request has been answered with this report.
    pub fn remember(&self, report: &str) {
        self.created.lock().expect("a list").push(report.to_owned());
    }

    /// The comparison of a column with an id, in the words of the database engine.
    pub fn is(&self, column: &str, id: &str) -> String {
        match self.ground.is_postgres() {
            true => format!("{column} = '{id}'"),
            false => format!("{column} = X'{}'", id.replace('-', "")),
        }
    }

    /// How many of intake's sessions the server has ended; an embedded database ends none.
    pub async fn sessions_ended(&self) -> Option<i64> {
        if !self.ground.is_postgres() {
            return None;
        }
        let database = self.open(intake::NAME).await;
        let sql = "SELECT sessions_fatal FROM pg_stat_database WHERE datname = current_database()";
        let counted = database.read().query_one_raw(Statement::from_string(database.backend(), sql)).await;
        let ended = counted.expect("statistics").expect("a row").try_get("", "sessions_fatal");
        database.close().await.expect("closed");
        Some(ended.expect("a count"))
    }

    async fn open(&self, service: &str) -> Database {
        let place = self.config.database.place(service, self.folder.path());
        Database::open(place).await.expect("a database")
    }

    /// Changes one row behind a service's back.
    pub async fn change(&self, service: &str, sql: &str) {
        let database = self.open(service).await;
        let tx = database.begin().await.expect("a transaction");
        let changed = tx.execute_unprepared(sql).await.expect("a change").rows_affected();
        database.commit(tx).await.expect("a commit");
        assert_eq!(changed, 1, "{sql}");
        database.close().await.expect("closed");
    }

    /// Runs the system in this process, and starts it again whenever one of its tasks has died. Answers how often that was.
    pub async fn run_here(&self) -> u32 {
        let mut restarts = 0;
        loop {
            let lifecycle = Lifecycle::new(self.config.grace.get());
            *self.running.lock().expect("a life") = Some(lifecycle.clone());
            let telemetry = telemetry(&self.config);
            let started =
                System::start(self.config.clone(), province(), telemetry, lifecycle, Clock::system());
            match Box::pin(started).await {
                Ok(system) => {
                    Box::pin(system.run()).await;
                    if self.stopped.load(Ordering::SeqCst) {
                        return restarts;
                    }
                }
                Err(error) => eprintln!("the system does not start, and is started again: {error:#}"),
            }
            restarts += 1;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends what runs in this process.
    pub fn stop_here(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(lifecycle) = &*self.running.lock().expect("a life") {
            lifecycle.stop();
        }
    }

    /// Runs the system as a process that is ordered to die at the first of `points`, then at the next, each on a start of its own;
    /// in the end unharmed. Never ends by itself; dropped, it takes the process along.
    pub async fn run_in_processes(
        &self,
        points: &Mutex<VecDeque<&'static str>>,
        wrong: &Mutex<Vec<String>>,
    ) -> Infallible {
        loop {
            let point = points.lock().expect("points").front().copied();
            let mut process = Process(self.start(point));
            let status = loop {
                match process.0.try_wait().expect("a child") {
                    Some(status) => break status,
                    None => tokio::time::sleep(LOOK).await,
                }
            };
            // Not any abort is the one that was ordered.
            let said = std::fs::read_to_string(self.last_words()).expect("last words");
            let ordered = point.is_some_and(|point| said.contains(&faults::last_words(point)));
            if status.signal() == Some(ABORTED) && ordered {
                points.lock().expect("points").retain(|waiting| Some(*waiting) != point);
            } else {
                let ended = format!("{point:?}: the process ended with {status}: {said}");
                wrong.lock().expect("wrongs").push(ended);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    fn start(&self, point: Option<&str>) -> Child {
        let engines = [
            ("database.url", self.ground.database_url()),
            ("database.pool_wait", "10s".to_owned()),
            ("bus.url", self.ground.bus_url()),
            ("bus.prefix", self.ground.bus_prefix()),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_fieldreport-with-points"));
        command.arg("serve").arg("--data-dir").arg(self.folder.path()).arg("--province").arg(pack());
        for (key, value) in engines {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        for (key, value) in &self.settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        if let Some(point) = point {
            let retried = POINTS.contains(&(point, Journey::Retried));
            let failing = if retried { RETRIED.repeat(2) } else { String::new() };
            command.env("FAULT_POINTS", format!("{failing}{point}=kill"));
        }
        let said = File::create(self.last_words()).expect("a file");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        command.spawn().expect("a process")
    }

    /// What the process says on standard error.
    fn last_words(&self) -> PathBuf {
        self.folder.path().join("stderr")
    }

    /// What must hold whatever has failed: everything has arrived, nothing was given up, every timeline is whole, and there is
    /// one report for each request that was answered.
    pub async fn prove(&self) {
        let stores = Stores::open(&self.config).await;
        stores.until_idle().await;
        let parked = stores.parked().await;
        assert!(parked.is_empty(), "events were given up: {parked:?}");
        let states = stores.prove_timelines().await;
        let mut created = self.created.lock().expect("a list").clone();
        let answered = created.len();
        created.sort_unstable();
        created.dedup();
        assert_eq!(created.len(), answered, "two requests were answered with one report");
        let mut stored: Vec<String> = states.into_keys().collect();
        stored.sort_unstable();
        assert_eq!(stored, created, "reports are those that requests were answered with");
    }
}

/// A process that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

/// Telemetry starts once per process.
fn telemetry(config: &Config) -> Telemetry {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    TELEMETRY.get_or_init(|| telemetry::start(&config.telemetry).expect("telemetry")).clone()
}
