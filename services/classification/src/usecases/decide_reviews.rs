//! People decide reviews, one or many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use auth::Caller;
use contract::classification::v1::{BatchDecideReviewsResponse, Review, ReviewResult};
use database::requests::Request;
use messaging::Work;
use prost::Message as _;
use vocabulary::{Access, Problem, ReportId, ReviewId};

use super::announce::announce;
use super::{Desk, answered, may_see, take_reviews};
use crate::domain::assessment::{Assessment, Decision};
use crate::domain::case::{Case, Circumstances};
use crate::domain::doubts::ReviewReason;
use crate::domain::review::{Actor, Refusal};
use crate::error::Error;
use crate::machine::Machine;
use crate::messages;
use crate::store::{self, Dossier};

/// What a person wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// This decision.
    Decision(Decision),
    /// That the report counts as a repetition of this one.
    Duplicate(ReportId),
}

/// One review to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct DecideItem {
    /// The review.
    pub review: ReviewId,
    /// What.
    pub wish: Wish,
    /// The version that was read; none if the etag is not ours.
    pub version: Option<i64>,
}

/// One item of a batch: its name as asked, and what is to be done or why that cannot even be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem<T> {
    /// `reviews/{uuid}`, as asked.
    pub name: String,
    /// What is to be done.
    pub item: Result<T, Problem>,
}

/// Decides one review, or answers as before if the same request was answered before.
pub async fn decide_review(
    desk: Desk,
    caller: Caller,
    item: DecideItem,
    request: Request,
) -> Result<Review, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let undo = desk.province.policies.triage.undo_single;
    let outcomes = decide_all(&desk, &mut work, &caller, vec![item], undo).await?;
    // A refusal leaves nothing behind: the transaction is dropped, the request id stays free.
    let review = outcomes.into_iter().next().ok_or_else(Problem::denied)??;
    request.answer(work.inserts(), review.encode_to_vec(), desk.now())?;
    database::fault_point!("classification.decide.before-commit");
    work.commit().await?;
    database::fault_point!("classification.decide.after-commit");
    Ok(review)
}

/// What is answered for each item of a batch; `outcomes` are of those that were understood.
pub(super) fn results<T>(
    items: Vec<BatchItem<T>>,
    outcomes: Vec<Result<Review, Error>>,
) -> Vec<ReviewResult> {
    let mut outcomes = outcomes.into_iter();
    let result = |BatchItem { name, item }: BatchItem<T>| {
        let outcome = item.and_then(|_| match outcomes.next() {
            Some(outcome) => outcome.map_err(|error| error.problem()),
            None => Err(Problem::internal("a decision is missing")),
        });
        messages::result(name, outcome)
    };
    items.into_iter().map(result).collect()
}

/// Decides each review of a batch for itself, all in one transaction.
pub async fn decide_batch(
    desk: Desk,
    caller: Caller,
    items: Vec<BatchItem<DecideItem>>,
    request: Request,
) -> Result<BatchDecideReviewsResponse, Error> {
    let mut work = desk.outbox.begin().await?;
    if let Some(answer) = answered(&request, &work).await? {
        return Ok(answer);
    }
    let undo = desk.province.policies.triage.undo_batch;
    let understood = items.iter().filter_map(|item| item.item.as_ref().ok().cloned()).collect();
    let decided = decide_all(&desk, &mut work, &caller, understood, undo).await?;
    let results = results(items, decided);
    let reply = BatchDecideReviewsResponse { results };
    request.answer(work.inserts(), reply.encode_to_vec(), desk.now())?;
    work.commit().await?;
    Ok(reply)
}

/// Decides reviews in the transaction of `work`, in a constant number of statements; an outcome for each.
async fn decide_all(
    desk: &Desk,
    work: &mut Work,
    caller: &Caller,
    items: Vec<DecideItem>,
    undo: Duration,
) -> Result<Vec<Result<Review, Error>>, Error> {
    let ids: BTreeSet<ReviewId> = items.iter().map(|item| item.review).collect();
    let mut dossiers = take_reviews(work, &ids).await?;
    database::fault_point!("classification.decide.after-lock");
    let originals = items.iter().filter_map(|item| match item.wish {
        Wish::Duplicate(original) => Some(original),
        Wish::Decision(_) => None,
    });
    let originals = store::read_cases(work.tx(), &originals.collect()).await?;
    let (machine, viewer) = (desk.machine(), desk.viewer(caller));
    let now = viewer.now;
    let (mut outcomes, mut changes, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for DecideItem { review, wish, version } in items {
        let visible = |dossier: &Dossier| {
            dossier.case.review.as_ref().is_some_and(|review| may_see(caller, review.access()))
        };
        let Some(mut dossier) = dossiers.remove(&review).filter(visible) else {
            outcomes.push(Err(Problem::denied().into()));
            continue;
        };
        let before = dossier.case.clone();
        let decision = match resolve(wish, &before, &originals) {
            Ok(decision) => decision,
            Err(problem) => {
                outcomes.push(Err(problem.into()));
                continue;
            }
        };
        let circumstances = Circumstances {
            actor: actor(desk, work, caller, &before).await?,
            // No review has the version 0.
            version: version.unwrap_or(0),
            own: own_access(&machine, &before),
            now,
            undo,
            answer: desk.province.policies.triage.answer,
            pause: desk.province.policies.clocks.pause_while_awaiting_info,
        };
        let announcement = match dossier.case.decide(decision, circumstances) {
            Ok(announcement) => announcement,
            Err(refusal) => {
                outcomes.push(Err(refusal.into()));
                continue;
            }
        };
        if let Some(announcement) = announcement {
            labels.extend(announce(desk, work, now, &dossier, &announcement));
        }
        let (Some(review), Some(papers)) = (&dossier.case.review, &dossier.papers) else {
            return Err(Refusal::NotOpen.into());
        };
        outcomes.push(Ok(messages::review(review, papers, &machine, viewer)));
        changes.push((before, dossier));
    }
    store::update(work.inserts(), &changes)?;
    store::insert_labels(work.tx(), labels).await?;
    Ok(outcomes)
}

/// The decision that a wish comes to.
fn resolve(wish: Wish, case: &Case, originals: &BTreeMap<ReportId, Case>) -> Result<Decision, Problem> {
    match wish {
        Wish::Decision(decision) => Ok(decision),
        Wish::Duplicate(report) => {
            let original = originals.get(&report).filter(|original| original.report != case.report);
            let of = original.and_then(Case::as_original).ok_or_else(|| {
                Problem::invalid(
                    "mark_duplicate.report",
                    "DUPLICATE_INVALID",
                    "must be another report that is ordinary, in scope, handled, and repeats none itself",
                    "Không thể đánh dấu trùng với phản ánh này.",
                )
            })?;
            Ok(Decision::MarkDuplicate { of })
        }
    }
}

/// Who acts on a case; whether they have decided about it before matters when a return is contested.
pub(super) async fn actor(desk: &Desk, work: &Work, caller: &Caller, case: &Case) -> Result<Actor, Error> {
    let person = desk.person(caller);
    let contested =
        case.review.as_ref().is_some_and(|review| review.reasons.contains(&ReviewReason::ReturnContested));
    let decided_before = contested && store::has_decided(work.tx(), person, case.report).await?;
    Ok(Actor { person, role: caller.role().as_str().to_owned(), decided_before })
}

/// What the proposed leaf demands by itself; a leaf that the taxonomy has lost keeps its report as sealed as it is.
fn own_access(machine: &Machine, case: &Case) -> Access {
    let Some(review) = &case.review else { return Access::Quarantine };
    let Assessment { leaf, access, .. } = &review.proposal;
    machine.find_leaf(leaf.as_str()).map_or(*access, |leaf| leaf.access)
}
