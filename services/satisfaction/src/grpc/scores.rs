//! `ScoreService`: scores for everybody, with what must not be seen left out.

use contract::satisfaction::v1 as api;
use contract::satisfaction::v1::score_service_server::ScoreService;
use province::Province;
use runtime::{grpc, wire};
use time::macros::date;
use time::{Date, Duration};
use tonic::{Request, Response, Status};
use vocabulary::{Problem, Timestamp};

use super::encode;
use crate::Service;
use crate::domain::board::{Place, Score};
use crate::domain::period::Period;
use crate::domain::tally::Dimension;
use crate::error::Error;
use crate::usecases::read_scores::Scope;

const DEFAULT_PAGE: u32 = 20;
const LONGEST_PAGE: u32 = 500;
/// Where "the beginning" is: before any report.
const BEGINNING: Date = date!(2000 - 01 - 01);

#[tonic::async_trait]
impl ScoreService for Service {
    #[tracing::instrument(skip_all)]
    async fn get_score(
        &self,
        request: Request<api::GetScoreRequest>,
    ) -> Result<Response<api::Score>, Status> {
        let request = request.into_inner();
        let (dimension, scope) = parse_dimension(request.dimension)?;
        let period = self.parse_period(request.start_time, request.end_time)?;
        let subject = request.subject.strip_prefix("agencies/").unwrap_or(&request.subject);
        if subject.is_empty() {
            return Err(Error::from(subject_required()).into());
        }
        let policy = &self.platform.province.policies.scores;
        let score = self.scoreboards.get_score(policy, scope, subject, period).await?;
        Ok(Response::new(encode::score(dimension, &score, &policy.method_version)))
    }

    #[tracing::instrument(skip_all)]
    async fn list_scores(
        &self,
        request: Request<api::ListScoresRequest>,
    ) -> Result<Response<api::ListScoresResponse>, Status> {
        let caller = grpc::caller(&request)?;
        let request = request.into_inner();
        let (dimension, scope) = parse_dimension(request.dimension)?;
        let period = self.parse_period(request.start_time, request.end_time)?;
        let length =
            wire::page_size(request.page_size, DEFAULT_PAGE, LONGEST_PAGE).map_err(Error::Refused)?;
        let page = Page {
            scope: page_scope(&self.platform.reporters.caller(&caller), &request),
            length: usize::try_from(length).unwrap_or(usize::MAX),
        };
        let bytes = |cursor: &[u8]| from_cursor(cursor).map(|_| cursor.to_vec());
        let key = &self.platform.page_key;
        let after = key.decode(&page.scope, &request.page_token, bytes).map_err(Error::Refused)?;
        let policy = &self.platform.province.policies.scores;
        let scores = self.scoreboards.list_scores(policy, scope, period).await?;
        let (shown, last) = page.cut(&scores, after.as_deref());
        Ok(Response::new(api::ListScoresResponse {
            scores: shown
                .iter()
                .map(|score| encode::score(dimension, score, &policy.method_version))
                .collect(),
            next_page_token: last.map_or_else(String::new, |cursor| key.encode(&page.scope, &cursor)),
        }))
    }
}

impl Service {
    /// Whole local days: the first and the last one count even if the period holds only a part of them.
    fn parse_period(
        &self,
        start: Option<prost_types::Timestamp>,
        end: Option<prost_types::Timestamp>,
    ) -> Result<Period, Error> {
        let parse = |at: prost_types::Timestamp| {
            Timestamp::from_parts(at.seconds, at.nanos)
                .ok_or_else(|| period_invalid("lies outside the years 1 to 9999"))
        };
        let (start, end) = (start.map(parse).transpose()?, end.map(parse).transpose()?);
        let end = end.unwrap_or_else(|| self.platform.clock.now() + std::time::Duration::from_micros(1));
        if start.is_some_and(|start| start >= end) {
            return Err(period_invalid("start_time must lie before end_time").into());
        }
        Ok(local_period(&self.platform.province, start, end)?)
    }
}

fn local_period(province: &Province, start: Option<Timestamp>, end: Timestamp) -> Result<Period, Problem> {
    let first = start.map_or(BEGINNING, |start| province.local_date(start).max(BEGINNING));
    let last = province.local_date(end - std::time::Duration::from_micros(1));
    let end = last.checked_add(Duration::DAY).unwrap_or(Date::MAX);
    Period::new(first, end).ok_or_else(|| period_invalid("ends before the first report could have been"))
}

fn parse_dimension(value: i32) -> Result<(api::ScoreDimension, Scope), Error> {
    use api::ScoreDimension as Wire;
    match Wire::try_from(value) {
        Ok(Wire::Agency) => Ok((Wire::Agency, Scope::Subjects(Dimension::Agency))),
        Ok(Wire::Field) => Ok((Wire::Field, Scope::Subjects(Dimension::Field))),
        Ok(Wire::Commune) => Ok((Wire::Commune, Scope::Subjects(Dimension::Commune))),
        Ok(Wire::Province) => Ok((Wire::Province, Scope::Province)),
        Ok(Wire::Unspecified) | Err(_) => Err(Problem::invalid(
            "dimension",
            "ENUM_UNKNOWN",
            "must be AGENCY, FIELD, COMMUNE or PROVINCE",
            "Tiêu chí thống kê không hợp lệ.",
        )
        .into()),
    }
}

fn period_invalid(why: &str) -> Problem {
    Problem::invalid("start_time", "PERIOD_INVALID", why, "Khoảng thời gian không hợp lệ.")
}

fn subject_required() -> Problem {
    Problem::invalid("subject", "FIELD_REQUIRED", "is required", "Thiếu thông tin bắt buộc.")
}

/// A token continues the list it was made for, for the caller it was made for.
fn page_scope(caller: &[u8], request: &api::ListScoresRequest) -> Vec<u8> {
    let time = |at: &Option<prost_types::Timestamp>| {
        at.as_ref().map_or_else(String::new, |at| format!("{}.{}", at.seconds, at.nanos))
    };
    wire::scope(&[
        b"ListScores",
        caller,
        &request.dimension.to_be_bytes(),
        time(&request.start_time).as_bytes(),
        time(&request.end_time).as_bytes(),
    ])
}

struct Page {
    scope: Vec<u8>,
    length: usize,
}

impl Page {
    /// The scores after the cursor, and the cursor of the next page.
    fn cut<'a>(&self, scores: &'a [Score], after: Option<&[u8]>) -> (&'a [Score], Option<Vec<u8>>) {
        let place = after.and_then(from_cursor);
        let from = place.map_or(0, |place| scores.partition_point(|score| score.place() <= place));
        let rest = &scores[from..];
        let shown = &rest[..rest.len().min(self.length)];
        let more = shown.len() < rest.len();
        (shown, shown.last().filter(|_| more).map(|score| to_cursor(score.place())))
    }
}

fn to_cursor(place: Place<'_>) -> Vec<u8> {
    let (class, lower, subject) = place.parts();
    [&[class], lower.to_be_bytes().as_slice(), subject.as_bytes()].concat()
}

fn from_cursor(cursor: &[u8]) -> Option<Place<'_>> {
    let (class, rest) = cursor.split_first()?;
    let (lower, subject) = rest.split_first_chunk::<8>()?;
    Some(Place::new(*class, u64::from_be_bytes(*lower), std::str::from_utf8(subject).ok()?))
}
