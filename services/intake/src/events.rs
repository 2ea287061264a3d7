//! Events in and out: what intake tells the others, and what their events change in the reporter's view.

use contract::event::v1 as event;
use contract::{Event, common};
use messaging::{DecodeError, Envelope};
use province::{Language, Notice, Province, Template, Values};
use time::macros::format_description;
use vocabulary::{
    Access, AgencyId, IdError, InvitationId, MediaId, Outcome, ReportState, Timestamp, Urgency,
};

use crate::domain::report::{Answer, AssignmentFacts, Change, Question, Report, Words};

/// Why an event of another service cannot be understood. It is parked, never dropped.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The body.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An id in it.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A part that every event of this type has.
    #[error("{0} is missing or has an unknown value")]
    Part(&'static str),
    /// A type that intake does not know.
    #[error("events of type {0} are not known here")]
    Type(String),
}

/// A report as it is told to the other services.
pub fn snapshot(
    report: &Report,
    media: &[MediaId],
    image_hashes: Vec<u64>,
    proof: &[u8],
) -> event::ReportSnapshot {
    event::ReportSnapshot {
        report: report.id.name(),
        code: report.code.clone(),
        text: report.text.clone(),
        location: Some(common::v1::Location {
            point: Some(contract::google::r#type::LatLng {
                latitude: report.point.latitude(),
                longitude: report.point.longitude(),
            }),
            address: report.address.clone(),
        }),
        media: media.iter().map(|id| id.name()).collect(),
        source: report.source,
        create_time: Some(runtime::wire::timestamp(report.created)),
        reporter_proof: proof.to_vec().into(),
        image_hashes,
    }
}

/// What an event of another service changes, and how it is told to the reporter.
pub fn project(
    envelope: &Envelope,
    report: &Report,
    province: &Province,
) -> Result<(Change, Words), EventError> {
    let teller = Teller { report, province };
    let change = match envelope.event_type.as_str() {
        event::ReportClassified::TYPE => {
            let body: event::ReportClassified = envelope.decode()?;
            return teller.classified(body.classification, Notice::Classified, None);
        }
        event::ReportReclassified::TYPE => {
            let body: event::ReportReclassified = envelope.decode()?;
            return teller.classified(body.classification, Notice::Reclassified, None);
        }
        event::ReviewRequested::TYPE => {
            let body: event::ReviewRequested = envelope.decode()?;
            return teller.classified(body.suggestion, Notice::UnderReview, Some(ReportState::UnderReview));
        }
        event::InfoRequested::TYPE => return teller.asked(envelope),
        event::ReportAssigned::TYPE => return teller.assigned(envelope.decode()?),
        event::RouteMissing::TYPE => Change { state: Some(ReportState::UnderReview), ..Change::default() },
        event::ReportReturned::TYPE => return teller.returned(envelope.decode()?),
        event::ReportRejected::TYPE => return teller.rejected(envelope.decode()?),
        event::ReportHandedBack::TYPE => state(ReportState::HandedBack),
        event::WorkStarted::TYPE => state(ReportState::InProgress),
        event::ResolutionSubmitted::TYPE => state(ReportState::PendingApproval),
        event::ReportResolved::TYPE => return teller.resolved(envelope.decode()?),
        event::ReportDeferred::TYPE => return teller.deferred(envelope.decode()?),
        event::DeadlineApproaching::TYPE => Change::default(),
        event::DeadlineMissed::TYPE => return teller.missed(envelope.decode()?),
        event::RatingSubmitted::TYPE => return teller.rated(envelope.decode()?),
        event::RatingInvited::TYPE => return teller.invited(envelope.decode()?),
        event::ReportReopened::TYPE => state(ReportState::Reopened),
        // What is open again (contested while its window ended) is not over.
        event::ReportClosed::TYPE if report.state.is_end() => state(ReportState::Closed),
        event::ReportClosed::TYPE => Change::default(),
        unknown => return Err(EventError::Type(unknown.to_owned())),
    };
    let words = teller.words(envelope, &change);
    Ok((change, words))
}

/// Words for what the reporter did: one of intake's own events.
pub fn own_words(notice: Notice, report: &Report, province: &Province, at: Timestamp) -> Words {
    Teller { report, province }.notice(notice, &Facts { time: Some(at), ..Facts::default() })
}

fn state(state: ReportState) -> Change {
    Change { state: Some(state), ..Change::default() }
}

#[derive(Default)]
struct Facts {
    time: Option<Timestamp>,
    due: Option<Timestamp>,
    promised: Option<Timestamp>,
    agency: Option<String>,
    reason: Option<String>,
    field: Option<Words>,
}

struct Teller<'a> {
    report: &'a Report,
    province: &'a Province,
}

impl Teller<'_> {
    fn classified(
        &self,
        classification: Option<event::Classification>,
        notice: Notice,
        state: Option<ReportState>,
    ) -> Result<(Change, Words), EventError> {
        let said = classification.ok_or(EventError::Part("classification"))?;
        let leaf = said.leaf.parse()?;
        let urgency = urgency(said.urgency())?;
        let access = access(said.access())?;
        let field = self.province.taxonomy.find_leaf(&leaf).map(|leaf| Words::from(&leaf.name));
        let change = Change { state, classification: Some((leaf, urgency, access)), ..Change::default() };
        Ok((change, self.notice(notice, &Facts { field, ..Facts::default() })))
    }

    /// A coordinator asks before the report goes anywhere, an agency about what it works on.
    fn asked(&self, envelope: &Envelope) -> Result<(Change, Words), EventError> {
        let body: event::InfoRequested = envelope.decode()?;
        let due = time(body.due_time.as_ref(), "due_time")?;
        let asker = AgencyId::parse_name(&body.agency)?;
        let name = self.province.agencies.find(&asker);
        let agency = name.map(|agency| agency.name.get(Language::Vi).to_owned());
        let facts = Facts { agency, reason: Some(body.question.clone()), due: Some(due), ..Facts::default() };
        let words = self.notice(Notice::AwaitingInfo, &facts);
        let in_triage = envelope.source == "classification";
        let question = Some(Question { text: body.question, due, agency: asker, in_triage });
        Ok((Change { state: Some(ReportState::AwaitingInfo), question, ..Change::default() }, words))
    }

    fn assigned(&self, body: event::ReportAssigned) -> Result<(Change, Words), EventError> {
        let due = time(body.respond_due_time.as_ref(), "respond_due_time")?;
        let words = self.notice(
            Notice::Assigned,
            &Facts { agency: Some(body.agency_name.clone()), due: Some(due), ..Facts::default() },
        );
        let classification = (body.leaf.parse()?, urgency(body.urgency())?, access(body.access())?);
        let change = Change {
            state: Some(ReportState::Assigned),
            classification: Some(classification),
            assignment: Some(AssignmentFacts {
                agency: (AgencyId::parse_name(&body.agency)?, body.agency_name),
                commune: (body.commune_code, body.commune_name),
                respond_due: due,
            }),
            ..Change::default()
        };
        Ok((change, words))
    }

    fn returned(&self, body: event::ReportReturned) -> Result<(Change, Words), EventError> {
        let guidance = words(body.guidance, "guidance")?;
        let answer = Answer {
            outcome: None,
            text: guidance,
            channel: Some(words(body.channel, "channel")?),
            evidence: Vec::new(),
            promised: None,
            time: time(body.return_time.as_ref(), "return_time")?,
            round: body.round,
        };
        let said = self.notice(Notice::Returned, &Facts::default());
        let change = Change { state: Some(ReportState::Returned), answer: Some(answer), ..Change::default() };
        Ok((change, said))
    }

    fn rejected(&self, body: event::ReportRejected) -> Result<(Change, Words), EventError> {
        let reason = Words { vi: body.reason.clone(), en: body.reason.clone() };
        let answer = Answer {
            outcome: None,
            text: reason,
            channel: None,
            evidence: Vec::new(),
            promised: None,
            time: time(body.reject_time.as_ref(), "reject_time")?,
            round: body.round,
        };
        let said = self.notice(Notice::Rejected, &Facts { reason: Some(body.reason), ..Facts::default() });
        let change = Change { state: Some(ReportState::Rejected), answer: Some(answer), ..Change::default() };
        Ok((change, said))
    }

    fn resolved(&self, body: event::ReportResolved) -> Result<(Change, Words), EventError> {
        let outcome = outcome(body.outcome())?;
        let closing = body.closing.ok_or(EventError::Part("closing"))?;
        let at = time(closing.close_time.as_ref(), "close_time")?;
        let answer = Answer {
            outcome: Some(outcome),
            text: Words { vi: body.reply.clone(), en: body.reply },
            channel: None,
            evidence: body.evidence.iter().map(|name| MediaId::parse_name(name)).collect::<Result<_, _>>()?,
            promised: None,
            time: at,
            round: closing.round,
        };
        let said = self.notice(Notice::Resolved, &Facts { time: Some(at), ..Facts::default() });
        let change = Change { state: Some(ReportState::Resolved), answer: Some(answer), ..Change::default() };
        Ok((change, said))
    }

    fn deferred(&self, body: event::ReportDeferred) -> Result<(Change, Words), EventError> {
        let closing = body.closing.ok_or(EventError::Part("closing"))?;
        let promised = time(body.promised_time.as_ref(), "promised_time")?;
        let answer = Answer {
            outcome: Some(Outcome::Planned),
            text: Words { vi: body.reply.clone(), en: body.reply },
            channel: None,
            evidence: Vec::new(),
            promised: Some(promised),
            time: time(closing.close_time.as_ref(), "close_time")?,
            round: closing.round,
        };
        let said =
            self.notice(Notice::AnsweredDeferred, &Facts { promised: Some(promised), ..Facts::default() });
        let change =
            Change { state: Some(ReportState::AnsweredDeferred), answer: Some(answer), ..Change::default() };
        Ok((change, said))
    }

    /// The clock that ran out may be the coordinators': its own due time and agency, not those of the report.
    fn missed(&self, body: event::DeadlineMissed) -> Result<(Change, Words), EventError> {
        let due = time(body.due_time.as_ref(), "due_time")?;
        let holder = self.province.agencies.find(&AgencyId::parse_name(&body.agency)?);
        let agency = holder.map(|agency| agency.name.get(Language::Vi).to_owned());
        let words =
            self.notice(Notice::DeadlineMissed, &Facts { due: Some(due), agency, ..Facts::default() });
        Ok((Change::default(), words))
    }

    fn rated(&self, body: event::RatingSubmitted) -> Result<(Change, Words), EventError> {
        let until = time(body.revise_until_time.as_ref(), "revise_until_time")?;
        let words = self.notice(Notice::RatingReceived, &Facts { due: Some(until), ..Facts::default() });
        Ok((Change::default(), words))
    }

    fn invited(&self, body: event::RatingInvited) -> Result<(Change, Words), EventError> {
        let expires = time(body.expire_time.as_ref(), "expire_time")?;
        let change =
            Change { invitation: Some(InvitationId::parse_name(&body.invitation)?), ..Change::default() };
        let said = self.notice(Notice::RatingInvited, &Facts { due: Some(expires), ..Facts::default() });
        Ok((change, said))
    }

    /// Words for events whose body says no more than their type.
    fn words(&self, envelope: &Envelope, change: &Change) -> Words {
        let facts = Facts { time: Some(envelope.time), due: self.report.respond_due, ..Facts::default() };
        match envelope.event_type.as_str() {
            event::ReportHandedBack::TYPE => self.notice(Notice::HandedBack, &facts),
            event::WorkStarted::TYPE => self.notice(Notice::InProgress, &facts),
            event::ReportReopened::TYPE => self.notice(Notice::RatingReopened, &facts),
            event::ReportClosed::TYPE => self.notice(Notice::Closed, &facts),
            event::RouteMissing::TYPE => self.notice(Notice::UnderReview, &facts),
            _ => {
                let state = change.state.unwrap_or(self.report.state);
                Words::from(&self.province.templates.state(state).public)
            }
        }
    }

    /// Fills a notice in both languages. What this report cannot say yet (no agency, no due time) reads as a dash.
    fn notice(&self, notice: Notice, facts: &Facts) -> Words {
        let template = self.province.templates.notice(notice);
        Words { vi: self.fill(template, Language::Vi, facts), en: self.fill(template, Language::En, facts) }
    }

    fn fill(&self, template: &Template, language: Language, facts: &Facts) -> String {
        let local = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| self.local(at));
        let held_by = self.report.agency.as_ref().map(|(_, name)| name.clone());
        let agency = facts.agency.clone().or(held_by).unwrap_or_else(|| "–".to_owned());
        let (time, due, promised) = (local(facts.time), local(facts.due), local(facts.promised));
        let field = facts.field.as_ref().map_or("–", |field| match language {
            Language::Vi => field.vi.as_str(),
            Language::En => field.en.as_str(),
        });
        let commune = self.report.commune.as_ref().map_or("–", |(_, name)| name.as_str());
        let values = Values {
            code: Some(&self.report.code),
            time: Some(&time),
            agency: Some(&agency),
            due: Some(&due),
            commune: Some(commune),
            reason: Some(facts.reason.as_deref().unwrap_or("–")),
            field: Some(field),
            from: Some("–"),
            to: Some("–"),
            promised: Some(&promised),
        };
        template.fill(language, &values).unwrap_or_else(|missing| missing.to_string())
    }

    /// The province's wall clock, as people write it: `15:04 21/11/2026`.
    fn local(&self, at: Timestamp) -> String {
        let format = format_description!("[hour]:[minute] [day]/[month]/[year]");
        let utc = at.datetime();
        let local = utc.checked_to_offset(self.province.profile.utc_offset).unwrap_or(utc);
        local.format(&format).unwrap_or_default()
    }
}

fn time(stamp: Option<&prost_types::Timestamp>, part: &'static str) -> Result<Timestamp, EventError> {
    stamp.and_then(|stamp| Timestamp::from_parts(stamp.seconds, stamp.nanos)).ok_or(EventError::Part(part))
}

fn words(text: Option<common::v1::LocalizedText>, part: &'static str) -> Result<Words, EventError> {
    text.map(|text| Words { vi: text.vi, en: text.en }).ok_or(EventError::Part(part))
}

fn urgency(urgency: common::v1::Urgency) -> Result<Urgency, EventError> {
    match urgency {
        common::v1::Urgency::Unspecified => Err(EventError::Part("urgency")),
        common::v1::Urgency::Normal => Ok(Urgency::Normal),
        common::v1::Urgency::Urgent => Ok(Urgency::Urgent),
        common::v1::Urgency::Emergency => Ok(Urgency::Emergency),
    }
}

fn access(access: common::v1::Access) -> Result<Access, EventError> {
    match access {
        common::v1::Access::Unspecified => Err(EventError::Part("access")),
        common::v1::Access::Ordinary => Ok(Access::Ordinary),
        common::v1::Access::Restricted => Ok(Access::Restricted),
        common::v1::Access::Quarantine => Ok(Access::Quarantine),
    }
}

fn outcome(outcome: common::v1::Outcome) -> Result<Outcome, EventError> {
    Ok(match outcome {
        common::v1::Outcome::Unspecified => return Err(EventError::Part("outcome")),
        common::v1::Outcome::Repaired => Outcome::Repaired,
        common::v1::Outcome::Cleaned => Outcome::Cleaned,
        common::v1::Outcome::Warned => Outcome::Warned,
        common::v1::Outcome::Sanctioned => Outcome::Sanctioned,
        common::v1::Outcome::NoFaultFound => Outcome::NoFaultFound,
        common::v1::Outcome::InterimFix => Outcome::InterimFix,
        common::v1::Outcome::Planned => Outcome::Planned,
        common::v1::Outcome::InProject => Outcome::InProject,
        common::v1::Outcome::Explained => Outcome::Explained,
        common::v1::Outcome::Referred => Outcome::Referred,
    })
}
