//! Wakes the streams that watch a report when its timeline grows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use vocabulary::ReportId;

/// Who watches which report. Cheap to clone. Watching costs memory only while somebody watches.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<std::collections::HashMap<ReportId, watch::Sender<u64>>>>);

impl Watchers {
    /// From now on, `changed()` of the receiver answers after each new entry. Read the timeline after subscribing.
    pub fn watch(&self, report: ReportId) -> watch::Receiver<u64> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.entry(report).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// The timelines of these reports grew.
    pub fn wake(&self, reports: impl Iterator<Item = ReportId>) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.is_empty() {
            return;
        }
        for report in reports {
            if let Some(sender) = watched.get(&report) {
                sender.send_modify(|count| *count += 1);
                if sender.receiver_count() == 0 {
                    watched.remove(&report);
                }
            }
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
        let mut receiver = watchers.watch(mine);
        watchers.wake([other].into_iter());
        assert!(!receiver.has_changed().unwrap());
        watchers.wake([mine].into_iter());
        receiver.changed().await.unwrap();
        drop(receiver);
        watchers.wake([mine].into_iter());
        assert!(watchers.0.lock().unwrap().is_empty());
    }
}
