//! What goes wrong and when: made from a seed, the same for the same seed.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use crate::engines::Engine;

/// Who is hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One process of the system, by name.
    Process(String),
    /// An engine: the database, its standby, the broker.
    Engine(Engine),
    /// The link between processes and database.
    DatabaseLink,
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
    /// A link: every connection is torn down, once.
    Cut,
    /// A link: every piece is held back.
    Slow {
        /// By so many milliseconds.
        by_ms: u64,
        /// For so many milliseconds.
        for_ms: u64,
    },
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

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process(name) => name,
            Self::Engine(engine) => engine.as_str(),
            Self::DatabaseLink => "the link to the database",
            Self::Everything => "everything",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, target) = (self.at_ms as f64 / 1e3, &self.target);
        match self.fault {
            Fault::Kill => write!(f, "{at:7.3} s  kill -9 {target}"),
            Fault::Stall(ms) => write!(f, "{at:7.3} s  stall {target} for {:.1} s", ms as f64 / 1e3),
            Fault::Cut => write!(f, "{at:7.3} s  cut {target}"),
            Fault::Slow { by_ms, for_ms } => {
                write!(f, "{at:7.3} s  slow {target} by {by_ms} ms for {:.1} s", for_ms as f64 / 1e3)
            }
        }
    }
}

/// Of 100 actions.
const MIX: [(Kind, u32); 5] =
    [(Kind::Process, 64), (Kind::Engine, 14), (Kind::Stall, 8), (Kind::Link, 8), (Kind::Everything, 6)];
/// Milliseconds between two actions.
const PAUSE: std::ops::Range<u64> = 2_000..4_000;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Process,
    Engine,
    Stall,
    Link,
    Everything,
}

/// The schedule of `duration_ms` of chaos, in which the pauses are `slowness` times as long as usual.
pub fn schedule(
    seed: u64,
    duration_ms: u64,
    slowness: f64,
    processes: &[String],
    engines: &[Engine],
) -> Vec<Action> {
    // A stream of its own: what citizens do takes nothing away from it.
    let mut rng = StdRng::seed_from_u64(seed ^ 0x006e_656d_6573_6973);
    let mut actions = Vec::new();
    let mut at_ms = rng.random_range(300..1_500);
    while at_ms < duration_ms {
        let (target, fault) = draw(&mut rng, processes, engines);
        actions.push(Action { at_ms, target, fault });
        at_ms += (rng.random_range(PAUSE) as f64 * slowness) as u64;
    }
    actions
}

fn draw(rng: &mut StdRng, processes: &[String], engines: &[Engine]) -> (Target, Fault) {
    let process = |rng: &mut StdRng| Target::Process(processes.choose(rng).cloned().unwrap_or_default());
    let engine = |rng: &mut StdRng| engines.choose(rng).copied().map_or(Target::Everything, Target::Engine);
    match draw_kind(rng) {
        Kind::Engine if !engines.is_empty() => (engine(rng), Fault::Kill),
        Kind::Link if !engines.is_empty() && rng.random_bool(0.5) => (Target::DatabaseLink, Fault::Cut),
        Kind::Link if !engines.is_empty() => {
            let slow =
                Fault::Slow { by_ms: rng.random_range(5..200), for_ms: rng.random_range(2_000..8_000) };
            (Target::DatabaseLink, slow)
        }
        Kind::Process | Kind::Engine | Kind::Link => (process(rng), Fault::Kill),
        Kind::Stall => {
            let target = if !engines.is_empty() && rng.random_bool(0.3) { engine(rng) } else { process(rng) };
            // Most stalls are short; the longest outlast every time-out of the system.
            let long = rng.random_bool(0.3);
            (target, Fault::Stall(rng.random_range(if long { 6_000..20_000 } else { 1_000..6_000 })))
        }
        Kind::Everything => (Target::Everything, Fault::Kill),
    }
}

fn draw_kind(rng: &mut StdRng) -> Kind {
    let mut roll = rng.random_range(0..MIX.iter().map(|(_, share)| share).sum());
    for (kind, share) in MIX {
        if roll < share {
            return kind;
        }
        roll -= share;
    }
    Kind::Process
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Engine; 2] = [Engine::Database, Engine::Broker];

    fn names() -> Vec<String> {
        vec!["intake-1".to_owned(), "intake-2".to_owned()]
    }

    #[test]
    fn the_same_seed_is_the_same_schedule() {
        assert_eq!(schedule(5, 240_000, 1.0, &names(), &BOTH), schedule(5, 240_000, 1.0, &names(), &BOTH));
        assert_ne!(schedule(5, 240_000, 1.0, &names(), &BOTH), schedule(6, 240_000, 1.0, &names(), &BOTH));
    }

    #[test]
    fn a_quarter_of_an_hour_holds_two_hundred_kills_of_every_kind() {
        for seed in 0..50 {
            let actions = schedule(seed, 900_000, 1.0, &names(), &BOTH);
            let kills = actions.iter().filter(|action| action.fault == Fault::Kill).count();
            assert!(kills >= 200, "seed {seed}: {kills}");
            for target in
                [Target::Engine(Engine::Database), Target::Engine(Engine::Broker), Target::Everything]
            {
                assert!(actions.iter().any(|action| action.target == target), "seed {seed}: {target:?}");
            }
        }
    }

    #[test]
    fn four_minutes_hold_sixty_kills() {
        for seed in 0..50 {
            let actions = schedule(seed, 260_000, 1.0, &names(), &BOTH);
            let kills = actions.iter().filter(|action| action.fault == Fault::Kill).count();
            assert!(kills >= 60, "seed {seed}: {kills}");
            let slower = schedule(seed, 390_000, 1.5, &names(), &BOTH);
            assert!(actions.len().abs_diff(slower.len()) <= 1, "seed {seed}: as much goes wrong");
        }
    }

    #[test]
    fn without_engines_none_is_hit() {
        let actions = schedule(1, 900_000, 1.0, &names(), &[]);
        let of_process = |action: &Action| matches!(action.target, Target::Process(_) | Target::Everything);
        assert!(actions.iter().all(of_process));
    }
}
