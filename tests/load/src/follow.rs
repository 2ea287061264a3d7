//! The whole way: what became of every acknowledged report, read when the measured window is over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use contract::common::v1::ReportState;
use contract::intake::v1::{
    GetReportRequest, ListReportsRequest, ListReportsResponse, ListScope, Report, ReportView,
};
use futures::{StreamExt as _, TryStreamExt as _};
use hdrhistogram::Histogram;
use vocabulary::Timestamp;

use crate::cast::Cast;
use crate::driver::{Ask, Driver, Failure};
use crate::operation::Operation;
use crate::recorder::{Acknowledged, add, histogram};
use crate::reply::Reply;

const PAUSE: Duration = Duration::from_millis(500);
const PAGE: i32 = 100;
/// Reports read at once.
const READERS: usize = 8;

/// How the reports of a run did.
#[derive(Debug, Default)]
pub struct Way {
    /// Acknowledged reports that are not in their sender's list.
    pub lost: usize,
    /// Reports that reached neither agency nor person nor a reasoned end.
    pub unsettled: usize,
    /// From creation to the first entry of the timeline that names an owner or an end, microseconds; of the sample.
    pub owned: Option<Histogram<u64>>,
    /// Reports that found their owner within the window, per second.
    pub sustained_per_second: f64,
    /// Reports acknowledged but without owner at the end of the window.
    pub backlog: f64,
    /// All reports, from the first creation to the last change of any, per second.
    pub whole_way_per_second: f64,
    /// Reports per state.
    pub states: BTreeMap<String, usize>,
}

/// Reads back what was sent.
pub struct Follower<'a> {
    /// Whose reports they are.
    pub cast: &'a Cast,
    /// Must not measure into the run's figures.
    pub driver: &'a Driver,
    /// How long reports may take to settle.
    pub patience: Duration,
    /// At most so many timelines are read.
    pub sample: usize,
}

impl Follower<'_> {
    /// Waits until every report of `sent` has settled or patience is over, and counts. `window` is by the system's clock.
    pub async fn follow(&self, sent: &[Acknowledged], window: Range<Timestamp>) -> anyhow::Result<Way> {
        if sent.is_empty() {
            return Ok(Way::default());
        }
        let senders: HashSet<usize> = sent.iter().map(|report| report.sender).collect();
        self.wait(&senders).await?;
        let mut reports = HashMap::new();
        for sender in senders {
            let all = self.list(sender, &[]).await?;
            reports.extend(all.into_iter().map(|report| (report.name.clone(), report)));
        }
        let mine: Vec<&Report> = sent.iter().filter_map(|report| reports.get(&report.name)).collect();
        let settled: Vec<&Report> = mine.iter().copied().filter(|report| is_settled(report)).collect();
        let mut way = Way {
            lost: sent.len() - mine.len(),
            unsettled: mine.len() - settled.len(),
            whole_way_per_second: whole_way(&settled),
            ..Way::default()
        };
        for report in &mine {
            *way.states.entry(report.state().as_str_name().to_owned()).or_insert(0) += 1;
        }
        self.sample(sent, window, &mut way).await?;
        Ok(way)
    }

    /// Until nobody has a report that waits for its first step.
    async fn wait(&self, senders: &HashSet<usize>) -> anyhow::Result<()> {
        let begin = Instant::now();
        let mut waiting: Vec<usize> = senders.iter().copied().collect();
        while let Some(sender) = waiting.last() {
            if self.list(*sender, &[ReportState::Submitted]).await?.is_empty() {
                waiting.pop();
            } else if begin.elapsed() > self.patience {
                return Ok(());
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// All of one citizen's reports; with states only those.
    async fn list(&self, sender: usize, states: &[ReportState]) -> anyhow::Result<Vec<Report>> {
        let (mut reports, mut page_token) = (Vec::new(), String::new());
        loop {
            let message = ListReportsRequest {
                page_size: PAGE,
                page_token,
                scope: ListScope::Own.into(),
                states: states.iter().map(|state| (*state).into()).collect(),
                ..ListReportsRequest::default()
            };
            let page: ListReportsResponse = self.read(sender, Operation::ListOwn, &message).await?;
            reports.extend(page.reports);
            if page.next_page_token.is_empty() {
                return Ok(reports);
            }
            page_token = page.next_page_token;
        }
    }

    /// Reads the timelines of an even sample and scales what they say up to all.
    async fn sample(
        &self,
        sent: &[Acknowledged],
        window: Range<Timestamp>,
        way: &mut Way,
    ) -> anyhow::Result<()> {
        let step = sent.len().div_ceil(self.sample.max(1));
        let chosen: Vec<&Acknowledged> = sent.iter().step_by(step).collect();
        let scale = sent.len() as f64 / chosen.len() as f64;
        let owned: Vec<(Timestamp, Option<Timestamp>)> = futures::stream::iter(chosen)
            .map(|report| self.owned(report))
            .buffer_unordered(READERS)
            .try_collect()
            .await?;
        let latencies = way.owned.insert(histogram());
        let (mut within, mut behind) = (0, 0);
        for (created, owned) in owned {
            if let Some(owned) = owned {
                add(latencies, owned.since(created));
            }
            if owned.is_some_and(|owned| window.contains(&owned)) {
                within += 1;
            }
            if created < window.end && owned.is_none_or(|owned| window.end <= owned) {
                behind += 1;
            }
        }
        let seconds = window.end.since(window.start).as_secs_f64();
        way.sustained_per_second = f64::from(within) * scale / seconds;
        way.backlog = f64::from(behind) * scale;
        Ok(())
    }

    /// When a report was created, and when it found its owner.
    async fn owned(&self, report: &Acknowledged) -> anyhow::Result<(Timestamp, Option<Timestamp>)> {
        let message = GetReportRequest { name: report.name.clone(), view: ReportView::Full.into() };
        let read: Report = self.read(report.sender, Operation::GetReport, &message).await?;
        let owner = |state| !matches!(state, ReportState::Unspecified | ReportState::Submitted);
        let entry = read.timeline.iter().find(|entry| owner(entry.state()));
        let at = entry.map(|entry| timestamp(entry.time.as_ref())).transpose()?;
        Ok((timestamp(read.create_time.as_ref())?, at))
    }

    async fn read<M: Reply>(
        &self,
        sender: usize,
        operation: Operation,
        message: &impl prost::Message,
    ) -> anyhow::Result<M> {
        let pass = self.cast.citizen(sender);
        let ask = Ask { pass, operation, request_id: "", due: Instant::now() };
        match self.driver.call(ask, message).await {
            Ok(answer) => Ok(answer.message),
            Err(Failure::Refused(status)) => Err(anyhow::anyhow!("reading back was refused: {status}")),
            Err(Failure::Ledger(error)) => Err(error),
        }
    }
}

fn is_settled(report: &Report) -> bool {
    report.state() != ReportState::Submitted
}

/// By the system's own clock: from the first report's creation to the last change of any.
fn whole_way(settled: &[&Report]) -> f64 {
    let first = settled.iter().filter_map(|report| timestamp(report.create_time.as_ref()).ok()).min();
    let last = settled.iter().filter_map(|report| timestamp(report.update_time.as_ref()).ok()).max();
    match (first, last) {
        (Some(first), Some(last)) if last > first => settled.len() as f64 / last.since(first).as_secs_f64(),
        _ => 0.0,
    }
}

fn timestamp(at: Option<&prost_types::Timestamp>) -> anyhow::Result<Timestamp> {
    at.and_then(|at| Timestamp::from_parts(at.seconds, at.nanos)).context("an answer without its time")
}
