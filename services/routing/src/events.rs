//! Facts of the domain become events of the contract.

use contract::Event;
use contract::event::v1 as event;
use messaging::Work;
use province::{ClockKind, Province};
use runtime::wire::{duration, timestamp};
use vocabulary::{Access, AgencyId, MediaId, Timestamp};

use crate::domain::{Alarm, Assignment, Case, Fact, Guidance};
use crate::wire;

/// Tells of everything that happened to `case` at `now`, in order.
pub(crate) fn publish(work: &mut Work, province: &Province, now: Timestamp, case: &Case, facts: Vec<Fact>) {
    let teller = Teller { province, now, case };
    for fact in facts {
        teller.tell(work, fact);
    }
}

struct Teller<'a> {
    province: &'a Province,
    now: Timestamp,
    case: &'a Case,
}

impl Teller<'_> {
    fn tell(&self, work: &mut Work, fact: Fact) {
        match fact {
            Fact::Assigned { assignment, receive_due } => {
                self.publish(work, &self.assigned(&assignment, receive_due));
            }
            Fact::Missing(missing) => {
                let reason = missing.reason();
                metrics::counter!("routes_missing_total", "reason" => reason).increment(1);
                self.publish(work, &event::RouteMissing { report: self.report(), reason: reason.to_owned() });
            }
            Fact::Returned { round, guidance } => self.publish(work, &self.returned(round, &guidance)),
            Fact::Rejected { round, reason } => self.publish(work, &self.rejected(round, reason)),
            Fact::HandedBack { assignment, agency, count, reason, last_resort } => {
                let (report, count) = (self.report(), number(count));
                let (assignment, agency) = (assignment.name(), agency.name());
                let told = event::ReportHandedBack { report, assignment, agency, count, reason, last_resort };
                self.publish(work, &told);
            }
            Fact::Started { assignment, agency } => {
                let (report, start_time) = (self.report(), Some(timestamp(self.now)));
                let (assignment, agency) = (assignment.name(), agency.name());
                self.publish(work, &event::WorkStarted { report, assignment, agency, start_time });
            }
            Fact::Submitted { assignment, agency, outcome } => {
                let (report, outcome) = (self.report(), wire::outcome(outcome).into());
                let (assignment, agency) = (assignment.name(), agency.name());
                self.publish(work, &event::ResolutionSubmitted { report, assignment, agency, outcome });
            }
            Fact::Answered { assignment, held } => self.answered(work, &assignment, held),
            Fact::Rang { alarm, kind, agency, due } => self.rang(work, alarm, kind, &agency, due),
        }
    }

    fn publish(&self, work: &mut Work, event: &impl Event) {
        work.publish(self.case.report, self.now, event);
    }

    fn returned(&self, round: u32, guidance: &Guidance) -> event::ReportReturned {
        event::ReportReturned {
            report: self.report(),
            round: number(round),
            leaf: self.leaf(),
            access: self.access(),
            channel: Some(wire::localized(&guidance.channel)),
            guidance: Some(wire::localized(&guidance.text)),
            commune_code: self.commune_code(),
            return_time: Some(timestamp(self.now)),
            reporter_proof: self.reporter_proof(),
            agency: self.province.profile.coordinating_agency.name(),
        }
    }

    fn rejected(&self, round: u32, reason: String) -> event::ReportRejected {
        event::ReportRejected {
            report: self.report(),
            round: number(round),
            leaf: self.leaf(),
            access: self.access(),
            reason,
            commune_code: self.commune_code(),
            reject_time: Some(timestamp(self.now)),
            reporter_proof: self.reporter_proof(),
            agency: self.province.profile.coordinating_agency.name(),
        }
    }

    fn assigned(&self, assignment: &Assignment, receive_due: Timestamp) -> event::ReportAssigned {
        let matter = self.case.matter.as_ref();
        let place = self.case.place.as_ref();
        let commune = place.and_then(|place| self.province.communes.find(place.commune.as_ref()?));
        event::ReportAssigned {
            report: self.report(),
            assignment: assignment.id.name(),
            round: number(assignment.round),
            agency: assignment.agency.name(),
            agency_name: agency_name(self.province, &assignment.agency),
            executor: assignment.executor.as_ref().map(AgencyId::name).unwrap_or_default(),
            leaf: self.leaf(),
            urgency: matter.map_or(0, |matter| wire::urgency(matter.urgency).into()),
            access: wire::access(assignment.access).into(),
            commune_code: self.commune_code(),
            commune_name: commune.map(|commune| commune.name.clone()).unwrap_or_default(),
            commune_match: place.map_or(0, |place| wire::commune_match(place.found).into()),
            assign_time: Some(timestamp(assignment.assign_time)),
            receive_due_time: Some(timestamp(receive_due)),
            respond_due_time: Some(timestamp(assignment.due)),
            matrix_row: assignment.matrix_row.clone().unwrap_or_default(),
        }
    }

    fn answered(&self, work: &mut Work, assignment: &Assignment, held: std::time::Duration) {
        let Some(resolution) = &assignment.resolution else { return };
        let (report, name) = (self.report(), assignment.id.name());
        let reply = resolution.reply.clone();
        let closing = Some(event::Closing {
            round: number(assignment.round),
            agency: assignment.agency.name(),
            leaf: self.leaf(),
            access: wire::access(assignment.access).into(),
            commune_code: self.commune_code(),
            close_time: Some(timestamp(self.now)),
            respond_due_time: Some(timestamp(assignment.due)),
            held: Some(duration(held)),
            reporter_proof: self.reporter_proof(),
        });
        match resolution.promised {
            Some(promised) => {
                let promised_time = Some(timestamp(promised));
                let deferred =
                    event::ReportDeferred { report, assignment: name, reply, promised_time, closing };
                self.publish(work, &deferred);
            }
            None => {
                let resolved = event::ReportResolved {
                    report,
                    assignment: name,
                    outcome: wire::outcome(resolution.outcome).into(),
                    reply,
                    evidence: resolution.evidence.iter().copied().map(MediaId::name).collect(),
                    closing,
                };
                self.publish(work, &resolved);
            }
        }
    }

    fn rang(&self, work: &mut Work, alarm: Alarm, kind: ClockKind, agency: &AgencyId, due: Timestamp) {
        let (report, agency) = (self.report(), agency.name());
        let clock = match kind {
            ClockKind::Receive => event::ClockKind::Receive,
            ClockKind::Respond => event::ClockKind::Respond,
        }
        .into();
        let due_time = Some(timestamp(due));
        match alarm {
            Alarm::Approaching => {
                self.publish(work, &event::DeadlineApproaching { report, clock, agency, due_time });
            }
            Alarm::Missed => {
                self.publish(work, &event::DeadlineMissed { report, clock, agency, due_time });
            }
        }
    }

    fn report(&self) -> String {
        self.case.report.name()
    }

    fn leaf(&self) -> String {
        self.case.matter.as_ref().map(|matter| matter.leaf.to_string()).unwrap_or_default()
    }

    fn access(&self) -> i32 {
        let matter = self.case.matter.as_ref();
        wire::access(matter.map_or(Access::Quarantine, |matter| matter.access)).into()
    }

    fn commune_code(&self) -> String {
        let commune = self.case.place.as_ref().and_then(|place| place.commune.as_ref());
        commune.map(ToString::to_string).unwrap_or_default()
    }

    fn reporter_proof(&self) -> prost::bytes::Bytes {
        let snapshot = self.case.snapshot.as_ref();
        snapshot.map(|snapshot| snapshot.reporter_proof.clone()).unwrap_or_default().into()
    }
}

/// The Vietnamese name of an agency; its id for one that the pack does not know any more.
pub(crate) fn agency_name(province: &Province, id: &AgencyId) -> String {
    province.agencies.find(id).map_or_else(|| id.to_string(), |agency| agency.name.vi.clone())
}

/// Counts of rounds and hand-backs are small.
pub(crate) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
