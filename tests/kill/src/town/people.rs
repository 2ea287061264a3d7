//! Who calls: tokens of the development issuer, made once per person.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auth::{Caller, DevelopmentIssuer, Role};
use tonic::metadata::{Ascii, MetadataValue};
use vocabulary::Clock;

use crate::canary::Canary;

const LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// The defaults of the product's configuration.
const ISSUER: &str = "https://fieldreport.invalid/development";
const AUDIENCE: &str = "fieldreport";

/// Somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Person {
    /// A citizen by number.
    Citizen(usize),
    /// A coordinator.
    Coordinator,
    /// A cleared officer.
    Officer,
    /// One who watches over all agencies.
    Supervisor,
    /// A handler of an agency, by its id.
    Handler(String),
    /// A leader of an agency, by its id.
    Leader(String),
    /// Anybody.
    Public,
    /// Reads scores.
    ScoreReader,
}

impl Person {
    /// As the ledger names the person.
    pub fn name(&self) -> String {
        match self {
            Self::Citizen(number) => format!("citizen-{number}"),
            Self::Coordinator => "coordinator".to_owned(),
            Self::Officer => "officer".to_owned(),
            Self::Supervisor => "supervisor".to_owned(),
            Self::Handler(agency) => format!("handler of {agency}"),
            Self::Leader(agency) => format!("leader of {agency}"),
            Self::Public => "public".to_owned(),
            Self::ScoreReader => "score reader".to_owned(),
        }
    }

    fn caller(&self, canary: &Canary) -> anyhow::Result<Caller> {
        let (role, subject, agency) = match self {
            Self::Citizen(number) => (Role::Citizen, canary.subject_of(*number), None),
            Self::Coordinator => (Role::Coordinator, "coordinator-1".to_owned(), None),
            Self::Officer => (Role::ClearedOfficer, "officer-1".to_owned(), None),
            Self::Supervisor => (Role::Supervisor, "supervisor-1".to_owned(), None),
            Self::Handler(agency) => (Role::AgencyHandler, "handler-1".to_owned(), Some(agency)),
            Self::Leader(agency) => (Role::AgencyLeader, "leader-1".to_owned(), Some(agency)),
            Self::Public => (Role::Public, "public-1".to_owned(), None),
            Self::ScoreReader => (Role::ScoreConsumer, "scores-1".to_owned(), None),
        };
        Ok(Caller::new(role, subject.parse()?, agency.map(|id| id.parse()).transpose()?)?)
    }
}

/// The tokens of everybody.
pub struct People {
    issuer: DevelopmentIssuer,
    canary: Canary,
    tokens: Mutex<HashMap<Person, MetadataValue<Ascii>>>,
}

impl People {
    /// People whom the system on this data folder believes.
    pub fn of(data: &Path, canary: Canary) -> anyhow::Result<Self> {
        let issuer = DevelopmentIssuer::open(data, ISSUER, AUDIENCE, Clock::system())?;
        Ok(Self { issuer, canary, tokens: Mutex::new(HashMap::new()) })
    }

    /// The identity that citizens carry.
    pub fn canary(&self) -> &Canary {
        &self.canary
    }

    /// The header that proves who somebody is.
    pub fn token(&self, person: &Person) -> anyhow::Result<MetadataValue<Ascii>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(person) {
            return Ok(token.clone());
        }
        let token = self.issuer.issue(&person.caller(&self.canary)?, LIFETIME)?;
        let token: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
        tokens.insert(person.clone(), token.clone());
        Ok(token)
    }
}
