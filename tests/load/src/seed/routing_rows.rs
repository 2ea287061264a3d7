//! What routing keeps of a life.

use super::intake_rows::add_sequence;
use super::life::{Life, Turn};
use super::scene::Scene;
use super::script::REPLY;
use super::table::{Rows, row, table};
use crate::operation::Service;

table!(
    CASES,
    "cases",
    [
        report_id,
        code,
        text,
        latitude,
        longitude,
        address,
        media,
        create_time,
        reporter_proof,
        leaf,
        urgency,
        access,
        sequence,
        state,
        round,
        hand_backs,
        reopen_round,
        commune_code,
        commune_match,
        commune_metres,
        version,
    ]
);
table!(
    ASSIGNMENTS,
    "assignments",
    [
        id,
        report_id,
        agency,
        executor,
        access,
        round,
        state,
        matrix_row,
        level,
        assign_time,
        due_time,
        accept_time,
        submit_time,
        end_time,
        outcome,
        reply,
        evidence,
        promised_time,
        version,
    ]
);
table!(
    CLOCKS,
    "clocks",
    [
        report_id,
        kind,
        round,
        agency,
        start_time,
        due_time,
        due_soon_time,
        stop_time,
        told,
        alarm_time,
        calendar_version,
        policy_version,
    ]
);

pub(crate) fn add(rows: &mut Rows, scene: &Scene, life: &Life<'_>) {
    add_case(rows, life);
    for turn in &life.turns {
        add_turn(rows, life, turn);
    }
    let until = scene.plan.until;
    for promise in &life.promises {
        rows.push(
            &CLOCKS,
            row![
                life.report.id.0,
                promise.kind.as_str(),
                promise.round,
                promise.agency.as_str(),
                promise.started,
                promise.due.due,
                promise.due.due_soon,
                promise.stopped,
                promise.told(until),
                promise.alarm(until),
                promise.due.calendar_version.as_str(),
                promise.due.policy_version.as_str(),
            ],
        );
    }
    add_sequence(rows, life, Service::Routing);
}

/// Before it is classified a case knows the report and nothing of its matter.
fn add_case(rows: &mut Rows, life: &Life<'_>) {
    let (report, matter, place) = (&life.report, life.matter, &life.place);
    let classified = life.classified_sequence > 0;
    rows.push(
        &CASES,
        row![
            report.id.0,
            report.code.as_str(),
            report.text.as_str(),
            report.point.latitude(),
            report.point.longitude(),
            report.address.as_str(),
            "[]",
            report.created,
            life.proof.as_slice(),
            classified.then(|| matter.leaf.as_str()),
            classified.then(|| matter.urgency.as_str()),
            classified.then(|| life.access.as_str()),
            life.classified_sequence,
            life.case_state,
            life.round,
            life.hand_backs,
            life.round - 1,
            classified.then_some(place.commune_code.as_str()),
            classified.then_some(place.found),
            classified.then_some(place.metres),
            1 + i64::try_from(life.entries.len()).unwrap_or(0),
        ],
    );
}

fn add_turn(rows: &mut Rows, life: &Life<'_>, turn: &Turn) {
    rows.push(
        &ASSIGNMENTS,
        row![
            turn.id,
            life.report.id.0,
            turn.agency.as_str(),
            turn.executor.as_ref().map(|executor| executor.as_str()),
            life.access.as_str(),
            turn.round,
            turn.state,
            turn.matrix_row.as_deref(),
            turn.level,
            turn.assigned,
            turn.due,
            turn.accepted,
            turn.submitted,
            turn.ended,
            turn.outcome,
            turn.outcome.map(|_| REPLY),
            turn.outcome.map(|_| "[]"),
            turn.promised,
            turn.version,
        ],
    );
}
