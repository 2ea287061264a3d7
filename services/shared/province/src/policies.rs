//! The switches of the service: clocks, thresholds, limits, rating and score rules.

mod reading;

use std::time::Duration;

use serde::Deserialize;
use time::Date;

use crate::words::words;

words!(
    /// How the clocks count.
    ClockMode {
        /// All time counts; the limit depends on the kind of the day of arrival.
        Elapsed = "elapsed",
        /// Only working days count.
        Working = "working",
    }
);

/// `policies.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    /// Stands on every due time.
    pub version: String,
    /// First day in force.
    pub valid_from: Date,
    /// The two clocks.
    pub clocks: ClockPolicy,
    /// Hand-backs to the coordinator.
    pub hand_back: HandBackPolicy,
    /// Thresholds of the machine's suggestion.
    pub classification: ClassificationPolicy,
    /// Times of the coordinators' queue.
    pub triage: TriagePolicy,
    /// What counts as similar.
    pub similar: SimilarPolicy,
    /// How the next model is made.
    pub learning: LearningPolicy,
    /// Limits of a report's text.
    pub text: TextPolicy,
    /// Limits of photos and videos.
    pub media: MediaPolicy,
    /// Windows of a rating.
    pub rating: RatingPolicy,
    /// How scores are computed.
    pub scores: ScorePolicy,
}

/// The two clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockPolicy {
    /// How time counts.
    pub mode: ClockMode,
    /// Receive and distribute.
    pub receive: Limits,
    /// The agency responds.
    pub respond: Limits,
    /// Share of the clock after which a "deadline approaching" notice is due; above 0, at most 1.
    pub due_soon_share: f64,
    /// Whether the clocks stand while the reporter is asked for information.
    pub pause_while_awaiting_info: bool,
}

/// The time allowed, by the kind of the day of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// On a working day.
    pub working: Duration,
    /// On a day off.
    pub day_off: Duration,
}

/// Hand-backs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandBackPolicy {
    /// After so many the agency of last resort owns the report.
    pub maximum: u32,
}

/// Thresholds, as probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassificationPolicy {
    /// What becomes of a probability of being out of scope.
    pub bands: Bands,
    /// What the bands are held to when they are set on recorded decisions.
    pub bounds: Bounds,
    /// Below it a person looks at the field.
    pub field_confidence: f64,
    /// Complaint and denunciation below it go to a cleared officer.
    pub sensitive_confidence: f64,
    /// From it the machine calls a matter urgent where no cue fires.
    pub urgent_confidence: f64,
    /// A text of fewer words is never refused by the machine.
    pub short_text_words: usize,
}

/// The bands of the probability of being out of scope, for each way of writing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Texts with accents, long enough.
    pub ordinary: Band,
    /// Texts without accents.
    pub unaccented: Band,
    /// Short texts are never proposed for return: up to here their field is proposed.
    pub short: f64,
}

/// At most `low`: its field is proposed. At least `high`: its return is proposed. Between the two a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// In scope up to here.
    pub low: f64,
    /// Out of scope from here.
    pub high: f64,
}

/// Shares that must, with `confidence`, not be passed among the decisions beyond a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Of the statement, between 0.5 and 1.
    pub confidence: f64,
    /// Of proposed returns, reports that are in scope.
    pub wrong_return: f64,
    /// Of proposed fields, reports that are out of scope.
    pub wrong_field: f64,
}

/// Times of the coordinators' queue, and what its words of confidence mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TriagePolicy {
    /// For how long a claimed review is one person's.
    pub lease: Duration,
    /// How long a single decision can be taken back before it takes effect; may be zero.
    pub undo_single: Duration,
    /// The same for decisions in a batch.
    pub undo_batch: Duration,
    /// How long a reporter's answer is waited for.
    pub answer: Duration,
    /// How long a return or refusal may be contested.
    pub contest: Duration,
    /// Probability from which a suggestion's confidence is called high.
    pub confidence_high: f64,
    /// Probability from which it is called medium; below it is low.
    pub confidence_medium: f64,
}

/// What counts as similar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimilarPolicy {
    /// Reports farther apart are about different places; 1 to 500.
    pub radius_metres: f64,
    /// Older reports are not looked at.
    pub window: Duration,
    /// From this score reports count as similar.
    pub threshold: f64,
}

/// How the next model is made of people's decisions, and how people and machine are watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningPolicy {
    /// Share of the machine's sure suggestions that two people label without seeing them.
    pub double_label_share: f64,
    /// Local hour at which a new model is tried each night.
    pub retrain_hour: u8,
    /// Decisions may be at most this share of the pack's training text.
    pub maximum_share: f64,
    /// So many decisions about one leaf in one square of the map count.
    pub per_place: u32,
    /// A share that may be lost on the frozen texts by a model that comes into force.
    pub tolerance: f64,
}

/// Limits of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPolicy {
    /// In Unicode code points.
    pub maximum_code_points: usize,
}

/// Limits of the media of one report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaPolicy {
    /// Number of photos and videos.
    pub maximum_count: usize,
    /// Size of a photo.
    pub maximum_image_bytes: u64,
    /// Size of a video.
    pub maximum_video_bytes: u64,
    /// Media types of photos.
    pub image_types: Vec<String>,
    /// Media types of videos.
    pub video_types: Vec<String>,
}

/// Windows of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingPolicy {
    /// How long it is open.
    pub window: Duration,
    /// How long it may be changed; at most the window.
    pub revise: Duration,
    /// Whether "không hài lòng" reopens the report.
    pub reopen_on_unsatisfied: bool,
    /// How often a report may be closed and rated.
    pub maximum_rounds: u32,
}

/// How scores are computed.
#[derive(Debug, Clone, PartialEq)]
pub struct ScorePolicy {
    /// Of the interval, between 0.5 and 1.
    pub confidence: f64,
    /// Cells with fewer ratings are hidden.
    pub hide_below: u32,
    /// Cells with fewer ratings are not ranked; at least `hide_below`.
    pub rank_from: u32,
    /// Weight of the prior in ratings.
    pub prior_weight: f64,
    /// Stands on every answer.
    pub method_version: String,
}
