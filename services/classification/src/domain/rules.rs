//! What classification must know of a leaf.

use vocabulary::{Access, LeafCode, Scope};

/// A leaf of the taxonomy, as far as classification cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRule {
    /// Its code.
    pub code: LeafCode,
    /// Whether the service handles it.
    pub scope: Scope,
    /// Who may see such a report.
    pub access: Access,
}

impl From<&province::Leaf> for LeafRule {
    fn from(leaf: &province::Leaf) -> Self {
        Self { code: leaf.code.clone(), scope: leaf.scope, access: leaf.access }
    }
}
