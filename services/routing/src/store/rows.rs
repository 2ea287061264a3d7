//! Between rows and the domain: the two only conversions.

use std::fmt::Display;
use std::str::FromStr;

use sea_orm::{DbErr, Set};
use vocabulary::{AssignmentId, MediaId, Point, ReportId, Timestamp};

use super::entities::{assignment, case, clock};
use crate::domain::{Assignment, Case, Clock, Matter, Place, Questions, Resolution, Snapshot};

/// A row that this binary cannot have written.
fn corrupt(what: &str) -> DbErr {
    DbErr::Custom(format!("a stored value is broken: {what}"))
}

fn word<T: FromStr<Err: Display>>(text: &str) -> Result<T, DbErr> {
    text.parse().map_err(|error: T::Err| corrupt(&error.to_string()))
}

fn words<T: FromStr<Err: Display>>(text: Option<&String>) -> Result<Option<T>, DbErr> {
    text.map(|text| word(text)).transpose()
}

fn count(value: i32) -> Result<u32, DbErr> {
    u32::try_from(value).map_err(|_| corrupt("a negative count"))
}

fn stored_count(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn at(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

fn media(json: &str) -> Result<Vec<MediaId>, DbErr> {
    serde_json::from_str(json).map_err(|_| corrupt("a list of media"))
}

fn questions(json: Option<&str>) -> Result<Questions, DbErr> {
    let questions = json.map(serde_json::from_str).transpose();
    Ok(questions.map_err(|_| corrupt("a list of questions"))?.unwrap_or_default())
}

fn media_json(media: &[MediaId]) -> String {
    // A list of UUIDs always has a JSON text.
    serde_json::to_string(media).unwrap_or_default()
}

pub(super) fn to_case(
    row: case::Model,
    assignments: Vec<Assignment>,
    clocks: Vec<Clock>,
) -> Result<Case, DbErr> {
    let place = match (&row.commune_match, row.commune_metres) {
        (Some(found), Some(metres)) => {
            Some(Place { commune: words(row.commune_code.as_ref())?, found: word(found)?, metres })
        }
        _ => None,
    };
    Ok(Case {
        report: ReportId(row.report_id),
        matter: to_matter(&row)?,
        sequence: row.sequence,
        state: word(&row.state)?,
        round: count(row.round)?,
        hand_backs: count(row.hand_backs)?,
        reopen_round: count(row.reopen_round)?,
        version: row.version,
        questions: questions(row.questions.as_deref())?,
        snapshot: to_snapshot(row)?,
        place,
        assignments,
        clocks,
    })
}

fn to_matter(row: &case::Model) -> Result<Option<Matter>, DbErr> {
    match (&row.leaf, &row.urgency, &row.access) {
        (Some(leaf), Some(urgency), Some(access)) => {
            Ok(Some(Matter { leaf: word(leaf)?, urgency: word(urgency)?, access: word(access)? }))
        }
        _ => Ok(None),
    }
}

fn to_snapshot(row: case::Model) -> Result<Option<Snapshot>, DbErr> {
    let (Some(code), Some(latitude), Some(longitude)) = (row.code, row.latitude, row.longitude) else {
        return Ok(None);
    };
    Ok(Some(Snapshot {
        code,
        text: row.text.unwrap_or_default(),
        point: Point::parse(latitude, longitude).map_err(|error| corrupt(&error.to_string()))?,
        address: row.address.unwrap_or_default(),
        media: media(row.media.as_deref().unwrap_or("[]"))?,
        create_time: Timestamp::from_micros(row.create_time.unwrap_or_default()),
        reporter_proof: row.reporter_proof.unwrap_or_default(),
    }))
}

pub(super) fn from_case(case: &Case) -> case::ActiveModel {
    let snapshot = case.snapshot.as_ref();
    let matter = case.matter.as_ref();
    let place = case.place.as_ref();
    case::ActiveModel {
        report_id: Set(case.report.0),
        code: Set(snapshot.map(|snapshot| snapshot.code.clone())),
        text: Set(snapshot.map(|snapshot| snapshot.text.clone())),
        latitude: Set(snapshot.map(|snapshot| snapshot.point.latitude())),
        longitude: Set(snapshot.map(|snapshot| snapshot.point.longitude())),
        address: Set(snapshot.map(|snapshot| snapshot.address.clone())),
        media: Set(snapshot.map(|snapshot| media_json(&snapshot.media))),
        create_time: Set(snapshot.map(|snapshot| snapshot.create_time.micros())),
        reporter_proof: Set(snapshot.map(|snapshot| snapshot.reporter_proof.clone())),
        leaf: Set(matter.map(|matter| matter.leaf.as_str().to_owned())),
        urgency: Set(matter.map(|matter| matter.urgency.as_str().to_owned())),
        access: Set(matter.map(|matter| matter.access.as_str().to_owned())),
        sequence: Set(case.sequence),
        state: Set(case.state.as_str().to_owned()),
        round: Set(stored_count(case.round)),
        hand_backs: Set(stored_count(case.hand_backs)),
        reopen_round: Set(stored_count(case.reopen_round)),
        commune_code: Set(place.and_then(|place| Some(place.commune.as_ref()?.as_str().to_owned()))),
        commune_match: Set(place.map(|place| place.found.as_str().to_owned())),
        commune_metres: Set(place.map(|place| place.metres)),
        // A map of numbers always has a JSON text.
        questions: Set(
            (!case.questions.is_empty()).then(|| serde_json::to_string(&case.questions).unwrap_or_default())
        ),
        version: Set(case.version),
    }
}

pub(super) fn to_assignment(row: assignment::Model) -> Result<Assignment, DbErr> {
    let resolution = match (row.outcome, row.reply) {
        (Some(outcome), Some(reply)) => Some(Resolution {
            outcome: word(&outcome)?,
            reply,
            evidence: media(row.evidence.as_deref().unwrap_or("[]"))?,
            promised: at(row.promised_time),
        }),
        _ => None,
    };
    Ok(Assignment {
        id: AssignmentId(row.id),
        agency: word(&row.agency)?,
        executor: words(row.executor.as_ref())?,
        access: word(&row.access)?,
        round: count(row.round)?,
        state: word(&row.state)?,
        matrix_row: row.matrix_row,
        level: words(row.level.as_ref())?,
        assign_time: Timestamp::from_micros(row.assign_time),
        due: Timestamp::from_micros(row.due_time),
        accept_time: at(row.accept_time),
        submit_time: at(row.submit_time),
        end_time: at(row.end_time),
        resolution,
        version: row.version,
    })
}

pub(super) fn from_assignment(report: ReportId, assignment: &Assignment) -> assignment::ActiveModel {
    let resolution = assignment.resolution.as_ref();
    assignment::ActiveModel {
        id: Set(assignment.id.0),
        report_id: Set(report.0),
        agency: Set(assignment.agency.as_str().to_owned()),
        executor: Set(assignment.executor.as_ref().map(|executor| executor.as_str().to_owned())),
        access: Set(assignment.access.as_str().to_owned()),
        round: Set(stored_count(assignment.round)),
        state: Set(assignment.state.as_str().to_owned()),
        matrix_row: Set(assignment.matrix_row.clone()),
        level: Set(assignment.level.map(|level| level.as_str().to_owned())),
        assign_time: Set(assignment.assign_time.micros()),
        due_time: Set(assignment.due.micros()),
        accept_time: Set(assignment.accept_time.map(Timestamp::micros)),
        submit_time: Set(assignment.submit_time.map(Timestamp::micros)),
        end_time: Set(assignment.end_time.map(Timestamp::micros)),
        outcome: Set(resolution.map(|resolution| resolution.outcome.as_str().to_owned())),
        reply: Set(resolution.map(|resolution| resolution.reply.clone())),
        evidence: Set(resolution.map(|resolution| media_json(&resolution.evidence))),
        promised_time: Set(resolution.and_then(|resolution| Some(resolution.promised?.micros()))),
        version: Set(assignment.version),
    }
}

pub(super) fn to_clock(row: clock::Model) -> Result<Clock, DbErr> {
    Ok(Clock {
        kind: word(&row.kind)?,
        round: count(row.round)?,
        agency: word(&row.agency)?,
        start: Timestamp::from_micros(row.start_time),
        due: Timestamp::from_micros(row.due_time),
        due_soon: Timestamp::from_micros(row.due_soon_time),
        stop: at(row.stop_time),
        paused: row.paused,
        told: word(&row.told)?,
        calendar_version: row.calendar_version,
        policy_version: row.policy_version,
    })
}

pub(super) fn from_clock(report: ReportId, clock: &Clock) -> clock::ActiveModel {
    clock::ActiveModel {
        report_id: Set(report.0),
        kind: Set(clock.kind.as_str().to_owned()),
        round: Set(stored_count(clock.round)),
        agency: Set(clock.agency.as_str().to_owned()),
        start_time: Set(clock.start.micros()),
        due_time: Set(clock.due.micros()),
        due_soon_time: Set(clock.due_soon.micros()),
        stop_time: Set(clock.stop.map(Timestamp::micros)),
        paused: Set(clock.paused),
        told: Set(clock.told.as_str().to_owned()),
        alarm_time: Set(clock.alarm_time().map(Timestamp::micros)),
        calendar_version: Set(clock.calendar_version.clone()),
        policy_version: Set(clock.policy_version.clone()),
    }
}
