//! What staff do with what arrives in the queues: coordinators decide, agencies accept, hand back, answer and approve.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use auth::Role;
use contract::classification::v1::decide_review_request::Decision;
use contract::classification::v1::{
    Confirm, DecideReviewRequest, ListReviewsRequest, ListReviewsResponse, Review, ReviewState,
};
use contract::common::v1::{Access, Outcome};
use contract::routing::v1::{
    AcceptAssignmentRequest, ApproveResolutionRequest, Assignment, AssignmentState,
    HandBackAssignmentRequest, ListAssignmentsRequest, ListAssignmentsResponse, Resolution,
    SubmitResolutionRequest,
};
use prost_types::Timestamp;
use rand::RngExt as _;
use rand::rngs::StdRng;
use vocabulary::AgencyId;

use crate::cast::{Cast, uuid};
use crate::driver::{Ask, Driver, Failure};
use crate::operation::Operation;
use crate::reply::Reply;

/// Share of assignments that agencies hand back, and of answers that promise a date.
const HANDED_BACK: f64 = 0.05;
const PROMISED: f64 = 0.1;
const PROMISE: Duration = Duration::from_secs(30 * 86_400);
const PAGE: i32 = 100;

/// Everybody on duty. Cheap to clone.
#[derive(Clone)]
pub struct Agencies {
    cast: Cast,
    driver: Driver,
    tray: Arc<Mutex<Tray>>,
    /// Whoever fetches the next page holds this; others find nothing to do meanwhile.
    fetching: Arc<tokio::sync::Mutex<Pages>>,
}

/// What lies on the desks.
#[derive(Default)]
struct Tray {
    waiting: VecDeque<Task>,
    /// Names of what waits or is worked on.
    taken: HashSet<String>,
}

/// Which queue is read next, and where each was left.
#[derive(Default)]
struct Pages {
    turn: usize,
    tokens: [String; 3],
}

enum Task {
    Review(Box<Review>),
    Assignment(Box<Assignment>),
}

impl Task {
    fn name(&self) -> &str {
        match self {
            Self::Review(review) => &review.name,
            Self::Assignment(assignment) => &assignment.name,
        }
    }
}

impl Agencies {
    /// They ask through `driver`.
    pub fn new(cast: Cast, driver: Driver) -> Self {
        Self { cast, driver, tray: Arc::default(), fetching: Arc::default() }
    }

    /// Takes the next step on whatever waits; false if nothing does.
    pub async fn work(&self, number: u64, due: Instant) -> anyhow::Result<bool> {
        let Some(task) = self.next(due).await? else { return Ok(false) };
        let name = task.name().to_owned();
        let mut rng = self.cast.rng(3, number);
        let next = match task {
            Task::Review(review) => self.decide(&review, &mut rng, due).await?.map(|()| None),
            Task::Assignment(assignment) => self.step(&assignment, &mut rng, due).await?,
        };
        let mut tray = self.tray();
        match next.flatten() {
            Some(assignment) => tray.waiting.push_back(Task::Assignment(Box::new(assignment))),
            // Refused or done: if it still waits somewhere, the queue will say so.
            None => {
                tray.taken.remove(&name);
            }
        }
        Ok(true)
    }

    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self, due: Instant) -> anyhow::Result<Option<Task>> {
        let waiting = self.tray().waiting.pop_front();
        if waiting.is_some() {
            return Ok(waiting);
        }
        let Ok(mut pages) = self.fetching.try_lock() else { return Ok(None) };
        self.fetch(&mut pages, due).await?;
        Ok(self.tray().waiting.pop_front())
    }

    /// Reads one page of one queue: assignments of all agencies, ordinary reviews, sealed reviews.
    async fn fetch(&self, pages: &mut Pages, due: Instant) -> anyhow::Result<()> {
        let turn = pages.turn;
        pages.turn = (turn + 1) % pages.tokens.len();
        let page_token = std::mem::take(&mut pages.tokens[turn]);
        let (found, next): (Vec<Task>, String) = match turn {
            0 => {
                let message = ListAssignmentsRequest {
                    page_size: PAGE,
                    page_token,
                    ..ListAssignmentsRequest::default()
                };
                let page: ListAssignmentsResponse =
                    self.read(Role::Supervisor, Operation::Queue, &message, due).await?;
                let tasks = page.assignments.into_iter().map(|found| Task::Assignment(Box::new(found)));
                (tasks.collect(), page.next_page_token)
            }
            _ => {
                let role = if turn == 1 { Role::Coordinator } else { Role::ClearedOfficer };
                let message = ListReviewsRequest { page_size: PAGE, page_token, ..Default::default() };
                let page: ListReviewsResponse = self.read(role, Operation::Reviews, &message, due).await?;
                let tasks = page.reviews.into_iter().map(|found| Task::Review(Box::new(found)));
                (tasks.collect(), page.next_page_token)
            }
        };
        pages.tokens[turn] = next;
        let mut tray = self.tray();
        let Tray { waiting, taken } = &mut *tray;
        waiting.extend(found.into_iter().filter(|task| taken.insert(task.name().to_owned())));
        Ok(())
    }

    /// A refused page is an empty one.
    async fn read<M: Reply>(
        &self,
        role: Role,
        operation: Operation,
        message: &impl prost::Message,
        due: Instant,
    ) -> anyhow::Result<M> {
        let pass = self.cast.staff(role, None)?;
        let ask = Ask { pass: &pass, operation, request_id: "", due };
        Ok(granted(self.driver.call(ask, message).await)?.unwrap_or_default())
    }

    /// Confirms what the machine proposes.
    async fn decide(&self, review: &Review, rng: &mut StdRng, due: Instant) -> anyhow::Result<Option<()>> {
        let access = review.suggestion.as_ref().map_or(Access::Quarantine, |suggestion| suggestion.access());
        let role = if access == Access::Ordinary { Role::Coordinator } else { Role::ClearedOfficer };
        let pass = self.cast.staff(role, None)?;
        let message = DecideReviewRequest {
            name: review.name.clone(),
            decision: Some(Decision::Confirm(Confirm {})),
            request_id: uuid(rng),
            etag: review.etag.clone(),
        };
        let ask = Ask { pass: &pass, operation: Operation::Decide, request_id: &message.request_id, due };
        let decided = granted(self.driver.call::<Review>(ask, &message).await)?;
        Ok(decided.filter(|review| review.state() == ReviewState::Decided).map(|_| ()))
    }

    /// The next step of an assignment: the assignment afterwards, if it is still open.
    async fn step(
        &self,
        assignment: &Assignment,
        rng: &mut StdRng,
        due: Instant,
    ) -> anyhow::Result<Option<Option<Assignment>>> {
        let (name, etag, request_id) = (assignment.name.clone(), assignment.etag.clone(), uuid(rng));
        let id = request_id.clone();
        let agency = AgencyId::parse_name(&assignment.agency)?;
        let handler = self.cast.staff(Role::AgencyHandler, Some(&agency))?;
        let leader = self.cast.staff(Role::AgencyLeader, Some(&agency))?;
        let ask = |pass, operation| Ask { pass, operation, request_id: &id, due };
        let done = match assignment.state() {
            AssignmentState::Assigned if rng.random_bool(HANDED_BACK) => {
                let reason = "Không thuộc thẩm quyền của đơn vị.".to_owned();
                let message = HandBackAssignmentRequest { name, reason, request_id, etag };
                self.ask(ask(&handler, Operation::HandBack), &message).await?
            }
            AssignmentState::Assigned => {
                let message = AcceptAssignmentRequest { name, request_id, etag };
                self.ask(ask(&handler, Operation::Accept), &message).await?
            }
            AssignmentState::InProgress => {
                let resolution = Some(self.resolution(rng));
                let message = SubmitResolutionRequest { name, resolution, request_id, etag };
                self.ask(ask(&handler, Operation::Submit), &message).await?
            }
            AssignmentState::PendingApproval => {
                let message = ApproveResolutionRequest { name, request_id, etag };
                self.ask(ask(&leader, Operation::Approve), &message).await?
            }
            AssignmentState::Unspecified
            | AssignmentState::Resolved
            | AssignmentState::Deferred
            | AssignmentState::HandedBack
            | AssignmentState::Cancelled => None,
        };
        Ok(done.map(|after| is_open(&after).then_some(after)))
    }

    async fn ask(&self, ask: Ask<'_>, message: &impl prost::Message) -> anyhow::Result<Option<Assignment>> {
        granted(self.driver.call::<Assignment>(ask, message).await)
    }

    /// Answers that need no photo of the place afterwards.
    fn resolution(&self, rng: &mut StdRng) -> Resolution {
        let promised = rng.random_bool(PROMISED).then(|| self.driver.clock().now() + PROMISE);
        let outcome = if promised.is_some() { Outcome::Planned } else { Outcome::Explained };
        Resolution {
            outcome: outcome.into(),
            reply: "Kính gửi Ông/Bà, đơn vị đã kiểm tra và xử lý nội dung phản ánh.".to_owned(),
            evidence: Vec::new(),
            promised_time: promised.map(|at| {
                let (seconds, nanos) = at.parts();
                Timestamp { seconds, nanos }
            }),
        }
    }
}

fn is_open(assignment: &Assignment) -> bool {
    matches!(
        assignment.state(),
        AssignmentState::Assigned | AssignmentState::InProgress | AssignmentState::PendingApproval
    )
}

/// What was answered, or nothing if it was refused; refusals are counted where they are measured.
pub(crate) fn granted<M>(outcome: Result<crate::driver::Answer<M>, Failure>) -> anyhow::Result<Option<M>> {
    match outcome {
        Ok(answer) => Ok(Some(answer.message)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(Failure::Ledger(error)) => Err(error),
    }
}
