//! Whether what senders were told, what is stored and where it stands add up, day by day and agency by agency:
//! codes issued = codes stored = ends + open.

use std::collections::{BTreeMap, HashMap};

use time::{Date, Duration};
use vocabulary::{AgencyId, ReportId, ReportState, Timestamp};

/// Local days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first one.
    pub first: Date,
    /// The last one.
    pub last: Date,
}

impl Days {
    /// The longest period that a call may ask about.
    pub const MOST: i64 = 92;
    /// How many days there are when nobody says otherwise.
    const USUAL: i64 = 31;

    /// From `first` to `last`; without them the 31 days that end today. None if it ends before it begins.
    pub fn new(first: Option<Date>, last: Option<Date>, today: Date) -> Option<Self> {
        let last = last.unwrap_or(today);
        let first =
            first.unwrap_or_else(|| last.checked_sub(Duration::days(Self::USUAL - 1)).unwrap_or(Date::MIN));
        (first <= last).then_some(Self { first, last })
    }

    /// How many there are.
    pub fn count(self) -> i64 {
        (self.last - self.first).whole_days() + 1
    }

    /// Each in order.
    pub fn each(self) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(self.first), |day| day.next_day()).take_while(move |day| *day <= self.last)
    }
}

/// What a comparison needs to know of a stored report. Never its text, its place or its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The report.
    pub id: ReportId,
    /// The code people read out.
    pub code: String,
    /// When it was stored.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Where it stands; none for a word that is no state.
    pub state: Option<ReportState>,
    /// The agency that holds or closed it.
    pub agency: Option<AgencyId>,
    /// Whether anybody has told what it is about.
    pub classified: bool,
    /// Whether only cleared officers may know of it.
    pub sealed: bool,
    /// How many entries its timeline must have.
    pub last_sequence: i64,
}

/// What was looked up about a stored report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Findings {
    /// Its timeline, if there is one.
    pub timeline: Option<Extent>,
    /// Whether its reporter's identity is stored; none where nobody may look.
    pub has_identity: Option<bool>,
    /// Whether it stands where it should long have moved on by itself.
    pub stands_still: bool,
}

/// The numbers of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Entries.
    pub count: i64,
    /// The smallest number.
    pub first: i64,
    /// The largest number.
    pub last: i64,
}

/// What is wrong with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// Its sender has the code, and no such report is stored.
    NotStored,
    /// It is stored, and nobody was told its code.
    NotIssued,
    /// Its state is none that exists: it is neither ended nor open.
    StateUnknown,
    /// It has no timeline.
    TimelineMissing,
    /// Entries of its timeline are missing, or there are more than it knows of.
    TimelineBroken,
    /// Nobody knows any more who sent it.
    IdentityMissing,
    /// It waits for a service that should have moved it on.
    StandsStill,
}

impl Defect {
    /// In words, for operators.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::NotStored => "the code was issued, but no such report is stored",
            Self::NotIssued => "it is stored, but its code was never issued",
            Self::StateUnknown => "its state is none that exists",
            Self::TimelineMissing => "it has no timeline",
            Self::TimelineBroken => "its timeline has not the entries that it must have",
            Self::IdentityMissing => "its sealed identity is missing",
            Self::StandsStill => "it stands still where it should have moved on by itself",
        }
    }
}

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The local day of the report.
    pub day: Date,
    /// Its code.
    pub code: String,
    /// The report.
    pub report: ReportId,
    /// What is wrong.
    pub defect: Defect,
    /// Whether only cleared officers may know of the report.
    pub sealed: bool,
}

/// How many reports of one day and agency there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Codes that senders were told.
    pub issued: u64,
    /// Reports that are stored.
    pub stored: u64,
    /// Of these, those that have come to an end, for now or for ever ([`ReportState::is_end`]): an answer counts as an end
    /// while its rating is open.
    pub ended: u64,
    /// Of these, those that somebody has to work on.
    pub open: u64,
}

impl Count {
    /// Codes issued = codes stored = ends + open.
    pub fn adds_up(self) -> bool {
        self.issued == self.stored && self.stored == self.ended + self.open
    }
}

/// The count of one day and one agency; none for reports that no agency has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The local day of creation.
    pub day: Date,
    /// The agency that holds or closed the reports.
    pub agency: Option<AgencyId>,
    /// How many.
    pub count: Count,
}

/// The comparison of one day: first what was issued is entered, then what is stored.
#[derive(Debug)]
pub struct Ledger {
    day: Date,
    issued: HashMap<String, ReportId>,
    counts: BTreeMap<Option<AgencyId>, Count>,
    gaps: Vec<Gap>,
}

impl Ledger {
    /// An empty one.
    pub fn new(day: Date) -> Self {
        Self { day, issued: HashMap::new(), counts: BTreeMap::new(), gaps: Vec::new() }
    }

    /// A sender was told this code.
    pub fn issue(&mut self, code: String, report: ReportId) {
        self.issued.insert(code, report);
    }

    /// A report is stored.
    pub fn store(&mut self, filed: &Filed, findings: &Findings) {
        let count = self.counts.entry(filed.agency.clone()).or_default();
        count.stored += 1;
        match filed.state.map(ReportState::is_end) {
            Some(true) => count.ended += 1,
            Some(false) => count.open += 1,
            None => {}
        }
        let was_issued = self.issued.get(&filed.code) == Some(&filed.id);
        if was_issued {
            count.issued += 1;
            self.issued.remove(&filed.code);
        }
        let whole = Extent { count: filed.last_sequence, first: 1, last: filed.last_sequence };
        let defects = [
            (!was_issued, Defect::NotIssued),
            (filed.state.is_none(), Defect::StateUnknown),
            (findings.timeline.is_none(), Defect::TimelineMissing),
            (findings.timeline.is_some_and(|extent| extent != whole), Defect::TimelineBroken),
            (findings.has_identity == Some(false), Defect::IdentityMissing),
            (findings.stands_still, Defect::StandsStill),
        ];
        let found = defects.into_iter().filter(|(is_so, _)| *is_so).map(|(_, defect)| Gap {
            day: self.day,
            code: filed.code.clone(),
            report: filed.id,
            defect,
            sealed: filed.sealed,
        });
        self.gaps.extend(found);
    }

    /// Everything is entered: the counts and the gaps, those that nobody stored first.
    pub fn close(mut self) -> (Vec<Line>, Vec<Gap>) {
        let day = self.day;
        let mut gaps: Vec<Gap> = self
            .issued
            .into_iter()
            .map(|(code, report)| Gap { day, code, report, defect: Defect::NotStored, sealed: false })
            .collect();
        gaps.sort_by_key(|gap| gap.report);
        if !gaps.is_empty() {
            self.counts.entry(None).or_default().issued += gaps.len() as u64;
        }
        gaps.append(&mut self.gaps);
        let lines = self.counts.into_iter().map(|(agency, count)| Line { day, agency, count });
        (lines.collect(), gaps)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;
    use uuid::Uuid;

    use super::*;

    const DAY: Date = date!(2026 - 11 - 29);
    const WHOLE: Findings = Findings {
        timeline: Some(Extent { count: 3, first: 1, last: 3 }),
        has_identity: Some(true),
        stands_still: false,
    };

    fn filed(number: u128, state: ReportState) -> Filed {
        Filed {
            id: ReportId(Uuid::from_u128(number)),
            code: format!("CM-{number}"),
            created: Timestamp::EPOCH,
            updated: Timestamp::EPOCH,
            state: Some(state),
            agency: None,
            classified: true,
            sealed: false,
            last_sequence: 3,
        }
    }

    fn defects(gaps: &[Gap]) -> Vec<(&str, Defect)> {
        gaps.iter().map(|gap| (gap.code.as_str(), gap.defect)).collect()
    }

    #[test]
    fn every_state_is_an_end_or_open() {
        let mut ledger = Ledger::new(DAY);
        for (number, state) in (1..).zip(ReportState::ALL) {
            let filed = filed(number, *state);
            ledger.issue(filed.code.clone(), filed.id);
            ledger.store(&filed, &WHOLE);
        }
        let (lines, gaps) = ledger.close();
        assert!(gaps.is_empty(), "{gaps:?}");
        assert_eq!(lines.len(), 1);
        let all = ReportState::ALL.len() as u64;
        assert_eq!(lines[0].count, Count { issued: all, stored: all, ended: 7, open: all - 7 });
        assert!(lines[0].count.adds_up());
    }

    #[test]
    fn agencies_are_counted_apart() {
        let mut ledger = Ledger::new(DAY);
        let mut held = filed(1, ReportState::Assigned);
        held.agency = Some("ubnd-32002".parse().expect("an id"));
        for filed in [held, filed(2, ReportState::Submitted)] {
            ledger.issue(filed.code.clone(), filed.id);
            ledger.store(&filed, &WHOLE);
        }
        let (lines, _) = ledger.close();
        let agencies: Vec<Option<&str>> =
            lines.iter().map(|line| line.agency.as_ref().map(AgencyId::as_str)).collect();
        assert_eq!(agencies, [None, Some("ubnd-32002")]);
        assert!(lines.iter().all(|line| line.count.stored == 1 && line.count.adds_up()));
    }

    #[test]
    fn what_was_promised_and_what_is_there_are_compared_by_code_and_report() {
        let mut ledger = Ledger::new(DAY);
        let (lost, unpromised) = (filed(1, ReportState::Submitted), filed(2, ReportState::Closed));
        ledger.issue(lost.code.clone(), lost.id);
        ledger.store(&unpromised, &WHOLE);
        let exchanged = filed(3, ReportState::Closed);
        ledger.issue(exchanged.code.clone(), ReportId(Uuid::from_u128(4)));
        ledger.store(&exchanged, &WHOLE);
        let (lines, gaps) = ledger.close();
        assert_eq!(
            defects(&gaps),
            [
                ("CM-1", Defect::NotStored),
                ("CM-3", Defect::NotStored),
                ("CM-2", Defect::NotIssued),
                ("CM-3", Defect::NotIssued)
            ]
        );
        assert_eq!(lines[0].count, Count { issued: 2, stored: 2, ended: 2, open: 0 });
    }

    #[test]
    fn every_defect_is_named() {
        let mut ledger = Ledger::new(DAY);
        let broken = Extent { count: 2, first: 1, last: 3 };
        let beheaded = Extent { count: 3, first: 2, last: 4 };
        let cases = [
            (Findings { timeline: None, ..WHOLE }, Defect::TimelineMissing),
            (Findings { timeline: Some(broken), ..WHOLE }, Defect::TimelineBroken),
            (Findings { timeline: Some(beheaded), ..WHOLE }, Defect::TimelineBroken),
            (Findings { has_identity: Some(false), ..WHOLE }, Defect::IdentityMissing),
            (Findings { stands_still: true, ..WHOLE }, Defect::StandsStill),
        ];
        for (number, (findings, _)) in (1..).zip(cases) {
            let filed = filed(number, ReportState::Submitted);
            ledger.issue(filed.code.clone(), filed.id);
            ledger.store(&filed, &findings);
        }
        let mut nowhere = filed(6, ReportState::Closed);
        nowhere.state = None;
        ledger.issue(nowhere.code.clone(), nowhere.id);
        ledger.store(&nowhere, &Findings { has_identity: None, ..WHOLE });
        let (lines, gaps) = ledger.close();
        let found: Vec<Defect> = gaps.iter().map(|gap| gap.defect).collect();
        let mut expected: Vec<Defect> = cases.iter().map(|(_, defect)| *defect).collect();
        expected.push(Defect::StateUnknown);
        assert_eq!(found, expected);
        assert!(!lines[0].count.adds_up(), "a report that is neither ended nor open");
    }

    #[test]
    fn a_period_is_of_whole_days_with_both_ends() {
        let days = Days::new(None, None, DAY).expect("a period");
        assert_eq!((days.count(), days.first, days.each().count()), (31, date!(2026 - 10 - 30), 31));
        assert_eq!(Days::new(Some(DAY), None, DAY).expect("today").count(), 1);
        assert_eq!(Days::new(DAY.next_day(), None, DAY), None);
    }
}
