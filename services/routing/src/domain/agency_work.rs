//! What an agency does with its assignment: accept, hand back, answer, approve.

use std::time::Duration;

use vocabulary::{AssignmentId, Outcome, Text};

use super::words::{AssignmentState, CaseState};
use super::{Assignment, Case, Fact, Refusal, Resolution, Rules};

/// How far ahead an agency may promise: five years, leap days included.
const LONGEST_PROMISE: Duration = Duration::from_secs((5 * 365 + 2) * 86_400);

impl Case {
    /// The agency starts to work.
    pub fn accept(&mut self, rules: Rules<'_>, id: AssignmentId, version: i64) -> Result<Vec<Fact>, Refusal> {
        let assignment = self.held(id, version, &[AssignmentState::Assigned])?;
        assignment.state = AssignmentState::InProgress;
        assignment.accept_time = Some(rules.now);
        Ok(vec![Fact::Started { assignment: id, agency: assignment.agency.clone() }])
    }

    /// The agency says that it is not competent. The coordinator has the report again; after the last hand-back that the
    /// policy allows, the agency of last resort has it, so that no report wanders for ever.
    pub fn hand_back(
        &mut self,
        rules: Rules<'_>,
        id: AssignmentId,
        version: i64,
        reason: &Text,
    ) -> Result<Vec<Fact>, Refusal> {
        let maximum = rules.province.policies.hand_back.maximum;
        let exhausted = self.hand_backs >= maximum;
        let assignment = self.held(id, version, &[AssignmentState::Assigned, AssignmentState::InProgress])?;
        if exhausted {
            return Err(Refusal::HandBacksExhausted);
        }
        assignment.end(AssignmentState::HandedBack, rules.now);
        let agency = assignment.agency.clone();
        self.hand_backs += 1;
        self.state = CaseState::HandedBack;
        let mut facts = vec![Fact::HandedBack {
            assignment: id,
            agency,
            count: self.hand_backs,
            reason: reason.as_str().to_owned(),
            last_resort: self.hand_backs >= maximum,
        }];
        if self.hand_backs >= maximum {
            let named = &rules.province.profile.last_resort_agency;
            let in_force = rules.province.agencies.in_force(named, rules.province.local_date(rules.now));
            let last_resort = in_force.map_or(named, |agency| &agency.id).clone();
            self.assign(rules, last_resort, None, None, &mut facts);
        } else {
            self.pass_clock_to_coordinator(rules);
        }
        Ok(facts)
    }

    /// The agency writes its reply, or a better one while the first waits for approval.
    pub fn submit(
        &mut self,
        rules: Rules<'_>,
        id: AssignmentId,
        version: i64,
        resolution: Resolution,
    ) -> Result<Vec<Fact>, Refusal> {
        let leaf = self.matter.as_ref().and_then(|matter| rules.province.taxonomy.find_leaf(&matter.leaf));
        let proof_demanded =
            leaf.is_some_and(|leaf| leaf.after_photo_required) && shows_a_change(resolution.outcome);
        let states = &[AssignmentState::InProgress, AssignmentState::PendingApproval];
        let assignment = self.held(id, version, states)?;
        if proof_demanded && resolution.evidence.is_empty() {
            return Err(Refusal::EvidenceRequired);
        }
        if resolution.promised.is_some_and(|promised| promised <= rules.now) {
            return Err(Refusal::PromiseInPast);
        }
        if resolution.promised.is_some_and(|promised| promised > rules.now + LONGEST_PROMISE) {
            return Err(Refusal::PromiseTooFar);
        }
        assignment.state = AssignmentState::PendingApproval;
        assignment.submit_time = Some(rules.now);
        let outcome = resolution.outcome;
        assignment.resolution = Some(resolution);
        Ok(vec![Fact::Submitted { assignment: id, agency: assignment.agency.clone(), outcome }])
    }

    /// The reply becomes public: the round is closed, the second clock stops.
    pub fn approve(
        &mut self,
        rules: Rules<'_>,
        id: AssignmentId,
        version: i64,
    ) -> Result<Vec<Fact>, Refusal> {
        let assignment = self.held(id, version, &[AssignmentState::PendingApproval])?;
        let promised = assignment.resolution.as_ref().is_some_and(|resolution| resolution.promised.is_some());
        let state = if promised { AssignmentState::Deferred } else { AssignmentState::Resolved };
        assignment.end(state, rules.now);
        let assignment = Box::new(assignment.clone());
        let held = self.held_for(&assignment);
        let mut facts = vec![Fact::Answered { assignment, held }];
        self.close(rules, CaseState::Answered, &mut facts);
        Ok(facts)
    }

    /// The assignment, if it is as the caller has read it and in one of `states`.
    fn held(
        &mut self,
        id: AssignmentId,
        version: i64,
        states: &[AssignmentState],
    ) -> Result<&mut Assignment, Refusal> {
        let assignment =
            self.assignments.iter_mut().find(|assignment| assignment.id == id).ok_or(Refusal::Stale)?;
        if assignment.version != version {
            return Err(Refusal::Stale);
        }
        if !states.contains(&assignment.state) {
            return Err(Refusal::State(assignment.state));
        }
        Ok(assignment)
    }

    /// For how long the agency of `assignment` has held the report in that round, over all its turns.
    fn held_for(&self, assignment: &Assignment) -> Duration {
        let its_turns =
            |other: &&Assignment| other.round == assignment.round && other.agency == assignment.agency;
        let turns = self.assignments.iter().filter(its_turns);
        turns.map(|turn| turn.end_time.unwrap_or(turn.assign_time).since(turn.assign_time)).sum()
    }
}

/// Outcomes that say the place looks different now.
const fn shows_a_change(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Repaired | Outcome::Cleaned | Outcome::InterimFix => true,
        Outcome::Warned
        | Outcome::Sanctioned
        | Outcome::NoFaultFound
        | Outcome::Planned
        | Outcome::InProject
        | Outcome::Explained
        | Outcome::Referred => false,
    }
}
