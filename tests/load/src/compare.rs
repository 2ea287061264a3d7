//! Two builds in one run: A B A B …, each time on a fresh folder, the same seed, the ratio of every figure.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::options::Compare;
use crate::processes::Watched;
use crate::run::Theatre;
use crate::server::Server;
use crate::system::{Addresses, System};
use crate::table::{plain, show};

/// One figure of both builds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which figure.
    pub figure: String,
    /// Median of the first build.
    pub a: f64,
    /// Median of the second build.
    pub b: f64,
    /// Median of b / a, round by round.
    pub ratio: f64,
    /// Smallest ratio of a round.
    pub lowest: f64,
    /// Largest ratio of a round.
    pub highest: f64,
}

/// One of the two.
struct Side<'a> {
    binary: &'a Path,
    /// None for a fresh folder each time.
    data: Option<&'a Path>,
    set: &'a [String],
}

/// Runs both builds in turn.
pub async fn compare(options: &Compare) -> anyhow::Result<Vec<Row>> {
    let a = Side { binary: &options.a, data: options.data_a.as_deref(), set: &options.set_a };
    let b = Side { binary: &options.b, data: options.data_b.as_deref(), set: &options.set_b };
    let mut rounds = Vec::new();
    for round in 1..=options.rounds.max(1) {
        eprintln!("round {round} of {}", options.rounds);
        let figures = (run(&a, options).await?, run(&b, options).await?);
        let faults: Vec<String> = figures.0.faults().into_iter().chain(figures.1.faults()).collect();
        anyhow::ensure!(faults.is_empty(), "round {round}: {}", faults.join("; "));
        rounds.push(figures);
    }
    Ok(rows(&rounds))
}

async fn run(side: &Side<'_>, options: &Compare) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let fresh = folder.path().join("data");
    let data = side.data.unwrap_or(&fresh);
    let log = folder.path().join("serve.log");
    let own = side.set.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]);
    let serve: Vec<String> = options.serve.iter().cloned().chain(own).collect();
    let server = Server::start(side.binary, data, &options.play.province, &log, &serve).await?;
    let system = System::connect(&Addresses::same(std::slice::from_ref(&server.address)), 2)?;
    let watched = vec![Watched { name: "server".to_owned(), pid: server.pid() }];
    let mut theatre = Theatre::open(system, data, Ledger::default(), watched, &options.play)?;
    let figures = theatre.play(options.play.rate).await?;
    server.stop().await?;
    Ok(figures)
}

/// Figures that both builds have in every round and that are not 0.
fn rows(rounds: &[(Figures, Figures)]) -> Vec<Row> {
    let names: BTreeSet<&String> = rounds.iter().flat_map(|(a, _)| a.values.keys()).collect();
    let row = |name: &String| {
        let pairs: Option<Vec<(f64, f64)>> = rounds
            .iter()
            .map(|(a, b)| Some((a.get(name)?, b.get(name)?)).filter(|(a, b)| *a > 0.0 && *b > 0.0))
            .collect();
        let pairs = pairs?;
        let ratios: Vec<f64> = pairs.iter().map(|(a, b)| b / a).collect();
        Some(Row {
            figure: name.clone(),
            a: median(pairs.iter().map(|(a, _)| *a)),
            b: median(pairs.iter().map(|(_, b)| *b)),
            ratio: median(ratios.iter().copied()),
            lowest: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            highest: ratios.iter().copied().fold(0.0, f64::max),
        })
    };
    names.into_iter().filter_map(row).collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// For people.
pub fn render(rows: &[Row]) -> String {
    let mut table = plain(&["figure", "a", "b", "b / a", "lowest", "highest"]);
    for row in rows {
        let ratios = [row.ratio, row.lowest, row.highest].map(|ratio| format!("{ratio:.3}"));
        let cells = [row.figure.clone(), show(row.a), show(row.b)].into_iter().chain(ratios);
        table.add_row(cells);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(name: &str, value: f64) -> Figures {
        let mut figures = Figures::default();
        figures.values.insert(name.to_owned(), value);
        figures
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let rounds = [(10.0, 20.0), (20.0, 20.0), (10.0, 15.0)];
        let rounds = rounds.map(|(a, b)| (figures("x", a), figures("x", b)));
        let row = &rows(&rounds)[0];
        assert_eq!((row.a, row.b, row.ratio, row.lowest, row.highest), (10.0, 20.0, 1.5, 1.0, 2.0));
        assert_eq!(rows(&[(figures("x", 0.0), figures("x", 1.0))]), []);
        assert!((median([1.0, 2.0].into_iter()) - 1.5).abs() < f64::EPSILON);
    }
}
