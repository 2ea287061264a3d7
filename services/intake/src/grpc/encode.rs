//! Domain → wire, cut down to what the caller may see.

use std::collections::BTreeSet;

use contract::common::v1 as common;
use contract::intake::v1 as wire;
use prost::Message as _;
use province::{Language, Notice, Province, Values};
use runtime::wire::timestamp;
use vocabulary::{MediaId, Outcome, ReportState, Urgency};

use crate::domain::media::Media;
use crate::domain::message::Message;
use crate::domain::report::{Answer, Question, Report, Words};
use crate::domain::timeline::Entry;
use crate::domain::visibility::Sight;

/// A report for somebody with this sight.
pub fn report(report: &Report, sight: Sight, media: &[MediaId], province: &Province) -> wire::Report {
    let reads_text = sight != Sight::Public || report.publication_consent;
    let (state, names) = (shown(report.state, sight), province.templates.state(report.state));
    let state_text = if sight == Sight::Staff { &names.internal } else { &names.public };
    wire::Report {
        name: report.id.name(),
        code: report.code.clone(),
        text: if reads_text { report.text.clone() } else { String::new() },
        location: reads_text.then(|| location(report, sight)),
        media: if reads_text { media.iter().map(|id| id.name()).collect() } else { Vec::new() },
        source: report.source,
        capture_time: report.captured.map(timestamp),
        publication_consent: report.publication_consent,
        state: state.into(),
        state_text: Some(common::LocalizedText { vi: state_text.vi.clone(), en: state_text.en.clone() }),
        create_time: Some(timestamp(report.created)),
        update_time: Some(timestamp(report.updated)),
        leaf: report.leaf.as_ref().map(ToString::to_string).unwrap_or_default(),
        urgency: report.urgency.map_or(common::Urgency::Unspecified, urgency).into(),
        agency: report.agency.as_ref().map(|(id, _)| id.name()).unwrap_or_default(),
        agency_name: report.agency.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        commune_code: report.commune.as_ref().map(|(code, _)| code.clone()).unwrap_or_default(),
        commune_name: report.commune.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        respond_due_time: report.respond_due.map(timestamp),
        answer: report.answer.as_ref().map(answer),
        invitation: match (sight, report.invitation) {
            (Sight::Reporter, Some(invitation)) => invitation.name(),
            _ => String::new(),
        },
        advice: advice(report, province),
        timeline: Vec::new(),
        messages: Vec::new(),
        question: report.question.as_ref().filter(|_| sight != Sight::Public).map(question),
        contest_until_time: report
            .contest_until(province.policies.triage.contest)
            .filter(|_| sight == Sight::Reporter)
            .map(timestamp),
    }
}

fn question(question: &Question) -> wire::Question {
    wire::Question {
        text: question.text.clone(),
        due_time: Some(timestamp(question.due)),
        agency: question.agency.name(),
    }
}

/// A report for its reporter, as it is stored with a request that was answered and repeated whatever became of it since.
pub fn own_report(own: &Report, media: &[MediaId], province: &Province) -> Vec<u8> {
    report(own, Sight::Reporter, media, province).encode_to_vec()
}

/// The public part places a matter to about 100 m.
fn location(report: &Report, sight: Sight) -> common::Location {
    let coarse =
        |degrees: f64| if sight == Sight::Public { (degrees * 1_000.0).round() / 1_000.0 } else { degrees };
    common::Location {
        point: Some(contract::google::r#type::LatLng {
            latitude: coarse(report.point.latitude()),
            longitude: coarse(report.point.longitude()),
        }),
        address: if sight == Sight::Public { String::new() } else { report.address.clone() },
    }
}

/// The reporter and the public need not follow an agency's inner steps.
fn shown(state: ReportState, sight: Sight) -> common::ReportState {
    match (state, sight) {
        (ReportState::HandedBack | ReportState::PendingApproval, Sight::Reporter | Sight::Public) => {
            common::ReportState::InProgress
        }
        (state, _) => self::state(state),
    }
}

fn advice(report: &Report, province: &Province) -> Option<common::LocalizedText> {
    if report.urgency != Some(Urgency::Emergency) {
        return None;
    }
    let template = province.templates.notice(Notice::EmergencyAdvice);
    let values = Values { code: Some(&report.code), ..Values::default() };
    let fill = |language| template.fill(language, &values).unwrap_or_else(|missing| missing.to_string());
    Some(common::LocalizedText { vi: fill(Language::Vi), en: fill(Language::En) })
}

/// A timeline entry. What a reporter was asked is between the reporter and the staff; others read that something was.
pub fn entry(entry: &Entry, sight: Sight, province: &Province) -> wire::TimelineEntry {
    let asked = entry.state == ReportState::AwaitingInfo && sight == Sight::Public;
    let public = &province.templates.state(entry.state).public;
    let text = if asked { Words::from(public) } else { entry.happening.text.clone() };
    wire::TimelineEntry {
        sequence: entry.sequence,
        time: Some(timestamp(entry.time)),
        event: entry.happening.kind.clone(),
        state: shown(entry.state, sight).into(),
        text: Some(words(&text)),
        hash: entry.hash.to_vec().into(),
    }
}

/// A message.
pub fn message(message: &Message) -> wire::Message {
    wire::Message {
        name: message.name(),
        text: message.text.clone(),
        internal: message.internal,
        author_role: message.author.as_str().to_owned(),
        create_time: Some(timestamp(message.created)),
    }
}

/// A medium; checksum and progress only for its owner.
pub fn medium(medium: &Media, own: bool) -> wire::Media {
    let state = if medium.ready { wire::MediaState::Ready } else { wire::MediaState::Uploading };
    wire::Media {
        name: medium.id.name(),
        content_type: medium.content_type.clone(),
        size_bytes: i64::try_from(medium.size).unwrap_or(i64::MAX),
        state: state.into(),
        received_bytes: i64::try_from(medium.received).unwrap_or(i64::MAX),
        sha256: if own { medium.sha256.clone().into() } else { Default::default() },
        public_copy: medium.public_copy,
        create_time: Some(timestamp(medium.created)),
    }
}

/// Bytes of a message.
pub fn message_bytes(posted: &Message) -> Vec<u8> {
    message(posted).encode_to_vec()
}

fn answer(answer: &Answer) -> wire::Answer {
    wire::Answer {
        outcome: answer.outcome.map_or(common::Outcome::Unspecified, outcome).into(),
        text: Some(words(&answer.text)),
        channel: answer.channel.as_ref().map(words),
        evidence: answer.evidence.iter().map(|id| id.name()).collect(),
        promised_time: answer.promised.map(timestamp),
        answer_time: Some(timestamp(answer.time)),
    }
}

fn words(words: &Words) -> common::LocalizedText {
    common::LocalizedText { vi: words.vi.clone(), en: words.en.clone() }
}

fn urgency(urgency: Urgency) -> common::Urgency {
    match urgency {
        Urgency::Normal => common::Urgency::Normal,
        Urgency::Urgent => common::Urgency::Urgent,
        Urgency::Emergency => common::Urgency::Emergency,
    }
}

fn outcome(outcome: Outcome) -> common::Outcome {
    match outcome {
        Outcome::Repaired => common::Outcome::Repaired,
        Outcome::Cleaned => common::Outcome::Cleaned,
        Outcome::Warned => common::Outcome::Warned,
        Outcome::Sanctioned => common::Outcome::Sanctioned,
        Outcome::NoFaultFound => common::Outcome::NoFaultFound,
        Outcome::InterimFix => common::Outcome::InterimFix,
        Outcome::Planned => common::Outcome::Planned,
        Outcome::InProject => common::Outcome::InProject,
        Outcome::Explained => common::Outcome::Explained,
        Outcome::Referred => common::Outcome::Referred,
    }
}

fn state(state: ReportState) -> common::ReportState {
    match state {
        ReportState::Submitted => common::ReportState::Submitted,
        ReportState::AwaitingInfo => common::ReportState::AwaitingInfo,
        ReportState::UnderReview => common::ReportState::UnderReview,
        ReportState::Assigned => common::ReportState::Assigned,
        ReportState::InProgress => common::ReportState::InProgress,
        ReportState::HandedBack => common::ReportState::HandedBack,
        ReportState::PendingApproval => common::ReportState::PendingApproval,
        ReportState::Resolved => common::ReportState::Resolved,
        ReportState::AnsweredDeferred => common::ReportState::AnsweredDeferred,
        ReportState::Reopened => common::ReportState::Reopened,
        ReportState::Returned => common::ReportState::Returned,
        ReportState::Rejected => common::ReportState::Rejected,
        ReportState::Merged => common::ReportState::Merged,
        ReportState::Withdrawn => common::ReportState::Withdrawn,
        ReportState::Closed => common::ReportState::Closed,
    }
}

/// The states that a list shows as one of these; what it never shows is none.
pub fn states_shown_as(asked: &BTreeSet<common::ReportState>) -> Vec<ReportState> {
    let shown_to_all = |state: &ReportState| asked.contains(&shown(*state, Sight::Reporter));
    ReportState::ALL.iter().copied().filter(shown_to_all).collect()
}
