//! Why a person must look at a report.
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;

use vocabulary::{Access, Scope};

use super::suggestion::{ReasonCode, Route, Suggestion};

vocabulary::words!(
    /// Why a person must look, gravest first.
    ReviewReason {
        /// Danger to life now.
        Emergency = "EMERGENCY",
        /// Somebody may harm themselves.
        SelfHarm = "SELF_HARM",
        /// Perhaps a crime.
        CrimeSuspected = "CRIME_SUSPECTED",
        /// Perhaps a denunciation.
        DenunciationSuspected = "DENUNCIATION_SUSPECTED",
        /// Perhaps a complaint.
        ComplaintSuspected = "COMPLAINT_SUSPECTED",
        /// The machine would return it.
        OutOfScopeSuspected = "OUT_OF_SCOPE_SUSPECTED",
        /// In or out of scope is open.
        ScopeUncertain = "SCOPE_UNCERTAIN",
        /// Another province is named.
        OtherProvinceNamed = "OTHER_PROVINCE_NAMED",
        /// The field is open.
        LowConfidence = "LOW_CONFIDENCE",
        /// Too short to be judged out of scope.
        TextTooShort = "TEXT_TOO_SHORT",
        /// No words, or the same ones over and over.
        TextUnreadable = "TEXT_UNREADABLE",
        /// In words or a language that the model does not know.
        TextUnfamiliar = "TEXT_UNFAMILIAR",
        /// Addressed to a machine.
        MachineTalk = "MACHINE_TALK",
        /// An agency says that it is not competent.
        HandedBack = "HANDED_BACK",
        /// The place lies outside the province.
        OutsideProvince = "OUTSIDE_PROVINCE",
        /// The competence matrix names nobody.
        NoMatrixRow = "NO_MATRIX_ROW",
        /// The reporter says that it should not have been returned or refused.
        ReturnContested = "RETURN_CONTESTED",
        /// The reporter has answered.
        InfoProvided = "INFO_PROVIDED",
        /// The reporter was asked and has not answered in time.
        InfoOverdue = "INFO_OVERDUE",
    }
);

impl ReviewReason {
    fn of(code: ReasonCode) -> Option<Self> {
        match code {
            ReasonCode::Emergency => Some(Self::Emergency),
            ReasonCode::SelfHarm => Some(Self::SelfHarm),
            ReasonCode::Crime => Some(Self::CrimeSuspected),
            ReasonCode::DenunciationSuspected => Some(Self::DenunciationSuspected),
            ReasonCode::ComplaintSuspected => Some(Self::ComplaintSuspected),
            ReasonCode::ReasonOpen => Some(Self::OutOfScopeSuspected),
            ReasonCode::ScopeUncertain => Some(Self::ScopeUncertain),
            ReasonCode::ShortText => Some(Self::TextTooShort),
            ReasonCode::FieldUncertain => Some(Self::LowConfidence),
            ReasonCode::OtherProvince => Some(Self::OtherProvinceNamed),
            ReasonCode::Unreadable => Some(Self::TextUnreadable),
            ReasonCode::Unfamiliar => Some(Self::TextUnfamiliar),
            ReasonCode::MachineTalk => Some(Self::MachineTalk),
            ReasonCode::Urgent | ReasonCode::Weighed => None,
        }
    }
}

/// Why a person must look at what the machine proposes; empty when the proposal may go its way. The machine returns
/// nothing and withholds whatever is not ordinary, however sure it is.
pub fn doubts(suggestion: &Suggestion) -> BTreeSet<ReviewReason> {
    let mut doubts: BTreeSet<ReviewReason> = BTreeSet::new();
    if suggestion.route == Route::Review {
        doubts.extend(suggestion.reasons.iter().filter_map(|reason| ReviewReason::of(reason.code)));
    }
    if suggestion.scope == Scope::Out {
        doubts.insert(ReviewReason::OutOfScopeSuspected);
    }
    match suggestion.access {
        Access::Ordinary => {}
        Access::Restricted => {
            doubts.insert(ReviewReason::ComplaintSuspected);
        }
        // Crime, self-harm and denunciation all lead here; the gravest stands for a leaf without a cue.
        Access::Quarantine if doubts.is_empty() => {
            doubts.insert(ReviewReason::DenunciationSuspected);
        }
        Access::Quarantine => {}
    }
    if suggestion.route == Route::Review && doubts.is_empty() {
        doubts.insert(ReviewReason::LowConfidence);
    }
    doubts
}

#[cfg(test)]
mod tests {
    use vocabulary::Urgency;

    use super::*;
    use crate::domain::bands::Writing;
    use crate::domain::suggestion::Reason;

    fn suggestion(scope: Scope, access: Access, route: Route, codes: &[ReasonCode]) -> Suggestion {
        Suggestion {
            scope,
            leaf: "infrastructure.road".parse().unwrap(),
            field: "infrastructure".parse().unwrap(),
            p_leaf: 0.9,
            p_leaves: Vec::new(),
            p_fields: Vec::new(),
            p_out_of_scope: 0.1,
            writing: Writing::Ordinary,
            urgency: Urgency::Normal,
            access,
            route,
            needs_human: false,
            reasons: codes.iter().map(|code| Reason { code: *code, cue: None, spans: Vec::new() }).collect(),
        }
    }

    fn doubts_of(scope: Scope, access: Access, route: Route, codes: &[ReasonCode]) -> Vec<ReviewReason> {
        doubts(&suggestion(scope, access, route, codes)).into_iter().collect()
    }

    #[test]
    fn only_what_is_in_scope_ordinary_and_sure_goes_its_way() {
        use {Access::*, ReasonCode as Code, ReviewReason as Why, Route::*, Scope::*};
        assert_eq!(doubts_of(In, Ordinary, Automatic, &[Code::Urgent, Code::Weighed]), []);
        assert_eq!(doubts_of(Out, Ordinary, Automatic, &[Code::Weighed]), [Why::OutOfScopeSuspected]);
        assert_eq!(doubts_of(In, Restricted, Automatic, &[]), [Why::ComplaintSuspected]);
        assert_eq!(doubts_of(In, Quarantine, Automatic, &[]), [Why::DenunciationSuspected]);
        assert_eq!(doubts_of(In, Quarantine, Review, &[Code::Crime]), [Why::CrimeSuspected]);
        assert_eq!(doubts_of(In, Ordinary, Review, &[]), [Why::LowConfidence]);
        assert_eq!(
            doubts_of(Out, Restricted, Review, &[Code::ShortText, Code::ComplaintSuspected, Code::Weighed]),
            [Why::ComplaintSuspected, Why::OutOfScopeSuspected, Why::TextTooShort]
        );
    }
}
