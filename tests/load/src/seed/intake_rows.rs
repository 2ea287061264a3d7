//! What intake keeps of a life.

use intake::domain::identity::Reporter;
use vocabulary::Timestamp;

use super::life::Life;
use super::scene::Scene;
use super::table::{Rows, row, table};
use crate::operation::Service;

table!(
    REPORTS,
    "reports",
    [
        id,
        code,
        owner,
        text,
        latitude,
        longitude,
        address,
        source,
        capture_time,
        publication_consent,
        state,
        create_time,
        update_time,
        leaf,
        urgency,
        access,
        agency,
        agency_name,
        commune_code,
        commune_name,
        respond_due_time,
        answer,
        invitation,
        public,
        last_sequence,
        last_hash,
        applied,
    ]
);
table!(TIMELINE, "timeline", [report_id, sequence, event_id, kind, state, text_vi, text_en, time, hash]);
table!(IDENTITIES, "identities", [report_id, sealed, key_version]);
table!(SEQUENCES, "event_sequences", [report_id, last]);

/// All names of reporters are made up: nobody has this one.
const NAME: &str = "Người dân thử nghiệm";
const PHONE: &str = "0900000000";

pub(crate) fn add(rows: &mut Rows, scene: &Scene, life: &Life<'_>) -> anyhow::Result<()> {
    let report = &life.report;
    let answer = report.answer.as_ref().map(serde_json::to_string).transpose()?;
    rows.push(
        &REPORTS,
        row![
            report.id.0,
            report.code.as_str(),
            report.owner.as_slice(),
            report.text.as_str(),
            report.point.latitude(),
            report.point.longitude(),
            report.address.as_str(),
            report.source,
            report.captured.map(Timestamp::micros),
            report.publication_consent,
            report.state.as_str(),
            report.created,
            report.updated,
            report.leaf.as_ref().map(|leaf| leaf.as_str()),
            report.urgency.map(|urgency| urgency.as_str()),
            report.access.as_str(),
            report.agency.as_ref().map(|(id, _)| id.as_str()),
            report.agency.as_ref().map(|(_, name)| name.as_str()),
            report.commune.as_ref().map(|(code, _)| code.as_str()),
            report.commune.as_ref().map(|(_, name)| name.as_str()),
            report.respond_due,
            answer,
            report.invitation.map(|invitation| invitation.0),
            report.is_public(),
            report.last_sequence,
            report.last_hash.as_slice(),
            serde_json::to_string(&report.applied)?,
        ],
    );
    for entry in &life.entries {
        rows.push(
            &TIMELINE,
            row![
                report.id.0,
                entry.sequence,
                entry.happening.event.0,
                entry.happening.kind.as_str(),
                entry.state.as_str(),
                entry.happening.text.vi.as_str(),
                entry.happening.text.en.as_str(),
                entry.time,
                entry.hash.as_slice(),
            ],
        );
    }
    let reporter = Reporter::parse(NAME, PHONE).map_err(|problem| anyhow::anyhow!("{}", problem.reason))?;
    let sealed = scene.vault.seal(report.id, life.subject.as_str(), &reporter)?;
    rows.push(&IDENTITIES, row![report.id.0, sealed, 1]);
    add_sequence(rows, life, Service::Intake);
    Ok(())
}

/// The number of the last event that a service has told about the report.
pub(crate) fn add_sequence(rows: &mut Rows, life: &Life<'_>, service: Service) {
    let last = life.told[service as usize];
    if last > 0 {
        rows.push(&SEQUENCES, row![life.report.id.0, last]);
    }
}
