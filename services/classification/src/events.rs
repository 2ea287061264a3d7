//! Domain → events.

use contract::event::v1::{self as event, ReportClassified, ReportReclassified, ReviewRequested};
use messaging::Work;
use vocabulary::Timestamp;

use crate::domain::assessment::Assessment;
use crate::domain::review::Announcement;
use crate::store::{Dossier, Papers};
use crate::words;

/// Publishes what the dossier's change tells the other services.
pub fn publish(
    work: &mut Work,
    now: Timestamp,
    pack_version: &str,
    dossier: &Dossier,
    announcement: Announcement,
) {
    // Without papers nothing is ever announced.
    let Some(papers) = &dossier.papers else { return };
    let report = dossier.case.report;
    match announcement {
        Announcement::Classified { assessment, disposition, note, again } => {
            let snapshot = Some(papers.snapshot.clone());
            let classification = Some(classification(&assessment, papers, pack_version));
            let disposition = words::disposition(disposition).into();
            if again {
                let event = ReportReclassified { report: snapshot, classification, disposition, note };
                work.publish(report, now, &event);
            } else {
                let event = ReportClassified { report: snapshot, classification, disposition, note };
                work.publish(report, now, &event);
            }
        }
        Announcement::ReviewRequested => {
            let Some(review) = &dossier.case.review else { return };
            let event = ReviewRequested {
                report: Some(papers.snapshot.clone()),
                review: review.id.name(),
                suggestion: Some(classification(&review.proposal, papers, pack_version)),
                reasons: review.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            };
            work.publish(report, now, &event);
        }
    }
}

fn classification(assessment: &Assessment, papers: &Papers, pack_version: &str) -> event::Classification {
    event::Classification {
        leaf: assessment.leaf.as_str().to_owned(),
        scope: words::scope(assessment.scope).into(),
        urgency: words::urgency(assessment.urgency).into(),
        access: words::access(assessment.access).into(),
        confidence: assessment.confidence,
        decided_by_person: assessment.by_person,
        model_version: papers.suggestion.model_version.clone(),
        pack_version: pack_version.to_owned(),
    }
}
