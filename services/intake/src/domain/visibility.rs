//! Who may see what of a report. One table, asked by every RPC.

use auth::{Caller, Role};
use vocabulary::Access;

use crate::domain::report::Report;

/// How much of a report a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Nothing, not even that it exists.
    Nothing,
    /// What everyone may see: field, commune, agency, state, answer; text and photo copies only with consent.
    Public,
    /// All of it but the reporter's identity and internal notes.
    Reporter,
    /// All of it but the reporter's identity.
    Staff,
}

/// What `caller`, whose pseudonym is `owner`, may see of `report`.
pub fn sight(caller: &Caller, owner: &[u8], report: &Report) -> Sight {
    let is_reporter = matches!(caller.role(), Role::Citizen | Role::Assistant) && report.owner == owner;
    if is_reporter {
        return Sight::Reporter;
    }
    if caller.role() == Role::ClearedOfficer {
        return Sight::Staff;
    }
    // Until it is classified, a report may be anything, a denunciation too.
    if report.access != Access::Ordinary || report.leaf.is_none() {
        return Sight::Nothing;
    }
    let own_agency = || {
        let holder = report.agency.as_ref().map(|(agency, _)| agency);
        holder.is_some() && caller.agency() == holder
    };
    let staff = match caller.role() {
        Role::Coordinator | Role::Supervisor | Role::Administrator | Role::Auditor => true,
        Role::AgencyHandler | Role::AgencyLeader => own_agency(),
        Role::Citizen | Role::Assistant | Role::ScoreConsumer | Role::Public | Role::ClearedOfficer => false,
    };
    match (staff, report.is_public()) {
        (true, _) => Sight::Staff,
        (false, true) => Sight::Public,
        (false, false) => Sight::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vocabulary::{ReportState, Timestamp};

    use super::*;
    use crate::domain::report::Question;

    fn report(access: Access, state: ReportState, leaf: Option<&str>) -> Report {
        Report {
            state,
            leaf: leaf.map(|leaf| leaf.parse().unwrap()),
            access,
            agency: Some(("ubnd-32002".parse().unwrap(), "UBND".to_owned())),
            ..crate::domain::report::sample(1)
        }
    }

    fn caller(role: Role, agency: &str) -> Caller {
        let agency =
            matches!(role, Role::AgencyHandler | Role::AgencyLeader).then(|| agency.parse().unwrap());
        Caller::new(role, "somebody".parse().unwrap(), agency).unwrap()
    }

    #[test]
    fn quarantined_reports_exist_for_reporter_and_cleared_officer_alone() {
        for access in [Access::Restricted, Access::Quarantine] {
            for state in ReportState::ALL {
                let report = report(access, *state, Some("out_of_scope.denunciation"));
                for role in Role::ALL {
                    let seen = sight(&caller(*role, "ubnd-32002"), &[2; 32], &report);
                    let expected = if *role == Role::ClearedOfficer { Sight::Staff } else { Sight::Nothing };
                    assert_eq!(seen, expected, "{role:?} {state}");
                }
                assert_eq!(sight(&caller(Role::Citizen, ""), &[1; 32], &report), Sight::Reporter);
            }
        }
    }

    #[test]
    fn an_agency_sees_its_own_and_the_public_part_of_others() {
        let report = report(Access::Ordinary, ReportState::Assigned, Some("infrastructure.road"));
        assert_eq!(sight(&caller(Role::AgencyHandler, "ubnd-32002"), &[2; 32], &report), Sight::Staff);
        assert_eq!(sight(&caller(Role::AgencyHandler, "ubnd-32014"), &[2; 32], &report), Sight::Public);
    }

    #[test]
    fn what_waits_for_a_person_is_not_public() {
        let unread = report(Access::Ordinary, ReportState::Submitted, None);
        assert_eq!(sight(&caller(Role::Public, ""), &[2; 32], &unread), Sight::Nothing);
        assert_eq!(sight(&caller(Role::Coordinator, ""), &[2; 32], &unread), Sight::Nothing);
        let doubtful = report(Access::Ordinary, ReportState::UnderReview, Some("infrastructure.road"));
        assert_eq!(sight(&caller(Role::Public, ""), &[2; 32], &doubtful), Sight::Nothing);
        assert_eq!(sight(&caller(Role::Coordinator, ""), &[2; 32], &doubtful), Sight::Staff);
        let mut asked = report(Access::Ordinary, ReportState::AwaitingInfo, Some("infrastructure.road"));
        for (in_triage, seen) in [(true, Sight::Nothing), (false, Sight::Public)] {
            let (text, agency) = (String::new(), "ubnd-32002".parse().unwrap());
            asked.question = Some(Question { text, due: Timestamp::EPOCH, agency, in_triage });
            assert_eq!(sight(&caller(Role::Public, ""), &[2; 32], &asked), seen, "{in_triage}");
        }
    }

    proptest! {
        #[test]
        fn nobody_but_the_reporter_role_gains_by_a_matching_pseudonym(index in 0..Role::ALL.len()) {
            let role = Role::ALL[index];
            let report = report(Access::Quarantine, ReportState::UnderReview, None);
            let seen = sight(&caller(role, "ubnd-32002"), &[1; 32], &report);
            let may = matches!(role, Role::Citizen | Role::Assistant);
            prop_assert_eq!(seen == Sight::Reporter, may);
        }
    }
}
