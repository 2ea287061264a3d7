//! Waiting for a state, never for time.

use std::fmt::Debug;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(10);
/// Far more than anything takes on a busy machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Polls `look` until it answers `Ok`, and answers what that holds. Panics after a minute with what `look` saw last.
pub async fn eventually<T, E: Debug>(what: &str, look: impl AsyncFn() -> Result<T, E>) -> T {
    let begun = tokio::time::Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(last) if begun.elapsed() >= PATIENCE => {
                panic!("not within {PATIENCE:?}: {what}; last seen: {last:?}")
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
