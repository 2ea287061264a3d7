//! The whole cast on stage: many reports at a time, in the order of the file; then the scores.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use auth::Role;
use contract::satisfaction::v1::{GetScoreRequest, ListScoresRequest, Score, ScoreDimension};
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use province::Province;
use tonic::Status;

use super::actor::{Actor, Stage};
use super::cast::Part;
use super::journey;
use super::photo::Album;
use super::played::Played;
use super::staff::Staff;
use super::summary::ScoreLine;
use super::tables;

/// Reports played at one time.
const AT_ONCE: usize = 8;

/// What came out of it.
pub struct Performance {
    /// Every report, in the order of the cast.
    pub reports: Vec<Played>,
    /// Every agency with a score, then the province.
    pub scores: Vec<ScoreLine>,
    /// From the first report to the last score.
    pub wall: Duration,
}

/// Plays the cast and reads the scores.
pub async fn perform(
    stage: &Stage,
    cast: &[Part],
    albums: &BTreeMap<String, Album>,
    province: &Province,
) -> anyhow::Result<Performance> {
    let begin = Instant::now();
    let staff = Staff::gather(stage)?;
    let bar = progress(cast.len());
    let nothing = Album::default();
    let journeys = cast.iter().map(|part| {
        let (stage, staff, bar) = (stage, &staff, &bar);
        let album = albums.get(&part.id).unwrap_or(&nothing);
        async move {
            bar.set_message(tables::shorten(&part.about, 60));
            let played = Box::pin(journey::play(stage, staff, part, album)).await;
            bar.inc(1);
            played
        }
    });
    let reports = futures::stream::iter(journeys).buffered(AT_ONCE).collect().await;
    bar.finish_and_clear();
    let reader = stage.person(Role::ScoreConsumer, "scores-page")?;
    let scores = read_scores(&reader, province).await?;
    Ok(Performance { reports, scores, wall: begin.elapsed() })
}

/// On standard error, and only if that is a terminal.
fn progress(reports: usize) -> ProgressBar {
    let bar = ProgressBar::new(reports as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

async fn read_scores(reader: &Actor, province: &Province) -> Result<Vec<ScoreLine>, Status> {
    let mut lines = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListScoresRequest {
            dimension: ScoreDimension::Agency.into(),
            page_token,
            ..ListScoresRequest::default()
        };
        let page = reader.call(request, async |request| reader.scores().list_scores(request).await).await?;
        let named = |score: &Score| ScoreLine::new(score, tables::agency_name(&score.subject, province));
        lines.extend(page.scores.iter().map(named));
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    let request = GetScoreRequest {
        dimension: ScoreDimension::Province.into(),
        subject: "province".to_owned(),
        ..GetScoreRequest::default()
    };
    let whole = reader.call(request, async |request| reader.scores().get_score(request).await).await?;
    lines.push(ScoreLine::new(&whole, format!("{}, all", province.profile.name.vi)));
    Ok(lines)
}
