//! Wakes the streams that watch a report when its timeline grows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use vocabulary::ReportId;

/// Who watches which report. Cheap to clone. Watching costs memory only while somebody watches.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<std::collections::HashMap<ReportId, watch::Sender<u64>>>>);

impl Watchers {
    /// From now on, `changed()` of the receiver answers after each new entry. Read the timeline after subscribing.
    pub fn watch(&self, report: ReportId) -> Watching {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = watched.entry(report).or_insert_with(|| watch::channel(0).0).subscribe();
        Watching { grown, report, watchers: self.clone() }
    }

    /// The timelines of these reports grew.
    pub fn wake(&self, reports: impl Iterator<Item = ReportId>) {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.is_empty() {
            return;
        }
        for report in reports {
            if let Some(sender) = watched.get(&report) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }
}

/// One stream's interest in one report; nothing of it stays when it is dropped.
pub struct Watching {
    /// Changes after each new entry.
    pub grown: watch::Receiver<u64>,
    report: ReportId,
    watchers: Watchers,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watched = self.watchers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.get(&self.report).is_some_and(|sender| sender.receiver_count() == 1) {
            watched.remove(&self.report);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_watcher_wakes_for_its_own_report_only() {
        let watchers = Watchers::default();
        let (mine, other) = (ReportId(Uuid::from_u128(1)), ReportId(Uuid::from_u128(2)));
        let mut watching = watchers.watch(mine);
        watchers.wake([other].into_iter());
        assert!(!watching.grown.has_changed().unwrap());
        watchers.wake([mine].into_iter());
        watching.grown.changed().await.unwrap();
        drop(watching);
        assert!(watchers.0.lock().unwrap().is_empty());
    }
}
