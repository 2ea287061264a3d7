//! The service's reaction to events: read each, record the whole batch, answer one outcome per event.

use std::sync::Arc;

use messaging::{Envelope, Handler, Outcome, Work};
use province::Province;
use sea_orm::DbErr;
use vocabulary::Clock;

use crate::events;
use crate::usecases::record_endings::{Heard, record_endings};

/// Reads the events of the subscription.
pub struct Consumer {
    /// Windows of a rating and the local calendar.
    pub province: Arc<Province>,
    /// Now, and ids of invitations.
    pub clock: Clock,
}

impl Handler for Consumer {
    async fn handle(&self, work: &mut Work, envelopes: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        let mut outcomes = vec![Outcome::Done; envelopes.len()];
        let mut readable = Vec::with_capacity(envelopes.len());
        for (index, envelope) in envelopes.iter().enumerate() {
            match events::read(envelope, &self.province) {
                Ok(news) => readable.push((index, Heard { envelope, news })),
                Err(error) => outcomes[index] = Outcome::Failed(error.to_string()),
            }
        }
        let (indexes, heard): (Vec<usize>, Vec<Heard<'_>>) = readable.into_iter().unzip();
        let misfits = record_endings(work, &heard, &self.province.policies.rating, &self.clock).await?;
        for (index, misfit) in indexes.into_iter().zip(misfits) {
            if let Some(misfit) = misfit {
                outcomes[index] = Outcome::Failed(misfit.to_string());
            }
        }
        Ok(outcomes)
    }
}
