//! How long a classifier takes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use classification::domain::decide::Classifier;
use classification::domain::train::Example;
use serde::Serialize;

/// Everything is done so often; its time is the median, so that what else the machine did does not count.
const ROUNDS: usize = 15;
/// At least so many texts are asked about in a round: few texts are asked about again.
const TEXTS: usize = 500;

/// On one core.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Speed {
    /// Microseconds per text.
    pub mean_micros: f64,
    /// … that 99 of 100 texts do not exceed.
    pub p99_micros: f64,
    /// Text after text.
    pub texts_per_second: f64,
    /// Reading the model's file.
    pub load_millis: f64,
}

/// Measures; `load` reads the model.
pub fn measure<T>(
    classifier: &Classifier,
    texts: &[Example],
    load: impl Fn() -> anyhow::Result<T>,
) -> anyhow::Result<Speed> {
    let mut loads = [Duration::ZERO; ROUNDS];
    for time in &mut loads {
        let begin = Instant::now();
        black_box(load()?);
        *time = begin.elapsed();
    }
    let texts: Vec<&str> =
        texts.iter().map(|example| example.text.as_str()).cycle().take(texts.len().max(TEXTS)).collect();
    let mut times = vec![[Duration::ZERO; ROUNDS]; texts.len()];
    let mut fastest_round = Duration::MAX;
    for round in 0..ROUNDS {
        let round_begin = Instant::now();
        for (text, times) in texts.iter().zip(&mut times) {
            let begin = Instant::now();
            black_box(classifier.suggest(black_box(text)));
            times[round] = begin.elapsed();
        }
        fastest_round = fastest_round.min(round_begin.elapsed());
    }
    let mut micros: Vec<f64> = times.iter_mut().map(|times| median(times).as_secs_f64() * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    Ok(Speed {
        mean_micros: micros.iter().sum::<f64>() / micros.len().max(1) as f64,
        p99_micros: micros.get(micros.len() * 99 / 100).copied().unwrap_or(0.0),
        texts_per_second: texts.len() as f64 / fastest_round.as_secs_f64(),
        load_millis: median(&mut loads).as_secs_f64() * 1e3,
    })
}

fn median(times: &mut [Duration; ROUNDS]) -> Duration {
    times.sort_unstable();
    times[ROUNDS / 2]
}
