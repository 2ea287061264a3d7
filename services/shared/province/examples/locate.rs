//! Measures a pack: load time, memory and points per second on one core.
//!
//! `cargo run --release -p province --example locate -- deploy/camau`

#![expect(clippy::print_stdout, reason = "an example speaks on standard output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use province::{Match, Province};
use vocabulary::Point;

const POINTS: u32 = 1_000_000;

fn main() -> ExitCode {
    let dir = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("deploy/camau"), PathBuf::from);
    let start = Instant::now();
    let province = match Province::load(&dir) {
        Ok(province) => province,
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
            return ExitCode::FAILURE;
        }
    };
    let loaded = start.elapsed();
    let mebibytes = province.communes.memory_bytes() as f64 / 1_048_576.0;
    println!("load {:.1} ms, borders and grid {mebibytes:.1} MiB{}", loaded.as_secs_f64() * 1e3, resident());
    let all = spread(&province, POINTS);
    let (inside, outside): (Vec<Point>, Vec<Point>) =
        all.iter().partition(|point| matches!(province.communes.locate(**point).place, Match::Inside(_)));
    let border: Vec<Point> = inside
        .iter()
        .copied()
        .filter(|point| !province.communes.locate(*point).candidates.is_empty())
        .collect();
    measure(&province, "everywhere", &all);
    measure(&province, "inside", &inside);
    measure(&province, "inside, near a border", &border);
    measure(&province, "outside", &outside);
    ExitCode::SUCCESS
}

fn measure(province: &Province, name: &str, points: &[Point]) {
    let start = Instant::now();
    let found = points.iter().filter(|point| province.communes.locate(**point).commune().is_some()).count();
    let seconds = start.elapsed().as_secs_f64();
    let each = seconds * 1e9 / points.len() as f64;
    println!(
        "{name}: {} points, {found} with a commune, {each:.0} ns each, {:.2} M/s",
        points.len(),
        1e3 / each
    );
}

/// Points spread evenly, in no order, over the rectangle of all named places (Halton sequence).
fn spread(province: &Province, count: u32) -> Vec<Point> {
    let range = |of: fn(Point) -> f64| {
        let values = province.places.iter().map(|place| of(place.point));
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ((south, north), (west, east)) = (range(Point::latitude), range(Point::longitude));
    (1..=count)
        .filter_map(|index| {
            let (x, y) = (radical_inverse(index, 2), radical_inverse(index, 3));
            Point::parse(south + y * (north - south), west + x * (east - west)).ok()
        })
        .collect()
}

fn radical_inverse(mut index: u32, base: u32) -> f64 {
    let (mut value, mut share) = (0.0, 1.0);
    while index > 0 {
        share /= f64::from(base);
        value += share * f64::from(index % base);
        index /= base;
    }
    value
}

/// Peak and present resident memory, where the system tells (Linux).
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    lines.map(|line| format!(", {}", line.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}
