//! Finds reports about the same matter: for somebody who is about to report, and for the people at the desk.

use auth::{Caller, Role};
use contract::classification::v1::{
    CountSimilarReportsResponse, ListSimilarReportsResponse, Resemblance, SimilarReport,
};
use runtime::wire::timestamp;
use vocabulary::{Access, LeafCode, Point, Problem, ReportId, Scope, Text as Written, Timestamp};

use super::{Desk, may_see};
use crate::domain::similar::{Features, Likeness, PhotoHash, WordSet, coarse, likeness, squares_around};
use crate::domain::text::Text;
use crate::error::Error;
use crate::messages;
use crate::store::{self, Candidate};

/// More are not counted.
const MOST: usize = 99;

/// How many others have reported the same, of what everybody may know.
pub async fn count_similar(
    desk: &Desk,
    text: &Written,
    point: Point,
) -> Result<CountSimilarReportsResponse, Error> {
    let proposal = desk.machine().read(text.as_str()).proposal;
    // Whoever is about to denounce is told nothing that others have reported.
    if proposal.access != Access::Ordinary {
        return Ok(CountSimilarReportsResponse::default());
    }
    let Some(place) = coarse(point) else { return Ok(CountSimilarReportsResponse::default()) };
    let subject = Features {
        words: WordSet::of(&Text::parse(text.as_str())),
        point: Some(place),
        leaf: proposal.leaf,
        sent: desk.now(),
        photos: Vec::new(),
    };
    let mut found: Vec<(LeafCode, Timestamp)> = Vec::new();
    for candidate in near(desk, &subject, Some(point)).await?.into_iter().filter(is_public) {
        let Some(mut other) = features(&candidate, Vec::new()) else { continue };
        other.point = other.point.and_then(coarse);
        if likeness(&subject, &other, &desk.province.policies.similar).is_some_and(|found| is_near(&found)) {
            found.push((other.leaf, other.sent));
        }
    }
    let most = found.iter().map(|(leaf, _)| leaf).max_by_key(|leaf| {
        (found.iter().filter(|(other, _)| other == *leaf).count(), std::cmp::Reverse((*leaf).clone()))
    });
    let times = || found.iter().map(|(_, sent)| *sent);
    Ok(CountSimilarReportsResponse {
        count: i32::try_from(found.len().min(MOST)).unwrap_or(0),
        leaf: most.map(|leaf| leaf.as_str().to_owned()).unwrap_or_default(),
        first_time: times().min().map(timestamp),
        latest_time: times().max().map(timestamp),
    })
}

/// The reports that resemble one, as far as the caller may see them.
pub async fn list_similar(
    desk: &Desk,
    caller: &Caller,
    report: ReportId,
    size: u32,
) -> Result<ListSimilarReportsResponse, Error> {
    let read = desk.outbox.database().read();
    let found = store::find_classification(read, report).await?;
    let visible = found.filter(|(classified, _)| may_see(caller, classified.assessment.access));
    let (classified, papers) = visible.ok_or_else(Problem::denied)?;
    let own_photos = store::photos_of(read, [report]).await?.remove(&report);
    let subject = Features {
        words: WordSet::of(&Text::parse(&papers.snapshot.text)),
        point: papers.point(),
        leaf: classified.assessment.leaf.clone(),
        sent: papers.sent().unwrap_or(classified.since),
        photos: own_photos.unwrap_or_default(),
    };
    let policy = &desk.province.policies.similar;
    let others = near(desk, &subject, subject.point).await?;
    let mut photos = store::photos_of(read, others.iter().map(|other| other.found.report)).await?;
    let seen = others.into_iter().filter(|other| {
        other.found.report != report
            && !other.withdrawn
            && may_see(caller, other.found.classified.assessment.access)
    });
    let mut similar: Vec<(Likeness, Candidate)> = seen
        .filter_map(|other| {
            let photos = photos.remove(&other.found.report).unwrap_or_default();
            Some((likeness(&subject, &features(&other, photos)?, policy)?, other))
        })
        .collect();
    similar.sort_by(|a, b| b.0.score.total_cmp(&a.0.score).then(b.1.found.report.cmp(&a.1.found.report)));
    similar.truncate(size as usize);
    let reports = similar.iter().map(|(likeness, candidate)| SimilarReport {
        report: Some(messages::summary(&candidate.found)),
        score: likeness.score,
        reasons: likeness
            .reasons
            .iter()
            .map(|(code, value)| Resemblance { code: code.as_str().to_owned(), value: *value })
            .collect(),
    });
    Ok(ListSimilarReportsResponse { reports: reports.collect() })
}

/// What may resemble the subject, which lies at `place`.
async fn near(desk: &Desk, subject: &Features, place: Option<Point>) -> Result<Vec<Candidate>, Error> {
    let window = desk.province.policies.similar.window;
    let since = subject.sent - window;
    let read = desk.outbox.database().read();
    let squares: Vec<i64> = place.into_iter().flat_map(squares_around).collect();
    Ok(store::candidates(read, &squares, subject.words.bands(), &subject.photos, since).await?)
}

fn features(candidate: &Candidate, photos: Vec<PhotoHash>) -> Option<Features> {
    Some(Features {
        words: WordSet::of(&Text::parse(&candidate.found.snapshot.text)),
        point: store::point(&candidate.found.snapshot),
        leaf: candidate.found.classified.assessment.leaf.clone(),
        sent: store::sent(&candidate.found.snapshot)?,
        photos,
    })
}

/// Whether everybody may know of it: with an agency, in the open, and still to be done.
fn is_public(candidate: &Candidate) -> bool {
    let assessment = &candidate.found.classified.assessment;
    candidate.found.classified.routed
        && assessment.access == Access::Ordinary
        && assessment.scope == Scope::In
        && !candidate.withdrawn
        && !candidate.waits
        && !candidate.found.closed
}

/// Somebody who reports wants to know of the same thing there, not of the same words elsewhere.
fn is_near(likeness: &Likeness) -> bool {
    likeness.reasons.iter().any(|(code, _)| *code == crate::domain::similar::Resemblance::Near)
}

/// Who searches sees what is ordinary; cleared officers see all.
pub(super) fn sight(caller: &Caller) -> Option<Access> {
    (caller.role() != Role::ClearedOfficer).then_some(Access::Ordinary)
}
