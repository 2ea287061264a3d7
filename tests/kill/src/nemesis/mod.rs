//! Makes things go wrong as scheduled, and writes down what really happened.

pub mod schedule;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::cluster::{Cluster, Signal};
use crate::engines::{Engine, Engines};
use schedule::{Action, Fault, Target};

/// An action that was carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Deed {
    /// As scheduled.
    pub action: Action,
    /// How many processes were hit: nobody can be killed who is dead already.
    pub hit: usize,
}

/// The system under attack.
#[derive(Clone)]
pub struct Victim {
    /// Its processes.
    pub cluster: Arc<Cluster>,
    /// Its engines, unless it is embedded.
    pub engines: Option<Arc<Engines>>,
}

/// Carries a schedule out from now on; returns when the last fault is over.
pub async fn carry_out(victim: &Victim, actions: &[Action]) -> anyhow::Result<Vec<Deed>> {
    let begun = Instant::now();
    let mut running: JoinSet<anyhow::Result<Deed>> = JoinSet::new();
    for action in actions {
        sleep_until(begun + Duration::from_millis(action.at_ms)).await;
        let (victim, action) = (victim.clone(), action.clone());
        running.spawn(async move {
            let hit = strike(&victim, &action).await?;
            Ok(Deed { action, hit })
        });
    }
    let mut deeds = running.join_all().await.into_iter().collect::<anyhow::Result<Vec<Deed>>>()?;
    deeds.sort_by_key(|deed| deed.action.at_ms);
    Ok(deeds)
}

async fn strike(victim: &Victim, action: &Action) -> anyhow::Result<usize> {
    let cause = action.to_string();
    let members = victim.cluster.members.iter().filter(|member| match &action.target {
        Target::Process(name) => member.spec.name == *name,
        Target::Everything => true,
        Target::Database | Target::Broker => false,
    });
    match action.fault {
        Fault::Kill => {
            let hit = members.filter(|member| member.signal(Signal::Kill, &cause)).count();
            Ok(hit + kill_engines(victim, &action.target).await?)
        }
        Fault::Stall(ms) => {
            let still: Vec<_> = members.filter(|member| member.signal(Signal::Stop, &cause)).collect();
            let engine = engine_of(&action.target).zip(victim.engines.as_ref());
            if let Some((engine, engines)) = engine {
                engines.signal(engine, Signal::Stop).await?;
            }
            sleep(Duration::from_millis(ms)).await;
            for member in &still {
                member.signal(Signal::Continue, &cause);
            }
            if let Some((engine, engines)) = engine {
                engines.signal(engine, Signal::Continue).await?;
            }
            Ok(still.len() + usize::from(engine.is_some()))
        }
    }
}

fn engine_of(target: &Target) -> Option<Engine> {
    match target {
        Target::Database => Some(Engine::Database),
        Target::Broker => Some(Engine::Broker),
        Target::Process(_) | Target::Everything => None,
    }
}

/// Kills an engine, or both, and starts it again.
async fn kill_engines(victim: &Victim, target: &Target) -> anyhow::Result<usize> {
    let Some(engines) = &victim.engines else { return Ok(0) };
    let hit: &[Engine] = match target {
        Target::Database => &[Engine::Database],
        Target::Broker => &[Engine::Broker],
        Target::Everything => &[Engine::Database, Engine::Broker],
        Target::Process(_) => &[],
    };
    let again = hit.iter().map(|engine| engines.crash(*engine));
    futures::future::join_all(again).await.into_iter().collect::<anyhow::Result<Vec<()>>>()?;
    Ok(hit.len())
}

/// Lets everybody go on who stands still.
pub async fn heal(victim: &Victim) -> anyhow::Result<()> {
    for member in &victim.cluster.members {
        member.signal(Signal::Continue, "healed");
    }
    if let Some(engines) = &victim.engines {
        for engine in [Engine::Database, Engine::Broker] {
            engines.signal(engine, Signal::Continue).await?;
        }
    }
    Ok(())
}
