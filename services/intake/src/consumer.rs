//! Other services' events → timelines.

use messaging::{Envelope, Handler, Outcome, Work};
use sea_orm::DbErr;

use crate::Intake;
use crate::usecases::project_events::project_events;

/// Intake's reaction to events.
pub struct Consumer {
    /// The service.
    pub intake: Intake,
}

impl Handler for Consumer {
    async fn handle(&self, work: &mut Work, events: &[Envelope]) -> Result<Vec<Outcome>, DbErr> {
        project_events(&self.intake, work, events).await
    }
}
