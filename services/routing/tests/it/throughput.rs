//! How fast a backlog of classified reports is routed; run by hand with `--ignored --nocapture`.

use std::time::Instant;

use contract::event::v1 as event;
use event::Disposition;
use messaging::Envelope;

use crate::world::{Report, World};

const REPORTS: u128 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_backlog_is_routed() {
    let world = World::start().await;
    let classified = |n| Report::new(n).classified(1, "infrastructure.road", Disposition::Route);
    let events: Vec<Envelope> = (0..REPORTS).map(classified).collect();
    let begin = Instant::now();
    for batch in events.chunks(500) {
        world.bus.publish(batch).await.expect("published");
    }
    let published = begin.elapsed();
    world.rest().await;
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(world.told::<event::ReportAssigned>().len(), REPORTS as usize);
    println!(
        "{REPORTS} reports, published in {published:?}, routed and told in {seconds:.2} s: {:.0} reports/s",
        REPORTS as f64 / seconds
    );
}
