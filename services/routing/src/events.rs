//! Facts of the domain become events of the contract.

use contract::event::v1 as event;
use messaging::Work;
use province::{ClockKind, Province};
use runtime::wire::{duration, timestamp};
use vocabulary::{Access, AgencyId, MediaId, Timestamp};

use crate::domain::{Alarm, Assignment, Case, Fact};
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
        let (id, now, report) = (self.case.report, self.now, self.case.report.name());
        match fact {
            Fact::Assigned { assignment, receive_due } => {
                work.publish(id, now, &self.assigned(&assignment, receive_due))
            }
            Fact::Missing(missing) => {
                metrics::counter!("routes_missing_total", "reason" => missing.reason()).increment(1);
                work.publish(id, now, &event::RouteMissing { report, reason: missing.reason().to_owned() })
            }
            Fact::Returned { round, guidance } => work.publish(
                id,
                now,
                &event::ReportReturned {
                    report,
                    round: number(round),
                    leaf: self.leaf(),
                    access: self.access(),
                    channel: Some(wire::localized(&guidance.channel)),
                    guidance: Some(wire::localized(&guidance.text)),
                    commune_code: self.commune_code(),
                    return_time: Some(timestamp(now)),
                    reporter_proof: self.reporter_proof(),
                    agency: self.province.profile.coordinating_agency.name(),
                },
            ),
            Fact::Rejected { round, reason } => work.publish(
                id,
                now,
                &event::ReportRejected {
                    report,
                    round: number(round),
                    leaf: self.leaf(),
                    access: self.access(),
                    reason,
                    commune_code: self.commune_code(),
                    reject_time: Some(timestamp(now)),
                    reporter_proof: self.reporter_proof(),
                    agency: self.province.profile.coordinating_agency.name(),
                },
            ),
            Fact::HandedBack { assignment, agency, count, reason } => work.publish(
                id,
                now,
                &event::ReportHandedBack {
                    report,
                    assignment: assignment.name(),
                    agency: agency.name(),
                    count: number(count),
                    reason,
                },
            ),
            Fact::Started { assignment, agency } => work.publish(
                id,
                now,
                &event::WorkStarted {
                    report,
                    assignment: assignment.name(),
                    agency: agency.name(),
                    start_time: Some(timestamp(now)),
                },
            ),
            Fact::Submitted { assignment, agency, outcome } => work.publish(
                id,
                now,
                &event::ResolutionSubmitted {
                    report,
                    assignment: assignment.name(),
                    agency: agency.name(),
                    outcome: wire::outcome(outcome).into(),
                },
            ),
            Fact::Answered { assignment, held } => return self.answered(work, &assignment, held),
            Fact::Rang { alarm, kind, agency, due } => return self.rang(work, alarm, kind, &agency, due),
        };
    }

    fn assigned(&self, assignment: &Assignment, receive_due: Timestamp) -> event::ReportAssigned {
        let matter = self.case.matter.as_ref();
        let place = self.case.place.as_ref();
        let commune = place.and_then(|place| self.province.communes.find(place.commune.as_ref()?));
        event::ReportAssigned {
            report: self.case.report.name(),
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
        let (report, name) = (self.case.report.name(), assignment.id.name());
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
                let deferred = event::ReportDeferred { report, assignment: name, reply, promised_time, closing };
                work.publish(self.case.report, self.now, &deferred);
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
                work.publish(self.case.report, self.now, &resolved);
            }
        }
    }

    fn rang(&self, work: &mut Work, alarm: Alarm, kind: ClockKind, agency: &AgencyId, due: Timestamp) {
        let (id, report, agency) = (self.case.report, self.case.report.name(), agency.name());
        let clock = match kind {
            ClockKind::Receive => event::ClockKind::Receive,
            ClockKind::Respond => event::ClockKind::Respond,
        }
        .into();
        let due_time = Some(timestamp(due));
        match alarm {
            Alarm::Approaching => {
                work.publish(id, self.now, &event::DeadlineApproaching { report, clock, agency, due_time });
            }
            Alarm::Missed => {
                work.publish(id, self.now, &event::DeadlineMissed { report, clock, agency, due_time });
            }
        }
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
