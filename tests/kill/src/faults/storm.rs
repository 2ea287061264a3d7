//! The cancel storm: thousands of callers give up while the database is slow. Nothing may be left open on a connection: what
//! is acknowledged afterwards must survive the end of every session.

use std::time::Duration;

use futures::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{Figure, Play, conclude};
use crate::cluster::Service;
use crate::engines::Engine;
use crate::ledger::Why;
use crate::proxy::Link;
use crate::stage::{Props, Stage};
use crate::town::ask::Outcome;
use crate::town::people::Person;

const CALLS: u64 = 10_000;
const AT_ONCE: usize = 64;
/// Seconds until a caller gives up.
const PATIENCE: std::ops::Range<f64> = 0.001..0.080;
const SLOW: Duration = Duration::from_millis(8);
const DURABLE: u64 = 100;

/// 10,000 cancelled calls, 100 acknowledged ones, the end of all sessions, and a count.
pub(super) async fn cancel(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let set = |how| stage.victim.database_link.iter().for_each(|link| link.set(how));
    set(Link::Slow(SLOW));
    let calls = futures::stream::iter(0..CALLS).map(|number| give_up(&stage, play.options.seed, number));
    let cancelled: Vec<anyhow::Result<bool>> = calls.buffer_unordered(AT_ONCE).collect().await;
    let cancelled = cancelled.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
    let cancelled = cancelled.iter().filter(|cancelled| **cancelled).count();
    set(Link::Quick);

    let mut durable = 0;
    for number in 0..DURABLE {
        let mut rng = StdRng::seed_from_u64(play.options.seed ^ (CALLS + number));
        let (command, details) = stage.town.draft(0, Vec::new(), &mut rng);
        let asked = stage.town.ask(&Person::Citizen(0), command, details, &mut rng).await?;
        durable += u64::from(matches!(asked, Outcome::Answered(_)));
    }
    let ended = end_sessions(&stage).await?;

    // Nobody must be left in doubt: the same ids, asked again.
    let again = futures::stream::iter(0..CALLS).map(|number| insist(&stage, play.options.seed, number));
    let known: Vec<anyhow::Result<bool>> = again.buffer_unordered(AT_ONCE).collect().await;
    let known =
        known.into_iter().collect::<anyhow::Result<Vec<bool>>>()?.iter().filter(|known| **known).count();
    stage.town.answers.flush()?;
    let mut figures = vec![
        Figure::holds(&format!("{cancelled} of {CALLS} calls were cancelled"), cancelled as u64 > CALLS / 2),
        Figure::holds(
            &format!("{durable} of {DURABLE} writes were acknowledged afterwards"),
            durable == DURABLE,
        ),
        Figure::holds(
            &format!("{ended} sessions of the database were ended"),
            ended > 0 || play.options.embedded,
        ),
        Figure::none("calls whose outcome is not known after asking again", CALLS - known as u64),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(120)).await?);
    Ok(figures)
}

fn rng_of(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number)
}

/// Sends a report and does not wait for the answer; answers whether it was cancelled indeed.
async fn give_up(stage: &Stage, seed: u64, number: u64) -> anyhow::Result<bool> {
    let mut rng = rng_of(seed, number);
    let citizen = usize::try_from(number % 64)?;
    let (command, details) = stage.town.draft(citizen, Vec::new(), &mut rng);
    let person = Person::Citizen(citizen);
    stage.town.intend(&person, &command, details).await?;
    let patience = rng.random_range(PATIENCE);
    Ok(stage.town.attempt(&person, &command, Why::First, patience).await?.is_err())
}

/// The same request, until its outcome is known.
async fn insist(stage: &Stage, seed: u64, number: u64) -> anyhow::Result<bool> {
    let mut rng = rng_of(seed, number);
    let citizen = usize::try_from(number % 64)?;
    let (command, _) = stage.town.draft(citizen, Vec::new(), &mut rng);
    let asked = stage.town.insist(&Person::Citizen(citizen), &command, Why::Retry, &mut rng).await?;
    Ok(matches!(asked, Outcome::Answered(_)))
}

/// Ends every session of the services; answers how many there were.
async fn end_sessions(stage: &Stage) -> anyhow::Result<u64> {
    let Ok(engines) = stage.engines() else { return Ok(0) };
    let roles: Vec<String> =
        Service::ALL.iter().map(|service| format!("'fieldreport_{}'", service.as_str())).collect();
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename IN ({})",
        roles.join(", ")
    );
    let said = engines.tell(Engine::Database, &["psql", "-At", "-c", &sql]).await?;
    Ok(said.trim().parse()?)
}
