//! The pack of Cà Mau as a whole, and broken copies of it.

use std::fs;
use std::path::{Path, PathBuf};

use province::{Language, Match, Notice, PackError, Province, Values};
use tempfile::TempDir;
use vocabulary::{ReportState, Scope, Timestamp, Urgency};

fn ca_mau() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/camau")
}

fn load() -> Province {
    Province::load(&ca_mau()).unwrap_or_else(|mistakes| panic!("{}", list(&mistakes)))
}

fn list(mistakes: &[PackError]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

/// A copy of the pack with some texts replaced: (file, from, to).
fn broken(changes: &[(&str, &str, &str)]) -> (TempDir, Vec<PackError>) {
    let folder = TempDir::new().expect("folder");
    for entry in fs::read_dir(ca_mau()).expect("pack").flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copy");
    }
    for (file, from, to) in changes {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("file");
        assert!(text.contains(from), "{file} has no {from:?} to replace");
        fs::write(&path, text.replacen(from, to, 1)).expect("write");
    }
    let mistakes = Province::load(folder.path()).err().unwrap_or_default();
    (folder, mistakes)
}

/// The line, counted from 1, of the first occurrence.
fn line_of(file: &str, text: &str) -> Option<usize> {
    fs::read_to_string(ca_mau().join(file))
        .expect("file")
        .lines()
        .position(|line| line.contains(text))
        .map(|at| at + 1)
}

#[test]
fn the_pack_is_free_of_mistakes_and_complete() {
    let province = load();
    assert_eq!(province.communes.all().len(), 64);
    assert_eq!(province.digest().len(), 64);
    let today = province.profile.date;
    for leaf in province.taxonomy.leaves().iter().filter(|leaf| leaf.scope == Scope::In) {
        for commune in province.communes.all() {
            for urgency in Urgency::ALL {
                let routed = province.route(&leaf.code, *urgency, &commune.code, today).expect("an owner");
                assert!(
                    province
                        .agencies
                        .find(&routed.owner)
                        .is_some_and(|agency| agency.validity.contains(today))
                );
            }
        }
    }
}

#[test]
fn named_places_lie_in_the_communes_that_their_rows_name() {
    let province = load();
    for place in province.places.iter().filter(|place| place.communes.len() == 1) {
        let located = province.communes.locate(place.point);
        let near = located.candidates.iter().any(|candidate| candidate.commune.code == place.communes[0]);
        let own = located.commune().is_some_and(|commune| commune.code == place.communes[0]);
        assert!(own || near, "{} lies in {:?}", place.name, located.place);
        if place.kind == "island" {
            assert!(matches!(located.place, Match::Inside(_)), "{}", place.name);
        }
    }
}

#[test]
fn every_sentence_can_be_said() {
    let province = load();
    let values = Values {
        code: Some("CM-00000-00000"),
        time: Some("08:00"),
        agency: Some("A"),
        due: Some("12:00"),
        commune: Some("C"),
        reason: Some("R"),
        field: Some("F"),
        from: Some("A"),
        to: Some("B"),
        promised: Some("2027-01-01"),
    };
    for language in Language::ALL {
        for notice in Notice::ALL {
            let template = province.templates.notice(*notice);
            assert!(
                template.placeholders().iter().all(|hole| notice.placeholders().contains(hole)),
                "{notice}"
            );
            let sentence = template.fill(*language, &values).expect("all facts are given");
            assert!(!sentence.contains(['{', '}']), "{sentence}");
        }
        for key in province.templates.returned_keys() {
            let returned = province.templates.returned(key).expect("listed");
            assert!(returned.text.fill(*language, &values).is_ok(), "{key}");
        }
        for state in ReportState::ALL {
            assert!(!province.templates.state(*state).public.get(*language).is_empty());
        }
    }
}

#[test]
fn the_local_day_begins_at_midnight_in_the_province() {
    let province = load();
    let midnight = province.calendar.day_start(province.profile.date);
    let before = Timestamp::from_micros(midnight.micros() - 1);
    assert_eq!(province.local_date(midnight), province.profile.date);
    assert_eq!(Some(province.local_date(before)), province.profile.date.previous_day());
}

#[test]
fn one_mistake_is_one_message_with_file_line_and_remedy() {
    let area = "former-ca-mau,32002";
    for (file, from, to, marker, instead) in [
        ("province.toml", "\"vp-ubnd-tinh\"", "\"vp-ubnd\"", Some("last_resort_agency"), "`vp-ubnd-tinh`"),
        (
            "competence.csv",
            "so-xay-dung,,2025-07-01",
            "so-xay-dug,,2025-07-01",
            Some("road-department"),
            "`so-xay-dung`",
        ),
        ("agencies.csv", ",32002,", ",32003,", Some(",32002,"), "`32002`"),
        ("areas.csv", area, "former-ca-mau,32003", Some(area), "`32002`"),
        ("areas.csv", "area,commune_code", "name,code", Some("area,commune_code"), "`area,commune_code`"),
        (
            "taxonomy.toml",
            "\"returned.other\"",
            "\"returned.othr\"",
            Some("returned.other"),
            "`returned.other`",
        ),
        ("templates.toml", "[notice.assigned]", "[notice.asigned]", Some("[notice.assigned]"), "`assigned`"),
        ("templates.toml", "{code} đã", "{cod} đã", None, "`code`"),
        ("calendar.csv", "2022-01-03", "2022-01-01", Some("2022-01-03"), ""),
        ("former-units.csv", "31825,Bạc Liêu", "31825,Bạc Hà", Some("31825,Bạc Liêu"), "`Bạc Liêu`"),
        ("places.csv", "9.22227", "92.2227", Some("9.22227"), "degrees, e.g. `9.17690,105.15240`"),
        (
            "policies.toml",
            "\"2h\"",
            "\"2 hours\"",
            Some("\"2h\""),
            "a number above 0 with s, m, h or d, e.g. \"2h\", up to \"3650d\"",
        ),
    ] {
        let (_folder, mistakes) = broken(&[(file, from, to)]);
        let found = mistakes.iter().find(|mistake| {
            mistake.file == file
                && (instead.is_empty() || mistake.instead == instead)
                && marker.is_none_or(|marker| mistake.line == line_of(file, marker))
        });
        assert!(found.is_some(), "{file}: {to}\n{}", list(&mistakes));
        assert!(mistakes.iter().all(|mistake| mistake.file == file), "{}", list(&mistakes));
    }
}

#[test]
fn mistakes_of_several_files_are_told_together_and_in_order() {
    let (folder, mistakes) = broken(&[
        ("policies.toml", "\"2h\"", "\"0h\""),
        ("policies.toml", "\"4h\"", "\"0h\""),
        ("calendar.csv", "public_holiday", "holiday"),
        ("province.toml", "\"+07:00\"", "\"seven\""),
    ]);
    let files: Vec<_> = mistakes.iter().map(|mistake| mistake.file.as_str()).collect();
    assert_eq!(
        files,
        ["calendar.csv", "policies.toml", "policies.toml", "province.toml"],
        "{}",
        list(&mistakes)
    );
    assert!(mistakes.is_sorted());
    fs::remove_file(folder.path().join("agencies.csv")).expect("remove");
    let mistakes = Province::load(folder.path()).expect_err("a file is missing");
    assert!(mistakes.iter().any(|mistake| mistake.file == "agencies.csv" && mistake.line.is_none()));
    assert_eq!(mistakes.len(), 5, "{}", list(&mistakes));
}

#[test]
fn matters_and_communes_without_an_owner_are_refused() {
    let whole = fs::read_to_string(ca_mau().join("competence.csv")).expect("file");
    let rest: String =
        whole.lines().filter(|line| !line.contains(",suggestion,")).map(|line| format!("{line}\n")).collect();
    let row = |area: &str, from: &str, to: &str| {
        format!("{rest}s,suggestion,*,*,{area},province,vp-ubnd-tinh,,{from},{to},S,test\n")
    };
    for (text, lacking) in [
        (rest.clone(), Some(64)),
        (row("32002;32014", "2025-07-01", ""), Some(62)),
        (row("*", "2025-07-01", "2025-12-31"), Some(64)),
        (row("*", "2999-01-01", ""), Some(64)),
        (row("*", "2025-07-01", ""), None),
    ] {
        let (_folder, mistakes) = broken(&[("competence.csv", &whole, &text)]);
        match lacking {
            None => assert!(mistakes.is_empty(), "{}", list(&mistakes)),
            // The one leaf of the field, normal and urgent.
            Some(lacking) => {
                let count = format!("in {lacking} communes");
                assert_eq!(mistakes.len(), 2, "{}", list(&mistakes));
                assert!(
                    mistakes.iter().all(|mistake| mistake.problem.contains(&count)),
                    "{}",
                    list(&mistakes)
                );
            }
        }
    }
}

#[test]
fn the_digest_follows_every_file() {
    let digest = |changes: &[(&str, &str, &str)]| {
        let (folder, mistakes) = broken(changes);
        assert!(mistakes.is_empty(), "{}", list(&mistakes));
        let province = Province::load(folder.path()).expect("good");
        (province.digest().to_owned(), province.calendar.version().to_owned())
    };
    let (pack, calendar) = digest(&[]);
    let (other_pack, same_calendar) = digest(&[("policies.toml", "\"2h\"", "\"3h\"")]);
    assert_ne!(pack, other_pack);
    assert_eq!(calendar, same_calendar);
    assert_ne!(calendar, digest(&[("calendar.csv", "Tết Dương lịch", "Tết dương lịch")]).1);
}
