//! A caller whose token has been verified, and what it may be asked for.

use std::fmt;
use std::str::FromStr;

use vocabulary::{AgencyId, Problem, UnknownWord};

/// What a caller is. Each role has one stable word, used in tokens, policies and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A person who reports, through the app backend.
    Citizen,
    /// Takes reports down for citizens who cannot do it themselves.
    Assistant,
    /// Sorts, returns, merges and routes at the province's centre.
    Coordinator,
    /// Sees quarantined reports: denunciations, crimes.
    ClearedOfficer,
    /// Works on an agency's reports.
    AgencyHandler,
    /// Approves an agency's replies.
    AgencyLeader,
    /// Watches over deadlines in the whole province.
    Supervisor,
    /// Reads satisfaction scores.
    ScoreConsumer,
    /// Publishes policies, agencies and calendars.
    Administrator,
    /// Reads the audit trail.
    Auditor,
    /// Anybody: the public pages.
    Public,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[
        Self::Citizen,
        Self::Assistant,
        Self::Coordinator,
        Self::ClearedOfficer,
        Self::AgencyHandler,
        Self::AgencyLeader,
        Self::Supervisor,
        Self::ScoreConsumer,
        Self::Administrator,
        Self::Auditor,
        Self::Public,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Assistant => "assistant",
            Self::Coordinator => "coordinator",
            Self::ClearedOfficer => "cleared_officer",
            Self::AgencyHandler => "agency_handler",
            Self::AgencyLeader => "agency_leader",
            Self::Supervisor => "supervisor",
            Self::ScoreConsumer => "score_consumer",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
            Self::Public => "public",
        }
    }

    /// Whether the role acts for one agency, so that a caller without an agency cannot have it.
    pub const fn needs_agency(self) -> bool {
        matches!(self, Self::AgencyHandler | Self::AgencyLeader)
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.iter().copied().find(|role| role.as_str() == word).ok_or_else(|| UnknownWord {
            word: word.chars().take(64).collect(),
            allowed: Self::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The identity provider's name of a person or program: 1 to 128 characters of `A-Z a-z 0-9 . _ : @ -`.
/// It identifies somebody, so `Debug` hides it and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

/// A text that is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject is 1 to 128 letters, digits or . _ : @ -")]
pub struct SubjectError;

impl Subject {
    /// The name itself, for comparison and storage; never for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@-".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SubjectError)
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Somebody whose token has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    role: Role,
    subject: Subject,
    agency: Option<AgencyId>,
}

/// A caller that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the role {0} needs an agency")]
pub struct CallerError(pub Role);

impl Caller {
    /// A caller; the roles of an agency need one.
    pub fn new(role: Role, subject: Subject, agency: Option<AgencyId>) -> Result<Self, CallerError> {
        if role.needs_agency() && agency.is_none() {
            return Err(CallerError(role));
        }
        Ok(Self { role, subject, agency })
    }

    /// What the caller is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Who the caller is.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The agency the caller belongs to.
    pub const fn agency(&self) -> Option<&AgencyId> {
        self.agency.as_ref()
    }

    /// Refuses everybody whose role is not among `roles`, in the words used for a missing resource.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) { Ok(()) } else { Err(Problem::denied()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        "vneid:0123".parse().expect("a subject")
    }

    #[test]
    fn every_word_names_its_role() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
        }
        assert!("Citizen".parse::<Role>().is_err());
    }

    #[test]
    fn agency_roles_need_an_agency() {
        assert_eq!(Caller::new(Role::AgencyLeader, subject(), None), Err(CallerError(Role::AgencyLeader)));
        let agency = "ubnd-32002".parse().ok();
        assert!(Caller::new(Role::AgencyHandler, subject(), agency).is_ok());
    }

    #[test]
    fn subjects_are_plain_and_do_not_print() {
        for bad in ["", "a b", "é", "a\n", &"a".repeat(129)] {
            assert_eq!(bad.parse::<Subject>(), Err(SubjectError));
        }
        let caller = Caller::new(Role::Citizen, subject(), None).expect("a caller");
        assert!(!format!("{caller:?}").contains("0123"));
    }

    #[test]
    fn a_role_that_is_not_listed_is_denied() {
        let caller = Caller::new(Role::Citizen, subject(), None).expect("a caller");
        assert_eq!(caller.require(&[Role::Assistant, Role::Citizen]), Ok(()));
        assert_eq!(caller.require(&[Role::Coordinator]), Err(Problem::denied()));
        assert_eq!(caller.require(&[]), Err(Problem::denied()));
    }
}
