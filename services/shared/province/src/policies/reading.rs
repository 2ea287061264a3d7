//! Reading `policies.toml`.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Band, Bands, Bounds, ClassificationPolicy, ClockPolicy, HandBackPolicy, LearningPolicy, Limits,
    MediaPolicy, Policies, RatingPolicy, ScorePolicy, SimilarPolicy, TextPolicy, TriagePolicy,
};
use crate::file::PackFile;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: Spanned<String>,
    valid_from: Spanned<String>,
    clocks: RawClocks,
    hand_back: Spanned<HandBackPolicy>,
    classification: RawClassification,
    triage: RawTriage,
    similar: RawSimilar,
    learning: RawLearning,
    text: Spanned<TextPolicy>,
    media: Spanned<MediaPolicy>,
    rating: RawRating,
    scores: RawScores,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClocks {
    mode: Spanned<String>,
    receive: RawLimits,
    respond: RawLimits,
    due_soon_share: Spanned<f64>,
    pause_while_awaiting_info: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    working: Spanned<String>,
    day_off: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClassification {
    field_confidence: Spanned<f64>,
    sensitive_confidence: Spanned<f64>,
    urgent_confidence: Spanned<f64>,
    short_text_words: usize,
    bands: RawBands,
    bounds: RawBounds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBands {
    ordinary: Spanned<Band>,
    unaccented: Spanned<Band>,
    short: RawShortBand,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShortBand {
    low: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBounds {
    confidence: Spanned<f64>,
    wrong_return: Spanned<f64>,
    wrong_field: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTriage {
    lease: Spanned<String>,
    undo_single: Spanned<String>,
    undo_batch: Spanned<String>,
    answer: Spanned<String>,
    contest: Spanned<String>,
    confidence_high: Spanned<f64>,
    confidence_medium: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSimilar {
    radius_metres: Spanned<f64>,
    window: Spanned<String>,
    threshold: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLearning {
    double_label_share: Spanned<f64>,
    retrain_hour: Spanned<u8>,
    maximum_share: Spanned<f64>,
    per_place: Spanned<u32>,
    tolerance: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRating {
    window: Spanned<String>,
    revise: Spanned<String>,
    reopen_on_unsatisfied: bool,
    maximum_rounds: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScores {
    confidence: Spanned<f64>,
    hide_below: u32,
    rank_from: Spanned<u32>,
    prior_weight: Spanned<f64>,
    method_version: Spanned<String>,
}

const PROBABILITY: RangeInclusive<f64> = 0.0..=1.0;

impl Policies {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let raw: Raw = file.toml()?;
        file.not_empty(file.line_of(&raw.version), "version", raw.version.get_ref());
        let valid_from = file.date(file.line_of(&raw.valid_from), "valid_from", raw.valid_from.get_ref());
        let clocks = parse_clocks(file, &raw.clocks);
        let classification = parse_classification(file, &raw.classification);
        let triage = parse_triage(file, &raw.triage);
        let similar = parse_similar(file, &raw.similar);
        let learning = parse_learning(file, &raw.learning);
        let rating = parse_rating(file, &raw.rating);
        let scores = parse_scores(file, raw.scores);
        check_limits(file, &raw.hand_back, &raw.text, &raw.media);
        if !file.is_clean() {
            return None;
        }
        Some(Self {
            version: raw.version.into_inner(),
            valid_from: valid_from?,
            clocks: clocks?,
            hand_back: raw.hand_back.into_inner(),
            classification,
            triage: triage?,
            similar: similar?,
            learning,
            text: raw.text.into_inner(),
            media: raw.media.into_inner(),
            rating: rating?,
            scores,
        })
    }
}

fn parse_clocks(file: &PackFile, raw: &RawClocks) -> Option<ClockPolicy> {
    let mode = file.word("mode", &raw.mode);
    let receive = parse_limits(file, &raw.receive);
    let respond = parse_limits(file, &raw.respond);
    let due_soon_share = number(file, "due_soon_share", &raw.due_soon_share, 0.01..=1.0);
    Some(ClockPolicy {
        mode: mode?,
        receive: receive?,
        respond: respond?,
        due_soon_share,
        pause_while_awaiting_info: raw.pause_while_awaiting_info,
    })
}

fn parse_limits(file: &PackFile, raw: &RawLimits) -> Option<Limits> {
    let (working, day_off) =
        (duration(file, "working", &raw.working), duration(file, "day_off", &raw.day_off));
    Some(Limits { working: working?, day_off: day_off? })
}

fn parse_classification(file: &PackFile, raw: &RawClassification) -> ClassificationPolicy {
    let probability = |key, value| number(file, key, value, PROBABILITY);
    ClassificationPolicy {
        bands: Bands {
            ordinary: parse_band(file, "ordinary", &raw.bands.ordinary),
            unaccented: parse_band(file, "unaccented", &raw.bands.unaccented),
            short: probability("low", &raw.bands.short.low),
        },
        bounds: Bounds {
            confidence: number(file, "confidence", &raw.bounds.confidence, 0.5..=0.999),
            wrong_return: probability("wrong_return", &raw.bounds.wrong_return),
            wrong_field: probability("wrong_field", &raw.bounds.wrong_field),
        },
        field_confidence: probability("field_confidence", &raw.field_confidence),
        sensitive_confidence: probability("sensitive_confidence", &raw.sensitive_confidence),
        urgent_confidence: probability("urgent_confidence", &raw.urgent_confidence),
        short_text_words: raw.short_text_words,
    }
}

fn parse_band(file: &PackFile, name: &str, raw: &Spanned<Band>) -> Band {
    let band = *raw.get_ref();
    let ordered = 0.0 <= band.low && band.low <= band.high && band.high <= 1.0;
    if !ordered {
        let problem = format!("band {name}: low = {}, high = {}", band.low, band.high);
        file.mistake(file.line_of(raw), problem, "0 ≤ low ≤ high ≤ 1");
    }
    band
}

fn parse_triage(file: &PackFile, raw: &RawTriage) -> Option<TriagePolicy> {
    let (lease, answer) = (duration(file, "lease", &raw.lease), duration(file, "answer", &raw.answer));
    let undo_single = window(file, "undo_single", &raw.undo_single);
    let undo_batch = window(file, "undo_batch", &raw.undo_batch);
    let contest = duration(file, "contest", &raw.contest);
    let high = number(file, "confidence_high", &raw.confidence_high, PROBABILITY);
    let medium = number(file, "confidence_medium", &raw.confidence_medium, PROBABILITY);
    if medium > high {
        let problem = format!("confidence_medium = {medium} is above confidence_high = {high}");
        file.mistake(file.line_of(&raw.confidence_medium), problem, format!("0 to {high}"));
    }
    Some(TriagePolicy {
        lease: lease?,
        undo_single: undo_single?,
        undo_batch: undo_batch?,
        answer: answer?,
        contest: contest?,
        confidence_high: high,
        confidence_medium: medium,
    })
}

fn parse_similar(file: &PackFile, raw: &RawSimilar) -> Option<SimilarPolicy> {
    let window = duration(file, "window", &raw.window);
    Some(SimilarPolicy {
        radius_metres: number(file, "radius_metres", &raw.radius_metres, 1.0..=500.0),
        threshold: number(file, "threshold", &raw.threshold, PROBABILITY),
        window: window?,
    })
}

fn parse_learning(file: &PackFile, raw: &RawLearning) -> LearningPolicy {
    let retrain_hour = *raw.retrain_hour.get_ref();
    if retrain_hour > 23 {
        file.mistake(file.line_of(&raw.retrain_hour), format!("retrain_hour = {retrain_hour}"), "0 to 23");
    }
    positive(file, "per_place", &raw.per_place);
    LearningPolicy {
        double_label_share: number(file, "double_label_share", &raw.double_label_share, PROBABILITY),
        retrain_hour,
        maximum_share: number(file, "maximum_share", &raw.maximum_share, PROBABILITY),
        per_place: *raw.per_place.get_ref(),
        tolerance: number(file, "tolerance", &raw.tolerance, PROBABILITY),
    }
}

fn parse_rating(file: &PackFile, raw: &RawRating) -> Option<RatingPolicy> {
    let (window, revise) = (duration(file, "window", &raw.window), duration(file, "revise", &raw.revise));
    if window < revise {
        let problem = "revise is longer than the window of the rating";
        file.mistake(file.line_of(&raw.revise), problem, format!("at most \"{}\"", raw.window.get_ref()));
    }
    positive(file, "maximum_rounds", &raw.maximum_rounds);
    Some(RatingPolicy {
        window: window?,
        revise: revise?,
        reopen_on_unsatisfied: raw.reopen_on_unsatisfied,
        maximum_rounds: *raw.maximum_rounds.get_ref(),
    })
}

fn parse_scores(file: &PackFile, raw: RawScores) -> ScorePolicy {
    let rank_from = *raw.rank_from.get_ref();
    if rank_from < raw.hide_below {
        let problem = format!("rank_from = {rank_from} is below hide_below = {}", raw.hide_below);
        file.mistake(file.line_of(&raw.rank_from), problem, format!("{} or more", raw.hide_below));
    }
    file.not_empty(file.line_of(&raw.method_version), "method_version", raw.method_version.get_ref());
    ScorePolicy {
        confidence: number(file, "confidence", &raw.confidence, 0.5..=0.999),
        hide_below: raw.hide_below,
        rank_from,
        prior_weight: number(file, "prior_weight", &raw.prior_weight, 0.0..=1e6),
        method_version: raw.method_version.into_inner(),
    }
}

fn check_limits(
    file: &PackFile,
    hand_back: &Spanned<HandBackPolicy>,
    text: &Spanned<TextPolicy>,
    media: &Spanned<MediaPolicy>,
) {
    let zero = |line: usize, key: &str| file.mistake(line, format!("{key} = 0"), "1 or more");
    if hand_back.get_ref().maximum == 0 {
        zero(file.line_of(hand_back), "maximum");
    }
    if text.get_ref().maximum_code_points == 0 {
        zero(file.line_of(text), "maximum_code_points");
    }
    let limits = media.get_ref();
    for (key, bytes) in [
        ("maximum_image_bytes", limits.maximum_image_bytes),
        ("maximum_video_bytes", limits.maximum_video_bytes),
    ] {
        if bytes == 0 {
            zero(file.line_of(media), key);
        }
    }
    for (prefix, types) in [("image/", &limits.image_types), ("video/", &limits.video_types)] {
        for strange in types.iter().filter(|kind| !kind.starts_with(prefix)) {
            file.mistake(
                file.line_of(media),
                format!("media type {strange:?}"),
                format!("`{prefix}` and a subtype"),
            );
        }
    }
}

fn number(file: &PackFile, key: &str, value: &Spanned<f64>, range: RangeInclusive<f64>) -> f64 {
    let number = *value.get_ref();
    if !range.contains(&number) {
        let instead = format!("a number from {} to {}", range.start(), range.end());
        file.mistake(file.line_of(value), format!("{key} = {number}"), instead);
    }
    number
}

fn positive(file: &PackFile, key: &str, value: &Spanned<u32>) {
    if *value.get_ref() == 0 {
        file.mistake(file.line_of(value), format!("{key} = 0"), "1 or more");
    }
}

/// Parses `30m`, `2h`, `7d`: above zero, at most ten years.
fn duration(file: &PackFile, key: &str, value: &Spanned<String>) -> Option<Duration> {
    let parsed = parse_duration(value.get_ref());
    if parsed.is_none() {
        let problem = format!("{key}: {:?} is no duration", value.get_ref());
        file.mistake(
            file.line_of(value),
            problem,
            "a number above 0 with s, m, h or d, e.g. \"2h\", up to \"3650d\"",
        );
    }
    parsed
}

/// The same, and `0s` for none.
fn window(file: &PackFile, key: &str, value: &Spanned<String>) -> Option<Duration> {
    if value.get_ref() == "0s" { Some(Duration::ZERO) } else { duration(file, key, value) }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let total = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(seconds)?;
    (1..=3_650 * 86_400).contains(&total).then(|| Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = "2026-07"
valid_from = "2026-07-01"
[clocks]
mode = "elapsed"
receive = { working = "2h", day_off = "12h" }
respond = { working = "4h", day_off = "24h" }
due_soon_share = 0.75
pause_while_awaiting_info = true
[hand_back]
maximum = 3
[classification]
field_confidence = 0.50
sensitive_confidence = 0.90
urgent_confidence = 0.35
short_text_words = 10
[classification.bands]
ordinary = { low = 0.15, high = 0.85 }
unaccented = { low = 0.10, high = 0.90 }
short = { low = 0.15 }
[classification.bounds]
confidence = 0.95
wrong_return = 0.05
wrong_field = 0.05
[triage]
lease = "10m"
undo_single = "0s"
undo_batch = "60s"
answer = "3d"
contest = "15d"
confidence_high = 0.85
confidence_medium = 0.50
[similar]
radius_metres = 300
window = "30d"
threshold = 0.5
[learning]
double_label_share = 0.05
retrain_hour = 2
maximum_share = 0.2
per_place = 3
tolerance = 0.0
[text]
maximum_code_points = 4000
[media]
maximum_count = 8
maximum_image_bytes = 15728640
maximum_video_bytes = 104857600
image_types = ["image/jpeg"]
video_types = ["video/mp4"]
[rating]
window = "15d"
revise = "7d"
reopen_on_unsatisfied = true
maximum_rounds = 3
[scores]
confidence = 0.95
hide_below = 5
rank_from = 30
prior_weight = 25
method_version = "1"
"#;

    impl Policies {
        /// The policies of Decision 17/2022/QĐ-UBND.
        pub(crate) fn sample() -> Self {
            Self::parse(&PackFile::of("policies.toml", GOOD)).expect("good")
        }
    }

    #[test]
    fn durations_have_a_unit_and_a_size() {
        assert_eq!(parse_duration("30m"), Some(Duration::from_secs(1_800)));
        for bad in ["", "h", "0h", "2", "2 h", "-2h", "+2h", "2w", "99999d", "18446744073709551615d", "2ờ"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_disorder_is_found_at_its_line() {
        let policies = Policies::parse(&PackFile::of("policies.toml", GOOD)).expect("good");
        assert_eq!(policies.clocks.respond.day_off, Duration::from_secs(86_400));
        for (from, to, line) in [
            ("\"2h\"", "\"0h\"", 5),
            ("\"elapsed\"", "\"elapsd\"", 4),
            ("= 0.85", "= 0.05", 17),
            ("= 0.15 }", "= nan }", 19),
            ("= 0.75", "= 1.75", 7),
            ("= 0.75", "= nan", 7),
            ("\"7d\"", "\"16d\"", 52),
            ("rank_from = 30", "rank_from = 4", 58),
            ("maximum = 3", "maximum = 0", 9),
            ("image/jpeg", "jpeg", 44),
            ("= 4000", "= \"4000\"", 43),
            ("\"10m\"", "\"0s\"", 25),
            ("\"60s\"", "\"60\"", 27),
            ("confidence_medium = 0.50", "confidence_medium = 0.90", 31),
            ("= 300", "= 501", 33),
            ("hour = 2", "hour = 24", 38),
            ("per_place = 3", "per_place = 0", 40),
        ] {
            let file = PackFile::of("policies.toml", &GOOD.replacen(from, to, 1));
            assert!(Policies::parse(&file).is_none(), "{to}");
            assert_eq!(file.into_mistakes()[0].line, Some(line), "{to}");
        }
    }
}
