//! What a reconciliation has found, for operators and for programs.

use std::io::Write as _;

use intake::Reconciliation;
use intake::domain::reconciliation::{Count, Days, Filed};
use messaging::Parked;
use serde::Serialize;

use crate::commands::events::empty_table;
use crate::commands::reconcile::deliveries::Delivery;

/// Everything that was compared.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    from: String,
    to: String,
    pub(super) adds_up: bool,
    /// Sealed identities could be looked for.
    identities_checked: bool,
    days: Vec<DayLine>,
    events: Vec<EventLine>,
    services: Vec<ServiceLine>,
    /// More than is named, where very much is wrong.
    pub(super) wrong_count: u64,
    wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct DayLine {
    day: String,
    agency: String,
    issued: u64,
    stored: u64,
    ended: u64,
    open: u64,
}

#[derive(Debug, Serialize)]
struct EventLine {
    source: String,
    subscriber: String,
    told: u64,
    received: u64,
    unsent: u64,
    on_the_way: u64,
    missing: u64,
}

#[derive(Debug, Serialize)]
struct ServiceLine {
    service: String,
    unsent: u64,
    retrying: u64,
    parked: usize,
}

/// One thing that does not add up. Never what a report or an event holds.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    service: String,
    /// Code of the report, or id of the event.
    what: String,
    report: String,
    why: String,
}

impl Wrong {
    /// A report that a service does not know.
    pub(super) fn report(filed: &Filed, service: &str, why: &str) -> Self {
        Self {
            service: service.to_owned(),
            what: filed.code.clone(),
            report: filed.id.name(),
            why: why.to_owned(),
        }
    }

    /// An event that was given up.
    pub(super) fn parked(service: &str, parked: &Parked) -> Self {
        Self {
            service: service.to_owned(),
            what: parked.event.to_string(),
            report: parked.attributes.get("subject").cloned().unwrap_or_default(),
            why: format!("it was given up: {}", parked.reason),
        }
    }
}

impl Report {
    pub(super) fn new(days: Days) -> Self {
        Self {
            from: days.first.to_string(),
            to: days.last.to_string(),
            adds_up: true,
            identities_checked: false,
            days: Vec::new(),
            events: Vec::new(),
            services: Vec::new(),
            wrong_count: 0,
            wrong: Vec::new(),
        }
    }

    pub(super) fn enter_reports(&mut self, found: &Reconciliation) {
        self.identities_checked = found.identities_checked;
        for line in &found.lines {
            let Count { issued, stored, ended, open } = line.count;
            self.days.push(DayLine {
                day: line.day.to_string(),
                agency: line.agency.as_ref().map(ToString::to_string).unwrap_or_default(),
                issued,
                stored,
                ended,
                open,
            });
            self.adds_up &= line.count.adds_up();
        }
        self.wrong_count += found.gap_count - found.gaps.len() as u64;
        self.enter_wrong(
            found
                .gaps
                .iter()
                .map(|gap| Wrong {
                    service: intake::NAME.to_owned(),
                    what: gap.code.clone(),
                    report: gap.report.name(),
                    why: gap.defect.explain().to_owned(),
                })
                .collect(),
        );
    }

    pub(super) fn enter_delivery(&mut self, delivery: Delivery) {
        self.events.push(EventLine {
            source: delivery.source.to_owned(),
            subscriber: delivery.subscriber.to_owned(),
            told: delivery.told,
            received: delivery.received,
            unsent: delivery.unsent,
            on_the_way: delivery.on_the_way,
            missing: delivery.missing_count,
        });
        self.wrong_count += delivery.missing_count - delivery.missing.len() as u64;
        let missing = delivery.missing.iter().map(|told| {
            let event = told.event_type.rsplit('.').next().unwrap_or(&told.event_type);
            Wrong {
                service: delivery.subscriber.to_owned(),
                what: told.event.to_string(),
                report: told.report.name(),
                why: format!("{} has told {event}, which never arrived", delivery.source),
            }
        });
        self.enter_wrong(missing.collect());
    }

    pub(super) fn enter_service(&mut self, service: &str, unsent: u64, retrying: u64, parked: usize) {
        self.services.push(ServiceLine { service: service.to_owned(), unsent, retrying, parked });
    }

    pub(super) fn enter_wrong(&mut self, wrong: Vec<Wrong>) {
        self.wrong_count += wrong.len() as u64;
        self.wrong.extend(wrong);
        self.adds_up &= self.wrong_count == 0;
    }

    /// As tables, or as one JSON object.
    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut output = std::io::stdout().lock();
        if json {
            serde_json::to_writer(&mut output, self)?;
            output.write_all(b"\n")?;
            return Ok(());
        }
        let mut days = empty_table(["Day", "Agency", "Issued", "Stored", "Ended", "Open"]);
        for line in &self.days {
            let [issued, stored, ended, open] =
                [line.issued, line.stored, line.ended, line.open].map(|count| count.to_string());
            days.add_row([&line.day, &line.agency, &issued, &stored, &ended, &open]);
        }
        writeln!(output, "{} to {}\n{days}\n", self.from, self.to)?;
        let mut events = empty_table(["From", "To", "Told", "Received", "Unsent", "On the way", "Missing"]);
        for line in &self.events {
            let counts = [line.told, line.received, line.unsent, line.on_the_way, line.missing];
            let [told, received, unsent, on_the_way, missing] = counts.map(|count| count.to_string());
            events.add_row([
                &line.source,
                &line.subscriber,
                &told,
                &received,
                &unsent,
                &on_the_way,
                &missing,
            ]);
        }
        writeln!(output, "{events}\n")?;
        let mut services = empty_table(["Service", "Unsent", "Retrying", "Parked"]);
        for line in &self.services {
            let counts = [line.unsent, line.retrying, line.parked as u64].map(|count| count.to_string());
            services.add_row([&line.service, &counts[0], &counts[1], &counts[2]]);
        }
        writeln!(output, "{services}")?;
        if !self.identities_checked {
            writeln!(output, "\nSealed identities were not looked for: this account has no right to.")?;
        }
        if !self.wrong.is_empty() {
            let mut wrong = empty_table(["Service", "What", "Report", "Why"]);
            for line in &self.wrong {
                wrong.add_row([&line.service, &line.what, &line.report, &line.why]);
            }
            writeln!(output, "\n{wrong}")?;
        }
        Ok(())
    }
}
