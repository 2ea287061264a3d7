//! Tries to see what must stay hidden, as those who may not.

use contract::classification::v1::Review;
use contract::intake::v1::{GetReportRequest, ListReportsRequest, ListScope, ReportView};
use tonic::{Code, Status};

use super::actor::Actor;
use super::plan::Ruling;
use super::played::Probe;
use super::staff::{self, Staff};

/// While a sensitive report waits for a cleared officer: the coordinator can neither find, nor read, nor decide it.
pub async fn probe_waiting(staff: &Staff, review: &Review) -> Vec<Probe> {
    let coordinator = &staff.coordinator;
    let queue = staff::find_review(coordinator, &review.report).await;
    vec![
        Probe {
            what: "coordinator looks for it in the triage queue",
            held: matches!(queue, Ok(None)),
            answer: match queue {
                Ok(None) => "not there".to_owned(),
                Ok(Some(_)) => "there".to_owned(),
                Err(status) => code(&status),
            },
        },
        refused("coordinator decides it by name", staff::decide(coordinator, review, Ruling::Confirm).await),
        refused("coordinator reads it", read(coordinator, &review.report).await),
        refused("the public reads it", read(&staff.public, &review.report).await),
    ]
}

/// After the end it stays hidden, and looks like a report that does not exist.
pub async fn probe_ended(staff: &Staff, citizen: &Actor, report: &str) -> Vec<Probe> {
    let missing = format!("reports/{}", citizen.mint());
    let hidden = read(&staff.coordinator, report).await;
    let alike = match (&hidden, read(&staff.coordinator, &missing).await) {
        (Err(hidden), Err(missing)) => {
            (hidden.code(), hidden.message()) == (missing.code(), missing.message())
        }
        _ => false,
    };
    let listed = public_list_holds(&staff.public, report).await;
    vec![
        refused("coordinator reads it after the end", hidden),
        refused("the public reads it after the end", read(&staff.public, report).await),
        Probe {
            what: "a report that does not exist is refused in the same words",
            answer: if alike { "the same" } else { "not the same" }.to_owned(),
            held: alike,
        },
        Probe {
            what: "the public list",
            held: matches!(listed, Ok(false)),
            answer: match listed {
                Ok(false) => "not there".to_owned(),
                Ok(true) => "there".to_owned(),
                Err(status) => code(&status),
            },
        },
        allowed("the cleared officer reads it", read(&staff.cleared_officer, report).await),
        allowed("its reporter reads it", read(citizen, report).await),
    ]
}

async fn read(reader: &Actor, report: &str) -> Result<(), Status> {
    let request = GetReportRequest { name: report.to_owned(), view: ReportView::Basic.into() };
    reader.call(request, async |request| reader.intake().get_report(request).await).await.map(drop)
}

async fn public_list_holds(public: &Actor, report: &str) -> Result<bool, Status> {
    let mut page_token = String::new();
    loop {
        let scope = ListScope::Public.into();
        let request = ListReportsRequest { page_size: 100, scope, page_token, ..Default::default() };
        let page = public.call(request, async |request| public.intake().list_reports(request).await).await?;
        if page.reports.iter().any(|listed| listed.name == report) {
            return Ok(true);
        }
        if page.next_page_token.is_empty() {
            return Ok(false);
        }
        page_token = page.next_page_token;
    }
}

fn refused<T>(what: &'static str, outcome: Result<T, Status>) -> Probe {
    let held = matches!(&outcome, Err(status) if status.code() == Code::PermissionDenied);
    Probe { what, answer: answer(outcome), held }
}

fn allowed<T>(what: &'static str, outcome: Result<T, Status>) -> Probe {
    let held = outcome.is_ok();
    Probe { what, answer: answer(outcome), held }
}

fn answer<T>(outcome: Result<T, Status>) -> String {
    outcome.map_or_else(|status| code(&status), |_| "OK".to_owned())
}

/// The code as gRPC spells it: `PERMISSION_DENIED`.
fn code(status: &Status) -> String {
    let spelled = format!("{:?}", status.code());
    let letter = |(at, c): (usize, char)| {
        let break_before = (at > 0 && c.is_uppercase()).then_some('_');
        break_before.into_iter().chain(std::iter::once(c.to_ascii_uppercase()))
    };
    spelled.chars().enumerate().flat_map(letter).collect()
}

#[cfg(test)]
mod tests {
    use vocabulary::Problem;

    use super::*;

    #[test]
    fn only_the_right_refusal_counts() {
        let denied = || Err::<(), _>(runtime::status(&Problem::denied()));
        assert_eq!(
            refused("x", denied()),
            Probe { what: "x", answer: "PERMISSION_DENIED".to_owned(), held: true }
        );
        assert!(!refused("x", Ok(())).held);
        assert!(!refused("x", Err::<(), _>(runtime::status(&Problem::internal("x")))).held);
        assert!(!allowed("x", denied()).held);
    }
}
