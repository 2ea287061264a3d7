//! The most specific row owns; the others are candidates.

use proptest::prelude::*;
use time::Date;
use time::macros::date;
use vocabulary::{CommuneCode, LeafCode, Urgency};

use super::{Areas, Matrix, Routed};
use crate::agencies::Agencies;
use crate::file::PackFile;

const AGENCIES: &str = "\
id,kind,name_vi,name_en,short_name_vi,parent_id,commune_code,valid_from,valid_to,successor_id,mark,note
a,department,A,A,A,,,2025-01-01,,,S,
b,department,B,B,B,,,2025-01-01,,,S,
c,department,C,C,C,,,2025-01-01,,,S,
old,department,O,O,O,,,2025-01-01,2025-12-31,a,S,
gone,department,G,G,G,,,2025-01-01,2025-12-31,,S,
ubnd-32002,commune_committee,U,U,U,,32002,2025-01-01,,,S,
";
const HEADER: &str = "id,field,leaf,severity,area,level,owner,executor,valid_from,valid_to,mark,basis\n";
const DAY: Date = date!(2026 - 11 - 21);

fn agencies() -> Agencies {
    Agencies::parse(&PackFile::of("agencies.csv", AGENCIES)).expect("good")
}

fn areas() -> Areas {
    Areas::from([("town".to_owned(), vec!["32002".parse().expect("code")])])
}

fn matrix(rows: &str) -> Matrix {
    let file = PackFile::of("competence.csv", &format!("{HEADER}{rows}"));
    Matrix::parse(&file, Some(&areas())).unwrap_or_else(|| panic!("{:?}", file.into_mistakes()))
}

fn leaf(code: &str) -> LeafCode {
    code.parse().expect("leaf")
}

fn commune(code: &str) -> CommuneCode {
    code.parse().expect("code")
}

fn route<'p>(matrix: &'p Matrix, urgency: Urgency, code: &str, on: Date) -> Option<Routed<'p>> {
    matrix.route(&agencies(), &leaf("roads.hole"), urgency, &commune(code), on).ok()
}

#[test]
fn leaf_beats_severity_beats_area_beats_order() {
    let matrix = matrix(
        "field,roads,*,*,*,province,a,,2025-01-01,,S,x\n\
         field-late,roads,*,*,*,province,b,,2025-01-01,,S,x\n\
         field-town,roads,*,*,@town,province,b,,2025-01-01,,S,x\n\
         field-urgent,roads,*,urgent,*,province,c,,2025-01-01,,S,x\n\
         leaf,roads,roads.hole,*,*,commune,@commune_committee,b,2026-01-01,,I,why\n\
         other,roads,roads.sign,*,*,province,c,,2025-01-01,,S,x\n\
         foreign,water,*,*,*,province,c,,2025-01-01,,S,x\n",
    );
    let row =
        |urgency, code, on| route(&matrix, urgency, code, on).map(|routed| routed.row.id.as_str().to_owned());
    let before = date!(2025 - 12 - 31);
    assert_eq!(row(Urgency::Normal, "32002", DAY).as_deref(), Some("leaf"));
    assert_eq!(row(Urgency::Normal, "32002", before).as_deref(), Some("field-town"));
    assert_eq!(row(Urgency::Emergency, "32002", before).as_deref(), Some("field-urgent"));
    assert_eq!(row(Urgency::Urgent, "32002", before).as_deref(), Some("field-urgent"));
    assert_eq!(row(Urgency::Normal, "32014", before).as_deref(), Some("field"));
    // The commune 32014 has no committee in force: its row cannot own.
    assert_eq!(row(Urgency::Normal, "32014", DAY).as_deref(), Some("field"));
    assert_eq!(row(Urgency::Normal, "32014", date!(2024 - 12 - 31)), None);
}

#[test]
fn the_answer_names_owner_executor_candidates_and_reason() {
    let matrix = matrix(
        "leaf,roads,roads.hole,*,*,commune,@commune_committee,b,2025-01-01,,I,why\n\
         again,roads,roads.hole,*,*,commune,@commune_committee,,2025-01-01,,S,x\n\
         field,roads,*,*,*,province,old,gone,2025-01-01,,S,x\n\
         gone,roads,*,*,*,province,gone,,2025-01-01,,S,x\n",
    );
    let routed = route(&matrix, Urgency::Normal, "32002", DAY).expect("owner");
    assert_eq!(
        (routed.owner.as_str(), routed.executor.as_ref().map(|id| id.as_str())),
        ("ubnd-32002", Some("b"))
    );
    let candidates: Vec<_> = routed
        .candidates
        .iter()
        .map(|other| (other.row.id.as_str(), other.owner.as_str(), &other.executor))
        .collect();
    assert_eq!(candidates, [("field", "a", &None)]);
    assert_eq!(
        routed.explanation.to_string(),
        "row leaf (I) for this leaf, any severity, the whole province; the most specific of 3 matching rows; basis: why"
    );
    let routed = route(&matrix, Urgency::Normal, "32014", DAY).expect("owner");
    assert_eq!(
        (routed.owner.as_str(), routed.explanation.succeeded.map(|id| id.to_string())),
        ("a", Some("old".into()))
    );
}

#[test]
fn wrong_cells_are_told_with_the_right_ones() {
    let agencies = agencies();
    for (row, instead) in [
        ("x,roads,*,*,*,province,aa,,2025-01-01,,S,x", "`a`"),
        (
            "x,roads,*,*,*,province,a,B,2025-01-01,,S,x",
            "an agency id: lower-case letters, digits and hyphens, e.g. `ubnd-32002`",
        ),
        (
            "x,roads,*,*,*,province,@department,,2025-01-01,,S,x",
            "`@commune_committee` or `@commune_police` or `@commune_health_station`",
        ),
        ("x,roads,*,*,@twon,province,a,,2025-01-01,,S,x", "@ and `town`"),
        ("x,roads,*,high,*,province,a,,2025-01-01,,S,x", "one of `urgent`, `normal`"),
        ("x,roads,,*,*,province,a,,2025-01-01,,S,x", "`*` for any"),
        ("x,roads,*,*,*,provinces,a,,2025-01-01,,S,x", "`province`"),
        ("x,roads,*,*,*,province,a,,2025-01-01,2024-01-01,S,x", "a day from 2025-01-01 on, or nothing"),
        ("x,roads,*,*,*,province,gone,,2026-01-01,,S,x", "an agency in force, or a later valid_from"),
    ] {
        let file = PackFile::of("competence.csv", &format!("{HEADER}{row}\n"));
        if let Some(matrix) = Matrix::parse(&file, Some(&areas())) {
            matrix.check_agencies(&file, &agencies);
        }
        let mistakes = file.into_mistakes();
        assert_eq!(mistakes.len(), 1, "{row}: {mistakes:?}");
        assert_eq!((mistakes[0].line, mistakes[0].instead.as_str()), (Some(2), instead), "{row}");
    }
}

/// One generated row: leaf, severity, area named or not, owner.
type Rule = (bool, Option<bool>, bool, u8);

fn write(index: usize, (leaf, urgent, town, owner): &Rule) -> String {
    let leaf = if *leaf { "roads.hole" } else { "*" };
    let severity = urgent.map_or("*", |urgent| if urgent { "urgent" } else { "normal" });
    let area = if *town { "@town" } else { "*" };
    let owner = ["a", "b", "c", "gone"][usize::from(*owner)];
    format!("{index},roads,{leaf},{severity},{area},province,{owner},,2025-01-01,,S,x\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The owner is found again by trying the eight kinds of rows one after the other.
    #[test]
    fn the_most_specific_row_owns(
        rules in prop::collection::vec((any::<bool>(), any::<Option<bool>>(), any::<bool>(), 0..4_u8), 0..12),
        urgent in any::<bool>(),
        in_town in any::<bool>(),
    ) {
        let text: String = rules.iter().enumerate().map(|(index, rule)| write(index, rule)).collect();
        let matrix = matrix(&text);
        let urgency = if urgent { Urgency::Urgent } else { Urgency::Normal };
        let routed = route(&matrix, urgency, if in_town { "32002" } else { "32014" }, DAY);
        let mut expected = None;
        'search: for leaf in [true, false] {
            for severity in [Some(urgent), None] {
                for town in [true, false] {
                    let found = rules.iter().position(|rule| {
                        (rule.0, rule.1, rule.2) == (leaf, severity, town) && rule.3 < 3 && (!town || in_town)
                    });
                    if found.is_some() {
                        expected = found;
                        break 'search;
                    }
                }
            }
        }
        prop_assert_eq!(routed.as_ref().map(|routed| routed.row.id.parse().expect("index")), expected);
        if let Some(routed) = routed {
            let mut owners: Vec<_> = routed.candidates.iter().map(|other| &other.owner).chain([&routed.owner]).collect();
            let count = owners.len();
            owners.sort();
            owners.dedup();
            prop_assert_eq!(owners.len(), count);
        }
    }
}
