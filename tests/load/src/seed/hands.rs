//! The hands of the clock, and what goes on the timeline.

use std::time::Duration;

use intake::domain::report::{Change, Words};
use intake::domain::timeline::Happening;
use province::{ClockKind, Notice};
use rand::RngExt as _;
use vocabulary::{EventId, ReportState, Timestamp};

use super::life::{Closing, Life, Promise, Step, Turn};
use super::plan::id_at;
use super::script::{REFUSAL, Script};
use super::words::{self, Facts};
use crate::operation::Service;

impl Script<'_> {
    /// Passes some time between the two, more likely a short one; `None` if that is after the plan's last instant.
    pub(super) fn wait(&mut self, (least, most): (Duration, Duration)) -> Option<()> {
        let span = self.rng.random_range(least.as_secs_f64().ln()..most.as_secs_f64().ln());
        self.wait_until(self.now + Duration::from_secs_f64(span.exp()))
    }

    pub(super) fn wait_until(&mut self, at: Timestamp) -> Option<()> {
        if at > self.scene.plan.until {
            return None;
        }
        self.now = at;
        Some(())
    }

    pub(super) fn turn(&mut self, change: impl FnOnce(&mut Turn, Timestamp)) {
        if let Some(turn) = self.life.turns.last_mut() {
            change(turn, self.now);
            turn.version += 1;
        }
    }

    pub(super) fn end_turn(&mut self, state: &'static str) {
        self.turn(|turn, now| (turn.state, turn.ended) = (state, Some(now)));
    }

    pub(super) fn closing(&mut self, change: impl FnOnce(&mut Closing)) {
        if let Some(closing) = self.life.closings.last_mut() {
            change(closing);
        }
    }

    pub(super) fn stop(&mut self, kind: ClockKind) {
        let running = |promise: &&mut Promise| promise.kind == kind && promise.stopped.is_none();
        for promise in self.life.promises.iter_mut().filter(running) {
            promise.stopped = Some(self.now);
        }
    }

    pub(super) fn tell_state(
        &mut self,
        source: Service,
        kind: &str,
        notice: Option<Notice>,
        state: ReportState,
    ) {
        let change = Change { state: Some(state), ..Change::default() };
        match notice {
            Some(notice) => self.tell(source, kind, notice, change),
            None => {
                let text = words::state(&self.scene.province, state);
                self.push(self.now, source, kind, text, change);
            }
        }
    }

    pub(super) fn tell(&mut self, source: Service, kind: &str, notice: Notice, change: Change) {
        let facts = Facts { due: self.due, ..Facts::default() };
        self.tell_with(source, kind, notice, change, facts);
    }

    pub(super) fn tell_with(
        &mut self,
        source: Service,
        kind: &str,
        notice: Notice,
        change: Change,
        facts: Facts<'_>,
    ) {
        let leaf = self.scene.province.taxonomy.find_leaf(&self.life.matter.leaf);
        let facts = Facts {
            code: &self.life.report.code,
            agency: self.agency.or(Some(&self.scene.coordinator.1)),
            commune: Some(&self.life.place.commune_name),
            field: leaf.map(|leaf| (leaf.name.vi.as_str(), leaf.name.en.as_str())),
            reason: Some(REFUSAL),
            time: Some(self.now),
            ..facts
        };
        let text = words::notice(&self.scene.province, notice, &facts);
        self.push(self.now, source, kind, text, change);
    }

    fn push(&mut self, at: Timestamp, source: Service, kind: &str, text: Words, change: Change) {
        self.life.told[source as usize] += 1;
        let event = EventId(id_at(at, &mut self.rng));
        let happening = Happening { event, kind: kind.to_owned(), text };
        self.steps.push(Step { at, source, happening, change });
    }
}

impl<'s> Script<'s> {
    /// Adds what the clocks told, and puts everything on the timeline in the order in which it happened.
    pub(super) fn end(mut self) -> Life<'s> {
        self.ring();
        self.steps.sort_by_key(|step| step.at);
        let mut life = self.life;
        // The window of a round that was sent back is over like any other, without a word to anybody.
        let over = |closing: &&mut Closing| closing.expires <= self.scene.plan.until;
        life.closings.iter_mut().filter(over).for_each(|closing| closing.standing = "closed");
        for step in self.steps {
            if step.source != Service::Intake {
                *life.report.applied.entry(step.source.as_str().to_owned()).or_insert(0) += 1;
            }
            let entry: intake::domain::timeline::Entry =
                life.report.record(step.happening, step.change, step.at);
            life.entries.push(entry);
        }
        life
    }

    fn ring(&mut self) {
        let until = self.scene.plan.until;
        let rung: Vec<(Timestamp, bool, Timestamp)> = self
            .life
            .promises
            .iter()
            .flat_map(|promise| {
                let (soon, due) = (promise.due.due_soon, promise.due.due);
                let last = promise.stopped.unwrap_or(until);
                [(last > soon).then_some((soon, false, due)), (last > due).then_some((due, true, due))]
            })
            .flatten()
            .collect();
        for (at, missed, due) in rung {
            if missed {
                let facts = Facts {
                    code: &self.life.report.code,
                    agency: self.agency.or(Some(&self.scene.coordinator.1)),
                    due: Some(due),
                    ..Facts::default()
                };
                let text = words::notice(&self.scene.province, Notice::DeadlineMissed, &facts);
                self.push(at, Service::Routing, "DeadlineMissed", text, Change::default());
            } else {
                let text = words::state(&self.scene.province, ReportState::Assigned);
                self.push(at, Service::Routing, "DeadlineApproaching", text, Change::default());
            }
        }
    }
}
