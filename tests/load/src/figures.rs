//! The figures of a run: flat names for everything that can be compared or aimed at.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Number, Value};
use vocabulary::Timestamp;

use crate::follow::Way;
use crate::processes::Usage;
use crate::recorder::Measured;

/// Percentiles with their names.
const PERCENTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

/// What a run measured; times in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// By name, e.g. `create_p99`.
    #[serde(flatten, serialize_with = "numbers")]
    pub values: BTreeMap<String, f64>,
    /// Reports per state.
    pub states: BTreeMap<String, usize>,
}

/// What figures are made of.
pub struct Run {
    /// Actions begun, also before and after the window.
    pub asked: u64,
    /// Length of the window.
    pub window: Duration,
    /// When the run began, by this machine's clock.
    pub begun: Timestamp,
    /// Calls.
    pub measured: Measured,
    /// What became of the reports, if they were followed.
    pub way: Option<Way>,
    /// What processes used.
    pub usage: HashMap<String, Usage>,
}

impl Figures {
    /// Everything of a run.
    pub fn of(run: Run) -> Self {
        let mut figures = Self::default();
        let seconds = run.window.as_secs_f64();
        for (operation, histogram) in &run.measured.answered {
            figures.put(&format!("{operation}_per_second"), histogram.len() as f64 / seconds);
            figures.put_latency(operation.as_str(), histogram);
        }
        for ((operation, code), histogram) in &run.measured.refused {
            let name = format!("refused_{operation}_{code}");
            figures.put(&name, histogram.len() as f64);
            figures.put_latency(&name, histogram);
            let without = run.measured.without_retry_info.get(&(*operation, *code)).copied().unwrap_or(0);
            figures.put(&format!("{name}_without_retry_info"), without as f64);
        }
        figures.put_counts(&run, seconds);
        if let Some(late) = &run.measured.late {
            figures.put_latency("generator_late", late);
        }
        if let Some(way) = &run.way {
            figures.put_way(way);
        }
        for (name, usage) in &run.usage {
            figures.put(&format!("cores_{name}"), usage.cores);
            figures.put(&format!("megabytes_{name}"), usage.megabytes);
        }
        figures
    }

    /// One figure.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }

    /// What must hold of every run, in words; empty if all does.
    pub fn faults(&self) -> Vec<String> {
        let wrong = [
            ("lost", "acknowledged reports are missing"),
            ("unsettled", "reports reached neither agency nor person nor an end"),
            ("replays_differing", "replays were not answered as the first time"),
            ("stale", "reports had been taken before this run: choose another --seed"),
            (
                "dropped",
                "arrivals were not sent because 50,000 calls were under way: the figures do not count",
            ),
        ];
        let found = wrong.iter().filter_map(|(name, words)| {
            let count = self.get(name).filter(|count| *count > 0.0)?;
            Some(format!("{count} {words}"))
        });
        found.collect()
    }

    fn put(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_owned(), value);
    }

    fn put_latency(&mut self, name: &str, histogram: &Histogram<u64>) {
        for (percentile, quantile) in PERCENTILES {
            self.put(&format!("{name}_{percentile}"), milliseconds(histogram.value_at_quantile(quantile)));
        }
        self.put(&format!("{name}_max"), milliseconds(histogram.max()));
    }

    fn put_counts(&mut self, run: &Run, seconds: f64) {
        let measured = &run.measured;
        let refused: u64 = measured.refused.values().map(Histogram::len).sum();
        let stale = measured.acknowledged.iter().filter(|report| report.created < run.begun).count();
        self.put("asked", run.asked as f64);
        self.put("acknowledged", measured.acknowledged.len() as f64);
        self.put("refused", refused as f64);
        self.put("repeated", measured.repeated as f64);
        self.put("idle", measured.idle as f64);
        self.put("dropped", measured.dropped as f64);
        self.put("stale", stale as f64);
        self.put("replays_differing", measured.differing as f64);
        if measured.uploaded > 0 {
            self.put("uploaded_megabytes_per_second", measured.uploaded as f64 / 1e6 / seconds);
        }
        if let Some(creates) = measured.answered.get(&crate::operation::Operation::Create) {
            self.put("acknowledged_per_second", creates.len() as f64 / seconds);
        }
    }

    fn put_way(&mut self, way: &Way) {
        self.put("lost", way.lost as f64);
        self.put("unsettled", way.unsettled as f64);
        self.put("whole_way_per_second", way.whole_way_per_second);
        self.put("sustained_per_second", way.sustained_per_second);
        self.put("backlog", way.backlog);
        if way.sustained_per_second > 0.0 {
            self.put("backlog_seconds", way.backlog / way.sustained_per_second);
        }
        if let Some(owned) = &way.owned {
            self.put_latency("owned", owned);
        }
        self.states.clone_from(&way.states);
    }
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// Counts are written as whole numbers.
fn numbers<S: serde::Serializer>(values: &BTreeMap<String, f64>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(values.iter().map(|(name, value)| (name, number(*value))))
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_a_lost_report_is_a_fault() {
        let way = Way { lost: 1, whole_way_per_second: 12.5, ..Way::default() };
        let run = Run {
            asked: 3,
            window: Duration::from_secs(1),
            begun: Timestamp::EPOCH,
            measured: Measured::default(),
            way: Some(way),
            usage: HashMap::new(),
        };
        let figures = Figures::of(run);
        let json = serde_json::to_value(&figures).unwrap();
        assert_eq!(
            (&json["lost"], &json["asked"], &json["whole_way_per_second"]),
            (&1.into(), &3.into(), &12.5.into())
        );
        assert_eq!(figures.faults(), ["1 acknowledged reports are missing"]);
    }
}
