//! One operation from beginning to end: into the ledger, over the wire, perhaps again, back into the ledger, measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tonic::{Code, Status};
use vocabulary::Clock;

use crate::cast::Pass;
use crate::code;
use crate::ledger::{Ledger, Reply as Line, digest};
use crate::operation::Operation;
use crate::recorder::Recorder;
use crate::reply::{Identity, Reply};
use crate::system::System;
use crate::wire;

/// The first pause before a call is repeated; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How patient callers are.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Longest time of one attempt.
    pub attempt: Duration,
    /// For how long a call whose outcome is open is repeated under the same request id; none: never.
    pub repeat: Option<Duration>,
}

/// Performs operations. Cheap to clone.
#[derive(Clone)]
pub struct Driver {
    system: System,
    ledger: Ledger,
    recorder: Arc<Recorder>,
    patience: Patience,
    clock: Clock,
}

/// Who asks for what, and since when.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The caller.
    pub pass: &'a Pass,
    /// The operation.
    pub operation: Operation,
    /// The caller's id of the request; empty for what reads only.
    pub request_id: &'a str,
    /// When it should have been sent: latency counts from here.
    pub due: Instant,
}

/// An answer, decoded and as it came.
#[derive(Debug, Clone)]
pub struct Answer<M> {
    /// What it says.
    pub message: M,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// The system refused, or the outcome stayed open.
    Refused(Box<Status>),
    /// The ledger cannot be kept: nothing more may be sent.
    Ledger(anyhow::Error),
}

impl Driver {
    /// Without a ledger nothing is written down.
    pub fn new(system: System, ledger: Ledger, recorder: Arc<Recorder>, patience: Patience) -> Self {
        Self { system, ledger, recorder, patience, clock: Clock::system() }
    }

    /// What is measured.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The machine's clock, for ids and for times that stand in requests.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The same with other measurements.
    #[must_use]
    pub fn measured_by(&self, recorder: Arc<Recorder>) -> Self {
        Self { recorder, ..self.clone() }
    }

    /// One message each way.
    pub async fn call<M: Reply>(
        &self,
        ask: Ask<'_>,
        message: &impl prost::Message,
    ) -> Result<Answer<M>, Failure> {
        let request = Bytes::from(message.encode_to_vec());
        let entry = self.ledger.intend(ask.operation, &ask.pass.caller, ask.request_id, &request);
        let entry = entry.map_err(Failure::Ledger)?;
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut attempts = 1;
        let outcome = loop {
            let outcome = self.line(ask).unary(request.clone()).await;
            let Err(status) = &outcome else { break outcome };
            let Some(pause_now) = self.pause_before_repeat(status, begun, &mut pause) else { break outcome };
            tokio::time::sleep(pause_now).await;
            attempts += 1;
        };
        if attempts > 1 {
            self.recorder.count(|measured| measured.repeated += 1);
        }
        let took = ask.due.elapsed();
        let outcome = outcome.and_then(decode::<M>);
        self.ledger.settle(entry, || line(&outcome, attempts)).await.map_err(Failure::Ledger)?;
        self.finish(ask, took, outcome)
    }

    /// Many messages there, one back; never repeated, because an upload goes on where it stopped. The intent names
    /// `content`, the whole of what the messages carry.
    pub async fn send<M: Reply>(
        &self,
        ask: Ask<'_>,
        content: &[u8],
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Answer<M>, Failure> {
        let entry = self.ledger.intend(ask.operation, &ask.pass.caller, ask.request_id, content);
        let entry = entry.map_err(Failure::Ledger)?;
        let outcome = self.line(ask).stream(messages).await;
        let took = ask.due.elapsed();
        let outcome = outcome.and_then(decode::<M>);
        self.ledger.settle(entry, || line(&outcome, 1)).await.map_err(Failure::Ledger)?;
        self.finish(ask, took, outcome)
    }

    /// As [`Driver::send`], but the caller goes away when its messages are at their end. The outcome stays open.
    pub async fn abandon(
        &self,
        ask: Ask<'_>,
        content: &[u8],
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<(), Failure> {
        let entry = self.ledger.intend(ask.operation, &ask.pass.caller, ask.request_id, content);
        entry.map_err(Failure::Ledger)?;
        let (told, gone) = tokio::sync::oneshot::channel::<()>();
        let leaving = futures::stream::once(async move {
            drop(told);
            std::future::pending::<Bytes>().await
        });
        let sending = self.line(ask).stream(messages.chain(leaving));
        tokio::select! {
            answer = sending => drop(answer),
            _ = gone => {}
        }
        self.recorder.record(ask.operation, ask.due, ask.due.elapsed(), Code::Ok);
        Ok(())
    }

    fn line<'a>(&self, ask: Ask<'a>) -> wire::Line<'a> {
        wire::Line {
            channel: self.system.channel(ask.operation.service()),
            path: ask.operation.path(),
            token: &ask.pass.token,
            timeout: self.patience.attempt,
        }
    }

    /// How long to wait before the same request is sent again; none when it is not.
    fn pause_before_repeat(&self, status: &Status, begun: Instant, pause: &mut Duration) -> Option<Duration> {
        let limit = self.patience.repeat?;
        if !code::is_open(status) || begun.elapsed() >= limit {
            return None;
        }
        let wait = code::retry_delay(status).unwrap_or(*pause);
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        // Callers that were refused together must not come back together.
        Some(wait.mul_f64(0.5 + rand::random::<f64>()))
    }

    fn finish<M>(
        &self,
        ask: Ask<'_>,
        took: Duration,
        outcome: Result<Answer<M>, Status>,
    ) -> Result<Answer<M>, Failure> {
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.recorder.record(ask.operation, ask.due, took, code);
        outcome.map_err(|status| {
            self.recorder.refused(ask.operation, ask.due, &status);
            Failure::Refused(Box::new(status))
        })
    }
}

fn decode<M: Reply>(bytes: Bytes) -> Result<Answer<M>, Status> {
    let message = M::decode(bytes.clone()).map_err(|error| Status::from_error(error.into()))?;
    Ok(Answer { message, bytes })
}

fn line<M: Reply>(outcome: &Result<Answer<M>, Status>, attempts: u32) -> Line {
    match outcome {
        Ok(answer) => Line {
            attempts,
            code: code::name(Code::Ok),
            reason: String::new(),
            reply: digest(&answer.bytes),
            identity: answer.message.identity(),
        },
        Err(status) => Line {
            attempts,
            code: code::name(status.code()),
            reason: code::reason(status),
            reply: String::new(),
            identity: Identity::default(),
        },
    }
}
