//! One run: everybody on stage, warm-up, window, and afterwards what became of the reports.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::DevelopmentIssuer;
use province::Province;
use vocabulary::Clock;

use crate::arrivals::Arrivals;
use crate::cast::Cast;
use crate::driver::{Driver, Patience};
use crate::figures::{Figures, Run};
use crate::follow::{Follower, Way};
use crate::ledger::Ledger;
use crate::options::PlayOptions;
use crate::pace;
use crate::photos::Album;
use crate::processes::{Watch, Watched};
use crate::recorder::{Measured, Recorder};
use crate::seed::Plan;
use crate::stage::{Play, Stage};
use crate::system::System;

/// How long reading back is tried while the system is away.
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// The system and everybody who asks it.
pub struct Theatre {
    cast: Cast,
    system: System,
    ledger: Ledger,
    options: PlayOptions,
    play: Play,
    watched: Vec<Watched>,
    /// Numbers of actions never repeat, so that no run is answered from the record of an earlier one.
    next_number: u64,
}

/// Reads the province pack.
pub fn load_province(folder: &Path) -> anyhow::Result<Province> {
    Province::load(folder).map_err(|mistakes| {
        anyhow::anyhow!("{} mistakes in the province pack, the first: {}", mistakes.len(), mistakes[0])
    })
}

impl Theatre {
    /// Gets ready to play on `system`, whose development key lies in `data`.
    pub fn open(
        system: System,
        data: &Path,
        ledger: Ledger,
        watched: Vec<Watched>,
        options: &PlayOptions,
    ) -> anyhow::Result<Self> {
        let province = load_province(&options.province)?;
        let issuer = DevelopmentIssuer::open(data, &options.issuer, &options.audience, Clock::system())?;
        let seeded = options.seeded.then(|| Plan::read(data)).transpose()?;
        let (citizens, seed) =
            seeded.as_ref().map_or((options.citizens, options.seed), |plan| (plan.citizens, plan.seed));
        let cast = Cast::prepare(&province, issuer, citizens, seed)?;
        let album = options.mix.has_photos().then(|| Album::draw(seed, options.largest_photo)).transpose()?;
        let play = Play { mix: options.mix.clone(), replay: options.replay, seeded, album };
        Ok(Self { cast, system, ledger, options: options.clone(), play, watched, next_number: 0 })
    }

    /// Plays at `rate`, or in a closed loop if it is 0.
    pub async fn play(&mut self, rate: f64) -> anyhow::Result<Figures> {
        let options = &self.options;
        let clock = Clock::system();
        let (warmup, window) = (options.warmup(), options.window());
        let (begin, begun) = (Instant::now(), clock.now());
        let recorder = Arc::new(Recorder::within(begin + warmup, begin + warmup + window));
        let attempt = Duration::from_secs(options.timeout_seconds);
        let repeat = options.retry.then_some(Duration::from_secs(options.settle_seconds));
        let patience = Patience { attempt, repeat };
        let driver = Driver::new(self.system.clone(), self.ledger.clone(), Arc::clone(&recorder), patience);
        let stage = Stage::set(&self.cast, &driver, self.play.clone());
        let watch = Watch::start(self.watched.clone())?;
        let (first, length) = (self.next_number, warmup + window);
        let asked = if rate > 0.0 {
            let rng = self.cast.rng(7, first);
            let arrivals = Arrivals::new(rate, warmup, options.arrivals, rng);
            pace::open(stage, arrivals, first, begin, length).await?
        } else {
            pace::closed(&stage, options.concurrency, first, begin, length).await?
        };
        let usage = watch.stop().await?;
        let measured = recorder.take();
        let way = self.follow(&measured, (begun + warmup)..(begun + length)).await?;
        self.next_number += asked;
        Ok(Figures::of(Run { asked, window, begun, measured, way, usage }))
    }

    async fn follow(
        &self,
        measured: &Measured,
        window: std::ops::Range<vocabulary::Timestamp>,
    ) -> anyhow::Result<Option<Way>> {
        if !self.options.follow || !self.options.mix.sends() {
            return Ok(None);
        }
        let patience = Patience { attempt: READ_PATIENCE, repeat: Some(READ_PATIENCE) };
        let apart = Arc::new(Recorder::default());
        let driver = Driver::new(self.system.clone(), Ledger::default(), apart, patience);
        let follower = Follower {
            cast: &self.cast,
            driver: &driver,
            patience: Duration::from_secs(self.options.settle_seconds),
            sample: self.options.sample,
        };
        Ok(Some(follower.follow(&measured.acknowledged, window).await?))
    }
}
