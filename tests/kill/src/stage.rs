//! A system on a stage of its own: folder, engines, processes, and a town that has not begun to live. Kill loop and fault
//! scripts play on it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::answers::Answers;
use crate::canary::Canary;
use crate::checker::Checker;
use crate::cluster::{Cluster, Program, Signal, layout, probe};
use crate::engines::{Engine, Engines};
use crate::ledger::Ledger;
use crate::nemesis::Victim;
use crate::options::Options;
use crate::proxy::{Link, Proxy};
use crate::site::Site;
use crate::town::Town;
use crate::town::lines::Lines;
use crate::town::people::People;
use crate::town::script::Script;

/// How long everything may take to be ready.
pub const START: Duration = Duration::from_secs(60);
/// How long everything may take to end in order.
pub const STOP: Duration = Duration::from_secs(30);
/// How often a load balancer looks who is ready.
const BALANCE: Duration = Duration::from_millis(100);

/// What a stage has beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct Props {
    /// Settings of every process, `key=value`.
    pub settings: Vec<String>,
    /// The broker is killed before any process starts.
    pub broker_down: bool,
    /// Callers ask only processes that say they are ready, as behind a load balancer.
    pub balanced: bool,
}

/// Everything that a play needs.
pub struct Stage {
    /// The folder.
    pub site: Site,
    /// The processes, and the engines unless the system is embedded.
    pub victim: Victim,
    /// The people.
    pub town: Arc<Town>,
    /// The independent checker.
    pub checker: Checker,
    quiesce: Duration,
    balancer: JoinSet<()>,
}

impl Stage {
    /// Sets everything up; the processes are started, and ready unless the props say otherwise.
    pub async fn open(options: &Options, site: Site, props: Props) -> anyhow::Result<Self> {
        let canary = Canary::of(options.seed);
        let mut program = Program {
            binary: options.binary.canonicalize()?,
            data: site.data(),
            province: site.province(),
            settings: options.settings.iter().chain(&props.settings).cloned().collect(),
            environment: BTreeMap::new(),
        };
        let (mut engines, mut database_link) = (None, None);
        let specs = if options.embedded {
            site.write("site.json", &site.describe(&canary, None)?)?;
            layout::embedded()?
        } else {
            let up = Engines::up(&site.root, &site.engines(), options.standby).await?;
            site.write("site.json", &site.describe(&canary, Some(&up))?)?;
            let link = link_to_database(&up, &mut program, options.usual_link())?;
            migrate(&program).await?;
            if props.broker_down {
                up.signal(Engine::Broker, Signal::Kill).await?;
            }
            (engines, database_link) = (Some(Arc::new(up)), Some(Arc::new(link)));
            layout::replicated(options.replicas)?
        };
        let cluster = Arc::new(Cluster::new(&program, specs.clone(), options.embedded, &site.logs()));
        let victim = Victim { cluster, engines, database_link };
        let town = Town::new(
            Lines::to(&specs)?,
            People::of(&site.data(), canary)?,
            Script::read(&site.province())?,
            Ledger::create(&site.ledger())?,
            Answers::create(&site.answers())?,
        );
        let checker = Checker::new(options.python.clone(), site.clone());
        let mut stage = Self {
            site,
            victim,
            town: Arc::new(town),
            checker,
            quiesce: Duration::from_secs(options.quiesce),
            balancer: JoinSet::new(),
        };
        if props.balanced {
            stage.balancer.spawn(balance(stage.victim.cluster.clone(), stage.town.clone()));
        }
        stage.cluster().members.iter().for_each(|member| member.wake());
        stage.cluster().until_ready(START).await?;
        Ok(stage)
    }

    /// The processes.
    pub fn cluster(&self) -> &Cluster {
        &self.victim.cluster
    }

    /// The engines; an error for an embedded system.
    pub fn engines(&self) -> anyhow::Result<&Engines> {
        self.victim.engines.as_deref().context("an embedded system has no engines")
    }

    /// Waits until no work is open, and has everything checked; answers whether all holds.
    pub async fn settle_and_check(&self, when: &str) -> anyhow::Result<bool> {
        eprintln!("\n== {when}");
        let idle = self.checker.until_idle(self.quiesce).await?;
        self.site.write("resources.json", &self.cluster().resources())?;
        match &idle {
            Ok(took) => eprintln!("no work is open after {:.1} s", took.as_secs_f64()),
            Err(open) => eprintln!("NOT WELL: work is still open after {:?}: {open}", self.quiesce),
        }
        Ok(self.checker.check().await? && idle.is_ok())
    }

    /// Ends processes and engines; answers what did not end well.
    pub async fn close(&self) -> anyhow::Result<Vec<String>> {
        let bad = self.cluster().stop(STOP).await;
        if let Some(engines) = &self.victim.engines {
            engines.down().await?;
        }
        Ok(bad)
    }
}

/// Puts a proxy between processes and database, and tells them of it. The broker is spoken to directly.
fn link_to_database(engines: &Engines, program: &mut Program, usual: Link) -> anyhow::Result<Proxy> {
    let url = engines.url("FIELDREPORT__DATABASE__URL")?;
    let address = url.rsplit_once('@').and_then(|(_, rest)| rest.split_once('/')).map(|(address, _)| address);
    let address: SocketAddr = address.context("a database URL has an address")?.parse()?;
    let link = Proxy::to(address, usual)?;
    let through = url.replace(&address.to_string(), &link.address.to_string());
    for name in ["FIELDREPORT__DATABASE__MIGRATION_URL", "FIELDREPORT__BUS__URL"] {
        program.environment.insert(name.to_owned(), engines.url(name)?.to_owned());
    }
    program.environment.insert("FIELDREPORT__DATABASE__URL".to_owned(), through);
    Ok(link)
}

async fn migrate(program: &Program) -> anyhow::Result<()> {
    let mut command = program.command("migrate");
    let done = tokio::task::spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "the databases cannot be migrated: {}", said.trim());
    Ok(())
}

/// Looks who is ready, as a load balancer does, and keeps callers off everybody else.
async fn balance(cluster: Arc<Cluster>, town: Arc<Town>) {
    loop {
        let looks = cluster.members.iter().map(async |member| {
            let ready = probe::is_ready(member.spec.internal).await;
            (!ready).then(|| member.spec.name.clone())
        });
        let avoided = futures::future::join_all(looks).await.into_iter().flatten().collect();
        town.lines.avoid(avoided);
        tokio::time::sleep(BALANCE).await;
    }
}
