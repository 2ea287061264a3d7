//! What is near is found, what is not is left alone.

use proptest::prelude::*;

use super::*;

const POLICY: SimilarPolicy =
    SimilarPolicy { radius_metres: 300.0, window: Duration::from_secs(30 * 86_400), threshold: 0.5 };
const CITY: (f64, f64) = (9.1769, 105.1524);

fn point(north_metres: f64, east_metres: f64) -> Point {
    let (latitude, longitude) = CITY;
    let shrink = latitude.to_radians().cos();
    let east = longitude + east_metres / METRES_PER_DEGREE / shrink;
    Point::parse(latitude + north_metres / METRES_PER_DEGREE, east).unwrap()
}

fn features(text: &str, north_metres: f64, leaf: &str, days: u64) -> Features {
    Features {
        words: WordSet::of(&Text::parse(text)),
        point: Some(point(north_metres, 0.0)),
        leaf: leaf.parse().unwrap(),
        sent: Timestamp::from_micros(1_795_000_000_000_000) + Duration::from_secs(days * 86_400),
        photos: Vec::new(),
    }
}

const HOLES: &str = "Đường trước chợ có nhiều ổ gà lớn, xe máy té ngã hoài";
const ROAD: &str = "infrastructure.road";

#[test]
fn the_same_matter_at_the_same_place_is_found_in_whatever_words() {
    let subject = features(HOLES, 0.0, ROAD, 0);
    let score = |other: &Features| likeness(&subject, other, &POLICY).map(|found| found.score);
    let cases = [
        ("the same in the same words", features(HOLES, 20.0, ROAD, 1), true),
        ("without accents", features("duong truoc cho co nhieu o ga lon", 20.0, ROAD, 1), true),
        ("in other words", features("mặt lộ bể nát, sửa giùm", 60.0, ROAD, 3), true),
        (
            "another leaf of the field",
            features("nắp cống bể", 20.0, "infrastructure.sidewalk_manhole", 0),
            true,
        ),
        ("another matter there", features("quán karaoke ồn quá", 10.0, "security.noise", 0), false),
        ("the same matter far away", features("mặt lộ bể nát, sửa giùm", 900.0, ROAD, 0), false),
        ("the same text far away", features(HOLES, 9_000.0, "security.noise", 0), true),
        ("nothing said, elsewhere", features("", 9_000.0, ROAD, 0), false),
    ];
    for (what, other, found) in cases {
        assert_eq!(score(&other).is_some(), found, "{what}: {:?}", score(&other));
    }
    let nowhere = Features { point: None, ..features("mặt lộ bể nát", 0.0, ROAD, 0) };
    assert_eq!(score(&nowhere), None);
    let fresh = score(&features("lộ bể", 50.0, ROAD, 0)).unwrap();
    let old = score(&features("lộ bể", 50.0, ROAD, 25)).unwrap();
    assert!(old < fresh, "{old} < {fresh}");
}

#[test]
fn the_same_photo_is_found_wherever_it_is_sent() {
    let with = |photos: &[u64], report: Features| Features {
        photos: photos.iter().filter_map(|hash| PhotoHash::of(*hash)).collect(),
        ..report
    };
    let photo = 0x1234_5678_9abc_def0;
    let subject = with(&[0xffff_0000_ffff_0000, photo], features(HOLES, 0.0, ROAD, 0));
    let elsewhere = || features("quán karaoke ồn quá", 9_000.0, "security.noise", 2);
    let found = |photos: &[u64]| likeness(&subject, &with(photos, elsewhere()), &POLICY);
    let copy = found(&[photo ^ 0b1001]).unwrap();
    assert_eq!(copy.reasons, [(Resemblance::SamePhoto, 62.0 / 64.0)]);
    assert!(found(&[photo]).unwrap().score > copy.score);
    assert_eq!(found(&[photo ^ 0x7f]), None, "seven bits are another photo");
    assert_eq!(found(&[!photo]), None);
    assert_eq!(found(&[]), None);
    assert_eq!(PhotoHash::of(0), None, "nothing to compare");
}

#[test]
fn a_score_says_what_it_rests_on() {
    let found = likeness(&features(HOLES, 0.0, ROAD, 0), &features(HOLES, 40.0, ROAD, 0), &POLICY).unwrap();
    let words = |reason: &(Resemblance, f64)| (reason.0, (reason.1 * 100.0).round() as i64);
    let reasons: Vec<_> = found.reasons.iter().map(words).collect();
    let expected =
        [(Resemblance::Near, 4_000), (Resemblance::SameLeaf, 100), (Resemblance::SimilarWords, 100)];
    assert_eq!(reasons, expected);
}

#[test]
fn distances_are_right_to_a_metre() {
    assert!((metres(point(0.0, 0.0), point(300.0, 400.0)) - 500.0).abs() < 1.0);
}

#[test]
fn a_search_ignores_accents_and_may_end_in_the_middle_of_a_word() {
    assert_eq!(search_patterns("Ổ gà Chợ"), Some(vec!["% o %".to_owned(), "% ga %".into(), "% cho%".into()]));
    assert_eq!(search_patterns("ổ gà."), Some(vec!["% o %".to_owned(), "% ga %".into()]));
    for nothing in ["", "  ", "!?", "123", "[TÊN]"] {
        assert_eq!(search_patterns(nothing), None, "{nothing}");
    }
    assert_eq!(search_patterns(&"a ".repeat(50)).map(|patterns| patterns.len()), Some(8));
    assert!(
        search_patterns("50% giảm_giá \\").unwrap().iter().all(|pattern| !pattern[1..].contains(['_', '\\']))
    );
}

#[test]
fn texts_with_common_words_meet_in_a_band() {
    let syllables = ["b", "c", "d", "l", "m"].iter().flat_map(|onset| {
        ["an", "em", "inh", "ong", "ung", "at", "ich", "oi"].iter().map(move |rime| format!("{onset}{rime}"))
    });
    let words: Vec<String> = syllables.collect();
    let bands = |words: &[String]| WordSet::of(&Text::parse(&words.join(" "))).bands().unwrap();
    let meet = |a: [i64; BANDS], b: [i64; BANDS]| a.iter().zip(&b).any(|(a, b)| a == b);
    // One word of forty is another: three of about 160 words and pairs differ.
    let met = (0..words.len()).filter(|at| {
        let mut other = words.clone();
        other[*at] = "khac".to_owned();
        meet(bands(&words), bands(&other))
    });
    assert!(met.count() >= 36);
    let strangers: Vec<String> = words.iter().map(|word| format!("h{}", &word[1..])).collect();
    assert!(!meet(bands(&words), bands(&strangers)));
    assert_eq!(WordSet::of(&Text::parse("!!! 123")).bands(), None);
}

proptest! {
    #[test]
    fn whatever_is_near_lies_in_the_squares_around(
        latitude in 8.3_f64..9.7,
        longitude in 104.5_f64..105.9,
        north in -500.0_f64..500.0,
        east in -500.0_f64..500.0,
    ) {
        let here = Point::parse(latitude, longitude).unwrap();
        let shrink = latitude.to_radians().cos();
        let there = Point::parse(latitude + north / METRES_PER_DEGREE, longitude + east / METRES_PER_DEGREE / shrink).unwrap();
        prop_assert!(squares_around(here).contains(&square(there)));
        prop_assert!(squares_around(here)[4] == square(here));
    }

    #[test]
    fn likeness_is_a_share_and_the_same_from_both_sides(a in "[a-z ]{0,60}", b in "[a-z ]{0,60}") {
        let (a, b) = (WordSet::of(&Text::parse(&a)), WordSet::of(&Text::parse(&b)));
        let share = a.likeness(&b);
        prop_assert!((0.0..=1.0).contains(&share));
        prop_assert_eq!(share, b.likeness(&a));
        prop_assert!(a.bands().is_none() || (a.likeness(&a) - 1.0).abs() < f64::EPSILON);
    }
}
