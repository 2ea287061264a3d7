//! Figures for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::figures::Figures;
use crate::operation::Operation;
use crate::target::Target;

/// Latencies by operation, everything else line by line, then the targets.
pub fn render(figures: &Figures, targets: &[Target]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut calls = plain(&["milliseconds", "per second", "p50", "p90", "p99", "p99.9", "max"]);
    let refused = figures.values.keys().filter_map(|name| name.strip_suffix("_p50"));
    let rows: Vec<&str> = Operation::ALL
        .iter()
        .map(|operation| operation.as_str())
        .chain(["owned", "generator_late"])
        .chain(refused.filter(|name| name.starts_with("refused_")))
        .collect();
    for row in rows {
        let names =
            ["per_second", "p50", "p90", "p99", "p999", "max"].map(|column| format!("{row}_{column}"));
        if figures.get(&names[1]).is_none() {
            continue;
        }
        let cells = names.iter().map(|name| figures.get(name).map_or_else(String::new, show));
        calls.add_row(std::iter::once(row.to_owned()).chain(cells));
        told.extend(names);
    }
    let mut rest = plain(&["figure", "value"]);
    for (name, value) in figures.values.iter().filter(|(name, _)| !told.contains(name)) {
        rest.add_row([name.clone(), show(*value)]);
    }
    for (state, count) in &figures.states {
        rest.add_row([state.clone(), count.to_string()]);
    }
    let mut parts = vec![calls.to_string(), rest.to_string()];
    if !targets.is_empty() {
        let mut aims = plain(&["target", "wanted", "measured", ""]);
        for target in targets {
            let value = figures.get(&target.name).map_or_else(|| "–".to_owned(), show);
            let verdict = if target.is_met(figures) { "met" } else { "MISSED" };
            aims.add_row([target.name.clone(), target.to_string(), value, verdict.to_owned()]);
        }
        parts.push(aims.to_string());
    }
    parts.join("\n\n")
}

/// A table without frame, numbers to the right.
pub(crate) fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_NO_BORDERS).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Three digits that matter.
pub(crate) fn show(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1_000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
