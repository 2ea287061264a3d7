//! What all seeded reports have in common: the province, its texts and routes, the keys that seal them.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use auth::{ReporterSeal, Subject};
use intake::domain::identity::IdentityVault;
use province::{Match, Province};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use vocabulary::{Access, AgencyId, Clock, LeafCode, Point, Scope, Urgency};

use super::plan::Plan;
use crate::cast::{citizen_subject, read_texts, somewhere};

/// A text and what it is about.
#[derive(Debug, Clone)]
pub(crate) struct Matter {
    pub(crate) text: String,
    pub(crate) leaf: LeafCode,
    pub(crate) scope: Scope,
    pub(crate) urgency: Urgency,
    pub(crate) access: Access,
}

/// Where a report lies.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) point: Point,
    pub(crate) commune_code: String,
    pub(crate) commune_name: String,
    /// The words of routing's column.
    pub(crate) found: &'static str,
    pub(crate) metres: f64,
}

/// Who answers.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) owner: AgencyId,
    pub(crate) owner_name: String,
    pub(crate) executor: Option<AgencyId>,
    pub(crate) row: String,
    pub(crate) level: &'static str,
}

/// Everything that reports are made of.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) province: Province,
    pub(crate) reporters: ReporterSeal,
    pub(crate) vault: IdentityVault,
    /// The coordinating agency and its name.
    pub(crate) coordinator: (AgencyId, String),
    subjects: Vec<Subject>,
    matters: Vec<Matter>,
    places: Vec<Point>,
    routes: HashMap<(LeafCode, Urgency, String), Route>,
}

impl Scene {
    /// Reads the pack, and the keys in `data`.
    pub(crate) fn prepare(plan: Plan, province: Province, data: &Path) -> anyhow::Result<Self> {
        let key = |name: &str| {
            let file = data.join(name);
            anyhow::ensure!(
                file.exists(),
                "{} is not there: start the system once, so that it makes its keys",
                file.display()
            );
            Ok(auth::secret(&file, &Clock::system())?)
        };
        let subjects = (0..plan.citizens).map(|number| citizen_subject(plan.seed, number).parse());
        let coordinator = province.profile.coordinating_agency.clone();
        Ok(Self {
            reporters: ReporterSeal::new(&key("reporter.key")?),
            vault: IdentityVault::new(&key("identity.key")?)?,
            subjects: subjects.collect::<Result<_, _>>()?,
            matters: matters(&province)?,
            places: province.places.iter().map(|place| place.point).collect(),
            routes: routes(&province, &plan),
            coordinator: (coordinator.clone(), agency_name(&province, &coordinator)),
            plan,
            province,
        })
    }

    /// Who sent the report with this number.
    pub(crate) fn subject(&self, number: u64) -> &Subject {
        &self.subjects[self.plan.sender(number)]
    }

    /// A matter at a place where somebody answers for it.
    pub(crate) fn something(&self, rng: &mut StdRng) -> anyhow::Result<(&Matter, Place, Option<&Route>)> {
        for _ in 0..100 {
            let matter = self.matters.choose(rng).context("the pack has no training texts")?;
            let Some(place) = self.place(rng)? else { continue };
            let route = self.routes.get(&(matter.leaf.clone(), matter.urgency, place.commune_code.clone()));
            if matter.scope == Scope::Out || route.is_some() {
                return Ok((matter, place, route));
            }
        }
        anyhow::bail!("no place of the pack has an agency for its matters")
    }

    fn place(&self, rng: &mut StdRng) -> anyhow::Result<Option<Place>> {
        let (latitude, longitude) = somewhere(&self.places, rng);
        let point = Point::parse(latitude, longitude)?;
        let (commune, found, metres) = match self.province.communes.locate(point).place {
            Match::Inside(commune) => (commune, "inside", 0.0),
            Match::Nearest { commune, metres } => (commune, "nearest", metres),
            Match::Outside { .. } => return Ok(None),
        };
        let (commune_code, commune_name) = (commune.code.to_string(), commune.name.clone());
        Ok(Some(Place { point, commune_code, commune_name, found, metres }))
    }
}

fn matters(province: &Province) -> anyhow::Result<Vec<Matter>> {
    let matter = |text: crate::cast::Text| {
        let leaf: LeafCode = text.leaf.parse()?;
        let known = province.taxonomy.find_leaf(&leaf).with_context(|| format!("no leaf {leaf}"))?;
        let (scope, access) = (known.scope, known.access);
        Ok(Matter { urgency: text.urgency.parse()?, text: text.text, leaf, scope, access })
    };
    read_texts(province)?.into_iter().map(matter).collect()
}

/// As of the plan's last day, for every matter in scope in every commune.
fn routes(province: &Province, plan: &Plan) -> HashMap<(LeafCode, Urgency, String), Route> {
    let today = province.local_date(plan.until);
    let mut routes = HashMap::new();
    for leaf in province.taxonomy.leaves().iter().filter(|leaf| leaf.scope == Scope::In) {
        for (urgency, commune) in Urgency::ALL
            .iter()
            .flat_map(|urgency| province.communes.all().iter().map(move |one| (*urgency, one)))
        {
            let Ok(routed) = province.route(&leaf.code, urgency, &commune.code, today) else { continue };
            let route = Route {
                owner_name: agency_name(province, &routed.owner),
                owner: routed.owner,
                executor: routed.executor,
                row: routed.row.id.clone(),
                level: routed.level.as_str(),
            };
            routes.insert((leaf.code.clone(), urgency, commune.code.to_string()), route);
        }
    }
    routes
}

fn agency_name(province: &Province, id: &AgencyId) -> String {
    province.agencies.find(id).map_or_else(|| id.to_string(), |agency| agency.name.vi.clone())
}
