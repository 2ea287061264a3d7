//! Asks for one change, the way a careful client does: the same id until the outcome is known; and then, now and then,
//! once more.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::Town;
use super::commands::{Command, Reply as _};
use super::lines::Line as Wire;
use super::people::Person;
use crate::ledger::{Line, Why};

/// Share of first attempts that are sent twice at once.
const TWINS: f64 = 0.05;
/// Share of answered requests that are sent again later.
const REPLAYS: f64 = 0.2;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Seconds that somebody waits for an answer.
const PATIENCE: std::ops::Range<f64> = 3.0..8.0;

/// Ever longer pauses between attempts, so that a crowd that waits for an outcome leaves room for the answers.
#[derive(Debug)]
pub struct Pauses(Duration);

impl Pauses {
    /// Beginning with the shortest.
    pub fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    /// Takes the next pause.
    pub async fn rest(&mut self, rng: &mut StdRng) {
        tokio::time::sleep(self.0.mul_f64(rng.random_range(0.5..1.5))).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Outcome<R> {
    /// Done.
    Answered(R),
    /// Not done, and never will be.
    Refused,
    /// The run is over and nobody knows.
    Unknown,
}

impl<R> Outcome<R> {
    /// The answer, if there is one.
    pub fn answer(self) -> Option<R> {
        match self {
            Self::Answered(reply) => Some(reply),
            Self::Refused | Self::Unknown => None,
        }
    }
}

/// Whether the outcome is known: the server itself has said no, and not merely "not now". A broken connection looks like
/// an INTERNAL or UNKNOWN without details.
pub fn is_refusal(status: &Status) -> bool {
    let transient = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Cancelled,
        Code::Internal,
        Code::Unknown,
        Code::ResourceExhausted,
    ];
    !transient.contains(&status.code())
}

/// The code as the API's documents spell it.
pub fn spelled(code: Code) -> String {
    let mut word = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Town {
    /// Asks until the outcome is known or the run gives up.
    pub async fn ask<C: Command>(
        &self,
        person: &Person,
        command: C,
        details: Value,
        rng: &mut StdRng,
    ) -> anyhow::Result<Outcome<C::Reply>> {
        self.intend(person, &command, details).await?;
        if !rng.random_bool(TWINS) {
            return self.insist(person, &command, Why::First, rng).await;
        }
        let twin = self.attempt(person, &command, Why::Twin, rng.random_range(PATIENCE));
        let first = self.attempt(person, &command, Why::First, rng.random_range(PATIENCE));
        let (twin, first) = futures::future::join(twin, first).await;
        match (first?, twin?) {
            (Ok(reply), _) | (Err(_), Ok(reply)) => self.answered(person, &command, reply, rng).await,
            (Err(status), Err(other)) if is_refusal(&status) && is_refusal(&other) => Ok(Outcome::Refused),
            (Err(_), Err(_)) => self.insist(person, &command, Why::Retry, rng).await,
        }
    }

    /// Writes down that something is about to be asked.
    pub async fn intend<C: Command>(
        &self,
        person: &Person,
        command: &C,
        details: Value,
    ) -> anyhow::Result<()> {
        let intent = Line::Intent {
            at: self.clock.now().micros(),
            request: command.request_id().to_owned(),
            kind: C::KIND,
            caller: person.name(),
            details,
        };
        self.ledger.write(&intent).await
    }

    /// Asks again and again, until the outcome is known or the run gives up.
    pub async fn insist<C: Command>(
        &self,
        person: &Person,
        command: &C,
        mut why: Why,
        rng: &mut StdRng,
    ) -> anyhow::Result<Outcome<C::Reply>> {
        let mut pauses = Pauses::new();
        loop {
            match self.attempt(person, command, why, rng.random_range(PATIENCE)).await? {
                Ok(reply) => return self.answered(person, command, reply, rng).await,
                Err(status) if is_refusal(&status) => return Ok(Outcome::Refused),
                Err(_) if self.is_over() => return Ok(Outcome::Unknown),
                Err(_) => why = Why::Retry,
            }
            pauses.rest(rng).await;
        }
    }

    async fn answered<C: Command>(
        &self,
        person: &Person,
        command: &C,
        reply: C::Reply,
        rng: &mut StdRng,
    ) -> anyhow::Result<Outcome<C::Reply>> {
        if rng.random_bool(REPLAYS) {
            // At once, or when a few others have passed.
            let pause = if rng.random_bool(0.5) { 0.0 } else { rng.random_range(0.0..3.0) };
            tokio::time::sleep(Duration::from_secs_f64(pause)).await;
            // Its outcome is for the checker: the ledger has it.
            drop(self.attempt(person, command, Why::Replay, rng.random_range(PATIENCE)).await?);
        }
        Ok(Outcome::Answered(reply))
    }

    /// Sends once, waits so many seconds, and writes down what came of it.
    pub async fn attempt<C: Command>(
        &self,
        person: &Person,
        command: &C,
        why: Why,
        patience: f64,
    ) -> anyhow::Result<Result<C::Reply, Status>> {
        let Wire { process, channel } = self.lines.next(C::SERVICE).clone();
        let mut request = Request::new(command.clone());
        request.metadata_mut().insert("authorization", self.people.token(person)?);
        request.set_timeout(Duration::from_secs_f64(patience));
        let outcome = C::send(request, channel).await;
        let line = Line::Answer {
            at: self.clock.now().micros(),
            request: command.request_id().to_owned(),
            address: process,
            code: outcome.as_ref().map_or_else(|status| spelled(status.code()), |_| "OK".to_owned()),
            reason: outcome.as_ref().map_or_else(reason, |_| String::new()),
            digest: outcome
                .as_ref()
                .map_or_else(|_| String::new(), |reply| digest(&prost::Message::encode_to_vec(reply))),
            name: outcome.as_ref().map_or_else(|_| String::new(), |reply| reply.subject().to_owned()),
            why,
        };
        self.ledger.write(&line).await?;
        match &outcome {
            Ok(reply) => self.tally.answered(C::KIND, reply.subject(), self.clock.now()),
            Err(status) => self.tally.failed(C::KIND, status),
        }
        Ok(outcome)
    }
}

/// The reason that the server gave with its refusal.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_as_documents_spell_them() {
        assert_eq!(spelled(Code::FailedPrecondition), "FAILED_PRECONDITION");
        assert_eq!(spelled(Code::Unavailable), "UNAVAILABLE");
    }

    #[test]
    fn a_broken_connection_is_no_refusal() {
        assert!(is_refusal(&Status::aborted("")));
        assert!(!is_refusal(&Status::unknown("transport error")));
    }
}
