//! Makes things go wrong as scheduled, and writes down what really happened.

pub mod schedule;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::cluster::{Cluster, Signal};
use crate::engines::{Engine, Engines};
use crate::proxy::{Link, Proxy};
use schedule::{Action, Fault, Target};

/// An action that was carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Deed {
    /// As scheduled.
    pub action: Action,
    /// How many were hit: nobody can be killed who is dead already.
    pub hit: usize,
}

/// The system under attack.
#[derive(Clone)]
pub struct Victim {
    /// Its processes.
    pub cluster: Arc<Cluster>,
    /// Its engines, unless it is embedded.
    pub engines: Option<Arc<Engines>>,
    /// Between processes and database.
    pub database_link: Option<Arc<Proxy>>,
}

/// Carries a schedule out from now on; returns when the last fault is over.
pub async fn carry_out(victim: &Victim, actions: &[Action]) -> anyhow::Result<Vec<Deed>> {
    let begun = Instant::now();
    let mut running: JoinSet<anyhow::Result<Deed>> = JoinSet::new();
    for action in actions {
        sleep_until(begun + Duration::from_millis(action.at_ms)).await;
        let (victim, action) = (victim.clone(), action.clone());
        running.spawn(async move {
            let hit = victim.suffer(&action).await?;
            Ok(Deed { action, hit })
        });
    }
    let mut deeds = running.join_all().await.into_iter().collect::<anyhow::Result<Vec<Deed>>>()?;
    deeds.sort_by_key(|deed| deed.action.at_ms);
    Ok(deeds)
}

impl Victim {
    /// The engines that can be hit.
    pub fn targets(&self) -> &[Engine] {
        self.engines.as_ref().map_or(&[], |engines| &engines.all)
    }

    /// Answers how many were hit, once the fault is over.
    async fn suffer(&self, action: &Action) -> anyhow::Result<usize> {
        let cause = action.to_string();
        match action.fault {
            Fault::Kill => self.kill(&action.target, &cause).await,
            Fault::Stall(ms) => self.stall(&action.target, Duration::from_millis(ms), &cause).await,
            Fault::Cut => {
                self.database_link.iter().for_each(|link| link.cut());
                Ok(self.database_link.iter().count())
            }
            Fault::Slow { by_ms, for_ms } => {
                let slow = Link::Slow(Duration::from_millis(by_ms));
                self.database_link.iter().for_each(|link| link.set(slow));
                sleep(Duration::from_millis(for_ms)).await;
                self.database_link.iter().for_each(|link| link.heal());
                Ok(self.database_link.iter().count())
            }
        }
    }

    async fn kill(&self, target: &Target, cause: &str) -> anyhow::Result<usize> {
        let members = self.cluster.members.iter().filter(|member| is_hit(target, &member.spec.name));
        let processes = members.filter(|member| member.signal(Signal::Kill, cause)).count();
        let Some(all) = &self.engines else { return Ok(processes) };
        let engines = engines_of(target, all);
        let again = engines.iter().map(|engine| all.crash(*engine));
        futures::future::join_all(again).await.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
        Ok(processes + engines.len())
    }

    async fn stall(&self, target: &Target, time: Duration, cause: &str) -> anyhow::Result<usize> {
        let members = self.cluster.members.iter().filter(|member| is_hit(target, &member.spec.name));
        let still: Vec<_> = members.filter(|member| member.signal(Signal::Stop, cause)).collect();
        let mut engines = Vec::new();
        if let Some(all) = &self.engines {
            for engine in engines_of(target, all) {
                // One that is dead at the moment cannot stand still.
                if all.signal(engine, Signal::Stop).await.is_ok() {
                    engines.push((all, engine));
                }
            }
        }
        sleep(time).await;
        for member in &still {
            member.signal(Signal::Continue, cause);
        }
        for (all, engine) in &engines {
            // It may have been killed meanwhile, and be another one now.
            drop(all.signal(*engine, Signal::Continue).await);
        }
        Ok(still.len() + engines.len())
    }

    /// Lets everybody go on who stands still or is slow.
    pub async fn heal(&self) -> anyhow::Result<()> {
        for member in &self.cluster.members {
            member.signal(Signal::Continue, "healed");
        }
        if let Some(engines) = &self.engines {
            for engine in &engines.all {
                engines.signal(*engine, Signal::Continue).await?;
            }
        }
        self.database_link.iter().for_each(|link| link.heal());
        Ok(())
    }
}

fn is_hit(target: &Target, name: &str) -> bool {
    match target {
        Target::Process(process) => process == name,
        Target::Everything => true,
        Target::Engine(_) | Target::DatabaseLink => false,
    }
}

fn engines_of(target: &Target, all: &Engines) -> Vec<Engine> {
    match target {
        Target::Engine(engine) => vec![*engine],
        Target::Everything => all.all.clone(),
        Target::Process(_) | Target::DatabaseLink => Vec::new(),
    }
}
