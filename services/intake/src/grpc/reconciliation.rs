//! `ReconcileReports`: days from the wire, gaps to it.

use contract::google::r#type::Date as WireDate;
use contract::intake::v1 as wire;
use time::{Date, Month};
use vocabulary::{AgencyId, Problem};

use crate::domain::reconciliation::{Days, Defect, Gap, Line};
use crate::usecases::reconcile_reports::Reconciliation;

/// Gaps that an answer names.
pub const NAMED: usize = 1_000;

/// The days that are asked about.
pub fn parse_days(message: &wire::ReconcileReportsRequest, today: Date) -> Result<Days, Problem> {
    let first = message.first_day.as_ref().map(|day| parse_day("first_day", day)).transpose()?;
    let last = message.last_day.as_ref().map(|day| parse_day("last_day", day)).transpose()?;
    let days = Days::new(first, last, today)
        .ok_or_else(|| period_invalid("first_day", "must not lie after last_day".to_owned()))?;
    if days.count() > Days::MOST {
        let why = format!("the period has {} days; ask for at most {}", days.count(), Days::MOST);
        return Err(period_invalid("first_day", why));
    }
    Ok(days)
}

fn parse_day(field: &str, day: &WireDate) -> Result<Date, Problem> {
    let parsed = || {
        let month = Month::try_from(u8::try_from(day.month).ok()?).ok()?;
        let date = Date::from_calendar_date(day.year, month, u8::try_from(day.day).ok()?).ok()?;
        (1..=9999).contains(&day.year).then_some(date)
    };
    parsed().ok_or_else(|| {
        let why = format!("{}-{}-{} is no day of a calendar", day.year, day.month, day.day);
        period_invalid(field, why)
    })
}

fn period_invalid(field: &str, why: String) -> Problem {
    Problem::invalid(field, "PERIOD_INVALID", why, "Khoảng thời gian không hợp lệ.")
}

/// The answer. What only cleared officers may know of is counted and not named.
pub fn encode(found: &Reconciliation) -> wire::ReconcileReportsResponse {
    wire::ReconcileReportsResponse {
        days: found.lines.iter().map(line).collect(),
        gaps: found.gaps.iter().filter(|gap| !gap.sealed).map(gap).collect(),
        gap_count: number(found.gap_count),
        identities_checked: found.identities_checked,
    }
}

fn line(line: &Line) -> wire::ReconciledDay {
    wire::ReconciledDay {
        day: Some(date(line.day)),
        agency: line.agency.as_ref().map(AgencyId::name).unwrap_or_default(),
        issued_count: number(line.count.issued),
        stored_count: number(line.count.stored),
        ended_count: number(line.count.ended),
        open_count: number(line.count.open),
    }
}

fn gap(gap: &Gap) -> wire::ReconciliationGap {
    wire::ReconciliationGap {
        day: Some(date(gap.day)),
        code: gap.code.clone(),
        report: gap.report.name(),
        defect: defect(gap.defect).into(),
    }
}

fn defect(defect: Defect) -> wire::ReportDefect {
    match defect {
        Defect::NotStored => wire::ReportDefect::NotStored,
        Defect::NotIssued => wire::ReportDefect::NotIssued,
        Defect::StateUnknown => wire::ReportDefect::StateUnknown,
        Defect::TimelineMissing => wire::ReportDefect::TimelineMissing,
        Defect::TimelineBroken => wire::ReportDefect::TimelineBroken,
        Defect::IdentityMissing => wire::ReportDefect::IdentityMissing,
        Defect::StandsStill => wire::ReportDefect::StandsStill,
    }
}

fn date(day: Date) -> WireDate {
    WireDate { year: day.year(), month: u8::from(day.month()).into(), day: day.day().into() }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
