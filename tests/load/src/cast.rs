//! Who sends what: citizens with tokens, real places of the province, texts written for this project.

use std::time::Duration;

use anyhow::Context as _;
use auth::{Caller, DevelopmentIssuer, Role};
use contract::common::v1::Location;
use contract::google::r#type::LatLng;
use contract::intake::v1::{CreateReportRequest, Report};
use province::Province;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};

#[derive(Deserialize)]
struct Line {
    text: String,
}

/// Everything the load needs before the first report.
pub struct Cast {
    /// One authorization header per citizen.
    pub tokens: Vec<MetadataValue<Ascii>>,
    texts: Vec<String>,
    places: Vec<(f64, f64)>,
    seed: u64,
}

impl Cast {
    /// Reads texts and places, and issues the tokens.
    pub fn prepare(
        province: &Province,
        issuer: &DevelopmentIssuer,
        citizens: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut texts = Vec::new();
        let folder = province.training_dir();
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            for line in std::fs::read_to_string(entry?.path())?.lines().filter(|line| !line.is_empty()) {
                texts.push(serde_json::from_str::<Line>(line)?.text);
            }
        }
        texts.sort();
        let places =
            province.places.iter().map(|place| (place.point.latitude(), place.point.longitude())).collect();
        let token = |number: usize| {
            let caller = Caller::new(Role::Citizen, format!("load-{seed}-{number}").parse()?, None)?;
            let token = issuer.issue(&caller, Duration::from_secs(24 * 3600))?;
            Ok(format!("Bearer {token}").parse()?)
        };
        let tokens = (0..citizens.max(1)).map(token).collect::<anyhow::Result<_>>()?;
        Ok(Self { tokens, texts, places, seed })
    }

    /// The report with this number, and who sends it: the same for the same seed.
    pub fn report(&self, number: u64) -> (usize, CreateReportRequest) {
        let mut rng =
            StdRng::seed_from_u64(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number));
        let text = self.texts.choose(&mut rng).cloned().unwrap_or_default();
        let (latitude, longitude) = self.places.choose(&mut rng).copied().unwrap_or((9.18, 105.15));
        let mut jitter = || rng.random_range(-0.002..0.002);
        let point = LatLng { latitude: latitude + jitter(), longitude: longitude + jitter() };
        let report = Report {
            text,
            location: Some(Location { point: Some(point), address: String::new() }),
            ..Report::default()
        };
        let request_id = uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string();
        let sender = rng.random_range(0..self.tokens.len());
        (sender, CreateReportRequest { report: Some(report), request_id, ..CreateReportRequest::default() })
    }
}
