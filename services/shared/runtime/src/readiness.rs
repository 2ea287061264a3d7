//! Whether a process can do its work now: the conditions that its services have named, and which of them hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

type Conditions = BTreeMap<(&'static str, &'static str), bool>;

/// All conditions of a process. Clones share them.
#[derive(Clone)]
pub struct Readiness(Arc<watch::Sender<Conditions>>);

/// One condition, such as "the database answers".
#[derive(Clone)]
pub struct Condition {
    readiness: Readiness,
    key: (&'static str, &'static str),
}

impl Readiness {
    /// No condition yet: ready.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Conditions::new())))
    }

    /// Names a condition of `owner`, e.g. `("intake", "database")`. It does not hold until [`Condition::set`] says so.
    pub fn condition(&self, owner: &'static str, what: &'static str) -> Condition {
        self.0.send_modify(|conditions| {
            conditions.insert((owner, what), false);
        });
        Condition { readiness: self.clone(), key: (owner, what) }
    }

    /// Whether every condition holds.
    pub fn is_ready(&self) -> bool {
        self.0.borrow().values().all(|holds| *holds)
    }

    /// Whether every condition of one owner holds.
    pub fn is_owner_ready(&self, owner: &str) -> bool {
        self.0.borrow().iter().all(|((of, _), holds)| *of != owner || *holds)
    }

    /// The conditions that do not hold, as `owner/what`.
    pub fn unmet(&self) -> Vec<String> {
        let conditions = self.0.borrow();
        conditions
            .iter()
            .filter(|(_, holds)| !**holds)
            .map(|((owner, what), _)| format!("{owner}/{what}"))
            .collect()
    }

    /// Wakes at every change.
    pub(crate) fn changes(&self) -> watch::Receiver<Conditions> {
        self.0.subscribe()
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl Condition {
    /// Says whether the condition holds.
    pub fn set(&self, holds: bool) {
        self.readiness.0.send_if_modified(|conditions| conditions.insert(self.key, holds) != Some(holds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_that_every_condition_holds() {
        let readiness = Readiness::new();
        assert!(readiness.is_ready());
        let database = readiness.condition("intake", "database");
        let bus = readiness.condition("routing", "bus");
        database.set(true);
        assert!(
            !readiness.is_ready()
                && readiness.is_owner_ready("intake")
                && !readiness.is_owner_ready("routing")
        );
        assert_eq!(readiness.unmet(), ["routing/bus"]);
        bus.set(true);
        assert!(readiness.is_ready());
        database.set(false);
        assert_eq!(readiness.unmet(), ["intake/database"]);
    }
}
