//! What a run shows at the end.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::checker::Findings;
use crate::cluster::Life;
use crate::options::Enough;
use crate::run::Seen;
use crate::town::tally::Counts;

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Summary {
    acts: u64,
    counts: Counts,
    kills: usize,
    processes_killed: usize,
    stalls: usize,
    worst_gap_ms: u64,
    ready_ms: BTreeMap<String, Ready>,
    died_by_themselves: Vec<Life>,
    enough: Enough,
    /// Of the check at the end.
    findings: Findings,
    well: Option<bool>,
}

/// Times from start to ready of one kind of process.
#[derive(Debug, Serialize)]
struct Ready {
    lives: usize,
    median: u64,
    worst: u64,
}

impl Summary {
    /// Draws the figures together.
    pub fn new(counts: &Counts, seen: &Seen, lives: &[Life]) -> Self {
        let gaps = seen.spans.iter().map(|(from, to)| counts.worst_gap(*from, *to).as_millis());
        Self {
            acts: seen.acts,
            counts: counts.clone(),
            kills: seen.kills(),
            processes_killed: seen.hits(true).sum(),
            stalls: seen.hits(false).filter(|hit| *hit > 0).count(),
            worst_gap_ms: gaps.max().and_then(|gap| u64::try_from(gap).ok()).unwrap_or(u64::MAX),
            ready_ms: ready(lives),
            died_by_themselves: lives.iter().filter(|life| is_strange(life)).cloned().collect(),
            enough: Enough::default(),
            findings: Findings::default(),
            well: None,
        }
    }

    /// Prints the figures.
    pub fn print(&self) {
        eprintln!("\nacts              {}", self.acts);
        eprintln!("kills             {} ({} processes)", self.kills, self.processes_killed);
        eprintln!("stalls            {}", self.stalls);
        eprintln!("worst gap         {:.1} s without an acknowledged create", self.worst_gap_ms as f64 / 1e3);
        for (kind, ready) in &self.ready_ms {
            eprintln!(
                "ready             {kind}: {} ms (median of {}), {} ms at worst",
                ready.median, ready.lives, ready.worst
            );
        }
        for (kind, count) in &self.counts.answered {
            eprintln!("answered          {kind}: {count}");
        }
        for (what, count) in &self.counts.failed {
            eprintln!("failed attempts   {what}: {count}");
        }
        for life in &self.died_by_themselves {
            let end = life.end.as_deref().unwrap_or_default();
            eprintln!("NOT WELL: {} (pid {}) ended by itself: {end}", life.name, life.pid);
        }
    }

    /// Says how it ended: well if every check went well, no process died by itself, and enough was seen to prove it.
    pub fn verdict(&mut self, checked: bool, findings: &Findings, enough: Enough) -> bool {
        let acknowledged = findings.figure("acknowledged");
        let saw_enough = self.kills >= enough.kills && acknowledged >= enough.acknowledged;
        let well = checked && saw_enough && self.died_by_themselves.is_empty();
        eprintln!(
            "\n{} kills, {acknowledged} reports acknowledged, {} lost, {} doubled",
            self.kills,
            findings.figure("lost"),
            findings.figure("doubled")
        );
        if !saw_enough {
            let Enough { kills, acknowledged } = enough;
            eprintln!("TOO LITTLE: {kills} kills and {acknowledged} acknowledged reports are needed");
        }
        eprintln!("{}", if well { "WELL: every invariant holds" } else { "NOT WELL" });
        (self.enough, self.findings, self.well) = (enough, findings.clone(), Some(well));
        well
    }
}

fn is_strange(life: &Life) -> bool {
    life.cause.as_deref() == Some("by itself")
}

fn ready(lives: &[Life]) -> BTreeMap<String, Ready> {
    let mut times: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for life in lives {
        let kind = life.name.rsplit_once('-').map_or(life.name.as_str(), |(kind, _)| kind);
        times.entry(kind.to_owned()).or_default().extend(life.ready_ms);
    }
    let figures = |mut times: Vec<u64>| {
        times.sort_unstable();
        Ready {
            lives: times.len(),
            median: times.get(times.len() / 2).copied().unwrap_or(0),
            worst: times.last().copied().unwrap_or(0),
        }
    };
    times.into_iter().map(|(kind, times)| (kind, figures(times))).collect()
}
