//! What the service does, one use case per file.

mod announce;
mod claim_review;
mod classify_text;
mod decide_reviews;
mod follow_reports;
mod get_classification;
mod get_review;
mod label_blindly;
mod list_labels;
mod list_reviews;
mod mark_label;
mod models;
mod report_learning;
mod search_reports;
mod similar_reports;
mod train_model;
mod undo_decisions;
mod wake_reviews;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use auth::{Caller, ReporterSeal, Role};
use contract::event::v1::ReportSnapshot;
use database::requests::{Known, Request};
use messaging::{Outbox, Work};
use prost::Message;
use province::{ClockKind, Province, clocks};
use runtime::wire::{PageKey, parse_timestamp};
use sea_orm::DbErr;
use tokio::sync::Notify;
use vocabulary::{Access, Problem, ReviewId, Timestamp};

pub use claim_review::{ClaimReview, claim_review, release_review};
pub use classify_text::classify_text;
pub use decide_reviews::{BatchItem, DecideItem, Wish, decide_batch, decide_review};
pub use follow_reports::{Fact, Happening, follow_reports};
pub use get_classification::get_classification;
pub use get_review::get_review;
pub use label_blindly::{SubmitBlindLabel, list_blind_tasks, submit_blind_label};
pub use list_labels::list_labels;
pub use list_reviews::{Page, list_reviews};
pub use mark_label::{MarkLabel, mark_label};
pub use models::{ask_for_training, list_models, put_back, roll_back, take_back, trained_models};
pub use report_learning::report_learning;
pub use search_reports::{Search, search_reports};
pub use similar_reports::{count_similar, list_similar};
pub use train_model::{follow_switches, take_tonight, train_model};
pub use undo_decisions::{undo_batch, undo_decision};
pub use wake_reviews::wake_reviews;

use crate::domain::person::Person;
use crate::domain::review::Review;
use crate::error::Error;
use crate::events::Teller;
use crate::machine::{Machine, MachineInForce};
use crate::messages::Viewer;
use crate::store::{self, Dossier};

/// What the use cases work with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The service's database and the way out for its events.
    pub outbox: Outbox,
    /// Proposes.
    pub machine: MachineInForce,
    /// The province's rules.
    pub province: Arc<Province>,
    /// Signs page tokens.
    pub page_key: PageKey,
    /// Tells callers apart without naming them.
    pub seal: ReporterSeal,
    /// Wakes who trains, before the night.
    pub train: Arc<Notify>,
}

impl Desk {
    /// The machine in force.
    pub fn machine(&self) -> Arc<Machine> {
        self.machine.get()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.outbox.clock().now()
    }

    /// When the first clock (receive and distribute) of a report is due.
    pub fn due_time(&self, snapshot: &ReportSnapshot) -> Result<Timestamp, Problem> {
        Ok(self.due_from(parse_timestamp("create_time", snapshot.create_time)?))
    }

    /// When the first clock is due that begins at `start`.
    pub fn due_from(&self, start: Timestamp) -> Timestamp {
        let Province { calendar, policies, .. } = &*self.province;
        clocks::due(ClockKind::Receive, start, calendar, policies, &[]).due
    }

    fn person(&self, caller: &Caller) -> Person {
        Person(self.seal.person(caller.subject()))
    }

    fn viewer(&self, caller: &Caller) -> Viewer {
        Viewer { person: self.person(caller), now: self.now() }
    }

    fn teller(&self) -> Teller {
        Teller {
            pack_version: self.province.version().to_owned(),
            coordinating_agency: self.province.profile.coordinating_agency.name(),
        }
    }
}

/// The answer that this request had before, if it had one.
async fn answered<M: Message + Default>(request: &Request, work: &Work) -> Result<Option<M>, Error> {
    match request.look_up(work.tx()).await?? {
        Known::Fresh => Ok(None),
        Known::Answered(reply) => match M::decode(&*reply) {
            Ok(answer) => Ok(Some(answer)),
            Err(_) => Err(Problem::internal("stored reply").into()),
        },
    }
}

/// The dossiers of reviews; nobody else changes their reports until the work ends.
async fn take_reviews(work: &Work, ids: &BTreeSet<ReviewId>) -> Result<BTreeMap<ReviewId, Dossier>, DbErr> {
    let reports = store::reports_of(work.tx(), ids).await?;
    work.lock(reports.iter().copied().collect()).await?;
    store::find_reviews(work.tx(), ids, &reports).await
}

/// Only cleared officers see what is not ordinary.
fn may_see(caller: &Caller, access: Access) -> bool {
    access == Access::Ordinary || caller.role() == Role::ClearedOfficer
}

/// A review is seen by those who may see its report, and by whoever has just decided it.
fn may_see_review(caller: &Caller, person: Person, review: &Review) -> bool {
    let own = || review.verdict.as_ref().is_some_and(|verdict| verdict.by == person);
    may_see(caller, review.access()) || (may_see(caller, review.proposal.access) && own())
}
