//! Domain → events.

use contract::event::v1::{
    self as event, InfoRequested, ReportClassified, ReportReclassified, ReviewRequested,
};
use messaging::Work;
use runtime::wire::timestamp;
use vocabulary::Timestamp;

use crate::domain::assessment::{Assessment, Ruling};
use crate::domain::case::Announcement;
use crate::store::{Dossier, Papers};
use crate::words;

/// What every event says beside its facts.
#[derive(Debug, Clone)]
pub struct Teller {
    /// Version of the province pack in force.
    pub pack_version: String,
    /// The body that asks and decides, `agencies/{id}`.
    pub coordinating_agency: String,
}

impl Teller {
    /// Publishes what the dossier's change tells the other services.
    pub fn publish(&self, work: &mut Work, now: Timestamp, dossier: &Dossier, announcement: &Announcement) {
        // Without papers nothing is ever announced.
        let Some(papers) = &dossier.papers else { return };
        let report = dossier.case.report;
        match announcement {
            Announcement::Classified { ruling, again: true, contested } => {
                work.publish(report, now, &self.reclassified(ruling, *contested, papers));
            }
            Announcement::Classified { ruling, again: false, .. } => {
                work.publish(report, now, &self.classified(ruling, papers));
            }
            Announcement::ReviewRequested => {
                let Some(review) = &dossier.case.review else { return };
                let event = ReviewRequested {
                    report: Some(papers.snapshot.clone()),
                    review: review.id.name(),
                    suggestion: Some(self.classification(&review.proposal, papers)),
                    reasons: review.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
                };
                work.publish(report, now, &event);
            }
            Announcement::InfoRequested => {
                let Some(review) = &dossier.case.review else { return };
                let event = InfoRequested {
                    report: report.name(),
                    question: review.question.clone(),
                    due_time: review.wake_time.map(timestamp),
                    agency: self.coordinating_agency.clone(),
                };
                work.publish(report, now, &event);
            }
        }
    }

    fn classified(&self, ruling: &Ruling, papers: &Papers) -> ReportClassified {
        ReportClassified {
            report: Some(papers.snapshot.clone()),
            classification: Some(self.classification(&ruling.assessment, papers)),
            disposition: words::disposition(ruling.disposition).into(),
            note: ruling.words.note.clone(),
            template: ruling.words.template.clone(),
            duplicate_of: ruling.duplicate_of.map(|original| original.name()).unwrap_or_default(),
        }
    }

    fn reclassified(&self, ruling: &Ruling, contested: bool, papers: &Papers) -> ReportReclassified {
        let ReportClassified { report, classification, disposition, note, template, duplicate_of } =
            self.classified(ruling, papers);
        ReportReclassified { report, classification, disposition, note, template, duplicate_of, contested }
    }

    fn classification(&self, assessment: &Assessment, papers: &Papers) -> event::Classification {
        event::Classification {
            leaf: assessment.leaf.as_str().to_owned(),
            scope: words::scope(assessment.scope).into(),
            urgency: words::urgency(assessment.urgency).into(),
            access: words::access(assessment.access).into(),
            confidence: assessment.confidence,
            decided_by_person: assessment.by_person,
            model_version: papers.suggestion().model_version.clone(),
            pack_version: self.pack_version.clone(),
        }
    }
}
