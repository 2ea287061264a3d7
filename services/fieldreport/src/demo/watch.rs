//! Follows one report's timeline through its live stream, over interruptions.

use std::time::Duration;

use anyhow::Context as _;
use contract::intake::v1::{TimelineEntry, WatchReportRequest, WatchReportResponse};
use tonic::{Code, Status, Streaming};

use super::actor::Actor;

/// How long the next event of a report may take: far beyond what the system needs.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a broken stream is taken up again.
const RESUMES: u32 = 5;

/// A report's timeline, as it grows.
pub struct Watch {
    actor: Actor,
    report: String,
    resume_token: String,
    stream: Streaming<WatchReportResponse>,
    resumes: u32,
}

impl Watch {
    /// Begins with the first entry.
    pub async fn open(actor: Actor, report: &str) -> anyhow::Result<Self> {
        let stream = connect(&actor, report, "").await?;
        let (report, resume_token) = (report.to_owned(), String::new());
        Ok(Self { actor, report, resume_token, stream, resumes: RESUMES })
    }

    /// The next entry; none after the report's end.
    pub async fn next(&mut self) -> anyhow::Result<Option<TimelineEntry>> {
        loop {
            let step = tokio::time::timeout(PATIENCE, self.stream.message()).await;
            match step.with_context(|| format!("nothing happened for {} s", PATIENCE.as_secs()))? {
                Ok(Some(step)) => {
                    self.resume_token = step.resume_token;
                    return Ok(step.entry);
                }
                Ok(None) => return Ok(None),
                Err(status) if status.code() == Code::Unavailable && self.resumes > 0 => {
                    self.resumes -= 1;
                    self.stream = connect(&self.actor, &self.report, &self.resume_token).await?;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }
}

async fn connect(
    actor: &Actor,
    report: &str,
    resume_token: &str,
) -> Result<Streaming<WatchReportResponse>, Status> {
    let request = WatchReportRequest { name: report.to_owned(), resume_token: resume_token.to_owned() };
    actor.call(request, async |request| actor.intake().watch_report(request).await).await
}
