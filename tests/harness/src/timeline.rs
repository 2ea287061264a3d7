//! What must hold of every timeline that a caller reads.

use contract::intake::v1::{Report, TimelineEntry};

/// The kinds of a report's timeline, in order.
pub fn kinds(report: &Report) -> Vec<&str> {
    report.timeline.iter().map(|entry| entry.event.as_str()).collect()
}

/// Numbers are contiguous from 1, every entry has a hash of its own and words in both languages. That the chain itself
/// verifies is proven on the file, see `Files::prove_timelines`.
pub fn verify_timeline(entries: &[TimelineEntry]) {
    for (expected, entry) in (1..).zip(entries) {
        assert_eq!(entry.sequence, expected, "the timeline has a gap or a repetition");
        let same = entries.iter().filter(|other| other.hash == entry.hash).count();
        assert_eq!((entry.hash.len(), same), (32, 1), "entry {expected} has no hash of its own");
        let text = entry.text.as_ref().expect("words");
        assert!(!text.vi.is_empty() && !text.en.is_empty(), "entry {expected} says nothing");
        assert!(!text.vi.contains('{') && !text.en.contains('{'), "entry {expected}: {text:?}");
    }
}
