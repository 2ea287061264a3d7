//! The points of the code, and the shortest journey that passes each.

use std::collections::BTreeSet;
use std::path::Path;

/// What is played; each begins with a photo and a report that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    /// Until an agency has it.
    Create,
    /// The report names a photo that comes later.
    LatePhoto,
    /// Its reporter writes in its thread.
    Message,
    /// Its reporter takes it back.
    Withdraw,
    /// A coordinator returns it.
    Triage,
    /// The agency hands it back, and the coordinator sends it to another.
    HandBack,
    /// It is returned, and its reporter rates that.
    Rate,
    /// Accepted, answered, approved, rated, reopened, with its agency again.
    Reopen,
    /// Its clocks run down.
    Overdue,
    /// Its window of rating ends.
    WindowEnds,
    /// An upload breaks off and is forgotten.
    StaleUpload,
    /// It stands still, and everybody is asked to send again.
    StandsStill,
    /// Classification cannot bear its event, twice.
    Retried,
}

/// Every point of the code.
pub const POINTS: &[(&str, Journey)] = &[
    ("intake.create.before-begin", Journey::Create),
    ("messaging.relay.before-forget-commit", Journey::Create),
    ("classification.follow.before-load", Journey::Create),
    ("messaging.consumer.after-fetch", Journey::Create),
    ("intake.create.after-locks", Journey::Create),
    ("messaging.relay.after-forget-commit", Journey::Create),
    ("classification.follow.after-save", Journey::Create),
    ("messaging.relay.after-claim", Journey::Create),
    ("routing.apply.before-load", Journey::Create),
    ("messaging.consumer.after-inbox", Journey::Create),
    ("messaging.relay.before-publish", Journey::Create),
    ("routing.apply.after-save", Journey::Create),
    ("messaging.consumer.after-handler", Journey::Create),
    ("intake.create.before-commit", Journey::Create),
    ("messaging.relay.after-publish", Journey::Create),
    ("intake.create.after-commit", Journey::Create),
    ("messaging.consumer.before-commit", Journey::Create),
    ("intake.upload.before-begin-commit", Journey::Create),
    ("messaging.relay.before-mark-commit", Journey::Create),
    ("intake.upload.after-begin-commit", Journey::Create),
    ("messaging.consumer.after-commit", Journey::Create),
    ("intake.upload.after-part-stored", Journey::Create),
    ("messaging.relay.after-mark", Journey::Create),
    ("intake.upload.before-part-commit", Journey::Create),
    ("messaging.consumer.before-ack", Journey::Create),
    ("intake.upload.after-part-commit", Journey::Create),
    ("messaging.consumer.after-ack", Journey::Create),
    ("intake.upload.after-copy-made", Journey::Create),
    ("intake.project.before-load", Journey::Create),
    ("intake.upload.before-attach-commit", Journey::LatePhoto),
    ("intake.project.after-held", Journey::Create),
    ("intake.upload.after-attach-commit", Journey::LatePhoto),
    ("intake.project.after-save", Journey::Create),
    ("messaging.work.before-outbox", Journey::Create),
    ("intake.message.after-save", Journey::Message),
    ("messaging.work.before-commit", Journey::Create),
    ("intake.message.before-commit", Journey::Message),
    ("messaging.work.after-commit", Journey::Create),
    ("intake.message.after-commit", Journey::Message),
    ("classification.decide.after-lock", Journey::Triage),
    ("intake.act.after-save", Journey::Withdraw),
    ("classification.decide.before-commit", Journey::Triage),
    ("intake.act.before-commit", Journey::Withdraw),
    ("classification.decide.after-commit", Journey::Triage),
    ("intake.act.after-commit", Journey::Withdraw),
    ("routing.command.after-lock", Journey::HandBack),
    ("satisfaction.endings.before-load", Journey::Rate),
    ("routing.command.after-save", Journey::HandBack),
    ("satisfaction.endings.after-save", Journey::Rate),
    ("routing.command.before-commit", Journey::Reopen),
    ("satisfaction.rating.after-save", Journey::Rate),
    ("routing.command.after-commit", Journey::Reopen),
    ("satisfaction.rating.before-commit", Journey::Reopen),
    ("routing.deadlines.before-commit", Journey::Overdue),
    ("satisfaction.rating.after-commit", Journey::Reopen),
    ("routing.deadlines.after-commit", Journey::Overdue),
    ("satisfaction.close.before-commit", Journey::WindowEnds),
    ("intake.expire.before-commit", Journey::StaleUpload),
    ("satisfaction.close.after-commit", Journey::WindowEnds),
    ("intake.expire.after-commit", Journey::StaleUpload),
    ("intake.sweep.before-commit", Journey::StandsStill),
    ("intake.sweep.after-commit", Journey::StandsStill),
    ("messaging.redrive.before-save", Journey::StandsStill),
    ("messaging.redrive.after-save", Journey::StandsStill),
    ("messaging.retries.before-take-commit", Journey::Retried),
    ("messaging.retries.after-take-commit", Journey::Retried),
    ("messaging.retries.before-attempt-commit", Journey::Retried),
    ("messaging.retries.after-attempt-commit", Journey::Retried),
    ("messaging.retries.before-postpone-commit", Journey::Retried),
    ("messaging.retries.after-postpone-commit", Journey::Retried),
];

/// The names in every `fault_point!` of the services' sources.
fn in_sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            in_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let names = text.split("fault_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn the_points_of_the_code_are_the_points_of_the_list() {
    let mut found = Vec::new();
    in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services"), &mut found);
    let code: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let list: BTreeSet<&str> = POINTS.iter().map(|(name, _)| *name).collect();
    assert_eq!((code.len(), list.len()), (found.len(), POINTS.len()), "a name stands twice");
    let strays: Vec<_> = code.symmetric_difference(&list).collect();
    assert!(strays.is_empty(), "in the code or in the list alone: {strays:?}");
    assert!(list.len() >= 45, "{} points", list.len());
}
