//! Whether every event that was told has arrived where somebody listens: outboxes against inboxes, by ids.

use messaging::{Bus, Outbox, Told};
use vocabulary::{EventId, Timestamp};

use crate::system::SUBSCRIPTIONS;

/// Rows that are in memory at once.
const PAGE: u64 = 500;
/// Events that are named for one way.
const NAMED: usize = 1_000;

/// What one service has told and another listens to.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) source: &'static str,
    pub(super) subscriber: &'static str,
    /// Events that the source still remembers.
    pub(super) told: u64,
    /// Of these, those that have arrived.
    pub(super) received: u64,
    /// Those that wait in the source's outbox.
    pub(super) unsent: u64,
    /// Those that may be on the bus: of a moment ago, or no more than wait in the subscriber's queue.
    pub(super) on_the_way: u64,
    /// Those that are nowhere.
    pub(super) missing_count: u64,
    /// The first of them.
    pub(super) missing: Vec<Told>,
}

/// Compares every configured service with every other one. What happened after `settled` may still be on its way, and so
/// may as much as waits in the subscriber's queue; a bus that does not answer carries nothing.
pub(super) async fn compare(
    outboxes: &[Outbox],
    bus: &Bus,
    period: (Timestamp, Timestamp),
    settled: Timestamp,
) -> anyhow::Result<Vec<Delivery>> {
    let mut deliveries = Vec::new();
    for subscription in SUBSCRIPTIONS {
        let Some(inbox) = outboxes.iter().find(|outbox| outbox.source() == subscription.queue) else {
            continue;
        };
        let mut room = bus.depth(subscription.queue).await.unwrap_or(0);
        for outbox in outboxes {
            let mut delivery = Delivery {
                source: outbox.source(),
                subscriber: subscription.queue,
                told: 0,
                received: 0,
                unsent: 0,
                on_the_way: 0,
                missing_count: 0,
                missing: Vec::new(),
            };
            let mut last = None;
            loop {
                let page = outbox.told(period, last.as_ref(), PAGE).await?;
                let wanted: Vec<&Told> = page
                    .iter()
                    .filter(|told| subscription.types.contains(&told.event_type.as_str()))
                    .collect();
                let ids: Vec<EventId> = wanted.iter().map(|told| told.event).collect();
                let received = inbox.received(&ids).await?;
                for told in wanted {
                    delivery.enter(told, received.contains(&told.event), settled);
                }
                last = page.into_iter().next_back();
                if last.is_none() {
                    break;
                }
            }
            room = delivery.settle(room);
            if delivery.told > 0 {
                deliveries.push(delivery);
            }
        }
    }
    Ok(deliveries)
}

impl Delivery {
    fn enter(&mut self, told: &Told, received: bool, settled: Timestamp) {
        self.told += 1;
        if received {
            self.received += 1;
        } else if told.waits {
            self.unsent += 1;
        } else if told.time >= settled {
            self.on_the_way += 1;
        } else {
            self.missing_count += 1;
            if self.missing.len() < NAMED {
                self.missing.push(told.clone());
            }
        }
    }

    /// What is missing may wait in the queue, if as much waits there; answers what else may.
    fn settle(&mut self, room: u64) -> u64 {
        if self.missing_count > room {
            return room;
        }
        let found = std::mem::take(&mut self.missing_count);
        self.missing.clear();
        self.on_the_way += found;
        room - found
    }
}
