//! How rounds end: answered, given back or refused, then rated, and perhaps sent back.

use std::time::Duration;

use intake::domain::report::{Answer, Change, Words};
use province::{ClockKind, Notice};
use rand::RngExt as _;
use vocabulary::{AgencyId, InvitationId, Outcome, ReportState, Timestamp, Verdict};

use super::life::Closing;
use super::plan::id_at;
use super::script::{AT_ONCE, DAY, MINUTE, REFUSAL, REPLY, Script};
use super::words::Facts;
use crate::operation::Service;

const SECOND: Duration = Duration::from_secs(1);
/// Shares of what may happen.
const REJECTED: f64 = 0.06;
const RATED: f64 = 0.45;

impl Script<'_> {
    /// The number that the next closing has.
    fn next_closing(&self) -> i32 {
        i32::try_from(self.life.closings.len() + 1).unwrap_or(i32::MAX)
    }

    /// Out of scope, or not taken.
    pub(super) fn give_back(&mut self) -> Option<()> {
        self.stop(ClockKind::Receive);
        let text = |text: &str| Words { vi: text.to_owned(), en: text.to_owned() };
        let mut answer = Answer {
            outcome: None,
            text: text(REFUSAL),
            channel: None,
            evidence: Vec::new(),
            promised: None,
            time: self.now,
            round: self.next_closing(),
        };
        if self.rng.random_bool(REJECTED) {
            let change =
                Change { state: Some(ReportState::Rejected), answer: Some(answer), ..Change::default() };
            self.tell(Service::Routing, "ReportRejected", Notice::Rejected, change);
            self.life.case_state = "rejected";
            return self.close("rejected", self.scene.coordinator.0.clone(), None, None);
        }
        let taxonomy = &self.scene.province.taxonomy;
        let key = taxonomy.find_leaf(&self.life.matter.leaf).and_then(|leaf| leaf.return_template.as_ref());
        let channel = key.and_then(|key| self.scene.province.templates.returned(key));
        (answer.text, answer.channel) =
            (text(""), Some(channel.map_or_else(|| text(""), |returned| Words::from(&returned.channel))));
        let change = Change { state: Some(ReportState::Returned), answer: Some(answer), ..Change::default() };
        self.tell(Service::Routing, "ReportReturned", Notice::Returned, change);
        self.life.case_state = "returned";
        self.close("returned", self.scene.coordinator.0.clone(), None, None)
    }

    /// The reply becomes public; true if the report comes back.
    pub(super) fn answer(&mut self, outcome: Outcome, promised: Option<Timestamp>) -> Option<bool> {
        let (kind, notice, state, word) = match promised {
            None => ("ReportResolved", Notice::Resolved, ReportState::Resolved, "resolved"),
            Some(_) => {
                ("ReportDeferred", Notice::AnsweredDeferred, ReportState::AnsweredDeferred, "deferred")
            }
        };
        self.end_turn(word);
        self.stop(ClockKind::Respond);
        self.life.case_state = "answered";
        let text = Words { vi: REPLY.to_owned(), en: REPLY.to_owned() };
        let (channel, evidence, time, round) = (None, Vec::new(), self.now, self.next_closing());
        let answer = Answer { outcome: Some(outcome), text, channel, evidence, promised, time, round };
        let change = Change { state: Some(state), answer: Some(answer), ..Change::default() };
        self.tell_with(Service::Routing, kind, notice, change, Facts { promised, ..Facts::default() });
        let turn = self.life.turns.last()?;
        let (agency, due, round) = (turn.agency.clone(), turn.due, turn.round);
        let turns = self.life.turns.iter().filter(|other| other.round == round && other.agency == agency);
        let held = turns.map(|turn| turn.ended.unwrap_or(turn.assigned).since(turn.assigned)).sum();
        self.close(state.as_str(), agency, Some(due), Some(held))?;
        if !self.life.closings.last().is_some_and(|closing| closing.reopened) {
            return Some(false);
        }
        self.wait(AT_ONCE)?;
        self.life.round += 1;
        self.assign(self.route?);
        Some(true)
    }

    /// The reporter is asked, perhaps answers, perhaps sends it back; else the window ends it.
    fn close(
        &mut self,
        ended_as: &'static str,
        agency: AgencyId,
        due: Option<Timestamp>,
        held: Option<Duration>,
    ) -> Option<()> {
        let policy = &self.scene.province.policies.rating;
        let closed = self.now;
        let expires = closed + policy.window;
        self.wait(AT_ONCE)?;
        let invitation = id_at(self.now, &mut self.rng);
        self.life.closings.push(Closing {
            invitation,
            round: self.life.round,
            ended_as,
            agency,
            closed,
            due,
            held,
            invited: self.now,
            expires,
            standing: "open",
            rating: None,
            reopened: false,
        });
        let change = Change { invitation: Some(InvitationId(invitation)), ..Change::default() };
        let facts = Facts { due: Some(expires), ..Facts::default() };
        self.tell_with(Service::Satisfaction, "RatingInvited", Notice::RatingInvited, change, facts);
        if self.rng.random_bool(RATED) {
            self.rate(ended_as, expires)?;
        }
        if !self.life.closings.last().is_some_and(|closing| closing.reopened) {
            self.wait_until(expires + SECOND)?;
            self.tell_state(Service::Satisfaction, "ReportClosed", Some(Notice::Closed), ReportState::Closed);
        }
        Some(())
    }

    fn rate(&mut self, ended_as: &str, expires: Timestamp) -> Option<()> {
        let policy = &self.scene.province.policies.rating;
        self.wait((MINUTE, 10 * DAY))?;
        let verdict = match self.rng.random_range(0..20) {
            0..13 => Verdict::Satisfied,
            13..17 => Verdict::Acceptable,
            _ => Verdict::Unsatisfied,
        };
        let answered = matches!(ended_as, "resolved" | "answered_deferred");
        let reopens = verdict == Verdict::Unsatisfied
            && answered
            && policy.reopen_on_unsatisfied
            && self.life.round < policy.maximum_rounds;
        let now = self.now;
        self.closing(|closing| (closing.rating, closing.reopened) = (Some((now, verdict)), reopens));
        let until = Some((now + policy.revise).min(expires));
        let facts = Facts { due: until, ..Facts::default() };
        self.tell_with(
            Service::Satisfaction,
            "RatingSubmitted",
            Notice::RatingReceived,
            Change::default(),
            facts,
        );
        if reopens {
            let state = ReportState::Reopened;
            self.tell_state(Service::Satisfaction, "ReportReopened", Some(Notice::RatingReopened), state);
        }
        Some(())
    }
}
