//! Ids are types: a report's id never stands where an assignment's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct IdError {
    /// What was given, cut to 64 characters.
    pub value: String,
    /// What would have been right, e.g. "`reports/` followed by a UUID".
    pub expected: &'static str,
}

impl IdError {
    fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.chars().take(64).collect(), expected }
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The AIP collection, with its slash.
            pub const COLLECTION: &'static str = concat!($collection, "/");

            /// The resource name, e.g. `reports/0198…`.
            pub fn name(self) -> String {
                format!("{}{}", Self::COLLECTION, self.0)
            }

            /// Parses a resource name.
            pub fn parse_name(name: &str) -> Result<Self, IdError> {
                let expected = concat!("`", $collection, "/` followed by a UUID");
                let id = name.strip_prefix(Self::COLLECTION).ok_or_else(|| IdError::new(name, expected))?;
                Uuid::try_parse(id)
                    .ok()
                    .filter(|uuid| !uuid.is_nil())
                    .map(Self)
                    .ok_or_else(|| IdError::new(name, expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A field report.
    ReportId,
    "reports"
);
uuid_id!(
    /// A photo or video.
    MediaId,
    "media"
);
uuid_id!(
    /// A message in a report's thread.
    MessageId,
    "messages"
);
uuid_id!(
    /// A report waiting for a coordinator.
    ReviewId,
    "reviews"
);
uuid_id!(
    /// One agency's responsibility for one report.
    AssignmentId,
    "assignments"
);
uuid_id!(
    /// An invitation to rate one closing of one report.
    InvitationId,
    "invitations"
);
uuid_id!(
    /// A published event; `source` + id is its identity.
    EventId,
    "events"
);
uuid_id!(
    /// The caller's own id of a request (AIP-155): the same id never has a second effect.
    RequestId,
    "requests"
);

impl RequestId {
    /// Parses the bare UUID that callers send in `request_id`.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        Uuid::try_parse(value)
            .ok()
            .filter(|uuid| !uuid.is_nil() && value.len() == 36)
            .map(Self)
            .ok_or_else(|| IdError::new(value, "a UUID such as 6f1c1c52-5f0e-4f6e-9b0a-0d7a4f0f3c11"))
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                let allowed: fn(char) -> bool = $allowed;
                if value.is_empty() || value.len() > 64 || !value.chars().all(allowed) {
                    return Err(IdError::new(value, $expected));
                }
                Ok(Self(value.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                value.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id!(
    /// An agency of the province pack, e.g. `ubnd-32002`.
    AgencyId,
    "an agency id: lower-case letters, digits and hyphens, e.g. ubnd-32002",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
text_id!(
    /// A commune's code of the National Statistics Office, e.g. `32002`. Codes are re-used: valid only with a date.
    CommuneCode,
    "a commune code: five digits, e.g. 32002",
    |c| c.is_ascii_digit()
);
text_id!(
    /// A field (lĩnh vực) of the taxonomy, e.g. `infrastructure`, or `out_of_scope`.
    FieldCode,
    "a field code, e.g. infrastructure",
    |c| c.is_ascii_lowercase() || c == '_'
);
text_id!(
    /// A leaf of the taxonomy, `<field>.<leaf>`, e.g. `infrastructure.road`.
    LeafCode,
    "a leaf code, e.g. infrastructure.road",
    |c| c.is_ascii_lowercase() || c == '_' || c == '.'
);

impl AgencyId {
    /// The resource name, `agencies/ubnd-32002`.
    pub fn name(&self) -> String {
        format!("agencies/{}", self.0)
    }

    /// Parses a resource name.
    pub fn parse_name(name: &str) -> Result<Self, IdError> {
        name.strip_prefix("agencies/")
            .ok_or_else(|| IdError::new(name, "`agencies/` followed by an agency id"))?
            .parse()
    }
}

impl LeafCode {
    /// The field this leaf belongs to.
    pub fn field(&self) -> FieldCode {
        FieldCode(self.0.split_once('.').map_or(self.0.as_str(), |(field, _)| field).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_names_round_trip_and_foreign_ones_are_refused() {
        let id = ReportId(Uuid::from_u128(7));
        assert_eq!(ReportId::parse_name(&id.name()), Ok(id));
        for bad in [
            "",
            "reports/",
            "media/00000000-0000-0000-0000-000000000007",
            "reports/00000000-0000-0000-0000-000000000000",
        ] {
            assert!(ReportId::parse_name(bad).is_err(), "{bad}");
        }
        assert_eq!(
            "infrastructure.road".parse::<LeafCode>().map(|leaf| leaf.field()),
            "infrastructure".parse()
        );
    }

    #[test]
    fn request_ids_are_plain_uuids() {
        assert!(RequestId::parse("6f1c1c52-5f0e-4f6e-9b0a-0d7a4f0f3c11").is_ok());
        for bad in [
            "",
            "x",
            "00000000-0000-0000-0000-000000000000",
            "6f1c1c525f0e4f6e9b0a0d7a4f0f3c11",
            &"a".repeat(10_000),
        ] {
            assert!(RequestId::parse(bad).is_err());
        }
    }
}
