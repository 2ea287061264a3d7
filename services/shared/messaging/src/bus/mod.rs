//! The bus between services: the in-process one of embedded mode, or RabbitMQ. The same promises on both: `publish` says
//! what is durable, a delivery stays until its consumer is done with it, and it may come twice and in any order.

mod amqp;
mod rabbit;
mod table;
mod topology;

use std::path::Path;

use contract::Event as _;
use contract::event::v1::{MediaAttached, MessagePosted};
use database::OpenError;
use sea_orm::DbErr;

pub use rabbit::{RabbitConfig, Trouble};
pub use table::Chaos;
pub(crate) use topology::Vanished;

use crate::Envelope;
use crate::retries::Letter;
use rabbit::{RabbitBus, RabbitFeed, RabbitPublisher};
use table::{TableBus, TableFeed};

/// Which events a service's queue gets.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// The queue, named after the service.
    pub queue: &'static str,
    /// Full names of the event types.
    pub types: &'static [&'static str],
}

/// Events that no service of this system consumes: they are told to subscribers outside (the app backend, the IOC), of
/// whom there may be none. Every other event must have a queue.
const ANNOUNCEMENTS: &[&str] = &[MessagePosted::TYPE, MediaAttached::TYPE];

fn is_announcement(event_type: &str) -> bool {
    ANNOUNCEMENTS.contains(&event_type)
}

/// Why the bus did not take or give events. Nothing is lost: the outbox keeps what was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A database failed: the service's own, or the in-process bus's.
    #[error("the database failed: {}", database::describe(.0))]
    Database(#[from] DbErr),
    /// The broker cannot be reached, does not answer, or has gone.
    #[error("the broker is out of reach: {0}")]
    Unreachable(String),
    /// A queue is not there, and what was in it is gone: to be written down before it is made again.
    #[error("a queue has vanished with what was in it")]
    QueueVanished,
    /// The broker refuses what this system needs; waiting does not help.
    #[error("the broker is not as it must be: {0}")]
    Misconfigured(String),
}

/// The bus. Cheap to clone; clones are the same bus.
#[derive(Clone)]
pub struct Bus(Kind);

#[derive(Clone)]
enum Kind {
    Table(TableBus),
    Rabbit(RabbitBus),
}

impl Bus {
    /// The in-process bus, in a file, with every queue that exists.
    pub async fn open(
        file: &Path,
        subscriptions: Vec<Subscription>,
        chaos: Option<Chaos>,
    ) -> Result<Self, OpenError> {
        Ok(Self(Kind::Table(TableBus::open(file, subscriptions, chaos).await?)))
    }

    /// RabbitMQ, with every queue that exists. Connects when there is something to do.
    pub fn rabbit(config: RabbitConfig, subscriptions: Vec<Subscription>) -> Self {
        Self(Kind::Rabbit(RabbitBus::new(config, subscriptions)))
    }

    /// The way onto the bus for one relay.
    pub(crate) fn publisher(&self, source: &'static str) -> Publisher {
        match &self.0 {
            Kind::Table(bus) => Publisher::Table(bus.clone()),
            Kind::Rabbit(bus) => Publisher::Rabbit(Box::new(RabbitPublisher::new(bus.clone(), source))),
        }
    }

    /// The deliveries of a queue, for one consumer. Ends with an error when the connection does.
    pub(crate) async fn subscribe(&self, queue: &'static str, vanished: Vanished) -> Result<Feed, BusError> {
        match &self.0 {
            Kind::Table(bus) => Ok(Feed::Table(bus.subscribe(queue))),
            Kind::Rabbit(bus) => Ok(Feed::Rabbit(Box::new(RabbitFeed::open(bus, queue, vanished).await?))),
        }
    }

    /// Publishes outside of any outbox, for tools and tests; says of each event whether it is durable on the bus.
    pub async fn publish(&self, events: &[Envelope]) -> Result<Vec<bool>, BusError> {
        let mut publisher = self.publisher("tool");
        publisher.make_queues();
        publisher.publish(events).await
    }

    /// Whether it is the one of embedded mode.
    pub fn is_in_process(&self) -> bool {
        matches!(self.0, Kind::Table(_))
    }

    /// The services that have a queue.
    pub fn queues(&self) -> Vec<&'static str> {
        let subscriptions = match &self.0 {
            Kind::Table(bus) => bus.subscriptions(),
            Kind::Rabbit(bus) => bus.subscriptions(),
        };
        subscriptions.iter().map(|subscription| subscription.queue).collect()
    }

    /// Messages of a queue that wait for their delivery.
    pub async fn depth(&self, queue: &'static str) -> Result<u64, BusError> {
        match &self.0 {
            Kind::Table(bus) => bus.depth(queue).await,
            Kind::Rabbit(bus) => bus.depth(queue).await,
        }
    }

    /// What is wrong with the bus at the moment, if anything.
    pub async fn trouble(&self) -> Option<Trouble> {
        match &self.0 {
            Kind::Table(bus) if bus.is_alive().await => None,
            Kind::Table(_) => Some(Trouble::Unreachable("the bus's file does not answer".to_owned())),
            Kind::Rabbit(bus) => bus.trouble(),
        }
    }

    /// Returns once it is known whether there is trouble.
    pub async fn tried(&self) {
        match &self.0 {
            Kind::Table(_) => {}
            Kind::Rabbit(bus) => bus.tried().await,
        }
    }

    /// Returns when the trouble has changed since this was last asked; for one caller. What runs inside the process tells
    /// nobody.
    pub async fn changed(&self) {
        match &self.0 {
            Kind::Table(_) => std::future::pending().await,
            Kind::Rabbit(bus) => bus.changed().await,
        }
    }
}

/// The way onto the bus.
pub(crate) enum Publisher {
    Table(TableBus),
    Rabbit(Box<RabbitPublisher>),
}

impl Publisher {
    /// Says of each event whether it is durable on the bus. An error leaves all of them unknown.
    pub(crate) async fn publish(&mut self, events: &[Envelope]) -> Result<Vec<bool>, BusError> {
        match self {
            Self::Table(bus) => bus.publish(events).await,
            Self::Rabbit(publisher) => publisher.publish(events).await,
        }
    }

    /// Notices a lost connection, and looks after queues and bindings, while there is nothing to publish.
    pub(crate) async fn check(&mut self) -> Result<(), BusError> {
        match self {
            Self::Table(_) => Ok(()),
            Self::Rabbit(publisher) => publisher.check().await,
        }
    }

    /// Next time, queues that have vanished are made: their loss is on record.
    pub(crate) fn make_queues(&mut self) {
        if let Self::Rabbit(publisher) = self {
            publisher.make_queues();
        }
    }
}

/// The deliveries of one queue.
pub(crate) enum Feed {
    Table(TableFeed),
    Rabbit(Box<RabbitFeed>),
}

impl Feed {
    /// At most `limit` deliveries; waits until there is one. May be dropped and called again.
    pub(crate) async fn next(&mut self, limit: u64) -> Result<Batch, BusError> {
        match self {
            Self::Table(feed) => feed.next(limit).await,
            Self::Rabbit(feed) => feed.next(limit).await,
        }
    }
}

/// Deliveries that arrived together.
pub(crate) struct Batch {
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) receipt: Receipt,
}

/// One delivery.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// Never given to anybody before.
    Fresh(Envelope),
    /// Somebody had it before and did not finish, for the reason given: it may have killed them.
    Again(Envelope, String),
    /// No event of this system, for the reason given.
    Unreadable(Letter, String),
}

/// Tells the bus that a batch is done. Belongs to the connection that gave the batch: on another one it means nothing.
pub(crate) enum Receipt {
    Rows { bus: TableBus, ids: Vec<i64> },
    Tag(rabbit::Tag),
}

impl Receipt {
    pub(crate) async fn settle(self) -> Result<(), BusError> {
        match self {
            Self::Rows { bus, ids } => table::remove(&bus, ids).await,
            Self::Tag(tag) => tag.acknowledge().await,
        }
    }
}
