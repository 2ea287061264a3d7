//! A report in the eyes of routing: what it is about, where it stands, who has it, which clocks run.
//!
//! Events may come twice and in any order. What they say is replaced only by what has a higher sequence number of its
//! source; a withdrawal is final; a reopening that comes before the closing it is about waits for it.

use province::{ClockKind, Level, Province, ReturnKey};
use vocabulary::{
    Access, AgencyId, AssignmentId, CommuneCode, LeafCode, MediaId, Point, ReportId, Timestamp, Urgency,
};

use super::route::{matched, route};
use super::words::{AssignmentState, CaseState, CommuneMatch};
use super::{Alarm, Assignment, Clock, Fact, Guide, Missing, Questions};

/// The report as its reporter sent it, as far as agencies need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The code people read out.
    pub code: String,
    /// The reporter's own words.
    pub text: String,
    /// Where.
    pub point: Point,
    /// What the reporter calls the place.
    pub address: String,
    /// Photos and videos.
    pub media: Vec<MediaId>,
    /// When the report became durable: the first clock starts here.
    pub create_time: Timestamp,
    /// Recognises the reporter without naming anybody.
    pub reporter_proof: Vec<u8>,
}

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Leaf of the taxonomy.
    pub leaf: LeafCode,
    /// How dangerous.
    pub urgency: Urgency,
    /// Who may see the report.
    pub access: Access,
}

/// What is to become of a classified report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// To the competent agency.
    Route,
    /// Back to the citizen.
    Return,
    /// Not taken.
    Reject,
}

/// A classification with its consequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Counts the classification service's events about this report.
    pub sequence: i64,
    /// When it was told.
    pub time: Timestamp,
    /// What the report is about.
    pub matter: Matter,
    /// What is to become of it.
    pub disposition: Disposition,
    /// For return and reject: why, in words for the citizen; may be empty.
    pub note: String,
    /// For return and reject: the ready text that was chosen; none for the one of the leaf.
    pub template: Option<ReturnKey>,
    /// Whether it answers a contest: what was given back is taken up again.
    pub contested: bool,
}

/// Where the point lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The commune; none outside the province.
    pub commune: Option<CommuneCode>,
    /// How it was found.
    pub found: CommuneMatch,
    /// Metres to the commune; 0 inside it.
    pub metres: f64,
}

/// What decisions depend on beside the case: the province's rules, the instant, and fresh ids.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The province's rules.
    pub province: &'a Province,
    /// The instant of the decision.
    pub now: Timestamp,
    /// Makes an id for a new assignment.
    pub mint: &'a (dyn Fn() -> AssignmentId + Sync),
}

/// A report in the eyes of routing, with its assignments and clocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The report.
    pub report: ReportId,
    /// As sent; none while only a withdrawal or a reopening has been heard of.
    pub snapshot: Option<Snapshot>,
    /// The classification in force.
    pub matter: Option<Matter>,
    /// Sequence number of the last classification applied; 0 for none.
    pub sequence: i64,
    /// Where it stands.
    pub state: CaseState,
    /// The present round, from 1.
    pub round: u32,
    /// How often agencies have handed it back.
    pub hand_backs: u32,
    /// The highest round that was asked to be reopened; 0 for none.
    pub reopen_round: u32,
    /// Where it lies, once classified.
    pub place: Option<Place>,
    /// Every assignment so far, in order; at most one is open.
    pub assignments: Vec<Assignment>,
    /// Every clock so far.
    pub clocks: Vec<Clock>,
    /// When the reporter was asked.
    pub questions: Questions,
    /// Counts the changes; 0 before it is stored.
    pub version: i64,
}

impl Case {
    /// A report nothing is known about.
    pub fn new(report: ReportId) -> Self {
        Self {
            report,
            snapshot: None,
            matter: None,
            sequence: 0,
            state: CaseState::Waiting,
            round: 1,
            hand_backs: 0,
            reopen_round: 0,
            place: None,
            assignments: Vec::new(),
            clocks: Vec::new(),
            questions: Questions::default(),
            version: 0,
        }
    }

    /// The open assignment.
    pub fn open_assignment(&self) -> Option<&Assignment> {
        self.assignments.iter().find(|assignment| assignment.state.is_open())
    }

    /// The clock of a kind in a round.
    pub fn clock(&self, kind: ClockKind, round: u32) -> Option<&Clock> {
        self.clocks.iter().find(|clock| clock.kind == kind && clock.round == round)
    }

    /// A person must classify it: the first clock runs, on again if the reporter was asked before. `sequence` counts the
    /// classification service's events, as in [`Decision`].
    pub fn await_review(&mut self, rules: Rules<'_>, snapshot: Snapshot, sequence: i64, time: Timestamp) {
        self.learn(rules, snapshot);
        self.note(rules, sequence, time, false);
    }

    /// The reporter is asked before the report goes anywhere: the first clock stands still.
    pub fn await_answer(&mut self, rules: Rules<'_>, sequence: i64, time: Timestamp) {
        self.note(rules, sequence, time, true);
    }

    /// It was classified, or classified anew.
    pub fn classify(&mut self, rules: Rules<'_>, snapshot: Snapshot, decision: Decision) -> Vec<Fact> {
        let code = snapshot.code.clone();
        let point = snapshot.point;
        self.learn(rules, snapshot);
        self.note(rules, decision.sequence, decision.time, false);
        if decision.sequence <= self.sequence {
            return Vec::new();
        }
        self.sequence = decision.sequence;
        let route = route(rules.province, &decision.matter.leaf, decision.matter.urgency, point, rules.now);
        let (found, metres) = matched(&route.place);
        let commune = route.place.commune().map(|commune| commune.code.clone());
        self.place = Some(Place { commune: commune.clone(), found, metres });
        self.matter = Some(decision.matter.clone());
        self.seal_assignments(decision.matter.access);
        if decision.contested && matches!(self.state, CaseState::Returned | CaseState::Rejected) {
            self.round += 1;
        } else if self.state.is_closed() {
            return Vec::new();
        }
        self.cancel_assignment(rules);
        let mut facts = Vec::new();
        match decision.disposition {
            Disposition::Route => match route.competence {
                Err(missing) => self.leave_unrouted(rules, missing, &mut facts),
                Ok(routed) => {
                    let row = Some((routed.row.id.clone(), routed.level));
                    self.assign(rules, routed.owner, routed.executor, row, &mut facts);
                }
            },
            Disposition::Return => {
                let Matter { leaf, access, .. } = &decision.matter;
                let guide = Guide { province: rules.province, code: &code, commune: commune.as_ref() };
                let said = guide.returning(leaf, *access, decision.template.as_ref(), &decision.note);
                facts.push(Fact::Returned { round: self.round, guidance: Box::new(said) });
                self.close(rules, CaseState::Returned, &mut facts);
            }
            Disposition::Reject => {
                let guide = Guide { province: rules.province, code: &code, commune: commune.as_ref() };
                let reason = guide.rejecting(decision.template.as_ref(), decision.note);
                facts.push(Fact::Rejected { round: self.round, reason });
                self.close(rules, CaseState::Rejected, &mut facts);
            }
        }
        facts
    }

    /// The reporter took it back: final, whatever else arrives.
    pub fn withdraw(&mut self, rules: Rules<'_>) -> Vec<Fact> {
        let mut facts = Vec::new();
        if self.state != CaseState::Withdrawn {
            self.cancel_assignment(rules);
            self.close(rules, CaseState::Withdrawn, &mut facts);
        }
        facts
    }

    /// The reporter was not satisfied with the closing of `round`.
    pub fn reopen(&mut self, rules: Rules<'_>, round: u32) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.reopen_round = self.reopen_round.max(round);
        self.reopen_if_asked(rules, &mut facts);
        facts
    }

    /// Gives the report to an agency: the first clock stops, the second one of this round starts.
    pub(super) fn assign(
        &mut self,
        rules: Rules<'_>,
        agency: AgencyId,
        executor: Option<AgencyId>,
        row: Option<(String, Level)>,
        facts: &mut Vec<Fact>,
    ) {
        self.stop_clock(rules, ClockKind::Receive, facts);
        // A new holder in the same round gets a clock of its own; what the old one missed is told before.
        self.stop_clock(rules, ClockKind::Respond, facts);
        let clock = Clock::start(rules.province, ClockKind::Respond, self.round, agency.clone(), rules.now);
        let (matrix_row, level) = row.unzip();
        let assignment = Assignment {
            id: (rules.mint)(),
            agency,
            executor,
            access: self.access(),
            round: self.round,
            state: AssignmentState::Assigned,
            matrix_row,
            level,
            assign_time: rules.now,
            due: clock.due,
            accept_time: None,
            submit_time: None,
            end_time: None,
            resolution: None,
            version: 0,
        };
        self.clocks.retain(|old| (old.kind, old.round) != (ClockKind::Respond, clock.round));
        self.clocks.push(clock);
        self.assignments.push(assignment.clone());
        self.state = CaseState::Assigned;
        let receive_due = self.clock(ClockKind::Receive, 1).map_or(rules.now, |clock| clock.due);
        facts.push(Fact::Assigned { assignment: Box::new(assignment), receive_due });
    }

    /// Ends the present round. A reopening that came early takes effect now.
    pub(super) fn close(&mut self, rules: Rules<'_>, state: CaseState, facts: &mut Vec<Fact>) {
        self.state = state;
        self.stop_clock(rules, ClockKind::Receive, facts);
        self.stop_clock(rules, ClockKind::Respond, facts);
        self.reopen_if_asked(rules, facts);
    }

    /// Nobody is competent: the coordinator has it, and the clocks that run go on.
    fn leave_unrouted(&mut self, rules: Rules<'_>, missing: Missing, facts: &mut Vec<Fact>) {
        self.state = CaseState::Unrouted;
        self.pass_clock_to_coordinator(rules);
        facts.push(Fact::Missing(missing));
    }

    /// The coordinator holds the report, so the answer that is due becomes the coordinator's to bring about.
    pub(super) fn pass_clock_to_coordinator(&mut self, rules: Rules<'_>) {
        let round = self.round;
        let running = |clock: &&mut Clock| clock.round == round && clock.stop.is_none();
        for clock in self.clocks.iter_mut().filter(running) {
            clock.agency = rules.province.profile.coordinating_agency.clone();
        }
    }

    fn reopen_if_asked(&mut self, rules: Rules<'_>, facts: &mut Vec<Fact>) {
        let asked = self.state.is_closed() && self.reopen_round >= self.round;
        if !asked || self.state == CaseState::Withdrawn {
            return;
        }
        let on = rules.province.local_date(rules.now);
        let before = match self.state {
            CaseState::Answered => self.assignments.last().cloned(),
            // Who closed was the coordinating agency: a person there looks at it once more.
            CaseState::Returned
            | CaseState::Rejected
            | CaseState::Waiting
            | CaseState::Assigned
            | CaseState::Unrouted
            | CaseState::HandedBack
            | CaseState::Withdrawn => None,
        };
        self.round += 1;
        let coordinator = &rules.province.profile.coordinating_agency;
        let agency = before.as_ref().map_or(coordinator, |assignment| &assignment.agency);
        let in_force = rules.province.agencies.in_force(agency, on).map(|agency| agency.id.clone());
        let (executor, row) =
            before.map_or((None, None), |before| (before.executor, before.matrix_row.zip(before.level)));
        match in_force {
            Some(agency) => self.assign(rules, agency, executor, row, facts),
            None => self.route_again(rules, facts),
        }
    }

    /// The agency of the last round is gone without a successor: the matrix of today decides.
    fn route_again(&mut self, rules: Rules<'_>, facts: &mut Vec<Fact>) {
        let (Some(matter), Some(snapshot)) = (&self.matter, &self.snapshot) else {
            return self.leave_unrouted(rules, Missing::NoMatrixRow, facts);
        };
        let route = route(rules.province, &matter.leaf, matter.urgency, snapshot.point, rules.now);
        match route.competence {
            Err(missing) => self.leave_unrouted(rules, missing, facts),
            Ok(routed) => {
                let row = Some((routed.row.id.clone(), routed.level));
                self.assign(rules, routed.owner, routed.executor, row, facts);
            }
        }
    }

    /// Takes the snapshot and starts the first clock, both once.
    fn learn(&mut self, rules: Rules<'_>, snapshot: Snapshot) {
        if self.snapshot.is_some() {
            return;
        }
        if self.state != CaseState::Withdrawn {
            let coordinator = rules.province.profile.coordinating_agency.clone();
            let start = snapshot.create_time;
            self.clocks.push(Clock::start(rules.province, ClockKind::Receive, 1, coordinator, start));
        }
        self.snapshot = Some(snapshot);
        self.pace(rules);
    }

    fn note(&mut self, rules: Rules<'_>, sequence: i64, time: Timestamp, asks: bool) {
        self.questions.note(sequence, time, asks);
        self.pace(rules);
    }

    /// Time in which the reporter was asked does not count.
    fn pace(&mut self, rules: Rules<'_>) {
        if self.questions.is_empty() {
            return;
        }
        let pauses = self.questions.pauses();
        let receive = |clock: &&mut Clock| clock.kind == ClockKind::Receive;
        if let Some(clock) = self.clocks.iter_mut().find(receive) {
            clock.pause(rules.province, &pauses);
        }
    }

    /// What has become a secret is one for whoever had the report before, too. A person who lowers the access lowers it
    /// for the next assignment only.
    fn seal_assignments(&mut self, access: Access) {
        for assignment in &mut self.assignments {
            assignment.access = assignment.access.max(access);
        }
    }

    fn cancel_assignment(&mut self, rules: Rules<'_>) {
        let open = self.assignments.iter_mut().find(|assignment| assignment.state.is_open());
        if let Some(assignment) = open {
            assignment.end(AssignmentState::Cancelled, rules.now);
        }
    }

    fn stop_clock(&mut self, rules: Rules<'_>, kind: ClockKind, facts: &mut Vec<Fact>) {
        for clock in self.clocks.iter_mut().filter(|clock| clock.kind == kind) {
            if let Some(alarm) = clock.stop(rules.now) {
                facts.push(rang(clock, alarm));
            }
        }
    }

    /// What the clocks have to say at the instant of `rules`.
    pub fn ring(&mut self, rules: Rules<'_>) -> Vec<Fact> {
        self.clocks
            .iter_mut()
            .filter_map(|clock| clock.tell(rules.now).map(|alarm| rang(clock, alarm)))
            .collect()
    }

    fn access(&self) -> Access {
        // Without a classification nothing is known to be harmless.
        self.matter.as_ref().map_or(Access::Quarantine, |matter| matter.access)
    }
}

fn rang(clock: &Clock, alarm: Alarm) -> Fact {
    Fact::Rang { alarm, kind: clock.kind, agency: clock.agency.clone(), due: clock.due }
}
