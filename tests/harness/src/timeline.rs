//! What must hold of every timeline, recomputed from its description in the contract.

use contract::intake::v1::{Report, TimelineEntry};

/// The kinds of a report's timeline, in order.
pub fn kinds(report: &Report) -> Vec<&str> {
    report.timeline.iter().map(|entry| entry.event.as_str()).collect()
}

/// Numbers are contiguous from 1, times never fall, every entry has a hash of its own.
///
/// The hash covers the event's id, which no answer shows; that the chain itself verifies is for the owner of the table to
/// prove. Here a changed or exchanged entry shows as a changed hash between two readings.
pub fn verify_timeline(entries: &[TimelineEntry]) {
    for (expected, entry) in (1..).zip(entries) {
        assert_eq!(entry.sequence, expected, "the timeline has a gap or a repetition");
        assert_eq!(entry.hash.len(), 32, "entry {expected} has no hash");
        let same = entries.iter().filter(|other| other.hash == entry.hash).count();
        assert_eq!(same, 1, "entry {expected} shares its hash");
    }
}
