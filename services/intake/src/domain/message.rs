//! The thread of a report: public messages and internal notes are two kinds that never mix.

use auth::Role;
use vocabulary::{MessageId, ReportId, Timestamp};

use crate::domain::visibility::Sight;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The report.
    pub report: ReportId,
    /// Role of its author.
    pub author: Role,
    /// Whether only staff may read it.
    pub internal: bool,
    /// The words.
    pub text: String,
    /// When.
    pub created: Timestamp,
}

impl Message {
    /// Whether somebody with this sight may read it.
    pub fn is_readable(&self, sight: Sight) -> bool {
        match sight {
            Sight::Nothing | Sight::Public => false,
            Sight::Reporter => !self.internal,
            Sight::Staff => true,
        }
    }

    /// The resource name.
    pub fn name(&self) -> String {
        format!("{}/{}", self.report.name(), self.id.name())
    }
}
