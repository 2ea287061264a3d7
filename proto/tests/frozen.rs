//! Every event that was ever published can still be read: one frozen encoding of each stands in `frozen/`.
//!
//! A frozen file is never changed. After adding an event, add it to `samples` and run
//! `cargo test -p contract --test frozen -- --ignored`, which writes the files that are missing.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use contract::common::v1::{
    Access, CommuneMatch, LocalizedText, Location, Outcome, Scope, Source, Urgency, Verdict,
};
use contract::event::v1::*;
use contract::google::r#type::LatLng;
use contract::{EVENT_TYPES, Event};
use prost_types::{Duration, Timestamp};

const REPORT: &str = "reports/01a20000-0000-7000-8000-000000000001";
const ASSIGNMENT: &str = "assignments/01a20000-0000-7000-8000-000000000002";
const REVIEW: &str = "reviews/01a20000-0000-7000-8000-000000000003";
const INVITATION: &str = "invitations/01a20000-0000-7000-8000-000000000004";
const MEDIUM: &str = "media/01a20000-0000-7000-8000-000000000005";
const AGENCY: &str = "agencies/ubnd-32025";

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_795_143_600 + seconds, nanos: 123_456_000 })
}

fn words(vi: &str, en: &str) -> Option<LocalizedText> {
    Some(LocalizedText { vi: vi.to_owned(), en: en.to_owned() })
}

fn snapshot() -> Option<ReportSnapshot> {
    Some(ReportSnapshot {
        report: REPORT.to_owned(),
        code: "CM-4F7K2-9QX3M".to_owned(),
        text: "Đường trước chợ hư.\nXin sửa.".to_owned(),
        location: Some(Location {
            point: Some(LatLng { latitude: 9.1809, longitude: 105.177_25 }),
            address: "trước chợ".to_owned(),
        }),
        media: vec![MEDIUM.to_owned()],
        source: Source::Assistant.into(),
        create_time: at(0),
        reporter_proof: vec![7; 32].into(),
        image_hashes: Vec::new(),
    })
}

fn classification() -> Option<Classification> {
    Some(Classification {
        leaf: "infrastructure.road".to_owned(),
        scope: Scope::In.into(),
        urgency: Urgency::Urgent.into(),
        access: Access::Restricted.into(),
        confidence: 0.875,
        decided_by_person: true,
        model_version: "sha256:0123".to_owned(),
        pack_version: "2026-07".to_owned(),
    })
}

fn closing() -> Option<Closing> {
    Some(Closing {
        round: 2,
        agency: AGENCY.to_owned(),
        leaf: "infrastructure.road".to_owned(),
        access: Access::Ordinary.into(),
        commune_code: "32025".to_owned(),
        close_time: at(900),
        respond_due_time: at(14_400),
        held: Some(Duration { seconds: 600, nanos: 5 }),
        reporter_proof: vec![7; 32].into(),
    })
}

/// What is done with each event.
trait Visitor {
    fn visit<E: Event + PartialEq + Debug>(&mut self, sample: E);
}

/// One value of every event, with every field set that existed when it was frozen.
#[expect(clippy::too_many_lines, reason = "a table: one row per event")]
fn samples(visitor: &mut impl Visitor) {
    let (report, assignment) = (|| REPORT.to_owned(), || ASSIGNMENT.to_owned());
    let (agency, invitation) = (|| AGENCY.to_owned(), || INVITATION.to_owned());
    let (leaf, commune_code) = (|| "infrastructure.road".to_owned(), || "32025".to_owned());
    let proof = || vec![7; 32].into();
    visitor.visit(ReportSubmitted { report: snapshot() });
    visitor.visit(MessagePosted {
        report: report(),
        message: format!("{REPORT}/messages/01a20000-0000-7000-8000-000000000006"),
        author_role: "citizen".to_owned(),
        internal: true,
        text: "Trước nhà số 12.".to_owned(),
    });
    visitor.visit(MediaAttached {
        report: report(),
        media: MEDIUM.to_owned(),
        content_type: "image/jpeg".to_owned(),
        image_hash: 0,
    });
    visitor.visit(ReportWithdrawn { report: report(), withdraw_time: at(60) });
    visitor.visit(InfoProvided {
        report: report(),
        text: "Trước nhà số 12.".to_owned(),
        provide_time: at(90),
    });
    visitor.visit(ReturnContested {
        report: report(),
        round: 2,
        reason: "Tôi phản ánh đường hư, không phải hồ sơ.".to_owned(),
        contest_time: at(180),
    });
    visitor.visit(ReportClassified {
        report: snapshot(),
        classification: classification(),
        disposition: Disposition::Route.into(),
        note: "ghi chú".to_owned(),
        ..ReportClassified::default()
    });
    visitor.visit(ReviewRequested {
        report: snapshot(),
        review: REVIEW.to_owned(),
        suggestion: classification(),
        reasons: vec!["LOW_CONFIDENCE".to_owned(), "HANDED_BACK".to_owned()],
    });
    visitor.visit(InfoRequested {
        report: report(),
        question: "Chỗ hư nằm trước số nhà nào?".to_owned(),
        due_time: at(259_200),
        agency: agency(),
    });
    visitor.visit(ReportReclassified {
        report: snapshot(),
        classification: classification(),
        disposition: Disposition::Return.into(),
        note: "ghi chú".to_owned(),
        ..ReportReclassified::default()
    });
    visitor.visit(ReportAssigned {
        report: report(),
        assignment: assignment(),
        round: 2,
        agency: agency(),
        agency_name: "UBND phường Tân Thành".to_owned(),
        executor: "agencies/cty-dien-luc".to_owned(),
        leaf: leaf(),
        urgency: Urgency::Emergency.into(),
        access: Access::Quarantine.into(),
        commune_code: commune_code(),
        commune_name: "phường Tân Thành".to_owned(),
        commune_match: CommuneMatch::Nearest.into(),
        assign_time: at(1),
        receive_due_time: at(7_200),
        respond_due_time: at(14_400),
        matrix_row: "road-commune".to_owned(),
    });
    visitor.visit(RouteMissing { report: report(), reason: "NO_MATRIX_ROW".to_owned() });
    visitor.visit(ReportReturned {
        report: report(),
        round: 1,
        leaf: "out_of_scope.other".to_owned(),
        access: Access::Ordinary.into(),
        channel: words("Cổng Dịch vụ công", "the public-service portal"),
        guidance: words("Xin gửi tại đây.", "Please send it there."),
        commune_code: commune_code(),
        return_time: at(120),
        reporter_proof: proof(),
        agency: agency(),
    });
    visitor.visit(ReportRejected {
        report: report(),
        round: 1,
        leaf: leaf(),
        access: Access::Ordinary.into(),
        reason: "Nội dung là quảng cáo.".to_owned(),
        commune_code: commune_code(),
        reject_time: at(120),
        reporter_proof: proof(),
        agency: agency(),
    });
    visitor.visit(ReportHandedBack {
        report: report(),
        assignment: assignment(),
        agency: agency(),
        count: 3,
        reason: "Không thuộc phường.".to_owned(),
        last_resort: true,
    });
    visitor.visit(WorkStarted {
        report: report(),
        assignment: assignment(),
        agency: agency(),
        start_time: at(300),
    });
    visitor.visit(ResolutionSubmitted {
        report: report(),
        assignment: assignment(),
        agency: agency(),
        outcome: Outcome::Repaired.into(),
    });
    visitor.visit(ReportResolved {
        report: report(),
        assignment: assignment(),
        outcome: Outcome::Referred.into(),
        reply: "Đã sửa xong.".to_owned(),
        evidence: vec![MEDIUM.to_owned()],
        closing: closing(),
    });
    visitor.visit(ReportDeferred {
        report: report(),
        assignment: assignment(),
        reply: "Sẽ sửa trong quý tới.".to_owned(),
        promised_time: at(7_776_000),
        closing: closing(),
    });
    visitor.visit(DeadlineApproaching {
        report: report(),
        clock: ClockKind::Receive.into(),
        agency: agency(),
        due_time: at(7_200),
    });
    visitor.visit(DeadlineMissed {
        report: report(),
        clock: ClockKind::Respond.into(),
        agency: agency(),
        due_time: at(14_400),
    });
    visitor.visit(RatingInvited {
        report: report(),
        invitation: invitation(),
        round: 1,
        expire_time: at(1_296_000),
    });
    visitor.visit(RatingSubmitted {
        report: report(),
        invitation: invitation(),
        round: 1,
        revision: 2,
        verdict: Verdict::Unsatisfied.into(),
        resolved: true,
        revise_until_time: at(604_800),
    });
    visitor.visit(ReportReopened { report: report(), round: 1, reopen_time: at(1_000) });
    visitor.visit(ReportClosed { report: report(), round: 2, close_time: at(1_296_001) });
    visitor.visit(RedriveRequested { reports: vec![report()], since: at(1_000) });
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frozen")
}

/// `fieldreport.event.v1.ReportSubmitted` → `ReportSubmitted.v1.bin`.
fn file_of(event_type: &str) -> String {
    let mut parts = event_type.rsplit('.');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{name}.{version}.bin")
}

struct Check(BTreeSet<&'static str>);

impl Visitor for Check {
    fn visit<E: Event + PartialEq + Debug>(&mut self, sample: E) {
        let file = folder().join(file_of(E::TYPE));
        let frozen = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; see the top of this file", file.display()));
        let read = E::decode(frozen.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", E::TYPE));
        assert_eq!(read, sample, "{} is read as something else than it was written", E::TYPE);
        assert_eq!(sample.encode_to_vec(), frozen, "{} is written in another way", E::TYPE);
        // An older program ignores what it does not know.
        let of_tomorrow = [frozen.as_slice(), &[0xfa, 0x7f, 0x01, 0x00]].concat();
        assert_eq!(E::decode(of_tomorrow.as_slice()).expect("an unknown field"), sample);
        assert!(frozen.len() <= 64 * 1024);
        self.0.insert(E::TYPE);
    }
}

#[test]
fn every_event_is_read_and_written_as_ever() {
    let mut check = Check(BTreeSet::new());
    samples(&mut check);
    assert_eq!(check.0, EVENT_TYPES.iter().copied().collect(), "every event has a sample");
}

#[test]
fn every_frozen_file_is_an_event_that_exists() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder of frozen events")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, EVENT_TYPES.iter().map(|event_type| file_of(event_type)).collect());
}

struct Freeze;

impl Visitor for Freeze {
    fn visit<E: Event + PartialEq + Debug>(&mut self, sample: E) {
        let file = folder().join(file_of(E::TYPE));
        if !file.exists() {
            std::fs::write(file, sample.encode_to_vec()).expect("a frozen file");
        }
    }
}

#[test]
#[ignore = "writes the files of new events"]
fn freeze_new_events() {
    samples(&mut Freeze);
}
