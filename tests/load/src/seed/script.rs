//! How a seeded report lives: the same steps as real ones take, at the speed of people, until the plan's last instant.

use std::time::Duration;

use intake::domain::code;
use intake::domain::report::{AssignmentFacts, Change, Report};
use intake::domain::timeline::GENESIS;
use province::{ClockKind, Notice};
use rand::RngExt as _;
use rand::rngs::StdRng;
use vocabulary::{Access, Outcome, ReportState, Scope, Timestamp, Urgency};

use super::life::{Life, Promise, Review, Step, Turn};
use super::plan::id_at;
use super::scene::{Route, Scene};
use crate::operation::Service;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// What a machine takes.
pub(super) const AT_ONCE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(400));

/// Shares of what may happen.
const DOUBTED: f64 = 0.08;
const WITHDRAWN: f64 = 0.02;
const HANDED_BACK: f64 = 0.05;
const DEFERRED: f64 = 0.08;
const NOT_COMPETENT: &str = "Không thuộc thẩm quyền của đơn vị.";
pub(super) const REFUSAL: &str = "Không đủ thông tin để xác minh.";
pub(super) const REPLY: &str =
    "Kính gửi Ông/Bà, đơn vị đã kiểm tra hiện trường và xử lý nội dung phản ánh. Trân trọng.";

/// Plays the life of the report with this number.
pub(crate) fn play(scene: &Scene, number: u64) -> anyhow::Result<Life<'_>> {
    let mut rng = scene.plan.rng(number);
    let created = scene.plan.created(number);
    // The first draw of a report's randomness is its id: readers know it by the plan alone.
    let id = vocabulary::ReportId(id_at(created, &mut rng));
    let (matter, place, route) = scene.something(&mut rng)?;
    let subject = scene.subject(number);
    let report = Report {
        id,
        code: code::code(&scene.province.profile.report_code_prefix, id),
        owner: scene.reporters.owner(subject).to_vec(),
        text: matter.text.clone(),
        point: place.point,
        address: String::new(),
        source: 1,
        captured: None,
        publication_consent: rng.random_bool(0.5),
        state: ReportState::Submitted,
        created,
        updated: created,
        leaf: None,
        urgency: None,
        access: Access::Ordinary,
        agency: None,
        commune: None,
        respond_due: None,
        answer: None,
        invitation: None,
        question: None,
        contested: false,
        last_sequence: 0,
        last_hash: GENESIS,
        applied: std::collections::BTreeMap::new(),
    };
    let life = Life {
        entries: Vec::new(),
        proof: scene.reporters.proof(id, subject),
        subject,
        matter,
        place,
        confidence: rng.random_range(0.55..0.99),
        access: matter.access,
        reviews: Vec::new(),
        decided: created,
        by_person: false,
        announced: false,
        told: [0; 4],
        classified_sequence: 0,
        case_state: "waiting",
        round: 1,
        hand_backs: 0,
        objection: None,
        turns: Vec::new(),
        promises: Vec::new(),
        closings: Vec::new(),
        withdrawn: None,
        report,
    };
    let mut script =
        Script { scene, route, rng, now: created, steps: Vec::new(), agency: None, due: None, life };
    script.begin();
    // The future ends every life where it stands.
    let ended = script.live();
    debug_assert!(ended.is_some() || script.now <= scene.plan.until);
    Ok(script.end())
}

/// A life while it is played.
pub(super) struct Script<'s> {
    pub(super) scene: &'s Scene,
    pub(super) route: Option<&'s Route>,
    pub(super) rng: StdRng,
    pub(super) now: Timestamp,
    pub(super) steps: Vec<Step>,
    /// Name of the agency that has it.
    pub(super) agency: Option<&'s str>,
    pub(super) due: Option<Timestamp>,
    pub(super) life: Life<'s>,
}

impl<'s> Script<'s> {
    fn begin(&mut self) {
        self.tell(Service::Intake, "ReportSubmitted", Notice::Submitted, Change::default());
        let due = self.scene.province.due(ClockKind::Receive, self.now, &[]);
        self.life.promises.push(Promise {
            kind: ClockKind::Receive,
            round: 1,
            agency: self.scene.coordinator.0.clone(),
            started: self.now,
            due,
            stopped: None,
        });
    }

    /// `None` as soon as something would happen after the plan's last instant.
    fn live(&mut self) -> Option<()> {
        self.wait(AT_ONCE)?;
        self.life.decided = self.now;
        let doubted = self.life.matter.scope == Scope::Out
            || self.life.matter.access != Access::Ordinary
            || self.life.matter.urgency == Urgency::Emergency
            || self.rng.random_bool(DOUBTED);
        if doubted {
            self.review(self.doubt(), "")?;
        } else {
            self.classified("ReportClassified", Notice::Classified);
        }
        self.wait(AT_ONCE)?;
        if self.life.matter.scope == Scope::Out {
            return self.give_back();
        }
        self.assign(self.route?);
        if self.rng.random_bool(WITHDRAWN) {
            return self.withdraw();
        }
        if self.rng.random_bool(HANDED_BACK) {
            self.hand_back()?;
        }
        while self.work()? {}
        Some(())
    }

    fn doubt(&self) -> &'static str {
        match (self.life.matter.urgency, self.life.matter.access, self.life.matter.scope) {
            (Urgency::Emergency, _, _) => "EMERGENCY",
            (_, Access::Quarantine, _) => "DENUNCIATION_SUSPECTED",
            (_, Access::Restricted, _) => "COMPLAINT_SUSPECTED",
            (_, _, Scope::Out) => "OUT_OF_SCOPE_SUSPECTED",
            (_, _, Scope::In) => "LOW_CONFIDENCE",
        }
    }

    /// A person is asked, and decides.
    fn review(&mut self, reason: &'static str, note: &'static str) -> Option<()> {
        let change = Change { state: Some(ReportState::UnderReview), ..self.classification() };
        self.tell(Service::Classification, "ReviewRequested", Notice::UnderReview, change);
        let created = self.now;
        let due = if self.life.matter.urgency == Urgency::Emergency {
            self.life.report.created
        } else {
            self.scene.province.due(ClockKind::Receive, self.life.report.created, &[]).due
        };
        let id = id_at(created, &mut self.rng);
        self.life.reviews.push(Review { id, reason, note, created, due, state: "open", version: 1 });
        self.wait((3 * MINUTE, 6 * HOUR))?;
        if let Some(review) = self.life.reviews.last_mut() {
            (review.state, review.version) = ("decided", 2);
        }
        (self.life.by_person, self.life.decided) = (true, self.now);
        let again = self.life.announced;
        let (kind, notice) = if again {
            ("ReportReclassified", Notice::Reclassified)
        } else {
            ("ReportClassified", Notice::Classified)
        };
        self.classified(kind, notice);
        Some(())
    }

    fn classified(&mut self, kind: &str, notice: Notice) {
        let change = self.classification();
        self.tell(Service::Classification, kind, notice, change);
        self.life.announced = true;
        self.life.classified_sequence = self.life.told[Service::Classification as usize];
    }

    fn classification(&self) -> Change {
        let matter = self.life.matter;
        Change {
            classification: Some((matter.leaf.clone(), matter.urgency, matter.access)),
            ..Change::default()
        }
    }

    /// The agency gets it; its clock of this round begins anew.
    pub(super) fn assign(&mut self, route: &'s Route) {
        self.stop(ClockKind::Receive);
        self.stop(ClockKind::Respond);
        let round = self.life.round;
        let due = self.scene.province.due(ClockKind::Respond, self.now, &[]);
        self.life.promises.retain(|old| (old.kind, old.round) != (ClockKind::Respond, round));
        (self.agency, self.due) = (Some(route.owner_name.as_str()), Some(due.due));
        self.life.turns.push(Turn {
            id: id_at(self.now, &mut self.rng),
            agency: route.owner.clone(),
            executor: route.executor.clone(),
            matrix_row: Some(route.row.clone()),
            level: Some(route.level),
            round,
            state: "assigned",
            assigned: self.now,
            due: due.due,
            accepted: None,
            submitted: None,
            ended: None,
            outcome: None,
            promised: None,
            version: 1,
        });
        let respond_due = due.due;
        self.life.promises.push(Promise {
            kind: ClockKind::Respond,
            round,
            agency: route.owner.clone(),
            started: self.now,
            due,
            stopped: None,
        });
        self.life.case_state = "assigned";
        let place = &self.life.place;
        let change = Change {
            state: Some(ReportState::Assigned),
            assignment: Some(AssignmentFacts {
                agency: (route.owner.clone(), route.owner_name.clone()),
                commune: (place.commune_code.clone(), place.commune_name.clone()),
                respond_due,
            }),
            ..self.classification()
        };
        self.tell(Service::Routing, "ReportAssigned", Notice::Assigned, change);
    }

    fn withdraw(&mut self) -> Option<()> {
        self.wait((MINUTE, 3 * HOUR))?;
        let change = Change { state: Some(ReportState::Withdrawn), ..Change::default() };
        self.tell(Service::Intake, "ReportWithdrawn", Notice::Withdrawn, change);
        self.life.withdrawn = Some(self.now);
        self.stop(ClockKind::Respond);
        self.end_turn("cancelled");
        self.life.case_state = "withdrawn";
        Some(())
    }

    fn hand_back(&mut self) -> Option<()> {
        self.wait((10 * MINUTE, 3 * HOUR))?;
        self.end_turn("handed_back");
        self.life.hand_backs += 1;
        self.life.case_state = "handed_back";
        let coordinator = &self.scene.coordinator.0;
        for promise in self.life.promises.iter_mut().filter(|promise| promise.stopped.is_none()) {
            promise.agency = coordinator.clone();
        }
        let change = Change { state: Some(ReportState::HandedBack), ..Change::default() };
        self.tell(Service::Routing, "ReportHandedBack", Notice::HandedBack, change);
        self.life.objection = Some(self.life.told[Service::Routing as usize]);
        self.wait(AT_ONCE)?;
        self.review("HANDED_BACK", NOT_COMPETENT)?;
        self.wait(AT_ONCE)?;
        self.assign(self.route?);
        Some(())
    }

    /// One round: accept, answer, approve, rate; true if the report was sent back.
    fn work(&mut self) -> Option<bool> {
        self.wait((5 * MINUTE, 4 * HOUR))?;
        self.turn(|turn, now| (turn.state, turn.accepted) = ("in_progress", Some(now)));
        self.tell_state(Service::Routing, "WorkStarted", Some(Notice::InProgress), ReportState::InProgress);
        self.wait((20 * MINUTE, 30 * HOUR))?;
        let promised = self.rng.random_bool(DEFERRED).then(|| self.now + 30 * DAY);
        let outcome = if promised.is_some() { Outcome::Planned } else { Outcome::Explained };
        self.turn(|turn, now| {
            (turn.state, turn.submitted) = ("pending_approval", Some(now));
            (turn.outcome, turn.promised) = (Some(outcome.as_str()), promised);
        });
        self.tell_state(Service::Routing, "ResolutionSubmitted", None, ReportState::PendingApproval);
        self.wait((5 * MINUTE, 3 * HOUR))?;
        self.answer(outcome, promised)
    }
}
