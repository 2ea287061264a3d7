//! Everybody together: action number so-and-so of a mix, performed.

use std::time::Instant;

use rand::RngExt as _;

use crate::agencies::{Agencies, granted};
use crate::cast::Cast;
use crate::citizens::Citizens;
use crate::driver::{Answer, Driver, Failure};
use crate::mix::{Action, Mix};
use crate::operation::Operation;
use crate::photos::Album;
use crate::raters::Raters;
use crate::readers::Readers;
use crate::seed::Plan;

/// Most photos with one report.
const MOST_PHOTOS: usize = 3;

/// What is played.
#[derive(Clone)]
pub struct Play {
    /// Which actions.
    pub mix: Mix,
    /// Share of reports that are sent again under the same id.
    pub replay: f64,
    /// What the databases were filled with before.
    pub seeded: Option<Plan>,
    /// The photos that are taken, if any.
    pub album: Option<Album>,
}

/// All actors. Cheap to clone.
#[derive(Clone)]
pub struct Stage {
    cast: Cast,
    driver: Driver,
    play: std::sync::Arc<Play>,
    citizens: Citizens,
    agencies: Agencies,
    raters: Raters,
    readers: Readers,
}

impl Stage {
    /// Brings everybody on.
    pub fn set(cast: &Cast, driver: &Driver, play: Play) -> Self {
        Self {
            citizens: Citizens::new(cast.clone(), driver.clone()),
            agencies: Agencies::new(cast.clone(), driver.clone()),
            raters: Raters::new(cast.clone(), driver.clone()),
            readers: Readers::new(cast.clone(), driver.clone(), play.seeded.clone()),
            cast: cast.clone(),
            driver: driver.clone(),
            play: std::sync::Arc::new(play),
        }
    }

    /// What performs the operations.
    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Performs the action with this number. Refusals are measured; an error means that the run must end.
    pub async fn act(&self, number: u64, due: Instant) -> anyhow::Result<()> {
        self.driver.recorder().begun(due);
        let mut rng = self.cast.rng(5, number);
        let found = match self.play.mix.choose(&mut rng) {
            Action::Create => {
                self.created(number, self.citizens.create(number, due).await).await?;
                true
            }
            Action::Media => {
                let photos: Vec<_> = (0..rng.random_range(1..=MOST_PHOTOS))
                    .filter_map(|_| self.play.album.as_ref().map(|album| album.take(&mut rng)))
                    .collect();
                self.created(number, self.citizens.create_with_photos(number, &photos, due).await).await?;
                true
            }
            Action::Dispatch => self.agencies.work(number, due).await?,
            Action::Rate => self.raters.rate(number, due).await?,
            Action::GetReport => self.readers.read(Operation::GetReport, number, due).await?,
            Action::ListOwn => self.readers.read(Operation::ListOwn, number, due).await?,
            Action::ListPublic => self.readers.read(Operation::ListPublic, number, due).await?,
            Action::Queue => self.readers.read(Operation::Queue, number, due).await?,
            Action::Reviews => self.readers.read(Operation::Reviews, number, due).await?,
            Action::Score => self.readers.read(Operation::Score, number, due).await?,
            Action::Scores => self.readers.read(Operation::Scores, number, due).await?,
        };
        if !found && self.driver.recorder().counts(due) {
            self.driver.recorder().count(|measured| measured.idle += 1);
        }
        Ok(())
    }

    /// Sends some reports once more.
    async fn created(
        &self,
        number: u64,
        outcome: Result<Answer<contract::intake::v1::Report>, Failure>,
    ) -> anyhow::Result<()> {
        let first = match outcome {
            Ok(first) => first,
            Err(failure) => return granted::<()>(Err(failure)).map(drop),
        };
        if self.cast.rng(6, number).random_bool(self.play.replay) {
            granted(self.citizens.replay(number, &first).await)?;
        }
        Ok(())
    }
}
