//! Work that the clock brings about: looks for clocks that run down, and counts them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::usecases::{Desk, observe_clocks, tell_deadlines};

/// Looks between two countings: counting costs more than looking.
const LOOKS_PER_COUNT: u32 = 15;

/// Runs until `stop`; looks every `interval`, or at once when woken.
pub(crate) async fn watch_deadlines(
    desk: Desk,
    interval: Duration,
    batch: u64,
    wake: Arc<Notify>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let mut looks = 0;
    while !stop.is_cancelled() {
        let more = tell_deadlines(&desk, batch).await;
        if looks % LOOKS_PER_COUNT == 0
            && let Err(error) = observe_clocks(&desk).await
        {
            tracing::warn!(error = %error.problem(), "the running clocks could not be counted");
        }
        looks = looks.wrapping_add(1);
        match more {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %error.problem(), "deadlines could not be told; they will be")
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = wake.notified() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
    Ok(())
}
