//! Follows every acknowledged report to an agency or a person, and counts.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use contract::common::v1::ReportState;
use contract::intake::v1::intake_service_client::IntakeServiceClient;
use contract::intake::v1::{GetReportRequest, ListReportsRequest, ListScope, Report, ReportView};
use hdrhistogram::Histogram;
use serde::Serialize;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::cast::Cast;
use crate::send::{Sent, connect};

/// Timelines read to measure the way from acknowledged to owned.
const SAMPLE: usize = 400;

/// The figures of a run; times in milliseconds.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Reports sent.
    pub asked: u64,
    /// Reports acknowledged.
    pub acknowledged: usize,
    /// Requests refused.
    pub refused: u64,
    /// Acknowledged reports that are not in their sender's list.
    pub lost: usize,
    /// Reports that reached neither agency nor person in time.
    pub unsettled: usize,
    /// Acknowledged reports per second while sending.
    pub acknowledged_per_second: f64,
    /// Reports per second from the first acknowledged to the last that reached its owner.
    pub whole_way_per_second: f64,
    /// CreateReport.
    pub create_p50: f64,
    /// CreateReport.
    pub create_p99: f64,
    /// From acknowledged to agency or person, by the timelines of a sample.
    pub owned_p50: f64,
    /// See `owned_p50`.
    pub owned_p99: f64,
    /// Reports per state.
    pub states: HashMap<String, usize>,
}

/// Waits until every report of the ledger has an owner, and counts.
pub async fn measure(address: &str, cast: &Cast, sent: &Sent, limit: Duration) -> anyhow::Result<Figures> {
    let channel = connect(address).await?;
    let begin = Instant::now();
    let reports = loop {
        let reports = list_all(&channel, cast).await?;
        let settled = sent.acknowledged.iter().all(|(name, _)| reports.get(name).is_some_and(is_settled));
        if settled || begin.elapsed() > limit {
            break reports;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let mine: Vec<&Report> = sent.acknowledged.iter().filter_map(|(name, _)| reports.get(name)).collect();
    let settled: Vec<&Report> = mine.iter().copied().filter(|report| is_settled(report)).collect();
    let mut states = HashMap::new();
    for report in &mine {
        *states.entry(report.state().as_str_name().to_owned()).or_insert(0) += 1;
    }
    let owned = owned_latencies(&channel, cast, sent).await?;
    let milliseconds = |micros: u64| micros as f64 / 1_000.0;
    Ok(Figures {
        asked: sent.asked,
        acknowledged: sent.acknowledged.len(),
        refused: sent.refused,
        lost: sent.acknowledged.len() - mine.len(),
        unsettled: mine.len() - settled.len(),
        acknowledged_per_second: sent.acknowledged.len() as f64 / sent.sending.as_secs_f64(),
        whole_way_per_second: whole_way(&settled),
        create_p50: milliseconds(sent.latency.value_at_quantile(0.5)),
        create_p99: milliseconds(sent.latency.value_at_quantile(0.99)),
        owned_p50: milliseconds(owned.value_at_quantile(0.5)),
        owned_p99: milliseconds(owned.value_at_quantile(0.99)),
        states,
    })
}

fn is_settled(report: &Report) -> bool {
    report.state() != ReportState::Submitted
}

/// By the system's own clock: from the first report's creation to the last change of any.
fn whole_way(settled: &[&Report]) -> f64 {
    let first = settled.iter().filter_map(|report| report.create_time).map(micros).min();
    let last = settled.iter().filter_map(|report| report.update_time).map(micros).max();
    match (first, last) {
        (Some(first), Some(last)) if last > first => settled.len() as f64 / ((last - first) as f64 / 1e6),
        _ => 0.0,
    }
}

async fn list_all(channel: &Channel, cast: &Cast) -> anyhow::Result<HashMap<String, Report>> {
    let mut reports = HashMap::new();
    for token in &cast.tokens {
        let mut page_token = String::new();
        loop {
            let message = ListReportsRequest {
                page_size: 100,
                page_token,
                scope: ListScope::Own.into(),
                ..ListReportsRequest::default()
            };
            let mut client = IntakeServiceClient::new(channel.clone()).max_decoding_message_size(16 << 20);
            let page = client.list_reports(with_token(message, token)).await?.into_inner();
            reports.extend(page.reports.into_iter().map(|report| (report.name.clone(), report)));
            if page.next_page_token.is_empty() {
                break;
            }
            page_token = page.next_page_token;
        }
    }
    Ok(reports)
}

/// From creation to the first entry that names an owner, for an even sample.
async fn owned_latencies(channel: &Channel, cast: &Cast, sent: &Sent) -> anyhow::Result<Histogram<u64>> {
    let mut latencies = Histogram::new(3)?;
    let step = (sent.acknowledged.len() / SAMPLE).max(1);
    for (name, sender) in sent.acknowledged.iter().step_by(step) {
        let message = GetReportRequest { name: name.clone(), view: ReportView::Full.into() };
        let mut client = IntakeServiceClient::new(channel.clone());
        let report = client.get_report(with_token(message, &cast.tokens[*sender])).await?.into_inner();
        let owned = report
            .timeline
            .iter()
            .find(|entry| matches!(entry.state(), ReportState::Assigned | ReportState::UnderReview));
        if let Some(owned) = owned {
            let created = micros(report.create_time.context("a report without creation time")?);
            let at = micros(owned.time.context("an entry without time")?);
            latencies.record(u64::try_from(at - created).unwrap_or(0))?;
        }
    }
    Ok(latencies)
}

fn with_token<T>(message: T, token: &MetadataValue<Ascii>) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", token.clone());
    request
}

fn micros(time: prost_types::Timestamp) -> i64 {
    time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000
}
