//! Whether a new model may take the place of the one in force.

use serde::{Deserialize, Serialize};

use super::evaluate::Evaluation;

/// What a model does on frozen texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Share of right leaves.
    pub leaf_accuracy: f64,
    /// Share of right fields.
    pub field_accuracy: f64,
    /// Share of texts rightly told in or out of scope.
    pub scope_accuracy: f64,
    /// Share of urgent texts that were told so.
    pub urgent_recall: f64,
    /// Texts in scope that would be proposed for return without a person.
    pub wrong_refusals: u32,
    /// Emergencies told as normal.
    pub missed_emergencies: u32,
    /// Denunciations that would not be sealed from the first moment.
    pub unsealed_denunciations: u32,
}

impl From<&Evaluation> for Figures {
    fn from(evaluation: &Evaluation) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            leaf_accuracy: evaluation.leaf_accuracy,
            field_accuracy: evaluation.field_accuracy,
            scope_accuracy: evaluation.scope_accuracy,
            urgent_recall: evaluation.urgent_recall,
            wrong_refusals: count(evaluation.wrong_refusals),
            missed_emergencies: count(evaluation.missed_emergencies),
            unsealed_denunciations: count(evaluation.unsealed_denunciations),
        }
    }
}

impl Figures {
    /// Each figure with its name.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("leaf_accuracy", self.leaf_accuracy),
            ("field_accuracy", self.field_accuracy),
            ("scope_accuracy", self.scope_accuracy),
            ("urgent_recall", self.urgent_recall),
            ("wrong_refusals", f64::from(self.wrong_refusals)),
            ("missed_emergencies", f64::from(self.missed_emergencies)),
            ("unsealed_denunciations", f64::from(self.unsealed_denunciations)),
        ]
    }

    /// Whether a model with these figures may replace one with those `before`: no share falls by more than `tolerance`, and
    /// nothing that harms somebody happens more often.
    pub fn may_replace(&self, before: &Self, tolerance: f64) -> bool {
        let holds = |now: f64, before: f64| now >= before - tolerance - f64::EPSILON;
        holds(self.leaf_accuracy, before.leaf_accuracy)
            && holds(self.field_accuracy, before.field_accuracy)
            && holds(self.scope_accuracy, before.scope_accuracy)
            && holds(self.urgent_recall, before.urgent_recall)
            && self.wrong_refusals <= before.wrong_refusals
            && self.missed_emergencies <= before.missed_emergencies
            && self.unsealed_denunciations <= before.unsealed_denunciations
    }
}

vocabulary::words!(
    /// Why another model came into force.
    Switch {
        /// It did no worse than the one before.
        Promoted = "promoted",
        /// An administrator took the one after it back.
        RolledBack = "rolled_back",
    }
);

/// The versions in force, one above the other, after these switches; the last one is in force. None stands for the model of
/// the province pack, which lies below all others.
pub fn in_force<'a>(switches: impl IntoIterator<Item = (Switch, &'a str)>) -> Option<&'a str> {
    stack(switches).last().copied()
}

/// What would be in force after a rollback; `Err` when there is nothing to take back.
pub fn before<'a>(
    switches: impl IntoIterator<Item = (Switch, &'a str)>,
) -> Result<Option<&'a str>, NoEarlierModel> {
    let mut stack = stack(switches);
    stack.pop().ok_or(NoEarlierModel)?;
    Ok(stack.last().copied())
}

/// The model of the province pack is in force: there is none before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model of the province pack is in force; there is none before it")]
pub struct NoEarlierModel;

fn stack<'a>(switches: impl IntoIterator<Item = (Switch, &'a str)>) -> Vec<&'a str> {
    let mut stack = Vec::new();
    for (switch, version) in switches {
        match switch {
            Switch::Promoted => stack.push(version),
            Switch::RolledBack => {
                stack.pop();
            }
        }
    }
    stack
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Figures = Figures {
        leaf_accuracy: 0.80,
        field_accuracy: 0.90,
        scope_accuracy: 0.97,
        urgent_recall: 0.85,
        wrong_refusals: 1,
        missed_emergencies: 0,
        unsealed_denunciations: 0,
    };

    #[test]
    fn a_model_that_is_worse_in_anything_stays_out() {
        assert!(BEFORE.may_replace(&BEFORE, 0.0), "no worse is good enough");
        let better = Figures { leaf_accuracy: 0.85, wrong_refusals: 0, ..BEFORE };
        assert!(better.may_replace(&BEFORE, 0.0));
        let worse = [
            Figures { leaf_accuracy: 0.79, ..better },
            Figures { field_accuracy: 0.89, ..better },
            Figures { scope_accuracy: 0.96, ..better },
            Figures { urgent_recall: 0.84, ..better },
            Figures { wrong_refusals: 2, ..better },
            Figures { missed_emergencies: 1, ..better },
            Figures { unsealed_denunciations: 1, ..better },
        ];
        for figures in worse {
            assert!(!figures.may_replace(&BEFORE, 0.0), "{figures:?}");
        }
        assert!(worse[0].may_replace(&BEFORE, 0.02));
        assert!(!worse[4].may_replace(&BEFORE, 1.0), "harm is not tolerated");
    }

    #[test]
    fn a_rollback_goes_one_step_and_again_one_step() {
        use Switch::{Promoted, RolledBack};
        assert_eq!((in_force([]), before([])), (None, Err(NoEarlierModel)));
        let two = [(Promoted, "a"), (Promoted, "b")];
        assert_eq!((in_force(two), before(two)), (Some("b"), Ok(Some("a"))));
        let back = [two[0], two[1], (RolledBack, "b")];
        assert_eq!((in_force(back), before(back)), (Some("a"), Ok(None)));
        let further = [two[0], two[1], (RolledBack, "b"), (RolledBack, "a")];
        assert_eq!((in_force(further), before(further)), (None, Err(NoEarlierModel)));
        let on = [two[0], two[1], (RolledBack, "b"), (Promoted, "c")];
        assert_eq!((in_force(on), before(on)), (Some("c"), Ok(Some("a"))));
    }
}
