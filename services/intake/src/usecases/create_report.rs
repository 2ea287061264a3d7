//! Takes reports. Requests that arrive together share one transaction (group commit): each is answered only after the
//! commit that holds its report, its sealed identity, its media list, its first timeline entry and its event.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contract::event::v1::ReportSubmitted;
use database::requests::{Known, Request};
use futures::FutureExt as _;
use messaging::Work;
use province::Notice;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use vocabulary::{MediaId, Problem, ReportId, Timestamp};

use crate::domain::code::code;
use crate::domain::identity::Reporter;
use crate::domain::media::Media;
use crate::domain::report::{Change, Report};
use crate::domain::submission::Submission;
use crate::domain::timeline::{Entry, Happening};
use crate::events;
use crate::store::{identities, media, reports, timeline};
use crate::{Error, Intake};

/// Between the beginnings of two transactions under load.
const PACE: Duration = Duration::from_millis(8);

/// A submission that has waited for longer than this says that too many come in.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// Room for a crowd that comes at once, in full transactions.
const QUEUED_GROUPS: usize = 4;

/// A checked submission of an authenticated caller.
pub struct CreateReport {
    /// The request, for recognising repeats.
    pub request: Request,
    /// What was sent.
    pub submission: Submission,
    /// Pseudonym of the sender.
    pub owner: [u8; 32],
    /// The sender's subject and the contact that came along; goes into the seal.
    pub subject: auth::Subject,
    /// Name and phone.
    pub reporter: Reporter,
}

struct Ticket {
    command: CreateReport,
    handed_in: Instant,
    span: tracing::Span,
    answer: oneshot::Sender<Result<Vec<u8>, Error>>,
}

/// Where submissions queue for their shared transaction.
pub struct Desk {
    queue: mpsc::Sender<Ticket>,
    pressure: Arc<Pressure>,
    group: usize,
}

/// Whether more comes in than can be stored. Then a queue helps nobody: who is turned away at once comes back when there is
/// room, who waits gives up when it is too late.
#[derive(Default)]
struct Pressure(AtomicBool);

impl Pressure {
    /// A slow database with few reports is no pressure: the transaction must be full, and its first report late.
    fn note(&self, is_full: bool, longest_wait: Duration) {
        self.0.store(is_full && longest_wait > LONGEST_WAIT, Ordering::Relaxed);
    }

    fn is_high(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Under pressure one full transaction waits, so that there is always enough to do, and no more.
    fn admits(&self, waiting: usize, group: usize) -> bool {
        waiting < group || !self.is_high()
    }
}

/// The other side of the desk.
pub struct Counter {
    queue: mpsc::Receiver<Ticket>,
    pressure: Arc<Pressure>,
    group: usize,
}

impl Desk {
    /// A desk whose transactions hold at most `group` reports.
    pub fn open(group: usize) -> (Self, Counter) {
        let (sender, queue) = mpsc::channel(group * QUEUED_GROUPS);
        let pressure = Arc::new(Pressure::default());
        (Self { queue: sender, pressure: pressure.clone(), group }, Counter { queue, pressure, group })
    }

    /// Hands a submission in and waits for the encoded answer. The report is stored even if the caller stops waiting, unless
    /// there is more than can be stored in time. Then the next caller is turned away at once, and nothing is stored.
    pub async fn hand_in(&self, command: CreateReport) -> Result<Vec<u8>, Error> {
        if self.is_full() {
            return Err(overloaded());
        }
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let ticket = Ticket { command, handed_in: Instant::now(), span, answer };
        self.queue.try_send(ticket).map_err(|error| match error {
            TrySendError::Full(_) => overloaded(),
            TrySendError::Closed(_) => Error::Stopping,
        })?;
        answered.await.map_err(|_| Error::Stopping)?
    }

    /// Whether another report could not be stored in time.
    pub fn is_full(&self) -> bool {
        let waiting = self.queue.max_capacity() - self.queue.capacity();
        !self.pressure.admits(waiting, self.group)
    }

    /// Whether what can wait should: reports are not stored in time.
    pub fn is_pressed(&self) -> bool {
        self.pressure.is_high()
    }
}

impl Counter {
    /// Of what was handed in, what is worth storing. Under pressure that is not what nobody waits for any more: its sender
    /// knows no code of it and sends it again, and to store it would make the next one late as well.
    fn select(&self, tickets: &mut Vec<Ticket>) {
        let longest_wait = tickets.first().map(|ticket| ticket.handed_in.elapsed());
        self.pressure.note(tickets.len() == self.group, longest_wait.unwrap_or_default());
        if self.pressure.is_high() {
            tickets.retain(|ticket| !ticket.answer.is_closed());
        }
    }
}

fn overloaded() -> Error {
    metrics::counter!("overload_refusals_total").increment(1);
    Problem::overloaded().into()
}

/// Serves the desk until no call comes any more; what was handed in before is still stored.
pub async fn work(intake: Intake, mut counter: Counter) -> Result<(), Error> {
    let mut closing_time = pin!(intake.platform.lifecycle.calls_have_ended().fuse());
    let mut tickets = Vec::with_capacity(counter.group);
    let mut pace = messaging::pace(PACE);
    loop {
        pace.tick().await;
        tokio::select! {
            biased;
            taken = counter.queue.recv_many(&mut tickets, counter.group) => {
                if taken == 0 {
                    return Ok(());
                }
                counter.select(&mut tickets);
                serve(&intake, &mut tickets).await;
            }
            () = &mut closing_time => counter.queue.close(),
            // Nobody comes: the pressure is gone.
            () = tokio::time::sleep(LONGEST_WAIT) => counter.pressure.note(false, Duration::ZERO),
        }
    }
}

async fn serve(intake: &Intake, tickets: &mut Vec<Ticket>) {
    if tickets.is_empty() {
        return;
    }
    match store(intake, tickets).await {
        Ok(answers) => {
            for (ticket, answer) in tickets.drain(..).zip(answers) {
                deliver(ticket, answer);
            }
        }
        // A database that is away is away for all of them.
        Err(error) if tickets.len() == 1 || !error.is_of_one() => {
            let problem = error.problem();
            for ticket in tickets.drain(..) {
                deliver(ticket, Err(problem.clone().into()));
            }
        }
        // One bad report must not take others down with it: each gets a transaction of its own.
        Err(_) => {
            for ticket in std::mem::take(tickets) {
                let mut alone = vec![ticket];
                Box::pin(serve(intake, &mut alone)).await;
            }
        }
    }
}

fn deliver(ticket: Ticket, answer: Result<Vec<u8>, Error>) {
    if ticket.answer.send(answer).is_err() {
        tracing::debug!("a caller stopped waiting for its answer; a repeat gets it");
    }
}

struct Created {
    report: Report,
    entry: Entry,
    media: Vec<MediaId>,
    seal: Vec<u8>,
    reply: Vec<u8>,
}

/// One transaction for all tickets; an answer for each.
async fn store(intake: &Intake, tickets: &[Ticket]) -> Result<Vec<Result<Vec<u8>, Error>>, Error> {
    database::fault_point!("intake.create.before-begin");
    // Uploads and all that is told of reports would fill any pool of a slow database.
    let mut work = intake.outbox.begin_express().await?;
    let media = tickets.iter().flat_map(|ticket| &ticket.command.submission.media);
    database::lock(work.tx(), media.map(|medium| medium.0).collect()).await?;
    database::fault_point!("intake.create.after-locks");
    // Not before the media are its own: a twin elsewhere that has just taken them has answered.
    let requests: Vec<Request> = tickets.iter().map(|ticket| ticket.command.request.clone()).collect();
    let known = Request::look_up_all(&requests, work.tx()).await?;
    let taken = media_taken(&work, tickets).await?;
    let now = intake.outbox.clock().now();

    let mut created: Vec<(Request, Created)> = Vec::new();
    let mut answers = Vec::with_capacity(tickets.len());
    for (ticket, known) in tickets.iter().zip(known) {
        let answer = match known {
            Err(problem) => Err(problem),
            Ok(Known::Answered(reply)) => Ok(reply),
            Ok(Known::Fresh) => match twin(&created, &ticket.command.request) {
                Some(reply) => reply,
                None => match taken.check(&ticket.command, &created) {
                    Err(problem) => Err(problem),
                    Ok(()) => {
                        let hashes = taken.image_hashes(&ticket.command.submission.media);
                        let new = ticket
                            .span
                            .in_scope(|| create(intake, &mut work, &ticket.command, hashes, now))?;
                        let reply = new.reply.clone();
                        created.push((ticket.command.request.clone(), new));
                        Ok(reply)
                    }
                },
            },
        };
        answers.push(answer.map_err(Error::from));
    }
    if !created.is_empty() {
        save(&mut work, created, now)?;
        database::fault_point!("intake.create.before-commit");
        work.commit().await?;
        database::fault_point!("intake.create.after-commit");
    }
    Ok(answers)
}

/// The answer of a ticket of the same transaction with the same request id.
fn twin(created: &[(Request, Created)], request: &Request) -> Option<Result<Vec<u8>, Problem>> {
    let (first, made) = created.iter().find(|(other, _)| other.same_id(request))?;
    Some(if first == request { Ok(made.reply.clone()) } else { Err(Request::reused()) })
}

fn create(
    intake: &Intake,
    work: &mut Work,
    command: &CreateReport,
    image_hashes: Vec<u64>,
    now: Timestamp,
) -> Result<Created, Error> {
    let id = ReportId(intake.outbox.clock().mint());
    let submission = &command.submission;
    let code = code(&intake.province.profile.report_code_prefix, id);
    let mut report = Report::submitted(id, code, command.owner, submission, now);
    let proof = intake.platform.reporters.proof(id, &command.subject);
    let snapshot = events::snapshot(&report, &submission.media, image_hashes, &proof);
    let told = ReportSubmitted { report: Some(snapshot) };
    work.opens(id);
    let event = work.publish(id, now, &told);
    let text = events::own_words(Notice::Submitted, &report, &intake.province, now);
    let entry =
        report.record(Happening { event, kind: "ReportSubmitted".to_owned(), text }, Change::default(), now);
    let seal = intake.vault.seal(id, command.subject.as_str(), &command.reporter)?;
    let reply = (intake.encode)(&report, &submission.media, &intake.province);
    Ok(Created { report, entry, media: submission.media.clone(), seal, reply })
}

/// Adds what is stored of the new reports.
fn save(work: &mut Work, created: Vec<(Request, Created)>, now: Timestamp) -> Result<(), Error> {
    let inserts = work.inserts();
    let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (request, new) in created {
        let report = new.report.id;
        rows.3.extend((0..).zip(new.media).map(|(position, medium)| media::Link {
            media: medium,
            report,
            position,
            evidence: false,
        }));
        rows.0.push(new.report);
        rows.1.push(new.entry);
        rows.2.push((report, new.seal));
        rows.4.push((request, new.reply));
    }
    reports::add_all(inserts, &rows.0)?;
    timeline::add_all(inserts, &rows.1)?;
    identities::add_all(inserts, rows.2)?;
    media::link_all(inserts, &rows.3)?;
    Request::answer_all(inserts, rows.4, now)?;
    metrics::counter!("reports_created_total").increment(rows.0.len() as u64);
    Ok(())
}

/// What is known of the media that the tickets name.
struct MediaTaken {
    known: Vec<Media>,
    linked: Vec<MediaId>,
}

async fn media_taken(work: &Work, tickets: &[Ticket]) -> Result<MediaTaken, Error> {
    let ids: Vec<uuid::Uuid> =
        tickets.iter().flat_map(|ticket| &ticket.command.submission.media).map(|medium| medium.0).collect();
    let known = media::find_all(work.tx(), ids.clone()).await?;
    let linked = media::links_of(work.tx(), ids).await?;
    Ok(MediaTaken { known, linked: linked.into_iter().map(|link| link.media).collect() })
}

impl MediaTaken {
    /// Of those photos among `media` that are whole and can be compared.
    fn image_hashes(&self, media: &[MediaId]) -> Vec<u64> {
        let named = self.known.iter().filter(|known| media.contains(&known.id));
        named.map(|known| known.image_hash).filter(|hash| *hash != 0).collect()
    }

    /// Somebody else's photo, or one that belongs to another report, cannot be sent.
    fn check(&self, command: &CreateReport, created: &[(Request, Created)]) -> Result<(), Problem> {
        for medium in &command.submission.media {
            let foreign = self.known.iter().any(|known| known.id == *medium && known.owner != command.owner);
            let used =
                self.linked.contains(medium) || created.iter().any(|(_, new)| new.media.contains(medium));
            if foreign || used {
                return Err(Problem::invalid(
                    "report.media",
                    "MEDIA_INVALID",
                    format!("{} is not yours or belongs to another report", medium.name()),
                    "Ảnh hoặc video không thuộc phản ánh này.",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use vocabulary::{ErrorCode, RequestId};

    use super::*;
    use crate::domain::submission;

    fn command(number: u128) -> CreateReport {
        CreateReport {
            request: Request::new(b"citizen", RequestId(uuid::Uuid::from_u128(number)), "CreateReport", b""),
            submission: submission::sample(),
            owner: [1; 32],
            subject: "citizen".parse().unwrap(),
            reporter: Reporter::parse("", "").unwrap(),
        }
    }

    fn is_turned_away(refused: Result<impl Sized, Error>) -> bool {
        let problem = refused.err().map(|error| error.problem());
        problem.is_some_and(|problem| {
            problem.code == ErrorCode::Unavailable
                && problem.reason == "OVERLOADED"
                && problem.retry_after.is_some()
        })
    }

    #[tokio::test]
    async fn who_finds_no_room_is_told_so_at_once() {
        let (desk, counter) = Desk::open(2);
        let mut waiting = futures::stream::FuturesUnordered::new();
        for number in 0..2 * QUEUED_GROUPS {
            waiting.push(desk.hand_in(command(number as u128)));
        }
        assert!(futures::poll!(waiting.next()).is_pending(), "nobody serves the desk");
        assert!(is_turned_away(desk.hand_in(command(99)).await));
        drop(counter);
        assert!(matches!(waiting.next().await, Some(Err(Error::Stopping))));
    }

    #[tokio::test]
    async fn under_pressure_one_transaction_waits_and_lists_give_way() {
        let (desk, _counter) = Desk::open(2);
        assert!(!desk.is_pressed() && !desk.is_full());
        desk.pressure.note(true, LONGEST_WAIT * 2);
        assert!(desk.is_pressed() && !desk.is_full(), "a report may come in, lists may not");
        let mut waiting = futures::stream::FuturesUnordered::new();
        for number in 0..2 {
            waiting.push(desk.hand_in(command(number)));
        }
        assert!(futures::poll!(waiting.next()).is_pending(), "there is enough for one transaction");
        assert!(desk.is_full());
        assert!(is_turned_away(desk.hand_in(command(99)).await));
    }

    #[tokio::test]
    async fn under_pressure_nothing_is_stored_for_callers_who_have_left() {
        let (desk, mut counter) = Desk::open(2);
        let mut waiting = Vec::new();
        for number in 0..2 {
            let mut caller = Box::pin(desk.hand_in(command(number)));
            assert!(futures::poll!(&mut caller).is_pending());
            waiting.push(caller);
        }
        let mut tickets = Vec::new();
        counter.queue.recv_many(&mut tickets, 2).await;
        waiting.pop();
        counter.select(&mut tickets);
        assert_eq!(tickets.len(), 2, "without pressure it is stored all the same");
        tickets[0].handed_in = Instant::now().checked_sub(LONGEST_WAIT * 2).unwrap();
        counter.select(&mut tickets);
        assert_eq!(tickets.len(), 1);
    }

    #[test]
    fn a_crowd_that_comes_at_once_is_let_in_and_a_lasting_one_is_not() {
        let pressure = Pressure::default();
        assert!(pressure.admits(500, 128));
        pressure.note(true, LONGEST_WAIT);
        assert!(pressure.admits(500, 128));
        pressure.note(false, LONGEST_WAIT * 2);
        assert!(pressure.admits(500, 128), "slow is not too much");
        pressure.note(true, LONGEST_WAIT + Duration::from_millis(1));
        assert!(!pressure.admits(500, 128));
        assert!(!pressure.admits(128, 128));
        assert!(pressure.admits(127, 128), "there must be enough for the next transaction");
        pressure.note(false, Duration::ZERO);
        assert!(pressure.admits(500, 128));
    }
}
