//! The cancel storm: thousands of callers give up while the database is slow. Nothing may be left open on a connection: what
//! is acknowledged afterwards must survive the end of every session.

use std::time::Duration;

use contract::intake::v1::ReportView;
use futures::StreamExt as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::timeout;

use super::{Figure, Play, conclude};
use crate::cluster::Service;
use crate::engines::Engine;
use crate::ledger::Why;
use crate::proxy::Link;
use crate::stage::{Props, Stage};
use crate::town::commands::Command;
use crate::town::people::Person;

const CALLS: u64 = 10_000;
const AT_ONCE: usize = 64;
const CITIZENS: u64 = 64;
/// Milliseconds until a caller gives up.
const PATIENCE: std::ops::Range<u64> = 1..80;
const SLOW: Duration = Duration::from_millis(8);
const DURABLE: u64 = 100;
/// Seconds in which a working system answers.
const ENOUGH: f64 = 8.0;

/// 10,000 cancelled calls, 100 acknowledged ones, the end of all sessions, and a count.
pub(super) async fn cancel(play: &Play<'_>) -> anyhow::Result<Vec<Figure>> {
    let stage = play.stage(Props::default()).await?;
    let storm = Storm { stage: &stage, seed: play.options.seed, reports: first_reports(&stage).await? };
    stage.victim.database_link.iter().for_each(|link| link.set(Link::Slow(SLOW)));
    let cancelled = storm.all(0..CALLS, How::GiveUp).await?;
    stage.victim.database_link.iter().for_each(|link| link.heal());
    // A connection that somebody left behind shows itself now: it refuses, or it shows the past.
    let durable = storm.all(CALLS..CALLS + DURABLE, How::AskOnce).await?;
    let ended = end_sessions(&stage).await?;
    // Nobody must be left in doubt: the same ids, asked again.
    let known = storm.all(0..CALLS, How::Insist).await?;
    stage.town.answers.flush()?;
    let mut figures = vec![
        Figure::holds(&format!("{cancelled} of {CALLS} calls were cancelled"), cancelled > CALLS / 2),
        Figure::holds(
            &format!("{durable} of {DURABLE} writes were acknowledged afterwards"),
            durable == DURABLE,
        ),
        Figure::holds(
            &format!("{ended} sessions of the database were ended"),
            ended > 0 || play.options.embedded,
        ),
        Figure::none("calls whose outcome is not known after asking again", CALLS - known),
    ];
    figures.extend(conclude(&stage, Duration::from_secs(120)).await?);
    Ok(figures)
}

/// One report of each citizen.
async fn first_reports(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let mut reports = Vec::new();
    for number in 0..CITIZENS {
        let mut rng = StdRng::seed_from_u64(number);
        let citizen = usize::try_from(number)?;
        let (command, details) = stage.town.draft(citizen, Vec::new(), &mut rng);
        let asked = stage.town.ask(&Person::Citizen(citizen), command, details, &mut rng).await?;
        reports.push(asked.answer().map(|report| report.name).unwrap_or_default());
    }
    Ok(reports)
}

struct Storm<'a> {
    stage: &'a Stage,
    seed: u64,
    reports: Vec<String>,
}

/// A call of the storm: the same for the same number.
enum Call {
    Create,
    Post,
    Read,
}

/// What is done with a call.
#[derive(Debug, Clone, Copy)]
enum How {
    GiveUp,
    AskOnce,
    Insist,
}

impl Call {
    const fn of(number: u64) -> Self {
        match number % 3 {
            0 => Self::Create,
            1 => Self::Post,
            _ => Self::Read,
        }
    }
}

impl Storm<'_> {
    /// Does this with these calls, many at once; answers for how many it went well.
    async fn all(&self, numbers: std::ops::Range<u64>, how: How) -> anyhow::Result<u64> {
        let calls = futures::stream::iter(numbers).map(|number| self.one(number, how));
        let answers: Vec<anyhow::Result<bool>> = calls.buffer_unordered(AT_ONCE).collect().await;
        let answers = answers.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
        Ok(answers.into_iter().filter(|yes| *yes).count() as u64)
    }

    async fn one(&self, number: u64, how: How) -> anyhow::Result<bool> {
        match how {
            How::GiveUp => self.give_up(number).await,
            How::AskOnce => self.ask_once(number).await,
            How::Insist => self.insist(number).await,
        }
    }

    fn caller(&self, number: u64) -> (StdRng, usize, Person) {
        let rng = StdRng::seed_from_u64(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
        let citizen = usize::try_from(number % CITIZENS).unwrap_or(0);
        (rng, citizen, Person::Citizen(citizen))
    }

    /// Calls and does not wait for the answer; answers whether the call was cancelled indeed.
    async fn give_up(&self, number: u64) -> anyhow::Result<bool> {
        let (mut rng, citizen, person) = self.caller(number);
        let town = &self.stage.town;
        match Call::of(number) {
            Call::Create => {
                let (command, details) = town.draft(citizen, Vec::new(), &mut rng);
                town.intend(&person, &command, details).await?;
                self.send_and_leave(&person, &command, &mut rng).await
            }
            Call::Post => {
                let (command, details) = town.addition(&self.reports[citizen], &mut rng);
                town.intend(&person, &command, details).await?;
                self.send_and_leave(&person, &command, &mut rng).await
            }
            Call::Read => {
                let patience = Duration::from_millis(rng.random_range(PATIENCE));
                let read = town.look_at(&person, &self.reports[citizen], ReportView::Full);
                Ok(timeout(patience, read).await.is_err())
            }
        }
    }

    async fn send_and_leave<C: Command>(
        &self,
        person: &Person,
        command: &C,
        rng: &mut StdRng,
    ) -> anyhow::Result<bool> {
        let patience = rng.random_range(PATIENCE) as f64 / 1e3;
        Ok(self.stage.town.attempt(person, command, Why::First, patience).await?.is_err())
    }

    /// One attempt, and a look at what it has made; answers whether both went well.
    async fn ask_once(&self, number: u64) -> anyhow::Result<bool> {
        let (mut rng, citizen, person) = self.caller(number);
        let town = &self.stage.town;
        let (command, details) = town.draft(citizen, Vec::new(), &mut rng);
        town.intend(&person, &command, details).await?;
        if let Ok(report) = town.attempt(&person, &command, Why::First, ENOUGH).await? {
            return Ok(town.look_at(&person, &report.name, ReportView::Full).await?.is_some());
        }
        town.insist(&person, &command, Why::Retry, &mut rng).await?;
        Ok(false)
    }

    /// The same call, until its outcome is known; answers whether it is done.
    async fn insist(&self, number: u64) -> anyhow::Result<bool> {
        let (mut rng, citizen, person) = self.caller(number);
        let town = &self.stage.town;
        match Call::of(number) {
            Call::Create => {
                let (command, _) = town.draft(citizen, Vec::new(), &mut rng);
                Ok(town.insist(&person, &command, Why::Retry, &mut rng).await?.answer().is_some())
            }
            Call::Post => {
                let (command, _) = town.addition(&self.reports[citizen], &mut rng);
                Ok(town.insist(&person, &command, Why::Retry, &mut rng).await?.answer().is_some())
            }
            Call::Read => Ok(true),
        }
    }
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
