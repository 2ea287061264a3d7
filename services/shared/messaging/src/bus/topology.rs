//! What must exist on the broker, declared by everyone who connects: whoever comes first makes it, everybody else finds out
//! whether it is as it must be.
//!
//! ```text
//! fieldreport.events (topic) ──*.ReportSubmitted──▶ fieldreport.classification.v1 (quorum)
//!                                                        │ given up by the broker (its fuse: 100 deliveries)
//! fieldreport.dead (direct) ◀────────────────────────────┘
//!        └──classification──▶ fieldreport.classification.dead.v1 (quorum) ──▶ parked in the service's database
//! ```
//! Deliveries are counted, delayed and given up by the consumers, in their databases (`retries`); the broker's own limit is
//! a fuse that no working consumer ever reaches, set explicitly because its default differs from version to version.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, ErrorKind, ExchangeKind};

use super::amqp::{binding_key, short};
use super::{BusError, Subscription};

/// Deliveries after which the broker gives a message up: far beyond the attempts of any consumer.
const DELIVERY_LIMIT: i32 = 100;
/// AMQP reply codes.
const NOT_FOUND: u16 = 404;
const ACCESS_REFUSED: u16 = 403;
const PRECONDITION_FAILED: u16 = 406;
const NOT_ALLOWED: u16 = 530;

/// What is done about queues that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vanished {
    /// They are left, and the caller is told.
    Tell,
    /// They are made.
    Make,
}

/// Names and queues of one system on a broker.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) prefix: String,
    pub(super) subscriptions: Vec<Subscription>,
}

impl Topology {
    /// Where events are published.
    pub(super) fn events(&self) -> ShortString {
        short(&format!("{}.events", self.prefix))
    }

    fn dead(&self) -> ShortString {
        short(&format!("{}.dead", self.prefix))
    }

    /// A service's queue.
    pub(super) fn queue(&self, service: &str) -> ShortString {
        short(&format!("{}.{service}.v1", self.prefix))
    }

    /// What the broker has given up of it.
    pub(super) fn dead_queue(&self, service: &str) -> ShortString {
        short(&format!("{}.{service}.dead.v1", self.prefix))
    }

    /// Makes everything that is missing and asserts everything that is there. Queues that have vanished took along what was
    /// in them: unless they may be made, they are left for the caller to write that down first.
    pub(super) async fn declare(&self, connection: &Connection, vanished: Vanished) -> Result<(), BusError> {
        let mut channel = connection.create_channel().await.map_err(explain)?;
        for subscription in &self.subscriptions {
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let queue = self.queue(subscription.queue);
            match channel.queue_declare(queue, passive, FieldTable::default()).await {
                Ok(_) => {}
                Err(error) if reply_code(&error) == Some(NOT_FOUND) => {
                    if vanished == Vanished::Tell {
                        return Err(BusError::QueueVanished);
                    }
                    // The answer "no" has closed the channel.
                    channel = connection.create_channel().await.map_err(explain)?;
                }
                Err(error) => return Err(explain(error)),
            }
        }
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        for (name, kind) in [(self.events(), ExchangeKind::Topic), (self.dead(), ExchangeKind::Direct)] {
            channel.exchange_declare(name, kind, durable, FieldTable::default()).await.map_err(explain)?;
        }
        for subscription in &self.subscriptions {
            self.declare_queues(&channel, subscription).await?;
        }
        channel.close(200, "declared".into()).await.map_err(explain)
    }

    async fn declare_queues(&self, channel: &Channel, subscription: &Subscription) -> Result<(), BusError> {
        let Subscription { queue: service, types } = subscription;
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        let queue = self.queue(service);
        channel.queue_declare(queue.clone(), durable, self.arguments(service)).await.map_err(explain)?;
        let dead_queue = self.dead_queue(service);
        channel.queue_declare(dead_queue.clone(), durable, quorum()).await.map_err(explain)?;
        let bindings = types.iter().map(|event_type| (&queue, self.events(), binding_key(event_type)));
        let dead = std::iter::once((&dead_queue, self.dead(), short(service)));
        for (queue, exchange, key) in bindings.chain(dead) {
            // Not waited for one by one: what the broker refuses closes the channel, and the next question fails.
            let options = QueueBindOptions { nowait: true };
            let bound = channel.queue_bind(queue.clone(), exchange, key, options, FieldTable::default());
            bound.await.map_err(explain)?;
        }
        Ok(())
    }

    fn arguments(&self, service: &str) -> FieldTable {
        let mut arguments = quorum();
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
        for (name, value) in [
            ("x-dead-letter-exchange", self.dead().as_str()),
            ("x-dead-letter-routing-key", service),
            // At least once only together: without the second the broker silently falls back to at most once.
            ("x-dead-letter-strategy", "at-least-once"),
            ("x-overflow", "reject-publish"),
        ] {
            arguments.insert(short(name), AMQPValue::LongString(value.into()));
        }
        arguments
    }
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

fn reply_code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(told) => Some(told.get_id()),
        _ => None,
    }
}

/// What a failure of the broker means. Its own words say what differs, e.g. of a queue of another type.
pub(super) fn explain(error: lapin::Error) -> BusError {
    match reply_code(&error) {
        Some(NOT_FOUND | ACCESS_REFUSED | PRECONDITION_FAILED | NOT_ALLOWED) => {
            let words = match error.kind() {
                ErrorKind::ProtocolError(told) => told.get_message().to_string(),
                _ => error.to_string(),
            };
            BusError::Misconfigured(words)
        }
        _ => BusError::Unreachable(error.to_string()),
    }
}
