//! What satisfaction keeps of a life.

use time::Date;
use vocabulary::Timestamp;

use super::facts::Facts;
use super::intake_rows::add_sequence;
use super::life::{Closing, Life};
use super::scene::Scene;
use super::table::{Rows, row, table};
use crate::operation::Service;

table!(
    INVITATIONS,
    "invitations",
    [
        id,
        report,
        round,
        ended_as,
        agency,
        leaf,
        commune,
        access,
        close_time,
        close_day,
        respond_due_time,
        held_micros,
        reporter_proof,
        create_time,
        expire_time,
        standing,
        reopened,
        revision,
        verdict,
        first_rating_time,
    ]
);
table!(
    RATINGS,
    "ratings",
    [invitation, revision, verdict, resolved, reasons, comment, create_time, reopened]
);
table!(WITHDRAWALS, "withdrawals", [report, receive_time]);

pub(crate) fn add(rows: &mut Rows, facts: &mut Facts, scene: &Scene, life: &Life<'_>) {
    let report = life.report.id.0;
    for closing in &life.closings {
        let day = scene.province.local_date(closing.closed);
        add_closing(rows, life, closing, day);
        facts.enter(life, closing, day);
    }
    if let Some(at) = life.withdrawn {
        rows.push(&WITHDRAWALS, row![report, at]);
    }
    add_sequence(rows, life, Service::Satisfaction);
}

fn add_closing(rows: &mut Rows, life: &Life<'_>, closing: &Closing, day: Date) {
    let held = closing.held.map(|held| i64::try_from(held.as_micros()).unwrap_or(i64::MAX));
    rows.push(
        &INVITATIONS,
        row![
            closing.invitation,
            life.report.id.0,
            closing.round,
            closing.ended_as,
            closing.agency.as_str(),
            life.matter.leaf.as_str(),
            life.place.commune_code.as_str(),
            life.access.as_str(),
            closing.closed,
            day.to_julian_day(),
            closing.due.map(Timestamp::micros),
            held,
            life.proof.as_slice(),
            closing.invited,
            closing.expires,
            closing.standing,
            closing.reopened,
            i32::from(closing.rating.is_some()),
            closing.rating.map(|(_, verdict)| verdict.as_str()),
            closing.rating.map(|(at, _)| at),
        ],
    );
    let Some((at, verdict)) = closing.rating else { return };
    let unsatisfied = verdict == vocabulary::Verdict::Unsatisfied;
    let reasons = if unsatisfied { r#"["not_done"]"# } else { "[]" };
    rows.push(
        &RATINGS,
        row![closing.invitation, 1, verdict.as_str(), !unsatisfied, reasons, "", at, closing.reopened],
    );
}
