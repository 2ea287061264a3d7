//! What citizens say and where: the pack's training texts at the pack's places, each text made unlike any other.

use std::path::Path;

use anyhow::Context as _;
use contract::common::v1::Location;
use contract::google::r#type::LatLng;
use contract::intake::v1::Report;
use province::Province;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    text: String,
    leaf: String,
}

/// Texts and places of a province.
pub struct Script {
    texts: Vec<String>,
    places: Vec<(f64, f64)>,
    leaves: Vec<String>,
}

impl Script {
    /// Reads the pack.
    pub fn read(pack: &Path) -> anyhow::Result<Self> {
        let province = Province::load(pack).map_err(|mistakes| {
            anyhow::anyhow!("{} mistakes in the province pack: {}", mistakes.len(), mistakes[0])
        })?;
        let (mut texts, mut leaves) = (Vec::new(), Vec::new());
        let folder = province.training_dir();
        for file in province.training_files().with_context(|| folder.display().to_string())? {
            for line in std::fs::read_to_string(file)?.lines().filter(|line| !line.is_empty()) {
                let line: Line = serde_json::from_str(line)?;
                texts.push(line.text);
                if !line.leaf.starts_with("out_of_scope") {
                    leaves.push(line.leaf);
                }
            }
        }
        texts.sort();
        leaves.sort();
        leaves.dedup();
        let point = |place: &province::Place| (place.point.latitude(), place.point.longitude());
        Ok(Self { texts, leaves, places: province.places.iter().map(point).collect() })
    }

    /// A report; `mark` makes its text unique in the run, so that a second copy of it shows.
    pub fn report(&self, mark: &str, rng: &mut StdRng) -> Report {
        let text = self.texts.choose(rng).map_or("", String::as_str);
        let (latitude, longitude) = self.places.choose(rng).copied().unwrap_or((9.18, 105.15));
        let mut jitter = || rng.random_range(-0.002..0.002);
        let point = LatLng { latitude: latitude + jitter(), longitude: longitude + jitter() };
        Report {
            text: format!("{text} (phiếu {mark})"),
            location: Some(Location { point: Some(point), address: String::new() }),
            publication_consent: rng.random_bool(0.5),
            ..Report::default()
        }
    }

    /// A leaf in scope.
    pub fn leaf(&self, rng: &mut StdRng) -> String {
        self.leaves.choose(rng).cloned().unwrap_or_default()
    }
}
