//! RabbitMQ. Every relay and every consumer has a connection of its own (an alarm of the broker stops connections that
//! publish, and must not stop those that consume) and looks after it itself: connect, declare, run; at the first error it
//! is torn down, and the next call begins anew. The library's automatic recovery is not used: a confirm that was on its
//! way would hang, and a delivery of an old connection could be taken for one of the new.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, Confirmation, Connection, ConnectionProperties, Consumer};
use settings::Secret;
use tokio::sync::{Notify, watch};

use super::amqp::{arrival, dead_because, properties, routing_key, short};
use super::topology::{Topology, Vanished, explain};
use super::{Batch, BusError, Receipt, Subscription};
use crate::Envelope;

/// Seconds without a sign of life after which half a connection is dead.
const HEARTBEAT: u16 = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than a transaction of the relay may be idle.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(4);
const ASK_TIMEOUT: Duration = Duration::from_secs(4);
/// Queues are made slowly, the more of them at once the more so.
const DECLARE_TIMEOUT: Duration = Duration::from_secs(20);
/// How often queues and bindings are looked after while everything works.
const ASSERT_EVERY: Duration = Duration::from_secs(30);
/// Twice a batch: the next one is here when one is done.
const PREFETCH: u16 = 512;

/// Where the broker is and what the system is called there.
#[derive(Debug, Clone)]
pub struct RabbitConfig {
    url: Secret,
    prefix: String,
}

impl RabbitConfig {
    /// Refuses what is no address of a broker, in one line.
    pub fn parse(url: &Secret, prefix: &str) -> Result<Self, String> {
        parse(url)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if prefix.is_empty() || prefix.len() > 100 || !prefix.chars().all(fits) {
            return Err("`bus.prefix` must be 1–100 letters, digits, `-`, `_` or `.`".to_owned());
        }
        Ok(Self { url: url.clone(), prefix: prefix.to_owned() })
    }
}

/// The parser's own words may quote the password.
fn parse(url: &Secret) -> Result<AMQPUri, String> {
    url.expose()
        .parse()
        .map_err(|_| "`bus.url` is no address such as amqp://user:password@host:5672/%2f".to_owned())
}

/// What is wrong with the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It is down or out of reach: events wait in the outboxes.
    Unreachable(String),
    /// It is not as it must be: somebody has to act.
    Misconfigured(String),
}

#[derive(Clone)]
pub(crate) struct RabbitBus(Arc<Inner>);

/// How it goes.
#[derive(Debug, Default)]
struct State {
    /// Whether any part of this process knows by now.
    is_tried: bool,
    /// Who has which trouble, by name.
    troubles: BTreeMap<String, Trouble>,
}

struct Inner {
    url: Secret,
    topology: Topology,
    state: watch::Sender<State>,
    /// Keeps one change for who listens later.
    changed: Notify,
    asking: tokio::sync::Mutex<Option<Connection>>,
}

impl RabbitBus {
    pub(super) fn new(config: RabbitConfig, subscriptions: Vec<Subscription>) -> Self {
        let topology = Topology { prefix: config.prefix, subscriptions };
        Self(Arc::new(Inner {
            url: config.url,
            topology,
            state: watch::Sender::default(),
            changed: Notify::new(),
            asking: tokio::sync::Mutex::default(),
        }))
    }

    pub(super) fn subscriptions(&self) -> &[Subscription] {
        &self.0.topology.subscriptions
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        let state = self.0.state.borrow();
        let serious = state.troubles.values().find(|trouble| matches!(trouble, Trouble::Misconfigured(_)));
        serious.or_else(|| state.troubles.values().next()).cloned()
    }

    pub(super) async fn tried(&self) {
        // It cannot end before this bus.
        drop(self.0.state.subscribe().wait_for(|state| state.is_tried).await);
    }

    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Messages that wait in a queue.
    pub(super) async fn depth(&self, service: &str) -> Result<u64, BusError> {
        let mut asking = self.0.asking.lock().await;
        let connection = match asking.take().filter(|connection| connection.status().connected()) {
            Some(connection) => connection,
            None => self.connect("depth").await?,
        };
        let counted = within(ASK_TIMEOUT, async {
            let channel = connection.create_channel().await.map_err(explain)?;
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let queue = self.0.topology.queue(service);
            let queue =
                channel.queue_declare(queue, passive, FieldTable::default()).await.map_err(explain)?;
            channel.close(200, "asked".into()).await.map_err(explain)?;
            Ok(u64::from(queue.message_count()))
        })
        .await?;
        *asking = Some(connection);
        Ok(counted)
    }

    async fn connect(&self, name: &str) -> Result<Connection, BusError> {
        let mut uri = parse(&self.0.url).map_err(BusError::Misconfigured)?;
        uri.query.heartbeat = Some(HEARTBEAT);
        let properties =
            ConnectionProperties::default().with_connection_name(format!("fieldreport {name}").into());
        within(CONNECT_TIMEOUT, async { Connection::connect_uri(uri, properties).await.map_err(explain) })
            .await
    }

    /// Remembers how it went for one part of this process.
    fn note<T>(&self, who: &str, outcome: Result<T, BusError>) -> Result<T, BusError> {
        let trouble = match &outcome {
            Ok(_) | Err(BusError::Database(_) | BusError::QueueVanished) => None,
            Err(BusError::Unreachable(why)) => Some(Trouble::Unreachable(why.clone())),
            Err(BusError::Misconfigured(why)) => Some(Trouble::Misconfigured(why.clone())),
        };
        let is_news = self.0.state.send_if_modified(|state| {
            let known = state.troubles.get(who).cloned();
            let is_new = known != trouble || !state.is_tried;
            state.is_tried = true;
            match trouble {
                Some(trouble) => state.troubles.insert(who.to_owned(), trouble),
                None => state.troubles.remove(who),
            };
            is_new
        });
        if is_news {
            self.0.changed.notify_one();
        }
        outcome
    }
}

/// Every question to the broker has an end: it may hang without an error for as long as an alarm lasts.
async fn within<T>(
    limit: Duration,
    question: impl Future<Output = Result<T, BusError>>,
) -> Result<T, BusError> {
    match tokio::time::timeout(limit, question).await {
        Ok(outcome) => outcome,
        Err(_) => Err(BusError::Unreachable(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// The way onto the broker for one relay.
pub(crate) struct RabbitPublisher {
    bus: RabbitBus,
    who: String,
    link: Option<Link>,
    vanished: Vanished,
}

struct Link {
    connection: Connection,
    channel: Channel,
    asserted: Instant,
}

impl RabbitPublisher {
    pub(super) fn new(bus: RabbitBus, source: &'static str) -> Self {
        Self { bus, who: format!("{source} relay"), link: None, vanished: Vanished::Tell }
    }

    /// Next time, queues that have vanished are made: their loss is on record.
    pub(super) fn make_queues(&mut self) {
        self.vanished = Vanished::Make;
    }

    /// Publishes with pipelined confirms: durable is what the broker has confirmed and not returned as unroutable.
    pub(super) async fn publish(&mut self, events: &[Envelope]) -> Result<Vec<bool>, BusError> {
        let outcome = self.try_publish(events).await;
        self.settle(outcome)
    }

    /// Notices a lost connection, and asserts the topology now and then.
    pub(super) async fn check(&mut self) -> Result<(), BusError> {
        let outcome = self.linked().await.map(|_| ());
        self.settle(outcome)
    }

    fn settle<T>(&mut self, outcome: Result<T, BusError>) -> Result<T, BusError> {
        if outcome.is_err() {
            self.link = None;
        }
        self.bus.note(&self.who, outcome)
    }

    async fn try_publish(&mut self, events: &[Envelope]) -> Result<Vec<bool>, BusError> {
        let events_exchange = self.bus.0.topology.events();
        let channel = self.linked().await?.channel.clone();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let taken = within(CONFIRM_TIMEOUT, async {
            let mut confirms = Vec::with_capacity(events.len());
            for event in events {
                let (exchange, key) = (events_exchange.clone(), routing_key(event));
                let confirm =
                    channel.basic_publish(exchange, key, options, &event.body, properties(event)).await;
                confirms.push(confirm.map_err(explain)?);
            }
            let mut taken = Vec::with_capacity(events.len());
            for (confirm, event) in confirms.into_iter().zip(events) {
                taken.push(match confirm.await.map_err(explain)? {
                    Confirmation::Ack(None) => true,
                    // Nobody listens: what only outsiders want is told all the same.
                    Confirmation::Ack(Some(_)) => super::is_announcement(&event.event_type),
                    Confirmation::Nack(_) | Confirmation::NotRequested => false,
                });
            }
            Ok(taken)
        })
        .await?;
        if taken.contains(&false)
            && let Some(link) = &mut self.link
        {
            // A binding or a queue is gone: the next call makes it again.
            link.asserted -= ASSERT_EVERY;
        }
        Ok(taken)
    }

    /// A connection that works, with everything declared.
    async fn linked(&mut self) -> Result<&Link, BusError> {
        let link = match self.link.take() {
            Some(link) if link.connection.status().blocked() => {
                self.link = Some(link);
                return Err(BusError::Unreachable(
                    "the broker has raised an alarm and takes nothing".to_owned(),
                ));
            }
            Some(link) if !link.connection.status().connected() || !link.channel.status().connected() => {
                self.open().await?
            }
            Some(mut link) if link.asserted.elapsed() >= ASSERT_EVERY => {
                self.declare(&link.connection).await?;
                link.asserted = Instant::now();
                link
            }
            Some(link) => link,
            None => self.open().await?,
        };
        Ok(self.link.insert(link))
    }

    async fn declare(&mut self, connection: &Connection) -> Result<(), BusError> {
        within(DECLARE_TIMEOUT, self.bus.0.topology.declare(connection, self.vanished)).await?;
        self.vanished = Vanished::Tell;
        Ok(())
    }

    async fn open(&mut self) -> Result<Link, BusError> {
        let connection = self.bus.connect(&self.who).await?;
        self.declare(&connection).await?;
        let channel = within(ASK_TIMEOUT, async {
            let channel = connection.create_channel().await.map_err(explain)?;
            channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(explain)?;
            Ok(channel)
        })
        .await?;
        Ok(Link { connection, channel, asserted: Instant::now() })
    }
}

/// The deliveries of one queue, on a connection of its own. Ends with the connection.
pub(crate) struct RabbitFeed {
    bus: RabbitBus,
    who: String,
    deliveries: Stream,
    given_up: Stream,
    _connection: Connection,
}

/// One consumer on a channel of its own, so that acknowledging many at once means only its own.
struct Stream {
    channel: Channel,
    consumer: Consumer,
}

impl RabbitFeed {
    pub(super) async fn open(
        bus: &RabbitBus,
        service: &'static str,
        vanished: Vanished,
    ) -> Result<Self, BusError> {
        let who = format!("{service} consumer");
        let opened = Self::try_open(bus, service, vanished, &who).await;
        bus.note(&who, opened)
    }

    async fn try_open(
        bus: &RabbitBus,
        service: &'static str,
        vanished: Vanished,
        who: &str,
    ) -> Result<Self, BusError> {
        let topology = &bus.0.topology;
        let connection = bus.connect(who).await?;
        within(DECLARE_TIMEOUT, topology.declare(&connection, vanished)).await?;
        let deliveries = Stream::open(&connection, &topology.queue(service), PREFETCH).await?;
        let given_up = Stream::open(&connection, &topology.dead_queue(service), 1).await?;
        let (bus, who) = (bus.clone(), who.to_owned());
        Ok(Self { bus, who, deliveries, given_up, _connection: connection })
    }

    /// What has arrived, at most `limit`. Nothing is lost when this is dropped while it waits.
    pub(super) async fn next(&mut self, limit: u64) -> Result<Batch, BusError> {
        let batch = tokio::select! {
            first = self.deliveries.consumer.next() => self.deliveries.batch(first, limit, |_| None),
            first = self.given_up.consumer.next() => {
                self.given_up.batch(first, 1, |delivery| Some(dead_because(&delivery.properties)))
            }
        };
        match batch {
            Ok(batch) => Ok(batch),
            Err(error) => self.bus.note(&self.who, Err(error)),
        }
    }
}

impl Stream {
    async fn open(
        connection: &Connection,
        queue: &lapin::types::ShortString,
        prefetch: u16,
    ) -> Result<Self, BusError> {
        within(ASK_TIMEOUT, async {
            let channel = connection.create_channel().await.map_err(explain)?;
            channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(explain)?;
            let consume = channel.basic_consume(
                queue.clone(),
                short(""),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            );
            let consumer = consume.await.map_err(explain)?;
            Ok(Self { channel, consumer })
        })
        .await
    }

    /// The first delivery and whatever else is here already.
    fn batch(
        &mut self,
        first: Option<Result<Delivery, lapin::Error>>,
        limit: u64,
        gave_up: impl Fn(&Delivery) -> Option<String>,
    ) -> Result<Batch, BusError> {
        let ended = || BusError::Unreachable("the broker has ended the deliveries".to_owned());
        let mut delivery = first.ok_or_else(ended)?.map_err(explain)?;
        let mut arrivals = Vec::new();
        loop {
            let tag = delivery.delivery_tag;
            let reason = gave_up(&delivery);
            arrivals.push(arrival(delivery, reason));
            let more = (arrivals.len() as u64) < limit;
            match more.then(|| self.consumer.next().now_or_never()).flatten() {
                Some(Some(Ok(next))) => delivery = next,
                // An end shows itself again at the next call; what is here is worked on.
                Some(_) | None => {
                    let receipt = Receipt::Tag(Tag { channel: self.channel.clone(), tag });
                    return Ok(Batch { arrivals, receipt });
                }
            }
        }
    }
}

/// The last delivery of a batch, on the channel that it came on.
pub(crate) struct Tag {
    channel: Channel,
    tag: u64,
}

impl Tag {
    pub(super) async fn acknowledge(self) -> Result<(), BusError> {
        let all_so_far = BasicAckOptions { multiple: true };
        within(ASK_TIMEOUT, async { self.channel.basic_ack(self.tag, all_so_far).await.map_err(explain) })
            .await
    }
}
