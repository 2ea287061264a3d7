//! What goes wrong and when: made from a seed, the same for the same seed.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

/// Who is hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One process of the system, by name.
    Process(String),
    /// The database server.
    Database,
    /// The message broker.
    Broker,
    /// Every process and both engines.
    Everything,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// `kill -9`; it is started again at once.
    Kill,
    /// It stands still for so many milliseconds.
    Stall(u64),
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Milliseconds after chaos begins.
    pub at_ms: u64,
    /// Who.
    pub target: Target,
    /// What.
    pub fault: Fault,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match &self.target {
            Target::Process(name) => name,
            Target::Database => "the database",
            Target::Broker => "the broker",
            Target::Everything => "everything",
        };
        match self.fault {
            Fault::Kill => write!(f, "{:7.3} s  kill -9 {target}", self.at_ms as f64 / 1e3),
            Fault::Stall(ms) => {
                write!(f, "{:7.3} s  stall {target} for {:.1} s", self.at_ms as f64 / 1e3, ms as f64 / 1e3)
            }
        }
    }
}

/// Of 100 actions: one process is killed, an engine is killed, something stands still, everything is killed.
const MIX: [(Kind, u32); 4] =
    [(Kind::Process, 68), (Kind::Engine, 16), (Kind::Stall, 10), (Kind::Everything, 6)];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Process,
    Engine,
    Stall,
    Everything,
}

/// The schedule of `duration_ms` of chaos with an action every 2 to 4 s on average every three.
pub fn schedule(seed: u64, duration_ms: u64, processes: &[String], engines: bool) -> Vec<Action> {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x6e65_6d65_7369_73);
    let mut actions = Vec::new();
    let mut at_ms = rng.random_range(300..1_500);
    while at_ms < duration_ms {
        let (target, fault) = draw(&mut rng, processes, engines);
        actions.push(Action { at_ms, target, fault });
        at_ms += rng.random_range(2_000..4_000);
    }
    actions
}

fn draw(rng: &mut StdRng, processes: &[String], engines: bool) -> (Target, Fault) {
    let process = |rng: &mut StdRng| Target::Process(processes.choose(rng).cloned().unwrap_or_default());
    let engine = |rng: &mut StdRng| if rng.random_bool(0.5) { Target::Database } else { Target::Broker };
    let mut roll = rng.random_range(0..MIX.iter().map(|(_, share)| share).sum());
    let kind = MIX.iter().find(|(_, share)| {
        let hit = roll < *share;
        roll = roll.saturating_sub(*share);
        hit
    });
    match kind.map_or(Kind::Process, |(kind, _)| *kind) {
        Kind::Engine if engines => (engine(rng), Fault::Kill),
        Kind::Process | Kind::Engine => (process(rng), Fault::Kill),
        Kind::Stall => {
            let target = if engines && rng.random_bool(0.3) { engine(rng) } else { process(rng) };
            // Most stalls are short; the longest outlast every time-out of the system.
            let ms = if rng.random_bool(0.7) {
                rng.random_range(1_000..6_000)
            } else {
                rng.random_range(6_000..20_000)
            };
            (target, Fault::Stall(ms))
        }
        Kind::Everything => (Target::Everything, Fault::Kill),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["intake-1".to_owned(), "intake-2".to_owned()]
    }

    #[test]
    fn the_same_seed_is_the_same_schedule() {
        assert_eq!(schedule(5, 240_000, &names(), true), schedule(5, 240_000, &names(), true));
        assert_ne!(schedule(5, 240_000, &names(), true), schedule(6, 240_000, &names(), true));
    }

    #[test]
    fn four_minutes_hold_sixty_kills_of_every_kind() {
        for seed in 0..50 {
            let actions = schedule(seed, 240_000, &names(), true);
            let kills = actions.iter().filter(|action| action.fault == Fault::Kill).count();
            assert!(kills >= 60, "seed {seed}: {kills}");
            for target in [Target::Database, Target::Broker, Target::Everything] {
                assert!(actions.iter().any(|action| action.target == target), "seed {seed}: {target:?}");
            }
        }
    }

    #[test]
    fn without_engines_none_is_hit() {
        let actions = schedule(1, 900_000, &names(), false);
        assert!(actions.iter().all(|action| !matches!(action.target, Target::Database | Target::Broker)));
    }
}
