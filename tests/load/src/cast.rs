//! Who asks: citizens and staff with tokens, real places of the province, texts written for this project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use auth::{Caller, DevelopmentIssuer, Role};
use contract::common::v1::Location;
use contract::google::r#type::LatLng;
use contract::intake::v1::{CreateReportRequest, Report};
use province::{AgencyKind, Province};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use tonic::metadata::{Ascii, MetadataValue};
use vocabulary::{AgencyId, Point};

const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// How far from a locality's centre a report may be, in degrees: about 200 m.
const SPREAD: f64 = 0.002;

/// A text with what it is about.
#[derive(Debug, Clone, Deserialize)]
pub struct Text {
    /// What the citizen writes.
    pub text: String,
    /// Leaf of the taxonomy.
    pub leaf: String,
    /// How dangerous.
    pub urgency: String,
}

/// What a caller shows.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Role and subject, e.g. `citizen/load-1-0`.
    pub caller: String,
    /// The authorization header.
    pub token: MetadataValue<Ascii>,
}

/// Everything the load needs before its first call. Cheap to clone.
#[derive(Clone)]
pub struct Cast(Arc<Parts>);

struct Parts {
    issuer: DevelopmentIssuer,
    citizens: Vec<Pass>,
    staff: Mutex<HashMap<(Role, Option<AgencyId>), Pass>>,
    texts: Vec<Text>,
    places: Vec<Point>,
    committees: Vec<AgencyId>,
    communes: Vec<String>,
    fields: Vec<String>,
    seed: u64,
}

impl Cast {
    /// Reads texts and places, and issues the citizens' tokens.
    pub fn prepare(
        province: &Province,
        issuer: DevelopmentIssuer,
        citizens: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let pass = |number| pass(&issuer, Role::Citizen, &citizen_subject(seed, number), None);
        let citizens = (0..citizens.max(1)).map(pass).collect::<anyhow::Result<_>>()?;
        let committees = province.agencies.all().iter();
        let committees = committees.filter(|agency| agency.kind == AgencyKind::CommuneCommittee);
        let in_scope = |field: &&province::Field| field.scope == vocabulary::Scope::In;
        Ok(Self(Arc::new(Parts {
            citizens,
            staff: Mutex::default(),
            texts: read_texts(province)?,
            places: province.places.iter().map(|place| place.point).collect(),
            committees: committees.map(|agency| agency.id.clone()).collect(),
            communes: province.communes.all().iter().map(|commune| commune.code.to_string()).collect(),
            fields: province
                .taxonomy
                .fields()
                .iter()
                .filter(in_scope)
                .map(|field| field.code.to_string())
                .collect(),
            issuer,
            seed,
        })))
    }

    /// Randomness that is the same for the same seed, purpose and number.
    pub fn rng(&self, purpose: u64, number: u64) -> StdRng {
        rng(self.0.seed.wrapping_add(purpose << 32), number)
    }

    /// How many citizens there are.
    pub fn citizens(&self) -> usize {
        self.0.citizens.len()
    }

    /// A citizen's pass.
    pub fn citizen(&self, number: usize) -> &Pass {
        &self.0.citizens[number % self.0.citizens.len()]
    }

    /// The pass of somebody on duty; issued once.
    pub fn staff(&self, role: Role, agency: Option<&AgencyId>) -> anyhow::Result<Pass> {
        let mut staff = self.0.staff.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (role, agency.cloned());
        if let Some(known) = staff.get(&key) {
            return Ok(known.clone());
        }
        let new = pass(&self.0.issuer, role, "load-staff", agency)?;
        staff.insert(key, new.clone());
        Ok(new)
    }

    /// A commune's committee.
    pub fn committee(&self, rng: &mut StdRng) -> Option<&AgencyId> {
        self.0.committees.choose(rng)
    }

    /// A commune's code.
    pub fn commune(&self, rng: &mut StdRng) -> String {
        self.0.communes.choose(rng).cloned().unwrap_or_default()
    }

    /// A field of the taxonomy that is in scope.
    pub fn field(&self, rng: &mut StdRng) -> String {
        self.0.fields.choose(rng).cloned().unwrap_or_default()
    }

    /// The report with this number, and who sends it: the same for the same seed.
    pub fn report(&self, number: u64, media: Vec<String>) -> (usize, CreateReportRequest) {
        let mut rng = rng(self.0.seed, number);
        let text = self.0.texts.choose(&mut rng).map(|text| text.text.clone()).unwrap_or_default();
        let point = somewhere(&self.0.places, &mut rng);
        let point = LatLng { latitude: point.0, longitude: point.1 };
        let request_id = uuid(&mut rng);
        let sender = rng.random_range(0..self.0.citizens.len());
        let report = Report {
            text,
            location: Some(Location { point: Some(point), address: String::new() }),
            media,
            publication_consent: rng.random_bool(0.5),
            ..Report::default()
        };
        (sender, CreateReportRequest { report: Some(report), request_id, ..CreateReportRequest::default() })
    }
}

/// The subject of a citizen of the load; seeded reports belong to the same ones.
pub fn citizen_subject(seed: u64, number: usize) -> String {
    format!("load-{seed}-{number}")
}

/// Randomness that is the same for the same seed and number.
pub fn rng(seed: u64, number: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number))
}

/// A random UUID, version 4.
pub fn uuid(rng: &mut StdRng) -> String {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid().to_string()
}

/// Latitude and longitude of somewhere around a place.
pub fn somewhere(places: &[Point], rng: &mut StdRng) -> (f64, f64) {
    let (latitude, longitude) =
        places.choose(rng).map_or((9.18, 105.15), |point| (point.latitude(), point.longitude()));
    let mut jitter = || rng.random_range(-SPREAD..SPREAD);
    (latitude + jitter(), longitude + jitter())
}

/// The pack's training texts, in an order of their own.
pub fn read_texts(province: &Province) -> anyhow::Result<Vec<Text>> {
    let mut texts = Vec::new();
    let folder = province.training_dir();
    for file in province.training_files().with_context(|| folder.display().to_string())? {
        for line in std::fs::read_to_string(file)?.lines().filter(|line| !line.is_empty()) {
            texts.push(serde_json::from_str::<Text>(line)?);
        }
    }
    texts.sort_by(|left, right| left.text.cmp(&right.text));
    Ok(texts)
}

fn pass(
    issuer: &DevelopmentIssuer,
    role: Role,
    subject: &str,
    agency: Option<&AgencyId>,
) -> anyhow::Result<Pass> {
    let caller = Caller::new(role, subject.parse()?, agency.cloned())?;
    let token = format!("Bearer {}", issuer.issue(&caller, LIFETIME)?).parse()?;
    Ok(Pass { caller: format!("{role}/{subject}"), token })
}
